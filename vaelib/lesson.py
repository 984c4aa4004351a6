"""What a lesson needs besides models: figures that can be heard, and a word on what was changed."""

from IPython.display import display


def show(figure, alt):
    """Show a figure with a text alternative, for readers who do not see it.

    Args:
        figure: a Matplotlib `Figure`.
        alt: what there is to be seen, in a sentence or two. It is kept in the notebook beside the
            picture, and in the pages that are made of it.

    Raises:
        ValueError: for an alternative that says nothing.
    """
    if not isinstance(alt, str) or len(alt.split()) < 5:
        raise ValueError(f"The text alternative is {alt!r}: expected a sentence on what is seen.")
    display(figure, metadata={"image/png": {"alt": " ".join(alt.split())}})


def written_for(given, **expected):
    """Say what differs from the settings that a text was written for, if anything does.

    Args:
        given: dict of names to values, such as `globals()`.
        expected: the values that the text is about.
    """
    other = {name: given[name] for name, value in expected.items() if given[name] != value}
    if not other:
        return
    ours = ", ".join(f"{name} = {expected[name]!r}" for name in other)
    yours = ", ".join(f"{name} = {value!r}" for name, value in other.items())
    print(
        f"The text was written for {ours}. Here {yours}: code, tables and figures are of your "
        "setting, but where the text names classes, places or numbers it may not hold."
    )
