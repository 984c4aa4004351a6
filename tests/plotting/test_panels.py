"""Single panels: their scales, the names of classes, and the contour of the prior."""

import itertools

import numpy as np
import pytest
from matplotlib.text import Text
from rendering import LABELS, codes, pixels_at, rendered

from vaelib import plotting
from vaelib.support.latent_grid import grid_codes

pytestmark = pytest.mark.usefixtures("nothing_left_open")


@pytest.mark.parametrize("one", [np.uint8(1), np.float32(1 / 255)])
def test_gray_stays_gray_however_little_contrast_there_is(one):
    images = np.full((64, 28, 28, 1), 100 * one)
    images[0] = 90 * one  # stretched to black and white, the two would look very different
    near = pytest.approx([100, 90], abs=1)
    assert pixels_at(plotting.samples(images), (100, 100), (10, 10)) == near
    codes = grid_codes(side=8)
    assert pixels_at(plotting.latent_grid(images), codes[9], codes[0]) == near


@pytest.mark.parametrize("radius", [0.0, 0.1, 0.5])
def test_names_do_not_overlap_even_where_classes_do(radius):
    names = ["ankle boot"] * 10
    figure = plotting.latent_space(codes(radius=radius), LABELS, names)
    rendered(figure)
    # Of the names alone, without the lines that lead from them to their places.
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    assert len(boxes) == 10
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(figure.axes[0].get_window_extent().contains(*box.p0) for box in boxes)


@pytest.mark.parametrize("place", [0, 37])
def test_a_grid_can_be_laid_over_a_scatter_plot(place):
    images = np.zeros((256, 28, 28, 1), "uint8")
    images[place] = 255
    figure = plotting.latent_grid(images)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z1", "z2")
    codes = grid_codes()
    assert pixels_at(figure, codes[place], codes[place + 1], codes[place + 16]) == [255, 0, 0]
