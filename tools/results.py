"""Write README's tables of results from runs/study.csv: `python tools/results.py`."""

from pathlib import Path

from vaelib import ledger, study
from vaelib.files import write_whole

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- from runs/study.csv, by tools/results.py -->\n", "<!-- end -->\n"
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


def claims(table):
    """The ledger: claims down, what was measured of them across."""
    found = ledger.ledger(table)
    found["data"] = found["data"].map(TITLES)
    for column, (name, _) in COLUMNS.items():
        found["measure"] = found["measure"].str.replace(column, name, regex=False)
    rows = [list(found), ["---"] * len(found.columns), *found.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def replaced(text, table):
    """README's text with the tables between the two marks made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return "\n".join([before + BEGIN, markdown(table), claims(table), END + after])


if __name__ == "__main__":
    text = replaced(README.read_text(encoding="utf-8"), ledger.read())
    write_whole(README, text.encode())
