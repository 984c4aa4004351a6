"""Reference for tests of the MMD: kernels in NumPy, the double loop, and samples of points."""

import numpy as np

from vaelib.mmd import GaussianKernel, InverseMultiquadraticKernel
from vaelib.support.backend import ops

# Each kernel, its formula in NumPy, and its derivative with respect to the squared distance.
KERNELS = {
    "gaussian": (GaussianKernel(1.5), lambda s: np.exp(-s / 3), lambda s: -np.exp(-s / 3) / 3),
    "inverse multiquadratic": (
        InverseMultiquadraticKernel(0.7),
        lambda s: 0.7 / (0.7 + s),
        lambda s: -0.7 / (0.7 + s) ** 2,
    ),
    "a plain function": (
        lambda s: ops.exp(-s) + 4.0 / (4.0 + s),
        lambda s: np.exp(-s) + 4 / (4 + s),
        lambda s: -np.exp(-s) - 4 / (4 + s) ** 2,
    ),
}


def points(n, m, d=2, shift=0.5, seed=0):
    """Samples of two Gaussians, (n, d) and (m, d), in float64."""
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)), random.normal(shift, 1, size=(m, d))


def double_loop(x, y, formula, unbiased):
    """MMD^2 by its definition, for a kernel given as a function of the squared distance."""

    def mean(x, y, without=False):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(y)) if not (without and i == j)]
        return np.mean([formula(((x[i] - y[j]) ** 2).sum()) for i, j in pairs])

    return mean(x, x, unbiased) + mean(y, y, unbiased) - 2 * mean(x, y)
