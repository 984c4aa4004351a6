"""Compare a VAE with a conditional VAE, whose encoder and decoder get the class label.

`python -m study.conditional_vae` trains the models that tables/conditional.csv lacks, measures
them, and adds their rows (about two hours). It can be interrupted at any time. Amendment 5 of
plan.md says which models are trained and which two claims were planned.
"""

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.special import logsumexp
from sklearn.neighbors import KNeighborsRegressor

from study import TABLES
from study.model_table import DATASETS
from study.table_files import add_missing
from vaelib import data, losses, measures, runs
from vaelib.data import Dataset
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.support.backend import ops

TABLE = TABLES / "conditional.csv"
KEYS = ["dataset", "model", "images", "seed"]
PLAIN, CONDITIONAL = "VAE", "conditional VAE"
ALL = 60_000  # training images
FEW = 600, 6_000  # fewer labeled images
STEPS_EPOCHS = 4 * ALL  # images that each model sees in training, with repetitions
LIKELIHOODS = 1_000  # test images whose likelihood is computed
# The codes of both models lie within this grid. With half the step, the mean log-likelihood of the
# VAE with seed 0 on Fashion-MNIST is 0.17 nats higher (first 300 test images).
GRID = {"step": 0.1, "limit": 6.0}
NEIGHBORS = 15
SMALLEST_FALL = 0.2  # of the 15-NN accuracy, in the first claim of amendment 5
STYLES = "ink", "width", "slant"


def style(images: np.ndarray) -> np.ndarray:
    """Compute three properties of the shape in each image that are not its class.

    Each pixel has a weight, its gray value divided by the sum of all gray values of the image.

        ink    mean gray value, which grows with the thickness and the size of the shape
        width  standard deviation of the horizontal position x of a pixel, in pixels
        slant  covariance of x and the vertical position, divided by the variance of the vertical
               position: the shift in x per pixel downward

    Args:
        images: Shape (n, height, width, 1), uint8. An image without ink gets zeros.

    Returns:
        Shape (n, 3): the columns are `STYLES`.
    """
    gray = np.asarray(images, "float64")[..., 0] / 255
    total = gray.sum(axis=(1, 2), keepdims=True)
    weight = np.divide(gray, total, out=np.zeros_like(gray), where=total > 0)
    rows, columns = (np.arange(side, dtype="float64") for side in gray.shape[1:])
    across, down = weight.sum(axis=1), weight.sum(axis=2)  # distributions of x and of y
    x, y = columns - (across @ columns)[:, None], rows - (down @ rows)[:, None]
    variance_x, variance_y = (across * x**2).sum(axis=1), (down * y**2).sum(axis=1)
    covariance = np.einsum("nij,ni,nj->n", weight, y, x)
    slant = np.divide(covariance, variance_y, out=np.zeros_like(x[:, 0]), where=variance_y > 1e-9)
    return np.stack([gray.mean(axis=(1, 2)), np.sqrt(variance_x), slant], axis=1)


def within_class_r2(
    train_codes: np.ndarray,
    train_values: np.ndarray,
    train_labels: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """Compute how well values are predicted from codes if the class is known.

    Each value is predicted by the mean over the 15 nearest training codes of the same class.

        R² = 1 - (sum of squared errors) / (sum of squared distances from the mean of the class)

    Args:
        train_codes, codes: Shape (n, latent_dim) and (m, latent_dim).
        train_values, values: What is predicted, shape (n, k) and (m, k).
        train_labels, labels: Classes, shape (n,) and (m,).

    Returns:
        R² of each column, shape (k,). It is 1 for perfect predictions, and about 0 if the codes
        carry no information within the classes.
    """
    errors, variation = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for label in np.unique(labels):
        known, asked = train_labels == label, labels == label
        neighbors = KNeighborsRegressor(min(NEIGHBORS, known.sum()))
        predicted = neighbors.fit(train_codes[known], train_values[known]).predict(codes[asked])
        errors += ((values[asked] - predicted) ** 2).sum(axis=0)
        variation += ((values[asked] - values[asked].mean(axis=0)) ** 2).sum(axis=0)
    return 1 - errors / variation


def log_p_for_each_class(model: VAE, images: np.ndarray) -> np.ndarray:
    """Compute log p(x|y) of each image for every class y of a conditional model.

    Returns:
        In nats per image, shape (n, classes).
    """
    given = (model.given(label) for label in range(model.condition))
    return np.stack([likelihood.log_likelihood(one, images, **GRID) for one in given], axis=1)


def measure(model: VAE, dataset: Dataset) -> dict[str, float]:
    """Compute the measures of a model, with or without a condition, on the test images.

    Args:
        model: A model with two latent dimensions.
        dataset: Its data set, with labels. All training images are used to predict from codes,
            whether or not the model was trained on them.

    Returns:
        By name, in nats per image where nothing else is said:

        - "15-NN accuracy": share of test images whose class is predicted from their codes.
        - "15-NN accuracy, 600 labels": the same with the codes of the first 600 training images.
        - "rate": KL from the approximate posterior to the prior.
        - "-log p(x)": the integral over the prior; for a conditional model, with the ten classes
          summed out, each with probability 1/10.
        - "-log p(x|y)": the same given the true label, only for conditional models.
        - "Bayes accuracy": share of images with the largest p(x|y) for the true label.
        - "R² of ink" and others: see `style` and `within_class_r2`.
    """
    images, labels = dataset.test_images, dataset.test_labels
    known, known_labels = dataset.train_images, dataset.train_labels
    given = (known_labels, labels) if model.condition else (None, None)
    known_codes, codes = model.encode(known, given[0]), model.encode(images, given[1])
    row = {
        f"15-NN accuracy{suffix}": measures.knn_accuracy(
            known_codes[:n], known_labels[:n], codes, labels, NEIGHBORS
        )
        for n, suffix in [(None, ""), *((n, f", {n} labels") for n in FEW)]
    }
    row["rate"] = rate(*model.encode_distribution(images, given[1]))
    row |= _probability(model, images[:LIKELIHOODS], labels[:LIKELIHOODS])
    styles = style(known), known_labels, codes, style(images), labels
    r2 = within_class_r2(known_codes, *styles)
    row |= {f"R² of {name}": value for name, value in zip(STYLES, r2, strict=True)}
    return {name: float(value) for name, value in row.items()}


def _probability(model: VAE, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    if not model.condition:
        log_p = likelihood.log_likelihood(model, images, **GRID)
        return {"-log p(x)": -log_p.mean(), "-log p(x|y)": np.nan, "Bayes accuracy": np.nan}
    log_p = log_p_for_each_class(model, images)
    return {
        "-log p(x)": -(logsumexp(log_p, axis=1) - np.log(model.condition)).mean(),
        "-log p(x|y)": -log_p[np.arange(len(labels)), labels].mean(),
        "Bayes accuracy": (log_p.argmax(axis=1) == labels).mean(),
    }


def rate(mean: np.ndarray, log_var: np.ndarray) -> float:
    """Return the mean KL from normal distributions to N(0, I), in nats per image.

    Args:
        mean, log_var: Means and log-variances of the approximate posteriors, (n, latent_dim).
    """
    return float(ops.convert_to_numpy(losses.gaussian_kl(*np.float64((mean, log_var)))).mean())


def recipe(dataset: str, model: str, images: int, seed: int) -> runs.Recipe:
    """Return the recipe of a row: the fast schedule, with 2,400 steps for any number of images."""
    limit = None if images == ALL else images
    epochs, conditional = STEPS_EPOCHS // images, model == CONDITIONAL
    return runs.Recipe(dataset, seed=seed, limit=limit, epochs=epochs, condition=conditional)


def wanted(seeds: int = 5, few_seeds: int = 3) -> list[dict]:
    """Return the keys of all rows: first the planned models, then those with few labels."""
    names = list(DATASETS)
    planned = itertools.product(range(seeds), names, (PLAIN, CONDITIONAL), (ALL,))
    exploratory = itertools.product(range(few_seeds), names, (CONDITIONAL,), FEW)
    return [
        {"dataset": dataset, "model": model, "images": images, "seed": seed}
        for seed, dataset, model, images in (*planned, *exploratory)
    ]


def make_row(
    load: Callable[[str], Dataset], dataset: str, model: str, images: int, seed: int
) -> tuple[dict, dict[str, str]]:
    """Train and measure one model.

    Args:
        load: Returns the data set of a name.
        dataset, model, images, seed: The key of the row, as from `wanted`.

    Returns:
        The measures, and the fingerprint of the data set.
    """
    loaded = load(dataset)
    with contextlib.redirect_stdout(None):  # Training prints a line for each epoch.
        run = runs.train(recipe(dataset, model, images, seed))
    return measure(run.model, loaded), {loaded.name: loaded.fingerprint}


def read(path: Path = TABLE) -> pd.DataFrame:
    """Read the table: dataset, model, images, seed, and the measures of `measure`."""
    return pd.read_csv(path)


@click.command(help=__doc__)
def main() -> None:
    """Add the rows that the table lacks."""
    loaded = {name: data.load(name) for name in DATASETS}
    add_missing(TABLE, KEYS, wanted(), lambda **key: make_row(loaded.get, **key))


if __name__ == "__main__":
    main()
