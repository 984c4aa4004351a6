"""What README and the lessons conclude is what the committed table says."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from study import claims, contrasts, ledger, model_table, post_verdicts

ROOT = Path(__file__).parents[2]
TABLE, LEDGER = model_table.read(), ledger.read()
WHERE = ["schedule", "comparison"]


def text_of(name):
    """A page or a lesson without its line breaks."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\n# ", " ")
    return " ".join(text.split())


def not_said(text, numbers):
    """Those of some formatted numbers that a text contains less often than the list does."""
    patterns = {n: rf"(?<![\w.]){re.escape(n)}(?!\.?\d)" for n in numbers}
    return [n for n, p in patterns.items() if len(re.findall(p, text)) < numbers.count(n)]


def section(name, lesson="notebooks/05_measuring_a_claim.py"):
    """A section of lesson 05, from its heading to the next one of the same level."""
    text = (ROOT / lesson).read_text(encoding="utf-8")
    [found] = re.findall(
        rf"^# ## {re.escape(name)}\n(.+?)(?=^# ## )", text, re.DOTALL | re.MULTILINE
    )
    prose = [line[2:] for line in found.splitlines() if line.startswith("# ")]
    return " ".join(" ".join(prose).split())


def clothes(schedule):
    rows = model_table.rows(TABLE, schedule)
    return rows[rows.dataset == "fashion_mnist"].groupby("objective")


@pytest.fixture(scope="module")
def judged():
    found = claims.judge(TABLE)
    words = [claim.words + ", digits" * (claim.dataset == "mnist") for claim in found.claim]
    return found.assign(words=words)


def verdicts(judged, words):
    """Of one claim, by schedule and comparison."""
    return judged[judged.words == words].set_index(WHERE).verdict


def test_the_table_is_whole():
    assert not any(model_table.missing(TABLE).values())


def test_what_is_said_to_hold_throughout_does_and_nothing_else(judged):
    readme = text_of("README.md")
    said = "better spread and centered? | Yes. On clothes, this holds for both training schedules "
    said += "(four epochs with our settings and fifty with the post's) and against both VAEs (the "
    assert said + "post's and the standard one). |" in readme
    by_claim = judged.groupby("words").verdict
    throughout = by_claim.agg(lambda found: len(found) == 4 and set(found) == {claims.HOLDS})
    assert set(throughout[throughout].index) == {
        *("... and nicely spread", "codes are centered at 0", "nearly all space holds objects")
    }


def test_the_kls_weight_or_mmd_alone_brings_most_where_it_is_said_to(judged):
    readme = text_of("README.md")
    said = "After four epochs, either change alone, correcting the weight of the KL term or using "
    said += (
        "MMD with codes that are not sampled, removes most of the difference from the post's VAE."
    )
    assert said in readme
    fast = judged[(judged.schedule == "fast") & (judged.comparison == "post's weights")]
    for words in ("... and nicely spread", "codes are centered at 0"):
        [row] = fast[fast.words == words].itertuples()
        assert row.reason == claims.EITHER
        rows = model_table.rows(TABLE, "fast")
        for change in (contrasts.WEIGHT, contrasts.MMD):
            half = (-0.5, contrasts.COMPARISONS["post's weights"])
            excess = contrasts.weighted_sum((1, contrasts.effect_of(change)), half)
            found = contrasts.contrast(rows, "fashion_mnist", row.claim.measure, excess)
            assert min(row.claim.expected * end for end in found.interval) > 0


def test_what_is_said_not_to_hold_does_not(judged):
    readme = text_of("README.md")
    said = "more informative? | None of our comparisons shows that the codes of the post's MMD-VAE "
    assert said + "are more informative." in readme
    said = "On digits, a small step in latent space changes the images of the MMD-VAE less than "
    said += (
        "those of the standard VAE. On clothes, it changes them more than those of the post's VAE, "
    )
    said += "which spreads its codes over a larger region,"
    assert said in readme
    path = verdicts(judged, "morphing is more organic, digits")
    assert set(path.xs("standard KL weight", level="comparison")) == {claims.HOLDS}
    for schedule in ("fast", "post"):
        rows = model_table.rows(TABLE, schedule).query("dataset == 'fashion_mnist'")
        spread = rows.groupby("objective")[["std of z1", "std of z2"]].mean().min(axis=1)
        assert spread["post-elbo"] > spread["post-mmd"]
    informative = verdicts(judged, "features are more informative")
    assert claims.HOLDS not in set(informative)
    smooth = verdicts(judged, "evolutions are smooth").xs("post's weights", level="comparison")
    assert set(smooth) == {claims.DOES_NOT_HOLD}
    assert set(judged[judged.words == "no structure before training"].verdict) == {
        claims.DOES_NOT_HOLD
    }


def test_sharper_edges_hold_in_one_comparison_and_sameness_in_none(judged):
    sharper = verdicts(judged, "samples have sharper edges")
    assert list(sharper[sharper == claims.HOLDS].index) == [("fast", "standard KL weight")]
    same = judged[[c.expected == 0 and not c.untrained for c in judged.claim]]
    assert len(same) == 12 and claims.HOLDS not in set(same.verdict)


def test_lesson_05_has_the_mean_norms_of_the_table_and_the_differences_of_the_ledger():
    norms = clothes("fast")["mean norm"]
    mean, least, most = norms.mean(), norms.min(), norms.max()
    runs = section("Ten training runs instead of one picture")
    numbers = [f"{mean['post-elbo']:.2f}", f"{norms.std()['post-elbo']:.2f}"]
    numbers += [f"{mean[name]:.3f}" for name in ("elbo", "post-mmd")]
    assert most["post-mmd"] < least["elbo"] < least["post-elbo"]
    assert not not_said(runs, [*numbers, f"{most['post-mmd']:.3f}", f"{least['elbo']:.3f}"])

    found = LEDGER[(LEDGER.family == "claims of the post") & (LEDGER.measure == "mean norm")]
    [late] = found[
        (found.schedule == "post") & (found.comparison == "standard KL weight")
    ].itertuples()
    assert set(found.verdict) == {claims.HOLDS} and (found.high < 0).all() and len(found) == 4
    assert late.p == found.p.max()
    numbers = [f"{number:.3f}" for number in (late.estimate, late.low, late.high)]
    assert not not_said(section("How certain is the difference?"), [*numbers, f"{late.p:.4f}"])

    tests, many = LEDGER[LEDGER.family == "claims of the post"], section("One test among many")
    before, after = (tests.p < 0.05).sum(), (tests["corrected p"] < 0.05).sum()
    smaller, corrected = (tests.p < late.p).sum(), f"{found['corrected p'].max():.3f}"
    numbers = [
        *map(str, (len(tests), before, after, before - after, smaller, len(tests) - smaller))
    ]
    assert not not_said(many, [*numbers, f"{late.p:.4f}", corrected])


def test_lesson_05_divides_the_difference_as_the_table_does():
    mean = clothes("fast")["mean norm"].mean()
    whole = mean["post-mmd"] - mean["post-elbo"]
    alone, rest = mean["elbo"] - mean["post-elbo"], mean["post-mmd"] - mean["elbo"]
    shares = alone / whole, rest / whole, alone / 2 / whole, (whole + rest) / 2 / whole
    text = section("Which change explains the difference?")
    assert not not_said(text, [f"{100 * share:.0f} %" for share in shares])
    logs = mean.map(math.log)
    share = (logs["post-elbo"] - logs["elbo"]) / (logs["post-elbo"] - logs["post-mmd"])
    squared = (mean["elbo-squared-error"] - mean["elbo"]) / rest
    assert not not_said(text, [f"{100 * part:.0f} %" for part in (share, squared)])
    standard = (LEDGER.measure == "mean norm") & (LEDGER.comparison == "standard KL weight")
    [reason] = LEDGER[standard & (LEDGER.schedule == "fast")].reason
    assert reason == claims.BY_MMD and f"*{reason}*" in text
    weighted = (LEDGER.schedule == "fast") & (LEDGER.comparison == "post's weights")
    for measure in ("mean norm", "occupancy"):
        [reason] = LEDGER[weighted & (LEDGER.measure == measure)].reason
        assert reason == claims.EITHER and f"*{reason}*" in text


def test_lesson_05_says_of_known_images_what_the_committed_table_says():
    known = pd.read_csv(model_table.REFERENCES).query("dataset == 'fashion_mnist'")
    known, text = known.set_index("images"), section("What does a measure reward?")
    real, bad = known.loc["real images"], known.drop(index="real images")
    assert set(bad.index[bad.precision > real.precision]) == set(bad.index) - {"noise"}
    assert (bad[["coverage", "recall"]] < real[["coverage", "recall"]]).all(axis=None)
    assert list(bad.index[bad.sharpness > real.sharpness]) == ["noise"]
    numbers = known.precision.tolist() + known.sharpness[["blurred", "noise"]].tolist()
    numbers += [
        *known.recall[["mean of nearest neighbors", "blurred"]],
        known.coverage["the average"],
    ]
    numbers += known.coverage[["real images", "blurred"]].tolist()
    numbers += known["on manifold"][["real images", "mean of nearest neighbors"]].tolist()
    numbers.append(known.sharpness["mean of nearest neighbors"])
    assert not not_said(text, [f"{number:.3f}" for number in numbers])


def test_lesson_05_says_of_samples_what_the_table_says():
    text, models = section("What does a measure reward?"), list(model_table.POST)
    mean = clothes("fast")[["precision", "coverage", "recall", "sample sharpness"]].mean()
    real = model_table.reference("fashion_mnist")
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"]).sharpness
    assert (mean.loc[models].precision > 0.9352).all() and mean.precision["untrained"] == 1
    sharp = mean.loc[models, "sample sharpness"]
    assert sharp.between(0.085, 0.115).all() and real["sample sharpness"] > 0.99
    assert (sharp < known["fashion_mnist", "mean of nearest neighbors"]).all()
    assert mean.loc[models].recall.idxmax() == mean.loc[models].coverage.idxmin() == "post-elbo"
    assert "Three of the ten seeds cause most of this mean" in text
    recalls = clothes("fast").recall.get_group("post-elbo").sort_values()
    assert len(recalls) == 10 and recalls.iloc[-3:].sum() > recalls.sum() / 2
    assert 'verdict on each of the differences in recall on clothes is "can\'t tell"' in text
    recall = LEDGER[(LEDGER.measure == "recall") & (LEDGER.data == "fashion_mnist")]
    assert len(recall) == 4 and set(recall.verdict) == {claims.UNCLEAR}
    most = mean.loc[models, ["coverage", "recall"]].max()
    assert not not_said(text, [f"{number:.3f}" for number in most])


def test_what_lesson_05_finds_is_in_the_ledger():
    text, tests = section("All claims in one figure"), LEDGER.family == "claims of the post"
    accuracy = LEDGER[(LEDGER.measure == "15-NN accuracy") & (LEDGER.data == "fashion_mnist")]
    [sampled] = accuracy[accuracy.comparison == "MMD for KL"].itertuples()
    assert (sampled.verdict, sampled.status) == ("higher", "exploratory")
    size = (LEDGER.family == sampled.family).sum()
    numbers = [
        f"{sampled.estimate:.4f}",
        f"{sampled.p:.3f}",
        f"{accuracy['corrected p'][sampled.Index]:.3f}",
        str(size),
    ]
    compared = accuracy[accuracy.comparison.isin(contrasts.COMPARISONS)]
    fast, post = (compared[compared.schedule == name] for name in ("fast", "post"))
    assert set(fast.verdict) == {claims.DOES_NOT_HOLD} and set(post.verdict) == {claims.UNCLEAR}
    numbers += [f"{-estimate:.3f}" for estimate in fast.estimate]
    late = LEDGER[tests & (LEDGER.schedule == "post")].verdict
    numbers += [str(late.isin([claims.UNCLEAR, post_verdicts.NOT_TESTABLE]).sum()), str(len(late))]
    assert not not_said(text, numbers)

    paths = LEDGER[tests & (LEDGER.measure == "path length")].set_index(["data", "comparison"])
    decided = {
        ("mnist", "standard KL weight"): claims.HOLDS,
        ("fashion_mnist", "post's weights"): claims.DOES_NOT_HOLD,
    }
    scaled = LEDGER[tests & (LEDGER.measure == "path length, scaled")]
    undecided = scaled[scaled.verdict != claims.HOLDS]
    assert len(scaled) == 8 and sorted(undecided.data) == ["fashion_mnist", "mnist"]
    assert set(undecided.comparison) == {"post's weights"} and set(undecided.schedule) == {"post"}
    for where, found in paths.groupby(level=[0, 1]):
        assert set(found.verdict) == {decided.get(where, claims.UNCLEAR)} and len(found) == 2


def by_seed(dataset, measure):
    """A measure of the post's models by its schedule: seeds down, models across."""
    rows = model_table.rows(TABLE, "post")
    return rows[rows.dataset == dataset].pivot(index="seed", columns="objective", values=measure)


def test_what_lessons_say_of_one_seed_is_held_against_the_others():
    errors = by_seed("fashion_mnist", "pixel MSE")
    worse = errors["elbo"] > errors["post-mmd"]
    assert list(worse) == [True, False, False, False, False]


def test_the_differences_that_lesson_03_carries_over_from_clothes_are_in_the_table():
    lesson, readme = text_of("notebooks/03_mnist.py"), text_of("README.md")
    assert "each of the five VAEs has a higher accuracy than each of the five MMD-VAEs" in lesson
    digits = by_seed("mnist", "15-NN accuracy")
    assert len(digits) == 5 and digits["elbo"].min() > digits["post-mmd"].max()
    said = "On digits, the codes of the standard VAE even predicted the class better than those of "
    said += "the MMD-VAE in our runs."
    assert said in readme
    said = "the MMD-VAE has the smallest MMD² and the smallest mean norm. The VAE with the "
    assert (
        said + "standard KL weight follows, and the VAE with the post's effective weights is far "
        "behind." in lesson
    )
    said = "differ by more than two standard deviations over seeds, even if we take the larger of "
    assert said + "the two standard deviations." in lesson
    for schedule in ("fast", "post"):
        for dataset in model_table.DATASETS:
            rows = model_table.rows(TABLE, schedule)
            groups = rows[rows.dataset == dataset].groupby("objective")
            for measure in ("MMD² to prior", "mean norm"):
                mean, deviation = groups[measure].mean(), groups[measure].std()
                assert mean["post-mmd"] < mean["elbo"] < mean["post-elbo"] / 5
                if measure == "MMD² to prior":
                    most = deviation[["elbo", "post-mmd"]].max()
                    assert mean["elbo"] - mean["post-mmd"] > 2 * most


def test_reconstructions_are_worse_with_the_posts_weights_for_as_many_seeds_as_lesson_01_says():
    distortion = by_seed("fashion_mnist", "distortion")
    worse = distortion["post-elbo"] > distortion["elbo"]
    assert worse.all() and len(worse) == 5
    fast = model_table.rows(TABLE, "fast").query("dataset == 'fashion_mnist'")
    fast = fast.pivot(index="seed", columns="objective", values="distortion").loc[:9]
    assert (fast["post-elbo"] < fast["elbo"]).all() and len(fast) == 10
    text = text_of("notebooks/01_standard_vae.py")
    assert "worse reconstructions of the test images for all five seeds" in text


def test_in_how_many_seeds_lesson_02_says_that_the_vae_is_ahead():
    ahead = {}
    for schedule in ("fast", "post"):
        rows = model_table.rows(TABLE, schedule).query("dataset == 'fashion_mnist'")
        for measure in ("MMD² to prior", "15-NN accuracy", "pixel MSE"):
            values = rows.pivot(index="seed", columns="objective", values=measure)
            higher = values["elbo"] > values["post-mmd"]
            ahead[schedule, measure] = int(higher.sum()), len(higher)
            if measure == "MMD² to prior":  # without an overlap
                assert values["elbo"].min() > values["post-mmd"].max()
    assert ahead["fast", "pixel MSE"] == (0, 10)
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    section = text_of("notebooks/02_mmd_vae.py").split("## What one seed can and cannot show")[1]
    said = re.findall(r"(\w+) of (?:the )?(\w+) seeds", section.split("pd.DataFrame(rows)")[1])
    cells = ("post", "pixel MSE"), ("fast", "15-NN accuracy"), ("post", "15-NN accuracy")
    assert said == [tuple(words[n] for n in ahead[cell]) for cell in cells]
