"""The figure of the verdicts shows every test of the ledger once, with its verdict."""

import itertools

import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

from study import claims, ledger, ledger_figure

pytestmark = pytest.mark.usefixtures("nothing_left_open")
WHERE = [
    (schedule, comparison)
    for schedule in ("fast", "post")
    for comparison in ("post's weights", "standard KL weight")
]


def four_tests(data, claim, measure, verdicts, effect=-1.25, note=""):
    """Four tests of one claim, in the order of the columns."""
    same = {"family": "claims of the post", "data": data, "claim": claim, "measure": measure}
    return [
        same
        | {"schedule": schedule, "comparison": comparison, "verdict": verdict, "note": note}
        | {"effect": effect}
        for (schedule, comparison), verdict in zip(WHERE, verdicts, strict=True)
    ]


@pytest.fixture
def small():
    """The tests of four claims in random order, and a test of another family."""
    rows = four_tests(
        "mnist", "clusters do not differ much", "15-NN accuracy", ["not testable"] * 4
    )
    rows += four_tests("fashion_mnist", "codes are centered at 0", "mean norm", ["holds"] * 4)
    mixed = ["holds", "does not hold", "can't tell", "holds"]
    words, note = "nearly all space holds objects", ledger.REWARDS_AVERAGES
    rows += four_tests("fashion_mnist", words, "grid on manifold", mixed, 0.04, note)
    rows += [dict(rows[0], family="likelihoods")]
    untrained = dict(rows[0], data="fashion_mnist", claim="no structure before training")
    rows += [untrained | {"comparison": "untrained network minus chance", "verdict": "holds"}]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def shown(figure):
    """The label of each row, and its cells from left to right: color, text, and columns."""
    [ax] = figure.axes
    labels = dict(zip(ax.get_yticks(), [t.get_text() for t in ax.get_yticklabels()], strict=True))
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    found = {label: [] for label in labels.values()}
    for cell, text in zip(cells, ax.texts, strict=True):
        middle = cell.get_x() + cell.get_width() / 2, cell.get_y() + cell.get_height() / 2
        assert text.get_position() == pytest.approx(middle)
        left, right = round(cell.get_x()), round(cell.get_x() + cell.get_width())
        place = cell.get_facecolor(), text.get_text(), (left, right)
        found[labels[text.get_position()[1]]].append(place)
    return {label: sorted(some, key=lambda cell: cell[2]) for label, some in found.items()}


def test_each_claim_is_a_row_below_its_data_set_with_a_cell_for_each_test(small):
    found = shown(ledger_figure.plot_verdicts(small))
    assert list(found) == [
        "Fashion-MNIST",
        "codes are centered at 0 · mean norm ↓",
        "nearly all space holds objects · grid on manifold ↑*",
        "no structure before training · 15-NN accuracy ≈ chance",
        "MNIST",
        "clusters do not differ much · 15-NN accuracy ≈",
    ]
    assert [len(cells) for cells in found.values()] == [0, 4, 4, 1, 0, 4]
    _, centered, objects, untrained, _, clusters = found.values()
    assert {text for _, text, _ in centered} == {"✓ \N{MINUS SIGN}1.2"}
    assert [text for _, text, _ in objects] == ["✓ +0.0", "✗ +0.0", "? +0.0", "✓ +0.0"]
    assert [text[0] for _, text, _ in clusters] == ["○"] * 4
    assert [columns for *_, columns in untrained] == [(0, 4)]
    assert [columns for *_, columns in objects] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    signs = {sign: color for color, sign in ledger_figure.VERDICTS.values()}
    for color, text, _ in itertools.chain(*found.values()):
        assert same_color(color, signs[text[0]])


def test_the_columns_name_what_is_compared_and_the_legend_counts(small):
    figure = ledger_figure.plot_verdicts(small)
    heads = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_xticklabels()]
    assert heads == [
        f"{epochs} vs. {vae}"
        for epochs in ("4 epochs, 10 seeds", "50 epochs, 5 seeds")
        for vae in ("the post's VAE", "VAE, standard KL weight")
    ]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == [
        *("✓ holds: 7 tests", "✗ does not hold: 1 tests"),
        *("? can't tell: 1 tests", "○ not testable: 4 tests"),
    ]


def test_in_words_it_counts_verdicts_and_names_the_claims_that_always_hold(small):
    words = ledger_figure.describe_verdicts(small)
    assert "4 claims in rows and 4 columns" in words
    assert "Of 13 tests: holds 7, does not hold 1, can't tell 1, not testable 4." in words
    assert words.endswith("hold in all columns: codes are centered at 0.")
    some = small[small.claim != "codes are centered at 0"]
    assert ledger_figure.describe_verdicts(some).endswith("hold in all columns: none.")


def test_the_committed_ledger_has_a_cell_for_each_of_its_tests():
    found = ledger.read()
    tests = found[found.family == "claims of the post"]
    rows = shown(ledger_figure.plot_verdicts(found))
    assert sum(map(len, rows.values())) == len(tests) and len(rows) == len(claims.CLAIMS) + 2
    assert sum(label.endswith("*") for label in rows) == 4
