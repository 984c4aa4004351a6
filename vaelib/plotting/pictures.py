"""The post's pictures: samples, codes on a plane, a decoded grid, and all three side by side."""

import matplotlib.pyplot as plt

from vaelib.grid import LIMIT
from vaelib.plotting.labels import class_legend
from vaelib.plotting.panels import (
    figure_of,
    lattice_around,
    lattice_kept,
    plane_limit,
    plot_latent_grid,
    plot_latent_space,
    plot_samples,
)


def samples(images, columns=8):
    """Images side by side, row by row.

    Args:
        images: (n, height, width, channels).
        columns: images per row.
    """
    figure, axes = figure_of(1, 1, size=4.4)
    plot_samples(axes[0, 0], images, columns)
    return figure


def latent_space(codes, labels, class_names, limit=None, prior=None):
    """Codes on the plane in the colours of their classes, each class named at its middle.

    Codes with more than two dimensions are projected on their two principal components, and the
    axes say so.

    Args:
        codes: (n, latent_dim), latent_dim at least 2.
        labels: (n,), integers.
        class_names: a name for each label; None: classes are told by their colours alone.
        limit: half the width of the plane; by default that of the grid, or what the codes need.
        prior: the model's own, an object with `log_density` and `sample`, whose 95 % line is
            plotted where it is on a plane; None for the standard normal.
    """
    figure, axes = figure_of(1, 1, size=5.2)
    lattice = lattice_around(prior)
    plot_latent_space(axes[0, 0], codes, labels, class_names, limit, lattice=lattice)
    return figure


def latent_grid(images, limit=LIMIT, prior=None):
    """Images decoded from a square grid of codes, where these lie on the plane.

    Args:
        images: (side * side, height, width, channels), in the order of `grid.grid_codes`.
        limit: the codes span [-limit, limit] on both axes.
        prior: as for `latent_space`.
    """
    figure, axes = figure_of(1, 1, size=5.2)
    plot_latent_grid(axes[0, 0], images, limit, lattice_around(prior))
    return figure


def evolution(snapshots, class_names=()):
    """The post's three pictures, a column for each step of training that was kept.

    Args:
        snapshots: arrays as from `Snapshots.arrays`.
        class_names: a name for each label, for a legend of the colours; by default there is none.
    """
    titles = ["before training", *(f"step {step:,}" for step in snapshots["steps"][1:])]
    figure = _pictures({title: _at(snapshots, i) for i, title in enumerate(titles)})
    class_legend(figure, class_names)
    return figure


def comparison(columns, class_names, one_scale=True):
    """The post's three pictures, a column for each model: samples, latent space, grid.

    Args:
        columns: dict of title to snapshots, as from `Snapshots.arrays`; the last ones are shown.
        class_names: a name for each label.
        one_scale: whether all planes reach equally far, or each as far as its codes.
    """
    last = {title: _at(arrays, -1) for title, arrays in columns.items()}
    return _pictures(last, class_names, one_scale)


def _pictures(columns, class_names=None, one_scale=True):
    limit = max(plane_limit(arrays["codes"]) for arrays in columns.values())
    # Many pixels of many grey values: a lower resolution keeps a notebook's page below 3 MB.
    with_grid = all("grid" in arrays for arrays in columns.values())
    figure, axes = figure_of(
        3 if with_grid else 2, len(columns), size=3.4 if len(columns) < 4 else 2.6, dpi=80
    )
    for column, (title, arrays) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        plot_samples(column[0], arrays["samples"])
        codes, labels = arrays["codes"], arrays["labels"]
        # Names only where the codes leave them room; the colours are the same everywhere.
        own = plane_limit(codes)
        names = class_names if own > 0.6 * limit or not one_scale else None
        lattice = arrays["lattice"]
        wide = limit if one_scale else own
        plot_latent_space(column[1], codes, labels, names, wide, text_size=7, lattice=lattice)
        if with_grid:
            plot_latent_grid(column[2], arrays["grid"], lattice=lattice)
    return figure


def strips(rows):
    """Rows of images under each other, each with its name in front.

    Args:
        rows: dict of name to images (n, height, width, channels), n the same in all rows.
    """
    counts = {len(images) for images in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"rows of {sorted(counts)} images: expected as many in each row.")
    (count,) = counts
    width = min(11.0, 0.8 * count + 1.6)
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(width, len(rows) * (width - 1.6) / count + 0.1), squeeze=False
    )
    plt.close(figure)
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        plot_samples(ax, images, columns=count)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.subplots_adjust(left=1.6 / width, right=1, top=1, bottom=0, hspace=0.08)
    return figure


def _at(snapshots, i):
    kept = {name: snapshots[name][i] for name in ("samples", "codes", "grid") if name in snapshots}
    return kept | {"labels": snapshots["labels"], "lattice": lattice_kept(snapshots, i)}
