"""Measure what each change between two models contributes to a difference between them.

The post's MMD-VAE differs from its VAE in three changes: the KL weight, MMD with deterministic
codes, and squared error. Making them one after the other leads through other models of the study.
The contribution of a change depends on this order, so we use its Shapley value, which is the mean
contribution over all orders.

MMD and deterministic codes count as one change here, because models with MMD and sampled codes can
collapse (study/plan.md, amendment 1). `four_changes` treats them as two.

A contrast is a weighted sum of the models' means over seeds. It is written as a dict from the
name of a model to its weight.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
WEIGHT, MMD, PIXELS = "the KL at full weight", "MMD, no noise", "squared error"
CHANGES = WEIGHT, MMD, PIXELS
# The models that the changes lead to. With MMD there is no KL, so its weight has no effect.
CROSS_ENTROPY = "post-elbo", "elbo", "mmd-deterministic"
SQUARED_ERROR = "post-elbo-squared-error", "elbo-squared-error", "post-mmd"


def model_after(changes: Collection[str]) -> str:
    """Return the name of the model that results from the post's VAE by some of `CHANGES`."""
    regularizer = 2 if MMD in changes else int(WEIGHT in changes)
    return (SQUARED_ERROR if PIXELS in changes else CROSS_ENTROPY)[regularizer]


def shapley_shares(made: Collection[str] = ()) -> dict[str, dict[str, float]]:
    """Return the Shapley value of each change on the way to the post's MMD-VAE.

    Args:
        made: Changes that were made before, for example `WEIGHT` for the comparison "standard KL
            weight". They get no share.

    Returns:
        A contrast for each remaining change. They add up to the whole difference.
    """
    left = [change for change in CHANGES if change not in made]
    return mean_contributions(list(itertools.permutations(left)), made, effect_of)


def mean_contributions(
    orders: Sequence[Sequence[str]],
    made: Collection[str],
    effect: Callable[..., dict[str, float]],
) -> dict[str, dict[str, float]]:
    """Return the mean contribution of each change over orders in which the changes can be made.

    Args:
        orders: The orders, each of the same changes.
        made: Changes that were made before.
        effect: Function such as `effect_of`.

    Returns:
        A contrast for each change. They add up to the contribution of all changes.
    """
    found = {change: {} for change in orders[0]}
    for order in orders:
        for i, change in enumerate(order):
            step = effect(change, made={*made, *order[:i]})
            found[change] = weighted_sum((1, found[change]), (1 / len(orders), step))
    return {change: _without_zeros(contrast) for change, contrast in found.items()}


def effect_of(*changes: str, made: Collection[str] = ()) -> dict[str, float]:
    """Return the contrast of some changes, given the changes made before them."""
    return weighted_sum((1, {model_after({*made, *changes}): 1}), (-1, {model_after({*made}): 1}))


def weighted_sum(*terms: tuple[float, Mapping[str, float]]) -> dict[str, float]:
    """Return a weighted sum of contrasts, given as pairs of a factor and a contrast."""
    names = dict.fromkeys(name for _, contrast in terms for name in contrast)
    return {name: sum(f * contrast.get(name, 0) for f, contrast in terms) for name in names}


def _without_zeros(contrast: Mapping[str, float]) -> dict[str, float]:
    return {name: weight for name, weight in contrast.items() if abs(weight) > 1e-12}


# The study compares the post's MMD-VAE with the post's VAE, and with a VAE of KL weight 1.
POST_WEIGHTS, CORRECTED = "post's weights", "standard KL weight"
MADE = {POST_WEIGHTS: (), CORRECTED: (WEIGHT,)}
COMPARISONS = {
    name: effect_of(*(c for c in CHANGES if c not in made), made=made)
    for name, made in MADE.items()
}
MATCHED = {"elbo": "elbo-matched", "mmd-deterministic": "mmd-matched"}
# The two parts of the change `MMD`, for data where the models with sampled codes do not collapse.
NOISE = {
    "MMD for KL": {"mmd-sampled": 1, "elbo": -1},
    "no noise": {"mmd-deterministic": 1, "mmd-sampled": -1},
}


def split_squared_error(made: Collection[str] = (WEIGHT,)) -> dict[str, dict[str, float]]:
    """Split the effect of squared error into reconstruction and relative regularization strength.

    Squared error is smaller than cross-entropy, so the same regularizer is stronger beside it.

    Args:
        made: The changes before it. They determine the regularizer: `WEIGHT` the KL, `MMD` the MMD.

    Returns:
        Three contrasts: the whole effect, the effect with matched regularization ("squared error,
        matched"), and what the stronger regularization adds ("stronger regularization").
    """
    before, after = model_after(made), model_after({*made, PIXELS})
    return {
        PIXELS: effect_of(PIXELS, made=made),
        "squared error, matched": {MATCHED[before]: 1, before: -1},
        "stronger regularization": {after: 1, MATCHED[before]: -1},
    }


@dataclass(frozen=True)
class Difference:
    """The value of a contrast, with what Welch's t-test needs.

    Attributes:
        mean: The weighted sum of the models' means over seeds, in units of the measure.
        error: Standard error of `mean`; NaN if a model has only one seed.
        degrees_of_freedom: Degrees of freedom (Welch and Satterthwaite).
        std: Standard deviation over seeds, pooled over the models.
        seeds: The smallest number of seeds of a model.
    """

    mean: float
    error: float
    degrees_of_freedom: float
    std: float
    seeds: int

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the confidence interval at `CONFIDENCE`; infinite if a model has one seed."""
        if not self.degrees_of_freedom > 0:
            return -np.inf, np.inf
        half = stats.t.ppf((1 + CONFIDENCE) / 2, self.degrees_of_freedom) * self.error
        return self.mean - half, self.mean + half

    @property
    def effect(self) -> float:
        """The mean in standard deviations over seeds; NaN if the standard deviation is 0."""
        return self.mean / self.std if self.std else np.nan

    def p_above(self, bound: float) -> float:
        """Return the p value of the one-sided test that the true value is above a bound."""
        return self._p(self.mean - bound)

    def p_below(self, bound: float) -> float:
        """Return the p value of the one-sided test that the true value is below a bound."""
        return self._p(bound - self.mean)

    def _p(self, beyond: float) -> float:
        if (
            not self.degrees_of_freedom > 0
        ):  # The variance over seeds cannot be estimated from one seed.
            return 1.0
        if self.error == 0:  # All seeds agree to the last digit, so t is infinite.
            return float(beyond <= 0)
        return float(stats.t.sf(beyond / self.error, self.degrees_of_freedom))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.mean:+.3g} [{low:+.3g}, {high:+.3g}]"


def contrast(
    table: pd.DataFrame, dataset: str, measure: str, weights: Mapping[str, float]
) -> Difference:
    """Compute a weighted sum of models' means over seeds, such as the difference of two models.

    The standard error is sqrt(sum w^2 s^2 / n), where s is the standard deviation of a model over
    its n seeds (Welch 1947). Seeds are not paired, because models that share a seed are hardly
    correlated.

    Args:
        table: Rows of one schedule, as from `model_table.rows`.
        dataset: Name of the data set.
        measure: Column of the table.
        weights: Weight of each model, by its name in `named_models.OBJECTIVES`.

    Raises:
        ValueError: If the table lacks one of these models.
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


def differences(
    table: pd.DataFrame,
    dataset: str,
    measures: Iterable[str],
    contrasts: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:
    """Return contrasts with their intervals as text: a row for each measure, a column for each.

    Args:
        table: Rows of one schedule, as from `model_table.rows`.
        dataset: Name of the data set.
        measures: Columns of the table.
        contrasts: Contrasts by name, such as `NOISE`.
    """
    found = {
        measure: {
            name: str(contrast(table, dataset, measure, weights))
            for name, weights in contrasts.items()
        }
        for measure in measures
    }
    return pd.DataFrame(found).T
