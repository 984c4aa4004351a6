"""One picture in one pair of axes: what the figures of `vaelib.plotting` are made of.

The latent plane looks alike everywhere: z1 to the right, z2 upwards, the same scale on both
axes, so that a decoded grid can be laid over a scatter plot.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from vaelib.grid import LIMIT
from vaelib.plotting.mosaics import brightness, mosaic

COLORS = np.array(mpl.color_sequences["petroff10"])
# Of classes: in this order those that overlap most, pullover, coat and shirt or 4, 7 and 9, are
# told apart by readers of every kind of colour vision; tests/plotting/test_colors.py tries it.
CLASS_COLORS = COLORS[[4, 7, 3, 0, 2, 6, 1, 9, 5, 8]]
# 95 % of a two-dimensional standard normal lie within this distance of the origin.
PRIOR_RADIUS = np.sqrt(-2 * np.log(0.05))
HALO = [patheffects.withStroke(linewidth=3, foreground="white", alpha=0.85)]


def figure_of(rows, columns, size, aspect=1.0, dpi=110):
    """A figure that nothing shows yet, and its axes, (rows, columns), each `size` inches wide."""
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


def distinct_colors(count):
    """A colour for each of so many curves or groups.

    Raises:
        ValueError: where there are more than colours that an eye can tell apart.
    """
    if count > len(COLORS):
        raise ValueError(
            f"{count} curves or groups in one panel: expected {len(COLORS)} at most, for there are "
            "no more colours. Split them."
        )
    return COLORS[:count]


def plot_samples(ax, images, columns=8):
    """Plot `samples` into axes of a figure."""
    _show(ax, mosaic(images, columns))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def plot_latent_space(ax, codes, labels, class_names=None, limit=None, text_size=9, lattice=None):
    """Plot `latent_space` into axes of a figure, with or without names.

    Args:
        lattice: the prior's, as from `lattice_around`; None for the standard normal.
    """
    labels = np.asarray(labels)
    codes, axis_names = _plane(codes)
    limit = limit or plane_limit(codes)
    if labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels of shape {labels.shape} and type {labels.dtype} for {len(codes)} codes: "
            "expected an integer for each."
        )
    if labels.min() < 0 or (class_names is not None and labels.max() >= len(class_names)):
        known = "0 or more" if class_names is None else f"0 to {len(class_names) - 1}"
        raise ValueError(f"labels from {labels.min()} to {labels.max()}: expected {known}.")
    size = np.clip(2_000 / len(codes), 2, 20)  # few dots are to be seen, many not to be one blot
    color = CLASS_COLORS[labels % len(CLASS_COLORS)]
    ax.scatter(*codes.T, s=size, c=color, alpha=0.5, lw=0, rasterized=True)
    plot_prior(ax, lattice)
    frame_plane(ax, limit, *axis_names)
    if class_names is None:
        return
    for label, middle, place in zip(*name_places(codes, labels, limit), strict=True):
        color = 0.75 * CLASS_COLORS[label % len(CLASS_COLORS)]
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


def plot_latent_grid(ax, images, limit=LIMIT, lattice=None):
    """Plot `latent_grid` into axes of a figure; `lattice` as for `plot_latent_space`."""
    side = round(len(images) ** 0.5)
    if side < 2 or side * side != len(images):
        raise ValueError(
            f"images of shape {np.shape(images)}: expected (side * side, height, width, channels)."
        )
    half = limit * side / (side - 1)  # codes are at the middles of the images
    # Images that are not square are stretched here, for the plane's axes have one scale.
    _show(ax, mosaic(images, side), extent=(-half, half, -half, half))
    plot_prior(ax, lattice, color="#ffd400")
    frame_plane(ax, half)


def plot_prior(ax, lattice=None, color="0.35"):
    """Plot the line that holds 95 % of the prior: for the standard normal a circle.

    Args:
        lattice: the prior's, as from `lattice_around`; None for the standard normal.
    """
    style = dict(linewidths=1.2, linestyles=[(0, (4, 3))])
    if lattice is None:
        circle = Circle((0, 0), PRIOR_RADIUS, fill=False, color=color, lw=1.2, ls=(0, (4, 3)))
        ax.add_patch(circle)
        return
    limit, log_density = lattice
    if np.size(log_density) == 0:  # a prior that is not on a plane
        return
    axis = np.linspace(-limit, limit, len(log_density))
    # By its logarithm, which between two points is nearer to a straight line.
    level = levels_that_hold(log_density, [0.95])
    ax.contour(axis, axis, log_density, level, colors=[color], **style)


def lattice_around(prior):
    """A prior's log density on a lattice that reaches as far as the prior does, for `plot_prior`.

    Args:
        prior: an object with `log_density` and `sample`, such as a model's; None for the standard
            normal.

    Returns:
        As from `lattice_of`, or None for the standard normal; for a prior of other than two
        dimensions a lattice without points.
    """
    if prior is None or getattr(prior, "is_standard_normal", False):
        return None
    samples = prior.sample(10_000)
    limit = 1.2 * float(np.abs(samples).max())
    return lattice_of(prior, limit) if samples.shape[1] == 2 else (limit, np.empty(0))


def lattice_kept(snapshots, i):
    """The prior's lattice in the i-th of some snapshots; None where it is the standard normal."""
    return (snapshots["prior_limit"][i], snapshots["prior"][i]) if "prior" in snapshots else None


def lattice_of(prior, limit, side=201):
    """A prior's log density on a square lattice of codes.

    Args:
        prior: an object with `log_density`.
        limit: the lattice spans [-limit, limit]^2.
        side: points in a row.

    Returns:
        limit, and log density (side, side), z2 rising downwards.
    """
    axis = np.linspace(-limit, limit, side, dtype="float32")
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return limit, np.asarray(prior.log_density(plane)).reshape(side, side)


def levels_that_hold(log_density, shares):
    """The log densities above which a lattice of them holds these shares, rising."""
    falling = np.sort(log_density, axis=None)[::-1].astype("float64")
    reached = np.cumsum(np.exp(falling - falling[0]))  # far below 0, exp alone would be 0
    return [falling[np.searchsorted(reached, s * reached[-1])] for s in sorted(shares)[::-1]]


def plane_limit(codes, least=LIMIT):
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
    brightest = brightness(picture)  # the same grey for the same value
    if picture.ndim == 2:  # in colour, these say nothing
        options |= dict(cmap="gray", vmin=0, vmax=brightest)
    ax.imshow(picture, interpolation="none", **options)


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
