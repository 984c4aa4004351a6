"""Plot how far the ELBO lies below the log-likelihood of each image."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelib.plotting.panels import COLORS, plot_samples

BOUND, GAP = COLORS[0], COLORS[1]
ROOM = 0.45  # length of the ELBO's bar that is shown, as a share of the widest gap
HIGH = 0.42  # height of a bar, where a row has height 1


def elbo_bars(
    images: np.ndarray, elbo: ArrayLike, gap: ArrayLike, log_likelihood: ArrayLike
) -> Figure:
    """Plot log p(x) = ELBO + gap as one row of bars per image, all on the same scale.

    The ELBO is hundreds of nats below zero, so only the end of its bar is shown and the rest fades
    out. A line marks log p(x). It is not computed from the other two numbers, so the reader can
    check that the bar of the gap ends there.

    Args:
        images: Images, shape (n, height, width, channels).
        elbo: Evidence lower bound of each image in nats, shape (n,).
        gap: KL divergence from q(z|x) to the true posterior in nats, shape (n,), at least 0 and
            computed independently of the other two.
        log_likelihood: log p(x) of each image in nats, shape (n,).

    Raises:
        ValueError: If the number of values differs from the number of images, or if a gap is
            negative.
    """
    elbo, gap, log_likelihood = (np.asarray(v) for v in (elbo, gap, log_likelihood))
    if not elbo.shape == gap.shape == log_likelihood.shape == (len(images),):
        raise ValueError(
            f"{len(images)} images, bounds of shape {elbo.shape}, gaps of {gap.shape}, likelihoods "
            f"of {log_likelihood.shape}: expected a number of each for every image."
        )
    if not (gap >= 0).all():
        raise ValueError(f"gaps of {gap}: expected none below 0, because a gap is a KL divergence.")
    figure, axes = plt.subplots(
        *(len(images), 2),
        **dict(figsize=(8.2, 1.15 * len(images) + 0.6), width_ratios=(1, 7), dpi=110),
        **dict(squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    ends = elbo - log_likelihood  # the ELBO on an axis on which log p(x) is 0
    left = min(ends.min(), -gap.max()) * (1 + ROOM)
    fading = LinearSegmentedColormap.from_list("fading", ["white", BOUND])
    for (pictured, ax), image, end, values in zip(
        axes, images, ends, zip(elbo, gap, log_likelihood, strict=True), strict=True
    ):
        plot_samples(pictured, image[None], columns=1)
        extent = (left, end, -HIGH / 2, HIGH / 2)
        ax.imshow([np.linspace(0, 1, 256)], cmap=fading, extent=extent, aspect="auto")
        ax.barh(0, values[1], HIGH, left=end, color=GAP, hatch="///", ec="white", lw=0)
        ax.plot([0, 0], [-0.36, 0.66], color="0.15", lw=2)
        _write(ax, left, *values)
        ax.set(xlim=(left, -0.2 * left), ylim=(-0.5, 0.75), yticks=[])
        ax.spines[:].set_visible(False)
        ax.tick_params(bottom=False, labelbottom=False)
    axes[-1, 1].spines["bottom"].set_visible(True)
    axes[-1, 1].spines["bottom"].set_bounds(left, 0)
    ticks = axes[-1, 1].get_xticks()
    axes[-1, 1].set_xticks(ticks[(ticks >= left) & (ticks <= 0)])  # none beside the axis
    axes[-1, 1].tick_params(bottom=True, labelbottom=True)
    axes[-1, 1].set_xlabel("difference from log p(x), nats")
    return figure


def _write(ax: Axes, left: float, elbo: float, gap: float, log_likelihood: float) -> None:
    texts = [f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in (elbo, log_likelihood)]
    style = dict(size=11, va="bottom")
    ax.text(left, 0.3, f"ELBO {texts[0]}", ha="left", color=0.65 * BOUND, **style)
    ax.text(0.01 * left, 0.3, f"gap {gap:.2f}", ha="right", color=0.55 * GAP, **style)
    ax.text(-0.02 * left, 0, f"log p(x)\n{texts[1]}", size=11, va="center", color="0.1")
