"""Plot how much a measure varies between training runs that differ only in their seed."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import distinct_colors, new_figure
from vaelib.plotting.text import SHORT, plain


def values_by_seed(panels: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Plot a measure of several models, one dot per training run, and a line for each mean.

    Args:
        panels: For each panel its title, and for each model of it a name and its values, one per
            seed. A comma and a space in a name become a line break. All panels have the same
            scale, so they should show the same measure.

    Raises:
        ValueError: If a model has no values, or values that are not finite.
    """
    figure, axes = new_figure(1, len(panels), size=4.2, aspect=0.8)
    every = []
    for ax, (title, models) in zip(axes[0], panels.items(), strict=True):
        colors, names = (
            distinct_colors(len(models)),
            [plain(name.replace(", ", "\n"), SHORT) for name in models],
        )
        for i, (name, given) in enumerate(models.items()):
            values = np.asarray(given, "float64")
            if not len(values) or not np.isfinite(values).all():
                raise ValueError(
                    f"values of {name!r} in {title!r} are {values.tolist()}: expected at least "
                    "one, and only finite numbers. Leave out the runs that lack this measure."
                )
            aside = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
            ax.plot(i + aside, values, "o", ms=5, alpha=0.7, color=colors[i])
            ax.plot([i - 0.25, i + 0.25], [values.mean()] * 2, color="0.2", lw=1.5)
            every += values.tolist()
        ax.set_xticks(range(len(models)), names, fontsize=8)
        ax.set_title(plain(title), fontsize=10)
        ax.set_xlim(-0.5, len(models) - 0.5)
    margin = 0.06 * np.ptp(every) or 0.5
    for ax in axes[0]:
        ax.set_ylim(min(every) - margin, max(every) + margin)
    return figure
