"""A recipe goes in, a trained run comes out: loaded, taken up again, or trained."""

import contextlib
import time
from dataclasses import replace

from vaelib import training
from vaelib.backend import keras
from vaelib.runs import checkpoints, folders, provenance
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import Snapshots


def train(recipe, directory=None, callbacks=()):
    """Train a model, or load it where the same recipe was trained before.

    A run that was broken off is taken up after its last whole epoch and ends with the same bytes
    as one that was not. Epochs are printed as they end.

    Args:
        recipe: a `Recipe`.
        directory: where runs are kept; by default `VAELIB_RUNS_DIR`, or the user's cache.
        callbacks: of Keras, to watch a training by.

    Returns:
        A `Run`: recipe, model, history, snapshots, provenance.

    Raises:
        TypeError: for anything but a recipe.
        DataError: if the images can't be had.
        RunError: if what is kept for this recipe is damaged, of another training, or if the folder
            can't be written.
        FloatingPointError: if training leads to numbers that are infinite or NaN.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(
            f"recipe must be a Recipe, such as Recipe('faces', epochs=2), not {recipe!r}."
        )
    dataset = recipe.load()
    identity = provenance.identity(recipe, dataset.fingerprint)
    folder = folders.folder_for(recipe, identity, directory)
    if not folders.is_complete(folder):
        with folders.lock(folder):
            if not folders.is_complete(folder):  # whoever held the lock may have trained it
                return _trained(recipe, dataset, identity, folder, callbacks)
    return _loaded(folder, identity, recipe)  # without a lock: nobody may be able to write there


def _trained(recipe, dataset, identity, folder, callbacks):
    start, images = time.time(), dataset.train_images
    model = recipe.build(len(images))
    shown = dataset.test_images, dataset.test_labels
    snapshots = Snapshots(*shown, recipe.epochs, model.steps_per_epoch, recipe.seed)
    history, arrays = checkpoints.read(folder, identity, model)
    snapshots.restore(arrays)
    keep = KeepCheckpoint(folder, identity, history, snapshots)
    done = len(history.get("loss", []))
    if not done:
        model.prior.initialise(images, recipe.seed)
    how = recipe.epochs, recipe.batch_size, recipe.seed, history
    training.fit(model, images, *how, callbacks=[snapshots, keep, *callbacks])
    about = provenance.record(dataset, seconds=time.time() - start, resumed_after_epoch=done)
    run = folders.Run(recipe, model, history, snapshots.arrays(), about, folder)
    return folders.save(folder, run)


def _loaded(folder, identity, recipe):
    # The recipe is the same as the file's, but has your own images at hand.
    run = replace(folders.load(folder, identity), recipe=recipe)
    with contextlib.suppress(OSError):  # there where a process was killed right after saving
        checkpoints.remove(folder)
    for epoch in range(run.recipe.epochs):
        training.print_epoch(run.history, epoch, run.recipe.epochs)
    return run


class KeepCheckpoint(keras.callbacks.Callback):
    """Writes, after every epoch, all that the next one depends on."""

    def __init__(self, folder, identity, history, snapshots):
        super().__init__()
        self.folder, self.identity = folder, identity
        self.history, self.snapshots = history, snapshots

    def on_epoch_end(self, epoch, logs=None):
        state = self.identity, self.model, self.history, self.snapshots.arrays()
        with folders.writing(self.folder):
            checkpoints.write(self.folder, *state)
