"""Plot into one panel of a figure; the other modules of `vaelib.plotting` build on this.

Latent spaces look the same in all figures: z1 increases to the right and z2 upwards, and both axes
have the same scale, so that a decoded grid can be compared with a scatter plot.
"""

from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vaelib.plotting.prior_contours import plot_prior
from vaelib.plotting.text import SHORT, plain
from vaelib.plotting.tiling import tile_images, white_value
from vaelib.support.latent_grid import LIMIT

COLORS = np.array(mpl.color_sequences["petroff10"])
COLORS[8] = mpl.colors.to_rgb("#004e4e")  # dark green in place of a second gray
# In this order readers with any kind of color vision can distinguish the classes that overlap most:
# tops, shoes, and the digits 4, 7 and 9. tests/plotting/test_colors.py checks this.
CLASS_COLORS = COLORS[[7, 5, 4, 0, 2, 8, 9, 3, 6, 1]]
HALO = [patheffects.withStroke(linewidth=3, foreground="white", alpha=0.85)]


def new_figure(
    rows: int, columns: int, size: float, aspect: float = 1.0, dpi: int = 110
) -> tuple[Figure, np.ndarray]:
    """Create a closed figure with a grid of axes.

    Args:
        rows: Number of rows of axes.
        columns: Number of columns of axes.
        size: Width of each of the axes in inches.
        aspect: Height of each of the axes, divided by its width.
        dpi: Resolution in dots per inch.

    Returns:
        The figure and its axes, an array of shape (rows, columns).
    """
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * size * aspect),
        squeeze=False,
        layout="constrained",
        dpi=dpi,
    )
    plt.close(figure)  # otherwise a notebook shows the figure twice, once as a cell's result
    return figure, axes


def distinct_colors(count: int) -> np.ndarray:
    """Return `count` distinguishable colors, shape (count, 3), as RGB values in [0, 1].

    Raises:
        ValueError: If more than ten colors are requested.
    """
    if count > len(COLORS):
        raise ValueError(
            f"{count} curves or groups in one panel: expected {len(COLORS)} at most, because "
            "there are no more distinct colors. Split them over several panels."
        )
    return COLORS[:count]


def plot_samples(ax: Axes, images: np.ndarray, columns: int = 8) -> None:
    """Plot images side by side into axes; see `overview.samples`."""
    _show(ax, tile_images(images, columns))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def plot_latent_space(
    ax: Axes,
    codes: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str] | None = None,
    limit: float | None = None,
    text_size: float = 9,
    prior_grid: tuple[float, np.ndarray] | None = None,
    center: np.ndarray | tuple[float, float] = (0.0, 0.0),
) -> None:
    """Plot codes colored by class into axes; see `overview.latent_space` for most arguments.

    Args:
        text_size: Font size of the class names in points.
        prior_grid: The prior's log density as from `prior_grid_around`, or None for the standard
            normal.
        center: Center of the axes, which reach as far as `limit` from it.

    Raises:
        ValueError: If codes, labels and names do not match.
    """
    labels = np.asarray(labels)
    codes, axis_names = _project(codes)
    limit = limit or axis_limit(codes)
    if labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels of shape {labels.shape} and type {labels.dtype} for {len(codes)} codes: "
            "expected an integer for each."
        )
    if labels.min() < 0 or (class_names is not None and labels.max() >= len(class_names)):
        known = "0 or more" if class_names is None else f"0 to {len(class_names) - 1}"
        raise ValueError(f"labels from {labels.min()} to {labels.max()}: expected {known}.")
    size = np.clip(2_000 / len(codes), 2, 20)  # smaller dots if there are many
    color = CLASS_COLORS[labels % len(CLASS_COLORS)]
    ax.scatter(*codes.T, s=size, c=color, alpha=0.5, lw=0, rasterized=True)
    plot_prior(ax, prior_grid)
    set_latent_axes(ax, limit, *axis_names, center=center)
    if class_names is None:
        return
    present, middles, places = class_label_positions(codes - center, labels, limit)
    for label, middle, place in zip(present, middles + center, places + center, strict=True):
        color = 0.75 * CLASS_COLORS[label % len(CLASS_COLORS)]
        ax.annotate(
            *(plain(class_names[label], SHORT), middle, place),
            **dict(color=color, weight="bold", size=text_size, path_effects=HALO),
            **dict(ha="center", va="center"),
            # A line from the name to the median, visible only if the name was moved.
            arrowprops=dict(arrowstyle="-", color=color, lw=0.8, shrinkA=0, shrinkB=0),
        )


def class_label_positions(
    codes: np.ndarray, labels: np.ndarray, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute where to put the names of classes so that they do not overlap.

    Args:
        codes: Latent codes, shape (n, 2).
        labels: Class of each code, shape (n,).
        limit: The axes span [-limit, limit].

    Returns:
        The k labels that occur, shape (k,); the median of the codes of each, shape (k, 2); and the
        position of each name, shape (k, 2), which is near the median.
    """
    present = np.unique(labels)
    middles = np.array([np.median(codes[labels == label], axis=0) for label in present])
    places = _apart(middles, across=0.38 * limit, upright=0.085 * limit)
    return present, middles, np.clip(places, -0.95 * limit, 0.95 * limit)


def plot_latent_grid(
    ax: Axes,
    images: np.ndarray,
    limit: float = LIMIT,
    prior_grid: tuple[float, np.ndarray] | None = None,
) -> None:
    """Plot images decoded from a grid of codes into axes; see `overview.latent_grid`.

    The argument `prior_grid` is the same as for `plot_latent_space`.

    Raises:
        ValueError: If the number of images is not a square of 2 or more.
    """
    side = round(len(images) ** 0.5)
    if side < 2 or side * side != len(images):
        raise ValueError(
            f"images of shape {np.shape(images)}: expected (side * side, height, width, channels)."
        )
    half = limit * side / (side - 1)  # codes are at the centers of the images
    # Images that are not square are stretched, because both axes have the same scale.
    _show(ax, tile_images(images, side), extent=(-half, half, -half, half))
    plot_prior(ax, prior_grid, color="#ffd400")
    set_latent_axes(ax, half)


def axis_limit(codes: np.ndarray, least: float = LIMIT) -> float:
    """Return a limit so that [-limit, limit] contains 99.9 % of coordinates, at least `least`."""
    return max(least, 1.05 * np.quantile(np.abs(codes), 0.999))


def set_latent_axes(
    ax: Axes,
    limit: float,
    across: str = "z1",
    upright: str = "z2",
    center: np.ndarray | tuple[float, float] = (0.0, 0.0),
) -> None:
    """Set both axes to [-limit, limit] around a center with the same scale, and label them."""
    x, y = center
    ax.set(xlim=(x - limit, x + limit), ylim=(y - limit, y + limit))
    ax.set(aspect="equal", xlabel=across, ylabel=upright)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))


def _show(ax: Axes, picture: np.ndarray, **options) -> None:
    brightest = white_value(picture)  # without limits, imshow would stretch the contrast
    if picture.ndim == 2:  # imshow ignores these options for color images
        options |= dict(cmap="gray", vmin=0, vmax=brightest)
    ax.imshow(picture, interpolation="none", **options)


def _project(codes: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """Project codes, shape (n, latent_dim), to (n, 2), and name the two axes."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] < 2 or len(codes) == 0:
        raise ValueError(
            f"codes of shape {codes.shape}: expected (n, latent_dim), with n at least 1 and "
            "latent_dim at least 2."
        )
    if codes.shape[1] == 2:
        return codes, ("z1", "z2")
    centered = codes - codes.mean(axis=0)
    _, _, directions = np.linalg.svd(centered, full_matrices=False)
    # The codes are not centered, so that a model whose codes are off center is shown as such.
    return codes @ directions[:2].T, ("principal component 1", "principal component 2")


def _apart(places: np.ndarray, across: float, upright: float, rounds: int = 200) -> np.ndarray:
    """Move labels of a given width and height up or down until no two overlap."""
    places = places.copy()
    for _ in range(rounds):
        moved = False
        for i in range(len(places)):
            for j in range(i):
                gap = places[i] - places[j]
                if abs(gap[0]) < across and abs(gap[1]) < upright:
                    push = (upright - abs(gap[1])) / 2 * (1 if gap[1] >= 0 else -1)
                    places[i, 1] += push
                    places[j, 1] -= push
                    moved = True
        if not moved:
            break
    return places
