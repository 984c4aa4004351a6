"""Plot images by their factors of variation, and how the factors are arranged in latent space."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import COLORS, axis_limit, new_figure, set_latent_axes
from vaelib.plotting.prior_contours import plot_prior
from vaelib.plotting.text import SHORT, plain
from vaelib.plotting.tiling import tile_images, white_value

FACTOR_COLORS = COLORS[[0, 1]]  # arrows of the first and of the second factor
RELIABLE, UNRELIABLE = 0.9, 0.5  # R² from which an arrow has its full color, and up to which none
PALEST = 0.15  # opacity of an unreliable arrow


def factor_grid(images: np.ndarray, levels: dict[str, ArrayLike]) -> Figure:
    """Plot images on a grid of two factors of variation, with the factors' values on the axes.

    Args:
        images: Images, shape (rows * columns, height, width, channels), row by row. The first row
            is plotted at the bottom, so that both factors increase along their axes.
        levels: For the horizontal and then for the vertical factor, its name and its values, which
            are written at equal distances, shapes (columns,) and (rows,).

    Raises:
        ValueError: If there are not exactly two factors, or not one image for each pair of values.
    """
    if len(levels) != 2:
        raise ValueError(
            f"{len(levels)} factors ({', '.join(levels)}): expected two, for two axes."
        )
    (across, columns), (upright, rows) = levels.items()
    if len(images) != len(rows) * len(columns):
        raise ValueError(
            f"{len(images)} images for {len(columns)} values of {across} and {len(rows)} of "
            f"{upright}: expected {len(rows) * len(columns)}, one for each pair."
        )
    from_bottom = np.reshape(images, (len(rows), len(columns), *np.shape(images)[1:]))
    picture = tile_images(np.concatenate(from_bottom[::-1]), len(columns))
    figure, axes = new_figure(1, 1, size=4.6, aspect=len(rows) / len(columns))
    ax = axes[0, 0]
    gray = dict(cmap="gray", vmin=0, vmax=white_value(picture)) if picture.ndim == 2 else {}
    extent = (-0.5, len(columns) - 0.5, -0.5, len(rows) - 0.5)
    ax.imshow(picture, interpolation="none", extent=extent, **gray)
    ax.set_xticks(range(len(columns)), [f"{value:.2g}" for value in columns])
    ax.set_yticks(range(len(rows)), [f"{value:.2g}" for value in rows])
    ax.set(xlabel=plain(across), ylabel=plain(upright))
    return figure


def latent_space_by_factor(codes: ArrayLike, values: dict[str, ArrayLike]) -> Figure:
    """Plot codes colored by the value of a factor of variation, one panel per factor.

    The colors of a factor with values of both signs diverge from a dark color for 0.

    Args:
        codes: Latent codes of n images, shape (n, 2).
        values: For each factor its name and its values for these images, shape (n,).
    """
    figure, axes = new_figure(1, len(values), size=4.2, aspect=0.84)
    limit = axis_limit(codes)
    for ax, (name, value) in zip(axes[0], values.items(), strict=True):
        value = np.asarray(value)
        colors = dict(cmap="viridis")
        if value.min() < 0 < value.max():
            most = np.abs(value).max()
            colors = dict(cmap="berlin", vmin=-most, vmax=most)
        dots = ax.scatter(*np.asarray(codes).T, s=5, c=value, lw=0, rasterized=True, **colors)
        plot_prior(ax)
        set_latent_axes(ax, limit)
        figure.colorbar(dots, ax=ax, shrink=0.8, label=plain(name, SHORT))
    return figure


def factor_directions(
    rows: dict[str, np.ndarray],
    names: Sequence[str],
    reliability: dict[str, np.ndarray] | None = None,
) -> Figure:
    """Plot the directions in latent space in which two factors increase, as arrows per model.

    Args:
        rows: For each row its title and its directions, shape (models, 2), in degrees from the
            z1 axis toward the z2 axis. All rows must have the same number of models, which are
            numbered from 0 and called seeds.
        names: Names of the two factors.
        reliability: For each row R² of the predictions that the directions come from, shape
            (models, 2). Arrows are paler if R² is below 0.9, and palest from 0.5 down. By default
            all arrows have their full color.
    """
    counts = [len(directions) for directions in rows.values()]
    figure, axes = plt.subplots(
        len(rows),
        counts[0],
        figsize=(1.0 * counts[0] + 1.2, 1.05 * len(rows) + 0.7),
        squeeze=False,
        dpi=110,
    )
    plt.close(figure)
    for line, (title, directions) in zip(axes, rows.items(), strict=True):
        r2 = np.ones((counts[0], 2)) if reliability is None else np.asarray(reliability[title])
        share = np.clip((r2 - UNRELIABLE) / (RELIABLE - UNRELIABLE), 0, 1)
        for ax, pair, opacities in zip(
            line, directions, PALEST + (1 - PALEST) * share, strict=True
        ):
            _plot_directions(ax, pair, opacities)
        line[0].set_ylabel(plain(title, SHORT), rotation=0, ha="right", va="center")
    for number, ax in enumerate(axes[0]):
        ax.set_title(f"seed {number}", fontsize=9, pad=1)
    handles = [
        plt.Line2D([], [], color=c, lw=2.5, label=plain(n, SHORT))
        for c, n in zip(FACTOR_COLORS, names, strict=True)
    ]
    figure.legend(handles=handles, loc="lower center", ncols=len(names), frameon=False)
    inches = figure.get_size_inches()
    figure.subplots_adjust(
        left=1.2 / inches[0],
        right=0.99,
        top=1 - 0.22 / inches[1],
        bottom=0.42 / inches[1],
        wspace=0.1,
        hspace=0.1,
    )
    return figure


def _plot_directions(ax: Axes, directions: Sequence[float], opacities: Sequence[float]) -> None:
    around = np.linspace(0, 2 * np.pi, 100)
    ax.plot(np.cos(around), np.sin(around), color="0.75", lw=1)
    ax.axhline(0, color="0.85", lw=0.8, zorder=0)
    ax.axvline(0, color="0.85", lw=0.8, zorder=0)
    for degrees, color, alpha in zip(directions, FACTOR_COLORS, opacities, strict=True):
        end = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        arrow = dict(arrowstyle="-|>", color=color, lw=2, shrinkA=0, shrinkB=0, alpha=alpha)
        ax.annotate("", end, (0, 0), arrowprops=arrow)
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
