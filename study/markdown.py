"""Format tables of numbers as Markdown."""

import pandas as pd


def table_row(*cells: str) -> str:
    """Format a row of a table."""
    return "| " + " | ".join(cells) + " |"


def table_head(*names: str) -> list[str]:
    """Format the header of a table: the line with the column names, and the line below it."""
    return [table_row(*names), "| --- " * len(names) + "|"]


def to_markdown(table: pd.DataFrame) -> str:
    """Format a table of text, without its index."""
    return (
        "\n".join([*table_head(*table), *(table_row(*row) for row in table.to_numpy().tolist())])
        + "\n"
    )


def mean_and_std(values: pd.Series, digits: int) -> str:
    """Format values of several seeds as mean ± standard deviation.

    Args:
        values: One value for each seed. One value is marked "(one seed)"; none gives a dash.
        digits: Number of decimals.
    """
    if len(values) == 0:
        return "–"
    if len(values) == 1:
        return f"{values.iloc[0]:.{digits}f}\u00a0(one seed)"
    return f"{values.mean():.{digits}f}\u00a0± {values.std():.{digits}f}"
