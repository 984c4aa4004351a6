"""Train a model from a recipe, resume its training run, or load the completed run."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from vaelib import training
from vaelib.data import Dataset
from vaelib.models import VAE
from vaelib.runs import checkpoints, provenance, run_folder, sizes
from vaelib.runs.npz import variable_values
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import Snapshots
from vaelib.support.backend import keras
from vaelib.support.errors import RunError


def train(
    recipe: Recipe,
    directory: str | Path | None = None,
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> run_folder.Run:
    """Train a model, or load it if the same recipe has been trained before.

    An interrupted training run is resumed after its last complete epoch, and its result is the
    same, bit for bit, as without the interruption. The loss is printed after each epoch.

    Args:
        recipe: A `Recipe`.
        directory: Folder in which runs are stored. Default: the environment variable
            `VAELIB_RUNS_DIR`, or else the folder "runs" in the user's cache.
        callbacks: Additional Keras callbacks that observe training. They must not change the model.
            If one of them stops training, such as `EarlyStopping`, a RunError is raised, because
            the recipe was not carried out, and the next call continues. A RunError is also raised
            if one of them has changed the model after the last epoch.

    Returns:
        A `Run` with recipe, model, history, snapshots and provenance.

    Raises:
        TypeError: If `recipe` is not a `Recipe`.
        DataError: If the images cannot be loaded.
        RunError: If the files stored for this recipe are damaged or belong to a different training
            run, if the files of the run would be too large to be read again, if the folder cannot
            be written, or if a callback stopped training or changed the model at its end.
        FloatingPointError: If the loss or a weight becomes infinite or NaN.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(
            f"recipe must be a Recipe, such as Recipe('faces', epochs=2), not {recipe!r}."
        )
    recipe.check_restorable()
    dataset = recipe.load_dataset()
    identity = provenance.run_identity(recipe, dataset.fingerprint)
    folder = run_folder.folder_for(recipe, identity, directory)
    if not run_folder.is_complete(folder):
        with run_folder.locked(folder):
            # Another process may have held the lock and completed the run in the meantime.
            if not run_folder.is_complete(folder):
                return _trained(recipe, dataset, identity, folder, callbacks)
    # Loading takes no lock, because the folder may be read-only.
    return _loaded(folder, identity, recipe)


def _trained(
    recipe: Recipe,
    dataset: Dataset,
    identity: dict,
    folder: Path,
    callbacks: Iterable[keras.callbacks.Callback],
) -> run_folder.Run:
    # A monotonic clock, because the time of day can be set back while a model is trained.
    start, images = time.monotonic(), dataset.train_images
    sizes.check_planned(recipe, dataset)
    model = recipe.compiled_model(len(images))
    test_set = dataset.test_images, dataset.test_labels
    snapshots = Snapshots(*test_set, recipe.epochs, model.steps_per_epoch, recipe.seed)
    history, arrays = checkpoints.read(folder, identity, model)
    snapshots.restore(arrays)
    writer = CheckpointWriter(folder, identity, history, snapshots)
    done = len(history.get("loss", []))
    if not done:
        model.prior.initialize(images, recipe.seed)
    settings = recipe.epochs, recipe.batch_size, recipe.seed, history
    labels = dataset.train_labels if recipe.condition else None
    watching = [snapshots, writer, *callbacks]
    training.fit(model, images, *settings, callbacks=watching, labels=labels)
    steps, planned = _steps_done(model), recipe.epochs * model.steps_per_epoch
    if steps < planned:
        raise RunError(
            f"a callback stopped training after {steps:,} of {planned:,} steps, so the run is not "
            "complete and is not saved. Epochs that were completed are kept: call train again to "
            "continue after them, or choose fewer epochs in the recipe."
        )
    pairs = zip(writer.weights, variable_values(model.variables), strict=True)
    if not all(np.array_equal(a, b) for a, b in pairs):
        raise RunError(
            "a callback changed the model after the last epoch, as EarlyStopping does with "
            "restore_best_weights=True, so the model is not what the recipe gives and is not "
            "saved: leave out this callback and call train again, which trains nothing again."
        )
    about = provenance.provenance_record(
        dataset, seconds=time.monotonic() - start, resumed_after_epoch=done
    )
    run = run_folder.Run(recipe, model, history, snapshots.arrays(), about, folder)
    return run_folder.save(folder, run)


def _steps_done(model: VAE) -> int:
    return int(model.optimizer.iterations.numpy())


def _loaded(folder: Path, identity: dict, recipe: Recipe) -> run_folder.Run:
    # The given recipe equals the stored one, but it may also hold the user's own images.
    run = replace(run_folder.load(folder, identity), recipe=recipe)
    # A checkpoint is left over if a process was killed after saving the run.
    with contextlib.suppress(OSError):
        checkpoints.remove(folder)
    for epoch in range(run.recipe.epochs):
        training.print_epoch(run.history, epoch, recipe.epochs, recipe.objective.decimals)
    return run


class CheckpointWriter(keras.callbacks.Callback):
    """Write a checkpoint after every epoch, with the arrays of the given `Snapshots` callback.

    Attributes:
        weights: The variables of the model after the last complete epoch.
    """

    def __init__(
        self, folder: Path, identity: dict, history: dict[str, list[float]], snapshots: Snapshots
    ) -> None:
        super().__init__()
        self.folder, self.identity = folder, identity
        self.history, self.snapshots = history, snapshots

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Keep the weights, because there may be no epoch left (called by Keras)."""
        self.weights = variable_values(self.model.variables)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the checkpoint, unless a callback stopped training within the epoch."""
        if _steps_done(self.model) != (epoch + 1) * self.model.steps_per_epoch:
            return
        self.weights = variable_values(self.model.variables)
        state = self.identity, self.model, self.history, self.snapshots.arrays()
        with run_folder.oserror_as_run_error(self.folder):
            checkpoints.write(self.folder, *state)
