"""List and read the files in a folder or a zip archive, and determine their classes."""

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from vaelib.support.errors import DataError

SPLIT = "train", "test"
#: Files that operating systems add beside images.
IGNORED = "__MACOSX", "Thumbs.db", "desktop.ini"
#: Largest unpacked size of a file in a zip archive.
MAX_BYTES = 500_000_000


def list_files(source: str | os.PathLike) -> dict[str, Callable[[], bytes]]:
    """List all files in a folder or a zip archive, except hidden ones.

    Args:
        source: Path of the folder or the zip archive.

    Returns:
        A function that reads the bytes of a file, by the name of the file. Names are sorted and
        have / between folders.

    Raises:
        DataError: If the path does not exist or is neither a folder nor a zip archive, if a name
            is not valid text or points outside the archive, or if a file in the archive is
            encrypted or too large.
    """
    source = Path(source)
    if source.is_dir():
        found = _in_folder(source)
    elif source.is_file():
        found = _in_zip(source)
    else:
        raise DataError(f"{_text(source)} does not exist: expected a folder or a zip of images.")
    kept = {name: read for name, read in found.items() if not _hidden(name)}
    return dict(sorted(kept.items()))


def _hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part in IGNORED for part in parts)


def _text(path: str | os.PathLike) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _in_folder(folder: Path) -> dict[str, Callable[[], bytes]]:
    found = {}
    for where, below, names in os.walk(folder):
        below.sort()
        for name in names:
            path = Path(where, name)
            inside = path.relative_to(folder).as_posix()
            try:
                inside.encode("utf-8")
            except UnicodeEncodeError:
                raise DataError(
                    f"{_text(folder)} has a file whose name is not valid UTF-8, {_text(inside)}: "
                    "rename it."
                ) from None
            found[inside] = path.read_bytes
    return found


def _in_zip(path: Path) -> dict[str, Callable[[], bytes]]:
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises many different types for damaged archives
        raise DataError(
            f"{path.name} cannot be read as a zip archive ({error}): expected a folder of images, "
            "or a zip of one."
        ) from None
    found = {}
    for entry in archive.infolist():
        if entry.filename.endswith("/"):
            continue
        name = entry.filename
        place = PurePosixPath(name.replace("\\", "/"))
        if not place.parts or place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
            raise DataError(
                f"{path.name} holds {name!r}, a path that points outside the archive: create the "
                "archive again with paths inside one folder."
            )
        if entry.flag_bits & 1:
            raise DataError(f"{name} in {path.name} is encrypted: create it without a password.")
        if entry.file_size > MAX_BYTES:
            raise DataError(
                f"{name} in {path.name} unpacks to {entry.file_size:,} bytes, expected at most "
                f"{MAX_BYTES:,}: leave it out."
            )
        found[place.as_posix()] = lambda entry=entry: _unpacked(archive, entry)
    return found


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as stream:
            return stream.read()
    except Exception as error:  # damaged data, or an unsupported compression method
        raise DataError(
            f"{entry.filename} in {Path(archive.filename).name} can't be unpacked ({error}): get a "
            "complete copy."
        ) from None


def infer_classes(names: Iterable[str], otherwise: str) -> tuple[list[str], list[str | None]]:
    """Determine the class of each file, and whether it is for training, from its folders.

    Leading folders that contain all files are ignored. If the next folders are exactly `train` and
    `test`, they are the split. The first folder below names the class.

    Args:
        names: Names of files, with / between folders.
        otherwise: Class of the files that are in no folder.

    Returns:
        The class of each file, and its part of the split: "train", "test", or None if there is no
        split.

    Raises:
        DataError: If there are other files or folders beside `train` and `test`.
    """
    folders = [name.split("/")[:-1] for name in names]
    while folders and all(folders) and len({parts[0] for parts in folders}) == 1:
        if all(len(parts) == 1 for parts in folders):
            break  # this folder is the only class
        folders = [parts[1:] for parts in folders]
    first = {parts[0].lower() if parts else "" for parts in folders}
    if first == set(SPLIT):
        parts = [inside[0].lower() for inside in folders]
        folders = [inside[1:] for inside in folders]
    elif first & set(SPLIT) == set(SPLIT):
        others = ", ".join(sorted(word or "files in no folder" for word in first - set(SPLIT)))
        raise DataError(
            f"beside train and test there are {others}: expected nothing else, so that every "
            "image is either in train or in test."
        )
    else:
        parts = [None] * len(folders)
    return [inside[0] if inside else otherwise for inside in folders], parts
