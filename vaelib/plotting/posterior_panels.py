"""Plot distributions of codes that are given on grids, with normal distributions as ellipses."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from numpy.typing import ArrayLike

from vaelib.plotting.panels import new_figure
from vaelib.plotting.posteriors import ENCODER
from vaelib.plotting.text import plain

# Lines of the normal distributions, which can be distinguished by their dashes as well.
LINES = (
    dict(color=ENCODER, ls="-", lw=2),
    dict(color="0.1", ls=(0, (4, 2)), lw=2),
    dict(color="#e08a00", ls=(0, (1, 1.2)), lw=2.5),
)


def posterior_panels(
    grids: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    titles: Sequence[str],
    normals: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    deviations: float = 2,
    window: Sequence[float] | None = None,
) -> Figure:
    """Plot one panel per distribution, darker where it is more probable.

    Each panel has its own scale of colors, from zero to its most probable cell.

    Args:
        grids: For each panel z1 of the columns, shape (m,), z2 of the rows, shape (n,), and the
            probability or density of each cell, shape (n, m).
        titles: A short text above each panel.
        normals: At most three normal distributions with a diagonal covariance, drawn as ellipses.
            For each name, means and standard deviations, both of shape (panels, 2).
        deviations: Radius of the ellipses in standard deviations.
        window: The part of the latent space that all panels show, as (left, right, bottom, top).
            By default each panel shows its whole grid.

    Raises:
        ValueError: If the number of titles is not that of the panels, if a grid has a shape that
            does not fit its axes, or if there are more than three normal distributions.
    """
    normals = normals or {}
    if len(grids) != len(titles):
        raise ValueError(f"{len(grids)} grids and {len(titles)} titles: expected one title each.")
    if len(normals) > len(LINES):
        raise ValueError(f"{len(normals)} normal distributions: expected at most {len(LINES)}.")
    for columns, rows, cells in grids:
        if np.shape(cells) != (len(rows), len(columns)):
            raise ValueError(
                f"a grid with cells of shape {np.shape(cells)}, {len(columns)} columns and "
                f"{len(rows)} rows: expected cells of shape ({len(rows)}, {len(columns)})."
            )
    figure, axes = new_figure(1, len(grids), size=3.1, aspect=1.1)
    for i, (ax, grid, title) in enumerate(zip(axes[0], grids, titles, strict=True)):
        # Rasterized, because a vector image of this many cells is large and slow.
        ax.pcolormesh(*grid, cmap="Blues", vmin=0, shading="nearest", rasterized=True)
        for (means, stds), line in zip(normals.values(), LINES, strict=False):
            size = 2 * deviations * np.asarray(stds)[i]
            ax.add_patch(Ellipse(np.asarray(means)[i], *size, fill=False, **line))
        ax.set(xlabel="z1", ylabel="z2" if i == 0 else None, title=plain(title), aspect="equal")
        if window is not None:
            left, right, bottom, top = window
            ax.set(xlim=(left, right), ylim=(bottom, top))
        ax.locator_params(nbins=5)
    if normals:
        handles = [
            Line2D([], [], label=plain(name), **line)
            for name, line in zip(normals, LINES, strict=False)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure
