"""Compute the true posteriors of many images in one pass over a grid of codes."""

import warnings
from dataclasses import dataclass

import numpy as np

from vaelib import losses
from vaelib.measures import likelihood
from vaelib.measures.code_grid import default_limit
from vaelib.measures.pixel_densities import pixel_log_density
from vaelib.models import VAE
from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_number
from vaelib.support.image_arrays import check_images, to_unit_interval
from vaelib.support.latent_grid import grid_codes

REACH = 7.0  # nats: cells less probable than e^-7 times the maximum are left out
STEPS = 250  # per axis: 0.04 apart if codes lie within 4 of the origin, as in lesson 04
MIN_STEPS, MAX_STEPS = 20, 1_000
MAX_CELLS = 1_000_000  # maximum number of cells of all images together, for the size of the page


@dataclass(frozen=True)
class PosteriorGrid:
    """True posteriors p(z|x) of n images, stored for the k grid cells that are not negligible.

    Attributes:
        log_p: log p(x) of each image in nats, shape (n,), float64, the same as from
            `likelihood.log_likelihood` on this grid.
        side: Number of grid points per row, see `latent_grid.grid_codes`.
        limit: The grid spans [-limit, limit] on both axes.
        image: Index of the image of each stored cell, shape (k,), integers, increasing.
        cell: Index of the stored cell, shape (k,), integers, increasing for each image.
        below: How far the log posterior lies below its maximum for this image, shape (k,), in
            nats, from 0 to `REACH`.
    """

    log_p: np.ndarray
    side: int
    limit: float
    image: np.ndarray
    cell: np.ndarray
    below: np.ndarray

    @property
    def step(self) -> float:
        """Distance between neighboring grid points."""
        return 2 * self.limit / (self.side - 1)

    def most_probable_cells(self) -> np.ndarray:
        """Return the index of the most probable cell for each image, shape (n,)."""
        tops = np.flatnonzero(self.below == 0)
        _, first = np.unique(self.image[tops], return_index=True)  # takes the first of ties
        return self.cell[tops[first]]


def true_posteriors(model: VAE, images: np.ndarray, step: float | None = None) -> PosteriorGrid:
    """Compute the true posteriors of images by decoding every cell of a grid once.

        p(z|x) = p(x|z) p(z) / p(x),  log p(x) ~ log sum_cells p(x|z) p(z) area

    The grid is the one of `likelihood.log_likelihood`. It spans [-5, 5] on both axes, or 1 more
    than the largest coordinate of the images' codes.

    Args:
        model: A model with two latent dimensions. Its encoder determines only the size of the
            grid.
        images: Images, shape (n, *model.image_shape), uint8 or floats in [0, 1].
        step: Distance between neighboring grid points; by default an axis has 250 steps. If the
            posteriors are so wide that a page could not hold them, as they are after very short
            training, larger steps are used, with a warning. Wide posteriors do not need small
            steps.

    Raises:
        ValueError: If an axis would have fewer than 20 or more than 1,000 steps, or if the
            posteriors are too wide for the size of a page even with 20 steps.
    """
    flat = ops.reshape(to_unit_interval(check_images(images, model.image_shape)), (len(images), -1))
    limit = default_limit(model, images)
    steps = STEPS if step is None else 2 * limit / check_number("step", step, above=0)
    if not MIN_STEPS <= steps <= MAX_STEPS:
        raise ValueError(
            f"a step of {step:g} divides the axis from {-limit:g} to {limit:g} into {steps:,.3g} "
            f"steps: choose it so that there are from {MIN_STEPS} to {MAX_STEPS:,}."
        )
    first = steps
    while (found := _on_grid(model, flat, 1 + round(steps), limit)) is None:
        if steps == MIN_STEPS:
            raise ValueError(
                f"the posteriors of {len(images):,} images cover more than {MAX_CELLS:,} cells of "
                "the coarsest grid, which a page can't hold: show fewer images, such as count="
                f"{max(1, len(images) // 4)}, or train the model longer, so that they are narrower."
            )
        steps = max(MIN_STEPS, steps // 2)
    if steps < first:
        warnings.warn(
            f"the posteriors are so wide that a page could hold them only with a step of "
            f"{2 * limit / steps:.2g} instead of {2 * limit / first:.2g}; train the model longer, "
            "or show fewer images",
            stacklevel=2,
        )
    return found


def _on_grid(model: VAE, flat: Tensor, side: int, limit: float) -> PosteriorGrid | None:
    """Compute the posteriors of flattened images, or return None if they are too many cells."""
    codes, density = grid_codes(side, limit), pixel_log_density(model)
    total, peak = np.full((2, len(flat)), -np.inf)
    kept, size = [np.zeros((3, 0))], model.chunk_size(likelihood.CELLS_PER_CHUNK)
    for start in range(0, len(codes), size):
        part = ops.convert_to_tensor(codes[start : start + size])
        logits = ops.reshape(model.decoder(part), (len(part), -1))
        log_p = density(flat, logits)  # (n, len(part))
        log_joint = log_p + ops.cast(model.prior.log_density(part), log_p.dtype)
        total = np.logaddexp(total, ops.convert_to_numpy(losses.logsumexp(log_joint)))
        log_joint = ops.convert_to_numpy(log_joint)
        peak = np.maximum(peak, log_joint.max(axis=1))
        image, cell = np.nonzero(log_joint >= peak[:, None] - REACH)
        kept.append(np.stack([image, cell + start, log_joint[image, cell]]))
        if sum(each.shape[1] for each in kept) > 2 * MAX_CELLS:
            kept = [_pruned(kept, peak)]
            if kept[0].shape[1] > MAX_CELLS:
                return None
    image, cell, value = _pruned(kept, peak)
    if len(cell) > MAX_CELLS:
        return None
    image, cell = image.astype(int), cell.astype(int)
    order = np.lexsort((cell, image))
    below = (peak[image] - value)[order]
    log_area = 2 * np.log(2 * limit / (side - 1))
    return PosteriorGrid(total + log_area, side, limit, image[order], cell[order], below)


def _pruned(kept: list[np.ndarray], peak: np.ndarray) -> np.ndarray:
    """Keep (image, cell, log joint) where the log joint is at most `REACH` below the peak."""
    kept = np.concatenate(kept, axis=1)
    return kept[:, kept[2] >= peak[kept[0].astype(int)] - REACH]


def estimate_elbo(model: VAE, images: np.ndarray, draws: int = 10) -> np.ndarray | None:
    """Estimate the ELBO of each image as the mean over several samples from q(z|x).

    Args:
        model: The model.
        images: Images, shape (n, *model.image_shape), uint8 or floats in [0, 1].
        draws: Number of samples, each an estimate by `likelihood.elbo`.

    Returns:
        The ELBO of each image in nats, shape (n,), or None if codes are deterministic, because
        there is no q(z|x).
    """
    if not model.objective.sampled:
        return None
    return np.mean([likelihood.elbo(model, images, draw) for draw in range(draws)], axis=0)
