"""The data sets that have a name, and how each of them is loaded.

MNIST and Fashion-MNIST are read from four files, wherever `sources` finds them, the Frey faces from
one (`frey`), and CIFAR-10 from pictures that you have put somewhere. `faces` are rendered. Your own
come from `images`.
"""

import os
from pathlib import Path

import numpy as np

from vaelib.data import faces, frey, idx, sources
from vaelib.data.datasets import Dataset
from vaelib.data.folders import images
from vaelib.errors import DataError, check_integer
from vaelib.files import folder_named_by

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
#: (height, width, channels) of the images of each.
IMAGE_SHAPES = dict.fromkeys(CLASS_NAMES, (28, 28, 1))
IMAGE_SHAPES |= {"frey_faces": frey.SHAPE, "cifar10": (32, 32, 3)}


def load(name, directory=None):
    """The data set called `name`: "fashion_mnist", "mnist", "faces", "frey_faces" or "cifar10".

    `directory` is a folder that holds its files, or a subfolder of its name that does. Without it,
    the folder VAELIB_DATA_DIR is looked into in the same way, and then all other places that
    `vaelib.data.sources` and `vaelib.data.frey` describe. The bytes are verified wherever they come
    from, but for CIFAR-10: that is read from `images.zip`, or from folders of pictures called
    train/airplane, test/airplane and so on, as they are.

    Raises ValueError for an unknown name, TypeError for arguments of a wrong type, and DataError
    for data that are damaged or cannot be found.
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
    files, source = sources.find(name, directory)
    return Dataset(
        name,
        idx.read_images(files["train-images-idx3-ubyte"]),
        idx.read_labels(files["train-labels-idx1-ubyte"]),
        idx.read_images(files["t10k-images-idx3-ubyte"]),
        idx.read_labels(files["t10k-labels-idx1-ubyte"]),
        CLASS_NAMES[name],
        source,
    )


def _frey_faces(directory):
    film, source = frey.find(directory)
    apart = frey.set_apart(len(film))
    train, test = film[~apart], film[apart]
    labels = (np.zeros(len(part), "uint8") for part in (train, test))
    return Dataset("frey_faces", train, next(labels), test, next(labels), ("face",), source)


def _cifar10(directory):
    chosen = folder_named_by("VAELIB_DATA_DIR") if directory is None else Path(directory)
    for place in (chosen / "cifar10", chosen) if chosen else ():
        for source in (place / "images.zip", place):
            if source.is_file() or (source / "train").is_dir():
                found = images(source, IMAGE_SHAPES["cifar10"][:2], colour=True, name="cifar10")
                if found.class_names != CLASS_NAMES["cifar10"]:
                    raise DataError(
                        f"{source} has classes called {', '.join(found.class_names[:12])}: "
                        f"expected those of CIFAR-10, {', '.join(CLASS_NAMES['cifar10'])}."
                    )
                return found
    raise DataError(
        f"there are no pictures of CIFAR-10 in {chosen or 'VAELIB_DATA_DIR, which is not set'}: "
        "put train/CLASS/... and test/CLASS/... into a folder cifar10 there, as pictures or as "
        "images.zip."
    )


def render_faces(train=10_000, test=2_000, seed=0):
    """The data set `faces`, of any size. Larger ones begin with the images of smaller ones.

    Raises ValueError unless there is at least one image of each kind and the seed is not negative,
    TypeError for what is no integer.
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
        f"vaelib.data.faces, rendered with seed {seed}",
        train_factors,
        test_factors,
    )
