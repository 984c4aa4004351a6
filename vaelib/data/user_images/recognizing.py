"""Recognize image files by their content, and open them without decoding the pixels."""

import io
import math
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from vaelib.data.user_images.problems import FileProblem

#: Formats that are read if this version of Pillow knows them, by Pillow's names. PPM includes PGM
#: and PBM. HEIF is known if the package pillow-heif was registered. Formats that start other
#: programs (EPS) are left out, and so are those that no picture can be told from other files by.
FORMATS = (
    *("PNG", "JPEG", "MPO", "GIF", "WEBP", "BMP", "DIB", "PPM", "TIFF", "AVIF", "HEIF", "JPEG2000"),
    *("ICO", "ICNS", "CUR", "PSD", "PCX", "DCX", "SGI", "SUN", "QOI", "DDS", "XBM", "XPM", "FITS"),
    *("FLI", "MSP", "BLP", "FTEX", "TGA"),
)
#: Images with more pixels are refused before decoding, because they could fill the memory.
MAX_PIXELS = 100_000_000
#: Claims about the size of images with fewer pixels need not be checked.
HARMLESS = 16_000_000
#: Pixels that one byte of a file can hold at most, by the name of Pillow's decoder.
DENSEST = {"raw": 8, "zip": 8 * 1_040, "gif": 2_600, "jpeg": 2_048}

#: Scans of a JPEG. A usual file has up to about 60, but each takes time, and one can have millions.
MOST_SCANS = 200
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9  # markers of JPEG
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # but not those inside the compressed pixels
ICONS = b"\0\0\1\0", b"icns"  # the beginnings of ICO and ICNS
CODESTREAM = b"\xff\x4f\xff\x51"  # the beginning of the pixels of JPEG 2000

NO_IMAGE = "is not an image"
#: What a PNG names as its software if it shows samples of a model side by side.
SHEET = "vaelib sample"
HEAD = 32  # bytes, to tell other files by
TO_JPEG = "convert it to JPEG or PNG"
BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
    ),
}
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
#: Parts of a PNG that describe the image but are not needed to decode it.
DESCRIPTIONS = b"iCCP", b"iTXt", b"tEXt", b"zTXt"


def open_picture(stream: BinaryIO, name: str) -> Image.Image:
    """Open an image file, reading only its header.

    Args:
        stream: Content of the file.
        name: Name of the file, for error messages.

    Returns:
        A picture of Pillow whose pixels are not decoded yet. The stream must stay open for that.

    Raises:
        FileProblem: If the file is no image, is damaged, or has more than `MAX_PIXELS` pixels.
    """
    head = stream.read(HEAD)
    if not head:
        raise FileProblem(name, "is empty", "replace it with a complete copy")
    size = stream.seek(0, io.SEEK_END) if isinstance(stream, io.BytesIO) else None
    stream.seek(0)
    if head.startswith(ICONS):  # some of which Pillow decodes while it opens them
        _check_icon(stream.read(), name)
        stream.seek(0)
    try:
        picture = _opened(stream)
    except UnidentifiedImageError:
        raise _no_image(head, name) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels(name) from None
    except FileProblem:
        raise
    except Exception as error:  # Pillow raises many different types for damaged headers
        raise damaged(name, error) from None
    if math.prod(picture.size) > MAX_PIXELS:
        raise _too_many_pixels(name)
    if size is not None:
        _check_claim(picture, size, name)
        if picture.format in ("JPEG", "MPO"):
            _check_scans(stream.getvalue(), name)
    return picture


def is_picture(stream: BinaryIO) -> bool:
    """Tell whether a file is an image, even one that is damaged or in a format not read here."""
    stream.seek(0)
    try:
        open_picture(stream, "")
    except FileProblem as problem:
        return NO_IMAGE not in problem.reason
    return True


def damaged(name: str, error: Exception) -> FileProblem:
    """Return the error that a file is truncated or damaged, as an error of Pillow says."""
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return FileProblem(
        name, f"is truncated or damaged ({reason})", "replace it with a complete copy"
    )


def _opened(stream: BinaryIO) -> Image.Image:
    Image.init()
    formats = [each for each in FORMATS if each in Image.OPEN]
    try:
        return Image.open(stream, formats=formats)
    except ValueError:  # Pillow refuses large color profiles and texts, which do no harm
        stream.seek(0)
        plain = without_descriptions(stream.read())
        if plain is None:
            raise
        return Image.open(io.BytesIO(plain), formats=formats)


def without_descriptions(content: bytes) -> bytes | None:
    """Return the content of a PNG without its color profile and texts, or None for other files."""
    if not content.startswith(PNG_HEAD):
        return None
    kept, place = [PNG_HEAD], len(PNG_HEAD)
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + size  # with the length, the kind, and a checksum
        if kind not in DESCRIPTIONS:
            kept.append(content[place:end])
        place = end
    return b"".join(kept)


def _no_image(head: bytes, name: str) -> FileProblem:
    brand = _brand(head)
    if brand == "HEIC":
        return FileProblem(name, "is in HEIC format, which is not read here", TO_JPEG)
    if brand == "AVIF":
        advice = f"update it (pip install --upgrade pillow), or {TO_JPEG}"
        return FileProblem(name, "is in AVIF format, which this version of Pillow lacks", advice)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        reason = f"{NO_IMAGE}, but a zip archive inside the source"
        return FileProblem(name, reason, "unpack it, or remove it")
    expected = "expected a format that Pillow reads, such as PNG or JPEG. Remove it"
    return FileProblem(name, NO_IMAGE, expected)


def _brand(head: bytes) -> str | None:
    """Return "HEIC" or "AVIF" if a file is of this kind, whether Pillow can read it or not."""
    return BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def _too_many_pixels(name: str, most: int = MAX_PIXELS) -> FileProblem:
    reason = f"has more than {most:,} pixels and could fill the memory"
    return FileProblem(name, reason, "scale it down, or remove it")


def _check_claim(picture: Image.Image, size: int, name: str) -> None:
    """Raise if a file is too small for the pixels that it claims to have."""
    pixels = math.prod(picture.size)
    decoders = {tile[0] for tile in getattr(picture, "tile", [])}
    if pixels > HARMLESS and len(decoders) == 1:
        densest = DENSEST.get(decoders.pop())
        if densest and pixels > densest * size:
            width, height = picture.size
            claim = f"{size:,} bytes can't hold {width:,} x {height:,} pixels"
            raise damaged(name, ValueError(claim))


def _check_icon(content: bytes, name: str) -> None:
    """Raise if a file of icons holds a PNG or a JPEG 2000 that is much larger than any icon."""
    for start, offset in ((PNG_HEAD, 16), (CODESTREAM, 8)):
        place = content.find(start)
        while 0 <= place <= len(content) - offset - 8:
            if math.prod(struct.unpack_from(">II", content, place + offset)) > HARMLESS:
                raise _too_many_pixels(name, HARMLESS)
            place = content.find(start, place + 1)


def _check_scans(content: bytes, name: str) -> None:
    """Raise if a JPEG has very many scans, each of which may take as long as the first."""
    if content.count(bytes([0xFF, START_OF_SCAN])) <= MOST_SCANS:
        return
    scans = sum(marker == START_OF_SCAN for marker in _markers(content))
    if scans > MOST_SCANS:
        reason = f"has {scans:,} scans, which take very long, expected at most {MOST_SCANS}"
        raise FileProblem(name, reason, "save it again as JPEG or PNG")


def _markers(content: bytes) -> Iterator[int]:
    """Yield the markers of a JPEG up to its end, which other data may follow."""
    place = 2
    while found := MARKER.search(content, place):
        marker = content[found.start() + 1]
        if marker == END_OF_IMAGE:
            return
        yield marker
        place = found.end() + int.from_bytes(content[found.end() : found.end() + 2], "big")
