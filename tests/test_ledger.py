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


def test_a_row_made_again_is_compared_with_the_range_of_its_seeds():
    table = pd.DataFrame(
        {
            "dataset": ["mnist", "mnist", "mnist", "faces"],
            "objective": ["elbo", "elbo", "autoencoder", "elbo"],
            "seed": [0, 1, 0, 0],
            "loss": [2.0, 2.5, 90.0, 70.0],
            "m": [1.0, 9.0, 1.0, 1.0],
            "gap": [np.nan, np.nan, 1.0, 1.0],
            "epochs": 10,
            "machine.cores": 2,
            "code.commit": "abc",
        }
    )
    row = {"dataset": "mnist", "objective": "elbo", "seed": 1, "loss": 3.5, "m": 2.0, "gap": np.nan}
    assert ledger.again(row, table).to_dict("index") == {
        "loss": {"there": 2.5, "here": 3.5, "range": 0.5, "within": False},
        "m": {"there": 9.0, "here": 2.0, "range": 8.0, "within": True},
    }
    with pytest.raises(ValueError, match="0 rows of elbo on mnist with seed 2: expected one"):
        ledger.again(row | {"seed": 2}, table)


def test_a_row_is_not_outside_for_the_digits_that_the_table_leaves_out():
    table = pd.DataFrame({"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "p": 0.001996})
    row = {"dataset": "mnist", "objective": "elbo", "seed": 0, "p": 0.00199601}
    assert ledger.again(row, table).within.all()
    assert not ledger.again(row | {"p": 0.00201}, table).within.any()
