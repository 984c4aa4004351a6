"""Train the models that others published numbers for, and write what came out to runs/paper.csv
(and image by image, so that models can be compared in pairs, to runs/paper.npz).

`python -m tools.tables.paper [--epochs 100] [--images 1000] [--samples 5000]`: hours. Broken off,
it goes on where it was: training after its last whole epoch, and rows that are there are not made
again.

- The VampPrior paper's network and settings (Tomczak and Welling 2017, arXiv 1705.07120), with and
  without its prior. The paper trained on Larochelle's static binarisation of MNIST and stopped by
  a validation set; here pixels are drawn once from the grey values, all 60,000 training images are
  used, and the epochs are fixed.
- The post's network with two latent dimensions on MNIST made black and white at one half, whose
  test ELBO a port of TensorFlow's CVAE tutorial prints.
"""

from pathlib import Path

import click
import numpy as np
import pandas as pd

from vaelib import data, priors, runs, study
from vaelib.files import write_whole
from vaelib.measures import likelihood
from vaelib.objectives import ELBO, Objective
from vaelib.runs.arrays import from_npz, to_npz
from vaelib.runs.recipes import Recipe
from vaelib.study import published

TABLE = Path(__file__).resolve().parents[2] / "runs" / "paper.csv"
DRAWS = 10  # of the bound, for each image
STEP = 0.04  # of the grid that the exact likelihood is summed over


def recipes(epochs):
    """name -> recipe, of all that are trained."""
    adam = dict(optimizer="adam", beta_2=0.999, schedule="constant")
    vamp_paper = dict(
        **dict(dataset="mnist", pixels="static", network="gated", latent_dim=40),
        **dict(learning_rate=5e-4, epochs=epochs, **adam),
        # Never more than half of the epochs, or the KL would end below its weight.
        objective=Objective(kl_weight=1.0, warmup_epochs=min(100, epochs // 2)),
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


def measure(model, images, samples):
    """In nats, for each image: the bound, and the likelihood with its sign turned.

    With two dimensions it is exact; otherwise from so many samples.
    """
    bound = np.mean([likelihood.elbo(model, images, seed) for seed in range(DRAWS)], axis=0)
    if model.latent_dim == 2:
        return {"ELBO": bound, "exact NLL": -likelihood.log_likelihood(model, images, STEP)}
    drawn = likelihood.importance_sampled(model, images, samples)
    return {"ELBO": bound, "importance-sampled NLL": -drawn}


def summary(found):
    """The means over the images, and how far they may be off, for a row of the table."""
    means = {name: float(np.mean(values)) for name, values in found.items()}
    errors = {
        f"{name}, standard error": float(np.std(values) / len(values) ** 0.5)
        for name, values in found.items()
    }
    return means | errors


def keep(found, key, path):
    """Add what was measured for each image to an .npz, under the words of `published.per_image`."""
    known = from_npz(path.read_bytes()) if path.exists() else {}
    named = {
        published.per_image(key, name): values.astype("float32") for name, values in found.items()
    }
    write_whole(path, to_npz(known | named))


def keys(name, recipe, images, samples):
    """What tells one row from another."""
    return {"model": name, "epochs": recipe.epochs, "images": images, "samples": samples}


def rows_of(table):
    """The rows so far, as dicts."""
    return pd.read_csv(table).to_dict("records") if table.exists() else []


@click.command()
@click.option("--epochs", default=100, show_default=True, help="Of the gated networks.")
@click.option("--images", default=1_000, show_default=True, help="Test images to measure on.")
@click.option("--samples", default=5_000, show_default=True, help="Codes drawn for each image.")
def main(epochs, images, samples):
    """Train the models that others published numbers for, and measure them."""
    for name, recipe in recipes(epochs).items():
        key = keys(name, recipe, images, samples)
        known = rows_of(TABLE)
        if any(key.items() <= row.items() for row in known):
            print(f"{name}: measured already", flush=True)
            continue
        print(f"{name}: {recipe.slug}", flush=True)
        run = runs.train(recipe)
        dataset = data.load(recipe.dataset).binarised(recipe.pixels)
        found = measure(run.model, dataset.test_images[:images], samples)
        keep(found, key, TABLE.with_suffix(".npz"))
        row = key | summary(found) | study.flat(run.provenance)
        written = pd.DataFrame([*known, row]).to_csv(index=False, float_format="%.6g")
        write_whole(TABLE, written.encode())
        print(pd.Series(row).to_string(), flush=True)


if __name__ == "__main__":
    main()
