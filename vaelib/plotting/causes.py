"""Known causes on a plane: codes in the colours of their values, and where these grow."""

import matplotlib.pyplot as plt
import numpy as np

from vaelib.plotting.panels import COLORS, figure_of, frame_plane, plane_limit, plot_prior

CAUSE_COLORS = COLORS[[0, 1]]  # of the arrows of the first cause and of the second


def causes(codes, values):
    """Codes on the plane in the colours of what they were made from, a panel for each cause.

    Args:
        codes: (n, 2).
        values: dict of name to the values of a cause, (n,).
    """
    figure, axes = figure_of(1, len(values), size=4.2, aspect=0.84)
    limit = plane_limit(codes)
    for ax, (name, value) in zip(axes[0], values.items(), strict=True):
        dots = ax.scatter(*np.asarray(codes).T, s=5, c=value, cmap="viridis", lw=0, rasterized=True)
        plot_prior(ax)
        frame_plane(ax, limit)
        figure.colorbar(dots, ax=ax, shrink=0.8, label=name)
    return figure


def compass(rows, names):
    """Where on the plane two causes grow: a pair of arrows for each model, numbered from 0.

    Args:
        rows: dict of title to directions, (models, 2), in degrees from z1 to z2; as many models in
            each row.
        names: of the two causes.
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
            _plot_compass(ax, pair)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center")
    for number, ax in enumerate(axes[0]):
        ax.set_title(str(number), fontsize=9, pad=1)
    handles = [
        plt.Line2D([], [], color=c, lw=2.5, label=n)
        for c, n in zip(CAUSE_COLORS, names, strict=True)
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


def _plot_compass(ax, directions):
    around = np.linspace(0, 2 * np.pi, 100)
    ax.plot(np.cos(around), np.sin(around), color="0.75", lw=1)
    ax.axhline(0, color="0.85", lw=0.8, zorder=0)
    ax.axvline(0, color="0.85", lw=0.8, zorder=0)
    for degrees, color in zip(directions, CAUSE_COLORS, strict=True):
        end = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        arrow = dict(arrowstyle="-|>", color=color, lw=2, shrinkA=0, shrinkB=0)
        ax.annotate("", end, (0, 0), arrowprops=arrow)
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
