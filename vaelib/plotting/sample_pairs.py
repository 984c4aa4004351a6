"""Plot pairs of samples side by side, to see what a number says that compares them."""

import numpy as np
from matplotlib.figure import Figure

from vaelib.plotting.panels import COLORS, axis_limit, new_figure, set_latent_axes
from vaelib.plotting.text import plain


def sample_pairs(pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Plot pairs of samples in two dimensions, one panel per pair, all on one scale.

    Args:
        pairs: For each panel its title and the two samples, shape (n, 2) and (m, 2). The first
            sample is blue and the second orange.

    Raises:
        ValueError: If a sample does not have shape (n, 2).
    """
    samples = [np.asarray(sample) for pair in pairs.values() for sample in pair]
    for sample in samples:
        if sample.ndim != 2 or sample.shape[1] != 2:
            raise ValueError(f"a sample of shape {sample.shape}: expected (n, 2).")
    limit = axis_limit(np.concatenate(samples))
    figure, axes = new_figure(1, len(pairs), size=2.7, aspect=1.15)
    names = "first sample", "second sample"
    for ax, (title, pair) in zip(axes[0], pairs.items(), strict=True):
        for sample, color, name in zip(pair, COLORS[:2], names, strict=True):
            dots = dict(s=6, lw=0, alpha=0.6, rasterized=True)
            ax.scatter(*np.transpose(sample), color=color, label=name, **dots)
        set_latent_axes(ax, limit, across="", upright="")
        ax.set_title(plain(title))
    below = dict(loc="outside lower center", ncols=2, markerscale=3, frameon=False)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), **below)
    return figure
