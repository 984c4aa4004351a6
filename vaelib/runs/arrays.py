"""Arrays in files that may come from anyone: reading them executes nothing, and is bounded."""

import io
import zipfile
from pathlib import Path

import numpy as np

LARGEST = 1 << 29  # bytes that are read from a file, or unpacked from an archive


def read_whole(path):
    """The bytes of a file that may come from anyone.

    Raises:
        OSError: if it is not there.
        ValueError: for what is no file, such as a device, or one that is far too large.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is no file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes")
    return path.read_bytes()


def to_npz(arrays, compressed=True):
    """Arrays by name as the bytes of an .npz file; the same arrays, the same bytes."""
    stream = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(stream, **arrays)
    return stream.getvalue()


def from_npz(content):
    """The inverse of `to_npz`.

    Raises:
        ValueError: for pickled objects, since reading them executes code, for what is no array,
            and for an archive that would fill the memory: its directory says so before anything
            is unpacked.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > LARGEST:
        raise ValueError(f"it would unpack to {size:,} bytes")
    if others := [m.filename for m in members if not m.filename.endswith(".npy")]:
        raise ValueError(f"it holds {others[0]}, which is no array")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive.items())


def values(variables):
    """Keras variables as arrays."""
    return [variable.numpy() for variable in variables]


def assign(variables, arrays):
    """Put arrays into Keras variables; ValueError where shapes and types are not the same."""
    found, expected = ([(tuple(x.shape), str(x.dtype)) for x in xs] for xs in (arrays, variables))
    if found != expected:
        raise ValueError(f"it holds arrays {found}, but the model has {expected}")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
