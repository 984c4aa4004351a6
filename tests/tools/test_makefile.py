"""The Makefile: its targets, the Python that it looks for, and when it creates .venv."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.environment import install

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(not MAKE, reason="make is not installed")


def make(*arguments, path=""):
    """GNU make in the working directory, with `path` as PATH and nothing of an outer make."""
    command = [MAKE, *arguments]
    return subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True)


def test_help_names_every_target_and_an_unknown_one_gets_a_sentence(clone):
    targets = re.search(r"^\.PHONY: (.*)", Path("Makefile").read_text(), re.MULTILINE)[1].split()
    system = os.defpath  # sed and awk
    for arguments in ([], ["help"]):
        shown = make(*arguments, path=system).stdout
        assert re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE) == targets
    result = make("frobnicate", path=system)
    assert result.returncode == 2
    assert "no target 'frobnicate'. 'make help' lists" in result.stderr


def test_makefile_looks_for_the_pythons_that_pyproject_names():
    words = PYPROJECT["project"]["classifiers"]
    versions = [int(word.rpartition("3.")[2]) for word in words if "Python :: 3." in word]
    text = (ROOT / "Makefile").read_text()
    assert [int(minor) for minor in re.findall(r"\bpython3\.(\d+)", text)][:3] == versions[::-1]
    assert f"(3, {versions[0]}) <= sys.version_info < (3, {versions[-1] + 1})" in text


@pytest.mark.parametrize("arguments", [[], ["PYTHON=/nonexistent"]])
def test_make_says_so_where_no_python_fits(clone, arguments):
    (clone / "bin").mkdir()
    (clone / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")  # as one too old would
    (clone / "bin" / "python3").chmod(0o755)
    result = make("run", *arguments, path=clone / "bin")
    assert result.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in result.stderr
    assert "make PYTHON=" in result.stderr
    assert not Path(".venv").exists()


def test_environment_is_made_once_and_again_for_newer_pins(clone):
    Path(".venv/bin").mkdir(parents=True)
    Path(".venv/bin/python").symlink_to(sys.executable)
    Path(".venv/ready").touch()
    assert make("--question", ".venv/ready").returncode == 0
    assert make("--question", ".venv/ready-for-tests").returncode == 1
    assert install.is_current(install.READY) and not install.is_current(install.READY_FOR_TESTS)
    later = Path(".venv/ready").stat().st_mtime + 1
    os.utime("requirements.lock", (later, later))
    assert make("--question", ".venv/ready").returncode == 1
    assert not install.is_current(install.READY)
    os.utime(".venv/ready", (later, later))
    assert make("--question", ".venv/ready").returncode == 0
    Path(".venv/bin/python").unlink()
    assert make("--question", ".venv/ready").returncode == 1
    assert not install.is_current(install.READY)
