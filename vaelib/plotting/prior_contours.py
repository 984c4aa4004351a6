"""Plot a prior into a latent space: the contour that contains 95 % of its probability."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

# A circle with this radius contains 95 % of a two-dimensional standard normal distribution.
PRIOR_RADIUS = np.sqrt(-2 * np.log(0.05))


class PriorDensity(Protocol):
    """A prior that can be plotted, such as the prior of a model."""

    def log_density(self, z: np.ndarray) -> ArrayLike:
        """Return the log density of codes z, shape (n, latent_dim), in nats, shape (n,)."""

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return n sampled codes, shape (n, latent_dim)."""


def plot_prior(
    ax: Axes, prior_grid: tuple[float, np.ndarray] | None = None, color: str = "0.35"
) -> None:
    """Plot a dashed line that contains 95 % of the prior, a circle for the standard normal.

    Args:
        ax: Axes to plot into.
        prior_grid: The prior's log density as from `prior_grid_around`, or None for the standard
            normal. If it is empty, nothing is plotted.
        color: Color of the line, in any form that Matplotlib accepts.
    """
    style = dict(linewidths=1.2, linestyles=[(0, (4, 3))])
    if prior_grid is None:
        circle = Circle((0, 0), PRIOR_RADIUS, fill=False, color=color, lw=1.2, ls=(0, (4, 3)))
        ax.add_patch(circle)
        return
    limit, log_density = prior_grid
    if np.size(log_density) == 0:  # the prior is not two-dimensional
        return
    axis = np.linspace(-limit, limit, len(log_density))
    # The log density is interpolated, because it is closer to linear between two grid points.
    level = density_levels(log_density, [0.95])
    ax.contour(axis, axis, log_density, level, colors=[color], **style)


def prior_grid_around(prior: PriorDensity | None) -> tuple[float, np.ndarray] | None:
    """Evaluate a prior's log density on a grid that covers the prior, for `plot_prior`.

    Args:
        prior: A prior, or None for the standard normal.

    Returns:
        The limit and the log density as from `prior_density_grid`. The log density is empty, shape
        (0,), if the prior does not have two dimensions. None for the standard normal.
    """
    if prior is None or getattr(prior, "is_standard_normal", False):
        return None
    samples = prior.sample(10_000)
    limit = 1.2 * float(np.abs(samples).max())
    return prior_density_grid(prior, limit) if samples.shape[1] == 2 else (limit, np.empty(0))


def prior_grid_in(snapshots: dict[str, np.ndarray], i: int) -> tuple[float, np.ndarray] | None:
    """Return the prior's limit and log density in snapshot i, or None for the standard normal."""
    return (snapshots["prior_limit"][i], snapshots["prior"][i]) if "prior" in snapshots else None


def prior_density_grid(
    prior: PriorDensity, limit: float, side: int = 201
) -> tuple[float, np.ndarray]:
    """Evaluate a prior's log density on a square grid of codes.

    Args:
        prior: An object with a method `log_density`.
        limit: The grid spans [-limit, limit] on both axes.
        side: Number of grid points per row.

    Returns:
        The limit, and the log density in nats, shape (side, side), with z1 increasing along
        columns and z2 along rows, from the first row to the last.
    """
    axis = np.linspace(-limit, limit, side, dtype="float32")
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return limit, np.asarray(prior.log_density(codes)).reshape(side, side)


def density_levels(log_density: np.ndarray, shares: Iterable[float]) -> list[float]:
    """Compute the contour levels that contain given shares of a distribution.

    Args:
        log_density: Log density on a grid with equal cells, in nats, of any shape.
        shares: Probabilities in (0, 1], such as 0.95.

    Returns:
        For each share the log density above which the grid contains it, in increasing order.
    """
    falling = np.sort(log_density, axis=None)[::-1].astype("float64")
    reached = np.cumsum(np.exp(falling - falling[0]))  # exp(falling) would underflow to 0
    return [falling[np.searchsorted(reached, s * reached[-1])] for s in sorted(shares)[::-1]]
