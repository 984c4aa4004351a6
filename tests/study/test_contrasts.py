"""Contrasts: differences seed by seed, and what each change has of the whole."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vaelib import study
from vaelib.study import contrasts
from vaelib.study.contrasts import BOTH_WAYS, CONTRASTS, Difference, contrast

DIFFERENCE = {"b": 1, "a": -1}


def table(**values):
    """A table of one measure: objective=[its value for seed 0, 1, ...], on two data sets."""
    rows = [
        {"dataset": dataset, "objective": name.replace("_", "-"), "seed": seed, "m": sign * value}
        for dataset, sign in (("mnist", 1), ("fashion_mnist", -1))
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # in no order


def test_a_difference_is_taken_seed_by_seed_and_has_students_interval():
    first, second = np.random.default_rng(0).normal([[0], [0.3]], 1, (2, 5))
    second += 10 * np.arange(5)
    first += 10 * np.arange(5)  # seeds differ far more than models
    found = contrast(table(a=first, b=second), "mnist", "m", DIFFERENCE)
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.mean, found.seeds) == (pytest.approx(np.mean(second - first)), 5)
    assert contrast(table(a=first, b=second), "fashion_mnist", "m", DIFFERENCE).mean < 0


def test_seeds_that_lack_a_model_are_left_out_and_one_seed_proves_nothing():
    found = contrast(table(a=[1, 2, 3], b=[5]), "mnist", "m", DIFFERENCE)
    assert found == Difference(4, -np.inf, np.inf, 1)
    with pytest.raises(ValueError, match="no m of c and a on mnist"):
        contrast(table(a=[1], b=[2]), "mnist", "m", {"c": 1, "a": -1})


def test_the_changes_add_up_to_the_posts_comparison():
    random = np.random.default_rng(1)
    rows = table(**{name.replace("-", "_"): random.normal(size=5) for name in study.OBJECTIVES})
    means = {name: contrast(rows, "mnist", "m", w).mean for name, w in CONTRASTS.items()}
    in_all, corrected, *parts = means.values()
    assert sum(parts) == pytest.approx(in_all)
    assert sum(parts[1:]) == pytest.approx(corrected)
    assert len(parts) == 3


def test_both_orders_of_two_changes_count_alike():
    for name, (one, other) in BOTH_WAYS.items():
        for objective, weight in CONTRASTS[name].items():
            assert weight == (one.get(objective, 0) + other.get(objective, 0)) / 2
        assert sum(one.values()) == sum(other.values()) == 0


def test_differences_are_a_table_in_words():
    rows = table(a=[1, 2, 3], b=[2, 3.5, 4]).assign(n=1.0)
    found = contrasts.differences(rows, "mnist", ["m", "n"], {"step": DIFFERENCE})
    assert found.loc["m", "step"] == str(contrast(rows, "mnist", "m", DIFFERENCE))
    assert found.loc["n", "step"] == "+0 [+0, +0]"
