"""Arrays in, figure out. Nothing here trains, and nothing shows or saves.

The latent plane is drawn alike everywhere: z1 to the right, z2 upwards, the same scale on both
axes, so that a decoded grid can be laid over a scatter plot.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.patches import Circle, Ellipse
from matplotlib.ticker import MultipleLocator

from vaelib.snapshots import GRID_LIMIT

COLORS = np.array(mpl.color_sequences["petroff10"])
# 95 % of a two-dimensional standard normal lie within this distance of the origin.
PRIOR_RADIUS = np.sqrt(-2 * np.log(0.05))
HALO = [patheffects.withStroke(linewidth=3, foreground="white", alpha=0.85)]


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


def evolution(snapshots, class_names):
    """The post's three pictures, a column for each epoch that was kept.

    Args:
        snapshots: arrays as from `Snapshots.arrays`.
        class_names: a name for each label.
    """
    epochs = snapshots["epochs"]
    titles = ["before training", *(f"epoch {epoch}" for epoch in epochs[1:])]
    return _pictures({title: _at(snapshots, i) for i, title in enumerate(titles)}, class_names)


def comparison(columns, class_names):
    """The post's three pictures, a column for each model: samples, latent space, grid.

    Args:
        columns: dict of title to snapshots, as from `Snapshots.arrays`; the last ones are drawn.
        class_names: a name for each label.
    """
    return _pictures({title: _at(arrays, -1) for title, arrays in columns.items()}, class_names)


def _pictures(columns, class_names):
    limit = max(_limit(arrays["codes"]) for arrays in columns.values())
    figure, axes = _figure(3, len(columns), size=3.4 if len(columns) < 4 else 2.6)
    for column, (title, arrays) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        draw_samples(column[0], arrays["samples"])
        names = class_names if len(columns) < 4 else None  # no room for them in small panels
        draw_latent_space(column[1], arrays["codes"], arrays["labels"], names, limit)
        draw_latent_grid(column[2], arrays["grid"])
    return figure


def loss_curves(history):
    """The loss and its terms, epoch by epoch, each on a scale of its own.

    Args:
        history: dict of term to its values, one per epoch.
    """
    figure, axes = _figure(1, len(history), size=2.7, aspect=0.8)
    for ax, (term, values) in zip(axes[0], history.items(), strict=True):
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=COLORS[0], marker="o" if len(values) < 30 else None, ms=4)
        ax.set_title(f"{term}: {values[-1]:.4g}")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("nats per image")
    return figure


def strips(rows):
    """Rows of images under each other, each with its name in front.

    Args:
        rows: dict of name to images (n, 28, 28, 1), n the same in all rows.
    """
    count = len(next(iter(rows.values())))
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


def draw_samples(ax, images, columns=8):
    """Draw `samples` into axes of a figure."""
    ax.imshow(_mosaic(images, columns), cmap="gray", interpolation="none")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_latent_space(ax, codes, labels, class_names=None, limit=None):
    """Draw `latent_space` into axes of a figure, with or without names."""
    codes, axis_names = _plane(codes)
    limit = limit or _limit(codes)
    ax.scatter(*codes.T, s=2, c=COLORS[labels % len(COLORS)], alpha=0.5, lw=0, rasterized=True)
    draw_prior(ax)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    _label_axes(ax, *axis_names)
    if class_names is None:
        return
    present = np.unique(labels)
    middles = np.array([np.median(codes[labels == label], axis=0) for label in present])
    places = _apart(middles, across=0.42 * limit, upright=0.1 * limit)
    for label, (x, y) in zip(present, np.clip(places, -0.95 * limit, 0.95 * limit), strict=True):
        ax.text(
            *(x, y, class_names[label]),
            **dict(color=0.75 * COLORS[label % len(COLORS)], weight="bold", size=9),
            path_effects=HALO,
            **dict(ha="center", va="center"),
        )


def draw_latent_grid(ax, images, limit=GRID_LIMIT):
    """Draw `latent_grid` into axes of a figure."""
    side = round(len(images) ** 0.5)
    half = limit * side / (side - 1)  # codes are at the middles of the images
    picture = _mosaic(images, side)
    ax.imshow(picture, cmap="gray", interpolation="none", extent=(-half, half, -half, half))
    draw_prior(ax, color="#ffd400")
    _label_axes(ax, "z1", "z2")


def draw_prior(ax, color="0.35"):
    """Draw the circle that holds 95 % of the prior."""
    ax.add_patch(Circle((0, 0), PRIOR_RADIUS, fill=False, color=color, lw=1.2, ls=(0, (4, 3))))


def draw_posterior(ax, z_mean, z_log_var, color, deviations=2):
    """Draw an ellipse that reaches `deviations` standard deviations of q(z|x) from its mean."""
    width, height = 2 * deviations * np.exp(np.asarray(z_log_var) / 2)
    ax.add_patch(Ellipse(z_mean, width, height, color=color, alpha=0.6, lw=0))


def _figure(rows, columns, size, aspect=1.0):
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * size * aspect),
        squeeze=False,
        layout="constrained",
        dpi=110,
    )
    plt.close(figure)  # a notebook shows what a cell returns; open figures it would show twice
    return figure, axes


def _label_axes(ax, across, upright):
    ax.set(xlabel=across, ylabel=upright)
    ax.xaxis.set_major_locator(MultipleLocator(2))
    ax.yaxis.set_major_locator(MultipleLocator(2))


def _limit(codes):
    return max(GRID_LIMIT, 1.05 * np.quantile(np.abs(codes), 0.999))


def _at(snapshots, i):
    return {name: snapshots[name][i] for name in ("samples", "codes", "grid")} | {
        "labels": snapshots["labels"]
    }


def _mosaic(images, columns):  # (n, 28, 28, 1) -> (rows * 28, columns * 28)
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 1 or len(images) == 0 or len(images) % columns:
        raise ValueError(
            f"images of shape {images.shape}: expected (n, height, width, 1), n a multiple of "
            f"{columns}, the number of columns."
        )
    n, height, width, _ = images.shape
    tiles = images.reshape(n // columns, columns, height, width)
    return tiles.transpose(0, 2, 1, 3).reshape(-1, columns * width)


def _plane(codes):  # (n, latent_dim) -> (n, 2), names of the axes
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] < 2 or len(codes) == 0:
        raise ValueError(f"codes of shape {codes.shape}: expected (n, latent_dim), 2 or more wide.")
    if codes.shape[1] == 2:
        return codes, ("z1", "z2")
    centred = codes - codes.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T, ("principal component 1", "principal component 2")


def _apart(places, across, upright, rounds=200):
    """Move labels up or down until no two are closer than a label is wide and high."""
    places = places.copy()
    for _ in range(rounds):
        moved = False
        for i in range(len(places)):
            for j in range(i):
                gap = places[i] - places[j]
                if abs(gap[0]) < across and abs(gap[1]) < upright:
                    push = (upright - abs(gap[1])) / 2 * (1 if gap[1] >= 0 else -1)
                    places[i, 1] += push
                    places[j, 1] -= push
                    moved = True
        if not moved:
            break
    return places
