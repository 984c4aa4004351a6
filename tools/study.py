"""Train and measure every model of the study that runs/study.csv lacks, and add their rows.

`python tools/study.py [--kernels 2] [--limit 10]`: broken off at any time, it loses at most the
models it was just at. Rows that are there are never touched.
"""

import os
import sys
from pathlib import Path

import click
import nbformat
import pandas as pd

from vaelib import batch, data, features
from vaelib.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "runs" / "study.csv"
KEYS = ["dataset", "objective", "seed"]


def key(job):
    return tuple(job.parameters[name] for name in ("dataset_name", "objective", "seed"))


def read(table=TABLE):
    """The table so far, one row for each model."""
    return pd.read_csv(table) if table.exists() else pd.DataFrame(columns=KEYS)


def row_of(notebook):
    """The row that an executed notebook shows."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "application/json" in output.get("data", {}):
                return output["data"]["application/json"]
    raise ValueError(f"{notebook} shows no row.")


def add(rows, table=TABLE):
    """Write the table with these rows in it, in the order of its keys."""
    known = read(table)
    merged = pd.concat([known, pd.DataFrame(rows)]) if len(known) else pd.DataFrame(rows)
    merged = merged.sort_values(KEYS, ignore_index=True)
    merged = merged[KEYS + [name for name in merged if name not in KEYS]]
    if merged.duplicated(KEYS).any():
        raise ValueError("some rows are in the table already.")
    write_whole(table, merged.to_csv(index=False, float_format="%.6g").encode())


def add_rows(notebooks, table=TABLE):
    """Add what executed notebooks show to the table."""
    if notebooks:
        add([row_of(notebook) for notebook in notebooks], table)


def make_features(name):
    """Train the feature space of a data set, unless it is there; its accuracy is recorded."""
    if features.path_of(name).exists():
        return
    dataset = data.load(name)
    trained = features.train(dataset)
    accuracy = trained.accuracy(dataset.test_images, dataset.test_labels)
    features.save(trained, dataset.fingerprint, accuracy)
    print(f"the classifier behind the features of {name} gets {accuracy:.1%} right", flush=True)


@click.command()
@click.option("--kernels", default=1, show_default=True, help="How many at once.")
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786.")
@click.option("--limit", type=int, help="Only the first so many of those that are missing.")
def main(kernels, scheduler, limit):
    """Add the rows that are missing to runs/study.csv."""
    os.chdir(ROOT)  # the paths in study.yml begin there
    jobs = batch.read("notebooks/study.yml")
    known = set(read()[KEYS].itertuples(index=False, name=None))
    missing = [job for job in jobs if key(job) not in known][:limit]
    print(f"{len(known)} rows are there, {len(missing)} are asked for", flush=True)
    if not missing:
        return
    for name in sorted({job.parameters["dataset_name"] for job in missing}):
        make_features(name)
    add_rows([job.target for job in missing if batch.is_done(job)])  # of a call that was broken off
    failed = batch.run(missing, kernels, scheduler, lambda outcome: add_rows([outcome.target]))
    for outcome in failed:
        print(f"{outcome.target.stem}: {batch.said(outcome)}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
