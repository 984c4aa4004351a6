"""Write the section of docs/results.md about the post's forecast as Markdown.

The functions return Markdown. A `table` is one as from `forecast.read`, and complete.
"""

import json

import pandas as pd

from study import claims, forecast, model_table
from study.forecast import DATASETS
from study.markdown import table_head, table_row
from vaelib.measures.features import path_of


def ratio(row: pd.Series) -> str:
    """Format the ratio in a row of `forecast.ratios`, with its interval."""
    return f"{row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}]"


def verdicts(table: pd.DataFrame) -> str:
    """Tabulate the typical effects, their ratios with intervals, and the verdicts."""
    columns = "Fashion-MNIST", "there", "ratio, 95 % interval", "p", "way bigger?", "bigger at all?"
    lines = table_head("effects of", "on", *columns)
    for (kind, name), row in forecast.ratios(table).iterrows():
        cells = f"{row['Fashion-MNIST']:.1f}", f"{row.there:.1f}", ratio(row), f"{row.p:.2g}"
        lines.append(table_row(kind, DATASETS[name], *cells, row.verdict, row["at all"]))
    return "\n".join(lines) + "\n"


def effects(table: pd.DataFrame) -> str:
    """Tabulate every effect, in standard deviations over seeds."""
    lines = table_head("dimensions", "minus the VAE", "measure", *DATASETS.values())
    for kind in forecast.KINDS:
        for (dimensions, model, measure), row in forecast.effects(table, kind).iterrows():
            cells = [f"{value:+.1f}" for value in row[list(DATASETS)]]
            lines.append(table_row(str(dimensions), model, measure, *cells))
    return "\n".join(lines) + "\n"


def exploratory(table: pd.DataFrame) -> str:
    """Name the models that collapsed, and give the ratios without the collapsed cost function."""
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
        f"Collapsed models, with a rate below {claims.COLLAPSED:g} nats: "
        f"{', '.join(named) or 'none'}. Their effects are those of the collapse. Therefore we also "
        "compare MMD alone among the cost functions, which is exploratory, since it was decided "
        f"after seeing the results. The ratios are then {ratios}.\n"
    )


def without_manifold(table: pd.DataFrame) -> str:
    """Show that one gray image misleads a measure on real data, and give the ratios without it."""
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"])["on manifold"]
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
        f"The measure *{forecast.ON_MANIFOLD}* is misleading on real data, because a single gray "
        f"image, the average of all images, gets {marks}. An exploratory analysis without this "
        f"measure gives the ratios {found}.\n"
    )


def in_ratios(table: pd.DataFrame) -> str:
    """Give the ratios with effects measured as ratios of means, and say where verdicts differ."""
    found = forecast.ratios(table, relative=True)
    planned = forecast.ratios(table)
    lines = [
        "The plan measures an effect in standard deviations over seeds. The next table, which is "
        "exploratory, measures it as a ratio of means instead. An effect is then the factor by "
        "which a change multiplies a measure, on a logarithmic scale.",
        "",
        *table_head("effects of", "on", "ratio, 95 % interval", "way bigger?", "as planned"),
    ]
    for (kind, name), row in found.iterrows():
        cells = ratio(row), row.verdict, planned.verdict[kind, name]
        lines.append(table_row(kind, DATASETS[name], *cells))
    alone = forecast.ratios(table, forecast.MMD_ALONE, relative=True)
    ratios = " and ".join(
        f"{ratio(row)} on {DATASETS[name]}" for (_, name), row in alone.iterrows()
    )
    lines += ["", f"With MMD alone among the cost functions, these ratios are {ratios}."]
    differ = found.index[found.verdict != planned.verdict]
    if len(differ):
        where = " and ".join(dict.fromkeys(DATASETS[name] for _, name in differ))
        lines += [
            "",
            f"The two units give different verdicts on {where}, for two reasons. First, they "
            "measure different things, because an effect of the same size counts less in standard "
            "deviations if the seeds differ more. Second, a standard deviation from "
            f"{forecast.SEEDS} seeds is uncertain, and this widens the intervals of the "
            "planned ratios. Means of measures are known more precisely.",
        ]
    return "\n".join(lines) + "\n"


def judges() -> str:
    """Give the accuracy of the classifiers that provide the feature spaces."""
    trained = {title: path_of(name).with_suffix(".json") for name, title in DATASETS.items()}
    found = {
        title: json.loads(path.read_text())["test accuracy"]
        for title, path in trained.items()
        if path.exists()
    }
    words = " and ".join(f"{100 * accuracy:.1f} % of {title}" for title, accuracy in found.items())
    return (
        "Images are compared in the feature spaces of classifiers, which classify "
        f"{words} correctly. On a data set without such a classifier, images are compared by their "
        "pixels.\n"
    )


def section(table: pd.DataFrame) -> list[str]:
    """Return the parts of the section; of an incomplete table, only a sentence saying so."""
    state = forecast.state(table)
    if forecast.missing(table):
        return [state]
    looked = exploratory(table), without_manifold(table)
    return [state, verdicts(table), *looked, in_ratios(table), judges(), effects(table)]
