"""Draw the README's picture from the runs that come with the project: docs/latent_spaces.png."""

from pathlib import Path

from vaelib import data, plotting, runs

NAMES = {
    "VAE as posted": "fashion_mnist_elbo-as-posted_50-epochs",
    "VAE, KL corrected": "fashion_mnist_elbo_50-epochs",
    "MMD-VAE as posted": "fashion_mnist_mmd-as-posted_50-epochs",
}

if __name__ == "__main__":
    snapshots = {title: runs.load(name).snapshots for title, name in NAMES.items()}
    figure = plotting.comparison(snapshots, data.CLASS_NAMES["fashion_mnist"])
    target = Path(__file__).resolve().parents[1] / "docs" / "latent_spaces.png"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=110)
    print(f"docs/{target.name}")
