"""Refuse images whose values show that white was not saved as 255."""

import numpy as np

from vaelib.support.errors import DataError


def check_bright(images: np.ndarray, words: str) -> None:
    """Raise if images have no value but 0 and 1, as masks have that were saved without scaling.

    Args:
        images: Shape (n, height, width, channels), uint8. Images that are all black are allowed.
        words: What the images are, the beginning of the message, for example "the test images".

    Raises:
        DataError: If the largest value is 1.
    """
    if np.size(images) and images.max() == 1:
        raise DataError(
            f"{words} have no value but 0 and 1, so all of them would look black: expected values "
            "from 0 (black) to 255 (white). If they are masks, save them with white as 255."
        )
