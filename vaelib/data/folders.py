"""A folder or a zip of pictures as a data set: any format, any number, brought to one size.

Many threads unpack the pictures, each into its place in one array. What takes more than
`IN_MEMORY` lies in a file that memory is mapped to, so that a folder may be larger than the memory.
"""

import contextlib
import math
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL.Image import DecompressionBombWarning
from tqdm import tqdm

from vaelib.data import archives, pictures
from vaelib.data.datasets import Dataset
from vaelib.errors import DataError, check_integer, check_number, check_sides
from vaelib.files import cache_folder
from vaelib.streams import stream

LEAST = 20  # pictures
LOOKED_AT = 100  # pictures, to find a size and whether there is colour
SIZE = 64  # of a side, where pictures differ in size
IN_MEMORY = 300_000_000  # bytes
THREADS = 8  # reading waits for the disk, and Pillow decodes side by side
WORDS = {"crop": "scaled and cropped", "pad": "scaled and padded"}


class PictureNote(UserWarning):
    """What was done to some pictures so that they could be used, or which were left out."""


def images(source, size=None, colour=None, fit="crop", test=0.1, seed=0, skip=False, name=None):
    """The pictures in a folder or a zip, as a `Dataset`.

    Subfolders are classes, where there are any; `train` and `test` above them are the split.
    Otherwise one is made by the seed, so that no file is in both parts. The images of either part
    come shuffled.

    Args:
        source: the path of a folder or of a zip.
        size: pixels of a side, or (height, width), from 16 to 128, none more than twice the other;
            None: the size that all have in common, or 64 x 64.
        colour: whether images are in colour (three channels) or grey (one); None: as they are.
        fit: "crop" scales a picture to fill the size and cuts off what sticks out, "pad" shows
            all of it on white.
        test: the share of the pictures that are set aside for testing, where there is no split.
        seed: of the split, and of the order.
        skip: leave out what can't be read, and say what that was, rather than stop at it.
        name: what the data set is called; by default as the folder.

    Returns:
        A `Dataset` whose images are (n, height, width, channels).

    Raises:
        DataError: for pictures that can't be read or are too few; the message names the file.
        ValueError, TypeError: for arguments out of range, or of another type.
    """
    if fit not in pictures.FITS:
        raise ValueError(f"fit must be one of {', '.join(pictures.FITS)}, not {fit!r}.")
    if check_number("test", test, above=0) >= 1:
        raise ValueError(f"test must be a share below 1, not {test:g}.")
    source, seed = Path(source), check_integer("seed", seed, 0)
    size = _checked_size(size)
    files = archives.files_in(source)
    title = name or source.resolve().stem
    names = _enough(list(files), source, "files")
    classes, parts = archives.classes_of(names, otherwise=title)
    if None in parts:
        chosen = stream(seed, "test images").permutation(len(names))
        chosen = set(chosen[: max(1, round(test * len(names)))].tolist())
        parts = ["test" if i in chosen else "train" for i in range(len(names))]
    # Shuffled, so that the first so many are a fair sample; all training images before the others.
    order = stream(seed, "order of images").permutation(len(names)).tolist()
    order.sort(key=lambda i: parts[i] == "test")
    wanted = [(names[i], files[names[i]]) for i in order]
    shape = _shape_of(list(files.values()), size, colour)
    pixels, kept = _unpacked(wanted, shape, fit, skip, asked_for_grey=colour is False)
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
    tone = "grey" if channels == 1 else "colour"
    words = f"{source.name}, {WORDS[fit]} to {height} x {width}, {tone}"
    arrays = pixels[:n], labels[:n], pixels[n:], labels[n:]
    return Dataset(title, *arrays, tuple(known), words, fit=fit)


def pixels_of(source, shape, fit="crop", skip=False):
    """The pictures in a folder or a zip as one array, in the order of their names.

    Args:
        source, fit, skip: as for `images`.
        shape: (height, width, channels) that they are brought to.

    Returns:
        Names of the files, the class of each by its folder, and pixels, uint8 (n, *shape).

    Raises:
        DataError: for pictures that can't be read, or none at all.
    """
    source = Path(source)
    files = archives.files_in(source)
    classes, _ = archives.classes_of(list(files), otherwise=source.resolve().stem)
    pixels, kept = _unpacked(list(files.items()), shape, fit, skip, asked_for_grey=True)
    if not kept:
        raise DataError(f"{source.name} holds no image that can be read: add some.")
    return [list(files)[i] for i in kept], [classes[i] for i in kept], pixels


def _enough(found, source, what):
    if len(found) < LEAST:
        raise DataError(
            f"{source.name} holds {len(found)} {what}, expected {LEAST} or more: there is nothing "
            "to learn from so few."
        )
    return found


def _checked_size(size):
    """(height, width), or None."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"size must be a number of pixels or (height, width), not {size!r}.")
    return check_sides(*sides, name="size")


def _shape_of(reads, size, colour):
    """(height, width, channels) by what was asked for, or by a hundred of the pictures."""
    sizes, grey = set(), True
    for read in reads[:: math.ceil(len(reads) / LOOKED_AT)]:
        try:
            with _without_pillow_s_limit():
                picture, _ = pictures.decoded(read(), "")
        except (DataError, OSError):
            continue  # it comes again, and is then named
        sizes.add(picture.size[::-1])
        grey = grey and pictures.is_grey(picture)
    if size is None:
        (size,) = sizes if len(sizes) == 1 else [(SIZE, SIZE)]
        try:
            check_sides(*size)
        except ValueError:
            size = (SIZE, SIZE)
    return (*size, 1 if (grey if colour is None else not colour) else 3)


@contextlib.contextmanager
def _without_pillow_s_limit():  # for ours is an error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DecompressionBombWarning)
        yield


def _unpacked(files, shape, fit, skip, asked_for_grey):
    """Pixels of all files that can be read, in their order: uint8 (n, height, width, channels).

    What was done to pictures, and which were left out, is said in a `PictureNote` each.

    Args:
        files: pairs of a name and a function that reads the bytes.
        shape, fit, skip: as for `images`.
        asked_for_grey: whether it goes without saying that colour is lost.

    Returns:
        pixels, and the places of the files that these are from.
    """
    pixels, notes = _room_for((len(files), *shape)), {}
    wrong = dict.fromkeys(range(len(files)))

    def unpack(i):
        name, read = files[i]
        try:
            picture, done = pictures.decoded(read(), name)
            pixels[i], more = pictures.fitted(picture, shape, fit)
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
        if note != pictures.GREYED or not asked_for_grey:
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


def _say(words):
    warnings.warn(words, PictureNote, stacklevel=4)  # at the line that asked for the images


def _room_for(shape):
    if math.prod(shape) <= IN_MEMORY:
        return np.zeros(shape, "uint8")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:  # gone with the process, whatever happens
        return np.memmap(file, "uint8", "w+", shape=shape)


def _some(names, most=5):
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
