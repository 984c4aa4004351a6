"""Describe a data set that has a name: the record from which `load` and the command line work."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vaelib.data.dataset import Dataset
from vaelib.support.errors import DataError, check_integer

# Names become parts of file names.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class DatasetEntry:
    """All that the package has to know about a data set in order to load it by its name.

    Attributes:
        name: Up to 40 letters, digits, hyphens and underscores (ASCII), not beginning with a
            hyphen or an underscore.
        class_names: Names of the classes; label k belongs to `class_names[k]`.
        image_shape: (height, width, channels) of the images, with one channel (gray) or three.
        load: Function that returns the `Dataset`. If `takes_folder` is True, its argument is the
            folder to read (a path), or None to search the usual places. Otherwise, it has no
            argument.
        takes_folder: Whether the data set can be read from a folder that the user chooses.
        description: What the images show, in a few words, for help texts.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is out of range.

    >>> entry = DatasetEntry("dots", ("small", "large"), (8, 8, 1), load=lambda: ...)
    >>> entry.image_shape
    (8, 8, 1)
    """

    name: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    load: Callable[..., Dataset]
    takes_folder: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"the name of a data set must be a string, not {self.name!r}.")
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"a data set cannot be called {self.name!r}: choose a name of up to 40 letters, "
                "digits, hyphens and underscores that begins with a letter or a digit."
            )
        object.__setattr__(self, "class_names", self._checked_class_names())
        object.__setattr__(self, "image_shape", self._checked_image_shape())
        if not callable(self.load):
            raise TypeError(
                f"load of {self.name} must be a function that returns a Dataset, not {self.load!r}."
            )
        if not isinstance(self.takes_folder, bool):
            raise TypeError(
                f"takes_folder of {self.name} must be True or False, not {self.takes_folder!r}."
            )
        if not isinstance(self.description, str):
            raise TypeError(
                f"description of {self.name} must be a string, not {self.description!r}."
            )

    def _checked_class_names(self) -> tuple[str, ...]:
        given = self.class_names
        names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError(
                f"class_names of {self.name} must be strings, one for each class, such as "
                f"('cat', 'dog'), not {given!r}."
            )
        return tuple(str(name) for name in names)  # str instead of the type of NumPy

    def _checked_image_shape(self) -> tuple[int, int, int]:
        shape = tuple(self.image_shape) if isinstance(self.image_shape, Iterable) else ()
        if len(shape) != 3 or shape[2] not in (1, 3):
            raise ValueError(
                f"image_shape of {self.name} must be (height, width, channels) with 1 or 3 "
                f"channels, such as (28, 28, 1), not {self.image_shape!r}."
            )
        return (*(check_integer("a side", side, 1) for side in shape[:2]), int(shape[2]))

    def check(self, dataset: object) -> Dataset:
        """Return the data set that `load` returned, or raise if it is not the one described.

        Raises:
            DataError: If it is not a `Dataset`, or if its name, its image shape or its class names
                differ from those of the entry.
        """
        if not isinstance(dataset, Dataset):
            raise DataError(
                f"the loader of {self.name} returned {type(dataset).__name__}: let it return a "
                "vaelib.data.Dataset."
            )
        for what in ("name", "image_shape", "class_names"):
            found, expected = getattr(dataset, what), getattr(self, what)
            found = tuple(found) if what == "class_names" else found
            if found != expected:
                raise DataError(
                    f"the loader of {self.name} returned images with {what} {found!r}, but the "
                    f"entry of this data set says {expected!r}: correct one of them."
                )
        return dataset
