"""The post's schedule with ten seeds: logarithms where planned, and the whole correction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import tables_of
from study import claims, contrasts, model_table, planned_rows, post_verdicts, ten_seeds

FIRST, SECOND = "post-mmd", "elbo"
COMPARISON = "standard KL weight"


def claim_of(measure, expected=-1, margin=0.0):
    return claims.Claim("words", "mnist", measure, expected, margin)


def rows_of(measure, first, second):
    """Rows of two models of the post's schedule."""
    frames = [
        pd.DataFrame({"objective": name, "seed": range(len(values)), measure: values})
        for name, values in ((FIRST, first), (SECOND, second))
    ]
    return pd.concat(frames, ignore_index=True).assign(dataset="mnist")


@pytest.fixture
def samples():
    random = np.random.default_rng(0)
    return random.lognormal(-3, 0.1, 10), random.lognormal(-1, 0.5, 10)


def test_positive_measures_are_compared_by_their_logarithms(samples):
    for measure in ten_seeds.BY_FACTORS:
        rows = rows_of(measure, *samples)
        found, logarithms = ten_seeds.difference_of(rows, claim_of(measure), COMPARISON)
        test = stats.ttest_ind(*np.log(samples), equal_var=False)
        assert logarithms and found.seeds == 10
        assert claims.two_sided_p(claim_of(measure), found) == pytest.approx(test.pvalue)
        assert found.interval == pytest.approx(tuple(test.confidence_interval()))


def test_other_measures_sameness_and_values_below_zero_stay_as_they_are(samples):
    first, second = samples
    one_below = np.where(np.arange(10) == 4, -1e-4, first)
    for measure, claim, values in (
        ("silhouette", claim_of("silhouette"), first),
        ("mean norm", claim_of("mean norm", 0, 0.1), first),
        ("held-out MMD²", claim_of("held-out MMD²"), one_below),
    ):
        rows = rows_of(measure, values, second)
        found, logarithms = ten_seeds.difference_of(rows, claim, COMPARISON)
        assert not logarithms and found.mean == pytest.approx(values.mean() - second.mean())


def test_only_values_of_the_two_models_decide_about_the_scale(samples):
    rows = rows_of("mean norm", *samples)
    other = rows.assign(objective="post-elbo", **{"mean norm": -1.0})
    both = pd.concat([rows, other])
    assert ten_seeds.difference_of(both, claim_of("mean norm"), COMPARISON)[1]


def measured(**means):
    """A table with every measure that a claim is about, with the seeds of all planned rows."""
    frames = [
        tables_of.planned(0.001, ("fast", "post"), "silhouette", dataset, **means)
        for dataset in model_table.DATASETS
    ]
    found = pd.concat(frames, ignore_index=True)
    names = {claim.measure for claim in claims.CLAIMS}
    return found.assign(rate=6.0, **{name: found["silhouette"] for name in names})


def test_the_new_tests_are_corrected_together_with_those_of_the_fast_schedule():
    table = measured(post_mmd=1.0, in_post_post_mmd=0.001, elbo=1.0, post_elbo=1.0)
    judged, rows = claims.judge(table), model_table.rows(table, "post")
    found = ten_seeds.judge(judged, rows)
    assert len(found) == 32 and set(found.schedule) == {"post"}
    fast = judged[judged.schedule == "fast"]
    both = [*zip(fast.claim, fast.found, strict=True), *zip(found.claim, found.found, strict=True)]
    p = [claims.two_sided_p(claim, one) for claim, one in both]
    assert len(p) == 65
    assert list(found.p) == pytest.approx(list(claims.holm_correction(p)[33:]))


def test_a_difference_of_logarithms_is_reported_as_a_ratio():
    table = measured(post_mmd=1.0, elbo=2.0, post_elbo=4.0)
    judged, rows = claims.judge(table), model_table.rows(table, "post")
    found = pd.DataFrame(post_verdicts.with_ten_seeds(judged, rows))
    ratios = found[found.kind == "ratio"].set_index(["comparison", "data", "measure"])
    assert ratios.estimate["post's weights", "mnist", "path length"] == pytest.approx(
        0.25, rel=0.01
    )
    [norm] = ratios.loc[[("standard KL weight", "fashion_mnist", "mean norm")]].to_dict("records")
    assert norm["low"] < 0.5 < norm["high"] and norm["verdict"] == claims.HOLDS
    assert len(ratios) == 2 * (4 + 2)  # of four measures on clothes, and of two on digits
    assert found.note.str.contains("Five of the ten seeds").all()


def test_rows_of_both_tables_are_the_ten_seeds(tmp_path):
    new = pd.DataFrame(planned_rows.of_post_schedule())
    new = new.assign(**{"path length": 1.0, "std of z1": 2.0, "std of z2": 2.0})
    path = tmp_path / "post_schedule.csv"
    new[:7].to_csv(path, index=False)
    assert ten_seeds.missing(path) == 23 and ten_seeds.missing(tmp_path / "none.csv") == 30
    new.to_csv(path, index=False)
    assert ten_seeds.missing(path) == 0
    rows = ten_seeds.read(path)
    seeds = rows.groupby(["dataset", "objective"]).seed.agg(lambda found: sorted(found))
    assert len(seeds) == 6 and all(found == list(range(10)) for found in seeds)
    assert rows[model_table.SCALED_PATH].notna().all()
    assert set(contrasts.COMPARISONS[COMPARISON]) <= set(rows.objective)
