"""Show figures with text alternatives in notebooks, and report changed settings."""

from IPython.display import display
from matplotlib.figure import Figure


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
