"""Compute how probable it is that a test of sameness succeeds, and how many seeds it needs."""

import numpy as np
from scipy import stats

from study import claims
from study.contrasts import Difference

WANTED_POWER = 0.8  # of the number of seeds that `seeds_needed` returns
MOST_SEEDS = 10_000


def power_of_sameness(found: Difference, margin: float, seeds: int | None = None) -> float:
    """Compute how probable it is that a test shows sameness if two models are equal.

    The two one-sided tests show it if |difference| < margin - t * error, with the quantile t of
    Student's distribution at 1 - `claims.LEVEL` / 2. The difference of equal models is normal with
    mean 0, so the probability is 2 Phi(margin / error - t) - 1. The standard error is treated as
    known. The correction for the number of tests is left out, so this is an upper bound.

    Args:
        found: The difference, whose standard error and degrees of freedom are used.
        margin: The largest difference that counts as the same.
        seeds: Number of seeds of each model, if it were another one.

    >>> found = Difference(0.0, error=1.0, degrees_of_freedom=1000, std=1.0, seeds=10)
    >>> round(power_of_sameness(found, margin=1.9), 2), round(power_of_sameness(found, 3.0), 2)
    (0.0, 0.7)
    """
    more = 1.0 if seeds is None else seeds / found.seeds
    freedom = found.degrees_of_freedom * (1 if seeds is None else (seeds - 1) / (found.seeds - 1))
    away = margin / (found.error / more**0.5) - stats.t.ppf(1 - claims.LEVEL / 2, freedom)
    return max(0.0, float(2 * stats.norm.cdf(away) - 1))


def seeds_needed(found: Difference, margin: float) -> float:
    """Return the smallest number of seeds with `WANTED_POWER`, or NaN above `MOST_SEEDS`."""
    for seeds in range(2, MOST_SEEDS + 1):
        if power_of_sameness(found, margin, seeds) >= WANTED_POWER:
            return seeds
    return np.nan
