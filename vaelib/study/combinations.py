"""What a batch file asks for: every combination of the parameters in its grids.

Refused before anything is executed: what is there twice, values that no notebook can be given, and
more combinations than anyone would wait for.
"""

import itertools
import json
import math
import re
from collections import Counter
from hashlib import sha256
from reprlib import repr as shortened

import yaml

MOST = 10_000  # combinations
LONGEST = 150  # bytes of a name; with what is added to it, all file systems take as many


class Once(yaml.SafeLoader):
    """Reads YAML in which everything is written once and stands for itself."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):  # a few lines of them can stand for gigabytes
            event = self.peek_event()
            problem = f"found the alias *{event.anchor} where a value should be written out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        found = super().construct_mapping(node, deep)
        if len(found) < len(node.value):  # the last one would count, and no one would notice
            [(twice, _)] = Counter(key.value for key, _ in node.value).most_common(1)
            problem = f"found {twice!r} more than once where one can count"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return found


def read(path):
    """What a YAML file holds, as plain values.

    Raises:
        OSError: if it is not there.
        ValueError: if it can't be read, with the reason and the line.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file.")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Once)
    except RecursionError:
        reason = "it is nested too deeply"
    except yaml.MarkedYAMLError as error:
        reason = f"{error.problem}, in line {error.problem_mark.line + 1}"
    except Exception as error:  # a value that is not what its tag says raises half a dozen kinds
        reason = " ".join(str(error).split())
    raise ValueError(f"{path} can't be read as YAML: {reason}.")


def of(grids, known, path):
    """The combinations that a file asks for, in order.

    Args:
        grids: dict of a parameter to the list of its values, or a list of such dicts.
        known: names of the parameters that the notebook has.
        path: of the file, for messages.

    Returns:
        A list of dicts of parameter to value.

    Raises:
        ValueError: for anything but such grids, more than `MOST` combinations, or one that is
            asked for twice.
    """
    grids = grids if isinstance(grids, list) and grids else [grids]
    for grid in grids:
        _check_grid(grid, known, path)
    n = sum(math.prod(map(len, grid.values())) for grid in grids)
    if n > MOST:
        raise ValueError(
            f"{path} asks for {n:,} combinations of parameters, expected {MOST:,} at most: give "
            "fewer values, or several files."
        )
    found = [
        dict(zip(grid, values, strict=True))
        for grid in grids
        for values in itertools.product(*grid.values())
    ]
    again = [words for words, times in Counter(map(_spelled, found)).items() if times > 1]
    if again:
        raise ValueError(f"{path} asks for {again[0]} more than once: leave out the others.")
    return found


def _check_grid(grid, known, path):
    if not isinstance(grid, dict):
        raise ValueError(
            f"{path} gives parameters {shortened(grid)}: expected names, each with a list."
        )
    if unknown := ", ".join(str(name) for name in grid if name not in known):
        raise ValueError(
            f"{path} gives parameters {unknown}, but the notebook has {', '.join(known)}."
        )
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"{path} gives {name} as {shortened(values)}: expected a list of values."
            )
        for value in values:
            if not _is_plain(value):
                raise ValueError(
                    f"{path} gives {name} the value {shortened(value)}: expected a number, a "
                    "string, true, false, null, or lists and dicts of these; write a date between "
                    "quotes."
                )


def _is_plain(value):
    """Whether Python's and JSON's way of writing it both give it back."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(v) for key, v in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or (isinstance(value, str | int | float) and value == value)


def _spelled(combination):
    return json.dumps(combination, sort_keys=True, ensure_ascii=False)


def names(combinations):
    """A name for a file for each combination: what it says, and nothing that two of them share.

    Upper and lower case count as the same, as they do to some file systems. What can't be told
    apart, is too long, or is how failures are called, ends in digits of this combination alone.
    """
    readable = [_readable(combination) for combination in combinations]
    times = Counter(name.casefold() for name in readable)
    found = []
    for name, combination in zip(readable, combinations, strict=True):
        short = name.encode()[:LONGEST].decode(errors="ignore")
        if times[name.casefold()] > 1 or short != name or name.casefold().endswith(".failed"):
            digest = sha256(_spelled(combination).encode("utf-8", "backslashreplace")).hexdigest()
            name = f"{short}_{digest[:8]}"
        found.append(name)
    return found


def _readable(combination):
    words = (re.sub(r"[^\w.+-]", "-", str(value)) for value in combination.values())
    return "_".join(map("=".join, zip(combination, words, strict=True))) or "as-it-is"
