"""Figures of distributions on grids: each cell at its place, each ellipse with its size."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def grid(columns=3, rows=2):
    cells = np.zeros((rows, columns))
    cells[-1, 0] = 1  # the top left corner, because z2 increases with the rows
    return np.linspace(-1, 1, columns), np.linspace(0, 1, rows), cells


def test_a_cell_is_drawn_around_its_code_and_all_panels_show_the_same_window():
    figure = plotting.posterior_panels([grid(), grid(5, 5)], ["a", "b"], window=(-2, 2, -1, 3))
    rendered(figure)
    for ax, title in zip(figure.axes, "ab", strict=True):
        assert ax.get_title() == title
        assert ax.get_xlim() == (-2, 2) and ax.get_ylim() == (-1, 3)
    corners = figure.axes[0].collections[0].get_coordinates()
    np.testing.assert_allclose(corners[[0, -1], [0, -1]], [(-1.5, -0.5), (1.5, 1.5)])
    shown = figure.axes[0].collections[0].get_array()
    assert np.unravel_index(shown.argmax(), shown.shape) == (1, 0)
    assert not figure.legends


def test_ellipses_have_the_radius_of_two_standard_deviations_and_are_in_the_legend():
    means, stds = np.array([[0.5, 0.1], [0.2, 0.3]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    normals = {"reverse": (means, stds), "forward": (means + 1, 2 * stds)}
    figure = plotting.posterior_panels([grid(), grid()], ["a", "b"], normals)
    for i, ax in enumerate(figure.axes):
        first, second = ax.patches
        np.testing.assert_allclose([first.center, second.center], [means[i], means[i] + 1])
        np.testing.assert_allclose([first.width, first.height], 4 * stds[i])
        np.testing.assert_allclose([second.width, second.height], 8 * stds[i])
        assert first.get_linestyle() != second.get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(normals)


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="1 grids and 2 titles"):
        plotting.posterior_panels([grid()], ["a", "b"])
    columns, rows, cells = grid()
    with pytest.raises(ValueError, match=r"cells of shape \(3, 2\), 3 columns and 2 rows"):
        plotting.posterior_panels([(columns, rows, cells.T)], ["a"])
    normals = dict.fromkeys("abcd", ([[0, 0]], [[1, 1]]))
    with pytest.raises(ValueError, match="4 normal distributions"):
        plotting.posterior_panels([grid()], ["a"], normals)
