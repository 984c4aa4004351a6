"""Show the progress of a training run."""

from tqdm import tqdm

from vaelib.support.backend import keras


class Progress(keras.callbacks.Callback):
    """Display a progress bar on stderr, with the remaining time and the epoch's mean loss so far.

    Args:
        epochs: Number of epochs in total, including those of an interrupted run that is resumed.
        steps_per_epoch: Number of training steps in each epoch.
    """

    def __init__(self, epochs: int, steps_per_epoch: int) -> None:
        super().__init__()
        self.steps_per_epoch, self.total = steps_per_epoch, epochs * steps_per_epoch
        self.bar = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Open the bar at the current step."""
        done = int(self.model.optimizer.iterations.numpy())  # above 0 if the run is resumed
        self.bar = tqdm(total=self.total, initial=done, desc="training", unit=" steps")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Note the number of steps before this epoch."""
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Advance the bar. If Keras executes several steps at once, `batch` is the last of them."""
        self.bar.set_postfix(loss=f"{logs['loss']:.2f}", refresh=False)
        self.bar.update(self.before + batch + 1 - self.bar.n)

    def close(self) -> None:
        """Close the bar, also after an interrupted run or before any training."""
        if self.bar is not None:
            self.bar.close()
