"""Names from outside are drawn literally and cut, by every function that draws a figure."""

import inspect

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from rendering import LABELS, codes, noise, rendered, snapshots

from vaelib import plotting
from vaelib.plotting.text import plain

pytestmark = pytest.mark.usefixtures("nothing_left_open")
NAMES = ["$$", r"$\frac{$", "_hidden"]
MORE = ["$", "$$$", "$a_b$", r"\$", r"a\$b$", "cost $5 and $10", "{x}", ""]


class Normal:
    def log_density(self, z):
        return -(np.asarray(z) ** 2).sum(axis=1) / 2 - np.log(2 * np.pi)

    def sample(self, n, seed=0):
        return np.random.default_rng(seed).standard_normal((n, 2))


def ten(name):
    return (name, *"bcdefghij")


def table(name):
    index, columns = pd.Index([name, "b"], name=name), pd.Index([name, "c"], name=name)
    return pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index, columns)


# Every function that draws a text which it was given, with this text in all places.
DRAWN = {
    "curves": lambda name: plotting.curves((name, name, [0, 1], {name: [0, 1]})),
    "loss_curves": lambda name: plotting.loss_curves({name: [1.0, 2.0]}, unit=name),
    "scatter_with_diagonal": lambda name: plotting.scatter_with_diagonal(
        np.arange(3.0), np.arange(3.0), name, name
    ),
    "factor_directions": lambda name: plotting.factor_directions(
        {name: np.zeros((2, 2))}, [name, "b"]
    ),
    "latent_space_by_factor": lambda name: plotting.latent_space_by_factor(
        codes(), {name: codes()[:, 0]}
    ),
    "factor_grid": lambda name: plotting.factor_grid(
        noise(4), {name: [0.0, 1.0], f"{name} b": [0.0, 1.0]}
    ),
    "values_by_seed": lambda name: plotting.values_by_seed({name: {name: [0.1, 0.2]}}),
    "sample_pairs": lambda name: plotting.sample_pairs({name: (codes(), codes())}),
    "point_panels": lambda name: plotting.point_panels({name: codes()}, 4.0),
    "active_units": lambda name: plotting.active_units({name: np.array([0.5, 0.1])}, 0.2),
    "heatmaps": lambda name: plotting.heatmaps({name: table(name)}, {name: "higher"}),
    "latent_spaces": lambda name: plotting.latent_spaces({name: snapshots()}, ten(name)),
    "posterior_panels": lambda name: plotting.posterior_panels(
        [(np.arange(3.0), np.arange(2.0), np.ones((2, 3)))], [name], {name: ([[0, 0]], [[1, 1]])}
    ),
    "priors": lambda name: plotting.priors({name: Normal()}, {name: codes()}),
    "rate_distortion": lambda name: plotting.rate_distortion({name: ([1, 2], [2, 1], [name, "b"])}),
    "comparison": lambda name: plotting.comparison({name: snapshots()}, ten(name)),
    "evolution": lambda name: plotting.evolution(snapshots(), ten(name)),
    "image_rows": lambda name: plotting.image_rows({name: noise(4)}),
    "latent_space": lambda name: plotting.latent_space(codes(), LABELS, ten(name)),
    "elbo_gaps": lambda name: plotting.elbo_gaps(np.arange(500) / 100, LABELS, ten(name)),
    "true_posteriors": lambda name: plotting.true_posteriors(
        noise(1), np.full((1, 25), 0.04), 5, 4.0, np.zeros((1, 2)), np.zeros((1, 2)), titles=[name]
    ),
    "witness": lambda name: plotting.witness({name: np.arange(25.0)}, 4.0),
}
WITHOUT_NAMES = {
    *("samples", "latent_grid", "approximate_posteriors", "aggregate_posterior", "elbo_bars"),
    *("network_diagram", "three_models"),
}
of_each = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


def test_every_figure_is_tried():
    public = {name for name, _ in inspect.getmembers(plotting, inspect.isfunction)}
    assert public == set(DRAWN) | WITHOUT_NAMES


@of_each
def test_names_are_not_parsed_as_mathematics(draw, monkeypatch):
    def parse(*_):
        raise AssertionError("a name was parsed as mathematics")

    monkeypatch.setattr(MathTextParser, "parse", parse)
    for name in NAMES:
        figure = draw(name)
        rendered(figure, colors=5)
        # Matplotlib draws an escaped dollar sign as a dollar sign.
        drawn = {text.get_text().replace(r"\$", "$") for text in figure.findobj(Text)}
        assert any(name in text for text in drawn)


@of_each
def test_a_long_name_is_cut(draw):
    figure = draw("x" * 10_000)
    lengths = [len(text.get_text()) for text in figure.findobj(Text)]
    assert max(lengths) < 150
    assert any("xxx…" in text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("name", NAMES + MORE)
def test_matplotlib_draws_exactly_the_name(name):
    shown, is_math = Text(text=plain(name))._preprocess_math(plain(name))
    assert (shown, bool(is_math)) == (name, False)


def test_lines_are_kept_but_not_too_many():
    assert plain("β = 1\n95 % inside") == "β = 1\n95 % inside"
    assert plain("a\nb\nc\nd\ne") == "a\nb\nc…"


def test_text_is_not_escaped_where_matplotlib_looks_for_no_mathematics():
    with mpl.rc_context({"text.parse_math": False}):
        assert plain("$5 and $10") == "$5 and $10"
