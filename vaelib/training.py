"""A recipe goes in, a trained run comes out."""

import math
import time

import numpy as np

from vaelib import checkpoints, data, provenance, runs
from vaelib.backend import keras
from vaelib.files import remove_unfinished
from vaelib.recipes import Recipe
from vaelib.snapshots import Snapshots

WARMUP_STEPS = 300
FINAL_FRACTION = 0.05


class Batches(keras.utils.PyDataset):
    """Shuffled batches, one after the other, epoch after epoch without end.

    The order of an epoch depends on (seed, epoch) alone, so that training can be taken up again at
    any epoch. Pixels stay uint8: the model scales each batch when it sees it.

    Args:
        images: (n, 28, 28, 1), uint8.
        batch_size: images per batch; the last of an epoch may be smaller.
        seed: of the order.
        first_epoch: where to begin.
    """

    def __init__(self, images, batch_size, seed, first_epoch=0):
        super().__init__()
        self.images, self.batch_size, self.seed = images, batch_size, seed
        self.steps_per_epoch = math.ceil(len(images) / batch_size)
        self.first_epoch = first_epoch
        self._shuffled = (None, None)  # the epoch that was shuffled last, and its order

    num_batches = None  # Keras' way of saying "without end"

    def __getitem__(self, step):
        epoch, batch = divmod(step, self.steps_per_epoch)
        order = self.order(self.first_epoch + epoch)
        return (self.images[order[batch * self.batch_size : (batch + 1) * self.batch_size]],)

    def order(self, epoch):
        """The permutation of the images in an epoch, (n,)."""
        if self._shuffled[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            self._shuffled = epoch, generator.permutation(len(self.images))
        return self._shuffled[1]


class EpochLog(keras.callbacks.Callback):
    """Collects the terms of the loss, epoch by epoch, and prints a line for each."""

    def __init__(self, history, epochs):
        super().__init__()
        self.history, self.epochs = history, epochs

    def on_epoch_end(self, epoch, logs=None):
        terms = ("loss", *self.model.objective.term_names)
        for term in terms:
            self.history.setdefault(term, []).append(float(logs[term]))
        print(epoch_line(self.history, epoch, self.epochs), flush=True)


def epoch_line(history, epoch, epochs):
    """One epoch's terms as a line of text; the same whether just trained or read from disk."""
    values = (
        f"{term} {values[epoch]:.{5 if term == 'mmd' else 2}f}" for term, values in history.items()
    )
    return f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}   {'   '.join(values)}"


class StopAtNonFinite(keras.callbacks.Callback):
    """Stops at the step at which the loss or one of its terms is no longer a finite number.

    Args:
        rate: the learning rate, or a schedule of it.
        epochs, steps_per_epoch: how many there will be.

    Raises:
        FloatingPointError: with the epoch, the step, the terms and the learning rate.
    """

    def __init__(self, rate, epochs, steps_per_epoch):
        super().__init__()
        self.rate, self.epochs, self.steps_per_epoch = rate, epochs, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        # Means over the epoch so far: not finite from the first such step on.
        wrong = [f"{term} is {value}" for term, value in logs.items() if not math.isfinite(value)]
        if not wrong:
            return
        step = self.epoch * self.steps_per_epoch + batch
        rate = float(self.rate(step)) if callable(self.rate) else self.rate
        kept = f"the checkpoint of epoch {self.epoch} is kept" if self.epoch else "nothing is kept"
        raise FloatingPointError(
            f"training stopped in epoch {self.epoch + 1}/{self.epochs}, step {batch + 1}/"
            f"{self.steps_per_epoch}, at a learning rate of {rate:.3g}: {', '.join(wrong)}; "
            f"{kept}. Try a lower learning rate."
        )


class KeepCheckpoint(keras.callbacks.Callback):
    """Writes, after every epoch, all that the next one depends on."""

    def __init__(self, folder, identity, history, snapshots):
        super().__init__()
        self.folder, self.identity = folder, identity
        self.history, self.snapshots = history, snapshots

    def on_epoch_end(self, epoch, logs=None):
        arrays = self.snapshots.arrays()
        checkpoints.write(self.folder, self.identity, self.model, self.history, arrays)


def learning_rate(recipe, train_size):
    """The recipe's learning rate as Adam takes it: a number, or a schedule over steps."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    steps = recipe.epochs * math.ceil(train_size / recipe.batch_size)
    warmup = min(WARMUP_STEPS, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - warmup,
        alpha=FINAL_FRACTION,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )


def build(recipe, train_size):
    """A compiled model for the recipe, its weights drawn from the recipe's seed."""
    keras.utils.set_random_seed(recipe.seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # the only place, for a switch that Keras does not have

        tf.config.experimental.enable_op_determinism()
    model = recipe.model()
    model.steps_per_epoch = math.ceil(train_size / recipe.batch_size)
    adam = keras.optimizers.Adam(learning_rate(recipe, train_size))
    # Keras compiles with XLA unless told not to, which on a CPU takes half as long again per step.
    model.compile(adam, jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def train(recipe, directory=None):
    """Train a model, or load it where the same recipe was trained before.

    A run that was broken off is taken up after its last whole epoch and ends with the same bytes
    as one that was not. A line is printed for each epoch.

    Args:
        recipe: a `Recipe`.
        directory: where runs are kept; by default `VAELIB_RUNS_DIR`, or the user's cache.

    Returns:
        A `runs.Run`: recipe, model, history, snapshots, provenance.

    Raises:
        TypeError: for anything but a recipe.
        data.DataError: if the images can't be had.
        runs.RunError: if what is kept for this recipe is damaged, or of another training.
        FloatingPointError: if the loss becomes infinite or NaN.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(
            f"recipe must be a Recipe, such as Recipe('faces', epochs=2), not {recipe!r}."
        )
    dataset = data.load(recipe.dataset)
    if recipe.pixels != "grey":
        dataset = dataset.binarised(recipe.pixels)
    if recipe.limit is not None:
        dataset = dataset.limit(train=recipe.limit)
    identity = provenance.identity(recipe, dataset.fingerprint)
    folder = runs.folder_for(recipe, identity, directory)
    with runs.lock(folder):
        remove_unfinished(folder)
        if runs.is_complete(folder):
            run = runs.load(folder, identity)
            checkpoints.remove(folder)  # still there where a process was killed right after saving
            for epoch in range(recipe.epochs):
                print(epoch_line(run.history, epoch, recipe.epochs))
            return run
        return _train(recipe, dataset, folder, identity)


def _train(recipe, dataset, folder, identity):
    start = time.time()
    model = build(recipe, len(dataset.train_images))
    model.prior.start(dataset.train_images, recipe.seed)
    snapshots = Snapshots(dataset.test_images, dataset.test_labels, recipe.epochs, recipe.seed)
    history = {}
    if checkpoints.exists(folder):
        history, arrays = checkpoints.read(folder, identity, model)
        snapshots.restore(arrays)
    done = len(history.get("loss", []))
    for epoch in range(done):
        print(epoch_line(history, epoch, recipe.epochs), flush=True)
    batches = Batches(dataset.train_images, recipe.batch_size, recipe.seed, first_epoch=done)
    model.fit(
        batches,
        steps_per_epoch=batches.steps_per_epoch,
        initial_epoch=done,
        epochs=recipe.epochs,
        shuffle=False,  # Batches does it
        verbose=0,
        callbacks=[
            StopAtNonFinite(
                learning_rate(recipe, len(dataset.train_images)),
                recipe.epochs,
                batches.steps_per_epoch,
            ),
            EpochLog(history, recipe.epochs),
            snapshots,
            KeepCheckpoint(folder, identity, history, snapshots),
        ],
    )
    about = provenance.record(dataset, seconds=time.time() - start, resumed_after_epoch=done)
    run = runs.Run(recipe, model, history, snapshots.arrays(), about, folder)
    return runs.save(folder, run)
