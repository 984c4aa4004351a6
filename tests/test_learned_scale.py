"""A model that learns the standard deviation of its pixels finds the one of its images."""

import numpy as np
import pytest

from vaelib import runs
from vaelib.data import Dataset
from vaelib.losses import gaussian_nll
from vaelib.measures import likelihood
from vaelib.objectives import Objective
from vaelib.runs.recipes import Recipe
from vaelib.terms import KL

NOISE = 0.06
VAE_OF_DENSITY = Objective(gaussian_nll, [1 * KL])


def gray_with_noise(n, shape=(16, 16, 1)):
    """Images of one gray, with noise that no code can tell: the best decoder says 1/2."""
    pixels = np.random.default_rng(n).normal(0.5, NOISE, (n, *shape))
    return np.round(255 * pixels.clip(0, 1)).astype("uint8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    images, labels = gray_with_noise(660), np.zeros(660, "uint8")
    parts = images[:600], labels[:600], images[600:], labels[600:]
    dataset = Dataset("gray", *parts, ("gray",), "made on the spot")
    recipe = Recipe(dataset, VAE_OF_DENSITY, epochs=40, batch_size=30)
    return runs.train(recipe, tmp_path_factory.mktemp("runs"))


def test_the_standard_deviation_of_the_pixels_is_learned(trained):
    assert np.exp(float(trained.model.log_scale.numpy())) == pytest.approx(NOISE, rel=0.02)


def test_the_loss_is_the_entropy_of_the_noise(trained):
    entropy = 256 * (0.5 * np.log(2 * np.pi * np.e) + np.log(NOISE))  # negative: it is a density
    assert trained.history["loss"][-1] == pytest.approx(entropy, rel=0.02)
    assert trained.history["kl"][-1] < 0.5


def test_the_likelihood_is_that_of_the_noise_and_the_bound_is_tight(trained):
    images = gray_with_noise(40)
    found = likelihood.log_likelihood(trained.model, images, step=0.2, limit=4)
    residuals = images / 255 - 0.5
    expected = -(residuals**2).sum((1, 2, 3)) / (2 * NOISE**2) - 256 * np.log(
        NOISE * np.sqrt(2 * np.pi)
    )
    np.testing.assert_allclose(found, expected, atol=3)
    sampled = likelihood.importance_sampled_log_likelihood(trained.model, images[:5], samples=200)
    np.testing.assert_allclose(sampled, found[:5], atol=0.2)
    rate, distortion = likelihood.rate_distortion(trained.model, images)
    assert -np.mean(rate + distortion) == pytest.approx(found.mean(), abs=0.5)
    assert -np.mean(rate + distortion) <= found.mean() + 0.05


def test_the_true_posterior_is_the_prior_where_the_decoder_ignores_the_code(trained):
    axis = np.linspace(-4, 4, 41)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")
    [found] = likelihood.true_posterior(trained.model, gray_with_noise(1), codes)
    prior = np.exp(-0.5 * (codes**2).sum(axis=1))
    np.testing.assert_allclose(found, prior / prior.sum(), atol=2e-3)
