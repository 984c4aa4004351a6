"""The runs that come with the project, trained once more and compared with what is committed."""

import shutil

import numpy as np

from vaelib.objectives import ELBO, ELBO_AS_POSTED, MMD_AS_POSTED
from vaelib.runs import folders, keeper
from vaelib.runs.recipes import post

# The post's own settings, with its loss as posted and as it was meant.
RECIPES = tuple(
    post(dataset, objective)
    for dataset in ("fashion_mnist", "mnist")
    for objective in (ELBO_AS_POSTED, ELBO, MMD_AS_POSTED)
)


def select(words):
    """The recipes whose names begin with any of the words; all of them if there are no words.

    Raises:
        ValueError: for a word that no name begins with.
    """
    for word in words:
        if not any(recipe.slug.startswith(word) for recipe in RECIPES):
            names = ", ".join(recipe.slug for recipe in RECIPES)
            raise ValueError(f"no run's name begins with {word!r}: there are {names}.")
    return [r for r in RECIPES if not words or r.slug.startswith(tuple(words))]


def compare(committed, again):
    """How close one run came to another, term by term.

    Args:
        committed, again: two `Run`s of one recipe.

    Returns:
        A list of rows (what, committed, again, difference): the terms in the last epoch, in nats
        per image (MMD has no unit), and the codes' mean and standard deviation in each dimension.
    """
    pairs = [(t, committed.history[t][-1], again.history[t][-1]) for t in committed.history]
    for name, measure in {"mean": np.mean, "std": np.std}.items():
        old, new = (measure(run.snapshots["codes"][-1], axis=0) for run in (committed, again))
        pairs += [
            (f"{name} of z{i + 1}", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))
        ]
    return [(what, float(a), float(b), float(b - a)) for what, a, b in pairs]


def reproduce(recipe, publish=False):
    """Train a recipe (or take up or load its run) and print how it compares with `runs/`.

    Args:
        recipe: one of `RECIPES`.
        publish: copy the run to `runs/`, in place of what is committed there.
    """
    if not publish:  # first, so that what is missing is said before training
        committed = folders.load(recipe.slug)
    print(f"{recipe.slug}:", flush=True)
    again = keeper.train(recipe)
    if publish:
        target = folders.PUBLISHED / recipe.slug
        staged = target.with_name(f".{recipe.slug}")  # so that what is there goes last
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
