"""List the files below a folder, and follow links.

Every folder and every target of a link is read once, so links in a circle do no harm. Real files
come first: if a link leads to something that is in the folder as well, the link is left out.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from vaelib.data.user_images import source_file
from vaelib.data.user_images.file_names import decode_name, decode_names, is_ignored, is_run_folder
from vaelib.data.user_images.problems import counted, printable, some
from vaelib.data.user_images.source_file import Listing, SourceFile, too_large, unreadable
from vaelib.support.errors import DataError

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass
class _Walk:
    """Walk through a folder, and collect what is found by its path below the folder."""

    folder: Path
    found: dict[str, os.stat_result] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)  # links, with the reason
    locked: dict[str, str] = field(default_factory=dict)  # folders, with the reason
    outside: list[str] = field(default_factory=list)  # links that lead out of the folder
    again: list[str] = field(default_factory=list)  # what was read under another name
    runs: list[str] = field(default_factory=list)  # training runs
    met: dict[tuple[int, int], str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._enter("")
        while self.links:  # those in the folders that links lead to are added on the way
            self.links.sort()
            self._follow(self.links.pop(0))

    def _enter(self, start: str) -> None:
        """Collect the files in a folder and in those inside it, but follow no links yet."""
        waiting = [start]
        while waiting:
            place = waiting.pop()
            try:
                if self._is_known(place, os.stat(self.folder / place)):
                    continue
                names = sorted(os.listdir(self.folder / place))
            except OSError as error:
                self.locked[place] = error.strerror or str(error)
                continue
            if is_run_folder(names):
                self.runs.append(place)
                continue
            for name in names:
                if not is_ignored(name):
                    waiting += self._collected(f"{place}/{name}" if place else name)

    def _collected(self, path: str) -> Iterator[str]:
        """Collect a file or a link, or return a folder."""
        try:
            about = os.lstat(self.folder / path)
        except OSError as error:  # it was removed a moment ago
            self.broken[path] = error.strerror or str(error)
            return
        if stat.S_ISDIR(about.st_mode):
            yield path
        elif stat.S_ISLNK(about.st_mode):
            self.links.append(path)
        else:
            self.found[path] = about
            self.met.setdefault((about.st_dev, about.st_ino), path)

    def _follow(self, link: str) -> None:
        try:
            about = os.stat(self.folder / link)
        except OSError as error:  # there is no target, or the link leads to itself
            self.broken[link] = error.strerror or str(error)
            return
        if self._is_known(link, about):
            return
        target, root = os.path.realpath(self.folder / link), os.path.realpath(self.folder)
        if os.path.commonpath([root, target]) != root:
            self.outside.append(f"{link} (to {target})")
        if stat.S_ISDIR(about.st_mode):
            self._enter(link)
        else:
            self.found[link] = about

    def _is_known(self, path: str, about: os.stat_result) -> bool:
        """Tell whether a file or a folder was met under another path, and remember it if not."""
        if not about.st_ino:  # some network drives number nothing, so that all would be the same
            return False
        known = self.met.setdefault((about.st_dev, about.st_ino), path)
        if known != path:
            self.again.append(f"{path} (the same as {known or 'the whole folder'})")
        return known != path

    def notes(self) -> list[str]:
        """Return a sentence for each kind of thing that the user should know about."""
        locked = [f"{path} ({reason})" for path, reason in self.locked.items()]
        once = "left out, because what links lead to is read only once"
        said = (
            (
                locked,
                "folder can't be entered and is",
                "folders can't be entered and are",
                "missing",
            ),
            (self.outside, "link to another place was", "links to other places were", "followed"),
            (self.again, "file or folder was", "files or folders were", once),
            (self.runs, "training run was", "training runs were", "left out"),
        )
        return [
            f"{counted(len(found), one, many)} {ending}: {some(sorted(found))}."
            for found, one, many, ending in said
            if found
        ]


def list_folder(folder: Path) -> Listing:
    """List the files below a folder; see `listing.list_files`."""
    walk = _Walk(folder)
    if "" in walk.locked:
        reason = walk.locked[""]
        raise DataError(f"{printable(folder.name)} can't be entered ({reason}): get permission.")
    if "" in walk.runs:
        raise DataError(
            f"{printable(folder.name)} is a training run: expected a folder or a zip of images."
        )
    paths = sorted({*walk.found, *walk.broken})
    names, encoding = decode_names([os.fsencode(path) for path in paths])
    files = []
    for path, name in zip(paths, names, strict=True):
        if path in walk.broken:
            files.append(unreadable(name, 0, f"can't be found ({walk.broken[path]})"))
        else:
            files.append(_file(folder / path, name, walk.found[path]))
    notes = walk.notes()
    if encoding:
        changed = [n for p, n in zip(paths, names, strict=True) if os.fsencode(p) != n.encode()]
        notes.append(f"names that are not in UTF-8 were read as {encoding}: {some(changed, 1)}.")
    title = decode_name(folder.resolve().stem)
    return Listing(title, sorted(files, key=lambda file: file.name), notes)


def _file(path: Path, name: str, about: os.stat_result) -> SourceFile:
    kind = KINDS.get(stat.S_IFMT(about.st_mode))
    if kind:
        return unreadable(name, 0, f"is {kind}, not a file")
    if about.st_size > source_file.MAX_BYTES:
        return too_large(name, about.st_size)
    return SourceFile(name, about.st_size, partial(open_regular, path), partial(read_regular, path))


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, but no pipe, which would wait, and no device, which has no end.

    Raises:
        OSError: If it cannot be opened, or is not a regular file.
    """
    # Checked after opening, because another program may replace the file at any time.
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path) -> bytes:
    """Read a whole file; see `open_regular`."""
    with open_regular(path) as stream:
        return stream.read()
