"""Mutual information and the KL of the aggregate posterior: closed forms and integrals."""

import numpy as np
import pytest
from scipy import special, stats

from vaelib.measures import aggregate_posterior
from vaelib.priors import Mixture


def normal_codes(n=4_000, mean=(0, 0), std=(1, 1), seed=0):
    return np.random.default_rng(seed).standard_normal((n, 2)) * std + mean


def test_information_is_0_where_all_images_have_one_posterior():
    z_mean, z_log_var = np.full((500, 2), 1.0), np.full((500, 2), np.log(0.25))
    mutual, to_prior = aggregate_posterior.decompose_rate(z_mean, z_log_var)
    expected = 2 * (1 + 0.25 - np.log(0.25) - 1) / 2
    assert mutual == pytest.approx(0, abs=0.15)
    assert to_prior == pytest.approx(expected, abs=0.15)


def test_information_of_separate_posteriors_is_the_logarithm_of_their_number():
    random = np.random.default_rng(0)
    z_mean = random.permutation(np.stack(np.meshgrid(range(20), range(20)), -1).reshape(-1, 2))
    mutual, _ = aggregate_posterior.decompose_rate(z_mean, np.full((400, 2), np.log(1e-4)))
    assert mutual == pytest.approx(np.log(400), abs=0.2)


def test_information_of_a_linear_gaussian_channel_has_a_closed_form():
    """z = a x + s noise with x from N(0, 1): I = 1/2 log(1 + a^2 / s^2), and q(z) is normal."""
    a, s, n = 0.8, 0.5, 4_000
    density = np.log(1 + a**2 / s**2) / 2
    variance = a**2 + s**2
    to_prior_exactly = (variance - 1 - np.log(variance)) / 2
    found = []
    for seed in range(8):
        x = np.random.default_rng([1, seed]).standard_normal(
            (n, 1)
        )  # not the generator of the noise
        found.append(
            aggregate_posterior.decompose_rate(a * x, np.full((n, 1), 2 * np.log(s)), seed=seed)
        )
    mutual, to_prior = np.mean(found, axis=0)
    # The standard errors of these means, which are about 0.004 and 0.0005.
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (error < 0.006).all()
    assert mutual == pytest.approx(density, abs=4 * error[0] + 0.002)  # and a bias of order 1 / n
    assert to_prior == pytest.approx(to_prior_exactly, abs=4 * error[1] + 0.002)


def test_information_agrees_with_numerical_integration():
    mean, log_var = np.array([-1.0, 0.4, 0.5]), np.array([-1.0, -2.5, 0.2])
    z = np.linspace(-12, 12, 40_001)
    q = stats.norm.pdf(z, mean[:, None], np.exp(log_var / 2)[:, None])
    step, of_all = z[1] - z[0], q.mean(axis=0)
    mutual = (special.rel_entr(q, of_all).sum(axis=1) * step).mean()
    to_prior = special.rel_entr(of_all, stats.norm.pdf(z)).sum() * step
    # The same three posteriors, repeated, have the same mixture and give more samples of it.
    again = [np.tile(x, 200)[:, None] for x in (mean, log_var)]

    def found(prior=None):  # with a standard error of about 0.005
        return np.mean(
            [aggregate_posterior.decompose_rate(*again, s, prior) for s in range(40)], axis=0
        )

    assert found() == pytest.approx((mutual, to_prior), abs=0.02)
    wide = Mixture(np.array([[0.5]]), np.array([[1.0]]))
    to_wide = special.rel_entr(of_all, stats.norm.pdf(z, 0.5, np.exp(0.5))).sum() * step
    assert found(wide) == pytest.approx((mutual, to_wide), abs=0.02)


@pytest.mark.parametrize("middle", [0.0, 1.0, -3e4])
@pytest.mark.parametrize("log_var", [-2.0, -20, -35, -50, -80, -700])
def test_information_never_exceeds_the_logarithm_of_the_number_of_images(log_var, middle):
    z_mean = normal_codes(300, seed=9) + middle  # of another seed than the samples
    narrow = np.full(z_mean.shape, log_var)
    mutual, to_prior = aggregate_posterior.decompose_rate(z_mean, narrow)
    assert mutual <= np.log(300)
    # Together they are the mean KL, here in closed form, but for the noise of the samples.
    kl = (z_mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean() / 2
    chance = abs(middle) * np.exp(log_var / 2) * np.sqrt(2 / 300)  # of 300 samples so far out
    assert mutual + to_prior == pytest.approx(kl, abs=0.3 + 4 * chance, rel=1e-9)
    if log_var <= -20:
        assert mutual == pytest.approx(np.log(300), abs=0.15)
    # One posterior for all images carries no information, however narrow it is; two carry one bit.
    assert aggregate_posterior.decompose_rate(0 * z_mean + middle, narrow)[0] == pytest.approx(
        0, abs=0.2
    )
    two = np.repeat([[0.0, 0.0], [2_000.0, 0.0]], 150, axis=0) + middle
    assert aggregate_posterior.decompose_rate(two, narrow)[0] == pytest.approx(np.log(2), abs=0.2)


def test_information_does_not_change_when_all_codes_are_shifted():
    z_mean, z_log_var = normal_codes(300, seed=9), np.full((300, 2), -6.0)
    here, there = (aggregate_posterior.decompose_rate(z_mean + m, z_log_var)[0] for m in (0, 1e7))
    assert here == pytest.approx(there, abs=1e-4)
    assert 4 < here < 5.5  # the posteriors overlap, so the information is below log 300 = 5.7


def test_the_kl_to_a_prior_that_is_the_mixture_of_all_posteriors_is_0():
    means = np.array([[-3, 0], [3, 1], [0, 4]], "float32")
    z_mean, z_log_var = np.tile(means, (300, 1)), np.full((900, 2), -1.0, "float32")
    prior = Mixture(means, np.full((3, 2), -1.0, "float32"))
    mutual, to_prior = aggregate_posterior.decompose_rate(z_mean, z_log_var, prior=prior)
    assert to_prior == pytest.approx(0, abs=1e-3)
    assert mutual == pytest.approx(np.log(3), abs=0.05)  # the posteriors hardly overlap
    assert aggregate_posterior.decompose_rate(z_mean, z_log_var)[0] == pytest.approx(
        mutual, abs=0.15
    )
    assert aggregate_posterior.decompose_rate(z_mean, z_log_var)[1] > 3


def test_invalid_means_and_log_variances_are_refused():
    z_mean, z_log_var = np.zeros((3, 2)), np.zeros((3, 2))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="some codes are NaN"):
            aggregate_posterior.decompose_rate(z_mean + bad, z_log_var)
        with pytest.raises(ValueError, match="some log-variances are NaN"):
            aggregate_posterior.decompose_rate(z_mean, z_log_var + bad)
    with pytest.raises(ValueError, match=r"log-variances from -800 to 0: expected -700 to 700"):
        aggregate_posterior.decompose_rate(z_mean, z_log_var - [[800], [0], [0]])
    with pytest.raises(
        ValueError, match=r"shape \(3, 2\) and log-variances of shape \(1, 2\): expected"
    ):
        aggregate_posterior.decompose_rate(z_mean, z_log_var[:1])
