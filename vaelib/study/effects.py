"""The figure of the forecast: the sizes of effects, by data set; and what it shows, in words."""

import numpy as np
from matplotlib.lines import Line2D

from vaelib.plotting.panels import COLORS, figure_of
from vaelib.study import forecast
from vaelib.study.forecast import DATASETS, DIMENSIONS, KINDS, VAE
from vaelib.study.models import TITLES


def by_data_set(table):
    """A panel for each kind of change: a mark for each effect, a line at the typical one.

    Disks are for 2 dimensions, rings for 32, and crosses for what was found with a model that
    collapsed.

    Args:
        table: as from `forecast.read`, whole.
    """
    figure, axes = figure_of(1, len(KINDS), size=4.8, aspect=0.84)
    collapsed = forecast.collapsed(table)
    for ax, kind in zip(axes[0], KINDS, strict=True):
        sizes = forecast.sizes(table, kind)
        typical = forecast.typical(table, kind)
        for place, (name, color) in enumerate(zip(DATASETS, COLORS, strict=False)):
            fallen = set(collapsed.index[collapsed[name] > 0])
            # Side by side in one order, so that a measure is in the same place on each data set.
            beside = place + np.linspace(-0.3, 0.3, len(sizes))
            for x, ((dimensions, model, _), size) in zip(beside, sizes[name].items(), strict=True):
                cross = not fallen.isdisjoint({(dimensions, model), (dimensions, TITLES[VAE[0]])})
                ax.plot(x, size, color=color, ls="", **_mark(dimensions, cross))
            ax.plot([place - 0.37, place + 0.37], [typical[name]] * 2, color="0.15", lw=2)
            words = dict(xytext=(0, 3), textcoords="offset points", ha="right", va="bottom")
            ax.annotate(f"{typical[name]:.1f}", (place + 0.37, typical[name]), size=9, **words)
        ax.set(yscale="log", title=kind, xlim=(-0.5, len(DATASETS) - 0.5))
        ax.set_xticks(range(len(DATASETS)), DATASETS.values())
        ax.yaxis.set_major_formatter("{x:g}")
        ax.grid(axis="y", alpha=0.3)
        ax.tick_params(axis="x", length=0)
    low, high = (pick([ax.get_ylim() for ax in axes[0]]) for pick in (np.min, np.max))
    for ax in axes[0]:
        ax.set_ylim(low, high)
    axes[0][0].set_ylabel("size of an effect, in sd over seeds")
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _mark(dimensions, fallen):
    if fallen:
        return dict(marker="x", ms=5)
    return dict(marker="o", ms=4.5, mfc=None if dimensions == DIMENSIONS[0] else "white")


def _legend():
    kinds = {f"{dimensions} dimensions": (dimensions, False) for dimensions in DIMENSIONS}
    kinds["of a collapsed model"] = None, True
    marks = [Line2D([], [], color="0.3", ls="", label=k, **_mark(*of)) for k, of in kinds.items()]
    return [*marks, Line2D([], [], color="0.15", lw=2, label="typical: geometric mean")]


def in_words(table):
    """What `by_data_set` shows, for readers who do not see it; argument as there."""
    panels = []
    for kind in KINDS:
        sizes = forecast.sizes(table, kind)
        typical = forecast.typical(table, kind)
        found = ", ".join(f"{typical[name]:.1f} on {title}" for name, title in DATASETS.items())
        panels.append(f"of {kind}, {len(sizes)} on each data set, typically {found}")
    return (
        "Two panels with a logarithmic axis. Marks for the sizes of effects in standard deviations "
        f"over seeds, and a line at the typical one: {'; '.join(panels)}. Disks are for "
        f"{DIMENSIONS[0]} dimensions, rings for {DIMENSIONS[1]}, crosses for collapsed models."
    )
