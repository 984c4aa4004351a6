"""How probable does a model find an image? With two latent dimensions, the integral can be done.

    log p(x) = log of the integral of p(x|z) p(z) over z,  p(z) the model's prior

Pixels are taken as Bernoulli variables, p(x|z) = prod_i m_i^x_i (1 - m_i)^(1 - x_i) with m the
decoded image. That is a probability for pixels that are 0 or 1. For grey pixels it is what the
binary cross-entropy makes of them: a number to compare models by, but not a log-likelihood
(Loaiza-Ganem and Cunningham 2019).
"""

import numpy as np
from scipy.special import logsumexp, softmax

from vaelib.backend import ops
from vaelib.models import check_images, to_unit_interval
from vaelib.priors import StandardNormal

CELLS = 500  # of the grid, taken together: decoding them takes some 200 MB


def bernoulli(images, logits):
    """log p(x|z) of every image under every decoded code, in nats: minus the cross-entropy.

    Args:
        images: (n, pixels), in [0, 1].
        logits: (m, pixels).

    Returns:
        (n, m).
    """
    return images @ logits.T - np.logaddexp(0, logits).sum(axis=1)


def log_likelihood(model, images, step=0.04, limit=None, log_p_x_given_z=bernoulli):
    """log p(x) of each image, by summing p(x|z) p(z) over a grid of codes.

    It is as exact as the grid is fine: halve `step` to see how exact. The posterior p(z|x) has to
    be wider than a step, and the grid has to reach where it lies.

    Args:
        model: a `VAE` with latent_dim 2; whether it was trained on a likelihood does not matter.
        images: (n, 28, 28, 1), uint8 or in [0, 1].
        step: distance of neighbours on the grid.
        limit: the grid spans [-limit, limit]^2; by default 5, or as far as the model's codes of
            these images reach, and 1 more.
        log_p_x_given_z: function as `bernoulli`.

    Returns:
        (n,), float64, in nats.

    Raises:
        ValueError: for another latent_dim, a step that is not positive, or images as
            `check_images` refuses them.
    """
    if model.latent_dim != 2:
        raise ValueError(f"latent_dim is {model.latent_dim}: the integral is done for 2 only.")
    if not step > 0:
        raise ValueError(f"step must be a positive number, not {step!r}.")
    images = check_images(images)
    if limit is None:
        limit = max(5.0, 1.0 + float(np.abs(model.encode(images)).max()))
    flat = ops.convert_to_numpy(to_unit_interval(images)).reshape(len(images), -1)
    axis = np.linspace(-limit, limit, 1 + round(2 * limit / step))
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    log_area = 2 * np.log(axis[1] - axis[0])
    total = np.full(len(flat), -np.inf)
    for start in range(0, len(codes), CELLS):
        log_joint = _log_joint(model, flat, codes[start : start + CELLS], log_p_x_given_z)
        total = np.logaddexp(total, logsumexp_rows(log_joint) + log_area)
    return total


def posterior(model, images, codes, log_p_x_given_z=bernoulli):
    """The true posterior p(z|x) of each image, on codes that cover where it lies.

    Args:
        model, images, log_p_x_given_z: as for `log_likelihood`.
        codes: (m, 2), on a grid. n times m numbers are held in memory: 10 million at most.

    Returns:
        (n, m), adding up to 1 over the codes.
    """
    images = check_images(images)
    flat = ops.convert_to_numpy(to_unit_interval(images)).reshape(len(images), -1)
    parts = (codes[start : start + CELLS] for start in range(0, len(codes), CELLS))
    log_joint = [_log_joint(model, flat, part, log_p_x_given_z) for part in parts]
    return softmax(np.concatenate(log_joint, axis=1).astype("float64"), axis=1)


def _log_joint(model, flat, codes, log_p_x_given_z):  # log p(x|z) p(z): (n, len(codes))
    log_joint = log_p_x_given_z(flat, _logits(model, codes))
    log_joint += _log_density(model.prior, codes).astype(log_joint.dtype)
    return log_joint


def _log_density(prior, z):  # (n, latent_dim) -> (n,)
    return ops.convert_to_numpy(prior.log_density(np.asarray(z, "float32")))


def _log_normal(noise, log_var):  # log density of mean + exp(log_var / 2) * noise, -> (n,)
    return -(noise**2 + log_var + np.log(2 * np.pi)).sum(axis=1) / 2


def importance_sampled(model, images, samples=1_000, seed=0, log_p_x_given_z=bernoulli, widen=1.0):
    """log p(x) of each image from draws of q(z|x), for any latent_dim.

        log p(x) ~ log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x)

    On average a lower bound, and the tighter the more samples (Burda et al. 2015, arXiv
    1509.00519, equation 8). Where q is narrower than the true posterior, which is what a VAE's
    training leads to, draws hardly ever reach what it leaves out: widen it.

    Args:
        model: a `VAE` with codes that are drawn.
        images, log_p_x_given_z: as for `log_likelihood`.
        samples: K, at least 1.
        seed: of the draws.
        widen: factor on the standard deviations of q, above 0.

    Returns:
        (n,), float64, in nats.

    Raises:
        ValueError: for a model whose codes are not drawn, fewer than one sample, or a factor that
            is not positive.
    """
    if samples < 1:
        raise ValueError(f"samples must be 1 or more, not {samples}.")
    if not widen > 0:
        raise ValueError(f"widen must be above 0, not {widen!r}.")
    z_mean, z_log_var = _posterior(model, images)
    z_log_var = z_log_var + 2 * np.log(widen)
    images = ops.convert_to_numpy(to_unit_interval(check_images(images)))
    random, prior = np.random.default_rng(seed), model.prior.current()
    result = np.empty(len(images))
    for i, (image, mean, log_var) in enumerate(zip(images, z_mean, z_log_var, strict=True)):
        noise = random.standard_normal((samples, len(mean)))
        z = mean + np.exp(log_var / 2) * noise
        log_ratio = _log_density(prior, z) - _log_normal(noise, log_var)
        blocks = (_logits(model, z[start : start + CELLS]) for start in range(0, samples, CELLS))
        log_p = [log_p_x_given_z(image.reshape(1, -1), logits)[0] for logits in blocks]
        result[i] = logsumexp(np.concatenate(log_p) + log_ratio) - np.log(samples)
    return result


def elbo(model, images, seed=0):
    """The encoder's lower bound of log p(x) for each image, from one draw of q(z|x).

        log p(x|z) - KL(q(z|x) || p(z)),  z ~ q(z|x)

    The KL in closed form for the standard normal, and from the same draw for other priors.

    Args:
        model: a `VAE` with codes that are drawn.
        images: (n, 28, 28, 1), uint8 or in [0, 1].
        seed: of the draws.

    Returns:
        (n,), in nats; on average log p(x) minus KL(q(z|x) || p(z|x)).

    Raises:
        ValueError: for a model whose codes are not drawn.
    """
    z_mean, z_log_var = _posterior(model, images)
    pixels = ops.convert_to_numpy(to_unit_interval(check_images(images))).reshape(len(images), -1)
    noise = np.random.default_rng(seed).standard_normal(z_mean.shape)
    z = z_mean + np.exp(z_log_var / 2) * noise
    log_p = np.empty(len(pixels))
    for start in range(0, len(z), CELLS):
        rows = slice(start, start + CELLS)
        logits = _logits(model, z[rows])
        log_p[rows] = (pixels[rows] * logits - np.logaddexp(0, logits)).sum(axis=1)
    return log_p - kl_to(model.prior, z, z_mean, z_log_var)


def kl_to(prior, z, mean, log_var):
    """KL(q(z|x) || p(z)): in closed form for N(0, I), else from the draws z; (n,), in nats."""
    if isinstance(prior, StandardNormal):
        return (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1) / 2
    return _log_normal((z - mean) / np.exp(log_var / 2), log_var) - _log_density(prior, z)


def _posterior(model, images):
    z_mean, z_log_var = model.encode_distribution(images)
    if z_log_var is None:
        raise ValueError("the model's codes are not drawn: there is no q(z|x) to sample from.")
    return z_mean, z_log_var


def logsumexp_rows(values):
    """log of the sum of exponentials along each row, (n, m) -> (n,); overwrites `values`.

    SciPy's own makes several copies, which here would be hundreds of megabytes.
    """
    highest = values.max(axis=1)
    values -= highest[:, None]
    np.exp(values, out=values)
    return highest + np.log(values.sum(axis=1, dtype="float64"))


def _logits(model, z):  # (m, latent_dim) -> (m, pixels)
    logits = ops.convert_to_numpy(model.decoder(np.asarray(z, dtype="float32")))
    return logits.reshape(len(logits), -1)
