"""Check arrays of points (codes or image features) before they are measured."""

import numpy as np
from numpy.typing import ArrayLike


def check_points(points: ArrayLike, least: int = 2, name: str = "codes") -> np.ndarray:
    """Convert points to a float64 array and check it.

    Args:
        points: Array-like of shape (n, dimensions).
        least: Smallest allowed number of points.
        name: What the error message calls the points.

    Returns:
        The points, float64, shape (n, dimensions).

    Raises:
        ValueError: If the shape is different, if there are fewer than `least` points, or if a
            number is NaN or larger than 1e100, so that its square could overflow.
    """
    points = np.asarray(points, "float64")
    if points.ndim != 2 or len(points) < least or points.shape[1] == 0:
        raise ValueError(
            f"{name} of shape {points.shape}: expected (n, dimensions) with n at least {least}."
        )
    if not (np.abs(points) < 1e100).all():  # NaN fails this comparison, too
        raise ValueError(
            f"some {name} are NaN, infinite or beyond 1e100: measure a model whose training "
            "succeeded."
        )
    return points
