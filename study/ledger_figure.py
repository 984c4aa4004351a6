"""Plot the verdicts on the post's claims from study/ledger.csv, and describe the figure."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from study.claims import CLAIMS, DOES_NOT_HOLD, HOLDS, SCHEDULES, UNCLEAR, Claim
from study.contrasts import COMPARISONS, CORRECTED, POST_WEIGHTS
from study.ledger_rows import REWARDS_AVERAGES
from study.model_table import DATASETS
from study.post_verdicts import NOT_TESTABLE

FAMILY = "claims of the post"
# Color of a cell and the sign in it, because colors alone cannot be told apart by everyone.
VERDICTS = {
    HOLDS: ("#9ecae8", "✓"),
    DOES_NOT_HOLD: ("#f2a97c", "✗"),
    UNCLEAR: ("#e3e3e3", "?"),
    NOT_TESTABLE: ("#ffffff", "○"),
}
NOTED = "*"  # marks a measure that is higher for averages of similar images than for real ones
VERSUS = {POST_WEIGHTS: "the post's VAE", CORRECTED: "VAE, standard\nKL weight"}
EPOCHS = {"fast": "4 epochs, 10 seeds", "post": "50 epochs, 5 seeds"}
COLUMNS = [(comparison, schedule) for schedule in SCHEDULES for comparison in COMPARISONS]


def plot_verdicts(ledger: pd.DataFrame) -> Figure:
    """Plot a table of verdicts, with a row for each claim and a column for each comparison.

    The color and the sign of a cell show the verdict, and the number is the difference in standard
    deviations over seeds. The symbol behind a measure says what was claimed: ↑ higher, ↓ lower,
    ≈ the same. The claim about the untrained network has one test, and its cell is as wide as the
    table.

    Args:
        ledger: As from `ledger.read`. Only the family "claims of the post" is used.
    """
    tests = ledger[ledger.family == FAMILY]
    claims = [claim for claim in CLAIMS if len(_tests_of(tests, claim))]
    figure, ax = plt.subplots(
        figsize=(10, 1.9 + 0.36 * (len(claims) + len(DATASETS))), dpi=110, layout="constrained"
    )
    y, ticks = 0, {}
    for dataset, title in DATASETS.items():
        here = [claim for claim in claims if claim.dataset == dataset]
        ticks[y] = title
        for row, claim in enumerate(here, start=y + 1):
            found = _tests_of(tests, claim)
            noted = NOTED if (found.note == REWARDS_AVERAGES).any() else ""
            ticks[row] = f"{found.claim.iloc[0]} · {claim.asked}{noted}"
            _plot_row(ax, row, found)
        y += len(here) + 1
    ax.set(xlim=(0, len(COLUMNS)), ylim=(y - 0.4, -0.6))
    ax.set_yticks(list(ticks), list(ticks.values()), fontsize=9)
    for label in ax.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in DATASETS.values() else "normal")
    heads = [f"{EPOCHS[schedule]}\nvs. {VERSUS[comparison]}" for comparison, schedule in COLUMNS]
    ax.set_xticks(np.arange(len(COLUMNS)) + 0.5, heads, fontsize=9)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(False)
    counts = tests.verdict.value_counts()
    legend = [
        Patch(fc=color, ec="0.6", label=f"{sign} {name}: {counts.get(name, 0)} tests")
        for name, (color, sign) in VERDICTS.items()
    ]
    figure.legend(handles=legend, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    plt.close(figure)
    return figure


def describe_verdicts(ledger: pd.DataFrame) -> str:
    """Describe the figure of `plot_verdicts` as alternative text; the argument is the same."""
    tests = ledger[ledger.family == FAMILY]
    counts = tests.verdict.value_counts()
    numbers = ", ".join(f"{name} {counts.get(name, 0)}" for name in VERDICTS)
    by_claim = tests[tests.comparison.isin(COMPARISONS)].groupby("claim", sort=False).verdict
    always = [
        claim for claim, found in by_claim if len(found) == len(COLUMNS) and set(found) == {HOLDS}
    ]
    return (
        f"A table with {tests.claim.nunique()} claims in rows and {len(COLUMNS)} columns, for two "
        f"training schedules and two VAEs. The color of a cell is the verdict. Of {len(tests)} "
        f"tests: {numbers}. Claims that hold in all columns: {', '.join(always) or 'none'}."
    )


def _tests_of(tests: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the rows of the ledger that test a claim."""
    compared = tests.comparison.isin(COMPARISONS)
    return tests[
        (tests.data == claim.dataset)
        & (tests.measure == claim.measure)
        & (compared != claim.untrained)
    ]


def _plot_row(ax: Axes, y: int, tests: pd.DataFrame) -> None:
    for test in tests.itertuples():
        color, sign = VERDICTS[test.verdict]
        if (test.comparison, test.schedule) in COLUMNS:
            x, width = COLUMNS.index((test.comparison, test.schedule)), 1
        else:
            x, width = 0, len(COLUMNS)
        cell = Rectangle((x + 0.02, y - 0.44), width - 0.04, 0.88, fc=color, ec="0.75", lw=0.6)
        ax.add_patch(cell)
        effect = round(test.effect, 1) + 0.0  # without the sign of -0.0
        words = f"{sign} {effect:+.1f}".replace("-", "\N{MINUS SIGN}")
        ax.text(x + width / 2, y, words, ha="center", va="center", fontsize=9)
