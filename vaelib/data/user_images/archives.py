"""List and read the files in a zip archive.

Archives may be damaged, or made in order to do harm. What an archive states about a file is
compared with what it holds, and nothing is ever unpacked to the disk.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath

from vaelib.data.user_images import source_file
from vaelib.data.user_images.file_names import decode_name, decode_names, is_ignored, is_run_folder
from vaelib.data.user_images.problems import FileProblem, counted, printable, some
from vaelib.data.user_images.source_file import Listing, SourceFile, too_large, unreadable
from vaelib.support.errors import DataError

UTF8, ENCRYPTED = 0x800, 0x1  # flags of a file in a zip archive
UNICODE_PATH = 0x7075  # extra field with a name in UTF-8
LOCAL_HEADER = 30  # bytes before the name and the content of a file
MAX_DEFLATE = 1_032  # bytes that one byte can unpack to
CHUNK = 1 << 16  # bytes that are unpacked at a time


def list_archive(path: Path) -> Listing:
    """List the files in a zip archive; see `listing.list_files`."""
    shown = printable(path.name)
    try:
        archive = zipfile.ZipFile(path)
        entries = archive.infolist()
    except Exception as error:  # zipfile raises many different types for damaged archives
        raise DataError(
            f"{shown} cannot be read as a zip archive ({error}): expected a folder of images, a "
            "zip of one, or a single image."
        ) from None
    _check_layout(entries, path)
    names, encoding = _names_of(entries)
    places, runs = _places(names, entries, path), defaultdict(set)
    for place in places.values():
        runs[place.parent].add(place.name)
    runs = {str(folder) for folder, inside in runs.items() if is_run_folder(inside)}
    found, twice = {}, []
    for i, place in places.items():
        name = place.as_posix()
        if any(map(is_ignored, place.parts)) or _is_inside(name, runs):
            continue
        if name in found:
            twice.append(name)
        found[name] = _file(archive, entries[i], name)  # the last one of a name, as unzip does
    notes = []
    if twice:
        count = counted(len(set(twice)), "name occurs", "names occur")
        notes.append(
            f"{count} more than once in {shown}, the last is used: {some(sorted(set(twice)))}."
        )
    if runs:
        count = counted(len(runs), "training run was", "training runs were")
        notes.append(f"{count} left out: {some(sorted(runs))}.")
    if encoding:
        changed = [name for name in found if not name.isascii()]
        notes.append(f"names that are not in UTF-8 were read as {encoding}: {some(changed, 1)}.")
    return Listing(decode_name(path.resolve().stem), [found[name] for name in sorted(found)], notes)


def _is_inside(name: str, folders: set[str]) -> bool:
    """Tell whether a file is in one of the folders, or in a folder inside them."""
    # Not all folders around the file, because there can be thousands, with long paths.
    lengths = {len(folder) for folder in folders}
    return "." in folders or any(name[n : n + 1] == "/" and name[:n] in folders for n in lengths)


def _check_layout(entries: list[zipfile.ZipInfo], path: Path) -> None:
    """Raise if two files share bytes, by which a small archive may unpack to any size."""
    entries = sorted(entries, key=lambda entry: entry.header_offset)
    for one, following in pairwise(entries):
        end = one.header_offset + LOCAL_HEADER + len(one.orig_filename) + one.compress_size
        if end > following.header_offset:
            raise DataError(
                f"{printable(path.name)} is damaged, because {printable(one.filename)} overlaps "
                f"{printable(following.filename)}: create the archive again."
            )


def _names_of(entries: list[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """Return the path of each entry as text, with / between folders, and a guessed encoding."""
    raw = []
    for entry in entries:
        utf8 = bool(entry.flag_bits & UTF8)
        name = entry.orig_filename.split("\0")[0].encode("utf-8" if utf8 else "cp437")
        raw.append(name if utf8 else _unicode_path(entry.extra, name) or name)
    names, encoding = decode_names(raw)
    # Replaced after decoding, because a backslash is the second byte of some Japanese letters.
    return [name.replace("\\", "/") for name in names], encoding


def _unicode_path(extra: bytes, name: bytes) -> bytes | None:
    """Return the name in UTF-8 that some archives store beside the name, or None."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        value, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and value[1:5] == struct.pack("<I", zlib.crc32(name)):
            return value[5:]
    return None


def _places(
    names: list[str], entries: list[zipfile.ZipInfo], path: Path
) -> dict[int, PurePosixPath]:
    """Return the path of each entry that is a file, by its index."""
    places = {}
    for i, name in enumerate(names):
        if name.endswith("/") or (entries[i].external_attr & 0x10 and not entries[i].file_size):
            continue  # a folder
        place = PurePosixPath(name)
        outside = place.is_absolute() or ".." in place.parts or re.match("[A-Za-z]:/", name)
        if outside or not place.parts:
            raise DataError(
                f"{printable(path.name)} holds {name!r}, a path that points outside the archive: "
                "create the archive again with paths inside one folder."
            )
        places[i] = place
    return places


def _file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> SourceFile:
    packed, size = entry.compress_size, entry.file_size
    if entry.flag_bits & ENCRYPTED:
        return unreadable(name, size, "is encrypted", "create the archive without a password")
    if stat.S_ISLNK(entry.external_attr >> 16):
        advice = "create the archive again with the files themselves"
        return unreadable(name, size, "is a link inside the archive", advice)
    if size > source_file.MAX_BYTES:
        return too_large(name, size)
    most = {zipfile.ZIP_STORED: packed, zipfile.ZIP_DEFLATED: packed * MAX_DEFLATE}
    if size > most.get(entry.compress_type, size):
        reason = f"can't be unpacked (it states {size:,} bytes, but {packed:,} can't hold them)"
        return unreadable(name, size, reason, "get a complete copy")
    return SourceFile(
        name,
        size,
        lambda: io.BufferedReader(_Unpacked(archive, entry, name)),
        partial(_read, archive, entry, name),
    )


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """Unpack a file, and compare it with its checksum."""
    try:
        with archive.open(entry) as stream:
            content = stream.read()
        if len(content) != entry.file_size:
            raise ValueError(f"it has {len(content):,} bytes and states {entry.file_size:,}")
        return content
    except Exception as error:  # damaged data, or an unsupported compression method
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> FileProblem:
    reason = str(error).rstrip(".") or type(error).__name__
    return FileProblem(name, f"can't be unpacked ({reason})", "get a complete copy")


class _Unpacked(io.RawIOBase):
    """Unpack only as much of a file as is read, and keep it, so that going back costs nothing."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str):
        self._name, self._kept, self._place, self._stream = name, bytearray(), 0, io.BytesIO()
        try:
            self._stream = archive.open(entry)
        except Exception as error:
            raise _damaged(name, error) from None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def _unpack(self, end: float) -> None:
        try:
            while len(self._kept) < end and (more := self._stream.read(CHUNK)):
                self._kept += more
        except Exception as error:
            raise _damaged(self._name, error) from None

    def readinto(self, target: bytearray) -> int:
        self._unpack(self._place + len(target))
        part = self._kept[self._place : self._place + len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._unpack(float("inf"))
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: len(self._kept)}[whence]
        self._place = max(0, start + offset)
        return self._place

    def close(self) -> None:
        self._stream.close()
        super().close()
