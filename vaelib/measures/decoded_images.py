"""Compare decoded images with real images, by pixels, by edges, and in a feature space.

Two images that look alike to us can differ in every pixel. Precision, recall, density, coverage
and path length therefore compare features of a classifier, see `vaelib.measures.features`.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from vaelib import losses
from vaelib.conditioning import check_no_condition
from vaelib.measures.points import check_points
from vaelib.models import VAE
from vaelib.support.backend import Tensor, ops
from vaelib.support.chunks import apply_in_chunks
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images, to_unit_interval
from vaelib.support.rng import named_rng

ROWS = 500  # number of points whose distances are computed at a time, to save memory


def mean_squared_error(model: VAE, images: np.ndarray) -> float:
    """Compute the mean squared error per pixel of reconstructions from mean codes.

    Args:
        model: A `VAE`.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].

    Returns:
        The error for pixels in [0, 1]; 0 for perfect reconstructions.
    """
    return _mean_loss(losses.squared_error, model, images) / math.prod(np.shape(images)[1:])


def mean_cross_entropy(model: VAE, images: np.ndarray) -> float:
    """Compute the binary cross-entropy of reconstructions from mean codes.

    Args:
        model: A `VAE`.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].

    Returns:
        The cross-entropy, summed over pixels, in nats per image.
    """
    return _mean_loss(losses.binary_cross_entropy, model, images)


def _mean_loss(loss: Callable[[Tensor, Tensor], Tensor], model: VAE, images: np.ndarray) -> float:
    def loss_of(chunk):
        pixels = to_unit_interval(chunk)
        code, *_ = ops.split(model.encoder(pixels), 1 + model.objective.sampled, axis=1)
        return loss(pixels, model.decoder(code))

    check_no_condition(model)
    images = check_images(images, model.image_shape)
    return float(apply_in_chunks(loss_of, images, model.chunk_size()).mean(dtype="float64"))


def sharpness(images: ArrayLike) -> float:
    """Compute the variance of the Laplacian over the pixels, averaged over images and channels.

    The Laplacian of a pixel is the sum of its four neighbors minus four times the pixel itself.
    Sharp edges make the variance large, but noise does as well. Therefore, compare it with the
    sharpness of real images and report it together with precision.

    Args:
        images: Floats in [0, 1], shape (n, height, width, channels).

    Returns:
        The mean variance, 0 or more.

    Raises:
        ValueError: If the images are not floats, or if a pixel is outside [0, 1].

    >>> checkerboard = np.indices((4, 4)).sum(axis=0) % 2
    >>> sharpness(checkerboard[None, ..., None].astype("float32"))
    16.0
    """
    x = np.asarray(images)
    low, high = x.min(), x.max()
    if x.dtype.kind != "f" or not (low >= 0 and high <= 1):  # NaN fails the comparisons, too
        raise ValueError(
            f"images of type {x.dtype}, from {low:g} to {high:g}: expected floats in [0, 1]."
        )
    laplacian = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    laplacian = laplacian - 4 * x[:, 1:-1, 1:-1]
    return float(laplacian.var(axis=(1, 2)).mean())


class Manifold:
    """Estimate the region of feature space near real images as a union of balls.

    There is one ball around each image, and it reaches to the k-th nearest neighbor of the image
    (Kynkaanniemi et al. 2019, arXiv 1904.06991, equation 1; Naeem et al. 2020, arXiv 2002.09797).
    The ball of an unusual image is so large that it contains nearly anything. To judge single
    images, leave out the larger half of the balls (`share=0.5`), as in section 5 of the former.

    Args:
        features: Features of real images, shape (n, features), n greater than k.
        k: Which neighbor lies on the surface of a ball, 1 or more.
        share: Share of the balls that is kept, from the smallest on, above 0 and at most 1.

    Raises:
        ValueError: If there are not more than k images, or if a feature is not finite.

    >>> Manifold([[0.0], [1.0], [2.0], [3.0]], k=1).contains([[0.5], [9.0]])
    array([ True, False])
    """

    def __init__(self, features: ArrayLike, k: int = 5, share: float = 1.0) -> None:
        k = check_integer("k", k, 1)
        if len(features) <= k:
            raise ValueError(f"{len(features)} images: expected more than k, which is {k}.")
        self.features = check_points(features, name="features")
        # Column 0 is the point itself, at distance 0, so column k is the k-th neighbor. The column
        # is copied, because a view of it would keep all distances in memory.
        both = self.features, self.features
        radii = _by_rows(lambda rows: np.partition(rows, k, axis=1)[:, k].copy(), *both)
        kept = radii <= np.quantile(radii, share)
        self.features, self.radii = self.features[kept], radii[kept]

    def ball_membership(self, features: ArrayLike) -> np.ndarray:
        """Find the balls that contain each point.

        Args:
            features: Shape (m, features).

        Returns:
            Booleans, shape (m, balls).
        """
        features = check_points(features, least=1, name="features")
        return _by_rows(lambda rows: rows <= self.radii, features, self.features)

    def contains(self, features: ArrayLike) -> np.ndarray:
        """Tell for each of m points whether any ball contains it; booleans, shape (m,)."""
        return self.ball_membership(features).any(axis=1)


def _by_rows(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Apply a function to the matrix of distances from x to y, some rows of x at a time."""
    # cdist computes distances from differences. The common formula with products of the points
    # would round distances near 0 to something else.
    parts = (x[start : start + ROWS] for start in range(0, len(x), ROWS))
    return np.concatenate([function(cdist(part, y)) for part in parts])


def precision_recall_density_coverage(
    real: ArrayLike, decoded: ArrayLike, k: int = 5
) -> dict[str, float]:
    """Compare the distributions of real and decoded images in feature space.

    The balls are those of `Manifold`, and its docstring has the references.

    Args:
        real: Features of real images, shape (n, features), n greater than k.
        decoded: Features of decoded images, shape (m, features), m greater than k.
        k: As for `Manifold`. Compare only results with the same n, m and k.

    Returns:
        A dict with four entries:

        - "precision": share of decoded images in any ball of the real ones, in [0, 1];
        - "recall": share of real images in any ball of the decoded ones, in [0, 1];
        - "density": mean number of balls of real images that contain a decoded image, divided by
          k. It is 1 if both have the same distribution, and above 1 if the decoded images are
          concentrated where real images are dense;
        - "coverage": share of real images whose ball contains a decoded image, in [0, 1].
    """
    inside = Manifold(real, k).ball_membership(decoded)
    return {
        "precision": float(inside.any(axis=1).mean()),
        "recall": float(Manifold(decoded, k).contains(real).mean()),
        "density": float(inside.sum(axis=1).mean() / k),
        "coverage": float(inside.any(axis=0).mean()),
    }


def path_length(
    decode: Callable[[np.ndarray], np.ndarray],
    features: Callable[[np.ndarray], np.ndarray],
    codes: ArrayLike,
    step: float = 0.01,
    seed: int = 0,
) -> float:
    """Compute the perceptual path length, the speed at which decoded images change.

        E ||f(G(z)) - f(G(z + step u))||^2 / step^2,  u a random unit vector

    (Karras et al. 2019, arXiv 1812.04948, section 4.1, with straight lines.) A smaller value means
    a smoother latent space. However, a decoder that returns the same image for every code has path
    length 0, so report it together with precision.

    Args:
        decode: The function G, from codes (n, latent_dim) to images.
        features: The function f, from images to features (n, features).
        codes: Where to measure, shape (n, latent_dim).
        step: Distance between the two codes, in units of the latent space.
        seed: Seed of the random directions.

    Returns:
        The mean squared change of the features per squared unit of latent space, 0 or more.
    """
    codes = np.asarray(codes, "float64")
    direction = named_rng(seed, "directions").standard_normal(codes.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    here, there = (
        np.asarray(features(decode(z)), "float64") for z in (codes, codes + step * direction)
    )
    return float(((here - there) ** 2).sum(axis=1).mean() / step**2)
