"""The square grid of codes that a latent plane is decoded on: by default the post's."""

import numpy as np

SIDE = 16  # the post's grid: 16 x 16 codes over [-4, 4]^2
LIMIT = 4.0


def grid_codes(side=SIDE, limit=LIMIT):
    """Codes on a square grid, row by row with z2 rising upwards, as in a scatter plot.

    Returns:
        (side * side, 2), float32: first the top row, from left to right.
    """
    steps = np.linspace(-limit, limit, side, dtype="float32")
    z1, z2 = np.meshgrid(steps, steps[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)
