"""Figures of the study: tables in, figure out."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from vaelib import study
from vaelib.panels import COLORS, draw_samples, frame_plane

WINDOW = np.array([-1.5, 1.5])  # what is shown of the plane around the encoder's mean


def dots(table, dataset, measures, names=None):
    """A panel for each measure, a row for each model, a dot for each seed, a line at the mean.

    Args:
        table: as from `ledger.read`.
        dataset: whose rows.
        measures: columns of the table.
        names: objectives, from top to bottom; by default all of the study.
    """
    names = list(names or study.OBJECTIVES)
    rows = table[table.dataset == dataset]
    titles = [study.TITLES[name] for name in names]
    figure, axes = _panels(measures, titles, height=0.5 + 0.34 * len(names))
    for ax, measure in zip(axes, measures, strict=True):
        for y, name in enumerate(names):
            values = rows.loc[rows.objective == name, measure].dropna()
            color = "0.45" if name in study.REFERENCES else COLORS[0]
            ax.plot(values, np.full(len(values), y), "o", ms=5, color=color, alpha=0.6, mew=0)
            if len(values):
                ax.plot([values.mean()] * 2, [y - 0.3, y + 0.3], color=color, lw=2)
    return figure


def steps(panels):
    """Differences with their intervals, a panel for each measure, zero as a line.

    Args:
        panels: dict of measure to what `ledger.steps` gives.
    """
    figure, axes = _panels(panels, next(iter(panels.values())), height=2.0)
    for ax, differences in zip(axes, panels.values(), strict=True):
        for y, difference in enumerate(differences.values()):
            color = "0.3" if y == 0 else COLORS[0]
            ax.plot([difference.low, difference.high], [y, y], color=color, lw=2, alpha=0.6)
            ax.plot(difference.mean, y, "o", ms=6, color=color)
        ax.axvline(0, color="0.35", lw=1, ls=(0, (4, 3)))
    return figure


def _panels(titles, rows, height):
    """Axes next to each other that share rows with names, the first one at the top."""
    figure, axes = plt.subplots(
        *(1, len(titles)),
        **dict(figsize=(2.2 + 2.1 * len(titles), height), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set(title=title, yticks=range(len(rows)), yticklabels=list(rows))
        ax.grid(axis="x", alpha=0.3)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    plt.close(figure)
    return figure, axes[0]


def true_posteriors(images, posteriors, side, limit, z_mean, z_log_var, deviations=2):
    """For each image: itself, and its true posterior in blue, with the encoder's as an ellipse.

    Args:
        images: (n, 28, 28, 1), n at least 1.
        posteriors: (n, side * side), as from `likelihood.posterior` on `snapshots.grid_codes`.
        side, limit: of that grid.
        z_mean, z_log_var: (n, 2).
        deviations: how many standard deviations the ellipses reach.
    """
    figure, axes = plt.subplots(
        *(2, len(images)),
        **dict(figsize=(2.1 * len(images), 3.0), dpi=110),
        **dict(squeeze=False, layout="constrained", height_ratios=(1, 2)),
    )
    for i, (image, density) in enumerate(zip(images, posteriors, strict=True)):
        draw_samples(axes[0, i], image[None], columns=1)
        ax = axes[1, i]
        # By its logarithm, for a second mode is often the smaller one; e^-9 is as good as nothing.
        shown = np.log(density.reshape(side, side) / density.max() + np.exp(-9))
        ax.imshow(shown, extent=(-limit, limit, -limit, limit), cmap="Blues")
        width = 2 * deviations * np.exp(z_log_var[i] / 2)
        ax.add_patch(Ellipse(z_mean[i], *width, fill=False, color="#c2185b", lw=1.5))
        ax.set(xlim=z_mean[i][0] + WINDOW, ylim=z_mean[i][1] + WINDOW, xlabel="z1", ylabel="z2")
    plt.close(figure)
    return figure


def rate_distortion(groups, names=None):
    """What the codes cost against what they leave out, a dot for each model.

    Dashed lines join points of the same sum, and so of the same ELBO (Alemi et al. 2018, arXiv
    1711.00464, figure 1).

    Args:
        groups: dict of name to (rates, distortions), each (n,), in nats per image.
        names: a word for each dot of the first group, or None.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4.4), dpi=110, layout="constrained")
    for color, (title, (rates, distortions)) in zip(COLORS, groups.items(), strict=False):
        axes.plot(rates, distortions, "o", ms=6, alpha=0.75, mew=0, color=color, label=title)
    for name, rate, distortion in zip(names or (), *next(iter(groups.values())), strict=False):
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
    plt.close(figure)
    return figure


def heatmaps(tables):
    """A field of numbers for each measure, with the numbers in it.

    Args:
        tables: dict of title to a DataFrame whose index and columns have names; NaN stays empty.
    """
    first = next(iter(tables.values()))
    rows, columns = first.shape
    figure, axes = plt.subplots(
        *(1, len(tables)),
        **dict(figsize=((1.0 + 0.75 * columns) * len(tables), 1.2 + 0.55 * rows), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        values = table.to_numpy("float64")
        ax.imshow(values, cmap="Blues", aspect="auto")
        middle = np.nanmean([np.nanmin(values), np.nanmax(values)])
        for place in zip(*np.nonzero(np.isfinite(values)), strict=True):
            color = "white" if values[place] > middle else "0.15"
            word = f"{values[place]:.1f}" if values[place] >= 100 else f"{values[place]:.3g}"
            ax.text(*place[::-1], word, ha="center", va="center", color=color)
        ax.set(title=title, xlabel=table.columns.name)
        ax.set_xticks(range(columns), [f"{value:g}" for value in table.columns])
        ax.set_yticks(range(rows), [f"{value:g}" for value in table.index])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0, 0].set_ylabel(first.index.name)
    plt.close(figure)
    return figure


def priors(columns, codes, limit):
    """The density of each prior as contours, over the codes that it is for.

    Args:
        columns: dict of title to an object with `log_density`.
        codes: dict of the same titles to (n, 2).
        limit: how far the planes reach.
    """
    axis = np.linspace(-limit, limit, 401, dtype="float32")
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    densities = {}
    for title, prior in columns.items():
        densities[title] = np.exp(np.asarray(prior.log_density(plane))).reshape(len(axis), -1)
        if not densities[title].any():
            raise ValueError(f"none of the prior {title!r} lies within {limit:g} of the origin.")
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(3.4 * len(columns), 3.6), dpi=110, squeeze=False, layout="constrained"),
    )
    for ax, (title, density) in zip(axes[0], densities.items(), strict=True):
        ax.scatter(*codes[title].T, s=2, color="0.6", alpha=0.4, lw=0, rasterized=True)
        # Each line holds so much of the prior, from the outermost in.
        levels = sorted(set(held(density, [0.95, 0.8, 0.6, 0.4, 0.2])))
        ax.contour(axis, axis, density, levels=levels, colors=[COLORS[0]], linewidths=1.2)
        ax.set_title(title)
        frame_plane(ax, limit)
    plt.close(figure)
    return figure


def held(density, shares):
    """The levels above which a density on a grid holds these shares, rising."""
    falling = np.sort(density.ravel())[::-1]
    reached = np.cumsum(falling) / falling.sum()
    return [falling[np.searchsorted(reached, share)] for share in sorted(shares, reverse=True)]
