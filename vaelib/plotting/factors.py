"""Plot how known factors of variation are arranged in a two-dimensional latent space."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import COLORS, axis_limit, new_figure, set_latent_axes
from vaelib.plotting.prior_contours import plot_prior
from vaelib.plotting.text import SHORT, plain

FACTOR_COLORS = COLORS[[0, 1]]  # arrows of the first and of the second factor


def latent_space_by_factor(codes: ArrayLike, values: dict[str, ArrayLike]) -> Figure:
    """Plot codes colored by the value of a factor of variation, one panel per factor.

    Args:
        codes: Latent codes of n images, shape (n, 2).
        values: For each factor its name and its values for these images, shape (n,).
    """
    figure, axes = new_figure(1, len(values), size=4.2, aspect=0.84)
    limit = axis_limit(codes)
    for ax, (name, value) in zip(axes[0], values.items(), strict=True):
        dots = ax.scatter(*np.asarray(codes).T, s=5, c=value, cmap="viridis", lw=0, rasterized=True)
        plot_prior(ax)
        set_latent_axes(ax, limit)
        figure.colorbar(dots, ax=ax, shrink=0.8, label=plain(name, SHORT))
    return figure


def factor_directions(rows: dict[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Plot the directions in latent space in which two factors increase, as arrows per model.

    Args:
        rows: For each row its title and its directions, shape (models, 2), in degrees from the
            z1 axis toward the z2 axis. All rows must have the same number of models, which are
            numbered from 0.
        names: Names of the two factors.
    """
    counts = [len(directions) for directions in rows.values()]
    figure, axes = plt.subplots(
        len(rows),
        counts[0],
        figsize=(1.0 * counts[0] + 1.2, 1.05 * len(rows) + 0.65),
        squeeze=False,
        dpi=110,
    )
    plt.close(figure)
    for line, (title, directions) in zip(axes, rows.items(), strict=True):
        for ax, pair in zip(line, directions, strict=True):
            _plot_directions(ax, pair)
        line[0].set_ylabel(plain(title, SHORT), rotation=0, ha="right", va="center")
    for number, ax in enumerate(axes[0]):
        ax.set_title(str(number), fontsize=9, pad=1)
    handles = [
        plt.Line2D([], [], color=c, lw=2.5, label=plain(n, SHORT))
        for c, n in zip(FACTOR_COLORS, names, strict=True)
    ]
    figure.legend(handles=handles, loc="lower center", ncols=len(names), frameon=False)
    inches = figure.get_size_inches()
    figure.subplots_adjust(
        left=1.2 / inches[0],
        right=0.99,
        top=1 - 0.2 / inches[1],
        bottom=0.42 / inches[1],
        wspace=0.1,
        hspace=0.1,
    )
    return figure


def _plot_directions(ax: Axes, directions: Sequence[float]) -> None:
    around = np.linspace(0, 2 * np.pi, 100)
    ax.plot(np.cos(around), np.sin(around), color="0.75", lw=1)
    ax.axhline(0, color="0.85", lw=0.8, zorder=0)
    ax.axvline(0, color="0.85", lw=0.8, zorder=0)
    for degrees, color in zip(directions, FACTOR_COLORS, strict=True):
        end = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        arrow = dict(arrowstyle="-|>", color=color, lw=2, shrinkA=0, shrinkB=0)
        ax.annotate("", end, (0, 0), arrowprops=arrow)
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
