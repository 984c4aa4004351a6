"""Plot what a model has learned: samples, codes and a decoded grid of codes.

These are the three pictures of the blog post that the tutorial is about.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from vaelib.plotting.labels import class_legend
from vaelib.plotting.panels import (
    axis_limit,
    new_figure,
    plot_latent_grid,
    plot_latent_space,
    plot_samples,
)
from vaelib.plotting.prior_contours import (
    PRIOR_RADIUS,
    PriorDensity,
    prior_grid_around,
    prior_grid_in,
)
from vaelib.plotting.text import SHORT, plain
from vaelib.support.latent_grid import LIMIT

PICTURES = "samples", "codes", "grid"  # of a model, in the order in which they are plotted


def samples(images: np.ndarray, columns: int = 8) -> Figure:
    """Plot images side by side, row by row.

    Args:
        images: Images, shape (n, height, width, channels), as bytes or as floats in [0, 1].
        columns: Number of images per row.
    """
    figure, axes = new_figure(1, 1, size=4.4)
    plot_samples(axes[0, 0], images, columns)
    return figure


def latent_space(
    codes: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str] | None,
    limit: float | None = None,
    prior: PriorDensity | None = None,
    crop: bool = False,
) -> Figure:
    """Plot codes colored by class, with the name of each class at the median of its codes.

    Codes with more than two dimensions are projected onto their first two principal components,
    which is written on the axes. A dashed line contains 95 % of the prior.

    Args:
        codes: Latent codes, shape (n, latent_dim), with latent_dim at least 2.
        labels: Class of each code, shape (n,), integers from 0.
        class_names: A name for each label, or None for a plot without names.
        limit: The axes span [-limit, limit]. By default 4, or more if the codes need it.
        prior: The model's prior, or None for the standard normal. If another prior does not have
            two dimensions, the dashed line is left out.
        crop: If True, the axes are not centered at the origin. They span the codes and the circle
            of the standard normal, for codes that are far from the origin.

    Raises:
        ValueError: If codes, labels and names do not match, or if `crop` is True for codes with
            more than two dimensions or together with a limit.
    """
    prior_grid = prior_grid_around(prior)
    if not crop:
        figure, axes = new_figure(1, 1, size=5.2)
        plot_latent_space(axes[0, 0], codes, labels, class_names, limit, prior_grid=prior_grid)
        return figure
    if np.shape(codes)[1:] != (2,) or limit is not None:
        raise ValueError(
            f"crop for codes of shape {np.shape(codes)} and limit {limit}: expected shape (n, 2) "
            "and no limit, because the codes determine the axes."
        )
    low, high = _span(codes)
    half = (high - low).max() / 2
    inches = 6.4 * (high - low) / (2 * half) + 0.6
    figure, axes = new_figure(1, 1, size=inches[0], aspect=inches[1] / inches[0])
    (ax,) = axes[0]
    center = (low + high) / 2
    plot_latent_space(ax, codes, labels, class_names, half, prior_grid=prior_grid, center=center)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return figure


def _span(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return opposite corners of a box with 99.9 % of coordinates and the circle of N(0, I)."""
    low, high = np.quantile(codes, [0.0005, 0.9995], axis=0)
    low, high = np.minimum(low, -PRIOR_RADIUS), np.maximum(high, PRIOR_RADIUS)
    margin = 0.03 * (high - low).max()
    return low - margin, high + margin


def latent_grid(
    images: np.ndarray, limit: float = LIMIT, prior: PriorDensity | None = None
) -> Figure:
    """Plot images decoded from a square grid of codes, each at the position of its code.

    Args:
        images: Decoded images, shape (side * side, height, width, channels), in the order of
            `latent_grid.grid_codes`.
        limit: The grid of codes spans [-limit, limit] on both axes.
        prior: The model's prior, or None for the standard normal.

    Raises:
        ValueError: If the number of images is not a square of 2 or more.
    """
    figure, axes = new_figure(1, 1, size=5.2)
    plot_latent_grid(axes[0, 0], images, limit, prior_grid_around(prior))
    return figure


def evolution(snapshots: dict[str, np.ndarray], class_names: Sequence[str] = ()) -> Figure:
    """Plot samples, latent space and decoded grid during training, one column per snapshot.

    The row of decoded grids is left out if the snapshots have none, because grids need two latent
    dimensions. With a single latent dimension, the row of latent spaces is left out as well.

    Args:
        snapshots: The arrays of `Snapshots.arrays`.
        class_names: A name for each label, for a legend of the colors. By default there is none.
    """
    titles = ["before training", *(f"step {step:,}" for step in snapshots["steps"][1:])]
    figure = _pictures({title: _at(snapshots, i) for i, title in enumerate(titles)}, PICTURES)
    if snapshots["codes"].shape[2] > 1:
        class_legend(figure, class_names)
    return figure


def comparison(
    columns: dict[str, dict[str, np.ndarray]],
    class_names: Sequence[str] | None,
    one_scale: bool = True,
    pictures: Sequence[str] = PICTURES,
) -> Figure:
    """Plot samples, latent space and decoded grid after training, one column per model.

    Rows that a model has too few or too many latent dimensions for are left out as in `evolution`.

    Args:
        columns: For each model a title and the arrays of `Snapshots.arrays`. The last snapshot is
            shown.
        class_names: A name for each label, or None for figures without names.
        one_scale: If True, all latent spaces have the same scale. If False, each is scaled to fit
            its codes.
        pictures: Which rows to plot, one or more of "samples", "codes", and "grid". A single row of
            at most three models is plotted larger.

    Raises:
        ValueError: If a picture is unknown, or if no row is left.
    """
    unknown = [name for name in pictures if name not in PICTURES]
    if unknown or not len(pictures):
        raise ValueError(
            f"pictures are {list(pictures)}: expected one or more of {list(PICTURES)}."
        )
    last = {title: _at(arrays, -1) for title, arrays in columns.items()}
    return _pictures(last, pictures, class_names, one_scale)


def _pictures(
    columns: dict[str, dict[str, np.ndarray]],
    pictures: Sequence[str],
    class_names: Sequence[str] | None = None,
    one_scale: bool = True,
) -> Figure:
    limit = max(axis_limit(arrays["codes"]) for arrays in columns.values())
    possible = {
        "samples": True,
        "codes": all(arrays["codes"].shape[1] > 1 for arrays in columns.values()),
        "grid": all("grid" in arrays for arrays in columns.values()),
    }
    rows = [name for name in pictures if possible[name]]
    if not rows:
        raise ValueError(
            f"{' and '.join(pictures)} of models with another number of latent dimensions than "
            "two: ask for samples, which can be plotted for all of them."
        )
    large = len(rows) == 1 and len(columns) < 4
    size = (4.8 if len(columns) < 3 else 3.9) if large else (3.4 if len(columns) < 4 else 2.6)
    # These figures compress badly, so a lower resolution keeps a notebook's page below 3 MB.
    figure, axes = new_figure(len(rows), len(columns), size=size, dpi=95 if large else 80)
    for column, (title, arrays) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(plain(title))
        codes = arrays["codes"]
        own = axis_limit(codes)
        wide = limit if one_scale else own
        # Name classes only where the names have enough space. Colors are the same in all columns.
        names = class_names if large or own > 0.6 * limit or not one_scale else None
        for ax, row in zip(column, rows, strict=True):
            prior_grid = arrays["prior_grid"]
            if row == "samples":
                plot_samples(ax, arrays["samples"])
            elif row == "codes":
                text_size = 8 if large else 7
                labels = arrays["labels"]
                plot_latent_space(ax, codes, labels, names, wide, text_size, prior_grid)
            else:
                plot_latent_grid(ax, arrays["grid"], prior_grid=prior_grid)
    return figure


def image_rows(rows: dict[str, np.ndarray], columns: Sequence[str] | None = None) -> Figure:
    """Plot rows of images below each other, with a name to the left of each row.

    Args:
        rows: For each row its name and its images, shape (n, height, width, channels).
        columns: A name for each of the n columns, which is written above it, or None.

    Raises:
        ValueError: If the rows have different numbers of images, or if there is not one name for
            each column.
    """
    counts = {len(images) for images in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"rows of {sorted(counts)} images: expected the same number in each row.")
    (count,) = counts
    if columns is not None and len(columns) != count:
        raise ValueError(f"{len(columns)} names for {count} columns: expected one for each.")
    width = min(11.0, 0.8 * count + 1.6)
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(width, len(rows) * (width - 1.6) / count + 0.1), squeeze=False
    )
    plt.close(figure)
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        plot_samples(ax, images, columns=count)
        ax.set_ylabel(plain(name, SHORT), rotation=0, ha="right", va="center")
    if columns is not None:
        top = axes[0, 0]
        wide = top.images[0].get_array().shape[1] / count  # of one image in pixels
        top.set_xticks(
            (np.arange(count) + 0.5) * wide - 0.5, [plain(c, SHORT) for c in columns], fontsize=9
        )
        top.tick_params(top=False, bottom=False, labeltop=True, labelbottom=False, pad=1)
    figure.subplots_adjust(
        left=1.6 / width, right=1, top=1 if columns is None else 0.86, bottom=0, hspace=0.08
    )
    return figure


def _at(snapshots: dict[str, np.ndarray], i: int) -> dict:
    """Return the arrays of snapshot i, with its prior on a grid as "prior_grid"."""
    kept = {name: snapshots[name][i] for name in ("samples", "codes", "grid") if name in snapshots}
    return kept | {"labels": snapshots["labels"], "prior_grid": prior_grid_in(snapshots, i)}
