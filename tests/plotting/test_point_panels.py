"""Points, arrows and paths in latent space: each at its place, all panels on one scale."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")

POINTS = np.random.default_rng(0).standard_normal((40, 2))


def test_each_panel_has_its_points_before_those_that_all_have():
    figure = plotting.point_panels({"a": POINTS, "b": -POINTS}, 3.0, behind=POINTS[:5])
    rendered(figure)
    for ax, points in zip(figure.axes, (POINTS, -POINTS), strict=True):
        gray, blue = ax.collections
        np.testing.assert_array_equal(gray.get_offsets(), POINTS[:5])
        np.testing.assert_array_equal(blue.get_offsets(), points)
        assert ax.get_xlim() == ax.get_ylim() == (-3.0, 3.0)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["z2", ""]


def test_arrows_lead_from_their_starts_to_their_ends():
    ends = POINTS / 2
    figure = plotting.point_panels({"a": POINTS, "b": POINTS}, 3.0, arrows={"b": (POINTS, ends)})
    rendered(figure)
    first, second = figure.axes
    assert len(first.collections) == 1
    arrows = second.collections[1]
    np.testing.assert_allclose(arrows.get_offsets(), POINTS)
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], axis=1), ends - POINTS)
    # In units of the axes, so that an arrow ends where it says.
    assert (arrows.angles, arrows.scale_units, arrows.scale) == ("xy", "xy", 1)


def test_paths_are_lines_with_a_dot_at_their_end():
    paths = np.stack([POINTS[:3], POINTS[:3] + 1, POINTS[:3] + 2])  # three lines of three points
    figure = plotting.point_panels({"a": POINTS}, 5.0, paths={"a": paths})
    rendered(figure)
    *lines, dots = figure.axes[0].lines
    assert len(lines) == 3
    for i, line in enumerate(lines):
        np.testing.assert_array_equal(line.get_xydata(), paths[:, i])
    np.testing.assert_array_equal(dots.get_xydata(), paths[-1])


def test_what_cannot_be_plotted_is_refused():
    for wrong in (POINTS[:, :1], POINTS[0]):
        with pytest.raises(ValueError, match=r"points of shape .*: expected \(n, 2\)"):
            plotting.point_panels({"a": wrong}, 3.0)
        with pytest.raises(ValueError, match=r"points of shape .*: expected \(n, 2\)"):
            plotting.point_panels({"a": POINTS}, 3.0, behind=wrong)
    with pytest.raises(ValueError, match="arrows or paths for 'b': there is no panel"):
        plotting.point_panels({"a": POINTS}, 3.0, arrows={"b": (POINTS, POINTS)})
