"""Write the tables of README.md and docs/results.md from the study's tables.

`python -m study.write_results` replaces the text between the marks in these pages.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from study import (
    claims,
    forecast_text,
    model_table,
    named_models,
    published_numbers,
    training_schedules,
)
from study import forecast as predicted
from study.markdown import mean_and_std, table_head, table_row, to_markdown
from study.model_table import DATASETS
from vaelib.support.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
FIRST_EDITION = model_table.TABLE.with_name("first_edition.csv")
BEGIN, END = "<!-- from study/tables/{}.csv, by study/write_results.py -->\n", "<!-- end -->\n"
# Columns of the table, with the heading that the pages give them, and the number of decimals.
COLUMNS = {
    "held-out MMD²": ("held-out MMD²", 3),
    "15-NN accuracy": ("15-NN accuracy", 3),
    "pixel MSE": ("pixel MSE", 4),
    "marginal cross-entropy": ("cross-entropy, nats", 1),
    "sample sharpness": ("sharpness of samples", 3),
    "coverage": ("coverage", 3),
    "mean norm": ("mean norm", 2),
    "path length": ("path length", 0),
}
IN_BRIEF = "held-out MMD²", "mean norm", "15-NN accuracy", "pixel MSE"
IN_FULL = "held-out MMD²", "15-NN accuracy", "pixel MSE"
IN_FULL += "marginal cross-entropy", "sample sharpness", "coverage"
BY_SCHEDULE = *IN_FULL[:3], "coverage", "mean norm", "path length"


def readme_table(table: pd.DataFrame) -> str:
    """Tabulate the models that the post compares, and the VAE of KL weight 1, for README.md."""
    rows = model_table.rows(table, "fast")
    lines = table_head("data", "model", "seeds", *(COLUMNS[name][0] for name in IN_BRIEF))
    for (dataset, title), objective in itertools.product(DATASETS.items(), model_table.POST):
        found = rows[(rows.dataset == dataset) & (rows.objective == objective)]
        cells = [mean_and_std(found[name], COLUMNS[name][1]) for name in IN_BRIEF]
        lines.append(table_row(title, named_models.TITLES[objective], str(len(found)), *cells))
    return "\n".join(lines) + "\n"


def full_tables(table: pd.DataFrame) -> str:
    """Tabulate the measures of all models, as mean ± standard deviation, for each data set."""
    lines, rows = [], model_table.rows(table, "fast")
    for dataset, title in DATASETS.items():
        here = rows[rows.dataset == dataset]
        lines += table_head(title, *(COLUMNS[name][0] for name in IN_FULL))
        for objective, model in named_models.TITLES.items():
            found = here[here.objective == objective]
            cells = [mean_and_std(found[name], COLUMNS[name][1]) for name in IN_FULL]
            lines.append(table_row(model + collapsed(found), *cells))
        lines.append("")
    return "\n".join(lines)


def by_schedule(table: pd.DataFrame) -> str:
    """Tabulate the measures of the post's models by either schedule, for each data set."""
    lines = ["The post's models, trained by the post's schedule and by the fast schedule:", ""]
    for dataset, title in DATASETS.items():
        lines += table_head(title, "seeds", *(COLUMNS[name][0] for name in BY_SCHEDULE))
        places = itertools.product(model_table.POST, {"post": "the post's", "fast": "fast"}.items())
        for objective, (schedule, words) in places:
            rows = model_table.rows(table, schedule)
            rows = rows[(rows.dataset == dataset) & (rows.objective == objective)]
            cells = [mean_and_std(rows[name], COLUMNS[name][1]) for name in BY_SCHEDULE]
            lines.append(
                table_row(f"{named_models.TITLES[objective]}, {words}", str(len(rows)), *cells)
            )
        lines.append("")
    return "\n".join(lines)


def collapsed(rows: pd.DataFrame) -> str:
    """Say how many seeds of a model collapsed, in the form " (2 of 10 collapsed)"; "" if none."""
    if rows.objective.isin(["untrained"]).all():  # Its rate is low because it is untrained.
        return ""
    seeds = (rows.rate < claims.COLLAPSED).sum()
    return f" ({seeds} of {len(rows)} collapsed)" if seeds else ""


def ledger(table: pd.DataFrame) -> str:
    """Tabulate the verdicts: a row for each claim, a column for each comparison and schedule."""
    found = claims.judge(table)
    columns = list(dict.fromkeys(zip(found.comparison, found.schedule, strict=True)))
    words = [f"{comparison}, {SCHEDULES[schedule]}" for comparison, schedule in columns]
    lines = table_head("claim", "data", *words)
    for claim, mine in found.groupby("claim", sort=False):
        cells = {
            (row.comparison, row.schedule): claims.verdict_in_words(row)
            for row in mine.itertuples()
        }
        cells = [cells.get(column, "") for column in columns]
        lines.append(table_row(claim.words, DATASETS[claim.dataset], *cells))
    return "\n".join(lines) + "\n"


SCHEDULES = {"fast": "fast", "post": "the post's schedule"}
LEDGER = """\
The next table lists the verdicts on the post's claims. The post's MMD-VAE is compared with the
post's VAE, and with a VAE whose KL has the standard weight. The number in parentheses is the
difference in standard deviations over seeds. All verdicts together are corrected for the number of
tests (Holm's method). Notebook 05 explains the rules and shows the intervals.
"""


def likelihoods(table: pd.DataFrame) -> str:
    """Tabulate the NLL of models of black-and-white pixels, in nats per image."""
    rows = model_table.rows(table, "threshold")
    lines = table_head("NLL, nats per image", *DATASETS.values())
    for objective in model_table.BLACK_AND_WHITE:
        found = rows[rows.objective == objective]
        cells = [
            mean_and_std(here.NLL, 1) + collapsed(here)
            for here in (found[found.dataset == name] for name in DATASETS)
        ]
        lines.append(table_row(named_models.TITLES[objective], *cells))
    return "\n".join(lines) + "\n"


def changed_verdicts(table: pd.DataFrame, first_edition: pd.DataFrame) -> str:
    """Tabulate the verdicts that differ from those of the first edition of the study.

    Args:
        table: As from `model_table.read`.
        first_edition: Columns for dataset, claim, and the verdict by each comparison.
    """
    found = claims.judge(table)
    lines = table_head(
        "claim", "data", "comparison", "first edition", "now", "one thing that changed meanwhile"
    )
    now = found[(found.schedule == "fast") & ~found.claim.map(lambda claim: claim.untrained)]
    old = first_edition.set_index(["dataset", "claim"])
    for row in now.itertuples():
        key = row.claim.dataset, row.claim.words
        before = old.loc[key, row.comparison] if key in old.index else "not asked"
        verdict = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
        if before != verdict:
            cells = claim_words(row.claim), DATASETS[row.claim.dataset], row.comparison, before
            lines.append(table_row(*cells, verdict, reason_for_change(row, before, verdict)))
    total = sum(key in old.index for key in ((c.dataset, c.words) for c in claims.CLAIMS))
    counts = f"Of the {len(now)} verdicts by the fast schedule, {len(lines) - 2} are new or differ"
    first = f"{counts} from those of the first edition, which had {2 * total}."
    return "\n".join([first, "", *lines]) + "\n"


def claim_words(claim: claims.Claim) -> str:
    """Return a claim in words that do not refer to the claim before it."""
    return claim.words.replace("... ", f"{claim.measure}: ")


def reason_for_change(row: NamedTuple, before: str, verdict: str) -> str:
    """Name a change since the first edition that affects a verdict.

    Whether this change alone was responsible was not tested.

    Args:
        row: Row of `claims.judge`.
        before: Verdict of the first edition, or "not asked".
        verdict: Verdict of this edition, with its reason.
    """
    if before == "not asked":
        return "a measure that was missing"
    if row.claim.measure.startswith("path length"):
        return "the path length had used only one direction"
    so, contrary = claims.p_values(row.claim, row.found)
    if verdict == claims.UNCLEAR and min(so, contrary) < claims.LEVEL / 2:
        return "correction for multiple tests"
    if before.startswith(claims.HOLDS) and verdict.startswith(claims.HOLDS):
        return "shares averaged over all orders"
    return "more seeds and the new schedule"


def replace_between_marks(text: str, name: str, made: Iterable[str]) -> str:
    """Replace the text between two marks of a page.

    Args:
        text: Text of the page.
        name: Name of the table in the first mark, without ".csv".
        made: Parts of the new text, as Markdown.

    Returns:
        The new text of the page.
    """
    before, rest = text.split(BEGIN.format(name))
    _, after = rest.split(END, maxsplit=1)
    return "\n".join([before + BEGIN.format(name), *made, END + after])


def in_readme(text: str) -> str:
    """Replace the table in the text of README.md."""
    models = model_table.read()
    return replace_between_marks(text, "models", [readme_table(models)])


def in_results(text: str) -> str:
    """Replace all tables in the text of docs/results.md."""
    models = model_table.read()
    whole = not any(model_table.missing(models).values())  # If not, verdicts are left out.
    made = [
        model_table.state(models),
        full_tables(models),
        by_schedule(models),
        likelihoods(models),
    ]
    text = replace_between_marks(text, "models", made + [LEDGER, ledger(models)] * whole)
    other = (
        changed_verdicts(models, pd.read_csv(FIRST_EDITION)) if whole else model_table.state(models)
    )
    text = replace_between_marks(text, "first_edition", [other])
    text = replace_between_marks(text, "forecast", forecast_text.section(predicted.read()))
    gain, error = published_numbers.mean_difference("VAE", "VAE with VampPrior")
    said = (
        "Compared image by image, the NLL with the VampPrior is lower than that of the VAE by "
        f"{gain:.2f} ± {error:.2f} nats.\n"
    )
    tried = training_schedules.read()
    text = replace_between_marks(
        text,
        "schedules",
        [training_schedules.schedule_comparison(tried), training_schedules.steps_to_target(tried)],
    )
    return replace_between_marks(
        text, "paper", [to_markdown(published_numbers.comparison_table().reset_index()), said]
    )


PAGES = {ROOT / "README.md": in_readme, ROOT / "docs" / "results.md": in_results}

if __name__ == "__main__":
    for path, update in PAGES.items():
        write_atomically(path, update(path.read_text(encoding="utf-8")).encode())
