"""A model and a data set of which every measure is known without measuring.

An image has two grays, one for each half: the one at u in the plane has sigmoid(A u) there. The
encoder reads u off and gives SHRINK u + SHIFT, with a variance that is always the same; the decoder
renders what it is given. The u of the images are two normal blobs side by side, at +-CENTER.
"""

import numpy as np
from scipy import integrate, special, stats
from sklearn.neighbors import NearestNeighbors

from vaelib.data import Dataset
from vaelib.models import VAE
from vaelib.support.backend import ops
from vaelib.support.latent_grid import grid_codes

A, HALF = 0.5, 392  # of the logits; pixels of a half
SHRINK, SHIFT, VARIANCE = 0.8, np.array([0.5, -0.25]), 0.05
CENTER, WIDTH = 1.5, 0.5  # of the blobs, in u1; in u2 they are 0 and 1
WRONG = 5  # one label in so many is that of the other blob
TEST, TRAIN = 2_000, 3_000


def logits(z):  # (n, 2) -> (n, 28, 28, 1)
    halves = ops.repeat(ops.cast(z, "float32") * A, 14, axis=1)  # (n, 28)
    return halves[:, None, :, None] + ops.zeros((1, 28, 1, 1))


def places(images):
    """What an image was rendered from: the inverse of `logits` and the sigmoid, (n, 2)."""
    pixels = np.asarray(images, "float64")
    halves = pixels.reshape(len(pixels), 28, 2, 14).mean(axis=(1, 3))
    return special.logit(halves) / A


def model(render=lambda z: z):
    """A VAE with this encoder and decoder; what it decodes lies at `render` of the codes."""
    known = VAE()

    def encoder(images):
        halves = ops.mean(ops.reshape(images, (-1, 28, 2, 14)), axis=(1, 3))
        mean = SHRINK * ops.log(halves / (1 - halves)) / A + ops.cast(SHIFT, "float32")
        return ops.concatenate([mean, ops.full_like(mean, np.log(VARIANCE))], axis=1)

    known.encoder, known.decoder = encoder, lambda z: logits(render(z))
    return known


def spread(n, start):
    """The u of n images, spread evenly rather than at random, and which blob each is in."""
    i = np.arange(start, start + n)
    uniform = (i[:, None] * [0.7548776662466927, 0.5698402909980532]) % 1  # Roberts' sequence
    right = i % 2
    u1 = CENTER * (2 * right - 1) + WIDTH * stats.norm.ppf(uniform[:, 0])
    return np.stack([u1, stats.norm.ppf(uniform[:, 1])], axis=1), right


def dataset():
    """A `Dataset` of such images; its test images lie at `spread(TEST, 1)[0]`, others wider."""
    parts = []
    for n, start, wider in ((TRAIN, 100_001, 1.4), (TEST, 1, 1.0)):
        u, right = spread(n, start)
        u = u * np.array([1, wider])
        gray = special.expit(A * np.repeat(u, 14, axis=1))[:, None, :, None]
        images = np.round(np.broadcast_to(gray, (n, 28, 28, 1)) * 255).astype("uint8")
        wrong = np.arange(n) // 2 % WRONG == 0  # as often in either blob
        parts += [images, np.where(wrong, 1 - right, right).astype("uint8")]
    return Dataset("known", *parts, ("left", "right"), "made here")


LINE = np.linspace(-9, 9, 6_001)


def blobs(mean, variance):
    """The densities of z1 and of z2 on `LINE`, for codes a u + b + noise; see `expected`."""
    left, right = (stats.norm(m, variance[0] ** 0.5) for m in mean[:2])
    return (left.pdf(LINE) + right.pdf(LINE)) / 2, stats.norm(mean[2], variance[1] ** 0.5).pdf(LINE)


def along(density, function):
    return integrate.simpson(density * function(LINE), x=LINE)


def expected(seed=0, samples=5_000):
    """Every measure of the model on the data set, by integrals or by other people's code."""
    of_u = blobs([-CENTER, CENTER, 0], [WIDTH**2, 1])
    means = [SHIFT[0] - SHRINK * CENTER, SHIFT[0] + SHRINK * CENTER, SHIFT[1]]
    inner = np.array([WIDTH**2, 1]) * SHRINK**2  # variances of the codes in a blob
    of_codes, of_z = blobs(means, inner), blobs(means, inner + VARIANCE)
    variances = inner + np.array([(SHRINK * CENTER) ** 2, 0])
    row = {f"mean of z{d + 1}": SHIFT[d] for d in (0, 1)}
    row |= {f"std of z{d + 1}": variances[d] ** 0.5 for d in (0, 1)}
    row |= {
        "mean norm": np.hypot(*SHIFT),
        "covariance distance": np.hypot(*(variances - 1)),
        "moment KL": (variances.sum() + SHIFT @ SHIFT - 2 - np.log(variances).sum()) / 2,
        "MMD² to prior": mmd2(means, inner, lambda s: np.exp(-s / 4)),
        "MMD² to prior, held-out kernels": np.mean(
            [mmd2(means, inner, lambda s, g=g: np.exp(-s / (2 * g))) for g in (0.5, 8.0)]
        ),
        "held-out MMD²": mmd2(means, inner, held_out),
        "held-out p": 1 / 501,  # no permutation comes near
        "occupancy": occupancy(means, inner),
        "active units": 2,
    }
    data = dataset()
    u = places(data.test_images / 255)  # as far as 256 grays can tell
    right = 1 - 1 / WRONG
    flips = -(right * np.log(right) + (1 - right) * np.log(1 - right))
    row |= {
        "15-NN accuracy": right,
        "probe accuracy": right,
        "cluster agreement": 1 - flips / np.log(2),
        "silhouette": silhouette(SHRINK * u + SHIFT, data.test_labels),
    }
    row |= pixels(of_u) | decoded(of_u, of_codes, u, seed, samples)
    rate = (variances + SHIFT**2 + VARIANCE - np.log(VARIANCE) - 1).sum() / 2
    entropies = [-along(d, lambda _, d=d: np.log(d + 1e-300)) for d in of_z]
    mutual = sum(entropies) - np.log(2 * np.pi * np.e * VARIANCE)
    exact, distortion = likelihood(u)
    return row | {
        "mutual information": mutual,
        "information ceiling": np.log(TEST),
        "rate": rate,
        "aggregate KL": rate - mutual,
        "distortion": distortion,
        "marginal cross-entropy": exact,
        "NLL": np.nan,
        "bound gap": rate + distortion - exact,
    }


def held_out(squared_distance):
    return sum(4 * s / (4 * s + squared_distance) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))


def mmd2(means, variances, kernel):
    """Of two blobs to N(0, I), by a sum over a fine grid of differences."""
    line = np.linspace(-12, 12, 1_201)
    d1, d2 = np.meshgrid(line, line)
    values = kernel(d1**2 + d2**2) * (line[1] - line[0]) ** 2

    def mean(m1, v1, m2, v2):  # of the kernel over normal differences
        return (values * stats.norm.pdf(d1, m1, v1**0.5) * stats.norm.pdf(d2, m2, v2**0.5)).sum()

    (left, right, second), (v1, v2) = means, variances
    own = mean(0, 2 * v1, 0, 2 * v2) / 2 + mean(right - left, 2 * v1, 0, 2 * v2) / 2
    cross = [mean(m, v1 + 1, second, v2 + 1) for m in (left, right)]
    return own + mean(0, 2, 0, 2) - 2 * np.mean(cross)


def occupancy(means, variances, side=20):
    edges = stats.norm.ppf(np.linspace(0, 1, side + 1))
    left, right, second = (
        np.diff(stats.norm.cdf(edges, m, v**0.5))
        for m, v in zip(means, variances[[0, 0, 1]], strict=True)
    )
    shares = np.outer((left + right) / 2, second)
    return np.exp(stats.entropy(shares.ravel())) / side**2


def silhouette(codes, labels):
    """Rousseeuw's (b - a) / max(a, b) of every code, written out."""
    distances = np.sqrt(((codes[:, None] - codes) ** 2).sum(axis=2))
    same = labels[:, None] == labels
    a = (distances * same).sum(axis=1) / (same.sum(axis=1) - 1)
    b = (distances * ~same).sum(axis=1) / (~same).sum(axis=1)
    return ((b - a) / np.maximum(a, b)).mean()


def pixels(of_u):
    """Errors of decoded mean codes, half by half."""
    squared, entropy = 0, 0
    for density, shift in zip(of_u, SHIFT, strict=True):
        squared += along(density, lambda u, s=shift: (gray(u) - gray(SHRINK * u + s)) ** 2) / 2
        entropy += HALF * along(
            density, lambda u, s=shift: cross_entropy(gray(u), A * (SHRINK * u + s))
        )
    return {"pixel MSE": squared, "cross-entropy": entropy}


def gray(u):
    return special.expit(A * u)


def cross_entropy(x, logit):
    return -x * special.log_expit(logit) - (1 - x) * special.log_expit(-logit)


def decoded(of_u, of_codes, u, seed, samples):
    normal = (stats.norm.pdf(LINE),) * 2
    real = edges(of_u)
    drawn = VAE().prior.sample(samples, seed)
    balls, of_drawn = radii(u), radii(drawn)
    inside = pairs(drawn, u) <= balls
    kept = balls <= np.quantile(balls, 0.5)

    def on_manifold(points):
        return (pairs(points, u[kept]) <= balls[kept]).any(axis=1).mean()

    return {
        "precision": inside.any(axis=1).mean(),
        "recall": (pairs(u, drawn) <= of_drawn).any(axis=1).mean(),
        "density": inside.sum() / 5 / samples,
        "coverage": inside.any(axis=0).mean(),
        "prior on manifold": on_manifold(drawn),
        "grid on manifold": on_manifold(grid_codes()),
        "sample sharpness": edges(normal) / real,
        "reconstruction sharpness": edges(of_codes) / real,
        "path length": 1.0,
        "path length at codes": 1.0,
    }


def edges(of_both):
    """Mean squared step between the halves; the Laplacian's variance is a 13th of it."""
    first, second = ([along(d, gray), along(d, lambda z: gray(z) ** 2)] for d in of_both)
    return first[1] + second[1] - 2 * first[0] * second[0]


def radii(points, k=5):
    return NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[0][:, k]


def pairs(x, y):
    return np.sqrt(((x[:, None] - y) ** 2).sum(axis=2))


def likelihood(u):
    """The integral over the plane, and the distortion: both fall into two of one dimension."""
    exact, distortion = 0, 0
    for d in (0, 1):
        x = gray(u[:, d])[:, None]
        log_joint = -HALF * cross_entropy(x, A * LINE) + stats.norm.logpdf(LINE)
        exact -= special.logsumexp(log_joint, axis=1).mean() + np.log(LINE[1] - LINE[0])
        nodes, weights = np.polynomial.hermite_e.hermegauss(20)
        z = SHRINK * u[:, d : d + 1] + SHIFT[d] + VARIANCE**0.5 * nodes
        mean = (cross_entropy(x, A * z) * weights).sum(axis=1) / weights.sum()
        distortion += HALF * mean.mean()
    return exact, distortion
