"""Files that are there whole or not at all, and the folders that they go to."""

import contextlib
import os
import uuid
from pathlib import Path

import platformdirs

# What `write_whole` leaves behind where its process is killed.
UNFINISHED = ".*." + 32 * "[0-9a-f]"


def folder_named_by(variable):
    """The folder that an environment variable names, or None; ~ stands for the user's own."""
    named = os.environ.get(variable)
    return Path(named).expanduser() if named else None


def cache_folder():
    """The folder of the user's own where data and runs are kept, unless VAELIB_CACHE_DIR is set."""
    chosen = folder_named_by("VAELIB_CACHE_DIR")
    return chosen or Path(platformdirs.user_cache_dir("vaelib", appauthor=False))


def write_whole(path, content):
    """Write bytes to a file that appears at once and complete, or is left as it was.

    The folder is made if need be. Whatever goes wrong on the way, a full disk or an interrupt,
    nothing half-written stays; two processes may write the same file.

    Raises:
        OSError: if the file can't be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # as UNFINISHED says
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # it is gone, unless something went wrong
            temporary.unlink()
