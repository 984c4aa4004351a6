"""Figures of sweeps: many models, or many priors, side by side on the same axes."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from vaelib.plotting.panels import (
    COLORS,
    distinct_colors,
    frame_plane,
    lattice_kept,
    lattice_of,
    levels_that_hold,
    plane_limit,
    plot_latent_space,
)


def planes(columns):
    """Latent spaces in a row, all on the same axes.

    Args:
        columns: dict of title to snapshots, as from `Snapshots.arrays`; the last codes are shown.

    Raises:
        ValueError: for codes that are not on a plane.
    """
    for title, arrays in columns.items():
        if arrays["codes"][-1].shape[1] != 2:
            width = arrays["codes"][-1].shape[1]
            raise ValueError(f"the codes of {title!r} have {width} dimensions: expected 2.")
    limit = max(plane_limit(arrays["codes"][-1]) for arrays in columns.values())
    size = min(3.4, 11 / len(columns))
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(size * len(columns), size + 0.7), dpi=110),
        **dict(squeeze=False, sharex=True, sharey=True, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, arrays) in zip(axes[0], columns.items(), strict=True):
        lattice = lattice_kept(arrays, -1)
        plot_latent_space(ax, arrays["codes"][-1], arrays["labels"], limit=limit, lattice=lattice)
        ax.set_title(title)
        ax.label_outer()
    return figure


def rate_distortion(groups, names=None):
    """What the codes cost against what they leave out, a dot for each model.

    Dashed lines join points of the same sum, and so of the same ELBO (Alemi et al. 2018, arXiv
    1711.00464, figure 1).

    Args:
        groups: dict of name to (rates, distortions), each (n,), in nats per image.
        names: a word for each dot of the first group, or None.

    Raises:
        ValueError: for more than ten groups, or another number of names.
    """
    first = next(iter(groups.values()))
    colors = distinct_colors(len(groups))
    if names is not None and len(names) != len(first[0]):
        raise ValueError(f"{len(names)} names for {len(first[0])} dots: expected one for each.")
    figure, axes = plt.subplots(figsize=(6.4, 4.4), dpi=110, layout="constrained")
    plt.close(figure)
    axes.margins(0.08)  # room for the last word
    for color, (title, (rates, distortions)) in zip(colors, groups.items(), strict=True):
        axes.plot(rates, distortions, "o", ms=6, alpha=0.75, mew=0, color=color, label=title)
    for name, rate, distortion in zip(names or (), *first, strict=False):
        axes.annotate(
            *(name, (rate, distortion), (5, 5)), textcoords="offset points", color="0.25", size=8
        )
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for total in MaxNLocator(7).tick_values(left + bottom, right + top):
        ends = np.array([left, right])
        axes.plot(ends, total - ends, color="0.75", lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set(xlabel="rate: KL(q(z|x) || p(z)), nats", ylabel="distortion: reconstruction, nats")
    axes.legend(framealpha=1)
    return figure


def heatmaps(tables):
    """A field of numbers for each measure, with the numbers in it.

    Args:
        tables: dict of title to a DataFrame, whose index goes down and whose columns go across;
            NaN stays empty.
    """
    first = next(iter(tables.values()))
    rows, columns = first.shape
    figure, axes = plt.subplots(
        *(1, len(tables)),
        **dict(figsize=((1.0 + 0.75 * columns) * len(tables), 1.2 + 0.55 * rows), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        values = table.to_numpy("float64")
        ax.imshow(values, cmap="Blues", aspect="auto")
        middle = np.nanmean([np.nanmin(values), np.nanmax(values)])
        for place in zip(*np.nonzero(np.isfinite(values)), strict=True):
            color = "white" if values[place] > middle else "0.15"
            word = f"{values[place]:.1f}" if values[place] >= 100 else f"{values[place]:.3g}"
            ax.text(*place[::-1], word, ha="center", va="center", color=color)
        ax.set(title=title, xlabel=table.columns.name)
        ax.set_xticks(range(columns), list(map(str, table.columns)))
        ax.set_yticks(range(rows), list(map(str, table.index)))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0, 0].set_ylabel(first.index.name, rotation=0, labelpad=10)
    return figure


def priors(columns, codes, limit=None):
    """The density of each prior as contours, over the codes that it is for.

    Args:
        columns: dict of title to an object with `log_density`.
        codes: dict of the same titles to (n, 2).
        limit: how far the planes reach; by default as far as the codes.
    """
    limit = limit or max(plane_limit(points) for points in codes.values())
    axis, densities = np.linspace(-limit, limit, 401), {}
    for title, prior in columns.items():
        densities[title] = lattice_of(prior, limit, len(axis))[1]
        if not np.exp(densities[title]).any():
            raise ValueError(f"none of the prior {title!r} lies within {limit:g} of the origin.")
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(3.4 * len(columns), 3.6), dpi=110, squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, log_density) in zip(axes[0], densities.items(), strict=True):
        ax.scatter(*codes[title].T, s=2, color="0.6", alpha=0.4, lw=0, rasterized=True)
        # Each line holds so much of the prior, from the outermost in.
        levels = sorted(set(levels_that_hold(log_density, [0.95, 0.8, 0.6, 0.4, 0.2])))
        style = dict(colors=[COLORS[0]], linewidths=1.2, linestyles="solid")
        ax.contour(axis, axis, log_density, levels, **style)
        ax.set_title(title)
        frame_plane(ax, limit)
    return figure
