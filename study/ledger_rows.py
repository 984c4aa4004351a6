"""Columns and rows of the ledger, and what the modules that fill it have in common."""

from collections.abc import Iterable, Iterator

from study import claims
from study.contrasts import Difference

COLUMNS = (
    *("family", "claim", "data", "measure", "comparison", "schedule", "seeds", "kind"),
    *("estimate", "low", "high", "effect", "p", "corrected p", "verdict", "reason"),
    *("power", "seeds needed", "status", "note"),
)
PLANNED, EXPLORATORY = "planned", "exploratory"
DIFFERENCE, RATIO = "difference", "ratio"
HIGHER, LOWER = "higher", "lower"
REWARDS_AVERAGES = (
    "The measure is higher for averages of similar images than for real images (amendment 7)."
)
COLLAPSED = "A model with collapsed seeds is compared, so the difference is not interpreted."


def numbers(found: Difference) -> dict[str, object]:
    """Return the columns of a difference of means over seeds."""
    low, high = found.interval
    both = min(1.0, 2 * min(found.p_above(0), found.p_below(0)))
    ends = {"kind": DIFFERENCE, "estimate": found.mean, "low": low, "high": high}
    return ends | {"effect": found.effect, "p": both, "seeds": found.seeds}


def corrected(rows: Iterable[dict], family: str, status: str) -> Iterator[dict]:
    """Add the family, the corrected p, and a verdict on the direction of the difference."""
    rows = list(rows)
    for row, p in zip(rows, claims.holm_correction([row["p"] for row in rows]), strict=True):
        way = HIGHER if row["estimate"] > 0 else LOWER
        verdict = way if p < claims.LEVEL else claims.UNCLEAR
        yield {"family": family, "verdict": verdict, "status": status, "corrected p": p} | row
