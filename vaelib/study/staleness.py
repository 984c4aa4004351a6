"""Which rows of a table were made by code that is not today's, so that mended measures are noticed.

A row names three things that decide its numbers: the code that trained its model, the code that
measured it, and the feature space that images were compared in. Where one of them is another one
today, the row is stale. Code that was changed and gives the same bytes is not another one:
tools/checks/same_bytes.py tries that, and runs/same_bytes.csv says which code it was found for.
"""

import functools

import pandas as pd

from vaelib.measures import features
from vaelib.runs import PUBLISHED, fingerprint, provenance

SAME_BYTES = PUBLISHED / "same_bytes.csv"

# What decides a measure, apart from what decides a training.
MEASURING = (
    *("measures/aggregate", "measures/codes", "measures/features", "measures/images"),
    *("measures/likelihood", "measures/points", "study/rows", "streams"),
)
NAMES = "code.fingerprint", "measuring.fingerprint", "measuring.features"


@functools.cache  # of the code that is running, even where someone edits it meanwhile
def measuring_fingerprint():
    """The fingerprint of the code that measures, the same on every Python."""
    return fingerprint.of_files(provenance.PACKAGE / f"{name}.py" for name in MEASURING)


def today(dataset):
    """What a row of a data set would name today: dict of the three `NAMES` to fingerprints."""
    code = provenance.code_fingerprint(), measuring_fingerprint()
    return dict(zip(NAMES, (*code, features.fingerprint(dataset)), strict=True))


def as_good_as(today, table=SAME_BYTES):
    """The fingerprints of code that was found to give the same bytes as today's.

    Args:
        today: a fingerprint.
        table: with columns "before" and "after".

    Returns:
        A set of fingerprints, with today's in it.
    """
    pairs = pd.read_csv(table)[["before", "after"]].to_numpy() if table.exists() else ()
    found = {today}
    while more := {before for before, after in pairs if after in found} - found:
        found |= more
    return found


def stale(table, same_bytes=SAME_BYTES):
    """Which rows are not of today's code: a boolean Series.

    Args:
        table: with a column "dataset"; rows that name no fingerprint are stale.
        same_bytes: where it is written down which code gives the same bytes.
    """
    good = {
        dataset: {
            name: as_good_as(value, same_bytes) if value else {value}
            for name, value in today(dataset).items()
        }
        for dataset in table.dataset.unique()
    }
    named = table.reindex(columns=NAMES)
    return pd.Series(
        [
            any(row[name] not in good[dataset][name] for name in NAMES)
            for dataset, row in zip(table.dataset, named.to_dict("records"), strict=True)
        ],
        table.index,
        dtype=bool,
    )
