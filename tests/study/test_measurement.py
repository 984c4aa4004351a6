"""Rows of the study's tables: every measure of one model, and of known images."""

from dataclasses import replace

import numpy as np
import pytest

import drawn
from study import measurement, named_models
from vaelib import data, measures
from vaelib.measures import features, likelihood

FACES = data.render_faces(train=120, test=60)
SAMPLED_ONLY = {"bound gap", "rate", "distortion", "mutual information", "aggregate KL"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, value in {"SAMPLES": 40, "PLACES": 30, "CODES": 5}.items():
        monkeypatch.setattr(measurement, name, value)
    monkeypatch.setattr(likelihood, "DEFAULT_STEPS", 20)


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


@pytest.mark.parametrize("objective", named_models.OBJECTIVES)
def test_every_model_gets_every_measure(objective):
    model = named_models.recipe("faces", objective).compiled_model(100)
    row = measurement.measure(model, FACES, flatten)
    assert len(row) > 30
    missing = {name for name, value in row.items() if np.isnan(value)}
    assert missing == {"NLL"} | (set() if model.objective.sampled else SAMPLED_ONLY)
    assert row == pytest.approx(measurement.measure(model, FACES, flatten), nan_ok=True)


@pytest.mark.parametrize(
    "latent_dim, objective, prior",
    [
        *[
            (8, "elbo", "normal"),
            (20, "post-mmd", "normal"),
            (40, "infovae(0.5, 9)", "vamp(3)"),
        ],
        *[(2, "elbo", "mixture(3)"), (2, "iwae(2)", "vamp(3)"), (2, "capacity(9, 4, 5)", "normal")],
    ],
)
def test_the_family_is_measured_too(latent_dim, objective, prior):
    asked = named_models.recipe("faces", objective, prior, latent_dim=latent_dim)
    model = asked.compiled_model(100)
    row = measurement.measure(model, FACES, flatten)
    expected = {"NLL"}
    if latent_dim > 2:
        expected |= {"grid on manifold", "marginal cross-entropy", "bound gap", "occupancy"}
    # A bound from samples, where the KL keeps the clouds wide enough to sample from.
    sampled = latent_dim > 2 and model.objective.weight("kl") > 0
    assert ("marginal cross-entropy, sampled" in row) == sampled
    if prior != "normal":
        expected |= set(measurement.TO_NORMAL)
    if not model.objective.sampled:
        expected |= SAMPLED_ONLY
    assert {name for name, value in row.items() if np.isnan(value)} == expected


def test_codes_are_compared_with_the_models_own_prior():
    """A prior far from the origin, where all codes lie too: at N(0, I) nothing would fit."""
    model = named_models.recipe("faces", "elbo", "mixture(1)").compiled_model(100)
    model.prior.means.assign([[9.0, 0.0]])
    model.prior.log_vars.assign([[-6.0, -6.0]])
    here = np.float32([9, 0])
    random = np.random.default_rng(0)

    def codes(images):
        return (here + random.normal(0, 0.05, (len(images), 2))).astype("float32")

    model.encode = codes
    model.encode_distribution = lambda images: (codes(images), np.full((len(images), 2), -6.0))
    row = measurement.measure(model, FACES, flatten)
    assert row["held-out MMD²"] < 0.05
    assert abs(row["aggregate KL"]) < 2  # some 40 to N(0, I)


@pytest.mark.parametrize("latent_dim", [2, 8])
@pytest.mark.parametrize("prior", ["normal", "mixture(3)", "vamp(3)"])
def test_whatever_the_prior_is_the_share_on_the_manifold_is_that_of_its_samples(prior, latent_dim):
    """Of a decoder that knows one real image, and gives white ones for half of the codes."""
    model = named_models.recipe("faces", "elbo", prior, latent_dim=latent_dim).compiled_model(100)
    real = FACES.test_images[:40] / np.float32(255)
    inside = measures.Manifold(flatten(real), share=0.5).contains(flatten(real))
    known = real[inside.argmax()]

    middle = np.median(model.prior.sample(1_000, 9)[:, 0])

    def right(z):
        return z[:, 0] > middle

    model.decode = lambda z: np.where(right(z)[:, None, None, None], known, np.ones_like(known))
    for seed in (0, 1):
        row = measurement.measure(model, FACES, flatten, seed)
        assert row["prior on manifold"] == right(model.prior.sample(40, seed)).mean()
        assert 0.2 < row["prior on manifold"] < 0.8


def test_a_likelihood_is_one_of_black_and_white_pixels():
    model = named_models.recipe("faces", "elbo", pixels="threshold").compiled_model(100)
    row = measurement.measure(model, FACES.binarize("threshold"), flatten)
    gray = measurement.measure(model, FACES, flatten)
    assert row["NLL"] > 0 and np.isnan(row["marginal cross-entropy"])
    assert gray["marginal cross-entropy"] > 0 and np.isnan(gray["NLL"])
    expected = -likelihood.log_likelihood(model, FACES.binarize("threshold").test_images).mean()
    assert row["NLL"] == pytest.approx(expected)


OF_CLASSES = {"15-NN accuracy", "probe accuracy", "silhouette", "cluster agreement"}


@pytest.mark.parametrize(("name", "prior"), [("frey_faces", "normal"), ("cifar10", "vamp(3)")])
def test_images_of_another_shape_are_measured_too_and_without_classes(name, prior):
    pictures = drawn.dataset(data.DATASETS[name].image_shape, train=80, test=60, name=name)
    classes = data.DATASETS[name].class_names
    if len(classes) == 1:
        none = {
            f"{part}_labels": 0 * getattr(pictures, f"{part}_labels") for part in ("train", "test")
        }
        pictures = replace(pictures, class_names=classes, **none)
    model = named_models.recipe(name, "elbo", prior).compiled_model(100)
    row = measurement.measure(model, pictures, features.pixel_features)
    missing = {measure for measure, value in row.items() if np.isnan(value)}
    assert (missing >= OF_CLASSES) == (len(classes) == 1)
    assert not missing & {"pixel MSE", "path length", "coverage", "held-out MMD²", "rate"}


def test_the_posts_weight_of_mmd_grows_with_the_values_of_an_image():
    weights = {
        name: named_models.recipe(name, "post-mmd").objective.weight("mmd")
        for name in ("mnist", "frey_faces", "cifar10")
    }
    assert weights == {"mnist": 784, "frey_faces": 560, "cifar10": 3_072}
