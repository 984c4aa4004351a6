"""Which runs the pages can show, on which images, and what they are called."""

from vaelib.priors import STANDARD_NORMAL


def titles_of(runs, titles=None):
    """A title for each run: those given, or by default what its objective is called.

    Raises:
        ValueError: for no run, or another number of titles.
    """
    if not runs:
        raise ValueError("no run was given: expected one or more, such as compare(vae, mmd_vae).")
    titles = _names(runs) if titles is None else list(titles)
    if len(titles) != len(runs):
        raise ValueError(f"{len(titles)} titles for {len(runs)} runs: expected one for each.")
    return titles


def check_plane(run, pixels=("grey",)):
    """Refuse, by a ValueError, a run that has no plane, or that the browser can't decode.

    Args:
        run: a `Run`.
        pixels: those that are shown, as recipes call them.
    """
    recipe = run.recipe
    if run.model.latent_dim != 2:
        raise ValueError(
            f"{recipe.slug} has {run.model.latent_dim} latent dimensions: the explorer "
            "shows planes, so it needs two."
        )
    posts = recipe.network == "convolutional" and recipe.prior == STANDARD_NORMAL
    if not posts or recipe.pixels not in pixels:
        raise ValueError(
            f"{recipe.slug} has a {recipe.network} network, the prior {recipe.prior} and "
            f"{recipe.pixels} pixels: the explorer shows convolutional models with a standard "
            f"normal and {' or '.join(pixels)} pixels only."
        )


def images_of(runs, dataset=None):
    """The one `Dataset` that all runs are shown on: the given one, or their own.

    Raises:
        ValueError: for runs on different images, where none are given, or on another shape.
        RunError: as `Recipe.load`.
    """
    first = runs[0].recipe
    for recipe in (run.recipe for run in runs[1:]):
        if dataset is None and (recipe.dataset, recipe.pixels) != (first.dataset, first.pixels):
            raise ValueError(
                f"{first.slug} and {recipe.slug} were trained on different images: expected the "
                "same for all; name those to be shown by dataset=..."
            )
    shown = first.load() if dataset is None else dataset
    for run in runs:
        if run.model.image_shape != shown.image_shape:
            raise ValueError(
                f"{run.recipe.slug} is for images of shape {run.model.image_shape}, and those of "
                f"{shown.name} have {shown.image_shape}: expected the same."
            )
    return shown


def _names(runs):
    names = [str(run.recipe.objective) for run in runs]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name}, {run.recipe.epochs} epochs, seed {run.recipe.seed}"
        for name, run in zip(names, runs, strict=True)
    ]
