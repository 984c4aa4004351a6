"""Measure how far the aggregate posterior q(z) is from the prior p(z).

The aggregate posterior is the average of the approximate posteriors q(z|x) over all images.
`mmd_test` and `decompose_rate` accept any prior; the other functions compare with N(0, I).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import entropy, norm

from vaelib import losses
from vaelib.measures.likelihood import prior_log_density
from vaelib.measures.points import check_points
from vaelib.mmd import InverseMultiquadraticKernel, kernel_matrix
from vaelib.priors import Mixture, StandardNormal, TrainablePrior
from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_integer
from vaelib.support.rng import named_rng

ROWS = 500  # number of codes that are compared with all others at a time, to save memory


def mean_norm(codes: ArrayLike) -> float:
    """Compute the distance of the mean code from the origin.

    Args:
        codes: Shape (n, latent_dim), n at least 1.

    Returns:
        ||m|| with m the mean, which is 0 for the prior N(0, I).

    >>> mean_norm([[3.0, 3.0], [3.0, 5.0]])
    5.0
    """
    return float(np.linalg.norm(np.mean(check_points(codes, 1), axis=0)))


def covariance_distance(codes: ArrayLike) -> float:
    """Compute the Frobenius norm of C - I, with C the covariance matrix of the codes.

    Args:
        codes: Shape (n, latent_dim), n at least 2.

    Returns:
        The norm, which is 0 for the prior N(0, I).

    >>> covariance_distance([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    0.471
    """
    covariance = _covariance(check_points(codes))
    return float(np.linalg.norm(covariance - np.eye(len(covariance))))


def moment_kl(codes: ArrayLike) -> float:
    """Compute KL(N(m, C) || N(0, I)), with m and C the mean and covariance of the codes.

        1/2 (tr C + m'm - d - log det C)

    Args:
        codes: Shape (n, latent_dim), n at least 2.

    Returns:
        The KL divergence in nats. It is 0 if the first two moments are those of the prior, and
        infinite if the codes do not vary in some direction, for example if they lie on a line.
    """
    # Rounding moves codes that lie on a line slightly off it. The tolerance therefore depends on
    # the precision that the codes were given in, which is lower for float32 than for float64.
    precision = np.finfo(np.result_type(np.asarray(codes), "float32")).eps
    codes = check_points(codes)
    mean, dims = codes.mean(axis=0), codes.shape[1]
    centered = codes - mean
    centered -= centered.mean(axis=0)  # a second time, because the mean was rounded as well
    # The rank is more reliable than the determinant, in which a rounding error would look like a
    # tiny variance.
    if np.linalg.matrix_rank(centered, tol=4 * precision * np.linalg.norm(codes)) < dims:
        return np.inf
    covariance = _covariance(codes)
    log_det = np.linalg.slogdet(covariance).logabsdet
    return float((np.trace(covariance) + mean @ mean - dims - log_det) / 2)


def _covariance(codes: np.ndarray) -> np.ndarray:
    return np.cov(codes, rowvar=False).reshape(codes.shape[1], -1)


def occupancy(codes: ArrayLike, side: int = 20) -> float:
    """Compute which share of a two-dimensional latent space the codes use.

    The latent space is divided into side * side cells that are equally probable under N(0, I).
    With h the entropy of the codes' distribution over the cells, exp(h) is the effective number
    of cells in use (a perplexity). The occupancy is exp(h) / side^2, which is also exp(-KL) from
    the codes' distribution over the cells to the uniform distribution.

    Args:
        codes: Shape (n, 2), n at least 1.
        side: Number of cells per dimension.

    Returns:
        The occupancy, in (0, 1]. A sample from the prior gets about 1 - side^2 / 2n.

    Raises:
        ValueError: If the codes are not two-dimensional or not finite.

    >>> occupancy(np.zeros((100, 2)))  # all codes in one of 400 cells
    0.0025
    """
    codes = check_points(codes, 1)
    if codes.shape[1] != 2:
        raise ValueError(
            f"codes of shape {codes.shape}: expected (n, 2), because the cells are defined for two "
            "latent dimensions only."
        )
    cells = np.minimum(norm.cdf(codes) * side, side - 1).astype(int)
    counts = np.bincount(cells @ [side, 1], minlength=side**2)
    return float(np.exp(entropy(counts)) / side**2)


def held_out_kernel(latent_dim: int) -> Callable[[Tensor], Tensor]:
    """Build a kernel for evaluation that is not used in training.

    It is the sum of seven inverse multiquadratic kernels with scales s * 2 latent_dim, for s from
    0.1 to 10 (Tolstikhin et al. 2017, arXiv 1711.01558, section 4). The factor 2 latent_dim is
    the mean squared distance of two samples from the prior.

    Returns:
        A function of the squared distance between two points.
    """
    scales = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    kernels = [InverseMultiquadraticKernel(s * 2 * latent_dim) for s in scales]
    return lambda squared_distance: sum(kernel(squared_distance) for kernel in kernels)


def mmd_test(
    codes: ArrayLike,
    kernel: Callable[[Tensor], Tensor],
    permutations: int = 500,
    limit: int = 1_000,
    seed: int = 0,
    prior: StandardNormal | Mixture | TrainablePrior | None = None,
) -> tuple[float, float]:
    """Test whether codes are distributed like the prior, by MMD and a permutation test.

    If the codes are distributed like the prior, it does not matter which of the pooled points are
    labeled as codes. The p-value is therefore the share of random relabelings whose MMD^2 is at
    least as large as the observed one (Gretton et al. 2012, JMLR 13, section 6).

    Args:
        codes: Shape (n, latent_dim), n at least 2.
        kernel: Function of the squared distance between two points, for example
            `held_out_kernel(2)`.
        permutations: Number of random relabelings, at least 1.
        limit: Use only the first `limit` codes, at least 2. The test keeps (2 limit)^2 numbers in
            memory.
        seed: Seed of the prior samples and the permutations.
        prior: Object with a method `sample`, for example `model.prior`. Default: N(0, I).

    Returns:
        The unbiased estimate of MMD^2 (without unit) and the p-value in (0, 1].

    Raises:
        ValueError: If the codes are not finite or fewer than two, or if `permutations` or `limit`
            is too small.
    """
    permutations = check_integer("permutations", permutations, 1)
    codes = check_points(codes)[: check_integer("limit", limit, 2)]
    random, n = named_rng(seed, "permutations"), len(codes)
    samples = (prior or StandardNormal(codes.shape[1])).sample(n, seed)
    pooled = np.concatenate([codes, samples])
    matrix = np.empty((2 * n, 2 * n))
    for start in range(0, len(matrix), 100):  # in blocks, because a single call needs 600 MB
        block = kernel_matrix(pooled[start : start + 100], pooled, kernel)
        matrix[start : start + 100] = ops.convert_to_numpy(block)
    np.fill_diagonal(matrix, 0)  # a point is not compared with itself
    labels = np.repeat([1.0, 0.0], n)
    shuffled = [labels, *(random.permutation(labels) for _ in range(permutations))]
    a = np.stack(shuffled, axis=1)  # (2 n, permutations + 1)
    with_a, b = matrix @ a, 1 - a
    within = (a * with_a).sum(axis=0) + (b * (matrix @ b)).sum(axis=0)
    estimates = within / (n * (n - 1)) - 2 * (b * with_a).sum(axis=0) / n**2
    # The tolerance covers rounding: the same pairs summed in another order may differ slightly.
    as_large = estimates[1:] >= estimates[0] - 1e-12
    p = (1 + np.sum(as_large)) / (1 + permutations)
    return float(estimates[0]), float(p)


def decompose_rate(
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    seed: int = 0,
    prior: StandardNormal | Mixture | TrainablePrior | None = None,
) -> tuple[float, float]:
    """Split the mean KL of a VAE into mutual information and the KL from q(z) to the prior.

        E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z))   (Hoffman and Johnson 2016)

    Here q(z) = 1/n sum_i q(z|x_i) is the mixture over the given images. The two terms are the
    means of log q(z|x) - log q(z) and of log q(z) - log p(z). Both are estimated from one sample z
    of each q(z|x), so they are noisy, and they add up to the mean KL of these samples.

    Args:
        z_mean: Means of the approximate posteriors, shape (n, latent_dim), n at least 1.
        z_log_var: Their log-variances, shape (n, latent_dim), from -700 to 700.
        seed: Seed of the samples.
        prior: Object with a method `log_density`, for example `model.prior`. Default: N(0, I).

    Returns:
        The mutual information (at most log n) and the KL from q(z) to the prior, both in nats.

    Raises:
        ValueError: If the shapes differ, if a number is not finite, or if a log-variance is out of
            range.
    """
    mean, log_var = check_points(z_mean, 1), check_points(z_log_var, 1, "log-variances")
    if mean.shape != log_var.shape:
        raise ValueError(
            f"means of shape {mean.shape} and log-variances of shape {log_var.shape}: expected the "
            "same for both, (n, latent_dim)."
        )
    if np.abs(log_var).max() > 700:
        raise ValueError(
            f"log-variances from {log_var.min():g} to {log_var.max():g}: expected -700 to 700, "
            "because other variances overflow or underflow. Measure a model whose training "
            "succeeded."
        )
    noise = named_rng(seed, "noise of the information").standard_normal(mean.shape)
    z = mean + np.exp(log_var / 2) * noise
    # log q(z|x) is computed from the noise, because z - mean loses digits if the standard
    # deviation is small compared with the mean.
    log_q_x = losses.gaussian_log_density(noise) - log_var.sum(axis=1) / 2
    kl = float(ops.mean(log_q_x - prior_log_density(prior or StandardNormal(z.shape[1]))(z)))
    mutual = float(np.log(len(z)) - _log_share(z, mean, log_var).mean())
    return mutual, kl - mutual


def _log_share(z: np.ndarray, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Compute log sum_i q(z|x_i) / q(z|x) of each z, where x is its own image; (n,), at least 0."""
    found, deviation = np.empty(len(z)), np.exp(log_var / 2)
    for start in range(0, len(z), ROWS):
        rows, squares = slice(start, start + ROWS), 0
        # Differences are formed dimension by dimension, because writing the square out as
        # products would lose small differences to rounding.
        for x, m, s in zip(z.T, mean.T, deviation.T, strict=True):
            with np.errstate(over="ignore"):  # an infinite square correctly gives density 0
                squares = squares + ((x[rows, None] - m) / s) ** 2
        log_q = -0.5 * (squares + log_var.sum(axis=1))
        log_q -= np.take_along_axis(log_q, np.arange(len(z))[rows, None], axis=1)
        found[rows] = ops.convert_to_numpy(losses.logsumexp(ops.convert_to_tensor(log_q)))
    return found
