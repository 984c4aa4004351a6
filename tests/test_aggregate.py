"""Codes against the prior: closed forms for normal clouds, and a test that keeps its level."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from vaelib import aggregate, mmd
from vaelib.priors import Mixture


def cloud(n=4_000, mean=(0, 0), std=(1, 1), seed=0):
    return np.random.default_rng(seed).standard_normal((n, 2)) * std + mean


def test_moments_of_a_cloud_like_the_prior_are_zero_but_for_noise():
    codes = cloud()
    assert aggregate.mean_norm(codes) < 0.05
    assert aggregate.covariance_distance(codes) < 0.1
    assert 0 <= aggregate.moment_kl(codes) < 0.005


def test_moments_of_a_shifted_and_stretched_cloud():
    codes = cloud(mean=(3, -4), std=(2, 0.5))
    assert aggregate.mean_norm(codes) == pytest.approx(5, abs=0.1)
    assert aggregate.covariance_distance(codes) == pytest.approx(np.hypot(3, 0.75), abs=0.2)
    expected = (4 + 0.25 + 25 - 2 - np.log(4 * 0.25)) / 2
    assert aggregate.moment_kl(codes) == pytest.approx(expected, rel=0.03)


def test_codes_on_a_line_are_infinitely_far_from_the_prior():
    assert aggregate.moment_kl(np.outer(np.arange(10.0), [0, 1])) == np.inf


def test_the_moments_work_for_one_dimension():
    codes = 3 * cloud()[:, :1]
    assert aggregate.covariance_distance(codes) == pytest.approx(8, abs=0.5)
    assert aggregate.moment_kl(codes) == pytest.approx((9 - 1 - np.log(9)) / 2, rel=0.05)


def test_the_held_out_kernel_is_the_sum_that_its_paper_names():
    x, y = cloud(5), cloud(7, seed=1)
    squared = ((x[:, None] - y) ** 2).sum(axis=2)
    expected = sum(c / (c + squared) for c in (0.4, 0.8, 2, 4, 8, 20, 40))
    np.testing.assert_allclose(aggregate.held_out_kernel(2).at(squared)[0], expected, rtol=1e-6)


def test_the_estimate_of_the_test_is_unbiased_mmd2():
    codes, seed = cloud(60, mean=(1, 0)), 3
    prior = np.random.default_rng(seed).standard_normal(codes.shape)
    kernel = mmd.GaussianKernel(2.0)
    found, _ = aggregate.mmd_test(codes, kernel, permutations=1, seed=seed)
    assert found == pytest.approx(float(mmd.mmd2(codes, prior, kernel, unbiased=True)), abs=1e-9)


def test_the_test_finds_a_difference_and_none_where_there_is_none():
    kernel = aggregate.held_out_kernel(2)
    assert aggregate.mmd_test(cloud(200, std=(2, 1)), kernel, 200)[1] == pytest.approx(1 / 201)
    # Draws from the prior: p is uniform, so small values are rare but do occur.
    ps = [aggregate.mmd_test(cloud(60, seed=s), kernel, 99, seed=1_000 + s)[1] for s in range(100)]
    assert stats.kstest(ps, "uniform").pvalue > 0.001
    assert 0.2 < np.mean(np.array(ps) <= 0.5) < 0.8


def test_information_of_one_cloud_for_all_images_is_its_kl_to_the_prior():
    z_mean, z_log_var = np.full((500, 2), 1.0), np.full((500, 2), np.log(0.25))
    mutual, to_prior = aggregate.information(z_mean, z_log_var)
    expected = 2 * (1 + 0.25 - np.log(0.25) - 1) / 2
    assert mutual == pytest.approx(0, abs=0.15)
    assert to_prior == pytest.approx(expected, abs=0.15)


def test_information_of_clouds_apart_is_the_logarithm_of_their_number():
    random = np.random.default_rng(0)
    z_mean = random.permutation(np.stack(np.meshgrid(range(20), range(20)), -1).reshape(-1, 2))
    mutual, _ = aggregate.information(z_mean, np.full((400, 2), np.log(1e-4)))
    assert mutual == pytest.approx(np.log(400), abs=0.2)


def test_information_of_a_linear_channel():
    """z = x + noise with x normal: I = d/2 log(1 + signal / noise), and q(z) is normal too."""
    z_mean = cloud(3_000, std=(0.8, 0.8))
    mutual, to_prior = aggregate.information(z_mean, np.full(z_mean.shape, np.log(0.36)))
    assert mutual == pytest.approx(np.log(1 + 0.64 / 0.36), abs=0.05)
    assert to_prior == pytest.approx(0, abs=0.05)


def test_a_prior_that_is_the_mixture_of_all_clouds_is_at_no_distance():
    means = np.array([[-3, 0], [3, 1], [0, 4]], "float32")
    z_mean, z_log_var = np.tile(means, (300, 1)), np.full((900, 2), -1.0, "float32")
    prior = Mixture(means, np.full((3, 2), -1.0, "float32"))
    mutual, to_prior = aggregate.information(z_mean, z_log_var, prior=prior)
    assert to_prior == pytest.approx(0, abs=1e-3)
    assert mutual == pytest.approx(np.log(3), abs=0.05)  # the clouds hardly overlap
    assert aggregate.information(z_mean, z_log_var)[0] == pytest.approx(mutual, abs=0.15)
    assert aggregate.information(z_mean, z_log_var)[1] > 3


def test_active_units_are_those_that_vary():
    codes = cloud() * [1, 0.05]
    assert aggregate.active_units(codes) == 1
    assert aggregate.active_units(codes, threshold=1e-4) == 2


# In a process of its own, for what was once allocated would be used again.
MEMORY = """
import psutil, threading, numpy as np
from vaelib import aggregate

codes, process, done = np.random.default_rng(0).standard_normal((1_000, 2)), psutil.Process(), []
kernel = aggregate.held_out_kernel(2)
aggregate.mmd_test(codes[:50], kernel, permutations=2)
seen = [process.memory_info().rss]

def watch():
    while not done:
        seen.append(process.memory_info().rss)

watcher = threading.Thread(target=watch)
watcher.start()
aggregate.mmd_test(codes, kernel)
done.append(True)
watcher.join()
print(len(seen), (max(seen) - seen[0]) // 1_000_000)
"""


def test_the_permutation_test_takes_less_than_300_megabytes():
    ran = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    times, megabytes = map(int, ran.stdout.split())
    assert times > 10 and 30 < megabytes < 300
