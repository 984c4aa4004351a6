"""What docs/results.md says of the post's forecast, from the tables in runs/."""

from vaelib.study import forecast
from vaelib.study.forecast import DATASETS


def line(*cells):
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def head(*names):
    """The lines that a table begins with."""
    return [line(*names), "| --- " * len(names) + "|"]


def verdicts(table):
    """Typical effects, their ratios with intervals, and verdicts, as Markdown."""
    columns = "Fashion-MNIST", "there", "ratio, 95 % interval", "p", "way bigger?"
    lines = head("effects of", "on", *columns)
    for (kind, name), row in forecast.ratios(table).iterrows():
        ratio = f"{row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}]"
        cells = f"{row['Fashion-MNIST']:.1f}", f"{row.there:.1f}", ratio, f"{row.p:.2g}"
        lines.append(line(kind, DATASETS[name], *cells, row.verdict))
    return "\n".join(lines) + "\n"


def effects(table):
    """Every effect, in standard deviations over seeds, as Markdown."""
    lines = head("dimensions", "minus the VAE", "measure", *DATASETS.values())
    for kind in forecast.KINDS:
        for (dimensions, model, measure), row in forecast.effects(table, kind).iterrows():
            cells = [f"{value:+.1f}" for value in row[list(DATASETS)]]
            lines.append(line(str(dimensions), model, measure, *cells))
    return "\n".join(lines) + "\n"


def section(table):
    """What there is to say of a table as from `forecast.read`: a list of Markdown."""
    state = forecast.state(table)
    return [state] if forecast.missing(table) else [state, verdicts(table), effects(table)]
