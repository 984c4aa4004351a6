"""The ledger: differences paired by seed, and what may be said of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vaelib import ledger, study
from vaelib.ledger import Claim, Difference


def table(**values):
    """A table of one measure: objective=[its value for seed 0, 1, ...], on two data sets."""
    rows = [
        {"dataset": dataset, "objective": name.replace("_", "-"), "seed": seed, "m": sign * value}
        for dataset, sign in (("mnist", 1), ("fashion_mnist", -1))
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # in no order


def test_a_difference_is_paired_by_seed_and_has_students_interval():
    first, second = np.random.default_rng(0).normal([[0], [0.3]], 1, (2, 5))
    second += 10 * np.arange(5)
    first += 10 * np.arange(5)  # seeds differ far more than models
    found = ledger.paired(table(a=first, b=second), "mnist", "m", "a", "b")
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.mean, found.pairs) == (pytest.approx(np.mean(second - first)), 5)
    assert ledger.paired(table(a=first, b=second), "fashion_mnist", "m", "a", "b").mean < 0


def test_seeds_without_a_partner_are_left_out_and_one_pair_proves_nothing():
    found = ledger.paired(table(a=[1, 2, 3], b=[5]), "mnist", "m", "a", "b")
    assert found == Difference(4, -np.inf, np.inf, 1)
    with pytest.raises(ValueError, match="no m of a and c on mnist"):
        ledger.paired(table(a=[1], b=[2]), "mnist", "m", "a", "c")


def test_the_steps_add_up_to_the_posts_comparison():
    random = np.random.default_rng(1)
    names = ["elbo_as_posted", "elbo", "mmd_cross_entropy", "mmd_as_posted"]
    taken = ledger.steps(table(**{n: random.normal(size=5) for n in names}), "mnist", "m")
    in_all, *parts = (difference.mean for difference in taken.values())
    assert sum(parts) == pytest.approx(in_all)
    assert len(parts) == 3


def between(low, high):
    return Difference((low + high) / 2, low, high, 5)


@pytest.mark.parametrize(
    ("expected", "posted", "weight", "verdict"),
    [
        (1, (0.1, 0.3), (-0.1, 0.1), "holds"),
        (1, (0.1, 0.3), (0.1, 0.2), "holds for another reason"),
        (1, (-0.3, -0.1), (0, 0), "does not hold"),
        (1, (-0.1, 0.3), (0, 0), "can't tell"),
        (-1, (-0.3, -0.1), (0.0, 0.1), "holds"),
        (-1, (-0.3, -0.1), (-0.3, -0.1), "holds for another reason"),
        (-1, (0.1, 0.3), (0, 0), "does not hold"),
        (0, (-0.01, 0.015), (0, 0), "holds"),
        (0, (0.025, 0.05), (0, 0), "does not hold"),
        (0, (-0.05, -0.03), (0, 0), "does not hold"),
        (0, (0.01, 0.03), (0, 0), "can't tell"),
        (1, (-np.inf, np.inf), (0, 0), "can't tell"),
    ],
)
def test_verdicts(expected, posted, weight, verdict):
    claim = Claim("words", "mnist", "m", expected, 0.02)
    assert ledger.verdict(claim, between(*posted), between(*weight)) == verdict


def test_claims_are_about_measures_that_the_study_takes():
    measures = ledger.read().columns
    for claim in ledger.CLAIMS:
        assert claim.measure in measures
        assert (claim.margin > 0) == (claim.expected == 0)
    used = {name for pair in ledger.PATH.values() for name in pair}
    assert used | {*ledger.AS_POSTED, *ledger.CORRECTED} <= set(study.OBJECTIVES)
