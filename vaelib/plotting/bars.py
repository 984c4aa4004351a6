"""Bars: how far the encoder's lower bound lies below the log-likelihood, image by image."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from vaelib.plotting.panels import COLORS, plot_samples

BOUND, GAP = COLORS[0], COLORS[1]
ROOM = 0.45  # of a bound's bar that is shown, as a share of the widest gap
HIGH = 0.42  # a bar, where a row is 1


def bounds(images, elbo, gap, log_likelihood):
    """log p(x) = ELBO + gap, a bar for each image, all to one scale and ending where log p(x) is.

    The bound's bar is hundreds of nats long, so that only its end is shown and it fades out. A line
    marks log p(x), which is not computed from the other two: the bar of the gap should end there.

    Args:
        images: (n, height, width, channels).
        elbo, gap, log_likelihood: (n,), in nats, each computed on its own.

    Raises:
        ValueError: for other counts, or a gap below 0.
    """
    elbo, gap, log_likelihood = (np.asarray(v) for v in (elbo, gap, log_likelihood))
    if not elbo.shape == gap.shape == log_likelihood.shape == (len(images),):
        raise ValueError(
            f"{len(images)} images, bounds of shape {elbo.shape}, gaps of {gap.shape}, likelihoods "
            f"of {log_likelihood.shape}: expected a number of each for every image."
        )
    if not (gap >= 0).all():
        raise ValueError(f"gaps of {gap}: expected none below 0, for they are KL divergences.")
    figure, axes = plt.subplots(
        *(len(images), 2),
        **dict(figsize=(8.2, 1.15 * len(images) + 0.6), width_ratios=(1, 7), dpi=110),
        **dict(squeeze=False, layout="constrained"),
    )
    plt.close(figure)
    ends = elbo - log_likelihood  # where the bound is, seen from log p(x)
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
    axes[-1, 1].tick_params(bottom=True, labelbottom=True)
    axes[-1, 1].set_xlabel("nats, seen from log p(x)")
    return figure


def _write(ax, left, elbo, gap, log_likelihood):
    texts = [f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in (elbo, log_likelihood)]
    style = dict(size=11, va="bottom")
    ax.text(left, 0.3, f"ELBO {texts[0]}", ha="left", color=0.65 * BOUND, **style)
    ax.text(0.01 * left, 0.3, f"gap {gap:.2f}", ha="right", color=0.55 * GAP, **style)
    ax.text(-0.02 * left, 0, f"log p(x)\n{texts[1]}", size=11, va="center", color="0.1")
