"""The requirements in pyproject.toml: who gets which packages, and whether all are declared."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.environment import lock_file

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_readers_get_no_tools_for_tests_and_notebooks_everything_that_they_import():
    notebooks, readers, everything = (
        set(lock_file.part(ROOT, extras))
        for extras in (lock_file.NOTEBOOKS, lock_file.READERS, lock_file.EVERYTHING)
    )
    assert (
        notebooks
        < readers
        < everything
        == set(lock_file.entries((ROOT / "requirements.lock").read_text()))
    )
    assert not readers & {"playwright", "pytest", "sphinx", "ruff", "jupyter-repo2docker"}
    assert {"tensorflow-cpu", "tensorflow", "keras", "jupyterlab", "pandas"} <= notebooks
    assert {"distributed", "uv", "hatchling"} <= readers and "distributed" not in notebooks


def test_neither_build_of_tensorflow_is_required_and_each_is_in_an_extra():
    assert not [line for line in lock_file.direct(ROOT, []) if "tensorflow" in line]
    for extra in ("cpu", "gpu"):
        assert all(line.startswith("tensorflow") for line in EXTRAS[extra])
        for platform in ("linux", "darwin", "win32"):  # one build for each, never two
            found = {"sys_platform": platform, "platform_machine": "x86_64", "extra": ""}
            given = [Requirement(line) for line in EXTRAS[extra]]
            assert sum(line.marker.evaluate(found) for line in given) == 1, (extra, platform)


def test_every_package_that_is_imported_is_declared_where_it_is_imported():
    base = {lock_file.canonical(line) for line in lock_file.direct(ROOT, [])}
    lessons = base | {lock_file.canonical(line) for line in EXTRAS["tutorial"] + EXTRAS["cpu"]}
    allowed = {"vaelib": lessons | {"distributed"}, "study": lessons, "notebooks": lessons}
    owners = packages_distributions()
    for folder, declared in allowed.items():
        for path in (ROOT / folder).rglob("*.py"):
            for name in imported_by(path) - {"vaelib", "study"} - sys.stdlib_module_names:
                packages = {lock_file.canonical(owner) for owner in owners[name]}
                assert packages & (declared | COME_ALONG), f"{path} imports {name}"


# Their packages are required by those that define what a notebook is.
COME_ALONG = {"ipython", "jupyter-client", "nbformat", "traitlets"}


def imported_by(path):
    """The names of the packages that a file imports anywhere, also inside of functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found


# Import modules as if some packages were not installed.
WITHOUT = """
import importlib, sys
from importlib.machinery import PathFinder

class Installed(PathFinder):
    def find_spec(name, *given):
        if name.partition(".")[0] not in {missing}:
            return PathFinder.find_spec(name, *given)

sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
for name in {modules}:
    importlib.import_module(name)
"""
# Lessons and the command `batch`, which says what is missing, need the extras for them.
NEED_EXTRAS = {"support.lesson", "commands.batch", "commands.notebook_kernel"}
NEED_EXTRAS |= {"commands.parameter_grid", "__main__"}  # the last would run a command


def modules_of_package():
    """All modules that a program may import after `pip install vaelib[cpu]`."""
    paths = [path.relative_to(ROOT / "vaelib") for path in (ROOT / "vaelib").rglob("*.py")]
    names = {".".join(path.with_suffix("").parts) for path in paths} - NEED_EXTRAS
    return sorted(f"vaelib.{name}".removesuffix(".__init__") for name in names)


def modules_for_readers():
    """What `make` runs in the environment that has no tools for tests."""
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^[a-z-]+: \.venv/ready ##.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    called = set(re.findall(r"-m ((?:tools|study)\.[\w.]+)", "".join(recipes)))
    assert {"tools.run", "tools.checks.unit", "study.make_rows"} <= called
    return sorted(called | {"tools.notebooks.run", "vaelib.commands.batch"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extras", "modules"),
    [(["cpu"], modules_of_package), (lock_file.READERS, modules_for_readers)],
    ids=["package", "readers"],
)
def test_nothing_is_imported_that_is_not_installed(extras, modules):
    installed = set(lock_file.part(ROOT, extras))
    missing = {
        name
        for name, owners in packages_distributions().items()
        if not installed & {lock_file.canonical(owner) for owner in owners} | {"vaelib"} & {name}
    }
    assert {"playwright", "pytest"} <= missing and not {"keras", "numpy", "vaelib"} & missing
    code = WITHOUT.format(missing=missing, modules=modules())
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_installation_itself_needs_only_python():
    code = "import tools.run, tools.environment.install"
    command = [sys.executable, "-S", "-c", code]  # without installed packages
    assert subprocess.run(command, cwd=ROOT).returncode == 0
