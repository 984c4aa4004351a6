"""Keep the data sets that have a name, and load them by it.

`DATASETS` has an entry for each of them. Those that come with the package are defined next to their
loaders in `vaelib.data.builtin`. `register` adds an entry from anywhere, for example a notebook.
"""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vaelib.data.builtin import cifar10, frey, idx_datasets, rendered_faces
from vaelib.data.dataset import Dataset
from vaelib.data.dataset_entry import DatasetEntry
from vaelib.data.user_images.image_folder import ImageWarning

_BUILTIN = (
    *(idx_datasets.FASHION_MNIST, idx_datasets.MNIST),
    *(rendered_faces.ENTRY, frey.ENTRY, cifar10.ENTRY),
)
_entries = {entry.name: entry for entry in _BUILTIN}
# `emoji` names a zip archive of images, see `vaelib.data.emoji`, and commands accept it as well.
_TAKEN = {*_entries, "emoji"}

#: The entry of each data set that has a name. This mapping is read-only; see `register`.
DATASETS: Mapping[str, DatasetEntry] = MappingProxyType(_entries)


def register(entry: DatasetEntry) -> None:
    """Add a data set, so that `load`, `Recipe` and the command line accept its name.

    The data set is known until the Python process ends. Registering another entry with the same
    name replaces the first, so a cell of a notebook may be executed twice.

    Args:
        entry: Description of the data set, with its loader.

    Raises:
        TypeError: If `entry` is not a `DatasetEntry`.
        ValueError: If its name is that of a data set that comes with this package.

    >>> import numpy as np
    >>> def load_stripes():
    ...     images = np.full((30, 8, 8, 1), 255, "uint8") * np.eye(8, dtype="uint8")[..., None]
    ...     labels = np.zeros(30, "uint8")
    ...     parts = images[:20], labels[:20], images[20:], labels[20:]
    ...     return Dataset("stripes", *parts, class_names=("diagonal",), source="NumPy")
    >>> register(DatasetEntry("stripes", ("diagonal",), (8, 8, 1), load_stripes))
    >>> load("stripes")
    <stripes: 20 training and 10 test images of 1 class, from NumPy>
    """
    if not isinstance(entry, DatasetEntry):
        raise TypeError(f"entry must be a DatasetEntry, not {entry!r}.")
    if entry.name in _TAKEN:
        raise ValueError(
            f"{entry.name} is the name of a data set that comes with vaelib: choose another name."
        )
    _entries[entry.name] = entry


def find_entry(name: str) -> DatasetEntry:
    """Return the entry of a data set, given its name.

    Raises:
        TypeError: If the name is not a string.
        ValueError: If there is no data set of this name; the message lists the known names.

    >>> find_entry("frey_faces").image_shape
    (28, 20, 1)
    """
    known = ", ".join(DATASETS)
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, one of {known}, not {name!r}.")
    if name not in DATASETS:
        raise ValueError(
            f"unknown data set {name!r}: choose one of {known}, or add it with data.register."
        )
    return DATASETS[name]


def is_name(source: str) -> bool:
    """Tell whether a source that a user gave is the name of a data set, and not a folder or a file.

    A folder or a file of this name in the current folder is preferred, with an `ImageWarning`,
    because the user put it there.

    Args:
        source: A key of `DATASETS` or "emoji", or the path of a folder or a zip archive of images.
    """
    if source not in DATASETS and source != "emoji":
        return False
    if not os.path.lexists(source):
        return True
    warnings.warn(
        f"there is a folder or a file called {source} here, which is read instead of the data set "
        f"of this name: to use the data set, rename it, or change to another folder.",
        ImageWarning,
        stacklevel=2,
    )
    return False


def load(name: str, directory: str | os.PathLike | None = None) -> Dataset:
    """Load a data set, and download its files first if necessary.

    The bytes of all files that are downloaded or read for the data sets of this package are
    verified, wherever they come from. The exception is CIFAR-10, see
    `vaelib.data.builtin.cifar10`. If MNIST cannot be found, 5,000 of its images are loaded with a
    `SmallDataWarning`.

    Args:
        name: A key of `DATASETS`, for example "fashion_mnist".
        directory: Folder that holds the files, either directly or in a subfolder called `name`.
            None searches the folder in the environment variable VAELIB_DATA_DIR in the same way,
            and then the other places listed in `vaelib.data.builtin.idx_sources` and
            `vaelib.data.builtin.frey`.

    Raises:
        ValueError: If the name is unknown, or if a directory is given for a data set that is not
            read from a folder.
        TypeError: If an argument has a wrong type.
        DataError: If the data are damaged or cannot be found, or if a loader returns something
            other than its entry says.

    >>> load("faces").image_shape
    (28, 28, 1)
    """
    entry = find_entry(name)
    if directory is not None and not isinstance(directory, str | os.PathLike):
        raise TypeError(f"directory must be a path to a folder or None, not {directory!r}.")
    if entry.takes_folder:
        return entry.check(entry.load(None if directory is None else Path(directory)))
    if directory is not None:
        raise ValueError(
            f"the data set {name} is not read from a folder: leave out the directory {directory}."
        )
    return entry.check(entry.load())
