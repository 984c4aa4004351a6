"""Writing files so that they are there whole or not at all."""

import contextlib
import os
import uuid
from pathlib import Path


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
