"""Read images to show on a page: as a data set, however few they are."""

from pathlib import Path

import numpy as np

from vaelib import data
from vaelib.data.user_images import image_folder
from vaelib.support.errors import DataError


def dataset_to_show(source: str, shape: tuple[int, int, int], fit: str, skip: bool) -> data.Dataset:
    """Read images as `data.images` does, or as test images if they are too few to train on.

    Raises:
        DataError: If an image can't be read, or if there is none.
    """
    height, width, channels = shape
    name = Path(source).resolve().stem
    try:
        return data.images(source, (height, width), channels == 3, fit, skip=skip, name=name)
    except DataError:  # there may be too few, which a page can show
        _, classes, pixels = image_folder.read_pixels(source, shape, fit, skip)
        return _only_test_images(name, classes, pixels)


def _only_test_images(name: str, classes: list[str], pixels: np.ndarray) -> data.Dataset:
    known = sorted(set(classes))
    labels = np.array([known.index(word) for word in classes], "uint16")
    parts = pixels[:0], labels[:0], pixels, labels
    return data.Dataset(name, *parts, tuple(known), f"{len(pixels)} images to look at")
