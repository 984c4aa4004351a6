"""Do decoded images look like images of the data? Compared pixel by pixel, by their edges, and in a
feature space.

Two images that we find alike can differ in every pixel, so that neighbours are looked for among
the features of a classifier, see `vaelib.measures.features`.
"""

import math

import numpy as np
from scipy.spatial.distance import cdist

from vaelib import losses
from vaelib.backend import ops
from vaelib.errors import check_integer
from vaelib.measures.points import check_points
from vaelib.models import in_chunks
from vaelib.pixels import check_images, to_unit_interval
from vaelib.streams import stream

ROWS = 500  # points whose distances are taken together, to save memory


def mean_squared_error(model, images):
    """Mean squared error of a pixel, with pixels in [0, 1], of decoded mean codes.

    Args:
        model: a `VAE`.
        images: (n, *model.image_shape), uint8 or in [0, 1].

    Returns:
        A float; 0 for a perfect reconstruction.
    """
    return _mean_loss(losses.squared_error, model, images) / math.prod(np.shape(images)[1:])


def mean_cross_entropy(model, images):
    """Binary cross-entropy of decoded mean codes, summed over pixels, in nats per image.

    Args:
        model, images: as for `mean_squared_error`.
    """
    return _mean_loss(losses.binary_cross_entropy, model, images)


def _mean_loss(loss, model, images):
    def of(chunk):
        pixels = to_unit_interval(chunk)
        code, *_ = ops.split(model.encoder(pixels), 1 + model.objective.sampled, axis=1)
        return loss(pixels, model.decoder(code))

    images = check_images(images, model.image_shape)
    return float(in_chunks(of, images, model.at_once()).mean(dtype="float64"))


def sharpness(images):
    """Variance of the Laplacian over the pixels, averaged over the images.

    The Laplacian is a pixel's four neighbours minus four times itself. Sharp edges make it large,
    and so does noise: read it beside `precision`, and as a ratio to that of real images.

    Args:
        images: (n, height, width, channels), in [0, 1].

    Returns:
        A float, 0 or more.

    Raises:
        ValueError: for bytes, and for other numbers beyond [0, 1].
    """
    x = np.asarray(images)
    low, high = x.min(), x.max()
    if x.dtype.kind != "f" or not (low >= 0 and high <= 1):  # also true for NaN
        raise ValueError(
            f"images of type {x.dtype}, from {low:g} to {high:g}: expected floats in [0, 1]."
        )
    laplacian = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    laplacian = laplacian - 4 * x[:, 1:-1, 1:-1]
    return float(laplacian.var(axis=(1, 2)).mean())


class Manifold:
    """The region near real images: a ball around each, reaching to its k-th nearest neighbour.

    Kynkaanniemi et al. 2019, arXiv 1904.06991, equation 1; Naeem et al. 2020, arXiv 2002.09797.
    An unusual image has a ball so large that it holds nearly anything. For a verdict on single
    images the larger half of the balls is therefore left out, as in section 5 of the former.

    Args:
        features: (n, features), of real images, n above k.
        k: which neighbour is on a ball's surface.
        share: of the balls, which part is kept, the smallest ones.
    """

    def __init__(self, features, k=5, share=1.0):
        k = check_integer("k", k, 1)
        if len(features) <= k:
            raise ValueError(f"{len(features)} images: expected more than k, which is {k}.")
        self.features = check_points(features, name="features")
        # The nearest of all is the point itself, at distance 0. It is copied, for a view of one
        # column would keep all distances in memory.
        both = self.features, self.features
        radii = _by_rows(lambda rows: np.partition(rows, k, axis=1)[:, k].copy(), *both)
        kept = radii <= np.quantile(radii, share)
        self.features, self.radii = self.features[kept], radii[kept]

    def inside(self, features):
        """Which of the balls each point lies in.

        Args:
            features: (m, features).

        Returns:
            bool (m, balls).
        """
        features = check_points(features, least=1, name="features")
        return _by_rows(lambda rows: rows <= self.radii, features, self.features)

    def holds(self, features):
        """Whether each point lies in any ball, bool (m,)."""
        return self.inside(features).any(axis=1)


def _by_rows(function, x, y):
    """A function of the distances of some points x to all points y, for all x."""
    # From differences: products of the points would round distances near 0 to something else.
    parts = (x[start : start + ROWS] for start in range(0, len(x), ROWS))
    return np.concatenate([function(cdist(part, y)) for part in parts])


def precision_recall_density_coverage(real, decoded, k=5):
    """How like the real images the decoded ones are, and how many of the real ones they reach.

    - precision: share of decoded images in any ball of the real ones, [0, 1];
    - recall: share of real images in any ball of the decoded ones, [0, 1];
    - density: balls of real images that a decoded one lies in, over k; 1 where both have one
      distribution, and above 1 where the decoded ones crowd where real ones are dense;
    - coverage: share of real images whose ball holds a decoded one, [0, 1].

    Args:
        real, decoded: features, (n, features) and (m, features), n and m above k.
        k: as for `Manifold`. Compare only numbers of the same n, m and k.

    Returns:
        dict of the four.
    """
    inside = Manifold(real, k).inside(decoded)
    return {
        "precision": float(inside.any(axis=1).mean()),
        "recall": float(Manifold(decoded, k).holds(real).mean()),
        "density": float(inside.sum(axis=1).mean() / k),
        "coverage": float(inside.any(axis=0).mean()),
    }


def path_length(decode, features, codes, step=0.01, seed=0):
    """How fast decoded images change along the latent space, in feature space.

        E ||f(G(z)) - f(G(z + step u))||^2 / step^2,  u a random unit vector

    (Karras et al. 2019, arXiv 1812.04948, section 4.1, with straight lines.) The smaller the
    smoother. A decoder that makes one image of everything has 0: read it beside precision.

    Args:
        decode: G, from codes (n, latent_dim) to images.
        features: f, from images to features (n, features).
        codes: (n, latent_dim), where to measure.
        step: how far apart the two codes are.
        seed: of the directions.

    Returns:
        A float, 0 or more.
    """
    codes = np.asarray(codes, "float64")
    direction = stream(seed, "directions").standard_normal(codes.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    here, there = (
        np.asarray(features(decode(z)), "float64") for z in (codes, codes + step * direction)
    )
    return float(((here - there) ** 2).sum(axis=1).mean() / step**2)
