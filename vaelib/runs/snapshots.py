"""Record samples, codes and decoded grids at several steps of a training run.

The three kinds of figures in the blog post that the course examines are drawn from these arrays.
"""

import math

import numpy as np

from vaelib.data import Dataset
from vaelib.models import VAE
from vaelib.priors import STANDARD_NORMAL, StandardNormal
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, ops
from vaelib.support.latent_grid import LIMIT, grid_codes

PRIOR_SIDE = 201  # points per dimension of the grid on which the density of the prior is stored
SAMPLES = 64  # sampled images; unless the prior is trained, their codes are the same each time
# The latent space changes most in the first steps. All numbers but 0 are multiples of the number
# of steps that `training.fit` executes at once.
STEPS = 0, 50, 200, 600, 1_200


def planned_bytes(recipe: Recipe, dataset: Dataset) -> int:
    """Return how many bytes the arrays of `Snapshots` will have after a training run.

    Args:
        recipe: The recipe of the run.
        dataset: The data that it will be trained on.
    """
    steps = recipe.epochs * math.ceil(len(dataset.train_images) / recipe.batch_size)
    count = len({*(step for step in STEPS if step < steps), steps})
    n, pixels = len(dataset.test_images), math.prod(recipe.image_shape)
    one = 8 + SAMPLES * pixels + 4 * n * recipe.latent_dim  # 8 for the number of the step
    if recipe.latent_dim == 2 and not recipe.condition:
        one += len(grid_codes()) * pixels
    if recipe.prior != STANDARD_NORMAL:
        one += 8 + (4 * PRIOR_SIDE**2 if recipe.latent_dim == 2 else 0)
    return count * one + dataset.test_labels.nbytes


class Snapshots(keras.callbacks.Callback):
    """Take snapshots of a model after 0, 50, 200, 600 and 1,200 steps and after the last step.

    Args:
        test_images: Shape (n, height, width, channels), uint8.
        test_labels: Shape (n,). They are stored with the codes, so that the codes can be plotted
            without loading the data.
        epochs: Number of epochs of the training run.
        steps_per_epoch: Number of steps in each epoch.
        seed: Seed of the sampled images.
    """

    def __init__(
        self,
        test_images: np.ndarray,
        test_labels: np.ndarray,
        epochs: int,
        steps_per_epoch: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.test_images, self.test_labels, self.seed = test_images, test_labels, seed
        self.steps_per_epoch = steps_per_epoch
        self.steps = {*STEPS, epochs * steps_per_epoch}
        names = "steps", "samples", "codes", "grid", "prior", "prior_limit"
        self._taken = {name: [] for name in names}

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Take the first snapshot, unless the run is being resumed (called by Keras)."""
        if not self._taken["steps"]:
            self._take(0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compute the number of steps before this epoch (called by Keras)."""
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Take a snapshot if one is due after this step (called by Keras)."""
        step = self.before + batch + 1
        if step in self.steps:
            self._take(step)

    def _take(self, step: int) -> None:
        model = self.model
        taken = {
            "steps": step,
            "samples": _to_bytes(model.sample(SAMPLES, seed=self.seed)),
            "codes": model.encode(self.test_images, self.test_labels if model.condition else None),
        }
        if model.latent_dim == 2 and not model.condition:
            taken["grid"] = _to_bytes(model.decode(grid_codes()))
        if not isinstance(model.prior, StandardNormal):
            taken["prior"], taken["prior_limit"] = _density_grid(model, taken["codes"])
        for name, value in taken.items():
            self._taken[name].append(value)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the k snapshots taken so far.

        Returns:
            A dict with these entries:

            - "labels": the test labels, (n,)
            - "steps": number of training steps before each snapshot, (k,)
            - "samples": sampled images, (k, 64, *image_shape), uint8
            - "codes": mean codes of the test images, (k, n, latent_dim)
            - "grid": images decoded from `grid_codes()`, (k, 256, *image_shape), uint8; for two
              latent dimensions and models without a condition only
            - "prior": log density of the prior on a square grid, (k, 201, 201), or (k, 0) if there
              are not two latent dimensions; for priors other than N(0, I) only
            - "prior_limit": that grid spans [-limit, limit]^2, (k,); for the same priors only
        """
        taken = {name: np.array(values) for name, values in self._taken.items() if values}
        return {"labels": np.asarray(self.test_labels)} | taken

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore the snapshots of an interrupted training run from the result of `arrays`."""
        for name in arrays.keys() & self._taken.keys():
            self._taken[name] = list(arrays[name])


def _density_grid(model: VAE, codes: np.ndarray) -> tuple[np.ndarray, float]:
    """Compute the log density of the prior on a grid that covers the prior and the codes.

    The layout is that of `plotting.prior_contours.prior_density_grid`.
    """
    farthest = max(np.abs(codes).max(), np.abs(model.prior.sample(10_000)).max())
    limit = max(LIMIT, 1.2 * float(farthest))
    if model.latent_dim != 2:
        return np.empty(0, "float32"), limit
    points = grid_codes(PRIOR_SIDE, limit)
    log_density = ops.convert_to_numpy(model.prior.log_density(points))
    return log_density.reshape(PRIOR_SIDE, PRIOR_SIDE)[::-1], limit


def _to_bytes(images: np.ndarray) -> np.ndarray:
    # NaN is ignored here, because training stops at the next step if weights are NaN.
    with np.errstate(invalid="ignore"):
        return np.round(images * 255).astype(np.uint8)
