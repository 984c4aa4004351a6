"""Models of known likelihood: linear with normal noise, and one that ignores its code."""

import numpy as np
from scipy import stats
from scipy.spatial import distance

from vaelib.objectives import ELBO
from vaelib.priors import Mixture, StandardNormal
from vaelib.support.backend import ops

NOISE = 0.2


class LinearGaussian:
    """x = W z + b + noise: everything about it is normal, and known."""

    image_shape, objective = (28, 28, 1), ELBO

    def __init__(self, latent_dim=2, seed=0, widened=1.0):
        random = np.random.default_rng(seed)
        self.latent_dim, self.widened = latent_dim, widened
        self.prior = StandardNormal(latent_dim)
        # Orthogonal columns, so that the posterior has no correlations either.
        self.w = (
            np.linalg.qr(random.standard_normal((784, latent_dim)))[0] * [1.0, 0.5, 2][:latent_dim]
        )
        self.b = np.full(784, 0.5)

    def chunk_size(self, images):
        return images

    def decoder(self, z):
        decoded = np.asarray(z) @ self.w.T + self.b
        return ops.convert_to_tensor(decoded.reshape(-1, 28, 28, 1), dtype="float32")

    def encode_distribution(self, images):
        flat = np.reshape(images, (len(images), -1)) - self.b
        precision = 1 + (self.w**2).sum(axis=0) / NOISE**2
        mean = flat @ self.w / NOISE**2 / precision
        variance = np.broadcast_to(self.widened / precision, mean.shape)
        return mean.astype("float32"), np.log(variance).astype("float32")

    def encode(self, images):
        return self.encode_distribution(images)[0]

    def log_p(self, images):
        of_x = stats.multivariate_normal(self.b, self.w @ self.w.T + NOISE**2 * np.eye(784))
        return of_x.logpdf(np.reshape(images, (len(images), -1)))

    def images(self, n):
        """No samples, for they have to lie in [0, 1], but images that are likely enough."""
        random = np.random.default_rng(1)
        z = random.standard_normal((n, self.latent_dim))
        images = np.asarray(self.decoder(z)) + NOISE * random.standard_normal((n, 28, 28, 1))
        return np.clip(images, 0, 1).astype("float32")


def gaussian(images, means):
    """log p(x|z) with normal noise, (n, 784), (m, 784) -> (n, m)."""
    # In float64, for of large squares only the small differences count.
    x, m = (ops.convert_to_numpy(pixels).astype("float64") for pixels in (images, means))
    squares = ops.convert_to_tensor(distance.cdist(x, m, "sqeuclidean"), dtype="float32")
    return -squares / (2 * NOISE**2) - 784 * np.log(NOISE * np.sqrt(2 * np.pi))


class LinearMixture(LinearGaussian):
    """The same with a mixture for a prior: two normal likelihoods, added."""

    MEANS = np.array([[-1.5, 0], [1, 1]], "float32")
    VARIANCES = np.array([[0.3, 0.2], [0.1, 0.5]], "float32")

    def __init__(self, **settings):
        super().__init__(**settings)
        self.prior = Mixture(self.MEANS, np.log(self.VARIANCES))

    def log_p(self, images):
        flat = np.reshape(images, (len(images), -1))
        of_each = [
            stats.multivariate_normal(
                self.b + self.w @ mean, self.w * variance @ self.w.T + NOISE**2 * np.eye(784)
            ).logpdf(flat)
            for mean, variance in zip(self.MEANS, self.VARIANCES, strict=True)
        ]
        return np.logaddexp(*of_each) - np.log(2)


class Constant:
    """A decoder that says the same whatever the code."""

    latent_dim, image_shape, objective = 2, (28, 28, 1), ELBO
    prior = StandardNormal(2)
    chunk_size = LinearGaussian.chunk_size

    def __init__(self, logits):
        self.logits = logits

    def decoder(self, z):
        return ops.zeros((len(z), 1, 1, 1)) + ops.convert_to_tensor(self.logits, dtype="float32")

    def encode(self, images):
        return np.zeros((len(images), 2), "float32")
