"""Hold the images and labels of a data set, for training and for testing."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from vaelib.data.builtin import idx
from vaelib.support.errors import DataError, check_integer

BINARIZATIONS = "threshold", "static"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels of a data set, for training and for testing. All arrays are read-only.

    Attributes:
        name: Name of the data set, as `load` expects it.
        train_images: Training images, uint8, shape (n, height, width, channels), with one channel
            (gray) or three (red, green, blue).
        train_labels: Their labels, shape (n,), uint8, or uint16 if there are more than 256 classes.
        test_images: Test images, uint8, shape (m, height, width, channels).
        test_labels: Their labels, shape (m,).
        class_names: Names of the classes; label k belongs to `class_names[k]`.
        source: Where the data came from, in words.
        train_factors: Factors of variation of rendered faces (valence, intensity), float32, shape
            (n, 2). None for other data sets.
        test_factors: The same for the test images, shape (m, 2).
        fit: How your own images were resized, "crop" or "pad". None for other data sets.

    Raises:
        DataError: If an array has a wrong type or shape, if images and labels differ in number,
            or if a label has no class name.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    source: str
    train_factors: np.ndarray | None = None
    test_factors: np.ndarray | None = None
    fit: str | None = None

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images = self._protect(f"{part}_images", [np.uint8], self.image_shape)
            labels = self._protect(f"{part}_labels", [np.uint8, np.uint16], ())
            idx.check_pair(images, labels, f"{self.name}, {part}")
            if len(labels) and labels.max() >= len(self.class_names):
                raise DataError(
                    f"the {part}_labels of {self.name} go up to {labels.max()}, "
                    f"but only {len(self.class_names)} classes have a name"
                )
            if getattr(self, f"{part}_factors") is not None:
                factors = self._protect(f"{part}_factors", [np.float32], (2,))
                idx.check_pair(images, factors, f"{self.name}, {part}", "pairs of factors")

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape (height, width, channels) of one image."""
        shape = np.shape(self.train_images)
        if len(shape) != 4 or shape[3] not in (1, 3):
            raise DataError(
                f"the train_images of {self.name} must be of shape (n, height, width, 1 or 3), "
                f"not {shape}"
            )
        return shape[1:]

    def _protect(self, field: str, kinds: list[type], shape: tuple[int, ...]) -> np.ndarray:
        """Check the array in a field, make it read-only, and return it."""
        # Only the view becomes read-only. The caller's own array stays writable.
        array = np.asarray(getattr(self, field)).view()
        if array.dtype not in kinds or array.ndim == 0 or array.shape[1:] != shape:
            wanted = ", ".join(["n", *map(str, shape)])
            raise DataError(
                f"the {field} of {self.name} must be {' or '.join(k.__name__ for k in kinds)} of "
                f"shape ({wanted}), not {array.dtype} of shape {array.shape}"
            )
        array.setflags(write=False)
        object.__setattr__(self, field, array)
        return array

    def __repr__(self) -> str:
        return (
            f"<{self.name}: {len(self.train_images):,} training and {len(self.test_images):,} "
            f"test images of {len(self.class_names)} class{'es' * (len(self.class_names) > 1)}, "
            f"from {self.source}>"
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of images and labels in hexadecimal, to identify the data behind a result."""
        digest = hashlib.sha256()
        # The bytes alone do not determine the shape of an image. (28, 28, 1) is taken as given.
        if self.image_shape != (28, 28, 1):
            digest.update(repr(self.image_shape).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()

    def limit(self, train: int | None = None, test: int | None = None) -> Self:
        """Return the data set with only its first images.

        Args:
            train: Number of training images to keep, 1 or more. None keeps all of them.
            test: Number of test images to keep, likewise.

        Raises:
            ValueError: If a number is below 1 or larger than the number of images.
            TypeError: If a number is not an integer.
        """
        fields = {}
        for part, count in (("train", train), ("test", test)):
            if count is None:
                continue
            available = len(getattr(self, f"{part}_images"))
            count = check_integer(part, count, 1, available)
            for field in (f"{part}_images", f"{part}_labels", f"{part}_factors"):
                array = getattr(self, field)
                fields[field] = None if array is None else array[:count]
        return replace(self, **fields)

    def binarize(self, way: str, seed: int = 0) -> Self:
        """Return the data set with every pixel set to either 0 or 255.

        Args:
            way: "threshold" makes a pixel white if its value is above 127. "static" makes a pixel
                of value v white with probability v / 255, sampled once for the whole data set
                (Salakhutdinov and Murray 2008).
            seed: Seed of the samples, 0 or more; used only if `way` is "static".

        Raises:
            ValueError: If `way` is neither of the two.
        """
        if way not in BINARIZATIONS:
            raise ValueError(f"way must be one of {', '.join(BINARIZATIONS)}, not {way!r}.")
        # `default_rng` instead of `named_rng`, because published fingerprints depend on the bytes.
        random = np.random.default_rng(seed)

        def white(images: np.ndarray) -> np.ndarray:
            if way == "threshold":
                return images > 127
            return random.random(images.shape, dtype="float32") < images / np.float32(255)

        return replace(
            self,
            train_images=white(self.train_images) * np.uint8(255),
            test_images=white(self.test_images) * np.uint8(255),
            source=f"{self.source}, pixels made black and white ({way})",
        )
