"""The post's forecast: do cost functions and priors make a bigger difference on real-world data?

"For both cost functions and priors, we expect effective differences to become way bigger still when
we leave the controlled environment of (Fashion) MNIST and work with real-world datasets." Rules and
measures are those of runs/plan.md, amendment 2, which was written before the first row.
"""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from vaelib.runs import PUBLISHED
from vaelib.study import claims, tables
from vaelib.study.contrasts import CONFIDENCE
from vaelib.study.models import TITLES

TABLE = PUBLISHED / "forecast.csv"
DATASETS = {"fashion_mnist": "Fashion-MNIST", "frey_faces": "Frey faces", "cifar10": "CIFAR-10"}
CONTROLLED, *REAL = DATASETS
DIMENSIONS = 2, 32
SEEDS = 5
BIGGER = 2.0  # times: what "way bigger" has to mean at least
SIZES = "bigger", "smaller"  # what effects may be at all, beside "way bigger"
LEAST = 0.1  # standard deviations: an effect that five seeds can't tell from none counts as this
VAE = "elbo", "normal"
# Kind -> what is compared with the VAE, as (objective, prior).
KINDS = {
    "cost functions": (("mmd-as-posted", "normal"), ("elbo-squared-error", "normal")),
    "priors": (("elbo", "vamp(20)"),),
}
# Exploratory, for it was decided after looking: all VAEs with squared error collapse on Frey faces.
MMD_ALONE = {"MMD for KL, alone": KINDS["cost functions"][:1]}
MODELS = VAE, *itertools.chain(*KINDS.values())
ON_MANIFOLD = "prior on manifold"
MEASURES = (
    *("pixel MSE", "reconstruction sharpness", "sample sharpness", "held-out MMD²"),
    *("path length", ON_MANIFOLD, "coverage"),
)
# Exploratory, too: on real data one grey image gets the best mark of all in the one left out.
TRUSTED = tuple(name for name in MEASURES if name != ON_MANIFOLD)


def read(table=TABLE, study=tables.TABLE):
    """The rows that the forecast is tried on, those from the study's table with them."""
    found = pd.concat([pd.read_csv(path) for path in (table, study) if path.exists()])
    plain = (found.schedule == "fast") & (found.pixels == "grey") & found.limit.isna()
    models = np.array([m in MODELS for m in zip(found.objective, found.prior, strict=True)])
    known = found.dataset.isin(DATASETS) & found.latent_dim.isin(DIMENSIONS)
    here = found[plain & models & known & (found.seed < SEEDS)]
    told_apart = ["dataset", "latent_dim", "objective", "prior", "seed"]
    return here.drop_duplicates(told_apart).sort_values(told_apart, ignore_index=True)


def missing(table):
    """How many of the rows of the plan are not in a table as from `read`."""
    return len(DATASETS) * len(DIMENSIONS) * len(MODELS) * SEEDS - len(table)


def state(table):
    """Whether the table is whole, in a sentence."""
    planned = missing(table[:0])
    if not missing(table):
        return f"All {planned} rows that the plan asks for are there.\n"
    return (
        f"{len(table)} of the {planned} rows that the plan asks for are there. Until all are, "
        "nothing is concluded from them.\n"
    )


def effects(table, kind):
    """How far a change moves each measure, in units of the seeds' spread.

    Args:
        table: as from `read`.
        kind: of change, one of `KINDS`.

    Returns:
        A DataFrame: dimensions, model and measure down, data sets across, as signed effects.
        Where on any data set a measure has no spread, there is none on all of them.
    """
    datasets = dict.fromkeys(table.dataset)
    found = {name: _effects(_samples(table, name), KINDS[kind]) for name in datasets}
    index = pd.MultiIndex.from_product(
        [DIMENSIONS, [_title(model) for model in KINDS[kind]], MEASURES],
        names=["dimensions", "changed", "measure"],
    )
    return pd.DataFrame(found, index).where(lambda all_: np.isfinite(all_).all(axis=1))


def sizes(table, kind):
    """How big the effects of `effects` are, small ones as `LEAST`; only of those that have one."""
    return effects(table, kind).dropna().abs().clip(lower=LEAST)


def typical(table, kind):
    """The geometric mean of `sizes`, for each data set: a Series."""
    return np.exp(np.log(sizes(table, kind)).mean())


def ratios(table, kinds=KINDS, measures=MEASURES):
    """How many times as big effects are on real data, for each kind of change, and the verdict.

    The typical effect of a data set is the geometric mean of the effects' sizes. Its ratio to that
    of Fashion-MNIST has an interval by the jackknife over seeds, on the logarithm (Miller 1974),
    with Student's t and Satterthwaite's degrees of freedom.

    Args:
        table: as from `read`.
        kinds: of change, as `KINDS`.
        measures: those of `MEASURES` that count. What is asked of other kinds, or of fewer
            measures, is exploratory.

    Returns:
        A DataFrame, a row for each kind and data set: typical effects "there" and on
        "Fashion-MNIST", "ratio", "low", "high", "at all" (whether the interval says that effects
        are "bigger" or "smaller"), p (Holm's, against `BIGGER`), and "verdict".
    """
    rows, samples = [], {name: _samples(table, name) for name in DATASETS}
    for kind, name in itertools.product(kinds, REAL):
        # What has no spread on any of the three is left out on all.
        changes = kinds[kind]
        kept = np.isfinite([_effects(one, changes) for one in samples.values()]).all(axis=0)
        kept &= np.tile([m in measures for m in MEASURES], len(DIMENSIONS) * len(changes))

        def log_typical(one, changes=changes, kept=kept):
            return np.log(np.maximum(np.abs(_effects(one, changes)[kept]), LEAST)).mean()

        here, there = (_jackknife(samples[one], log_typical) for one in (CONTROLLED, name))
        variances = np.array([*here[1], *there[1]])
        error = variances.sum() ** 0.5
        freedom = variances.sum() ** 2 / (variances**2 / (SEEDS - 1)).sum()
        log_ratio = there[0] - here[0]
        half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
        beyond = (log_ratio - np.log(BIGGER)) / error
        ends = {"low": log_ratio - half, "ratio": log_ratio, "high": log_ratio + half}
        logs = {"there": there[0], "Fashion-MNIST": here[0]} | ends
        row = {"kind": kind, "data": name} | {word: np.exp(value) for word, value in logs.items()}
        rows.append(row | {"p": 2 * stats.t.sf(abs(beyond), freedom), "above": beyond > 0})
    found = pd.DataFrame(rows)
    found["p"] = claims.holm(found.p)
    found["at all"] = np.select([found.low > 1, found.high < 1], SIZES, claims.UNCLEAR)
    certain = np.where(found.above, claims.HOLDS, claims.NOT)
    found["verdict"] = np.where(found.p < claims.LEVEL, certain, claims.UNCLEAR)
    return found.drop(columns="above").set_index(["kind", "data"])


def collapsed(table):
    """In how many seeds codes say nothing of their images: a rate below `claims.COLLAPSED`.

    Args:
        table: as from `read`.

    Returns:
        A DataFrame of counts: dimensions and model (of those that sample their codes) down, data
        sets across.
    """
    sampled = table.loc[table.rate.notna(), ["dataset", "latent_dim", "objective", "prior", "rate"]]
    titles = [_title(model) for model in zip(sampled.objective, sampled.prior, strict=True)]
    low = sampled.assign(changed=titles, low=sampled.rate < claims.COLLAPSED)
    return low.pivot_table("low", ["latent_dim", "changed"], "dataset", "sum").astype(int)


def ledger(table):
    """The forecast as lines of the ledger of `claims`, one for each kind and data set.

    Args:
        table: as from `read`.
    """
    lines = []
    for (kind, name), row in ratios(table).iterrows():
        found = f"{row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}]: {row.verdict}"
        head = {"claim": f"effects become way bigger: {kind}", "data": name}
        measure = "typical effect, as a ratio to that on Fashion-MNIST"
        lines.append(head | {"measure": measure, f"above {BIGGER:g}?": found})
    return pd.DataFrame(lines)


def _samples(table, dataset):
    """What was measured on a data set: dict of (dimensions, model) to (seeds, measures).

    Raises:
        ValueError: where rows are missing, for from part of them nothing follows.
    """
    here, found = table[table.dataset == dataset], {}
    for dimensions, model in itertools.product(DIMENSIONS, MODELS):
        same = (here.latent_dim == dimensions) & (here.objective == model[0])
        rows = here[same & (here.prior == model[1])]
        if len(rows) != SEEDS:
            raise ValueError(
                f"{len(rows)} rows of {_title(model)} with {dimensions} dimensions on {dataset}: "
                f"expected {SEEDS}. `make forecast` makes those that are missing."
            )
        found[dimensions, model] = rows[list(MEASURES)].to_numpy("float64")
    return found


def _effects(samples, changed):
    """The effects of `effects`, of one data set and models, in the order of its index."""
    found = []
    for dimensions, model in itertools.product(DIMENSIONS, changed):
        both = samples[dimensions, model], samples[dimensions, VAE]
        variances = [rows.var(axis=0, ddof=1) for rows in both]
        weights = [len(rows) - 1 for rows in both]
        spread = np.sqrt(np.average(variances, axis=0, weights=weights))
        with np.errstate(invalid="ignore", divide="ignore"):  # no spread: infinite, or not a number
            found.append((both[0].mean(axis=0) - both[1].mean(axis=0)) / spread)
    return np.concatenate(found)


def _jackknife(samples, statistic):
    """A statistic of samples, and the variance that each of them gives it."""
    variances = []
    for name, rows in samples.items():
        without = [
            statistic(samples | {name: np.delete(rows, seed, axis=0)}) for seed in range(len(rows))
        ]
        variances.append((len(rows) - 1) * np.var(without))
    return statistic(samples), [variance for variance in variances if variance]


def _title(model):
    objective, prior = model
    return TITLES[objective] if prior == "normal" else f"{TITLES[objective]}, VampPrior"
