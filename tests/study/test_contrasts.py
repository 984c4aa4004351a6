"""Contrasts: Welch's intervals, and what each change has of the whole."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from study import contrasts, named_models
from study.contrasts import CHANGES, MMD, PIXELS, WEIGHT, contrast

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


@pytest.fixture
def samples():
    random = np.random.default_rng(0)
    return random.normal(0, 1, 5), random.normal(0.3, 3, 10)


def test_a_difference_has_welchs_interval_and_p(samples):
    first, second = samples
    found = contrast(table(a=first, b=second), "mnist", "m", DIFFERENCE)
    for alternative, p in {"greater": found.p_above(0), "less": found.p_below(0)}.items():
        welch = stats.ttest_ind(second, first, equal_var=False, alternative=alternative)
        assert p == pytest.approx(welch.pvalue)
    low, high = stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    assert found.interval == pytest.approx((low, high))
    assert (found.mean, found.seeds) == (pytest.approx(second.mean() - first.mean()), 5)
    assert contrast(table(a=first, b=second), "fashion_mnist", "m", DIFFERENCE).mean == -found.mean


def test_a_bound_moves_the_test(samples):
    first, second = samples
    found = contrast(table(a=first, b=second), "mnist", "m", DIFFERENCE)
    moved = stats.ttest_ind(second - 0.7, first, equal_var=False, alternative="greater")
    assert found.p_above(0.7) == pytest.approx(moved.pvalue)


def test_the_interval_of_several_models_holds_what_it_should():
    """Of four models with spreads of their own, by simulation: nineteen intervals in twenty."""
    random, weights = np.random.default_rng(1), {"a": 1, "b": -0.5, "c": 0.25, "d": -0.75}
    spreads = {"a": 0.1, "b": 1.0, "c": 3.0, "d": 0.5}
    held = 0
    for _ in range(400):
        rows = table(**{name: random.normal(0, s, 6) for name, s in spreads.items()})
        low, high = contrast(rows, "mnist", "m", weights).interval
        held += low <= 0 <= high
    assert 0.92 < held / 400 < 0.98


def test_the_effect_is_in_units_of_the_pooled_spread(samples):
    first, second = samples
    found = contrast(table(a=first, b=second), "mnist", "m", DIFFERENCE)
    pooled = np.sqrt((4 * first.var(ddof=1) + 9 * second.var(ddof=1)) / 13)
    assert found.effect == pytest.approx((second.mean() - first.mean()) / pooled)


def test_one_seed_proves_nothing_and_seeds_that_agree_prove_all():
    found = contrast(table(a=[1, 2, 3], b=[5]), "mnist", "m", DIFFERENCE)
    assert found.interval == (-np.inf, np.inf) and found.p_above(0) == found.p_below(0) == 1
    found = contrast(table(a=[1, 1], b=[3, 3]), "mnist", "m", DIFFERENCE)
    assert found.interval == (2, 2) and (found.p_above(0), found.p_below(0)) == (0, 1)
    assert found.p_above(2) == found.p_below(2) == 1


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no m of c on mnist"):
        contrast(table(a=[1], b=[2]), "mnist", "m", {"c": 1, "a": -1})


def test_every_set_of_changes_leads_to_the_model_that_they_make():
    for size in range(4):
        for changes in itertools.combinations(CHANGES, size):
            found = named_models.OBJECTIVES[contrasts.model_after(set(changes))]
            pixels = "squared_error" if PIXELS in changes else "binary_cross_entropy"
            assert found.reconstruction.__name__ == pixels
            assert found.sampled == (MMD not in changes)
            kl = 0 if MMD in changes else 1 if WEIGHT in changes else 0.01
            assert (found.weight("kl"), found.weight("mmd")) == (kl, 784 * (MMD in changes))


@pytest.mark.parametrize("comparison", contrasts.COMPARISONS)
def test_shares_add_up_to_the_whole(comparison):
    random = np.random.default_rng(1)
    rows = table(
        **{name.replace("-", "_"): random.normal(size=5) for name in named_models.OBJECTIVES}
    )
    whole = contrast(rows, "mnist", "m", contrasts.COMPARISONS[comparison]).mean
    parts = contrasts.shapley_shares(contrasts.MADE[comparison]).values()
    assert sum(contrast(rows, "mnist", "m", w).mean for w in parts) == pytest.approx(whole)


def shared_out(value):
    """The shares of the changes, for models that are worth so much."""
    return {
        change: sum(weight * value[name] for name, weight in weights.items())
        for change, weights in contrasts.shapley_shares().items()
    }


def test_a_share_is_shapleys_value():
    """Against the sum over subsets, with the weight |S|! (2 - |S|)! / 3! of each."""
    random = np.random.default_rng(2)
    value = {name: random.normal() for name in named_models.OBJECTIVES}
    for change, share in shared_out(value).items():
        others, expected = set(CHANGES) - {change}, 0
        for size, weight in enumerate((1 / 3, 1 / 6, 1 / 3)):
            for made in itertools.combinations(others, size):
                after = value[contrasts.model_after({*made, change})]
                expected += weight * (after - value[contrasts.model_after(set(made))])
        assert share == pytest.approx(expected)


def test_what_either_of_two_changes_brings_is_shared_between_them():
    value = {name: 1.0 for name in named_models.OBJECTIVES} | {"post-elbo": 0.0}
    value["post-elbo-squared-error"] = 0.0
    assert shared_out(value) == pytest.approx({WEIGHT: 1 / 2, MMD: 1 / 2, PIXELS: 0})


@pytest.mark.parametrize(
    ("made", "models"),
    [
        ([WEIGHT], ("elbo", "elbo-matched", "elbo-squared-error")),
        ([MMD], ("mmd-deterministic", "mmd-matched", "post-mmd")),
        ([WEIGHT, MMD], ("mmd-deterministic", "mmd-matched", "post-mmd")),
    ],
)
def test_squared_error_is_other_pixels_and_a_stronger_pull(made, models):
    means = dict(zip(models, (1.0, 10.0, 100.0), strict=True))
    rows = table(**{name: [mean, mean + 1] for name, mean in means.items()})
    found = {
        name: contrast(rows, "mnist", "m", weights).mean
        for name, weights in contrasts.split_squared_error(made).items()
    }
    assert found == {PIXELS: 99, "squared error, matched": 9, "stronger regularization": 90}


def test_mmd_with_noise_and_its_loss_are_mmd_without_noise():
    parts = contrasts.weighted_sum(*((1, part) for part in contrasts.NOISE.values()))
    assert {k: v for k, v in parts.items() if v} == contrasts.effect_of(MMD, made=[WEIGHT])


def test_differences_are_a_table_in_words():
    rows = table(a=[1, 2, 3], b=[2, 3.5, 4]).assign(n=1.0)
    found = contrasts.differences(rows, "mnist", ["m", "n"], {"step": DIFFERENCE})
    assert found.loc["m", "step"] == str(contrast(rows, "mnist", "m", DIFFERENCE))
    assert found.loc["n", "step"] == "+0 [+0, +0]"
