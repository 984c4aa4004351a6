"""Maximum mean discrepancy: how far apart are two clouds of points?

MMD^2(p, q) = E k(x, x') + E k(y, y') - 2 E k(x, y),  x, x' ~ p,  y, y' ~ q  (Gretton et al. 2012,
JMLR 13, lemma 6). It is 0 if and only if p = q, for kernels such as the two below.
"""

from dataclasses import dataclass

from vaelib.backend import ops

# Above this many points, kernel matrices are made and summed up in blocks of rows, so that memory
# grows with n, not with n^2.
BLOCK_ROWS = 1_000


@dataclass(frozen=True)
class GaussianKernel:
    """k(x, y) = exp(-||x - y||^2 / (2 variance))."""

    variance: float

    def __post_init__(self):
        _check_positive("variance", self.variance)

    def at(self, squared_distance):
        """The kernel as a function of ||x - y||^2, and its derivative."""
        value = ops.exp(squared_distance / (-2.0 * self.variance))
        return value, value / (-2.0 * self.variance)


@dataclass(frozen=True)
class InverseMultiquadraticKernel:
    """k(x, y) = scale / (scale + ||x - y||^2), with heavier tails than the Gaussian."""

    scale: float

    def __post_init__(self):
        _check_positive("scale", self.scale)

    def at(self, squared_distance):
        """The kernel as a function of ||x - y||^2, and its derivative."""
        value = self.scale / (self.scale + squared_distance)
        return value, ops.square(value) / -self.scale


@dataclass(frozen=True)
class SumKernel:
    """The sum of several kernels, so that both near and far differences count."""

    kernels: tuple

    def at(self, squared_distance):
        """The kernel as a function of ||x - y||^2, and its derivative."""
        values, slopes = zip(*(k.at(squared_distance) for k in self.kernels), strict=True)
        return sum(values), sum(slopes)


def default_variance(latent_dim):
    """The kernel variance that the models train with: latent_dim, so that 2 variance = 2 d.

    Two points from N(0, I) are ||x - y||^2 = 2 d apart on average, so that the kernel stays
    informative in any dimension. At d = 2 it is what the post's code computes: 2 variance = d^2.
    """
    return float(latent_dim)


def gaussian_kernel(x, y, variance):
    """Matrix of k(x_i, y_j) = exp(-||x_i - y_j||^2 / (2 variance)), shape (n, m).

    Args:
        x: (n, d).
        y: (m, d).
        variance: positive number.

    Raises:
        ValueError: for shapes that do not match, or a variance that is not positive.
    """
    x, y = _as_points(x, y)
    return GaussianKernel(variance).at(_squared_distances(x, y))[0]


def inverse_multiquadratic_kernel(x, y, scale):
    """Matrix of k(x_i, y_j) = scale / (scale + ||x_i - y_j||^2), shape (n, m).

    Args and raises as `gaussian_kernel`.
    """
    x, y = _as_points(x, y)
    return InverseMultiquadraticKernel(scale).at(_squared_distances(x, y))[0]


def mmd2(x, y, kernel, unbiased=False):
    """Squared MMD between two samples.

    Biased (V-statistic): the mean over all pairs, each point with itself included; never negative,
    and above 0 by about 2 (1 - E k) / n even when both samples come from one law. Unbiased
    (U-statistic): a point is not compared with itself; right on average, and so at times negative.

    The gradient with respect to x and y is written out, so that each is used once
    (see `losses.fan_out`) and no n x n matrix outlives its block.

    Args:
        x: (n, d).
        y: (m, d).
        kernel: an object with `at`, such as `GaussianKernel(variance=2.0)`.
        unbiased: which of the two.

    Returns:
        A scalar tensor, without unit, below 2 for a single kernel.

    Raises:
        ValueError: for shapes that do not match, or a single point where unbiased.
    """
    x, y = _as_points(x, y)
    if unbiased and 1 in (x.shape[0], y.shape[0]):
        raise ValueError(
            f"x of shape {tuple(x.shape)} and y of shape {tuple(y.shape)}: the unbiased estimate "
            "compares different points of one sample, so give at least two in each."
        )

    @ops.custom_gradient
    def value_and_gradient(x, y):
        def grad(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            dx = _mean_kernel_slope(x, x, kernel, unbiased) - _mean_kernel_slope(x, y, kernel)
            dy = _mean_kernel_slope(y, y, kernel, unbiased) - _mean_kernel_slope(y, x, kernel)
            return upstream * dx, upstream * dy

        within = _mean_kernel(x, x, kernel, unbiased) + _mean_kernel(y, y, kernel, unbiased)
        return within - 2.0 * _mean_kernel(x, y, kernel), grad

    return value_and_gradient(x, y)


def mmd2_to_normal(z, variance, unbiased=False):
    """Squared MMD between a sample and N(0, I) with a Gaussian kernel, without drawing from it.

    With g the variance, the expectations over the normal are integrals with a closed form
    (Rustamov 2019, arXiv 1901.03227):

        (g / (g + 2))^(d/2) - 2 (g / (g + 1))^(d/2) mean_i exp(-||z_i||^2 / (2 (g + 1)))
        + mean over pairs of k(z_i, z_j).

    Args:
        z: (n, latent_dim).
        variance: of the kernel, positive.
        unbiased: whether pairs of a point with itself are left out.

    Returns:
        A scalar tensor.

    Raises:
        ValueError: as `mmd2`.
    """
    (z,) = _as_points(z)
    if unbiased and z.shape[0] == 1:
        raise ValueError("z holds one point: the unbiased estimate needs at least two.")
    kernel = GaussianKernel(variance)
    half_dim = z.shape[1] / 2
    within_prior = (variance / (variance + 2)) ** half_dim
    scale = 2.0 * (variance / (variance + 1)) ** half_dim

    @ops.custom_gradient
    def value_and_gradient(z):
        to_prior = ops.exp(ops.sum(ops.square(z), axis=1) / (-2.0 * (variance + 1)))  # (n,)

        def grad(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            slope = to_prior[:, None] * z / (variance + 1) / ops.cast(ops.shape(z)[0], z.dtype)
            return upstream * (_mean_kernel_slope(z, z, kernel, unbiased) + scale * slope)

        return (
            within_prior - scale * ops.mean(to_prior) + _mean_kernel(z, z, kernel, unbiased)
        ), grad

    return value_and_gradient(z)


def _squared_distances(x, y):  # (n, d), (m, d) -> (n, m)
    x_norms = ops.sum(ops.square(x), axis=1)[:, None]
    y_norms = ops.sum(ops.square(y), axis=1)[None, :]
    # Rounding can leave a tiny negative number where x_i = y_j.
    return ops.maximum(x_norms + y_norms - 2.0 * ops.matmul(x, ops.transpose(y)), 0.0)


def _blocks(x):
    n = x.shape[0]
    if n is None or n <= BLOCK_ROWS:  # None: a batch whose size the graph does not know
        return [x]
    return [x[start : start + BLOCK_ROWS] for start in range(0, n, BLOCK_ROWS)]


def _pairs(x, y, without_diagonal):
    n, m = (ops.cast(ops.shape(points)[0], x.dtype) for points in (x, y))
    # A batch of one has no pairs: its sum over them, which is 0, is divided by 1.
    return n * ops.maximum(m - 1.0, 1.0) if without_diagonal else n * m


def _mean_kernel(x, y, kernel, without_diagonal=False):
    total = sum(ops.sum(kernel.at(_squared_distances(rows, y))[0]) for rows in _blocks(x))
    if without_diagonal:
        at_zero, _ = kernel.at(ops.zeros((), dtype=x.dtype))
        total = total - at_zero * ops.cast(ops.shape(x)[0], x.dtype)
    return total / _pairs(x, y, without_diagonal)


def _mean_kernel_slope(x, y, kernel, without_diagonal=False):
    """Twice the gradient of the mean kernel with respect to its first argument, (n, d).

    d k(x_i, y_j) / d x_i = 2 k'(s) (x_i - y_j), with s the squared distance. Twice, because x
    stands on both sides of k(x, x'), and because the cross term has a factor of two.
    """
    rows = []
    for block in _blocks(x):
        slope = kernel.at(_squared_distances(block, y))[1]  # (rows, m)
        rows.append(ops.sum(slope, axis=1, keepdims=True) * block - ops.matmul(slope, y))
    return 4.0 * ops.concatenate(rows) / _pairs(x, y, without_diagonal)


def _as_points(*samples):
    samples = [ops.convert_to_tensor(sample) for sample in samples]
    shapes = [tuple(sample.shape) for sample in samples]
    if any(len(shape) != 2 or 0 in shape or shape[1] != shapes[0][1] for shape in shapes):
        raise ValueError(
            f"shapes {' and '.join(map(str, shapes))}: expected (points, dimensions), with at "
            "least one point, and as many dimensions on both sides."
        )
    return samples


def _check_positive(name, value):
    if not value > 0:
        raise ValueError(f"{name} must be a positive number, but is {value!r}.")
