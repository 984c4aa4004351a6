"""Numbers for what a picture of codes shows: where they lie, and what they know of classes."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import normalized_mutual_info_score, silhouette_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaelib import mmd
from vaelib.measures.images import mean_squared_error
from vaelib.measures.points import check_points


def summary(model, dataset):
    """One model's row in a table: where its test codes lie, and how much they know.

    Args:
        model: a `VAE`.
        dataset: a `Dataset`; its training images are looked at too, for `knn_accuracy`.

    Returns:
        dict of name to float: what `code_statistics` gives, `knn_accuracy` and
        `mean_squared_error`.
    """
    codes, train_codes = model.encode(dataset.test_images), model.encode(dataset.train_images)
    return code_statistics(codes) | {
        "15-NN accuracy": knn_accuracy(
            train_codes, dataset.train_labels, codes, dataset.test_labels
        ),
        "pixel MSE": mean_squared_error(model, dataset.test_images),
    }


def code_statistics(codes):
    """Mean and standard deviation in each dimension, and the distance to the prior N(0, I).

    The distance is the unbiased `mmd2_to_normal` with the kernel that models train with, so that
    a model trained on MMD has an advantage. It is about 0 for codes that are distributed like the
    prior.

    Args:
        codes: (n, latent_dim), n at least 2.

    Returns:
        dict of name to float.
    """
    codes = check_points(codes)
    dims = range(codes.shape[1])
    distance = mmd.mmd2_to_normal(codes, mmd.default_variance(codes.shape[1]), unbiased=True)
    return (
        {f"mean of z{d + 1}": float(codes[:, d].mean()) for d in dims}
        | {f"std of z{d + 1}": float(codes[:, d].std()) for d in dims}
        | {"MMD² to prior": float(distance)}
    )


def knn_accuracy(train_codes, train_labels, test_codes, test_labels, k=15):
    """Share of test codes whose class is that of most of the k nearest training codes.

    Args:
        train_codes, test_codes: (n, latent_dim), (m, latent_dim).
        train_labels, test_labels: (n,), (m,).
        k: how many neighbours.

    Returns:
        A float in [0, 1].
    """
    classifier = KNeighborsClassifier(k).fit(train_codes, train_labels)
    return float(classifier.score(test_codes, test_labels))


def probe_accuracy(train_codes, train_labels, test_codes, test_labels):
    """Share of test codes that a logistic regression on the training codes puts into their class.

    How far straight lines can tell the classes apart.

    Args:
        train_codes, test_codes: (n, latent_dim), (m, latent_dim).
        train_labels, test_labels: (n,), (m,).

    Returns:
        A float in [0, 1].
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    return float(probe.fit(train_codes, train_labels).score(test_codes, test_labels))


def silhouette(codes, labels, limit=2_000):
    """How much nearer codes are to their own class than to the next one.

    The mean of (b - a) / max(a, b), with a and b the mean distances of a code to its own class and
    to the nearest other one (Rousseeuw 1987).

    Args:
        codes: (n, latent_dim).
        labels: (n,).
        limit: the first so many codes are used, for the effort grows with their square.

    Returns:
        A float in [-1, 1]: 1 for classes far apart, about 0 where they overlap.
    """
    return float(silhouette_score(codes[:limit], labels[:limit]))


def cluster_agreement(codes, labels, seed=0):
    """Normalised mutual information between the classes and as many clusters of k-means.

    Args:
        codes: (n, latent_dim).
        labels: (n,).
        seed: of the first centres, ten times.

    Returns:
        A float in [0, 1]: 1 where clusters and classes are the same, about 0 where unrelated.
    """
    kmeans = KMeans(len(np.unique(labels)), n_init=10, random_state=seed)
    return float(normalized_mutual_info_score(labels, kmeans.fit_predict(codes)))


def active_units(z_mean, threshold=0.01):
    """How many latent dimensions change with the image: those whose mean code has a variance
    above the threshold (Burda et al. 2015, arXiv 1509.00519, section 5.2).

    Args:
        z_mean: (n, latent_dim).

    Raises:
        ValueError: for codes that are not finite.
    """
    return int(np.sum(np.var(check_points(z_mean), axis=0) > threshold))
