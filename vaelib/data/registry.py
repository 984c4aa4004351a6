"""Load a data set by its name.

MNIST and Fashion-MNIST are read from four files (found by `idx_sources`) and the Frey faces from
one file (found by `frey`). CIFAR-10 is read from images that you supply, and `faces` are rendered.
"""

import os
from pathlib import Path

import numpy as np

from vaelib.data.builtin import faces, frey, idx, idx_sources
from vaelib.data.dataset import Dataset
from vaelib.data.user_images.image_folder import images
from vaelib.support.errors import DataError, check_integer
from vaelib.support.files import folder_from_environment

CLASS_NAMES = {
    "fashion_mnist": (
        *("T-shirt", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    "mnist": tuple("0123456789"),
    "faces": faces.CLASS_NAMES,
    "frey_faces": ("face",),
    "cifar10": (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
}
#: Shape (height, width, channels) of the images of each data set.
IMAGE_SHAPES = dict.fromkeys(CLASS_NAMES, (28, 28, 1))
IMAGE_SHAPES |= {"frey_faces": frey.SHAPE, "cifar10": (32, 32, 3)}


def load(name: str, directory: str | os.PathLike | None = None) -> Dataset:
    """Load a data set, and download its files first if necessary.

    The bytes of all files are verified, wherever they come from. The exception is CIFAR-10, which
    is read without verification from `images.zip`, or from images in folders called
    train/airplane, test/airplane and so on. If MNIST cannot be found, 5,000 of its images are
    loaded with a `SmallDataWarning`.

    Args:
        name: "fashion_mnist", "mnist", "faces", "frey_faces" or "cifar10".
        directory: Folder that holds the files, either directly or in a subfolder called `name`.
            None searches the folder in the environment variable VAELIB_DATA_DIR in the same way,
            and then the other places listed in `vaelib.data.builtin.idx_sources` and
            `vaelib.data.builtin.frey`.

    Raises:
        ValueError: If the name is unknown, or if a directory is given for "faces".
        TypeError: If an argument has a wrong type.
        DataError: If the data are damaged or cannot be found.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, one of {', '.join(CLASS_NAMES)}, not {name!r}")
    if name not in CLASS_NAMES:
        raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(CLASS_NAMES)}")
    if directory is not None and not isinstance(directory, str | os.PathLike):
        raise TypeError(f"directory must be a path to a folder or None, not {directory!r}")
    if name == "faces":
        if directory is not None:
            raise ValueError("faces are rendered, not read from files: leave out the directory")
        return render_faces()
    if name == "frey_faces":
        return _frey_faces(directory)
    if name == "cifar10":
        return _cifar10(directory)
    files, source = idx_sources.find(name, directory)
    return Dataset(
        name,
        idx.read_images(files["train-images-idx3-ubyte"]),
        idx.read_labels(files["train-labels-idx1-ubyte"]),
        idx.read_images(files["t10k-images-idx3-ubyte"]),
        idx.read_labels(files["t10k-labels-idx1-ubyte"]),
        CLASS_NAMES[name],
        source,
    )


def _frey_faces(directory: str | os.PathLike | None) -> Dataset:
    film, source = frey.find(directory)
    is_test = frey.is_test_frame(len(film))
    train, test = film[~is_test], film[is_test]
    labels = (np.zeros(len(part), "uint8") for part in (train, test))
    return Dataset("frey_faces", train, next(labels), test, next(labels), ("face",), source)


def _cifar10(directory: str | os.PathLike | None) -> Dataset:
    chosen = folder_from_environment("VAELIB_DATA_DIR") if directory is None else Path(directory)
    for place in (chosen / "cifar10", chosen) if chosen else ():
        for source in (place / "images.zip", place):
            if source.is_file() or (source / "train").is_dir():
                found = images(source, IMAGE_SHAPES["cifar10"][:2], color=True, name="cifar10")
                if found.class_names != CLASS_NAMES["cifar10"]:
                    raise DataError(
                        f"{source} has classes called {', '.join(found.class_names[:12])}: "
                        f"expected those of CIFAR-10, {', '.join(CLASS_NAMES['cifar10'])}."
                    )
                return found
    raise DataError(
        f"there are no images of CIFAR-10 in {chosen or 'VAELIB_DATA_DIR, which is not set'}: "
        "put train/CLASS/... and test/CLASS/... into a folder cifar10 there, as image files or in "
        "images.zip."
    )


def render_faces(train: int = 10_000, test: int = 2_000, seed: int = 0) -> Dataset:
    """Render the data set `faces` with any number of images.

    A larger data set begins with the images of a smaller one that has the same seed.

    Args:
        train: Number of training images, 1 or more.
        test: Number of test images, 1 or more.
        seed: Seed of the faces, 0 or more.

    Raises:
        ValueError: If a number is out of range.
        TypeError: If a number is not an integer.
    """
    train, test = check_integer("train", train, 1), check_integer("test", test, 1)
    seed = check_integer("seed", seed, 0)
    train_images, train_labels, train_factors = faces.sample(train, [seed, 0])
    test_images, test_labels, test_factors = faces.sample(test, [seed, 1])
    return Dataset(
        "faces",
        train_images,
        train_labels,
        test_images,
        test_labels,
        faces.CLASS_NAMES,
        f"vaelib.data.builtin.faces, rendered with seed {seed}",
        train_factors,
        test_factors,
    )
