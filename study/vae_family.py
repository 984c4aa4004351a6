"""Read the results of β-VAE, InfoVAE, and other relatives of the post's models.

Most of these models have one seed, so comparisons between them are exploratory. `make study` adds
missing rows, and `python -m study.make_beta_vaes` the missing latent spaces.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from study import TABLES
from study.named_models import REFERENCES, recipe
from vaelib.objectives import ELBO
from vaelib.runs import Recipe, Run
from vaelib.runs.npz import from_npz, read_bounded

BETA_VAES = TABLES / "beta_vaes.npz"


def family_rows(table: pd.DataFrame, dataset: str = "fashion_mnist") -> pd.DataFrame:
    """Select the models with sampled codes, cross-entropy, gray pixels, and the fast schedule.

    Args:
        table: As from `model_table.read`.
        dataset: Name of the data set.

    Returns:
        The rows, with settings of the objective as further columns: "kl_weight", "mmd_weight",
        "sampled", "reconstruction", and "capacity".
    """
    here = (table.dataset == dataset) & (table.schedule == "fast") & (table.pixels == "gray")
    found = table[here & ~table.objective.isin(REFERENCES)].reset_index(drop=True)
    meant = [recipe(dataset, word).objective for word in found.objective]
    names = "sampled", "reconstruction", "capacity"
    columns = {f"{name}_weight": [one.weight(name) for one in meant] for name in ("kl", "mmd")}
    columns |= {name: [getattr(one, name) for one in meant] for name in names}
    found = found.assign(**columns)
    kept = found.sampled & (found.reconstruction == ELBO.reconstruction)
    return found[kept].reset_index(drop=True)


def mean_and_std(rows: pd.DataFrame, measures: Iterable[str], digits: int = 2) -> pd.DataFrame:
    """Format means over seeds, with the standard deviation if there are several seeds.

    Args:
        rows: Rows of a table. Those with the same objective, prior, and latent_dim are seeds.
        measures: Columns to show, in this order.
        digits: Number of decimals.

    Returns:
        Text: a row for each model in the order of `rows`.
    """
    groups = rows.groupby(["objective", "prior", "latent_dim"], sort=False)

    def word(values: pd.Series) -> str:
        spread = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
        return f"{values.mean():.{digits}f}{spread}" if values.notna().any() else ""

    return groups[list(measures)].agg(word)


def infovae_grid(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Arrange a measure by InfoVAE's alpha and lambda, for `plotting.heatmaps`.

    If lambda = 1 - alpha, MMD has weight 0, and InfoVAE is a β-VAE.

    Args:
        table: As from `family_rows`. Only rows with seed 0, two latent dimensions, and the standard
            normal prior are used.
        measure: Column of the table.

    Returns:
        A row for each alpha and a column for each lambda, labeled by their values. The first
        column, "no MMD", is lambda = 1 - alpha. Models that are not in the table are NaN.
    """
    same = (table.prior == "normal") & (table.latent_dim == 2) & (table.seed == 0)
    rows = table[same & table.objective.str.match(r"infovae\(|beta\(|elbo$")]
    lambda_ = (rows.kl_weight + rows.mmd_weight).round(6).where(rows.mmd_weight > 0, 0.0)
    rows = rows.assign(alpha=(1 - rows.kl_weight).round(6), lambda_=lambda_)
    with_mmd = rows[rows.mmd_weight > 0]
    rows = rows[rows.alpha.isin(with_mmd.alpha)]  # drops β-VAEs without an InfoVAE of their alpha
    rows = rows.drop_duplicates(["alpha", "lambda_"])  # infovae(0.9, 0.1) is beta(0.1)
    found = rows.pivot(index="alpha", columns="lambda_", values=measure)
    found.columns = [f"{v:g}" if v else "no MMD" for v in found.columns]
    found.index = [f"{v:g}" for v in found.index]
    return found.rename_axis(index="α", columns="λ")


def read_latent_spaces(path: Path = BETA_VAES) -> dict[str, dict[str, np.ndarray]]:
    """Read the latent spaces of the β-VAEs of seed 0, for `plotting.comparison`.

    Returns:
        For each objective, such as "beta(0.1)", in the order of increasing KL weight, arrays as
        from `Snapshots.arrays`: "samples", shape (1, 64, *image_shape); "codes", shape (1, n, 2);
        "grid", shape (1, 256, *image_shape); and "labels", shape (n,).
    """
    kept = from_npz(read_bounded(path))
    names = {name.split("/")[0] for name in kept if "/" in name}
    weight = {n: recipe("fashion_mnist", n).objective.weight("kl") for n in names}
    return {
        name: {part: kept[f"{name}/{part}"][None] for part in ("samples", "grid")}
        | {"codes": kept[f"{name}/codes"][None].astype("float32"), "labels": kept["labels"]}
        for name in sorted(names, key=weight.get)
    }


def load_beta_vaes(path: Path = BETA_VAES) -> list[Run]:
    """Load the seven β-VAEs of seed 0, with weights in half precision.

    This changes codes by at most 0.003, and decoded pixels by less than one gray value.

    Returns:
        Runs in the order of increasing KL weight, without history, snapshots, and optimizer.
    """
    kept = from_npz(read_bounded(path))
    runs = []
    for word in {name.split("/")[0]: None for name in kept if "/weights/" in name}:
        about = json.loads(str(kept[f"{word}/provenance"]))
        recipe = Recipe.from_config(about.pop("recipe"))
        model, next_ = recipe.build_model(), 0
        for part in (model.encoder, model.decoder):
            names = [f"{word}/weights/{next_ + i}" for i in range(len(part.weights))]
            part.set_weights([kept[name].astype("float32") for name in names])
            next_ += len(names)
        runs.append(Run(recipe, model, {}, {}, about))
    return sorted(runs, key=lambda run: run.recipe.objective.weight("kl"))
