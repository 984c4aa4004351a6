"""Read and write the study's tables, and record what produced their rows.

Beside each table `NAME.csv` lies `NAME.json`. It maps the commit under which rows were made to the
package versions, the machine, and the fingerprints of the data. Each row names its commit.
"""

import json
import os
import platform
from pathlib import Path

import filelock
import pandas as pd

from vaelib.runs import provenance
from vaelib.support.files import write_atomically


def read_table(path: Path, keys: list[str]) -> pd.DataFrame:
    """Read a CSV file, or return an empty table with the key columns if there is no file."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=keys)


def keys_in(table: pd.DataFrame, keys: list[str]) -> set[tuple]:
    """Return the keys of all rows, as a set of tuples."""
    return set(table[keys].itertuples(index=False, name=None))


def add_row(path: Path, keys: list[str], row: dict, data: dict[str, str]) -> None:
    """Add a row to a table and record what produced it; a row with the same keys is replaced.

    Several processes may call this at the same time. The files are replaced in one step, so an
    interruption leaves the old ones.

    Args:
        path: The CSV file.
        keys: Columns that identify a row. Rows are sorted by them.
        row: Column name to value.
        data: Name of each data set that was used to the fingerprint of its pixels and labels.

    Raises:
        ValueError: If the table already has rows of this commit that were made with other
            versions or from other data.
    """
    made = made_now(data)
    lock = path.with_name(f".{path.name}.lock")
    with filelock.FileLock(lock):
        record = read_record(path)
        earlier = record.get(made["commit"], made)
        for part in ("versions", "data"):
            changed = [n for n, v in made[part].items() if earlier[part].get(n, v) != v]
            if changed:
                raise ValueError(
                    f"{path.name} has rows of commit {made['commit']} that were made with other "
                    f"{part} ({', '.join(changed)}): commit your changes before you add rows."
                )
        record[made["commit"]] = made | {"data": earlier["data"] | made["data"]}
        del record[made["commit"]]["commit"]
        rows = [pd.DataFrame([row | {"commit": made["commit"]}])]
        rows += [pd.read_csv(path)] if path.exists() else []
        table = pd.concat(rows).drop_duplicates(keys).sort_values(keys, kind="stable")
        table = table[[*keys, *sorted(set(table) - set(keys))]]
        write_atomically(path, table.to_csv(index=False, float_format="%.6g").encode())
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        write_atomically(path.with_suffix(".json"), text.encode())
    lock.unlink(missing_ok=True)


def read_record(path: Path) -> dict:
    """Return what produced the rows of a table: commit to versions, machine, and data."""
    record = path.with_suffix(".json")
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def made_now(data: dict[str, str]) -> dict:
    """Describe what produces a row that is made now: commit, versions, machine, data."""
    return {
        "commit": provenance.commit() or "not in a repository",
        "versions": provenance.versions() | {"python": platform.python_version()},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "data": data,
    }
