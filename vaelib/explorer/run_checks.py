"""Check which runs a page can show, and choose their titles and their data set."""

from collections.abc import Sequence

from vaelib.data import BINARIZATIONS, Dataset
from vaelib.explorer.known_layers import unknown_part
from vaelib.gans import GAN
from vaelib.priors import STANDARD_NORMAL
from vaelib.runs import Run


def titles_or_default(runs: Sequence[Run], titles: Sequence[str] | None = None) -> list[str]:
    """Return a title for each run: the given ones, or by default the names of the objectives.

    Raises:
        ValueError: If there is no run, or if the number of titles differs from that of runs.
    """
    if not runs:
        raise ValueError("no run was given: expected one or more, such as compare(vae, mmd_vae).")
    titles = _names(runs) if titles is None else list(titles)
    if len(titles) != len(runs):
        raise ValueError(f"{len(titles)} titles for {len(runs)} runs: expected one for each.")
    return titles


def check_explorable(run: Run, binarized: bool = False, encodes: bool = False) -> None:
    """Raise an exception if a page cannot show a run.

    Args:
        run: The run.
        binarized: Whether the page supports binarized pixels as well as gray ones.
        encodes: Whether the page needs an encoder.

    Raises:
        ValueError: If the run does not have two latent dimensions, a standard normal prior,
            supported pixels, and networks of layers that the browser can compute, or if it is a GAN
            and the page needs an encoder.
    """
    recipe, pixels = run.recipe, ("gray", *(BINARIZATIONS if binarized else ()))
    if run.model.latent_dim != 2:
        raise ValueError(
            f"{recipe.slug} has {run.model.latent_dim} latent dimensions: the explorer shows "
            "two-dimensional latent spaces only. Train it with latent_dim=2."
        )
    if recipe.condition:
        raise ValueError(
            f"{recipe.slug} has a condition: the explorer shows models without labels only. Train "
            "it with condition=False."
        )
    if recipe.prior != STANDARD_NORMAL or recipe.pixels not in pixels:
        raise ValueError(
            f"{recipe.slug} has the prior {recipe.prior} and {recipe.pixels} pixels: the explorer "
            f"shows models with a standard normal prior and {' or '.join(pixels)} pixels only."
        )
    is_gan = isinstance(run.model, GAN)
    if is_gan and encodes:
        raise ValueError(
            f"{recipe.slug} is a GAN, which has no encoder: this page shows what an encoder does. "
            "Show the GAN with `explorer.compare`, or another model here."
        )
    for network in (*([] if is_gan else [run.model.encoder]), run.model.decoder):
        if reason := unknown_part(network):
            raise ValueError(
                f"the {network.name} of {recipe.slug} has {reason}: the explorer computes "
                "sequences of dense layers and strided convolutions in the browser, such as the "
                "network called convolutional."
            )


def shared_dataset(runs: Sequence[Run], dataset: Dataset | None = None) -> Dataset:
    """Return the data set on which all runs are shown: the given one, or else their own.

    Raises:
        ValueError: If no data set is given and the runs were trained on different images, or if
            its images do not have the shape that a run expects.
        RunError: As for `Recipe.load_dataset`.
    """
    first = runs[0].recipe
    for recipe in (run.recipe for run in runs[1:]):
        if dataset is None and (recipe.dataset, recipe.pixels) != (first.dataset, first.pixels):
            raise ValueError(
                f"{first.slug} and {recipe.slug} were trained on different images: expected the "
                "same for all. Pass the images to show as dataset=..."
            )
    shown = first.load_dataset() if dataset is None else dataset
    for run in runs:
        if run.model.image_shape != shown.image_shape:
            raise ValueError(
                f"{run.recipe.slug} is for images of shape {run.model.image_shape}, and those of "
                f"{shown.name} have {shown.image_shape}: expected the same."
            )
    return shown


def _names(runs: Sequence[Run]) -> list[str]:
    names = [str(run.recipe.objective) for run in runs]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name}, {run.recipe.epochs} epochs, seed {run.recipe.seed}"
        for name, run in zip(names, runs, strict=True)
    ]
