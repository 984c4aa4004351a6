"""Figures of the study: tables in, figure out."""

import matplotlib.pyplot as plt
import numpy as np

from vaelib.plotting.panels import COLORS
from vaelib.study import contrasts
from vaelib.study.contrasts import AS_POSTED, BOTH_WAYS, CONTRASTS, CORRECTED, contrast
from vaelib.study.models import OBJECTIVES, REFERENCES, TITLES, UNTRAINED


def trial(table, dataset, measures, real=None, log=()):
    """The measures that a claim is tried on: of every model, and what each change does to them.

    Above, a row for each model, a dot for each seed, a line at their mean; where the untrained
    network lies far away, an arrow with its mean. Below, `contrasts.CONTRASTS` with their
    intervals, and no difference as a dashed line. Small circles: the same change made in either
    order.

    Args:
        table: as from `tables.read`.
        dataset: whose rows.
        measures: columns of the table, a panel for each.
        real: dict of measure to what it is for real images, for its title, where that is known.
        log: those of the measures whose values are shown by their logarithms, and whose
            differences are ratios; they must be positive.
    """
    names, here = list(OBJECTIVES), table[table.dataset == dataset]
    changes = {measure: _changes(here, dataset, measure, measure in log) for measure in measures}
    rows = [TITLES[name] for name in names], list(CONTRASTS)
    figure, axes = plt.subplots(
        *(2, len(measures)),
        **dict(figsize=(2.6 + 2.3 * len(measures), 1.3 + 0.3 * sum(map(len, rows))), dpi=110),
        **dict(squeeze=False, sharey="row", height_ratios=list(map(len, rows))),
        layout="constrained",
    )
    for (above, below), measure in zip(axes.T, measures, strict=True):
        if measure in log:
            above.set_xscale("log")
        _plot_models(above, {name: _values(here, name, measure) for name in names})
        _plot_changes(below, changes[measure], measure in log)
        known = f"\nreal images: {real[measure]:.3g}" if measure in (real or {}) else ""
        above.set_title(measure + known)
        for ax, words in zip((above, below), rows, strict=True):
            ax.set(yticks=range(len(words)), yticklabels=words, ylim=(len(words) - 0.5, -0.5))
            ax.grid(axis="x", alpha=0.3)
            ax.tick_params(axis="y", length=0)
            if ax.get_xscale() == "linear":
                ax.locator_params(axis="x", nbins=3)
    kind = "ratios" if set(measures) <= set(log) else "differences"
    sure = f"{contrasts.CONFIDENCE:.0%}"
    axes[1, 0].set_xlabel(f"{kind}, seed by seed, with {sure} intervals", loc="left")
    plt.close(figure)
    return figure


def _values(rows, objective, measure):
    return rows.loc[rows.objective == objective, measure].dropna()


def _plot_models(ax, models):
    for y, (name, values) in enumerate(models.items()):
        color = "0.45" if name in REFERENCES else COLORS[0]
        if name == UNTRAINED and _far_off(values, models):
            right = values.mean() > models["elbo"].mean()
            word = f"{values.mean():.3g}" if abs(values.mean()) >= 0.001 else "< 0.001"
            ax.annotate(
                *(word, (1 if right else 0, y), (-16 if right else 16, 0)),
                **dict(xycoords=("axes fraction", "data"), textcoords="offset points"),
                **dict(ha="right" if right else "left", va="center", color=color, size=9),
                arrowprops=dict(arrowstyle="->", color=color, shrinkA=1, shrinkB=1),
            )
        elif len(values):
            ax.plot(values, np.full(len(values), y), "o", ms=5, color=color, alpha=0.6, mew=0)
            ax.plot([values.mean()] * 2, [y - 0.3, y + 0.3], color=color, lw=2)


def _far_off(values, models):
    """Whether showing it would take more than half of the axis from all others."""
    others = np.concatenate([v for name, v in models.items() if name != UNTRAINED])
    if not len(values) or not len(others):
        return False
    low, high = min(others), max(others)
    return max(low - values.mean(), values.mean() - high) > high - low


def _changes(rows, dataset, measure, ratios):
    """Each contrast, and its means in either order of the changes; of logarithms for ratios."""
    if ratios:
        if not (rows[measure].dropna() > 0).all():
            raise ValueError(f"{measure} is not positive everywhere: it has no logarithm.")
        rows = rows.assign(**{measure: np.log(rows[measure])})
    where = rows, dataset, measure
    return {
        name: (
            contrast(*where, weights),
            [contrast(*where, one_way).mean for one_way in BOTH_WAYS.get(name, ())],
        )
        for name, weights in CONTRASTS.items()
    }


def _plot_changes(ax, changes, ratios):
    if ratios:
        ax.set_xscale("log")
    back = np.exp if ratios else np.asarray
    for y, (name, (found, either_way)) in enumerate(changes.items()):
        color = "0.3" if name in (AS_POSTED, CORRECTED) else COLORS[0]
        ax.plot(back([found.low, found.high]), [y, y], color=color, lw=2, alpha=0.6)
        ax.plot(back(found.mean), y, "o", ms=6, color=color)
        ax.plot(back(either_way), [y] * len(either_way), "o", ms=4, mfc="white", mec=color)
    ax.axvline(float(back(0)), color="0.35", lw=1, ls=(0, (4, 3)))
