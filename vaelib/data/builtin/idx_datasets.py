"""Load MNIST and Fashion-MNIST from their four files, which `idx_sources` finds."""

import functools
from pathlib import Path

from vaelib.data.builtin import idx, idx_sources
from vaelib.data.dataset import Dataset
from vaelib.data.dataset_entry import DatasetEntry


def _entry(name: str, class_names: tuple[str, ...], description: str) -> DatasetEntry:
    """Return the entry of a data set of 28 x 28 gray images whose files `idx_sources` knows."""
    load = functools.partial(_load, name, class_names)
    return DatasetEntry(name, class_names, (28, 28, 1), load, True, description)


def _load(name: str, class_names: tuple[str, ...], directory: Path | None) -> Dataset:
    files, source = idx_sources.find(name, directory)
    return Dataset(
        name,
        idx.read_images(files["train-images-idx3-ubyte"]),
        idx.read_labels(files["train-labels-idx1-ubyte"]),
        idx.read_images(files["t10k-images-idx3-ubyte"]),
        idx.read_labels(files["t10k-labels-idx1-ubyte"]),
        class_names,
        source,
    )


FASHION_MNIST = _entry(
    "fashion_mnist",
    (
        *("T-shirt", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    "clothes",
)
MNIST = _entry("mnist", tuple("0123456789"), "handwritten digits")
