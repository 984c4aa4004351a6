"""Compare numbers that others published with those of models that were trained here.

`make published` adds the rows that tables/paper.csv lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from study import TABLES
from vaelib.runs.npz import from_npz, read_bounded

TABLE = TABLES / "paper.csv"


@dataclass(frozen=True)
class Published:
    """A published number in nats per image, and the model here that it is compared with.

    Attributes:
        title: What the page calls the model.
        model: Its name in tables/paper.csv.
        measure: Column of tables/paper.csv.
        number: The published number.
        source: Where it was published.
    """

    title: str
    model: str
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


def comparison_table(table: Path = TABLE) -> pd.DataFrame:
    """Tabulate the published numbers and ours.

    If a model has several rows, the one with the most epochs counts, and then the one with the
    most images.

    Args:
        table: CSV file as `study/make_published.py` writes it.

    Returns:
        Text: a row for each of `PUBLISHED` that was measured here, with the published number, our
        number ("here") with its standard error over the test images, epochs, and source.
    """
    rows = _best_measured(table)

    def here(known: Published, row: pd.Series) -> str:
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


def mean_difference(
    first: str, second: str, measure: str = "importance-sampled NLL", table: Path = TABLE
) -> tuple[float, float]:
    """Compare two models image by image.

    Args:
        first: Name of a model in the table. Rows are chosen as in `comparison_table`.
        second: Name of another model.
        measure: Name of a measure in the .npz file beside the table.
        table: CSV file as `study/make_published.py` writes it.

    Returns:
        The mean of first - second over the images, and its standard error, in nats. A positive
        difference of an NLL means that the second model is better.

    Raises:
        ValueError: If a model is not in the file, or if the models were measured on different
            numbers of images.
    """
    rows, kept = _best_measured(table), from_npz(read_bounded(table.with_suffix(".npz")))
    values = []
    for model in (first, second):
        word = per_image_name(rows.loc[model], measure, model) if model in rows.index else model
        if word not in kept:
            known = ", ".join(rows.index)
            raise ValueError(f"no {measure} of {model!r} for each image: choose one of {known}.")
        values.append(kept[word].astype("float64"))
    if len(values[0]) != len(values[1]):
        raise ValueError(
            f"{first!r} was measured on {len(values[0])} images and {second!r} on "
            f"{len(values[1])}: measure both on the same."
        )
    difference = values[0] - values[1]
    return float(difference.mean()), float(np.std(difference) / len(difference) ** 0.5)


def per_image_name(key: Mapping[str, object], measure: str, model: str | None = None) -> str:
    """Return the name of an array in the .npz file.

    Args:
        key: The row of the table, at least with "epochs", "images", and "samples".
        measure: Name of the measure.
        model: Name of the model; by default `key["model"]`.
    """
    words = [f"{key[name]:g} {name}" for name in ("epochs", "images", "samples")]
    return f"{model or key['model']}, {', '.join(words)}/{measure}"


def _best_measured(table: Path) -> pd.DataFrame:
    rows = pd.read_csv(table).sort_values(["epochs", "images"], kind="stable")
    return rows.drop_duplicates("model", keep="last").set_index("model")
