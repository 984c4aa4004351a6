"""Plot the study's claims and measures, and describe the figures in words."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study import contrasts
from study.claims import COLLAPSED, DOES_NOT_HOLD, HOLDS, UNCLEAR
from study.contrasts import COMPARISONS, Difference, contrast, shapley_shares
from study.named_models import OBJECTIVES, REFERENCES, TITLES, UNTRAINED
from vaelib.plotting.panels import COLORS

VERDICTS = {HOLDS: "#0072b2", DOES_NOT_HOLD: "#d55e00", UNCLEAR: "0.55"}
MARGIN = "equivalence margin"
# Marker of each schedule, and its distance below the middle of a row.
MARKERS = {"fast": ("o", -0.17), "post": ("s", 0.17)}


def plot_claims(judged: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Plot the difference that each claim is about, with its interval, colored by the verdict.

    Differences are in standard deviations over seeds, and positive if they go as claimed. The
    symbol behind a claim says what was claimed of the measure: ↑ higher, ↓ lower, ≈ the same. A
    gray bar is the margin of a claim of sameness; the interval has to lie within this bar.

    Args:
        judged: As from `claims.judge`.
        titles: Heading of the claims about each data set, by its name.
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
        ax.set_title(f"MMD-VAE vs. VAE, {comparison}")
        ax.grid(axis="x", alpha=0.3)
        ax.tick_params(axis="y", length=0)
    words = [line if isinstance(line, str) else f"{line.words} · {line.asked}" for line in lines]
    axes[0].set(yticks=range(len(lines)), yticklabels=words, ylim=(len(lines) - 0.4, -0.6))
    for label, line in zip(axes[0].get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if isinstance(line, str) else "normal")
    axes[0].set_xlabel("standard deviations over seeds (log beyond 1)")
    axes[1].set_xlabel("positive: as claimed (for ≈: higher)")
    figure.legend(handles=_legend(judged), loc="outside lower center", ncols=4, frameon=False)
    plt.close(figure)
    return figure


def describe_claims(judged: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Describe the figure of `plot_claims` as alternative text; the arguments are the same."""
    counts = judged.verdict.value_counts()
    found = ", ".join(f"{name} {counts.get(name, 0)}" for name in VERDICTS)
    return (
        f"Two panels, {' and '.join(COMPARISONS)}, with a row for each claim under the headings "
        f"{' and '.join(titles.values())}. Dots with intervals show differences in standard "
        "deviations over seeds, to the right if they go as claimed. Verdicts of "
        f"{len(judged)} tests: {found}."
    )


def _plot_claim(ax: Axes, row: NamedTuple, y: int) -> None:
    marker, below = MARKERS[row.schedule]
    color, way = VERDICTS[row.verdict], row.claim.expected or 1
    scale = way / row.found.std
    if row.claim.margin:
        margin = abs(row.claim.margin * scale)
        ax.plot([-margin, margin], [y + below] * 2, color="0.85", lw=7, solid_capstyle="butt")
    ax.plot(np.multiply(row.found.interval, scale), [y + below] * 2, color=color, lw=1.6)
    face = color if row.schedule == "fast" else "white"
    ax.plot(row.found.mean * scale, y + below, marker, ms=5.5, color=color, mfc=face)


def _legend(judged: pd.DataFrame) -> list[Artist]:
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


def plot_measures(
    rows: pd.DataFrame,
    dataset: str,
    measures: Sequence[str],
    real: Mapping[str, float] | None = None,
    log: Collection[str] = (),
) -> Figure:
    """Plot measures of every model, and the effect of each change on these measures.

    The upper panels have a row for each model, with a dot for each seed and a line at their mean.
    An untrained or collapsed model that lies far from the others is an arrow with its mean. The
    lower panels show the two comparisons (gray) and the Shapley shares of the changes in the first
    comparison (blue), with their intervals. A dashed line marks no difference.

    Args:
        rows: As from `model_table.rows`.
        dataset: Name of the data set.
        measures: Columns of the table. Each gets an upper and a lower panel.
        real: Values of measures for real images, which are added to the titles.
        log: The measures that are shown on a logarithmic axis, with ratios for differences.

    Raises:
        ValueError: If a measure in `log` is not positive everywhere, or if a model is missing.
    """
    names, here = list(OBJECTIVES), rows[rows.dataset == dataset]
    uninformative = _uninformative(here)
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
        _plot_models(above, {name: _values(here, name, measure) for name in names}, uninformative)
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


def describe_measures(rows: pd.DataFrame, dataset: str, measures: Sequence[str]) -> str:
    """Describe the figure of `plot_measures` as alternative text; the arguments are the same."""
    means = rows[rows.dataset == dataset].groupby("objective")[list(measures)].mean()
    ends = [
        f"{name} is lowest for {TITLES[found.idxmin()]} ({found.min():.3g}) and highest for "
        f"{TITLES[found.idxmax()]} ({found.max():.3g})"
        for name, found in means.items()
    ]
    return (
        f"{len(ends)} panels. Above, dots show the seeds of each model, and a line their mean. "
        "Below are the two comparisons and the share of each change, with intervals. On average, "
        f"{'; '.join(ends)}."
    )


def _trial_legend() -> list[Artist]:
    seed, mean = dict(marker="o", ls="", ms=5, mew=0, alpha=0.5), dict(lw=2)
    found = dict(marker="o", ms=6, lw=2)
    interval = f"{contrasts.CONFIDENCE:.0%} interval"
    return [
        Line2D([], [], color=color, label=label, **how)
        for label, color, how in [
            ("a seed", COLORS[0], seed),
            ("mean over seeds", COLORS[0], mean),
            ("a seed of a reference model", "0.45", seed),
            (f"a comparison, {interval}", "0.3", found),
            ("share of the first comparison", COLORS[0], found),
        ]
    ]


def _values(rows: pd.DataFrame, objective: str, measure: str) -> pd.Series:
    return rows.loc[rows.objective == objective, measure].dropna()


def _uninformative(rows: pd.DataFrame) -> set[str]:
    """Return the models without information in the codes: untrained, or all seeds collapsed."""
    rates = rows.groupby("objective").rate.max()
    return {UNTRAINED, *rates.index[rates < COLLAPSED]}


def _plot_models(ax: Axes, models: Mapping[str, pd.Series], uninformative: set[str]) -> None:
    others = np.concatenate([[], *(v for name, v in models.items() if name not in uninformative)])
    for y, (name, values) in enumerate(models.items()):
        color = "0.45" if name in REFERENCES else COLORS[0]
        if name in uninformative and _far_off(values, others):
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


def _far_off(values: pd.Series, others: np.ndarray) -> bool:
    """Return whether showing values would leave less than half of the axis to the others."""
    if not len(values) or not len(others):
        return False
    low, high = min(others), max(others)
    return max(low - min(values), max(values) - high) > high - low


def _changes(rows: pd.DataFrame, dataset: str, measure: str, ratios: bool) -> dict[str, Difference]:
    """Compute the comparisons and the shares of the first, of logarithms if `ratios` is True."""
    if ratios:
        if not (rows[measure].dropna() > 0).all():
            raise ValueError(
                f"{measure} is not positive everywhere, so it has no logarithm: take it from `log`."
            )
        rows = rows.assign(**{measure: np.log(rows[measure])})
    wanted = {
        f"{name}, in all": weights for name, weights in COMPARISONS.items()
    } | shapley_shares()
    return {name: contrast(rows, dataset, measure, weights) for name, weights in wanted.items()}


def _plot_changes(ax: Axes, changes: Mapping[str, Difference], ratios: bool) -> None:
    if ratios:
        ax.set_xscale("log")
    back = np.exp if ratios else np.asarray
    for y, (name, found) in enumerate(changes.items()):
        color = "0.3" if name.endswith("in all") else COLORS[0]
        ax.plot(back(found.interval), [y, y], color=color, lw=2, alpha=0.6)
        ax.plot(back(found.mean), y, "o", ms=6, color=color)
    ax.axvline(float(back(0)), color="0.35", lw=1, ls=(0, (4, 3)))
