"""Where two clouds differ: the witness function of MMD over the plane."""

import matplotlib as mpl
import numpy as np

from vaelib.plotting.panels import figure_of, frame_plane, plot_prior

# From brown to purple by way of white: also for eyes that do not tell red from green. In steps,
# an odd number of them, so that the one in the middle is white and holds what is about 0.
COLORS = mpl.colormaps["PuOr"].resampled(19)


def witness(functions, limit):
    """Witness functions f(z) = E k(x, z) - E k(y, z) over the plane, all on one scale of colours.

    Purple where x has more than y, brown where it has less, white at about 0. The dashed circle
    holds 95 % of N(0, I).

    Args:
        functions: dict of title to values (side * side,), in the order of `grid.grid_codes`.
        limit: the places span [-limit, limit] on both axes.

    Raises:
        ValueError: for values that are not finite, or not those of a square of places.
    """
    squares = {title: _square(title, values) for title, values in functions.items()}
    farthest = max(np.abs(square).max() for square in squares.values()) or 1.0
    figure, axes = figure_of(1, len(squares), size=4.2)
    figure.set_size_inches(4.2 * len(squares) + 1.0, 4.0)  # room for the bar
    for ax, (title, square) in zip(axes[0], squares.items(), strict=True):
        side = len(square)
        half = limit * side / (side - 1)  # places are at the middles of the pixels
        image = ax.imshow(
            square,
            extent=(-half, half, -half, half),
            **dict(cmap=COLORS, vmin=-farthest, vmax=farthest, interpolation="bilinear"),
        )
        plot_prior(ax)
        frame_plane(ax, limit)
        ax.set_title(title)
    bar = figure.colorbar(image, ax=list(axes[0]), shrink=0.95, pad=0.02)
    bar.set_label("f(z)     below 0: too few, above 0: too many")
    return figure


def _square(title, values):  # (side * side,) -> (side, side), z2 rising upwards
    values = np.asarray(values)
    side = round(values.size**0.5)
    if values.ndim != 1 or side < 2 or side * side != values.size:
        raise ValueError(
            f"values of shape {values.shape} for {title!r}: expected (side * side,), one for each "
            "place of a square grid."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"some values for {title!r} are not finite.")
    return values.reshape(side, side)
