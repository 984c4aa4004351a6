"""Figures of the study show the numbers of its table."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

import tables_of
from study import claim_figures, claims, contrasts, named_models
from study.claims import Claim
from study.contrasts import COMPARISONS, contrast, shapley_shares

pytestmark = pytest.mark.usefixtures("nothing_left_open")
TABLE = pd.DataFrame(
    {"dataset": dataset, "objective": name, "seed": seed, "m": 10 * i + seed, "n": -i, "rate": 6}
    for dataset in ("mnist", "fashion_mnist")
    for i, name in enumerate(named_models.OBJECTIVES)
    for seed in range(3 if dataset == "mnist" else 2)
)
CHANGES = {f"{name}, in all": weights for name, weights in COMPARISONS.items()} | shapley_shares()


def rows_with_dots(ax):
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_ydata())]
    return {int(line.get_ydata()[0]) for line in dots}


def test_every_model_has_a_row_with_a_dot_for_each_seed_and_a_line_at_their_mean():
    first, second, *_ = claim_figures.plot_measures(
        TABLE, "mnist", ["m", "n"], real={"n": 1.5}
    ).axes
    assert (first.get_title(), second.get_title()) == ("m", "n\nreal images: 1.5")
    names = [label.get_text() for label in first.get_yticklabels()]
    assert names == [named_models.TITLES[name] for name in named_models.OBJECTIVES]
    dots, means = first.lines[::2], first.lines[1::2]
    for i, (row, mean) in enumerate(zip(dots, means, strict=True)):
        assert list(row.get_xdata()) == [10 * i, 10 * i + 1, 10 * i + 2]
        assert set(row.get_ydata()) == {i} and set(mean.get_xdata()) == {10 * i + 1}
    assert first.yaxis_inverted()  # the first model at the top


def test_a_model_without_the_measure_keeps_an_empty_row():
    table = TABLE.assign(m=TABLE.m.where(TABLE.objective != "autoencoder"))
    ax, _ = claim_figures.plot_measures(table, "mnist", ["m"]).axes
    assert len(ax.get_yticklabels()) == len(named_models.OBJECTIVES)
    assert rows_with_dots(ax) == set(range(len(named_models.OBJECTIVES))) - {1}


@pytest.mark.parametrize(("value", "word"), [(5000, "5e+03"), (-700, "-700"), (544, "544")])
def test_an_untrained_network_far_away_is_an_arrow_with_its_number(value, word):
    table = TABLE.assign(m=TABLE.m.astype(float).where(TABLE.objective != "untrained", value))
    ax, _ = claim_figures.plot_measures(table, "mnist", ["m"]).axes
    [text] = ax.texts
    assert text.get_text() == word and 0 not in rows_with_dots(ax)
    assert ax.get_xlim()[1] < 150 and ax.get_xlim()[0] > -150


@pytest.mark.parametrize("learned", [False, True])
def test_so_is_a_model_of_which_every_seed_collapsed_and_no_other(learned):
    away = TABLE.objective == "mmd-sampled"
    gone = away & ~((TABLE.seed == 0) & learned)  # one seed that has learned something counts
    table = TABLE.assign(rate=TABLE.rate.astype(float).mask(gone, 0.01), m=TABLE.m.mask(away, 5000))
    ax, _ = claim_figures.plot_measures(table, "mnist", ["m"]).axes
    assert [text.get_text() for text in ax.texts] == ["5e+03"] * (not learned)
    assert (list(named_models.OBJECTIVES).index("mmd-sampled") in rows_with_dots(ax)) == learned


@pytest.mark.parametrize("log", [False, True])
def test_the_changes_stand_below_with_their_intervals(log):
    values = np.random.default_rng(0).normal(size=len(TABLE))
    table = TABLE.assign(m=np.exp(values) if log else values)
    _, ax = claim_figures.plot_measures(table, "mnist", ["m"], log=["m"] if log else []).axes
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
    assert ax.get_xlabel() == ("ratio" if log else "difference")


def test_the_forest_shows_each_claim_once_in_units_of_the_spread():
    asked = [Claim("up", "mnist", "m", 1), Claim("down", "mnist", "m", -1)]
    asked += [Claim("same", "mnist", "m", 0, 0.2)]
    table = tables_of.planned(post_mmd=1.0, in_post_post_mmd=1.0)
    judged = claims.judge(table, asked)
    figure = claim_figures.plot_claims(judged, {"mnist": "Digits"})
    left, right = figure.axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == ["Digits", "up · m ↑", "down · m ↓", "same · m ≈"]
    for ax, comparison in zip((left, right), COMPARISONS, strict=True):
        assert comparison in ax.get_title()
        dots = [line for line in ax.lines if line.get_marker() in "os"]
        rows = judged[judged.comparison == comparison]
        assert len(dots) == len(rows) == 6
        for dot, row in zip(dots, rows.itertuples(), strict=True):
            way = row.claim.expected or 1
            assert dot.get_xdata()[0] == pytest.approx(way * row.found.effect)
            assert round(dot.get_ydata()[0]) == 1 + asked.index(row.claim)
            assert dot.get_color() == claim_figures.VERDICTS[row.verdict]
            assert (dot.get_marker(), dot.get_mfc() == "white") in [("o", False), ("s", True)]
    words = {text.get_text() for text in figure.legends[0].get_texts()}
    bars = {"95% interval", "equivalence margin"}
    assert words == {*claim_figures.VERDICTS, *bars, "fast schedule", "the post's schedule"}
    ticks = [label.get_text() for label in left.get_xticklabels()]
    assert {"0", "1", "10"} <= {tick.replace("\N{MINUS SIGN}", "-") for tick in ticks}


def test_the_legend_of_a_trial_says_what_each_color_means():
    figure = claim_figures.plot_measures(TABLE, "mnist", ["m"])
    above, below = figure.axes
    [legend] = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    colors = dict(zip(words, [handle.get_color() for handle in legend.legend_handles], strict=True))
    names = [label.get_text() for label in above.get_yticklabels()]
    for name, line in zip(names, above.lines[::2], strict=True):
        plain = name in ("untrained", "autoencoder")
        word = "a seed of a reference model" if plain else "a seed"
        assert same_color(line.get_color(), colors[word])
    shown = below.lines[:-1:2]  # an interval, a dot, and so on; last, no difference
    for label, line in zip(below.get_yticklabels(), shown, strict=True):
        whole = label.get_text().endswith("in all")
        word = "a comparison, 95% interval" if whole else "share of the first comparison"
        assert same_color(line.get_color(), colors[word])


def test_a_trial_in_words_names_what_stands_out():
    words = claim_figures.describe_measures(TABLE, "mnist", ["m", "n"])
    last = len(named_models.OBJECTIVES) - 1
    highest = list(named_models.TITLES.values())[last]
    assert f"m is lowest for untrained (1) and highest for {highest} ({10 * last + 1})" in words
    assert f"n is lowest for {highest} (-{last}) and highest for untrained (0)" in words


def test_a_forest_in_words_counts_its_verdicts():
    asked = [Claim("up", "mnist", "m", 1), Claim("down", "mnist", "m", -1)]
    table = tables_of.planned(post_mmd=1.0, in_post_post_mmd=0.0)
    judged = claims.judge(table, asked)
    words = claim_figures.describe_claims(judged, {"mnist": "Digits"})
    counts = judged.verdict.value_counts()
    assert counts["holds"] == counts["does not hold"] == 2
    assert words.endswith("of 8 tests: holds 2, does not hold 2, can't tell 4.")
    assert "Digits" in words and all(name in words for name in COMPARISONS)


def test_the_intervals_are_as_sure_as_they_say(monkeypatch):
    table = TABLE.assign(m=np.random.default_rng(0).normal(size=len(TABLE)))
    widths = {}
    for confidence in (0.95, 0.99):
        monkeypatch.setattr(contrasts, "CONFIDENCE", confidence)
        figure = claim_figures.plot_measures(table, "mnist", ["m"])
        legend = " ".join(text.get_text() for text in figure.legends[0].get_texts())
        widths[legend] = np.ptp(figure.axes[1].lines[0].get_xdata())
    usual, wide = widths
    assert "95%" in usual and "99%" in wide and widths[usual] < widths[wide]


def test_a_measure_that_is_not_positive_has_no_logarithm():
    with pytest.raises(ValueError, match="n is not positive everywhere"):
        claim_figures.plot_measures(TABLE, "mnist", ["n"], log=["n"])
