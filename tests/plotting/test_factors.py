"""Factors of variation in the latent space: colors show values, arrows show directions."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch
from rendering import rendered

from vaelib import plotting
from vaelib.plotting.factors import FACTOR_COLORS

CODES = np.random.default_rng(0).standard_normal((50, 2))


def test_each_code_has_the_color_of_its_value():
    values = {"valence": np.linspace(-1, 1, 50), "intensity": np.linspace(1, 0, 50)}
    figure = plotting.latent_space_by_factor(CODES, values)
    panels = [ax for ax in figure.axes if ax.get_xlabel() == "z1"]
    for ax, (name, value) in zip(panels, values.items(), strict=True):
        dots = ax.collections[0]
        np.testing.assert_allclose(dots.get_offsets(), CODES)
        np.testing.assert_array_equal(dots.get_array(), value)
        assert name in [bar.get_ylabel() for bar in figure.axes]
    assert rendered(figure).std() > 0


def test_arrows_point_where_the_factors_increase():
    directions = np.array([[0.0, 90.0], [45.0, -30.0], [180.0, 10.0]])
    figure = plotting.factor_directions({"one": directions, "two": directions[::-1]}, ("a", "b"))
    assert len(figure.axes) == 6
    for ax, pair in zip(figure.axes, [*directions, *directions[::-1]], strict=True):
        arrows = [text.arrow_patch for text in ax.texts]
        assert all(isinstance(arrow, FancyArrowPatch) for arrow in arrows)
        for text, degrees, color in zip(ax.texts, pair, FACTOR_COLORS, strict=True):
            assert text.get_position() == (0, 0) or text.xyann == (0, 0)
            angle = np.rad2deg(np.arctan2(text.xy[1], text.xy[0]))
            assert (angle - degrees) % 360 == pytest.approx(0, abs=1e-6)
            assert to_rgb(text.arrow_patch.get_edgecolor()) == pytest.approx(to_rgb(color))
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
