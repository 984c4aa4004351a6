"""What README and the lessons conclude is what the committed table says."""

import re
from pathlib import Path

import pandas as pd
import pytest

from study import claims, contrasts, model_table

ROOT = Path(__file__).parents[2]
TABLE = model_table.read()
WHERE = ["schedule", "comparison"]


def text_of(name):
    """A page or a lesson without its line breaks."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\n# ", " ")
    return " ".join(text.split())


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
    lesson, readme = text_of("notebooks/05_measuring_the_claims.py"), text_of("README.md")
    said = "**On clothes, in all four columns**, the MMD-VAE's codes are better spread and "
    assert said + "centered, and more of its grid shows clothes." in lesson
    said = "better spread and centered? | Yes. On clothes, this holds for both training schedules "
    said += "(four epochs with our settings and fifty with the post's) and against both VAEs (the "
    assert said + "post's and the standard one). |" in readme
    by_claim = judged.groupby("words").verdict
    throughout = by_claim.agg(lambda found: len(found) == 4 and set(found) == {claims.HOLDS})
    assert set(throughout[throughout].index) == {
        *("... and nicely spread", "codes are centered at 0", "nearly all space holds objects")
    }


def test_the_kls_weight_or_mmd_alone_brings_most_where_it_is_said_to(judged):
    lesson, readme = text_of("notebooks/05_measuring_the_claims.py"), text_of("README.md")
    assert "For the first two, correcting the post's KL brings most; so does MMD." in lesson
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
    lesson, readme = text_of("notebooks/05_measuring_the_claims.py"), text_of("README.md")
    said = "**In none** are features found more informative. With the post's weights, unscaled"
    assert said in lesson
    said = "more informative? | No. In none of our comparisons were the codes of the post's "
    assert said + "MMD-VAE more informative." in readme
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
    assert "And the untrained network knows classes." in lesson
    assert set(judged[judged.words == "no structure before training"].verdict) == {
        claims.DOES_NOT_HOLD
    }


def test_where_edges_are_sharper_and_what_is_said_of_digits(judged):
    lesson = text_of("notebooks/05_measuring_the_claims.py")
    assert "edges are sharper only by the fast schedule with the standard KL weight" in lesson
    sharper = verdicts(judged, "samples have sharper edges")
    assert list(sharper[sharper == claims.HOLDS].index) == [("fast", "standard KL weight")]
    assert "On digits, sameness was never shown" in lesson
    same = judged[[c.expected == 0 and not c.untrained for c in judged.claim]]
    assert len(same) == 12 and claims.HOLDS not in set(same.verdict)
    said = "With the standard KL weight, paths are shorter there: by squared error, through its "
    assert said + "stronger regularization (appendix), more than by MMD." in lesson
    path = judged[judged.words == "morphing is more organic, digits"].set_index(WHERE)
    path = path.xs("standard KL weight", level="comparison")
    assert set(path.verdict) == {claims.HOLDS} and path.reason["fast"] == claims.OTHER
    rows = model_table.rows(TABLE, "fast")
    for pulls in (contrasts.WEIGHT, contrasts.MMD):
        apart = contrasts.split_squared_error(made=[pulls])
        found = {k: contrasts.contrast(rows, "mnist", "path length", w) for k, w in apart.items()}
        assert (
            found["stronger regularization"].interval[1]
            < 0
            < found["squared error, matched"].interval[1]
        )


def test_how_many_verdicts_are_open_by_the_posts_schedule(judged):
    post = judged[judged.schedule == "post"].verdict
    words = f"with five seeds, {(post == claims.UNCLEAR).sum()} of {len(post)} tests can't tell."
    assert words in text_of("notebooks/05_measuring_the_claims.py")


def test_likelihoods_that_are_said_to_differ_do():
    found = claims.likelihoods(TABLE).xs("both", level="change")
    cost = found.NLL.mnist.split()[0].lstrip("+")
    words = f"On digits, MMD without noise costs {float(cost):.1f} nats; on clothes we can't tell."
    assert words in text_of("notebooks/05_measuring_the_claims.py")
    assert float(found.p.mnist) < claims.LEVEL < float(found.p.fashion_mnist)


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
    said = "On digits, the codes of the standard VAE even predicted the class better in our runs."
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


def test_four_epochs_do_not_stand_for_what_is_said_of_fifty():
    text = text_of("docs/results.md").split("Four epochs cannot replace fifty")[1]
    parts = {"post": model_table.rows(TABLE, "post"), "fast": model_table.rows(TABLE, "fast")}
    means = {
        part: rows[rows.dataset == "fashion_mnist"].groupby("objective").mean(numeric_only=True)
        for part, rows in parts.items()
    }
    slow, fast = (means[part].loc["post-elbo"] for part in ("post", "fast"))
    said = f"mean norm is {slow['mean norm']:.2f} after the post's fifty epochs and "
    assert said + f"{fast['mean norm']:.2f} after four fast ones" in text
    share = "coverage"
    said = f"mean norm is {slow['mean norm']:.2f} after the post's fifty epochs and "
    said += f"{fast['mean norm']:.2f} after four fast ones, and its samples cover a share of "
    said += f"{slow[share]:.3f} of the real images instead of {fast[share]:.3f}."
    assert said in text
    ahead = {
        part: table["15-NN accuracy"].loc[list(claims.POST_MODELS)].diff().iloc[-1]
        for part, table in means.items()
    }
    assert f"goes from {ahead['fast']:.3f} to {ahead['post']:+.3f}." in text
    ends = parts["post"].query("objective == 'elbo' and dataset == 'fashion_mnist'")
    elbo = -(ends.rate + ends.distortion).to_numpy()  # seed by seed
    text = text_of("docs/results.md")
    assert elbo.argmin() == 0 and f"but their mean ELBO of {elbo.mean():.1f} is reached" in text
    fewest = pd.read_csv(model_table.TABLE.with_name("schedules.csv")).query(
        "schedule == 'two epochs'"
    )
    assert len(fewest) == 3 and fewest["test loss"].max() < -elbo.mean()


def test_the_differences_that_change_their_sign_are_those_that_are_named(judged):
    text = text_of("docs/results.md").split("Four epochs cannot replace fifty")[1]
    assert "six of the ledger's differences change their sign, none with both intervals" in text
    assert "sharpness of samples and silhouette fall from ahead of the VAE to behind it in" in text
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
