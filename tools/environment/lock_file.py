"""Read requirements.lock, and find the entries that a part of the extras of pyproject.toml needs.

Only Python's own modules are used, because `install` imports this file before any package exists.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

#: The extras that conda and Binder install, those that `make run` installs, and all of the lock.
NOTEBOOKS = ("cpu", "tutorial")
READERS = (*NOTEBOOKS, "batch", "setup")
EVERYTHING = (*READERS, "dev")


class Entry(NamedTuple):
    """An entry of the lock.

    Attributes:
        version: The locked version.
        marker: Condition on system and Python, such as "sys_platform == 'win32'"; may be empty.
        text: All lines of the entry.
        parents: Names of the packages that require this one.
        direct: Whether pyproject.toml names it.
    """

    version: str
    marker: str
    text: str
    parents: frozenset[str]
    direct: bool


def entries(text: str) -> dict[str, Entry]:
    """Return the entries in the text of a lock, by the name of the package."""
    found = {}
    pattern = r"^([a-z0-9-]+)\S*==(\S+)(?: ; ([^\\\n]*[^\\\s]))?.*(?:\n .*)*\n?"
    for match in re.finditer(pattern, text, re.MULTILINE):
        name, version, marker = match.groups()
        _, _, comment = match[0].partition("# via")
        parents = set(re.findall(r"[^#\s].*", comment.replace("#", "")))
        direct = any("(pyproject.toml)" in parent for parent in parents)
        found[name] = Entry(version, marker or "", match[0], frozenset(parents), direct)
    return found


def direct(folder: Path, extras: Iterable[str]) -> list[str]:
    """Return the requirements that pyproject.toml states for the package and these extras."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return project["dependencies"] + more


def canonical(requirement: str) -> str:
    """Return the name of the package in a requirement, in the spelling of the lock.

    >>> canonical("Axe_playwright.python>=0.1.8")
    'axe-playwright-python'
    """
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def needed(locked: Mapping[str, Entry], names: Iterable[str]) -> list[str]:
    """Return these packages and all that they require, directly or not, in the order of the lock.

    An entry says which packages require it. If one of them does so only for an extra that another
    part asks for, the entry is returned although it is not needed.
    """
    found = set(names)
    while more := {name for name, entry in locked.items() if entry.parents & found} - found:
        found |= more
    return [name for name in locked if name in found]


def part(folder: Path, extras: Iterable[str]) -> dict[str, Entry]:
    """Return the entries of the lock that the package with these extras needs, by name."""
    locked = entries((folder / "requirements.lock").read_text(encoding="utf-8"))
    names = [canonical(requirement) for requirement in direct(folder, extras)]
    return {name: locked[name] for name in needed(locked, names)}
