"""Draw the README's picture from the runs that come with the project: docs/latent_spaces.png."""

from pathlib import Path

import matplotlib.pyplot as plt

from vaelib import data, runs
from vaelib.plotting import panels

NAMES = {
    "VAE as posted": "fashion_mnist_elbo-as-posted_50-epochs",
    "VAE with the ELBO": "fashion_mnist_elbo_50-epochs",
    "MMD-VAE as posted": "fashion_mnist_mmd-as-posted_50-epochs",
}
LIMIT = 9  # half the width of all planes, so that they can be compared


def picture():
    """A row for each model: samples, latent space, grid."""
    figure, axes = plt.subplots(len(NAMES), 3, figsize=(11, 3.9 * len(NAMES)), layout="constrained")
    plt.close(figure)
    for row, (title, name) in zip(axes, NAMES.items(), strict=True):
        last = {key: values[-1] for key, values in runs.load(name).snapshots.items()}
        labels = runs.load(name).snapshots["labels"]
        panels.plot_samples(row[0], last["samples"])
        wide = panels.plane_limit(last["codes"]) > LIMIT / 2  # a small cloud has no room for names
        names = data.CLASS_NAMES["fashion_mnist"] if wide else None
        panels.plot_latent_space(row[1], last["codes"], labels, names, LIMIT, text_size=8)
        panels.plot_latent_grid(row[2], last["grid"])
        row[0].set_ylabel(title, size=13)
    for ax, title in zip(axes[0], ("samples", "codes of the test images", "grid"), strict=True):
        ax.set_title(title)
    return figure


if __name__ == "__main__":
    target = Path(__file__).resolve().parents[2] / "docs" / "latent_spaces.png"
    target.parent.mkdir(exist_ok=True)
    picture().savefig(target, dpi=90)
    print(f"docs/{target.name}")
