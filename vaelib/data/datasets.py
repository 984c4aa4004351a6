"""A data set: images with their labels, for training and for testing, one byte a value."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vaelib.data import idx
from vaelib.errors import DataError, check_integer

BINARISED = "threshold", "static"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images with their labels, for training and for testing; all arrays are read-only.

    Attributes:
        name: what `load` calls it.
        train_images: uint8 (n, height, width, channels), with one channel (grey) or three.
        train_labels: uint8 (n,), or uint16 where there are more than 256 classes.
        test_images: uint8 (m, height, width, channels).
        test_labels: as for training (m,).
        class_names: what the labels 0, 1, ... mean.
        source: where the bytes came from, in words.
        train_factors: float32 (n, 2), valence and intensity of rendered faces; None for other data.
        test_factors: float32 (m, 2), likewise.
        fit: how pictures of other sizes were brought to this one, "crop" or "pad"; None for others.

    Raises:
        DataError: for arrays that do not fit together.
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

    def __post_init__(self):
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
    def image_shape(self):
        """(height, width, channels) of every image."""
        shape = np.shape(self.train_images)
        if len(shape) != 4 or shape[3] not in (1, 3):
            raise DataError(
                f"the train_images of {self.name} must be of shape (n, height, width, 1 or 3), "
                f"not {shape}"
            )
        return shape[1:]

    def _protect(self, field, kinds, shape):
        """The array in a field, checked, and read-only from now on."""
        array = np.asarray(getattr(self, field)).view()  # a view: the caller's stays as it was
        if array.dtype not in kinds or array.ndim == 0 or array.shape[1:] != shape:
            wanted = ", ".join(["n", *map(str, shape)])
            raise DataError(
                f"the {field} of {self.name} must be {' or '.join(k.__name__ for k in kinds)} of "
                f"shape ({wanted}), not {array.dtype} of shape {array.shape}"
            )
        array.setflags(write=False)
        object.__setattr__(self, field, array)
        return array

    def __repr__(self):
        return (
            f"<{self.name}: {len(self.train_images):,} training and {len(self.test_images):,} "
            f"test images of {len(self.class_names)} class{'es' * (len(self.class_names) > 1)}, "
            f"from {self.source}>"
        )

    @cached_property
    def fingerprint(self):
        """SHA-256, in hexadecimal, of the images and labels: what a result was computed from."""
        digest = hashlib.sha256()
        if self.image_shape != (28, 28, 1):  # whose bytes say nothing of their shape
            digest.update(repr(self.image_shape).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()

    def limit(self, train=None, test=None):
        """The same data set with the first `train` and `test` images only (None: all of them).

        Raises ValueError for more images than there are or fewer than one, TypeError for what is
        no integer.
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

    def binarised(self, way, seed=0):
        """The same data set with pixels that are 0 or 255.

        Args:
            way: "threshold": white above 127; "static": white with the probability that the grey
                value gives, sampled once and for all (Salakhutdinov and Murray 2008).
            seed: of the samples.

        Raises:
            ValueError: for another way.
        """
        if way not in BINARISED:
            raise ValueError(
                f"pixels are made black and white by {', '.join(BINARISED)}, not {way!r}"
            )
        # No named stream, for what it makes is known by its bytes.
        random = np.random.default_rng(seed)

        def white(images):
            if way == "threshold":
                return images > 127
            return random.random(images.shape, dtype="float32") < images / np.float32(255)

        return replace(
            self,
            train_images=white(self.train_images) * np.uint8(255),
            test_images=white(self.test_images) * np.uint8(255),
            source=f"{self.source}, pixels made black and white ({way})",
        )
