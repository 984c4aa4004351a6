"""Retrain the runs that come with the project, and compare the results with the stored runs."""

import shutil
from collections.abc import Collection

import numpy as np

from vaelib.objectives import ELBO, POST_ELBO, POST_MMD
from vaelib.runs import run_folder, trainer
from vaelib.runs.recipes import Recipe, post_recipe

# The post's settings, with the post's effective weights of the loss and with the standard ELBO.
RECIPES = tuple(
    post_recipe(dataset, objective)
    for dataset in ("fashion_mnist", "mnist")
    for objective in (POST_ELBO, ELBO, POST_MMD)
)


def select(words: Collection[str]) -> list[Recipe]:
    """Select the recipes whose names begin with any of the words.

    Args:
        words: Beginnings of names. If there are none, all recipes are selected.

    Raises:
        ValueError: If no name begins with one of the words.
    """
    for word in words:
        if not any(recipe.slug.startswith(word) for recipe in RECIPES):
            names = ", ".join(recipe.slug for recipe in RECIPES)
            raise ValueError(f"no run has a name that begins with {word!r}: choose from {names}.")
    return [r for r in RECIPES if not words or r.slug.startswith(tuple(words))]


def compare(
    committed: run_folder.Run, again: run_folder.Run
) -> list[tuple[str, float, float, float]]:
    """Compare two runs of the same recipe, number by number.

    Args:
        committed: The stored run.
        again: The retrained run.

    Returns:
        Rows (name, value of the stored run, value of the retrained run, difference). The values
        are the terms of the loss in the last epoch, in nats per image (MMD has no unit), and the
        mean and the standard deviation of the test codes in each dimension.
    """
    pairs = [(t, committed.history[t][-1], again.history[t][-1]) for t in committed.history]
    for name, measure in {"mean": np.mean, "std": np.std}.items():
        old, new = (measure(run.snapshots["codes"][-1], axis=0) for run in (committed, again))
        pairs += [
            (f"{name} of z{i + 1}", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))
        ]
    return [(what, float(a), float(b), float(b - a)) for what, a, b in pairs]


def reproduce(recipe: Recipe, publish: bool = False) -> None:
    """Train a recipe (or resume or load its run), and print a comparison with the stored run.

    Args:
        recipe: One of `RECIPES`.
        publish: Instead of comparing, replace the stored run in runs/ by the new one.

    Raises:
        RunError: If there is no complete stored run to compare with, or as in `trainer.train`.
    """
    if not publish:  # before training, so that an error for a missing run comes early
        committed = run_folder.load(recipe.slug)
    print(f"{recipe.slug}:", flush=True)
    again = trainer.train(recipe)
    if publish:
        target = run_folder.PUBLISHED / recipe.slug
        staged = target.with_name(f".{recipe.slug}")  # the old run is deleted after copying
        shutil.rmtree(staged, ignore_errors=True)
        shutil.copytree(again.folder, staged)
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
        print(f"copied to runs/{recipe.slug}")
        return
    print(f"{'':16}{'committed':>12}{'again':>12}{'difference':>12}")
    for what, old, new, difference in compare(committed, again):
        print(f"{what:16}{old:12.5g}{new:12.5g}{difference:12.2g}")
    pairs = zip(committed.model.get_weights(), again.model.get_weights(), strict=True)
    same = all(np.array_equal(a, b) for a, b in pairs)
    print(f"the weights are {'the same, bit for bit' if same else 'not the same bit for bit'}\n")
