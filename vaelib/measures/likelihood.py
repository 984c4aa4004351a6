"""How probable does a model find an image? With two latent dimensions, the integral can be done.

    log p(x) = log of the integral of p(x|z) p(z) over z,  p(z) the model's prior

Pixels are taken as Bernoulli variables, p(x|z) = prod_i m_i^x_i (1 - m_i)^(1 - x_i) with m the
decoded image. That is a probability for pixels that are 0 or 1. For grey pixels it is what the
binary cross-entropy makes of them: a number to compare models by, but not a log-likelihood
(Loaiza-Ganem and Cunningham 2019). A model that was trained with `losses.gaussian_pixels` has a
density for them, and is measured by it.
"""

from functools import partial

import numpy as np
from scipy.special import softmax

from vaelib import losses
from vaelib.backend import ops
from vaelib.errors import check_integer, check_number
from vaelib.models import in_chunks
from vaelib.pixels import check_images, to_unit_interval
from vaelib.priors import StandardNormal
from vaelib.streams import stream

CELLS = 500  # of the grid, taken together: decoding them takes some 200 MB
STEPS = 200  # of the grid in a row; twice as many change the runs in runs/ by .003 nats at most
MOST_STEPS = 2_000  # of the grid in a row: four million cells, some twenty minutes


def bernoulli(images, logits):
    """log p(x|z) of every image under every decoded code, in nats.

    Minus `losses.binary_cross_entropy`, for all pairs in one matrix product.

    Args:
        images: (n, pixels), in [0, 1].
        logits: (m, pixels).

    Returns:
        (n, m), a tensor.
    """
    return ops.matmul(images, ops.transpose(logits)) - ops.sum(ops.softplus(logits), axis=1)


def gaussian(images, logits, log_scale):
    """As `bernoulli`, for pixels that are normal around the decoded ones.

    Minus `losses.gaussian_pixels`, for all pairs in one matrix product.

    Args:
        images, logits: as for `bernoulli`.
        log_scale: log sigma, a number.
    """
    decoded = ops.sigmoid(logits)
    squares = ops.sum(ops.square(images), axis=1)[:, None] + ops.sum(ops.square(decoded), axis=1)
    squares -= 2.0 * ops.matmul(images, ops.transpose(decoded))
    constant = images.shape[1] * (losses.LOG_2PI / 2 + log_scale)
    return -constant - 0.5 * squares * np.exp(-2.0 * log_scale)


def density_of(model):
    """The density of pixels that a model was trained on, as a function like `bernoulli`."""
    if not model.objective.learns_scale:
        return bernoulli
    return partial(gaussian, log_scale=float(ops.convert_to_numpy(model.log_scale)))


def log_likelihood(model, images, step=None, limit=None, log_p_x_given_z=None):
    """log p(x) of each image, by summing p(x|z) p(z) over a grid of codes.

    It is as exact as the grid is fine: halve `step` to see how exact. The posterior p(z|x) has to
    be wider than a step, and the grid has to reach where it lies.

    Args:
        model: a `VAE` with latent_dim 2; whether it was trained on a likelihood does not matter.
        images: (n, *model.image_shape), uint8 or in [0, 1].
        step: distance of neighbours on the grid; by default there are 200 steps in a row, for a
            map that is twice as wide has posteriors that are about twice as wide.
        limit: the grid spans [-limit, limit]^2; by default 5, or as far as the model's codes of
            these images reach, and 1 more.
        log_p_x_given_z: function as `bernoulli`; by default the model's own, see `density_of`.

    Returns:
        (n,), float64, in nats.

    Raises:
        ValueError: for another latent_dim, a grid without size, of fewer than 2 or more than 2,000
            steps in a row, or images as `check_images` refuses them.
    """
    if model.latent_dim != 2:
        raise ValueError(f"latent_dim is {model.latent_dim}: the integral is done for 2 only.")
    images = check_images(images, model.image_shape)
    if limit is None:
        limit = max(1.0 + float(np.abs(model.encode(images)).max()), 5.0)
    limit = check_number("limit", limit, above=0)
    step = 2 * limit / STEPS if step is None else check_number("step", step, above=0)
    steps = 2 * limit / step  # as a float, for it may be infinite
    if not 1.5 <= steps <= MOST_STEPS:
        raise ValueError(
            f"a step of {step:g} over [-{limit:g}, {limit:g}]^2 makes {steps:,.3g} steps in a row: "
            f"choose both so that there are at least 2 and at most {MOST_STEPS:,}."
        )
    side = 1 + round(steps)
    axis = np.linspace(-limit, limit, side)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    log_area = 2 * np.log(axis[1] - axis[0])
    total, flat = np.full(len(images), -np.inf), _flat(images)
    cells = model.at_once(CELLS)
    for start in range(0, len(codes), cells):
        log_joint = _log_joint(model, flat, codes[start : start + cells], log_p_x_given_z)
        part = ops.convert_to_numpy(losses.logsumexp(log_joint))
        total = np.logaddexp(total, part + log_area)
    return total


def posterior(model, images, codes, log_p_x_given_z=None):
    """The true posterior p(z|x) of each image, on codes that cover where it lies.

    Args:
        model, images, log_p_x_given_z: as for `log_likelihood`.
        codes: (m, 2), on a grid. n times m numbers are held in memory: 10 million at most.

    Returns:
        (n, m), adding up to 1 over the codes.
    """
    flat = _flat(check_images(images, model.image_shape))
    log_joint = in_chunks(
        lambda part: ops.transpose(_log_joint(model, flat, part, log_p_x_given_z)),
        *(codes, model.at_once(CELLS)),
    )
    return softmax(log_joint.T.astype("float64"), axis=1)


def importance_sampled(model, images, samples=1_000, seed=0, log_p_x_given_z=None, widen=1.0):
    """log p(x) of each image from samples of q(z|x), for any latent_dim.

        log p(x) ~ log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x)

    On average a lower bound, and the tighter the more samples (Burda et al. 2015, arXiv
    1509.00519, equation 8). Where q is narrower than the true posterior, which is what a VAE's
    training leads to, samples hardly ever reach what it leaves out: widen it.

    Args:
        model: a `VAE` with sampled codes.
        images, log_p_x_given_z: as for `log_likelihood`.
        samples: K, at least 1.
        seed: of the samples.
        widen: factor on the standard deviations of q, above 0.

    Returns:
        (n,), float64, in nats.

    Raises:
        ValueError: for a model with deterministic codes, fewer than one sample, or a factor that
            is not positive.
    """
    samples = check_integer("samples", samples, 1)
    z_mean, z_log_var = _encoded(model, images)
    z_log_var = z_log_var + 2 * np.log(check_number("widen", widen, above=0))
    random, prior = stream(seed, "importance samples"), model.prior.density()
    density, size = log_p_x_given_z or density_of(model), model.at_once(CELLS)
    flat, result = _flat(check_images(images, model.image_shape)), np.empty(len(z_mean))
    for i, (mean, log_var) in enumerate(zip(z_mean, z_log_var, strict=True)):
        z = mean + np.exp(log_var / 2) * random.standard_normal((samples, len(mean)))
        log_p = in_chunks(
            lambda part, i=i: density(flat[i : i + 1], _logits(model, part))[0], z, size
        )
        q = (np.broadcast_to(number, z.shape) for number in (mean, log_var))
        kl = ops.convert_to_numpy(losses.sampled_kl(z, *q, log_density_of(prior)))
        result[i] = np.logaddexp.reduce(log_p - kl) - np.log(samples)
    return result


def elbo(model, images, seed=0):
    """The encoder's lower bound of log p(x) for each image, from one sample of q(z|x).

        log p(x|z) - KL(q(z|x) || p(z)),  z ~ q(z|x)

    Args, raises: as for `rate_distortion`.

    Returns:
        (n,), in nats; on average log p(x) minus KL(q(z|x) || p(z|x)).
    """
    rate, distortion = rate_distortion(model, images, seed)
    return -distortion - rate


def rate_distortion(model, images, seed=0):
    """The two parts of the bound, with their sign turned (Alemi et al. 2018, arXiv 1711.00464).

        rate        KL(q(z|x) || p(z))
        distortion  - log p(x|z),  z ~ q(z|x), one sample

    The KL in closed form for the standard normal, and from the same sample for other priors.

    Args:
        model: a `VAE` with sampled codes.
        images: (n, *model.image_shape), uint8 or in [0, 1].
        seed: of the samples.

    Returns:
        Both (n,), in nats.

    Raises:
        ValueError: for a model with deterministic codes.
    """
    z_mean, z_log_var = _encoded(model, images)
    noise = stream(seed, "noise of the bound").standard_normal(z_mean.shape)
    z = z_mean + np.exp(z_log_var / 2) * noise
    flat, loss = _flat(check_images(images, model.image_shape)), losses.binary_cross_entropy
    if model.objective.learns_scale:
        loss = partial(losses.gaussian_pixels, log_scale=ops.copy(model.log_scale))
    distortion = in_chunks(
        lambda rows: loss(flat[rows[0] : rows[-1] + 1], _logits(model, z[rows])),
        *(np.arange(len(z)), model.at_once(CELLS)),
    )
    return kl_to(model.prior, z, z_mean, z_log_var), distortion


def kl_to(prior, z, mean, log_var):
    """KL(q(z|x) || p(z)): in closed form for N(0, I), else from the samples z; (n,), in nats."""
    if isinstance(prior, StandardNormal):
        return ops.convert_to_numpy(losses.gaussian_kl(mean, log_var))
    return ops.convert_to_numpy(losses.sampled_kl(z, mean, log_var, log_density_of(prior)))


def log_density_of(prior):
    """log p(z) as a function of float64 codes; priors with variables compute in float32."""
    if isinstance(prior, StandardNormal):
        return prior.log_density
    return lambda z: ops.cast(prior.log_density(ops.cast(z, "float32")), "float64")


def _log_joint(model, flat, codes, log_p_x_given_z):  # log p(x|z) p(z): (n, len(codes))
    codes = ops.convert_to_tensor(codes, dtype="float32")
    log_p_x_given_z = log_p_x_given_z or density_of(model)
    return log_p_x_given_z(flat, _logits(model, codes)) + model.prior.log_density(codes)


def _encoded(model, images):  # mean and log-variance of q(z|x), float64
    z_mean, z_log_var = model.encode_distribution(images)
    if z_log_var is None:
        raise ValueError("the model's codes are deterministic: there is no q(z|x) to sample from.")
    return z_mean.astype("float64"), z_log_var.astype("float64")


def _flat(images):  # (n, height, width, channels) -> (n, pixels), in [0, 1]
    return ops.reshape(to_unit_interval(images), (len(images), -1))


def _logits(model, z):  # (m, latent_dim) -> (m, pixels)
    return ops.reshape(model.decoder(ops.cast(z, "float32")), (len(z), -1))
