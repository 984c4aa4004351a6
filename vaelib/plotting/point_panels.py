"""Plot sets of points and fields of arrows in a two-dimensional latent space."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import COLORS, new_figure, set_latent_axes
from vaelib.plotting.text import plain


def point_panels(
    panels: Mapping[str, ArrayLike],
    limit: float,
    behind: ArrayLike | None = None,
    arrows: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    paths: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """Plot one set of points per panel, with other points behind it, and arrows or paths on it.

    Args:
        panels: For each panel its title and its points, shape (n, 2), which are blue.
        limit: The axes of all panels span [-limit, limit].
        behind: Points that all panels show in gray, shape (m, 2).
        arrows: For the titles that have some, the starts and the ends of black arrows, shape (k, 2)
            each.
        paths: For the titles that have some, lines of k points each, shape (k, lines, 2). A dot
            marks the end of each line.

    Raises:
        ValueError: If points are not two-dimensional, or if a title has no panel.
    """
    for given in (*panels.values(), *(() if behind is None else (behind,))):
        if np.ndim(given) != 2 or np.shape(given)[1] != 2:
            raise ValueError(f"points of shape {np.shape(given)}: expected (n, 2).")
    arrows, paths = arrows or {}, paths or {}
    if unknown := [title for title in (*arrows, *paths) if title not in panels]:
        raise ValueError(f"arrows or paths for {unknown[0]!r}: there is no panel of this title.")
    figure, axes = new_figure(1, len(panels), size=min(3.4, 11 / len(panels)), aspect=1.12)
    dots = dict(lw=0, rasterized=True)
    for ax, (title, points) in zip(axes[0], panels.items(), strict=True):
        if behind is not None:
            ax.scatter(*np.transpose(behind), s=2, color="0.65", alpha=0.5, **dots)
        ax.scatter(*np.transpose(points), s=3, color=COLORS[0], alpha=0.5, **dots)
        if title in paths:
            lines = np.asarray(paths[title])
            ax.plot(*np.moveaxis(lines, 2, 0), color=COLORS[1], lw=1.2)
            ax.plot(*lines[-1].T, "o", ms=4, mec="white", mew=0.6, color=COLORS[1])
        if title in arrows:
            starts, ends = (np.asarray(part) for part in arrows[title])
            style = dict(angles="xy", scale_units="xy", scale=1, width=0.005, color="0.1")
            ax.quiver(*starts.T, *(ends - starts).T, **style)
        set_latent_axes(ax, limit)
        ax.set_title(plain(title))
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    return figure
