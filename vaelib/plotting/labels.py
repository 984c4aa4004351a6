"""Place labels beside dots without overlaps, and add a legend of classes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from vaelib.plotting.panels import CLASS_COLORS, HALO
from vaelib.plotting.text import SHORT, plain

DOT = 5  # half the width of a dot in points, including some space around it
# Candidate positions of a label, nearest first: (x, y) in points, relative to its dot.
ANGLES = np.deg2rad([45, 135, -45, -135, 0, 180, 90, -90])
OFFSETS = [(r * np.cos(a), r * np.sin(a)) for r in (8, 14, 22, 32, 44) for a in ANGLES]


def label_points(
    ax: Axes,
    words: Sequence[str],
    points: np.ndarray,
    lines: Iterable[np.ndarray] = (),
    size: float = 8.5,
) -> list[Annotation]:
    """Label points so that labels hide neither dots, lines and the legend nor each other.

    Call this function last, because the limits of the axes must not change afterwards.

    Args:
        ax: Axes that contain the points.
        words: The n labels.
        points: Positions of the dots in data coordinates, shape (n, 2).
        lines: Lines that labels should not cross, each as its corners, shape (m, 2).
        size: Font size in points.

    Returns:
        The n annotations. A label that does not fit anywhere is placed where it hides least.
    """
    ax.figure.draw_without_rendering()  # this computes the position of the axes
    scale, frame = ax.figure.dpi / 72, ax.get_window_extent()
    taken = [_around(pixel, DOT * scale) for pixel in ax.transData.transform(points)]
    taken += [_around(pixel, scale) for line in lines for pixel in _along(ax, line)]
    if ax.get_legend():
        taken.append(ax.get_legend().get_window_extent())
    made = []
    for word, point in zip(words, points, strict=True):
        text = ax.annotate(
            *(plain(word, SHORT), point, (0, 0)),
            **dict(textcoords="offset points", size=size, color="0.15", path_effects=HALO),
            arrowprops=dict(arrowstyle="-", color="0.6", lw=0.7, shrinkA=0, shrinkB=3),
        )
        text.set_in_layout(False)
        _move(text, min(OFFSETS, key=lambda offset: _hidden(_move(text, offset), taken, frame)))
        taken.append(_box(text))
        made.append(text)
    return made


def _move(text: Annotation, offset: tuple[float, float]) -> Annotation:
    x, y = offset
    text.set_position(offset)
    text.set(ha="center" if abs(x) < 1 else "left" if x > 0 else "right")
    text.set(va="center" if abs(y) < 1 else "bottom" if y > 0 else "top")
    return text


def _hidden(text: Annotation, taken: list[Bbox], frame: Bbox) -> int:
    """Count what a label hides; leaving the axes counts as hiding ten things."""
    box = _box(text)
    inside = frame.contains(*box.min) and frame.contains(*box.max)
    return sum(box.overlaps(other) for other in taken) + 10 * (not inside)


def _box(text: Annotation) -> Bbox:
    """Return the box around a label, without the line that leads to it."""
    text.get_window_extent()  # called because it moves the label to its offset
    return Text.get_window_extent(text)


def _along(ax: Axes, line: np.ndarray) -> Iterator[np.ndarray]:
    """Yield positions on a line in pixels, at most three pixels apart."""
    corners = ax.transData.transform(line)
    for start, end in pairwise(corners):
        count = int(np.hypot(*(end - start)) / 3) + 2
        yield from start + (end - start) * np.linspace(0, 1, count)[:, None]


def _around(pixel: np.ndarray, half: float) -> Bbox:
    return Bbox([pixel - half, pixel + half])


def class_legend(figure: Figure, class_names: Sequence[str]) -> None:
    """Add a legend of the class colors below a figure.

    Args:
        figure: Figure with the layout "constrained".
        class_names: A name for each label; if there are none, no legend is added.
    """
    colors = [CLASS_COLORS[label % len(CLASS_COLORS)] for label in range(len(class_names))]
    dots = [
        Line2D([], [], ls="", marker="o", color=color, label=plain(name, SHORT))
        for color, name in zip(colors, class_names, strict=True)
    ]
    if dots:
        rows = 2 if len(dots) > 6 else 1
        place = dict(loc="outside lower center", ncols=-(-len(dots) // rows), frameon=False)
        figure.legend(handles=dots, **place)
