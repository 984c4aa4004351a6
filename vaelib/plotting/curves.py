"""Plot curves, and one quantity against another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import COLORS, distinct_colors, new_figure
from vaelib.plotting.text import SHORT, plain

TITLES = {"kl": "KL", "mmd": "MMD²"}  # of terms whose name in a history is an abbreviation


def loss_curves(
    history: dict[str, Sequence[float]],
    unit: str = "nats per image",
    levels: dict[str, tuple[str, float]] | None = None,
) -> Figure:
    """Plot the loss and its terms over epochs, one panel per term with its own scale.

    Args:
        history: For each term its name and its values, one per epoch. The title of a panel shows
            the last value, with two decimals, or with three if it is smaller than 1.
        unit: Unit of the loss, written on the vertical axis.
        levels: For some of the terms a label and a value to compare it with, which is plotted as a
            dashed line.
    """
    figure, axes = new_figure(1, len(history), size=2.7, aspect=0.8)
    for ax, (term, values) in zip(axes[0], history.items(), strict=True):
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=COLORS[0], marker="o" if len(values) < 30 else None, ms=4)
        digits = 2 if abs(values[-1]) >= 1 else 3
        ax.set_title(f"{plain(TITLES.get(term, term), SHORT)}: {values[-1]:.{digits}f}")
        if term in (levels or {}):
            label, level = levels[term]
            ax.axhline(level, color="0.35", lw=1, ls=(0, (4, 3)), label=plain(label, SHORT))
            ax.legend()
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel(plain(unit))
    return figure


def curves(*panels: tuple[str, str, ArrayLike, dict[str, ArrayLike]]) -> Figure:
    """Plot panels of curves next to each other, with one legend for all of them.

    Args:
        panels: For each panel a tuple of the x-axis label, the y-axis label, the x values of
            shape (n,) and a dict from the names of the curves, at most ten, to their y values of
            shape (n,). The axis runs from the first x value on the left to the last one on the
            right. All panels must have the same names in the same order.

    Raises:
        ValueError: If a panel has more than ten curves.
    """
    colors = [distinct_colors(len(named)) for *_, named in panels]
    figure, axes = new_figure(1, len(panels), size=4.2, aspect=0.7)
    for ax, own, (x_name, y_name, x, named) in zip(axes[0], colors, panels, strict=True):
        for color, (name, y) in zip(own, named.items(), strict=True):
            ax.plot(x, y, color=color, label=plain(name, SHORT))
        ax.set(xlabel=plain(x_name), ylabel=plain(y_name))
        if x[0] > x[-1]:
            ax.invert_xaxis()
    # One is enough, because equal names have equal colors. Without handles, Matplotlib would leave
    # out names that begin with an underscore.
    axes[0, 0].legend(handles=axes[0, 0].lines)
    return figure


def scatter_with_diagonal(x: np.ndarray, y: np.ndarray, x_name: str, y_name: str) -> Figure:
    """Plot one quantity computed in two ways as dots, together with the diagonal.

    Args:
        x: Results of the first way, shape (n,).
        y: Results of the second way, shape (n,).
        x_name: Label of the horizontal axis.
        y_name: Label of the vertical axis.
    """
    figure, axes = new_figure(1, 1, size=3.8)
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]
    axes[0, 0].scatter(x, y, s=5, color=COLORS[0], alpha=0.5, lw=0)
    axes[0, 0].plot(ends, ends, color="0.35", lw=1, ls=(0, (4, 3)))
    axes[0, 0].set(xlabel=plain(x_name), ylabel=plain(y_name), aspect="equal")
    return figure
