"""Apply a function to many images a few at a time, so that they need less memory.

This is for computations without gradients, such as encoding a test set.
"""

import math
from collections.abc import Callable

import numpy as np

from vaelib.support.backend import Tensor, ops
from vaelib.support.image_arrays import IMAGE_SHAPE

# Number of images of 28 x 28 pixels that are processed at a time when no gradient is needed. Each
# of them takes about 250 KB of memory.
CHUNK = 250


def chunk_size(image_shape: tuple[int, int, int], images: int = CHUNK) -> int:
    """Return the number of images that need as much memory as `images` images of 28 x 28 pixels.

    Memory is assumed to be proportional to height times width. The number of channels is ignored,
    because most of the memory is needed for the output of hidden layers.

    Args:
        image_shape: (height, width, channels).
        images: Number of images of 28 x 28 pixels.

    Returns:
        A number of images, 1 or more.

    >>> chunk_size((56, 56, 1), images=100)
    25
    """
    return max(1, images * IMAGE_SHAPE[0] * IMAGE_SHAPE[1] // math.prod(image_shape[:2]))


def apply_in_chunks(
    function: Callable[[np.ndarray], Tensor], array: np.ndarray, size: int = CHUNK
) -> np.ndarray:
    """Apply a function to an array, a number of rows at a time to save memory.

    Args:
        function: Maps an array of shape (m, ...) to one with m rows, for any m from 1 to `size`.
        array: Shape (n, ...), n at least 1.
        size: Number of rows in each call.

    Returns:
        The results for all n rows.

    >>> apply_in_chunks(ops.square, np.array([1, 2, 3]), size=2).tolist()
    [1, 4, 9]
    """
    parts = (array[start : start + size] for start in range(0, len(array), size))
    return np.concatenate([ops.convert_to_numpy(function(part)) for part in parts])
