"""Read and write arrays as .npz files, safely even if a file comes from an untrusted source.

Reading executes no code and needs a limited amount of memory.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from vaelib.support.backend import keras

MAX_BYTES = 1 << 29  # limit for the bytes read from a file or unpacked from an archive, 512 MiB


def read_bounded(path: str | Path) -> bytes:
    """Read the bytes of a file from an untrusted source.

    Raises:
        OSError: If the file does not exist or cannot be read.
        ValueError: If it is not a regular file (but a device, say) or is larger than 512 MiB.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is not a regular file")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(
            f"{path.name} has {path.stat().st_size:,} bytes, {MAX_BYTES:,} are allowed"
        )
    return path.read_bytes()


def to_npz(arrays: Mapping[str, np.ndarray], compressed: bool = True) -> bytes:
    """Convert named arrays to the bytes of an .npz file; equal arrays give equal bytes."""
    stream = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(stream, **arrays)
    return stream.getvalue()


def from_npz(content: bytes) -> dict[str, np.ndarray]:
    """Read named arrays from the bytes of an .npz file, the inverse of `to_npz`.

    Raises:
        ValueError: If the file contains pickled objects (reading them would execute code) or
            anything but arrays, or if the arrays are larger than 512 MiB. The size is known from
            the directory of the archive before anything is unpacked.
        zipfile.BadZipFile: If it is not a valid archive.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES:
        raise ValueError(f"it would unpack to {size:,} bytes, {MAX_BYTES:,} are allowed")
    if others := [m.filename for m in members if not m.filename.endswith(".npy")]:
        raise ValueError(f"it contains {others[0]}, which is not an array")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive.items())


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
