"""Likelihoods against models whose likelihood is known."""

import numpy as np
import pytest
from scipy import stats

from vaelib import likelihood
from vaelib.priors import Mixture, StandardNormal

NOISE = 0.2


class LinearGaussian:
    """x = W z + b + noise: everything about it is normal, and known."""

    def __init__(self, latent_dim=2, seed=0, widened=1.0):
        random = np.random.default_rng(seed)
        self.latent_dim, self.widened = latent_dim, widened
        self.prior = StandardNormal(latent_dim)
        # Orthogonal columns, so that the posterior has no correlations either.
        self.w = (
            np.linalg.qr(random.standard_normal((784, latent_dim)))[0] * [1.0, 0.5, 2][:latent_dim]
        )
        self.b = np.full(784, 0.5)

    def decoder(self, z):
        return np.asarray(z @ self.w.T + self.b).reshape(-1, 28, 28, 1)

    def encode_distribution(self, images):
        flat = np.reshape(images, (len(images), -1)) - self.b
        precision = 1 + (self.w**2).sum(axis=0) / NOISE**2
        mean = flat @ self.w / NOISE**2 / precision
        variance = np.broadcast_to(self.widened / precision, mean.shape)
        return mean.astype("float32"), np.log(variance).astype("float32")

    def encode(self, images):
        return self.encode_distribution(images)[0]

    def log_p(self, images):
        law = stats.multivariate_normal(self.b, self.w @ self.w.T + NOISE**2 * np.eye(784))
        return law.logpdf(np.reshape(images, (len(images), -1)))

    def images(self, n):
        """Not draws, for they have to lie in [0, 1], but images that are likely enough."""
        random = np.random.default_rng(1)
        z = random.standard_normal((n, self.latent_dim))
        images = self.decoder(z) + NOISE * random.standard_normal((n, 28, 28, 1))
        return np.clip(images, 0, 1).astype("float32")


def gaussian(images, means):
    """log p(x|z) with normal noise, (n, 784), (m, 784) -> (n, m)."""
    squares = (images**2).sum(1)[:, None] + (means**2).sum(1) - 2 * images @ means.T
    return -squares / (2 * NOISE**2) - 784 * np.log(NOISE * np.sqrt(2 * np.pi))


class LinearMixture(LinearGaussian):
    """The same with a mixture for a prior: two normal likelihoods, added."""

    MEANS = np.array([[-1.5, 0], [1, 1]], "float32")
    VARIANCES = np.array([[0.3, 0.2], [0.1, 0.5]], "float32")

    def __init__(self, **settings):
        super().__init__(**settings)
        self.prior = Mixture(self.MEANS, np.log(self.VARIANCES))

    def log_p(self, images):
        flat = np.reshape(images, (len(images), -1))
        of_each = [
            stats.multivariate_normal(
                self.b + self.w @ mean, self.w * variance @ self.w.T + NOISE**2 * np.eye(784)
            ).logpdf(flat)
            for mean, variance in zip(self.MEANS, self.VARIANCES, strict=True)
        ]
        return np.logaddexp(*of_each) - np.log(2)


class Constant:
    """A decoder that says the same whatever the code."""

    latent_dim = 2
    prior = StandardNormal(2)

    def __init__(self, logits):
        self.logits = logits

    def decoder(self, z):
        return np.broadcast_to(self.logits, (len(z), 28, 28, 1))

    def encode(self, images):
        return np.zeros((len(images), 2), "float32")


def test_the_integral_is_the_likelihood_of_a_linear_gaussian_model():
    model = LinearGaussian()
    images = model.images(6)
    found = likelihood.log_likelihood(model, images, step=0.1, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(found, model.log_p(images), atol=0.02)
    finer = likelihood.log_likelihood(model, images, step=0.05, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(finer, found, atol=0.01)


def test_the_likelihood_is_that_under_the_models_own_prior():
    model = LinearMixture()
    images = model.images(6)
    assert np.abs(model.log_p(images) - LinearGaussian().log_p(images)).mean() > 0.2
    exact = likelihood.log_likelihood(model, images, step=0.1, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(exact, model.log_p(images), atol=0.02)
    drawn = likelihood.importance_sampled(
        model, images, samples=4_000, log_p_x_given_z=gaussian, widen=1.5
    )
    np.testing.assert_allclose(drawn, model.log_p(images), atol=0.1)


def test_the_divergence_to_a_mixture_is_right_on_average():
    prior = LinearMixture().prior
    mean, log_var = np.array([[0.3, -0.2]]), np.array([[-1.0, -0.5]])
    random = np.random.default_rng(0)
    z = mean + np.exp(log_var / 2) * random.standard_normal((40_000, 2))
    found = likelihood.kl_to(prior, z, mean, log_var).mean()
    axis = np.linspace(-8, 8, 401)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    q = stats.multivariate_normal(mean[0], np.diag(np.exp(log_var[0])))
    log_p = np.asarray(prior.log_density(grid.astype("float32")))
    integral = (q.pdf(grid) * (q.logpdf(grid) - log_p)).sum() * (axis[1] - axis[0]) ** 2
    assert found == pytest.approx(integral, abs=0.05)


def test_the_posterior_on_a_grid_is_that_of_a_linear_gaussian_model():
    model = LinearGaussian()
    images = model.images(5)
    axis = np.arange(-3, 3.01, 0.04)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    found = likelihood.posterior(model, images, codes, gaussian)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    mean, log_var = model.encode_distribution(images)
    np.testing.assert_allclose(found @ codes, mean, atol=1e-3)
    np.testing.assert_allclose(found @ codes**2 - (found @ codes) ** 2, np.exp(log_var), atol=1e-4)


@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_importance_sampling_from_the_true_posterior_is_exact(latent_dim):
    model = LinearGaussian(latent_dim)
    images = model.images(4)
    found = likelihood.importance_sampled(model, images, samples=3, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(found, model.log_p(images), atol=0.02)


def test_importance_sampling_from_another_posterior_rises_to_the_likelihood():
    model = LinearGaussian(widened=4.0)
    images = model.images(20)
    few, many = (
        likelihood.importance_sampled(model, images, k, log_p_x_given_z=gaussian).mean()
        for k in (1, 1_000)
    )
    exact = model.log_p(images).mean()
    assert few < many - 0.3
    assert many == pytest.approx(exact, abs=0.1)


def test_widened_draws_make_up_for_an_encoder_that_is_too_narrow():
    narrow = LinearGaussian(widened=0.25)  # half the standard deviation of the true posterior
    images = narrow.images(20)
    settings = dict(samples=200, log_p_x_given_z=gaussian)
    exact = narrow.log_p(images)
    plain = likelihood.importance_sampled(narrow, images, **settings)
    widened = likelihood.importance_sampled(narrow, images, widen=2.0, **settings)
    np.testing.assert_allclose(widened, exact, atol=1e-3)  # this is the true posterior again
    assert np.abs(plain - exact).mean() > 0.05


def test_a_decoder_that_ignores_its_code_has_the_likelihood_of_its_only_image():
    random = np.random.default_rng(0)
    logits = random.standard_normal((28, 28, 1))
    images = random.integers(0, 2, (5, 28, 28, 1), dtype="uint8") * np.uint8(255)
    expected = stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(images // 255).sum(axis=(1, 2, 3))
    found = likelihood.log_likelihood(Constant(logits), images, step=0.1)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_grid_reaches_as_far_as_the_codes():
    model = LinearGaussian()
    images = model.images(3)
    far = model.encode(images) + np.float32(9)
    model.encode = lambda images: far
    seen = []

    def remember(images, means):
        seen.append((means - model.b) @ np.linalg.pinv(model.w).T)
        return gaussian(images, means)

    likelihood.log_likelihood(model, images, step=0.5, log_p_x_given_z=remember)
    grid = np.concatenate(seen)
    assert grid.max() == pytest.approx(far.max() + 1, abs=1e-3)
    assert grid.min() == pytest.approx(-far.max() - 1, abs=1e-3)


def test_the_bound_lies_below_the_likelihood_by_the_divergence_of_the_posteriors():
    images = np.random.default_rng(0).integers(0, 2, (4_000, 28, 28, 1)).astype("float32")
    model = Constant(np.zeros((28, 28, 1)))  # so that the true posterior is the prior
    z_mean, z_log_var = np.full((4_000, 2), 0.7), np.full((4_000, 2), -1.0)
    model.encode_distribution = lambda images: (z_mean, z_log_var)
    divergence = 0.7**2 + np.exp(-1) + 1 - 1
    expected = 784 * np.log(0.5) - divergence
    np.testing.assert_allclose(likelihood.elbo(model, images), expected, rtol=1e-5)


def test_the_bound_is_tight_on_average_where_the_encoder_is_right():
    model = LinearGaussian()
    model.b = np.zeros(784)  # small logits, where a Bernoulli decoder is nearly linear
    z_mean, z_log_var = np.zeros((500, 2), "float32"), np.zeros((500, 2), "float32")
    model.encode_distribution = lambda images: (z_mean, z_log_var)
    images = np.full((500, 28, 28, 1), 0.5, "float32")
    found = likelihood.elbo(model, images)
    exact = likelihood.log_likelihood(model, images[:1], step=0.1)
    assert found.mean() == pytest.approx(exact[0], abs=0.1)
    assert found.mean() <= exact[0] + 0.01


def test_what_can_not_be_computed_is_refused():
    images = LinearGaussian().images(2)
    with pytest.raises(ValueError, match="latent_dim is 3"):
        likelihood.log_likelihood(LinearGaussian(3), images)
    with pytest.raises(ValueError, match="step must be a positive number, not 0"):
        likelihood.log_likelihood(LinearGaussian(), images, step=0)
    with pytest.raises(ValueError, match=r"shape \(2, 28, 28\)"):
        likelihood.log_likelihood(LinearGaussian(), images[..., 0])
    with pytest.raises(ValueError, match="samples must be 1 or more, not 0"):
        likelihood.importance_sampled(LinearGaussian(), images, samples=0)
    with pytest.raises(ValueError, match="widen must be above 0, not 0"):
        likelihood.importance_sampled(LinearGaussian(), images, widen=0)
    model = LinearGaussian()
    model.encode_distribution = lambda images: (None, None)
    for refuse in (likelihood.importance_sampled, likelihood.elbo):
        with pytest.raises(ValueError, match="codes are not drawn"):
            refuse(model, images)
