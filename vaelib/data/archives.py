"""Files in a folder or in a zip: their names, their bytes, and the classes that they lie in."""

import os
import zipfile
from pathlib import Path, PurePosixPath

from vaelib.errors import DataError

SPLIT = "train", "test"
#: What systems put beside pictures, and no one means.
IGNORED = "__MACOSX", "Thumbs.db", "desktop.ini"
#: A file that unpacks to more is refused.
MOST_BYTES = 500_000_000


def files_in(source):
    """All files in a folder or a zip, by name.

    Args:
        source: the path of either.

    Returns:
        dict of name, with / between folders, to a function that reads its bytes; in the order of
        the names. Hidden files are left out.

    Raises:
        DataError: for a path where nothing is, a file that is no zip, names that are no text or
            lead out of the zip, and files that are encrypted or too large.
    """
    source = Path(source)
    if source.is_dir():
        found = _in_folder(source)
    elif source.is_file():
        found = _in_zip(source)
    else:
        raise DataError(f"{_text(source)} is not there: expected a folder of images, or a zip.")
    kept = {name: read for name, read in found.items() if not _hidden(name)}
    return dict(sorted(kept.items()))


def _hidden(name):
    parts = name.split("/")
    return any(part.startswith(".") or part in IGNORED for part in parts)


def _text(path):
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _in_folder(folder):
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
                    f"the name of a file in {_text(folder)} is no text: {_text(inside)}. Rename it."
                ) from None
            found[inside] = path.read_bytes
    return found


def _in_zip(path):
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises whatever a damaged directory leads to
        raise DataError(
            f"{path.name} is no zip that can be read ({error}): expected a folder of images, or "
            "a zip of one."
        ) from None
    found = {}
    for entry in archive.infolist():
        if entry.filename.endswith("/"):
            continue
        name = entry.filename
        place = PurePosixPath(name.replace("\\", "/"))
        if not place.parts or place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
            raise DataError(
                f"{path.name} holds {name!r}, a path that leads out of it: pack the images anew, "
                "with paths inside one folder."
            )
        if entry.flag_bits & 1:
            raise DataError(f"{name} in {path.name} is encrypted: pack it without a password.")
        if entry.file_size > MOST_BYTES:
            raise DataError(
                f"{name} in {path.name} unpacks to {entry.file_size:,} bytes, expected at most "
                f"{MOST_BYTES:,}: leave it out."
            )
        found[place.as_posix()] = lambda entry=entry: _unpacked(archive, entry)
    return found


def _unpacked(archive, entry):
    try:
        with archive.open(entry) as stream:
            return stream.read()
    except Exception as error:  # zlib's, or of a method of compression that Python lacks
        raise DataError(
            f"{entry.filename} in {Path(archive.filename).name} can't be unpacked ({error}): get a "
            "complete copy."
        ) from None


def classes_of(names, otherwise):
    """Which class and which part of a split each file belongs to, by the folders it lies in.

    A folder that holds everything else is looked through. `train` and `test` above all others are
    the split. Of what is left, the first folder names the class.

    Args:
        names: of files, with / between folders.
        otherwise: the class of files that lie in no folder.

    Returns:
        classes, parts: a list each; a part is "train", "test", or None where there is no split.

    Raises:
        DataError: where only some of the files lie in `train` and `test`.
    """
    folders = [name.split("/")[:-1] for name in names]
    while folders and all(folders) and len({parts[0] for parts in folders}) == 1:
        if all(len(parts) == 1 for parts in folders):
            break  # the one class
        folders = [parts[1:] for parts in folders]
    first = {parts[0].lower() if parts else "" for parts in folders}
    if first == set(SPLIT):
        parts = [inside[0].lower() for inside in folders]
        folders = [inside[1:] for inside in folders]
    elif first & set(SPLIT) == set(SPLIT):
        others = ", ".join(sorted(word or "files in no folder" for word in first - set(SPLIT)))
        raise DataError(
            f"beside train and test there are {others}: expected nothing else beside the two, so "
            "that every image is in one of them."
        )
    else:
        parts = [None] * len(folders)
    return [inside[0] if inside else otherwise for inside in folders], parts
