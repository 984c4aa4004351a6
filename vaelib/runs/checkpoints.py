"""Read and write training checkpoints, from which an interrupted training run is resumed."""

import json
from pathlib import Path

import numpy as np

from vaelib.models import VAE
from vaelib.runs.npz import assign_variables, from_npz, read_bounded, to_npz, variable_values
from vaelib.support.backend import ops
from vaelib.support.errors import RunError
from vaelib.support.files import UNFINISHED, write_atomically

FILE_NAME = "checkpoint.npz"


def exists(folder: Path) -> bool:
    """Tell whether a run's folder contains a checkpoint."""
    return (folder / FILE_NAME).exists()


def write(
    folder: Path,
    identity: dict,
    model: VAE,
    history: dict[str, list[float]],
    snapshots: dict[str, np.ndarray],
) -> None:
    """Write the checkpoint of a run atomically: if anything fails, the previous one is kept.

    Args:
        folder: The folder of the run.
        identity: What is being trained, see `provenance.run_identity`.
        model: A compiled `VAE`. Its weights, its noise generator and its optimizer are saved.
        history: For each term of the loss, its mean over each epoch so far, in nats per image.
        snapshots: The arrays of `Snapshots.arrays`.

    Raises:
        RunError: If a weight of the model or its optimizer is not finite.
        OSError: If the file cannot be written.
    """
    check_finite(model)
    arrays = {"identity": np.array(json.dumps(identity, sort_keys=True))}
    arrays |= {f"weight/{i}": v for i, v in enumerate(variable_values(model.variables))}
    state = variable_values(model.optimizer.variables)
    arrays |= {f"optimizer/{i}": v for i, v in enumerate(state)}
    arrays |= {f"history/{term}": np.array(values) for term, values in history.items()}
    arrays |= {f"snapshot/{name}": array for name, array in snapshots.items()}
    # The file is not compressed, because it is soon replaced and compression takes longer than a
    # short epoch.
    write_atomically(folder / FILE_NAME, to_npz(arrays, compressed=False))


def read(
    folder: Path, identity: dict, model: VAE
) -> tuple[dict[str, list[float]], dict[str, np.ndarray]]:
    """Load the checkpoint of a run into a compiled model.

    Temporary files of killed processes are deleted, so the caller must hold the folder's lock.

    Returns:
        History and snapshots, as they were given to `write`. Both are empty if there is no
        checkpoint.

    Raises:
        RunError: If the file is damaged, or if it belongs to a different training run.
    """
    for unfinished in folder.glob(UNFINISHED):
        unfinished.unlink(missing_ok=True)
    if not exists(folder):
        return {}, {}
    try:
        arrays = from_npz(read_bounded(folder / FILE_NAME))
        trained = json.loads(str(arrays.pop("identity")))
        parts = {"weight": {}, "optimizer": {}, "history": {}, "snapshot": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = array
        history = {term: list(map(float, v)) for term, v in parts["history"].items()}
        check_identity(trained, identity, f"{FILE_NAME} of {folder.name}")
        assign_variables(model.variables, list(parts["weight"].values()))
        assign_variables(model.optimizer.variables, list(parts["optimizer"].values()))
        check_finite(model, f"{FILE_NAME} of {folder.name} can't be used: move it away")
    except RunError:
        raise
    except Exception as error:  # zipfile, zlib, NumPy and JSON raise many different types
        raise RunError(
            f"{FILE_NAME} of {folder.name} can't be read ({error}): move it away to train again."
        ) from None
    return history, parts["snapshot"]


def remove(folder: Path) -> None:
    """Delete the checkpoint of a run, if there is one."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def check_identity(found: dict, expected: dict, name: str) -> None:
    """Compare the `provenance.run_identity` found in a file or folder with the expected one.

    Raises:
        RunError: If they differ. The message contains the name of the file or folder and the keys
            for which they differ.
    """
    differing = [key for key in expected if found.get(key) != expected[key]]
    if differing:
        raise RunError(
            f"{name} comes from a different training run (different {', '.join(differing)}): move "
            "the folder away to train again."
        )


def check_finite(
    model: VAE, then: str = "the model is not saved: train with a lower learning rate"
) -> None:
    """Raise a RunError if a weight, or a number in the optimizer's state, is infinite or NaN.

    Args:
        model: A compiled `VAE`.
        then: What follows from it and what to do, as the end of the message.
    """
    for variable in (*model.variables, *model.optimizer.variables):
        if not np.isfinite(ops.convert_to_numpy(variable)).all():
            raise RunError(f"{variable.path} is not finite, so {then}.")
