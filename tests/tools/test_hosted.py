"""What hosted machines run, and with which versions."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_ci_runs_all_tests_those_of_make_test_first():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text().splitlines()[-2:]
    assert commands == ["make test", "exec make test-all PYTEST_ARGS='-m slow'"]
    assert "\nexport VAELIB_NEEDS_BROWSER=1\n" in script.read_text()
    assert subprocess.run(["bash", "-n", script]).returncode == 0


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_hosted_machines_have_the_pythons_that_pyproject_names():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    words = PYPROJECT["project"]["classifiers"]
    named = [word.rpartition(" ")[2] for word in words if "Python :: 3." in word]
    assert jobs["locked"]["strategy"]["matrix"]["python"] == named
    systems = ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert jobs["locked"]["strategy"]["matrix"]["system"] == systems
    oldest_python = jobs["oldest"]["steps"][1]["with"]["python-version"]
    assert f">={oldest_python}," in PYPROJECT["project"]["requires-python"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_hosted_machines_run_commands_that_the_project_has(path):
    targets = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    called = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(commands)))
    modules = set(re.findall(r"-m (tools\.\S+)", "\n".join(commands)))
    assert commands and called | modules
    assert called <= set(targets.split())
    for module in modules:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module
