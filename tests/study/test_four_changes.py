"""Four changes: what each of them has of a difference, if noise can go only after MMD has come."""

import itertools

import pandas as pd
import pytest

import tables_of
from study import claims, contrasts, four_changes, model_table, planned_rows
from study.contrasts import PIXELS, WEIGHT
from study.four_changes import CHANGES, MMD, NO_NOISE

CLAIM = claims.Claim("words", "mnist", "m", 1)


def shared_out(value, made=()):
    """The shares of the difference between models with these values."""
    parts = four_changes.shapley_shares(made)
    return {
        change: sum(weight * value[name] for name, weight in weights.items())
        for change, weights in parts.items()
    }


def table(noise=0.001, **means):
    """Rows of the fast schedule, in which a model's mean is given or 0."""
    return tables_of.planned(noise, ("fast",), **means).assign(rate=6.0)


@pytest.mark.parametrize("comparison", contrasts.COMPARISONS)
def test_the_way_begins_and_ends_with_the_models_that_are_compared(comparison):
    made = contrasts.MADE[comparison]
    left = [change for change in CHANGES if change not in made]
    whole = four_changes.effect_of(*left, made=made)
    assert whole == contrasts.COMPARISONS[comparison]


def test_codes_cannot_be_deterministic_without_mmd():
    assert four_changes.model_after([MMD]) == "mmd-sampled"
    assert four_changes.model_after([MMD, NO_NOISE]) == "mmd-deterministic"
    with pytest.raises(ValueError, match="only with MMD"):
        four_changes.model_after([NO_NOISE, WEIGHT])


@pytest.mark.parametrize("made", [(), (WEIGHT,)])
def test_shares_are_means_over_the_twelve_or_three_possible_orders(made):
    names = itertools.chain(contrasts.CROSS_ENTROPY, contrasts.SQUARED_ERROR)
    names = [*names, *four_changes.SAMPLED.values()]
    value = {name: float((7 * i**2 + 3) % 11) for i, name in enumerate(names)}
    left = [change for change in CHANGES if change not in made]
    orders = [
        order for order in itertools.permutations(left) if order.index(NO_NOISE) > order.index(MMD)
    ]
    assert len(orders) == {4: 12, 3: 3}[len(left)]
    expected = dict.fromkeys(left, 0.0)
    for order in orders:
        done = set(made)
        for change in order:
            before = value[four_changes.model_after(done)]
            done |= {change}
            gain = value[four_changes.model_after(done)] - before
            expected[change] += gain / len(orders)
    assert shared_out(value, made) == pytest.approx(expected)


def test_a_change_that_acts_alone_gets_the_whole_difference():
    silent = {"mmd-deterministic": 1.0, "post-mmd": 1.0}  # the models without noise
    names = [*contrasts.CROSS_ENTROPY, *contrasts.SQUARED_ERROR, *four_changes.SAMPLED.values()]
    value = dict.fromkeys(names, 0.0) | silent
    assert shared_out(value) == pytest.approx({WEIGHT: 0, MMD: 0, NO_NOISE: 1, PIXELS: 0})


SQUARED = "post_elbo_squared_error", "elbo_squared_error", "mmd_sampled_squared_error"


@pytest.mark.parametrize(
    ("means", "reason"),
    [
        ({"mmd_deterministic": 1.0, "post_mmd": 1.0}, "by the missing noise"),
        (
            dict.fromkeys(
                ["mmd_sampled", "mmd_sampled_squared_error", "mmd_deterministic", "post_mmd"], 1.0
            ),
            "by MMD with noise",
        ),
        (dict.fromkeys([*SQUARED, "post_mmd"], 1.0), "by squared error"),
        (dict.fromkeys([*SQUARED, "post_mmd", "mmd_sampled", "mmd_deterministic"], 1.0), "several"),
        (
            {"mmd_sampled": 0.3, "mmd_deterministic": 0.6, "post_mmd": 1.0}
            | dict(zip(SQUARED, (0.4, 0.4, 0.7), strict=True)),
            "no main reason",
        ),
    ],
)
def test_a_reason_is_the_change_with_more_than_half(means, reason):
    found = four_changes.share(table(**means), CLAIM, "standard KL weight")
    assert found.reason.startswith(reason) and not found.collapsed
    assert sum(part.mean for part in found.shares.values()) == pytest.approx(1, abs=0.01)


def test_a_reason_is_unclear_if_seeds_differ_too_much():
    rows = table(noise=1.0, mmd_deterministic=1.0, post_mmd=1.0)
    assert four_changes.share(rows, CLAIM, "standard KL weight").reason == "reason unclear"


def test_a_collapsed_seed_between_the_two_models_is_noticed():
    rows = table(post_mmd=1.0)
    one = (rows.objective == "mmd-sampled-squared-error") & (rows.seed == 3)
    assert four_changes.share(
        rows.assign(rate=rows.rate.mask(one, 0.0)), CLAIM, "post's weights"
    ).collapsed


def test_rows_with_little_noise_take_the_place_of_the_collapsed_ones(tmp_path):
    """And the one model that did not collapse stays."""
    again = pd.DataFrame(planned_rows.of_noise())
    again = again.assign(rate=9.0, **{"path length": 1.0, "std of z1": 1.0, "std of z2": 1.0})
    path = tmp_path / "noise.csv"
    again[:-1].to_csv(path, index=False)
    assert four_changes.missing(path) == 1 and four_changes.missing(tmp_path / "none.csv") == 30
    again.to_csv(path, index=False)
    assert four_changes.missing(path) == 0
    found, before = four_changes.read(path), model_table.rows(model_table.read())
    assert len(found) == len(before) and found[model_table.SCALED_PATH].notna().all()
    sampled = found[found.objective.str.startswith("mmd-sampled")]
    assert (sampled.rate > claims.COLLAPSED).all()
    assert (sampled.rate == 9.0).sum() == 30 and len(sampled) == 40
