"""Check how large a run is before it is trained, and before the model of a stored run is built.

Whatever is written can be read again: a run whose files would exceed the limits of `npz` is refused
before it is trained. A stored recipe may come from an untrusted source and can describe a model of
any size, so it is compared with the stored arrays before memory is allocated for the model.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from vaelib.data import Dataset
from vaelib.priors import STANDARD_NORMAL
from vaelib.runs import npz
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import planned_bytes
from vaelib.support.backend import keras, tf
from vaelib.support.errors import RunError
from vaelib.terms import MMD

MAX_JSON = 1 << 25  # bytes of a JSON file of a run, 32 MiB
_NUMBER = 32  # bytes of a number in history.json, including its indentation
_MARGIN = 1 << 20  # bytes, for the headers in an archive

Layout = list[tuple[tuple[int, ...], str]]  # shape and type of each array


def layout(arrays: Iterable[np.ndarray | keras.Variable]) -> Layout:
    """Return the shape and the type of arrays or Keras variables."""
    return [(tuple(array.shape), str(array.dtype)) for array in arrays]


def planned_layouts(recipe: Recipe) -> tuple[Layout, Layout]:
    """Return the layouts of the model's and the optimizer's variables, without allocating them."""
    objective = recipe.objective
    # Terms of the user's own have no variables, and they cannot be checked within a graph.
    terms = [pair for pair in objective.terms if not pair[1].code]
    if recipe.prior != STANDARD_NORMAL and not any(term.trains_prior for _, term in terms):
        terms.append(1 * MMD)  # because a prior needs a term that trains it
    with tf.Graph().as_default():  # where no memory is allocated for variables
        model = replace(recipe, objective=replace(objective, terms=terms)).compiled_model(1)
        return layout(model.variables), layout(model.optimizer.variables)


def check_planned(recipe: Recipe, dataset: Dataset) -> None:
    """Raise unless all files of a run can be read after it is trained.

    Args:
        recipe: The recipe of the run.
        dataset: The data that it will be trained on.

    Raises:
        RunError: If its arrays or its JSON files would be too large.
    """
    recipe_bytes = len(json.dumps(recipe.get_config(), indent=2).encode())
    terms = 1 + len(recipe.objective.term_names)
    history_bytes = recipe.epochs * terms * _NUMBER
    largest = max(recipe_bytes, history_bytes)
    if largest > MAX_JSON:
        what = "settings" if largest == recipe_bytes else f"history of {recipe.epochs:,} epochs"
        raise RunError(
            f"the {what} of {recipe.slug} would take {largest:,} bytes, and {MAX_JSON:,} can be "
            "read again: choose fewer epochs, or a smaller network and fewer classes."
        )
    variables = sum(map(_bytes, planned_layouts(recipe)))
    snapshots = planned_bytes(recipe, dataset)
    # A checkpoint contains all of it, with the recipe in four bytes per character.
    total = variables + snapshots + history_bytes + 4 * recipe_bytes + _MARGIN
    if total > npz.MAX_BYTES:
        raise RunError(
            f"a checkpoint of {recipe.slug} would have {total:,} bytes, of which {snapshots:,} are "
            f"snapshots of {len(dataset.test_images):,} test images and {variables:,} the model "
            f"and its optimizer, and {npz.MAX_BYTES:,} can be read again: choose fewer test images "
            "(dataset.limit(test=...)), a smaller latent_dim, or a smaller network."
        )


def check_stored(
    recipe: Recipe, weights: list[np.ndarray], optimizer: list[np.ndarray], history: dict
) -> None:
    """Raise unless stored arrays belong to a completed run of a recipe; no model is built.

    Args:
        recipe: The stored recipe.
        weights, optimizer: The stored variables of the model and of its optimizer.
        history: The stored values of each term by its name.

    Raises:
        ValueError: If the shapes, the types, or the number of epochs are different.
    """
    if not history:
        raise ValueError("history.json contains no term")
    for term, values in history.items():
        if len(values) != recipe.epochs:
            raise ValueError(
                f"history.json has {len(values):,} epochs of {term!r}, but recipe.json says that "
                f"there are {recipe.epochs:,}"
            )
        if not all(map(math.isfinite, values)):
            raise ValueError(f"history.json has values of {term!r} that are not finite")
    stored = layout(weights), layout(optimizer)
    if (planned := planned_layouts(recipe)) == stored:
        steps = int(optimizer[0])  # the first variable of Adam and Nadam counts the steps
        if steps < 1 or steps % recipe.epochs:
            raise ValueError(
                f"its optimizer has made {steps:,} steps, which is no multiple of the "
                f"{recipe.epochs:,} epochs"
            )
        return
    claimed, there = (sum(map(_bytes, both)) for both in (planned, stored))
    pairs = zip(*(a + b for a, b in (planned, stored)), strict=False)
    different = next(((a, b) for a, b in pairs if a != b), None)
    where = f": {different[1]} instead of {different[0]}" if different else ""
    raise ValueError(
        f"it holds arrays of {there:,} bytes, but the model has {claimed:,} bytes in other arrays, "
        f"as recipe.json says{where}"
    )


def _bytes(arrays: Layout) -> int:
    sizes = (math.prod(shape) * np.dtype(kind).itemsize for shape, kind in arrays)
    return sum(sizes)
