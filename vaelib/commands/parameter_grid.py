"""Expand the grids of parameters in a batch file into all combinations.

Before anything is executed, duplicates, values that cannot be passed to a notebook, and too many
combinations raise a ValueError.
"""

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import yaml

MAX_COMBINATIONS = 10_000  # combinations
MAX_NAME_BYTES = (
    150  # bytes of a name; names with prefix and suffix are allowed on all file systems
)


class StrictLoader(yaml.SafeLoader):
    """Load YAML without aliases and without duplicate keys."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """Compose a node, and raise an error for an alias."""
        if self.check_event(yaml.AliasEvent):  # a few lines of aliases can expand to gigabytes
            event = self.peek_event()
            problem = f"found the alias *{event.anchor} where a value should be written out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Construct a dict, and raise an error for a duplicate key."""
        found = super().construct_mapping(node, deep)
        if len(found) < len(node.value):  # YAML would silently use the last value
            [(twice, _)] = Counter(key.value for key, _ in node.value).most_common(1)
            problem = f"found the key {twice!r} more than once"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return found


def read(path: Path) -> object:
    """Read a YAML file.

    Raises:
        ValueError: If the file does not exist or can't be read, with the reason and the line.
    """
    if not path.is_file():
        raise ValueError(f"{path} is not a file: expected a YAML file.")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    except RecursionError:
        reason = "it is nested too deeply"
    except yaml.MarkedYAMLError as error:
        reason = f"{error.problem}, in line {error.problem_mark.line + 1}"
    except Exception as error:  # wrong tags of values raise many different types
        reason = " ".join(str(error).split())
    raise ValueError(f"{path} can't be read as YAML: {reason}.")


def expand(grids: object, known: Sequence[str], path: str | Path) -> list[dict[str, Any]]:
    """Return all combinations of the parameters in one or several grids.

    Args:
        grids: A grid, which is a dict from a parameter to the list of its values, or a list of
            grids.
        known: Names of the parameters that the notebook has.
        path: Path of the batch file, for error messages.

    Returns:
        The value of each parameter in each combination, in the order of the grids.

    Raises:
        ValueError: If `grids` has another structure, names an unknown parameter, contains a value
            that cannot be passed to a notebook, has more than `MAX_COMBINATIONS` combinations, or
            contains a combination twice.
    """
    grids = grids if isinstance(grids, list) and grids else [grids]
    for grid in grids:
        _check_grid(grid, known, path)
    n = sum(math.prod(map(len, grid.values())) for grid in grids)
    if n > MAX_COMBINATIONS:
        raise ValueError(
            f"{path} asks for {n:,} combinations of parameters, expected {MAX_COMBINATIONS:,} at "
            "most: give fewer values, or several files."
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


def _check_grid(grid: object, known: Sequence[str], path: str | Path) -> None:
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
                    "string, true, false, null, or lists and dicts of these; put quotes around a "
                    "date."
                )


def _is_plain(value: object) -> bool:
    """Return whether a value survives being written and read, both as Python and as JSON."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(v) for key, v in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or (isinstance(value, str | int | float) and value == value)


def _spelled(combination: dict[str, Any]) -> str:
    return json.dumps(combination, sort_keys=True, ensure_ascii=False)


def file_names(combinations: Sequence[dict[str, Any]]) -> list[str]:
    """Return a unique and readable file name, without suffix, for each combination.

    A name lists the parameters. It ends with a hash of the combination if it would otherwise be too
    long, look like a failed notebook, or equal another name. Names that differ only in case count
    as equal, because some file systems ignore case.
    """
    readable = [_readable(combination) for combination in combinations]
    times = Counter(name.casefold() for name in readable)
    found = []
    for name, combination in zip(readable, combinations, strict=True):
        short = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
        if times[name.casefold()] > 1 or short != name or name.casefold().endswith(".failed"):
            digest = sha256(_spelled(combination).encode("utf-8", "backslashreplace")).hexdigest()
            name = f"{short}_{digest[:8]}"
        found.append(name)
    return found


def _readable(combination: dict[str, Any]) -> str:
    words = (re.sub(r"[^\w.+-]", "-", str(value)) for value in combination.values())
    return "_".join(map("=".join, zip(combination, words, strict=True))) or "as-it-is"
