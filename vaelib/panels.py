"""One picture in one pair of axes: what the figures of `vaelib.plotting` are made of.

The latent plane is drawn alike everywhere: z1 to the right, z2 upwards, the same scale on both
axes, so that a decoded grid can be laid over a scatter plot.
"""

import matplotlib as mpl
import numpy as np
from matplotlib import patheffects
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from vaelib.snapshots import GRID_LIMIT

COLORS = np.array(mpl.color_sequences["petroff10"])
# 95 % of a two-dimensional standard normal lie within this distance of the origin.
PRIOR_RADIUS = np.sqrt(-2 * np.log(0.05))
HALO = [patheffects.withStroke(linewidth=3, foreground="white", alpha=0.85)]


def draw_samples(ax, images, columns=8):
    """Draw `samples` into axes of a figure."""
    _show(ax, _mosaic(images, columns))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_latent_space(ax, codes, labels, class_names=None, limit=None, text_size=9):
    """Draw `latent_space` into axes of a figure, with or without names."""
    codes, axis_names = _plane(codes)
    limit = limit or plane_limit(codes)
    if len(labels) != len(codes):
        raise ValueError(f"{len(labels)} labels for {len(codes)} codes: expected one for each.")
    ax.scatter(*codes.T, s=2, c=COLORS[labels % len(COLORS)], alpha=0.5, lw=0, rasterized=True)
    draw_prior(ax)
    frame_plane(ax, limit, *axis_names)
    if class_names is None:
        return
    for label, middle, place in zip(*name_places(codes, labels, limit), strict=True):
        color = 0.75 * COLORS[label % len(COLORS)]
        ax.annotate(
            *(class_names[label], middle, place),
            **dict(color=color, weight="bold", size=text_size, path_effects=HALO),
            **dict(ha="center", va="center"),
            # A line from a name to its place, seen only where the name had to move.
            arrowprops=dict(arrowstyle="-", color=color, lw=0.8, shrinkA=0, shrinkB=0),
        )


def name_places(codes, labels, limit):
    """Where the names of classes go: at their middles, moved apart where they would overlap.

    Returns:
        labels (k,); middles (k, 2), the medians of their codes; places (k, 2) for the names.
    """
    present = np.unique(labels)
    middles = np.array([np.median(codes[labels == label], axis=0) for label in present])
    places = _apart(middles, across=0.38 * limit, upright=0.085 * limit)
    return present, middles, np.clip(places, -0.95 * limit, 0.95 * limit)


def draw_latent_grid(ax, images, limit=GRID_LIMIT):
    """Draw `latent_grid` into axes of a figure."""
    side = round(len(images) ** 0.5)
    if side < 2 or side * side != len(images):
        raise ValueError(f"images of shape {np.shape(images)}: expected (side * side, 28, 28, 1).")
    half = limit * side / (side - 1)  # codes are at the middles of the images
    _show(ax, _mosaic(images, side), extent=(-half, half, -half, half))
    draw_prior(ax, color="#ffd400")
    frame_plane(ax, half)


def draw_prior(ax, color="0.35"):
    """Draw the circle that holds 95 % of the prior."""
    ax.add_patch(Circle((0, 0), PRIOR_RADIUS, fill=False, color=color, lw=1.2, ls=(0, (4, 3))))


def plane_limit(codes, least=GRID_LIMIT):
    """Half the width of a plane that shows all but the farthest 0.1 % of the coordinates."""
    return max(least, 1.05 * np.quantile(np.abs(codes), 0.999))


def frame_plane(ax, limit, across="z1", upright="z2"):
    """Show [-limit, limit]^2, both axes to one scale."""
    ax.set(
        xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xlabel=across, ylabel=upright
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))


def _show(ax, picture, **options):
    brightest = 255 if picture.dtype == np.uint8 else 1  # the same grey for the same value
    ax.imshow(picture, cmap="gray", vmin=0, vmax=brightest, interpolation="none", **options)


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
    # Not centred: the prior's circle stays at 0, and a model off centre must look it.
    return codes @ directions[:2].T, ("principal component 1", "principal component 2")


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
