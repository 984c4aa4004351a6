"""Write the tables of docs/results.md that show verdicts, as Markdown, from study/ledger.csv.

A `ledger` is a table as from `ledger.read`. Nothing is computed here but counts and percentages.
"""

import pandas as pd

from study import claims, contrasts, gan_contrast, model_table, post_verdicts
from study.ledger_rows import RATIO
from study.markdown import table_head, table_row
from study.post_verdicts import CLAIMS, FOUR_CHANGES, NOT_TESTABLE, TEN_SEEDS

VERDICTS = claims.HOLDS, claims.DOES_NOT_HOLD, claims.UNCLEAR, NOT_TESTABLE
SCHEDULES = {"fast": "fast schedule", "post": "post's schedule"}
DATASETS = model_table.DATASETS | {"frey_faces": "Frey faces", "cifar10": "CIFAR-10"}
# What the page calls comparisons that have a shorter name in the ledger.
COMPARED = {"MMD for KL": "MMD instead of KL", "no noise": "noise removed", "both": "both changes"}
COMPARED |= {
    f"{gan_contrast.GAN_MODEL} minus {name}": f"GAN minus {gan_contrast.TITLES[name]}"
    for name in gan_contrast.OTHERS
}


def family(ledger: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one family of tests."""
    return ledger[ledger.family == name]


def counts(ledger: pd.DataFrame) -> str:
    """Count the verdicts on comparisons of the MMD-VAE with a VAE, by schedule and seeds."""
    lines = table_head("schedule", "seeds", "comparisons", *VERDICTS)
    for name, schedule in ((CLAIMS, "fast"), (CLAIMS, "post"), (TEN_SEEDS, "post")):
        rows = family(ledger, name)
        rows = rows[(rows.schedule == schedule) & rows.comparison.isin(contrasts.COMPARISONS)]
        if len(rows):
            found = [str((rows.verdict == verdict).sum()) for verdict in VERDICTS]
            seeds = str(rows.seeds.max())
            lines.append(table_row(SCHEDULES[schedule], seeds, str(len(rows)), *found))
    return "\n".join(lines) + "\n"


def verdicts(ledger: pd.DataFrame, schedule: str, name: str = CLAIMS) -> str:
    """Tabulate the verdicts by one schedule: a row for each claim, a column for each comparison.

    Args:
        ledger: The ledger.
        schedule: "fast" or "post".
        name: The family of tests, `CLAIMS` or `TEN_SEEDS`.
    """
    rows = family(ledger, name)
    rows = rows[rows.schedule == schedule]
    lines = table_head("claim", "data", "measure", *contrasts.COMPARISONS)
    for claim, words in post_verdicts.words_in_full().items():
        here = rows[(rows.claim == words) & (rows.measure == claim.measure)]
        if not len(here):
            continue
        cells = here.set_index("comparison").apply(_verdict, axis=1).to_dict()
        if claim.untrained:  # It is not about a comparison of two models.
            cells = {contrasts.POST_WEIGHTS: next(iter(cells.values()))}
        cells = [cells.get(comparison, "–") for comparison in contrasts.COMPARISONS]
        lines.append(table_row(words, DATASETS[claim.dataset], asked(claim), *cells))
    return "\n".join(lines) + "\n"


def asked(claim: claims.Claim) -> str:
    """Say what a claim asks of its measure, in words."""
    if claim.expected:
        return f"{claim.measure} {'higher' if claim.expected > 0 else 'lower'}"
    what = f"0.10 ± {claim.margin:g}" if claim.untrained else f"the same within {claim.margin:g}"
    return f"{claim.measure} {what}"


def _verdict(row: pd.Series) -> str:
    words = f"{row.verdict}, {row.reason}" if row.reason else row.verdict
    if row.kind == RATIO:
        return f"{words} (× {row.estimate:.2g})"
    return f"{words} ({row.effect:+.1f})"


def sameness(ledger: pd.DataFrame) -> str:
    """Tabulate what a test of sameness needs: its power, and the seeds for a power of 0.8."""
    rows = ledger[ledger.power.notna() & ledger.comparison.isin(contrasts.COMPARISONS)]
    head = "measure", "same within", "compared with", "schedule", "seeds"
    lines = table_head(*head, "difference, 95 % interval", "power", "seeds needed", "verdict")
    margins = {claim.measure: claim.margin for claim in claims.CLAIMS if claim.dataset == "mnist"}
    for _, row in rows.iterrows():
        found = f"{row.estimate:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
        cells = row.comparison, SCHEDULES[row.schedule], str(row.seeds), found, f"{row.power:.2f}"
        margin = f"±{margins[row.measure]:g}"
        lines.append(
            table_row(row.measure, margin, *cells, f"{row['seeds needed']:.0f}", row.verdict)
        )
    return "\n".join(lines) + "\n"


def differences(ledger: pd.DataFrame, *names: str) -> str:
    """Tabulate families of tests: the estimate with its interval, corrected p, and verdict."""
    head = "data", "measure", "comparison", "schedule", "seeds", "estimate, 95 % interval"
    lines = table_head(*head, "corrected p", "verdict")
    for _, row in ledger[ledger.family.isin(names)].iterrows():
        sign, times = ("", "× ") if row.kind == RATIO else ("+", "")
        low, high = (f"{end:{sign}.3g}" for end in (row.low, row.high))
        found = f"{times}{row.estimate:{sign}.3g} [{low}, {high}]"
        compared = COMPARED.get(row.comparison, row.comparison)
        cells = DATASETS[row.data], row.measure, compared, SCHEDULES[row.schedule]
        verdict = row.verdict or "not interpreted"
        p = f"{row['corrected p']:.2g}"
        lines.append(table_row(*cells, str(row.seeds), found, p, verdict))
    return "\n".join(lines) + "\n"


def reasons(ledger: pd.DataFrame) -> str:
    """Tabulate the share of each of four changes in percent of the difference, and the reason."""
    rows = family(ledger, FOUR_CHANGES)
    rows = rows.assign(share_of=rows.claim.str.split(": share of ").str[-1])
    rows = rows.assign(claim=rows.claim.str.split(": share of ").str[0])
    changes = list(dict.fromkeys(rows.share_of))
    three = family(ledger, CLAIMS)
    lines = table_head("claim", "data", "compared with", *changes, "reason", "of three changes")
    for (claim, data, comparison), here in rows.groupby(
        ["claim", "data", "comparison"], sort=False
    ):
        whole = here.estimate.sum()
        parts = here.set_index("share_of").estimate / whole
        cells = [f"{100 * parts[one]:.0f} %" if one in parts else "–" for one in changes]
        before = three[
            (three.claim == claim) & (three.data == data) & (three.comparison == comparison)
        ]
        before = before[before.schedule == "fast"].reason.iloc[0]
        reason = here.reason.iloc[0] or "not interpreted"
        lines.append(table_row(claim, DATASETS[data], comparison, *cells, reason, before))
    return "\n".join(lines) + "\n"
