"""Where a run comes from: what it is identified by, and what is recorded of how it came about."""

import ast
import functools
import os
import platform
import subprocess
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import vaelib
from vaelib.backend import keras

# What decides which numbers come out of a training: a change here makes it another run.
CODE = (
    "losses",
    "mmd",
    "models",
    "networks",
    "objectives",
    "priors",
    "recipes",
    "snapshots",
    "training",
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


def identity_of(run):
    """The `identity` that a finished run was trained under."""
    about = run.provenance
    return {
        "recipe": run.recipe.get_config(),
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
    """SHA-256 over the code that decides results; comments, docstrings and layout don't count."""
    digest = sha256()
    for name in CODE:
        tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [n for n in body if not _is_docstring(n)] or [ast.Pass()]
        digest.update(ast.unparse(tree).encode())
    return digest.hexdigest()


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def versions():
    """The versions that decide which numbers come out."""
    backend = keras.backend.backend()
    packages = ["keras", "numpy", "tensorflow_cpu" if backend == "tensorflow" else backend]
    return {"vaelib": vaelib.__version__} | {name: _version(name) for name in packages}


def _version(package):
    try:
        return version(package)
    except ImportError:  # TensorFlow goes by two names
        return version(package.removesuffix("_cpu"))


def _commit():
    """The commit, with "-dirty" where the package is not as committed; None without git."""
    # Only the package: tables under runs/ change as rows are added to them.
    try:
        commit = _git("describe", "--always", "--exclude=*", "--abbrev=40")
        return commit + "-dirty" * bool(_git("status", "--porcelain", "--", "vaelib"))
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words):
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
