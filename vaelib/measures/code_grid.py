"""Choose a grid of codes for a model, and find the most probable code of each image on a grid.

Both work for models with an encoder and for a GAN, which has none.
"""

import numpy as np

from vaelib.conditioning import check_no_condition
from vaelib.gans import GAN
from vaelib.measures.pixel_densities import PixelLogDensity, pixel_log_density
from vaelib.models import VAE
from vaelib.support.backend import ops
from vaelib.support.errors import check_number
from vaelib.support.image_arrays import check_images, to_unit_interval
from vaelib.support.latent_grid import grid_codes

CELLS = 500  # grid cells that are decoded at a time
LEAST_LIMIT = 5.0  # of a grid, see `default_limit`


def default_limit(model: VAE | GAN, images: np.ndarray) -> float:
    """Return half the width of a grid that covers the true posteriors of images.

    It is the largest coordinate of their mean codes plus 1, but at least 5. For a GAN, which has no
    encoder, it is 5. Fewer than two in a million samples of the prior lie outside of such a grid.
    """
    if isinstance(model, GAN):
        return LEAST_LIMIT
    return max(1.0 + float(np.abs(model.encode(images)).max()), LEAST_LIMIT)


def most_probable_codes(
    model: VAE | GAN,
    images: np.ndarray,
    step: float = 0.1,
    limit: float = 5.0,
    log_p_x_given_z: PixelLogDensity | None = None,
) -> np.ndarray:
    """Find the code with the largest true posterior p(z|x) of each image on a grid of codes.

        argmax over z of  log p(x|z) + log p(z)

    The decoder alone determines it. For a GAN, the decoded code is therefore the most similar image
    that the GAN generates, among those that it does not generate too rarely.

    Args:
        model: A `VAE` or a `GAN` with latent_dim 2 and without a condition.
        images: Shape (n, *model.image_shape), uint8 or floats in [0, 1].
        step: Distance of neighboring codes on the grid, above 0.
        limit: The grid spans [-limit, limit]^2, above 0.
        log_p_x_given_z: As for `likelihood.log_likelihood`.

    Returns:
        One code for each image, shape (n, 2), float32.

    Raises:
        ValueError: If latent_dim is not 2, if `step` or `limit` is not positive, or if
            `check_images` rejects the images.

    >>> from vaelib.gans import GAN
    >>> most_probable_codes(GAN(), np.zeros((3, 28, 28, 1), "uint8"), step=1.0).shape
    (3, 2)
    """
    check_no_condition(model)
    if model.latent_dim != 2:
        raise ValueError(f"latent_dim is {model.latent_dim}: the grid needs 2 latent dimensions.")
    images = to_unit_interval(check_images(images, model.image_shape))
    flat = ops.reshape(images, (len(images), -1))
    limit, step = check_number("limit", limit, above=0), check_number("step", step, above=0)
    codes = grid_codes(1 + max(1, round(2 * limit / step)), limit)
    density, size = log_p_x_given_z or pixel_log_density(model), model.chunk_size(CELLS)
    highest, found = np.full(len(flat), -np.inf), np.zeros(len(flat), int)
    for start in range(0, len(codes), size):
        part = ops.convert_to_tensor(codes[start : start + size])
        log_p = density(flat, ops.reshape(model.decoder(part), (len(part), -1)))
        log_joint = log_p + ops.cast(model.prior.log_density(part), log_p.dtype)
        log_joint = ops.convert_to_numpy(log_joint)
        cell = log_joint.argmax(axis=1)
        value = log_joint[np.arange(len(flat)), cell]
        found[value > highest] = cell[value > highest] + start
        highest = np.maximum(highest, value)
    return codes[found]
