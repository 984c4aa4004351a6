"""What was claimed, what was measured, and what follows: the study's table read as a ledger."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from vaelib.runs import PUBLISHED

TABLE = PUBLISHED / "study.csv"
CONFIDENCE = 0.95
# From the post's VAE to its MMD-VAE, one change after the other. The differences add up.
PATH = {
    "the KL at full weight": ("elbo-as-posted", "elbo"),
    "MMD for KL, no noise": ("elbo", "mmd-cross-entropy"),
    "squared error": ("mmd-cross-entropy", "mmd-as-posted"),
}
AS_POSTED = "elbo-as-posted", "mmd-as-posted"
CORRECTED = "elbo", "mmd-as-posted"


# Columns of numbers that say how a row came about, not what was measured.
NOT_MEASURED = re.compile(
    r"^(code|data|versions|machine)\.|^(seed|epochs|limit|latent_dim|seconds|resumed_after_epoch)$"
)
ROUNDING = 1e-5  # the table holds six digits


@dataclass(frozen=True)
class Claim:
    """A sentence about MMD-VAE against VAE, and the measure that it is tried on.

    Attributes:
        words: what is claimed.
        dataset: of which data.
        measure: a column of the study's table.
        expected: 1 if it should be higher for the MMD-VAE, -1 lower, 0 the same.
        margin: for 0, the largest difference that still counts as the same.
    """

    words: str
    dataset: str
    measure: str
    expected: int
    margin: float = 0.0


@dataclass(frozen=True)
class Difference:
    """A mean difference, with a confidence interval by Student's t over the pairs.

    `low` and `high` are not finite where there is but one pair.
    """

    mean: float
    low: float
    high: float
    pairs: int

    def __str__(self):
        return f"{self.mean:+.3g} [{self.low:+.3g}, {self.high:+.3g}]"


# The margins were fixed before the table was complete: two votes in a hundred, a hundredth of real
# images' sharpness, five samples in a hundred.
CLAIMS = (
    Claim("samples have sharper edges", "fashion_mnist", "sample sharpness", 1),
    Claim("clusters are more nicely spread", "fashion_mnist", "silhouette", 1),
    Claim("features are more informative", "fashion_mnist", "15-NN accuracy", 1),
    Claim("codes are centred at 0", "fashion_mnist", "mean norm", -1),
    Claim("codes match the prior", "fashion_mnist", "held-out MMD²", -1),
    Claim("morphing is smooth: steps are smaller", "fashion_mnist", "path length", -1),
    Claim("nearly all of the plane decodes to objects", "fashion_mnist", "grid on manifold", 1),
    Claim("... where the prior is", "fashion_mnist", "prior on manifold", 1),
    Claim("samples hardly differ", "mnist", "sample sharpness", 0, 0.01),
    Claim("... in how many are realistic", "mnist", "precision", 0, 0.05),
    Claim("clusters hardly differ", "mnist", "15-NN accuracy", 0, 0.02),
    Claim("morphing is more organic: steps are smaller", "mnist", "path length", -1),
    Claim("... and lead through digits", "mnist", "grid on manifold", 1),
)


def read(table=TABLE):
    """The study's table, a row for each model: dataset, objective, seed, and every measure."""
    return pd.read_csv(table)


def measures(table):
    """The columns of the table that were measured."""
    return [name for name in table.select_dtypes("number") if not NOT_MEASURED.search(name)]


def again(row, table):
    """A row made once more, beside the one in the table and the range over its seeds.

    Another machine, or another number of threads, rounds otherwise, and training makes much of
    little: nothing is the same to the last digit. What counts is the range of the seeds.

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


def paired(table, dataset, measure, first, second):
    """How much higher a measure is for the second objective than for the first, seed by seed.

    Args:
        table: as from `read`.
        dataset, measure: whose, and which column.
        first, second: objectives, names in `study.OBJECTIVES`.

    Returns:
        A `Difference`.

    Raises:
        ValueError: if no seed has both.
    """
    rows = table[table.dataset == dataset].pivot(index="seed", columns="objective", values=measure)
    missing = {first, second} - set(rows)
    pairs = (rows[second] - rows[first]).dropna() if not missing else []
    if not len(pairs):
        raise ValueError(f"the table has no {measure} of {first} and {second} on {dataset}.")
    mean = float(np.mean(pairs))
    if len(pairs) == 1:
        return Difference(mean, -np.inf, np.inf, 1)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(pairs) - 1) * stats.sem(pairs)
    return Difference(mean, mean - half, mean + half, len(pairs))


def steps(table, dataset, measure):
    """The post's comparison taken apart: the difference in all, and that of each of three changes.

    Returns:
        dict of name to `Difference`; the means of the three add up to the first one's.
    """
    parts = {name: paired(table, dataset, measure, *pair) for name, pair in PATH.items()}
    return {"as posted, in all": paired(table, dataset, measure, *AS_POSTED)} | parts


def verdict(claim, posted, weight):
    """What the numbers say of a claim.

    Args:
        claim: a `Claim`.
        posted: the `Difference` of the two models as posted.
        weight: that part of it which is due to the weight of the KL alone.

    Returns:
        "holds"; "holds for another reason": the difference is there, but more than half of it is
        due to the weight of the KL; "does not hold": it is the other way round, or no such
        difference as was claimed can be there; "can't tell": the interval admits both.
    """
    if claim.expected == 0:
        if -claim.margin <= posted.low and posted.high <= claim.margin:
            return "holds"
        apart = posted.low > claim.margin or posted.high < -claim.margin
        return "does not hold" if apart else "can't tell"
    low, high = sorted((claim.expected * posted.low, claim.expected * posted.high))
    if high < 0:
        return "does not hold"
    if low <= 0:
        return "can't tell"
    return "holds for another reason" if weight.mean / posted.mean > 0.5 else "holds"


def ledger(table, claims=CLAIMS):
    """Every claim with its numbers and its verdict, as a table of words."""
    rows = []
    for claim in claims:
        taken = steps(table, claim.dataset, claim.measure)
        posted, weight = taken["as posted, in all"], taken["the KL at full weight"]
        corrected = paired(table, claim.dataset, claim.measure, *CORRECTED)
        rows.append(
            {
                "MMD-VAE against VAE": claim.words,
                "data": claim.dataset,
                "measure": claim.measure,
                "as posted": str(posted),
                "KL corrected": str(corrected),
                "verdict": verdict(claim, posted, weight),
            }
        )
    return pd.DataFrame(rows)
