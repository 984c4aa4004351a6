"""Run tests with the oldest versions that pyproject.toml allows, in an environment in build/oldest.

The direct dependencies of the package and the notebooks are as old as possible, and what these
require and the tools for tests are as new as possible. By default, the tests are those of `TESTS`
that are not marked slow; other arguments of pytest replace the selection:
`python -m tools.environment.oldest tests/test_mmd.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools.environment import install, lock_file

FOLDER = Path("build") / "oldest"
PYTHON = FOLDER / install.BIN.name / install.PYTHON.name
# Losses, models, training, runs, data, measures, figures, and commands. The website and the
# installation do not depend on these versions, and the lessons repeat what the tests check.
TESTS = (
    *("tests/commands", "tests/data", "tests/measures", "tests/plotting", "tests/runs"),
    *("tests/support", "tests/test_*.py"),
)
TEST_TOOLS = ("colorspacious", "hypothesis", "packaging", "psutil", "pytest", "pytest-xdist")
SHOWN = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "scipy", "matplotlib", "pandas")
VERSIONS = f"""
from importlib.metadata import distributions
import sys
found = {{of.name.lower().replace("_", "-"): of.version for of in distributions()}}
print("Python", sys.version.split()[0], *(f"{{n}} {{found[n]}}" for n in {SHOWN} if n in found))
"""


def uv(*words: str | Path) -> None:
    """Run uv, and exit if it fails."""
    command = [sys.executable, "-m", "uv", *words]
    if subprocess.run([str(word) for word in command]).returncode:
        sys.exit("uv could not create the environment with the oldest versions.")


def create() -> None:
    """Create the environment, or update it."""
    pins = FOLDER / "requirements.txt"
    if not PYTHON.exists():
        uv("venv", "--quiet", "--clear", "--seed", "--python", sys.executable, FOLDER)
    options = ["--quiet", *install.uv_options(sys.executable), f"--python={PYTHON}"]
    extras = [f"--extra={extra}" for extra in lock_file.READERS]
    oldest = ["--resolution=lowest-direct", *extras, "--output-file", pins, "pyproject.toml"]
    uv("pip", "compile", *options, *oldest)
    uv("pip", "install", *options, "--requirement", pins, *TEST_TOOLS)
    subprocess.run([PYTHON, "-c", VERSIONS], check=True)


def main(words: list[str]) -> int:
    """Create the environment, run the tests in it, and return the exit code of pytest."""
    os.chdir(install.ROOT)
    create()
    found = sorted(path.as_posix() for name in TESTS for path in Path().glob(name))
    chosen = words or ["-m", "not slow", "--numprocesses=2", "--dist=loadfile", *found]
    return subprocess.run([PYTHON, "-m", "pytest", "--quiet", *chosen]).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
