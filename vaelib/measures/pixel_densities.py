"""Compute log p(x|z) of many images under many decoded codes at the same time."""

from collections.abc import Callable
from functools import partial

import numpy as np

from vaelib import losses
from vaelib.models import VAE
from vaelib.support.backend import Tensor, ops

PixelLogDensity = Callable[[Tensor, Tensor], Tensor]  # such as `bernoulli_log_likelihood`


def bernoulli_log_likelihood(images: Tensor, logits: Tensor) -> Tensor:
    """Compute log p(x|z) of every image under every decoded code, for Bernoulli pixels.

    This is minus `losses.binary_cross_entropy` for all pairs, by one matrix product.

    Args:
        images: Shape (n, pixels), in [0, 1].
        logits: Decoded codes before the sigmoid, shape (m, pixels).

    Returns:
        Log-likelihoods in nats per image, shape (n, m).
    """
    return ops.matmul(images, ops.transpose(logits)) - ops.sum(ops.softplus(logits), axis=1)


def gaussian_log_likelihood(images: Tensor, logits: Tensor, log_scale: float) -> Tensor:
    """Compute log p(x|z) of every image under every decoded code, for Gaussian pixels.

    This is minus `losses.gaussian_nll` for all pairs, by one matrix product. It is computed in
    double precision, because the squared distances are small differences of large sums. In single
    precision, the result would be wrong by several nats for color images of 32 x 32 pixels and a
    standard deviation of 0.01.

    Args:
        images: Shape (n, pixels), in [0, 1].
        logits: Decoded codes before the sigmoid, shape (m, pixels).
        log_scale: Logarithm of the standard deviation of the pixels.

    Returns:
        Log densities in nats per image, shape (n, m), float64.
    """
    images, decoded = ops.cast(images, "float64"), ops.sigmoid(ops.cast(logits, "float64"))
    squares = ops.sum(ops.square(images), axis=1)[:, None] + ops.sum(ops.square(decoded), axis=1)
    squares -= 2.0 * ops.matmul(images, ops.transpose(decoded))
    constant = images.shape[1] * (losses.LOG_2PI / 2 + log_scale)
    return -constant - 0.5 * squares * np.exp(-2.0 * log_scale)


def pixel_log_density(model: VAE) -> PixelLogDensity:
    """Return the function of images and logits that computes log p(x|z) as in the model's training.

    It is `gaussian_log_likelihood` with the learned scale, or else `bernoulli_log_likelihood`.
    """
    if not model.objective.learns_scale:
        return bernoulli_log_likelihood
    return partial(gaussian_log_likelihood, log_scale=float(ops.convert_to_numpy(model.log_scale)))
