"""study/gan_contrast.py: measures of known images, the rows, and the three claims."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from study import gan_contrast, ledger, model_table
from study.gan_contrast import CLAIMS, GAN_MODEL, OTHERS
from study.model_table import DATASETS
from vaelib import data, runs
from vaelib.gans import GAN
from vaelib.measures import features, likelihood
from vaelib.runs import provenance

ROOT = Path(__file__).parents[2]
FACES = data.render_faces(train=120, test=40)


@pytest.fixture(scope="module")
def space():
    return features.train(FACES, epochs=1)


@pytest.fixture(autouse=True)
def coarse_grid(monkeypatch):
    """Untrained models have wide posteriors, so few grid cells are enough."""
    monkeypatch.setattr(likelihood, "DEFAULT_STEPS", 30)


class Sampling(GAN):
    """A GAN whose samples are known."""

    def sample(self, n, label=None, *, seed=0):
        return self.known[np.arange(n) % len(self.known)]


def test_samples_that_are_the_test_images_are_sharp_precise_and_cover_them(space, monkeypatch):
    monkeypatch.setattr(gan_contrast, "SAMPLES", 40)
    model = Sampling()
    model.known = FACES.test_images / np.float32(255)
    row = gan_contrast.measure(model, FACES, space)
    assert [row[name] for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    assert row["sample sharpness"] == pytest.approx(1)
    cost = -likelihood.log_likelihood(model, FACES.test_images)
    assert row["marginal cross-entropy"] == pytest.approx(cost.mean())
    classes = [cost[FACES.test_labels == label].mean() for label in np.unique(FACES.test_labels)]
    assert row["marginal cross-entropy, worst class"] == pytest.approx(max(classes))
    known = -likelihood.log_likelihood(model, FACES.train_images[:40])
    assert row["marginal cross-entropy, training"] == pytest.approx(known.mean())

    model.known = model.known[:1]  # the same image every time
    row = gan_contrast.measure(model, FACES, space)
    assert row["classes hit"] == 1 and row["coverage"] < 0.5


def test_the_shares_of_classes_are_those_of_the_largest_logit():
    shown = np.arange(8).reshape(8, 1, 1, 1)
    shares = gan_contrast.class_shares(shown, lambda x: np.eye(4)[[0, 0, 0, 2, 2, 3, 0, 0]], 4)
    assert shares.tolist() == [5 / 8, 0, 2 / 8, 1 / 8]


def test_the_plan_has_each_row_once_and_gans_first():
    rows = pd.DataFrame(gan_contrast.wanted())
    assert not rows.duplicated().any()
    assert (rows.groupby(["dataset", "model"]).seed.nunique() == 5).all() and len(rows) == 30
    assert set(rows.model[:10]) == {GAN_MODEL}


def test_the_recipes_differ_only_in_the_kind_of_model():
    gan, vae, mmd_vae = (gan_contrast.recipe("mnist", m, 3) for m in (GAN_MODEL, *OTHERS))
    assert type(gan) is runs.GANRecipe and type(vae) is type(mmd_vae) is runs.Recipe
    for recipe in (gan, vae, mmd_vae):
        assert (recipe.dataset, recipe.seed, recipe.latent_dim) == ("mnist", 3, 2)
        assert (recipe.epochs, recipe.batch_size, recipe.limit) == (4, 100, None)


def tables(higher, seeds=5):
    """Rows in which GANs have higher or lower values of each measure, by several deviations."""
    random, rows = np.random.default_rng(0), []
    for model in (GAN_MODEL, *OTHERS):
        for dataset in DATASETS:
            for seed in range(seeds):
                gan = model == GAN_MODEL
                values = {m: random.normal(5 * gan * sign, 0.5) for m, sign in higher.items()}
                rows.append({"dataset": dataset, "model": model, "seed": seed} | values)
    table = pd.DataFrame(rows)
    gans = table[table.model == GAN_MODEL]
    return gans, table[table.model != GAN_MODEL].rename(columns={"model": "objective"})


def verdicts(monkeypatch, gans, models):
    monkeypatch.setattr(gan_contrast, "read", lambda: gans)
    monkeypatch.setattr(ledger.model_table, "rows", lambda table, part: models)
    return pd.DataFrame(ledger._gans(None))


def test_verdicts_follow_from_the_claimed_directions_and_scipy(monkeypatch):
    gans, models = tables({"sample sharpness": 1, "coverage": 1, "marginal cross-entropy": 0})
    found = verdicts(monkeypatch, gans, models)
    assert len(found) == 12 and set(found.family) == {"GAN contrast"}
    by = found.groupby("measure").verdict.agg(set)
    assert by["sample sharpness"] == {"holds"} and by["coverage"] == {"does not hold"}
    assert by["marginal cross-entropy"] == {"can't tell"}
    for row in found.itertuples():
        other = row.comparison.removeprefix(f"{GAN_MODEL} minus ")
        theirs = models[(models.objective == other) & (models.dataset == row.data)]
        ours = gans[gans.dataset == row.data]
        test = stats.ttest_ind(ours[row.measure], theirs[row.measure], equal_var=False)
        assert row.p == pytest.approx(test.pvalue)
        assert (row.low, row.high) == pytest.approx(tuple(test.confidence_interval()))


def test_nothing_is_concluded_while_planned_rows_are_missing(monkeypatch):
    gans, models = tables(dict.fromkeys(CLAIMS, 1))
    assert len(verdicts(monkeypatch, gans[1:], models)) == 0
    assert len(verdicts(monkeypatch, gans, models)) == 12


def test_means_stand_with_their_intervals_and_missing_measures_are_dashes():
    gans, models = tables(dict.fromkeys(gan_contrast.DECIMALS, 1))
    gans = gans.assign(**{"classes hit": 9.0 + (gans.seed > 2)})
    more = models.assign(seed=models.seed + 5, **{"sample sharpness": 99.0})  # not among five seeds
    found = gan_contrast.mean_table(gans, pd.concat([models, more]))
    found = found.set_index(["data", "model"])
    assert list(found) == [*gan_contrast.DECIMALS, "classes hit"] and len(found) == 6
    vaes = models[(models.dataset == "mnist") & (models.objective == "elbo")]["sample sharpness"]
    low, high = stats.ttest_1samp(vaes, 0).confidence_interval()
    said = f"{vaes.mean():.2f} [{low:.2f}, {high:.2f}]"
    assert found.loc[("MNIST", "VAE"), "sample sharpness"] == said
    assert found.loc[("MNIST", "GAN"), "classes hit"] == "9 to 10"
    assert found.loc[("MNIST", "VAE"), "classes hit"] == "–"

    ours = models[models.objective == "elbo"].rename(columns={"objective": "model"})
    gans = pd.concat([gans, ours.assign(**{"classes hit": 7.0})])
    found = gan_contrast.mean_table(gans, models).set_index(["data", "model"])
    assert found.loc[("MNIST", "VAE"), "classes hit"] == "7"
    assert found.loc[("MNIST", "MMD-VAE"), "classes hit"] == "–"


def test_a_table_says_how_many_of_its_planned_gans_it_has():
    gans, models = tables(dict.fromkeys(CLAIMS, 1))
    assert gan_contrast.state(gans) == "All 10 planned GANs are in the table."
    others = models.rename(columns={"objective": "model"})
    few = pd.concat([gans[:3], others])
    assert "has only 3 of the 10 planned GANs" in gan_contrast.state(few)


def test_lesson_10_says_what_the_committed_table_says():
    lesson = (ROOT / "notebooks" / "10_gans.py").read_text(encoding="utf-8")
    lesson = lesson.split("# ## Sharp and few, or soft and all")[1].split("\n# ## ")[0]
    text = " ".join(lesson.replace("\n# ", " ").split())
    ours = gan_contrast.read()
    ours = ours[ours.model == GAN_MODEL]
    theirs = model_table.rows(model_table.read(), "fast")
    theirs = theirs[theirs.objective.isin(OTHERS) & (theirs.seed < 5)]
    (clothes, digits), mean = DATASETS, ours.groupby("dataset").mean(numeric_only=True)
    sharp, covered = mean["sample sharpness"], 100 * mean.coverage
    blurred = theirs[theirs.dataset == clothes].groupby("objective")["sample sharpness"].mean()
    said = f"their sharpness is {sharp[clothes]:.2f}, whereas that of the other models is only "
    said += (
        f"{blurred['elbo']:.2f} and {blurred['post-mmd']:.2f}. On MNIST, it is {sharp[digits]:.2f},"
    )
    assert said in text
    vaes = theirs[(theirs.dataset == clothes) & (theirs.objective == "elbo")].precision.mean()
    assert f"On Fashion-MNIST it is {mean.precision[clothes]:.2f}, so about a third of" in text
    assert f"whereas the VAEs have a precision of {vaes:.2f}." in text
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"]).precision[clothes]
    said = f"real images have a precision of {known['real images']:.2f}, the average of all images "
    said += f"has {known['the average']:.0f}, and even pure noise has {known['noise']:.2f}."
    assert said in text
    said = f"cover {covered[clothes]:.1f} % of the test images on Fashion-MNIST and "
    assert said + f"{covered[digits]:.1f} % on MNIST. This is less than half of what" in text
    covers = 100 * theirs[theirs.objective == "elbo"].groupby("dataset").coverage.mean()
    assert f"even the VAEs cover only about {covers[clothes]:.0f} % of the test images" in text
    assert f"their mean is {mean['marginal cross-entropy'][digits]:.0f} nats" in text
    guessing, nats = 784 * np.log(2), ours[ours.dataset == digits]["marginal cross-entropy"]
    assert f"is even worse than guessing, with {nats.max():.0f} nats" in text
    assert (nats > guessing).sum() == 1
    assert "Nine of the ten training runs hit all ten classes" in text
    assert sorted(ours["classes hit"]) == [9] + 9 * [10]
    assert "No training run of either group comes close to the other group." in text
    for name in DATASETS:
        gans, vaes = ours[ours.dataset == name], theirs[theirs.dataset == name]
        assert gans["sample sharpness"].min() > 5 * vaes["sample sharpness"].max()
        assert gans.coverage.max() < 0.7 * vaes.coverage.min()
        assert gans.coverage.mean() < vaes.groupby("objective").coverage.mean().min() / 2
    found = ledger.read()
    found = found[found.family == gan_contrast.FAMILY]
    assert "holds in all four of its tests, and all corrected p values are below" in text
    assert set(found.verdict) == {"holds"} and found["corrected p"].max() < 0.001


def test_the_command_trains_measures_and_adds_what_is_missing(tmp_path, monkeypatch, space):
    monkeypatch.setattr(gan_contrast, "TABLE", tmp_path / "gans.csv")
    monkeypatch.setattr(gan_contrast, "DATASETS", {"faces": "drawn faces"})
    monkeypatch.setattr(gan_contrast, "SAMPLES", 40)
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(features, "load", lambda name: space)
    monkeypatch.setattr(provenance, "commit", lambda *folders: "abc")
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    keys = [{"dataset": "faces", "model": m, "seed": 0} for m in (GAN_MODEL, *OTHERS)]
    for n in (1, 3, 3):
        monkeypatch.setattr(gan_contrast, "wanted", lambda n=n: keys[:n])
        done = CliRunner().invoke(gan_contrast.main, [])
        assert done.exit_code == 0, done.output
    table = gan_contrast.read(tmp_path / "gans.csv")
    assert table.model.tolist() == [GAN_MODEL, *OTHERS]
    assert set(table) >= {*gan_contrast.KEYS, *CLAIMS, "recall", "precision", "classes hit"}
    assert np.isfinite(table[[*CLAIMS]].to_numpy()).all()
