"""Format tables of numbers as Markdown."""

import pandas as pd
from scipy import stats

CONFIDENCE = 0.95


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


def mean_and_interval(values: pd.Series, digits: int) -> str:
    """Format values of several seeds as their mean with its 95 % confidence interval.

    The interval is that of Student's t distribution, as for one sample.

    Args:
        values: One value for each seed. None give a dash, and one gives no interval.
        digits: Number of decimals.

    >>> mean_and_interval(pd.Series([1.0, 2.0, 3.0]), 1)
    '2.0 [-0.5, 4.5]'
    """
    if len(values) < 2:
        return mean_and_std(values, digits)
    half = stats.sem(values) * stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
    low, high = values.mean() - half, values.mean() + half
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
