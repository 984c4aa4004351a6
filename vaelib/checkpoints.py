"""A training half-way, in one file: all that the next epoch depends on."""

import json

import numpy as np

from vaelib.backend import keras
from vaelib.files import from_npz, to_npz, write_whole
from vaelib.idx import DataError

NAME = "checkpoint.npz"


class RunError(DataError):
    """A run or a checkpoint that is missing, damaged or made by something else."""


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
    """
    arrays = {"identity": np.array(json.dumps(identity, sort_keys=True))}
    arrays |= {f"weight/{i}": v for i, v in enumerate(values(model.variables))}
    arrays |= {f"optimizer/{i}": v for i, v in enumerate(values(model.optimizer.variables))}
    arrays |= {f"history/{term}": np.array(values) for term, values in history.items()}
    arrays |= {f"snapshot/{name}": array for name, array in snapshots.items()}
    write_whole(folder / NAME, to_npz(arrays))


def read(folder, identity, model):
    """Put a checkpoint into a compiled model.

    Returns:
        history and snapshots, as they were given to `write`.

    Raises:
        RunError: for a file that is damaged, or is of another training.
    """
    try:
        arrays = from_npz((folder / NAME).read_bytes())
        trained = json.loads(str(arrays.pop("identity")))
        parts = {"weight": {}, "optimizer": {}, "history": {}, "snapshot": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = array
        history = {term: list(map(float, v)) for term, v in parts["history"].items()}
    except Exception as error:  # zipfile, zlib, NumPy and JSON raise half a dozen kinds
        raise RunError(
            f"{NAME} of {folder.name} can't be read ({error}): move it away to train anew."
        ) from None
    check(trained, identity, f"{NAME} of {folder.name}")
    assign(model.variables, list(parts["weight"].values()), folder)
    assign(model.optimizer.variables, list(parts["optimizer"].values()), folder)
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


def values(variables):
    """Keras variables as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assign(variables, arrays, folder):
    """Put arrays into Keras variables; RunError where their shapes are not the same."""
    shapes, expected = ([tuple(x.shape) for x in xs] for xs in (arrays, variables))
    if shapes != expected:
        raise RunError(f"{folder.name} holds arrays {shapes}, but the model has {expected}.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
