"""Identify a training run by all that determines its result, and record how it was made."""

import functools
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import vaelib
from vaelib.data import Dataset
from vaelib.runs.recipes import Recipe
from vaelib.support import source_hash

PACKAGE = Path(vaelib.__file__).parent
# The files that determine the numerical result of training. A change in one of them means that the
# same recipe gives a different run.
RESULT_FILES = (
    *("array_methods", "batches", "conditioning", "losses", "mmd", "models", "networks"),
    *("objectives", "own_networks", "prior_of_step", "priors", "terms", "training", "weighted_sum"),
    *("support/chunks", "support/image_arrays", "support/latent_grid", "support/rng"),
    *("runs/dataset_reference", "runs/recipes", "runs/snapshots", "runs/trainer"),
)


def run_identity(recipe: Recipe, data_fingerprint: str) -> dict:
    """Collect everything that determines the result of a training run, bit for bit.

    Args:
        recipe: The recipe of the run.
        data_fingerprint: `Dataset.fingerprint` of the data that it is trained on.

    Returns:
        The entries "recipe", "data", "code" and "versions", as values for JSON. Runs for which any
        entry differs are different runs.
    """
    return {
        "recipe": recipe.get_config(),
        "data": data_fingerprint,
        "code": code_fingerprint(),
        "versions": versions(),
    }


def identity_of_saved_run(recipe: Recipe, about: dict) -> dict:
    """Restore the `run_identity` of a completed run from its recipe and its provenance."""
    return {
        "recipe": recipe.get_config(),
        "data": about["data"]["fingerprint"],
        "code": about["code"]["fingerprint"],
        "versions": {k: v for k, v in about["versions"].items() if k != "python"},
    }


def provenance_record(dataset: Dataset, seconds: float, resumed_after_epoch: int) -> dict:
    """Describe how a completed training run was made, as values that can be written as JSON.

    Args:
        dataset: The data that it was trained on.
        seconds: Duration of the run, since it was last resumed.
        resumed_after_epoch: Number of completed epochs when it was last resumed, or 0.
    """
    return {
        "data": {"fingerprint": dataset.fingerprint, "source": dataset.source},
        "code": {"fingerprint": code_fingerprint(), "commit": commit()},
        "versions": versions() | {"python": platform.python_version()},
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "seconds": round(seconds, 1),
        "resumed_after_epoch": resumed_after_epoch,
    }


@functools.cache  # so that later edits of the files do not change the hash of the running code
def code_fingerprint() -> str:
    """Compute the hash of the code that determines results, which is the same on every Python."""
    return source_hash.hash_files(PACKAGE / f"{name}.py" for name in RESULT_FILES)


def versions() -> dict[str, str]:
    """Return the versions of the packages that determine the numerical result of training."""
    packages = "keras", "numpy", "tensorflow_cpu"
    return {"vaelib": vaelib.__version__} | {name: _version(name) for name in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except ImportError:  # TensorFlow is installed under one of two names
        return version(package.removesuffix("_cpu"))


def commit(folders: Sequence[str] = ("vaelib",)) -> str | None:
    """Return the Git commit of the project, or None if it is unknown.

    Args:
        folders: The suffix "-dirty" is added if files in these folders (pathspecs of Git) differ
            from the commit. By default these are the files of the package.
    """
    try:
        # An installed package may be inside the repository of another project, as it is or copied.
        project = PACKAGE.parent
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != project.resolve():
            return None
        _git("ls-files", "--error-unmatch", "vaelib/__init__.py", "pyproject.toml")
        if 'name = "vaelib"' not in (project / "pyproject.toml").read_text(encoding="utf-8"):
            return None
        commit = _git("describe", "--always", "--exclude=*", "--abbrev=40")
        return commit + "-dirty" * bool(_git("status", "--porcelain", "--", *folders))
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    command = ["git", "-C", str(PACKAGE.parent), *words]
    # Git sets variables for its hooks. If this code runs inside a hook, they would make Git use the
    # repository of the hook instead of ours.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
    return done.stdout.strip()
