"""The terms of the loss: correct, finite, one number per image; other shapes are refused."""

import re

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from vaelib import losses
from vaelib.support.backend import ops

PIXEL_TERMS = [losses.binary_cross_entropy, losses.squared_error]
CODE_TERMS = {
    "gaussian_log_density": losses.gaussian_log_density,
    "gaussian_kl": lambda z, z_mean, z_log_var: losses.gaussian_kl(z_mean, z_log_var),
    "sampled_kl": losses.sampled_kl,
}


def images_and_logits(batch=5, shape=(28, 28, 1)):
    random = np.random.default_rng(batch)
    images = random.random((batch, *shape), dtype="float32")
    return images, random.normal(0, 3, images.shape).astype("float32")


def codes(batch=5, latent_dim=3):
    """z, z_mean and z_log_var, z sampled from the Gaussian that the other two describe."""
    random = np.random.default_rng(batch)
    z_mean, z_log_var, noise = random.normal(0, 1, (3, batch, latent_dim)).astype("float32")
    return z_mean + np.exp(z_log_var / 2) * noise, z_mean, z_log_var


def summed(values):  # (batch, ...) -> (batch,)
    return values.reshape(len(values), -1).sum(axis=1)


# ---- One number per image


@pytest.mark.parametrize("batch", [1, 2, 7])
@pytest.mark.parametrize("term", PIXEL_TERMS)
def test_pixel_terms_give_one_number_per_image(term, batch):
    assert term(*images_and_logits(batch)).shape == (batch,)


@pytest.mark.parametrize("batch", [1, 2, 7])
@pytest.mark.parametrize("term", CODE_TERMS.values(), ids=CODE_TERMS)
def test_code_terms_give_one_number_per_image(term, batch):
    assert term(*codes(batch)).shape == (batch,)


@pytest.mark.parametrize("term", PIXEL_TERMS)
def test_the_reconstruction_is_summed_per_image_not_over_the_batch(term):
    images, logits = images_and_logits()
    once = np.array(term(images, logits))
    twice = np.array(term(np.tile(images, (2, 1, 1, 1)), np.tile(logits, (2, 1, 1, 1))))
    np.testing.assert_allclose(twice, np.tile(once, 2), rtol=1e-6)
    one_by_one = [float(term(images[i : i + 1], logits[i : i + 1])[0]) for i in range(len(images))]
    np.testing.assert_allclose(once, one_by_one, rtol=1e-6)


# ---- Right


def test_binary_cross_entropy_is_its_definition():
    images, logits = images_and_logits()
    x, logit = images.astype(float), logits.astype(float)
    expected = summed(-x * special.log_expit(logit) - (1 - x) * special.log_expit(-logit))
    np.testing.assert_allclose(losses.binary_cross_entropy(images, logits), expected, rtol=1e-5)


def test_squared_error_is_its_definition():
    images, logits = images_and_logits()
    expected = summed((images.astype(float) - special.expit(logits.astype(float))) ** 2)
    np.testing.assert_allclose(losses.squared_error(images, logits), expected, rtol=1e-5)


def test_gaussian_log_density_is_that_of_scipy():
    z, mean, log_var = codes()
    expected = stats.norm.logpdf(z, mean, np.exp(log_var.astype(float) / 2)).sum(axis=1)
    np.testing.assert_allclose(losses.gaussian_log_density(z, mean, log_var), expected, rtol=1e-5)


def test_gaussian_log_density_takes_numbers_and_else_means_the_standard_normal():
    z = codes()[0]
    standard = losses.gaussian_log_density(z)
    np.testing.assert_allclose(standard, stats.norm.logpdf(z).sum(axis=1), rtol=1e-5)
    shifted = losses.gaussian_log_density(z, 1.5, -0.5)
    expected = stats.norm.logpdf(z, 1.5, np.exp(-0.25)).sum(axis=1)
    np.testing.assert_allclose(shifted, expected, rtol=1e-5)


def test_gaussian_kl_is_the_sum_of_one_dimensional_ones():
    _, z_mean, z_log_var = codes()
    mean, std = z_mean.astype(float), np.exp(z_log_var.astype(float) / 2)
    expected = (-np.log(std) + (std**2 + mean**2) / 2 - 0.5).sum(axis=1)
    np.testing.assert_allclose(losses.gaussian_kl(z_mean, z_log_var), expected, rtol=1e-5)


def test_gaussian_kl_is_what_sampled_kl_is_on_average():
    noise = np.random.default_rng(0).standard_normal((200_000, 3), dtype="float32")
    _, z_mean, z_log_var = (np.broadcast_to(array[0], noise.shape) for array in codes())
    z = z_mean + np.exp(z_log_var / 2) * noise
    samples = np.array(losses.sampled_kl(z, z_mean, z_log_var), dtype=float)
    standard_error = samples.std() / np.sqrt(len(samples))
    assert samples.min() < 0  # a single one may be negative
    expected = float(losses.gaussian_kl(z_mean, z_log_var)[0])
    assert abs(samples.mean() - expected) < 4 * standard_error


def test_gaussian_kl_is_zero_at_the_prior_and_never_negative():
    assert float(losses.gaussian_kl(np.zeros((1, 2), "f"), np.zeros((1, 2), "f"))[0]) == 0
    random = np.random.default_rng(0)
    # Of all sizes, for where the log-variance is small the terms nearly cancel.
    z_mean, z_log_var = random.normal(size=(2, 100_000, 1)) * 10 ** random.uniform(
        -8, 0.7, (2, 100_000, 1)
    )
    z_mean[::2] = 0
    kl = losses.gaussian_kl(z_mean.astype("float32"), z_log_var.astype("float32"))
    assert np.min(kl) >= 0


# ---- Finite


@pytest.mark.parametrize("logit", [-1e4, 1e4])
@pytest.mark.parametrize("term", PIXEL_TERMS)
def test_pixel_terms_stay_finite_for_extreme_logits(term, logit, gradients):
    images = np.linspace(0, 1, 8, dtype="float32").reshape(2, 2, 2, 1)
    logits = np.full_like(images, logit)
    exact = {
        losses.binary_cross_entropy: np.maximum(logit, 0) - images * logit,
        losses.squared_error: (images - (logit > 0)) ** 2,
    }[term]
    np.testing.assert_allclose(term(images, logits), summed(exact), rtol=1e-6)
    (gradient,) = gradients(lambda logits: term(images, logits), logits)
    slope = (logit > 0) - images if term is losses.binary_cross_entropy else 0
    np.testing.assert_allclose(gradient, np.broadcast_to(slope, images.shape), atol=1e-6)


@pytest.mark.parametrize("log_var", [-20, 20])
@pytest.mark.parametrize("term", CODE_TERMS.values(), ids=CODE_TERMS)
def test_code_terms_stay_finite_for_extreme_log_variances(term, log_var, gradients):
    _, z_mean, _ = codes()
    z_log_var = np.full_like(z_mean, log_var)
    z = z_mean + np.exp(z_log_var / 2)
    assert np.isfinite(term(z, z_mean, z_log_var)).all()

    def term_of_sampled_code(z_mean, z_log_var):
        return term(z_mean + ops.exp(0.5 * z_log_var), z_mean, z_log_var)

    for gradient in gradients(term_of_sampled_code, z_mean, z_log_var):
        assert np.isfinite(gradient).all()


# ---- Refused


@pytest.mark.parametrize(
    "shapes",
    [
        [(2, 28, 28, 1), (2, 28, 28)],
        [(2, 28, 28, 1), (2, 27, 28, 1)],
        [(2, 28, 28, 1), (2, 28, 28, 3)],
        [(2, 28, 28, 1), (1, 28, 28, 1)],
        [(3,), (3,)],
    ],
)
@pytest.mark.parametrize("term", PIXEL_TERMS)
def test_pixel_terms_refuse_shapes_that_differ_and_name_both(term, shapes):
    named = ".*".join(re.escape(str(shape)) for shape in shapes)
    with pytest.raises(ValueError, match=named):
        term(*(np.zeros(shape, "float32") for shape in shapes))


@pytest.mark.parametrize("odd", [(3, 1), (2,), (1, 2), (3, 2, 1)])
@pytest.mark.parametrize("term", CODE_TERMS.values(), ids=CODE_TERMS)
def test_code_terms_refuse_shapes_that_differ_and_name_both(term, odd):
    for shapes in ([(3, 2), (3, 2), odd], [odd, odd, (3, 2)]):
        arguments = (np.zeros(shape, "float32") for shape in shapes)
        with pytest.raises(ValueError) as refusal:
            term(*arguments)
        assert str(odd) in str(refusal.value)
        assert str((3, 2)) in str(refusal.value)


# ---- fork_gradient


def test_fork_gradient_gives_equal_copies():
    x = codes()[0]
    copies = losses.fork_gradient(x, copies=3)
    assert len(copies) == 3
    for copy in copies:
        np.testing.assert_array_equal(copy, x)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_fork_gradient_sums_the_gradients_of_its_copies(k, compiled, gradients):
    weights = np.random.default_rng(k).integers(-9, 10, k).astype("float32")

    def used(x):  # the first copy in a square, and one that is not used at all
        *copies, _ = losses.fork_gradient(x, k + 1)
        return sum(w * copy for w, copy in zip(weights, copies, strict=True)) + copies[0] ** 2

    x = codes()[0]
    (found,) = gradients(tf.function(used) if compiled else used, x)
    np.testing.assert_allclose(found, weights.sum() + 2 * x, rtol=1e-5, atol=1e-5)


def test_fork_gradient_adds_gradients_in_the_order_of_its_copies(gradients):
    weights = [1e8, 1.0, -1e8]  # in float32: 0 from left to right, 1 in another order

    def weighted(x):
        return sum(w * copy for w, copy in zip(weights, losses.fork_gradient(x, 3), strict=True))

    np.testing.assert_array_equal(gradients(weighted, np.ones(1000, "float32"))[0], 0)


# ---- A density of pixels


@pytest.mark.parametrize("log_scale", [-3.0, -1.0, 0.5])
@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 7, 3)])
def test_gaussian_nll_is_minus_the_log_density_of_every_value(log_scale, shape):
    images, logits = images_and_logits(shape=shape)
    found = losses.gaussian_nll(images, logits, tf.constant(log_scale))
    density = stats.norm(special.expit(logits.astype(float)), np.exp(log_scale))
    np.testing.assert_allclose(found, -summed(density.logpdf(images)), rtol=2e-5)


def test_gaussian_nll_is_minimal_where_the_scale_is_the_root_mean_squared_error(gradients):
    images, logits = images_and_logits()
    error = np.mean((images - special.expit(logits.astype(float))) ** 2)
    best = np.float32(np.log(error) / 2)

    def loss(log_scale):
        return ops.sum(losses.gaussian_nll(images, logits, log_scale))

    values = images.size  # the gradient is this, less the sum of squares over the variance
    for away in (-0.2, 0.0, 0.3):
        [found] = gradients(loss, best + np.float32(away))
        assert found == pytest.approx(values * (1 - np.exp(-2 * away)), abs=values / 1e4)


def test_gaussian_nll_refuses_shapes_that_differ():
    images, logits = images_and_logits()
    with pytest.raises(ValueError, match="expected the same shape for both"):
        losses.gaussian_nll(images, logits[:, :14], tf.constant(0.0))


# ---- Types


@pytest.mark.parametrize("name", CODE_TERMS)
@pytest.mark.parametrize("wrong", [0, 1, 2])
@pytest.mark.parametrize("kind", ["float64", "float16", "int32"])
def test_codes_of_different_types_are_refused_in_one_sentence(name, wrong, kind):
    arrays = list(codes())
    if name == "gaussian_kl" and wrong == 0:
        return
    arrays[wrong] = arrays[wrong].astype(kind)
    words = rf"of type {kind}.*expected the same floating-point type for all, so convert them"
    for given in (arrays, [ops.convert_to_tensor(array) for array in arrays]):
        with pytest.raises(TypeError, match=words):
            CODE_TERMS[name](*given)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
def test_a_density_of_integers_is_refused(kind):
    with pytest.raises(TypeError, match=f"z of type {kind}: expected the same floating-point type"):
        losses.gaussian_log_density(np.array([[0, 1]], kind))


@pytest.mark.parametrize("term", [*PIXEL_TERMS, losses.gaussian_nll])
@pytest.mark.parametrize("kinds", [("uint8", "float32"), ("float64", "float32"), ("int64",) * 2])
def test_pixels_of_other_types_are_refused(term, kinds):
    images, logits = (a.astype(k) for a, k in zip(images_and_logits(), kinds, strict=True))
    more = [0.0] if term is losses.gaussian_nll else []
    with pytest.raises(TypeError, match=f"images of type {kinds[0]} and logits of type {kinds[1]}"):
        term(images, logits, *more)
    with pytest.raises(TypeError, match="must be arrays or tensors"):
        term([[0.0, 1.0]], [[0.0, 1.0]], *more)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_the_scale_may_be_any_number_or_a_tensor_of_the_same_type(kind):
    images, logits = (array.astype(kind) for array in images_and_logits())
    expected = losses.gaussian_nll(images, logits, ops.convert_to_tensor(-1.0, dtype=kind))
    for scale in (-1, -1.0, np.float64(-1), np.float32(-1)):
        np.testing.assert_array_equal(losses.gaussian_nll(images, logits, scale), expected)
    other = {"float32": "float64", "float64": "float32"}[kind]
    with pytest.raises(TypeError, match=f"log_scale of type {other}"):
        losses.gaussian_nll(images, logits, ops.convert_to_tensor(-1.0, dtype=other))
