"""Judge the blog post's claims about its MMD-VAE from the study's table.

The claims, margins, tests, and corrections are those of study/plan.md, which was fixed before the
first row was trained.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from study import model_table
from study.contrasts import (
    COMPARISONS,
    MADE,
    MMD,
    NOISE,
    WEIGHT,
    Difference,
    contrast,
    effect_of,
    shapley_shares,
    weighted_sum,
)

LEVEL = 0.05
POST_MODELS = "post-elbo", "post-mmd"  # the models that the post compares
SCHEDULES = "fast", "post"  # the parts of the plan that test the claims
CHANCE = 0.1  # accuracy of guessing one of ten equally frequent classes
COLLAPSED = 0.1  # nats per image: a model with a lower rate counts as collapsed
HOLDS, DOES_NOT_HOLD, UNCLEAR = "holds", "does not hold", "can't tell"
EITHER, BY_MMD, OTHER = "either would do", "by MMD", "for another reason"
REASON_UNCLEAR = "reason unclear"


@dataclass(frozen=True)
class Claim:
    """A claim that compares the MMD-VAE with the VAE, and the measure that tests it.

    Attributes:
        words: The claim in a few words. They are a key in tables/first_edition.csv.
        dataset: Name of the data set that the claim is about.
        measure: Column of the study's table.
        expected: 1 if the measure should be higher for the MMD-VAE, -1 if lower, 0 if the same.
        margin: If `expected` is 0, the largest difference that still counts as the same.
        untrained: If True, the claim compares the untrained network with chance instead.
    """

    words: str
    dataset: str
    measure: str
    expected: int
    margin: float = 0.0
    untrained: bool = False

    @property
    def asked(self) -> str:
        """The measure and its expected direction: ↑ higher, ↓ lower, ≈ the same (as chance)."""
        return f"{self.measure} {'≈↑↓'[self.expected]}{' chance' * self.untrained}"


CLAIMS = (
    Claim("samples have sharper edges", "fashion_mnist", "sample sharpness", 1),
    Claim("features are more informative", "fashion_mnist", "15-NN accuracy", 1),
    Claim("clusters are apart", "fashion_mnist", "silhouette", 1),
    Claim("... and nicely spread", "fashion_mnist", "occupancy", 1),
    Claim("codes are centered at 0", "fashion_mnist", "mean norm", -1),
    Claim("... and look like the prior", "fashion_mnist", "held-out MMD²", -1),
    Claim("evolutions are smooth", "fashion_mnist", "path length", -1),
    Claim("... for the size of the map", "fashion_mnist", "path length, scaled", -1),
    Claim("nearly all space holds objects", "fashion_mnist", "grid on manifold", 1),
    Claim("... where the prior is", "fashion_mnist", "prior on manifold", 1),
    Claim("samples hardly differ", "mnist", "sample sharpness", 0, 0.01),
    Claim("... in how many look like data", "mnist", "prior on manifold", 0, 0.05),
    Claim("clusters do not differ much", "mnist", "15-NN accuracy", 0, 0.02),
    Claim("morphing is more organic", "mnist", "path length", -1),
    Claim("... for the size of the map", "mnist", "path length, scaled", -1),
    Claim("... and leads through digits", "mnist", "grid on manifold", 1),
    Claim("no structure before training", "fashion_mnist", "15-NN accuracy", 0, 0.02, True),
)


def p_values(claim: Claim, found: Difference) -> tuple[float, float]:
    """Test a claim and its contrary.

    A claim of a direction and its contrary are tested by one-sided tests. A claim of sameness is
    tested by two one-sided tests against the margin, and its contrary by a two-sided test of a
    difference beyond the margin.

    Args:
        claim: The claim.
        found: The difference that it is about, as from `difference_of`.

    Returns:
        The p value in favor of the claim, and the p value in favor of its contrary.
    """
    if claim.expected == 0:
        same = max(found.p_above(-claim.margin), found.p_below(claim.margin))
        apart = 2 * min(found.p_above(claim.margin), found.p_below(-claim.margin))
        return same, min(1.0, apart)
    tests = found.p_above(0), found.p_below(0)
    return tests if claim.expected > 0 else tests[::-1]


def two_sided_p(claim: Claim, found: Difference) -> float:
    """Return the p value of the two-sided test, which counts the smaller of `p_values` twice."""
    return min(1.0, 2 * min(p_values(claim, found)))


def verdict(claim: Claim, found: Difference, corrected: float) -> str:
    """Return the verdict on a claim, given the corrected p value of its two-sided test."""
    if not corrected < LEVEL:
        return UNCLEAR
    so, contrary = p_values(claim, found)
    return HOLDS if so < contrary else DOES_NOT_HOLD


def holm_correction(p: ArrayLike) -> np.ndarray:
    """Correct p values for multiple tests by Holm's method (1979).

    The probability that any true null hypothesis gets a corrected p value below a level is at most
    that level.

    Args:
        p: p values, shape (n,).

    Returns:
        Corrected p values in the same order, shape (n,).
    """
    p = np.asarray(p, "float64")
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    found = np.empty(len(p))
    found[order] = np.minimum(stepped, 1)
    return found


def attribute_difference(table: pd.DataFrame, claim: Claim, comparison: str) -> str:
    """Attribute a difference to the changes that explain it (study/plan.md, "Reasons").

    Args:
        table: Rows as from `model_table.rows`.
        claim: A claim of a direction that holds.
        comparison: A name in `COMPARISONS`.

    Returns:
        `EITHER` if MMD alone and another change alone each explain more than half of the
        difference. Otherwise, `BY_MMD` if MMD's Shapley share is more than half, `OTHER` if it is
        less, and `REASON_UNCLEAR` if the interval of the share contains one half.
    """
    made, where = MADE[comparison], (table, claim.dataset, claim.measure)
    whole, parts = COMPARISONS[comparison], shapley_shares(made)

    def beyond_half(weights: dict[str, float]) -> int:
        # 1 if a part is more than half of the whole, -1 if less, 0 if the interval contains half.
        excess = contrast(*where, weighted_sum((1, weights), (-0.5, whole)))
        low, high = sorted(claim.expected * end for end in excess.interval)
        return int(low > 0) - int(high < 0)

    others = [change for change in parts if change != MMD]
    if beyond_half(effect_of(MMD, made=made)) > 0 and any(
        beyond_half(effect_of(change, made=made)) > 0 for change in others
    ):
        return EITHER
    return {1: BY_MMD, -1: OTHER, 0: REASON_UNCLEAR}[beyond_half(parts[MMD])]


def difference_of(rows: pd.DataFrame, claim: Claim, comparison: str) -> Difference:
    """Compute the difference that a claim is about.

    Args:
        rows: As from `model_table.rows`.
        claim: The claim.
        comparison: A name in `COMPARISONS`; not used if the claim is about the untrained network.

    Raises:
        ValueError: If the table lacks one of the models.
    """
    if claim.untrained:
        found = contrast(rows, claim.dataset, claim.measure, {"untrained": 1})
        return replace(found, mean=found.mean - CHANCE)
    return contrast(rows, claim.dataset, claim.measure, COMPARISONS[comparison])


def judge(table: pd.DataFrame, claims: Iterable[Claim] = CLAIMS) -> pd.DataFrame:
    """Test every claim by every comparison and schedule, and give a verdict on each.

    Args:
        table: As from `model_table.read`.
        claims: The claims to test.

    Returns:
        A row for each test that the table has models for, with the columns claim, comparison,
        schedule, found (a `Difference`), p (corrected by `holm_correction` for all rows), verdict,
        and reason. The reason is "" unless a claim of a direction holds by the fast schedule.
    """
    rows = []
    for schedule, comparison in itertools.product(SCHEDULES, COMPARISONS):
        here = model_table.rows(table, schedule)
        for claim in claims:
            if claim.untrained and (schedule, comparison) != ("fast", "post's weights"):
                continue  # The untrained network is the same for all of them.
            try:
                found = difference_of(here, claim, comparison)
            except ValueError:
                continue
            where = {"claim": claim, "comparison": comparison, "schedule": schedule}
            rows.append(where | {"found": found, "p": two_sided_p(claim, found)})
    ledger = pd.DataFrame(rows)
    ledger["p"] = holm_correction(ledger.p)
    ledger["verdict"] = [verdict(row.claim, row.found, row.p) for row in ledger.itertuples()]
    ledger["reason"] = [
        attribute_difference(model_table.rows(table, "fast"), row.claim, row.comparison)
        if row.verdict == HOLDS and row.claim.expected and row.schedule == "fast"
        else ""
        for row in ledger.itertuples()
    ]
    return ledger


# For models of black-and-white pixels: the effect of MMD, of deterministic codes, and of both.
LIKELIHOODS = NOISE | {"both": effect_of(MMD, made=[WEIGHT])}
