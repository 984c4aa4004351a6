"""Read and write the study's tables, and record what produced their rows.

Beside each table `NAME.csv` lies `NAME.json`. It maps the commit under which rows were made to the
package versions, the machines, and the fingerprints of the data. Each row names its commit.
"""

import json
import os
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import click
import filelock
import pandas as pd
from tqdm import tqdm

from vaelib.runs import provenance
from vaelib.support.files import write_atomically

NO_COMMIT = "not in a repository"
# What decides a row. New rows change the tables, and must not make the code look changed.
CODE = "vaelib", "study", ":(exclude)study/tables", ":(exclude)study/*.md"


def read_table(path: Path, keys: list[str]) -> pd.DataFrame:
    """Read a CSV file, or return an empty table with the key columns if there is no file."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=keys)


def keys_in(table: pd.DataFrame, keys: list[str]) -> set[tuple]:
    """Return the keys of all rows, as a set of tuples."""
    return set(table[keys].itertuples(index=False, name=None))


def made_now(data: dict[str, str]) -> dict:
    """Describe what produces a row that is made now: commit, versions, machine, data.

    Args:
        data: Name of each data set that is used to the fingerprint of its pixels and labels.
    """
    others = {name: version(name) for name in ("scikit-learn", "scipy")}
    return {
        "commit": provenance.commit(CODE) or NO_COMMIT,
        "versions": provenance.versions() | others | {"python": platform.python_version()},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "data": data,
    }


def check_ready(path: Path) -> None:
    """Exit if rows that are made now could not be added to a table; call it before training.

    Raises:
        click.ClickException: If the code is not committed, since a row names the commit that made
            it, or if the table has rows of this commit that were made with other versions.
    """
    made = made_now({})
    if made["commit"] == NO_COMMIT or made["commit"].endswith("-dirty"):
        raise click.ClickException(
            f"the code in vaelib/ and study/ is not a commit ({made['commit']}), and each row of "
            f"{path.name} names the commit that made it: commit your changes first."
        )
    try:
        _merged(read_record(path), made, path)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def add_missing(
    path: Path,
    keys: list[str],
    wanted: Iterable[dict],
    make: Callable[..., tuple[dict, dict[str, str]]],
) -> None:
    """Make the rows that a table lacks, one after the other, and add each when it is made.

    Args:
        path: The CSV file.
        keys: Columns that identify a row.
        wanted: The key columns of all rows that the table should have.
        make: Function of the key columns, passed by name, that returns the other columns of the
            row and the fingerprints of the data that it used.

    Raises:
        click.ClickException: As `check_ready`, unless no row is missing.
    """
    there = keys_in(read_table(path, keys), keys)
    missing = [one for one in wanted if tuple(one[key] for key in keys) not in there]
    if missing:
        check_ready(path)
    for one in tqdm(missing, desc=path.name, unit="row", disable=None):
        made = made_now({})  # before training, because someone may edit the code meanwhile
        found, data = make(**one)
        add_row(path, keys, one | found, made | {"data": data})


def add_row(path: Path, keys: list[str], row: dict, made: dict) -> None:
    """Add a row to the end of a table, or replace the row with the same keys.

    Several processes may call this at the same time. If it is interrupted, the table is as before.

    Args:
        path: The CSV file.
        keys: Columns that identify a row.
        row: Column name to value.
        made: What produced the row, from `made_now`. Call that before training, because the code
            may change meanwhile.

    Raises:
        ValueError: If the table already has rows of this commit that were made with other
            versions, or rows of any commit that were made from other data of the same name.
    """
    with filelock.FileLock(path.with_name(f".{path.name}.lock")):
        record, table = read_record(path), read_table(path, keys)
        new = pd.DataFrame([row | {"commit": made["commit"]}])
        same = (table[keys].astype(str) == new[keys].astype(str).iloc[0]).all(axis=1)
        if len(table):
            _check_same_data(table[~same], record, made, path)
        record = _merged(record, made, path)
        place = int(same.argmax()) if same.any() else len(table)
        parts = [table[:place], new, table[place + 1 :]]
        table = pd.concat([part for part in parts if len(part)], ignore_index=True)
        others = [name for name in table if name not in (*keys, "commit")]
        table = table[[*keys, *others, "commit"]]
        # The record is written first, so that no row is ever without one.
        record = {name: about for name, about in record.items() if name in set(table.commit)}
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        write_atomically(path.with_suffix(".json"), text.encode())
        write_atomically(path, table.to_csv(index=False, float_format="%.6g").encode())


def read_record(path: Path) -> dict:
    """Return what produced the rows of a table: commit to versions, machines, and data."""
    record = path.with_suffix(".json")
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def _check_same_data(others: pd.DataFrame, record: dict, made: dict, path: Path) -> None:
    """Raise a ValueError if the other rows were made from different data of the same name.

    Rows of a table are compared with each other, so they have to be about the same images. For
    example, a small stand-in is loaded if MNIST cannot be found.
    """
    for commit in others.commit.unique():
        known = record.get(commit, {"data": {}})["data"]
        if changed := [n for n, v in made["data"].items() if known.get(n, v) != v]:
            raise ValueError(
                f"{path.name} has rows that were made from other data called {changed[0]} (commit "
                f"{commit[:8]}): restore these data, for example the full MNIST instead of its "
                "stand-in, or delete those rows first."
            )


def _merged(record: dict, made: dict, path: Path) -> dict:
    """Return the record with what is made now, or raise if it contradicts what was made before."""
    earlier = record.get(made["commit"], {"versions": {}, "machines": [], "data": {}})
    for part in ("versions", "data"):
        changed = [n for n, v in made[part].items() if earlier[part].get(n, v) != v]
        if changed:
            raise ValueError(
                f"{path.name} has rows of commit {made['commit']} that were made with other "
                f"{part} ({', '.join(changed)}): restore these, or make the rows with a new commit."
            )
    now = {part: earlier[part] | made[part] for part in ("versions", "data")}
    machines = sorted({*earlier["machines"], made["machine"]})
    return record | {made["commit"]: earlier | now | {"machines": machines}}
