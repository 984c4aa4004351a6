"""Plot the sizes of effects on each data set of the forecast, and describe the figure in words."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study import forecast
from study.forecast import DATASETS, DIMENSIONS, KINDS, VAE
from study.named_models import TITLES
from vaelib.plotting.panels import COLORS, new_figure


def plot_effects(table: pd.DataFrame) -> Figure:
    """Plot the size of each effect, with a panel for each kind of change.

    A line marks the typical effect on each data set. Disks are effects with 2 latent dimensions,
    rings those with 32, and crosses those of which one of the two models collapsed.

    Args:
        table: As from `forecast.read`, complete.

    Raises:
        ValueError: If rows are missing.
    """
    figure, axes = new_figure(1, len(KINDS), size=4.8, aspect=0.84)
    collapsed = forecast.collapsed(table)
    for ax, kind in zip(axes[0], KINDS, strict=True):
        sizes = forecast.sizes(table, kind)
        typical = forecast.typical_effects(table, kind)
        for place, (name, color) in enumerate(zip(DATASETS, COLORS, strict=False)):
            fallen = set(collapsed.index[collapsed[name] > 0])
            # In the same order on each data set, so that marks of one measure can be compared.
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
    axes[0][0].set_ylabel("effect, in standard deviations over seeds")
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _mark(dimensions: int | None, collapsed: bool) -> dict:
    if collapsed:
        return dict(marker="x", ms=5)
    return dict(marker="o", ms=4.5, mfc=None if dimensions == DIMENSIONS[0] else "white")


def _legend() -> list[Line2D]:
    kinds = {f"{dimensions} dimensions": (dimensions, False) for dimensions in DIMENSIONS}
    kinds["with a collapsed model"] = None, True
    marks = [Line2D([], [], color="0.3", ls="", label=k, **_mark(*of)) for k, of in kinds.items()]
    return [*marks, Line2D([], [], color="0.15", lw=2, label="typical effect (geometric mean)")]


def describe_effects(table: pd.DataFrame) -> str:
    """Describe the figure of `plot_effects` as alternative text; the argument is the same."""
    panels = []
    for kind in KINDS:
        sizes = forecast.sizes(table, kind)
        typical = forecast.typical_effects(table, kind)
        found = ", ".join(f"{typical[name]:.1f} on {title}" for name, title in DATASETS.items())
        panels.append(f"of {kind}, {len(sizes)} on each data set, typically {found}")
    return (
        "Two panels with a logarithmic axis. Marks show the sizes of effects in standard "
        "deviations over seeds, and a line shows the typical effect: "
        f"{'; '.join(panels)}. Disks are effects with {DIMENSIONS[0]} latent dimensions, rings "
        f"those with {DIMENSIONS[1]}, and crosses those with a collapsed model."
    )
