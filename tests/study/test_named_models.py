"""The models of the study, by name: what each name means, and which are none."""

import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest

from study import contrasts, model_table, named_models
from vaelib import data, runs
from vaelib.objectives import capacity, infovae
from vaelib.priors import vamp
from vaelib.runs.recipes import post_recipe
from vaelib.terms import CLOSED_FORM_KL

FACES = data.render_faces(train=120, test=60)


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Few images to train on, and a folder for what was trained."""
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))


def settings_of(name):
    """What a name means: settings by the names under which earlier versions saved them."""
    objective = named_models.OBJECTIVES[name]
    return {
        "reconstruction": objective.reconstruction.__name__,
        "kl_weight": objective.weight("kl"),
        "mmd_weight": objective.weight("mmd"),
        "sampled": objective.sampled,
        "closed_form_kl": any(term == CLOSED_FORM_KL for _, term in objective.terms),
    }


def test_one_thing_changes_at_a_time():
    def settings(name):
        return {k: v for k, v in settings_of(name).items() if k != "closed_form_kl"}

    def changed(one, other):
        a, b = settings(one), settings(other)
        return {name for name in a if a[name] != b[name]}

    pixels, weights, code = {"reconstruction"}, {"kl_weight", "mmd_weight"}, {"sampled"}
    for as_posted, elbo, mmd in (contrasts.CROSS_ENTROPY, contrasts.SQUARED_ERROR):
        assert changed(as_posted, elbo) == {"kl_weight"}
        assert changed(elbo, mmd) == changed(as_posted, mmd) == weights | code
    for one, other in zip(contrasts.CROSS_ENTROPY, contrasts.SQUARED_ERROR, strict=True):
        assert changed(one, other) == pixels
    assert changed("mmd-sampled", "mmd-deterministic") == code
    assert changed("mmd-sampled-squared-error", "post-mmd") == code
    assert changed("elbo", "mmd-sampled") == weights
    assert changed("elbo-squared-error", "elbo-matched") == {"kl_weight"}
    assert changed("post-mmd", "mmd-matched") == {"mmd_weight"}
    assert changed("autoencoder", "mmd-deterministic") == {"mmd_weight"}
    assert changed("elbo", "untrained") == set()
    assert tuple(named_models.OBJECTIVES) == tuple(named_models.TITLES) == model_table.FACTORIAL


def test_the_names_in_the_table_mean_what_they_meant():
    """Rows name a model by a word. Who changes what a word means has to make its rows again."""
    meant = {name: settings_of(name) for name in named_models.OBJECTIVES}
    digest = hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()
    assert digest[:16] == "aa9fca8ea72706ae"


def test_matched_weights_are_the_same_part_of_both_losses():
    for name, term in {"elbo": "kl", "mmd": "mmd"}.items():
        whole = "elbo-squared-error" if name == "elbo" else "post-mmd"
        full, matched = (
            named_models.OBJECTIVES[n].weight(term) for n in (whole, f"{name}-matched")
        )
        assert matched == pytest.approx(named_models.MATCH * full)


@pytest.mark.parametrize(
    "asked",
    [
        *["elbow", "beta", "beta(", "beta()", "beta(x)", "beta(0.1", "beta(0.1)(2)", "beta(0.1))"],
        *["open('x')", "os.system(1)", "(1)(2)", "losses.beta(1)", "beta(1); 2", "[beta(1)]"],
        *["beta(1,)", "beta(nan)", "beta(__import__)", "beta(kl_weight=1)", "", 3, None],
    ],
)
def test_a_name_that_is_none_is_refused(asked):
    refusal = re.escape(f"unknown objective {asked!r}: choose one of untrained, ")
    with pytest.raises(ValueError, match=refusal + r".*infovae\(\.\.\.\), iwae\(\.\.\.\)\.$"):
        named_models.recipe("faces", asked)


@pytest.mark.parametrize("asked", ["vamp", "vamp()", "vamp(3", "fitted(0)", "fitted(3", 3, None])
def test_a_prior_that_is_none_is_refused(asked):
    refusal = re.escape(f"unknown prior {asked!r}: choose one of normal, mixture(20)")
    with pytest.raises(ValueError, match=refusal):
        named_models.recipe("faces", "elbo", asked)


@pytest.mark.parametrize(
    "asked, reason",
    [
        ("infovae(1)", r"'infovae\(1\)' can't be called: .*missing"),
        ("infovae(1, 2, 3, 4, 5, 6)", "can't be called: "),
        ("beta(-1)", "the weight of KL must be a finite number, 0 or more, not -1"),
        ("iwae(0)", "samples must be an integer, 1 or more, not 0"),
        ("iwae(1.5)", "samples must be an integer, 1 or more, not 1.5.$"),
    ],
)
def test_a_call_with_other_numbers_is_refused(asked, reason):
    with pytest.raises(ValueError, match=reason):
        named_models.recipe("faces", asked)


def test_a_call_is_the_value_that_it_makes():
    found = named_models.recipe(
        "faces", "infovae(0.5, 10)", "vamp(7)", latent_dim=8, seed=3, epochs=2
    )
    expected = infovae(0.5, 10), vamp(7)
    assert (found.objective, found.prior) == expected
    assert (found.latent_dim, found.seed, found.epochs, found.limit) == (8, 3, 2, None)
    assert named_models.recipe("faces", "capacity(10, 4, 5)").objective == capacity(10, 4, 5)
    assert (
        named_models.recipe("faces", "beta(1e-2)").objective == named_models.OBJECTIVES["post-elbo"]
    )


def test_the_rows_of_the_table_are_of_models_that_can_be_trained():
    table = pd.read_csv(model_table.TABLE)
    asked = table[["dataset", "objective", "prior", "schedule"]].drop_duplicates()
    assert len(asked) >= 24
    for words in asked.itertuples(index=False):
        named_models.recipe(*words)


def test_schedules_are_the_recipes_own_and_the_posts():
    fast, slow = (
        named_models.recipe("mnist", "elbo", schedule=name, seed=3)
        for name in named_models.SCHEDULES
    )
    assert fast == runs.Recipe("mnist", named_models.OBJECTIVES["elbo"], seed=3)
    assert slow == post_recipe("mnist", named_models.OBJECTIVES["elbo"], seed=3)
    with pytest.raises(ValueError, match="unknown schedule 'slow': choose one of fast, post"):
        named_models.recipe("mnist", "elbo", schedule="slow")


@pytest.mark.parametrize("objective", ["elbo", "post-mmd", "untrained"])
def test_a_prior_fitted_after_training_changes_the_prior_alone(objective, kept):
    model = named_models.trained_model("faces", objective, epochs=1, limit=40)
    control = named_models.trained_model("faces", objective, "fitted(3)", epochs=1, limit=40)
    for ours, theirs in zip(control.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    codes = named_models.sample_codes(model, FACES.train_images[:40])  # that it was fitted to
    fit, start = (np.mean(m.prior.log_density(np.float32(codes))) for m in (control, model))
    assert fit > start
    means = np.asarray(control.prior.means)
    assert means.shape == (3, 2)
    again = named_models.trained_model("faces", objective, "fitted(3)", epochs=1, limit=40)
    np.testing.assert_array_equal(again.prior.means, means)


def test_a_prior_is_fitted_to_codes_sampled_for_the_training_images(monkeypatch, kept):
    seen = []
    monkeypatch.setattr(named_models, "fit_mixture", lambda codes, *_: seen.append(codes))
    for objective in ("elbo", "post-mmd"):
        settings = dict(epochs=1, limit=40)
        named_models.trained_model("faces", objective, "fitted(3)", **settings)
        model = named_models.trained_model("faces", objective, **settings)
        mean, log_var = model.encode_distribution(FACES.train_images[:40])
        if log_var is None:
            np.testing.assert_array_equal(seen[-1], mean)
        else:
            noise = (seen[-1] - mean) / np.exp(log_var / 2)
            assert noise.shape == (40, 2) and 0.7 < noise.std() < 1.3
