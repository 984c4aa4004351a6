"""Many images as one picture: side by side, row by row."""

import numpy as np


def mosaic(images, columns):
    """Images side by side, row by row; where the last row is not full, white is left.

    Args:
        images: (n, height, width, channels), bytes or floats in [0, 1], with 1 or 3 channels.
        columns: images per row.

    Returns:
        (rows * height, columns * width) in grey, (rows * height, columns * width, 3) in colour.

    Raises:
        ValueError: for images of another shape, none, or values beyond these.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"images of shape {images.shape}: expected (n, height, width, 1 or 3), n at least 1."
        )
    white = brightness(images)
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height, width, channels), white, images.dtype)
    tiles[:n] = images
    tiles = tiles.reshape(rows, columns, height, width, channels)
    picture = tiles.transpose(0, 2, 1, 3, 4).reshape(-1, columns * width, channels)
    return picture[..., 0] if channels == 1 else picture


def brightness(pixels):
    """What is white: 255 for bytes, 1 for floats; a ValueError for values beyond these."""
    brightest = 255 if pixels.dtype == np.uint8 else 1
    if not (pixels.min() >= 0 and pixels.max() <= brightest):
        raise ValueError(
            f"pixels from {pixels.min():g} to {pixels.max():g}: expected bytes, or floats in "
            "[0, 1]."
        )
    return brightest
