"""What the latent space looked like on the way: the arrays behind the post's three pictures."""

import numpy as np

from vaelib.backend import keras, ops
from vaelib.grid import LIMIT, grid_codes
from vaelib.priors import StandardNormal

PRIOR_SIDE = 201  # points in a row where the prior's density is kept
SAMPLES = 64  # images decoded from the same codes each time, where the prior stays the same
# Most happens in the first steps. All but 0 are multiples of the steps that `fit` executes at once.
STEPS = 0, 50, 200, 600, 1_200


class Snapshots(keras.callbacks.Callback):
    """Keeps samples, test codes and grid after 0, 50, 200, 600, 1,200 steps, and after the last.

    Args:
        test_images: (n, height, width, channels), uint8.
        test_labels: (n,), kept beside the codes so that they can be plotted without the data.
        epochs, steps_per_epoch: how many there will be.
        seed: of the codes that the samples are decoded from.
    """

    def __init__(self, test_images, test_labels, epochs, steps_per_epoch, seed=0):
        super().__init__()
        self.test_images, self.test_labels, self.seed = test_images, test_labels, seed
        self.steps_per_epoch = steps_per_epoch
        self.steps = {*STEPS, epochs * steps_per_epoch}
        names = "steps", "samples", "codes", "grid", "prior", "prior_limit"
        self._taken = {name: [] for name in names}

    def on_train_begin(self, logs=None):
        if not self._taken["steps"]:
            self._take(0)

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch, logs=None):
        step = self.before + batch + 1
        if step in self.steps:
            self._take(step)

    def _take(self, step):
        model = self.model
        taken = {
            "steps": step,
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
            dict: labels (n,); steps (k,); samples (k, 64, *image_shape), uint8; codes
            (k, n, latent_dim); for two latent dimensions grid (k, 256, *image_shape), uint8. For a
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
    with np.errstate(invalid="ignore"):  # where weights are NaN, the next step stops training
        return np.round(images * 255).astype(np.uint8)
