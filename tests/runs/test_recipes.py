"""Recipes: their settings are checked and restored from JSON, and determine the folder."""

import dataclasses
import json
import re

import numpy as np
import pytest

from vaelib import losses, priors, runs
from vaelib.models import VAE
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_ELBO,
    POST_MMD,
    Objective,
    beta,
    capacity,
    infovae,
    iwae,
)
from vaelib.priors import STANDARD_NORMAL
from vaelib.runs import provenance
from vaelib.runs.recipes import Recipe, post_recipe
from vaelib.support import files
from vaelib.support.backend import keras
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, UNBIASED_MMD

# ---- The settings


@pytest.mark.parametrize(
    "field, value, error",
    [
        ("dataset", "fashion", ValueError),
        ("objective", "elbo", TypeError),
        *(("latent_dim", 0, ValueError), ("latent_dim", 2.0, TypeError)),
        *(("latent_dim", 785, ValueError), ("seed", "0", TypeError)),
        *(("epochs", -1, ValueError), ("epochs", "10", TypeError), ("epochs", True, TypeError)),
        *(("batch_size", 0, ValueError), ("batch_size", None, TypeError)),
        *(("learning_rate", 0, ValueError), ("learning_rate", 1.5, ValueError)),
        *(("learning_rate", float("nan"), ValueError), ("learning_rate", "1e-3", TypeError)),
        *(("beta_2", 1, ValueError), ("beta_2", -0.5, ValueError), ("beta_2", "0.9", TypeError)),
        *(("schedule", "linear", ValueError), ("optimizer", "sgd", ValueError)),
        *(("seed", -1, ValueError), ("seed", 2**32, ValueError), ("seed", 0.5, TypeError)),
        *(("limit", 0, ValueError), ("limit", 10.0, TypeError)),
        *(("prior", "vamp", TypeError), ("network", "mlp", ValueError)),
        *(("pixels", "black", ValueError), ("pixels", None, ValueError)),
    ],
)
def test_a_value_out_of_range_is_refused_in_one_sentence_that_names_it(field, value, error):
    with pytest.raises(error) as refusal:
        Recipe(**{field: value})
    message = str(refusal.value)
    assert repr(value) in message.replace(",", "")
    assert (field if field != "dataset" else "data set") in message
    assert re.fullmatch(r"[^\n]+\.", message)


RECIPES = [
    Recipe(),
    post_recipe("mnist", POST_MMD, seed=3),
    Recipe("faces", beta(4.0), 5, 2, 32, 1e-3, 0.9, "adam", "constant", 7, limit=100),
    Recipe("faces", infovae(0.5, 2.0)),
    Recipe("faces", beta(1e6)),
    Recipe("faces", AUTOENCODER),
    Recipe("mnist", POST_ELBO),
    Recipe("mnist", ELBO, prior=priors.vamp(20), network="gated", pixels="static", latent_dim=40),
    Recipe("mnist", capacity(10, 5, 5), prior=STANDARD_NORMAL, pixels="threshold"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug)
def test_settings_are_restored_from_json(recipe):
    assert Recipe.from_config(json.loads(json.dumps(recipe.get_config()))) == recipe


def test_numbers_of_numpy_are_converted_to_those_of_python():
    settings = dict(latent_dim=3, epochs=2, batch_size=5, seed=7, limit=9, learning_rate=0.125)
    types = (np.int64, np.int32, np.uint8, np.uint32, np.intp, np.float32)
    given = {name: kind(settings[name]) for name, kind in zip(settings, types, strict=True)}
    recipe = Recipe("faces", **given)
    assert recipe == Recipe("faces", **settings)
    assert [type(getattr(recipe, name)) for name in settings] == [int] * 5 + [float]
    assert json.loads(json.dumps(recipe.get_config())) == recipe.get_config()
    assert recipe.slug == "faces_elbo_3d_2-epochs"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug)
def test_a_slug_is_a_legal_name_for_a_folder(recipe):
    assert re.fullmatch(r"[a-z0-9][a-z0-9_.+-]{0,100}", recipe.slug)


def test_a_slug_can_be_read():
    assert post_recipe("mnist", POST_MMD).slug == "mnist_post-mmd_50-epochs"
    assert Recipe("faces", beta(4.0), epochs=2).slug == "faces_bce-4-kl_2-epochs"


OTHER_ESTIMATE = {KL: CLOSED_FORM_KL, CLOSED_FORM_KL: KL, MMD: UNBIASED_MMD, UNBIASED_MMD: MMD}


def with_other(objective, name):
    """The objective with one setting changed, in a set; empty if the change is refused."""
    value = getattr(objective, name)
    other = not value if isinstance(value, bool) else 3
    if name == "reconstruction":
        other = losses.squared_error
    if name == "terms":
        other = [(weight, OTHER_ESTIMATE[term]) for weight, term in value]
    try:
        return {dataclasses.replace(objective, **{name: other})}
    except ValueError:
        return set()


def test_two_different_objectives_have_different_slugs():
    objectives = {
        *(AUTOENCODER, ELBO, POST_ELBO, POST_MMD, beta(4), beta(0.4), infovae(0.5, 4)),
        *(capacity(10, 5, 5), capacity(10, 5, 6), capacity(10, 6, 5), iwae(2), iwae(3)),
        *(infovae(0.5, 10), infovae(0.1, 4), infovae(1, 4), infovae(1, 40), infovae(0, 7)),
    }
    changes = [(o, field) for o in objectives for field in dataclasses.fields(Objective)]
    for objective, field in changes:  # each setting is changed, then two at once
        objectives |= with_other(objective, field.name)
    for objective in list(objectives):
        objectives |= with_other(objective, "sampled") | with_other(objective, "terms")
    slugs = {Recipe("faces", objective).slug for objective in objectives}
    assert len(objectives) > 100
    assert len(slugs) == len(objectives)


@pytest.mark.parametrize(
    "settings, said",
    [
        (dict(objective=AUTOENCODER, prior=priors.vamp(3)), "nothing in the objective autoencoder"),
        (dict(prior=priors.vamp(10_001)), "components must be an integer from 1 to 10,000"),
        (dict(objective=POST_MMD, network="gated"), "a gated network needs sampled codes"),
    ],
)
def test_incompatible_settings_are_refused_before_training(settings, said):
    with pytest.raises(ValueError, match=said):
        Recipe(**settings)


@pytest.mark.parametrize("classes", [1, 1_001, 200_000])
def test_a_condition_needs_a_data_set_with_some_classes(classes, monkeypatch):
    about = {"name": "mine", "fingerprint": "0", "image_shape": [28, 28, 1], "fit": None}
    about["class_names"] = [str(label) for label in range(classes)]
    config = Recipe().get_config() | {"dataset": about}
    assert Recipe.from_config(config).classes == 0
    monkeypatch.setattr(VAE, "__init__", None)  # no model is built
    said = f"needs a data set with 2 to 1,000 classes, not {classes:,}: choose another data set"
    with pytest.raises(ValueError, match=said):
        Recipe.from_config(config | {"condition": True})


def test_settings_of_older_versions_are_read():
    settings = dict(seed=3, beta_2=0.999, optimizer="adam")
    config = Recipe(**settings).get_config()
    for newer in ("prior", "network", "pixels", "beta_2", "optimizer"):
        del config[newer]
    assert Recipe.from_config(config) == Recipe(**settings)


def test_settings_that_no_recipe_has_or_that_are_missing_are_refused_by_name():
    config = Recipe().get_config()
    with pytest.raises(ValueError, match="momentum"):
        Recipe.from_config(config | {"momentum": 0.9})
    with pytest.raises(ValueError, match="epochs"):
        Recipe.from_config({name: value for name, value in config.items() if name != "epochs"})


def test_the_posts_settings_are_those_of_the_post():
    recipe = post_recipe("fashion_mnist", ELBO)
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (50, 100, 1e-4)
    assert (recipe.schedule, recipe.latent_dim, recipe.limit) == ("constant", 2, None)
    adam = recipe.compiled_model(100).optimizer
    assert (type(adam), adam.beta_2) == (keras.optimizers.Adam, 0.999)  # Keras' own memory


# ---- The schedule


def rates(recipe, train_size, steps):
    model = recipe.compiled_model(train_size)
    found = []
    for step in steps:
        model.optimizer.iterations.assign(step)
        found.append(float(model.optimizer.learning_rate))
    return found


def test_the_learning_rate_warms_up_and_decays_to_5_percent_as_half_a_cosine():
    recipe = Recipe("faces", epochs=10, batch_size=100, learning_rate=2e-3, beta_2=0.9)
    assert recipe.compiled_model(60_000).optimizer.beta_2 == 0.9
    steps = [0, 150, 300, 3150, 6000]  # 6,000 in all, of which 300 to warm up
    expected = [0, 1e-3, 2e-3, 2e-3 * (0.05 + 0.95 / 2), 1e-4]
    np.testing.assert_allclose(rates(recipe, 60_000, steps), expected, rtol=1e-4, atol=1e-9)


def test_a_short_training_run_warms_up_for_a_tenth_of_its_steps():
    recipe = Recipe("faces", epochs=2, batch_size=10, learning_rate=1e-2)
    found = rates(recipe, 100, [0, 1, 2, 20])
    np.testing.assert_allclose(found, [0, 5e-3, 1e-2, 5e-4], rtol=1e-4, atol=1e-9)
    assert rates(Recipe("faces", epochs=1, batch_size=100), 100, [0])[0] == pytest.approx(8e-3)


def test_the_constant_schedule_is_constant():
    recipe = Recipe("faces", learning_rate=1e-4, schedule="constant")
    assert rates(recipe, 60_000, [0, 10, 6000]) == pytest.approx([1e-4] * 3)


# ---- The folder


def folder_for(recipe, directory=None):
    return runs.folder_for(recipe, provenance.run_identity(recipe, "data"), directory)


def test_each_recipe_has_a_different_folder(tmp_path, monkeypatch):
    recipe = Recipe("faces")
    folder = folder_for(recipe, tmp_path)
    assert folder == folder_for(Recipe("faces"), tmp_path)
    assert folder.parent == tmp_path
    assert re.fullmatch(r"faces_elbo_4-epochs_[0-9a-f]{8}", folder.name)
    others = [Recipe("faces", seed=1), Recipe("faces", latent_dim=3), Recipe("faces", limit=9)]
    others += [Recipe("faces", batch_size=50), Recipe("faces", learning_rate=1e-3)]
    others += [Recipe("faces", beta_2=0.999), Recipe("faces", optimizer="adam")]
    assert len({folder_for(other, tmp_path) for other in [recipe, *others]}) == 8
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "own"))
    assert folder_for(recipe) == tmp_path / "own" / folder.name


def test_a_tilde_is_the_users_home(tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.delenv("VAELIB_RUNS_DIR", raising=False)
    monkeypatch.setenv("VAELIB_CACHE_DIR", "~/cache")
    assert files.cache_folder() == tmp_path / "cache"
    assert folder_for(Recipe("faces")).parent == tmp_path / "cache" / "runs"
    monkeypatch.setenv("VAELIB_RUNS_DIR", "~/own")
    assert folder_for(Recipe("faces")).parent == tmp_path / "own"
    assert folder_for(Recipe("faces"), "~/given").parent == tmp_path / "given"


@pytest.mark.parametrize("function", ["code_fingerprint", "versions"])
def test_other_code_or_versions_have_another_folder(function, tmp_path, monkeypatch):
    folder = folder_for(Recipe("faces"), tmp_path)
    monkeypatch.setattr(provenance, function, lambda: "another")
    assert folder_for(Recipe("faces"), tmp_path) != folder
