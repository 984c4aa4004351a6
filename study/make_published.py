"""Train and measure the models that others published numbers for.

`python -m study.make_published [--epochs 100] [--images 1000] [--samples 5000]` takes hours and
adds rows to tables/paper.csv. tables/paper.npz gets the results for each image, so that models can
be compared image by image. After an interruption, training is resumed after its last complete
epoch, and existing rows are kept.

- The VampPrior paper's network and settings (Tomczak and Welling 2017, arXiv 1705.07120), with and
  without its prior. The paper trained on Larochelle's static binarization of MNIST and stopped
  early by a validation set. Here each pixel is sampled once with its gray value as probability,
  all 60,000 training images are used, and the number of epochs is fixed.
- The post's network with two latent dimensions on MNIST made black and white at 0.5, for which a
  port of TensorFlow's CVAE tutorial prints the test ELBO.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from study import published_numbers
from study.published_numbers import TABLE
from study.table_files import add_missing
from vaelib import priors, runs
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.objectives import ELBO
from vaelib.runs.npz import from_npz, to_npz
from vaelib.runs.recipes import Recipe
from vaelib.support.files import write_atomically

KEYS = ["model", "epochs", "images", "samples"]
DRAWS = 10  # samples of the ELBO for each image
STEP = 0.04  # spacing of the grid of codes that the exact likelihood is summed over


def recipes(epochs: int) -> dict[str, Recipe]:
    """Return the recipes of all models by name; `epochs` is for the gated networks."""
    adam = dict(optimizer="adam", beta_2=0.999, schedule="constant")
    vamp_paper = dict(
        **dict(dataset="mnist", pixels="static", network="gated", latent_dim=40),
        **dict(learning_rate=5e-4, epochs=epochs, **adam),
        # At most half of the epochs, so that the KL reaches its weight even in a short run.
        objective=replace(ELBO, warmup_epochs=min(100, epochs // 2)),
    )
    tutorial = dict(
        **dict(dataset="mnist", pixels="threshold", objective=ELBO, epochs=10),
        **dict(batch_size=32, learning_rate=1e-4, **adam),
    )
    return {
        "convolutional VAE, 2-D": Recipe(**tutorial),
        "VAE": Recipe(**vamp_paper),
        "VAE with VampPrior": Recipe(**vamp_paper, prior=priors.vamp(500)),
    }


def measure(model: VAE, images: np.ndarray, samples: int) -> dict[str, np.ndarray]:
    """Estimate the ELBO and the negative log-likelihood (NLL) of each image.

    Args:
        model: The model. With two latent dimensions, its likelihood is exact.
        images: Black-and-white images, shape (n, height, width, 1).
        samples: Codes sampled for each image to estimate the likelihood in other dimensions.

    Returns:
        "ELBO", and "exact NLL" or "importance-sampled NLL", in nats, each of shape (n,).
    """
    bound = np.mean([likelihood.elbo(model, images, seed) for seed in range(DRAWS)], axis=0)
    if model.latent_dim == 2:
        return {"ELBO": bound, "exact NLL": -likelihood.log_likelihood(model, images, STEP)}
    estimate = likelihood.importance_sampled_log_likelihood(model, images, samples)
    return {"ELBO": bound, "importance-sampled NLL": -estimate}


def summary(found: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the mean of each measure over the images, and its standard error."""
    means = {name: float(np.mean(values)) for name, values in found.items()}
    errors = {
        f"{name}, standard error": float(np.std(values) / len(values) ** 0.5)
        for name, values in found.items()
    }
    return means | errors


def save_per_image(found: Mapping[str, np.ndarray], key: Mapping[str, object], path: Path) -> None:
    """Add the measures of each image to an .npz file, by `published_numbers.per_image_name`."""
    known = from_npz(path.read_bytes()) if path.exists() else {}
    named = {
        published_numbers.per_image_name(key, name): values.astype("float32")
        for name, values in found.items()
    }
    write_atomically(path, to_npz(known | named))


def keys(name: str, recipe: Recipe, images: int, samples: int) -> dict[str, object]:
    """Return the columns that identify a row, and their values."""
    return {"model": name, "epochs": recipe.epochs, "images": images, "samples": samples}


@click.command(help=__doc__)
@click.option("--epochs", default=100, show_default=True, help="Epochs of the gated networks.")
@click.option("--images", default=1_000, show_default=True, help="Test images to measure on.")
@click.option("--samples", default=5_000, show_default=True, help="Codes sampled for each image.")
def main(epochs: int, images: int, samples: int) -> None:
    """Train the models that others published numbers for, and measure them."""
    by_name = recipes(epochs)

    def make(**key: object) -> tuple[dict[str, float], dict[str, str]]:
        recipe = by_name[key["model"]]
        dataset = recipe.load_dataset()
        run = runs.train(recipe)
        found = measure(run.model, dataset.test_images[:images], samples)
        save_per_image(found, key, TABLE.with_suffix(".npz"))
        used = {f"{recipe.dataset}, {recipe.pixels}": dataset.fingerprint}
        return summary(found) | {"seconds": run.provenance["seconds"]}, used

    wanted = [keys(name, recipe, images, samples) for name, recipe in by_name.items()]
    add_missing(TABLE, KEYS, wanted, make)


if __name__ == "__main__":
    main()
