"""Show figures with text alternatives in notebooks, and report changed settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from vaelib.runs import Run  # not needed at run time


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
    """Print a note if the settings differ from those that a lesson's text was written for.

    Args:
        given: The current settings by name, for example `globals()`.
        expected: The settings that the text describes.

    Raises:
        KeyError: If `given` has no setting of an expected name.
    """
    changed = {name: given[name] for name, value in expected.items() if given[name] != value}
    if not changed:
        return
    ours = ", ".join(f"{name} = {expected[name]!r}" for name in changed)
    yours = ", ".join(f"{name} = {value!r}" for name, value in changed.items())
    print(
        f"The text was written for {ours}. Here {yours}: code, tables, and figures follow your "
        "settings, but what the text says about classes, positions, or numbers may not be true."
    )


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
