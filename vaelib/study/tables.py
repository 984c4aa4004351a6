"""The study's table, a row for each model: what is in it, and a row made once more."""

import re

import pandas as pd

from vaelib.runs import PUBLISHED

TABLE = PUBLISHED / "models.csv"
REFERENCES = PUBLISHED / "references.csv"
# Columns of numbers that say how a row came about, not what was measured.
NOT_MEASURED = re.compile(
    r"^(code|data|versions|machine)\.|^(seed|epochs|limit|latent_dim|seconds|resumed_after_epoch)$"
)
ROUNDING = 1e-5  # the table holds six digits


def read(table=TABLE):
    """The study's table, a row for each model: dataset, objective, seed, and every measure.

    One is added: "path length, scaled" is the path length times the mean variance of the codes. A
    map stretched to twice the size has a quarter of the path length, and the same scaled one.
    """
    found = pd.read_csv(table)
    variance = (found["std of z1"] ** 2 + found["std of z2"] ** 2) / 2
    return found.assign(**{"path length, scaled": found["path length"] * variance})


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
        row: dict of dataset, objective, seed, and measures as from `study.measure`.
        table: as from `read`, with that very row in it.

    Returns:
        A DataFrame with a row for each measure: "there", "here", "range", and whether it is
        "within" the range.

    Raises:
        ValueError: if the table has no such row.
    """
    same = table[(table.dataset == row["dataset"]) & (table.objective == row["objective"])]
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
