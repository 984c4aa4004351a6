"""Compute the measures of decoded images for images whose quality we know, without a model.

They show what a measure rewards. For example, averages of similar images are blurred, so a measure
of image quality should be lower for them than for real images.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage
from sklearn.neighbors import NearestNeighbors

from study.measurement import SAMPLES
from vaelib import measures
from vaelib.data import Dataset
from vaelib.support.errors import check_integer
from vaelib.support.rng import named_rng

AVERAGED = 20  # training images in a mean of nearest neighbors, in tables/references.csv
BLUR = 0.5  # standard deviation of the Gaussian filter, in pixels
NAMES = "real images", "mean of nearest neighbors", "blurred", "the average", "noise"


def make_known_images(
    dataset: Dataset, seed: int = 0, averaged: int = AVERAGED
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Make images whose quality we know, and select the real images to compare them with.

    The first half of the test images takes the place of the real images. The known images, as many
    as these, take the place of the decoded images:

    - "real images": the second half of the test images;
    - "mean of nearest neighbors": for each of them, the mean of the `averaged` training images of
      its class that are nearest to it in pixels;
    - "blurred": the second half, filtered by a Gaussian with a standard deviation of 0.5 pixels;
    - "the average": the mean of all training images, repeated;
    - "noise": independent pixels, uniform between 0 and 1.

    Args:
        dataset: The data set.
        seed: Seed of the noise.
        averaged: Number of training images in a mean of nearest neighbors, 1 or more.

    Returns:
        The real images, and the known images for each of `NAMES`. All have the same shape
        (n, height, width, channels), and values from 0 to 1.

    Raises:
        ValueError: If `averaged` is less than 1.
    """
    averaged = check_integer("averaged", averaged, 1)
    half = min(SAMPLES, len(dataset.test_images) // 2)
    real = dataset.test_images[: 2 * half].astype("float32") / 255
    others, labels = real[half:], dataset.test_labels[half : 2 * half]
    average = dataset.train_images.mean(axis=0, dtype="float64").astype("float32") / 255
    known = (
        others,
        _mean_of_neighbors(others, labels, dataset, averaged),
        ndimage.gaussian_filter(others, (0, BLUR, BLUR, 0)),
        np.repeat(average[None], half, axis=0),
        named_rng(seed, "noise images").random(others.shape, dtype="float32"),
    )
    return real[:half], dict(zip(NAMES, known, strict=True))


def measure_images(
    real: np.ndarray,
    images: Mapping[str, np.ndarray],
    features: Callable[[np.ndarray], np.ndarray],
) -> dict[str, dict[str, float]]:
    """Compute the measures of decoded images for several sets of images.

    Args:
        real: The real images to compare with, shape (n, height, width, channels), from 0 to 1.
        images: Sets of images by name, each with values from 0 to 1.
        features: Function from images to features, as for `measurement.measure`.

    Returns:
        For each set: precision, recall, density, and coverage (see
        `measures.precision_recall_density_coverage`), "on manifold" (the share inside the smaller
        half of the balls around real images), and "sharpness" (relative to real images).
    """
    real_features, sharp = features(real), measures.sharpness(real)
    manifold, marks = measures.Manifold(real_features, share=0.5), {}
    for name, some in images.items():
        found = features(some)
        marks[name] = measures.precision_recall_density_coverage(real_features, found) | {
            "on manifold": float(manifold.contains(found).mean()),
            "sharpness": measures.sharpness(some) / sharp,
        }
    return marks


def measure_known_images(
    dataset: Dataset, features: Callable[[np.ndarray], np.ndarray], seed: int = 0
) -> dict[str, dict[str, float]]:
    """Measure the images of `make_known_images` by `measure_images`, and return the results."""
    return measure_images(*make_known_images(dataset, seed), features)


def _mean_of_neighbors(
    images: np.ndarray, labels: np.ndarray, dataset: Dataset, averaged: int
) -> np.ndarray:
    """Average the training images of the same class that are nearest to each image.

    Args:
        images: Values from 0 to 1, shape (n, height, width, channels).
        labels: Their classes, shape (n,).
        dataset: The data set of the training images. A class with fewer images averages all.
        averaged: Number of training images in an average.
    """
    found = np.empty_like(images)
    for label in np.unique(labels):
        here = labels == label
        known = dataset.train_images[dataset.train_labels == label].astype("float32") / 255
        flat = known.reshape(len(known), -1)
        search = NearestNeighbors(n_neighbors=min(averaged, len(known))).fit(flat)
        nearest = search.kneighbors(images[here].reshape(here.sum(), -1), return_distance=False)
        found[here] = known[nearest].mean(axis=1)
    return found
