"""Synthetic images for tests: discs on a background, in one color for each of two classes."""

import numpy as np
from PIL import Image

from vaelib.data import Dataset

COLORS = np.array([[220, 60, 40], [40, 90, 200]])


def discs(n, shape, seed=0):
    """Images, uint8 (n, *shape), and labels, uint8 (n,)."""
    random = np.random.default_rng(seed)
    height, width, channels = shape
    labels = random.integers(0, 2, n).astype("uint8")
    places = random.uniform(0.3, 0.7, (n, 2)) * (height, width)
    radii = random.uniform(0.1, 0.3, n) * min(height, width)
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(rows - places[:, 0, None, None], columns - places[:, 1, None, None])
    inside = (far < radii[:, None, None])[..., None]
    images = np.where(inside, COLORS[labels][:, None, None], 235)
    return images[..., :channels].astype("uint8"), labels


def dataset(shape, train=40, test=10, name="discs"):
    """A `Dataset` of them."""
    images, labels = discs(train + test, shape)
    parts = images[:train], labels[:train], images[train:], labels[train:]
    return Dataset(name, *parts, ("red", "blue"), "drawn on the spot", fit="crop")


def folder(path, shape=(24, 24, 3), n=30):
    """A folder of them as PNG files, with a subfolder for each class."""
    for i, (image, label) in enumerate(zip(*discs(n, shape), strict=True)):
        place = path / ("red", "blue")[label]
        place.mkdir(parents=True, exist_ok=True)
        image = image if shape[2] == 3 else image[..., 0]
        Image.fromarray(image).save(place / f"{i:03}.png")
    return path
