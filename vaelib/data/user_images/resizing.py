"""Bring images to one size and to gray or color."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

FITS = "crop", "pad"
GRAYED = "in color: converted to gray"
STRIP = 1_000_000  # pixels that are looked at together, to save memory
#: Pixels of a side that become one pixel of the result. For more, Pillow's filter needs gigabytes.
MOST_SCALED = 10_000


def is_gray(picture: Image.Image) -> bool:
    """Return whether an image of mode L or RGB contains only shades of gray."""
    if picture.mode == "L":
        return True
    for strip in strips(picture):
        pixels = np.asarray(strip)
        red, green, blue = (pixels[..., i] for i in range(3))
        if not ((red == green).all() and (green == blue).all()):
            return False
    return True


def strips(picture: Image.Image) -> Iterator[Image.Image]:
    """Return a picture in horizontal strips of about `STRIP` pixels, one at a time."""
    width, height = picture.size
    rows = max(1, STRIP // width)
    if rows >= height:
        return iter([picture])
    return (
        picture.crop((0, top, width, min(top + rows, height))) for top in range(0, height, rows)
    )


def resize(
    picture: Image.Image, shape: tuple[int, int, int], fit: str = "crop"
) -> tuple[np.ndarray, set[str]]:
    """Resize an image and return its pixels.

    Args:
        picture: An image of mode L or RGB, of any aspect ratio.
        shape: Shape (height, width, channels) of the result, with 1 or 3 channels.
        fit: "crop" scales the image to fill the size and crops the rest. "pad" scales it to fit
            inside the size and adds white borders.

    Returns:
        A uint8 array of the given shape, and the set of conversions that were necessary.
    """
    height, width, channels = shape
    done = {GRAYED} if channels == 1 and not is_gray(picture) else set()
    if channels == 1 and picture.mode != "L":
        picture = picture.convert("L")
    if picture.size != (width, height):
        picture = (_cropped if fit == "crop" else _padded)(picture, width, height)
    if channels == 3 and picture.mode != "RGB":  # after resizing, because it takes less memory
        picture = picture.convert("RGB")
    return np.asarray(picture).reshape(shape), done


# The arithmetic is that of `PIL.ImageOps.fit` and `pad`, except that no side becomes shorter than
# one pixel. Some versions of Pillow fail for narrow images, and others return only the border.
def _cropped(picture: Image.Image, width: int, height: int) -> Image.Image:
    wide, high = picture.size
    ratio = width / height
    if wide / high > ratio:
        box_width, box_height = ratio * high, high
    elif wide / high < ratio:
        box_width, box_height = wide, wide / ratio
    else:
        box_width, box_height = wide, high
    left, top = (wide - box_width) * 0.5, (high - box_height) * 0.5
    box = (left, top, left + box_width, top + box_height)
    return picture.resize((width, height), Image.Resampling.LANCZOS, box=box)


def _padded(picture: Image.Image, width: int, height: int) -> Image.Image:
    wide, high = picture.size
    size = width, height
    if wide / high > width / height:
        size = width, max(1, round(high / wide * width))
    elif wide / high < width / height:
        size = max(1, round(wide / high * height)), height
    # Several pixels are averaged into one, as often as they fit into what becomes one pixel.
    factors = max(1, wide // (MOST_SCALED * size[0])), max(1, high // (MOST_SCALED * size[1]))
    if max(factors) > 1:
        picture = picture.reduce(factors)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    if size == (width, height):
        return picture
    padded = Image.new(picture.mode, (width, height), "white")
    padded.paste(picture, (round((width - size[0]) * 0.5), round((height - size[1]) * 0.5)))
    return padded
