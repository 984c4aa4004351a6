"""Write files atomically, and find the folder in which data and runs are kept."""

import contextlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO

import platformdirs

# Names of the temporary files that `write_atomically` leaves behind if its process is killed.
UNFINISHED = ".*." + 32 * "[0-9a-f]"


def folder_from_environment(variable: str) -> Path | None:
    """Return the folder that an environment variable names (with ~ expanded), or None."""
    named = os.environ.get(variable)
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Return the folder for data and runs: VAELIB_CACHE_DIR, or else the user's cache folder."""
    chosen = folder_from_environment("VAELIB_CACHE_DIR")
    return chosen or Path(platformdirs.user_cache_dir("vaelib", appauthor=False))


def reserve_space(file: BinaryIO, size: int) -> None:
    """Reserve disk space for a file that will be memory-mapped.

    Without this, the file has holes, and the process is killed without a message if the disk is
    full when they are written.

    Args:
        file: An open file, which is extended to `size` bytes.
        size: Size in bytes, 1 or more.

    Raises:
        OSError: If there is not enough space.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    elif os.name == "posix":  # macOS, where blocks are written to reserve them
        block = bytes(1 << 20)
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
        file.flush()
    else:
        file.truncate(size)


def write_atomically(path: str | os.PathLike, content: bytes) -> None:
    """Write bytes to a file in such a way that the file is never incomplete.

    The bytes go to a temporary file first, which then replaces the file in one step. If anything
    goes wrong, for example because the disk is full or the user interrupts, the file remains as it
    was. Two processes may write the same file at the same time.

    Args:
        path: The file. Its folder is created if it does not exist.
        content: The bytes to write.

    Raises:
        OSError: If the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # matches UNFINISHED
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # it no longer exists, unless something went wrong
            temporary.unlink()
