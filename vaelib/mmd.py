"""Estimate the maximum mean discrepancy (MMD), which measures how much two distributions differ.

    MMD^2(p, q) = E k(x, x') + E k(y, y') - 2 E k(x, y),   x, x' ~ p,   y, y' ~ q

(Gretton et al. 2012, JMLR 13, lemma 6). E is the average over points that are sampled independently
from the two distributions p and q. The kernel k(x, y) is the similarity of two points. For the two
kernels below, MMD is 0 if and only if p = q. A kernel is written here as a function of the squared
distance ||x - y||^2 that accepts tensors of any shape.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vaelib.losses import fork_gradient
from vaelib.support.backend import Tensor, keras, ops, tf
from vaelib.support.errors import check_number

Kernel = Callable[[Tensor], Tensor]  # a function of squared distances

# For more points than this, kernel matrices are computed and summed in blocks of rows. Memory then
# grows with n instead of n^2, as long as no gradient is needed.
BLOCK_ROWS = 1_000


@dataclass(frozen=True)
class GaussianKernel:
    """The Gaussian kernel, k(x, y) = exp(-||x - y||^2 / (2 variance)).

    Attributes:
        variance: Squared bandwidth, above 0. Points that are much farther apart than its square
            root have a similarity near 0.

    Raises:
        TypeError, ValueError: If the variance is not a number above 0.

    >>> GaussianKernel(variance=2.0)(ops.array([0.0, 4.0])).numpy().round(2).tolist()
    [1.0, 0.37]
    """

    variance: float

    def __post_init__(self):
        check_number("variance", self.variance, above=0)

    def __call__(self, squared_distance):
        return ops.exp(squared_distance / (-2.0 * self.variance))


@dataclass(frozen=True)
class InverseMultiquadraticKernel:
    """The inverse multiquadratic kernel, k(x, y) = scale / (scale + ||x - y||^2).

    It has heavier tails than the Gaussian kernel, so it still notices points that are far apart.

    Attributes:
        scale: Squared distance at which the similarity is 1/2, above 0.

    Raises:
        TypeError, ValueError: If the scale is not a number above 0.

    >>> InverseMultiquadraticKernel(scale=2.0)(ops.array([0.0, 4.0])).numpy().round(2).tolist()
    [1.0, 0.33]
    """

    scale: float

    def __post_init__(self):
        check_number("scale", self.scale, above=0)

    def __call__(self, squared_distance):
        return self.scale / (self.scale + squared_distance)


def default_variance(latent_dim: int) -> float:
    """Return the kernel variance that the models are trained with, which is `latent_dim`.

    Two points sampled from N(0, I) in d dimensions have the squared distance 2 d on average. With
    variance d, the kernel divides squared distances by the same 2 d, so it remains informative in
    any dimension. In two dimensions this is the kernel of the post, whose code divides by d^2.

    >>> default_variance(2)
    2.0
    """
    return float(latent_dim)


def kernel_matrix(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Compute the similarity of each point of one sample to each point of another.

    Args:
        x: Points of the first sample, shape (n, d).
        y: Points of the second sample, shape (m, d).
        kernel: Function of the squared distance, for example `GaussianKernel(variance=2.0)`.

    Returns:
        The matrix of k(x_i, y_j), shape (n, m).

    Raises:
        ValueError: If the samples have no points, or differ in dimension.
        TypeError: If the kernel is not a function.

    >>> kernel = GaussianKernel(variance=1.0)
    >>> kernel_matrix([[0.0], [1.0]], [[3.0]], kernel).numpy().round(3).tolist()
    [[0.011], [0.135]]
    """
    x, y = _as_points(x, y)
    return _checked(kernel)(_squared_distances(x, y))


def mmd2(x: Tensor, y: Tensor, kernel: Kernel, unbiased: bool = False) -> Tensor:
    """Estimate the squared maximum mean discrepancy between two samples.

    Args:
        x: Points of the first sample, shape (n, d).
        y: Points of the second sample, shape (m, d).
        kernel: Function of the squared distance, for example `GaussianKernel(variance=2.0)`.
        unbiased: If True, pairs of a point with itself are left out (U-statistic). The estimate is
            then correct on average, and it can be negative. If False, these pairs are included
            (V-statistic). The estimate is then never negative, but too large by about
            2 (1 - E k) / n, even if both samples come from the same distribution.

    Returns:
        A scalar tensor without unit, below 2 if the kernel is at most 1.

    Raises:
        ValueError: If the samples have no points or differ in dimension, or if `unbiased` is True
            and one of them has a single point.
        TypeError: If the kernel is not a function.

    >>> round(float(mmd2([[0.0], [1.0]], [[3.0]], GaussianKernel(variance=1.0))), 2)
    1.66
    """
    x, y = _as_points(x, y, unbiased=unbiased)
    kernel, (x, x_copy), (y, y_copy) = _checked(kernel), fork_gradient(x), fork_gradient(y)
    within = _mean_kernel(x, kernel, unbiased) + _mean_kernel(y, kernel, unbiased)
    return within - 2.0 * _total(x_copy, y_copy, kernel) / (_count(x) * _count(y))


def mmd2_to_normal(z: Tensor, variance: float, unbiased: bool = False) -> Tensor:
    """Estimate the squared MMD between a sample and N(0, I), without sampling from N(0, I).

    For a Gaussian kernel of variance g, the expectations over the standard normal have a closed
    form (Rustamov 2019, arXiv 1901.03227):

        (g / (g + 2))^(d/2) - 2 (g / (g + 1))^(d/2) mean_i exp(-||z_i||^2 / (2 (g + 1)))
        + mean over pairs of k(z_i, z_j)

    Args:
        z: Shape (n, latent_dim).
        variance: Variance of the kernel, above 0.
        unbiased: If True, pairs of a point with itself are left out, as in `mmd2`.

    Returns:
        A scalar tensor without unit.

    Raises:
        ValueError: If z has no points, if the variance is not above 0, or if `unbiased` is True
            and z has a single point.
        TypeError: If the variance is not a number.

    >>> round(float(mmd2_to_normal([[0.0, 0.0], [5.0, 5.0]], variance=2.0)), 2)
    0.33
    """
    (z,) = _as_points(z, unbiased=unbiased)
    kernel, half_dim = GaussianKernel(variance), z.shape[1] / 2
    within_prior = (variance / (variance + 2)) ** half_dim
    scale = 2.0 * (variance / (variance + 1)) ** half_dim
    z, z_copy = fork_gradient(z)
    to_prior = GaussianKernel(variance + 1)(ops.sum(ops.square(z), axis=1))  # (n,)
    return within_prior - scale * ops.mean(to_prior) + _mean_kernel(z_copy, kernel, unbiased)


def _mean_kernel(x: Tensor, kernel: Kernel, without_diagonal: bool) -> Tensor:
    """Return the mean of k(x_i, x_j) over all pairs, or only over pairs of different points."""
    x, x_copy = fork_gradient(x)
    n, total = _count(x), _total(x, x_copy, kernel)
    if not without_diagonal:
        return total / ops.square(n)
    return (total - kernel(ops.zeros((), dtype=x.dtype)) * n) / (n * (n - 1.0))


def _total(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Return the sum of the kernel matrix."""
    n = x.shape[0]
    if n is None or n <= BLOCK_ROWS:  # in a graph, n is None if it is not known yet
        return ops.sum(kernel(_squared_distances(x, y)))
    total = ops.zeros((), dtype=x.dtype)
    for start in range(0, n, BLOCK_ROWS):
        # In a graph, blocks that do not wait for each other would be in memory at the same time,
        # as many as the machine has threads.
        with tf.control_dependencies([total]):
            block = x[start : start + BLOCK_ROWS]
            total = total + ops.sum(kernel(_squared_distances(block, y)))
    return total


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return the squared distances between points, (n, d) and (m, d) to (n, m)."""
    # Shifting all points does not change their distances. Close to 0, the squares below lose fewer
    # digits of the distances in float32.
    center = ops.stop_gradient(ops.mean(y, axis=0))
    x, y = x - center, y - center  # each is used twice below, so `fork_gradient` is not needed
    x_norms = ops.sum(ops.square(x), axis=1)[:, None]
    y_norms = ops.sum(ops.square(y), axis=1)[None, :]
    # Because of rounding, the result can be slightly negative where x_i = y_j.
    return ops.maximum(x_norms + y_norms - 2.0 * ops.matmul(x, ops.transpose(y)), 0.0)


def _count(x: Tensor) -> Tensor:
    """Return the number of points as a float."""
    return ops.cast(ops.shape(x)[0], x.dtype)


def _as_points(*samples: Tensor, unbiased: bool = False) -> list[Tensor]:
    """Return samples as tensors of floats, or raise a ValueError if their shapes do not match."""
    samples = [ops.convert_to_tensor(sample) for sample in samples]
    shapes = [tuple(sample.shape) for sample in samples]
    wrong = any(len(s) != 2 or 0 in s or s[1] != shapes[0][1] for s in shapes)
    if wrong or (unbiased and any(s[0] == 1 for s in shapes)):
        least = "two points, because the unbiased estimate compares different points"
        raise ValueError(
            f"shapes {' and '.join(map(str, shapes))}: expected (points, dimensions), with equally "
            f"many dimensions in each and at least {least if unbiased else 'one point'}."
        )
    dtype = keras.backend.result_type(*(sample.dtype for sample in samples), float)
    return [ops.cast(sample, dtype) for sample in samples]


def _checked(kernel: Kernel) -> Kernel:
    if not callable(kernel):
        raise TypeError(
            f"kernel must be a function of the squared distance, such as GaussianKernel(2.0), not "
            f"{kernel!r}."
        )
    return kernel
