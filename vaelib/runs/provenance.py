"""Where a run comes from: what it is identified by, and what is recorded of how it came about."""

import functools
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import vaelib
from vaelib.runs import fingerprint

PACKAGE = Path(vaelib.__file__).parent
# What decides which numbers come out of a training: a change here makes it another run.
CODE = (
    *("batches", "grid", "losses", "mmd", "models", "networks", "objectives", "pixels"),
    *("priors", "streams", "training"),
    *("runs/keeper", "runs/own_images", "runs/recipes", "runs/snapshots"),
)


def identity(recipe, data_fingerprint):
    """All that decides which bytes come out of a training, as plain values.

    Returns:
        dict: recipe, data, code and versions. Trainings that differ in any are different runs.
    """
    return {
        "recipe": recipe.get_config(),
        "data": data_fingerprint,
        "code": code_fingerprint(),
        "versions": versions(),
    }


def identity_of(recipe, about):
    """The `identity` that a finished run was trained under, by its recipe and its provenance."""
    return {
        "recipe": recipe.get_config(),
        "data": about["data"]["fingerprint"],
        "code": about["code"]["fingerprint"],
        "versions": {k: v for k, v in about["versions"].items() if k != "python"},
    }


def record(dataset, seconds, resumed_after_epoch):
    """What is written down about a training when it ends, as plain values."""
    return {
        "data": {"fingerprint": dataset.fingerprint, "source": dataset.source},
        "code": {"fingerprint": code_fingerprint(), "commit": _commit()},
        "versions": versions() | {"python": platform.python_version()},
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "seconds": round(seconds, 1),
        "resumed_after_epoch": resumed_after_epoch,
    }


@functools.cache  # of the code that is running, even where someone edits it meanwhile
def code_fingerprint():
    """The `fingerprint` of the code that decides results, the same on every Python."""
    return fingerprint.of_files(PACKAGE / f"{name}.py" for name in CODE)


def versions():
    """The versions that decide which numbers come out."""
    packages = "keras", "numpy", "tensorflow_cpu"
    return {"vaelib": vaelib.__version__} | {name: _version(name) for name in packages}


def _version(package):
    try:
        return version(package)
    except ImportError:  # TensorFlow goes by two names
        return version(package.removesuffix("_cpu"))


def _commit():
    """The commit, with "-dirty" where the package is not as committed; None where none is known."""
    # Only the package: tables under runs/ change as rows are added to them.
    try:
        # An installed package may lie in the repository of something else, or be copied into it.
        project = PACKAGE.parent
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != project.resolve():
            return None
        _git("ls-files", "--error-unmatch", "vaelib/__init__.py", "pyproject.toml")
        if 'name = "vaelib"' not in (project / "pyproject.toml").read_text(encoding="utf-8"):
            return None
        commit = _git("describe", "--always", "--exclude=*", "--abbrev=40")
        return commit + "-dirty" * bool(_git("status", "--porcelain", "--", "vaelib"))
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words):
    command = ["git", "-C", str(PACKAGE.parent), *words]
    # Git itself sets variables for its hooks, by which a call in one would mean their repository.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
    return done.stdout.strip()
