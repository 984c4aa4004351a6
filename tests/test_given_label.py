"""A conditional model with a fixed label, and measures of images with different labels."""

import copy
import pickle
import re
from functools import partial

import numpy as np
import pytest

from vaelib.conditioning import for_each_label
from vaelib.measures import decoded_images, likelihood
from vaelib.models import VAE
from vaelib.objectives import POST_MMD
from vaelib.priors import Mixture

CLASSES = 3
IMAGES = np.random.default_rng(0).random((6, 28, 28, 1), "float32")
LABELS = np.array([2, 0, 2, 0, 0, 2])


@pytest.fixture(scope="module")
def model():
    return VAE(condition=CLASSES)


# ---- A fixed label


def test_it_is_copied_and_pickled_with_its_model(model):
    given = model.given(1)
    expected = given.encode(IMAGES)
    assert repr(given) == f"<{model.name} given label 1>"
    assert copy.copy(given).model is model
    for other in (copy.copy(given), copy.deepcopy(given), pickle.loads(pickle.dumps(given))):
        assert other.label == 1
        np.testing.assert_allclose(other.encode(IMAGES), expected, atol=1e-6)


def test_its_attributes_are_those_of_the_model_and_cannot_be_set(model):
    given, own = model.given(1), model.prior
    for name in ("prior", "label", "anything"):
        with pytest.raises(AttributeError, match=f"'{name}' .* cannot be set: set it on the model"):
            setattr(given, name, 0)
    try:
        model.prior = Mixture(means=np.full((1, 2), 3.0), log_vars=np.full((1, 2), -9.0))
        assert given.prior is model.prior
        np.testing.assert_array_equal(given.sample(3, seed=1), model.sample(3, 1, seed=1))
    finally:
        model.prior = own


@pytest.mark.parametrize(
    "name", ["fit", "evaluate", "predict", "save", "summary", "compile", "given", "get_weights"]
)
def test_what_a_fixed_label_does_not_allow_is_refused(name, model):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': use that of the model") as no:
        getattr(model.given(1), name)
    assert re.fullmatch(r"[^\n]+\.", str(no.value))
    assert not callable(model.given(1))


def test_its_networks_take_lists_and_bytes(model):
    given = model.given(2)
    np.testing.assert_allclose(
        given.decoder([[0.0, 0.5]]), given.decoder(np.array([[0.0, 0.5]], "float32")), atol=1e-6
    )
    pixels = np.round(255 * IMAGES).astype("uint8")
    mean, _ = given.encode_distribution(pixels)
    np.testing.assert_allclose(np.array(given.encoder(pixels))[:, :2], mean, atol=1e-5)


def test_a_model_without_a_condition_has_no_label_to_fix(model):
    for use in (
        lambda: VAE().given(0),
        lambda: for_each_label(likelihood.elbo, VAE(), IMAGES, LABELS),
        lambda: for_each_label(likelihood.elbo, model.given(0), IMAGES, LABELS),
        lambda: for_each_label(likelihood.elbo, None, IMAGES, LABELS),
    ):
        with pytest.raises(ValueError, match="has no condition, or its label is fixed already"):
            use()


@pytest.mark.parametrize(
    "measure",
    [
        lambda model: likelihood.log_likelihood(model, IMAGES, step=1.0, limit=5.0),
        lambda model: likelihood.true_posterior(model, IMAGES, np.zeros((4, 2))),
        lambda model: likelihood.elbo(model, IMAGES),
        lambda model: likelihood.importance_sampled_log_likelihood(model, IMAGES, 2),
        lambda model: decoded_images.mean_squared_error(model, IMAGES),
        lambda model: decoded_images.mean_cross_entropy(model, IMAGES),
    ],
)
def test_measures_of_the_conditional_model_itself_say_what_to_do(measure, model):
    with pytest.raises(ValueError, match=r"use model\.given\(label\) in place of the") as refusal:
        measure(model)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))
    assert np.isfinite(measure(model.given(1))).all()


def test_the_noise_of_different_labels_is_independent(model):
    """The rank of an image in its class must not determine its noise."""

    for measure in (
        likelihood.elbo,
        partial(likelihood.importance_sampled_log_likelihood, samples=1),
    ):
        found = [
            for_each_label(partial(measure, seed=seed), model, IMAGES[[0, 0]], [0, 1])
            for seed in range(60)
        ]
        correlation = np.corrcoef(np.transpose(found))[0, 1]
        assert abs(correlation) < 0.4  # 3 standard errors; 0.9 with the same noise


# ---- Images with different labels


def test_results_keep_their_order_and_type(model):
    def number(given, images):
        return (10 * given.label + np.arange(len(images))).astype("int16")

    found = for_each_label(number, model, IMAGES, LABELS)
    assert (found.tolist(), found.dtype) == ([20, 0, 21, 1, 2, 22], np.int16)
    assert for_each_label(number, model, IMAGES.tolist(), 1).tolist() == [*range(10, 16)]
    for kind in ("float32", "bool", "complex64"):
        found = for_each_label(lambda g, x: np.ones(len(x), kind), model, IMAGES, LABELS)  # noqa: B023
        assert found.dtype == kind
    assert for_each_label(lambda g, x: x.mean((1, 2)).tolist(), model, IMAGES, LABELS).shape == (
        6,
        1,
    )


def test_tuples_of_results_are_joined_one_by_one(model):
    """Two images in each class: a tuple of two arrays has the shape of rows."""
    images, labels = IMAGES[:4], LABELS[:4]
    rate, distortion = for_each_label(likelihood.rate_distortion, model, images, labels)
    bound = for_each_label(likelihood.elbo, model, images, labels)
    np.testing.assert_allclose(-rate - distortion, bound, rtol=1e-6)
    mean, log_var = for_each_label(lambda g, x: g.encode_distribution(x), model, images, labels)
    expected = model.encode_distribution(images, labels)
    np.testing.assert_allclose([mean, log_var], expected, atol=1e-6)
    fixed = VAE(objective=POST_MMD, condition=CLASSES)
    mean, log_var = for_each_label(lambda g, x: g.encode_distribution(x), fixed, images, labels)
    assert mean.shape == (4, 2) and log_var is None


@pytest.mark.parametrize(
    "measure",
    [
        lambda given, images: given.encode(images).mean(),
        lambda given, images: given.encode(images).mean(axis=0),
        lambda given, images: given.encode(images)[1:],
        lambda given, images: given.encode(images).T,
        lambda given, images: None,
        lambda given, images: ["a"] * len(images),
        lambda given, images: [[1]] + [[1, 2]] * (len(images) - 1),
        lambda given, images: np.zeros((len(images), 1 + given.label)),
        lambda given, images: (given.encode(images), None if given.label else images),
        lambda given, images: (given.encode(images),) if given.label else given.encode(images),
    ],
)
def test_results_that_are_not_one_for_each_image_are_refused(measure, model):
    with pytest.raises(ValueError, match=r"the measure returns .*for each image\.$") as refusal:
        for_each_label(measure, model, IMAGES, LABELS)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))


def test_tuples_of_different_lengths_are_refused(model):
    with pytest.raises(ValueError, match="tuples of different lengths for different labels"):
        for_each_label(lambda g, x: (x,) * (1 + g.label), model, IMAGES, LABELS)


@pytest.mark.parametrize(
    "images, labels, error, said",
    [
        (IMAGES[:0], LABELS[:0], ValueError, r"images of shape \(0, 28, 28, 1\): expected"),
        ([], [], ValueError, r"images of shape \(0,\): expected"),
        (IMAGES, None, ValueError, "no label is given"),
        (IMAGES, LABELS[:2], ValueError, r"labels of shape \(2,\) .* expected shape \(6,\)"),
        (IMAGES, LABELS + 1, ValueError, r"labels from 1 to 3: expected shape \(6,\)"),
        (IMAGES, LABELS / 2, TypeError, "labels of type float64: expected"),
    ],
)
def test_wrong_images_and_labels_are_refused(images, labels, error, said, model):
    with pytest.raises(error, match=said) as refusal:
        for_each_label(likelihood.elbo, model, images, labels)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))
