"""List everything below a source: a folder, a zip archive, or a single image file."""

import os
import zipfile
from pathlib import Path

from vaelib.data.user_images.archives import list_archive
from vaelib.data.user_images.file_names import decode_name
from vaelib.data.user_images.folders import list_folder, open_regular, read_regular
from vaelib.data.user_images.problems import printable
from vaelib.data.user_images.recognizing import is_picture
from vaelib.data.user_images.source_file import Listing, SourceFile
from vaelib.support.errors import DataError


def list_files(source: str | os.PathLike) -> Listing:
    """List all files in a folder or a zip archive, except those of the system and hidden ones.

    Args:
        source: Path of the folder, of the zip archive, or of a single image file.

    Returns:
        The files, sorted by name, and notes for the user, for example about links that were
        followed. Files need not be images.

    Raises:
        DataError: If the source does not exist, is none of the three, is the folder of a training
            run, or if it is a zip archive that is damaged or has paths that point outside of it.
    """
    source = Path(source)
    if not source.exists():  # a folder can be called ~, but usually it means the home
        source = Path(os.path.expanduser(source))
    shown = printable(str(source))
    if source.is_dir():
        return list_folder(source)
    if not source.exists():
        raise DataError(f"{shown} does not exist: expected a folder or a zip of images.")
    if not source.is_file():
        raise DataError(f"{shown} is a device or a pipe: expected a folder or a zip of images.")
    try:
        with open_regular(source) as stream:
            single = not zipfile.is_zipfile(stream) and is_picture(stream)
    except OSError as error:
        raise DataError(f"{shown} can't be read ({error.strerror or error}).") from None
    if not single:
        return list_archive(source)
    opens, reads = (lambda: open_regular(source)), (lambda: read_regular(source))
    name, folder = decode_name(source.name), decode_name(source.absolute().parent.name)
    file = SourceFile(name, source.stat().st_size, opens, reads)
    return Listing(folder or name, [file])
