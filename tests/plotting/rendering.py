"""Images, codes and snapshots to plot, and the pixels of a figure."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

CLASS_NAMES = tuple("abcdefghij")
LABELS = np.arange(500) % 10


def noise(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28, 1), dtype="uint8")


def codes(latent_dim=2, radius=2.0):
    """Ten round clusters on a circle."""
    random = np.random.default_rng(0)
    angle = 2 * np.pi * LABELS / 10
    middles = np.stack([np.cos(angle), np.sin(angle)] + [0 * angle] * (latent_dim - 2), axis=1)
    return radius * middles + random.normal(0, 0.1, (500, latent_dim))


def snapshots(count=2):
    return {
        "labels": LABELS,
        "steps": np.arange(count) * 1_200,
        "samples": noise(count * 64).reshape(count, 64, 28, 28, 1),
        "codes": np.stack([codes()] * count),
        "grid": noise(count * 256).reshape(count, 256, 28, 28, 1),
    }


def rendered(figure, colors=20):
    """The figure as pixels, (height, width, 3), checked to have more than `colors` colors."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > colors
    return pixels


def pixels_at(figure, *points):
    """The gray values of a figure where these points lie in its only axes."""
    pixels = rendered(figure, colors=2)
    places = figure.axes[0].transData.transform(points)
    found = [pixels[round(len(pixels) - 1 - y), round(x)] for x, y in places]
    assert all(np.ptp(rgb) == 0 for rgb in found)
    return [int(rgb[0]) for rgb in found]
