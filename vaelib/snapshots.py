"""What the latent space looked like on the way: the arrays behind the post's three pictures."""

import math

import numpy as np

from vaelib.backend import keras

SAMPLES = 64  # images decoded from the same codes each time, where the prior stays the same
GRID_SIDE = 16  # the post's grid: 16 x 16 codes over [-4, 4]^2
GRID_LIMIT = 4.0


def grid_codes(side=GRID_SIDE, limit=GRID_LIMIT):
    """Codes on a square grid, row by row with z2 rising upwards, as in a scatter plot.

    Returns:
        (side * side, 2), float32: first the top row, from left to right.
    """
    steps = np.linspace(-limit, limit, side, dtype="float32")
    z1, z2 = np.meshgrid(steps, steps[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


class Snapshots(keras.callbacks.Callback):
    """Keeps samples, test codes and grid before training, and at most five times on the way.

    Args:
        test_images: (n, 28, 28, 1), uint8.
        test_labels: (n,), kept beside the codes so that they can be drawn without the data.
        epochs: how many there will be.
        seed: of the codes that the samples are decoded from.
    """

    def __init__(self, test_images, test_labels, epochs, seed=0):
        super().__init__()
        self.test_images, self.test_labels, self.seed = test_images, test_labels, seed
        every = math.ceil(epochs / 5)
        self.epochs = {0, epochs, *range(0, epochs, every)}
        self._taken = {"epochs": [], "samples": [], "codes": [], "grid": []}

    def on_train_begin(self, logs=None):
        if not self._taken["epochs"]:
            self._take(0)

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in self.epochs:
            self._take(epoch + 1)

    def _take(self, epoch):
        model = self.model
        taken = {
            "epochs": epoch,
            "samples": _to_bytes(model.sample(SAMPLES, seed=self.seed)),
            "codes": model.encode(self.test_images),
        }
        if model.latent_dim == 2:
            taken["grid"] = _to_bytes(model.decode(grid_codes()))
        for name, value in taken.items():
            self._taken[name].append(value)

    def arrays(self):
        """What was kept so far, k times.

        Returns:
            dict: labels (n,); epochs (k,); samples (k, 64, 28, 28, 1), uint8; codes
            (k, n, latent_dim); and for two latent dimensions grid (k, 256, 28, 28, 1), uint8.
        """
        taken = {name: np.array(values) for name, values in self._taken.items() if values}
        return {"labels": np.asarray(self.test_labels)} | taken

    def restore(self, arrays):
        """Take up what `arrays` gave before training was interrupted."""
        for name in arrays.keys() & self._taken.keys():
            self._taken[name] = list(arrays[name])


def _to_bytes(images):
    return np.round(images * 255).astype(np.uint8)
