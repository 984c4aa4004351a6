"""MMD: against a double loop, integrals, known values, and its gradient against two others."""

import re
import threading

import numpy as np
import psutil
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist

from vaelib import mmd
from vaelib.mmd import GaussianKernel, InverseMultiquadraticKernel, SumKernel, mmd2, mmd2_to_normal

# Each kernel, and the same as a plain function of the squared distance.
KERNELS = {
    "gaussian": (GaussianKernel(1.5), lambda s: 2.718281828459045 ** (-s / 3)),
    "inverse multiquadratic": (InverseMultiquadraticKernel(0.7), lambda s: 0.7 / (0.7 + s)),
    "sum": (
        SumKernel((GaussianKernel(0.5), InverseMultiquadraticKernel(4.0))),
        lambda s: 2.718281828459045 ** (-s) + 4 / (4 + s),
    ),
}
kernels = pytest.mark.parametrize("kernel, formula", KERNELS.values(), ids=KERNELS)
biased_or_not = pytest.mark.parametrize("unbiased", [False, True], ids=["biased", "unbiased"])


def points(n, m, d=2, shift=0.5, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)), random.normal(shift, 1, size=(m, d))


def double_loop(x, y, formula, unbiased):
    def mean(x, y, without=False):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(y)) if not (without and i == j)]
        return np.mean([formula(((x[i] - y[j]) ** 2).sum()) for i, j in pairs])

    return mean(x, x, unbiased) + mean(y, y, unbiased) - 2 * mean(x, y)


# ---- The estimate


@kernels
@biased_or_not
@pytest.mark.parametrize("n, m, d", [(6, 6, 2), (7, 3, 5), (2, 9, 1)])
def test_mmd2_is_a_double_loop(kernel, formula, unbiased, n, m, d):
    x, y = points(n, m, d)
    expected = double_loop(x, y, formula, unbiased)
    assert float(mmd2(x, y, kernel, unbiased)) == pytest.approx(expected, abs=1e-12)
    in_float32 = mmd2(x.astype("float32"), y.astype("float32"), kernel, unbiased)
    assert float(in_float32) == pytest.approx(expected, abs=1e-5)


@kernels
def test_one_point_against_one_is_allowed_where_biased(kernel, formula, gradients):
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


def test_a_sample_is_at_no_distance_from_itself():
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

LAWS = pytest.mark.parametrize(
    "mean, std, expected",
    [
        ((0, 0), 2.0, 0.1286),
        ((0, 0), 0.5, 0.0692),
        ((1, 1), 1.0, 0.2212),
        ((3, 3), 1.0, 0.8946),
        ((0, 0), 1.0, 0.0),
    ],
)


@LAWS
@biased_or_not
def test_the_distance_of_gaussians_to_the_normal_is_the_known_one(mean, std, expected, unbiased):
    g, s2, distance2 = 2.0, std**2, np.sum(np.square(mean))
    exact = g / (g + 2 * s2) + g / (g + 2)
    exact -= 2 * g / (g + 1 + s2) * np.exp(-distance2 / (2 * (g + 1 + s2)))
    assert exact == pytest.approx(expected, abs=0.0001)
    z = np.random.default_rng(0).normal(mean, std, (3000, 2)).astype("float32")
    assert float(mmd2_to_normal(z, g, unbiased)) == pytest.approx(exact, abs=0.01)
    normal = np.random.default_rng(1).standard_normal((3000, 2), dtype="float32")
    assert float(mmd2(z, normal, GaussianKernel(g), unbiased)) == pytest.approx(exact, abs=0.02)


@biased_or_not
def test_the_distance_to_the_normal_is_the_integral_over_it(unbiased):
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
    np.testing.assert_allclose(mmd.gaussian_kernel(x, y, 1.5), np.exp(-s / 3), rtol=1e-12)
    matrix = mmd.inverse_multiquadratic_kernel(x, y, 0.7)
    np.testing.assert_allclose(matrix, 0.7 / (0.7 + s), rtol=1e-12)


def test_the_default_variance_gives_the_post_its_kernel_in_two_dimensions():
    x, y = points(5, 3)
    # The post's code: exp(-mean over d of (x - y)^2, divided by d).
    as_posted = np.exp(-np.mean((x[:, None] - y[None]) ** 2, axis=2) / 2)
    matrix = mmd.gaussian_kernel(x, y, mmd.default_variance(2))
    np.testing.assert_allclose(matrix, as_posted, rtol=1e-12)


# ---- The gradient


@kernels
@biased_or_not
def test_the_gradient_is_that_of_finite_differences(kernel, formula, unbiased, gradients):
    sample = points(5, 4)
    found = gradients(lambda x, y: 3.0 * mmd2(x, y, kernel, unbiased), *sample)
    for side in (0, 1):
        expected = np.zeros_like(sample[side])
        for place in np.ndindex(expected.shape):
            for step in (1e-5, -1e-5):
                moved = [points.copy() for points in sample]
                moved[side][place] += step
                expected[place] += 3 * double_loop(*moved, formula, unbiased) / (2 * step)
        np.testing.assert_allclose(found[side], expected, atol=1e-8)


@kernels
@biased_or_not
@pytest.mark.parametrize("n, m", [(6, 6), (9, 4)])
def test_the_gradient_is_that_of_the_plain_formula(kernel, formula, unbiased, n, m, gradients):
    def plain(x, y):
        def mean(x, y, without=False):
            matrix = formula(tf.reduce_sum((x[:, None] - y[None]) ** 2, axis=2))
            if without:
                matrix = tf.linalg.set_diag(matrix, tf.zeros(len(x), "float64"))
            return tf.reduce_sum(matrix) / (len(x) * (len(y) - without))

        return mean(x, x, unbiased) + mean(y, y, unbiased) - 2 * mean(x, y)

    sample = points(n, m, d=3)
    expected = gradients(plain, *sample)
    found = gradients(lambda x, y: mmd2(x, y, kernel, unbiased), *sample)
    for side in (0, 1):
        np.testing.assert_allclose(found[side], expected[side], atol=1e-12)


@biased_or_not
@pytest.mark.parametrize("variance", [0.5, 2.0])
def test_the_gradient_of_the_distance_to_the_normal_is_that_of_finite_differences(
    unbiased, variance, gradients
):
    sample, _ = points(6, 1)
    (found,) = gradients(lambda z: 3.0 * mmd2_to_normal(z, variance, unbiased), sample)
    expected = np.zeros_like(sample)
    for place in np.ndindex(expected.shape):
        for step in (1e-5, -1e-5):
            moved = sample.copy()
            moved[place] += step
            expected[place] += 3 * float(mmd2_to_normal(moved, variance, unbiased)) / (2 * step)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_a_batch_of_one_in_a_graph_has_a_finite_distance():
    """The last batch of an epoch may hold one image, which no shape tells beforehand."""
    distance = tf.function(
        lambda z: mmd2_to_normal(z, 2.0, unbiased=True),
        input_signature=[tf.TensorSpec((None, 2), "float32")],
    )
    assert np.isfinite(float(distance(np.zeros((1, 2), "float32"))))


# ---- Blocks


@biased_or_not
def test_blocks_give_the_same_as_one_piece(unbiased, monkeypatch, gradients):
    x, y = points(20, 15)
    functions = [
        lambda x, y: mmd2(x, y, GaussianKernel(2.0), unbiased),
        lambda x, y: mmd2_to_normal(x, 2.0, unbiased) + mmd2_to_normal(y, 2.0, unbiased),
    ]
    whole = [(function(x, y), gradients(function, x, y)) for function in functions]
    monkeypatch.setattr(mmd, "BLOCK_ROWS", 7)
    for function, (value, (dx, dy)) in zip(functions, whole, strict=True):
        assert float(function(x, y)) == pytest.approx(float(value), abs=1e-14)
        for found, expected in zip(gradients(function, x, y), (dx, dy), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-14)


def test_ten_thousand_against_ten_thousand_takes_less_than_300_megabytes():
    x, y = (array.astype("float32") for array in points(10_000, 10_000))
    # One matrix of all pairs would be 400 MB. TensorFlow allocates where Python's own accounting
    # does not see it, so a thread watches the resident memory meanwhile.
    process, done, seen = psutil.Process(), threading.Event(), [psutil.Process().memory_info().rss]

    def watch():
        while not done.wait(0.001):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    value = mmd2(x, y, GaussianKernel(2.0)).numpy()
    done.set()
    watcher.join()
    assert value > 0.01
    assert len(seen) > 10
    assert max(seen) - seen[0] < 300e6


# ---- Refused


@pytest.mark.parametrize(
    "shapes", [[(5, 2), (5, 3)], [(5,), (5,)], [(0, 2), (5, 2)], [(5, 2), (5, 2, 1)]]
)
def test_shapes_that_do_not_match_are_refused_and_named(shapes):
    sample = [np.zeros(shape) for shape in shapes]
    named = ".*".join(re.escape(str(shape)) for shape in shapes)
    for function in (mmd2, mmd.gaussian_kernel, mmd.inverse_multiquadratic_kernel):
        with pytest.raises(ValueError, match=named):
            function(*sample, GaussianKernel(1.0) if function is mmd2 else 1.0)


def test_the_unbiased_estimate_needs_two_points():
    x, y = points(1, 5)
    for sample in ((x, y), (y, x)):
        with pytest.raises(ValueError, match=r"\(1, 2\).*at least two"):
            mmd2(*sample, GaussianKernel(1.0), unbiased=True)
    with pytest.raises(ValueError, match="at least two"):
        mmd2_to_normal(x, 1.0, unbiased=True)
    with pytest.raises(ValueError, match=r"\(5,\)"):
        mmd2_to_normal(y[:, 0], 1.0)


@pytest.mark.parametrize("value", [0, -1.0, float("nan")])
def test_only_positive_widths_make_a_kernel(value):
    with pytest.raises(ValueError, match=f"variance must be .*{value}"):
        GaussianKernel(value)
    with pytest.raises(ValueError, match=f"scale must be .*{value}"):
        InverseMultiquadraticKernel(value)
