"""Train and measure every model that a table lacks, and add their rows.

`python -m tools.tables.fill [study|family] [--kernels 2] [--limit 10]`: what notebooks/study.yml
asks for goes to runs/study.csv, and so on. Broken off at any time, it loses at most the models it
was just at. Rows that are there are never touched.
"""

import sys
from pathlib import Path

import click
import filelock
import nbformat
import pandas as pd

from vaelib import data, study
from vaelib.files import write_whole
from vaelib.measures import features
from vaelib.study import batch
from vaelib.study.tables import REFERENCES, TABLE

ROOT = Path(__file__).resolve().parents[2]
# What tells rows apart, with the values that are meant where a grid or an older row leaves it out.
DEFAULTS = {
    "dataset": "fashion_mnist",
    "objective": "elbo",
    "prior": "normal",
    "latent_dim": 2,
    "epochs": 10,
    "seed": 0,
}
KEYS = list(DEFAULTS)


def key(job):
    """What tells the row of a job apart, in the order of `KEYS`."""
    given = {"dataset": job.parameters.get("dataset_name", DEFAULTS["dataset"])} | job.parameters
    return tuple((DEFAULTS | given)[name] for name in KEYS)


def read(table=TABLE):
    """The table so far, one row for each model."""
    if not table.exists():
        return pd.DataFrame(columns=KEYS)
    known = pd.read_csv(table)
    return known.assign(**{name: v for name, v in DEFAULTS.items() if name not in known})


def row_of(notebook):
    """The row that an executed notebook shows."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "application/json" in output.get("data", {}):
                return output["data"]["application/json"]
    raise ValueError(f"{notebook} shows no row.")


def add(rows, table=TABLE):
    """Write the table with these rows in it, in the order of its keys."""
    lock = ROOT / "build" / f"{table.name}.lock"
    lock.parent.mkdir(exist_ok=True)
    with filelock.FileLock(lock):  # for another call may be adding rows of its own
        known = read(table)
        merged = pd.concat([known, pd.DataFrame(rows)]) if len(known) else pd.DataFrame(rows)
        merged = merged.sort_values(KEYS, ignore_index=True, kind="stable")
        merged = merged[KEYS + [name for name in merged if name not in KEYS]]
        # What another call added meanwhile stays.
        merged = merged.drop_duplicates(KEYS)
        write_whole(table, merged.to_csv(index=False, float_format="%.6g").encode())


def add_rows(notebooks, table=TABLE):
    """Add what executed notebooks show to the table."""
    if notebooks:
        add([row_of(notebook) for notebook in notebooks], table)


def add_references(name, table=REFERENCES):
    """What known images get in the measures of decoded ones, unless the table has it."""
    known = pd.read_csv(table) if table.exists() else pd.DataFrame(columns=["dataset"])
    if name not in set(known.dataset):
        marks = study.known_images(data.load(name), features.load(name))
        rows = [{"dataset": name, "images": images} | found for images, found in marks.items()]
        text = pd.concat([known, pd.DataFrame(rows)]).to_csv(index=False, float_format="%.6g")
        write_whole(table, text.encode())


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
@click.argument("name", type=click.Choice(["study", "family"]), default="study")
@click.option("--kernels", default=1, show_default=True, help="How many at once.")
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786.")
@click.option("--limit", type=int, help="Only the first so many of those that are missing.")
def main(name, kernels, scheduler, limit):
    """Add the rows that are missing to runs/study.csv, or to the table of another name."""
    table = TABLE.with_name(f"{name}.csv")
    jobs = batch.read(ROOT / "notebooks" / f"{name}.yml")
    known = set(read(table)[KEYS].itertuples(index=False, name=None))
    missing = [job for job in jobs if key(job) not in known][:limit]
    print(f"{len(known)} rows are there, {len(missing)} are asked for", flush=True)
    if not missing:
        return
    for dataset in sorted({key(job)[0] for job in missing}):
        make_features(dataset)
        add_references(dataset)
    done = [job.target for job in missing if batch.is_done(job)]  # of a call that was broken off
    add_rows(done, table)
    failed = batch.run(
        missing, kernels, scheduler, lambda outcome: add_rows([outcome.target], table)
    )
    for outcome in failed:
        print(f"{outcome.target.stem}: {batch.ending(outcome)}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
