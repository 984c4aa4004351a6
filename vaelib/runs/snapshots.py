"""What the latent space looked like on the way: the arrays behind the post's three pictures."""

import math

import numpy as np

from vaelib.backend import keras, ops
from vaelib.grid import LIMIT, grid_codes
from vaelib.priors import StandardNormal

PRIOR_SIDE = 201  # points in a row where the prior's density is kept
SAMPLES = 64  # images decoded from the same codes each time, where the prior stays the same


class Snapshots(keras.callbacks.Callback):
    """Keeps samples, test codes and grid before training, and at most five times on the way.

    Args:
        test_images: (n, 28, 28, 1), uint8.
        test_labels: (n,), kept beside the codes so that they can be plotted without the data.
        epochs: how many there will be.
        seed: of the codes that the samples are decoded from.
    """

    def __init__(self, test_images, test_labels, epochs, seed=0):
        super().__init__()
        self.test_images, self.test_labels, self.seed = test_images, test_labels, seed
        every = math.ceil(epochs / 5)
        self.epochs = {0, epochs, *range(0, epochs, every)}
        names = "epochs", "samples", "codes", "grid", "prior", "prior_limit"
        self._taken = {name: [] for name in names}

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
        if not isinstance(model.prior, StandardNormal):
            taken["prior"], taken["prior_limit"] = _lattice(model, taken["codes"])
        for name, value in taken.items():
            self._taken[name].append(value)

    def arrays(self):
        """What was kept so far, k times.

        Returns:
            dict: labels (n,); epochs (k,); samples (k, 64, 28, 28, 1), uint8; codes
            (k, n, latent_dim); for two latent dimensions grid (k, 256, 28, 28, 1), uint8. For a
            prior other than N(0, I) its log density on a square of the plane, prior (k, 201, 201),
            and how far that reaches, prior_limit (k,); prior (k, 0) where there is no plane.
        """
        taken = {name: np.array(values) for name, values in self._taken.items() if values}
        return {"labels": np.asarray(self.test_labels)} | taken

    def restore(self, arrays):
        """Take up what `arrays` gave before training was interrupted."""
        for name in arrays.keys() & self._taken.keys():
            self._taken[name] = list(arrays[name])


def _lattice(model, codes):
    """The prior's log density as `plotting.panels.lattice_of` gives it, as far as both reach."""
    farthest = max(np.abs(codes).max(), np.abs(model.prior.sample(10_000)).max())
    limit = max(LIMIT, 1.2 * float(farthest))
    if model.latent_dim != 2:
        return np.empty(0, "float32"), limit
    places = grid_codes(PRIOR_SIDE, limit)
    log_density = ops.convert_to_numpy(model.prior.log_density(places))
    return log_density.reshape(PRIOR_SIDE, PRIOR_SIDE)[::-1], limit


def _to_bytes(images):
    return np.round(images * 255).astype(np.uint8)
