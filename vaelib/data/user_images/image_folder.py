"""Read the images in a folder or a zip archive as a data set.

Several threads decode the images and write them into one array. If the array is larger than
`IN_MEMORY`, it is a memory-mapped temporary file, so it may be larger than the memory.
"""

import contextlib
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL.Image import DecompressionBombWarning
from tqdm import tqdm

from vaelib.data.dataset import Dataset
from vaelib.data.user_images import archives, decoding
from vaelib.support.errors import DataError, check_image_size, check_integer, check_number
from vaelib.support.files import cache_folder
from vaelib.support.rng import named_rng

MIN_IMAGES = 20  # images
MAX_INSPECTED = 100  # images, to determine a common size and whether there is color
SIZE = 64  # pixels of a side, if the images differ in size
IN_MEMORY = 300_000_000  # bytes
THREADS = 8  # reading waits for the disk, and Pillow decodes in parallel
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

    Subfolders are classes. Folders called `train` and `test` above them are the split into training
    and test images. Without these two folders, the split is random. Both parts are shuffled.

    Args:
        source: Path of the folder or the zip archive.
        size: Pixels of a side, or (height, width). Sides are from 8 to 128, and none is more than
            twice the other. None uses the common size of the images (of up to 100 that are
            checked), or 64 x 64 if they differ or if their size is out of range.
        color: True for color (three channels), False for gray (one channel). None chooses gray if
            the checked images have no color.
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
    if fit not in decoding.FITS:
        raise ValueError(f"fit must be one of {', '.join(decoding.FITS)}, not {fit!r}.")
    if check_number("test", test, above=0) >= 1:
        raise ValueError(f"test must be a share below 1, not {test:g}.")
    source, seed = Path(source), check_integer("seed", seed, 0)
    size = _checked_size(size)
    files = archives.list_files(source)
    title = name or source.resolve().stem
    names = _enough(list(files), source, "files")
    classes, parts = archives.infer_classes(names, otherwise=title)
    if None in parts:
        chosen = named_rng(seed, "test images").permutation(len(names))
        chosen = set(chosen[: max(1, round(test * len(names)))].tolist())
        parts = ["test" if i in chosen else "train" for i in range(len(names))]
    # Shuffle, so that the first images of a part are a random sample of it, and then sort all
    # training images before the test images.
    order = named_rng(seed, "order of images").permutation(len(names)).tolist()
    order.sort(key=lambda i: parts[i] == "test")
    wanted = [(names[i], files[names[i]]) for i in order]
    shape = _shape_of(list(files.values()), size, color)
    pixels, kept = _unpacked(wanted, shape, fit, skip, asked_for_gray=color is False)
    order = _enough([order[i] for i in kept], source, "images that can be read")
    known = sorted({classes[i] for i in order})
    numbers = {word: number for number, word in enumerate(known)}
    labels = np.array(
        [numbers[classes[i]] for i in order], "uint8" if len(known) < 257 else "uint16"
    )
    n = sum(parts[i] == "train" for i in order)
    if n in (0, len(order)):
        lacks = "train on" if n == 0 else "test on"
        raise DataError(f"{source.name} holds no image to {lacks} that can be read: add some.")
    height, width, channels = shape
    tone = "gray" if channels == 1 else "color"
    words = f"{source.name}, {FIT_DESCRIPTIONS[fit]} to {height} x {width}, {tone}"
    arrays = pixels[:n], labels[:n], pixels[n:], labels[n:]
    return Dataset(title, *arrays, tuple(known), words, fit=fit)


def read_pixels(
    source: str | os.PathLike, shape: tuple[int, int, int], fit: str = "crop", skip: bool = False
) -> tuple[list[str], list[str], np.ndarray]:
    """Read the images in a folder or a zip archive as one array, in the order of their names.

    Args:
        source: Path of the folder or the zip archive.
        shape: Shape (height, width, channels) that every image is converted to.
        fit: "crop" or "pad", see `images`.
        skip: If True, leave out files that can't be read.

    Returns:
        Names of the files, their classes, and their pixels, uint8, shape (n, *shape).

    Raises:
        DataError: If a file can't be read, or if there is no image.
    """
    source = Path(source)
    files = archives.list_files(source)
    classes, _ = archives.infer_classes(list(files), otherwise=source.resolve().stem)
    pixels, kept = _unpacked(list(files.items()), shape, fit, skip, asked_for_gray=True)
    if not kept:
        raise DataError(f"{source.name} holds no image that can be read: add some.")
    return [list(files)[i] for i in kept], [classes[i] for i in kept], pixels


def _enough(found: list, source: Path, what: str) -> list:
    if len(found) < MIN_IMAGES:
        raise DataError(
            f"{source.name} holds {len(found)} {what}, expected {MIN_IMAGES} or more: add some, "
            "because a model cannot learn from so few."
        )
    return found


def _checked_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Check the argument `size` and return it as (height, width), or None."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"size must be a number of pixels or (height, width), not {size!r}.")
    return check_image_size(*sides, name="size")


def _shape_of(
    reads: list[Callable[[], bytes]], size: tuple[int, int] | None, color: bool | None
) -> tuple[int, int, int]:
    """Return (height, width, channels) as requested, or as up to 100 of the images have it."""
    sizes, gray = set(), True
    for read in reads[:: math.ceil(len(reads) / MAX_INSPECTED)]:
        try:
            with _without_pillow_s_limit():
                picture, _ = decoding.decode(read(), "")
        except (DataError, OSError):
            continue  # `_unpacked` reads it again and reports the error
        sizes.add(picture.size[::-1])
        gray = gray and decoding.is_gray(picture)
    if size is None:
        (size,) = sizes if len(sizes) == 1 else [(SIZE, SIZE)]
        try:
            check_image_size(*size)
        except ValueError:
            size = (SIZE, SIZE)
    return (*size, 1 if (gray if color is None else not color) else 3)


@contextlib.contextmanager
def _without_pillow_s_limit() -> Iterator[None]:
    """Suppress Pillow's warning about large images, because `decoding` raises an error instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DecompressionBombWarning)
        yield


def _unpacked(
    files: list[tuple[str, Callable[[], bytes]]],
    shape: tuple[int, int, int],
    fit: str,
    skip: bool,
    asked_for_gray: bool,
) -> tuple[np.ndarray, list[int]]:
    """Decode all files, and warn with a `ImageWarning` about conversions and skipped files.

    Args:
        files: Names of files, each with a function that reads the bytes.
        shape: Shape (height, width, channels) of each image.
        fit: "crop" or "pad", see `images`.
        skip: If True, leave out files that can't be read.
        asked_for_gray: If True, do not warn that colors are converted to gray.

    Returns:
        Pixels, uint8, shape (n, height, width, channels), and the index in `files` of each image.
    """
    pixels, notes = _room_for((len(files), *shape)), {}
    wrong = dict.fromkeys(range(len(files)))

    def unpack(i: int) -> set[str]:
        name, read = files[i]
        try:
            picture, done = decoding.decode(read(), name)
            pixels[i], more = decoding.resize(picture, shape, fit)
            return done | more
        except DataError as error:
            wrong[i] = error
        except OSError as error:
            wrong[i] = DataError(f"{name} can't be read: {error.strerror or error}.")
        return set()

    with _without_pillow_s_limit(), ThreadPoolExecutor(THREADS) as pool:
        bar = dict(total=len(files), unit=" images", desc="unpacking", disable=None, leave=False)
        results = zip(files, pool.map(unpack, range(len(files))), strict=True)
        for i, ((name, _), done) in enumerate(tqdm(results, **bar)):
            for note in sorted(done):
                notes.setdefault(note, []).append(name)
            if wrong[i] and not skip:
                pool.shutdown(cancel_futures=True)
                raise wrong[i]
    for note, names in notes.items():
        if note != decoding.GRAYED or not asked_for_gray:
            count = "1 image is" if len(names) == 1 else f"{len(names):,} images are"
            _say(f"{count} {note} ({_some(sorted(names))}).")
    if left_out := sorted(str(error) for error in wrong.values() if error):
        count = "1 file was" if len(left_out) == 1 else f"{len(left_out):,} files were"
        _say(f"{count} left out: {_some(left_out)}")
    good = [i for i, error in wrong.items() if error is None]
    if len(good) < len(files):
        for new, old in enumerate(good):
            pixels[new] = pixels[old]
    return pixels[: len(good)], good


def _say(words: str) -> None:
    warnings.warn(words, ImageWarning, stacklevel=4)  # points at the caller of `images`


def _room_for(shape: tuple[int, ...]) -> np.ndarray:
    """Create a uint8 array, in a temporary file if it is large."""
    if math.prod(shape) <= IN_MEMORY:
        return np.zeros(shape, "uint8")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:  # deleted when the process ends
        return np.memmap(file, "uint8", "w+", shape=shape)


def _some(names: list[str], most: int = 5) -> str:
    """Return the first names as text, with the number of the others."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
