"""What is refused, and the checks of single numbers that every part of the package needs.

A refusal is one sentence: what came, what was expected, what to do.
"""

import math
import numbers
import operator

SMALLEST_SIDE, LARGEST_SIDE = 16, 128  # of images, in pixels


class DataError(Exception):
    """Data that cannot be found or used."""


class RunError(DataError):
    """A run or a checkpoint that is missing, damaged or made by something else."""


def check_integer(name, value, least, most=None):
    """The value as a Python integer; NumPy's integers are welcome, True and 3.0 are not.

    Args:
        name: what the value is called in the message.
        value: whatever was given.
        least, most: the range that is allowed, both included; None: no upper end.

    Raises:
        TypeError: for anything but an integer.
        ValueError: for one that is out of range.
    """
    expected = f"an integer, {least:,} or more"
    if most is not None:
        expected = f"an integer from {least:,} to {most:,}"
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{name} must be {expected}, not {value!r}.")
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name} must be {expected}, not {number:,}.")
    return number


def check_number(name, value, least=-math.inf, above=None):
    """The value as a float: finite, at least `least`, or more than `above` where that is given.

    Raises:
        TypeError: for anything but a real number.
        ValueError: for one that is out of range, infinite or NaN.
    """
    expected = (
        f"a finite number, {least:g} or more" if above is None else f"a number above {above:g}"
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be {expected}, not {value!r}.")
    number = float(value)
    if not math.isfinite(number) or number < least or (above is not None and number <= above):
        raise ValueError(f"{name} must be {expected}, not {number:g}.")
    return number


def check_sides(height, width, name="a side"):
    """(height, width) of images that there are networks for, as integers.

    Raises:
        ValueError, TypeError: for sides out of range, or one more than twice as long as the other.
    """
    sides = tuple(check_integer(name, s, SMALLEST_SIDE, LARGEST_SIDE) for s in (height, width))
    if max(sides) > 2 * min(sides):
        raise ValueError(
            f"images of {height} x {width} pixels: expected no side more than twice the other."
        )
    return sides
