"""The terms of the loss: each gives one number per image, in nats.

Nothing here averages or weighs anything. Every term has shape (batch,); the one mean over
the batch and the weights are in `vaelib.objectives`. A sum over the wrong axis, a common
mistake in VAE code, has no place to hide. Shapes that do not fit are refused by a ValueError that
names them.
"""

import math

from vaelib.backend import ops

LOG_2PI = math.log(2 * math.pi)


def fan_out(x, copies=2):
    """Copies of a tensor whose gradients are added in the order of the copies.

    TensorFlow adds three or more gradients of one tensor in an order that depends on scheduling,
    so that the last bits differ from run to run. Two are safe: their sum does not depend on the
    order. Hence a rule that makes training repeatable bit for bit: a function uses each argument
    at most once, or hands out copies; then no tensor is ever used more than twice.

    Args:
        x: a tensor of any shape.
        copies: how many tensors equal to x are returned, in a list.
    """

    @ops.custom_gradient
    def copy(x):
        def grad(*upstreams):
            return ops.sum(ops.stack(upstreams), axis=0)

        return [ops.copy(x) for _ in range(copies)], grad

    return copy(x)


def binary_cross_entropy(images, logits):
    """Cross-entropy between pixels and the decoder's output, summed over pixels.

    sum over pixels of  -x log s(l) - (1 - x) log(1 - s(l))  =  softplus(l) - x l,
    with s the sigmoid. The right-hand form stays finite however large the logits are.

    For pixels that are 0 or 1 this is -log p(x|z) of a Bernoulli decoder. For grey pixels it is
    not a log-likelihood, for want of a normaliser (Loaiza-Ganem and Cunningham, NeurIPS 2019).

    Args:
        images: (batch, height, width, channels), in [0, 1].
        logits: the same shape, any real numbers.

    Returns:
        (batch,), nats per image.
    """
    _check_same_shape(images, logits)
    return _sum_per_image(ops.softplus(logits) - images * logits)


def squared_error(images, logits):
    """Squared error between pixels and the sigmoid of the logits, summed over pixels.

    sum over pixels of  (x - s(l))^2.  Up to a constant this is -log p(x|z) of a Gaussian decoder
    with mean s(l) and variance 1/2; divided by the number of pixels it is the mean-pixel error.

    Args:
        images: (batch, height, width, channels), in [0, 1].
        logits: the same shape, any real numbers.

    Returns:
        (batch,), nats per image.
    """
    _check_same_shape(images, logits)
    return _sum_per_image(ops.square(images - ops.sigmoid(logits)))


def gaussian_pixels(images, logits, log_scale):
    """-log p(x|z) of a Gaussian decoder whose deviation is learned, the same for all pixels.

    1/2 sum over pixels of  log(2 pi) + 2 log sigma + (x - s(l))^2 / sigma^2

    A density for grey and for colour, so it may be below 0 (sigma-VAE: Rybkin et al. 2021, arXiv
    2006.13202, equation 4).

    Args:
        images, logits: as for `squared_error`.
        log_scale: log sigma, a scalar.

    Returns:
        (batch,), nats per image.
    """
    log_scale, log_scale_copy = fan_out(log_scale)
    constant = math.prod(images.shape[1:]) * (LOG_2PI / 2 + log_scale)
    return constant + 0.5 * squared_error(images, logits) * ops.exp(-2.0 * log_scale_copy)


def gaussian_log_density(z, mean=0.0, log_var=0.0):
    """Log density of a Gaussian with diagonal covariance.

    log N(z; mean, exp(log_var))
        = -1/2 sum over d of  log(2 pi) + log_var + (z - mean)^2 / exp(log_var).

    Args:
        z: (batch, latent_dim).
        mean, log_var: (batch, latent_dim), or numbers; left out, they give the standard normal.

    Returns:
        (batch,), nats.
    """
    _check_codes(z=z, mean=mean, log_var=log_var)
    log_var, log_var_copy = fan_out(ops.convert_to_tensor(log_var, dtype=z.dtype))
    scaled = (z - mean) * ops.exp(-0.5 * log_var_copy)
    return -0.5 * _sum_per_image(LOG_2PI + log_var + ops.square(scaled))


def gaussian_kl(z_mean, z_log_var):
    """KL(q(z|x) || N(0, I)) in closed form (Kingma and Welling 2013, appendix B).

    1/2 sum over d of  mean^2 + exp(log_var) - log_var - 1.

    Args:
        z_mean, z_log_var: (batch, latent_dim), the encoder's output.

    Returns:
        (batch,), nats per image, never negative.
    """
    _check_codes(z_mean=z_mean, z_log_var=z_log_var)
    z_log_var, z_log_var_copy = fan_out(z_log_var)
    # exp(l) - 1 - l is never negative; computed as exp(l) - l - 1, it may be, by rounding.
    excess = ops.expm1(z_log_var_copy) - z_log_var
    return 0.5 * _sum_per_image(ops.square(z_mean) + excess)


def sampled_kl(z, z_mean, z_log_var, log_prior=gaussian_log_density):
    """KL(q(z|x) || p(z)), estimated from one z sampled from q(z|x).

    log q(z|x) - log p(z) = log N(z; mean, exp(log_var)) - log p(z).

    With the standard normal for a prior it equals `gaussian_kl` on average over z; for one sample
    it may be negative. This is the form that the post uses, and the only one for other priors.

    Args:
        z, z_mean, z_log_var: (batch, latent_dim).
        log_prior: function of z that gives log p(z), (batch,).

    Returns:
        (batch,), nats per image.
    """
    z, z_copy = fan_out(z)
    return gaussian_log_density(z, z_mean, z_log_var) - log_prior(z_copy)


def repeated(x, times):
    """Each row of a tensor so many times in a row, (batch, ...) -> (batch * times, ...)."""
    # By adding zeros: `ops.repeat` makes oneDNN write a remark to stderr on some processors.
    zeros = ops.zeros((times, *[1] * (len(x.shape) - 1)), dtype=x.dtype)
    return ops.reshape(x[:, None] + zeros, (-1, *x.shape[1:]))


def logsumexp(values):
    """log of the sum of exponentials along the last axis, (batch, n) -> (batch,)."""
    values, values_copy = fan_out(values)
    highest = ops.stop_gradient(ops.max(values_copy, axis=-1, keepdims=True))
    return ops.log(ops.sum(ops.exp(values - highest), axis=-1)) + highest[..., 0]


def _sum_per_image(values):  # (batch, ...) -> (batch,)
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def _check_same_shape(images, logits):
    pairs = list(zip(images.shape, logits.shape, strict=False))
    same = all(a == b or None in (a, b) for a, b in pairs)  # None: a batch of unknown size
    if len(images.shape) < 2 or len(images.shape) != len(logits.shape) or not same:
        raise ValueError(
            f"images of shape {tuple(images.shape)} and logits of shape {tuple(logits.shape)}: "
            "expected the same shape twice, (batch, height, width, channels)."
        )


def _check_codes(**arguments):
    shapes = {name: tuple(getattr(value, "shape", ())) for name, value in arguments.items()}
    first = next(iter(shapes.values()))
    if len(first) != 2 or any(shape not in ((), first) for shape in shapes.values()):
        came = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes {came}: expected the same for all, (batch, latent_dim).")
