"""Read many image files into one array, with several threads.

Every file is opened twice: first for its header, which decides whether it is an image, and how
large, and then for its pixels. Images of more than 8 bits are read once more in between, because
their range of values is chosen for all of them together.
"""

import contextlib
import math
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from vaelib.data.user_images import decoding, depth, recognizing, resizing
from vaelib.data.user_images.in_flight import call_in_threads
from vaelib.data.user_images.problems import FileProblem, counted, some
from vaelib.data.user_images.source_file import SourceFile
from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, reserve_space

MAX_INSPECTED = 100  # images, to determine whether there is color
IN_MEMORY = 300_000_000  # bytes
DARK = 32  # values of 0 to 255 below which an image is nearly black
GRAY_MODES = "1", "L", "LA", "I", "I;16", "F"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Header:
    """What is known about an image file before it is decoded.

    Attributes:
        size: (height, width) in pixels, after the image is turned upright.
        mode: Pillow's name for its colors.
        is_deep: Whether it has more than 8 bits per channel.
        cost: Memory that is needed to decode it, in bytes.
    """

    size: tuple[int, int]
    mode: str
    is_deep: bool
    cost: int


@dataclass
class Report:
    """What the user should know: files that cannot be used, conversions by file, and sheets.

    Sheets are pictures of samples that the command `sample` wrote, for example into a folder of
    images. They are left out, because they are no images of the user.
    """

    skip: bool
    problems: dict[str, FileProblem] = field(default_factory=dict)
    conversions: dict[str, list[str]] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise the first problem, unless such files are skipped."""
        if self.problems and not self.skip:
            _, first = min(self.problems.items())
            more = len(self.problems) - 1
            if not more:
                raise first
            raise DataError(f"{first} {counted(more, 'other file', 'other files')} can't be used.")

    def sentences(self) -> list[str]:
        """Return a sentence for each kind of conversion, and one for files that were left out."""
        said = [
            f"{counted(len(names), 'image is', 'images are')} {note} ({some(sorted(names))})."
            for note, names in self.conversions.items()
        ]
        if self.problems:
            reasons = [problem.reason for _, problem in sorted(self.problems.items())]
            count = counted(len(reasons), "file was", "files were")
            said.append(f"{count} left out: {some(reasons)}.")
        if self.sheets:
            count = counted(len(self.sheets), "file was", "files were")
            them, names = "them" if len(self.sheets) > 1 else "it", some(sorted(self.sheets))
            said.append(f"{count} left out, because the command sample wrote {them} ({names}).")
        return said


def inspect(files: Sequence[SourceFile], report: Report) -> tuple[list[SourceFile], list[Header]]:
    """Read the headers of all files, and return the files that are images, without sheets.

    Raises:
        DataError: If a file is no image, and such files are not skipped.
    """

    def header(i: int) -> Header | None:
        with files[i].open() as stream:
            picture = recognizing.open_picture(stream, files[i].name)
            if picture.info.get("Software") == recognizing.SHEET:
                report.sheets.append(files[i].name)
                return None
            size = decoding.upright_size(picture)
            return Header(size, picture.mode, depth.is_deep(picture), decoding.cost(picture))

    # The whole size, because the header of a TIFF, for example, is often at its end.
    found = _each(header, files, [file.size for file in files], report)
    report.check()
    kept = [i for i, header in enumerate(found) if header]
    return [files[i] for i in kept], [found[i] for i in kept]


def have_color(files: Sequence[SourceFile], headers: Sequence[Header]) -> bool:
    """Tell whether there is color in any of up to 100 images."""
    chosen = range(0, len(files), math.ceil(len(files) / MAX_INSPECTED) or 1)
    chosen = [i for i in chosen if headers[i].mode not in GRAY_MODES]
    some_files = [files[i] for i in chosen]

    def is_colored(i: int) -> bool:
        picture, _ = decoding.decode(some_files[i].read(), some_files[i].name)
        return not resizing.is_gray(picture)

    # Files that cannot be decoded are reported later, when all are decoded.
    costs = [files[i].size + headers[i].cost for i in chosen]
    return any(_each(is_colored, some_files, costs, Report(skip=True)))


def unpack(
    files: Sequence[SourceFile],
    headers: Sequence[Header],
    shape: tuple[int, int, int],
    fit: str,
    report: Report,
) -> tuple[np.ndarray, list[int]]:
    """Decode all files and resize the images.

    Args:
        files, headers: Image files, as `inspect` returns them.
        shape: Shape (height, width, channels) of each image.
        fit: "crop" or "pad", see `resizing.resize`.
        report: A report, to which problems and conversions are added.

    Returns:
        Pixels, uint8, shape (n, height, width, channels), and the index in `files` of each image.

    Raises:
        DataError: If a file cannot be decoded, and such files are not skipped, or if there is no
            space for the pixels.
    """
    costs = [file.size + header.cost for file, header in zip(files, headers, strict=True)]
    deep = [i for i, header in enumerate(headers) if header.is_deep]
    extents = _each(
        lambda i: decoding.measure(files[deep[i]].read(), files[deep[i]].name),
        *([files[i] for i in deep], [costs[i] for i in deep], report),
    )
    report.check()
    ranges = depth.choose_ranges(extent for extent in extents if extent)
    pixels = room_for((len(files), *shape))

    def decode(i: int, white: int = 255) -> tuple[set[str], int, int]:
        """Write the pixels of a file; return conversions and the largest value after and before."""
        if files[i].name in report.problems:  # its range could not be measured
            raise report.problems[files[i].name]
        picture, done = decoding.decode(files[i].read(), files[i].name, ranges)
        if white < 255:
            brighter = [min(255, value * 255 // white) for value in range(256)]
            picture = picture.point(brighter * len(picture.getbands()))
        pixels[i], more = resizing.resize(picture, shape, fit)
        peak = int(pixels[i].max())
        # Resizing may have removed the brightest pixels of an image that is nearly black.
        before = peak if peak > 1 else np.max(picture.getextrema())
        return done | more, peak, int(before)

    done = _each(decode, files, costs, report, "unpacking")
    report.check()
    good = [i for i, result in enumerate(done) if result]
    peak, before = (max((done[i][part] for i in good), default=0) for part in (1, 2))
    if peak <= 1 and before:  # masks, for example
        done = _each(lambda i: decode(i, white=before), files, costs, report, "brightening")
        note = f"nearly black, with no value above {before} of 255: {before} was made white"
        report.conversions[note] = [files[i].name for i in good]
    elif 0 < peak < DARK:
        note = f"nearly black: no pixel is brighter than {peak} of 255"
        report.conversions[note] = [files[i].name for i in good]
    for i in good:
        for note in done[i][0]:
            report.conversions.setdefault(note, []).append(files[i].name)
    if len(good) < len(files):
        for new, old in enumerate(good):
            pixels[new] = pixels[old]
    return pixels[: len(good)], good


def room_for(shape: tuple[int, ...]) -> np.ndarray:
    """Create a uint8 array, in a temporary file if it is large.

    Raises:
        DataError: If the file cannot be created, for example because the disk is full.
    """
    size = math.prod(shape)
    if size <= IN_MEMORY:
        return np.zeros(shape, "uint8")
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:  # deleted when the process ends
            reserve_space(file, size)
            return np.memmap(file, "uint8", "w+", shape=shape)
    except OSError as error:
        raise DataError(
            f"the images need {size:,} bytes in {folder}, which can't be had "
            f"({error.strerror or error}): free disk space, set VAELIB_CACHE_DIR to another "
            "folder, or choose a smaller size."
        ) from None


def _each(
    function: Callable[[int], Result],
    files: Sequence[SourceFile],
    costs: Sequence[int],
    report: Report,
    label: str = "inspecting",
) -> list[Result | None]:
    """Call a function with the index of each file, in several threads, within the memory limit.

    Problems are added to the report. If files are not skipped, no file is begun after a problem
    while images are decoded.
    """
    stops = label != "inspecting" and not report.skip
    results = [None] * len(files)

    def guarded(i: int) -> Result | None:
        if stops and report.problems:
            return None
        try:
            return function(i)
        except FileProblem as problem:
            report.problems[files[i].name] = problem
        except OSError as error:
            reason = f"can't be read ({error.strerror or error})"
            report.problems[files[i].name] = FileProblem(files[i].name, reason)
        except MemoryError:
            reason = "needs more memory than there is"
            problem = FileProblem(files[i].name, reason, "scale it down, or remove it")
            report.problems[files[i].name] = problem
        return None

    bar = dict(total=len(files), unit=" images", desc=label, disable=None, leave=False)
    with _without_pillow_s_limit():
        for i, result in tqdm(call_in_threads(guarded, costs), **bar):
            results[i] = result
    return results


@contextlib.contextmanager
def _without_pillow_s_limit() -> Iterator[None]:
    """Hide the warnings of Pillow about large images. `recognizing` raises an error instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
