"""Define the exceptions of this package, and check single arguments.

An error message says what was given, what was expected, and what to do.
"""

import math
import numbers
import operator

MIN_SIDE, MAX_SIDE = 8, 128  # allowed height and width of images, in pixels


class DataError(Exception):
    """Raised if data cannot be found or used."""


class RunError(DataError):
    """Raised if a run or a checkpoint is missing, damaged, or not made by this package."""


class BackendError(ImportError):
    """Raised if Keras cannot be imported, or computes with another backend than TensorFlow."""


def check_integer(name: str, value: object, least: int, most: int | None = None) -> int:
    """Return the value as a Python integer, or raise if it is not one in the given range.

    Args:
        name: Name of the value in the error message.
        value: The value. NumPy's integers are accepted; True and 3.0 are not.
        least, most: The allowed range, both ends included. None means no upper limit.

    Raises:
        TypeError: If the value is not an integer.
        ValueError: If it is out of range.
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


def check_number(
    name: str, value: object, least: float = -math.inf, above: float | None = None
) -> float:
    """Return the value as a float, or raise if it is not a finite number in the given range.

    Args:
        name: Name of the value in the error message.
        value: The value, a real number of Python or NumPy.
        least: The smallest allowed value.
        above: If given, the value must be greater than this number.

    Raises:
        TypeError: If the value is not a real number.
        ValueError: If it is out of range, infinite, or NaN.
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


def check_image_size(height: int, width: int, name: str = "a side") -> tuple[int, int]:
    """Return (height, width) as integers, or raise if images cannot have this size.

    Args:
        height, width: Size of the images, 8 to 128 pixels.
        name: Name of a side in the error message.

    Raises:
        TypeError: If a side is not an integer.
        ValueError: If a side is out of range, or more than twice as long as the other.
    """
    sides = tuple(check_integer(name, s, MIN_SIDE, MAX_SIDE) for s in (height, width))
    if max(sides) > 2 * min(sides):
        raise ValueError(
            f"images of {height} x {width} pixels: expected no side more than twice the other."
        )
    return sides
