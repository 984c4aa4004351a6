"""Pairs of samples: each point at its place, and one scale for all panels."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")

FIRST = np.random.default_rng(0).standard_normal((50, 2))


def test_each_pair_is_a_panel_with_two_samples_on_the_scale_of_all():
    figure = plotting.sample_pairs({"near": (FIRST, -FIRST[:30]), "far": (FIRST, FIRST + 9)})
    rendered(figure)
    near, far = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["near", "far"]
    for ax, second in ((near, -FIRST[:30]), (far, FIRST + 9)):
        for points, sample in zip(ax.collections, (FIRST, second), strict=True):
            np.testing.assert_array_equal(points.get_offsets(), sample)
    assert near.get_xlim() == far.get_ylim() and far.get_xlim()[1] > 11
    assert not np.array_equal(*(points.get_facecolor() for points in near.collections))
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["first sample", "second sample"]


def test_samples_that_are_not_in_two_dimensions_are_refused():
    for wrong in (FIRST[:, :1], FIRST[0]):
        with pytest.raises(ValueError, match=r"a sample of shape .*: expected \(n, 2\)"):
            plotting.sample_pairs({"pair": (FIRST, wrong)})
