"""Plot approximate and true posteriors of single images, and the aggregate posterior."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from vaelib.plotting.panels import (
    COLORS,
    HALO,
    axis_limit,
    new_figure,
    plot_samples,
    set_latent_axes,
)
from vaelib.plotting.prior_contours import PriorDensity, plot_prior, prior_grid_around
from vaelib.plotting.text import SHORT, plain
from vaelib.support.latent_grid import grid_codes
from vaelib.support.rng import named_rng

ENCODER = "#c2185b"  # color of approximate posteriors that are compared with true ones


def approximate_posteriors(
    codes: np.ndarray,
    z_mean: np.ndarray,
    z_log_var: np.ndarray,
    deviations: float = 2,
    names: Sequence[str] | None = None,
) -> Figure:
    """Plot the approximate posteriors q(z|x) of a few images as ellipses over all codes.

    The first panel shows the whole latent space, and each other panel one ellipse from close up.

    Args:
        codes: Latent codes of all images, shape (n, 2), plotted in gray.
        z_mean: Posterior means of the few images, shape (m, 2).
        z_log_var: Logarithms of their posterior variances, shape (m, 2).
        deviations: Radius of the ellipses in standard deviations.
        names: What each of the few images shows, or None for "image 1" and so on.
    """
    names = names or [f"image {i + 1}" for i in range(len(z_mean))]
    figure, axes = new_figure(1, 1 + len(z_mean), size=2.9)
    overview, *close_ups = axes[0]
    limit = axis_limit(codes)
    overview.set(xlim=(-limit, limit), ylim=(-limit, limit), title="latent space")
    plot_prior(overview)
    widths = 2 * deviations * np.exp(np.asarray(z_log_var) / 2)
    each = zip(z_mean, widths, close_ups, names, strict=True)
    for i, (mean, width, ax, name) in enumerate(each):
        color = COLORS[i % len(COLORS)]
        half = 1.2 * max(widths.max(axis=1)) / 2
        ax.set(
            xlim=mean[0] + [-half, half],
            ylim=mean[1] + [-half, half],
            title=f"q(z|x) of {name}",
        )
        side = -1 if mean[0] > 0 else 1  # towards the middle, so that the name is inside
        overview.annotate(
            *(name.removeprefix("image "), mean, (6 * side, 6)),
            **dict(textcoords="offset points", color=color, weight="bold", path_effects=HALO),
            ha="right" if side < 0 else "left",
        )
        for panel in (overview, ax):
            panel.add_patch(Ellipse(mean, *width, color=color, alpha=0.6, lw=0))
    for ax in axes[0]:
        ax.scatter(*codes.T, s=2 if ax is overview else 6, c="0.6", lw=0, zorder=0)
        ax.set(xlabel="z1", ylabel="z2", aspect="equal")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(4))  # more would overlap
    return figure


def aggregate_posterior(
    z_mean: np.ndarray,
    z_log_var: np.ndarray,
    ellipses: int = 300,
    deviations: float = 2,
    seed: int = 0,
    prior: PriorDensity | None = None,
) -> Figure:
    """Plot single approximate posteriors q(z|x), and the aggregate posterior q(z) over the prior.

    The aggregate posterior is shown by one sample per image, over the same number of samples from
    the prior.

    Args:
        z_mean: Posterior means of n images, shape (n, 2).
        z_log_var: Logarithms of their posterior variances, shape (n, 2).
        ellipses: Number of approximate posteriors that are plotted as ellipses.
        deviations: Radius of the ellipses in standard deviations.
        seed: Seed of the samples.
        prior: The model's prior, or None for the standard normal.
    """
    figure, axes = new_figure(1, 2, size=4.4)
    std = np.exp(np.asarray(z_log_var) / 2)
    for mean, deviation in zip(z_mean[:ellipses], std, strict=False):
        ellipse = Ellipse(mean, *(2 * deviations * deviation), fill=False, color=COLORS[0], lw=0.7)
        axes[0, 0].add_patch(ellipse)
    noise = named_rng(seed, "noise").standard_normal(z_mean.shape)
    of_prior = named_rng(seed, "samples").standard_normal(z_mean.shape)
    prior_grid = prior_grid_around(prior)
    if prior_grid is not None:
        of_prior = prior.sample(len(z_mean), seed)
    dots = dict(s=2, lw=0, alpha=0.5, rasterized=True)
    axes[0, 1].scatter(*of_prior.T, color=COLORS[1], label="prior", **dots)
    axes[0, 1].scatter(*(z_mean + std * noise).T, color=COLORS[0], label="codes", **dots)
    axes[0, 1].legend(loc="upper right", markerscale=6, framealpha=1)
    titles = "approximate posteriors q(z|x)", "aggregate posterior q(z)"
    for ax, title in zip(axes[0], titles, strict=True):
        plot_prior(ax, prior_grid)
        set_latent_axes(ax, axis_limit(z_mean))
        ax.set_title(title)
    return figure


def true_posteriors(
    images: np.ndarray,
    posteriors: np.ndarray,
    side: int,
    limit: float,
    z_mean: np.ndarray,
    z_log_var: np.ndarray,
    deviations: float = 2,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Plot each image above its true posterior (blue) and its approximate posterior (ellipse).

    Args:
        images: Images, shape (n, height, width, channels), n at least 1.
        posteriors: True posterior probabilities of the codes of a square grid, shape
            (n, side * side), as from `likelihood.true_posterior` on `latent_grid.grid_codes`.
        side: Number of grid points per row.
        limit: The grid spans [-limit, limit] on both axes.
        z_mean: Means of the approximate posteriors, shape (n, 2).
        z_log_var: Logarithms of their variances, shape (n, 2).
        deviations: Radius of the ellipses in standard deviations.
        titles: A short text above each image, or None.
    """
    codes = grid_codes(side, limit)
    figure, axes = plt.subplots(
        *(2, len(images)),
        **dict(figsize=(2.1 * len(images), 3.5), dpi=110),
        **dict(squeeze=False, layout="constrained", height_ratios=(1, 2)),
    )
    plt.close(figure)
    for i, (image, density) in enumerate(zip(images, posteriors, strict=True)):
        plot_samples(axes[0, i], image[None], columns=1)
        ax = axes[1, i]
        # On a log scale, because a second mode is often much lower. Below e^-9 it counts as 0.
        shown = np.log(density.reshape(side, side) / density.max() + np.exp(-9))
        ax.imshow(shown, extent=(-limit, limit, -limit, limit), cmap="Blues")
        width = 2 * deviations * np.exp(z_log_var[i] / 2)
        ax.add_patch(Ellipse(z_mean[i], *width, fill=False, color=ENCODER, lw=1.5))
        # Show the ellipse and the part of the true posterior that is not negligible.
        places = np.concatenate([codes[density > 0.01 * density.max()], z_mean[i][None]])
        middle, half = (places.max(0) + places.min(0)) / 2, np.ptp(places, axis=0).max() / 2 + 0.4
        ax.set(xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half])
        ax.set(xlabel="z1", ylabel="z2" if i == 0 else None)
    for ax, title in zip(axes[0], titles or (), strict=titles is not None):
        ax.set_title(plain(title))
    word = f"approximate posterior, {deviations} standard deviations"
    handles = [
        Patch(color=plt.get_cmap("Blues")(0.8), label="true posterior"),
        Line2D([], [], color=ENCODER, label=word),
    ]
    columns = 2 if len(images) > 2 else 1  # a narrow figure has no space for both in one row
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
    return figure


def elbo_gaps(gap: ArrayLike, labels: ArrayLike, class_names: Sequence[str]) -> Figure:
    """Plot the gap between log p(x) and the ELBO as one dot per image, in one row per class.

    The first row shows all images. The classes follow, sorted by their mean gap, largest first. The
    axis is linear up to one nat, because estimated gaps can be negative, and logarithmic beyond.

    Args:
        gap: log p(x) - ELBO of each image in nats, shape (n,).
        labels: Class of each image, shape (n,), integers from 0.
        class_names: A name for each label.
    """
    gap, labels = np.asarray(gap), np.asarray(labels)
    present = sorted(np.unique(labels), key=lambda label: -gap[labels == label].mean())
    # A list and not a dict, because a class may be called "all", or like another one when cut.
    names = ["all", *(plain(class_names[label], SHORT) for label in present)]
    rows = [gap, *(gap[labels == label] for label in present)]
    figure, axes = new_figure(1, 1, size=7.0, aspect=0.1 + 0.045 * len(rows))
    ax = axes[0, 0]
    scatter = named_rng(0, "places of the dots").uniform(-0.3, 0.3, len(gap))
    for row, values in enumerate(rows):
        dots = dict(s=5, lw=0, alpha=0.5, color="0.35" if row == 0 else COLORS[0])
        ax.scatter(values, row + scatter[: len(values)], **dots)
    middle = dict(s=230, marker="|", color="black", lw=2, zorder=3)
    mean = dict(s=45, marker="D", color="white", edgecolor=ENCODER, linewidth=1.8, zorder=4)
    ax.scatter([np.median(v) for v in rows], range(len(rows)), label="median", **middle)
    ax.scatter([np.mean(v) for v in rows], range(len(rows)), label="mean", **mean)
    ax.set_xscale("symlog", linthresh=1)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_yticks(range(len(rows)), names)
    ax.set(
        ylim=(len(rows) - 0.4, -0.6), xlabel="gap, nats (linear scale up to 1, logarithmic beyond)"
    )
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
