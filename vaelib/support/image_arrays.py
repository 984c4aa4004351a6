"""Check and convert arrays of images, whose pixels are bytes (0 to 255) or floats in [0, 1]."""

import numpy as np

from vaelib.support.backend import Tensor, keras, ops

IMAGE_SHAPE = (28, 28, 1)  # height, width, and channels of MNIST and Fashion-MNIST


def to_unit_interval(images: Tensor) -> Tensor:
    """Convert pixels from bytes (0 to 255) to floats in [0, 1]; leave floats unchanged.

    >>> to_unit_interval(np.array([0, 51, 255], dtype="uint8")).numpy().tolist()
    [0.0, 0.2, 1.0]
    """
    images = ops.convert_to_tensor(images)
    if keras.backend.is_float_dtype(images.dtype):
        return images
    return ops.cast(images, "float32") / 255.0


def check_images(images: np.ndarray, shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return the images as a uint8 or float32 array, or raise if they are not valid.

    Args:
        images: Shape (n, height, width, channels), uint8 or floats in [0, 1], n at least 1.
        shape: (height, width, channels) that each image must have. None accepts any height and
            width, with one channel (gray) or three (color).

    Raises:
        ValueError: If the shape is different, if there is no image, or if the values are neither
            bytes nor floats in [0, 1]; NaN is not allowed either.
    """
    images = np.asarray(images)
    words = "height, width, 1 or 3" if shape is None else ", ".join(map(str, shape))
    expected = f"expected (n, {words}), either uint8 or floats in [0, 1]"
    known = images.ndim == 4 and images.shape[3] in (1, 3) and images.size
    if not known or (shape is not None and images.shape[1:] != tuple(shape)):
        raise ValueError(f"images of shape {images.shape}: {expected}.")
    low, high = images.min(), images.max()
    if images.dtype == np.uint8:
        if high == 1:  # white as 1 of 255 would look black, so this is a mistake in the scale
            raise ValueError(
                "images of uint8 with no value but 0 and 1: bytes go from 0, black, to 255, "
                "white. Multiply by 255, or convert to float32."
            )
        return images
    if images.dtype.kind != "f":
        raise ValueError(f"images of type {images.dtype}: {expected}.")
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise ValueError(f"images between {low:g} and {high:g}: {expected}.")
    return images.astype("float32", copy=False)
