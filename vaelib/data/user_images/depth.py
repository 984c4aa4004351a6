"""Convert images with more than 8 bits per channel to 8 bits.

A file of 16 bits may hold values of 8, 12 or 16 bits without saying so, and with the wrong range
the image becomes black. Therefore, one range is chosen for all such images of a data set: from what
the files state if they do, and otherwise from the largest value in any of them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vaelib.data.user_images.resizing import strips

BITS = 1, 8, 10, 12, 14, 16  # usual depths of cameras, scanners and microscopes
FLOATS = "floating-point numbers"
UNIT, BYTE = 0.125, 32.0  # least maximum at which floats are taken as 0 to 1, and as 0 to 255
#: What Pillow decodes to instead of 8 bits with the less significant half of the numbers.
LOWER_HALF = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGB;16N": "RGB;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "RGBA;16N": "RGBA;16B",
}
MAX_SAMPLE, BITS_PER_SAMPLE = 281, 258  # tags of TIFF

Open = Callable[[], Image.Image]


@dataclass(frozen=True)
class Extent:
    """The values in one image of more than 8 bits.

    Attributes:
        kind: "16 bits" and so on, or "floating-point numbers".
        low, high: The smallest and the largest value.
        stated: The largest value that is possible, as the file states, or None.
    """

    kind: str
    low: float
    high: float
    stated: int | None = None

    @property
    def is_float(self) -> bool:
        return self.kind == FLOATS


def is_deep(picture: Image.Image) -> bool:
    """Tell from its header whether an image has more than 8 bits that this module converts."""
    return picture.mode.startswith(("I", "F")) or _raw_mode(picture) in (*LOWER_HALF, "LA;16B")


def is_cut(picture: Image.Image) -> bool:
    """Tell from its header whether Pillow decodes only the upper 8 of 16 bits of an image."""
    if picture.mode.startswith(("I", "F")):
        return False
    maximum = _ppm_maximum(picture)
    return ";16" in _raw_mode(picture) or (maximum is not None and maximum > 255)


def measure(open_picture: Open) -> Extent:
    """Return the range of values of an image.

    Args:
        open_picture: Function that opens the image whenever it is called.
    """
    picture = open_picture()
    kind, stated = _kind(picture), _stated_maximum(picture)
    lows, highs = [], []
    for values, _ in _values(open_picture):
        lows.append(values.min())
        highs.append(values.max())
    low, high = min(lows).item(), max(highs).item()
    return Extent(kind, low, high, stated)


def choose_ranges(extents: Iterable[Extent]) -> dict[bool, tuple[float, float]]:
    """Choose the ranges that become 0 to 255, for all images of a data set.

    Returns:
        The range (low, high) of integers, under the key False, and that of floats, under True.

    >>> choose_ranges([Extent("16 bits", 7, 3_000), Extent("16 bits", 0, 600)])
    {False: (0, 4095)}
    """
    extents, ranges = list(extents), {}
    for floats in sorted({extent.is_float for extent in extents}):
        these = [extent for extent in extents if extent.is_float == floats]
        low, high = min(e.low for e in these), max(e.high for e in these)
        stated = max((e.stated for e in these if e.stated), default=0)
        if low < 0:
            limit = high if high > low else low + 1
        elif floats:
            usual = 1.0 if UNIT <= high <= 1 else 255.0 if BYTE <= high <= 255 else high
            limit = usual or 1.0
        elif stated >= high:
            limit = stated or 255
        else:
            limit = next((2**bits - 1 for bits in BITS if high < 2**bits), high)
        ranges[floats] = min(low, 0), limit
    return ranges


def convert(
    open_picture: Open, ranges: dict[bool, tuple[float, float]] | None
) -> tuple[Image.Image, str]:
    """Convert an image to 8 bits per channel.

    Args:
        open_picture: Function that opens the image whenever it is called.
        ranges: The ranges of the data set, as `choose_ranges` returns them. None chooses them for
            this image alone.

    Returns:
        An image of mode L, LA, RGB or RGBA, and what was done, in words.
    """
    picture = open_picture()
    kind = _kind(picture)
    if ranges is None:
        ranges = choose_ranges([measure(open_picture)])
    low, high = ranges[kind == FLOATS]
    table = _scaled(np.arange(1 << 16), low, high)  # which takes less memory than arithmetic
    result, top = None, 0
    for values, alpha in _values(open_picture):
        scaled = table[values] if values.dtype == np.uint16 else _scaled(values, low, high)
        if alpha is not None:
            scaled = np.dstack([scaled, alpha])
        strip = Image.fromarray(scaled)
        result = result or Image.new(strip.mode, picture.size)
        result.paste(strip, (0, top))
        top += strip.height
    note = f"of {kind}: values from {low:,.6g} to {high:,.6g} became 0 to 255"
    return result, note


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = (values.astype("float64") - low) * (255 / (high - low))
    return np.clip(np.round(scaled), 0, 255).astype("uint8")


def _values(open_picture: Open) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Return the numbers in the file, strip by strip, and an alpha channel of 8 bits or None."""
    picture = open_picture()
    raw = _raw_mode(picture)
    clear = picture.info.get("transparency")
    if picture.mode.startswith(("I", "F")):
        picture.load()
        for strip in strips(picture):
            values = np.asarray(strip)
            yield values, None if clear is None else _opaque(values != clear)
    elif raw == "LA;16B":  # two numbers of two bytes each, read as four bytes
        picture.tile = [tile._replace(args=_arguments(tile, "RGBA")) for tile in picture.tile]
        picture.load()
        for strip in strips(picture):
            pixels = np.asarray(strip)
            yield pixels[..., 0] * np.uint16(256) + pixels[..., 1], pixels[..., 2]
    else:
        lower = open_picture()
        lower.tile = [tile._replace(args=_arguments(tile, LOWER_HALF[raw])) for tile in lower.tile]
        picture.load(), lower.load()
        for strip, below in zip(strips(picture), strips(lower), strict=True):
            pixels, rest = np.asarray(strip), np.asarray(below)
            values = pixels[..., :3] * np.uint16(256) + rest[..., :3]
            alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
            if isinstance(clear, tuple):
                alpha = _opaque((values != clear).any(axis=2))
            yield values, alpha


def _opaque(where: np.ndarray) -> np.ndarray:
    return np.where(where, np.uint8(255), np.uint8(0))


def _raw_mode(picture: Image.Image) -> str:
    """Return Pillow's name for the arrangement of the numbers in a file, such as "RGB;16B"."""
    tiles = getattr(picture, "tile", None)
    arguments = tiles[0][3] if tiles else None
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _arguments(tile: tuple, raw: str) -> tuple | str:
    """Return the arguments of a decoder of Pillow with another arrangement of the numbers."""
    return (raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw


def _kind(picture: Image.Image) -> str:
    if picture.mode.startswith("F"):
        return FLOATS
    usual = 32 if picture.mode == "I" and picture.format not in ("PNG", "PPM") else 16
    bits = getattr(picture, "tag_v2", {}).get(BITS_PER_SAMPLE, (usual,))[0]
    return f"{bits} bits per channel"


def _ppm_maximum(picture: Image.Image) -> int | None:
    tiles = getattr(picture, "tile", None)
    if picture.format == "PPM" and tiles and tiles[0][0].startswith("ppm"):
        return tiles[0][3][1]
    return None


def _stated_maximum(picture: Image.Image) -> int | None:
    """Return the largest value that an image can have, if its file states more than its type."""
    if _ppm_maximum(picture) is not None:
        return 65_535  # the decoder converts them to this range
    tags = getattr(picture, "tag_v2", {})
    values = tags.get(MAX_SAMPLE)
    if isinstance(values, tuple):
        values = values[0] if values else None
    if isinstance(values, int):
        return values
    bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
    return 2**bits - 1 if 8 < bits < 16 else None


def bits_of_compressed(content: bytes) -> int:
    """Return the bits per channel of a JPEG 2000 or AVIF file, of which Pillow decodes 8."""
    for start, offset in ((b"\xff\x4f\xff\x51", 42), (b"pixi", 9)):
        place = content.find(start, 0, 1 << 16)
        if place >= 0 and place + offset < len(content):
            return (content[place + offset] & 0x7F) + (offset == 42)
    return 8
