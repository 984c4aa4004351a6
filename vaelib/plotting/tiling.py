"""Arrange many images in one picture."""

import numpy as np


def tile_images(images: np.ndarray, columns: int) -> np.ndarray:
    """Arrange images side by side, row by row, and fill up the last row with white.

    Args:
        images: Images, shape (n, height, width, channels), with 1 or 3 channels, as bytes (uint8)
            or as floats in [0, 1].
        columns: Number of images per row.

    Returns:
        One picture of the same dtype: shape (rows * height, columns * width) for one channel,
        (rows * height, columns * width, 3) for three.

    Raises:
        ValueError: If the images have another shape or other values, or if there are none.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"images of shape {images.shape}: expected (n, height, width, 1 or 3), n at least 1."
        )
    white = white_value(images)
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height, width, channels), white, images.dtype)
    tiles[:n] = images
    tiles = tiles.reshape(rows, columns, height, width, channels)
    picture = tiles.transpose(0, 2, 1, 3, 4).reshape(-1, columns * width, channels)
    return picture[..., 0] if channels == 1 else picture


def white_value(pixels: np.ndarray) -> int:
    """Return the value of a white pixel: 255 for bytes (uint8), 1 for floats.

    Raises:
        ValueError: If pixels lie outside of the range from 0 to this value.
    """
    brightest = 255 if pixels.dtype == np.uint8 else 1
    if not (pixels.min() >= 0 and pixels.max() <= brightest):
        raise ValueError(
            f"pixels from {pixels.min():g} to {pixels.max():g}: expected bytes, or floats in "
            "[0, 1]."
        )
    return brightest
