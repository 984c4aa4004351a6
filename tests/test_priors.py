"""Priors: densities compared with SciPy, samples with densities, and how they are trained."""

import json

import numpy as np
import pytest
from scipy import integrate, special, stats

from study.named_models import fit_mixture
from vaelib import data, priors
from vaelib.batches import Batches
from vaelib.models import VAE
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_MMD,
    Objective,
    beta,
    infovae,
    iwae,
)
from vaelib.priors import STANDARD_NORMAL, Mixture, PriorSpec
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, ops
from vaelib.terms import CLOSED_FORM_KL, UNBIASED_MMD

FACES = data.render_faces(train=200, test=40)
TRAINED = [priors.mixture(3), priors.vamp(3)]
RANDOM = np.random.default_rng(0)
MEANS = RANDOM.normal(0, 2, (3, 2)).astype("float32")
LOG_VARS = RANDOM.normal(-1, 0.5, (3, 2)).astype("float32")
Z = RANDOM.normal(0, 2, (50, 2)).astype("float32")


def by_scipy(z, means, log_vars, weights):
    of_each = [
        np.atleast_1d(stats.multivariate_normal(mean, np.diag(np.exp(log_var))).logpdf(z))
        for mean, log_var in zip(means, log_vars, strict=True)
    ]
    return special.logsumexp(of_each, axis=0, b=np.reshape(weights, (-1, 1)))


# ---- Densities


@pytest.mark.parametrize("weights", [None, [0.6, 0.3, 0.1]])
def test_the_density_of_a_mixture_agrees_with_scipy(weights):
    log_weights = None if weights is None else np.log(weights).astype("float32")
    found = Mixture(MEANS, LOG_VARS, log_weights).log_density(Z)
    expected = by_scipy(Z, MEANS, LOG_VARS, weights or [1 / 3] * 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_far_away_the_density_of_a_mixture_stays_finite():
    far = np.full((1, 2), 1e4, "float32")
    found = np.asarray(Mixture(MEANS, LOG_VARS).log_density(far))
    np.testing.assert_allclose(found, by_scipy(far, MEANS, LOG_VARS, [1 / 3] * 3), rtol=1e-4)


@pytest.mark.parametrize("prior", [STANDARD_NORMAL, *TRAINED], ids=str)
def test_a_density_integrates_to_one(prior):
    built = VAE(prior=prior).prior
    axis = np.linspace(-8, 8, 161)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")
    density = np.exp(np.asarray(built.log_density(grid))).reshape(161, 161)
    whole = integrate.simpson(integrate.simpson(density, x=axis), x=axis)
    assert whole == pytest.approx(1, abs=1e-3)


def test_a_vamp_prior_of_one_pseudo_input_is_the_posterior_of_that_image():
    model = VAE(prior=priors.vamp(1))
    model.prior.initialize(FACES.train_images[:1], seed=0)
    (mean,), (log_var,) = model.encode_distribution(FACES.train_images[:1])
    expected = stats.multivariate_normal(mean, np.diag(np.exp(log_var))).logpdf(Z)
    np.testing.assert_allclose(model.prior.log_density(Z), expected, rtol=1e-4)


def test_the_gradient_of_a_mixtures_density_is_right(gradients):
    (found,) = gradients(lambda z: ops.sum(Mixture(MEANS, LOG_VARS).log_density(z)), Z[:5])
    step = np.float32(1e-2)
    for d in range(2):
        shift = step * np.eye(2, dtype="float32")[d]
        up, down = (by_scipy(Z[:5] + s, MEANS, LOG_VARS, [1 / 3] * 3) for s in (shift, -shift))
        np.testing.assert_allclose(found[:, d], (up - down) / (2 * step), rtol=0.02, atol=0.02)


# ---- Samples


@pytest.mark.parametrize("way", ["sample", "sample_tensor"])
def test_samples_of_a_mixture_have_its_mean_and_covariance(way):
    n = 20_000
    found = Mixture(MEANS, LOG_VARS)
    if way == "sample":
        codes = found.sample(n, seed=1)
    else:
        codes = np.asarray(found.sample_tensor(n, keras.random.SeedGenerator(1)))
    assert codes.shape == (n, 2)
    mean = MEANS.mean(axis=0)
    covariance = np.diag(np.exp(LOG_VARS).mean(axis=0)) + np.cov(MEANS.T, bias=True)
    np.testing.assert_allclose(codes.mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(codes.T), covariance, atol=0.12)


def test_components_are_sampled_by_their_weights():
    means = np.array([[0.0], [100.0]], "float32")
    found = Mixture(means, np.zeros((2, 1), "float32"), np.log([0.9, 0.1]))
    assert (found.sample(5_000) > 50).mean() == pytest.approx(0.1, abs=0.02)
    sampled = np.asarray(found.sample_tensor(5_000, keras.random.SeedGenerator(0)))
    assert (sampled > 50).mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("prior", [STANDARD_NORMAL, *TRAINED], ids=str)
def test_sampled_images_are_decoded_codes_and_depend_on_the_seed_alone(prior):
    model = VAE(prior=prior)
    codes = model.prior.sample(5, seed=2)
    np.testing.assert_array_equal(model.sample(5, seed=2), model.decode(codes))
    np.testing.assert_array_equal(model.prior.sample(5, seed=2), codes)
    assert not np.allclose(model.prior.sample(5, seed=3), codes)


# ---- Training


@pytest.mark.parametrize("prior", TRAINED, ids=str)
@pytest.mark.parametrize("objective", [ELBO, beta(0.1), iwae(2), infovae(1, 50.0)], ids=str)
def test_a_trained_prior_works_with_every_sampled_objective(prior, objective, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    model = Recipe("faces", objective, prior=prior).compiled_model(len(FACES.train_images))
    model.prior.initialize(FACES.train_images, seed=0)
    before = [np.array(v) for v in model.prior.trainable_variables]
    batches = Batches(FACES.train_images, 100, seed=0)
    model.fit(batches.to_tf_dataset(), steps_per_epoch=2, shuffle=False, verbose=0)
    assert before
    for start, now in zip(before, model.prior.trainable_variables, strict=True):
        assert np.abs(np.array(now) - start).max() > 0


def test_pseudo_inputs_start_as_training_images_and_stay_in_the_range_of_pixels(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    recipe = Recipe("faces", ELBO, prior=priors.vamp(7), learning_rate=0.02, schedule="constant")
    model = recipe.compiled_model(len(FACES.train_images))
    model.prior.initialize(FACES.train_images, seed=0)
    images = np.array(model.prior.pseudo_inputs)
    pixels = {image.tobytes() for image in FACES.train_images}
    found = [np.round(image * 255).astype("uint8").tobytes() for image in images]
    assert set(found) <= pixels and len(set(found)) == 7
    model.fit(
        Batches(FACES.train_images, 50, 0).to_tf_dataset(),
        steps_per_epoch=4,
        shuffle=False,
        verbose=0,
    )
    trained = np.array(model.prior.pseudo_inputs)
    assert np.abs(trained - images).max() > 0.01
    assert trained.min() >= 0 and trained.max() <= 1  # black pixels get gradients either way


def test_the_constraint_of_pseudo_inputs_is_of_the_kind_that_every_supported_keras_takes():
    constraint = VAE(prior=priors.vamp(1)).prior.pseudo_inputs.constraint
    assert isinstance(constraint, keras.constraints.Constraint)  # 3.12 to 3.14 refuse a function


def test_the_encoder_is_counted_once_and_is_no_part_of_the_prior():
    model = VAE(prior=priors.vamp(4))
    assert model.count_params() == VAE().count_params() + 4 * 784
    assert [v.name for v in model.prior.variables] == ["pseudo_inputs"]


@pytest.mark.parametrize("prior", TRAINED, ids=str)
def test_a_prior_is_saved_with_the_model(prior, tmp_path):
    model = VAE(prior=prior, seed=3)
    model.prior.initialize(FACES.train_images, seed=5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.prior.log_density(Z), model.prior.log_density(Z))
    np.testing.assert_array_equal(loaded.sample(3), model.sample(3))


# ---- The control


def test_a_mixture_fitted_afterwards_finds_the_clusters_of_the_codes():
    codes = Mixture(np.array([[0, 5], [5, 0]], "float32"), np.full((2, 2), -2.0), None)
    found = fit_mixture(codes.sample(4_000), 2)
    np.testing.assert_allclose(sorted(np.asarray(found.means).tolist()), [[0, 5], [5, 0]], atol=0.1)
    np.testing.assert_allclose(found.log_vars, -2, atol=0.15)
    z = codes.sample(50, seed=1).astype("float32")
    np.testing.assert_allclose(found.log_density(z), codes.log_density(z), atol=0.3)


# ---- Refused


@pytest.mark.parametrize(
    "settings, error, said",
    [
        (("gamma",), ValueError, "unknown prior 'gamma': choose one of normal, mixture, vamp."),
        (("vamp", 0), ValueError, "components must be an integer, 1 or more, not 0."),
        (("mixture", 2.0), TypeError, "components must be an integer, 1 or more, not 2.0."),
        (("mixture", True), TypeError, "components must be an integer, 1 or more, not True."),
        (("normal", 2), ValueError, "components must be an integer from 1 to 1, not 2."),
    ],
)
def test_settings_that_no_prior_has_are_refused(settings, error, said):
    with pytest.raises(error, match=said):
        PriorSpec(*settings)


def test_components_may_be_an_integer_of_numpy():
    prior = PriorSpec("vamp", np.int64(3))
    assert prior == priors.vamp(3)
    assert json.loads(json.dumps(prior.get_config())) == {"kind": "vamp", "components": 3}


@pytest.mark.parametrize(
    "prior, objective, said",
    [
        (priors.vamp(3), Objective(terms=[1 * CLOSED_FORM_KL]), "assumes the standard normal"),
        (priors.mixture(3), infovae(1, 5, mmd=UNBIASED_MMD), "assumes the standard normal"),
        (priors.mixture(3), AUTOENCODER, "nothing in the objective autoencoder would train"),
        (priors.vamp(3), POST_MMD, "needs sampled codes"),
    ],
)
def test_a_prior_that_the_objective_can_not_train_is_refused(prior, objective, said):
    with pytest.raises(ValueError, match=said):
        VAE(objective=objective, prior=prior)


def test_an_invalid_prior_is_refused():
    with pytest.raises(TypeError, match=r"prior must be a vaelib PriorSpec such as .* not 'vamp'"):
        VAE(prior="vamp")
    with pytest.raises(TypeError, match=r"prior must be a vaelib PriorSpec such as .* not 'vamp'"):
        Recipe(prior="vamp")


def test_more_pseudo_inputs_than_images_are_refused():
    with pytest.raises(ValueError, match="2 training images for 3 pseudo-inputs"):
        VAE(prior=priors.vamp(3)).prior.initialize(FACES.train_images[:2], seed=0)
