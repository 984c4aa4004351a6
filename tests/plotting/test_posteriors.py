"""Figures of posteriors: each approximate posterior at its place, beside the true one."""

from itertools import pairwise

import numpy as np
import pytest
from rendering import codes, rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_posteriors_lie_where_their_codes_are_and_the_ellipse_at_the_mean():
    density = np.zeros((1, 9))
    density[0, 2] = 1  # the last of the first row: top right
    image = np.zeros((1, 28, 28, 1))
    mean, log_var = np.array([[0.5, -0.5]]), np.log([[0.04, 0.01]])
    figure = plotting.true_posteriors(image, density, 3, 2.0, mean, log_var, titles=["gap 7"])
    above, ax = figure.axes
    [shown], [ellipse] = ax.images, ax.patches
    assert np.unravel_index(shown.get_array().argmax(), (3, 3)) == (0, 2)
    assert shown.origin == "upper" and shown.get_extent() == [-2, 2, -2, 2]
    assert tuple(ellipse.center) == (0.5, -0.5)
    assert np.allclose((ellipse.width, ellipse.height), (0.8, 0.4))  # two standard deviations
    assert above.get_title() == "gap 7"
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["true posterior", "approximate posterior, 2 standard deviations"]
    with pytest.raises(ValueError):
        plotting.true_posteriors(image, density, 3, 2.0, mean, log_var, titles=["one", "too many"])


def test_a_true_posterior_far_from_the_approximate_one_is_not_cut_off():
    density = np.zeros((1, 41 * 41))
    density[0, 0] = 1  # the top left corner, at (-4, 4)
    mean, log_var = np.array([[3.0, -3.0]]), np.log([[0.04, 0.01]])
    _, ax = plotting.true_posteriors(np.zeros((1, 28, 28, 1)), density, 41, 4.0, mean, log_var).axes
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < -4 and right > 3 and bottom < -3 and top > 4


def test_posteriors_are_ellipses_of_two_standard_deviations_each_with_a_close_up():
    z_mean, std = np.array([[1.0, 2.0], [-1.0, 0.0]]), np.array([[0.5, 0.1], [0.2, 0.2]])
    figure = plotting.approximate_posteriors(codes(), z_mean, 2 * np.log(std))
    rendered(figure)
    overview, *close_ups = figure.axes
    assert len(close_ups) == 2
    circle, *ellipses = overview.patches
    assert circle.radius == pytest.approx(2.4477, abs=1e-4)  # 95 % of the prior, beside which
    for ellipse, mean, deviation in zip(ellipses, z_mean, std, strict=True):
        np.testing.assert_allclose(ellipse.center, mean)
        np.testing.assert_allclose([ellipse.width, ellipse.height], 4 * deviation)
    for ax, mean in zip(close_ups, z_mean, strict=True):
        assert np.mean(ax.get_xlim()) == pytest.approx(mean[0])
        assert np.mean(ax.get_ylim()) == pytest.approx(mean[1])


def test_posteriors_have_the_names_of_their_images_and_ticks_that_do_not_overlap():
    z_mean, z_log_var = np.array([[3.5, 2.0], [-3.2, 0.7]]), np.full((2, 2), -5.3)
    unnamed = plotting.approximate_posteriors(codes(), z_mean, z_log_var)
    assert [ax.get_title() for ax in unnamed.axes[1:]] == ["q(z|x) of image 1", "q(z|x) of image 2"]
    assert [text.get_text() for text in unnamed.axes[0].texts] == ["1", "2"]
    names = ["sandal", "bag"]
    figure = plotting.approximate_posteriors(codes(), z_mean, z_log_var, names=names)
    rendered(figure)
    assert [ax.get_title() for ax in figure.axes[1:]] == ["q(z|x) of sandal", "q(z|x) of bag"]
    assert [text.get_text() for text in figure.axes[0].texts] == names
    panel = figure.axes[0].get_window_extent()
    for text in figure.axes[0].texts:
        assert panel.contains(*text.get_window_extent().min)
        assert panel.contains(*text.get_window_extent().max)
    for ax in figure.axes:
        boxes = [text.get_window_extent() for text in ax.get_xticklabels()]
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_approximate_posteriors_are_ellipses_of_the_right_width_over_the_prior():
    z_mean = np.array([[0, 0], [1, 2], [-3, 1]], float)
    z_log_var = np.log([[1, 1], [0.25, 1], [1, 4]])
    figure = plotting.aggregate_posterior(z_mean, z_log_var, ellipses=2, deviations=3)
    rendered(figure)
    single, together = figure.axes
    first, second = single.patches[:2]  # the third is the circle of the prior
    assert (tuple(first.center), first.width, first.height) == ((0, 0), 6, 6)
    assert (tuple(second.center), second.width, second.height) == ((1, 2), 3, 6)
    prior, codes = (points.get_offsets() for points in together.collections)
    assert prior.shape == codes.shape == (3, 2)
    assert [text.get_text() for text in together.get_legend().get_texts()] == ["prior", "codes"]
    assert single.get_xlim() == together.get_xlim()


def test_each_gap_is_a_dot_in_the_row_of_all_and_in_that_of_its_class():
    gap, labels = np.array([-0.2, 2.0, 30.0, 1.0, 400.0]), np.array([2, 2, 2, 0, 0])
    figure = plotting.elbo_gaps(gap, labels, ("ape", "bee", "cat"))
    rendered(figure)
    [ax] = figure.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["all", "ape", "cat"]
    *rows, medians, means = (points.get_offsets() for points in ax.collections)
    for row, (dots, expected) in enumerate(zip(rows, (gap, gap[3:], gap[:3]), strict=True)):
        np.testing.assert_array_equal(dots[:, 0], expected)
        assert np.all(np.abs(dots[:, 1] - row) < 0.5)
    np.testing.assert_allclose(medians, [(2.0, 0), (200.5, 1), (2.0, 2)])
    np.testing.assert_allclose(means, [(gap.mean(), 0), (200.5, 1), (10.6, 2)])
    low, high = ax.get_xlim()
    assert low < -0.2 and high > 400 and ax.get_xscale() == "symlog"
    top, bottom = ax.get_ylim()[::-1]
    assert top < 0 and bottom > 2  # the row of all is the uppermost
