"""Files that are there whole or not at all, and arrays in them that execute nothing when read."""

import contextlib
import io
import os
import uuid
from pathlib import Path

import numpy as np


def write_whole(path, content):
    """Write bytes to a file that appears at once and complete, or is left as it was.

    The folder is made if need be. Whatever goes wrong on the way, a full disk or an interrupt,
    nothing half-written stays; two processes may write the same file.

    Raises:
        OSError: if the file can't be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # it is gone, unless something went wrong
            temporary.unlink()


def remove_unfinished(folder):
    """Remove what a `write_whole` left in a folder when its process was killed.

    To be called by who holds the folder's lock: another process may be writing otherwise.
    """
    for path in Path(folder).glob(".*." + 32 * "[0-9a-f]"):
        with contextlib.suppress(OSError):
            path.unlink()


def to_npz(arrays):
    """Arrays by name as the bytes of a compressed .npz file; the same arrays, the same bytes."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def from_npz(content):
    """The inverse of `to_npz`; pickled objects are refused, since reading them executes code."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive.items())
