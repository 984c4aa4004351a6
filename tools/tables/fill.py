"""Train and measure every model that the table lacks, or that is stale, and add their rows.

`python -m tools.tables.fill [forecast] [--kernels 2] [--limit 10]`: what notebooks/study.yml asks
for goes to runs/models.csv, and what notebooks/forecast.yml does to runs/forecast.csv. Broken off
at any time, it loses at most the models it was just at. A row whose code or measures are those of
today is never made again.
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
from vaelib.study import batch, forecast, staleness
from vaelib.study.tables import REFERENCES, TABLE

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"study": TABLE, "forecast": forecast.TABLE}
# What tells rows apart, with the values that are meant where a grid leaves it out.
DEFAULTS = {
    "dataset": "fashion_mnist",
    "objective": "elbo",
    "prior": "normal",
    "latent_dim": 2,
    "schedule": "fast",
    "pixels": "grey",
    "seed": 0,
}
KEYS = list(DEFAULTS)


def key(job):
    """What tells the row of a job apart, in the order of `KEYS`."""
    given = {"dataset": job.parameters.get("dataset_name", DEFAULTS["dataset"])} | job.parameters
    return tuple((DEFAULTS | given)[name] for name in KEYS)


def read(table=TABLE):
    """The table so far, one row for each model."""
    return pd.read_csv(table) if table.exists() else pd.DataFrame(columns=KEYS)


def keys_of(table):
    """What tells the rows of a table apart, as a set."""
    return set(table[KEYS].itertuples(index=False, name=None))


def row_of(notebook):
    """The row that an executed notebook shows."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "application/json" in output.get("data", {}):
                return output["data"]["application/json"]
    raise ValueError(f"{notebook} shows no row.")


def add(rows, table=TABLE):
    """Write the table with these rows in it, in the order of its keys, in place of stale ones."""
    lock = ROOT / "build" / f"{table.name}.lock"
    lock.parent.mkdir(exist_ok=True)
    with filelock.FileLock(lock):  # for another call may be adding rows of its own
        merged = pd.concat([pd.DataFrame(rows), *([read(table)] if table.exists() else [])])
        merged = merged.drop_duplicates(KEYS).sort_values(KEYS, ignore_index=True, kind="stable")
        merged = merged[KEYS + sorted(set(merged) - set(KEYS))]
        write_whole(table, merged.to_csv(index=False, float_format="%.6g").encode())


def add_rows(notebooks, table=TABLE):
    """Add what executed notebooks show to the table."""
    if notebooks:
        add([row_of(notebook) for notebook in notebooks], table)


def add_references(name, table=REFERENCES):
    """What known images get in the measures of decoded ones, unless today's are in the table."""
    known = pd.read_csv(table) if table.exists() else pd.DataFrame(columns=["dataset"])
    here = known.dataset == name
    if here.any() and not staleness.stale(known[here]).any():
        return
    marks = study.known_images(data.load(name), features.load(name))
    today = {"dataset": name} | staleness.today(name)
    rows = [today | {"images": images} | found for images, found in marks.items()]
    merged = pd.concat([known[~here], pd.DataFrame(rows)])
    merged = merged[["dataset", "images", *merged.columns.difference(["dataset", "images"])]]
    write_whole(table, merged.to_csv(index=False, float_format="%.6g").encode())


def make_features(name):
    """Train the feature space of a data set, unless it is there; its accuracy is recorded."""
    if features.fingerprint(name):
        return
    dataset = data.load(name)
    trained = features.train(dataset)
    accuracy = trained.accuracy(dataset.test_images, dataset.test_labels)
    features.save(trained, dataset.fingerprint, accuracy)
    print(f"the classifier behind the features of {name} gets {accuracy:.1%} right", flush=True)


def in_order(jobs):
    """Seed by seed, and the post's long schedule last: broken off, no model is behind another."""
    seed, schedule = KEYS.index("seed"), KEYS.index("schedule")
    return sorted(jobs, key=lambda job: (key(job)[schedule] == "post", key(job)[seed]))


def open_jobs(jobs, table=TABLE):
    """The jobs whose rows are missing or stale; of those that are done, the rows are added.

    Prints how many rows there are of each kind.
    """
    known = read(table)
    fresh = keys_of(known[~staleness.stale(known)])
    wanted = [job for job in jobs if key(job) not in fresh]
    stale = sum(key(job) in keys_of(known) for job in wanted)
    print(
        f"{table.name} has {len(jobs) - len(wanted)} of {len(jobs)} rows; {stale} more are stale, "
        f"made by code that is not today's, and {len(wanted) - stale} are missing",
        flush=True,
    )
    for job in wanted:
        if batch.is_done(job):  # in a call that was broken off, or by code of before
            if staleness.stale(pd.DataFrame([row_of(job.target)])).any():
                job.target.unlink()
            else:
                add_rows([job.target], table)
    return [job for job in wanted if not batch.is_done(job)]


@click.command()
@click.argument("name", type=click.Choice(list(TABLES)), default="study")
@click.option("--kernels", default=1, show_default=True, help="How many at once.")
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786.")
@click.option("--limit", type=int, help="Only the first so many of those that are wanted.")
def main(name, kernels, scheduler, limit):
    """Add the rows that are missing or stale to the table of the study, or of the forecast."""
    table = TABLES[name]
    jobs = open_jobs(in_order(batch.read(ROOT / "notebooks" / f"{name}.yml")), table)[:limit]
    for dataset in sorted({key(job)[0] for job in jobs}):
        make_features(dataset)
        add_references(dataset)
    if not jobs:
        return
    failed = batch.run(jobs, kernels, scheduler, lambda done: add_rows([done.target], table))
    for outcome in failed:
        print(f"{outcome.target.stem}: {batch.ending(outcome)}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
