"""Which rows of a table were made by code that is not today's, so that mended measures are noticed.

A row names three things that decide its numbers: the code that trained its model, the code that
measured it, and the feature space that images were compared in. Where one of them is another one
today, the row is stale.
"""

import functools
from hashlib import sha256

import pandas as pd

from vaelib.measures import features
from vaelib.runs import fingerprint, provenance

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
    weights = features.path_of(dataset)
    space = sha256(weights.read_bytes()).hexdigest() if weights.exists() else None
    return dict(
        zip(NAMES, (provenance.code_fingerprint(), measuring_fingerprint(), space), strict=True)
    )


def stale(table):
    """Which rows are not of today's code: a boolean Series.

    Args:
        table: with a column "dataset"; rows that name no fingerprint are stale.
    """
    expected = {dataset: today(dataset) for dataset in table.dataset.unique()}
    named = table.reindex(columns=NAMES)
    return pd.Series(
        [
            any(row[name] != expected[dataset][name] for name in NAMES)
            for dataset, row in zip(table.dataset, named.to_dict("records"), strict=True)
        ],
        table.index,
        dtype=bool,
    )
