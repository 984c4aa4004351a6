"""MMD as it is computed: its gradient, its digits far from the origin, many points in blocks."""

import threading

import numpy as np
import psutil
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist

from mmd_reference import KERNELS, double_loop, points
from vaelib import mmd
from vaelib.mmd import GaussianKernel, mmd2, mmd2_to_normal
from vaelib.support.backend import ops

kernels = pytest.mark.parametrize("kernel, formula, slope", KERNELS.values(), ids=KERNELS)
biased_or_not = pytest.mark.parametrize("unbiased", [False, True], ids=["biased", "unbiased"])


# ---- The gradient


@kernels
@biased_or_not
def test_the_gradient_agrees_with_finite_differences(kernel, formula, slope, unbiased, gradients):
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
@pytest.mark.parametrize("n, m", [(6, 6), (9, 4), (30, 70)])
def test_the_gradient_agrees_with_the_formula(kernel, formula, slope, unbiased, n, m, gradients):
    x, y = points(n, m, d=3)

    def gradient_sum(x, y):  # the sum over j of the gradient of k(x_i, y_j) by x_i
        differences = x[:, None] - y[None]
        return (2 * slope((differences**2).sum(axis=2))[..., None] * differences).sum(axis=1)

    def expected(x, y):  # a pair of one sample is counted from both ends
        n, m = len(x), len(y)
        return 2 * gradient_sum(x, x) / (n * (n - unbiased)) - 2 * gradient_sum(x, y) / (n * m)

    found = gradients(lambda x, y: mmd2(x, y, kernel, unbiased), x, y)
    np.testing.assert_allclose(found[0], expected(x, y), atol=1e-12)
    np.testing.assert_allclose(found[1], expected(y, x), atol=1e-12)


@biased_or_not
@pytest.mark.parametrize("variance", [0.5, 2.0])
def test_the_gradient_of_mmd2_to_the_normal_agrees_with_finite_differences(
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


def test_unbiased_mmd2_of_a_batch_of_one_in_a_graph_is_refused():
    """Its size is not known beforehand; a finite number would pass for a distance."""
    distance = tf.function(
        lambda z: mmd2_to_normal(z, 2.0, unbiased=True),
        input_signature=[tf.TensorSpec((None, 2), "float32")],
    )
    assert np.isfinite(float(distance(np.zeros((2, 2), "float32"))))
    assert np.isnan(float(distance(np.zeros((1, 2), "float32"))))


# ---- Digits


@kernels
@pytest.mark.parametrize("far", [1e3, 1e4])
def test_far_from_the_origin_float32_keeps_its_digits(kernel, formula, slope, far, gradients):
    x, y = ((sample + far).astype("float32") for sample in points(40, 30))
    exact = [sample.astype(float) - far for sample in (x, y)]  # of what float32 could hold
    matrix = formula(cdist(*exact, "sqeuclidean"))
    np.testing.assert_allclose(mmd.kernel_matrix(x, y, kernel), matrix, atol=1e-5)
    for unbiased in (False, True):
        expected = double_loop(*exact, formula, unbiased)
        assert float(mmd2(x, y, kernel, unbiased)) == pytest.approx(expected, abs=1e-5)
    near = gradients(lambda x, y: mmd2(x, y, kernel), *exact)
    for found, expected in zip(gradients(lambda x, y: mmd2(x, y, kernel), x, y), near, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_points_may_be_integers_or_of_two_types():
    kernel = GaussianKernel(2.0)
    expected = double_loop(np.eye(2), np.ones((3, 2)), lambda s: np.exp(-s / 4), False)
    for x in ([[1, 0], [0, 1]], np.eye(2, dtype="int64"), np.eye(2, dtype="float32")):
        assert float(mmd2(x, np.ones((3, 2)), kernel)) == pytest.approx(expected, abs=1e-6)
        assert float(mmd2(x, [[1, 1]] * 3, kernel)) == pytest.approx(expected, abs=1e-6)


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


@biased_or_not
def test_more_than_a_thousand_points_are_compared_a_thousand_at_a_time(unbiased):
    x, y = points(2_300, 1_100)
    shapes = []

    def kernel(s):
        shapes.append(tuple(s.shape))
        return ops.exp(-s / 4.0)

    whole = [np.exp(-cdist(a, b, "sqeuclidean") / 4) for a, b in ((x, x), (y, y), (x, y))]
    within = [(k.sum() - unbiased * len(k)) / (len(k) * (len(k) - unbiased)) for k in whole[:2]]
    expected = sum(within) - 2 * whole[2].mean()
    assert float(mmd2(x, y, kernel, unbiased)) == pytest.approx(expected, abs=1e-12)
    matrices = [shape for shape in shapes if shape]
    assert sorted(matrices) == sorted(
        [(1_000, 2_300)] * 2
        + [(300, 2_300)]
        + [(1_000, 1_100), (100, 1_100)]
        + [(1_000, 1_100)] * 2
        + [(300, 1_100)]
    )


def test_the_same_samples_give_the_same_bytes(gradients):
    for n, m in ((3_000, 1_500), (100, 100)):  # in blocks, and as in training
        x, y = (sample.astype("float32") for sample in points(n, m))
        functions = [
            lambda x, y: mmd2(x, y, GaussianKernel(2.0)),
            lambda x, y: mmd2_to_normal(x, 2),
        ]
        values = {tuple(float(function(x, y)) for function in functions) for _ in range(10)}
        assert len(values) == 1
    slopes = {b"".join(g.tobytes() for g in gradients(functions[0], x, y)) for _ in range(10)}
    assert len(slopes) == 1


@pytest.mark.parametrize("way", [lambda f: f, tf.function], ids=["eager", "in a graph"])
def test_ten_thousand_against_ten_thousand_takes_less_than_300_megabytes(way):
    both = [tf.constant(array, "float32") for array in points(10_000, 10_000)]
    # One matrix of all pairs would be 400 MB. TensorFlow allocates where Python's own accounting
    # does not see it, so a thread watches the resident memory meanwhile.
    process, done, seen = psutil.Process(), threading.Event(), [psutil.Process().memory_info().rss]

    def watch():
        while not done.wait(0.001):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    value = way(lambda a, b: mmd2(a, b, GaussianKernel(2.0)))(*both).numpy()
    done.set()
    watcher.join()
    assert value > 0.01
    assert len(seen) > 10
    assert max(seen) - seen[0] < 300e6
