"""The post's sentences, each with its measure, and what the table says of them: the ledger.

Claims, margins, tests and corrections are those of runs/plan.md, which was fixed beforehand.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaelib.study import tables
from vaelib.study.contrasts import (
    COMPARISONS,
    MADE,
    MMD,
    NOISE,
    WEIGHT,
    alone,
    combined,
    contrast,
    shares,
)

LEVEL = 0.05
POSTED = "elbo-as-posted", "mmd-as-posted"  # the models that the post compares
SCHEDULES = "fast", "post"  # parts of the plan in which the claims are tried
CHANCE = 0.1  # of ten classes, all as frequent
COLLAPSED = 0.1  # nats of rate, below which codes are said to say nothing
HOLDS, NOT, UNCLEAR = "holds", "does not hold", "can't tell"
EITHER, BY_MMD, OTHER = "either would do", "by MMD", "for another reason"
REASON_UNCLEAR = "reason unclear"


@dataclass(frozen=True)
class Claim:
    """A sentence about MMD-VAE against VAE, and the measure that it is tried on.

    Attributes:
        words: what is claimed.
        dataset: of which data.
        measure: a column of the table.
        expected: 1 if it should be higher for the MMD-VAE, -1 lower, 0 the same.
        margin: for 0, the largest difference that still counts as the same.
        untrained: whether it is about the untrained network against chance instead.
    """

    words: str
    dataset: str
    measure: str
    expected: int
    margin: float = 0.0
    untrained: bool = False

    @property
    def asked(self):
        """The measure and what is expected of it: ↑ higher, ↓ lower, ≈ the same (as chance)."""
        return f"{self.measure} {'≈↑↓'[self.expected]}{' chance' * self.untrained}"


CLAIMS = (
    Claim("samples have sharper edges", "fashion_mnist", "sample sharpness", 1),
    Claim("features are more informative", "fashion_mnist", "15-NN accuracy", 1),
    Claim("clusters are apart", "fashion_mnist", "silhouette", 1),
    Claim("... and nicely spread", "fashion_mnist", "occupancy", 1),
    Claim("codes are centred at 0", "fashion_mnist", "mean norm", -1),
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


def both_ways(claim, found):
    """p of the tests that a claim is true, and that its contrary is.

    Args:
        claim: a `Claim`.
        found: the `Difference` that it is about.
    """
    if claim.expected == 0:  # two one-sided tests, and a test of a difference beyond the margin
        same = max(found.p_above(-claim.margin), found.p_below(claim.margin))
        apart = 2 * min(found.p_above(claim.margin), found.p_below(-claim.margin))
        return same, min(1.0, apart)
    tests = found.p_above(0), found.p_below(0)
    return tests if claim.expected > 0 else tests[::-1]


def holm(p):
    """p values by Holm's correction (1979).

    The chance that any of those whose null hypothesis is true lies below a level is at most that
    level.
    """
    p = np.asarray(p, "float64")
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    found = np.empty(len(p))
    found[order] = np.minimum(stepped, 1)
    return found


def reason(table, claim, comparison):
    """What brought about a difference that holds: see runs/plan.md, "Reasons"."""
    made, where = MADE[comparison], (table, claim.dataset, claim.measure)
    whole, parts = COMPARISONS[comparison], shares(made)

    def beyond_half(weights):  # -1, 0 or 1: less than half, half may be in the interval, more
        excess = contrast(*where, combined((1, weights), (-0.5, whole)))
        low, high = sorted(claim.expected * end for end in excess.interval)
        return int(low > 0) - int(high < 0)

    others = [change for change in parts if change != MMD]
    if beyond_half(alone(MMD, made=made)) > 0 and any(
        beyond_half(alone(change, made=made)) > 0 for change in others
    ):
        return EITHER
    return {1: BY_MMD, -1: OTHER, 0: REASON_UNCLEAR}[beyond_half(parts[MMD])]


def tried(rows, claim, comparison):
    """The `Difference` that a claim is about."""
    if claim.untrained:
        found = contrast(rows, claim.dataset, claim.measure, {"untrained": 1})
        return replace(found, mean=found.mean - CHANCE)
    return contrast(rows, claim.dataset, claim.measure, COMPARISONS[comparison])


def judged(table, claims=CLAIMS):
    """Every claim, by every comparison and schedule, with its numbers and its verdict.

    Args:
        table: as from `tables.read`.
        claims: `Claim`s.

    Returns:
        A DataFrame: claim, comparison, schedule, found (a `Difference`), p (Holm's, over all rows),
        verdict and reason (of a direction that holds, by the fast schedule; else ""). Without the
        rows that the table has no models for.
    """
    rows = []
    for schedule, comparison in itertools.product(SCHEDULES, COMPARISONS):
        here = tables.rows(table, schedule)
        for claim in claims:
            if claim.untrained and (schedule, comparison) != ("fast", "as posted"):
                continue  # it was not trained by any
            try:
                found = tried(here, claim, comparison)
            except ValueError:
                continue
            so, contrary = both_ways(claim, found)
            tests = {"so": so, "p": min(1.0, 2 * min(so, contrary)), "contrary": contrary}
            where = {"claim": claim, "comparison": comparison, "schedule": schedule}
            rows.append(where | {"found": found} | tests)
    ledger = pd.DataFrame(rows)
    ledger["p"] = holm(ledger.p)
    certain = ledger.p < LEVEL
    way = np.where(ledger.so < ledger.contrary, HOLDS, NOT)
    ledger["verdict"] = np.where(certain, way, UNCLEAR)
    ledger["reason"] = [
        reason(tables.rows(table, "fast"), row.claim, row.comparison)
        if row.verdict == HOLDS and row.claim.expected and row.schedule == "fast"
        else ""
        for row in ledger.itertuples()
    ]
    return ledger.drop(columns=["so", "contrary"])


def verdict_in_words(row):
    """The verdict of a row of `judged`, its reason, and the effect in standard deviations."""
    verdict = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
    return f"{verdict} ({row.found.effect:+.1f} sd)"


def ledger(table, claims=CLAIMS):
    """Every claim with its verdicts, as a table of words: a column for each comparison."""
    found = judged(table, claims)
    found["column"] = found.comparison + ", " + found.schedule
    found["words"] = [f"{row.found}: {verdict_in_words(row)}" for row in found.itertuples()]
    lines = []
    for claim in claims:
        mine = found[[c is claim for c in found.claim]].set_index("column").words
        margin = f", within ±{claim.margin:g}" if claim.margin else ""
        head = {"claim": claim.words, "data": claim.dataset, "measure": claim.asked + margin}
        lines.append(head | mine.to_dict())
    return pd.DataFrame(lines).fillna("")


# Of the models of black-and-white pixels: what MMD does, what the missing noise does, and both.
LIKELIHOODS = NOISE | {"both": alone(MMD, made=[WEIGHT])}


def likelihoods(table):
    """What changes do to the NLL of black-and-white images, and Holm's p of the six tests.

    Args:
        table: as from `tables.read`.

    Returns:
        A DataFrame: data set and change down; "NLL" with its interval, and "p" in words, which is
        "collapsed" where a seed of one of the models says nothing of its images.
    """
    rows, found = tables.rows(table, "threshold"), []
    for dataset, (change, weights) in itertools.product(tables.DATASETS, LIKELIHOODS.items()):
        one = contrast(rows, dataset, "NLL", weights)
        both = 2 * min(one.p_above(0), one.p_below(0))
        here = rows[(rows.dataset == dataset) & rows.objective.isin(weights)]
        row = {"data": dataset, "change": change, "NLL": str(one), "p": min(1.0, both)}
        found.append(row | {"collapsed": (here.rate < COLLAPSED).any()})
    frame = pd.DataFrame(found)
    words = pd.Series([f"{p:.2g}" for p in holm(frame.p)]).mask(frame.pop("collapsed"), "collapsed")
    return frame.assign(p=words).set_index(["data", "change"])


def collapsed(table):
    """In how many seeds sampled codes say nothing of their images: a rate below `COLLAPSED`.

    Returns:
        A DataFrame: models that sample their codes down, parts of the plan and data sets across, as
        "2 of 10"; empty where a part has no such model.
    """
    found = {}
    for part, dataset in itertools.product(tables.PLANNED, tables.DATASETS):
        rows = tables.rows(table, part)
        rows = rows[(rows.dataset == dataset) & rows.rate.notna() & (rows.objective != "untrained")]
        for name, rates in rows.groupby("objective", sort=False).rate:
            words = f"{(rates < COLLAPSED).sum()} of {len(rates)}"
            found.setdefault((part, dataset), {})[name] = words
    return pd.DataFrame(found).fillna("")
