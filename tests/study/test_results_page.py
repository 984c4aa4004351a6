"""Sentences of docs/results.md that state a finding say what study/ledger.csv says."""

from pathlib import Path

import pandas as pd
import pytest

from study import claims, ledger, model_table, post_verdicts

TEXT = " ".join((Path(__file__).parents[2] / "docs" / "results.md").read_text("utf-8").split())
FOUND = ledger.read()
CLOTHES, DIGITS = "fashion_mnist", "mnist"
POST, STANDARD = "post's weights", "standard KL weight"
HOLDS, NOT, OPEN = claims.HOLDS, claims.DOES_NOT_HOLD, claims.UNCLEAR
NOISE, VARIETY = ledger.NOISE_FAMILY, ledger.VARIETY_FAMILY


def row(measure, data, comparison, schedule="fast", family=post_verdicts.CLAIMS):
    """The one row of the ledger about a measure, in one comparison."""
    here = FOUND[(FOUND.family == family) & (FOUND.measure == measure) & (FOUND.data == data)]
    [found] = here[(here.comparison == comparison) & (here.schedule == schedule)].to_dict("records")
    return found


def rows(measure, data, comparisons=(POST, STANDARD), schedules=("fast", "post"), **family):
    """Rows about a measure, for each schedule and comparison."""
    return [row(measure, data, c, s, **family) for s in schedules for c in comparisons]


# A part of a sentence with places for numbers, the rows of the ledger that it is about, with
# their verdict, and the format of the size of their estimates, or None if it gives no numbers.
FINDINGS = [
    (
        "([mean norm](glossary.md#mean-norm)) is lower by {} than that of the post's VAE and by {} "
        "than that of the VAE with the standard KL weight.",
        rows("mean norm", CLOTHES, schedules=["fast"]),
        *(HOLDS, ".2f"),
    ),
    (
        "([occupancy](glossary.md#occupancy) higher by {} and {}).",
        rows("occupancy", CLOTHES, schedules=["fast"]),
        *(HOLDS, ".2f"),
    ),
    (
        "two claims about the codes hold in all four tests",
        rows("mean norm", CLOTHES) + rows("occupancy", CLOTHES),
        *(HOLDS, None),
    ),
    (
        "The claim that the codes look like the prior holds in three of four tests.",
        rows("held-out MMD²", CLOTHES)[:3],
        *(HOLDS, None),
    ),
    (
        "In the fourth, with the post's schedule and the standard KL weight, we can't tell",
        rows("held-out MMD²", CLOTHES)[3:],
        *(OPEN, None),
    ),
    (
        "MMD with noise explains the lower mean norm (−{}) and",
        [row("mean norm", CLOTHES, "MMD for KL", family=NOISE)],
        *("lower", ".2f"),
    ),
    (
        "the lower MMD² to the prior (−{}), whereas we cannot show an effect of the missing noise",
        [row("held-out MMD²", CLOTHES, "MMD for KL", family=NOISE)],
        *("lower", ".3f"),
    ),
    (
        "whereas we cannot show an effect of the missing noise on either.",
        [row(m, CLOTHES, "no noise", family=NOISE) for m in ("mean norm", "held-out MMD²")],
        *(OPEN, None),
    ),
    (
        "The missing noise explains the shorter scaled path (−{}) and",
        [row("path length, scaled", CLOTHES, "no noise", family=NOISE)],
        *("lower", ".0f"),
    ),
    (
        "that are close to real images (+{}, although this measure [rewards averaging](",
        [row("grid on manifold", CLOTHES, "no noise", family=NOISE)],
        *("higher", ".2f"),
    ),
    (
        "whereas we cannot show an effect of MMD with noise on either.",
        [
            row(m, CLOTHES, "MMD for KL", family=NOISE)
            for m in ("grid on manifold", "path length, scaled")
        ],
        *(OPEN, None),
    ),
    (
        "on Fashion-MNIST is lower by {} than that of the post's VAE and by {} than that of the "
        "VAE with the standard KL weight, so the claim does not hold.",
        rows("15-NN accuracy", CLOTHES, schedules=["fast"]),
        *(NOT, ".3f"),
    ),
    (
        "so the claim does not hold. With the post's schedule we can't tell.",
        rows("15-NN accuracy", CLOTHES, schedules=["post"]),
        *(OPEN, None),
    ),
    (
        "the accuracy on Fashion-MNIST is higher by {} (corrected p = 0.033, exploratory).",
        [row("15-NN accuracy", CLOTHES, "MMD for KL", family=NOISE)],
        *("higher", ".3f"),
    ),
    (
        "so the claim that there is no structure before training does not hold.",
        [row("15-NN accuracy", CLOTHES, "untrained network minus chance")],
        *(NOT, None),
    ),
    (
        "by {} with the fast schedule and by {} with the post's schedule, so the claim of smooth "
        "evolutions does not hold.",
        rows("path length", CLOTHES, [POST]),
        *(NOT, ".0f"),
    ),
    (
        "it is shorter for the MMD-VAE with the fast schedule (−{}),",
        rows("path length, scaled", CLOTHES, [POST], ["fast"]),
        *(HOLDS, ".0f"),
    ),
    (
        "(−561), and with the post's schedule we can't tell.",
        rows("path length, scaled", CLOTHES, [POST], ["post"]),
        *(OPEN, None),
    ),
    (
        "the scaled path length is shorter with both schedules (−{} and −{}),",
        rows("path length, scaled", CLOTHES, [STANDARD]),
        *(HOLDS, ".0f"),
    ),
    (
        "and for the unscaled one we can't tell.",
        rows("path length", CLOTHES, [STANDARD]),
        *(OPEN, None),
    ),
    (
        "by {} with the fast schedule and by {} with the post's schedule. However, the share of",
        rows("path length", DIGITS, [STANDARD]),
        *(HOLDS, ".0f"),
    ),
    (
        "Compared with the post's VAE, we can't tell for the unscaled path length.",
        rows("path length", DIGITS, [POST]),
        *(OPEN, None),
    ),
    (
        "The scaled path length is shorter in three of four tests on MNIST,",
        rows("path length, scaled", DIGITS, schedules=["fast"])
        + rows("path length, scaled", DIGITS, [STANDARD], ["post"]),
        *(HOLDS, None),
    ),
    (
        "on MNIST, and we can't tell for the post's VAE with the post's schedule.",
        rows("path length, scaled", DIGITS, [POST], ["post"]),
        *(OPEN, None),
    ),
    (
        "which measures this, we can't tell in any of the four tests.",
        rows("silhouette", CLOTHES),
        *(OPEN, None),
    ),
    (
        "Samples have sharper edges in one of four tests, with the fast schedule and the standard",
        [row("sample sharpness", CLOTHES, STANDARD)],
        *(HOLDS, None),
    ),
    (
        "In the three other tests we can't tell, and with the post's schedule",
        rows("sample sharpness", CLOTHES, [POST])
        + rows("sample sharpness", CLOTHES, [STANDARD], ["post"]),
        *(OPEN, None),
    ),
    (
        "Compared with the post's VAE, coverage is higher in all four tests,",
        [r for d in (CLOTHES, DIGITS) for r in rows("coverage", d, [POST], family=VARIETY)],
        *("higher", None),
    ),
    (
        "in all four tests, and for recall we can't tell.",
        [r for d in (CLOTHES, DIGITS) for r in rows("recall", d, [POST], family=VARIETY)],
        *(OPEN, None),
    ),
    (
        "On MNIST, recall is lower with both schedules,",
        rows("recall", DIGITS, [STANDARD], family=VARIETY),
        *("lower", None),
    ),
    (
        "and coverage is lower with the post's schedule (−{}).",
        rows("coverage", DIGITS, [STANDARD], ["post"], family=VARIETY),
        *("lower", ".3f"),
    ),
    (
        "increases the negative log-likelihood by {} nats per image.",
        [row("NLL", DIGITS, "both", family=ledger.LIKELIHOOD_FAMILY)],
        *("higher", ".1f"),
    ),
    (
        "nats per image. On Fashion-MNIST we can't tell.",
        [row("NLL", CLOTHES, "both", family=ledger.LIKELIHOOD_FAMILY)],
        *(OPEN, None),
    ),
    (
        "the effects of cost functions are {} times as large as on Fashion-MNIST, and those of "
        "priors {} times, so the forecast does not hold there.",
        FOUND[(FOUND.family == "forecast") & (FOUND.data == "cifar10")].to_dict("records"),
        *(NOT, ".2f"),
    ),
    (
        "so the forecast does not hold there. On Frey faces we can't tell.",
        FOUND[(FOUND.family == "forecast") & (FOUND.data == "frey_faces")].to_dict("records"),
        *(OPEN, None),
    ),
    (
        "is {} times as long as one between shuffled frames for the VAE, and {} times for the "
        "MMD-VAE.",
        FOUND[(FOUND.family == "a film in time") & (FOUND.kind == "ratio")].to_dict("records"),
        *(HOLDS, ".2f"),
    ),
    (
        "namely {} fewer on Fashion-MNIST and {} fewer on MNIST.",
        FOUND[FOUND.measure == "-log p(x, y)"].to_dict("records"),
        *(HOLDS, ".1f"),
    ),
    (
        "Its codes no longer tell the class.",
        FOUND[FOUND.claim == "the codes no longer tell the class"].to_dict("records"),
        *(HOLDS, None),
    ),
]


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
    said = "MMD with deterministic codes explains the better centering. For the other two claims, "
    assert said + "squared error alone also explains more than half of the difference." in TEXT
    found = [row(m, CLOTHES, STANDARD)["reason"] for m in three]
    assert found == [claims.EITHER, claims.BY_MMD, claims.EITHER]
    assert "the share of MMD with deterministic codes is certainly less than half" in TEXT
    assert row("path length", DIGITS, STANDARD)["reason"] == claims.OTHER


def test_no_test_finds_what_is_said_never_to_be_found():
    mine = FOUND[FOUND.family == post_verdicts.CLAIMS]
    assert "In no test are the codes of the post's MMD-VAE more informative" in TEXT
    informative = mine[(mine.measure == "15-NN accuracy") & (mine.data == CLOTHES)]
    assert HOLDS not in set(informative.verdict)
    digits = mine[(mine.measure == "15-NN accuracy") & (mine.data == DIGITS)]
    assert (digits.estimate < 0).all()
    assert "In twelve tests, sameness was never shown, and in one of them it was refuted." in TEXT
    same = mine[mine.power.notna() & (mine.data == DIGITS)]
    assert list(same.verdict).count(NOT) == 1 and HOLDS not in set(same.verdict)
    assert len(same) == 12
    accuracy = same[same.measure == "15-NN accuracy"]["seeds needed"]
    assert f"that {accuracy.min():.0f} to {accuracy.max():.0f} seeds would be needed" in TEXT
    assert "Compared with the VAE with the standard KL weight, no test finds more variety." in TEXT
    variety = FOUND[(FOUND.family == VARIETY) & (FOUND.comparison == STANDARD)]
    assert "higher" not in set(variety.verdict)
    sharper = mine[(mine.measure == "sample sharpness") & (mine.data == CLOTHES)]
    assert (sharper[sharper.schedule == "post"].estimate < 0).all()
    assert (sharper[sharper.schedule == "fast"].estimate > 0).all()


def test_as_many_comparisons_are_open_as_the_page_says():
    mine = FOUND[(FOUND.family == post_verdicts.CLAIMS) & (FOUND.schedule == "post")]
    undecided = mine.verdict.isin([OPEN, post_verdicts.NOT_TESTABLE])
    assert "With the post's own schedule, two thirds of the comparisons could not be" in TEXT
    assert undecided.mean() == pytest.approx(2 / 3, abs=0.02) and len(mine) == 32
    assert "With the post's schedule, half of the verdicts are \"can't tell\"." in TEXT
    assert (mine.verdict == OPEN).mean() == 0.5


def test_p_values_are_those_of_the_ledger():
    [film] = FOUND[FOUND.comparison == "post-mmd minus elbo"].to_dict("records")
    assert f"The two models differ significantly (p = {film['corrected p']:.3f})." in TEXT
    noise = row("15-NN accuracy", CLOTHES, "MMD for KL", family=NOISE)
    assert f"(corrected p = {noise['corrected p']:.3f}, exploratory)" in TEXT
    planned = FOUND[FOUND.family == post_verdicts.CLAIMS]
    assert f"because among {len(planned)} tests a few would seem to find something" in TEXT


def test_in_seven_undecided_tests_of_a_direction_the_seeds_do_not_overlap():
    assert "In seven of the undecided tests of a direction, the values of all five seeds" in TEXT
    table = model_table.rows(model_table.read(), "post")
    judged = claims.judge(model_table.read())
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
    said = f"which is {mean['post-mmd']:.3f} ± {std['post-mmd']:.3f} for the MMD-VAE and "
    assert said + f"{mean['elbo']:.3f} ± {std['elbo']:.3f} for the VAE" in TEXT


def test_numbers_of_known_images_and_models_are_those_of_the_tables():
    real = model_table.reference(CLOTHES)
    assert f"a share of {real['grid on manifold']:.2f} counts as close to real ones" in TEXT
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"])
    coverage = known.coverage.loc[DIGITS]
    said = f"averages even have a coverage of {coverage['mean of nearest neighbors']:.2f}, where "
    assert said + f"real images have {coverage['real images']:.2f}." in TEXT
    blurred = known.loc[list(model_table.DATASETS)].drop(["noise", "the average"], level="images")
    real = blurred.xs("real images", level="images")
    others = blurred.drop("real images", level="images")
    for dataset in model_table.DATASETS:
        here, there = others.loc[dataset], real.loc[dataset]
        assert (here["on manifold"] > there["on manifold"]).all()
        assert (here.sharpness < there.sharpness / 2).all() and (here.recall < there.recall).all()
    fast = model_table.rows(model_table.read()).query("dataset == 'fashion_mnist'")
    mean = fast.groupby("objective").mean(numeric_only=True)
    sharp = mean["sample sharpness"]
    assert f"is {sharp['post-mmd']:.3f} in place of {sharp['elbo']:.3f}, where real" in TEXT
    accuracy = mean["15-NN accuracy"]["untrained"]
    assert f"Its accuracy is {accuracy:.2f} in place of the 0.10 that guessing gives" in TEXT
