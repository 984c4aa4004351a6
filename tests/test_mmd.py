"""MMD: against a double loop, integrals and known values; what it refuses."""

import re

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist

from mmd_reference import KERNELS, double_loop, points
from vaelib import mmd
from vaelib.mmd import GaussianKernel, InverseMultiquadraticKernel, mmd2, mmd2_to_normal

kernels = pytest.mark.parametrize("kernel, formula, slope", KERNELS.values(), ids=KERNELS)
biased_or_not = pytest.mark.parametrize("unbiased", [False, True], ids=["biased", "unbiased"])


# ---- The estimate


@kernels
@biased_or_not
@pytest.mark.parametrize("n, m, d", [(6, 6, 2), (7, 3, 5), (2, 9, 1)])
def test_mmd2_agrees_with_a_double_loop(kernel, formula, slope, unbiased, n, m, d):
    x, y = points(n, m, d)
    expected = double_loop(x, y, formula, unbiased)
    assert float(mmd2(x, y, kernel, unbiased)) == pytest.approx(expected, abs=1e-12)
    in_float32 = mmd2(x.astype("float32"), y.astype("float32"), kernel, unbiased)
    assert float(in_float32) == pytest.approx(expected, abs=1e-5)


@kernels
def test_one_point_against_one_is_allowed_where_biased(kernel, formula, slope, gradients):
    x, y = np.array([[1.0, 2.0]]), np.array([[0.0, 0.5]])
    assert float(mmd2(x, y, kernel)) == pytest.approx(2 * formula(0.0) - 2 * formula(3.25))
    assert np.isfinite(gradients(lambda x, y: mmd2(x, y, kernel), x, y)).all()


@biased_or_not
def test_the_order_of_samples_and_of_points_does_not_matter(unbiased):
    x, y = points(30, 20)
    kernel = GaussianKernel(2.0)
    value = float(mmd2(x, y, kernel, unbiased))
    assert float(mmd2(y, x, kernel, unbiased)) == pytest.approx(value, abs=1e-14)
    assert float(mmd2(x[::-1], y[3:][::-1], kernel, unbiased)) != pytest.approx(value, abs=1e-6)
    shuffled = np.random.default_rng(1).permutation(30)
    assert float(mmd2(x[shuffled], y[::-1], kernel, unbiased)) == pytest.approx(value, abs=1e-14)


def test_mmd2_of_a_sample_and_itself_is_0():
    x, _ = points(50, 1)
    assert float(mmd2(x, x[::-1], GaussianKernel(2.0))) == pytest.approx(0, abs=1e-14)


def test_only_the_biased_estimate_is_biased():
    random = np.random.default_rng(0)
    samples = random.standard_normal((300, 2, 100, 2), dtype="float32")
    kernel = GaussianKernel(mmd.default_variance(2))

    @tf.function  # a compiled graph, for 300 times
    def both(x, y):
        return mmd2(x, y, kernel), mmd2(x, y, kernel, unbiased=True)

    biased, unbiased = np.array([both(x, y) for x, y in samples]).T
    standard_error = biased.std() / np.sqrt(len(biased))
    assert standard_error < 0.0005
    # (2 / n) (1 - E k), and E k is (g / (g + 2))^(d / 2) = 1 / 2 for g = d = 2
    assert biased.mean() == pytest.approx(0.010, abs=4 * standard_error)
    assert unbiased.mean() == pytest.approx(0, abs=4 * standard_error)
    assert biased.min() > 0 > unbiased.min()


# ---- The distance to the normal

GAUSSIANS = pytest.mark.parametrize(
    "mean, std, expected",
    [
        ((0, 0), 2.0, 0.1286),
        ((0, 0), 0.5, 0.0692),
        ((1, 1), 1.0, 0.2212),
        ((3, 3), 1.0, 0.8946),
        ((0, 0), 1.0, 0.0),
    ],
)


@GAUSSIANS
@biased_or_not
def test_mmd2_of_gaussians_to_the_normal_agrees_with_the_closed_form(mean, std, expected, unbiased):
    g, s2, distance2 = 2.0, std**2, np.sum(np.square(mean))
    exact = g / (g + 2 * s2) + g / (g + 2)
    exact -= 2 * g / (g + 1 + s2) * np.exp(-distance2 / (2 * (g + 1 + s2)))
    assert exact == pytest.approx(expected, abs=0.0001)
    z = np.random.default_rng(0).normal(mean, std, (3000, 2)).astype("float32")
    assert float(mmd2_to_normal(z, g, unbiased)) == pytest.approx(exact, abs=0.01)
    normal = np.random.default_rng(1).standard_normal((3000, 2), dtype="float32")
    assert float(mmd2(z, normal, GaussianKernel(g), unbiased)) == pytest.approx(exact, abs=0.02)


@biased_or_not
def test_mmd2_to_the_normal_agrees_with_an_integral(unbiased):
    z = points(4, 1, d=2)[0]
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    weights = np.outer(weights, weights).ravel() / weights.sum() ** 2

    def k(x, y):
        return np.exp(-cdist(x, y, "sqeuclidean") / 3)

    within = k(z, z).mean() if not unbiased else (k(z, z).sum() - 4) / 12
    expected = weights @ k(grid, grid) @ weights - 2 * (k(z, grid) @ weights).mean() + within
    assert float(mmd2_to_normal(z, 1.5, unbiased)) == pytest.approx(expected, abs=1e-9)


# ---- The kernels


def test_kernel_matrices_are_their_formulas():
    x, y = points(5, 3, d=4)
    s = cdist(x, y, "sqeuclidean")
    np.testing.assert_allclose(
        mmd.kernel_matrix(x, y, GaussianKernel(1.5)), np.exp(-s / 3), rtol=1e-12
    )
    matrix = mmd.kernel_matrix(x, y, InverseMultiquadraticKernel(0.7))
    np.testing.assert_allclose(matrix, 0.7 / (0.7 + s), rtol=1e-12)


def test_the_default_variance_gives_the_post_its_kernel_in_two_dimensions():
    x, y = points(5, 3)
    # The post's code: exp(-mean over d of (x - y)^2, divided by d).
    of_the_post = np.exp(-np.mean((x[:, None] - y[None]) ** 2, axis=2) / 2)
    matrix = mmd.kernel_matrix(x, y, GaussianKernel(mmd.default_variance(2)))
    np.testing.assert_allclose(matrix, of_the_post, rtol=1e-12)


# ---- Refused


@pytest.mark.parametrize(
    "shapes", [[(5, 2), (5, 3)], [(5,), (5,)], [(0, 2), (5, 2)], [(5, 2), (5, 2, 1)]]
)
def test_shapes_that_do_not_match_are_refused_and_named(shapes):
    sample = [np.zeros(shape) for shape in shapes]
    named = ".*".join(re.escape(str(shape)) for shape in shapes)
    for function in (mmd2, mmd.kernel_matrix):
        with pytest.raises(ValueError, match=f"shapes {named}: expected .points, dimensions."):
            function(*sample, GaussianKernel(1.0))


def test_the_unbiased_estimate_needs_two_points():
    x, y = points(1, 5)
    for sample in ((x, y), (y, x)):
        with pytest.raises(ValueError, match=r"\(1, 2\).*at least two"):
            mmd2(*sample, GaussianKernel(1.0), unbiased=True)
    with pytest.raises(ValueError, match="at least two"):
        mmd2_to_normal(x, 1.0, unbiased=True)
    with pytest.raises(ValueError, match=r"\(5,\)"):
        mmd2_to_normal(y[:, 0], 1.0)


@pytest.mark.parametrize("kernel", [2.0, "gaussian", None])
def test_a_kernel_that_is_not_a_function_is_refused(kernel):
    said = "kernel must be a function of the squared distance, such as GaussianKernel(2.0), not "
    for function in (mmd2, mmd.kernel_matrix):
        with pytest.raises(TypeError, match=re.escape(f"{said}{kernel!r}.")):
            function(*points(3, 3), kernel)


@pytest.mark.parametrize(
    "value, error",
    [
        *[(value, ValueError) for value in (0, -1.0, float("nan"), float("inf"))],
        *[(value, TypeError) for value in ("1", None, True, np.True_, [1.0])],
    ],
)
def test_the_bandwidth_of_a_kernel_must_be_positive(value, error):
    with pytest.raises(error, match="variance must be a number above 0, not "):
        GaussianKernel(value)
    with pytest.raises(error, match="scale must be a number above 0, not "):
        InverseMultiquadraticKernel(value)
