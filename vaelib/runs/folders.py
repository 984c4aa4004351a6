"""Trained runs on disk.

A run's folder is at every moment absent, resumable or complete:

    recipe.json      what is trained
    checkpoint.npz   while it trains: all that the next epoch depends on
    weights.npz      when it is complete: encoder, decoder, prior and the noise generator's state
    optimizer.npz    the optimizer's state at the end, so that training can go on
    history.json     the terms of the loss, epoch by epoch
    snapshots.npz    the arrays of `Snapshots`
    run.json         written last: provenance, and the SHA-256 of every other file

All are plain arrays and JSON: reading them executes nothing.
"""

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import filelock

import vaelib
from vaelib.errors import RunError
from vaelib.files import cache_folder, folder_named_by, write_whole
from vaelib.models import VAE
from vaelib.runs import checkpoints
from vaelib.runs.arrays import assign, from_npz, read_whole, to_npz, values
from vaelib.runs.provenance import identity_of
from vaelib.runs.recipes import Recipe

FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")
_HERE = Path(vaelib.__file__).parent
# Runs and tables that come with the project: in its folder, or inside the package that was built.
PUBLISHED = next(
    (p for p in (_HERE / "published", _HERE.parent / "runs") if p.is_dir()), _HERE / "published"
)


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A trained model and how it came about.

    Attributes:
        recipe: what was trained.
        model: the trained `VAE`, compiled, its optimizer as training left it.
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

    def __repr__(self):
        code, versions = self.provenance["code"], self.provenance["versions"]
        commit, dash, dirty = (code["commit"] or "").partition("-")
        commit = commit and f", commit {commit[:8]}{dash}{dirty}"
        return (
            f"<{self.recipe.slug}, seed {self.recipe.seed}: trained by code "
            f"{code['fingerprint'][:8]}{commit}, Keras {versions['keras']}>"
        )


def folder_for(recipe, identity, directory=None):
    """Where the run of a recipe with this `provenance.identity` is kept."""
    parent = directory or folder_named_by("VAELIB_RUNS_DIR") or cache_folder() / "runs"
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return Path(parent).expanduser() / f"{recipe.slug}_{digest[:8]}"


@contextmanager
def writing(folder):
    """Turn what goes wrong with files meanwhile into a RunError that says what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder.name} can't be written in {folder.parent} ({error.strerror or error}): make "
            "room or get the right to write there, or set VAELIB_RUNS_DIR to another folder."
        ) from error


@contextmanager
def lock(folder):
    """Hold a run's folder; whoever waits for it is told why."""
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The operating system frees it when its holder ends, however that comes about.
        held = filelock.FileLock(folder.with_name(f".{folder.name}.lock"))
        try:
            held.acquire(timeout=0)
        except filelock.Timeout:
            print(f"another process is training {folder.name}: waiting for it", flush=True)
            held.acquire()
    try:
        yield
    finally:
        held.release()


def is_complete(folder):
    return (folder / "run.json").exists()


def save(folder, run):
    """Write a finished run; its folder is complete from the moment this returns.

    Raises:
        RunError: if the folder can't be written, or a number of the model is not finite.
    """
    checkpoints.check_finite(run.model)
    folder = Path(folder).expanduser()
    files = {
        "recipe.json": _json(run.recipe.get_config()),
        "weights.npz": _variables(run.model),
        "optimizer.npz": _variables(run.model.optimizer),
        "history.json": _json(run.history),
        "snapshots.npz": to_npz(run.snapshots),
    }
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    files["run.json"] = _json({"provenance": run.provenance, "sha256": digests})
    with writing(folder):
        for name, content in files.items():
            write_whole(folder / name, content)
        checkpoints.remove(folder)
    return run


def load(folder, identity=None):
    """Read a complete run.

    Args:
        folder: the name of a run that comes with the project, or a path: a `Path`, or a string
            with a separator in it, such as "./my-run".
        identity: the `provenance.identity` that it must have been trained under, if any.

    Raises:
        RunError: if it is not there, not complete, not what was asked for, or any of its files is
            not what was written.
    """
    named = isinstance(folder, str) and not {os.sep, os.altsep or os.sep} & set(folder)
    folder = PUBLISHED / folder if named else Path(folder).expanduser()
    if not is_complete(folder):
        there = ", ".join(sorted(p.parent.name for p in PUBLISHED.glob("*/run.json"))) or "none"
        raise RunError(f"{folder.name} is no complete run; the project comes with: {there}.")
    try:
        run = _load(folder, identity)
        repr(run)  # where provenance lacks something, it is said here
    except RunError:
        raise
    except Exception as error:  # JSON, zipfile, NumPy and Recipe raise half a dozen kinds
        raise RunError(
            f"{folder.name} can't be read ({error}): move it away and train again."
        ) from None
    return run


def _load(folder, identity):
    about = json.loads(read_whole(folder / "run.json"))
    if set(about["sha256"]) != set(FILES):
        raise RunError(
            f"run.json of {folder.name} names the files {', '.join(about['sha256']) or 'none'}: "
            f"expected {', '.join(FILES)}."
        )
    contents = {name: read_whole(folder / name) for name in FILES}
    for name, content in contents.items():
        if sha256(content).hexdigest() != about["sha256"][name]:
            raise RunError(
                f"{name} of {folder.name} is not what was written there: restore it, or move the "
                "folder away and train again."
            )
    config, history = (json.loads(contents[name]) for name in ("recipe.json", "history.json"))
    weights, state, snapshots = (from_npz(contents[n]) for n in FILES if n.endswith(".npz"))
    history = {term: [float(value) for value in values] for term, values in history.items()}
    recipe = Recipe.from_config(config)
    found = identity_of(recipe, about["provenance"])
    if identity is not None:
        checkpoints.check(found, identity, folder.name)
    state = list(state.values())
    steps_per_epoch = int(state[0]) // recipe.epochs  # the first number that Adam keeps: its steps
    model = recipe.build(steps_per_epoch * recipe.batch_size)
    assign(model.variables, list(weights.values()))
    assign(model.optimizer.variables, state)
    return Run(recipe, model, history, snapshots, about["provenance"], folder)


def _variables(owner):
    return to_npz({str(i): v for i, v in enumerate(values(owner.variables))})


def _json(value):
    return (json.dumps(value, indent=2) + "\n").encode()
