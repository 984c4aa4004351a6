"""Test the blog post's forecast that differences between models are bigger on real-world data.

"For both cost functions and priors, we expect effective differences to become way bigger still when
we leave the controlled environment of (Fashion) MNIST and work with real-world datasets." Rules and
measures are those of study/plan.md, amendment 2, which was written before the first row was made.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from study import TABLES, claims, model_table
from study.contrasts import CONFIDENCE
from study.named_models import TITLES

TABLE = TABLES / "forecast.csv"
DATASETS = {"fashion_mnist": "Fashion-MNIST", "frey_faces": "Frey faces", "cifar10": "CIFAR-10"}
CONTROLLED, *REAL = DATASETS
DIMENSIONS = 2, 32
SEEDS = 5
WAY_BIGGER = 2.0  # the ratio of effects from which on they count as "way bigger"
SIZES = "bigger", "smaller"  # verdicts if the interval of the ratio excludes 1
# Smallest size of an effect, in standard deviations over seeds. Five seeds cannot distinguish a
# smaller one from 0, and it would dominate a geometric mean.
SMALLEST_EFFECT = 0.1
SMALLEST_CHANGE = 0.01  # the same for logarithms of ratios of means: one percent
VAE = "elbo", "normal"
# Kind -> what is compared with the VAE, as (objective, prior).
KINDS = {
    "cost functions": (("post-mmd", "normal"), ("elbo-squared-error", "normal")),
    "priors": (("elbo", "vamp(20)"),),
}
# Exploratory, decided after seeing the results: all VAEs with squared error collapse on Frey faces.
MMD_ALONE = {"MMD for KL, alone": KINDS["cost functions"][:1]}
MODELS = VAE, *itertools.chain(*KINDS.values())
ON_MANIFOLD = "prior on manifold"
MEASURES = (
    *("pixel MSE", "reconstruction sharpness", "sample sharpness", "held-out MMD²"),
    *("path length", ON_MANIFOLD, "coverage"),
)
# Exploratory, too: on real data, a single gray image gets the best value of the measure left out.
TRUSTED = tuple(name for name in MEASURES if name != ON_MANIFOLD)


def read(table: Path = TABLE, study: Path = model_table.TABLE) -> pd.DataFrame:
    """Read the rows that test the forecast.

    Args:
        table: CSV file of the forecast's own rows.
        study: CSV file of the main table, which has some of the rows for Fashion-MNIST.
    """
    found = pd.concat([pd.read_csv(path) for path in (table, study) if path.exists()])
    plain = (found.schedule == "fast") & (found.pixels == "gray")
    models = np.array([m in MODELS for m in zip(found.objective, found.prior, strict=True)])
    known = found.dataset.isin(DATASETS) & found.latent_dim.isin(DIMENSIONS)
    here = found[plain & models & known & (found.seed < SEEDS)]
    keys = ["dataset", "latent_dim", "objective", "prior", "seed"]
    return here.drop_duplicates(keys).sort_values(keys, ignore_index=True)


def missing(table: pd.DataFrame) -> int:
    """Return how many planned rows are not in a table as from `read`."""
    return len(DATASETS) * len(DIMENSIONS) * len(MODELS) * SEEDS - len(table)


def state(table: pd.DataFrame) -> str:
    """Say in a sentence whether a table as from `read` is complete."""
    planned = missing(table[:0])
    if not missing(table):
        return f"All {planned} rows that the plan asks for are complete.\n"
    return (
        f"The table has only {len(table)} of the {planned} rows that the plan asks for. Until it "
        "is complete, nothing is concluded from it.\n"
    )


def effects(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Compute by how much a kind of change moves each measure.

    An effect is the mean over seeds of the changed model minus that of the VAE, divided by the
    standard deviation over seeds, which is pooled over both models.

    Args:
        table: As from `read`, complete.
        kind: A name in `KINDS`.

    Returns:
        A row for each number of latent dimensions, model, and measure, and a column for each data
        set. A row is NaN if the standard deviation is 0 on one of the data sets.

    Raises:
        ValueError: If rows are missing.
    """
    datasets = dict.fromkeys(table.dataset)
    found = {name: _effects(_samples(table, name), KINDS[kind]) for name in datasets}
    index = pd.MultiIndex.from_product(
        [DIMENSIONS, [_title(model) for model in KINDS[kind]], MEASURES],
        names=["dimensions", "changed", "measure"],
    )
    return pd.DataFrame(found, index).where(lambda all_: np.isfinite(all_).all(axis=1))


def sizes(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the absolute values of `effects`, at least `SMALLEST_EFFECT`, without NaN."""
    return effects(table, kind).dropna().abs().clip(lower=SMALLEST_EFFECT)


def typical_effects(table: pd.DataFrame, kind: str) -> pd.Series:
    """Return the geometric mean of `sizes` for each data set."""
    return np.exp(np.log(sizes(table, kind)).mean())


def ratios(
    table: pd.DataFrame,
    kinds: Mapping[str, Iterable[tuple[str, str]]] = KINDS,
    measures: Collection[str] = MEASURES,
    relative: bool = False,
) -> pd.DataFrame:
    """Compare the effects on real data with those on Fashion-MNIST, for each kind of change.

    The typical effect on a data set is the geometric mean of the effects' sizes. The interval of
    the ratio of two typical effects is computed on the logarithm, by the jackknife over seeds
    (Miller 1974), with Student's t and Satterthwaite's degrees of freedom.

    Args:
        table: As from `read`, complete.
        kinds: Kinds of change, as in `KINDS`. Other kinds are exploratory.
        measures: The measures that count. A part of `MEASURES` is exploratory.
        relative: If True, the size of an effect is |log(mean of the changed model / mean of the
            VAE)| instead of a number of standard deviations over seeds. Measures with a mean that
            is not positive are left out. This is exploratory (plan, amendment 9).

    Returns:
        A row for each kind and real data set: the typical effects "there" (on this data set) and on
        "Fashion-MNIST", their "ratio" with the ends "low" and "high" of its interval, "at all"
        ("bigger" or "smaller" if the interval excludes 1), "uncorrected p" of the two-sided test
        against `WAY_BIGGER`, "p" (the same, corrected by `claims.holm_correction`), and "verdict"
        (whether the ratio is above `WAY_BIGGER`).

    Raises:
        ValueError: If rows are missing.
    """
    rows, samples = [], {name: _samples(table, name) for name in DATASETS}
    effects_of, smallest = _effects, SMALLEST_EFFECT
    if relative:
        effects_of, smallest = _log_ratios, SMALLEST_CHANGE
    for kind, name in itertools.product(kinds, REAL):
        # A measure with a standard deviation of 0 on one data set is left out on all of them.
        changes = kinds[kind]
        kept = np.isfinite([effects_of(one, changes) for one in samples.values()]).all(axis=0)
        kept &= np.tile([m in measures for m in MEASURES], len(DIMENSIONS) * len(changes))

        def log_typical(one, changes=changes, kept=kept):
            return np.log(np.maximum(np.abs(effects_of(one, changes)[kept]), smallest)).mean()

        here, there = (_jackknife(samples[one], log_typical) for one in (CONTROLLED, name))
        variances = np.array([*here[1], *there[1]])
        error = variances.sum() ** 0.5
        freedom = variances.sum() ** 2 / (variances**2 / (SEEDS - 1)).sum()
        log_ratio = there[0] - here[0]
        half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
        beyond = (log_ratio - np.log(WAY_BIGGER)) / error
        ends = {"low": log_ratio - half, "ratio": log_ratio, "high": log_ratio + half}
        logs = {"there": there[0], "Fashion-MNIST": here[0]} | ends
        row = {"kind": kind, "data": name} | {word: np.exp(value) for word, value in logs.items()}
        rows.append(row | {"p": 2 * stats.t.sf(abs(beyond), freedom), "above": beyond > 0})
    found = pd.DataFrame(rows)
    found["uncorrected p"], found["p"] = found.p, claims.holm_correction(found.p)
    found["at all"] = np.select([found.low > 1, found.high < 1], SIZES, claims.UNCLEAR)
    certain = np.where(found.above, claims.HOLDS, claims.DOES_NOT_HOLD)
    found["verdict"] = np.where(found.p < claims.LEVEL, certain, claims.UNCLEAR)
    return found.drop(columns="above").set_index(["kind", "data"])


def collapsed(table: pd.DataFrame) -> pd.DataFrame:
    """Count the seeds with a rate below `claims.COLLAPSED`.

    Args:
        table: As from `read`.

    Returns:
        Counts: a row for each number of latent dimensions and model that samples its codes, and a
        column for each data set.
    """
    sampled = table.loc[table.rate.notna(), ["dataset", "latent_dim", "objective", "prior", "rate"]]
    titles = [_title(model) for model in zip(sampled.objective, sampled.prior, strict=True)]
    low = sampled.assign(changed=titles, low=sampled.rate < claims.COLLAPSED)
    return low.pivot_table("low", ["latent_dim", "changed"], "dataset", "sum").astype(int)


def _samples(table: pd.DataFrame, dataset: str) -> dict[tuple, np.ndarray]:
    """Return the measures on a data set, shape (seeds, measures), by (dimensions, model).

    Raises:
        ValueError: If rows are missing, because the plan draws no conclusion from a part of them.
    """
    here, found = table[table.dataset == dataset], {}
    for dimensions, model in itertools.product(DIMENSIONS, MODELS):
        same = (here.latent_dim == dimensions) & (here.objective == model[0])
        rows = here[same & (here.prior == model[1])]
        if len(rows) != SEEDS:
            raise ValueError(
                f"{len(rows)} rows of {_title(model)} with {dimensions} dimensions on {dataset}: "
                f"expected {SEEDS}. `make study TABLE=forecast` adds the missing ones."
            )
        found[dimensions, model] = rows[list(MEASURES)].to_numpy("float64")
    return found


def _effects(samples: Mapping[tuple, np.ndarray], changed: Iterable[tuple[str, str]]) -> np.ndarray:
    """Return the effects of changed models on one data set, in the order of rows of `effects`."""
    found = []
    for dimensions, model in itertools.product(DIMENSIONS, changed):
        both = samples[dimensions, model], samples[dimensions, VAE]
        variances = [rows.var(axis=0, ddof=1) for rows in both]
        weights = [len(rows) - 1 for rows in both]
        spread = np.sqrt(np.average(variances, axis=0, weights=weights))
        # If the standard deviation is 0, the result is infinite or NaN, and the caller removes it.
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append((both[0].mean(axis=0) - both[1].mean(axis=0)) / spread)
    return np.concatenate(found)


def _log_ratios(samples: Mapping[tuple, np.ndarray], changed: Iterable) -> np.ndarray:
    """Return log(mean of a changed model / mean of the VAE), in the order of `_effects`."""
    found = []
    for dimensions, model in itertools.product(DIMENSIONS, changed):
        means = [samples[dimensions, name].mean(axis=0) for name in (model, VAE)]
        # Means that are not positive have no logarithm, and the caller removes the NaN.
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.log(means[0]) - np.log(means[1]))
    return np.concatenate(found)


def _jackknife(
    samples: dict[tuple, np.ndarray], statistic: Callable[[dict[tuple, np.ndarray]], float]
) -> tuple[float, list[float]]:
    """Return a statistic of samples, and the variance due to each of them, without zeros."""
    variances = []
    for name, rows in samples.items():
        without = [
            statistic(samples | {name: np.delete(rows, seed, axis=0)}) for seed in range(len(rows))
        ]
        variances.append((len(rows) - 1) * np.var(without))
    return statistic(samples), [variance for variance in variances if variance]


def _title(model: tuple[str, str]) -> str:
    objective, prior = model
    return TITLES[objective] if prior == "normal" else f"{TITLES[objective]}, VampPrior"
