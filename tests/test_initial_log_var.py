"""Where the log-variances of approximate posteriors begin."""

import json
import re

import numpy as np
import pytest

from vaelib import data, runs
from vaelib.models import VAE
from vaelib.objectives import AUTOENCODER, ELBO, POST_MMD, infovae
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, layers

FACES = data.render_faces(train=200, test=40)


def test_the_log_variances_are_shifted_and_the_means_are_not():
    plain, shifted = (VAE(seed=3, initial_log_var=value) for value in (0.0, -4.0))
    mean, log_var = plain.encode_distribution(FACES.test_images)
    mean_, log_var_ = shifted.encode_distribution(FACES.test_images)
    np.testing.assert_array_equal(mean_, mean)
    np.testing.assert_allclose(log_var_, log_var - 4, atol=1e-5)
    np.testing.assert_array_equal(plain.sample(3, seed=0), shifted.sample(3, seed=0))


def test_a_recipe_with_it_is_trained_saved_and_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    recipe = Recipe("faces", infovae(1, 100), epochs=1, initial_log_var=np.float32(-2))
    assert Recipe.from_config(json.loads(json.dumps(recipe.get_config()))) == recipe
    assert recipe != Recipe("faces", infovae(1, 100), epochs=1)
    run = runs.train(recipe, tmp_path)
    assert "log-var-2" in run.folder.name
    assert runs.load(run.folder).recipe == recipe
    run.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.initial_log_var == -2
    for one, other in zip(loaded.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_from_before_the_setting_existed_begins_at_zero():
    config = Recipe("faces").get_config()
    del config["initial_log_var"]
    assert Recipe.from_config(config) == Recipe("faces")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(objective=POST_MMD), "initial_log_var needs sampled codes: choose an objective"),
        (dict(objective=AUTOENCODER), "initial_log_var needs sampled codes"),
        (dict(initial_log_var=-21), "-20 or more, not -21"),
        (dict(initial_log_var=float("nan")), "-20 or more, not nan"),
    ],
)
def test_what_has_no_such_beginning_is_refused(settings, words):
    given = dict(objective=ELBO, initial_log_var=-1.0) | settings
    for refused in (lambda: VAE(**given), lambda: Recipe("faces", **given)):
        with pytest.raises(ValueError, match=re.escape(words)):
            refused()


def test_an_encoder_without_a_dense_last_layer_or_with_weights_of_its_own_is_refused():
    with pytest.raises(ValueError, match="the encoder ends with Concatenate: choose the conv"):
        VAE(network="gated", initial_log_var=-1)
    encoder = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(784), layers.Reshape((28, 28, 1))])
    with pytest.raises(ValueError, match="given next to encoder"):
        VAE(encoder=encoder, decoder=decoder, initial_log_var=-1)
    at_zero, shifted = (
        Recipe("faces", network=(encoder, decoder), initial_log_var=value).build_model()
        for value in (0, -3)
    )
    _, before = at_zero.encode_distribution(FACES.test_images)
    _, after = shifted.encode_distribution(FACES.test_images)
    np.testing.assert_allclose(after, before - 3, atol=1e-5)
