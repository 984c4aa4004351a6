"""Make rows of runs/study.csv once more, and compare them with what is there.

`python tools/again.py [--rows 2] [--kernels 1]`: the rows are drawn at random. Another machine, or
another number of threads, rounds otherwise, so that nothing is the same to the last digit; what
counts is the range of the seeds.
"""

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

import study
from vaelib import batch

NOT_MEASURED = re.compile(
    r"^(code|data|versions|machine)\.|^(seconds|epochs|limit|resumed_after_epoch)$"
)


def compared(row, table):
    """One model made once more, beside the rows of its kind.

    Args:
        row: dict, as `study.row_of` gives it.
        table: the study's table, with that very model in it.

    Returns:
        A DataFrame with a row for each measure: "there", "here", and the "range" of the seeds.
    """
    same = table[(table.dataset == row["dataset"]) & (table.objective == row["objective"])]
    numbers = same.select_dtypes("number").columns.difference(study.KEYS, sort=False)
    measures = [name for name in numbers if not NOT_MEASURED.search(name)]
    seeds = same[measures]
    there = same[same.seed == row["seed"]][measures].iloc[0]
    found = pd.DataFrame({"there": there, "here": pd.Series(row)[measures].astype(float)})
    return found.assign(range=seeds.max() - seeds.min()).dropna()


def report(row, table):
    found = compared(row, table)
    away = (found.here - found.there).abs()
    rounding = 1e-5 * found.there.abs()  # the table holds six digits
    outside = found[away > found.range + rounding]
    print(f"\n{row['dataset']}, {row['objective']}, seed {row['seed']}: ", end="")
    print(f"{len(found) - len(outside)} of {len(found)} measures lie within the seeds' range")
    if len(outside):
        print(outside.to_string())


@click.command()
@click.option("--rows", default=2, show_default=True, help="How many to make once more.")
@click.option("--kernels", default=1, show_default=True, help="How many at once.")
def main(rows, kernels):
    """Make rows of runs/study.csv once more, and compare them with what is there."""
    os.chdir(study.ROOT)
    table = study.read()
    known = set(table[study.KEYS].itertuples(index=False, name=None))
    jobs = [job for job in batch.read("notebooks/study.yml") if study.key(job) in known]
    places = pd.Series(range(len(jobs))).sample(min(rows, len(jobs))).sort_values()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAELIB_RUNS_DIR"] = folder  # nothing is to be found there and loaded
        chosen = [replace(jobs[i], target=Path(folder) / jobs[i].target.name) for i in places]
        failed = batch.run(
            chosen, kernels, on_done=lambda done: report(study.row_of(done.target), table)
        )
    for outcome in failed:
        raise SystemExit(f"{outcome.target.stem}: {batch.said(outcome)}")


if __name__ == "__main__":
    main()
