"""Tables of numbers as lines of Markdown."""

TITLES = {"fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}


def line(*cells):
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def head(*names):
    """The lines that a table begins with."""
    return [line(*names), "| --- " * len(names) + "|"]


def lined(table):
    """A table of text as Markdown."""
    return "\n".join([*head(*table), *(line(*row) for row in table.to_numpy().tolist())]) + "\n"


def mean_and_spread(values, digits):
    """Mean ± standard deviation over the seeds, or the one value that there is, or a dash."""
    if len(values) == 0:
        return "–"
    if len(values) == 1:
        return f"{values.iloc[0]:.{digits}f}\u00a0(one seed)"
    return f"{values.mean():.{digits}f}\u00a0± {values.std():.{digits}f}"
