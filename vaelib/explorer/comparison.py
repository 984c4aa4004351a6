"""Latent spaces side by side, decoded under the pointer."""

from vaelib.explorer import payload
from vaelib.explorer.pages import Explorer
from vaelib.plotting.panels import PRIOR_RADIUS
from vaelib.priors import STANDARD_NORMAL

HELP = (
    "Move the pointer, or click a plane and use the arrow keys: the point is decoded at once. "
    "Drag, or press Enter at both ends, to draw a line; the strip shows what lies along it. The "
    "ring in the other plane is where the first of the nearest images lies there."
)


def compare(*runs, titles=None, dataset=None):
    """Walk through the latent spaces of trained runs, side by side.

    Args:
        *runs: each a `Run` with two latent dimensions; commonly two.
        titles: a name for each; by default what its objective is called.
        dataset: a `Dataset` whose test images are shown in all of them; by default each run's own,
            which has to be passed on where it came from a folder and the run from a file.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: for no run, another number of titles, latent dimensions other than two, another
            network, or another prior.
        RunError: for runs on images of your own that are not at hand.
    """
    if not runs:
        raise ValueError("no run was given: expected one or more, such as compare(vae, mmd_vae).")
    titles = _titles(runs) if titles is None else list(titles)
    if len(titles) != len(runs):
        raise ValueError(f"{len(titles)} titles for {len(runs)} runs: expected one for each.")
    for run in runs:
        if run.model.latent_dim != 2:
            raise ValueError(
                f"{run.recipe.slug} has {run.model.latent_dim} latent dimensions: the explorer "
                "shows planes, so it needs two."
            )
        recipe = run.recipe
        posts = recipe.network == "convolutional" and recipe.prior == STANDARD_NORMAL
        if not posts or recipe.pixels != "grey":
            raise ValueError(
                f"{recipe.slug} has a {recipe.network} network, the prior {recipe.prior} and "
                f"{recipe.pixels} pixels: the explorer shows convolutional models with a standard "
                "normal and grey pixels only."
            )
    loaded = {run.recipe.dataset: dataset or run.recipe.load() for run in runs}
    keys = {name: shown.fingerprint[:8] for name, shown in loaded.items()}
    spaces = [
        payload.of_space(run, title, loaded[run.recipe.dataset], keys[run.recipe.dataset])
        for run, title in zip(runs, titles, strict=True)
    ]
    return Explorer(
        {
            "spaces": spaces,
            "data": {keys[name]: payload.of_data(shown) for name, shown in loaded.items()},
            "priorRadius": float(PRIOR_RADIUS),
            "help": HELP if len(runs) > 1 else HELP.rpartition(" The ring")[0],
        }
    )


def _titles(runs):
    names = [str(run.recipe.objective) for run in runs]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name}, {run.recipe.epochs} epochs, seed {run.recipe.seed}"
        for name, run in zip(names, runs, strict=True)
    ]
