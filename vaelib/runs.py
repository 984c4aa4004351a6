"""Trained runs on disk.

A run's folder is at every moment absent, resumable or complete:

    recipe.json      what is trained
    checkpoint.npz   while it trains: all that the next epoch depends on
    weights.npz      when it is complete: encoder, decoder and the noise generator's state
    optimizer.npz    the optimizer's state at the end, for the record: `load` does not read it
    history.json     the terms of the loss, epoch by epoch
    snapshots.npz    the arrays of `vaelib.snapshots`
    run.json         written last: provenance, and the SHA-256 of every other file

All are plain arrays and JSON: reading them executes nothing.
"""

import ast
import functools
import io
import json
import os
import platform
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import filelock
import numpy as np

import vaelib
from vaelib.backend import keras
from vaelib.files import write_whole
from vaelib.idx import DataError
from vaelib.models import VAE
from vaelib.recipes import Recipe
from vaelib.sources import cache_folder

# What decides which numbers come out of a training: a change here makes it another run.
CODE = ("losses", "mmd", "models", "objectives", "recipes", "snapshots", "training")
PUBLISHED = Path(__file__).resolve().parent.parent / "runs"


class RunError(DataError):
    """A run that is missing, damaged or made by something else."""


@dataclass(frozen=True, eq=False)
class Run:
    """A trained model and how it came about.

    Attributes:
        recipe: what was trained.
        model: the trained `VAE`.
        history: dict of term to its mean over each epoch, nats per image.
        snapshots: dict of arrays, see `Snapshots.arrays`.
        provenance: dict: versions, the data's fingerprint, commit, duration.
        folder: where it is kept, if it is.
    """

    recipe: Recipe
    model: VAE
    history: dict
    snapshots: dict
    provenance: dict
    folder: Path | None = None


def folder_for(recipe, data_fingerprint, directory=None):
    """Where the run of this recipe, on these data, by this code and these versions, is kept."""
    parent = Path(directory or os.environ.get("VAELIB_RUNS_DIR") or cache_folder() / "runs")
    what = [recipe.get_config(), data_fingerprint, code_fingerprint(), versions()]
    digest = sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    return parent / f"{recipe.slug}_{digest[:8]}"


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


def provenance(dataset, seconds, resumed_after_epoch):
    """Where a run comes from, as plain values."""
    return {
        "data": {"fingerprint": dataset.fingerprint, "source": dataset.source},
        "code": {"fingerprint": code_fingerprint(), "commit": _commit()},
        "versions": versions() | {"python": platform.python_version()},
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "seconds": round(seconds, 1),
        "resumed_after_epoch": resumed_after_epoch,
    }


def _commit():
    command = ["git", "-C", str(PUBLISHED.parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def lock(folder):
    """A lock on a run's folder; whoever waits for it is told why."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The operating system frees it when its holder ends, however that comes about.
    held = filelock.FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        return held.acquire(timeout=0)
    except filelock.Timeout:
        print(f"another process is training {folder.name}: waiting for it", flush=True)
        return held.acquire()


def is_complete(folder):
    return (folder / "run.json").exists()


def has_checkpoint(folder):
    return (folder / "checkpoint.npz").exists()


def write_checkpoint(folder, model, history, snapshots):
    """Everything that the next epoch depends on, in one file."""
    arrays = {f"weight/{i}": v for i, v in enumerate(_values(model.variables))}
    arrays |= {f"optimizer/{i}": v for i, v in enumerate(_values(model.optimizer.variables))}
    arrays |= {f"history/{term}": np.array(values) for term, values in history.items()}
    arrays |= {f"snapshot/{name}": array for name, array in snapshots.items()}
    write_whole(folder / "checkpoint.npz", _npz(arrays))


def read_checkpoint(folder, model):
    """Put a checkpoint into a compiled model.

    Returns:
        history and snapshots, as they were given to `write_checkpoint`.

    Raises:
        RunError: for a file that is damaged, or does not fit the model.
    """
    arrays = _read_npz(folder / "checkpoint.npz")
    parts = {"weight": {}, "optimizer": {}, "history": {}, "snapshot": {}}
    for key, array in arrays.items():
        part, _, name = key.partition("/")
        parts[part][name] = array
    _assign(model.variables, list(parts["weight"].values()), folder)
    _assign(model.optimizer.variables, list(parts["optimizer"].values()), folder)
    return {term: list(map(float, v)) for term, v in parts["history"].items()}, parts["snapshot"]


def save(folder, run):
    """Write a finished run; its folder is complete from the moment this returns."""
    files = {
        "recipe.json": _json(run.recipe.get_config()),
        "weights.npz": _npz({str(i): v for i, v in enumerate(_values(run.model.variables))}),
        "optimizer.npz": _npz(
            {str(i): v for i, v in enumerate(_values(run.model.optimizer.variables))}
        ),
        "history.json": _json(run.history),
        "snapshots.npz": _npz(run.snapshots),
    }
    for name, content in files.items():
        write_whole(folder / name, content)
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    write_whole(folder / "run.json", _json({"provenance": run.provenance, "sha256": digests}))
    (folder / "checkpoint.npz").unlink(missing_ok=True)
    return run


def load(folder):
    """Read a complete run.

    Args:
        folder: a path, or the name of a run that comes with the project.

    Raises:
        RunError: if it is not there, not complete, or any of its files is not what was written.
    """
    folder = Path(folder) if len(Path(folder).parts) > 1 else PUBLISHED / folder
    if not is_complete(folder):
        there = ", ".join(sorted(p.parent.name for p in PUBLISHED.glob("*/run.json"))) or "none"
        raise RunError(f"{folder.name} is no complete run; the project comes with: {there}.")
    try:
        return _load(folder)
    except RunError:
        raise
    except Exception as error:  # JSON, zipfile, NumPy and Recipe raise half a dozen kinds
        raise RunError(
            f"{folder.name} can't be read ({error}): move it away and train again."
        ) from None


def _load(folder):
    about = json.loads((folder / "run.json").read_bytes())
    contents = {name: (folder / name).read_bytes() for name in about["sha256"]}
    for name, content in contents.items():
        if sha256(content).hexdigest() != about["sha256"][name]:
            raise RunError(
                f"{name} of {folder.name} is not what was written there: restore it, or move the "
                "folder away and train again."
            )
    recipe = Recipe.from_config(json.loads(contents["recipe.json"]))
    model = VAE(recipe.latent_dim, recipe.objective, seed=recipe.seed)
    _assign(model.variables, list(_from_npz(contents["weights.npz"]).values()), folder)
    model.compile(jit_compile=False)
    return Run(
        recipe,
        model,
        json.loads(contents["history.json"]),
        _from_npz(contents["snapshots.npz"]),
        about["provenance"],
        folder,
    )


def _values(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def _assign(variables, arrays, folder):
    shapes, expected = ([tuple(x.shape) for x in xs] for xs in (arrays, variables))
    if shapes != expected:
        raise RunError(f"{folder.name} holds arrays {shapes}, but the model has {expected}.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _npz(arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _from_npz(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive.items())


def _read_npz(path):
    try:
        return _from_npz(path.read_bytes())
    except Exception as error:  # zipfile and NumPy raise half a dozen kinds for a damaged archive
        raise RunError(
            f"{path.name} of {path.parent.name} can't be read ({error}): "
            "move it away to train anew."
        ) from None


def _json(value):
    return (json.dumps(value, indent=2) + "\n").encode()
