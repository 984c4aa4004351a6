"""Estimate log p(x), the ELBO, rate and distortion of images under a model.

    log p(x) = log of the integral of p(x|z) p(z) over z,  p(z) the model's prior

With two latent dimensions, the integral is computed on a grid; otherwise, it is estimated from
samples. Pixels are treated as Bernoulli variables, p(x|z) = prod_i m_i^x_i (1 - m_i)^(1 - x_i)
with m the decoded image. This is a probability if pixels are 0 or 1. For gray pixels it is minus
the binary cross-entropy, which allows us to compare models but is not a log-likelihood
(Loaiza-Ganem and Cunningham 2019). A model trained with `losses.gaussian_nll` defines a density of
gray pixels, and this density is used instead.
"""

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import softmax

from vaelib import losses
from vaelib.conditioning import check_no_condition
from vaelib.measures.code_grid import default_limit
from vaelib.measures.pixel_densities import PixelLogDensity, pixel_log_density
from vaelib.models import VAE
from vaelib.priors import Mixture, StandardNormal, TrainablePrior
from vaelib.support.backend import Tensor, ops
from vaelib.support.chunks import apply_in_chunks
from vaelib.support.errors import check_integer, check_number
from vaelib.support.image_arrays import check_images, to_unit_interval
from vaelib.support.rng import named_rng

CELLS_PER_CHUNK = 500  # grid cells that are decoded at a time, which takes about 200 MB
DEFAULT_STEPS = 200  # of the grid per dimension
LARGEST_CHANGE = 2.0  # nats of the mean over images between two grids, see `log_likelihood`
MAX_STEPS = 2_000  # allowed grid steps per dimension: four million cells, about twenty minutes

_Prior = StandardNormal | Mixture | TrainablePrior


def log_likelihood(
    model: VAE,
    images: np.ndarray,
    step: float | None = None,
    limit: float | None = None,
    log_p_x_given_z: PixelLogDensity | None = None,
) -> np.ndarray:
    """Compute log p(x) of each image by summing p(x|z) p(z) over a two-dimensional grid of codes.

    The result is accurate if the true posterior p(z|x) is wider than a step and lies inside the
    grid. A model that decodes sharply, because its KL has a low weight, has narrow posteriors. The
    sum over every second point of the grid in each direction, which has twice the step, is
    therefore compared with the sum over all of them. If the means over all images differ by more
    than 2 nats, a warning says so and names a smaller step. Halving the step divides the change by
    about seven. For a VAE on Fashion-MNIST, the mean of 300 test images changes by 6.5 nats from a
    step of 0.4 to 0.2, by 1.2 nats to 0.1, and by 0.17 nats to 0.05. Single images can change more
    than the mean, in this example by up to 5.4 nats in the last step.

    Args:
        model: A `VAE` with latent_dim 2, trained with any objective, or a `GAN`.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].
        step: Distance of neighboring codes on the grid. Default: 2 limit / 200, because posteriors
            are usually wider if the codes extend further.
        limit: The grid spans [-limit, limit]^2. Default: see `code_grid.default_limit`.
        log_p_x_given_z: Function like `bernoulli_log_likelihood`. Default: `pixel_log_density`
            of the model.

    Returns:
        Log-likelihoods in nats per image, shape (n,), float64.

    Raises:
        ValueError: If latent_dim is not 2, if `step` or `limit` is not positive, if the grid would
            have fewer than 2 or more than 2,000 steps per dimension, or if `check_images` rejects
            the images.
    """
    check_no_condition(model)
    if model.latent_dim != 2:
        raise ValueError(
            f"latent_dim is {model.latent_dim}: the grid needs 2 latent dimensions. For others, "
            "use `importance_sampled_log_likelihood`."
        )
    images = check_images(images, model.image_shape)
    if limit is None:
        limit = default_limit(model, images)
    limit = check_number("limit", limit, above=0)
    step = 2 * limit / DEFAULT_STEPS if step is None else check_number("step", step, above=0)
    steps = 2 * limit / step  # not rounded yet, because it may be infinite
    if not 1.5 <= steps <= MAX_STEPS:
        raise ValueError(
            f"a step of {step:g} over [-{limit:g}, {limit:g}]^2 makes {steps:,.3g} steps in a row: "
            f"choose both so that there are at least 2 and at most {MAX_STEPS:,}."
        )
    side = 1 + round(steps)
    axis = np.linspace(-limit, limit, side)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    log_area = 2 * np.log(axis[1] - axis[0])
    (total, coarse), flat = np.full((2, len(images)), -np.inf), _flat(images)
    second = np.arange(side) % 2 == 0
    second = np.outer(second, second).ravel()  # every second point in each direction
    cells = model.chunk_size(CELLS_PER_CHUNK)
    for start in range(0, len(codes), cells):
        log_joint = _log_joint(model, flat, codes[start : start + cells], log_p_x_given_z)
        part = ops.convert_to_numpy(losses.logsumexp(log_joint))
        total = np.logaddexp(total, part + log_area)
        if (chosen := np.flatnonzero(second[start : start + cells])).size:
            part = losses.logsumexp(ops.take(log_joint, chosen, axis=1))
            coarse = np.logaddexp(coarse, ops.convert_to_numpy(part) + log_area + np.log(4))
    _warn_if_coarse(total - coarse, 2 * limit / (side - 1))
    return total


def _warn_if_coarse(changes: np.ndarray, step: float) -> None:
    """Warn if twice the step changes the mean log p(x) by more than `LARGEST_CHANGE` nats."""
    if abs(changes.mean()) > LARGEST_CHANGE:
        warnings.warn(
            f"the mean log p(x) of {len(changes):,} images changes by {abs(changes.mean()):.2g} "
            f"nats between steps of {2 * step:.3g} and {step:.3g}, because posteriors are narrower "
            f"than these: check it with step={step / 2:.3g}",
            stacklevel=3,
        )


def true_posterior(
    model: VAE,
    images: np.ndarray,
    codes: np.ndarray,
    log_p_x_given_z: PixelLogDensity | None = None,
) -> np.ndarray:
    """Compute the true posterior p(z|x) of each image on a grid of codes.

    Args:
        model, images, log_p_x_given_z: As for `log_likelihood`.
        codes: Points of a regular grid that covers the posteriors, shape (m, 2). Keep n times m
            below 10 million, because all numbers are in memory at the same time.

    Returns:
        Probabilities that sum to 1 over the codes, shape (n, m), float64.
    """
    check_no_condition(model)
    flat = _flat(check_images(images, model.image_shape))
    log_joint = apply_in_chunks(
        lambda part: ops.transpose(_log_joint(model, flat, part, log_p_x_given_z)),
        *(codes, model.chunk_size(CELLS_PER_CHUNK)),
    )
    return softmax(log_joint.T.astype("float64"), axis=1)


def importance_sampled_log_likelihood(
    model: VAE,
    images: np.ndarray,
    samples: int = 1_000,
    seed: int = 0,
    log_p_x_given_z: PixelLogDensity | None = None,
    widen: float = 1.0,
) -> np.ndarray:
    """Estimate log p(x) of each image by importance sampling from q(z|x), for any latent_dim.

        log p(x) ~ log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x)

    On average, the estimate is a lower bound that becomes tighter with more samples (Burda et al.
    2015, arXiv 1509.00519, equation 8). The approximate posterior of a VAE tends to be narrower
    than the true posterior, so samples rarely reach the parts that it misses. In this case, use
    `widen`.

    Args:
        model: A `VAE` with sampled codes.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].
        samples: Number K of samples per image, at least 1.
        seed: Seed of the samples.
        log_p_x_given_z: As for `log_likelihood`.
        widen: Factor by which the standard deviations of q are multiplied, above 0.

    Returns:
        Estimates in nats per image, shape (n,), float64.

    Raises:
        ValueError: If the codes of the model are deterministic, or if `samples` or `widen` is out
            of range.
    """
    samples = check_integer("samples", samples, 1)
    z_mean, z_log_var = _encoded(model, images)
    z_log_var = z_log_var + 2 * np.log(check_number("widen", widen, above=0))
    random, prior = named_rng(_seeds(model, seed), "importance samples"), model.prior.current()
    density, size = log_p_x_given_z or pixel_log_density(model), model.chunk_size(CELLS_PER_CHUNK)
    flat, result = _flat(check_images(images, model.image_shape)), np.empty(len(z_mean))
    for i, (mean, log_var) in enumerate(zip(z_mean, z_log_var, strict=True)):
        z = mean + np.exp(log_var / 2) * random.standard_normal((samples, len(mean)))
        log_p = apply_in_chunks(
            lambda part, i=i: density(flat[i : i + 1], _logits(model, part))[0], z, size
        )
        q = (np.broadcast_to(number, z.shape) for number in (mean, log_var))
        kl = ops.convert_to_numpy(losses.sampled_kl(z, *q, prior_log_density(prior)))
        result[i] = np.logaddexp.reduce(log_p - kl) - np.log(samples)
    return result


def elbo(model: VAE, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Estimate the evidence lower bound of log p(x) of each image from one sample of q(z|x).

        log p(x|z) - KL(q(z|x) || p(z)),  z ~ q(z|x)

    Arguments and exceptions are those of `rate_distortion`.

    Returns:
        Estimates in nats per image, shape (n,). Their expectation is log p(x) - KL(q(z|x) ||
        p(z|x)).
    """
    rate, distortion = rate_distortion(model, images, seed)
    return -distortion - rate


def rate_distortion(model: VAE, images: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Compute the two parts of the negative ELBO of each image.

        rate        KL(q(z|x) || p(z))
        distortion  -log p(x|z),  z ~ q(z|x), one sample

    (Alemi et al. 2018, arXiv 1711.00464.) The KL has a closed form for the standard normal prior.
    For other priors, it is estimated from the same sample.

    Args:
        model: A `VAE` with sampled codes.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].
        seed: Seed of the samples.

    Returns:
        Rate and distortion in nats per image, each of shape (n,).

    Raises:
        ValueError: If the codes of the model are deterministic, or if `check_images` rejects the
            images.
    """
    z_mean, z_log_var = _encoded(model, images)
    noise = named_rng(_seeds(model, seed), "noise of the bound").standard_normal(z_mean.shape)
    z = z_mean + np.exp(z_log_var / 2) * noise
    flat, loss = _flat(check_images(images, model.image_shape)), losses.binary_cross_entropy
    if model.objective.learns_scale:
        loss = partial(losses.gaussian_nll, log_scale=ops.copy(model.log_scale))
    distortion = apply_in_chunks(
        lambda rows: loss(flat[rows[0] : rows[-1] + 1], _logits(model, z[rows])),
        *(np.arange(len(z)), model.chunk_size(CELLS_PER_CHUNK)),
    )
    return kl_to_prior(model.prior, z, z_mean, z_log_var), distortion


def kl_to_prior(prior: _Prior, z: np.ndarray, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Compute KL(q(z|x) || p(z)), in closed form for N(0, I) and otherwise from one sample.

    Args:
        prior: The prior p(z), for example `model.prior`.
        z: One sample of each q(z|x), shape (n, latent_dim), float64.
        mean, log_var: Means and log-variances of q(z|x), same shape and type as z.

    Returns:
        The KL in nats per image, shape (n,).
    """
    if isinstance(prior, StandardNormal):
        return ops.convert_to_numpy(losses.gaussian_kl(mean, log_var))
    return ops.convert_to_numpy(losses.sampled_kl(z, mean, log_var, prior_log_density(prior)))


def prior_log_density(prior: _Prior) -> Callable[[np.ndarray], Tensor]:
    """Return log p(z), in nats, as a function of float64 codes (n, latent_dim).

    Priors other than N(0, I) compute in float32, so their codes and results are converted.
    """
    if isinstance(prior, StandardNormal):
        return prior.log_density
    return lambda z: ops.cast(prior.log_density(ops.cast(z, "float32")), "float64")


def _log_joint(
    model: VAE, flat: Tensor, codes: np.ndarray, log_p_x_given_z: PixelLogDensity | None
) -> Tensor:  # log p(x|z) p(z), shape (n, len(codes))
    codes = ops.convert_to_tensor(codes, dtype="float32")
    log_p = (log_p_x_given_z or pixel_log_density(model))(flat, _logits(model, codes))
    return log_p + ops.cast(model.prior.log_density(codes), log_p.dtype)


def _encoded(
    model: VAE, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # mean and log-variance of q(z|x), float64
    z_mean, z_log_var = model.encode_distribution(images)
    if z_log_var is None:
        raise ValueError("the model's codes are deterministic: there is no q(z|x) to sample from.")
    return z_mean.astype("float64"), z_log_var.astype("float64")


def _seeds(model: VAE, seed: int) -> list[int]:
    """Return what determines the noise: the seed and, if a model has a fixed label, the label.

    Images of different classes would otherwise share their noise, and the standard error of a mean
    over all of them would be too small.
    """
    label = getattr(model, "label", None)  # of a `GivenLabel`
    return [seed] if label is None else [seed, label]


def _flat(images: np.ndarray) -> Tensor:  # (n, height, width, channels) -> (n, pixels), in [0, 1]
    return ops.reshape(to_unit_interval(images), (len(images), -1))


def _logits(model: VAE, z: Tensor) -> Tensor:  # (m, latent_dim) -> (m, pixels)
    return ops.reshape(model.decoder(ops.cast(z, "float32")), (len(z), -1))
