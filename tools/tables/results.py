"""Write README's tables from runs/study.csv and runs/paper.csv.

`python -m tools.tables.results`
"""

from pathlib import Path

from vaelib import study
from vaelib.files import write_whole
from vaelib.study import claims, published, tables

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- from runs/{}.csv, by tools/tables/results.py -->\n", "<!-- end -->\n"
TITLES = {"fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}
# Column of the table: what README calls it, and its decimals.
COLUMNS = {
    "held-out MMD²": ("MMD² to the prior", 3),
    "15-NN accuracy": ("15-NN accuracy", 3),
    "pixel MSE": ("pixel MSE", 4),
    "NLL binarised": ("exact NLL, nats", 1),
    "sample sharpness": ("sharpness of samples", 3),
    "prior on manifold": ("samples like data", 2),
}


def markdown(table):
    """For each data set a table: models down, measures across, mean ± standard deviation."""
    lines = []
    for dataset, title in TITLES.items():
        rows = table[table.dataset == dataset]
        names = [name for name, _ in COLUMNS.values()]
        lines += ["| " + " | ".join([title, *names]) + " |", "| --- " * (1 + len(names)) + "|"]
        for objective, model in study.TITLES.items():
            found = rows[rows.objective == objective]
            cells = [
                # A narrow column breaks after the sign, not around it.
                f"{found[column].mean():.{digits}f}\u00a0± {found[column].std():.{digits}f}"
                for column, (_, digits) in COLUMNS.items()
            ]
            lines.append("| " + " | ".join([model, *cells]) + " |")
        lines.append("")
    return "\n".join(lines)


def ledger(table):
    """The ledger: claims down, what was measured of them across."""
    found = claims.ledger(table)
    found["data"] = found["data"].map(TITLES)
    for column, (name, _) in COLUMNS.items():
        found["measure"] = found["measure"].str.replace(column, name, regex=False)
    return lined(found)


def lined(table):
    """A table of text as Markdown."""
    rows = [list(table), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


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
    study_table = tables.read()
    text = replaced(text, "study", [markdown(study_table), ledger(study_table)])
    gain, error = published.gap("VAE", "VAE with VampPrior")
    said = f"Image by image, the VampPrior is ahead of the VAE by {gain:.2f} ± {error:.2f} nats.\n"
    return replaced(text, "paper", [lined(published.published().reset_index()), said])


if __name__ == "__main__":
    write_whole(README, made_anew(README.read_text(encoding="utf-8")).encode())
