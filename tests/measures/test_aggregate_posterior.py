"""Compare codes with the prior: closed forms for normal codes, and the level of a test."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from vaelib import mmd
from vaelib.measures import aggregate_posterior
from vaelib.priors import StandardNormal
from vaelib.support.rng import named_rng


def normal_codes(n=4_000, mean=(0, 0), std=(1, 1), seed=0):
    return np.random.default_rng(seed).standard_normal((n, 2)) * std + mean


def test_moments_of_a_sample_of_the_prior_are_close_to_the_priors():
    codes = normal_codes()
    assert aggregate_posterior.mean_norm(codes) < 0.05
    assert aggregate_posterior.covariance_distance(codes) < 0.1
    assert 0 <= aggregate_posterior.moment_kl(codes) < 0.005


def test_moments_of_a_shifted_and_stretched_sample():
    codes = normal_codes(mean=(3, -4), std=(2, 0.5))
    assert aggregate_posterior.mean_norm(codes) == pytest.approx(5, abs=0.1)
    assert aggregate_posterior.covariance_distance(codes) == pytest.approx(
        np.hypot(3, 0.75), abs=0.2
    )
    expected = (4 + 0.25 + 25 - 2 - np.log(4 * 0.25)) / 2
    assert aggregate_posterior.moment_kl(codes) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", [(0, 1), (1, 2), (1, 1), (1, 0.5), (1, 0.3), (0.7, -1.9)])
def test_moment_kl_is_infinite_for_codes_on_a_line(direction, dtype):
    places = np.random.default_rng(0).standard_normal(1_000)
    for middle in (0, 1, 1_000):
        codes = np.outer(places, direction) + middle
        assert aggregate_posterior.moment_kl(codes.astype(dtype)) == np.inf
    assert (
        aggregate_posterior.moment_kl(np.outer(np.arange(10.0), direction).astype(dtype)) == np.inf
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moment_kl_is_infinite_for_codes_in_a_plane_in_three_dimensions(dtype):
    codes = normal_codes() @ [[0.3, -1, 0.7], [1.1, 0.2, 0.9]]
    assert aggregate_posterior.moment_kl(codes.astype(dtype)) == np.inf
    assert (
        aggregate_posterior.moment_kl(codes[:3].astype(dtype)) == np.inf
    )  # three points span no space


def test_moment_kl_is_finite_for_a_narrow_distribution():
    codes = normal_codes(std=(1, 1e-4)).astype("float32")
    expected = (1 + 1e-8 - 2 - 2 * np.log(1e-4)) / 2
    assert aggregate_posterior.moment_kl(codes) == pytest.approx(expected, rel=0.01)


def test_the_moments_work_for_one_dimension():
    codes = 3 * normal_codes()[:, :1]
    assert aggregate_posterior.covariance_distance(codes) == pytest.approx(8, abs=0.5)
    assert aggregate_posterior.moment_kl(codes) == pytest.approx((9 - 1 - np.log(9)) / 2, rel=0.05)


def test_occupancy_is_the_share_of_the_prior_that_is_used():
    random = np.random.default_rng(0)
    like_the_prior = random.standard_normal((100_000, 2))
    assert aggregate_posterior.occupancy(like_the_prior) == pytest.approx(1, abs=0.005)
    half = like_the_prior[like_the_prior[:, 1] > 0]
    assert aggregate_posterior.occupancy(half) == pytest.approx(0.5, abs=0.005)
    assert aggregate_posterior.occupancy([[9.0, -9.0]] * 5) == 1 / 400  # all in one cell, far out
    shifted = like_the_prior + np.array([0.7, 0])
    assert aggregate_posterior.occupancy(shifted) < aggregate_posterior.occupancy(like_the_prior)


def test_occupancy_of_normal_codes_agrees_with_an_integral():
    """exp(- KL) of the codes' and the prior's shares of the cells, from normal probabilities."""
    mean, deviation, side = np.array([0.5, -0.3]), np.array([0.7, 1.4]), 20
    edges = stats.norm.ppf(np.linspace(0, 1, side + 1))
    shares = [np.diff(stats.norm.cdf(edges, *one)) for one in zip(mean, deviation, strict=True)]
    kl = stats.entropy(np.outer(*shares).ravel(), np.full(side**2, side**-2.0))
    codes = mean + deviation * np.random.default_rng(1).standard_normal((200_000, 2))
    assert aggregate_posterior.occupancy(codes) == pytest.approx(np.exp(-kl), abs=0.003)


def test_occupancy_needs_two_dimensional_codes():
    with pytest.raises(ValueError, match=r"codes of shape \(4, 3\): expected \(n, 2\)"):
        aggregate_posterior.occupancy(np.zeros((4, 3)))


def test_the_held_out_kernel_is_the_sum_given_in_its_paper():
    x, y = normal_codes(5), normal_codes(7, seed=1)
    squared = ((x[:, None] - y) ** 2).sum(axis=2)
    expected = sum(c / (c + squared) for c in (0.4, 0.8, 2, 4, 8, 20, 40))
    np.testing.assert_allclose(
        aggregate_posterior.held_out_kernel(2)(squared), expected, rtol=1e-12
    )


def test_the_permutation_test_estimates_unbiased_mmd2():
    codes, seed = normal_codes(60, mean=(1, 0)), 3
    prior = StandardNormal(2).sample(60, seed)
    kernel = mmd.GaussianKernel(2.0)
    found, _ = aggregate_posterior.mmd_test(codes, kernel, permutations=1, seed=seed)
    assert found == pytest.approx(float(mmd.mmd2(codes, prior, kernel, unbiased=True)), abs=1e-9)


@pytest.mark.parametrize("n, mean", [(8, 0.8), (2, 2.0), (2, 3.0)])  # of two, splits repeat
def test_the_estimate_and_its_p_value_agree_with_a_test_written_as_loops(n, mean):
    codes, seed = normal_codes(n, mean=(mean, 0)), 5
    random = named_rng(seed, "permutations")
    pooled = np.concatenate([codes, StandardNormal(2).sample(n, seed)])

    def estimate(labels):
        within, between = [0.0, 0.0], 0.0
        for i in range(2 * n):
            for j in range(2 * n):
                similarity = np.exp(-((pooled[i] - pooled[j]) ** 2).sum() / 4)
                if labels[i] != labels[j]:
                    between += similarity / 2  # each pair is visited twice
                elif i != j:
                    within[labels[i]] += similarity
        return sum(within) / (n * (n - 1)) - 2 * between / n**2

    labels = np.repeat([1, 0], n)
    expected = estimate(labels)
    shuffled = [estimate(random.permutation(labels)) for _ in range(40)]
    p = (1 + sum(value >= expected - 1e-9 for value in shuffled)) / 41
    found = aggregate_posterior.mmd_test(codes, mmd.GaussianKernel(2.0), permutations=40, seed=seed)
    assert found == pytest.approx((expected, p), abs=1e-12)
    assert 1 / 41 < p < 1


def test_the_permutation_test_detects_a_difference_and_has_uniform_p_values_without_one():
    kernel = aggregate_posterior.held_out_kernel(2)
    assert aggregate_posterior.mmd_test(normal_codes(200, std=(2, 1)), kernel, 200)[
        1
    ] == pytest.approx(1 / 201)
    # Samples of the prior: p is uniform, so small values are rare but do occur.
    ps = [
        aggregate_posterior.mmd_test(normal_codes(60, seed=s), kernel, 99, seed=1_000 + s)[1]
        for s in range(100)
    ]
    assert stats.kstest(ps, "uniform").pvalue > 0.001
    assert 0.2 < np.mean(np.array(ps) <= 0.5) < 0.8


@pytest.mark.parametrize(
    "codes, complaint",
    [
        (np.array([[0.0, 0], [np.nan, 1]]), "some codes are NaN, infinite or beyond 1e100"),
        (np.array([[0.0, 0], [np.inf, 1]]), "some codes are NaN, infinite or beyond 1e100"),
        (np.array([[0.0, 0], [1e200, 1]]), "some codes are NaN, infinite or beyond 1e100"),
        (
            np.zeros((1, 2)),
            r"codes of shape \(1, 2\): expected \(n, dimensions\) with n at least 2",
        ),
        (np.zeros((0, 2)), r"codes of shape \(0, 2\)"),
        (np.zeros((5, 0)), r"codes of shape \(5, 0\)"),
        (np.zeros(5), r"codes of shape \(5,\)"),
    ],
)
def test_codes_of_invalid_values_or_shape_are_refused(codes, complaint):
    kernel = aggregate_posterior.held_out_kernel(2)
    for refuse in (
        aggregate_posterior.moment_kl,
        aggregate_posterior.covariance_distance,
        lambda codes: aggregate_posterior.mmd_test(codes, kernel),
    ):
        with pytest.raises(ValueError, match=complaint):
            refuse(codes)


@pytest.mark.parametrize("permutations", [0, -1])
def test_a_permutation_test_needs_permutations(permutations):
    with pytest.raises(
        ValueError, match=f"permutations must be an integer, 1 .* not {permutations}"
    ):
        aggregate_posterior.mmd_test(
            normal_codes(10), aggregate_posterior.held_out_kernel(2), permutations=permutations
        )


def test_integers_of_numpy_are_accepted():
    codes, kernel = normal_codes(30), aggregate_posterior.held_out_kernel(2)
    numpy = {name: np.int64(n) for name, n in dict(permutations=9, limit=20, seed=3).items()}
    expected = aggregate_posterior.mmd_test(codes, kernel, permutations=9, limit=20, seed=3)
    assert aggregate_posterior.mmd_test(codes, kernel, **numpy) == expected
    assert aggregate_posterior.mmd_test(codes[:20], kernel, permutations=9, seed=3) == expected
    assert aggregate_posterior.decompose_rate(
        codes, 0 * codes, np.int64(4)
    ) == aggregate_posterior.decompose_rate(codes, 0 * codes, 4)


# In a separate process, because this one would reuse memory that it allocated before.
MEMORY = """
import psutil, threading, numpy as np
from vaelib.measures import aggregate_posterior

codes, process, done = np.random.default_rng(0).standard_normal((1_000, 2)), psutil.Process(), []
kernel = aggregate_posterior.held_out_kernel(2)
aggregate_posterior.mmd_test(codes[:50], kernel, permutations=2)
seen = [process.memory_info().rss]

def watch():
    while not done:
        seen.append(process.memory_info().rss)

watcher = threading.Thread(target=watch)
watcher.start()
aggregate_posterior.mmd_test(codes, kernel)
done.append(True)
watcher.join()
print(len(seen), (max(seen) - seen[0]) // 1_000_000)
"""


def test_the_permutation_test_takes_less_than_300_megabytes():
    ran = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    times, megabytes = map(int, ran.stdout.split())
    assert times > 10 and 30 < megabytes < 300
