"""Draw the three models of the course side by side: autoencoder, VAE, and MMD-VAE."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

# All lengths and positions are in inches.
WIDTH, HEIGHT = 10.2, 6.3
COLUMNS = 1.9, 5.1, 8.3  # centers of the three models
IMAGE, ENCODER_Y, LATENT, DECODER_Y, OUTPUT, LOSS = 5.35, 4.62, 3.35, 2.08, 1.35, 0.80
HALF = 0.78  # half the side of a latent space
ENCODER, DECODER, LATENT_COLOR, PRIOR = "#2673b8", "#23796b", "#7a5fb5", "0.35"
TEXT = dict(ha="center", va="center", size=10.5, color="0.1")
# Means of the approximate posteriors, in units of HALF, and their standard deviations.
POINTS = np.array(
    [[-0.45, 0.30], [0.10, 0.50], [0.45, 0.12], [-0.12, -0.05], [-0.35, -0.42], [0.28, -0.40]]
)
SIZES = np.array(
    [[0.22, 0.14], [0.15, 0.22], [0.20, 0.20], [0.18, 0.13], [0.15, 0.21], [0.22, 0.15]]
)
# Codes of an autoencoder may be anywhere, in small groups and without a center.
ANYWHERE = np.array(
    [[-0.82, 0.80], [-0.68, 0.70], [0.72, -0.12], [0.85, -0.28], [0.10, -0.82], [0.86, 0.84]]
)


def three_models() -> Figure:
    """Draw an autoencoder, a VAE, and an MMD-VAE, which differ in their latent spaces.

    Each column shows a model from the image at the top to the reconstruction at the bottom. The
    latent spaces in the middle show what is compared with the prior, the dashed circle: nothing
    (autoencoder), the approximate posterior of each image (VAE), or all codes together (MMD-VAE).
    """
    figure = plt.figure(figsize=(WIDTH, HEIGHT), dpi=110)
    plt.close(figure)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT), aspect="equal")
    ax.set_axis_off()
    titles = "autoencoder", "VAE", "MMD-VAE"
    losses = (
        "loss = reconstruction term",
        "loss = reconstruction term\n" + r"+ KL$\,(q(z\mid x)\,\|\,p(z))$, for each image",
        "loss = reconstruction term\n" + r"+ MMD$^2\,(q(z),\, p(z))$, for all images together",
    )
    codes = "one point\nper image", "one distribution\nper image", "one point\nper image"
    compared = (
        "not compared\nwith a prior",
        "each ellipse\nis compared\nwith the prior",
        "all points\ntogether are\ncompared\nwith the prior",
    )
    for x, title, loss, what, code in zip(COLUMNS, titles, losses, compared, codes, strict=True):
        ax.text(x, HEIGHT - 0.28, title, **TEXT | dict(size=13, weight="bold"))
        _draw_shirt(ax, (x, IMAGE))
        _draw_shirt(ax, (x, OUTPUT), soft=True)
        _draw_network(ax, (x, ENCODER_Y), "encoder", ENCODER, wide_above=True)
        _draw_network(ax, (x, DECODER_Y), "decoder", DECODER, wide_above=False)
        for start, end in (
            (IMAGE - 0.31, ENCODER_Y + 0.24),
            (ENCODER_Y - 0.24, LATENT + HALF + 0.02),
            (LATENT - HALF - 0.02, DECODER_Y + 0.24),
            (DECODER_Y - 0.24, OUTPUT + 0.31),
        ):
            _draw_arrow(ax, (x, start), (x, end))
        box = dict(boxstyle="round,pad=0,rounding_size=0.06", fc="white", ec=LATENT_COLOR, lw=1.4)
        ax.add_patch(FancyBboxPatch((x - HALF, LATENT - HALF), 2 * HALF, 2 * HALF, **box))
        ax.text(x, LOSS, loss, **TEXT | dict(va="top"))
        ax.text(x + HALF + 0.08, LATENT + 0.34, code, **TEXT | dict(ha="left", size=9.5))
        ax.text(
            x + HALF + 0.08, LATENT - 0.30, what, **TEXT | dict(ha="left", size=9.5, color=PRIOR)
        )
    _draw_codes(ax)
    for y, words in (
        (IMAGE, "image x"),
        (LATENT, "latent\nspace,\ncodes z"),
        (OUTPUT, "recon-\nstruction"),
    ):
        ax.text(0.5, y, words, **TEXT | dict(weight="bold"))
    return figure


def _draw_codes(ax: Axes) -> None:
    """Draw the codes of each model, and for two of them the prior."""
    left, middle, right = (np.array([x, LATENT]) for x in COLUMNS)
    dots = dict(s=26, color=LATENT_COLOR, zorder=3)
    ax.scatter(*(left + 0.82 * HALF * ANYWHERE).T, **dots)
    for center in (middle, right):
        label = dict(size=9, color=PRIOR, ha="right", va="top")
        ax.text(*(center + 0.96 * HALF), "prior", **TEXT | label)
        ax.add_patch(Circle(center, 0.86 * HALF, fill=False, ec=PRIOR, lw=1.3, ls=(0, (4, 3))))
    for mean, size in zip(POINTS, SIZES, strict=True):
        shape = dict(color=LATENT_COLOR, alpha=0.45, lw=0, zorder=2)
        ax.add_patch(Ellipse(middle + HALF * mean, *(2 * HALF * size * 0.8), **shape))
    ax.scatter(*(middle + HALF * POINTS).T, **dots | dict(s=9))
    ax.add_patch(Circle(right, 0.74 * HALF, color=LATENT_COLOR, alpha=0.15, lw=0))
    ax.scatter(*(right + HALF * POINTS).T, **dots)


def _draw_network(
    ax: Axes, middle: tuple[float, float], name: str, color: str, wide_above: bool
) -> None:
    """Draw a network as a trapezoid that is wider where the image is."""
    x, y = middle
    wide, narrow, half = 0.78, 0.42, 0.22
    above, below = (wide, narrow) if wide_above else (narrow, wide)
    corners = [
        (x - above, y + half),
        (x + above, y + half),
        (x + below, y - half),
        (x - below, y - half),
    ]
    ax.add_patch(Polygon(corners, fc=color, alpha=0.25, ec="none"))
    ax.add_patch(Polygon(corners, fill=False, ec=color, lw=1.4, joinstyle="round"))
    ax.text(x, y, name, **TEXT)


def _draw_shirt(ax: Axes, middle: tuple[float, float], soft: bool = False) -> None:
    """Draw a T-shirt on black; the reconstruction (`soft`) is darker and has no print."""
    x, y = middle
    half = 0.28
    ax.add_patch(Rectangle((x - half, y - half), 2 * half, 2 * half, fc="black", ec="none"))
    body = [(0.35, -0.85), (0.35, 0.10), (0.62, -0.08), (0.88, 0.42), (0.35, 0.80), (0.18, 0.68)]
    shape = np.array([*body, *((-across, up) for across, up in body[::-1])])  # it is symmetric
    if soft:
        for grow, gray in ((1.0, "0.3"), (0.92, "0.5"), (0.82, "0.66")):
            ax.add_patch(Polygon(np.array(middle) + half * grow * shape, fc=gray, ec="none"))
        return
    ax.add_patch(Polygon(np.array(middle) + half * shape, fc="0.85", ec="none"))
    for high in (0.25, 0.05, -0.15):
        ax.plot([x - 0.2 * half, x + 0.2 * half], [y + high * half] * 2, color="0.25", lw=1.2)


def _draw_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    shape = dict(arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0, lw=1.4, color="0.3")
    ax.add_patch(FancyArrowPatch(start, end, **shape))
