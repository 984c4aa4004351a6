"""The table of the study, a row for each model: which rows there are, and one made once more."""

import re

import pandas as pd

from vaelib.runs import PUBLISHED

TABLE = PUBLISHED / "models.csv"
REFERENCES = PUBLISHED / "references.csv"
SAME_BUT_FOR_THE_SEED = "dataset", "objective", "prior", "latent_dim", "schedule", "pixels"
DATASETS = "fashion_mnist", "mnist"
# Columns of numbers that say how a row came about, not what was measured.
NOT_MEASURED = re.compile(
    r"^(code|data|measuring|versions|machine)\.|^(seed|epochs|limit|latent_dim|seconds)$"
    r"|^(resumed_after_epoch|information ceiling|learning_rate)$"
)
ROUNDING = 1e-5  # the table holds six digits
POST = "elbo-as-posted", "elbo", "mmd-as-posted"
BLACK_AND_WHITE = "elbo", "mmd-sampled", "mmd-deterministic"
FACTORIAL = (
    *("untrained", "autoencoder", "elbo-as-posted", "elbo", "mmd-sampled", "mmd-deterministic"),
    *("elbo-as-posted-squared-error", "elbo-squared-error", "mmd-sampled-squared-error"),
    *("mmd-as-posted", "elbo-matched", "mmd-matched"),
)
# Schedule, or pixels: the models that runs/plan.md asks for, on both data sets, and how many seeds.
PLANNED = {"fast": (FACTORIAL, 10), "post": (POST, 5), "threshold": (BLACK_AND_WHITE, 5)}


def read(table=TABLE):
    """The whole table: dataset, objective, prior, latent_dim, schedule, pixels, seed, and measures.

    One is added: "path length, scaled" is the path length times the mean variance of the codes.
    Where images change equally fast everywhere, a map stretched to twice the size has a quarter of
    the path length, and the same scaled one.
    """
    found = pd.read_csv(table)
    variance = (found["std of z1"] ** 2 + found["std of z2"] ** 2) / 2
    return found.assign(**{"path length, scaled": found["path length"] * variance})


def rows(table, part="fast"):
    """The rows of one part of the plan.

    Args:
        table: as from `read`.
        part: a name in `PLANNED`: grey pixels by the "fast" or the "post"'s schedule, or black and
            white ones, "threshold", by the fast one.
    """
    models, seeds = PLANNED[part]
    pixels, schedule = ("threshold", "fast") if part == "threshold" else ("grey", part)
    plain = (table.prior == "normal") & (table.latent_dim == 2) & table.limit.isna()
    here = plain & (table.schedule == schedule) & (table.pixels == pixels)
    return table[here & table.objective.isin(models) & (table.seed < seeds)]


def missing(table):
    """How many of the rows that runs/plan.md asks for are not there: dict of part to number."""
    return {
        part: len(models) * seeds * len(DATASETS) - len(rows(table, part))
        for part, (models, seeds) in PLANNED.items()
    }


def state(table):
    """Whether the table is whole, in a sentence."""
    planned = sum(len(models) * seeds * len(DATASETS) for models, seeds in PLANNED.values())
    there = planned - sum(missing(table).values())
    if there == planned:
        return f"All {planned} rows that the plan asks for are there.\n"
    return (
        f"The table is still being made: {there} of the {planned} rows that the plan asks for are "
        "there. Until it is whole, nothing is concluded from it.\n"
    )


def reference(dataset, table=REFERENCES):
    """What the measures that need no model give for real images: dict of measure to number.

    Raises:
        ValueError: for a data set that the table does not have.
    """
    rows = pd.read_csv(table)
    if dataset not in set(rows.dataset):
        known = ", ".join(rows.dataset.unique())
        raise ValueError(f"no reference for {dataset!r}: there are those of {known}.")
    marks = rows[(rows.dataset == dataset) & (rows.images == "real images")].iloc[0]
    on_manifold = dict.fromkeys(("prior on manifold", "grid on manifold"), marks["on manifold"])
    sharpness = dict.fromkeys(("sample sharpness", "reconstruction sharpness"), marks["sharpness"])
    return on_manifold | sharpness | {name: marks[name] for name in ("coverage", "recall")}


def measures(table):
    """The columns of the table that were measured."""
    return [name for name in table.select_dtypes("number") if not NOT_MEASURED.search(name)]


def again(row, table):
    """A row made once more, beside the one in the table and the range over its seeds.

    Another machine, or another number of threads, rounds otherwise, and training amplifies small
    differences: nothing is the same to the last digit. What counts is the range of the seeds.

    Args:
        row: dict of dataset, objective, seed, perhaps more of what tells rows apart, and measures
            as from `study.measure`.
        table: as from `rows`, with that very row in it.

    Returns:
        A DataFrame with a row for each measure: "there", "here", "range", and whether it is
        "within" the range.

    Raises:
        ValueError: if the table has no such row.
    """
    named = [name for name in SAME_BUT_FOR_THE_SEED if name in row and name in table]
    same = table[(table[named] == [row[name] for name in named]).all(axis=1)]
    there = same[same.seed == row["seed"]]
    if len(there) != 1:
        raise ValueError(
            f"the table has {len(there)} rows of {row['objective']} on {row['dataset']} with seed "
            f"{row['seed']}: expected one."
        )
    names = [name for name in measures(table) if name in row]
    found = pd.DataFrame({"there": there[names].iloc[0], "here": pd.Series(row)[names]})
    found = found.astype(float).assign(range=same[names].max() - same[names].min()).dropna()
    away = (found.here - found.there).abs()
    return found.assign(within=away <= found.range + ROUNDING * found.there.abs())
