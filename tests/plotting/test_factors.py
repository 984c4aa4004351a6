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


def test_faces_of_a_grid_stand_at_the_values_of_their_factors():
    gray = np.arange(6, dtype="uint8").reshape(6, 1, 1, 1)
    levels = {"intensity": [0, 0.5, 1], "valence": [-1, 1]}
    figure = plotting.factor_grid(np.broadcast_to(gray, (6, 4, 4, 1)), levels)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("intensity", "valence")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "0.5", "1"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["-1", "1"]
    [image] = ax.images
    left, right, bottom, top = image.get_extent()
    picture = np.asarray(image.get_array())[::-1]  # the first row of pixels at the bottom
    for x, y in np.ndindex(3, 2):
        column = round((x - left) / (right - left) * picture.shape[1] - 0.5)
        row = round((y - bottom) / (top - bottom) * picture.shape[0] - 0.5)
        assert picture[row, column] == 3 * y + x
    assert rendered(figure).std() > 0


@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ({"a": [0, 1], "b": [0, 1, 2]}, "4 images for 2 values of a and 3 of b: expected 6"),
        ({"a": [0, 1, 2, 3]}, r"1 factors \(a\): expected two"),
    ],
)
def test_images_that_do_not_fill_the_grid_are_refused(levels, complaint):
    with pytest.raises(ValueError, match=complaint):
        plotting.factor_grid(np.zeros((4, 5, 5, 1), "uint8"), levels)


def test_zero_is_the_middle_of_the_colors_of_a_factor_with_both_signs():
    values = {"valence": np.linspace(-0.5, 1, 50), "intensity": np.linspace(0, 1, 50)}
    figure = plotting.latent_space_by_factor(CODES, values)
    valence, intensity = (ax.collections[0] for ax in figure.axes if ax.get_xlabel() == "z1")
    assert valence.get_clim() == (-1, 1)
    assert valence.get_cmap().name != intensity.get_cmap().name
    assert intensity.get_clim() == (0, 1)


def test_arrows_of_unreliable_directions_are_paler():
    directions = np.zeros((4, 2))
    r2 = np.array([[0.95, 0.2], [0.8, -0.1], [0.6, 0.5], [1.0, 0.9]])
    figure = plotting.factor_directions({"VAE": directions}, ("a", "b"), {"VAE": r2})
    opacity = np.array([[t.arrow_patch.get_alpha() for t in ax.texts] for ax in figure.axes])
    assert opacity[0].tolist() == pytest.approx([1, 0.15])
    assert opacity[1, 1] == opacity[2, 1] == pytest.approx(0.15)
    assert opacity[3].tolist() == pytest.approx([1, 1])
    assert 0.15 < opacity[2, 0] < opacity[1, 0] < 1
    assert [ax.get_title() for ax in figure.axes] == [f"seed {i}" for i in range(4)]


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
