"""The aggregate posterior q(z), that of all images together, against the prior.

Moments are compared with those of N(0, I); `mmd_test` and `information` take any prior.
"""

import numpy as np
from scipy.stats import entropy, norm

from vaelib import losses
from vaelib.backend import ops
from vaelib.errors import check_integer
from vaelib.measures.likelihood import log_density_of
from vaelib.measures.points import check_points
from vaelib.mmd import InverseMultiquadraticKernel, kernel_matrix
from vaelib.priors import StandardNormal
from vaelib.streams import stream

ROWS = 500  # codes that are compared with all others at a time


def mean_norm(codes):
    """Distance of the codes' mean from the origin, ||m||; 0 for the prior.

    Args:
        codes: (n, latent_dim).
    """
    return float(np.linalg.norm(np.mean(check_points(codes, 1), axis=0)))


def covariance_distance(codes):
    """Frobenius norm of Cov - I; 0 for the prior.

    Args:
        codes: (n, latent_dim), n at least 2.
    """
    covariance = _covariance(check_points(codes))
    return float(np.linalg.norm(covariance - np.eye(len(covariance))))


def moment_kl(codes):
    """KL(N(m, C) || N(0, I)), with m and C the codes' mean and covariance, in nats.

        1/2 (tr C + m'm - d - log det C)

    0 where the first two moments are the prior's; infinite where the codes leave out a direction,
    such as codes on a line do.

    Args:
        codes: (n, latent_dim), n at least 2.
    """
    # Codes on a line are not quite on it, for they were rounded; with float32 long before float64.
    digits = np.finfo(np.result_type(np.asarray(codes), "float32")).eps
    codes = check_points(codes)
    mean, dims = codes.mean(axis=0), codes.shape[1]
    centred = codes - mean
    centred -= centred.mean(axis=0)  # once more, for the mean was rounded too
    # Not from the determinant, where a residue of rounding would pass for a tiny variance.
    if np.linalg.matrix_rank(centred, tol=4 * digits * np.linalg.norm(codes)) < dims:
        return np.inf
    covariance = _covariance(codes)
    log_det = np.linalg.slogdet(covariance).logabsdet
    return float((np.trace(covariance) + mean @ mean - dims - log_det) / 2)


def _covariance(codes):
    return np.cov(codes, rowvar=False).reshape(codes.shape[1], -1)


def occupancy(codes, side=20):
    """How much of the prior's plane the codes use, in (0, 1]; 1 if they lie as the prior does.

    The plane is cut into side * side cells that N(0, I) has equal shares in. With h the entropy of
    the shares that the codes have in them, exp(h) is how many cells are used, as if all were used
    alike (a perplexity), and exp(h) / side^2 is given. It is exp(-KL) of the two sets of shares.

    Args:
        codes: (n, 2); a sample of the prior itself gets about 1 - side^2 / 2n.
        side: cells in a row.

    Raises:
        ValueError: for codes of another dimension, or not finite.
    """
    codes = check_points(codes, 1)
    if codes.shape[1] != 2:
        raise ValueError(f"codes of shape {codes.shape}: a plane is asked for, (n, 2).")
    cells = np.minimum(norm.cdf(codes) * side, side - 1).astype(int)
    counts = np.bincount(cells @ [side, 1], minlength=side**2)
    return float(np.exp(entropy(counts)) / side**2)


def held_out_kernel(latent_dim):
    """A kernel that no model here trains with: the sum of inverse multiquadratics of seven scales.

    Scales s * 2 latent_dim, for s from .1 to 10, as in Tolstikhin et al. 2017, arXiv 1711.01558,
    section 4; 2 latent_dim is the mean squared distance of two samples of the prior.
    """
    scales = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    kernels = [InverseMultiquadraticKernel(s * 2 * latent_dim) for s in scales]
    return lambda squared_distance: sum(kernel(squared_distance) for kernel in kernels)


def mmd_test(codes, kernel, permutations=500, limit=1_000, seed=0, prior=None):
    """Unbiased MMD^2 between codes and samples of the prior, and a permutation test of it.

    Under the hypothesis that the codes are samples of the prior, it does not matter which of the
    pooled points are codes. p is the share of relabelled estimates that are as large as the one
    found (Gretton et al. 2012, JMLR 13, section 6).

    Args:
        codes: (n, latent_dim), n at least 2.
        kernel: such as `held_out_kernel(2)`.
        permutations: how many, at least 1.
        limit: the first so many codes are used; the test needs memory for (2 limit)^2 numbers.
        seed: of the samples and the permutations.
        prior: an object with `sample`, such as a model's; by default N(0, I).

    Returns:
        MMD^2, and p in (0, 1].

    Raises:
        ValueError: for codes that are not finite or fewer than two, or no permutation.
    """
    permutations = check_integer("permutations", permutations, 1)
    codes = check_points(codes)[: check_integer("limit", limit, 2)]
    random, n = stream(seed, "permutations"), len(codes)
    samples = (prior or StandardNormal(codes.shape[1])).sample(n, seed)
    pooled = np.concatenate([codes, samples])
    matrix = np.empty((2 * n, 2 * n))
    for start in range(0, len(matrix), 100):  # all at once would take, and keep, 600 MB
        block = kernel_matrix(pooled[start : start + 100], pooled, kernel)
        matrix[start : start + 100] = ops.convert_to_numpy(block)
    np.fill_diagonal(matrix, 0)  # a point is not compared with itself
    labels = np.repeat([1.0, 0.0], n)
    shuffled = [labels, *(random.permutation(labels) for _ in range(permutations))]
    a = np.stack(shuffled, axis=1)  # (2 n, permutations + 1)
    with_a, b = matrix @ a, 1 - a
    within = (a * with_a).sum(axis=0) + (b * (matrix @ b)).sum(axis=0)
    estimates = within / (n * (n - 1)) - 2 * (b * with_a).sum(axis=0) / n**2
    as_large = estimates[1:] >= estimates[0] - 1e-12  # the same pairs in another order may differ
    p = (1 + np.sum(as_large)) / (1 + permutations)
    return float(estimates[0]), float(p)


def information(z_mean, z_log_var, seed=0, prior=None):
    """What the codes say of their images, and how far q(z) is from the prior, in nats.

    The mean KL of a VAE splits into the two (Hoffman and Johnson 2016):

        E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z)),

    with q(z) = 1/n sum_i q(z|x_i) the mixture over the images at hand. Both terms are means over
    one sample z of each q(z|x), of log q(z|x) - log q(z) and of log q(z) - log p(z), and carry its
    noise; they add up to the mean KL of these samples.

    Args:
        z_mean, z_log_var: (n, latent_dim).
        seed: of the samples.
        prior: an object with `log_density`, such as a model's; by default N(0, I).

    Returns:
        Mutual information, at most log n, and the KL of q(z) to the prior.

    Raises:
        ValueError: for shapes that differ, numbers that are not finite, or log-variances beyond
            700.
    """
    mean, log_var = check_points(z_mean, 1), check_points(z_log_var, 1, "log-variances")
    if mean.shape != log_var.shape:
        raise ValueError(
            f"means of shape {mean.shape} and log-variances of shape {log_var.shape}: expected the "
            "same for both, (n, latent_dim)."
        )
    if np.abs(log_var).max() > 700:
        raise ValueError(
            f"log-variances from {log_var.min():g} to {log_var.max():g}: a variance beyond e^700 "
            "or below e^-700 is no number. Measure a model that is trained."
        )
    noise = stream(seed, "noise of the information").standard_normal(mean.shape)
    z = mean + np.exp(log_var / 2) * noise
    # log q(z|x) from the noise: z has lost it where a deviation is small beside its mean.
    log_q_x = losses.gaussian_log_density(noise) - log_var.sum(axis=1) / 2
    kl = float(ops.mean(log_q_x - log_density_of(prior or StandardNormal(z.shape[1]))(z)))
    mutual = float(np.log(len(z)) - _log_share(z, mean, log_var).mean())
    return mutual, kl - mutual


def _log_share(z, mean, log_var):
    """log sum_i q(z|x_i) / q(z|x) of each z, whose own x is one of them: (n,), never below 0."""
    found, deviation = np.empty(len(z)), np.exp(log_var / 2)
    for start in range(0, len(z), ROWS):
        rows, squares = slice(start, start + ROWS), 0
        # From differences, dimension by dimension: products would round small ones away.
        for x, m, s in zip(z.T, mean.T, deviation.T, strict=True):
            with np.errstate(over="ignore"):  # the square is infinite, and the density 0
                squares = squares + ((x[rows, None] - m) / s) ** 2
        log_q = -0.5 * (squares + log_var.sum(axis=1))
        log_q -= np.take_along_axis(log_q, np.arange(len(z))[rows, None], axis=1)
        found[rows] = ops.convert_to_numpy(losses.logsumexp(ops.convert_to_tensor(log_q)))
    return found
