"""How far a training is, and how long it will take."""

from tqdm import tqdm

from vaelib.backend import keras


class Progress(keras.callbacks.Callback):
    """A bar on stderr: steps, time so far, time left, and the loss of the epoch so far.

    Args:
        epochs, steps_per_epoch: how many there will be, those of earlier sessions included.
    """

    def __init__(self, epochs, steps_per_epoch):
        super().__init__()
        self.steps_per_epoch, self.total = steps_per_epoch, epochs * steps_per_epoch
        self.bar = None

    def on_train_begin(self, logs=None):
        done = int(self.model.optimizer.iterations.numpy())  # where a training is taken up again
        self.bar = tqdm(total=self.total, initial=done, desc="training", unit=" steps")

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch, logs=None):  # of steps executed at once, of the last
        self.bar.set_postfix(loss=f"{logs['loss']:.2f}", refresh=False)
        self.bar.update(self.before + batch + 1 - self.bar.n)

    def close(self):
        """End the bar's line, also where training was broken off, or where there was none."""
        if self.bar is not None:
            self.bar.close()
