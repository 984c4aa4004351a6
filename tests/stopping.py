"""A callback that interrupts training after an epoch."""

from vaelib.support.backend import keras


class StopAfterEpoch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True
