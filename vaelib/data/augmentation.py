"""Enlarge a training set with shifted and mirrored copies of its images."""

from dataclasses import replace

import numpy as np

from vaelib.data.dataset import Dataset
from vaelib.support.errors import check_integer
from vaelib.support.rng import named_rng


def augment(
    dataset: Dataset, times: int, shift: int = 2, mirror: bool = True, seed: int = 0
) -> Dataset:
    """Return the data set with `times` copies of its training images, all but the first changed.

    In every copy after the first, each image is shifted by up to `shift` pixels along both axes.
    Pixels on its edge are repeated to fill the gap. The test images stay as they are.

    Args:
        dataset: The data set to enlarge.
        times: Number of copies of each image, 1 or more. Memory grows in proportion.
        shift: Largest shift in pixels, from 0 to one less than the shorter side of an image.
        mirror: If True, also mirror each changed image with probability 1/2. Choose False if left
            and right matter, as they do for digits.
        seed: Seed of the changes, 0 or more.

    Returns:
        The new data set, whose training images are ordered copy by copy.

    Raises:
        ValueError: If a number is out of range.
        TypeError: If a number is not an integer.
    """
    times = check_integer("times", times, 1)
    height, width, _ = dataset.image_shape
    shift = check_integer("shift", shift, 0, min(height, width) - 1)
    images, random = dataset.train_images, named_rng(check_integer("seed", seed, 0), "augmentation")
    copies = [images]
    for _ in range(times - 1):
        moves = random.integers(-shift, shift + 1, (len(images), 2))
        mirrored = random.random(len(images)) < (0.5 if mirror else 0.0)
        rows = np.clip(np.arange(height) + moves[:, :1], 0, height - 1)
        columns = np.clip(np.arange(width) + moves[:, 1:], 0, width - 1)
        columns = np.where(mirrored[:, None], columns[:, ::-1], columns)
        one_each = np.arange(len(images))[:, None, None]
        copies.append(images[one_each, rows[:, :, None], columns[:, None, :]])
    words = f"{dataset.source}, {times} times: moved by up to {shift} pixels"
    return replace(
        dataset,
        train_images=np.concatenate(copies),
        train_labels=np.tile(dataset.train_labels, times),
        train_factors=None,  # these describe faces as they were rendered, and the copies differ
        source=words + (", half of them mirrored" if mirror else ""),
    )
