"""Figures of the study show the numbers of its table."""

import numpy as np
import pandas as pd
import pytest

import tables_of
from vaelib import study
from vaelib.study import claims, contrasts, figures
from vaelib.study.claims import Claim
from vaelib.study.contrasts import COMPARISONS, contrast, shares

pytestmark = pytest.mark.usefixtures("nothing_left_open")
TABLE = pd.DataFrame(
    {"dataset": dataset, "objective": name, "seed": seed, "m": 10 * i + seed, "n": -i}
    for dataset in ("mnist", "fashion_mnist")
    for i, name in enumerate(study.OBJECTIVES)
    for seed in range(3 if dataset == "mnist" else 2)
)
CHANGES = {f"{name}, in all": weights for name, weights in COMPARISONS.items()} | shares()


def rows_with_dots(ax):
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_ydata())]
    return {int(line.get_ydata()[0]) for line in dots}


def test_every_model_has_a_row_with_a_dot_for_each_seed_and_a_line_at_their_mean():
    first, second, *_ = figures.trial(TABLE, "mnist", ["m", "n"], real={"n": 1.5}).axes
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
    ax, _ = figures.trial(table, "mnist", ["m"]).axes
    assert len(ax.get_yticklabels()) == len(study.OBJECTIVES)
    assert rows_with_dots(ax) == set(range(len(study.OBJECTIVES))) - {1}


@pytest.mark.parametrize(("value", "word"), [(5000, "5e+03"), (-700, "-700"), (544, "544")])
def test_an_untrained_network_far_away_is_an_arrow_with_its_number(value, word):
    table = TABLE.assign(m=TABLE.m.astype(float).where(TABLE.objective != "untrained", value))
    ax, _ = figures.trial(table, "mnist", ["m"]).axes
    [text] = ax.texts
    assert text.get_text() == word and 0 not in rows_with_dots(ax)
    assert ax.get_xlim()[1] < 150 and ax.get_xlim()[0] > -150


@pytest.mark.parametrize("log", [False, True])
def test_the_changes_stand_below_with_their_intervals(log):
    values = np.random.default_rng(0).normal(size=len(TABLE))
    table = TABLE.assign(m=np.exp(values) if log else values)
    _, ax = figures.trial(table, "mnist", ["m"], log=["m"] if log else []).axes
    back = np.exp if log else np.asarray  # differences of logarithms are ratios
    plain = TABLE.assign(m=values)
    *shown, zero = ax.lines
    assert set(zero.get_xdata()) == {float(log)}
    for y, weights in enumerate(CHANGES.values()):
        interval, dot = shown[2 * y : 2 * y + 2]
        assert set(interval.get_ydata()) | set(dot.get_ydata()) == {y}
        found = contrast(plain, "mnist", "m", weights)
        np.testing.assert_allclose(interval.get_xdata(), back(found.interval))
        np.testing.assert_allclose(dot.get_xdata(), back(found.mean))
    assert [label.get_text() for label in ax.get_yticklabels()] == list(CHANGES)
    assert ax.get_xscale() == ("log" if log else "linear")


def test_the_forest_shows_each_claim_once_in_units_of_the_spread():
    asked = [Claim("up", "mnist", "m", 1), Claim("down", "mnist", "m", -1)]
    asked += [Claim("same", "mnist", "m", 0, 0.2)]
    table = tables_of.planned(mmd_as_posted=1.0, post_mmd_as_posted=1.0)
    judged = claims.judged(table, asked)
    figure = figures.forest(judged, {"mnist": "Digits"})
    left, right = figure.axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == ["Digits", "up", "down", "same"]
    for ax, comparison in zip((left, right), COMPARISONS, strict=True):
        assert comparison in ax.get_title()
        dots = [line for line in ax.lines if line.get_marker() in "os"]
        rows = judged[judged.comparison == comparison]
        assert len(dots) == len(rows) == 6
        for dot, row in zip(dots, rows.itertuples(), strict=True):
            way = row.claim.expected or 1
            assert dot.get_xdata()[0] == pytest.approx(way * row.found.effect)
            assert round(dot.get_ydata()[0]) == 1 + asked.index(row.claim)
            assert dot.get_color() == figures.VERDICTS[row.verdict]
            assert (dot.get_marker(), dot.get_mfc() == "white") in [("o", False), ("s", True)]
    words = {text.get_text() for text in figure.legends[0].get_texts()}
    assert words == {*figures.VERDICTS, "fast schedule", "the post's schedule"}


def test_the_intervals_are_as_sure_as_they_say(monkeypatch):
    table = TABLE.assign(m=np.random.default_rng(0).normal(size=len(TABLE)))
    widths = {}
    for confidence in (0.95, 0.99):
        monkeypatch.setattr(contrasts, "CONFIDENCE", confidence)
        _, ax = figures.trial(table, "mnist", ["m"]).axes
        widths[ax.get_xlabel()] = np.ptp(ax.lines[0].get_xdata())
    usual, wide = widths
    assert "95%" in usual and "99%" in wide and widths[usual] < widths[wide]


def test_a_measure_that_is_not_positive_has_no_logarithm():
    with pytest.raises(ValueError, match="n is not positive everywhere"):
        figures.trial(TABLE, "mnist", ["n"], log=["n"])
