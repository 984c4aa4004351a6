"""The figure of the forecast shows what the verdicts follow from."""

import forecasts
import numpy as np
import pytest

from vaelib.study import effects, forecast

pytestmark = pytest.mark.usefixtures("nothing_left_open")
SIZES = {"fashion_mnist": 5.0, "frey_faces": 50.0, "cifar10": 0.0}


def test_lines_stand_at_the_typical_effects_of_the_ratios_and_dots_at_the_effects():
    table = forecasts.table(SIZES)
    ratios = forecast.ratios(table)
    for ax, kind in zip(effects.by_data_set(table).axes, forecast.KINDS, strict=True):
        assert ax.get_title() == kind
        dots, lines = ax.lines[::2], ax.lines[1::2]
        typical = dict(zip(forecast.DATASETS, (line.get_ydata()[0] for line in lines), strict=True))
        for name in forecast.REAL:
            assert typical[name] == pytest.approx(ratios.loc[(kind, name), "there"])
        assert typical["fashion_mnist"] == pytest.approx(ratios.loc[kind]["Fashion-MNIST"].iloc[0])
        assert [text.get_text() for text in ax.texts] == [
            f"{size:.1f}" for size in typical.values()
        ]
        found = forecast.effects(table, kind).abs()
        for dot, name in zip(dots, forecast.DATASETS, strict=True):
            assert np.allclose(dot.get_ydata(), found[name].clip(lower=forecast.LEAST))
            assert dot.get_ydata().min() >= forecast.LEAST


def test_a_measure_without_spread_has_no_dot():
    table = forecasts.table(SIZES)
    table.loc[table.dataset == "cifar10", "coverage"] = 0.0
    for ax in effects.by_data_set(table).axes:
        kind = ax.get_title()
        assert {len(dots.get_ydata()) for dots in ax.lines[::2]} == {
            2 * len(forecast.KINDS[kind]) * (len(forecast.MEASURES) - 1)
        }


def test_both_panels_share_their_axis():
    first, second = effects.by_data_set(forecasts.table(SIZES)).axes
    assert first.get_ylim() == second.get_ylim()


def test_the_words_say_the_same():
    table = forecasts.table(SIZES)
    words, ratios = effects.in_words(table), forecast.ratios(table)
    for kind, name in ratios.index:
        assert f"{ratios.loc[(kind, name), 'there']:.1f} on {forecast.DATASETS[name]}" in words
    assert "of cost functions, 28 on each data set" in words
    assert "of priors, 14 on each data set" in words
