"""True posteriors of many images in one pass over the plane, kept where they are not negligible."""

from dataclasses import dataclass

import numpy as np

from vaelib import losses
from vaelib.backend import ops
from vaelib.errors import check_number
from vaelib.grid import grid_codes
from vaelib.measures import likelihood
from vaelib.pixels import check_images, to_unit_interval

REACH = 7.0  # nats below its highest place: what is less probable than e^-7 of that is left out
STEPS = 250  # of the grid in a row: .04 apart where codes lie within 4, as in notebook 04
FEWEST_STEPS, MOST_STEPS = 20, 1_000
MOST = 1_000_000  # cells of all images together, as many as a page can hold


@dataclass(frozen=True)
class Posteriors:
    """log p(x) of n images, and for each the cells of a grid where p(z|x) is not negligible.

    Attributes:
        log_p: (n,), float64, in nats, as `likelihood.log_likelihood` has it on the same grid.
        side, limit: of the grid, see `grid.grid_codes`.
        image, cell: (k,), integers, by rising image, then cell: which cells are kept.
        below: (k,), nats below the highest place of that image's posterior, 0 to `REACH`.
    """

    log_p: np.ndarray
    side: int
    limit: float
    image: np.ndarray
    cell: np.ndarray
    below: np.ndarray

    @property
    def step(self):
        """The distance of neighbours on the grid."""
        return 2 * self.limit / (self.side - 1)

    def likeliest_cells(self):
        """The cell with the highest place of each posterior: (n,), integers."""
        tops = np.flatnonzero(self.below == 0)
        _, first = np.unique(self.image[tops], return_index=True)  # of equals, the first
        return self.cell[tops[first]]


def posteriors(model, images, step=None):
    """The `Posteriors` of images under a model, by decoding every cell of a grid once.

        p(z|x) = p(x|z) p(z) / p(x),  log p(x) ~ log sum_cells p(x|z) p(z) area

    The grid is that of `likelihood.log_likelihood`: it spans [-5, 5]^2, or reaches 1 farther than
    the model's codes of these images.

    Args:
        model: a `VAE` with latent_dim 2; its encoder says only how far the grid has to reach.
        images: (n, *model.image_shape), uint8 or in [0, 1].
        step: of the grid; by default there are 250 in a row.

    Raises:
        ValueError: for a step that makes fewer than 20 or more than 1,000 in a row, or for
            posteriors so wide that a page can't hold them.
    """
    flat = ops.reshape(to_unit_interval(check_images(images, model.image_shape)), (len(images), -1))
    limit = max(1.0 + float(np.abs(model.encode(images)).max()), 5.0)
    steps = STEPS if step is None else 2 * limit / check_number("step", step, above=0)
    if not FEWEST_STEPS <= steps <= MOST_STEPS:
        raise ValueError(
            f"a step of {step:g} makes {steps:,.3g} in a row from {-limit:g} to {limit:g}: choose "
            f"it so that there are from {FEWEST_STEPS} to {MOST_STEPS:,}."
        )
    side = 1 + round(steps)
    codes, density = grid_codes(side, limit), likelihood.density_of(model)
    total, peak = np.full((2, len(images)), -np.inf)
    kept, size = [np.zeros((3, 0))], model.at_once(likelihood.CELLS)
    for start in range(0, len(codes), size):
        part = ops.convert_to_tensor(codes[start : start + size])
        logits = ops.reshape(model.decoder(part), (len(part), -1))
        log_joint = density(flat, logits) + model.prior.log_density(part)  # (n, len(part))
        total = np.logaddexp(total, ops.convert_to_numpy(losses.logsumexp(log_joint)))
        log_joint = ops.convert_to_numpy(log_joint)
        peak = np.maximum(peak, log_joint.max(axis=1))
        image, cell = np.nonzero(log_joint >= peak[:, None] - REACH)
        kept.append(np.stack([image, cell + start, log_joint[image, cell]]))
        if sum(each.shape[1] for each in kept) > 2 * MOST:
            kept = [_pruned(kept, peak)]
            if kept[0].shape[1] > MOST:
                raise ValueError(
                    f"the posteriors of {len(images):,} images cover more than {MOST:,} cells, "
                    "which a page can't hold: show fewer images, or take a larger step."
                )
    image, cell, value = _pruned(kept, peak)
    image, cell = image.astype(int), cell.astype(int)
    order = np.lexsort((cell, image))
    below = (peak[image] - value)[order]
    log_area = 2 * np.log(2 * limit / (side - 1))
    return Posteriors(total + log_area, side, limit, image[order], cell[order], below)


def _pruned(kept, peak):
    """Of kept (image, cell, log joint) those that are within reach of the peak by now."""
    kept = np.concatenate(kept, axis=1)
    return kept[:, kept[2] >= peak[kept[0].astype(int)] - REACH]


def bounds(model, images, draws=10):
    """The ELBO of each image, the mean of `likelihood.elbo` over draws: (n,), in nats.

    None where the codes are deterministic: there is no q(z|x) to take it of.
    """
    if not model.objective.sampled:
        return None
    return np.mean([likelihood.elbo(model, images, draw) for draw in range(draws)], axis=0)
