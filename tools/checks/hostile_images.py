"""Hostile folders and archives of images, for `hostile`.

Each is small and would take a program that trusts it gigabytes of memory, or hours, or never let it
go on. `CASES` has for each a function that makes it in a folder, a function that reads it as the
commands do, and whether it has to be refused.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from vaelib.data.user_images import image_folder

MOST_MEMORY = 800 << 20  # bytes that reading images may need in addition; see `in_flight.MOST`
SOURCE = "images.zip"

Files = Iterable[tuple[str | zipfile.ZipInfo, bytes]]


def png(width: int, height: int, depth: int = 8, color: int = 0) -> bytes:
    """Return a black PNG of any size without decoding it; color is 0 for gray, or 6 for RGBA."""
    row = bytes(1 + width * (4 if color == 6 else 1) * depth // 8)
    packer, packed = zlib.compressobj(9), b""
    for start in range(0, height, 1_000):
        packed += packer.compress(row * min(1_000, height - start))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", packed + packer.flush()), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def tiff(directories: int, gap: int = 0) -> bytes:
    """Return a TIFF of 2 x 2 pixels that are shown many times, some bytes before the first."""
    tags = [(256, 3, 2), (257, 3, 2), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags = [(tag, kind, 1, value) for tag, kind, value in [*tags, (278, 3, 2), (279, 4, 4)]]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = 12 + gap
    content = [b"II*\0", struct.pack("<I", start), b"\1\2\3\4", bytes(gap)]
    for i in range(directories):
        following = start + (i + 1) * (len(body) + 4) if i < directories - 1 else 0
        content.append(body + struct.pack("<I", following))
    return b"".join(content)


def icon(image: bytes) -> bytes:
    """Return a file of icons that says its only one has 16 x 16 pixels."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(image), 22) + image


def scans(count: int) -> bytes:
    """Return a JPEG of 81 million pixels that are refined again and again."""
    file = io.BytesIO()
    Image.new("L", (9_000, 9_000), 99).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    return content[:-2] + count * content[content.rfind(b"\xff\xda") : -2] + b"\xff\xd9"


def link() -> zipfile.ZipInfo:
    """Return the entry of a link in an archive."""
    entry = zipfile.ZipInfo("a.png")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def zipped(files: Callable[[], Files]) -> Callable[[Path], None]:
    """Return a function that packs files in a folder."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / SOURCE, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files():
                archive.writestr(name, content, zipfile.ZIP_DEFLATED)

    return make


def beside_an_image(special: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a function that makes a folder with an image and something that is no file."""

    def make(folder: Path) -> None:
        (folder / SOURCE).mkdir()
        (folder / SOURCE / "a.png").write_bytes(png(16, 16))
        special(folder / SOURCE / "b.png")

    return make


def times(count: int, ending: str, content: Callable[[], bytes]) -> Callable[[Path], None]:
    """Return a function that packs the same file several times."""
    return zipped(lambda: ((f"{i}.{ending}", same) for same in [content()] for i in range(count)))


def read(folder: Path) -> object:
    """Read the images as `encode` does."""
    return image_folder.read_pixels(folder / SOURCE, (32, 32, 3), "pad")


def pack_an_archive() -> Files:
    """Yield an archive of images as the only file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", png(16, 16))
    yield "a.zip", file.getvalue()


Case = tuple[Callable[[Path], None], Callable[[Path], object], bool]  # make, use, is refused
CASES: dict[str, Case] = {
    "eight black images of 16 bits": (times(8, "png", lambda: png(7_000, 7_000, 16)), read, False),
    "a picture of one line": (times(1, "png", lambda: png(1, 90_000_000)), read, False),
    "a picture of one row": (times(1, "png", lambda: png(90_000_000, 1)), read, False),
    "images inside of icons": (
        times(8, "ico", lambda: icon(png(9_000, 9_000, color=6))),
        read,
        True,
    ),
    "headers behind much else": (times(6, "tif", lambda: tiff(1, gap=200_000_000)), read, False),
    "a TIFF of very many pictures": (times(1, "tif", lambda: tiff(60_000)), read, False),
    "a JPEG of very many scans": (times(1, "jpg", lambda: scans(10_000)), read, True),
    "half an image that claims to be large": (
        times(1, "png", lambda: png(9_000, 9_000)[:500]),
        read,
        True,
    ),
    "folders inside each other": (
        zipped(lambda: [("a/" * 32_000 + f"{i}.png", png(16, 16)) for i in range(20)]),
        read,
        False,
    ),
    "zeros instead of an image": (times(4, "png", lambda: bytes(400_000_000)), read, True),
    "an archive in an archive": (zipped(pack_an_archive), read, True),
    "a link in an archive": (zipped(lambda: [(link(), b"/etc/passwd")]), read, True),
    "a pipe among images": (beside_an_image(os.mkfifo), read, True),
    "a device among images": (
        beside_an_image(lambda path: path.symlink_to("/dev/zero")),
        read,
        True,
    ),
}
