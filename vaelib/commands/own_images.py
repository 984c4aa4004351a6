"""Read the user's images for a trained model: a folder, a zip, or a single picture."""

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vaelib import data
from vaelib.data.brightness import check_bright
from vaelib.data.user_images import archives, image_folder
from vaelib.support.errors import DataError


def read_pixels(
    source: str, shape: tuple[int, int, int], fit: str, skip: bool
) -> tuple[list[str], list[str], np.ndarray]:
    """Read images as `image_folder.read_pixels` does, also from the file of a single picture.

    The class of a single picture is the name of the folder that it is in.

    Raises:
        DataError: As `image_folder.read_pixels`, and if all values are 0 and 1.
    """
    with _as_folder(Path(source)) as place:
        names, classes, pixels = image_folder.read_pixels(place, shape, fit, skip)
    check_bright(pixels, f"the images in {source}")
    return names if place == Path(source) else [Path(source).name], classes, pixels


def dataset_to_show(source: str, shape: tuple[int, int, int], fit: str, skip: bool) -> data.Dataset:
    """Read images as `data.images` does, or as test images if they are too few to train on.

    Raises:
        DataError: If an image can't be read, if there is none, or if all values are 0 and 1.
    """
    height, width, channels = shape
    name = Path(source).resolve().stem
    with _as_folder(Path(source)) as place:
        try:
            shown = data.images(place, (height, width), channels == 3, fit, skip=skip, name=name)
        except DataError:  # there may be too few, which a page can show
            _, classes, pixels = image_folder.read_pixels(place, shape, fit, skip)
            shown = _only_test_images(name, classes, pixels)
    check_bright(np.concatenate([shown.train_images, shown.test_images]), f"the images in {source}")
    return shown


def _only_test_images(name: str, classes: list[str], pixels: np.ndarray) -> data.Dataset:
    known = sorted(set(classes))
    labels = np.array([known.index(word) for word in classes], "uint16")
    parts = pixels[:0], labels[:0], pixels, labels
    return data.Dataset(name, *parts, tuple(known), f"{len(pixels)} images to look at")


@contextlib.contextmanager
def _as_folder(source: Path) -> Iterator[Path]:
    """Yield a folder with a copy of `source` if it is a single picture, and else `source`."""
    is_single = source.is_file() and source.suffix.lower() != ".zip"
    if not is_single or zipfile.is_zipfile(source) or source.stat().st_size > archives.MAX_BYTES:
        yield source
        return
    with tempfile.TemporaryDirectory() as place:
        # Names that begin with a dot would be passed over.
        folder = Path(place, source.resolve().parent.name.lstrip(".") or "images")
        folder.mkdir()
        shutil.copyfile(source, folder / (source.name.lstrip(".") or "image"))
        yield Path(place)
