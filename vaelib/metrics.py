"""Numbers for what the pictures show."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier


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
