"""Compare GANs with VAEs and MMD-VAEs of the same size.

`python -m study.gan_contrast` trains the models that tables/gans.csv lacks, measures them, and adds
their rows (about three minutes each on two quiet cores). It can be interrupted at any time.
Amendment 11 of plan.md says which models are trained and which three claims were planned.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pandas as pd

from study import TABLES
from study.contrasts import Difference, contrast
from study.markdown import mean_and_interval
from study.model_table import DATASETS
from study.table_files import add_missing, keys_in, read_table
from vaelib import data, measures, runs
from vaelib.data import Dataset
from vaelib.gans import GAN
from vaelib.measures import features, likelihood
from vaelib.models import VAE
from vaelib.objectives import ELBO, POST_MMD
from vaelib.support.backend import ops
from vaelib.support.image_arrays import to_unit_interval

TABLE = TABLES / "gans.csv"
KEYS = ["dataset", "model", "seed"]
GAN_MODEL = "gan"
OTHERS = {"elbo": ELBO, "post-mmd": POST_MMD}  # by their names in tables/models.csv
SAMPLES = 5_000  # sampled images, and as many test images to compare them with
SEED_OF_SAMPLES = 0
LEAST_SHARE = 0.01  # of the samples: a class that fewer samples belong to is not hit
FAMILY = "GAN contrast"  # of tests in the ledger
TITLES = {GAN_MODEL: "GAN", "elbo": "VAE", "post-mmd": "MMD-VAE"}
# Measures whose means are shown, in this order, with the number of decimals.
DECIMALS = {
    **{"sample sharpness": 2, "precision": 2, "coverage": 3, "recall": 4},
    **{"marginal cross-entropy": 1},
}
CLASSES = "classes hit"  # a small integer, of which all values are shown


class Claim(NamedTuple):
    """A claim about GANs: in words, and whether its measure is "higher" or "lower" for them."""

    words: str
    direction: str


CLAIMS = {
    "sample sharpness": Claim("samples of the GAN have sharper edges", "higher"),
    "coverage": Claim("samples of the GAN cover fewer test images", "lower"),
    "marginal cross-entropy": Claim("test images are less probable under the GAN", "higher"),
}


def class_shares(
    sampled: np.ndarray, logits: Callable[[np.ndarray], np.ndarray], classes: int
) -> np.ndarray:
    """Compute the share of sampled images that a classifier assigns to each class.

    Args:
        sampled: Images, shape (n, height, width, channels), in [0, 1].
        logits: Classifier, from images to logits, shape (n, classes).
        classes: Number of classes.

    Returns:
        Shares that sum to 1, shape (classes,).
    """
    return np.bincount(logits(sampled).argmax(axis=1), minlength=classes) / len(sampled)


def measure(model: GAN | VAE, dataset: Dataset, space: features.Features) -> dict[str, float]:
    """Compute the measures of a model with two latent dimensions.

    Args:
        model: The model.
        dataset: Its data set, with labels.
        space: The features of its images, with their classifier.

    Returns:
        By name, where likelihoods are in nats per image:

        - "precision", "recall", "density", "coverage": see `precision_recall_density_coverage`,
          for `SAMPLES` samples and as many test images;
        - "sample sharpness": the sharpness of the samples divided by that of these test images;
        - "classes hit": number of classes to which at least 1 % of the samples belong;
        - "marginal cross-entropy": -log p(x) of a test image by the integral over the prior;
        - "marginal cross-entropy, worst class": the largest mean over the test images of a class;
        - "marginal cross-entropy, training": the same for the first `SAMPLES` training images.
    """
    images, labels = dataset.test_images, dataset.test_labels
    real = ops.convert_to_numpy(to_unit_interval(images[:SAMPLES]))
    sampled = model.sample(SAMPLES, seed=SEED_OF_SAMPLES)
    row = measures.precision_recall_density_coverage(space(real), space(sampled))
    row["sample sharpness"] = measures.sharpness(sampled) / measures.sharpness(real)

    def logits(some: np.ndarray) -> np.ndarray:
        return space.classifier.predict(some, batch_size=500, verbose=0)

    shares = class_shares(sampled, logits, len(dataset.class_names))
    row["classes hit"] = (shares >= LEAST_SHARE).sum()
    cost = -likelihood.log_likelihood(model, images)
    row["marginal cross-entropy"] = cost.mean()
    by_class = pd.Series(cost).groupby(np.asarray(labels)).mean()
    row["marginal cross-entropy, worst class"] = by_class.max()
    known = likelihood.log_likelihood(model, dataset.train_images[:SAMPLES])
    row["marginal cross-entropy, training"] = -known.mean()
    return {name: float(value) for name, value in row.items()}


def recipe(dataset: str, model: str, seed: int) -> runs.Recipe:
    """Return the recipe of a row: 2,400 steps for all three models."""
    if model == GAN_MODEL:
        return runs.GANRecipe(dataset, seed=seed)
    return runs.Recipe(dataset, OTHERS[model], seed=seed)


def wanted(seeds: int = 5) -> list[dict]:
    """Return the keys of all rows: first those of the GANs, which the claims are about."""
    order = itertools.product((GAN_MODEL, *OTHERS), range(seeds), DATASETS)
    return [{"dataset": dataset, "model": model, "seed": seed} for model, seed, dataset in order]


def make_row(
    load: Callable[[str], Dataset],
    space: Callable[[str], features.Features],
    dataset: str,
    model: str,
    seed: int,
) -> tuple[dict, dict[str, str]]:
    """Train and measure one model.

    Args:
        load, space: Return the data set and the feature space of a name.
        dataset, model, seed: The key of the row, as from `wanted`.

    Returns:
        The measures, and the fingerprint of the data set.
    """
    loaded = load(dataset)
    with contextlib.redirect_stdout(None):  # Training prints a line for each epoch.
        run = runs.train(recipe(dataset, model, seed))
    return measure(run.model, loaded, space(dataset)), {loaded.name: loaded.fingerprint}


def read(path: Path = TABLE) -> pd.DataFrame:
    """Read the table: dataset, model, seed, and the measures of `measure`."""
    return read_table(path, KEYS)


def differences(
    gans: pd.DataFrame, models: pd.DataFrame, seeds: int = 5
) -> Iterator[tuple[dict, Difference]]:
    """Compare the GANs with both other models on the measures of the three claims.

    Args:
        gans: As from `read`.
        models: As from `model_table.rows(table, "fast")`, where the other models are.
        seeds: Number of seeds of each model, counted from 0.

    Yields:
        Claim, data set, measure and comparison, as in the ledger, and the difference GAN minus
        other model. Nothing if a planned row of a GAN is missing.
    """
    ours = gans[(gans.model == GAN_MODEL) & (gans.seed < seeds)]
    if len(ours) < seeds * len(DATASETS):
        return
    theirs = models[models.objective.isin(OTHERS) & (models.seed < seeds)]
    both = pd.concat([ours.rename(columns={"model": "objective"}), theirs], ignore_index=True)
    for measure, dataset, other in itertools.product(CLAIMS, DATASETS, OTHERS):
        where = {"claim": CLAIMS[measure].words, "data": dataset, "measure": measure}
        where |= {"comparison": f"{GAN_MODEL} minus {other}"}
        yield where, contrast(both, dataset, measure, {GAN_MODEL: 1, other: -1})


def state(gans: pd.DataFrame, seeds: int = 5) -> str:
    """Say in a sentence whether a table as from `read` has the rows that the claims are about."""
    planned = [key for key in wanted(seeds) if key["model"] == GAN_MODEL]
    there = keys_in(gans, KEYS) & {tuple(key[name] for name in KEYS) for key in planned}
    if len(there) == len(planned):
        return f"All {len(planned)} planned GANs are in the table."
    return (
        f"The table is not complete, because it has only {len(there)} of the {len(planned)} "
        "planned GANs. Until it is complete, nothing is concluded from it."
    )


def mean_table(gans: pd.DataFrame, models: pd.DataFrame, seeds: int = 5) -> pd.DataFrame:
    """Tabulate the mean of each measure over seeds with its 95 % confidence interval, as text.

    Args:
        gans, models, seeds: As for `differences`. Measures that `models` lacks are taken from the
            rows of VAEs and MMD-VAEs in `gans`, and are a dash if it has none.

    Returns:
        A row for each data set and model, and the columns "data", "model", `DECIMALS`, and
        `CLASSES`. The last has the smallest and the largest number instead of the mean.
    """
    others = models.rename(columns={"objective": "model"})
    rows = []
    for (dataset, title), (model, name) in itertools.product(DATASETS.items(), TITLES.items()):
        row = {"data": title, "model": name}
        for measure in (*DECIMALS, CLASSES):
            source = gans if model == GAN_MODEL or measure not in others else others
            here = (source.dataset == dataset) & (source.model == model) & (source.seed < seeds)
            values = source.loc[here, measure]
            if measure == CLASSES:
                ends = dict.fromkeys(f"{value:.0f}" for value in (values.min(), values.max()))
                row[measure] = " to ".join(ends) if len(values) else "–"
            else:
                row[measure] = mean_and_interval(values, DECIMALS[measure])
        rows.append(row)
    return pd.DataFrame(rows)


@click.command(help=__doc__)
def main() -> None:
    """Add the rows that the table lacks."""
    loaded = {name: data.load(name) for name in DATASETS}
    spaces = {name: features.load(name) for name in DATASETS}
    rows = (loaded.get, spaces.get)
    add_missing(TABLE, KEYS, wanted(), lambda **key: make_row(*rows, **key))


if __name__ == "__main__":
    main()
