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
    columns = "Fashion-MNIST", "there", "ratio, 95 % interval", "corrected p", "way bigger?"
    lines = table_head("effects of", "on", *columns, "bigger at all?")
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
        f"*{model}* on {DATASETS[name]} ({count} of {of} models)"
        for (model, name), count in counts[counts > 0].items()
    ]
    ratios = " and ".join(
        f"{ratio(row)} on {DATASETS[name]}"
        for (_, name), row in forecast.ratios(table, forecast.MMD_ALONE).iterrows()
    )
    said = (
        "A model counts as collapsed if its [rate](glossary.md#rate) is below "
        f"{claims.COLLAPSED:g} nats per image."
    )
    if not named:
        return f"{said} No model collapsed.\n"
    return (
        f"{said} This is the case for {' and '.join(named)}. The effect of such a model only shows "
        "what a collapse does. We therefore also computed the ratios for cost functions with the "
        "post's MMD-VAE alone, that is, without the models with squared error. This is "
        "exploratory, because it was decided after seeing the results. The ratios are then "
        f"{ratios}.\n"
    )


def without_manifold(table: pd.DataFrame) -> str:
    """Show that one gray image misleads a measure on real data, and give the ratios without it."""
    known = pd.read_csv(model_table.REFERENCES).set_index(["dataset", "images"])["on manifold"]
    marks = " and ".join(
        f"{known[name, 'the average']:.2f} on {DATASETS[name]}, where real images have "
        f"{known[name, 'real images']:.2f},"
        for name in forecast.REAL
    ).rstrip(",")
    lines = [
        f"The measure *{forecast.ON_MANIFOLD}* is misleading on real data. A single gray image, "
        f"which is the average of all images, has a value of {marks}. The next table, which is "
        "exploratory, gives the ratios without this measure.",
        "",
        *table_head("effects of", "on", "ratio, 95 % interval"),
    ]
    for (kind, name), row in forecast.ratios(table, measures=forecast.TRUSTED).iterrows():
        lines.append(table_row(kind, DATASETS[name], ratio(row)))
    return "\n".join(lines) + "\n"


def in_ratios(table: pd.DataFrame) -> str:
    """Give the ratios with effects measured as ratios of means, and say where verdicts differ."""
    found = forecast.ratios(table, relative=True)
    planned = forecast.ratios(table)
    lines = [
        "The plan measures an effect in standard deviations over seeds. The next table, which is "
        "exploratory, uses the factor by which a change multiplies the mean of a measure. The size "
        "of an effect is then the absolute value of the logarithm of this factor.",
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
    lines += ["", f"With the post's MMD-VAE alone, the ratios for cost functions are {ratios}."]
    differ = found.index[found.verdict != planned.verdict]
    if len(differ):
        where = " and ".join(dict.fromkeys(DATASETS[name] for _, name in differ))
        lines += [
            "",
            f"The two units give different verdicts on {where}, for two reasons. First, they "
            "measure different things. If the seeds differ more, a change by the same factor is "
            "smaller in standard deviations. Second, a standard deviation that is estimated "
            f"from {forecast.SEEDS} seeds is uncertain, and this widens the intervals of the "
            "planned ratios. The means of the measures are known more precisely.",
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
    words = " and ".join(f"{100 * accuracy:.1f} % on {title}" for title, accuracy in found.items())
    return (
        "The last table lists all effects in standard deviations over seeds. Images are compared "
        "by the [features](glossary.md#features-of-a-classifier) of a classifier that was trained "
        f"on the same data set, with a test accuracy of {words}. On a data set without such a "
        "classifier, images are compared by their pixels.\n"
    )


def section(table: pd.DataFrame) -> list[str]:
    """Return the parts of the section; of an incomplete table, only a sentence saying so."""
    state = forecast.state(table)
    if forecast.missing(table):
        return [state]
    looked = exploratory(table), without_manifold(table)
    return [state, verdicts(table), *looked, in_ratios(table), judges(), effects(table)]
