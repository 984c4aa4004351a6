"""Write the tables of README.md and of docs/results.md from the tables in runs/.

`python -m tools.tables.results`
"""

import itertools
from pathlib import Path

import pandas as pd

from tools.tables import forecast, schedules
from tools.tables.forecast import head, line
from vaelib import runs, study
from vaelib.files import write_whole
from vaelib.study import claims, published, tables
from vaelib.study import forecast as predicted

ROOT = Path(__file__).resolve().parents[2]
FIRST_EDITION = tables.TABLE.with_name("first_edition.csv")
BEGIN, END = "<!-- from runs/{}.csv, by tools/tables/results.py -->\n", "<!-- end -->\n"
TITLES = {"fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}
# Column of the table: what readers know it by, and its decimals.
COLUMNS = {
    "held-out MMD²": ("held-out MMD²", 3),
    "15-NN accuracy": ("15-NN accuracy", 3),
    "pixel MSE": ("pixel MSE", 4),
    "marginal cross-entropy": ("cross-entropy, nats", 1),
    "sample sharpness": ("sharpness of samples", 3),
    "prior on manifold": ("samples like data", 2),
}
IN_BRIEF = "held-out MMD²", "15-NN accuracy", "pixel MSE", "prior on manifold"


def brief(table):
    """README's table: the models that the post compares, and its VAE with the KL corrected."""
    rows = tables.rows(table, "fast")
    lines = head("data", "model", "seeds", *(COLUMNS[column][0] for column in IN_BRIEF))
    for (dataset, title), objective in itertools.product(TITLES.items(), tables.POST):
        found = rows[(rows.dataset == dataset) & (rows.objective == objective)]
        cells = [mean_and_spread(found[column], COLUMNS[column][1]) for column in IN_BRIEF]
        lines.append(line(title, study.TITLES[objective], str(len(found)), *cells))
    return "\n".join(lines) + "\n"


def markdown(table):
    """For each data set a table: models down, measures across, mean ± standard deviation."""
    lines, rows = [], tables.rows(table, "fast")
    for dataset, title in TITLES.items():
        here = rows[rows.dataset == dataset]
        lines += head(title, *(name for name, _ in COLUMNS.values()))
        for objective, model in study.TITLES.items():
            found = here[here.objective == objective]
            cells = [mean_and_spread(found[column], d) for column, (_, d) in COLUMNS.items()]
            lines.append(line(model + collapsed(found), *cells))
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
    lines = head("claim", "data", "comparison", "first edition", "now", "what changed meanwhile")
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
    first = f"{len(lines) - 2} of {len(now)} verdicts are new or different; there were {2 * total}."
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


def lined(table):
    """A table of text as Markdown."""
    return "\n".join([*head(*table), *(line(*row) for row in table.to_numpy().tolist())]) + "\n"


FAST = next(
    name for name, how in schedules.SCHEDULES.items() if runs.Recipe(**how) == runs.Recipe()
)
# Column of the schedules' table: decimals.
QUALITY = {"test loss": 1, "15-NN accuracy": 3, "pixel MSE": 4}


def compared(table):
    """For each data set a table: each model by the post's schedule and by the fast one."""
    lines = []
    for dataset, title in TITLES.items():
        lines += head(title, "steps", *QUALITY)
        for model in schedules.MODELS:
            for name, words in {"post": "the post's", FAST: "fast"}.items():
                rows = table[(table.dataset == dataset) & (table.model == model)]
                rows = rows[rows.schedule == name]
                cells = [mean_and_spread(rows[column], d) for column, d in QUALITY.items()]
                steps = f"{rows.steps.max():,.0f}" if len(rows) else "not trained"
                lines.append(line(f"{study.TITLES[model]}, {words}", steps, *cells))
        lines.append("")
    return "\n".join(lines)


def mean_and_spread(values, digits):
    """Mean ± standard deviation over the seeds, or the one value that there is, or a dash."""
    if len(values) == 0:
        return "–"
    if len(values) == 1:
        return f"{values.iloc[0]:.{digits}f}\u00a0(one seed)"
    return f"{values.mean():.{digits}f}\u00a0± {values.std():.{digits}f}"


def records(table):
    """In how few steps every seed reaches the test ELBO that the post's schedule ends with."""
    rows = table[(table.dataset == "fashion_mnist") & (table.model == "elbo")]
    target = rows[rows.schedule == "post"]["test loss"].mean()
    by = "test ELBO, seed by seed"
    lines = head("schedule", "steps", "share of the post's", by, "reached")
    most = rows.steps.max()
    for name in rows.sort_values("steps", ascending=False, kind="stable").schedule.unique():
        found = rows[rows.schedule == name]
        steps = found.steps.iloc[0]
        how = schedules.recipe_of(name, "fashion_mnist", "elbo", 0)
        what = f"{how.optimizer.title()} at {how.learning_rate:g}, β₂ = {how.beta_2:g}"
        words = f"{how.epochs} epoch{'s' * (how.epochs > 1)}, {what}, {how.schedule}"
        losses = ", ".join(f"-{loss:.1f}" for loss in found["test loss"])
        count = f"{(found['test loss'] <= target).sum()} of {len(found)}"
        reached = "the target" if name == "post" else count
        lines.append(line(words, f"{steps:,}", f"1/{most / steps:.3g}", losses, reached))
    return "\n".join(lines) + "\n"


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
    made = [tables.state(models), markdown(models), likelihoods(models)]
    text = replaced(text, "models", made + [LEDGER, ledger(models)] * whole)
    other = changed(models, pd.read_csv(FIRST_EDITION)) if whole else tables.state(models)
    text = replaced(text, "first_edition", [other])
    text = replaced(text, "forecast", forecast.section(predicted.read()))
    gain, error = published.gap("VAE", "VAE with VampPrior")
    said = f"Image by image, the VampPrior is ahead of the VAE by {gain:.2f} ± {error:.2f} nats.\n"
    tried = schedules.read()
    text = replaced(text, "schedules", [compared(tried), records(tried)])
    return replaced(text, "paper", [lined(published.published().reset_index()), said])


PAGES = {ROOT / "README.md": in_readme, ROOT / "docs" / "results.md": in_results}

if __name__ == "__main__":
    for path, made_anew in PAGES.items():
        write_whole(path, made_anew(path.read_text(encoding="utf-8")).encode())
