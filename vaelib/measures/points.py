"""Points that are measured: codes, or features of images."""

import numpy as np


def check_points(points, least=2, name="codes"):
    """The points as float64, (n, dimensions).

    Args:
        points: whatever was given.
        least: how many there have to be.
        name: what they are called in the message.

    Raises:
        ValueError: for another shape, too few points, or numbers that are not finite or too large
            to be squared.
    """
    points = np.asarray(points, "float64")
    if points.ndim != 2 or len(points) < least or points.shape[1] == 0:
        raise ValueError(
            f"{name} of shape {points.shape}: expected (n, dimensions), n {least} or more."
        )
    if not (np.abs(points) < 1e100).all():  # also true for NaN
        raise ValueError(
            f"some {name} are NaN, infinite or beyond 1e100: measure a model that is trained."
        )
    return points
