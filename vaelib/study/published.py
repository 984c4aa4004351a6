"""Numbers that others published, beside those of models that were trained here.

`make paper` makes what is missing in runs/paper.csv.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaelib.runs import PUBLISHED as FOLDER
from vaelib.runs.arrays import from_npz, read_whole

TABLE = FOLDER / "paper.csv"


@dataclass(frozen=True)
class Published:
    """A number that others printed, in nats per image, and what was trained here beside it."""

    title: str
    model: str  # in runs/paper.csv
    measure: str
    number: float
    source: str


PUBLISHED = (
    Published(
        *("VAE of the post's network, 2-D", "convolutional VAE, 2-D", "ELBO", -155.9),
        "a port of TensorFlow's CVAE tutorial",
    ),
    Published(
        *("VAE, 40-D", "VAE", "importance-sampled NLL", 89.9),
        "Rezende and Mohamed 2015, an upper bound, another network",
    ),
    Published(
        *("VAE with VampPrior, 40-D", "VAE with VampPrior", "importance-sampled NLL", 85.57),
        "Tomczak and Welling 2018; a reproduction, pythae's, has 85.79",
    ),
)


def published(table=TABLE):
    """Numbers that others printed beside those of models that were trained here.

    Of several rows of a model, the one with the most epochs, and then the most images.

    Args:
        table: as `tools/tables/paper.py` writes it.

    Returns:
        A DataFrame, a row for each of `PUBLISHED` that was measured: published, "here" with the
        standard error over the test images, how many of these, epochs, and source.
    """
    rows = _best_measured(table)

    def here(known, row):
        return f"{row[known.measure]:.1f}\u00a0± {row[f'{known.measure}, standard error']:.1f}"

    return pd.DataFrame(
        {
            "model": known.title,
            "measure": known.measure.replace("importance-sampled ", ""),
            "published": f"{known.number:g}",
            "source": known.source,
            "here": here(known, row),
            "epochs": f"{row.epochs:g}",
            "test images": f"{row.images:g}",
        }
        for known in PUBLISHED
        if known.model in rows.index
        for row in [rows.loc[known.model]]
    ).set_index("model")


def gap(first, second, measure="importance-sampled NLL", table=TABLE):
    """The mean of first - second over the same images, and its standard error, in nats.

    Args:
        first, second: models in the table; of several rows, as in `published`.
        measure: in the .npz beside the table; of an NLL, a positive gap says that the second model
            is better.

    Raises:
        ValueError: for a model that is not there, or two that were measured on other images.
    """
    rows, kept = _best_measured(table), from_npz(read_whole(table.with_suffix(".npz")))
    values = []
    for model in (first, second):
        word = per_image(rows.loc[model], measure, model) if model in rows.index else model
        if word not in kept:
            known = ", ".join(rows.index)
            raise ValueError(f"no {measure} of {model!r}, image by image: there are {known}.")
        values.append(kept[word].astype("float64"))
    if len(values[0]) != len(values[1]):
        raise ValueError(
            f"{first!r} was measured on {len(values[0])} images and {second!r} on "
            f"{len(values[1])}: measure both on the same."
        )
    difference = values[0] - values[1]
    return float(difference.mean()), float(np.std(difference) / len(difference) ** 0.5)


def per_image(key, measure, model=None):
    """The name of an array in the .npz: the key of a row, and what was measured."""
    words = [f"{key[name]:g} {name}" for name in ("epochs", "images", "samples")]
    return f"{model or key['model']}, {', '.join(words)}/{measure}"


def _best_measured(table):
    rows = pd.read_csv(table).sort_values(["epochs", "images"], kind="stable")
    return rows.drop_duplicates("model", keep="last").set_index("model")
