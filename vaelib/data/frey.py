"""The Frey faces: 1,965 frames of a film of one man's face, 28 x 20 pixels, grey.

Made by Brendan Frey, and used in Kingma and Welling 2013 (arXiv 1312.6114), figure 4. They come as
one file of MATLAB's, looked for in the folder given or in VAELIB_DATA_DIR, in the cache, and at the
original address. There are no labels, and no licence is stated.
"""

import io
import warnings
from pathlib import Path

import numpy as np

from vaelib.data import downloads, idx
from vaelib.errors import DataError
from vaelib.files import cache_folder, folder_named_by, write_whole

FILE = "frey_rawface.mat"
ADDRESS = f"https://cs.nyu.edu/~roweis/data/{FILE}"
SHAPE = (28, 20, 1)
FRAMES = 1_965
# Of the pixels in filming order, for containers differ.
SHA256 = "2438ba4f0d2a6bd8bac43de756141eaa33c8d248dd613d464bdb1210d9b7af78"
BLOCK, PERIOD = 15, 150  # frames


def film(directory=None):
    """All frames in filming order, uint8 (1965, 28, 20, 1).

    `directory` is the path of a folder; by default all places are looked through.

    Raises DataError where it cannot be found, or is damaged.
    """
    return find(directory)[0]


def set_apart(frames):
    """Which frames are for testing, bool (frames,): the last 15 of every 150.

    Frames that follow each other are nearly the same picture. Were single frames set apart, as is
    usual, a model that learned their neighbours by heart would seem to know them.
    """
    return np.arange(frames) % PERIOD >= PERIOD - BLOCK


def find(directory=None):
    """The film, as `film`, and in words where it came from."""
    if directory is not None:
        found = _in_folder(Path(directory))
        if found is None:
            raise DataError(f"{directory} has no {FILE}. {_by_hand()}")
        return _read(*found), "the folder given"
    chosen = folder_named_by("VAELIB_DATA_DIR")
    found = _in_folder(chosen) if chosen else None
    if found is not None:
        return _read(*found), "the folder in VAELIB_DATA_DIR"
    cached = cache_folder() / "frey_faces" / FILE
    if cached.is_file():
        try:
            return _read(cached.read_bytes(), f"{FILE} in the cache"), "the cache"
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
    write_whole(cached, content)
    return frames, "their original address"


def _in_folder(folder):  # the content of the file, and its path; None where there is no such file
    for path in (folder / "frey_faces" / FILE, folder / FILE):
        if path.is_file():
            return path.read_bytes(), str(path)
    return None


def _read(content, label):
    """The frames in a file of MATLAB's, verified."""
    from scipy.io import loadmat  # here, for it is slow to import and seldom needed

    try:
        pixels = loadmat(io.BytesIO(content))["ff"]
    except Exception as error:  # SciPy raises half a dozen kinds
        raise DataError(f"{label} is no MATLAB file with a variable ff ({error}).") from None
    if pixels.shape != (SHAPE[0] * SHAPE[1], FRAMES) or pixels.dtype != np.uint8:
        raise DataError(
            f"ff in {label} is {pixels.dtype} of shape {pixels.shape}: expected uint8 of shape "
            f"({SHAPE[0] * SHAPE[1]}, {FRAMES})."
        )
    frames = np.ascontiguousarray(pixels.T)
    idx.verify(frames.tobytes(), SHA256, label)
    return frames.reshape(FRAMES, *SHAPE)


def _by_hand():
    return (
        f"To supply them by hand, put {FILE} into a folder, and set VAELIB_DATA_DIR to that folder."
    )
