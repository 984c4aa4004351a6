"""What a change does to a measure: differences between models of the study, seed by seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
AS_POSTED, CORRECTED = "as posted, in all", "KL corrected, in all"
WEIGHT, PULL, PIXELS = "the KL at full weight", "MMD for KL, no noise", "squared error"
# Two changes can be made in either order, and each does something else after the other one. Both
# ways are models of the study: its share of the whole is the mean of the two (Shapley's value).
BOTH_WAYS = {
    PULL: (
        {"mmd-cross-entropy": 1, "elbo": -1},
        {"mmd-as-posted": 1, "elbo-squared-error": -1},
    ),
    PIXELS: (
        {"elbo-squared-error": 1, "elbo": -1},
        {"mmd-as-posted": 1, "mmd-cross-entropy": -1},
    ),
}


def combined(*terms):
    """The weighted sum of contrasts: pairs of a factor and a dict of objective to weight."""
    names = dict.fromkeys(name for _, contrast in terms for name in contrast)
    return {name: sum(f * contrast.get(name, 0) for f, contrast in terms) for name in names}


# Sums of models with weights that add up to 0. The first is the sum of the last three.
CONTRASTS = {
    AS_POSTED: {"mmd-as-posted": 1, "elbo-as-posted": -1},
    CORRECTED: {"mmd-as-posted": 1, "elbo": -1},
    WEIGHT: {"elbo": 1, "elbo-as-posted": -1},
} | {name: combined((0.5, a), (0.5, b)) for name, (a, b) in BOTH_WAYS.items()}


@dataclass(frozen=True)
class Difference:
    """A mean difference over seeds, with a confidence interval by Student's t.

    `low` and `high` are not finite where there is but one seed.
    """

    mean: float
    low: float
    high: float
    seeds: int

    def __str__(self):
        return f"{self.mean:+.3g} [{self.low:+.3g}, {self.high:+.3g}]"


def contrast(table, dataset, measure, weights):
    """A weighted sum of models, such as the difference of two, taken seed by seed.

    Args:
        table: as from `read`.
        dataset, measure: whose, and which column.
        weights: dict of objective, a name in `study.OBJECTIVES`, to its weight.

    Returns:
        A `Difference`, over the seeds that all these objectives have.

    Raises:
        ValueError: if there is no such seed.
    """
    rows = table[table.dataset == dataset].pivot(index="seed", columns="objective", values=measure)
    weights = {name: weight for name, weight in weights.items() if weight}
    values = []
    if set(weights) <= set(rows):
        values = sum(weight * rows[name] for name, weight in weights.items()).dropna()
    if not len(values):
        raise ValueError(f"the table has no {measure} of {' and '.join(weights)} on {dataset}.")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Difference(mean, -np.inf, np.inf, 1)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values)
    return Difference(mean, mean - half, mean + half, len(values))


def differences(table, dataset, measures, contrasts=None):
    """Contrasts, by default `CONTRASTS`, of some measures, in words: measures down."""
    found = {
        measure: {
            name: str(contrast(table, dataset, measure, weights))
            for name, weights in (contrasts or CONTRASTS).items()
        }
        for measure in measures
    }
    return pd.DataFrame(found).T
