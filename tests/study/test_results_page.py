"""Sentences of docs/results.md that state a finding say what study/ledger.csv says."""

from pathlib import Path

import pandas as pd
import pytest
from findings import (
    CLOTHES,
    DIGITS,
    FINDINGS,
    FIRST_STEP,
    FOUND,
    HOLDS,
    NOISE,
    NOT,
    OPEN,
    POST,
    SECOND_STEP,
    STANDARD,
    VARIETY,
    row,
)

from study import claims, contrasts, forecast, gan_contrast, model_table, post_verdicts

TEXT = " ".join((Path(__file__).parents[2] / "docs" / "results.md").read_text("utf-8").split())


@pytest.mark.parametrize(("words", "about", "verdict", "digits"), FINDINGS)
def test_a_finding_is_what_the_ledger_says(words, about, verdict, digits):
    assert about and {one["verdict"] for one in about} == {verdict}
    sizes = [format(abs(one["estimate"]), digits) for one in about] if digits else []
    assert words.count("{}") == len(sizes)
    assert words.format(*sizes) in TEXT


def test_reasons_are_those_of_the_ledger():
    three = ("occupancy", "mean norm", "held-out MMD²")
    assert "the reason is *either would do* for all three claims" in TEXT
    assert {row(m, CLOTHES, POST)["reason"] for m in three} == {claims.EITHER}
    assert "the standard VAE, the reason for the better centering is *by MMD*." in TEXT
    assert "For the occupancy and for MMD² to the prior, the reason is *either would do*," in TEXT
    found = [row(m, CLOTHES, STANDARD)["reason"] for m in three]
    assert found == [claims.EITHER, claims.BY_MMD, claims.EITHER]
    assert "deterministic codes explains significantly less than half of this difference" in TEXT
    assert row("path length", DIGITS, STANDARD)["reason"] == claims.OTHER


def test_squared_error_explains_as_much_of_the_centering_as_the_page_says():
    rows, whole = model_table.rows(model_table.read()), contrasts.COMPARISONS[STANDARD]
    alone = contrasts.split_squared_error()["squared error"]
    share = (
        contrasts.contrast(rows, CLOTHES, "mean norm", alone).mean
        / contrasts.contrast(rows, CLOTHES, "mean norm", whole).mean
    )
    said = f"{100 * share:.0f} % of this difference, but the confidence interval contains one half"
    assert f"Squared error alone explains {said}" in TEXT
    excess = contrasts.weighted_sum((1, alone), (-0.5, whole))
    low, high = contrasts.contrast(rows, CLOTHES, "mean norm", excess).interval
    assert low < 0 < high


def test_no_test_finds_what_is_said_never_to_be_found():
    mine = FOUND[FOUND.family == post_verdicts.CLAIMS]
    assert "no test shows that the codes of the post's MMD-VAE are more informative." in TEXT
    accuracy = mine[mine.measure == "15-NN accuracy"]
    assert HOLDS not in set(accuracy[accuracy.data == CLOTHES].verdict)
    digits = accuracy[accuracy.data == DIGITS]
    least, most = -digits.estimate.max(), -digits.estimate.min()
    said = f"was lower for the MMD-VAE in all four comparisons, by {least:.3f} to {most:.3f}, and "
    assert said + "none of the uncorrected confidence intervals contains 0." in TEXT
    assert len(digits) == 4 and (digits.high < 0).all()
    said = "In twelve tests, sameness was never shown, and in one of them the opposite was shown."
    assert said in TEXT
    same = mine[mine.power.notna() & (mine.data == DIGITS)]
    assert list(same.verdict).count(NOT) == 1 and HOLDS not in set(same.verdict)
    assert len(same) == 12
    needed = digits["seeds needed"]
    said = f"power of 0.8 would require {needed.min():.0f} to {needed.max():.0f} seeds"
    assert said in TEXT
    assert "Compared with the standard VAE, no test finds more variety." in TEXT
    variety = FOUND[(FOUND.family == VARIETY) & (FOUND.comparison == STANDARD)]
    assert "higher" not in set(variety.verdict)
    sharper = mine[(mine.measure == "sample sharpness") & (mine.data == CLOTHES)]
    assert (sharper[sharper.schedule == "post"].estimate < 0).all()
    assert (sharper[sharper.schedule == "fast"].estimate > 0).all()


def test_claims_about_the_manifold_hold_where_the_page_says_and_nowhere_else():
    said = "On MNIST, the claim about the grid holds in one of four tests, and the claim that "
    assert said + "samples hardly differ holds in none." in TEXT
    mine = FOUND[(FOUND.family == post_verdicts.CLAIMS) & (FOUND.verdict == HOLDS)]
    on_manifold = mine[mine.measure.str.endswith(" on manifold")]
    counts = on_manifold.groupby(["data", "measure"]).size().to_dict()
    assert counts == {
        (CLOTHES, "grid on manifold"): 4,
        (CLOTHES, "prior on manifold"): 2,
        (DIGITS, "grid on manifold"): 1,
    }


def test_only_the_differences_that_the_page_names_change_their_sign():
    pairs = FOUND[FOUND.comparison.isin([POST, STANDARD])]
    pairs = pairs.pivot(
        index=["family", "data", "measure", "comparison"], columns="schedule", values="estimate"
    ).dropna()
    changed = pairs[(pairs.fast > 0) != (pairs.post > 0)].reset_index()
    said = "six of the differences that the claims are about change their sign between the"
    assert said in TEXT and list(changed.family).count(post_verdicts.CLAIMS) == 6
    [other] = changed[changed.family != post_verdicts.CLAIMS].itertuples()
    assert "Among the exploratory differences, the coverage on Fashion-MNIST changes its" in TEXT
    assert (other.family, other.data, other.measure) == (VARIETY, CLOTHES, "coverage")
    assert "comparison with the standard VAE, where we can't tell with either schedule." in TEXT
    assert other.comparison == STANDARD
    for schedule in ("fast", "post"):
        assert row("coverage", CLOTHES, STANDARD, schedule, VARIETY)["verdict"] == OPEN


def test_as_many_comparisons_are_open_as_the_page_says():
    mine = FOUND[FOUND.family == post_verdicts.CLAIMS]
    mine = mine[mine.comparison.isin([POST, STANDARD])]
    undecided = mine.verdict.isin([OPEN, post_verdicts.NOT_TESTABLE]).groupby(mine.schedule)
    fast, post = undecided.sum()
    assert f"With the fast schedule, {fast} of these 32 tests are undecided," in TEXT
    assert f"With the post's schedule, {post} tests are undecided." in TEXT
    assert list(undecided.size()) == [32, 32]
    assert "With the post's own schedule, two thirds of the comparisons could not be" in TEXT
    assert post / 32 == pytest.approx(2 / 3, abs=0.02)
    assert "With the post's schedule, half of the verdicts are \"can't tell\"." in TEXT
    assert (mine[mine.schedule == "post"].verdict == OPEN).mean() == 0.5


def test_gans_miss_classes_and_are_sharper_than_digits_where_the_page_says():
    gans = gan_contrast.read()
    gans = gans[gans.model == gan_contrast.GAN_MODEL].sort_values("classes hit")
    assert "In nine of the ten training runs, at least 1 % of the samples belong to each" in TEXT
    assert "and in the tenth this is true for nine classes (exploratory)." in TEXT
    assert gans["classes hit"].tolist() == [9, *[10] * 9]
    assert "Samples of digits are even sharper than real digits" in TEXT
    assert (gans[gans.dataset == DIGITS]["sample sharpness"] > 1).all()


def test_p_values_are_those_of_the_ledger():
    [film] = FOUND[FOUND.comparison == "post-mmd minus elbo"].to_dict("records")
    said = f"the difference between the two models is significant (p = {film['corrected p']:.3f})."
    assert said in TEXT and film["verdict"] == "higher"
    for words, step in {"increases": FIRST_STEP, "falls": SECOND_STEP}.items():
        found = row("15-NN accuracy", CLOTHES, step, family=NOISE)
        numbers = f"{abs(found['estimate']):.4f} (corrected p = {found['corrected p']:.3f},"
        assert f"{words} by {numbers} exploratory)" in TEXT
    planned = FOUND[FOUND.family == post_verdicts.CLAIMS]
    assert f"The claims need {len(planned)} tests in total," in TEXT
    assert f"We therefore correct all {len(planned)} [p values]" in TEXT


def test_leaving_out_collapsed_models_makes_effects_on_frey_faces_less_than_twice_as_large():
    assert "no longer twice as large as on Fashion-MNIST in either unit (exploratory)." in TEXT
    table = forecast.read()
    for relative in (False, True):
        ratios = forecast.ratios(table, forecast.MMD_ALONE, relative=relative)
        assert ratios.xs("frey_faces", level=1).high.item() < forecast.WAY_BIGGER
    for how in ({}, {"relative": True}, {"measures": forecast.TRUSTED}):
        on_cifar = forecast.ratios(table, **how).xs("cifar10", level=1)
        assert set(on_cifar.verdict) == {NOT}
    assert "On CIFAR-10, the forecast fails in every analysis that we tried." in TEXT


def test_in_seven_undecided_tests_of_a_direction_the_seeds_do_not_overlap():
    said = "In seven of these undecided tests, each seed of one model has a higher value than each "
    assert said + "seed of the other. (All seven tests are about a claimed difference and" in TEXT
    judged = claims.judge(model_table.read())
    table = model_table.rows(model_table.read(), "post")
    judged = judged[(judged.schedule == "post") & (judged.verdict == OPEN)]
    apart = 0
    models = {POST: ("post-mmd", "post-elbo"), STANDARD: ("post-mmd", "elbo")}
    for one in judged.itertuples():
        here = table[table.dataset == one.claim.dataset].groupby("objective")[one.claim.measure]
        first, second = (here.get_group(name) for name in models[one.comparison])
        separate = first.min() > second.max() or first.max() < second.min()
        apart += bool(one.claim.expected and separate)
    assert apart == 7
    clothes = table[table.dataset == CLOTHES].groupby("objective")["held-out MMD²"]
    mean, std = clothes.mean(), clothes.std()
    said = f"seeds are {mean['post-mmd']:.3f} ± {std['post-mmd']:.3f} for the MMD-VAE and "
    assert said + f"{mean['elbo']:.3f} ± {std['elbo']:.3f} for the standard VAE" in TEXT


def test_numbers_of_known_images_and_models_are_those_of_the_tables():
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"])
    known = known.loc[list(model_table.DATASETS)].drop(["noise", "the average"], level="images")
    averages, marks = "mean of nearest neighbors", known.loc[CLOTHES, "on manifold"]
    said = f"{100 * marks['real images']:.0f} % of real test images count as close to other real"
    assert said in TEXT
    assert f"of similar real images, {100 * marks[averages]:.0f} % of them count as close" in TEXT
    coverage = known.coverage.map("{:.2f}".format)
    here, there = coverage.loc[CLOTHES], coverage.loc[DIGITS]
    said = f"falls from {here['real images']} to {here[averages]} for averages and to "
    assert said + f"{here['blurred']} for blurred images." in TEXT
    said = f"it is {there[averages]} for averages and {there['real images']} for real images."
    assert said in TEXT
    real = known.xs("real images", level="images")
    others = known.drop("real images", level="images")
    for dataset in model_table.DATASETS:
        here, there = others.loc[dataset], real.loc[dataset]
        assert (here["on manifold"] > there["on manifold"]).all()
        assert (here.sharpness < there.sharpness / 2).all() and (here.recall < there.recall).all()
        assert here.recall[averages] < there.recall / 2 < here.recall["blurred"]
    assert (others.coverage.loc[DIGITS] > real.coverage[DIGITS]).all()


def test_numbers_of_models_are_those_of_the_table():
    fast = model_table.rows(model_table.read()).query("dataset == 'fashion_mnist'")
    mean = fast.groupby("objective").mean(numeric_only=True)
    sharp = mean["sample sharpness"]
    said = f"is {sharp['post-mmd']:.3f} for the MMD-VAE and {sharp['elbo']:.3f} for the standard"
    assert said in TEXT
    accuracy = mean["15-NN accuracy"]["untrained"]
    assert f"its accuracy is {accuracy:.2f}, compared with 0.10 for guessing" in TEXT
    rates = mean.rate[["elbo", "elbo-matched"]]
    assert "has about the same [rate](glossary.md#rate)" in TEXT
    assert abs(rates.diff().iloc[-1]) < 0.1


def test_four_epochs_do_not_stand_for_what_is_said_of_fifty():
    text = TEXT.split("four epochs do not fully replace fifty, as")[1]
    table = model_table.read()
    parts = {"post": model_table.rows(table, "post"), "fast": model_table.rows(table, "fast")}
    means = {
        part: rows[rows.dataset == "fashion_mnist"].groupby("objective").mean(numeric_only=True)
        for part, rows in parts.items()
    }
    slow, fast = (means[part].loc["post-elbo"] for part in ("post", "fast"))
    said = f"mean norm is {slow['mean norm']:.2f} after the post's fifty epochs and "
    said += f"{fast['mean norm']:.2f} after four fast ones. Samples of the post's VAE cover "
    said += f"{100 * slow['coverage']:.1f} % of the real images after fifty epochs and "
    assert said + f"{100 * fast['coverage']:.1f} % after four." in text
    ahead = {
        part: mean["15-NN accuracy"].loc[list(claims.POST_MODELS)].diff().iloc[-1]
        for part, mean in means.items()
    }
    changes = f"changes from {ahead['fast']:.3f} to {ahead['post']:+.3f}.".replace("-", "−")
    assert changes in text
    ends = parts["post"].query("objective == 'elbo' and dataset == 'fashion_mnist'")
    elbo = -(ends.rate + ends.distortion).to_numpy()  # seed by seed
    said = "also reach the mean of the five, which is −"
    assert elbo.argmin() == 0 and f"{said}{-elbo.mean():.1f}." in TEXT
    tried = pd.read_csv(model_table.TABLE.with_name("schedules.csv"))
    tried = tried.query("dataset == 'fashion_mnist' and model == 'elbo' and schedule != 'post'")
    assert "One twenty-fifth of the steps is enough, and one fiftieth is not." in TEXT
    enough = tried.steps >= 30_000 / 25
    assert len(tried[tried.steps == 30_000 / 25]) == 3
    assert tried[enough]["test loss"].max() < -elbo.mean()
    assert set(tried[~enough].steps) == {30_000 / 50}
    assert tried[~enough]["test loss"].min() > -elbo.min()


def test_the_differences_that_change_their_sign_are_those_that_are_named():
    text = TEXT.split("four epochs do not fully replace fifty, as")[1]
    assert "although in no case do both confidence intervals exclude 0." in text
    said = "On Fashion-MNIST, the MMD-VAE has a higher sharpness of samples and a higher silhouette"
    assert said + " than the VAE after four epochs and lower ones after fifty, in both" in text
    said = "In the comparison with post's weights, the sharpness of samples does the same on MNIST,"
    assert said + " and the difference in 15-NN accuracy on Fashion-MNIST changes" in text
    judged = claims.judge(model_table.read())
    words = [claim.words + ", digits" * (claim.dataset == DIGITS) for claim in judged.claim]
    judged = judged.assign(words=words)
    signs = judged.assign(ahead=[found.mean > 0 for found in judged.found])
    both = signs.pivot(index=["words", "comparison"], columns="schedule").dropna()
    changed = both.ahead[both.ahead.fast != both.ahead.post]
    edges, apart = "samples have sharper edges", "clusters are apart"
    ahead = {
        (words, way) for words in (edges, apart) for way in ("post's weights", "standard KL weight")
    }
    ahead |= {("samples hardly differ, digits", "post's weights")}
    assert set(changed[changed.fast].index) == ahead
    behind = [("features are more informative", "post's weights")]
    assert list(changed[~changed.fast.astype(bool)].index) == behind
    for found in both.found.loc[changed.index].itertuples(index=False):
        assert any(one.interval[0] < 0 < one.interval[1] for one in found)
