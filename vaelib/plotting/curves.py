"""Curves, and one quantity against another."""

import numpy as np

from vaelib.plotting.panels import COLORS, distinct_colors, figure_of


def loss_curves(history, unit="nats per image"):
    """The loss and its terms, epoch by epoch, each on a scale of its own.

    Args:
        history: dict of term to its values, one per epoch.
        unit: of the loss, which stands at its axis.
    """
    figure, axes = figure_of(1, len(history), size=2.7, aspect=0.8)
    for ax, (term, values) in zip(axes[0], history.items(), strict=True):
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=COLORS[0], marker="o" if len(values) < 30 else None, ms=4)
        ax.set_title(f"{term}: {values[-1]:.4g}")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel(unit)
    return figure


def curves(*panels):
    """Panels of curves next to each other.

    Args:
        panels: tuples of x-axis name, y-axis name, x (n,), which runs from left to right in
            the order given, and a dict of name to y (n,), ten at most. The names are those of the
            first panel, in the same order.

    Raises:
        ValueError: for more than ten curves in a panel.
    """
    colors = [distinct_colors(len(named)) for *_, named in panels]
    figure, axes = figure_of(1, len(panels), size=4.2, aspect=0.7)
    for ax, own, (x_name, y_name, x, named) in zip(axes[0], colors, panels, strict=True):
        for color, (name, y) in zip(own, named.items(), strict=True):
            ax.plot(x, y, color=color, label=name)
        ax.set(xlabel=x_name, ylabel=y_name)
        if x[0] > x[-1]:
            ax.invert_xaxis()
    axes[0, 0].legend()  # one for all: the same names have the same colours
    return figure


def agreement(x, y, x_name, y_name):
    """One quantity computed in two ways: a dot for each pair, and the diagonal.

    Args:
        x, y: (n,).
        x_name, y_name: what stands on the axes.
    """
    figure, axes = figure_of(1, 1, size=3.8)
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]
    axes[0, 0].scatter(x, y, s=5, color=COLORS[0], alpha=0.5, lw=0)
    axes[0, 0].plot(ends, ends, color="0.35", lw=1, ls=(0, (4, 3)))
    axes[0, 0].set(xlabel=x_name, ylabel=y_name, aspect="equal")
    return figure
