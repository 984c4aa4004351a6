"""Train and measure random models of a table of the study again, and compare with the table.

`python -m study.check [--table models] [--rows 3] [--seed 0]`, or `make study-check ROWS=3`. A row
takes a minute or two. Models with fewer than three seeds, and those of the long schedule, are
left out. The exit status is 1 if a measure lies outside of the range.

The weights are the same bit for bit only on the same kind of machine with the same versions and
number of threads. Elsewhere small differences grow during training, so the comparison is with the
range of each measure over the seeds of the table.
"""

import sys
import tempfile

import click
import numpy as np
import pandas as pd

from study import TABLES, planned_rows
from study.make_rows import environment, key, make_all
from study.model_table import MODEL_KEYS, compare_with_seeds
from study.planned_rows import KEYS
from study.table_files import keys_in, read_table


def choose(table: pd.DataFrame, count: int, seed: int, name: str = "models") -> list[dict]:
    """Choose planned rows at random, among those with at least three seeds in the table.

    The rows of the post's schedule are left out, since each takes a quarter of an hour.

    Args:
        table: The table, as from `read_table`.
        count: How many rows to choose; all candidates if there are fewer.
        seed: Seed of the choice.
        name: Name of the table in `planned_rows.TABLES`.

    Returns:
        The settings of the chosen rows, as from `planned_rows`.
    """
    seeds = table.groupby(list(MODEL_KEYS)).seed.transform("size")
    known = keys_in(table[(seeds > 2) & (table.schedule == "fast")], KEYS)
    rows = [settings for settings in planned_rows.TABLES[name]() if key(settings) in known]
    if not rows:
        raise click.ClickException("no model of the table has three seeds to compare with.")
    chosen = np.random.default_rng(seed).choice(len(rows), min(count, len(rows)), replace=False)
    return [rows[i] for i in sorted(chosen)]


def report(row: dict, table: pd.DataFrame) -> int:
    """Print a comparison for each measure of a new row.

    Returns:
        How many measures differ from the table by more than the range over the seeds.
    """
    found = compare_with_seeds(row, table)
    within = int(found.within.sum())
    print(f"\n{row['dataset']}, {row['objective']}, {row['pixels']} pixels, seed {row['seed']}:")
    print(found.rename(columns={"there": "table", "here": "again"}).to_string())
    print(f"{within} of {len(found)} measures lie within the range of the seeds.", flush=True)
    return len(found) - within


@click.command(help=__doc__)
@click.option("--table", "name", type=click.Choice(list(planned_rows.TABLES)), default="models")
@click.option("--rows", default=3, show_default=True, help="How many rows to train again.")
@click.option("--seed", default=None, type=int, help="Seed for choosing rows.  [default: random]")
@click.option("--processes", default=1, show_default=True, help="Models trained in parallel.")
def main(name: str, rows: int, seed: int | None, processes: int) -> None:
    """Make random rows again; exit with status 1 if a measure is outside of the seeds' range."""
    table = read_table(TABLES / f"{name}.csv", KEYS)
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    print(f"Choosing rows with --seed {seed}.", flush=True)
    outside = 0
    # In an empty folder no run is found and loaded, so every model is trained.
    with tempfile.TemporaryDirectory() as folder, environment(VAELIB_RUNS_DIR=folder):
        for one, row, error in make_all(choose(table, rows, seed, name), processes):
            if row is None:
                raise click.ClickException(f"{one} could not be made: {error!r}") from error
            outside += report(row, table)
    print(f"\n{outside} measures lie outside of the range of the seeds.")
    sys.exit(1 if outside else 0)


if __name__ == "__main__":
    main()
