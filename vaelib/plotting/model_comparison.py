"""Plot several models, or several priors, side by side."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vaelib.plotting import labels
from vaelib.plotting.panels import (
    COLORS,
    axis_limit,
    distinct_colors,
    new_figure,
    plot_latent_space,
    set_latent_axes,
)
from vaelib.plotting.prior_contours import (
    PriorDensity,
    density_levels,
    prior_density_grid,
    prior_grid_in,
)
from vaelib.plotting.text import SHORT, plain

if TYPE_CHECKING:
    import pandas as pd  # not needed at run time

MARKERS = "osD^vP*Xpd"  # one for each color, for readers who cannot distinguish the colors
LIGHT, DARK = "#f7fbff", "#6baed6"  # both light enough for black numbers
COLOR_MAPS = {  # better values are darker
    "higher": LinearSegmentedColormap.from_list("higher", [LIGHT, DARK]),
    "lower": LinearSegmentedColormap.from_list("lower", [DARK, LIGHT]),
}


def latent_spaces(
    columns: dict[str, dict[str, np.ndarray]], class_names: Sequence[str] = ()
) -> Figure:
    """Plot the latent spaces of several models in a row, each with axes that fit its codes.

    The scales differ, so compare the codes with the line that contains 95 % of the prior.

    Args:
        columns: For each model a title and the arrays of `Snapshots.arrays`. The codes of the last
            snapshot are shown.
        class_names: A name for each label, for a legend of the colors. By default there is none.

    Raises:
        ValueError: If codes do not have two dimensions.
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
        codes, prior_grid = arrays["codes"][-1], prior_grid_in(arrays, -1)
        plot_latent_space(
            ax, codes, arrays["labels"], limit=axis_limit(codes), prior_grid=prior_grid
        )
        ax.set(title=plain(title), ylabel="z2" if ax is axes[0, 0] else None)
    labels.class_legend(figure, class_names)
    return figure


def rate_distortion(
    groups: dict[str, tuple[Sequence[float], Sequence[float], Sequence[str]]],
    joined: Collection[str] = (),
) -> Figure:
    """Plot distortion over rate, with one labeled dot per model.

    Each dashed line connects points with the same sum of rate and distortion, and therefore with
    the same ELBO (Alemi et al. 2018, arXiv 1711.00464, figure 1).

    Args:
        groups: For each group of models a title and a tuple of rates, distortions (both in nats
            per image) and names, one per model.
        joined: Titles of the groups whose dots are connected by a line, in the given order.

    Raises:
        ValueError: If there are more than ten groups, or if the number of names differs from the
            number of dots.
    """
    colors = distinct_colors(len(groups))
    for title, (rates, _, names) in groups.items():
        if len(names) != len(rates):
            raise ValueError(
                f"{len(names)} names for {len(rates)} dots of {title!r}: expected one for each."
            )
    figure, axes = plt.subplots(figsize=(8.4, 5.6), dpi=110, layout="constrained")
    plt.close(figure)
    axes.margins(0.08)  # leave space for the names
    for color, marker, (title, (rates, distortions, _)) in zip(
        colors, MARKERS, groups.items(), strict=False
    ):
        line = "-" if title in joined else ""
        style = dict(ls=line, lw=1.2, marker=marker, ms=7, mec="white", mew=0.8)
        axes.plot(rates, distortions, color=color, label=plain(title, SHORT), **style)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for total in MaxNLocator(7).tick_values(left + bottom, right + top):
        ends = np.array([left, right])
        axes.plot(ends, total - ends, color="0.8", lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set(xlabel="rate: mean KL(q(z|x) || p(z)), nats", ylabel="distortion, nats")
    axes.legend(handles=axes.lines[: len(groups)], framealpha=1, loc="upper right")
    dots = {title: np.transpose(group[:2]) for title, group in groups.items()}
    labels.label_points(
        axes,
        [name for *_, names in groups.values() for name in names],
        np.concatenate(list(dots.values())),
        [dots[title] for title in joined],
    )
    return figure


def active_units(spreads: dict[str, np.ndarray], threshold: float) -> Figure:
    """Plot how much the posterior mean varies over images in each latent dimension.

    Dimensions are sorted by this standard deviation, largest first.

    Args:
        spreads: For each model a title and the standard deviation over images of the posterior
            mean, shape (latent_dim,).
        threshold: Value above which a dimension counts as active, shown as a dashed line.

    Raises:
        ValueError: If there are more than ten models.
    """
    colors = distinct_colors(len(spreads))
    figure, axes = new_figure(1, 1, size=7.0, aspect=0.5)
    ax = axes[0, 0]
    for color, marker, (title, values) in zip(colors, MARKERS, spreads.items(), strict=False):
        falling = np.sort(values)[::-1]
        word = f"{plain(title, SHORT)}: {np.sum(falling > threshold)} of {len(falling)} active"
        ax.plot(1 + np.arange(len(falling)), falling, color=color, marker=marker, lw=1, label=word)
    word = f"active: above {threshold:g}"
    ax.axhline(threshold, color="0.35", lw=1, ls=(0, (4, 3)), label=word)
    ax.set_xlabel("latent dimension, most active first")
    ax.set_ylabel("standard deviation of its mean over images")
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.legend(handles=ax.lines, framealpha=1)
    return figure


def heatmaps(
    tables: dict[str, pd.DataFrame], better: dict[str, Literal["higher", "lower"]]
) -> Figure:
    """Plot tables of measures as heatmaps with their numbers, where darker means better.

    Args:
        tables: For each measure a title and a DataFrame, all with the same index and columns.
            Missing values (NaN) are shown as a dash.
        better: For each title whether "higher" or "lower" values are better.
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
        ax.imshow(values, cmap=COLOR_MAPS[better[title]], aspect="auto")
        for place, value in np.ndenumerate(values):
            word = f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
            word = word if np.isfinite(value) else "–"
            ax.text(*place[::-1], word, ha="center", va="center", color="0.1")
        ax.set(title=f"{plain(title)}\n({better[title]} is better)")
        ax.set_xlabel(plain(_name(table.columns)))
        ax.set_xticks(range(columns), [plain(name, SHORT) for name in table.columns])
        ax.set_yticks(range(rows), [plain(name, SHORT) for name in table.index])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0, 0].set_ylabel(plain(_name(first.index)), rotation=0, labelpad=10)
    figure.suptitle("Darker is better", size="medium", color="0.35")
    return figure


def _name(index: pd.Index) -> str:
    return "" if index.name is None else index.name


def priors(
    columns: dict[str, PriorDensity], codes: dict[str, np.ndarray], limit: float | None = None
) -> Figure:
    """Plot the density of each prior as contour lines over the codes of its model.

    From the outermost to the innermost, the lines contain 95, 80, 60, 40 and 20 % of the prior.

    Args:
        columns: For each prior a title and an object with a method `log_density`.
        codes: For each title the codes of the model, shape (n, 2).
        limit: The axes span [-limit, limit]. By default they fit the codes of each model.

    Raises:
        ValueError: If a prior lies entirely outside of its axes.
    """
    figure, axes = plt.subplots(
        *(1, len(columns)),
        **dict(figsize=(3.4 * len(columns), 3.6), dpi=110, squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    for ax, (title, prior) in zip(axes[0], columns.items(), strict=True):
        reach = limit or axis_limit(codes[title])
        axis = np.linspace(-reach, reach, 401)
        _, log_density = prior_density_grid(prior, reach, len(axis))
        if not np.exp(log_density).any():
            raise ValueError(
                f"none of the prior {title!r} lies within {reach:g} of the origin: choose a larger "
                "limit."
            )
        ax.scatter(*codes[title].T, s=2, color="0.6", alpha=0.4, lw=0, rasterized=True)
        levels = sorted(set(density_levels(log_density, [0.95, 0.8, 0.6, 0.4, 0.2])))
        style = dict(colors=[COLORS[0]], linewidths=1.2, linestyles="solid")
        ax.contour(axis, axis, log_density, levels, **style)
        ax.set_title(plain(title))
        set_latent_axes(ax, reach)
    return figure
