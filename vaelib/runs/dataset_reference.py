"""Identify a data set of the user's own images by name, shape and fingerprint."""

import re
from dataclasses import dataclass, field
from typing import Self

from vaelib.data import Dataset
from vaelib.support.errors import check_integer

FITS = "crop", "pad"  # see `data.images`
NON_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class DatasetReference:
    """Description of a data set that is not one of the built-in ones.

    The fingerprint depends on pixels and labels only, so it does not matter where the images are
    stored.

    Attributes:
        name: Name of the `Dataset`.
        fingerprint: SHA-256 of its images and labels, in hexadecimal.
        image_shape: (height, width, channels) of its images.
        class_names: Names of its classes.
        fit: How its images were brought to one size: "crop", "pad", or None.
        dataset: The `Dataset` itself, or None in a recipe that was read from a file.
    """

    name: str
    fingerprint: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    fit: str | None
    dataset: Dataset | None = field(default=None, compare=False, repr=False)

    def get_config(self) -> dict:
        """Return the description as values that can be written as JSON."""
        lists = {"image_shape": list(self.image_shape), "class_names": list(self.class_names)}
        return {"name": self.name, "fingerprint": self.fingerprint, "fit": self.fit} | lists

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """Restore a reference, without its images, from the result of `get_config`.

        Raises:
            ValueError: If keys are missing or unknown, or if a value is out of range.
            TypeError: If a value has the wrong type.
        """
        if set(config) != {"name", "fingerprint", "image_shape", "class_names", "fit"}:
            raise ValueError(
                f"{config!r} does not describe a data set: expected the keys name, fingerprint, "
                "image_shape, class_names and fit."
            )
        shape = tuple(check_integer("a side", side, 1) for side in config["image_shape"])
        if len(shape) != 3 or shape[2] not in (1, 3):
            raise ValueError(
                f"image_shape is {str(shape)[:80]}: expected (height, width, channels) with 1 or 3 "
                "channels."
            )
        names, fit = config["class_names"], config["fit"]
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            raise TypeError("class_names must be a list of strings.")
        if fit not in (None, *FITS):
            raise ValueError(f"fit must be None or one of {', '.join(FITS)}, not {fit!r}.")
        return cls(str(config["name"]), str(config["fingerprint"]), shape, tuple(names), fit)

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Self:
        """Create a reference to a `Dataset` that is in memory."""
        about = dataset.name, dataset.fingerprint, dataset.image_shape, dataset.class_names
        return cls(*about, dataset.fit, dataset)

    @property
    def slug(self) -> str:
        """The name in lowercase letters, digits and hyphens, as part of a folder's name."""
        return NON_ALPHANUMERIC.sub("-", self.name.lower()).strip("-")[:40] or "images"
