"""Show figures with text alternatives in notebooks, and check and report changed settings."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from vaelib.support.errors import MAX_SIDE, MIN_SIDE, check_integer, check_number

if TYPE_CHECKING:
    from vaelib.runs import Run  # not needed at run time

# Smallest and largest value of settings that many lessons have. None means no limit.
BOUNDS = {
    "epochs": (1, None),
    "latent_dim": (1, None),
    "limit": (1, None),
    "seed": (0, 2**32 - 1),
    "size": (MIN_SIDE, MAX_SIDE),
    "steps": (1, None),
}
INJECTED = "# Parameters\n"  # the beginning of the cell that papermill adds


def show(figure: Figure, alt: str) -> None:
    """Show a figure with a text alternative for readers who cannot see it.

    Args:
        figure: The figure.
        alt: Describes what the figure shows, in a sentence or two. The text is stored in the
            notebook next to the image, and appears in the web pages made from it.

    Raises:
        ValueError: If the text has fewer than five words.
    """
    if not isinstance(alt, str) or len(alt.split()) < 5:
        raise ValueError(f"The text alternative is {alt!r}: expected a sentence on what is seen.")
    display(figure, metadata={"image/png": {"alt": " ".join(alt.split())}})


def note_changed_settings(given: dict[str, object], **expected: object) -> None:
    """Check the settings, and print a note if they are not those of a lesson's text.

    Args:
        given: The current settings by name, for example `globals()`.
        expected: The settings that the text describes, which are all that the lesson has.

    Raises:
        KeyError: If `given` has no setting of an expected name.
        ValueError: If papermill was given a setting that the lesson does not have, or if a value
            is out of the range that it has in every lesson. `check_ranges` is for other ranges.
        TypeError: If a value has the wrong type.
    """
    unknown = [name for name in _injected_names() if name not in expected]
    if unknown:
        raise ValueError(
            f"this notebook has no parameter {', '.join(unknown)}: expected only "
            f"{', '.join(expected)}."
        )
    for name, usual in expected.items():
        _check_setting(name, given[name], usual)
    changed = {name: given[name] for name, value in expected.items() if given[name] != value}
    if not changed:
        return
    ours = ", ".join(f"{name} = {expected[name]!r}" for name in changed)
    yours = ", ".join(f"{name} = {value!r}" for name, value in changed.items())
    print(
        f"The text was written for {ours}. Here {yours}: code, tables, and figures follow your "
        "settings, but what the text says about classes, positions, or numbers may not be true."
    )


def _injected_names() -> list[str]:
    """Return the names that papermill set in the cell that it added last, if there is one.

    Papermill adds a cell after that of the parameters, and does not refuse other names.
    """
    shell = get_ipython()
    executed = [] if shell is None else shell.user_ns.get("In", [])
    added = [cell for cell in executed if cell.startswith(INJECTED)]
    tree = ast.parse(added[-1]) if added else ast.Module([], [])
    assignments = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [target.id for node in assignments for target in node.targets]


def _check_setting(name: str, value: object, usual: object) -> None:
    """Raise unless a setting has the type of its usual value and is in the usual range."""
    if value is None and usual is None:
        return
    if isinstance(usual, str):
        if not isinstance(value, str) or not value:
            raise TypeError(f"{name} must be text, such as {usual!r}, not {value!r}.")
    elif name in BOUNDS:
        check_integer(name, value, *BOUNDS[name])
    elif isinstance(usual, float) or name == "step":
        check_number(name, value, above=0)


def check_ranges(given: dict[str, object], **ranges: Sequence) -> None:
    """Raise if a setting is out of the range that a lesson supports, before anything is computed.

    Args:
        given: The current settings by name, for example `globals()`.
        ranges: For a number its smallest and its largest value, where None means no limit; for
            text all values that are allowed. A setting of None is not checked.

    Raises:
        ValueError: If a value is out of range.
        TypeError: If a value is not a number.

    >>> check_ranges({"limit": None, "step": 0.1}, limit=(20, None), step=(0.02, 0.5))
    >>> check_ranges({"limit": 5}, limit=(20, None))
    Traceback (most recent call last):
    ...
    ValueError: limit must be an integer, 20 or more, not 5.
    """
    for name, allowed in ranges.items():
        value = given[name]
        if value is None:
            continue
        if all(isinstance(word, str) for word in allowed):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
            continue
        least, most = allowed
        if isinstance(least, int):
            check_integer(name, value, least, most)
        elif check_number(name, value, least) > most:
            raise ValueError(f"{name} must be a number from {least:g} to {most:g}, not {value:g}.")


def check_unambiguous(name: str) -> None:
    """Raise if the name of images of this package is also that of a folder or file beside a lesson.

    Raises:
        ValueError: If there is one, which the name alone would not mean.
    """
    if Path(name).exists():
        raise ValueError(
            f"{name!r} means images of this package, and there is a folder or file of this name: "
            f"write './{name}' for your own images, or rename it."
        )


def step_for_page(runs: Sequence[Run], images: np.ndarray, step: float) -> float:
    """Return the step of the grid for `explorer.infer`: the given one, or a larger one if needed.

    The true posteriors of a model that was trained for a few steps are wide. On a fine grid they
    cover more cells than a page can hold. The number of cells is estimated on a coarse grid.

    Args:
        runs: Runs with two latent dimensions.
        images: The test images of the page, shape (n, height, width, channels).
        step: The preferred distance between neighboring grid points, at most 0.5.
    """
    from vaelib.explorer import posterior_grid
    from vaelib.measures import likelihood
    from vaelib.measures.code_grid import default_limit
    from vaelib.support.latent_grid import grid_codes

    found = step
    for model in (run.model for run in runs):
        limit = default_limit(model, images)
        some = images[:: -(-len(images) // 100)]  # a hundred of them
        density = likelihood.true_posterior(model, some, grid_codes(81, limit))
        shown = density >= density.max(axis=1, keepdims=True) * np.exp(-posterior_grid.REACH)
        area = len(images) * shown.mean() * (2 * limit) ** 2  # of all images together
        most = posterior_grid.MAX_CELLS / 2  # half of the cells, because this is an estimate
        if area / step**2 > most:
            found = max(found, float(np.sqrt(area / most)))
        found = max(found, 2 * limit / posterior_grid.MAX_STEPS)
    if found > step:
        print(f"The posteriors are wide, so the grid of the page has a step of {found:.2f}.")
    return found


def has_two_dimensions(latent_dim: int, needs: str = "this figure") -> bool:
    """Return whether latent_dim is 2, and otherwise print that something is skipped.

    Args:
        latent_dim: Number of latent dimensions.
        needs: What needs a two-dimensional latent space, the subject of the printed sentence.

    >>> has_two_dimensions(3)
    Skipped, because this figure needs a two-dimensional latent space and latent_dim is 3.
    False
    """
    if latent_dim == 2:
        return True
    print(
        f"Skipped, because {needs} needs a two-dimensional latent space and latent_dim is "
        f"{latent_dim}."
    )
    return False


def note_latent_dim(run: Run, latent_dim: int) -> None:
    """Print a note if a committed run has another number of latent dimensions than the lesson.

    Args:
        run: A run that was loaded, not trained in the lesson.
        latent_dim: Number of latent dimensions of the runs that are trained in the lesson.
    """
    if run.recipe.latent_dim != latent_dim:
        print(
            "These results are read from `runs/`, so they have latent_dim = "
            f"{run.recipe.latent_dim} and not {latent_dim}."
        )
