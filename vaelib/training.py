"""The training loop: a model and images go in, the terms of the loss come out, epoch by epoch."""

import contextlib
import math

import numpy as np

from vaelib.backend import keras, tf
from vaelib.batches import Batches
from vaelib.errors import check_integer
from vaelib.pixels import check_images

SCHEDULES = ("cosine", "constant")
OPTIMIZERS = {"nadam": keras.optimizers.Nadam, "adam": keras.optimizers.Adam}
WARMUP_STEPS = 300
FINAL_FRACTION = 0.05
STEPS_AT_ONCE = 10  # to return to Python after each step costs 6 % of it


class EpochLog(keras.callbacks.Callback):
    """Collects the terms of the loss, and prints them."""

    def __init__(self, history, epochs):
        super().__init__()
        self.history, self.epochs = history, check_integer("epochs", epochs, 1)

    def on_epoch_end(self, epoch, logs=None):
        terms = ("loss", *self.model.objective.term_names)
        for term in terms:
            self.history.setdefault(term, []).append(float(logs[term]))
        print_epoch(self.history, epoch, self.epochs)


def print_epoch(history, epoch, epochs):
    """Print an epoch's terms; of more than fifty epochs, those of twenty and the last."""
    if epochs > 50 and (epoch + 1) % -(-epochs // 20) and epoch + 1 < epochs:
        return
    values = (
        f"{term} {values[epoch]:.{5 if term == 'mmd' else 2}f}" for term, values in history.items()
    )
    words = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}   {'   '.join(values)}"
    print(words, flush=True)


class StopAtNonFinite(keras.callbacks.Callback):
    """Stops training where a number is no longer finite, before anything of it is kept.

    At each step, or at the last of ten that are executed at once, it looks at the loss and its
    terms. These were computed before the step's update, so at the end of each epoch it looks at the
    weights, and at the optimizer's state, too.

    Args:
        epochs, steps_per_epoch: how many there will be.

    Raises:
        FloatingPointError: with the epoch, the step, what is not finite, and the learning rate.
    """

    def __init__(self, epochs, steps_per_epoch):
        super().__init__()
        self.epochs, self.steps_per_epoch = epochs, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        # Means over the epoch so far: not finite from the first such step on.
        if not all(map(math.isfinite, logs.values())):
            self._stop(batch, [f"{t} is {v}" for t, v in logs.items() if not math.isfinite(v)])

    def on_epoch_end(self, epoch, logs=None):
        variables = [*self.model.variables, *self.model.optimizer.variables]
        wrong = [v.path for v in variables if not np.isfinite(v.numpy()).all()]
        if wrong:
            self._stop(self.steps_per_epoch - 1, [f"{', '.join(wrong[:3])} not finite"])

    def _stop(self, batch, wrong):
        kept = (
            f"what was kept after epoch {self.epoch} is good" if self.epoch else "nothing is kept"
        )
        optimizer = self.model.optimizer
        optimizer.iterations.assign_sub(1)  # for the rate of the last step, not of the next
        raise FloatingPointError(
            f"training stopped in epoch {self.epoch + 1}/{self.epochs}, step {batch + 1}/"
            f"{self.steps_per_epoch}, at a learning rate of {float(optimizer.learning_rate):.3g}: "
            f"{', '.join(wrong)}; {kept}. Try a lower learning rate."
        )


def learning_rate(peak, schedule, steps):
    """A learning rate as an optimizer takes it: a number, or a schedule over so many steps.

    Args:
        peak: the rate at its highest.
        schedule: "constant", or "cosine": up in a line over 300 steps, or a tenth of all where
            that is less, then down half a cosine to 5 %.
        steps: how many there will be.
    """
    if schedule == "constant":
        return peak
    warmup = min(WARMUP_STEPS, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, alpha=FINAL_FRACTION, warmup_target=peak, warmup_steps=warmup
    )


def compile(
    model, steps_per_epoch, peak=8e-3, schedule="cosine", epochs=4, beta_2=0.99, optimizer="nadam"
):
    """Make a model ready for `fit`. Nadam is Adam with Nesterov's look-ahead (Dozat 2016, ICLR)."""
    model.steps_per_epoch = steps_per_epoch
    rate = learning_rate(peak, schedule, epochs * steps_per_epoch)
    # Keras compiles with XLA unless told not to, which on a CPU takes half as long again per step.
    model.compile(OPTIMIZERS[optimizer](rate, beta_2=beta_2), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


@contextlib.contextmanager
def _executing(model, steps):
    """Let Keras execute so many steps before it returns to Python; in the end, one again."""
    try:
        model.steps_per_execution = steps
        model.make_train_function(force=True)  # which has the number in it
        yield
    finally:
        model.steps_per_execution = 1
        model.make_train_function(force=True)


def fit(model, images, epochs, batch_size=100, seed=0, history=None, callbacks=()):
    """Train a compiled model.

    Where ten divides the steps of an epoch, ten are executed at once: the same bytes in less time,
    but callbacks hear of every tenth step only. On a GPU, TensorFlow's deterministic operations are
    switched on for the rest of the process, or the same seed would give other bytes.

    Args:
        model: a `VAE`, as from `compile`.
        images: (n, *model.image_shape), uint8 or floats in [0, 1].
        epochs: passes over the images, those in `history` included.
        batch_size: images per step.
        seed: of the order of the images.
        history: dict of term to a list of its values, one for each epoch so far; extended here.
        callbacks: Keras callbacks, called after each epoch, if its numbers are finite.

    Returns:
        The history: the loss and its terms, means over each epoch, in nats per image.

    Raises:
        ValueError, TypeError: for images or numbers that won't do, or batches that are too small.
        FloatingPointError: if the loss, a weight or the optimizer's state becomes infinite or NaN.
    """
    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    history = {} if history is None else history
    done = len(history.get("loss", []))
    images = check_images(images, model.image_shape)
    batches = Batches(images, batch_size, seed, first_epoch=done)
    objective = model.objective
    alone = 1 in (batches.batch_size, len(images) % batches.batch_size)
    if alone and objective.mmd_weight and objective.closed_form_mmd:
        raise ValueError(
            f"{len(images):,} images in batches of {batch_size} leave one alone, and the objective "
            f"{objective} compares the codes of a batch: each needs two or more."
        )
    steps = batches.steps_per_epoch
    for epoch in range(done):
        print_epoch(history, epoch, epochs)
    at_once = 1 if steps % STEPS_AT_ONCE else STEPS_AT_ONCE
    with contextlib.closing(batches), _executing(model, at_once):
        model.fit(
            batches.stream(),
            steps_per_epoch=steps,
            initial_epoch=done,
            epochs=epochs,
            shuffle=False,  # it is
            verbose=0,
            callbacks=[StopAtNonFinite(epochs, steps), EpochLog(history, epochs), *callbacks],
        )
    return history
