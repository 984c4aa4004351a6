"""Make rows of runs/models.csv once more, and compare them with what is there.

`python -m tools.tables.again [--rows 2] [--kernels 1]`: the rows are chosen at random, among those
that there are three seeds of, or more.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from tools.tables import fill
from vaelib.study import batch, tables


def report(row, table):
    """Print how many measures of a row lie within the range of its seeds, and those that don't."""
    found = tables.again(row, table)
    print(f"\n{row['dataset']}, {row['objective']}, seed {row['seed']}: ", end="")
    print(f"{found.within.sum()} of {len(found)} measures lie within the seeds' range")
    if not found.within.all():
        print(found[~found.within].drop(columns="within").to_string())


@click.command()
@click.option("--rows", default=2, show_default=True, help="How many to make once more.")
@click.option("--kernels", default=1, show_default=True, help="How many at once.")
def main(rows, kernels):
    """Make rows of runs/models.csv once more, and compare them with what is there."""
    table = fill.read()
    seeds = table.groupby(list(tables.SAME_BUT_FOR_THE_SEED)).seed.transform("size")
    known = fill.keys_of(table[seeds > 2])  # fewer have no range to speak of
    asked = batch.read(fill.ROOT / "notebooks" / "study.yml")
    jobs = [job for job in asked if fill.key(job) in known]
    places = pd.Series(range(len(jobs))).sample(min(rows, len(jobs))).sort_values()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAELIB_RUNS_DIR"] = folder  # nothing is to be found there and loaded
        chosen = [replace(jobs[i], target=Path(folder) / jobs[i].target.name) for i in places]
        failed = batch.run(
            chosen, kernels, on_done=lambda done: report(fill.row_of(done.target), table)
        )
    for outcome in failed:
        raise SystemExit(f"{outcome.target.stem}: {batch.ending(outcome)}")


if __name__ == "__main__":
    main()
