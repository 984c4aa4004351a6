"""Numbers for what the pictures show."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from vaelib import mmd


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
    codes = np.asarray(codes)
    dims = range(codes.shape[1])
    distance = mmd.mmd2_to_normal(codes, mmd.default_variance(codes.shape[1]), unbiased=True)
    return (
        {f"mean of z{d + 1}": float(codes[:, d].mean()) for d in dims}
        | {f"std of z{d + 1}": float(codes[:, d].std()) for d in dims}
        | {"MMD² to prior": float(distance)}
    )


def mean_squared_error(model, images):
    """Mean squared error of a pixel, with pixels in [0, 1], of decoded mean codes.

    Args:
        model: a `VAE`.
        images: (n, 28, 28, 1), uint8 or in [0, 1].

    Returns:
        A float; 0 for a perfect reconstruction.
    """
    reconstructions = model.decode(model.encode(images))
    pixels = images / np.float32(255) if images.dtype == np.uint8 else images
    return float(np.mean(np.square(pixels - reconstructions)))


def knn_accuracy(train_codes, train_labels, test_codes, test_labels, k=15):
    """Share of test codes whose class is that of most of the k nearest training codes.

    Args:
        train_codes, test_codes: (n, latent_dim), (m, latent_dim).
        train_labels, test_labels: (n,), (m,).
        k: neighbours that vote.

    Returns:
        A float in [0, 1].
    """
    classifier = KNeighborsClassifier(k).fit(train_codes, train_labels)
    return float(classifier.score(test_codes, test_labels))
