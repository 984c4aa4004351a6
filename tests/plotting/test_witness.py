"""Figures of witness functions: values at their places, and one color scale for all panels."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting
from vaelib.plotting import prior_contours
from vaelib.plotting.witness import COLORS
from vaelib.support.latent_grid import grid_codes

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def bump(middle, height, side=41, limit=4.0):
    squares = ((grid_codes(side, limit) - np.array(middle)) ** 2).sum(axis=1)
    return height * np.exp(-squares / 2)


def test_values_lie_at_their_places():
    figure = plotting.witness({"f": bump((2, 3), 1) - bump((-1, -2), 0.5)}, limit=4.0)
    ax = figure.axes[0]
    [image] = ax.images
    shown, (left, right, bottom, top) = image.get_array(), image.get_extent()
    assert image.origin == "upper" and (left, bottom) == (-right, -top)
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    across = left + (column + 0.5) * (right - left) / 41
    upright = top - (row + 0.5) * (top - bottom) / 41
    assert (across, upright) == pytest.approx((2, 3))
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-4, 4, -4, 4)


def test_too_many_is_purple_too_few_is_brown_and_zero_is_white():
    figure = plotting.witness({"f": bump((2, 0), 1) - bump((-2, 0), 1)}, limit=4.0)
    pixels = rendered(figure)
    ax = figure.axes[0]

    def color(place):
        x, y = ax.transData.transform(place)
        return pixels[round(len(pixels) - 1 - y), round(x)].astype(int)

    many, few, nothing = color((2, 0.05)), color((-2, 0.05)), color((-3.6, 3.6))
    assert many[2] > many[1] and few[0] > few[2]  # more blue than green, more red than blue
    assert nothing.min() > 235


def test_all_panels_have_one_scale_with_zero_in_the_middle_and_one_bar():
    functions = {"VAE": bump((0, 0), -0.8), "MMD-VAE": bump((1, 0), 0.1)}
    first, second, bar = plotting.witness(functions, limit=4.0).axes
    scales = [ax.images[0].get_clim() for ax in (first, second)]
    assert scales[0] == scales[1] and scales[0] == pytest.approx((-0.8, 0.8))
    assert [ax.get_title() for ax in (first, second)] == ["VAE", "MMD-VAE"]
    assert "too few" in bar.get_ylabel() and "too many" in bar.get_ylabel()


def test_the_circle_holds_95_percent():
    ax = plotting.witness({"f": bump((1, 0), 1)}, limit=4.0).axes[0]
    [circle] = ax.patches
    assert circle.radius == pytest.approx(prior_contours.PRIOR_RADIUS)


def test_its_colors_grow_darker_from_the_middle_to_both_ends():
    """Who sees no color still sees how far from 0."""
    red, green, blue, _ = COLORS(np.arange(COLORS.N)).T
    lightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    middle = COLORS.N // 2
    assert COLORS.N % 2 == 1 and lightness[middle] > 0.9
    assert (np.diff(lightness[: middle + 1]) > 0).all() and (np.diff(lightness[middle:]) < 0).all()


def test_a_function_that_is_zero_everywhere_is_white():
    ax = plotting.witness({"f": np.zeros(25)}, limit=4.0).axes[0]
    [image] = ax.images
    assert image.get_clim() == (-1, 1) and image.to_rgba(image.get_array()).min() > 0.95


@pytest.mark.parametrize("shape", [(24,), (5, 5), (1,), (0,)])
def test_values_that_do_not_form_a_square_are_refused(shape):
    with pytest.raises(ValueError, match=r"for 'VAE': expected \(side \* side,\)"):
        plotting.witness({"VAE": np.zeros(shape)}, limit=4.0)


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="some values for 'VAE' are not finite"):
        plotting.witness({"VAE": np.full(25, np.nan)}, limit=4.0)
