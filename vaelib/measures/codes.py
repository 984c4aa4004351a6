"""Compute statistics of latent codes and measure how much they tell about the classes."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import normalized_mutual_info_score, silhouette_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaelib import mmd
from vaelib.data import Dataset
from vaelib.measures.decoded_images import mean_squared_error
from vaelib.measures.points import check_points
from vaelib.models import VAE


def summary(model: VAE, dataset: Dataset) -> dict[str, float]:
    """Summarize a model in one table row.

    Args:
        model: A trained `VAE`.
        dataset: The `Dataset` to evaluate on. Its test images are encoded and measured; its
            training images serve as the neighbors in `knn_accuracy`.

    Returns:
        The results of `code_statistics`, `knn_accuracy` and `mean_squared_error`, by name.
    """
    codes, train_codes = model.encode(dataset.test_images), model.encode(dataset.train_images)
    return code_statistics(codes) | {
        "15-NN accuracy": knn_accuracy(
            train_codes, dataset.train_labels, codes, dataset.test_labels
        ),
        "pixel MSE": mean_squared_error(model, dataset.test_images),
    }


def code_statistics(codes: ArrayLike) -> dict[str, float]:
    """Compute the mean and standard deviation per dimension and MMD^2 to the prior N(0, I).

    MMD^2 is the unbiased `mmd2_to_normal` with the same kernel that is used in training, so a
    model trained with MMD has an advantage. It is about 0 for codes distributed like the prior.

    Args:
        codes: Shape (n, latent_dim), n at least 2.

    Returns:
        The statistics by name, for example "mean of z1", "std of z1" and "MMD² to prior".
    """
    codes = check_points(codes)
    dims = range(codes.shape[1])
    distance = mmd.mmd2_to_normal(codes, mmd.default_variance(codes.shape[1]), unbiased=True)
    return (
        {f"mean of z{d + 1}": float(codes[:, d].mean()) for d in dims}
        | {f"std of z{d + 1}": float(codes[:, d].std()) for d in dims}
        | {"MMD² to prior": float(distance)}
    )


def knn_accuracy(
    train_codes: ArrayLike,
    train_labels: ArrayLike,
    test_codes: ArrayLike,
    test_labels: ArrayLike,
    k: int = 15,
) -> float:
    """Compute the test accuracy of a k-nearest-neighbor classifier on codes.

    Args:
        train_codes, train_labels: Training codes, shape (n, latent_dim), and their classes, (n,).
        test_codes, test_labels: Test codes, shape (m, latent_dim), and their classes, (m,).
        k: Number of neighbors, from 1 to n.

    Returns:
        The share of test codes whose class is the most frequent one among their k nearest
        training codes, in [0, 1].

    >>> knn_accuracy([[0.0], [1.0], [9.0]], [0, 0, 1], [[2.0], [8.0]], [0, 1], k=1)
    1.0
    """
    classifier = KNeighborsClassifier(k).fit(train_codes, train_labels)
    return float(classifier.score(test_codes, test_labels))


def probe_accuracy(
    train_codes: ArrayLike, train_labels: ArrayLike, test_codes: ArrayLike, test_labels: ArrayLike
) -> float:
    """Compute the test accuracy of a linear probe, a logistic regression on codes.

    The accuracy shows how well the classes can be separated by hyperplanes (in two dimensions, by
    straight lines). The arguments are those of `knn_accuracy`.

    Returns:
        The share of test codes that are assigned to their class, in [0, 1].
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    return float(probe.fit(train_codes, train_labels).score(test_codes, test_labels))


def silhouette(codes: np.ndarray, labels: np.ndarray, limit: int = 2_000) -> float:
    """Compute the silhouette score, which shows how well the classes are separated.

    It is the mean of (b - a) / max(a, b), where a is the mean distance of a code to the codes of
    its own class and b the mean distance to those of the nearest other class (Rousseeuw 1987).

    Args:
        codes: Shape (n, latent_dim).
        labels: Classes of the codes, shape (n,).
        limit: Use only the first `limit` codes, because the time grows with their square.

    Returns:
        The score in [-1, 1]: 1 for classes that are far apart, about 0 for classes that overlap.
    """
    return float(silhouette_score(codes[:limit], labels[:limit]))


def cluster_agreement(codes: np.ndarray, labels: np.ndarray, seed: int = 0) -> float:
    """Compute the normalized mutual information between the classes and k-means clusters.

    Args:
        codes: Shape (n, latent_dim).
        labels: Classes of the codes, shape (n,). There is one cluster per class.
        seed: Seed of the initial centers, which are chosen ten times.

    Returns:
        The score in [0, 1]: 1 if clusters and classes agree, about 0 if they are unrelated.
    """
    kmeans = KMeans(len(np.unique(labels)), n_init=10, random_state=seed)
    return float(normalized_mutual_info_score(labels, kmeans.fit_predict(codes)))


def active_units(z_mean: ArrayLike, threshold: float = 0.01) -> int:
    """Count the latent dimensions whose code depends on the image.

    A dimension counts if the variance of the mean codes over the images is above the threshold
    (Burda et al. 2015, arXiv 1509.00519, section 5.2).

    Args:
        z_mean: Means of the approximate posteriors, shape (n, latent_dim), n at least 2.
        threshold: Smallest variance of an active dimension.

    Returns:
        The number of active dimensions, 0 to latent_dim.

    Raises:
        ValueError: If there are fewer than two codes, or if a code is not finite.

    >>> active_units([[-1.0, 0.01], [0.0, 0.0], [1.0, -0.01]])
    1
    """
    return int(np.sum(np.var(check_points(z_mean), axis=0) > threshold))
