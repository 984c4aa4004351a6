"""Train models, and report the terms of the loss after each epoch."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from vaelib.batches import Batches
from vaelib.conditioning import check_labels
from vaelib.support.backend import keras, tf
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images

SCHEDULES = ("cosine", "constant")
OPTIMIZERS = {"nadam": keras.optimizers.Nadam, "adam": keras.optimizers.Adam}
WARMUP_STEPS = 300
FINAL_FRACTION = 0.05  # the final learning rate as a fraction of the peak
STEPS_PER_CALL = 10  # returning to Python after every single step makes a step 6 % slower


class EpochLog(keras.callbacks.Callback):
    """Keras callback that appends the terms of the loss to a history, and prints them.

    Args:
        history: Maps the name of each term to its values in the epochs so far; extended in place.
        epochs: Total number of epochs, 1 or more.

    >>> EpochLog(history={}, epochs=4).epochs
    4
    """

    def __init__(self, history: dict[str, list[float]], epochs: int) -> None:
        super().__init__()
        self.history, self.epochs = history, check_integer("epochs", epochs, 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        terms = ("loss", *self.model.objective.term_names)
        for term in terms:
            self.history.setdefault(term, []).append(float(logs[term]))
        print_epoch(self.history, epoch, self.epochs, self.model.objective.decimals)


def print_epoch(
    history: dict[str, list[float]],
    epoch: int,
    epochs: int,
    decimals: Mapping[str, int] | None = None,
) -> None:
    """Print the terms of the loss in an epoch.

    If there are more than 50 epochs, only about 20 of them, including the last, are printed.

    Args:
        history: Maps the name of each term to its values in the epochs so far.
        epoch: Index of the epoch, from 0.
        epochs: Total number of epochs.
        decimals: Number of decimals of each term; 2 for a term that is not named.

    >>> print_epoch({"loss": [200.0, 190.0], "kl": [3.0, 4.0]}, epoch=1, epochs=10)
    epoch  2/10   loss 190.00   kl 4.00
    """
    if epochs > 50 and (epoch + 1) % -(-epochs // 20) and epoch + 1 < epochs:
        return
    decimals = decimals or {}
    values = (f"{term} {v[epoch]:.{decimals.get(term, 2)}f}" for term, v in history.items())
    words = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}   {'   '.join(values)}"
    print(words, flush=True)


class StopOnNonFinite(keras.callbacks.Callback):
    """Keras callback that stops training if a number is infinite or NaN, before it is saved.

    After each call of the training function (one step, or ten), the callback checks the loss and
    its terms. These were computed before the step changed the weights. At the end of each epoch,
    the callback therefore also checks the weights and the state of the optimizer.

    Args:
        epochs: Total number of epochs.
        steps_per_epoch: Number of steps in an epoch.

    Raises:
        FloatingPointError: During training. The message names the epoch, the step, the numbers
            that are not finite, and the learning rate.

    >>> StopOnNonFinite(epochs=4, steps_per_epoch=600).steps_per_epoch
    600
    """

    def __init__(self, epochs: int, steps_per_epoch: int) -> None:
        super().__init__()
        self.epochs, self.steps_per_epoch = epochs, steps_per_epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        # The logs are means over the epoch so far, so they stay infinite or NaN after such a step.
        if not all(map(math.isfinite, logs.values())):
            self._stop(batch, [f"{t} is {v}" for t, v in logs.items() if not math.isfinite(v)])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        variables = [*self.model.variables, *self.model.optimizer.variables]
        wrong = [v.path for v in variables if not np.isfinite(v.numpy()).all()]
        if wrong:
            self._stop(self.steps_per_epoch - 1, [f"{', '.join(wrong[:3])} not finite"])

    def _stop(self, batch: int, wrong: list[str]) -> None:
        saved = (
            f"anything saved up to epoch {self.epoch} is good"
            if self.epoch
            else "no epoch was completed"
        )
        optimizer = self.model.optimizer
        optimizer.iterations.assign_sub(1)  # to report the learning rate of the last step
        raise FloatingPointError(
            f"training stopped in epoch {self.epoch + 1}/{self.epochs}, step {batch + 1}/"
            f"{self.steps_per_epoch}, at a learning rate of {float(optimizer.learning_rate):.3g}: "
            f"{', '.join(wrong)}; {saved}. Try a lower learning rate."
        )


def _check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}.")


def learning_rate(
    peak: float, schedule: str, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Create a learning rate for an optimizer, either a number or a schedule.

    Args:
        peak: The highest learning rate, above 0.
        schedule: "constant" or "cosine". The cosine schedule increases linearly from 0 to the peak
            over 300 steps, or over 10 % of all steps if that is less. It then decreases along half
            a period of a cosine to 5 % of the peak.
        steps: Total number of steps.

    Raises:
        ValueError: For another schedule.

    >>> rate = learning_rate(peak=0.01, schedule="cosine", steps=4_000)
    >>> [round(float(rate(step)), 4) for step in (0, 150, 300, 4_000)]
    [0.0, 0.005, 0.01, 0.0005]
    """
    _check_choice("schedule", schedule, SCHEDULES)
    if schedule == "constant":
        return peak
    warmup = min(WARMUP_STEPS, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, alpha=FINAL_FRACTION, warmup_target=peak, warmup_steps=warmup
    )


def compile_model(
    model: keras.Model,
    steps_per_epoch: int,
    peak: float = 8e-3,
    schedule: str = "cosine",
    epochs: int = 4,
    beta_2: float = 0.99,
    optimizer: str = "nadam",
) -> keras.Model:
    """Give a model an optimizer and a learning rate, so that `fit` can train it.

    Args:
        model: A `VAE`. Its attribute `steps_per_epoch` is set.
        steps_per_epoch: Number of steps in an epoch.
        peak, schedule: As in `learning_rate`.
        epochs: Total number of epochs, which determines the length of the schedule.
        beta_2: Decay rate of the optimizer's mean of squared gradients.
        optimizer: "nadam" (Adam with Nesterov momentum; Dozat 2016, ICLR) or "adam".

    Returns:
        The same model.

    Raises:
        ValueError: For another schedule or optimizer.

    >>> from vaelib.models import VAE
    >>> type(compile_model(VAE(), steps_per_epoch=600).optimizer).__name__
    'Nadam'
    """
    _check_choice("optimizer", optimizer, OPTIMIZERS)
    model.steps_per_epoch = steps_per_epoch
    rate = learning_rate(peak, schedule, epochs * steps_per_epoch)
    # By default, Keras compiles with XLA, which makes each step about 50 % slower on a CPU.
    model.compile(OPTIMIZERS[optimizer](rate, beta_2=beta_2), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


@contextlib.contextmanager
def _executing(model: keras.Model, steps: int) -> Iterator[None]:
    """Let Keras execute `steps` steps before it returns to Python, within this context."""
    try:
        model.steps_per_execution = steps
        model.make_train_function(force=True)  # the number of steps is a part of the function
        yield
    finally:
        model.steps_per_execution = 1
        model.make_train_function(force=True)


def fit(
    model: keras.Model,
    images: np.ndarray,
    epochs: int,
    batch_size: int = 100,
    seed: int = 0,
    history: dict[str, list[float]] | None = None,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    labels: np.ndarray | None = None,
) -> dict[str, list[float]]:
    """Train a compiled model, and return the loss and its terms for each epoch.

    If the number of steps in an epoch is divisible by 10, Keras executes ten steps at a time. The
    result is the same and training is faster, but callbacks are called after every tenth step only.
    On a GPU, TensorFlow's deterministic operations are turned on for the rest of the process,
    because the same seed would otherwise not give the same weights.

    Args:
        model: A `VAE` from `compile_model`.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].
        epochs: Total number of epochs, including those in `history`.
        batch_size: Number of images per step.
        seed: Seed of the order of the images.
        history: Result of an earlier call, if training is resumed; extended in place.
        callbacks: Keras callbacks. At the end of an epoch, they are called only if all numbers are
            finite.
        labels: Labels of the images, shape (n,), for a model with a condition; otherwise None.

    Returns:
        The loss and its terms by name, averaged over each epoch, in nats per image.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If an argument is out of range, or a batch is too small for the objective.
        FloatingPointError: If the loss, a weight, or the optimizer's state is infinite or NaN.

    >>> from vaelib.models import VAE
    >>> model = compile_model(VAE(), steps_per_epoch=1, epochs=1)
    >>> history = fit(model, np.zeros((4, 28, 28, 1), "uint8"), epochs=1, batch_size=4)
    epoch 1/1   loss ...   reconstruction ...   kl ...
    """
    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    history = {} if history is None else history
    done = len(history.get("loss", []))
    images = check_images(images, model.image_shape)
    labels = check_labels(labels, len(images), model.condition)
    batches = Batches(images, batch_size, seed, first_epoch=done, labels=labels)
    objective = model.objective
    smallest = len(images) % batches.batch_size or batches.batch_size
    needed = max((term.smallest_batch for _, term in objective.terms), default=1)
    if smallest < needed:
        raise ValueError(
            f"{len(images):,} images in batches of {batch_size} give a batch of {smallest}, but "
            f"the objective {objective} needs {needed} or more images in a batch: choose another "
            "batch size."
        )
    steps = batches.steps_per_epoch
    for epoch in range(done):
        print_epoch(history, epoch, epochs, objective.decimals)
    steps_per_call = 1 if steps % STEPS_PER_CALL else STEPS_PER_CALL
    with contextlib.closing(batches), _executing(model, steps_per_call):
        model.fit(
            batches.to_tf_dataset(),
            steps_per_epoch=steps,
            initial_epoch=done,
            epochs=epochs,
            shuffle=False,  # because `Batches` shuffles the images
            verbose=0,
            callbacks=[StopOnNonFinite(epochs, steps), EpochLog(history, epochs), *callbacks],
        )
    return history
