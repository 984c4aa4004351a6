"""Compare the verdicts with those of the study's first edition, as Markdown."""

import pandas as pd

from study import TABLES, claims, contrasts, post_verdicts
from study.ledger_tables import DATASETS, family
from study.markdown import table_head, table_row
from study.post_verdicts import CLAIMS, NOT_TESTABLE

TABLE = TABLES / "first_edition.csv"
NOT_ASKED = "not asked"


def changed_verdicts(ledger: pd.DataFrame, first_edition: pd.DataFrame) -> str:
    """Tabulate the verdicts that differ from those of the first edition of the study.

    Args:
        ledger: As from `ledger.read`.
        first_edition: Columns for dataset, claim, and the verdict by each comparison.
    """
    lines = table_head(
        "claim", "data", "comparison", "first edition", "now", "one thing that changed meanwhile"
    )
    rows = family(ledger, CLAIMS)
    now = rows[(rows.schedule == "fast") & rows.comparison.isin(contrasts.COMPARISONS)]
    words = post_verdicts.words_in_full().items()
    claim_of = {(full, claim.measure): claim for claim, full in words}
    old = first_edition.set_index(["dataset", "claim"])
    for _, row in now.iterrows():
        key = row.data, claim_of[row.claim, row.measure].words
        before = old.loc[key, row.comparison] if key in old.index else NOT_ASKED
        verdict = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
        if before != verdict:
            cells = row.claim, DATASETS[row.data], row.comparison, before
            lines.append(table_row(*cells, verdict, reason_for_change(row, before)))
    total = sum(key in old.index for key in ((c.dataset, c.words) for c in claims.CLAIMS))
    counts = f"Of the {len(now)} verdicts with the fast schedule, {len(lines) - 2} are new or"
    first = f"{counts} differ from the first edition, which had only {2 * total} verdicts."
    return "\n".join([first, "", *lines]) + "\n"


def reason_for_change(row: pd.Series, before: str) -> str:
    """Name a change since the first edition that affects a verdict.

    Whether this change alone was responsible was not tested.

    Args:
        row: Row of the ledger.
        before: Verdict of the first edition, or `NOT_ASKED`.
    """
    if before == NOT_ASKED:
        return "a measure that was missing"
    if row.measure.startswith("path length"):
        return "the path length had used only one direction"
    if row.verdict in (claims.UNCLEAR, NOT_TESTABLE) and row.p < claims.LEVEL:
        return "correction for multiple tests"
    if row.verdict == NOT_TESTABLE:
        return "the power of the test was computed"
    if before.startswith(claims.HOLDS) and row.verdict == claims.HOLDS:
        return "shares averaged over all orders"
    return "more seeds and the new schedule"
