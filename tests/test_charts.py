"""Figures of the study show the numbers of its table."""

import numpy as np
import pandas as pd
import pytest

from vaelib import charts, contrasts, study
from vaelib.contrasts import BOTH_WAYS, CONTRASTS, contrast

pytestmark = pytest.mark.usefixtures("nothing_left_open")
TABLE = pd.DataFrame(
    {"dataset": dataset, "objective": name, "seed": seed, "m": 10 * i + seed, "n": -i}
    for dataset in ("mnist", "fashion_mnist")
    for i, name in enumerate(study.OBJECTIVES)
    for seed in range(3 if dataset == "mnist" else 2)
)


def drawn(ax):
    """The rows of an axes in which dots are."""
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_ydata())]
    return {int(line.get_ydata()[0]) for line in dots}


def test_every_model_has_a_row_with_a_dot_for_each_seed_and_a_line_at_their_mean():
    first, second, *_ = charts.trial(TABLE, "mnist", ["m", "n"], real={"n": 1.5}).axes
    assert (first.get_title(), second.get_title()) == ("m", "n\nreal images: 1.5")
    names = [label.get_text() for label in first.get_yticklabels()]
    assert names == [study.TITLES[name] for name in study.OBJECTIVES]
    dots, means = first.lines[::2], first.lines[1::2]
    for i, (row, mean) in enumerate(zip(dots, means, strict=True)):
        assert list(row.get_xdata()) == [10 * i, 10 * i + 1, 10 * i + 2]
        assert set(row.get_ydata()) == {i} and set(mean.get_xdata()) == {10 * i + 1}
    assert first.yaxis_inverted()  # the first model at the top


def test_a_model_without_the_measure_keeps_an_empty_row():
    table = TABLE.assign(m=TABLE.m.where(TABLE.objective != "autoencoder"))
    ax, _ = charts.trial(table, "mnist", ["m"]).axes
    assert len(ax.get_yticklabels()) == len(study.OBJECTIVES)
    assert drawn(ax) == set(range(len(study.OBJECTIVES))) - {1}


@pytest.mark.parametrize(("value", "word"), [(5000, "5e+03"), (-700, "-700"), (544, "544")])
def test_an_untrained_network_far_away_is_an_arrow_with_its_number(value, word):
    table = TABLE.assign(m=TABLE.m.astype(float).where(TABLE.objective != "untrained", value))
    ax, _ = charts.trial(table, "mnist", ["m"]).axes
    [text] = ax.texts
    assert text.get_text() == word and 0 not in drawn(ax)
    assert ax.get_xlim()[1] < 100 and ax.get_xlim()[0] > -100


@pytest.mark.parametrize("log", [False, True])
def test_the_changes_stand_below_with_their_intervals_and_both_orders(log):
    values = np.random.default_rng(0).normal(size=len(TABLE))
    table = TABLE.assign(m=np.exp(values) if log else values)
    _, ax = charts.trial(table, "mnist", ["m"], log=["m"] if log else []).axes
    back = np.exp if log else np.asarray  # differences of logarithms are ratios
    plain = TABLE.assign(m=values)
    *drawn, zero = ax.lines
    assert set(zero.get_xdata()) == {float(log)}
    for y, (name, weights) in enumerate(CONTRASTS.items()):
        interval, dot, orders = drawn[3 * y : 3 * y + 3]
        assert set(interval.get_ydata()) | set(dot.get_ydata()) == {y}
        found = contrast(plain, "mnist", "m", weights)
        np.testing.assert_allclose(interval.get_xdata(), back([found.low, found.high]))
        np.testing.assert_allclose(dot.get_xdata(), back(found.mean))
        expected = [contrast(plain, "mnist", "m", w).mean for w in BOTH_WAYS.get(name, ())]
        np.testing.assert_allclose(orders.get_xdata(), back(expected))
    assert [label.get_text() for label in ax.get_yticklabels()] == list(CONTRASTS)
    assert ax.get_xscale() == ("log" if log else "linear")


def test_the_intervals_are_as_sure_as_they_say(monkeypatch):
    table = TABLE.assign(m=np.random.default_rng(0).normal(size=len(TABLE)))
    widths = {}
    for confidence in (0.95, 0.99):
        monkeypatch.setattr(contrasts, "CONFIDENCE", confidence)
        _, ax = charts.trial(table, "mnist", ["m"]).axes
        widths[ax.get_xlabel()] = np.ptp(ax.lines[0].get_xdata())
    usual, wide = widths
    assert "95%" in usual and "99%" in wide and widths[usual] < widths[wide]


def test_a_measure_that_is_not_positive_has_no_logarithm():
    with pytest.raises(ValueError, match="n is not positive everywhere"):
        charts.trial(TABLE, "mnist", ["n"], log=["n"])


def test_posteriors_lie_where_their_codes_are_and_the_ellipse_at_the_mean():
    density = np.zeros((1, 9))
    density[0, 2] = 1  # the last of the first row: top right
    image = np.zeros((1, 28, 28, 1))
    mean, log_var = np.array([[0.5, -0.5]]), np.log([[0.04, 0.01]])
    _, ax = charts.true_posteriors(image, density, 3, 2.0, mean, log_var).axes
    [shown], [ellipse] = ax.images, ax.patches
    assert np.unravel_index(shown.get_array().argmax(), (3, 3)) == (0, 2)
    assert shown.origin == "upper" and shown.get_extent() == [-2, 2, -2, 2]
    assert tuple(ellipse.center) == (0.5, -0.5)
    assert np.allclose((ellipse.width, ellipse.height), (0.8, 0.4))  # two standard deviations


def test_a_posterior_far_from_the_encoders_cloud_is_not_cut_off():
    density = np.zeros((1, 41 * 41))
    density[0, 0] = 1  # the top left corner, at (-4, 4)
    mean, log_var = np.array([[3.0, -3.0]]), np.log([[0.04, 0.01]])
    _, ax = charts.true_posteriors(np.zeros((1, 28, 28, 1)), density, 41, 4.0, mean, log_var).axes
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < -4 and right > 3 and bottom < -3 and top > 4
