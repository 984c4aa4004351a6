"""The aggregate posterior q(z), all codes of a data set together, against the prior.

Moments are compared with those of N(0, I); `mmd_test` and `information` take any prior.
"""

import numpy as np

from vaelib.backend import ops
from vaelib.likelihood import kl_to, logsumexp_rows
from vaelib.mmd import InverseMultiquadraticKernel, SumKernel
from vaelib.priors import StandardNormal

ROWS = 1_000  # codes that are compared with all others at a time


def mean_norm(codes):
    """Distance of the codes' mean from the origin, ||m||; 0 for the prior.

    Args:
        codes: (n, latent_dim).
    """
    return float(np.linalg.norm(np.mean(codes, axis=0)))


def covariance_distance(codes):
    """Frobenius norm of Cov - I; 0 for the prior.

    Args:
        codes: (n, latent_dim), n at least 2.
    """
    covariance = np.cov(codes, rowvar=False).reshape(codes.shape[1], -1)
    return float(np.linalg.norm(covariance - np.eye(len(covariance))))


def moment_kl(codes):
    """KL(N(m, C) || N(0, I)), with m and C the codes' mean and covariance, in nats.

        1/2 (tr C + m'm - d - log det C)

    0 where the first two moments are the prior's; infinite where the codes lie on a line.

    Args:
        codes: (n, latent_dim), n at least 2.
    """
    codes = np.asarray(codes, "float64")
    mean, dims = codes.mean(axis=0), codes.shape[1]
    covariance = np.cov(codes, rowvar=False).reshape(dims, dims)
    sign, log_det = np.linalg.slogdet(covariance)
    if sign <= 0:
        return np.inf
    return float((np.trace(covariance) + mean @ mean - dims - log_det) / 2)


def held_out_kernel(latent_dim):
    """A kernel that no model here trains with: inverse multiquadratics of seven scales.

    Scales s * 2 latent_dim, for s from .1 to 10, as in Tolstikhin et al. 2017, arXiv 1711.01558,
    section 4; 2 latent_dim is the mean squared distance of two draws from the prior.
    """
    scales = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    return SumKernel(tuple(InverseMultiquadraticKernel(s * 2 * latent_dim) for s in scales))


def mmd_test(codes, kernel, permutations=500, limit=1_000, seed=0, prior=None):
    """Unbiased MMD^2 between codes and draws from the prior, and a permutation test of it.

    Under the hypothesis that the codes are draws from the prior, it does not matter which of the
    pooled points are codes. p is the share of relabelled estimates that are as large as the one
    found (Gretton et al. 2012, JMLR 13, section 6).

    Args:
        codes: (n, latent_dim), n at least 2.
        kernel: such as `held_out_kernel(2)`.
        permutations: how many, at least 1.
        limit: the first so many codes are used; the test needs memory for (2 limit)^2 numbers.
        seed: of the draws and the permutations.
        prior: an object with `sample`, such as a model's; by default N(0, I).

    Returns:
        MMD^2, and p in (0, 1].
    """
    codes = np.asarray(codes, "float64")[:limit]
    random, n = np.random.default_rng(seed), len(codes)
    if prior is None or isinstance(prior, StandardNormal):
        drawn = random.standard_normal(codes.shape)
    else:
        drawn = prior.sample(n, seed)
    pooled = np.concatenate([codes, drawn])
    norms = (pooled**2).sum(axis=1)
    squared = np.maximum(norms[:, None] + norms - 2 * pooled @ pooled.T, 0)
    matrix = np.empty_like(squared)
    for start in range(0, len(matrix), 100):  # all at once would take, and keep, 600 MB
        rows = slice(start, start + 100)
        matrix[rows] = ops.convert_to_numpy(kernel.at(ops.convert_to_tensor(squared[rows]))[0])
    np.fill_diagonal(matrix, 0)  # a point is not compared with itself
    labels = np.repeat([1.0, 0.0], n)
    shuffled = [labels, *(random.permutation(labels) for _ in range(permutations))]
    a = np.stack(shuffled, axis=1)  # (2 n, permutations + 1)
    with_a, b = matrix @ a, 1 - a
    within = (a * with_a).sum(axis=0) + (b * (matrix @ b)).sum(axis=0)
    estimates = within / (n * (n - 1)) - 2 * (b * with_a).sum(axis=0) / n**2
    p = (1 + np.sum(estimates[1:] >= estimates[0])) / (1 + permutations)
    return float(estimates[0]), float(p)


def information(z_mean, z_log_var, seed=0, prior=None):
    """What the codes say of their images, and how far all of them are from the prior, in nats.

    The mean KL of a VAE splits into the two (Hoffman and Johnson 2016):

        E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z)),

    with q(z) = 1/n sum_i q(z|x_i) the mixture over the images at hand. The second term is
    estimated from one draw of each q(z|x), so it carries noise, and so does the first.

    Args:
        z_mean, z_log_var: (n, latent_dim).
        seed: of the draws.
        prior: an object with `log_density`, such as a model's; by default N(0, I).

    Returns:
        Mutual information, which can't exceed log n, and the KL of q(z) to the prior.
    """
    mean, log_var = np.asarray(z_mean, "float64"), np.asarray(z_log_var, "float64")
    n, dims = mean.shape
    z = mean + np.exp(log_var / 2) * np.random.default_rng(seed).standard_normal(mean.shape)
    precision = np.exp(-log_var)
    # log q(z_j | x_i) is a sum of squares, linear and constant parts: two matrix products.
    constant = (mean**2 * precision + log_var).sum(axis=1)
    log_q = np.empty(n)
    for start in range(0, n, ROWS):
        rows = z[start : start + ROWS]
        squares = rows**2 @ precision.T - 2 * rows @ (mean * precision).T + constant
        log_q[start : start + ROWS] = logsumexp_rows(-squares / 2)
    log_q -= np.log(n) + dims * np.log(2 * np.pi) / 2
    prior = prior or StandardNormal(dims)
    log_p = ops.convert_to_numpy(prior.log_density(z.astype("float32")))
    to_prior = float(np.mean(log_q - log_p))
    return float(np.mean(kl_to(prior, z, mean, log_var))) - to_prior, to_prior


def active_units(z_mean, threshold=0.01):
    """How many latent dimensions change with the image: those whose mean code has a variance
    above the threshold (Burda et al. 2015, arXiv 1509.00519, section 5.2).

    Args:
        z_mean: (n, latent_dim).
    """
    return int(np.sum(np.var(z_mean, axis=0) > threshold))
