"""The figure of the forecast shows what the verdicts follow from."""

import forecasts
import numpy as np
import pytest

from study import forecast, forecast_figure

pytestmark = pytest.mark.usefixtures("nothing_left_open")
SIZES = {"fashion_mnist": 5.0, "frey_faces": 50.0, "cifar10": 0.0}


def drawn(ax):
    """The marks of a panel, and its lines; the data set of each by its place."""
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    return marks, [line for line in ax.lines if len(line.get_xdata()) == 2]


def sizes_by_place(marks):
    places = np.round([mark.get_xdata()[0] for mark in marks])
    return [np.array([m.get_ydata()[0] for m in marks])[places == i] for i in range(3)]


def test_lines_stand_at_the_typical_effects_of_the_ratios_and_marks_at_the_effects():
    table = forecasts.table(SIZES)
    ratios = forecast.ratios(table)
    for ax, kind in zip(forecast_figure.plot_effects(table).axes, forecast.KINDS, strict=True):
        assert ax.get_title() == kind
        marks, lines = drawn(ax)
        typical = dict(zip(forecast.DATASETS, (line.get_ydata()[0] for line in lines), strict=True))
        for name in forecast.REAL:
            assert typical[name] == pytest.approx(ratios.loc[(kind, name), "there"])
        assert typical["fashion_mnist"] == pytest.approx(ratios.loc[kind]["Fashion-MNIST"].iloc[0])
        assert [text.get_text() for text in ax.texts] == [f"{v:.1f}" for v in typical.values()]
        found = forecast.effects(table, kind).abs()
        for sizes, name in zip(sizes_by_place(marks), forecast.DATASETS, strict=True):
            assert np.allclose(sizes, found[name].clip(lower=forecast.SMALLEST_EFFECT))
            assert sizes.min() >= forecast.SMALLEST_EFFECT
        rings = [str(mark.get_markerfacecolor()) == "white" for mark in marks]
        assert sum(rings) == len(marks) / 2  # half of them with 32 dimensions
        assert {mark.get_marker() for mark in marks} == {"o"}


def test_what_differs_from_a_collapsed_model_is_a_cross():
    table = forecasts.table(SIZES)
    table.loc[
        (table.objective == "elbo-squared-error") & (table.dataset == "frey_faces"), "rate"
    ] = 0
    costs, priors = forecast_figure.plot_effects(table).axes
    crosses = [mark for mark in drawn(costs)[0] if mark.get_marker() == "x"]
    assert len(crosses) == 2 * len(forecast.MEASURES)
    assert {round(mark.get_xdata()[0]) for mark in crosses} == {1}
    assert {mark.get_marker() for mark in drawn(priors)[0]} == {"o"}


def test_where_the_vae_itself_collapsed_all_that_differs_from_it_is_a_cross():
    table = forecasts.table(SIZES)
    plain = (table.objective == "elbo") & (table.prior == "normal")
    table.loc[plain & (table.dataset == "cifar10") & (table.latent_dim == 32), "rate"] = 0
    for ax in forecast_figure.plot_effects(table).axes:
        each = len(forecast.KINDS[ax.get_title()]) * len(forecast.MEASURES)
        assert [mark.get_marker() for mark in drawn(ax)[0]].count("x") == each


def test_a_measure_without_spread_has_no_mark():
    table = forecasts.table(SIZES)
    table.loc[table.dataset == "cifar10", "coverage"] = 0.0
    for ax in forecast_figure.plot_effects(table).axes:
        each = 2 * len(forecast.KINDS[ax.get_title()]) * (len(forecast.MEASURES) - 1)
        assert [len(sizes) for sizes in sizes_by_place(drawn(ax)[0])] == [each] * 3


def test_both_panels_share_their_axis():
    first, second = forecast_figure.plot_effects(forecasts.table(SIZES)).axes
    assert first.get_ylim() == second.get_ylim()


def test_the_words_say_the_same():
    table = forecasts.table(SIZES)
    words, ratios = forecast_figure.describe_effects(table), forecast.ratios(table)
    for kind, name in ratios.index:
        assert f"{ratios.loc[(kind, name), 'there']:.1f} on {forecast.DATASETS[name]}" in words
    assert "of cost functions, 28 on each data set" in words
    assert "of priors, 14 on each data set" in words
