"""Write the tables of README.md and of docs/results.md from the tables in runs/.

`python -m tools.tables.results`
"""

import itertools
from pathlib import Path

import pandas as pd

from tools.tables import forecast, schedules
from tools.tables.markdown import TITLES, head, line, lined, mean_and_spread
from vaelib import study
from vaelib.files import write_whole
from vaelib.study import claims, published, tables
from vaelib.study import forecast as predicted

ROOT = Path(__file__).resolve().parents[2]
FIRST_EDITION = tables.TABLE.with_name("first_edition.csv")
BEGIN, END = "<!-- from runs/{}.csv, by tools/tables/results.py -->\n", "<!-- end -->\n"
# Column of the table: what readers know it by, and its decimals.
COLUMNS = {
    "held-out MMD²": ("held-out MMD²", 3),
    "15-NN accuracy": ("15-NN accuracy", 3),
    "pixel MSE": ("pixel MSE", 4),
    "marginal cross-entropy": ("cross-entropy, nats", 1),
    "sample sharpness": ("sharpness of samples", 3),
    "prior on manifold": ("samples like data", 2),
    "mean norm": ("mean norm", 2),
    "path length": ("path length", 0),
}
IN_BRIEF = "held-out MMD²", "15-NN accuracy", "pixel MSE", "prior on manifold"
IN_FULL = *IN_BRIEF[:3], "marginal cross-entropy", "sample sharpness", IN_BRIEF[3]
BY_SCHEDULE = *IN_BRIEF, "mean norm", "path length"


def brief(table):
    """README's table: the models that the post compares, and its VAE with the KL corrected."""
    rows = tables.rows(table, "fast")
    lines = head("data", "model", "seeds", *(COLUMNS[name][0] for name in IN_BRIEF))
    for (dataset, title), objective in itertools.product(TITLES.items(), tables.POST):
        found = rows[(rows.dataset == dataset) & (rows.objective == objective)]
        cells = [mean_and_spread(found[name], COLUMNS[name][1]) for name in IN_BRIEF]
        lines.append(line(title, study.TITLES[objective], str(len(found)), *cells))
    return "\n".join(lines) + "\n"


def markdown(table):
    """For each data set a table: models down, measures across, mean ± standard deviation."""
    lines, rows = [], tables.rows(table, "fast")
    for dataset, title in TITLES.items():
        here = rows[rows.dataset == dataset]
        lines += head(title, *(COLUMNS[name][0] for name in IN_FULL))
        for objective, model in study.TITLES.items():
            found = here[here.objective == objective]
            cells = [mean_and_spread(found[name], COLUMNS[name][1]) for name in IN_FULL]
            lines.append(line(model + collapsed(found), *cells))
        lines.append("")
    return "\n".join(lines)


def by_schedule(table):
    """For each data set the post's models by either schedule: mean ± standard deviation."""
    lines = ["The post's own models, by its schedule and by the fast one:", ""]
    for dataset, title in TITLES.items():
        lines += head(title, "seeds", *(COLUMNS[name][0] for name in BY_SCHEDULE))
        places = itertools.product(tables.POST, {"post": "the post's", "fast": "fast"}.items())
        for objective, (schedule, words) in places:
            rows = tables.rows(table, schedule)
            rows = rows[(rows.dataset == dataset) & (rows.objective == objective)]
            cells = [mean_and_spread(rows[name], COLUMNS[name][1]) for name in BY_SCHEDULE]
            lines.append(line(f"{study.TITLES[objective]}, {words}", str(len(rows)), *cells))
        lines.append("")
    return "\n".join(lines)


def collapsed(rows):
    """How many of a model's seeds say nothing of their images, in words; "" where none does."""
    if rows.objective.isin(["untrained"]).all():  # it has learned nothing yet
        return ""
    seeds = (rows.rate < claims.COLLAPSED).sum()
    return f" ({seeds} of {len(rows)} collapsed)" if seeds else ""


def ledger(table):
    """The ledger: claims down; what was found of each, in standard deviations, across."""
    found = claims.judged(table)
    columns = list(dict.fromkeys(zip(found.comparison, found.schedule, strict=True)))
    words = [f"{comparison}, {SCHEDULES[schedule]}" for comparison, schedule in columns]
    lines = head("claim", "data", *words)
    for claim, mine in found.groupby("claim", sort=False):
        cells = {
            (row.comparison, row.schedule): claims.verdict_in_words(row)
            for row in mine.itertuples()
        }
        cells = [cells.get(column, "") for column in columns]
        lines.append(line(claim.words, TITLES[claim.dataset], *cells))
    return "\n".join(lines) + "\n"


SCHEDULES = {"fast": "fast", "post": "the post's schedule"}
LEDGER = """\
What became of the post's claims: the MMD-VAE as posted against the VAE as posted, and against the
VAE with its KL correctly weighted. In brackets, the difference in standard deviations over seeds.
All verdicts together are corrected for their number (Holm). Notebook 05 explains the rules and
shows the intervals.
"""


def likelihoods(table):
    """Models of black-and-white pixels: NLL in nats per image, mean ± standard deviation."""
    rows = tables.rows(table, "threshold")
    lines = head("NLL, nats per image", *TITLES.values())
    for objective in tables.BLACK_AND_WHITE:
        found = rows[rows.objective == objective]
        cells = [
            mean_and_spread(here.NLL, 1) + collapsed(here)
            for here in (found[found.dataset == name] for name in TITLES)
        ]
        lines.append(line(study.TITLES[objective], *cells))
    return "\n".join(lines) + "\n"


def changed(table, first_edition):
    """The claims whose verdict was another one in the first edition, and what changed meanwhile.

    Args:
        table: as from `tables.read`.
        first_edition: dataset, claim, and a verdict for each comparison.
    """
    found = claims.judged(table)
    lines = head(
        "claim", "data", "comparison", "first edition", "now", "one thing that changed meanwhile"
    )
    now = found[(found.schedule == "fast") & ~found.claim.map(lambda claim: claim.untrained)]
    old = first_edition.set_index(["dataset", "claim"])
    for row in now.itertuples():
        key = row.claim.dataset, row.claim.words
        before = old.loc[key, row.comparison] if key in old.index else "not asked"
        verdict = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
        if before != verdict:
            cells = claim_words(row.claim), TITLES[row.claim.dataset], row.comparison, before
            lines.append(line(*cells, verdict, why(row, before, verdict)))
    total = sum(key in old.index for key in ((c.dataset, c.words) for c in claims.CLAIMS))
    counts = f"Of the fast schedule's {len(now)} verdicts, {len(lines) - 2} are new or different"
    first = f"{counts}; there were {2 * total}."
    return "\n".join([first, "", *lines]) + "\n"


def claim_words(claim):
    """A claim that stands without the one before it."""
    return claim.words.replace("... ", f"{claim.measure}: ")


def why(row, before, verdict):
    """What was changed that bears on a verdict, in words. That this changed it was not tried."""
    if before == "not asked":
        return "a measure that was missing"
    if row.claim.measure.startswith("path length"):
        return "the path length had looked in one direction"
    so, contrary = claims.both_ways(row.claim, row.found)
    if verdict == claims.UNCLEAR and min(so, contrary) < claims.LEVEL / 2:
        return "one of many tests: corrected"
    if before.startswith(claims.HOLDS) and verdict.startswith(claims.HOLDS):
        return "shares over all orders"
    return "more seeds, and the new schedule"


def replaced(text, name, made):
    """A page's text with what stands between two marks made anew.

    Args:
        text: the page's.
        name: of the file in runs/ that the first mark names, without its ending.
        made: Markdown, one after the other.
    """
    before, rest = text.split(BEGIN.format(name))
    _, after = rest.split(END, maxsplit=1)
    return "\n".join([before + BEGIN.format(name), *made, END + after])


def in_readme(text):
    """README's text with its table made from runs/ as it is now."""
    models = tables.read()
    return replaced(text, "models", [tables.state(models), brief(models)])


def in_results(text):
    """The text of docs/results.md with all of its tables made from runs/ as they are now."""
    models = tables.read()
    whole = not any(tables.missing(models).values())  # else there are no verdicts
    made = [tables.state(models), markdown(models), by_schedule(models), likelihoods(models)]
    text = replaced(text, "models", made + [LEDGER, ledger(models)] * whole)
    other = changed(models, pd.read_csv(FIRST_EDITION)) if whole else tables.state(models)
    text = replaced(text, "first_edition", [other])
    text = replaced(text, "forecast", forecast.section(predicted.read()))
    gain, error = published.gap("VAE", "VAE with VampPrior")
    said = f"Image by image, the VampPrior is ahead of the VAE by {gain:.2f} ± {error:.2f} nats.\n"
    tried = schedules.read()
    text = replaced(text, "schedules", [schedules.compared(tried), schedules.records(tried)])
    return replaced(text, "paper", [lined(published.published().reset_index()), said])


PAGES = {ROOT / "README.md": in_readme, ROOT / "docs" / "results.md": in_results}

if __name__ == "__main__":
    for path, made_anew in PAGES.items():
        write_whole(path, made_anew(path.read_text(encoding="utf-8")).encode())
