"""Compute the terms of the loss, such as reconstruction errors and KL divergences, per image.

Every term has shape (batch,) and is given in nats per image, `squared_error` only up to a constant.
The functions here sum over pixels or latent dimensions. Averages and weights are applied in one
place only, `vaelib.objectives`, so each function can be checked by itself. Shapes that do not match
raise a ValueError that names them.

A code z is a point in the latent space. For an image x, the encoder gives the approximate posterior
q(z|x), a Gaussian distribution over codes. For a code z, the decoder gives p(x|z), a distribution
over images. The KL divergence from q to p measures how much q differs from p: it is the average of
log q(z) - log p(z) over codes z sampled from q. A sum over pixels is a sum over all values of an
image, so the three values of a color pixel count separately.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds.
"""

import math
import numbers
from collections.abc import Callable

from vaelib.support.backend import Tensor, keras, ops

LOG_2PI = math.log(2 * math.pi)


def fork_gradient(x: Tensor, copies: int = 2) -> list[Tensor]:
    """Return copies of a tensor whose gradients are added in a fixed order.

    The copies have the same values as x, so the loss does not change. Only the backward pass does.
    If a tensor is used in several places, TensorFlow adds the gradients that come back from them.
    With three or more gradients, the order of the additions depends on how operations are
    scheduled, and a different order changes the last digits. Two gradients are safe because a + b
    equals b + a. Each tensor may therefore be used at most twice. Where a function would need more
    uses, it makes copies here. Training is then repeatable bit for bit.

    Args:
        x: A tensor of any shape.
        copies: Number of copies.

    Returns:
        A list of `copies` tensors, equal to x.

    >>> z, z_copy = fork_gradient(ops.array([1.0, 2.0]))
    >>> (z + ops.square(z_copy)).numpy().tolist()
    [2.0, 6.0]
    """

    @ops.custom_gradient
    def copy(x):
        def grad(*upstreams):
            return ops.sum(ops.stack(upstreams), axis=0)

        return [ops.copy(x) for _ in range(copies)], grad

    return copy(x)


def binary_cross_entropy(images: Tensor, logits: Tensor) -> Tensor:
    """Compute the cross-entropy between pixels and the decoder's output, summed over pixels.

        sum over pixels of [ -x log sigmoid(l) - (1 - x) log(1 - sigmoid(l)) ]
        = sum over pixels of [ softplus(l) - x l ]

    where x is a pixel and l the decoder's output (logit) for it. The second form is used because it
    is finite even for very large logits. For pixels that are 0 or 1, the sum is -log p(x|z) of a
    Bernoulli decoder. For gray pixels it is not a negative log-likelihood, because the normalizing
    constant is missing (Loaiza-Ganem and Cunningham, NeurIPS 2019).

    Args:
        images: Shape (batch, height, width, channels), values in [0, 1].
        logits: Output of the decoder, same shape, any real numbers.

    Returns:
        Shape (batch,), nats per image.

    Raises:
        ValueError: If the shapes differ.
        TypeError: If images and logits are not of the same floating-point type.

    >>> import numpy as np
    >>> images, logits = np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]])  # one image, two pixels
    >>> binary_cross_entropy(images, logits).numpy().round(2).tolist()
    [0.82]
    """
    _check_same_shape(images, logits)
    return _sum_per_image(ops.softplus(logits) - images * logits)


def squared_error(images: Tensor, logits: Tensor) -> Tensor:
    """Compute the squared error between pixels and decoded pixels, summed over pixels.

        sum over pixels of [ (x - sigmoid(l))^2 ]

    where x is a pixel and l the decoder's output (logit) for it. Up to a constant, the sum is
    -log p(x|z) of a Gaussian decoder with mean sigmoid(l) and variance 1/2. Divided by the number
    of values in an image, it is the mean squared error.

    Args:
        images: Shape (batch, height, width, channels), values in [0, 1].
        logits: Output of the decoder, same shape, any real numbers.

    Returns:
        Shape (batch,). In nats per image up to the constant, which is omitted.

    Raises:
        ValueError: If the shapes differ.
        TypeError: If images and logits are not of the same floating-point type.

    >>> import numpy as np
    >>> images, logits = np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]])  # one image, two pixels
    >>> squared_error(images, logits).numpy().round(2).tolist()
    [0.26]
    """
    _check_same_shape(images, logits)
    return _sum_per_image(ops.square(images - ops.sigmoid(logits)))


def gaussian_nll(images: Tensor, logits: Tensor, log_scale: Tensor) -> Tensor:
    """Compute the negative log-likelihood of a Gaussian decoder, summed over pixels.

        -log p(x|z) = 1/2 sum over pixels of [ log(2 pi) + 2 log s + (x - sigmoid(l))^2 / s^2 ]

    where x is a pixel and l the decoder's output (logit) for it. The standard deviation s is the
    same for all pixels, and the models learn it during training (sigma-VAE: Rybkin et al. 2021,
    arXiv 2006.13202, equation 4). The result can be negative, because p(x|z) is a density of gray
    or color values and can exceed 1.

    Args:
        images: Shape (batch, height, width, channels), values in [0, 1].
        logits: Output of the decoder, same shape, any real numbers.
        log_scale: log s, a number, or a scalar tensor of the same type as the images.

    Returns:
        Shape (batch,), nats per image.

    Raises:
        ValueError: If the shapes of images and logits differ.
        TypeError: If images, logits, and log_scale are not of the same floating-point type.

    >>> import numpy as np
    >>> images, logits = np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]])  # one image, two pixels
    >>> gaussian_nll(images, logits, log_scale=np.log(0.5)).numpy().round(2).tolist()
    [0.98]
    """
    _check_same_shape(images, logits)
    if isinstance(log_scale, numbers.Real):
        log_scale = ops.convert_to_tensor(log_scale, dtype=images.dtype)
    _check_same_type(images=images, log_scale=log_scale)
    log_scale, log_scale_copy = fork_gradient(log_scale)
    constant = math.prod(images.shape[1:]) * (LOG_2PI / 2 + log_scale)
    return constant + 0.5 * squared_error(images, logits) * ops.exp(-2.0 * log_scale_copy)


def gaussian_log_density(
    z: Tensor, mean: Tensor | float = 0.0, log_var: Tensor | float = 0.0
) -> Tensor:
    """Compute the log density of a Gaussian distribution with diagonal covariance.

        log N(z; mean, exp(log_var))
        = -1/2 sum over dimensions of [ log(2 pi) + log_var + (z - mean)^2 / exp(log_var) ]

    Args:
        z: Shape (batch, latent_dim).
        mean, log_var: The same shape as z, or numbers. The defaults give the standard normal.

    Returns:
        Shape (batch,), nats.

    Raises:
        ValueError: If the shapes do not match.
        TypeError: If the arrays are not of the same floating-point type.

    >>> import numpy as np
    >>> gaussian_log_density(np.array([[0.0, 0.0], [1.0, 2.0]])).numpy().round(2).tolist()
    [-1.84, -4.34]
    """
    _check_codes(z=z, mean=mean, log_var=log_var)
    log_var, log_var_copy = fork_gradient(ops.convert_to_tensor(log_var, dtype=z.dtype))
    scaled = (z - mean) * ops.exp(-0.5 * log_var_copy)
    return -0.5 * _sum_per_image(LOG_2PI + log_var + ops.square(scaled))


def gaussian_kl(z_mean: Tensor, z_log_var: Tensor) -> Tensor:
    """Compute the KL divergence from q(z|x) to the standard normal prior in closed form.

    The formula is from Kingma and Welling 2013, appendix B:

        KL(q(z|x) || N(0, I)) = 1/2 sum over dimensions of [ mean^2 + exp(log_var) - log_var - 1 ]

    Args:
        z_mean, z_log_var: Output of the encoder, shape (batch, latent_dim) each.

    Returns:
        Shape (batch,), nats per image, never negative.

    Raises:
        ValueError: If the shapes differ.
        TypeError: If both are not of the same floating-point type.

    >>> import numpy as np
    >>> z_mean, z_log_var = np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros((2, 2))
    >>> gaussian_kl(z_mean, z_log_var).numpy().tolist()
    [0.0, 0.5]
    """
    _check_codes(z_mean=z_mean, z_log_var=z_log_var)
    z_log_var, z_log_var_copy = fork_gradient(z_log_var)
    # In this order, exp(l) - 1 - l is never negative. Computed as exp(l) - l - 1, it can be
    # slightly negative because of rounding.
    excess = ops.expm1(z_log_var_copy) - z_log_var
    return 0.5 * _sum_per_image(ops.square(z_mean) + excess)


def sampled_kl(
    z: Tensor,
    z_mean: Tensor,
    z_log_var: Tensor,
    log_prior: Callable[[Tensor], Tensor] = gaussian_log_density,
) -> Tensor:
    """Estimate the KL divergence from q(z|x) to the prior from one code per image.

        KL(q(z|x) || p(z)) is estimated by  log q(z|x) - log p(z),  with z sampled from q(z|x)

    If the prior is the standard normal, the average over many codes is `gaussian_kl`. The estimate
    from a single code can be negative. The post uses this form, and it is the only one that is
    available for other priors.

    Args:
        z: Sampled codes, shape (batch, latent_dim).
        z_mean, z_log_var: Output of the encoder, the same shape as z.
        log_prior: Function that maps z to log p(z), shape (batch,).

    Returns:
        Shape (batch,), nats per image.

    Raises:
        ValueError: If the shapes of z, z_mean, and z_log_var differ.
        TypeError: If they are not of the same floating-point type.

    >>> import numpy as np
    >>> z, z_mean, z_log_var = np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), np.zeros((1, 2))
    >>> sampled_kl(z, z_mean, z_log_var).numpy().tolist()
    [2.0]
    """
    z, z_copy = fork_gradient(z)
    return gaussian_log_density(z, z_mean, z_log_var) - log_prior(z_copy)


def repeat_rows(x: Tensor, times: int) -> Tensor:
    """Repeat each row of a tensor `times` times: (batch, ...) becomes (batch * times, ...).

    >>> repeat_rows(ops.array([[1, 2], [3, 4]]), times=2).numpy().tolist()
    [[1, 2], [1, 2], [3, 4], [3, 4]]
    """
    # Adding zeros avoids `ops.repeat`, which makes oneDNN write to stderr on some processors.
    zeros = ops.zeros((times, *[1] * (len(x.shape) - 1)), dtype=x.dtype)
    return ops.reshape(x[:, None] + zeros, (-1, *x.shape[1:]))


def logsumexp(values: Tensor) -> Tensor:
    """Compute the log of the sum of exponentials along the last axis, (batch, n) to (batch,).

    >>> logsumexp(ops.array([[1000.0, 1000.0]])).numpy().round(2).tolist()  # 1000 + log 2
    [1000.69]
    """
    values, values_copy = fork_gradient(values)
    highest = ops.stop_gradient(ops.max(values_copy, axis=-1, keepdims=True))
    return ops.log(ops.sum(ops.exp(values - highest), axis=-1)) + highest[..., 0]


def _sum_per_image(values: Tensor) -> Tensor:
    """Sum over all axes but the first: (batch, ...) becomes (batch,)."""
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def _check_same_type(**arguments: Tensor | float) -> None:
    """Raise a TypeError unless all arrays have the same floating-point type; numbers may be any."""
    types = {
        name: keras.backend.standardize_dtype(value.dtype)
        for name, value in arguments.items()
        if hasattr(value, "dtype") and not isinstance(value, numbers.Real)
    }
    if len(set(types.values())) > 1 or any("float" not in kind for kind in types.values()):
        given = " and ".join(f"{name} of type {kind}" for name, kind in types.items())
        raise TypeError(
            f"{given}: expected the same floating-point type for all, so convert them, for example "
            "with astype('float32')."
        )


def _check_same_shape(images: Tensor, logits: Tensor) -> None:
    if not all(hasattr(array, "shape") for array in (images, logits)):
        raise TypeError("images and logits must be arrays or tensors: convert with np.array.")
    pairs = list(zip(images.shape, logits.shape, strict=False))
    # In a graph, None is the size of a batch that is not known yet.
    same = all(a == b or None in (a, b) for a, b in pairs)
    if len(images.shape) < 2 or len(images.shape) != len(logits.shape) or not same:
        raise ValueError(
            f"images have shape {tuple(images.shape)} and logits have shape {tuple(logits.shape)}: "
            "expected the same shape for both, (batch, height, width, channels)."
        )
    _check_same_type(images=images, logits=logits)


def _check_codes(**arguments: Tensor | float) -> None:
    """Raise a ValueError unless all arguments have the shape of the first, or are numbers."""
    shapes = {name: tuple(getattr(value, "shape", ())) for name, value in arguments.items()}
    first = next(iter(shapes.values()))
    if len(first) != 2 or any(shape not in ((), first) for shape in shapes.values()):
        given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes {given}: expected the same for all, (batch, latent_dim).")
    _check_same_type(**arguments)
