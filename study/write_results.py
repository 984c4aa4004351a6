"""Write the tables of README.md and docs/results.md from the study's tables.

`python -m study.write_results` replaces the text between the marks in these pages.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from study import (
    claims,
    contrasts,
    first_edition,
    forecast_text,
    gan_contrast,
    ledger,
    ledger_tables,
    model_table,
    named_models,
    post_verdicts,
    published_numbers,
    training_schedules,
)
from study import forecast as predicted
from study.markdown import mean_and_std, table_head, table_row, to_markdown
from study.model_table import DATASETS
from vaelib.support.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- {}, by study/write_results.py -->\n", "<!-- end -->\n"
FROM = "from study/tables/{}.csv"
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
SPLIT = "15-NN accuracy", "mean norm", "held-out MMD²", "path length"
KNOWN = "on manifold", "precision", "density", "coverage", "recall", "sharpness"
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
    said = "The next two tables compare the post's schedule with the fast schedule. The table "
    lines = [said + "below them contains the likelihoods of models of black-and-white pixels.", ""]
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


def squared_error_apart(table: pd.DataFrame) -> str:
    """Tabulate the effect of squared error and its two parts, by data set and regularizer."""
    rows, names = model_table.rows(table, "fast"), contrasts.split_squared_error()
    lines = table_head("data", "regularizer", "measure", *names)
    regularizers = {"KL": contrasts.WEIGHT, "MMD": contrasts.MMD}
    for (dataset, title), (words, made) in itertools.product(
        DATASETS.items(), regularizers.items()
    ):
        parts = contrasts.split_squared_error([made])
        found = contrasts.differences(rows, dataset, SPLIT, parts)
        for measure, cells in found.iterrows():
            lines.append(table_row(title, words, measure, *cells))
    return "\n".join(lines) + "\n"


def known_images(table: pd.DataFrame) -> str:
    """Tabulate the measures of images whose quality is known, for the data sets of the study."""
    lines = table_head("data", "images", *KNOWN)
    for dataset, title in DATASETS.items():
        for _, row in table[table.dataset == dataset].iterrows():
            lines.append(table_row(title, row.images, *(f"{row[name]:.2f}" for name in KNOWN)))
    return "\n".join(lines) + "\n"


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


def replace_between_marks(text: str, name: str, made: Iterable[str]) -> str:
    """Replace the text between two marks of a page.

    Args:
        text: Text of the page.
        name: What the table is from, as in the first mark.
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
    return replace_between_marks(text, FROM.format("models"), [readme_table(models)])


def verdict_tables(found: pd.DataFrame) -> dict[str, list[str]]:
    """Return the tables of docs/results.md that show verdicts, by the words in their marks.

    Args:
        found: As from `ledger.read`.
    """
    families = set(found.family)
    parts = [FAST, ledger_tables.verdicts(found, "fast")]
    parts += [POST.format("five"), ledger_tables.verdicts(found, "post")]
    if post_verdicts.TEN_SEEDS in families:
        ten = ledger_tables.verdicts(found, "post", post_verdicts.TEN_SEEDS)
        parts += [POST.format("ten") + RATIOS, ten]
    if post_verdicts.FOUR_CHANGES in families:
        parts += [REASONS, ledger_tables.reasons(found)]
    return {
        "counts of verdicts": [ledger_tables.counts(found)],
        "verdicts": parts,
        "differences and intervals": [
            ledger_tables.differences(found, post_verdicts.CLAIMS, post_verdicts.TEN_SEEDS)
        ],
        "tests of sameness": [ledger_tables.sameness(found)],
        "variety": [ledger_tables.differences(found, ledger.VARIETY_FAMILY)],
        "MMD and noise": [ledger_tables.differences(found, ledger.NOISE_FAMILY)],
        "likelihoods": [ledger_tables.differences(found, ledger.LIKELIHOOD_FAMILY)],
        "GANs": [ledger_tables.differences(found, gan_contrast.FAMILY)],
    }


FAST = "With the fast schedule and ten seeds:\n"
POST = "With the post's schedule and {} seeds:\n"
RATIOS = """\
The symbol × marks a ratio of means, MMD-VAE to VAE, which takes the place of the difference for
measures that are compared on a logarithmic scale.
"""
REASONS = """\
The next table divides the differences that hold with the fast schedule among four changes
(Amendment 10 of the plan), in percent of the difference. The last column repeats the reason that
results if MMD and deterministic codes count as one change.
"""


def in_results(text: str) -> str:
    """Replace all tables in the text of docs/results.md."""
    models, found = model_table.read(), ledger.read()
    whole = not any(model_table.missing(models).values())  # If not, verdicts are left out.
    state = model_table.state(models)
    for name, made in verdict_tables(found).items():
        name = f"{name} from study/ledger.csv"
        text = replace_between_marks(text, name, made if whole else [state])
    gain, error = published_numbers.mean_difference("VAE", "VAE with VampPrior")
    said = (
        "Compared image by image, the NLL with the VampPrior is lower than that of the VAE by "
        f"{gain:.2f} ± {error:.2f} nats.\n"
    )
    gans = gan_contrast.read()
    with_gans = gan_contrast.mean_table(gans, model_table.rows(models, "fast"))
    tried = training_schedules.read()
    compared = training_schedules.schedule_comparison(tried)
    changed = first_edition.changed_verdicts(found, pd.read_csv(first_edition.TABLE))
    tables = {
        "models": [state, full_tables(models), by_schedule(models), likelihoods(models)],
        "references": [known_images(pd.read_csv(model_table.REFERENCES))],
        "first_edition": [changed if whole else state],
        "gans": [gan_contrast.state(gans) + "\n", to_markdown(with_gans)],
        "forecast": forecast_text.section(predicted.read()),
        "schedules": [compared, training_schedules.steps_to_target(tried)],
        "paper": [to_markdown(published_numbers.comparison_table().reset_index()), said],
    }
    for name, made in tables.items():
        text = replace_between_marks(text, FROM.format(name), made)
    name = f"squared error {FROM.format('models')}"
    return replace_between_marks(text, name, [squared_error_apart(models)])


PAGES = {ROOT / "README.md": in_readme, ROOT / "docs" / "results.md": in_results}

if __name__ == "__main__":
    for path, update in PAGES.items():
        write_atomically(path, update(path.read_text(encoding="utf-8")).encode())
