"""Trained runs on disk.

A run's folder is at every moment absent, resumable or complete:

    recipe.json      what is trained
    checkpoint.npz   while it trains: all that the next epoch depends on
    weights.npz      when it is complete: encoder, decoder, prior and the noise generator's state
    optimizer.npz    the optimizer's state at the end, for the record: `load` does not read it
    history.json     the terms of the loss, epoch by epoch
    snapshots.npz    the arrays of `vaelib.snapshots`
    run.json         written last: provenance, and the SHA-256 of every other file

All are plain arrays and JSON: reading them executes nothing.
"""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import filelock

from vaelib import checkpoints
from vaelib.checkpoints import RunError
from vaelib.files import from_npz, to_npz, write_whole
from vaelib.models import VAE
from vaelib.provenance import identity_of
from vaelib.recipes import Recipe
from vaelib.sources import cache_folder

PUBLISHED = Path(__file__).resolve().parent.parent / "runs"


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


def folder_for(recipe, identity, directory=None):
    """Where the run of a recipe with this `provenance.identity` is kept."""
    parent = Path(directory or os.environ.get("VAELIB_RUNS_DIR") or cache_folder() / "runs")
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return parent / f"{recipe.slug}_{digest[:8]}"


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


def save(folder, run):
    """Write a finished run; its folder is complete from the moment this returns."""
    files = {
        "recipe.json": _json(run.recipe.get_config()),
        "weights.npz": _variables(run.model),
        "optimizer.npz": _variables(run.model.optimizer),
        "history.json": _json(run.history),
        "snapshots.npz": to_npz(run.snapshots),
    }
    for name, content in files.items():
        write_whole(folder / name, content)
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    write_whole(folder / "run.json", _json({"provenance": run.provenance, "sha256": digests}))
    checkpoints.remove(folder)
    return run


def load(folder, identity=None):
    """Read a complete run.

    Args:
        folder: a path, or the name of a run that comes with the project.
        identity: the `provenance.identity` that it must have been trained under, if any.

    Raises:
        RunError: if it is not there, not complete, not what was asked for, or any of its files is
            not what was written.
    """
    folder = Path(folder) if len(Path(folder).parts) > 1 else PUBLISHED / folder
    if not is_complete(folder):
        there = ", ".join(sorted(p.parent.name for p in PUBLISHED.glob("*/run.json"))) or "none"
        raise RunError(f"{folder.name} is no complete run; the project comes with: {there}.")
    try:
        return _load(folder, identity)
    except RunError:
        raise
    except Exception as error:  # JSON, zipfile, NumPy and Recipe raise half a dozen kinds
        raise RunError(
            f"{folder.name} can't be read ({error}): move it away and train again."
        ) from None


def _load(folder, identity):
    about = json.loads((folder / "run.json").read_bytes())
    contents = {name: (folder / name).read_bytes() for name in about["sha256"]}
    for name, content in contents.items():
        if sha256(content).hexdigest() != about["sha256"][name]:
            raise RunError(
                f"{name} of {folder.name} is not what was written there: restore it, or move the "
                "folder away and train again."
            )
    recipe = Recipe.from_config(json.loads(contents["recipe.json"]))
    model = recipe.model()
    checkpoints.assign(model.variables, list(from_npz(contents["weights.npz"]).values()), folder)
    model.compile(jit_compile=False)
    run = Run(
        recipe,
        model,
        json.loads(contents["history.json"]),
        from_npz(contents["snapshots.npz"]),
        about["provenance"],
        folder,
    )
    if identity is not None:
        checkpoints.check(identity_of(run), identity, folder.name)
    return run


def _variables(owner):
    return to_npz({str(i): v for i, v in enumerate(checkpoints.values(owner.variables))})


def _json(value):
    return (json.dumps(value, indent=2) + "\n").encode()
