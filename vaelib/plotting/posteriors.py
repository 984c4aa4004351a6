"""What an encoder says of single images: clouds on the plane, and the truth beside them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch

from vaelib.grid import grid_codes
from vaelib.plotting.panels import (
    COLORS,
    HALO,
    figure_of,
    frame_plane,
    lattice_around,
    plane_limit,
    plot_prior,
    plot_samples,
)
from vaelib.streams import stream

ENCODER = "#c2185b"  # what the encoder says, wherever the truth is beside it


def posteriors(codes, z_mean, z_log_var, deviations=2):
    """The clouds q(z|x) of a few images, as ellipses over all codes.

    Args:
        codes: (n, 2), plotted in grey.
        z_mean, z_log_var: (m, 2), of the few images.
        deviations: how many standard deviations the ellipses reach.
    """
    figure, axes = figure_of(1, 1 + len(z_mean), size=2.9)
    overview, *close_ups = axes[0]
    limit = plane_limit(codes)
    overview.set(xlim=(-limit, limit), ylim=(-limit, limit), title="the plane")
    plot_prior(overview)
    widths = 2 * deviations * np.exp(np.asarray(z_log_var) / 2)
    for i, (mean, width, ax) in enumerate(zip(z_mean, widths, close_ups, strict=True)):
        color = COLORS[i % len(COLORS)]
        half = 1.2 * max(widths.max(axis=1)) / 2
        ax.set(xlim=mean[0] + [-half, half], ylim=mean[1] + [-half, half], title=f"cloud {i + 1}")
        overview.annotate(
            *(str(i + 1), mean, (6, 6)),
            **dict(textcoords="offset points", color=color, weight="bold", path_effects=HALO),
        )
        for panel in (overview, ax):
            panel.add_patch(Ellipse(mean, *width, color=color, alpha=0.6, lw=0))
    for ax in axes[0]:
        ax.scatter(*codes.T, s=2 if ax is overview else 6, c="0.6", lw=0, zorder=0)
        ax.set(xlabel="z1", ylabel="z2", aspect="equal")
    return figure


def clouds(z_mean, z_log_var, ellipses=300, deviations=2, seed=0, prior=None):
    """The clouds q(z|x) one by one, and all together over as many samples of the prior.

    Args:
        z_mean, z_log_var: (n, 2).
        ellipses: how many of the n clouds are plotted one by one.
        deviations: how many standard deviations the ellipses reach.
        seed: of the samples.
        prior: the model's own, an object with `log_density` and `sample`; None for the standard
            normal.
    """
    figure, axes = figure_of(1, 2, size=4.4)
    spread = np.exp(np.asarray(z_log_var) / 2)
    for mean, deviation in zip(z_mean[:ellipses], spread, strict=False):
        ellipse = Ellipse(mean, *(2 * deviations * deviation), fill=False, color=COLORS[0], lw=0.7)
        axes[0, 0].add_patch(ellipse)
    noise = stream(seed, "noise").standard_normal(z_mean.shape)
    of_prior = stream(seed, "samples").standard_normal(z_mean.shape)
    lattice = lattice_around(prior)
    if lattice is not None:
        of_prior = prior.sample(len(z_mean), seed)
    dots = dict(s=2, lw=0, alpha=0.5, rasterized=True)
    axes[0, 1].scatter(*of_prior.T, color=COLORS[1], label="prior", **dots)
    axes[0, 1].scatter(*(z_mean + spread * noise).T, color=COLORS[0], label="codes", **dots)
    axes[0, 1].legend(loc="upper right", markerscale=6, framealpha=1)
    titles = "each image a cloud", "all clouds together"
    for ax, title in zip(axes[0], titles, strict=True):
        plot_prior(ax, lattice)
        frame_plane(ax, plane_limit(z_mean))
        ax.set_title(title)
    return figure


def true_posteriors(images, posteriors, side, limit, z_mean, z_log_var, deviations=2, titles=None):
    """For each image: itself, and its true posterior in blue, with a cloud as an ellipse.

    Args:
        images: (n, height, width, channels), n at least 1.
        posteriors: (n, side * side), as from `likelihood.posterior` on `grid.grid_codes`.
        side, limit: of that grid.
        z_mean, z_log_var: (n, 2), of the clouds, such as the encoder's.
        deviations: how many standard deviations the ellipses reach.
        titles: n short texts that stand over the images; None for none.
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
        # By its logarithm, for a second mode is often the smaller one; e^-9 is as good as nothing.
        shown = np.log(density.reshape(side, side) / density.max() + np.exp(-9))
        ax.imshow(shown, extent=(-limit, limit, -limit, limit), cmap="Blues")
        width = 2 * deviations * np.exp(z_log_var[i] / 2)
        ax.add_patch(Ellipse(z_mean[i], *width, fill=False, color=ENCODER, lw=1.5))
        # Around both the ellipse and where the truth is not negligible, wherever that may be.
        places = np.concatenate([codes[density > 0.01 * density.max()], z_mean[i][None]])
        middle, half = (places.max(0) + places.min(0)) / 2, np.ptp(places, axis=0).max() / 2 + 0.4
        ax.set(xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half])
        ax.set(xlabel="z1", ylabel="z2" if i == 0 else None)
    for ax, title in zip(axes[0], titles or (), strict=titles is not None):
        ax.set_title(title)
    handles = [
        Patch(color=plt.get_cmap("Blues")(0.8), label="true posterior"),
        Line2D([], [], color=ENCODER, label=f"cloud, {deviations} standard deviations"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def gaps(gap, labels, class_names):
    """The gap between likelihood and bound of each image: a dot, in the row of its class.

    The first row is of all images; the classes follow, those with the widest mean first. The axis
    is linear up to one nat, for a gap that is estimated may be negative, and logarithmic beyond.

    Args:
        gap: (n,), in nats.
        labels: (n,), integers.
        class_names: a name for each label.
    """
    gap, labels = np.asarray(gap), np.asarray(labels)
    present = sorted(np.unique(labels), key=lambda label: -gap[labels == label].mean())
    rows = {"all": gap} | {class_names[label]: gap[labels == label] for label in present}
    figure, axes = figure_of(1, 1, size=7.0, aspect=0.1 + 0.045 * len(rows))
    ax = axes[0, 0]
    scatter = stream(0, "places of the dots").uniform(-0.3, 0.3, len(gap))
    for row, values in enumerate(rows.values()):
        dots = dict(s=5, lw=0, alpha=0.5, color="0.35" if row == 0 else COLORS[0])
        ax.scatter(values, row + scatter[: len(values)], **dots)
    middle = dict(s=230, marker="|", color="black", lw=2, zorder=3)
    mean = dict(s=45, marker="D", color="white", edgecolor=ENCODER, linewidth=1.8, zorder=4)
    ax.scatter([np.median(v) for v in rows.values()], range(len(rows)), label="median", **middle)
    ax.scatter([np.mean(v) for v in rows.values()], range(len(rows)), label="mean", **mean)
    ax.set_xscale("symlog", linthresh=1)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="gap, nats")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
