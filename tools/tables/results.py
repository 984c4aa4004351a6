"""Write README's tables from the tables in runs/.

`python -m tools.tables.results`
"""

from pathlib import Path

import pandas as pd

from tools.tables import schedules
from vaelib import runs, study
from vaelib.files import write_whole
from vaelib.study import claims, published, tables

README = Path(__file__).resolve().parents[2] / "README.md"
FIRST_EDITION = tables.TABLE.with_name("first_edition.csv")
BEGIN, END = "<!-- from runs/{}.csv, by tools/tables/results.py -->\n", "<!-- end -->\n"
TITLES = {"fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}
# Column of the table: what README calls it, and its decimals.
COLUMNS = {
    "held-out MMD²": ("MMD² to the prior", 3),
    "15-NN accuracy": ("15-NN accuracy", 3),
    "pixel MSE": ("pixel MSE", 4),
    "marginal cross-entropy": ("cross-entropy, nats", 1),
    "sample sharpness": ("sharpness of samples", 3),
    "prior on manifold": ("samples like data", 2),
}


def markdown(table):
    """For each data set a table: models down, measures across, mean ± standard deviation."""
    lines, rows = [], tables.rows(table, "fast")
    for dataset, title in TITLES.items():
        here = rows[rows.dataset == dataset]
        names = [name for name, _ in COLUMNS.values()]
        lines += ["| " + " | ".join([title, *names]) + " |", "| --- " * (1 + len(names)) + "|"]
        for objective, model in study.TITLES.items():
            found = here[here.objective == objective]
            cells = [mean_and_spread(found[column], d) for column, (_, d) in COLUMNS.items()]
            lines.append("| " + " | ".join([model + collapsed(found), *cells]) + " |")
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
    lines = ["| " + " | ".join(["claim", "data", *words]) + " |", "| --- " * (2 + len(words)) + "|"]
    for claim, mine in found.groupby("claim", sort=False):
        cells = {
            (row.comparison, row.schedule): claims.verdict_in_words(row)
            for row in mine.itertuples()
        }
        cells = [cells.get(column, "") for column in columns]
        lines.append("| " + " | ".join([claim.words, TITLES[claim.dataset], *cells]) + " |")
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
    lines = ["| NLL, nats per image | Fashion-MNIST | MNIST |", "| --- | --- | --- |"]
    for objective in tables.BLACK_AND_WHITE:
        found = rows[rows.objective == objective]
        cells = [
            mean_and_spread(here.NLL, 1) + collapsed(here)
            for here in (found[found.dataset == name] for name in TITLES)
        ]
        lines.append("| " + " | ".join([study.TITLES[objective], *cells]) + " |")
    return "\n".join(lines) + "\n"


def changed(table, first_edition):
    """The claims whose verdict is another one than in the first edition, and why.

    Args:
        table: as from `tables.read`.
        first_edition: dataset, claim, and a verdict for each comparison.
    """
    found = claims.judged(table)
    lines = ["| claim | data | comparison | first edition | now | why |", "| --- " * 6 + "|"]
    now = found[(found.schedule == "fast") & ~found.claim.map(lambda claim: claim.untrained)]
    old = first_edition.set_index(["dataset", "claim"])
    for row in now.itertuples():
        key = row.claim.dataset, row.claim.words
        before = old.loc[key, row.comparison] if key in old.index else "not asked"
        verdict = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
        if before != verdict:
            cells = claim_words(row.claim), TITLES[row.claim.dataset], row.comparison, before
            lines.append("| " + " | ".join([*cells, verdict, why(row, before, verdict)]) + " |")
    total = sum(key in old.index for key in ((c.dataset, c.words) for c in claims.CLAIMS))
    first = f"{len(lines) - 2} of {len(now)} verdicts are new or different; there were {2 * total}."
    return "\n".join([first, "", *lines]) + "\n"


def claim_words(claim):
    """A claim that stands without the one before it."""
    return claim.words.replace("... ", f"{claim.measure}: ")


def why(row, before, verdict):
    """What changed a verdict, in words."""
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
    rows = [list(table), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


FAST = next(
    name for name, how in schedules.SCHEDULES.items() if runs.Recipe(**how) == runs.Recipe()
)
# Column of the schedules' table: decimals.
QUALITY = {"test loss": 1, "15-NN accuracy": 3, "pixel MSE": 4}


def compared(table):
    """For each data set a table: each model by the post's schedule and by the fast one."""
    lines = []
    for dataset, title in TITLES.items():
        lines += ["| " + " | ".join([title, "steps", *QUALITY]) + " |", "| --- " * 5 + "|"]
        for model in schedules.MODELS:
            for name, words in {"post": "the post's", FAST: "fast"}.items():
                rows = table[(table.dataset == dataset) & (table.model == model)]
                rows = rows[rows.schedule == name]
                cells = [mean_and_spread(rows[column], d) for column, d in QUALITY.items()]
                steps = f"{rows.steps.max():,.0f}" if len(rows) else "not trained"
                lines.append(
                    "| " + " | ".join([f"{study.TITLES[model]}, {words}", steps, *cells]) + " |"
                )
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
    lines = [
        "| schedule | steps | share of the post's | test ELBO, seed by seed | reached |",
        "| --- " * 5 + "|",
    ]
    most = rows.steps.max()
    for name in rows.sort_values("steps", ascending=False, kind="stable").schedule.unique():
        found = rows[rows.schedule == name]
        steps = found.steps.iloc[0]
        how = schedules.recipe_of(name, "fashion_mnist", "elbo", 0)
        what = f"{how.optimizer.title()} at {how.learning_rate:g}, β₂ = {how.beta_2:g}"
        words = f"{how.epochs} epoch{'s' * (how.epochs > 1)}, {what}, {how.schedule}"
        losses = ", ".join(f"-{loss:.1f}" for loss in found["test loss"])
        reached = (
            "the target"
            if name == "post"
            else f"{(found['test loss'] <= target).sum()} of {len(found)}"
        )
        lines.append(f"| {words} | {steps:,} | 1/{most / steps:.3g} | {losses} | {reached} |")
    return "\n".join(lines) + "\n"


def replaced(text, name, tables):
    """README's text with what stands between two marks made anew.

    Args:
        text: README's.
        name: of the file in runs/ that the first mark names, without its ending.
        tables: Markdown, one after the other.
    """
    before, rest = text.split(BEGIN.format(name))
    _, after = rest.split(END, maxsplit=1)
    return "\n".join([before + BEGIN.format(name), *tables, END + after])


def made_anew(text):
    """README's text with all of its tables made from runs/ as they are now."""
    models = tables.read()
    whole = not any(tables.missing(models).values())  # else there are no verdicts
    made = [tables.state(models), markdown(models), likelihoods(models)]
    text = replaced(text, "models", made + [LEDGER, ledger(models)] * whole)
    other = changed(models, pd.read_csv(FIRST_EDITION)) if whole else tables.state(models)
    text = replaced(text, "first_edition", [other])
    gain, error = published.gap("VAE", "VAE with VampPrior")
    said = f"Image by image, the VampPrior is ahead of the VAE by {gain:.2f} ± {error:.2f} nats.\n"
    tried = schedules.read()
    text = replaced(text, "schedules", [compared(tried), records(tried)])
    return replaced(text, "paper", [lined(published.published().reset_index()), said])


if __name__ == "__main__":
    write_whole(README, made_anew(README.read_text(encoding="utf-8")).encode())
