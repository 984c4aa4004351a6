"""Settings of a model: its latent dimensions, its seed, and what is refused."""

import random

import numpy as np
import pytest
import tensorflow as tf

from vaelib import priors
from vaelib.models import VAE
from vaelib.objectives import POST_MMD, infovae
from vaelib.support.backend import keras


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("objective", [infovae(0.5, 10.0), POST_MMD], ids=str)
def test_any_number_of_latent_dimensions_works(latent_dim, objective, faces):
    model = VAE(latent_dim, objective)
    outputs = model(faces.test_images)
    assert outputs["z"].shape == (60, latent_dim)
    assert outputs["logits"].shape == (60, 28, 28, 1)
    assert np.isfinite(float(model.compute_loss(faces.test_images, y_pred=outputs)))
    assert model.encode(faces.test_images).shape == (60, latent_dim)
    assert model.sample(3).shape == (3, 28, 28, 1)


# ---- The seed


def test_the_seed_determines_the_noise(faces):
    models = [VAE(seed=seed) for seed in (0, 0, 1)]
    z = [np.array(model(faces.test_images)["z"]) for model in models]
    samples = [np.array(model.prior.sample_tensor(9, model.seed_generator)) for model in models]
    for noise in (z, samples):
        np.testing.assert_array_equal(noise[0], noise[1])
        assert not np.allclose(noise[0], noise[2])


BUILT = {
    "convolutional": dict(),
    "gated": dict(network="gated"),
    "mixture": dict(prior=priors.mixture(3)),
    "vamp": dict(prior=priors.vamp(3)),
}


@pytest.mark.parametrize("settings", BUILT.values(), ids=BUILT)
def test_the_seed_alone_determines_the_initial_weights(settings):
    weights = []
    for elsewhere, seed in ((1, 7), (2, np.int64(7)), (1, 8)):
        keras.utils.set_random_seed(elsewhere)
        weights.append(VAE(seed=seed, **settings).get_weights())
    for one, again, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, again)
        if one.std() > 0:  # not a bias, which begins as 0
            assert not np.array_equal(one, other)
    assert sum(one.std() > 0 for one in weights[0]) >= 5


@pytest.mark.parametrize("settings", BUILT.values(), ids=BUILT)
def test_building_a_model_does_not_change_global_random_states(settings):
    keras.utils.set_random_seed(3)
    expected = random.random(), np.random.random(), float(tf.random.uniform(()))
    keras.utils.set_random_seed(3)
    VAE(seed=5, **settings)
    assert (random.random(), np.random.random(), float(tf.random.uniform(()))) == expected


# ---- Refused


@pytest.mark.parametrize(
    "settings, error",
    [
        *[({"latent_dim": value}, ValueError) for value in (0, -1)],
        *[({"seed": value}, ValueError) for value in (-1, 2**32)],
        *[({"latent_dim": value}, TypeError) for value in (True, 2.0, "2", np.float32(2))],
        *[({"seed": value}, TypeError) for value in (True, 2.0, "2", None, np.True_)],
    ],
    ids=str,
)
def test_other_latent_dimensions_and_seeds_are_refused(settings, error):
    (name,) = settings
    with pytest.raises(error, match=rf"^{name} must be an integer.*, not "):
        VAE(**settings)


def test_integers_of_numpy_are_converted_to_those_of_python(tmp_path):
    model = VAE(np.int64(3), seed=np.uint32(2**32 - 1))
    assert (type(model.latent_dim), type(model.seed)) == (int, int)
    model.save(tmp_path / "model.keras")  # as JSON
    assert keras.saving.load_model(tmp_path / "model.keras").seed == 2**32 - 1


def test_an_invalid_objective_is_refused():
    with pytest.raises(TypeError, match=r"objective must be .* not 'elbo'"):
        VAE(objective="elbo")
