"""Create the square grid of codes on which a two-dimensional latent space is decoded.

The default grid is that of the blog post "Representation learning with MMD-VAE" (S. Keydana,
RStudio AI blog, 2018): 16 x 16 codes over [-4, 4]^2.
"""

import numpy as np

SIDE = 16
LIMIT = 4.0


def grid_codes(side: int = SIDE, limit: float = LIMIT) -> np.ndarray:
    """Return codes on a square grid, row by row, with z2 increasing upward as in a scatter plot.

    Args:
        side: Number of codes in each row and in each column.
        limit: Both coordinates range from -limit to limit.

    Returns:
        Shape (side * side, 2), float32. The top row comes first, from left to right.

    >>> grid_codes(side=2, limit=1.0).tolist()
    [[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    """
    steps = np.linspace(-limit, limit, side, dtype="float32")
    z1, z2 = np.meshgrid(steps, steps[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)
