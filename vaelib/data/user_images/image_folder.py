"""Read the images in a folder or a zip archive as a data set.

The files are listed, and those that are not images are left out or refused. Then the folders of the
images decide on classes and on the split into training and test images. If the pixels take more
than `reading.IN_MEMORY` bytes, they are kept in a memory-mapped temporary file, so they may be
larger than the memory.
"""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vaelib.data.dataset import Dataset
from vaelib.data.user_images import resizing
from vaelib.data.user_images.file_names import decode_name
from vaelib.data.user_images.layout import infer_layout
from vaelib.data.user_images.listing import list_files
from vaelib.data.user_images.problems import counted, printable
from vaelib.data.user_images.reading import Header, Report, have_color, inspect, room_for, unpack
from vaelib.data.user_images.source_file import SourceFile
from vaelib.support.errors import DataError, check_image_size, check_integer, check_number
from vaelib.support.rng import named_rng

MIN_IMAGES = 20  # images
MAX_CLASSES = 1 << 16  # labels are stored in two bytes
SIZE = 64  # pixels of a side, if the images differ in size
FIT_DESCRIPTIONS = {"crop": "scaled and cropped", "pad": "scaled and padded"}


class ImageWarning(UserWarning):
    """Some images were converted so that they could be used, or files were left out."""


def images(
    source: str | os.PathLike,
    size: int | tuple[int, int] | None = None,
    color: bool | None = None,
    fit: str = "crop",
    test: float = 0.1,
    seed: int = 0,
    skip: bool = False,
    name: str | None = None,
) -> Dataset:
    """Read the images in a folder or a zip archive as a data set.

    Subfolders are classes. Folders called `train` and `test`, above the classes or inside them, are
    the split into training and test images. Other usual names, such as `Training` or `seg_test`,
    are understood as well. Validation images are for testing if there are no test images, and for
    training otherwise. Without such folders, the split is random. Both parts are shuffled.

    An image is recognized by its content, in any common format that Pillow reads. Links are
    followed. A `ImageWarning` says what was done with links, with images that had to be converted,
    and with files that were left out.

    Args:
        source: Path of the folder or the zip archive.
        size: Pixels of a side, or (height, width). Sides are from 8 to 128, and none is more than
            twice the other. None uses the common size of the images, or 64 x 64 if they
            differ or if their size is out of range.
        color: True for color (three channels), False for gray (one channel). None chooses gray if
            there is no color in up to 100 of the images.
        fit: "crop" scales an image to fill the size and crops the rest. "pad" scales it to fit
            inside the size and adds white borders.
        test: Share of the images used for testing, above 0 and below 1, if there is no split.
        seed: Seed of the split and of the order, 0 or more.
        skip: If True, leave out files that can't be read, with a `ImageWarning` that lists them.
        name: Name of the data set. None uses the name of the folder or the archive.

    Raises:
        DataError: If a file can't be read (the message names it), or if there are fewer than 20
            images, or none for training or for testing.
        ValueError: If an argument is out of range.
        TypeError: If an argument has a wrong type.
    """
    if fit not in resizing.FITS:
        raise ValueError(f"fit must be one of {', '.join(resizing.FITS)}, not {fit!r}.")
    if check_number("test", test, above=0) >= 1:
        raise ValueError(f"test must be a share below 1, not {test:g}.")
    source, seed = Path(source), check_integer("seed", seed, 0)
    size = _checked_size(size)
    listing, report = list_files(source), Report(skip)
    _say(listing.notes)
    files, headers = inspect(listing.files, report)
    _enough(files, source)
    title = name or listing.title
    shape = _shape_of(files, headers, size, color)
    names = [file.name for file in files]
    _check_split(names, list(report.problems), source)
    order, arranged = _arranged(names, title, test, seed)
    pixels, good = unpack(
        [files[i] for i in order], [headers[i] for i in order], shape, fit, report
    )
    if len(good) < len(files):  # decide again without the files that turned out to be damaged
        rows = {order[i]: row for row, i in enumerate(good)}
        kept = sorted(rows)
        names = _enough([names[i] for i in kept], source)
        _check_split(names, list(report.problems), source)
        order, arranged = _arranged(names, title, test, seed)
        pixels = _reordered(pixels, [rows[kept[i]] for i in order])
    classes, n, notes = arranged
    if color is False:
        report.conversions.pop(resizing.GRAYED, None)
    _say([*notes, *report.sentences()])
    known = sorted(set(classes))
    numbers = {word: number for number, word in enumerate(known)}
    labels = np.array(
        [numbers[word] for word in classes], "uint8" if len(known) < 257 else "uint16"
    )
    height, width, channels = shape
    tone = "gray" if channels == 1 else "color"
    words = f"{decode_name(source.name)}, {FIT_DESCRIPTIONS[fit]} to {height} x {width}, {tone}"
    arrays = pixels[:n], labels[:n], pixels[n:], labels[n:]
    return Dataset(title, *arrays, tuple(known), words, fit=fit)


def read_pixels(
    source: str | os.PathLike, shape: tuple[int, int, int], fit: str = "crop", skip: bool = False
) -> tuple[list[str], list[str], np.ndarray]:
    """Read the images in a folder or a zip archive as one array, in the order of their names.

    Args:
        source: Path of the folder, of the zip archive, or of a single image file.
        shape: Shape (height, width, channels) that every image is converted to.
        fit: "crop" or "pad", see `images`.
        skip: If True, leave out files that can't be read.

    Returns:
        Names of the files, their classes, and their pixels, uint8, shape (n, *shape).

    Raises:
        DataError: If a file can't be read, or if there is no image.
    """
    source = Path(source)
    listing, report = list_files(source), Report(skip)
    _say(listing.notes)
    files, headers = inspect(listing.files, report)
    pixels, kept = unpack(files, headers, shape, fit, report)
    report.conversions.pop(resizing.GRAYED, None)
    _say(report.sentences())
    if not kept:
        raise DataError(f"{printable(source.name)} holds no image that can be read: add some.")
    names = [files[i].name for i in kept]
    return names, infer_layout(names, listing.title).classes, pixels


def _arranged(
    names: list[str], title: str, test: float, seed: int
) -> tuple[list[int], tuple[list[str], int, list[str]]]:
    """Decide on the order of images, with those for training before those for testing.

    Args:
        names: Names of the image files, sorted.
        title: Class of images that are in no folder.
        test, seed: See `images`.

    Returns:
        The index in `names` of each image, in order, and a tuple of their classes, the number of
        training images, and sentences for the user.
    """
    layout = infer_layout(names, title)
    if (count := len(set(layout.classes))) > MAX_CLASSES:
        raise DataError(
            f"{printable(title)} has {count:,} classes, expected at most {MAX_CLASSES:,}: put "
            "images that belong together into one folder."
        )
    parts = layout.parts
    if parts is None:
        count = max(1, round(test * len(names)))
        if count >= len(names):
            most = int(100 * (len(names) - 1) / len(names)) / 100
            raise DataError(
                f"a share of {test:g} of {len(names)} images for testing leaves none for training: "
                f"choose {most:g} or less."
            )
        chosen = set(named_rng(seed, "test images").permutation(len(names))[:count].tolist())
        parts = ["test" if i in chosen else "train" for i in range(len(names))]
    # Shuffle, so that the first images of a part are a random sample of it, and then sort all
    # training images before the test images.
    order = named_rng(seed, "order of images").permutation(len(names)).tolist()
    order.sort(key=lambda i: parts[i] == "test")
    return order, ([layout.classes[i] for i in order], parts.count("train"), layout.notes)


def _check_split(names: list[str], left_out: list[str], source: Path) -> None:
    """Raise if there is a split, but all files of one part were left out."""
    if not left_out:
        return
    try:
        parts = infer_layout([*names, *left_out], "").parts
    except DataError:  # the files that were left out may be anywhere
        return
    found = set(parts[: len(names)]) if parts else ()
    if len(found) == 1:
        lacks = "train on" if "test" in found else "test on"
        raise DataError(
            f"{printable(source.name)} holds no image to {lacks} that can be read: add some."
        )


def _reordered(pixels: np.ndarray, rows: list[int]) -> np.ndarray:
    result = room_for((len(rows), *pixels.shape[1:]))
    for new, old in enumerate(rows):
        result[new] = pixels[old]
    return result


def _enough(found: list, source: Path) -> list:
    if len(found) < MIN_IMAGES:
        images = counted(len(found), "image", "images")
        raise DataError(
            f"{printable(source.name)} holds {images} that can be read, expected {MIN_IMAGES} or "
            "more: add some, because a model cannot learn from so few."
        )
    return found


def _say(sentences: Iterable[str]) -> None:
    for words in sentences:
        warnings.warn(words, ImageWarning, stacklevel=3)  # points at the caller of `images`


def _checked_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Check the argument `size` and return it as (height, width), or None."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"size must be a number of pixels or (height, width), not {size!r}.")
    return check_image_size(*sides, name="size")


def _shape_of(
    files: list[SourceFile],
    headers: list[Header],
    size: tuple[int, int] | None,
    color: bool | None,
) -> tuple[int, int, int]:
    """Return (height, width, channels) as requested, or as the images have it."""
    if size is None:
        sizes = {header.size for header in headers}
        (size,) = sizes if len(sizes) == 1 else [(SIZE, SIZE)]
        try:
            check_image_size(*size)
        except ValueError:
            size = (SIZE, SIZE)
    if color is None:
        color = have_color(files, headers)
    return (*size, 3 if color else 1)
