"""Prepare text from outside of this package, such as the names of classes, for a figure.

Matplotlib reads what stands between two dollar signs as mathematics. A folder called `$$` would
make it fail, and `$a_b$` would become a formula. Every function that draws a name that it was given
therefore passes it through `plain`. The formulas of `diagrams` are drawn on purpose.
"""

import matplotlib as mpl

SHORT = 40  # characters of a name beside dots, in a legend, or on a tick
LONG = 100  # characters of a title or of the label of an axis
MOST_LINES = 3  # lines of a title


def plain(text: object, most: int = LONG) -> str:
    """Return text that Matplotlib draws literally, cut to a length that fits into a figure.

    Args:
        text: The text; other objects are converted by `str`.
        most: Number of characters of a line, 2 or more. A longer line ends with an ellipsis, and
            so does a text of more than three lines.

    >>> plain("costs $5 to $10")
    'costs \\\\$5 to \\\\$10'
    >>> plain("abcdefgh", most=5)
    'abcd…'
    """
    lines = str(text).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + "…"]
    cut = "\n".join(line if len(line) <= most else line[: most - 1] + "…" for line in lines)
    # Matplotlib draws \$ as $, but only where it looks for mathematics.
    return cut.replace("$", r"\$") if mpl.rcParams["text.parse_math"] else cut
