"""Read and write arrays as .npz files, safely even if a file comes from an untrusted source.

Reading executes no code and needs a limited amount of memory.
"""

import io
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from vaelib.support.backend import keras

MAX_BYTES = 1 << 29  # limit for the bytes read from a file or unpacked from an archive, 512 MiB
MAX_ARRAYS = 10_000  # in an archive
_ENTRY = b"PK\x01\x02"  # begins each entry in the directory of a zip archive


def read_bounded(path: str | Path, most: int | None = None) -> bytes:
    """Read the bytes of a file from an untrusted source.

    Args:
        path: The file.
        most: Largest allowed number of bytes. Default: 512 MiB.

    Raises:
        OSError: If the file does not exist or cannot be read.
        ValueError: If it is not a regular file (but a device, say) or is larger than allowed.
    """
    path, most = Path(path), MAX_BYTES if most is None else most
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is not a regular file")
    if path.stat().st_size > most:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes, {most:,} are allowed")
    return path.read_bytes()


def to_npz(arrays: Mapping[str, np.ndarray], compressed: bool = True) -> bytes:
    """Convert named arrays to the bytes of an .npz file; equal arrays give equal bytes.

    Raises:
        ValueError: If `from_npz` or `read_bounded` would refuse the result, because it is too
            large or because the arrays are too many.
    """
    stream = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(stream, **arrays)
    _checked_members(stream.getvalue())
    if stream.tell() > MAX_BYTES:
        raise ValueError(f"it would have {stream.tell():,} bytes, {MAX_BYTES:,} are allowed")
    return stream.getvalue()


def from_npz(content: bytes) -> dict[str, np.ndarray]:
    """Read named arrays from the bytes of an .npz file, the inverse of `to_npz`.

    Raises:
        ValueError: If the file contains pickled objects (reading them would execute code) or
            anything but arrays, if there are more than 10,000 arrays, or if they are larger than
            512 MiB. The size is known from the directory of the archive before anything is
            unpacked, and the size of each array from its header before memory is allocated.
        zipfile.BadZipFile: If it is not a valid archive.
    """
    members = _checked_members(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in members:
            _check_array(archive, member)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive.items())


def _checked_members(content: bytes) -> list[zipfile.ZipInfo]:
    """Return the directory of an archive of arrays, or raise if it is too large."""
    # Counted before the directory is read, because each of its entries takes 500 bytes of memory.
    if (count := content.count(_ENTRY)) > MAX_ARRAYS:
        raise ValueError(f"it contains about {count:,} files, {MAX_ARRAYS:,} are allowed")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES:
        raise ValueError(f"it would unpack to {size:,} bytes, {MAX_BYTES:,} are allowed")
    if others := [m.filename for m in members if not m.filename.endswith(".npy")]:
        raise ValueError(f"it contains {others[0]}, which is not an array")
    return members


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise a ValueError unless an array is as large as its header says."""
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0}
        read |= {(2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise ValueError(f"{member.filename} has the unknown version {version}")
        shape, _, dtype = read[version](stream)
        if dtype.hasobject:
            raise ValueError(f"{member.filename} contains pickled objects, which are not read")
        claimed, there = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
    if claimed != there:
        raise ValueError(
            f"{member.filename} says that it has shape {shape} and type {dtype}, which are "
            f"{claimed:,} bytes, but holds {there:,}"
        )


def variable_values(variables: Iterable[keras.Variable]) -> list[np.ndarray]:
    """Convert Keras variables to arrays."""
    return [variable.numpy() for variable in variables]


def assign_variables(variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray]) -> None:
    """Assign arrays to Keras variables.

    Raises:
        ValueError: If number, shapes or types differ. In this case, no variable is changed.
    """
    found, expected = ([(tuple(x.shape), str(x.dtype)) for x in xs] for xs in (arrays, variables))
    if found != expected:
        raise ValueError(f"it holds arrays {found}, but the model has {expected}")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
