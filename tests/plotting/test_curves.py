"""Curves: the numbers that they show, and what is on their axes."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_loss_curves_have_axes_for_each_term():
    history = {"loss": [3.0, 2.0], "reconstruction": [2.5, 1.8], "kl": [0.5, 0.2]}
    figure = plotting.loss_curves(history)
    rendered(figure)
    assert [ax.get_title() for ax in figure.axes] == [
        *("loss: 2.00", "reconstruction: 1.80", "KL: 0.200"),
    ]
    for ax, values in zip(figure.axes, history.values(), strict=True):
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.transpose([[1, 2], values]))
        assert ax.get_xlabel() == "epoch"


def test_a_term_can_be_compared_with_a_value():
    levels = {"mmd": ("bias", 0.01)}
    figure = plotting.loss_curves({"loss": [2.0, 1.0], "mmd": [0.03, 0.0104]}, levels=levels)
    rendered(figure)
    loss, mmd = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["loss: 1.00", "MMD²: 0.010"]
    assert len(loss.lines) == 1 and loss.get_legend() is None
    np.testing.assert_array_equal(mmd.lines[1].get_ydata(), [0.01, 0.01])
    assert [text.get_text() for text in mmd.get_legend().get_texts()] == ["bias"]


def test_curves_have_a_panel_for_each_question_and_one_legend():
    x = np.linspace(0, 1, 5)
    left = ("x", "y", x, {"rising": x, "falling": 1 - x})
    figure = plotting.curves(left, ("u", "v", x[::-1], {"rising": x**2}))
    assert [ax.xaxis_inverted() for ax in figure.axes] == [False, True]
    rendered(figure)
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes] == [("x", "y"), ("u", "v")]
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), 1 - x)
    assert [ax.get_legend() is not None for ax in figure.axes] == [True, False]


def test_agreement_is_a_dot_for_each_pair():
    x = np.linspace(0, 1, 20)
    figure = plotting.scatter_with_diagonal(x, x**2, "one way", "another")
    rendered(figure)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("one way", "another")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.stack([x, x**2], axis=1))


def test_more_curves_than_colors_are_refused():
    x = np.linspace(0, 1, 5)
    ten = ("x", "y", x, {str(i): x for i in range(10)})
    assert len(plotting.curves(ten).axes[0].lines) == 10
    eleven = ("x", "y", x, {str(i): x for i in range(11)})
    with pytest.raises(ValueError, match="11 curves or groups in one panel: expected 10 at most"):
        plotting.curves(ten, eleven)
