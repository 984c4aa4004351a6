"""Figures of sweeps: many models, or many priors, side by side."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from vaelib.plotting import labels
from vaelib.plotting.panels import (
    COLORS,
    distinct_colors,
    figure_of,
    frame_plane,
    lattice_kept,
    lattice_of,
    levels_that_hold,
    plane_limit,
    plot_latent_space,
)

MARKERS = "osD^vP*Xpd"  # as many as there are colours, for eyes that do not tell these apart
LIGHT, DARK = "#f7fbff", "#6baed6"  # so light that black numbers can be read on both
BETTER = {  # so that what is better is darker
    "higher": LinearSegmentedColormap.from_list("higher", [LIGHT, DARK]),
    "lower": LinearSegmentedColormap.from_list("lower", [DARK, LIGHT]),
}


def planes(columns, class_names=()):
    """Latent spaces in a row, each as far as its codes reach: the prior's line is the ruler.

    Args:
        columns: dict of title to snapshots, as from `Snapshots.arrays`; the last codes are shown.
        class_names: a name for each label, for a legend of the colours; by default there is none.

    Raises:
        ValueError: for codes that are not on a plane.
    """
    for title, arrays in columns.items():
        if arrays["codes"][-1].shape[1] != 2:
            width = arrays["codes"][-1].shape[1]
            raise ValueError(f"the codes of {title!r} have {width} dimensions: expected 2.")
    size = min(3.4, 11 / len(columns))
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(size * len(columns), size + 0.9), dpi=110),
        **dict(squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, arrays) in zip(axes[0], columns.items(), strict=True):
        codes, lattice = arrays["codes"][-1], lattice_kept(arrays, -1)
        plot_latent_space(ax, codes, arrays["labels"], limit=plane_limit(codes), lattice=lattice)
        ax.set(title=title, ylabel="z2" if ax is axes[0, 0] else None)
    labels.class_legend(figure, class_names)
    return figure


def rate_distortion(groups, joined=()):
    """What the codes cost against what they leave out: a dot for each model, with its name.

    Dashed lines join points of the same sum, and so of the same ELBO (Alemi et al. 2018, arXiv
    1711.00464, figure 1).

    Args:
        groups: dict of title to (rates, distortions, names), each of n, in nats per image.
        joined: titles of groups whose dots are joined by a line, in the order that they are in.

    Raises:
        ValueError: for more than ten groups, or other than a name for each dot.
    """
    colors = distinct_colors(len(groups))
    for title, (rates, _, names) in groups.items():
        if len(names) != len(rates):
            raise ValueError(
                f"{len(names)} names for {len(rates)} dots of {title!r}: expected one for each."
            )
    figure, axes = plt.subplots(figsize=(8.4, 5.6), dpi=110, layout="constrained")
    plt.close(figure)
    axes.margins(0.08)  # room for the names
    for color, marker, (title, (rates, distortions, _)) in zip(
        colors, MARKERS, groups.items(), strict=False
    ):
        line = "-" if title in joined else ""
        style = dict(ls=line, lw=1.2, marker=marker, ms=7, mec="white", mew=0.8)
        axes.plot(rates, distortions, color=color, label=title, **style)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for total in MaxNLocator(7).tick_values(left + bottom, right + top):
        ends = np.array([left, right])
        axes.plot(ends, total - ends, color="0.8", lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set(xlabel="rate: mean KL(q(z|x) || p(z)), nats", ylabel="distortion, nats")
    axes.legend(framealpha=1, loc="upper right")
    dots = {title: np.transpose(group[:2]) for title, group in groups.items()}
    labels.beside(
        axes,
        [name for *_, names in groups.values() for name in names],
        np.concatenate(list(dots.values())),
        [dots[title] for title in joined],
    )
    return figure


def units(spreads, threshold):
    """How much each latent dimension changes with the image, the one that does most first.

    Args:
        spreads: dict of title to (latent_dim,), the standard deviation over images of each mean.
        threshold: above it a dimension is called active; a dashed line.

    Raises:
        ValueError: for more than ten titles.
    """
    colors = distinct_colors(len(spreads))
    figure, axes = figure_of(1, 1, size=7.0, aspect=0.5)
    ax = axes[0, 0]
    for color, marker, (title, values) in zip(colors, MARKERS, spreads.items(), strict=False):
        falling = np.sort(values)[::-1]
        word = f"{title}: {np.sum(falling > threshold)} of {len(falling)} active"
        ax.plot(1 + np.arange(len(falling)), falling, color=color, marker=marker, lw=1, label=word)
    word = f"active: above {threshold:g}"
    ax.axhline(threshold, color="0.35", lw=1, ls=(0, (4, 3)), label=word)
    ax.set_xlabel("latent dimension, the most active first")
    ax.set_ylabel("spread of its mean over images")
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.legend(framealpha=1)
    return figure


def heatmaps(tables, better):
    """A field of numbers for each measure, with the numbers in it. Darker is better.

    Args:
        tables: dict of title to a DataFrame, whose index goes down and whose columns go across;
            where it has NaN there is a dash.
        better: dict of the same titles to "higher" or "lower".
    """
    first = next(iter(tables.values()))
    rows, columns = first.shape
    figure, axes = plt.subplots(
        *(1, len(tables)),
        **dict(figsize=((0.6 + 0.85 * columns) * len(tables), 1.7 + 0.55 * rows), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        values = table.to_numpy("float64")
        ax.imshow(values, cmap=BETTER[better[title]], aspect="auto")
        for place, value in np.ndenumerate(values):
            word = f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
            word = word if np.isfinite(value) else "–"
            ax.text(*place[::-1], word, ha="center", va="center", color="0.1")
        ax.set(title=f"{title}\n({better[title]} is better)", xlabel=table.columns.name)
        ax.set_xticks(range(columns), list(map(str, table.columns)))
        ax.set_yticks(range(rows), list(map(str, table.index)))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0, 0].set_ylabel(first.index.name, rotation=0, labelpad=10)
    figure.suptitle("Darker is better", size="medium", color="0.35")
    return figure


def priors(columns, codes, limit=None):
    """The density of each prior as contours, over the codes that it is for.

    Args:
        columns: dict of title to an object with `log_density`.
        codes: dict of the same titles to (n, 2).
        limit: how far the planes reach; by default each as far as its codes.

    Raises:
        ValueError: for a prior of which nothing would be seen.
    """
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(3.4 * len(columns), 3.6), dpi=110, squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, prior) in zip(axes[0], columns.items(), strict=True):
        reach = limit or plane_limit(codes[title])
        axis = np.linspace(-reach, reach, 401)
        _, log_density = lattice_of(prior, reach, len(axis))
        if not np.exp(log_density).any():
            raise ValueError(f"none of the prior {title!r} lies within {reach:g} of the origin.")
        ax.scatter(*codes[title].T, s=2, color="0.6", alpha=0.4, lw=0, rasterized=True)
        # Each line holds so much of the prior, from the outermost in.
        levels = sorted(set(levels_that_hold(log_density, [0.95, 0.8, 0.6, 0.4, 0.2])))
        style = dict(colors=[COLORS[0]], linewidths=1.2, linestyles="solid")
        ax.contour(axis, axis, log_density, levels, **style)
        ax.set_title(title)
        frame_plane(ax, reach)
    return figure
