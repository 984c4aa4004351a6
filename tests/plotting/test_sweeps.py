"""Figures of sweeps show the numbers, and all models on the same axes."""

import numpy as np
import pandas as pd
import pytest

from vaelib.plotting import sweeps
from vaelib.priors import Mixture, StandardNormal

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_planes_are_all_on_the_same_axes():
    codes = np.random.default_rng(0).normal(size=(40, 2))
    labels = np.arange(40) % 3
    columns = {
        "wide": {"codes": [0 * codes, 8 * codes], "labels": labels},
        "narrow": {"codes": [codes], "labels": labels},
    }
    wide, narrow = sweeps.planes(columns).axes
    assert wide.get_xlim() == narrow.get_xlim() == wide.get_ylim()
    assert wide.get_xlim()[1] > 0.99 * np.abs(8 * codes).max()
    np.testing.assert_allclose(wide.collections[0].get_offsets(), 8 * codes)
    assert (wide.get_title(), narrow.get_title()) == ("wide", "narrow")
    with pytest.raises(ValueError, match="the codes of 'wide' have 3 dimensions: expected 2"):
        sweeps.planes({"wide": {"codes": [np.zeros((40, 3))], "labels": labels}})


def test_rate_and_distortion_are_plotted_where_they_are_and_lines_join_equal_sums():
    groups = {"beta": ([1.0, 5.0], [270.0, 255.0]), "capacity": ([4.0], [258.0])}
    [ax] = sweeps.rate_distortion(groups, names=["10", "1"]).axes
    first, second, *diagonals = ax.lines
    assert list(first.get_xdata()) == [1, 5] and list(second.get_ydata()) == [258]
    assert [text.get_text() for text in ax.texts] == ["10", "1"]
    for line in diagonals:
        assert np.ptp(line.get_xdata() + line.get_ydata()) < 1e-9
    assert len(diagonals) > 3


def test_more_groups_than_colours_and_names_for_other_dots_are_refused():
    group = [1.0, 5.0], [270.0, 255.0]
    assert sweeps.rate_distortion({str(i): group for i in range(10)})
    with pytest.raises(ValueError, match="11 curves or groups in one panel: expected 10 at most"):
        sweeps.rate_distortion({str(i): group for i in range(11)})
    for names in (["a"], ["a", "b", "c"]):
        with pytest.raises(ValueError, match=f"{len(names)} names for 2 dots: expected one for"):
            sweeps.rate_distortion({"a": group}, names)


def test_a_heatmap_holds_its_numbers_and_leaves_out_those_that_are_not_there():
    index, columns = pd.Index([0.0, 1.0], name="alpha"), pd.Index([1, 10, 100], name="lambda")
    table = pd.DataFrame([[np.nan, 2.0, 3.0], [4.0, 5.0, 6.0]], index=index, columns=columns)
    first, _ = sweeps.heatmaps({"m": table, "n": 10 * table}).axes
    assert sorted(text.get_text() for text in first.texts) == ["2", "3", "4", "5", "6"]
    assert (first.get_xlabel(), first.get_ylabel()) == ("lambda", "alpha")
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["1", "10", "100"]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["0.0", "1.0"]
    places = {text.get_text(): text.get_position() for text in first.texts}
    assert places["6"] == (2, 1)


def test_a_prior_that_is_narrow_is_plotted_and_one_that_is_elsewhere_refused():
    narrow = Mixture(np.zeros((1, 2), "float32"), np.full((1, 2), 2 * np.log(0.02), "float32"))
    assert sweeps.priors({"a": narrow}, {"a": np.zeros((3, 2))}, limit=8).axes
    far = Mixture(np.full((1, 2), 100, "float32"), np.zeros((1, 2), "float32"))
    with pytest.raises(ValueError, match="none of the prior 'a' lies within 8 of the origin"):
        sweeps.priors({"a": far}, {"a": np.zeros((3, 2))}, limit=8)


def test_priors_are_plotted_over_their_codes():
    prior = StandardNormal(2)
    codes = prior.sample(100)
    figure = sweeps.priors({"a": prior, "b": prior}, {"a": codes, "b": codes + 1})
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim() and second.get_xlim()[1] >= (codes + 1).max()
    assert (first.get_title(), second.get_title()) == ("a", "b")
    dots, contours = second.collections
    np.testing.assert_allclose(dots.get_offsets(), codes + 1)
    [outermost] = [p for p in contours.get_paths()[:1]]
    radius = np.linalg.norm(outermost.vertices, axis=1)
    np.testing.assert_allclose(radius, np.sqrt(-2 * np.log(0.05)), atol=0.03)  # of 95 %
