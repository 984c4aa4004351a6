"""Estimates of the likelihood, compared with models whose likelihood is known."""

import warnings

import numpy as np
import pytest
from linear_gaussian import Constant, LinearGaussian, LinearMixture, gaussian
from scipy import special, stats

from vaelib import losses
from vaelib.measures import likelihood, pixel_densities
from vaelib.models import VAE
from vaelib.support.backend import ops


def test_numerical_integration_gives_the_likelihood_of_a_linear_gaussian_model():
    model = LinearGaussian()
    images = model.images(6)
    found = likelihood.log_likelihood(model, images, step=0.1, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(found, model.log_p(images), atol=0.02)
    finer = likelihood.log_likelihood(model, images, step=0.05, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(finer, found, atol=0.01)


def test_the_likelihood_uses_the_models_own_prior():
    model = LinearMixture()
    images = model.images(6)
    assert np.abs(model.log_p(images) - LinearGaussian().log_p(images)).mean() > 0.2
    exact = likelihood.log_likelihood(model, images, step=0.1, log_p_x_given_z=gaussian)
    np.testing.assert_allclose(exact, model.log_p(images), atol=0.02)
    sampled = likelihood.importance_sampled_log_likelihood(
        model, images, samples=4_000, log_p_x_given_z=gaussian, widen=1.5
    )
    np.testing.assert_allclose(sampled, model.log_p(images), atol=0.1)


def test_the_sampled_kl_to_a_mixture_is_right_on_average():
    prior = LinearMixture().prior
    mean, log_var = np.array([[0.3, -0.2]]), np.array([[-1.0, -0.5]])
    random = np.random.default_rng(0)
    z = mean + np.exp(log_var / 2) * random.standard_normal((40_000, 2))
    every = (np.broadcast_to(row, z.shape) for row in (mean, log_var))
    found = likelihood.kl_to_prior(prior, z, *every).mean()
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
    found = likelihood.true_posterior(model, images, codes, gaussian)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    mean, log_var = model.encode_distribution(images)
    np.testing.assert_allclose(found @ codes, mean, atol=1e-3)
    np.testing.assert_allclose(found @ codes**2 - (found @ codes) ** 2, np.exp(log_var), atol=1e-4)


@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_importance_sampling_from_the_true_posterior_is_exact(latent_dim):
    model = LinearGaussian(latent_dim)
    images = model.images(4)
    found = likelihood.importance_sampled_log_likelihood(
        model, images, samples=3, log_p_x_given_z=gaussian
    )
    np.testing.assert_allclose(found, model.log_p(images), atol=0.02)


def test_importance_sampling_from_another_posterior_rises_to_the_likelihood():
    model = LinearGaussian(widened=4.0)
    images = model.images(20)
    few, many = (
        likelihood.importance_sampled_log_likelihood(
            model, images, k, log_p_x_given_z=gaussian
        ).mean()
        for k in (1, 1_000)
    )
    exact = model.log_p(images).mean()
    assert few < many - 0.3
    assert many == pytest.approx(exact, abs=0.1)


def test_widened_importance_samples_correct_an_encoder_that_is_too_narrow():
    narrow = LinearGaussian(widened=0.25)  # half the standard deviation of the true posterior
    images = narrow.images(20)
    settings = dict(samples=200, log_p_x_given_z=gaussian)
    exact = narrow.log_p(images)
    plain = likelihood.importance_sampled_log_likelihood(narrow, images, **settings)
    widened = likelihood.importance_sampled_log_likelihood(narrow, images, widen=2.0, **settings)
    np.testing.assert_allclose(widened, exact, atol=1e-3)  # this is the true posterior again
    assert np.abs(plain - exact).mean() > 0.05


def test_the_likelihood_of_a_decoder_that_ignores_its_code_is_that_of_its_output():
    random = np.random.default_rng(0)
    logits = random.standard_normal((28, 28, 1))
    images = random.integers(0, 2, (5, 28, 28, 1), dtype="uint8") * np.uint8(255)
    expected = stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(images // 255).sum(axis=(1, 2, 3))
    found = likelihood.log_likelihood(Constant(logits), images, step=0.1)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_grid_extends_to_the_farthest_codes():
    model = LinearGaussian()
    images = model.images(3)
    far = model.encode(images) + np.float32(9)
    model.encode = lambda images: far
    seen = []

    def remember(images, means):
        seen.append((ops.convert_to_numpy(means) - model.b) @ np.linalg.pinv(model.w).T)
        return gaussian(images, means)

    likelihood.log_likelihood(model, images, step=0.5, log_p_x_given_z=remember)
    grid = np.concatenate(seen)
    assert grid.max() == pytest.approx(far.max() + 1, abs=1e-3)
    assert grid.min() == pytest.approx(-far.max() - 1, abs=1e-3)


def test_the_elbo_gap_is_the_kl_of_the_posteriors():
    images = np.random.default_rng(0).integers(0, 2, (4_000, 28, 28, 1)).astype("float32")
    model = Constant(np.zeros((28, 28, 1)))  # so that the true posterior is the prior
    z_mean, z_log_var = np.full((4_000, 2), 0.7), np.full((4_000, 2), -1.0)
    model.encode_distribution = lambda images: (z_mean, z_log_var)
    divergence = 0.7**2 + np.exp(-1) + 1 - 1
    expected = 784 * np.log(0.5) - divergence
    np.testing.assert_allclose(likelihood.elbo(model, images), expected, rtol=1e-5)


def test_the_elbo_is_tight_on_average_for_the_true_posterior():
    model = LinearGaussian()
    model.b = np.zeros(784)  # small logits, where a Bernoulli decoder is nearly linear
    z_mean, z_log_var = np.zeros((500, 2), "float32"), np.zeros((500, 2), "float32")
    model.encode_distribution = lambda images: (z_mean, z_log_var)
    images = np.full((500, 28, 28, 1), 0.5, "float32")
    found = likelihood.elbo(model, images)
    exact = likelihood.log_likelihood(model, images[:1], step=0.1)
    assert found.mean() == pytest.approx(exact[0], abs=0.1)
    assert found.mean() <= exact[0] + 0.01


def by_hand(model, images, step, limit):
    """log p(x) of a `VAE` in float64, code by code, as the definition has it."""
    axis = np.linspace(-limit, limit, 1 + round(2 * limit / step))
    z = np.array([(z1, z2) for z1 in axis for z2 in axis])
    flat = images.reshape(len(images), -1) / (255 if images.dtype == np.uint8 else 1)
    means = model.decode(z).reshape(len(z), -1).astype("float64")
    log_p_x = np.array([stats.bernoulli(m).logpmf(flat).sum(axis=1) for m in means])
    log_joint = log_p_x + stats.norm.logpdf(z).sum(axis=1)[:, None]
    return special.logsumexp(log_joint, axis=0) + 2 * np.log(axis[1] - axis[0])


def test_the_likelihood_of_a_vae_follows_its_definition():
    model, random = VAE(seed=3), np.random.default_rng(0)
    # So that it matters which code an image is decoded from, by some 17 nats.
    model.decoder.set_weights([2 * weights for weights in model.decoder.get_weights()])
    images = random.integers(0, 2, (3, 28, 28, 1), dtype="uint8") * np.uint8(255)
    expected = by_hand(model, images, step=0.25, limit=4)
    found = likelihood.log_likelihood(model, images, step=0.25, limit=4)
    np.testing.assert_allclose(found, expected, atol=0.002)


def test_bernoulli_is_minus_the_cross_entropy_of_every_pair(batch):
    images, outputs, _ = batch
    x, logits = (a.reshape(100, -1)[:7].astype("float64") for a in (images, outputs["logits"]))
    found = ops.convert_to_numpy(
        pixel_densities.bernoulli_log_likelihood(*map(ops.convert_to_tensor, (x, logits[:5])))
    )
    m = special.expit(logits)
    for i in range(7):
        for j in range(5):
            log_p = (x[i] * np.log(m[j]) + (1 - x[i]) * np.log(1 - m[j])).sum()
            assert found[i, j] == pytest.approx(log_p)


@pytest.mark.parametrize("deviation", [0.1, 0.02, 0.005])
def test_the_gaussian_likelihood_is_exact_where_pixels_deviate_little(deviation):
    random = np.random.default_rng(0)
    images = random.uniform(0.1, 0.9, (2, 32 * 32 * 3)).astype("float32")
    decoded = images + deviation * random.standard_normal((5, *images.shape))
    logits = special.logit(np.clip(decoded, 0.01, 0.99)).astype("float32").reshape(10, -1)
    found = ops.convert_to_numpy(
        pixel_densities.gaussian_log_likelihood(
            *map(ops.convert_to_tensor, (images, logits)), np.log(deviation)
        )
    )
    means = special.expit(logits.astype("float64"))
    for i, image in enumerate(images):
        expected = stats.norm(means, deviation).logpdf(image).sum(axis=1)
        np.testing.assert_allclose(found[i], expected, atol=1e-3)
        one = losses.gaussian_nll(image[None].repeat(10, 0), logits, float(np.log(deviation)))
        np.testing.assert_allclose(-ops.convert_to_numpy(one)[i::2], expected[i::2], atol=0.02)


def test_a_grid_that_is_too_coarse_for_a_posterior_is_warned_about():
    model = LinearGaussian()
    images, settings = model.images(20), dict(limit=6, log_p_x_given_z=gaussian)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = likelihood.log_likelihood(model, images, step=0.1, **settings)
    np.testing.assert_allclose(found, model.log_p(images), atol=0.01)
    words = r"of 20 images changes by .* nats between steps of 2\.4 and 1\.2, .*step=0\.6$"
    with pytest.warns(UserWarning, match=words):
        wrong = likelihood.log_likelihood(model, images, step=1.2, **settings)
    assert np.abs(wrong - model.log_p(images)).max() > 0.1


@pytest.mark.parametrize(
    "grid, complaint",
    [
        (dict(step=0), "step must be a number above 0, not 0"),
        (dict(step=-0.1), "step must be a number above 0, not -0.1"),
        (dict(step=np.nan), "step must be a number above 0, not nan"),
        (dict(step=np.inf), "step must be a number above 0, not inf"),
        (dict(step="fine"), "step must be a number above 0, not 'fine'"),
        (dict(limit=0), "limit must be a number above 0, not 0"),
        (dict(limit=-5), "limit must be a number above 0, not -5"),
        (dict(limit=np.inf), "limit must be a number above 0, not inf"),
        (dict(limit=np.nan), "limit must be a number above 0, not nan"),
        (
            dict(limit=1e5, step=0.04),
            r"over \[-100000, 100000\]\^2 makes 5e\+06 steps in a row: choose",
        ),
        (dict(limit=1e300, step=1e-300), "makes inf steps in a row: choose"),
        (dict(limit=1, step=1.5), "makes 1.33 steps in a row: choose both so that there are"),
        (dict(step=100), "makes 0.1 steps in a row: choose"),
    ],
)
def test_an_invalid_grid_is_refused(grid, complaint):
    model = Constant(np.zeros((28, 28, 1)))
    with pytest.raises((ValueError, TypeError), match=complaint):
        likelihood.log_likelihood(model, np.zeros((1, 28, 28, 1), "float32"), **grid)


def test_a_grid_may_have_three_cells_in_a_row():
    model, image = Constant(np.zeros((28, 28, 1))), np.zeros((1, 28, 28, 1), "float32")
    expected = 784 * np.log(0.5) + 2 * np.log(stats.norm.pdf([-1, 0, 1]).sum())
    found = likelihood.log_likelihood(model, image, np.int64(1), np.int64(1))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_codes_of_nan_are_refused_where_the_grid_has_to_reach_them():
    model = Constant(np.zeros((28, 28, 1)))
    model.encode = lambda images: np.full((len(images), 2), np.nan, "float32")
    with pytest.raises(ValueError, match="limit must be a number above 0, not nan"):
        likelihood.log_likelihood(model, np.zeros((1, 28, 28, 1), "float32"))


def test_integers_of_numpy_are_accepted():
    model, images = LinearGaussian(), LinearGaussian().images(2)
    numpy = likelihood.importance_sampled_log_likelihood(model, images, np.int64(5), np.int32(3))
    assert (
        numpy.tolist() == likelihood.importance_sampled_log_likelihood(model, images, 5, 3).tolist()
    )
    assert likelihood.elbo(model, images, np.int64(3)).tolist() == (
        likelihood.elbo(model, images, 3).tolist()
    )


def test_invalid_arguments_are_refused():
    images = LinearGaussian().images(2)
    with pytest.raises(ValueError, match="latent_dim is 3"):
        likelihood.log_likelihood(LinearGaussian(3), images)
    with pytest.raises(ValueError, match=r"shape \(2, 28, 28\)"):
        likelihood.log_likelihood(LinearGaussian(), images[..., 0])
    with pytest.raises(ValueError, match="samples must be an integer, 1 or more, not 0"):
        likelihood.importance_sampled_log_likelihood(LinearGaussian(), images, samples=0)
    with pytest.raises(ValueError, match="widen must be a number above 0, not 0"):
        likelihood.importance_sampled_log_likelihood(LinearGaussian(), images, widen=0)
    model = LinearGaussian()
    model.encode_distribution = lambda images: (None, None)
    for refuse in (likelihood.importance_sampled_log_likelihood, likelihood.elbo):
        with pytest.raises(ValueError, match="codes are deterministic"):
            refuse(model, images)
