"""Maximum mean discrepancy: how far apart are two clouds of points?

MMD^2(p, q) = E k(x, x') + E k(y, y') - 2 E k(x, y),  x, x' ~ p,  y, y' ~ q  (Gretton et al. 2012,
JMLR 13, lemma 6). It is 0 if and only if p = q, for kernels such as the two below.

A kernel is a function of the squared distance ||x - y||^2, on tensors of any shape. Samples are
(points, dimensions); other shapes are refused by a ValueError, and a kernel that is no function by
a TypeError.
"""

from dataclasses import dataclass

from vaelib.backend import keras, ops
from vaelib.errors import check_number
from vaelib.losses import fan_out

# Above this many points, kernel matrices are made and summed up in blocks of rows: memory then
# grows with n, not with n^2, as long as no gradient is asked for.
BLOCK_ROWS = 1_000


@dataclass(frozen=True)
class GaussianKernel:
    """k(x, y) = exp(-||x - y||^2 / (2 variance))."""

    variance: float

    def __post_init__(self):
        check_number("variance", self.variance, above=0)

    def __call__(self, squared_distance):
        return ops.exp(squared_distance / (-2.0 * self.variance))


@dataclass(frozen=True)
class InverseMultiquadraticKernel:
    """k(x, y) = scale / (scale + ||x - y||^2), with heavier tails than the Gaussian."""

    scale: float

    def __post_init__(self):
        check_number("scale", self.scale, above=0)

    def __call__(self, squared_distance):
        return self.scale / (self.scale + squared_distance)


def default_variance(latent_dim):
    """The kernel variance that the models train with: latent_dim, so that 2 variance = 2 d.

    Two points from N(0, I) are ||x - y||^2 = 2 d apart on average, so that the kernel stays
    informative in any dimension. At d = 2 it is what the post's code computes: 2 variance = d^2.
    """
    return float(latent_dim)


def kernel_matrix(x, y, kernel):
    """Matrix of k(x_i, y_j), shape (n, m).

    Args:
        x: (n, d).
        y: (m, d).
        kernel: function of the squared distance, such as `GaussianKernel(variance=2.0)`.
    """
    x, y = _as_points(x, y)
    return _checked(kernel)(_squared_distances(x, y))


def mmd2(x, y, kernel, unbiased=False):
    """Squared MMD between two samples.

    Biased (V-statistic): the mean over all pairs, each point with itself included; never negative,
    and above 0 by about 2 (1 - E k) / n even when both samples come from one distribution. Unbiased
    (U-statistic): a point is not compared with itself; right on average, and so at times negative.

    Args:
        x: (n, d).
        y: (m, d).
        kernel: as for `kernel_matrix`.
        unbiased: which of the two; this one needs two points or more in each sample.

    Returns:
        A scalar tensor, without unit, below 2 for a kernel that is 1 at most.
    """
    x, y = _as_points(x, y, unbiased=unbiased)
    kernel, (x, x_copy), (y, y_copy) = _checked(kernel), fan_out(x), fan_out(y)
    within = _mean_kernel(x, kernel, unbiased) + _mean_kernel(y, kernel, unbiased)
    return within - 2.0 * _total(x_copy, y_copy, kernel) / (_count(x) * _count(y))


def mmd2_to_normal(z, variance, unbiased=False):
    """Squared MMD between a sample and N(0, I) with a Gaussian kernel, without sampling from it.

    With g the variance, the expectations over the normal are integrals with a closed form
    (Rustamov 2019, arXiv 1901.03227):

        (g / (g + 2))^(d/2) - 2 (g / (g + 1))^(d/2) mean_i exp(-||z_i||^2 / (2 (g + 1)))
        + mean over pairs of k(z_i, z_j).

    Args:
        z: (n, latent_dim).
        variance: of the kernel, positive.
        unbiased: whether pairs of a point with itself are left out; needs two points or more.

    Returns:
        A scalar tensor.
    """
    (z,) = _as_points(z, unbiased=unbiased)
    kernel, half_dim = GaussianKernel(variance), z.shape[1] / 2
    within_prior = (variance / (variance + 2)) ** half_dim
    scale = 2.0 * (variance / (variance + 1)) ** half_dim
    z, z_copy = fan_out(z)
    to_prior = GaussianKernel(variance + 1)(ops.sum(ops.square(z), axis=1))  # (n,)
    return within_prior - scale * ops.mean(to_prior) + _mean_kernel(z_copy, kernel, unbiased)


def _mean_kernel(x, kernel, without_diagonal):
    """The mean of k(x_i, x_j) over all pairs, or over those of different points."""
    x, x_copy = fan_out(x)
    n, total = _count(x), _total(x, x_copy, kernel)
    if not without_diagonal:
        return total / ops.square(n)
    return (total - kernel(ops.zeros((), dtype=x.dtype)) * n) / (n * (n - 1.0))


def _total(x, y, kernel):  # the sum of the kernel matrix
    n = x.shape[0]
    if n is None or n <= BLOCK_ROWS:  # None: a batch whose size the graph does not know
        return ops.sum(kernel(_squared_distances(x, y)))
    blocks = (x[start : start + BLOCK_ROWS] for start in range(0, n, BLOCK_ROWS))
    return sum(ops.sum(kernel(_squared_distances(block, y))) for block in blocks)


def _squared_distances(x, y):  # (n, d), (m, d) -> (n, m)
    # Only differences count, and near 0 the squares of float32 keep the digits of the distances.
    centre = ops.stop_gradient(ops.mean(y, axis=0))
    x, y = x - centre, y - centre  # each used twice below
    x_norms = ops.sum(ops.square(x), axis=1)[:, None]
    y_norms = ops.sum(ops.square(y), axis=1)[None, :]
    # Rounding can leave a tiny negative number where x_i = y_j.
    return ops.maximum(x_norms + y_norms - 2.0 * ops.matmul(x, ops.transpose(y)), 0.0)


def _count(x):
    return ops.cast(ops.shape(x)[0], x.dtype)


def _as_points(*samples, unbiased=False):
    samples = [ops.convert_to_tensor(sample) for sample in samples]
    shapes = [tuple(sample.shape) for sample in samples]
    wrong = any(len(s) != 2 or 0 in s or s[1] != shapes[0][1] for s in shapes)
    if wrong or (unbiased and any(s[0] == 1 for s in shapes)):
        least = "two points, for the unbiased estimate compares different ones"
        raise ValueError(
            f"shapes {' and '.join(map(str, shapes))}: expected (points, dimensions), with as "
            f"many dimensions in each, and at least {least if unbiased else 'one point'}."
        )
    dtype = keras.backend.result_type(*(sample.dtype for sample in samples), float)
    return [ops.cast(sample, dtype) for sample in samples]


def _checked(kernel):
    if not callable(kernel):
        raise TypeError(
            f"kernel must be a function of the squared distance, such as GaussianKernel(2.0), not "
            f"{kernel!r}."
        )
    return kernel
