"""What a change does to a measure: weighted sums of models' means over seeds, with intervals.

The post's MMD-VAE differs from its VAE in three changes. Made one after the other they lead through
models that were trained, too; which share of the whole is whose depends on the order. Shapley's
value is a change's mean share over all orders.

(MMD came with a fourth, codes without noise. With noise it can collapse, so these two are one:
runs/plan.md, amendment 1.)
"""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
WEIGHT, MMD, PIXELS = "the KL at full weight", "MMD, no noise", "squared error"
CHANGES = WEIGHT, MMD, PIXELS
# What the changes lead to. Where MMD has come, no KL is left to weigh.
CROSS_ENTROPY = "elbo-as-posted", "elbo", "mmd-deterministic"
SQUARED_ERROR = "elbo-as-posted-squared-error", "elbo-squared-error", "mmd-as-posted"


def model_after(changes):
    """The model that a set of changes makes of the VAE as posted, by its name."""
    pull = 2 if MMD in changes else int(WEIGHT in changes)
    return (SQUARED_ERROR if PIXELS in changes else CROSS_ENTROPY)[pull]


def shares(made=()):
    """Shapley's value of each change on the way to the MMD-VAE as posted.

    Args:
        made: changes that the way begins with; it is "KL corrected" with `WEIGHT`.

    Returns:
        dict of change to its contrast, a dict of model to weight. Together they are the whole.
    """
    left = [change for change in CHANGES if change not in made]
    orders = list(itertools.permutations(left))
    found = {change: {} for change in left}
    for order in orders:
        for i, change in enumerate(order):
            before = {*made, *order[:i]}
            step = alone(change, made=before)
            found[change] = combined((1, found[change]), (1 / len(orders), step))
    return {change: _without_zeros(contrast) for change, contrast in found.items()}


def alone(*changes, made=()):
    """The contrast of some changes, made where so many others have been made."""
    return combined((1, {model_after({*made, *changes}): 1}), (-1, {model_after({*made}): 1}))


def combined(*terms):
    """The weighted sum of contrasts: pairs of a factor and a dict of model to weight."""
    names = dict.fromkeys(name for _, contrast in terms for name in contrast)
    return {name: sum(f * contrast.get(name, 0) for f, contrast in terms) for name in names}


def _without_zeros(contrast):
    return {name: weight for name, weight in contrast.items() if abs(weight) > 1e-12}


# The two comparisons of the study: what differs between the MMD-VAE as posted and ...
AS_POSTED, CORRECTED = "as posted", "KL corrected"
MADE = {AS_POSTED: (), CORRECTED: (WEIGHT,)}
COMPARISONS = {
    name: alone(*(c for c in CHANGES if c not in made), made=made) for name, made in MADE.items()
}
MATCHED = {"elbo": "elbo-matched", "mmd-deterministic": "mmd-matched"}
# MMD without noise, taken apart, where the models with noise do not collapse.
NOISE = {
    "MMD for KL": {"mmd-sampled": 1, "elbo": -1},
    "no noise": {"mmd-deterministic": 1, "mmd-sampled": -1},
}


def squared_error(made=(WEIGHT,)):
    """Squared error, taken apart: with as strong a pull as before, and what the stronger one adds.

    Args:
        made: the changes before it, which decide what pulls: `WEIGHT`, the KL; `MMD`, the MMD.

    Returns:
        dict of name to contrast: both together, and the two.
    """
    before, after = model_after(made), model_after({*made, PIXELS})
    return {
        PIXELS: alone(PIXELS, made=made),
        "other pixels": {MATCHED[before]: 1, before: -1},
        "stronger pull": {after: 1, MATCHED[before]: -1},
    }


@dataclass(frozen=True)
class Difference:
    """A weighted sum of means over seeds, with what is needed to test it by Welch's t.

    Attributes:
        mean: the sum.
        error: its standard error; NaN where a model has but one seed.
        freedom: degrees of freedom, by Welch and Satterthwaite.
        spread: the standard deviation over seeds, pooled over the models.
        seeds: of the model that has the fewest.
    """

    mean: float
    error: float
    freedom: float
    spread: float
    seeds: int

    @property
    def interval(self):
        """Low and high end, at `CONFIDENCE`; infinite where there is but one seed."""
        if not self.freedom > 0:
            return -np.inf, np.inf
        half = stats.t.ppf((1 + CONFIDENCE) / 2, self.freedom) * self.error
        return self.mean - half, self.mean + half

    @property
    def effect(self):
        """The mean in units of the spread."""
        return self.mean / self.spread if self.spread else np.nan

    def p_above(self, bound):
        """p of the one-sided test that the true value is above a bound."""
        return self._p(self.mean - bound)

    def p_below(self, bound):
        """p of the one-sided test that the true value is below a bound."""
        return self._p(bound - self.mean)

    def _p(self, beyond):
        if not self.freedom > 0:  # one seed proves nothing
            return 1.0
        if self.error == 0:  # all seeds agree to the last digit
            return float(beyond <= 0)
        return float(stats.t.sf(beyond / self.error, self.freedom))

    def __str__(self):
        low, high = self.interval
        return f"{self.mean:+.3g} [{low:+.3g}, {high:+.3g}]"


def contrast(table, dataset, measure, weights):
    """A weighted sum of models' means over seeds, such as the difference of two.

    Args:
        table: rows of one schedule, see `tables.rows`.
        dataset, measure: whose, and which column.
        weights: dict of objective, a name in `study.OBJECTIVES`, to its weight.

    Returns:
        A `Difference`. Its error is sqrt(sum w^2 s^2 / n), with s the standard deviation of a
        model over its n seeds (Welch 1947): models of one seed share too little to be paired.

    Raises:
        ValueError: if the table lacks one of these models.
    """
    here = table[table.dataset == dataset]
    values = {name: here.loc[here.objective == name, measure].dropna() for name in weights}
    missing = [name for name, found in values.items() if not len(found)]
    if missing:
        raise ValueError(f"the table has no {measure} of {' and '.join(missing)} on {dataset}.")
    mean = sum(weight * values[name].mean() for name, weight in weights.items())
    sizes = np.array([len(found) for found in values.values()])
    if sizes.min() == 1:
        return Difference(float(mean), np.nan, 0, np.nan, 1)
    variances = np.array([found.var() for found in values.values()])
    parts = np.square(list(weights.values())) * variances / sizes
    total = parts.sum()
    freedom = total**2 / (parts**2 / (sizes - 1)).sum() if total else np.inf
    spread = np.sqrt(((sizes - 1) * variances).sum() / (sizes - 1).sum())
    return Difference(float(mean), float(total**0.5), freedom, float(spread), int(sizes.min()))


def differences(table, dataset, measures, contrasts):
    """Contrasts of some measures, in words: measures down, contrasts across."""
    found = {
        measure: {
            name: str(contrast(table, dataset, measure, weights))
            for name, weights in contrasts.items()
        }
        for measure in measures
    }
    return pd.DataFrame(found).T
