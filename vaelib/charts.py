"""Figures of the study: tables in, figure out."""

import matplotlib.pyplot as plt
import numpy as np

from vaelib import study
from vaelib.panels import COLORS


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
    figure, axes = plt.subplots(
        *(1, len(measures)),
        **dict(figsize=(2.2 + 2.1 * len(measures), 0.5 + 0.34 * len(names)), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    for ax, measure in zip(axes[0], measures, strict=True):
        for y, name in enumerate(names):
            values = rows.loc[rows.objective == name, measure].dropna()
            color = "0.45" if name in study.REFERENCES else COLORS[0]
            ax.plot(values, np.full(len(values), y), "o", ms=5, color=color, alpha=0.6, mew=0)
            if len(values):
                ax.plot([values.mean()] * 2, [y - 0.3, y + 0.3], color=color, lw=2)
        ax.set(
            title=measure, yticks=range(len(names)), yticklabels=[study.TITLES[n] for n in names]
        )
        ax.grid(axis="x", alpha=0.3)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].invert_yaxis()
    plt.close(figure)
    return figure


def steps(panels):
    """Differences with their intervals, a panel for each measure, zero as a line.

    Args:
        panels: dict of measure to what `ledger.steps` gives.
    """
    figure, axes = plt.subplots(
        *(1, len(panels)),
        **dict(figsize=(1.9 + 2.2 * len(panels), 2.0), dpi=110),
        **dict(squeeze=False, sharey=True, layout="constrained"),
    )
    for ax, (measure, differences) in zip(axes[0], panels.items(), strict=True):
        for y, difference in enumerate(differences.values()):
            color = "0.3" if y == 0 else COLORS[0]
            ax.plot([difference.low, difference.high], [y, y], color=color, lw=2, alpha=0.6)
            ax.plot(difference.mean, y, "o", ms=6, color=color)
        ax.axvline(0, color="0.35", lw=1, ls=(0, (4, 3)))
        ax.set(title=measure, yticks=range(len(differences)), yticklabels=list(differences))
        ax.grid(axis="x", alpha=0.3)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].invert_yaxis()
    plt.close(figure)
    return figure
