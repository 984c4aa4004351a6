"""Arrays in, figure out. Nothing here trains, and nothing shows or saves."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

from vaelib.panels import (
    COLORS,
    HALO,
    draw_latent_grid,
    draw_latent_space,
    draw_prior,
    draw_samples,
    frame_plane,
    plane_limit,
)
from vaelib.snapshots import GRID_LIMIT


def samples(images, columns=8):
    """Images side by side, row by row.

    Args:
        images: (n, 28, 28, 1), n a multiple of columns.
        columns: images per row.
    """
    figure, axes = _figure(1, 1, size=4.4)
    draw_samples(axes[0, 0], images, columns)
    return figure


def latent_space(codes, labels, class_names, limit=None):
    """Codes on the plane in the colours of their classes, each class named at its middle.

    Codes with more than two dimensions are projected on their two principal components, and the
    axes say so.

    Args:
        codes: (n, latent_dim), latent_dim at least 2.
        labels: (n,), whole numbers.
        class_names: a name for each label.
        limit: half the width of the plane; by default that of the grid, or what the codes need.
    """
    figure, axes = _figure(1, 1, size=5.2)
    draw_latent_space(axes[0, 0], codes, labels, class_names, limit)
    return figure


def latent_grid(images, limit=GRID_LIMIT):
    """Images decoded from a square grid of codes, where these lie on the plane.

    Args:
        images: (side * side, 28, 28, 1), in the order of `snapshots.grid_codes`.
        limit: the codes span [-limit, limit] on both axes.
    """
    figure, axes = _figure(1, 1, size=5.2)
    draw_latent_grid(axes[0, 0], images, limit)
    return figure


def evolution(snapshots):
    """The post's three pictures, a column for each epoch that was kept.

    Args:
        snapshots: arrays as from `Snapshots.arrays`.
    """
    epochs = snapshots["epochs"]
    titles = ["before training", *(f"epoch {epoch}" for epoch in epochs[1:])]
    return _pictures({title: _at(snapshots, i) for i, title in enumerate(titles)})


def comparison(columns, class_names, one_scale=True):
    """The post's three pictures, a column for each model: samples, latent space, grid.

    Args:
        columns: dict of title to snapshots, as from `Snapshots.arrays`; the last ones are drawn.
        class_names: a name for each label.
        one_scale: whether all planes reach equally far, or each as far as its codes.
    """
    last = {title: _at(arrays, -1) for title, arrays in columns.items()}
    return _pictures(last, class_names, one_scale)


def _pictures(columns, class_names=None, one_scale=True):
    limit = max(plane_limit(arrays["codes"]) for arrays in columns.values())
    # Many pixels of many grey values: a lower resolution keeps a notebook's page below 3 MB.
    with_grid = all("grid" in arrays for arrays in columns.values())
    figure, axes = _figure(
        3 if with_grid else 2, len(columns), size=3.4 if len(columns) < 4 else 2.6, dpi=80
    )
    for column, (title, arrays) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        draw_samples(column[0], arrays["samples"])
        codes, labels = arrays["codes"], arrays["labels"]
        # Names only where the codes leave them room; the colours are the same everywhere.
        own = plane_limit(codes)
        names = class_names if own > 0.6 * limit or not one_scale else None
        draw_latent_space(column[1], codes, labels, names, limit if one_scale else own, text_size=7)
        if with_grid:
            draw_latent_grid(column[2], arrays["grid"])
    return figure


def loss_curves(history, unit="nats per image"):
    """The loss and its terms, epoch by epoch, each on a scale of its own.

    Args:
        history: dict of term to its values, one per epoch.
        unit: of the loss, which stands at its axis.
    """
    figure, axes = _figure(1, len(history), size=2.7, aspect=0.8)
    for ax, (term, values) in zip(axes[0], history.items(), strict=True):
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=COLORS[0], marker="o" if len(values) < 30 else None, ms=4)
        ax.set_title(f"{term}: {values[-1]:.4g}")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel(unit)
    return figure


def strips(rows):
    """Rows of images under each other, each with its name in front.

    Args:
        rows: dict of name to images (n, 28, 28, 1), n the same in all rows.
    """
    counts = {len(images) for images in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"rows of {sorted(counts)} images: expected as many in each row.")
    (count,) = counts
    width = min(11.0, 0.8 * count + 1.6)
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(width, len(rows) * (width - 1.6) / count + 0.1), squeeze=False
    )
    for ax, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        draw_samples(ax, images, columns=count)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.subplots_adjust(left=1.6 / width, right=1, top=1, bottom=0, hspace=0.08)
    plt.close(figure)
    return figure


def posteriors(codes, z_mean, z_log_var, deviations=2):
    """The clouds q(z|x) of a few images, as ellipses over all codes.

    Args:
        codes: (n, 2), drawn in grey.
        z_mean, z_log_var: (m, 2), of the few images.
        deviations: how many standard deviations the ellipses reach.
    """
    figure, axes = _figure(1, 1 + len(z_mean), size=2.9)
    overview, *close_ups = axes[0]
    limit = plane_limit(codes)
    overview.set(xlim=(-limit, limit), ylim=(-limit, limit), title="the plane")
    widths = 2 * deviations * np.exp(np.asarray(z_log_var) / 2)
    for i, (mean, width, ax) in enumerate(zip(z_mean, widths, close_ups, strict=True)):
        half = 1.2 * max(widths.max(axis=1)) / 2
        ax.set(xlim=mean[0] + [-half, half], ylim=mean[1] + [-half, half], title=f"cloud {i + 1}")
        overview.annotate(
            *(str(i + 1), mean, (6, 6)),
            **dict(textcoords="offset points", color=COLORS[i], weight="bold", path_effects=HALO),
        )
        for panel in (overview, ax):
            panel.add_patch(Ellipse(mean, *width, color=COLORS[i], alpha=0.6, lw=0))
    for ax in axes[0]:
        ax.scatter(*codes.T, s=2 if ax is overview else 6, c="0.6", lw=0, zorder=0)
        ax.set(xlabel="z1", ylabel="z2", aspect="equal")
    return figure


def clouds(z_mean, z_log_var, ellipses=300, deviations=2, seed=0):
    """The clouds q(z|x) one by one, and all together over as many draws from the prior.

    Args:
        z_mean, z_log_var: (n, 2).
        ellipses: how many of the n clouds are drawn one by one.
        deviations: how many standard deviations the ellipses reach.
        seed: of the draws.
    """
    figure, axes = _figure(1, 2, size=4.4)
    spread = np.exp(np.asarray(z_log_var) / 2)
    for mean, deviation in zip(z_mean[:ellipses], spread, strict=False):
        ellipse = Ellipse(mean, *(2 * deviations * deviation), fill=False, color=COLORS[0], lw=0.7)
        axes[0, 0].add_patch(ellipse)
    noise, prior = np.random.default_rng(seed).standard_normal((2, *z_mean.shape))
    dots = dict(s=2, lw=0, alpha=0.5, rasterized=True)
    axes[0, 1].scatter(*prior.T, color=COLORS[1], label="prior", **dots)
    axes[0, 1].scatter(*(z_mean + spread * noise).T, color=COLORS[0], label="codes", **dots)
    axes[0, 1].legend(loc="upper right", markerscale=6, framealpha=1)
    titles = "each image a cloud", "all clouds together"
    for ax, title in zip(axes[0], titles, strict=True):
        draw_prior(ax)
        frame_plane(ax, plane_limit(z_mean))
        ax.set_title(title)
    return figure


def curves(*panels):
    """Panels of curves next to each other.

    Args:
        panels: tuples of x-axis name, y-axis name, x (n,), which is drawn from left to right in
            the order given, and a dict of name to y (n,). The
            names are those of the first panel, in the same order.
    """
    figure, axes = _figure(1, len(panels), size=4.2, aspect=0.7)
    for ax, (x_name, y_name, x, named) in zip(axes[0], panels, strict=True):
        for color, (name, y) in zip(COLORS, named.items(), strict=False):
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
    figure, axes = _figure(1, 1, size=3.8)
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]
    axes[0, 0].scatter(x, y, s=5, color=COLORS[0], alpha=0.5, lw=0)
    axes[0, 0].plot(ends, ends, color="0.35", lw=1, ls=(0, (4, 3)))
    axes[0, 0].set(xlabel=x_name, ylabel=y_name, aspect="equal")
    return figure


def _figure(rows, columns, size, aspect=1.0, dpi=110):
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * size * aspect),
        squeeze=False,
        layout="constrained",
        dpi=dpi,
    )
    plt.close(figure)  # a notebook shows what a cell returns; open figures it would show twice
    return figure, axes


def _at(snapshots, i):
    kept = {name: snapshots[name][i] for name in ("samples", "codes", "grid") if name in snapshots}
    return kept | {"labels": snapshots["labels"]}
