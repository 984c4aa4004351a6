"""Figures of the study: tables in, figure out; and what they show, in words."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaelib.plotting.panels import COLORS
from vaelib.study import contrasts
from vaelib.study.claims import COLLAPSED, HOLDS, NOT, UNCLEAR
from vaelib.study.contrasts import COMPARISONS, contrast, shares
from vaelib.study.models import OBJECTIVES, REFERENCES, TITLES, UNTRAINED

VERDICTS = {HOLDS: "#0072b2", NOT: "#d55e00", UNCLEAR: "0.55"}
MARGIN = "margin of sameness"
MARKERS = {"fast": ("o", -0.17), "post": ("s", 0.17)}  # and how far below the middle of a row


def forest(judged, titles):
    """Every claim as a difference in units of the seeds' spread, coloured by its verdict.

    To the right is what was claimed: ↑ that a measure is higher, ↓ lower, ≈ the same. For sameness
    the grey bar is the margin: the interval has to lie in it.

    Args:
        judged: as from `claims.judged`.
        titles: dict of data set to what its claims are headed by.
    """
    lines = []  # from the top: a heading for each data set, and its claims
    for dataset, title in titles.items():
        lines += [title, *dict.fromkeys(c for c in judged.claim if c.dataset == dataset)]
    height = {line: y for y, line in enumerate(lines)}
    figure, axes = plt.subplots(
        *(1, len(COMPARISONS)),
        **dict(figsize=(11.5, 1.6 + 0.36 * len(height)), dpi=110, layout="constrained"),
        **dict(sharex=True, sharey=True),
    )
    for ax, comparison in zip(axes, COMPARISONS, strict=True):
        ax.axvline(0, color="0.35", lw=1, ls=(0, (4, 3)))
        for row in judged[judged.comparison == comparison].itertuples():
            _plot_claim(ax, row, height[row.claim])
        ax.set_xscale("symlog", linthresh=1)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_title(f"MMD-VAE against the VAE, {comparison}")
        ax.grid(axis="x", alpha=0.3)
        ax.tick_params(axis="y", length=0)
    words = [line if isinstance(line, str) else f"{line.words} · {line.asked}" for line in lines]
    axes[0].set(yticks=range(len(lines)), yticklabels=words, ylim=(len(lines) - 0.4, -0.6))
    for label, line in zip(axes[0].get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if isinstance(line, str) else "normal")
    axes[0].set_xlabel("standard deviations over seeds (log beyond 1)")
    axes[1].set_xlabel("to the right is what was claimed (of sameness: higher)")
    figure.legend(handles=_legend(judged), loc="outside lower center", ncols=4, frameon=False)
    plt.close(figure)
    return figure


def forest_in_words(judged, titles):
    """What `forest` shows, for readers who do not see it; arguments as there."""
    counts = judged.verdict.value_counts()
    found = ", ".join(f"{name} {counts.get(name, 0)}" for name in VERDICTS)
    return (
        f"Two panels, {' and '.join(COMPARISONS)}, with a row for each claim under the headings "
        f"{' and '.join(titles.values())}. Dots with intervals show differences in standard "
        "deviations over seeds, to the right if they go as claimed. Verdicts, of "
        f"{len(judged)} tests: {found}."
    )


def _plot_claim(ax, row, y):
    marker, below = MARKERS[row.schedule]
    color, way = VERDICTS[row.verdict], row.claim.expected or 1
    scale = way / row.found.spread
    if row.claim.margin:
        margin = abs(row.claim.margin * scale)
        ax.plot([-margin, margin], [y + below] * 2, color="0.85", lw=7, solid_capstyle="butt")
    ax.plot(np.multiply(row.found.interval, scale), [y + below] * 2, color=color, lw=1.6)
    face = color if row.schedule == "fast" else "white"
    ax.plot(row.found.mean * scale, y + below, marker, ms=5.5, color=color, mfc=face)


def _legend(judged):
    bars = {f"{contrasts.CONFIDENCE:.0%} interval": ("0.3", 1.6), MARGIN: ("0.85", 7)}
    found = [Patch(color=color, label=name) for name, color in VERDICTS.items()]
    names = {"fast": "fast schedule", "post": "the post's schedule"}
    return (
        found
        + [
            Line2D([], [], color="0.3", marker=marker, ls="", mfc=face, label=names[schedule])
            for (schedule, (marker, _)), face in zip(MARKERS.items(), ("0.3", "white"), strict=True)
            if schedule in set(judged.schedule)
        ]
        + [
            Line2D([], [], color=color, lw=width, label=name)
            for name, (color, width) in bars.items()
        ]
    )


def trial(rows, dataset, measures, real=None, log=()):
    """The measures that a claim is tried on: of every model, and what each change does to them.

    Above, a row for each model, a dot for each seed, a line at their mean; where models that say
    nothing, untrained or collapsed, lie far away, an arrow with their mean. Below, the two
    comparisons (grey), and the changes that the first one is shared out to, with their intervals;
    no difference is a dashed line.

    Args:
        rows: as from `tables.rows`.
        dataset: whose rows.
        measures: columns of the table, a panel for each.
        real: dict of measure to what it is for real images, for its title, where that is known.
        log: those of the measures whose values are shown by their logarithms, and whose
            differences are ratios; they must be positive.
    """
    names, here = list(OBJECTIVES), rows[rows.dataset == dataset]
    mute = _mute(here)
    changes = {measure: _changes(here, dataset, measure, measure in log) for measure in measures}
    words = [TITLES[name] for name in names], list(next(iter(changes.values())))
    figure, axes = plt.subplots(
        *(2, len(measures)),
        **dict(figsize=(2.6 + 2.3 * len(measures), 1.8 + 0.3 * sum(map(len, words))), dpi=110),
        **dict(squeeze=False, sharey="row", height_ratios=list(map(len, words))),
        layout="constrained",
    )
    for (above, below), measure in zip(axes.T, measures, strict=True):
        if measure in log:
            above.set_xscale("log")
        _plot_models(above, {name: _values(here, name, measure) for name in names}, mute)
        _plot_changes(below, changes[measure], measure in log)
        known = f"\nreal images: {real[measure]:.3g}" if measure in (real or {}) else ""
        above.set_title(measure + known)
        for ax, labels in zip((above, below), words, strict=True):
            ax.set(yticks=range(len(labels)), yticklabels=labels, ylim=(len(labels) - 0.5, -0.5))
            ax.grid(axis="x", alpha=0.3)
            ax.tick_params(axis="y", length=0)
            if ax.get_xscale() == "linear":
                ax.locator_params(axis="x", nbins=4)
        below.set_xlabel("ratio" if measure in log else "difference")
    figure.legend(handles=_trial_legend(), loc="outside lower center", ncols=3, frameon=False)
    plt.close(figure)
    return figure


def trial_in_words(rows, dataset, measures):
    """What `trial` shows, for readers who do not see it; arguments as there."""
    means = rows[rows.dataset == dataset].groupby("objective")[list(measures)].mean()
    ends = [
        f"{name} is lowest for {TITLES[found.idxmin()]} ({found.min():.3g}) and highest for "
        f"{TITLES[found.idxmax()]} ({found.max():.3g})"
        for name, found in means.items()
    ]
    return (
        f"{len(ends)} panels. Above, dots for the seeds of each model and a line at their mean; "
        "below, the two comparisons and the share of each change, with intervals. On average, "
        f"{'; '.join(ends)}."
    )


def _trial_legend():
    seed, mean = dict(marker="o", ls="", ms=5, mew=0, alpha=0.5), dict(lw=2)
    found = dict(marker="o", ms=6, lw=2)
    interval = f"{contrasts.CONFIDENCE:.0%} interval"
    return [
        Line2D([], [], color=color, label=label, **how)
        for label, color, how in [
            ("a seed", COLORS[0], seed),
            ("mean over seeds", COLORS[0], mean),
            ("the same, of a model to compare with", "0.45", seed),
            (f"a comparison, with its {interval}", "0.3", found),
            ("a share of 'as posted, in all'", COLORS[0], found),
        ]
    ]


def _values(rows, objective, measure):
    return rows.loc[rows.objective == objective, measure].dropna()


def _mute(rows):
    """The models that say nothing of their images, whatever the seed."""
    rates = rows.groupby("objective").rate.max()
    return {UNTRAINED, *rates.index[rates < COLLAPSED]}


def _plot_models(ax, models, mute):
    others = np.concatenate([[], *(v for name, v in models.items() if name not in mute)])
    for y, (name, values) in enumerate(models.items()):
        color = "0.45" if name in REFERENCES else COLORS[0]
        if name in mute and _far_off(values, others):
            right = values.mean() > models["elbo"].mean()
            word = f"{values.mean():.3g}" if abs(values.mean()) >= 0.001 else "< 0.001"
            ax.annotate(
                *(word, (1 if right else 0, y), (-16 if right else 16, 0)),
                **dict(xycoords=("axes fraction", "data"), textcoords="offset points"),
                **dict(ha="right" if right else "left", va="center", color=color, size=9),
                arrowprops=dict(arrowstyle="->", color=color, shrinkA=1, shrinkB=1),
            )
        elif len(values):
            ax.plot(values, np.full(len(values), y), "o", ms=5, color=color, alpha=0.5, mew=0)
            ax.plot([values.mean()] * 2, [y - 0.3, y + 0.3], color=color, lw=2)


def _far_off(values, others):
    """Whether showing it would take more than half of the axis from all others."""
    if not len(values) or not len(others):
        return False
    low, high = min(others), max(others)
    return max(low - min(values), max(values) - high) > high - low


def _changes(rows, dataset, measure, ratios):
    """The comparisons and the shares of the first; of logarithms for ratios."""
    if ratios:
        if not (rows[measure].dropna() > 0).all():
            raise ValueError(f"{measure} is not positive everywhere: it has no logarithm.")
        rows = rows.assign(**{measure: np.log(rows[measure])})
    wanted = {f"{name}, in all": weights for name, weights in COMPARISONS.items()} | shares()
    return {name: contrast(rows, dataset, measure, weights) for name, weights in wanted.items()}


def _plot_changes(ax, changes, ratios):
    if ratios:
        ax.set_xscale("log")
    back = np.exp if ratios else np.asarray
    for y, (name, found) in enumerate(changes.items()):
        color = "0.3" if name.endswith("in all") else COLORS[0]
        ax.plot(back(found.interval), [y, y], color=color, lw=2, alpha=0.6)
        ax.plot(back(found.mean), y, "o", ms=6, color=color)
    ax.axvline(float(back(0)), color="0.35", lw=1, ls=(0, (4, 3)))
