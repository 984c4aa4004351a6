"""Bars of log p(x) = ELBO + gap, three numbers that were computed independently."""

import numpy as np
import pytest
from rendering import noise, rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")

ELBO, GAP = np.array([-102.0, -250.5, -300.0]), np.array([2.0, 0.5, 9.0])


def rows(figure):
    """The axes of the bars, from the top down."""
    return figure.axes[1::2]


def test_bars_of_the_gap_begin_at_the_bound_and_end_at_the_likelihood():
    figure = plotting.elbo_bars(noise(3), ELBO, GAP, ELBO + GAP)
    rendered(figure)
    for ax, gap in zip(rows(figure), GAP, strict=True):
        [bar] = ax.patches
        assert (bar.get_x(), bar.get_width()) == (-gap, gap)
        [bound], [line] = ax.images, ax.lines
        assert bound.get_extent()[1] == -gap  # the bound's bar ends where the gap begins
        np.testing.assert_array_equal(line.get_xdata(), [0, 0])


def test_all_rows_have_one_scale_on_which_the_widest_gap_fits():
    figure = plotting.elbo_bars(noise(3), ELBO, GAP, ELBO + GAP)
    assert len({ax.get_xlim() for ax in rows(figure)}) == 1
    assert rows(figure)[0].get_xlim()[0] < -GAP.max()


def test_numbers_that_do_not_add_up_are_visible():
    figure = plotting.elbo_bars(noise(1), [-102.0], [1.5], [-100.0])
    [ax] = rows(figure)
    [bar] = ax.patches
    assert bar.get_x() + bar.get_width() == -0.5  # short of the line


def test_each_row_has_its_image_and_its_numbers():
    images = noise(3)
    figure = plotting.elbo_bars(images, ELBO, GAP, ELBO + GAP)
    for image, ax in zip(images, figure.axes[::2], strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image[..., 0])
    written = [[text.get_text() for text in ax.texts] for ax in rows(figure)]
    assert written[1] == ["ELBO −250.50", "gap 0.50", "log p(x)\n−250.00"]


def test_labels_do_not_overlap():
    figure = plotting.elbo_bars(noise(3), ELBO, GAP, ELBO + GAP)
    rendered(figure)
    canvas = figure.canvas.get_renderer()
    for ax in rows(figure):
        boxes = [text.get_window_extent(canvas) for text in ax.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_other_counts_and_negative_gaps_are_refused():
    with pytest.raises(
        ValueError, match=r"2 images, bounds of shape \(3,\), .* expected a number of each"
    ):
        plotting.elbo_bars(noise(2), ELBO, GAP, ELBO + GAP)
    with pytest.raises(ValueError, match="expected none below 0"):
        plotting.elbo_bars(noise(3), ELBO, -GAP, ELBO - GAP)


def test_no_tick_is_beside_the_axis_which_ends_at_the_likelihood():
    figure = plotting.elbo_bars(noise(3), ELBO, GAP, ELBO + GAP)
    rendered(figure)
    *_, last = rows(figure)
    ticks = last.get_xticks()
    assert len(ticks) > 1 and last.get_xlim()[0] <= ticks.min() and ticks.max() <= 0
