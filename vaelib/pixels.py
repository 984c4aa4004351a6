"""What an image is: pixels as bytes, 0 to 255, or as floats in [0, 1]."""

import numpy as np

from vaelib.backend import keras, ops

IMAGE_SHAPE = (28, 28, 1)  # of the post's images


def to_unit_interval(images):
    """Pixels 0 to 255 as floats in [0, 1]; floats are returned as they are. A tensor."""
    images = ops.convert_to_tensor(images)
    if keras.backend.is_float_dtype(images.dtype):
        return images
    return ops.cast(images, "float32") / 255.0


def check_images(images, shape=None):
    """The images as an array (n, height, width, channels).

    Args:
        images: uint8, or floats in [0, 1].
        shape: (height, width, channels) that each must have; None: any, in grey or in colour.

    Raises:
        ValueError: that says what is wrong with them: another shape, no image at all, values that
            are neither bytes nor floats in [0, 1], NaN among them.
    """
    images = np.asarray(images)
    words = "height, width, 1 or 3" if shape is None else ", ".join(map(str, shape))
    expected = f"expected (n, {words}), either uint8 or floats in [0, 1]"
    known = images.ndim == 4 and images.shape[3] in (1, 3) and images.size
    if not known or (shape is not None and images.shape[1:] != tuple(shape)):
        raise ValueError(f"images of shape {images.shape}: {expected}.")
    low, high = images.min(), images.max()
    if images.dtype == np.uint8:
        if high == 1:  # white as 1 would pass for a black that no eye can tell from 0
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
