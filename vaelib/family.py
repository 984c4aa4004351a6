"""What is known of the family: the table of its models, their planes, and what others published.

All of it lies in `runs/`: `make family` and `make paper` make what is missing there.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaelib import study
from vaelib.files import from_npz
from vaelib.ledger import TABLE as STUDY

TABLE = STUDY.with_name("family.csv")
PLANES = STUDY.with_name("planes.npz")
PAPER = STUDY.with_name("paper.csv")


def read(table=TABLE, dataset="fashion_mnist", epochs=5):
    """The family's table, a row for each model on one data set, with columns added.

    Two are the objective's weights, "kl_weight" and "mmd_weight". Two are in nats per image: the
    bound of the likelihood is a sum, - distortion - rate (Alemi et al. 2018, arXiv 1711.00464):

    - "rate": mean KL(q(z|x) || p(z)), the mutual information and the aggregate KL together;
    - "distortion": what is left of the bound, the reconstruction term under codes that are drawn.
      Rates are those of all test images, bounds those of the first thousand.
    """
    found = pd.read_csv(table)
    found = found[(found.dataset == dataset) & (found.epochs == epochs)].reset_index(drop=True)
    meant = [study.recipe(dataset, word).objective for word in found.objective]
    rate = found["mutual information"] + found["aggregate KL"]
    bound = -found["NLL grey"] - found["bound gap"]
    weights = {name: [getattr(one, name) for one in meant] for name in ("kl_weight", "mmd_weight")}
    return found.assign(rate=rate, distortion=-bound - rate, **weights)


def mean_and_spread(rows, measures, digits=2):
    """Means over seeds as text, with the standard deviation where there are several.

    Args:
        rows: some of a table; rows with the same objective, prior and latent_dim are seeds.
        measures: columns, in this order.
        digits: decimals.

    Returns:
        A DataFrame of text, a row for each model in the order of `rows`.
    """
    groups = rows.groupby(["objective", "prior", "latent_dim"], sort=False)

    def word(values):
        spread = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
        return f"{values.mean():.{digits}f}{spread}" if values.notna().any() else ""

    return groups[list(measures)].agg(word)


def infovae_plane(table, measure):
    """A measure over InfoVAE's alpha and lambda, for `sweeps.heatmaps`.

    Where MMD has no weight, lambda = 1 - alpha, InfoVAE is a beta-VAE.

    Args:
        table: as from `read`; the rows of seed 0 count that have two dimensions and the standard
            normal as prior.
        measure: a column.

    Returns:
        A DataFrame with a row for each alpha and a column for each lambda, by their names; the
        first column is lambda = 1 - alpha.
    """
    same = (table.prior == "normal") & (table.latent_dim == 2) & (table.seed == 0)
    rows = table[same & table.objective.str.startswith(("infovae", "beta"))]
    lambda_ = (rows.kl_weight + rows.mmd_weight).round(6).where(rows.mmd_weight > 0, 0.0)
    rows = rows.assign(alpha=(1 - rows.kl_weight).round(6), lambda_=lambda_)
    with_mmd = rows[rows.mmd_weight > 0]
    rows = rows[rows.alpha.isin(with_mmd.alpha)]  # of the beta-VAEs, those that have a row there
    rows = rows.drop_duplicates(["alpha", "lambda_"])  # infovae(0.9, 0.1) is beta(0.1)
    found = rows.pivot(index="alpha", columns="lambda_", values=measure)
    found.columns = [f"{v:g}" if v else "1 - α" for v in found.columns]
    found.index = [f"{v:g}" for v in found.index]
    return found.rename_axis(index="α", columns="λ")


def planes(path=PLANES):
    """The latent spaces of the beta-VAEs of seed 0.

    Returns:
        dict of objective, such as "beta(0.1)", with rising weights, to arrays as from
        `Snapshots.arrays`, for `plotting.comparison`: samples (1, 64, 28, 28, 1), codes (1, n, 2),
        grid (1, 256, 28, 28, 1), labels (n,).
    """
    kept = from_npz(path.read_bytes())
    names = {name.split("/")[0] for name in kept if "/" in name}
    weight = {n: study.recipe("fashion_mnist", n).objective.kl_weight for n in names}
    return {
        name: {part: kept[f"{name}/{part}"][None] for part in ("samples", "grid")}
        | {"codes": kept[f"{name}/codes"][None].astype("float32"), "labels": kept["labels"]}
        for name in sorted(names, key=weight.get)
    }


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
        "Rezende and Mohamed 2015, another network",
    ),
    Published(
        *("VAE with VampPrior, 40-D", "VAE with VampPrior", "importance-sampled NLL", 85.57),
        "Tomczak and Welling 2018",
    ),
)


def published(table=PAPER):
    """Numbers that others printed beside those of models that were trained here.

    Of several rows of a model, the one with the most epochs, and then the most images.

    Args:
        table: as `tools/paper.py` writes it.

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


def gap(first, second, measure="importance-sampled NLL", table=PAPER):
    """The mean of first - second over the same images, and its standard error, in nats.

    Args:
        first, second: models in the table; of several rows, as in `published`.
        measure: in the .npz beside the table; of an NLL, a positive gap says that the second model
            is better.

    Raises:
        ValueError: for a model that is not there, or two that were measured on other images.
    """
    rows, kept = _best_measured(table), from_npz(table.with_suffix(".npz").read_bytes())
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
