"""Do decoded images look like images of the data? Compared in a feature space, and by their edges.

Two images that we find alike can differ in every pixel, so that neighbours are looked for among
the features of a classifier, see `vaelib.features`.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

ROWS = 500  # points whose distances are taken together, to save memory


def sharpness(images):
    """Variance of the Laplacian over the pixels, averaged over the images.

    The Laplacian is a pixel's four neighbours minus four times itself. Sharp edges make it large,
    and so does noise: read it beside `precision`, and as a ratio to that of real images.

    Args:
        images: (n, 28, 28, 1), in [0, 1].

    Returns:
        A float, 0 or more.
    """
    x = np.asarray(images)[..., 0]
    if np.issubdtype(x.dtype, np.integer):
        raise ValueError(f"images of type {x.dtype}: expected floats in [0, 1].")
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
        if len(features) <= k:
            raise ValueError(f"{len(features)} images: expected more than k, which is {k}.")
        self.features = np.asarray(features, "float64")
        # Asked for no points in particular, it does not count a point as its own neighbour.
        distances, _ = NearestNeighbors(n_neighbors=k).fit(self.features).kneighbors()
        kept = distances[:, -1] <= np.quantile(distances[:, -1], share)
        self.features, self.radii = self.features[kept], distances[kept, -1]

    def inside(self, features):
        """Which of the balls each point lies in.

        Args:
            features: (m, features).

        Returns:
            bool (m, balls).
        """
        x, y = np.asarray(features, "float64"), self.features
        inside = np.empty((len(x), len(y)), bool)
        for start in range(0, len(x), ROWS):
            rows = x[start : start + ROWS]
            squared = (rows**2).sum(1)[:, None] + (y**2).sum(1) - 2 * rows @ y.T
            inside[start : start + ROWS] = squared <= self.radii**2
        return inside

    def holds(self, features):
        """Whether each point lies in any ball, bool (m,)."""
        return self.inside(features).any(axis=1)


def precision_recall_density_coverage(real, decoded, k=5):
    """How like the real images the decoded ones are, and how many of the real ones they reach.

    - precision: share of decoded images in any ball of the real ones, [0, 1];
    - recall: share of real images in any ball of the decoded ones, [0, 1];
    - density: balls of real images that a decoded one lies in, over k; 1 where both have one law,
      and above 1 where the decoded ones crowd where real ones are dense;
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
    direction = np.random.default_rng(seed).standard_normal(codes.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    here, there = (
        np.asarray(features(decode(z)), "float64") for z in (codes, codes + step * direction)
    )
    return float(((here - there) ** 2).sum(axis=1).mean() / step**2)
