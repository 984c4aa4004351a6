"""Draw a VAE: the shapes in its networks, the terms of its loss and the path of its gradients."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon

# All lengths and positions are in inches.
WIDTH, HEIGHT = 9.0, 6.5  # of the figure
LEFT, RIGHT = 0.95, 6.6  # centers of the first and the last column
TOP, MIDDLE, BOTTOM = 4.95, 3.2, 1.45  # centers of the rows: encoder, loss terms, decoder
LABELS, TITLES = 0.86, 1.17  # distances of shapes and titles from the center of their row
TALLEST, LONGEST = 1.15, 1.3  # heights of an image, and of a vector of a hundred numbers or more
FAR = np.array([0.30, 0.17])  # offset of a block's far side, for each inch of its depth
ENCODER, DECODER, LATENT, LOSS, PAPER = "#2673b8", "#23796b", "#7a5fb5", "#8a8475", "white"
FORWARD, BACKWARD = "0.3", "#cc4400"
TEXT = dict(ha="center", va="center", size=10.5, color="0.1")


def network_diagram(encoder: Iterable[Sequence[int]], decoder: Iterable[Sequence[int]]) -> Figure:
    """Draw a VAE from the image to the logits, with its loss terms and the path of the gradients.

    The encoder is at the top and runs to the right. The decoder is at the bottom and runs to the
    left, so that the image and its logits are on the same side. Blocks are drawn to scale: height
    and depth show the size of the image, and the width grows with the number of channels.

    Args:
        encoder: Shapes of the encoder's activations, from the image's (height, width, channels)
            to the last layer's output (2 * latent_dim,), which is split into mu and log sigma^2.
        decoder: Shapes of the decoder's activations, from the code's (latent_dim,) to the logits'
            (height, width, channels).

    Raises:
        ValueError: If the encoder's last shape does not match the decoder's first one, or its
            first shape does not match the decoder's last one.
    """
    encoder, decoder = ([tuple(shape) for shape in shapes] for shapes in (encoder, decoder))
    if encoder[-1] != (2 * decoder[0][0],) or encoder[0] != decoder[-1]:
        raise ValueError(
            f"an encoder from {encoder[0]} to {encoder[-1]} and a decoder from {decoder[0]} to "
            f"{decoder[-1]}: expected two outputs for each number of the code, and a logit for "
            "each pixel."
        )
    figure = plt.figure(figsize=(WIDTH, HEIGHT), dpi=110)
    plt.close(figure)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT), aspect="equal")
    ax.set_axis_off()
    scale = TALLEST / encoder[0][0]
    _draw_encoder(ax, encoder, scale)
    _draw_decoder(ax, decoder, scale)
    _draw_middle(ax, decoder[0][0])
    _draw_key(ax)
    return figure


def _draw_encoder(ax: Axes, shapes: list[tuple[int, ...]], scale: float) -> None:
    columns = np.linspace(LEFT, RIGHT, len(shapes))
    halves = _draw_blocks(ax, columns[:-1], TOP, shapes[:-1], scale, ENCODER)
    halves.append(0.96)  # mu and log sigma^2, which are drawn side by side
    _draw_words(ax, columns, TOP, 1, shapes[:-1], ("image x", "encoder", ENCODER))
    for i in range(len(shapes) - 1):
        left, right = columns[i] + halves[i], columns[i + 1] - halves[i + 1]
        # No gradient flows to the image, because it is data. It ends at the first layer's weights.
        _link(ax, (left, TOP), (right, TOP), back=i > 0)


def _draw_decoder(ax: Axes, shapes: list[tuple[int, ...]], scale: float) -> None:
    shapes = shapes[:0:-1]  # from left to right, without the code
    columns = np.linspace(LEFT, RIGHT, len(shapes))
    halves = _draw_blocks(ax, columns, BOTTOM, shapes, scale, DECODER)
    _draw_words(ax, columns, BOTTOM, -1, shapes, ("logits", "decoder", DECODER))
    for i in range(len(shapes) - 1):
        left, right = columns[i] + halves[i], columns[i + 1] - halves[i + 1]
        _link(ax, (right, BOTTOM), (left, BOTTOM))
    top = min(LONGEST, 0.013 * shapes[-1][0]) if len(shapes[-1]) == 1 else scale * shapes[-1][0]
    _link(ax, (RIGHT, MIDDLE - 0.24), (RIGHT, BOTTOM + top / 2 + 0.08))


def _draw_middle(ax: Axes, latent_dim: int) -> None:
    """Draw mu, log sigma^2, epsilon and z, and the terms of the loss."""
    mean, log_var = (RIGHT - 0.42, TOP), (RIGHT + 0.4, TOP)
    noise, likely, elbo = (RIGHT + 1.75, MIDDLE), (LEFT, MIDDLE), (2.75, MIDDLE)
    prior, posterior = (4.4, MIDDLE - 0.36), (4.4, MIDDLE + 0.36)
    _draw_box(ax, (RIGHT, TOP), 1.84, "", "0.75", high=0.66)
    _draw_box(ax, mean, 0.62, r"$\mu$", ENCODER)
    _draw_box(ax, log_var, 0.82, r"$\log\, \sigma^2$", ENCODER)
    for x, _ in (mean, log_var):
        ax.text(x, TOP + 0.52, f"{latent_dim}", **TEXT)
        _link(ax, (x, TOP - 0.37), (x, MIDDLE + 0.25))
    _draw_box(ax, (RIGHT, MIDDLE), 1.5, r"$z = \mu + \sigma\, \varepsilon$", LATENT)
    ax.text(RIGHT + 0.29, MIDDLE - 0.42, f"{latent_dim}", **TEXT)
    ax.add_patch(Circle(noise, 0.25, fc=PAPER, ec="0.2", lw=1.2))
    ax.text(*noise, r"$\varepsilon$", **TEXT | dict(size=13))
    outside = "noise from\noutside, " + r"$N(0, I)$:" + "\nno gradient"
    ax.text(noise[0], MIDDLE - 0.64, outside, **TEXT)
    _link(ax, (noise[0] - 0.25, MIDDLE), (RIGHT + 0.78, MIDDLE), back=False)
    stop = RIGHT + 1.12, MIDDLE - 0.16
    _draw_arrow(ax, (RIGHT + 0.78, stop[1]), stop, BACKWARD, head="-")
    ax.plot(*stop, "x", color=BACKWARD, ms=8, mew=2)
    _draw_box(ax, likely, 1.2, r"$\log\, p(x \mid z)$", LOSS)
    _draw_box(ax, prior, 1.2, r"$\log\, p(z)$", LOSS)
    _draw_box(ax, posterior, 1.2, r"$\log\, q(z \mid x)$", LOSS)
    _draw_box(ax, elbo, 0.9, "ELBO", LOSS, weight="bold")
    ax.text(elbo[0] - 0.3, MIDDLE - 0.6, "loss: minus its\nmean over a batch", **TEXT)
    for (_, y), sign in ((prior, "+"), (posterior, "\N{MINUS SIGN}")):
        near = MIDDLE + (y - MIDDLE) / 3
        _link(ax, (RIGHT - 0.78, near), (5.02, y))
        _link(ax, (3.78, y), (3.23, near))
        ax.text(3.5, y * 1.35 - 0.35 * near, sign, **TEXT | dict(size=13))
    _link(ax, (RIGHT - 0.8, TOP - 0.36), (5.0, MIDDLE + 0.6))
    _link(ax, (LEFT, TOP - 0.72), (LEFT, MIDDLE + 0.23), back=False)
    _link(ax, (LEFT, BOTTOM + 0.72), (LEFT, MIDDLE - 0.23))
    _link(ax, (LEFT + 0.62, MIDDLE), (2.28, MIDDLE))
    ax.text(1.93, MIDDLE + 0.22, "+", **TEXT | dict(size=13))


def _draw_key(ax: Axes) -> None:
    x = WIDTH - 1.5
    for y, words, style in ((0.62, "values", FORWARD), (0.3, "gradients", BACKWARD)):
        ends = (x, y), (x + 0.5, y)
        _draw_arrow(ax, *(ends if style == FORWARD else ends[::-1]), style)
        ax.text(x + 0.6, y, words, **TEXT | dict(ha="left"))


def _draw_blocks(ax, columns, y, shapes, scale, color):
    """Draw a block for each image and a bar for each vector; return half their widths."""
    halves = []
    for x, shape in zip(columns, shapes, strict=True):
        high, wide, far = min(LONGEST, 0.013 * shape[0]), 0.1, np.zeros(2)
        if len(shape) == 3:
            high, wide = scale * shape[0], min(0.6, 0.045 + 0.004 * shape[2])
            far = FAR * scale * shape[1]
        right, up = np.array([wide, 0]), np.array([0, high])
        near = np.array([x, y]) - (right + up + far) / 2
        for start, one, two, white in (
            (near, right, up, 0),
            (near + up, right, far, 0.65),
            (near + right, far, up, 0.35),
        ):
            corners = [start, start + one, start + one + two, start + two]
            shade = (1 - white) * np.array(to_rgb(color)) + white
            ax.add_patch(Polygon(corners, fc=shade, ec="0.2", lw=0.7, joinstyle="round"))
        halves.append((wide + far[0]) / 2 + 0.12)
    return halves


def _draw_words(ax, columns, y, side, shapes, words):
    first, title, color = words
    for x, shape in zip(columns, shapes, strict=False):
        ax.text(x, y + side * LABELS, " × ".join(f"{n:,}" for n in shape), **TEXT)
    ax.text(LEFT, y + side * TITLES, first, **TEXT | dict(weight="bold"))
    middle = (columns[1] + columns[-2]) / 2
    ax.text(middle, y + side * TITLES, title, **TEXT | dict(weight="bold", color=color))


def _draw_box(ax, middle, width, words, color, weight="normal", high=0.42):
    corner = middle[0] - width / 2, middle[1] - high / 2
    tint = 0.18 * np.array(to_rgb(color)) + 0.82
    style = dict(boxstyle="round,pad=0,rounding_size=0.08", fc=tint, ec=color, lw=1.4)
    ax.add_patch(FancyBboxPatch(corner, width, high, **style))
    if words:
        ax.text(*middle, words, **TEXT | dict(size=11.5, weight=weight))


def _link(ax, start, end, back=True):
    """Draw an arrow for values, and if `back` is True one for gradients beside it."""
    start, end = np.array(start), np.array(end)
    along = (end - start) / np.hypot(*(end - start))
    aside = 0.065 * np.array([-along[1], along[0]]) * back
    _draw_arrow(ax, start + aside, end + aside, FORWARD)
    if back:
        _draw_arrow(ax, end - aside, start - aside, BACKWARD)


def _draw_arrow(ax, start, end, color, head="-|>"):
    style = "-" if color == FORWARD else (0, (2.2, 1.2))
    shape = dict(arrowstyle=head, mutation_scale=9, shrinkA=0, shrinkB=0, lw=1.4)
    kind = "values" if color == FORWARD else "gradient"
    ax.add_patch(FancyArrowPatch(start, end, color=color, linestyle=style, gid=kind, **shape))
