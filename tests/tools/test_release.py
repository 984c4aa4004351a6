"""What a released version states."""

import re
import tomllib
from pathlib import Path

import yaml

import vaelib

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PYPROJECT["project"]["version"] == vaelib.__version__
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert [len(work["authors"]) for work in citation["references"]] == [2, 3, 2, 3, 1]


def test_the_changes_of_the_released_version_are_described():
    released = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert PYPROJECT["project"]["version"] in released
