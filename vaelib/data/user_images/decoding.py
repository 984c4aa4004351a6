"""Decode an image file with Pillow.

Conversions that Pillow would perform silently are returned to the caller, which reports them once
for a whole folder. For example, transparent images are placed on white. Files that cannot be
converted raise `FileProblem`.
"""

import io
import math

from PIL import Image, ImageCms, ImageOps

from vaelib.data.user_images import depth
from vaelib.data.user_images.problems import FileProblem
from vaelib.data.user_images.recognizing import damaged, open_picture, without_descriptions
from vaelib.data.user_images.resizing import strips

ANIMATED = "animated: the first frame was used"
SEVERAL = "followed by others in the same file: only the first was used"
TRANSPARENT = "transparent: placed on white"
CMYK = "in CMYK colors: converted to red, green and blue"
LAB = "in LAB colors: converted to red, green and blue"
CUT = "of more than 8 bits per channel: only the upper 8 bits were used"
ANIMATIONS = "GIF", "PNG", "WEBP", "AVIF", "FLI"
ORIENTATION = 0x0112  # tag of EXIF
# Bytes of memory for each pixel of an image that is decoded, with all copies that are made of it.
COST = {"1": 2, "L": 2, "P": 9, "I;16": 4, "I;16B": 4, "I": 6, "F": 6, "RGB": 8, "CMYK": 8}
MOST = 20  # likewise, for all others
ROW = 8  # bytes of memory for each row, for its address


def decode(
    content: bytes, name: str, ranges: dict[bool, tuple[float, float]] | None = None
) -> tuple[Image.Image, set[str]]:
    """Decode an image file, and turn the image upright as its metadata say.

    Args:
        content: Content of the file.
        name: Name of the file, for error messages.
        ranges: Which values of images with more than 8 bits become 0 to 255, as
            `depth.choose_ranges` returns them. None chooses a range for this image alone.

    Returns:
        An image in gray (mode L) or in color (mode RGB), and the set of conversions that were
        necessary, such as `TRANSPARENT`.

    Raises:
        FileProblem: If the file is not an image, is damaged, or has too many pixels.
    """
    picture = open_picture(io.BytesIO(content), name)
    try:
        return _decoded(picture, content, name, ranges)
    except FileProblem:
        raise
    except Exception as error:  # Pillow raises many types; OSError if the file is truncated
        # Pillow refuses large texts, which may follow the pixels, but they do no harm.
        plain = without_descriptions(content) if isinstance(error, ValueError) else None
        if plain is None or len(plain) == len(content):
            raise damaged(name, error) from None
    return decode(plain, name, ranges)


def measure(content: bytes, name: str) -> depth.Extent:
    """Return the range of values of an image with more than 8 bits per channel.

    Raises:
        FileProblem: If the file is damaged, or if a value is infinite or not a number.
    """
    try:
        extent = depth.measure(lambda: open_picture(io.BytesIO(content), name))
    except FileProblem:
        raise
    except Exception as error:
        raise damaged(name, error) from None
    if not (math.isfinite(extent.low) and math.isfinite(extent.high)):
        raise FileProblem(name, "has pixels that are not finite numbers", "replace these")
    return extent


def cost(picture: Image.Image) -> int:
    """Return about how many bytes of memory it takes to decode a picture that was opened."""
    each = COST.get(picture.mode, MOST)
    if (
        picture.has_transparency_data
        or picture.format in ("WEBP", "AVIF")
        or (picture.mode == "RGB" and depth.is_deep(picture))
    ):
        each = MOST
    return each * math.prod(picture.size) + ROW * picture.height


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return (height, width) of a picture that was opened, after it is turned upright."""
    width, height = picture.size
    # Not `picture.getexif()`, which decodes all pixels of a PNG.
    if width != height and Image.Image.getexif(picture).get(ORIENTATION, 1) in (5, 6, 7, 8):
        width, height = height, width
    return height, width


def _decoded(
    picture: Image.Image,
    content: bytes,
    name: str,
    ranges: dict[bool, tuple[float, float]] | None,
) -> tuple[Image.Image, set[str]]:
    done = _frames(picture, content, name)
    if depth.is_deep(picture):
        result, note = depth.convert(lambda: open_picture(io.BytesIO(content), name), ranges)
        orientation = Image.Image.getexif(picture).get(ORIENTATION)
        if orientation:
            result.getexif()[ORIENTATION] = orientation
        picture, done = result, done | {note}
    else:
        if depth.is_cut(picture) or (
            picture.format in ("JPEG2000", "AVIF") and depth.bits_of_compressed(content) > 8
        ):
            done.add(CUT)
        picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    return _in_gray_or_color(picture, done)


def _frames(picture: Image.Image, content: bytes, name: str) -> set[str]:
    """Return a note if a file has more than one picture, without reading all of them."""
    if picture.format in ANIMATIONS:
        return {ANIMATED} if getattr(picture, "is_animated", False) else set()
    if picture.format == "TIFF":
        # `n_frames` would read every frame, and the time grows with the square of their number.
        another = open_picture(io.BytesIO(content), name)
        try:
            another.seek(1)
        except Exception:  # EOFError, or whatever a damaged second frame raises
            return set()
        return {SEVERAL}
    several = picture.format in ("MPO", "DCX") and getattr(picture, "n_frames", 1) > 1
    return {SEVERAL} if several else set()


def _in_gray_or_color(picture: Image.Image, done: set[str]) -> tuple[Image.Image, set[str]]:
    """Convert an image to mode L or RGB, and add the conversions to `done`."""
    if picture.mode == "CMYK":
        done = done | {CMYK}
    if picture.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB"), done | {LAB}
    if picture.has_transparency_data:
        return _on_white(picture, done)
    mode = "L" if picture.mode in ("1", "L") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode), done


def _on_white(picture: Image.Image, done: set[str]) -> tuple[Image.Image, set[str]]:
    mode = "L" if picture.mode in ("LA", "La") else "RGB"
    result, top = Image.new(mode, picture.size), 0
    for strip in strips(picture):
        layer = strip.convert("RGBA")
        if layer.getextrema()[3][0] < 255:
            done = done | {TRANSPARENT}
        white = Image.new("RGBA", layer.size, "white")
        result.paste(Image.alpha_composite(white, layer).convert(mode), (0, top))
        top += layer.height
    return result, done
