"""One picture: the bytes of a file in, pixels of a given size out, whatever the format.

Pillow decodes. What it would do silently is either said, once for a whole folder (a transparent
picture is laid on white, of an animated one the first frame is taken), or refused with the file's
name.
"""

import io
import math

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vaelib.errors import DataError

#: What Pillow calls the formats that are read; PPM is also PGM and PBM.
FORMATS = "PNG", "JPEG", "GIF", "WEBP", "BMP", "PPM", "TIFF"
FITS = "crop", "pad"
#: A picture with more pixels is refused before it is unpacked: it may be a decompression bomb.
MOST_PIXELS = 100_000_000

ANIMATED = "animated: the first frame was taken"
TRANSPARENT = "transparent: laid on white"
CMYK = "made for print (CMYK): converted to red, green and blue"
DEEP = "of 16 bit: brought to 8 bit"
GREYED = "in colour: brought to grey"


def decoded(content, name):
    """The picture in a file, upright, in grey (mode L) or in colour (mode RGB).

    Args:
        content: of the file, bytes.
        name: of the file, for messages.

    Returns:
        A Pillow image, and the set of what had to be done to it, such as `TRANSPARENT`.

    Raises:
        DataError: for what is no picture, is damaged, or has too many pixels.
    """
    if not content:
        raise DataError(f"{name} is empty: put a whole copy in its place, or leave it out.")
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise DataError(
            f"{name} is not an image: expected {', '.join(FORMATS)}. Remove it, or leave out what "
            "can't be read (skip=True, --skip)."
        ) from None
    except Image.DecompressionBombError:
        raise _bomb(name) from None
    except Exception as error:  # Pillow raises whatever a damaged header leads to
        raise _damaged(name, error) from None
    if math.prod(picture.size) > MOST_PIXELS:
        raise _bomb(name)
    try:
        done = {ANIMATED} if getattr(picture, "n_frames", 1) > 1 else set()
        picture.load()
        return _in_grey_or_colour(ImageOps.exif_transpose(picture), done, name)
    except DataError:
        raise
    except Exception as error:  # as above; a truncated file is an OSError, mostly
        raise _damaged(name, error) from None


def _bomb(name):
    return DataError(
        f"{name} has more than {MOST_PIXELS:,} pixels: it may be made to fill the memory. Scale it "
        "down, or leave it out."
    )


def _damaged(name, error):
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return DataError(
        f"{name} is truncated or damaged ({reason}): put a whole copy in its place, or leave out "
        "what can't be read (skip=True, --skip)."
    )


def _in_grey_or_colour(picture, done, name):
    if picture.mode.startswith("I"):  # I;16, or I as Pillow opens some 16-bit files
        values = np.asarray(picture).astype("int64")
        if values.min() < 0 or values.max() > 65_535:
            raise DataError(f"{name} has more than 16 bit a pixel, which can't be brought to 8.")
        return Image.fromarray(np.round(values / 257).astype("uint8")), done | {DEEP}
    if picture.mode == "F":
        raise DataError(f"{name} has pixels of floating point, expected bytes: convert it first.")
    if picture.mode == "CMYK":
        done = done | {CMYK}
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        if layer.getextrema()[3][0] < 255:
            done = done | {TRANSPARENT}
        grey = picture.mode in ("LA", "La")
        return Image.alpha_composite(white, layer).convert("L" if grey else "RGB"), done
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB"), done


def is_grey(picture):
    """Whether a picture has no colour, however it is stored."""
    if picture.mode == "L":
        return True
    red, green, blue = (np.asarray(band) for band in picture.split())
    return bool((red == green).all() and (green == blue).all())


def fitted(picture, shape, fit="crop"):
    """The pixels of a picture that was brought to a size.

    Args:
        picture: a Pillow image of mode L or RGB.
        shape: (height, width, channels), channels 1 or 3.
        fit: "crop" fills the size and cuts off what sticks out, "pad" shows all on white.

    Returns:
        uint8 (height, width, channels), and the set of what was done to it.
    """
    height, width, channels = shape
    done = {GREYED} if channels == 1 and not is_grey(picture) else set()
    picture = picture.convert("L" if channels == 1 else "RGB")
    if picture.size != (width, height):
        if fit == "crop":
            picture = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        else:
            picture = ImageOps.pad(picture, (width, height), Image.Resampling.LANCZOS, "white")
    return np.asarray(picture).reshape(shape), done
