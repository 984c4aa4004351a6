"""Decode an image file with Pillow and resize it.

Conversions that Pillow would perform silently are returned to the caller, which reports them once
for a whole folder. For example, transparent images are placed on white. Files that cannot be
converted raise DataError with their name.
"""

import io
import math

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vaelib.support.errors import DataError

#: Formats that are read, by their names in Pillow. PPM includes PGM and PBM.
FORMATS = "PNG", "JPEG", "GIF", "WEBP", "BMP", "PPM", "TIFF"
FITS = "crop", "pad"
#: Images with more pixels are rejected before decoding, as possible decompression bombs.
MAX_PIXELS = 100_000_000

ANIMATED = "animated: the first frame was used"
TRANSPARENT = "transparent: placed on white"
CMYK = "in CMYK colors: converted to red, green and blue"
SIXTEEN_BIT = "of 16 bits per pixel: converted to 8 bits"
GRAYED = "in color: converted to gray"


def decode(content: bytes, name: str) -> tuple[Image.Image, set[str]]:
    """Decode an image file, and turn the image upright as its metadata say.

    Args:
        content: Content of the file.
        name: Name of the file, for error messages.

    Returns:
        An image in gray (mode L) or in color (mode RGB), and the set of conversions that were
        necessary, such as `TRANSPARENT`.

    Raises:
        DataError: If the file is not an image, is damaged, or has more than `MAX_PIXELS` pixels.
    """
    if not content:
        raise DataError(f"{name} is empty: replace it with a complete copy, or remove it.")
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise DataError(
            f"{name} is not an image: expected {', '.join(FORMATS)}. Remove it, or skip all files "
            "that can't be read (skip=True, --skip)."
        ) from None
    except Image.DecompressionBombError:
        raise _bomb(name) from None
    except Exception as error:  # Pillow raises many different types for damaged headers
        raise _damaged(name, error) from None
    if math.prod(picture.size) > MAX_PIXELS:
        raise _bomb(name)
    try:
        done = {ANIMATED} if getattr(picture, "n_frames", 1) > 1 else set()
        picture.load()
        return _in_gray_or_color(ImageOps.exif_transpose(picture), done, name)
    except DataError:
        raise
    except Exception as error:  # likewise; usually an OSError if the file is truncated
        raise _damaged(name, error) from None


def _bomb(name: str) -> DataError:
    return DataError(
        f"{name} has more than {MAX_PIXELS:,} pixels and could fill the memory. Scale it down, or "
        "remove it."
    )


def _damaged(name: str, error: Exception) -> DataError:
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return DataError(
        f"{name} is truncated or damaged ({reason}): replace it with a complete copy, or skip all "
        "files that can't be read (skip=True, --skip)."
    )


def _in_gray_or_color(
    picture: Image.Image, done: set[str], name: str
) -> tuple[Image.Image, set[str]]:
    """Convert an image to mode L or RGB, and add the conversions to `done`."""
    if picture.mode.startswith("I"):  # "I;16", or "I" for some 16-bit files
        values = np.asarray(picture).astype("int64")
        if values.min() < 0 or values.max() > 65_535:
            raise DataError(f"{name} has more than 16 bits per pixel: convert it to 8 bits first.")
        return Image.fromarray(np.round(values / 257).astype("uint8")), done | {SIXTEEN_BIT}
    if picture.mode == "F":
        raise DataError(f"{name} has floating-point pixels: convert it to 8 bits first.")
    if picture.mode == "CMYK":
        done = done | {CMYK}
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        if layer.getextrema()[3][0] < 255:
            done = done | {TRANSPARENT}
        gray = picture.mode in ("LA", "La")
        return Image.alpha_composite(white, layer).convert("L" if gray else "RGB"), done
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB"), done


def is_gray(picture: Image.Image) -> bool:
    """Return whether an image of mode L or RGB contains only shades of gray."""
    if picture.mode == "L":
        return True
    red, green, blue = (np.asarray(band) for band in picture.split())
    return bool((red == green).all() and (green == blue).all())


def resize(
    picture: Image.Image, shape: tuple[int, int, int], fit: str = "crop"
) -> tuple[np.ndarray, set[str]]:
    """Resize an image and return its pixels.

    Args:
        picture: An image of mode L or RGB.
        shape: Shape (height, width, channels) of the result, with 1 or 3 channels.
        fit: "crop" scales the image to fill the size and crops the rest. "pad" scales it to fit
            inside the size and adds white borders.

    Returns:
        A uint8 array of the given shape, and the set of conversions that were necessary.
    """
    height, width, channels = shape
    done = {GRAYED} if channels == 1 and not is_gray(picture) else set()
    picture = picture.convert("L" if channels == 1 else "RGB")
    if picture.size != (width, height):
        if fit == "crop":
            picture = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        else:
            picture = ImageOps.pad(picture, (width, height), Image.Resampling.LANCZOS, "white")
    return np.asarray(picture).reshape(shape), done
