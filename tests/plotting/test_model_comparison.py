"""Figures that compare models: they show the numbers, with legible labels."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from rendering import rendered

from vaelib.plotting import model_comparison
from vaelib.plotting.panels import CLASS_COLORS
from vaelib.priors import Mixture, StandardNormal

pytestmark = pytest.mark.usefixtures("nothing_left_open")

BETAS = [1.0, 5.0, 20.0], [270.0, 258.0, 256.0], ["β = 10", "β = 1", "β = 0.01"]


def test_latent_spaces_extend_to_their_own_codes_around_one_circle():
    codes = np.random.default_rng(0).normal(size=(40, 2))
    labels = np.arange(40) % 3
    columns = {
        "wide": {"codes": [0 * codes, 8 * codes], "labels": labels},
        "narrow": {"codes": [codes], "labels": labels},
    }
    wide, narrow = model_comparison.latent_spaces(columns).axes
    assert narrow.get_xlim()[1] < 5
    assert wide.get_xlim() == wide.get_ylim()
    assert wide.get_xlim()[1] > 0.99 * np.abs(8 * codes).max()
    np.testing.assert_allclose(wide.collections[0].get_offsets(), 8 * codes)
    assert (wide.get_title(), narrow.get_title()) == ("wide", "narrow")
    assert wide.patches[0].radius == narrow.patches[0].radius
    with pytest.raises(ValueError, match="the codes of 'wide' have 3 dimensions: expected 2"):
        model_comparison.latent_spaces({"wide": {"codes": [np.zeros((40, 3))], "labels": labels}})


def test_latent_spaces_have_a_legend_in_the_colors_of_the_dots():
    column = {"codes": [np.eye(2)], "labels": np.arange(2)}
    assert not model_comparison.latent_spaces({"a": column}).legends
    figure = model_comparison.latent_spaces({"a": column}, ("shoe", "bag"))
    rendered(figure)
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["shoe", "bag"]
    shown = [dot.get_color() for dot in legend.legend_handles]
    np.testing.assert_allclose(shown, CLASS_COLORS[:2])
    dots = figure.axes[0].collections[0].get_facecolor()[:, :3]
    np.testing.assert_allclose(dots, CLASS_COLORS[:2])


def test_rate_and_distortion_are_plotted_where_they_are_and_lines_join_equal_sums():
    groups = {"beta": BETAS, "capacity": ([4.0], [259.0], ["C = 4"])}
    [ax] = model_comparison.rate_distortion(groups, joined=["beta"]).axes
    first, second, *diagonals = ax.lines
    np.testing.assert_array_equal(first.get_xydata(), np.transpose(BETAS[:2]))
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "None")
    assert first.get_marker() != second.get_marker()
    assert list(second.get_xydata()[0]) == [4, 259]
    for line in diagonals:
        assert np.ptp(line.get_xdata() + line.get_ydata()) < 1e-9
    assert len(diagonals) > 3


def test_every_dot_has_a_name_that_covers_nothing():
    twins = [5.1, 5.2, 5.0, 20.0], [258.1, 257.9, 258.0, 256.1], ["α = 0", "α = 0.9", "α = 1", "x"]
    figure = model_comparison.rate_distortion({"beta": BETAS, "twins": twins}, joined=["beta"])
    rendered(figure)
    [ax] = figure.axes
    named = {text.get_text(): text.xy for text in ax.texts}
    for rates, distortions, names in (BETAS, twins):
        for rate, distortion, name in zip(rates, distortions, names, strict=True):
            assert tuple(named[name]) == (rate, distortion)
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    legend = ax.get_legend().get_window_extent()
    assert not any(a.overlaps(b) for a, b in itertools.combinations([*boxes, legend], 2))
    dots = ax.transData.transform(list(named.values()))
    assert not any(box.contains(*dot) for box in boxes for dot in dots)
    frame = ax.get_window_extent()
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes)
    ends = [ax.transData.transform(line) for line in itertools.pairwise(np.transpose(BETAS[:2]))]
    for start, end in ends:
        for place in start + (end - start) * np.linspace(0, 1, 200)[:, None]:
            assert not any(box.contains(*place) for box in boxes)


def test_more_groups_than_colors_and_names_for_other_dots_are_refused():
    group = [1.0, 5.0], [270.0, 255.0], ["a", "b"]
    assert model_comparison.rate_distortion({str(i): group for i in range(10)})
    with pytest.raises(ValueError, match="11 curves or groups in one panel: expected 10 at most"):
        model_comparison.rate_distortion({str(i): group for i in range(11)})
    for names in (["a"], ["a", "b", "c"]):
        with pytest.raises(ValueError, match=f"{len(names)} names for 2 dots of 'a': expected one"):
            model_comparison.rate_distortion({"a": (*group[:2], names)})


def test_latent_dimensions_are_sorted_by_activity_and_active_ones_are_counted():
    spreads = {"open": np.array([0.5, 1.0, 0.05]), "collapsed": np.array([0.0, 0.01, 0.0])}
    figure = model_comparison.active_units(spreads, threshold=0.1)
    rendered(figure)
    [ax] = figure.axes
    first, second, threshold = ax.lines
    np.testing.assert_array_equal(first.get_xydata(), [[1, 1], [2, 0.5], [3, 0.05]])
    np.testing.assert_array_equal(second.get_ydata(), [0.01, 0, 0])
    assert set(threshold.get_ydata()) == {0.1}
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["open: 2 of 3 active", "collapsed: 0 of 3 active", "active: above 0.1"]


def test_a_heatmap_shows_its_numbers_and_a_dash_for_missing_ones():
    index, columns = pd.Index([0.0, 1.0], name="alpha"), pd.Index([1, 10, 100], name="lambda")
    table = pd.DataFrame([[np.nan, 2.0, 3.0], [4.0, 5.0, 6.0]], index=index, columns=columns)
    figure = model_comparison.heatmaps({"m": table, "n": 10 * table}, {"m": "higher", "n": "lower"})
    rendered(figure)
    first, _ = figure.axes
    assert sorted(text.get_text() for text in first.texts) == ["2", "3", "4", "5", "6", "–"]
    assert (first.get_xlabel(), first.get_ylabel()) == ("lambda", "alpha")
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["1", "10", "100"]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["0.0", "1.0"]
    places = {text.get_text(): text.get_position() for text in first.texts}
    assert places["6"] == (2, 1) and places["–"] == (0, 0)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["m\n(higher is better)", "n\n(lower is better)"]


def test_better_cells_are_darker_and_each_number_is_legible():
    table = pd.DataFrame([[1.0, 2.0, 3.0, 4.0, 5.0]])
    figure = model_comparison.heatmaps({"m": table, "n": table}, {"m": "higher", "n": "lower"})
    for ax, rises in zip(figure.axes, (True, False), strict=True):
        [shown] = ax.images
        lightness = shown.to_rgba(table.to_numpy())[0, :, :3] @ [0.3, 0.59, 0.11]
        assert (np.diff(lightness) < 0).all() if rises else (np.diff(lightness) > 0).all()
        letters = [float(text.get_color()) for text in ax.texts]
        assert (lightness - letters > 0.4).all()


def test_a_prior_that_is_narrow_is_plotted_and_one_that_is_elsewhere_refused():
    narrow = Mixture(np.zeros((1, 2), "float32"), np.full((1, 2), 2 * np.log(0.02), "float32"))
    assert model_comparison.priors({"a": narrow}, {"a": np.zeros((3, 2))}, limit=8).axes
    far = Mixture(np.full((1, 2), 100, "float32"), np.zeros((1, 2), "float32"))
    with pytest.raises(ValueError, match="none of the prior 'a' lies within 8 of the origin"):
        model_comparison.priors({"a": far}, {"a": np.zeros((3, 2))}, limit=8)


def test_priors_are_plotted_over_their_codes_each_to_its_own_scale():
    prior = StandardNormal(2)
    codes = prior.sample(100)
    figure = model_comparison.priors({"a": prior, "b": prior}, {"a": codes, "b": 5 * codes})
    first, second = figure.axes
    assert first.get_xlim()[1] == 4 and second.get_xlim()[1] >= np.abs(5 * codes).max()
    assert (first.get_title(), second.get_title()) == ("a", "b")
    dots, contours = second.collections
    np.testing.assert_allclose(dots.get_offsets(), 5 * codes)
    [outermost] = [p for p in contours.get_paths()[:1]]
    radius = np.linalg.norm(outermost.vertices, axis=1)
    np.testing.assert_allclose(radius, np.sqrt(-2 * np.log(0.05)), atol=0.05)  # of 95 %
