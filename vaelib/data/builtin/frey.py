"""Load the Frey faces: 1,965 frames of a film of one man's face, 28 x 20 pixels, gray.

They were made by Brendan Frey and are used in Kingma and Welling 2013 (arXiv 1312.6114), figure 4.
They come as one MATLAB file, which is searched for in the given folder or VAELIB_DATA_DIR, in the
cache, and at its original address. There are no labels, and no license is stated.
"""

import io
import os
import warnings
from pathlib import Path

import numpy as np

from vaelib.data.builtin import downloads, idx
from vaelib.data.dataset import Dataset
from vaelib.data.dataset_entry import DatasetEntry
from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, folder_from_environment

FILE = "frey_rawface.mat"
ADDRESS = f"https://cs.nyu.edu/~roweis/data/{FILE}"
SHAPE = (28, 20, 1)
CLASS_NAMES = ("face",)
FRAMES = 1_965
# SHA-256 of the pixels in filming order. The bytes of the MATLAB file itself may differ.
SHA256 = "2438ba4f0d2a6bd8bac43de756141eaa33c8d248dd613d464bdb1210d9b7af78"
BLOCK, PERIOD = 15, 150  # frames; see `is_test_frame`


def load_frames(directory: str | os.PathLike | None = None) -> np.ndarray:
    """Load all frames in filming order.

    Args:
        directory: The only folder to search, or None for all places.

    Returns:
        A uint8 array of shape (1965, 28, 20, 1).

    Raises:
        DataError: If the file is damaged or cannot be found.
    """
    return find(directory)[0]


def is_test_frame(frames: int) -> np.ndarray:
    """Return which of `frames` frames are for testing, a bool array: the last 15 of every 150.

    Consecutive frames are nearly the same image. If single random frames were test images, a model
    that memorized their neighbors would reconstruct them well, too. Blocks reduce this effect.
    """
    return np.arange(frames) % PERIOD >= PERIOD - BLOCK


def find(directory: str | os.PathLike | None = None) -> tuple[np.ndarray, str]:
    """Load the frames like `load_frames`, and return them with their origin in words."""
    if directory is not None:
        found = _in_folder(Path(directory))
        if found is None:
            raise DataError(f"{directory} has no {FILE}. {_by_hand()}")
        return _read(*found), "the folder given"
    chosen = folder_from_environment("VAELIB_DATA_DIR")
    found = _in_folder(chosen) if chosen else None
    if found is not None:
        return _read(*found), "the folder in VAELIB_DATA_DIR"
    cached = cache_folder() / "frey_faces" / FILE
    try:
        content = downloads.read_file(cached)
        if content is not None:
            return _read(content, f"{FILE} in the cache"), "the cache"
    except DataError as error:
        warnings.warn(f"fetching a damaged file again: {error}", stacklevel=3)
    try:
        content = downloads.download(ADDRESS, FILE)
    except DataError as error:
        here = f"{chosen} has none" if chosen else "VAELIB_DATA_DIR is not set"
        raise DataError(
            f"the Frey faces could not be found: {here}, the cache has none, and their original "
            f"address {error}. {_by_hand()}"
        ) from None
    frames = _read(content, f"{FILE} from its original address")
    downloads.keep_in_cache("frey_faces", FILE, content)
    return frames, "their original address"


def _in_folder(folder: Path) -> tuple[bytes, str] | None:
    """Read the file in a folder or its subfolder, and return its content and path."""
    for path in (folder / "frey_faces" / FILE, folder / FILE):
        content = downloads.read_file(path)
        if content is not None:
            return content, str(path)
    return None


def _read(content: bytes, label: str) -> np.ndarray:
    """Return the frames in the MATLAB file after verifying them."""
    # Imported here because it is slow to import and rarely needed.
    from scipy.io import loadmat, whosmat

    try:
        # From the headers, before memory is allocated for what they say.
        found = {name: (shape, kind) for name, shape, kind in whosmat(io.BytesIO(content))}["ff"]
        expected = (SHAPE[0] * SHAPE[1], FRAMES), "uint8"
        pixels = (
            loadmat(io.BytesIO(content), variable_names=["ff"])["ff"] if found == expected else 0
        )
    except Exception as error:  # SciPy raises many different types
        raise DataError(f"{label} is not a MATLAB file with a variable ff ({error}).") from None
    if found != expected:
        raise DataError(
            f"ff in {label} is {found[1]} of shape {found[0]}: expected uint8 of shape "
            f"{expected[0]}."
        )
    frames = np.ascontiguousarray(pixels.T)
    idx.verify(frames.tobytes(), SHA256, label)
    return frames.reshape(FRAMES, *SHAPE)


def _by_hand() -> str:
    return (
        f"To supply them by hand, put {FILE} into a folder, and set VAELIB_DATA_DIR to that folder."
    )


def _load(directory: Path | None) -> Dataset:
    film, source = find(directory)
    is_test = is_test_frame(len(film))
    train, test = film[~is_test], film[is_test]
    labels = [np.zeros(len(part), "uint8") for part in (train, test)]
    return Dataset("frey_faces", train, labels[0], test, labels[1], CLASS_NAMES, source)


ENTRY = DatasetEntry(
    "frey_faces", CLASS_NAMES, SHAPE, _load, True, "frames of a film of one man's face"
)
