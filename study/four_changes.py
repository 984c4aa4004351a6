"""Share a difference among four changes, with deterministic codes as a change of their own.

`contrasts` treats MMD and deterministic codes as one change, because three models with MMD and
sampled codes collapsed. Trained with less noise in the beginning, they are in tables/noise.csv, so
that the two changes can be separated (study/plan.md, amendment 10).
"""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from study import TABLES, claims, model_table, planned_rows
from study.contrasts import (
    CROSS_ENTROPY,
    MADE,
    PIXELS,
    SQUARED_ERROR,
    WEIGHT,
    Difference,
    contrast,
    mean_contributions,
    weighted_sum,
)

TABLE = TABLES / "noise.csv"
MMD, NO_NOISE = "MMD", "no noise"
CHANGES = WEIGHT, MMD, NO_NOISE, PIXELS
SAMPLED = {CROSS_ENTROPY: "mmd-sampled", SQUARED_ERROR: "mmd-sampled-squared-error"}
# Verdicts on a share of a difference, and reasons.
MORE, LESS = "more than half", "less than half"
SEVERAL, NO_MAIN, UNCLEAR = "several changes suffice", "no main reason", claims.REASON_UNCLEAR
REASONS = {
    WEIGHT: "by the KL's weight",
    MMD: "by MMD with noise",
    NO_NOISE: "by the missing noise",
    PIXELS: "by squared error",
}


def read(table: Path = TABLE, study: Path = model_table.TABLE) -> pd.DataFrame:
    """Read the rows of the fast schedule, with collapsed models replaced by those of noise.csv.

    Returns:
        A table as from `model_table.rows`. It is incomplete as long as `missing` is not 0.
    """
    usual = model_table.rows(model_table.read(study))
    if not table.exists():
        return usual
    small = model_table.read(table)
    models = zip(usual.dataset, usual.objective, strict=True)
    kept = [model not in planned_rows.COLLAPSING for model in models]
    return pd.concat([usual[kept], small], ignore_index=True)


def missing(table: Path = TABLE) -> int:
    """Return how many of the planned rows tables/noise.csv lacks."""
    return len(planned_rows.of_noise()) - (len(pd.read_csv(table)) if table.exists() else 0)


def model_after(changes: Collection[str]) -> str:
    """Return the name of the model that results from the post's VAE by some of `CHANGES`.

    Raises:
        ValueError: If codes should be deterministic without MMD, since their KL would be infinite.
    """
    if NO_NOISE in changes and MMD not in changes:
        raise ValueError("codes can be deterministic only with MMD: make this change before.")
    terms = SQUARED_ERROR if PIXELS in changes else CROSS_ENTROPY
    if MMD in changes and NO_NOISE not in changes:
        return SAMPLED[terms]
    return terms[2 if MMD in changes else int(WEIGHT in changes)]


def effect_of(*changes: str, made: Collection[str] = ()) -> dict[str, float]:
    """Return the contrast of some changes, given the changes made before them."""
    return weighted_sum((1, {model_after({*made, *changes}): 1}), (-1, {model_after({*made}): 1}))


def shapley_shares(made: Collection[str] = ()) -> dict[str, dict[str, float]]:
    """Return the mean contribution of each change over all orders with MMD before `NO_NOISE`.

    This is Shapley's value for changes that cannot be made in any order (Faigle and Kern 1992).

    Args:
        made: Changes that were made before. They get no share.

    Returns:
        A contrast for each remaining change. They add up to the whole difference.
    """
    left = [change for change in CHANGES if change not in made]
    orders = itertools.permutations(left)
    possible = [order for order in orders if order.index(MMD) < order.index(NO_NOISE)]
    return mean_contributions(possible, made, effect_of)


@dataclass(frozen=True)
class Shared:
    """A difference that is shared among the changes that lead from one model to the other.

    Attributes:
        shares: The share of each change.
        beyond: By how much the share of each change exceeds half of the whole difference.
        reason: `SEVERAL` if at least two of the changes that can be made first each bring more than
            half of the difference alone. Otherwise, one of `REASONS` if the share of exactly one
            change is certainly more than half, `NO_MAIN` if the shares of all changes are certainly
            less, and `UNCLEAR` in other cases.
        collapsed: Whether a seed of a model between the two collapsed. Then the shares mean
            nothing.
    """

    shares: dict[str, Difference]
    beyond: dict[str, Difference]
    reason: str
    collapsed: bool


def share(table: pd.DataFrame, claim: claims.Claim, comparison: str) -> Shared:
    """Share the difference that a claim is about among the changes, and name the reason.

    Args:
        table: As from `read`.
        claim: A claim of a direction that holds.
        comparison: A name in `contrasts.COMPARISONS`.
    """
    made, where = MADE[comparison], (table, claim.dataset, claim.measure)
    parts = shapley_shares(made)
    whole = effect_of(*parts, made=made)

    def excess(weights: Mapping[str, float]) -> Difference:
        return contrast(*where, weighted_sum((1, weights), (-0.5, whole)))

    alone = [excess(effect_of(change, made=made)) for change in parts if change != NO_NOISE]
    beyond = {change: excess(weights) for change, weights in parts.items()}
    models = {name for weights in parts.values() for name in weights}
    here = table[(table.dataset == claim.dataset) & table.objective.isin(models)]
    return Shared(
        {change: contrast(*where, weights) for change, weights in parts.items()},
        beyond,
        _reason(alone, beyond, claim.expected),
        bool((here.rate < claims.COLLAPSED).any()),
    )


def verdict(excess: Difference, expected: int) -> str:
    """Say whether a share is more than half of a difference in the expected direction."""
    low, high = sorted(expected * end for end in excess.interval)
    return MORE if low > 0 else LESS if high < 0 else claims.UNCLEAR


def _reason(alone: list[Difference], beyond: dict[str, Difference], expected: int) -> str:
    if sum(verdict(one, expected) == MORE for one in alone) > 1:
        return SEVERAL
    verdicts = {change: verdict(one, expected) for change, one in beyond.items()}
    main = [change for change, found in verdicts.items() if found == MORE]
    if len(main) == 1:
        return REASONS[main[0]]
    return NO_MAIN if set(verdicts.values()) == {LESS} else UNCLEAR
