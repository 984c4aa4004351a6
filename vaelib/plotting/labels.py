"""Labels: words beside dots, where they hide neither dots nor lines nor each other; legends."""

from itertools import pairwise

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from vaelib.plotting.panels import CLASS_COLORS, HALO

DOT = 5  # half the width of a dot, in points, with some room around it
# Where a word may go, the nearest places first: (x, y) in points from its dot.
WAYS = np.deg2rad([45, 135, -45, -135, 0, 180, 90, -90])
OFFSETS = [(r * np.cos(way), r * np.sin(way)) for r in (8, 14, 22, 32, 44) for way in WAYS]


def beside(ax, words, points, lines=(), size=8.5):
    """Put a word beside each point. The limits of the axes have to be final.

    Args:
        ax: axes of a figure; its legend is left free, too.
        words: n texts.
        points: (n, 2), in the units of the axes.
        lines: arrays (m, 2) of the corners of lines that no word should cross.
        size: of the letters, in points.

    Returns:
        The n annotations.
    """
    ax.figure.draw_without_rendering()  # only now do the axes have their place
    scale, frame = ax.figure.dpi / 72, ax.get_window_extent()
    taken = [_around(pixel, DOT * scale) for pixel in ax.transData.transform(points)]
    taken += [_around(pixel, scale) for line in lines for pixel in _along(ax, line)]
    if ax.get_legend():
        taken.append(ax.get_legend().get_window_extent())
    made = []
    for word, point in zip(words, points, strict=True):
        text = ax.annotate(
            *(word, point, (0, 0)),
            **dict(textcoords="offset points", size=size, color="0.15", path_effects=HALO),
            arrowprops=dict(arrowstyle="-", color="0.6", lw=0.7, shrinkA=0, shrinkB=3),
        )
        text.set_in_layout(False)
        _move(text, min(OFFSETS, key=lambda offset: _hidden(_move(text, offset), taken, frame)))
        taken.append(_box(text))
        made.append(text)
    return made


def _move(text, offset):
    x, y = offset
    text.set_position(offset)
    text.set(ha="center" if abs(x) < 1 else "left" if x > 0 else "right")
    text.set(va="center" if abs(y) < 1 else "bottom" if y > 0 else "top")
    return text


def _hidden(text, taken, frame):
    """How many things a word hides; one that does not fit into the axes counts as ten."""
    box = _box(text)
    inside = frame.contains(*box.min) and frame.contains(*box.max)
    return sum(box.overlaps(other) for other in taken) + 10 * (not inside)


def _box(text):  # of the word alone, without the line that leads to it
    text.get_window_extent()  # only this moves it to its offset
    return Text.get_window_extent(text)


def _along(ax, line):  # places every two points or so on a line
    corners = ax.transData.transform(line)
    for start, end in pairwise(corners):
        count = int(np.hypot(*(end - start)) / 3) + 2
        yield from start + (end - start) * np.linspace(0, 1, count)[:, None]


def _around(pixel, half):
    return Bbox([pixel - half, pixel + half])


def class_legend(figure, class_names):
    """A dot and a name for each class below a figure, in the colours of its planes.

    Args:
        figure: laid out by "constrained".
        class_names: a name for each label; none, no legend.
    """
    dots = [
        Line2D([], [], ls="", marker="o", color=CLASS_COLORS[label % len(CLASS_COLORS)], label=name)
        for label, name in enumerate(class_names)
    ]
    if dots:
        rows = 2 if len(dots) > 6 else 1
        place = dict(loc="outside lower center", ncols=-(-len(dots) // rows), frameon=False)
        figure.legend(handles=dots, **place)
