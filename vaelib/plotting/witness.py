"""Plot the witness function of MMD, which shows where two samples of codes differ."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from vaelib.plotting.panels import new_figure, set_latent_axes
from vaelib.plotting.prior_contours import plot_prior
from vaelib.plotting.text import plain

# From brown through white to purple, which readers with red-green color blindness can distinguish
# as well. The number of steps is odd, so that values around 0 get the white step in the middle.
COLORS = mpl.colormaps["PuOr"].resampled(19)


def witness(functions: dict[str, np.ndarray], limit: float) -> Figure:
    """Plot witness functions f(z) = E k(x, z) - E k(y, z) over the latent space.

    All panels have the same color scale: purple where the sample x is denser than the sample y,
    brown where it is less dense, and white around 0. The dashed circle contains 95 % of N(0, I).

    Args:
        functions: For each panel its title and the values of f, shape (side * side,), in the order
            of `latent_grid.grid_codes`.
        limit: The grid of codes spans [-limit, limit] on both axes.

    Raises:
        ValueError: If values are not finite, or are not those of a square grid.
    """
    squares = {title: _square(title, values) for title, values in functions.items()}
    farthest = max(np.abs(square).max() for square in squares.values()) or 1.0
    figure, axes = new_figure(1, len(squares), size=4.2)
    figure.set_size_inches(4.2 * len(squares) + 1.0, 4.0)  # leave space for the color bar
    for ax, (title, square) in zip(axes[0], squares.items(), strict=True):
        side = len(square)
        half = limit * side / (side - 1)  # codes are at the centers of the pixels
        image = ax.imshow(
            square,
            extent=(-half, half, -half, half),
            **dict(cmap=COLORS, vmin=-farthest, vmax=farthest, interpolation="bilinear"),
        )
        plot_prior(ax)
        set_latent_axes(ax, limit)
        ax.set_title(plain(title))
    bar = figure.colorbar(image, ax=list(axes[0]), shrink=0.95, pad=0.02)
    bar.set_label("f(z)     below 0: too few, above 0: too many")
    return figure


def _square(title: str, values: np.ndarray) -> np.ndarray:
    """Reshape (side * side,) to (side, side), with z2 increasing upwards."""
    values = np.asarray(values)
    side = round(values.size**0.5)
    if values.ndim != 1 or side < 2 or side * side != values.size:
        raise ValueError(
            f"values of shape {values.shape} for {title!r}: expected (side * side,), one for each "
            "code of a square grid."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"some values for {title!r} are not finite.")
    return values.reshape(side, side)
