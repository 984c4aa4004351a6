"""The ledger: a table whose truth is known goes in, and the verdicts come out."""

import numpy as np
import pytest
from scipy import stats

import tables_of
from study import claims, model_table
from study.claims import Claim
from study.contrasts import COMPARISONS, contrast

UP, SAME = Claim("words", "mnist", "m", 1), Claim("words", "mnist", "m", 0, 0.2)
ALL_MMD = dict(mmd_sampled=3.0, mmd_deterministic=3.0, mmd_sampled_squared_error=3.0)
ALL_MMD |= dict(post_mmd=3.0)
ALL_PIXELS = dict(post_elbo_squared_error=3.0, elbo_squared_error=3.0)
ALL_PIXELS |= dict(mmd_sampled_squared_error=3.0, post_mmd=3.0)
WEIGHT_OR_MMD = ALL_MMD | dict(elbo=3.0, elbo_squared_error=3.0)


def verdicts(claim, **means):
    """Of the fast schedule's two comparisons: verdict, and reason."""
    found = claims.judge(tables_of.planned(parts=["fast"], **means), [claim])
    return [(row.verdict, row.reason) for row in found.itertuples()]


@pytest.mark.parametrize(
    ("means", "posted", "corrected"),
    [
        (ALL_MMD, ("holds", "by MMD"), ("holds", "by MMD")),
        (ALL_PIXELS, ("holds", "for another reason"), ("holds", "for another reason")),
        (WEIGHT_OR_MMD, ("holds", "either would do"), ("can't tell", "")),
        ({"post_mmd": -3.0}, ("does not hold", ""), ("does not hold", "")),
        (
            ALL_PIXELS | {"mmd_deterministic": 3.0, "mmd_sampled": 3.0},
            ("holds", "either would do"),
            ("holds", "either would do"),
        ),
        # The weight brings 3, squared error 6, MMD 9 or, after the weight, 6: its share is 7.5.
        (
            dict(post_elbo=-6.0, elbo=-3.0, mmd_deterministic=3.0, post_mmd=9.0)
            | dict(post_elbo_squared_error=0.0, elbo_squared_error=3.0),
            ("holds", "reason unclear"),
            ("holds", "reason unclear"),
        ),
    ],
)
def test_a_claim_is_judged_and_given_a_reason(means, posted, corrected):
    assert verdicts(UP, **means) == [posted, corrected]
    lower = Claim("words", "mnist", "m", -1)  # the same claim of the other sign
    turned = {name: -mean for name, mean in means.items()}
    assert verdicts(lower, **turned) == [posted, corrected]


@pytest.mark.parametrize(
    ("difference", "verdict"), [(0.0, "holds"), (0.6, "does not hold"), (0.2, "can't tell")]
)
def test_sameness_is_shown_and_not_assumed(difference, verdict):
    assert verdicts(SAME, post_mmd=difference) == 2 * [(verdict, "")]
    assert verdicts(SAME, post_mmd=-difference) == 2 * [(verdict, "")]


def test_seeds_that_lie_too_far_apart_show_no_sameness():
    found = claims.judge(tables_of.planned(noise=1.0, parts=["fast"]), [SAME])
    assert set(found.verdict) == {"can't tell"}


def test_sameness_is_two_one_sided_tests():
    table = tables_of.planned(parts=["fast"])
    values = [table.m[table.objective == name] for name in claims.POST_MODELS]
    found = contrast(table, "mnist", "m", COMPARISONS["post's weights"])
    above = stats.ttest_ind(values[1] + 0.2, values[0], equal_var=False, alternative="greater")
    below = stats.ttest_ind(values[1] - 0.2, values[0], equal_var=False, alternative="less")
    so, contrary = claims.p_values(SAME, found)
    assert so == pytest.approx(max(above.pvalue, below.pvalue)) and contrary > 0.9


def test_holm_is_the_step_down_correction():
    p = [0.01, 0.04, 0.03, 0.005, 0.9]
    # By hand: 5 * .005, 4 * .01, 3 * .03, then never less than the one before.
    np.testing.assert_allclose(claims.holm_correction(p), [0.04, 0.09, 0.09, 0.025, 0.9])
    assert claims.holm_correction([0.9, 0.8]).tolist() == [1, 1]


def test_the_correction_is_over_all_verdicts_of_both_schedules():
    """Twenty claims of nothing: hardly ever a verdict, where single tests would give some."""
    random = np.random.default_rng(0)
    table = tables_of.planned(noise=0)
    table = table.assign(**{f"m{i}": random.normal(size=len(table)) for i in range(20)})
    many = [Claim("words", "mnist", f"m{i}", 1) for i in range(20)]
    found = claims.judge(table, many)
    assert len(found) == 20 * 2 * 2
    single = [2 * min(row.found.p_above(0), row.found.p_below(0)) for row in found.itertuples()]
    assert sum(p < 0.05 for p in single) > 0 and set(found.verdict) == {"can't tell"}
    assert min(found.p) == pytest.approx(min(1, 80 * min(single)))


def test_the_untrained_network_is_held_against_chance():
    claim = Claim("no structure", "mnist", "m", 0, 0.2, untrained=True)
    for mean, verdict in {claims.CHANCE: "holds", claims.CHANCE + 1: "does not hold"}.items():
        [found] = claims.judge(tables_of.planned(untrained=mean), [claim]).itertuples()
        assert found.verdict == verdict and abs(found.found.mean - mean + claims.CHANCE) < 0.2


def test_schedules_are_judged_apart():
    table = tables_of.planned(**{f"in_post_{name}": value for name, value in ALL_MMD.items()})
    found = claims.judge(table, [UP]).set_index(["schedule", "comparison"])
    assert set(found.loc["post"].verdict) == {"holds"}
    assert set(found.loc["fast"].verdict) == {"can't tell"}
    assert set(found.loc["post"].reason) == {""}  # of its three models, none comes between


def test_a_claim_that_the_table_has_no_models_for_is_left_out():
    table = tables_of.planned(parts=["post"])
    assert len(claims.judge(table, [UP])) == 2
    assert len(claims.judge(table, [UP, Claim("words", "fashion_mnist", "m", 1)])) == 2


def test_claims_are_about_measures_that_the_study_takes():
    measures = model_table.read().columns
    for claim in claims.CLAIMS:
        assert claim.measure in measures
        assert (claim.margin > 0) == (claim.expected == 0)


def test_the_claims_are_those_of_the_plan():
    """Words, measures, directions and margins, as they were fixed before the first row."""
    text = (model_table.TABLE.parents[1] / "plan.md").read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    ways = {1: "higher", -1: "lower"}
    for claim in claims.CLAIMS:
        margin = f"{claim.margin:g}".lstrip("0")
        way = ways.get(claim.expected, f"the same, within {margin}")
        if claim.untrained:
            way = f"that of chance, .10, within {margin}"
        data = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}[claim.dataset]
        measure = claim.measure + ", untrained" * claim.untrained
        words = [c for c in lines if c[0] == f"| {claim.words}" and c[1] == data]
        assert words == [[f"| {claim.words}", data, measure, f"{way} |"]], claim


def test_a_claim_says_its_measure_with_the_direction_that_was_expected():
    assert (UP.asked, claims.CLAIMS[-1].asked) == ("m ↑", "15-NN accuracy ≈ chance")
    assert Claim("of sameness", "mnist", "m", 0, 0.02).asked == "m ≈"
