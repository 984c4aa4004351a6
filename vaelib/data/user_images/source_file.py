"""The files of a source, wherever they are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from vaelib.data.user_images.problems import FileProblem

#: Largest size of an image file, in bytes. It is unpacked to memory from an archive.
MAX_BYTES = 1_000_000_000


@dataclass(frozen=True)
class SourceFile:
    """One file in a folder or an archive.

    Attributes:
        name: Its path below the source, with / between folders.
        size: Its size in bytes; for a file in an archive, the size that the archive states.
        open: Function that returns a stream, in which only the beginning need be read.
        read: Function that returns the whole content. Both raise `FileProblem` or OSError.
        problem: Why the file cannot be read, if that is known without opening it.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    read: Callable[[], bytes]
    problem: FileProblem | None = None


@dataclass(frozen=True)
class Listing:
    """The files below a source.

    Attributes:
        title: Name of the source without an ending, for the class of files that are in no folder.
        files: The files, sorted by name.
        notes: Sentences for the user, for example about links that were followed.
    """

    title: str
    files: list[SourceFile]
    notes: list[str] = field(default_factory=list)


def unreadable(name: str, size: int, reason: str, advice: str = "remove it") -> SourceFile:
    """Return a file that is listed, but raises `FileProblem` if it is opened."""
    problem = FileProblem(name, reason, advice)

    def refuse() -> None:
        raise problem

    return SourceFile(name, size, refuse, refuse, problem)


def too_large(name: str, size: int) -> SourceFile:
    """Return a file that is listed, but refused because of its size in bytes."""
    reason = f"has {size:,} bytes, expected at most {MAX_BYTES:,}"
    return unreadable(name, size, reason, "leave it out")
