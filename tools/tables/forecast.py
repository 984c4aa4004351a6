"""What docs/results.md says of the post's forecast, from the tables in runs/."""

import json

import pandas as pd

from tools.tables.markdown import head, line
from vaelib.runs import PUBLISHED
from vaelib.study import claims, forecast, tables
from vaelib.study.forecast import DATASETS


def ratio(row):
    """The ratio of a row of `forecast.ratios`, with its interval."""
    return f"{row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}]"


def verdicts(table):
    """Typical effects, their ratios with intervals, and verdicts, as Markdown."""
    columns = "Fashion-MNIST", "there", "ratio, 95 % interval", "p", "way bigger?", "bigger at all?"
    lines = head("effects of", "on", *columns)
    for (kind, name), row in forecast.ratios(table).iterrows():
        cells = f"{row['Fashion-MNIST']:.1f}", f"{row.there:.1f}", ratio(row), f"{row.p:.2g}"
        lines.append(line(kind, DATASETS[name], *cells, row.verdict, row["at all"]))
    return "\n".join(lines) + "\n"


def effects(table):
    """Every effect, in standard deviations over seeds, as Markdown."""
    lines = head("dimensions", "minus the VAE", "measure", *DATASETS.values())
    for kind in forecast.KINDS:
        for (dimensions, model, measure), row in forecast.effects(table, kind).iterrows():
            cells = [f"{value:+.1f}" for value in row[list(DATASETS)]]
            lines.append(line(str(dimensions), model, measure, *cells))
    return "\n".join(lines) + "\n"


def exploratory(table):
    """Which models collapsed, and the ratios of what did not: sentences."""
    counts = forecast.collapsed(table).groupby(level="changed").sum().stack()
    of = len(forecast.DIMENSIONS) * forecast.SEEDS
    named = [
        f"{model} on {DATASETS[name]} ({count} of {of})"
        for (model, name), count in counts[counts > 0].items()
    ]
    ratios = " and ".join(
        f"{ratio(row)} on {DATASETS[name]}"
        for (_, name), row in forecast.ratios(table, forecast.MMD_ALONE).iterrows()
    )
    return (
        f"Collapsed, with a rate below {claims.COLLAPSED:g} nats: {', '.join(named) or 'none'}. "
        "Their effects are those of the collapse. Exploratory, decided after looking: with MMD "
        f"alone among the cost functions, the ratios are {ratios}.\n"
    )


def without_manifold(table):
    """What one grey image gets on real data, and the ratios without that measure: sentences."""
    known = pd.read_csv(tables.REFERENCES).set_index(["dataset", "images"])["on manifold"]
    marks = " and ".join(
        f"{known[name, 'the average']:.2f} on {DATASETS[name]} (real images "
        f"{known[name, 'real images']:.2f})"
        for name in forecast.REAL
    )
    found = ", ".join(
        f"{ratio(row)} of {kind} on {DATASETS[name]}"
        for (kind, name), row in forecast.ratios(table, measures=forecast.TRUSTED).iterrows()
    )
    return (
        f"*{forecast.ON_MANIFOLD.capitalize()}* can be fooled there: one grey image, the average "
        f"of all, gets {marks}. Exploratory: without this measure the ratios are {found}.\n"
    )


def judges():
    """How good the classifiers are in whose features images are compared, in a sentence."""
    found = {
        title: json.loads((PUBLISHED / f"features_{name}.json").read_text())["test accuracy"]
        for name, title in DATASETS.items()
        if (PUBLISHED / f"features_{name}.json").exists()
    }
    words = " and ".join(f"{100 * accuracy:.1f} % of {title}" for title, accuracy in found.items())
    return (
        f"The classifiers in whose features images are compared get {words} right. Where there is "
        "none, images are compared by their pixels.\n"
    )


def section(table):
    """What there is to say of a table as from `forecast.read`: a list of Markdown."""
    state = forecast.state(table)
    if forecast.missing(table):
        return [state]
    looked = exploratory(table), without_manifold(table)
    return [state, verdicts(table), *looked, judges(), effects(table)]
