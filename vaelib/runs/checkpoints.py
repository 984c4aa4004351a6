"""A training half-way, in one file: all that the next epoch depends on."""

import json

import numpy as np

from vaelib.backend import ops
from vaelib.errors import RunError
from vaelib.files import UNFINISHED, write_whole
from vaelib.runs.arrays import assign, from_npz, read_whole, to_npz, values

NAME = "checkpoint.npz"


def exists(folder):
    return (folder / NAME).exists()


def write(folder, identity, model, history, snapshots):
    """Replace the folder's checkpoint, at once or, where anything fails, not at all.

    Args:
        folder: of the run.
        identity: what is trained, see `provenance.identity`.
        model: compiled; its weights, its noise generator and its optimizer are kept.
        history: dict of term to list of floats, one per epoch.
        snapshots: dict of arrays.

    Raises:
        RunError: for a model with a number that is not finite.
        OSError: if the file can't be written.
    """
    check_finite(model)
    arrays = {"identity": np.array(json.dumps(identity, sort_keys=True))}
    arrays |= {f"weight/{i}": v for i, v in enumerate(values(model.variables))}
    arrays |= {f"optimizer/{i}": v for i, v in enumerate(values(model.optimizer.variables))}
    arrays |= {f"history/{term}": np.array(values) for term, values in history.items()}
    arrays |= {f"snapshot/{name}": array for name, array in snapshots.items()}
    # Soon replaced, so not compressed, which takes longer than a short epoch.
    write_whole(folder / NAME, to_npz(arrays, compressed=False))


def read(folder, identity, model):
    """Put a folder's checkpoint into a compiled model, and remove what a killed process left.

    To be called by who holds the folder's lock.

    Returns:
        history and snapshots, as they were given to `write`; empty where there is no checkpoint.

    Raises:
        RunError: for a file that is damaged, or is of another training.
    """
    for left in folder.glob(UNFINISHED):
        left.unlink(missing_ok=True)
    if not exists(folder):
        return {}, {}
    try:
        arrays = from_npz(read_whole(folder / NAME))
        trained = json.loads(str(arrays.pop("identity")))
        parts = {"weight": {}, "optimizer": {}, "history": {}, "snapshot": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = array
        history = {term: list(map(float, v)) for term, v in parts["history"].items()}
        check(trained, identity, f"{NAME} of {folder.name}")
        assign(model.variables, list(parts["weight"].values()))
        assign(model.optimizer.variables, list(parts["optimizer"].values()))
    except RunError:
        raise
    except Exception as error:  # zipfile, zlib, NumPy and JSON raise half a dozen kinds
        raise RunError(
            f"{NAME} of {folder.name} can't be read ({error}): move it away to train anew."
        ) from None
    return history, parts["snapshot"]


def remove(folder):
    """Remove the folder's checkpoint, if it has one."""
    (folder / NAME).unlink(missing_ok=True)


def check(found, expected, name):
    """Refuse what was trained under another `provenance.identity`.

    Raises:
        RunError: that says in what the two differ.
    """
    differing = [key for key in expected if found.get(key) != expected[key]]
    if differing:
        raise RunError(
            f"{name} comes from another training (of other {', '.join(differing)}): "
            "move the folder away to train anew."
        )


def check_finite(model):
    """Refuse to keep a model that is good for nothing.

    Raises:
        RunError: where a weight, or the optimizer's state, is infinite or NaN.
    """
    for variable in (*model.variables, *model.optimizer.variables):
        if not np.isfinite(ops.convert_to_numpy(variable)).all():
            raise RunError(f"{variable.path} is not finite: this model is not kept.")
