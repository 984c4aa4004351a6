"""Save, load and lock the folders of training runs.

At any time, the folder of a run is absent, resumable or complete. During training it contains

    checkpoint.npz   everything that the next epoch depends on

and after training

    recipe.json      all settings of the run
    weights.npz      encoder, decoder, prior and the state of the noise generator
    optimizer.npz    the final state of the optimizer
    history.json     the terms of the loss for each epoch
    snapshots.npz    the arrays of `Snapshots`
    run.json         provenance and the SHA-256 of every other file (written last)

All files are plain arrays or JSON, so reading them executes no code.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import filelock
import numpy as np

import vaelib
from vaelib.models import VAE
from vaelib.runs import checkpoints, sizes
from vaelib.runs.gan_recipes import recipe_from_config
from vaelib.runs.npz import assign_variables, from_npz, read_bounded, to_npz, variable_values
from vaelib.runs.provenance import identity_of_saved_run
from vaelib.runs.recipes import Recipe
from vaelib.support.errors import RunError
from vaelib.support.files import cache_folder, folder_from_environment, write_atomically

FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")
SECONDS_BETWEEN_MESSAGES = 60.0  # while waiting for another process
MOST_SAID = 500  # characters of a reason, which may contain text of a file from elsewhere
_HERE = Path(vaelib.__file__).parent
# The runs and feature spaces that come with the project. They are in the folder runs/ of the
# repository, or in the folder "published" of an installed package.
PUBLISHED = next(
    (p for p in (_HERE / "published", _HERE.parent / "runs") if p.is_dir()), _HERE / "published"
)


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A trained model together with its recipe, history and provenance.

    Attributes:
        recipe: All settings of the training run.
        model: The trained `VAE`, compiled, with the final state of the optimizer.
        history: For each term of the loss, its mean over each epoch, in nats per image (MMD has no
            unit).
        snapshots: Arrays by name, see `Snapshots.arrays`.
        provenance: Versions, data, code and duration, see `provenance.provenance_record`.
        folder: Folder in which the run is stored, or None.
    """

    recipe: Recipe
    model: VAE
    history: dict
    snapshots: dict
    provenance: dict
    folder: Path | None = None

    def __repr__(self) -> str:
        code, versions = self.provenance["code"], self.provenance["versions"]
        commit, dash, dirty = (code["commit"] or "").partition("-")
        commit = commit and f", commit {commit[:8]}{dash}{dirty}"
        return (
            f"<{self.recipe.slug}, seed {self.recipe.seed}: trained by code "
            f"{code['fingerprint'][:8]}{commit}, Keras {versions['keras']}>"
        )


def folder_for(recipe: Recipe, identity: dict, directory: str | Path | None = None) -> Path:
    """Return the folder in which the run of a recipe is stored.

    Args:
        recipe: The recipe of the run.
        identity: Its `provenance.run_identity`; a hash of it is a part of the folder's name.
        directory: Parent folder. Default: the environment variable `VAELIB_RUNS_DIR`, or else the
            folder "runs" in the user's cache.
    """
    parent = directory or folder_from_environment("VAELIB_RUNS_DIR") or cache_folder() / "runs"
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return Path(parent).expanduser() / f"{recipe.slug}_{digest[:8]}"


@contextmanager
def oserror_as_run_error(folder: Path) -> Iterator[None]:
    """Convert an OSError raised inside the `with` block into a RunError that says what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder.name} can't be written in {folder.parent} ({error.strerror or error}): free "
            "disk space or get write permission, or set VAELIB_RUNS_DIR to another folder."
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder of a run inside the `with` block, after waiting for other processes.

    While another process holds the lock, a message is printed at once and every minute.

    Raises:
        RunError: If the lock file cannot be created.
    """
    with oserror_as_run_error(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The operating system releases the lock if the process ends for any reason.
        held = filelock.FileLock(folder.with_name(f".{folder.name}.lock"))
        patience = 0
        while not held.is_locked:
            try:
                held.acquire(timeout=patience)
            except filelock.Timeout:
                patience = SECONDS_BETWEEN_MESSAGES
                print(
                    f"another process is training {folder.name}: waiting for it to end. It holds "
                    f"the lock {held.lock_file}: end that process to continue here at once, or "
                    "press Ctrl-C to stop waiting.",
                    flush=True,
                )
    try:
        yield
    finally:
        held.release()


def is_complete(folder: Path) -> bool:
    """Tell whether a folder contains a completed run."""
    return (folder / "run.json").exists()


def save(folder: str | Path, run: Run) -> Run:
    """Write a completed run to its folder, and delete its checkpoint.

    Args:
        folder: The folder of the run; it is created if necessary.
        run: The run to save.

    Returns:
        The same run.

    Raises:
        RunError: If the folder cannot be written, if a weight of the model is not finite, if the
            run is not complete, or if `load` would refuse its files for another reason.
    """
    checkpoints.check_finite(run.model)
    folder = Path(folder).expanduser()
    try:
        variables = [variable_values(each.variables) for each in (run.model, run.model.optimizer)]
        sizes.check_stored(run.recipe, *variables, run.history)
        files = {
            "recipe.json": _json(run.recipe.get_config()),
            "weights.npz": _arrays(variables[0]),
            "optimizer.npz": _arrays(variables[1]),
            "history.json": _json(run.history),
            "snapshots.npz": to_npz(run.snapshots),
        }
    except ValueError as error:
        raise RunError(
            f"the run of {run.recipe.slug} can't be saved ({error}): save a completed run, such as "
            "one that `train` returns."
        ) from None
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    files["run.json"] = _json({"provenance": run.provenance, "sha256": digests})
    with oserror_as_run_error(folder):
        for name, content in files.items():
            write_atomically(folder / name, content)
        checkpoints.remove(folder)
    return run


def load(folder: str | Path, identity: dict | None = None) -> Run:
    """Load a completed run.

    Args:
        folder: The name of a run that comes with the project, or a path, which is either a `Path`
            or a string that contains a separator, for example "./my-run".
        identity: The `provenance.run_identity` that the run must have. None accepts any identity.

    Returns:
        The `Run`, with its model compiled.

    Raises:
        RunError: If the run does not exist, is not complete, has another identity, if one of its
            files has changed since it was written, or if its arrays are not finite or do not have
            the sizes that its recipe says.
    """
    named = isinstance(folder, str) and not {os.sep, os.altsep or os.sep} & set(folder)
    folder = PUBLISHED / folder if named else Path(folder).expanduser()
    if not is_complete(folder):
        there = ", ".join(sorted(p.parent.name for p in PUBLISHED.glob("*/run.json"))) or "none"
        raise RunError(
            f"{folder.name} is not a complete run: give the path of one, or the name of one that "
            f"comes with the project ({there})."
        )
    try:
        run = _load(folder, identity)
        repr(run)  # raises now, and not later, if the provenance is incomplete
    except RunError:
        raise
    except Exception as error:  # JSON, zipfile, NumPy and Recipe raise many different types
        raise RunError(
            f"{folder.name} can't be read ({str(error)[:MOST_SAID]}): move it away and train again."
        ) from None
    return run


def _load(folder: Path, identity: dict | None) -> Run:
    about = _from_json(read_bounded(folder / "run.json", sizes.MAX_JSON))
    if set(about["sha256"]) != set(FILES):
        named = ", ".join(about["sha256"])[:MOST_SAID] or "none"
        raise RunError(
            f"run.json of {folder.name} names the files {named}: expected {', '.join(FILES)}."
        )
    most = {name: sizes.MAX_JSON if name.endswith(".json") else None for name in FILES}
    contents = {name: read_bounded(folder / name, most[name]) for name in FILES}
    for name, content in contents.items():
        if sha256(content).hexdigest() != about["sha256"][name]:
            raise RunError(
                f"{name} of {folder.name} has changed since it was written (its SHA-256 differs): "
                "restore it, or move the folder away and train again."
            )
    config, history = (_from_json(contents[name]) for name in ("recipe.json", "history.json"))
    weights, state, snapshots = (from_npz(contents[n]) for n in FILES if n.endswith(".npz"))
    history = {term: [float(value) for value in values] for term, values in history.items()}
    recipe = _recipe(config, folder)
    found = identity_of_saved_run(recipe, about["provenance"])
    if identity is not None:
        checkpoints.check_identity(found, identity, folder.name)
    weights, state = list(weights.values()), list(state.values())
    # Before the model is built, because a forged recipe can describe an enormous one.
    sizes.check_stored(recipe, weights, state, history)
    steps_per_epoch = int(state[0]) // recipe.epochs  # the first variable of Adam counts its steps
    model = recipe.compiled_model(steps_per_epoch * recipe.batch_size)
    assign_variables(model.variables, weights)
    assign_variables(model.optimizer.variables, state)
    checkpoints.check_finite(model, f"{folder.name} can't be loaded: restore it, or train again")
    return Run(recipe, model, history, snapshots, about["provenance"], folder)


def _recipe(config: dict, folder: Path) -> Recipe:
    try:
        return recipe_from_config(config)
    except ValueError as error:
        terms = config["objective"].get("terms", [])
        if any("code" in term for term in terms):  # nothing is damaged, but a term is not defined
            raise RunError(f"{folder.name} can't be loaded yet, because {error}") from None
        raise


def _arrays(values: list[np.ndarray]) -> bytes:
    return to_npz({str(i): value for i, value in enumerate(values)})


def _json(value: dict) -> bytes:
    content = (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
    if len(content) > sizes.MAX_JSON:
        raise ValueError(f"its JSON has {len(content):,} bytes, {sizes.MAX_JSON:,} are allowed")
    return content


def _from_json(content: bytes) -> dict:
    """Read JSON; NaN and infinity, which Python would accept, raise a ValueError."""

    def refuse(number: str) -> None:
        raise ValueError(f"it contains the number {number}")

    return json.loads(content, parse_constant=refuse)
