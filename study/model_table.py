"""Read the main table of the study, select its planned parts, and compare rows made again."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from study import TABLES

TABLE = TABLES / "models.csv"
REFERENCES = TABLES / "references.csv"
MODEL_KEYS = "dataset", "objective", "prior", "latent_dim", "schedule", "pixels"
DATASETS = {"fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}
# Columns of numbers that describe how a model was trained and measured; the others are measures.
NOT_MEASURED = (
    *("seed", "epochs", "latent_dim", "seconds", "information ceiling", "learning_rate"),
    "initial_log_var",
)
SCALED_PATH = "path length, scaled"  # computed from other columns when the table is read
ROUNDING = 1e-5  # relative; the table has six digits
POST = "post-elbo", "elbo", "post-mmd"
BLACK_AND_WHITE = "elbo", "mmd-sampled", "mmd-deterministic"
FACTORIAL = (
    *("untrained", "autoencoder", "post-elbo", "elbo", "mmd-sampled", "mmd-deterministic"),
    *("post-elbo-squared-error", "elbo-squared-error", "mmd-sampled-squared-error"),
    *("post-mmd", "elbo-matched", "mmd-matched"),
)
# Parts of study/plan.md by name: their models, each on both data sets, and the number of seeds.
PLANNED = {"fast": (FACTORIAL, 10), "post": (POST, 5), "threshold": (BLACK_AND_WHITE, 5)}


def read(table: Path = TABLE) -> pd.DataFrame:
    """Read the whole table, and add the measure "path length, scaled".

    This is the path length times the mean variance of the codes, which compensates for the scale
    of the latent space. If images change equally fast everywhere, scaling all codes by 2 divides
    the path length by 4 and leaves the scaled path length unchanged.

    Returns:
        A row for each model: dataset, objective, prior, latent_dim, schedule, pixels, seed, and
        measures.
    """
    found = pd.read_csv(table)
    variance = (found["std of z1"] ** 2 + found["std of z2"] ** 2) / 2
    return found.assign(**{SCALED_PATH: found["path length"] * variance})


def rows(table: pd.DataFrame, part: str = "fast") -> pd.DataFrame:
    """Select the rows of one part of the plan.

    Args:
        table: As from `read`.
        part: A name in `PLANNED`. "fast" and "post" are gray pixels by the fast schedule and by the
            post's schedule. "threshold" is black-and-white pixels by the fast schedule.
    """
    models, seeds = PLANNED[part]
    pixels, schedule = ("threshold", "fast") if part == "threshold" else ("gray", part)
    plain = (table.prior == "normal") & (table.latent_dim == 2)
    here = plain & (table.schedule == schedule) & (table.pixels == pixels)
    return table[here & table.objective.isin(models) & (table.seed < seeds)]


def missing(table: pd.DataFrame) -> dict[str, int]:
    """Count the rows of each part of the plan that a table as from `read` lacks."""
    return {
        part: len(models) * seeds * len(DATASETS) - len(rows(table, part))
        for part, (models, seeds) in PLANNED.items()
    }


def state(table: pd.DataFrame) -> str:
    """Say in a sentence whether a table as from `read` is complete."""
    planned = sum(len(models) * seeds * len(DATASETS) for models, seeds in PLANNED.values())
    there = planned - sum(missing(table).values())
    if there == planned:
        return f"All {planned} rows that the plan asks for are complete.\n"
    return (
        f"The table is not complete, because it has only {there} of the {planned} rows that the "
        "plan asks for. Until it is complete, nothing is concluded from it.\n"
    )


def reference(dataset: str, table: Path = REFERENCES) -> dict[str, float]:
    """Return the values of measures of decoded images for real images instead.

    Args:
        dataset: Name of the data set.
        table: CSV file with the measures of known images.

    Raises:
        ValueError: If the table does not have the data set.
    """
    rows = pd.read_csv(table)
    if dataset not in set(rows.dataset):
        known = ", ".join(rows.dataset.unique())
        raise ValueError(f"no reference values for {dataset!r}: choose one of {known}.")
    marks = rows[(rows.dataset == dataset) & (rows.images == "real images")].iloc[0]
    on_manifold = dict.fromkeys(("prior on manifold", "grid on manifold"), marks["on manifold"])
    sharpness = dict.fromkeys(("sample sharpness", "reconstruction sharpness"), marks["sharpness"])
    return on_manifold | sharpness | {name: marks[name] for name in ("coverage", "recall")}


def measures(table: pd.DataFrame) -> list[str]:
    """Return the columns that are measures."""
    return [name for name in table.select_dtypes("number") if name not in NOT_MEASURED]


def compare_with_seeds(row: Mapping[str, object], table: pd.DataFrame) -> pd.DataFrame:
    """Compare a row that was made again with the row in the table.

    Floating-point rounding depends on the machine and the number of threads, and training amplifies
    small differences. Therefore a measure counts as reproduced if it differs by no more than the
    range over the seeds.

    Args:
        row: dataset, objective, seed, optionally more of `MODEL_KEYS`, and measures as
            from `measurement.measure`.
        table: As from `rows`, with the row of the same settings and seed.

    Returns:
        A row for each measure of such a model: its value in the table ("there"), the new value
        ("here"), the "range" over the seeds, and whether the difference is "within" the range. A
        measure that is missing on one side is not within.

    Raises:
        ValueError: If the table does not have exactly one such row.
    """
    named = [name for name in MODEL_KEYS if name in row and name in table]
    same = table[(table[named] == [row[name] for name in named]).all(axis=1)]
    there = same[same.seed == row["seed"]]
    if len(there) != 1:
        raise ValueError(
            f"the table has {len(there)} rows of {row['objective']} on {row['dataset']} with seed "
            f"{row['seed']}: expected one."
        )
    names = [name for name in measures(table) if name != SCALED_PATH]
    found = pd.DataFrame({"there": there[names].iloc[0], "here": pd.Series(row).reindex(names)})
    found = found.astype(float).assign(range=same[names].max() - same[names].min())
    found = found.dropna(how="all", subset=["there", "here"])  # measures that such a model lacks
    away = (found.here - found.there).abs()  # NaN, and so not within, if only one of them is there
    return found.assign(within=away <= found.range + ROUNDING * found.there.abs())
