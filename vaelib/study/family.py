"""What is known of the family: the table's rows of the post's relatives, and their planes.

Both lie in `runs/`: `make study` makes what is missing there. Most have one seed: exploratory.
"""

import json

from vaelib.objectives import ELBO
from vaelib.runs import PUBLISHED, Recipe, Run
from vaelib.runs.arrays import from_npz, read_whole
from vaelib.study.models import REFERENCES, recipe

PLANES = PUBLISHED / "planes.npz"


def relatives(table, dataset="fashion_mnist"):
    """The family's rows: sampled codes and cross-entropy, grey pixels, the fast schedule.

    Args:
        table: as from `tables.read`.
        dataset: whose.

    Returns:
        The rows with the objective's two weights added, "kl_weight" and "mmd_weight".
    """
    here = (table.dataset == dataset) & (table.schedule == "fast") & (table.pixels == "grey")
    found = table[here & ~table.objective.isin(REFERENCES)].reset_index(drop=True)
    meant = [recipe(dataset, word).objective for word in found.objective]
    names = "kl_weight", "mmd_weight", "sampled", "reconstruction", "capacity"
    found = found.assign(**{name: [getattr(one, name) for one in meant] for name in names})
    kept = found.sampled & (found.reconstruction == ELBO.reconstruction)
    return found[kept].reset_index(drop=True)


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
    """A measure over InfoVAE's alpha and lambda, for `plotting.heatmaps`.

    Where MMD has no weight, lambda = 1 - alpha, InfoVAE is a beta-VAE.

    Args:
        table: as from `relatives`; the rows of seed 0 count that have two dimensions and the
            standard normal as prior.
        measure: a column.

    Returns:
        A DataFrame with a row for each alpha and a column for each lambda, by their names; the
        first column, "no MMD", is lambda = 1 - alpha.
    """
    same = (table.prior == "normal") & (table.latent_dim == 2) & (table.seed == 0)
    rows = table[same & table.objective.str.match(r"infovae\(|beta\(|elbo$")]
    lambda_ = (rows.kl_weight + rows.mmd_weight).round(6).where(rows.mmd_weight > 0, 0.0)
    rows = rows.assign(alpha=(1 - rows.kl_weight).round(6), lambda_=lambda_)
    with_mmd = rows[rows.mmd_weight > 0]
    rows = rows[rows.alpha.isin(with_mmd.alpha)]  # of the beta-VAEs, those that have a row there
    rows = rows.drop_duplicates(["alpha", "lambda_"])  # infovae(0.9, 0.1) is beta(0.1)
    found = rows.pivot(index="alpha", columns="lambda_", values=measure)
    found.columns = [f"{v:g}" if v else "no MMD" for v in found.columns]
    found.index = [f"{v:g}" for v in found.index]
    return found.rename_axis(index="α", columns="λ")


def planes(path=PLANES):
    """The latent spaces of the beta-VAEs of seed 0.

    Returns:
        dict of objective, such as "beta(0.1)", with rising weights, to arrays as from
        `Snapshots.arrays`, for `plotting.comparison`: samples (1, 64, *image_shape), codes
        (1, n, 2), grid (1, 256, *image_shape), labels (n,).
    """
    kept = from_npz(read_whole(path))
    names = {name.split("/")[0] for name in kept if "/" in name}
    weight = {n: recipe("fashion_mnist", n).objective.kl_weight for n in names}
    return {
        name: {part: kept[f"{name}/{part}"][None] for part in ("samples", "grid")}
        | {"codes": kept[f"{name}/codes"][None].astype("float32"), "labels": kept["labels"]}
        for name in sorted(names, key=weight.get)
    }


def betas(path=PLANES):
    """The seven beta-VAEs of seed 0 themselves, with weights in half precision.

    That is enough to look at them: codes are off by three thousandths at most, and decoded images
    by less than a grey value.

    Returns:
        A list of `Run` with rising weights of the KL, without history, snapshots and optimizer.
    """
    kept = from_npz(read_whole(path))
    runs = []
    for word in {name.split("/")[0]: None for name in kept if "/weights/" in name}:
        about = json.loads(str(kept[f"{word}/provenance"]))
        recipe = Recipe.from_config(about.pop("recipe"))
        model, next_ = recipe.model(), 0
        for part in (model.encoder, model.decoder):
            names = [f"{word}/weights/{next_ + i}" for i in range(len(part.weights))]
            part.set_weights([kept[name].astype("float32") for name in names])
            next_ += len(names)
        runs.append(Run(recipe, model, {}, {}, about))
    return sorted(runs, key=lambda run: run.recipe.objective.kl_weight)
