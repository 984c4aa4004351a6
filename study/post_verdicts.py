"""Rows of the ledger about the post's claims: verdicts with five and ten seeds, and reasons."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from study import claims, four_changes, ten_seeds
from study.ledger_rows import COLLAPSED, PLANNED, RATIO, REWARDS_AVERAGES, numbers
from study.sameness_power import power_of_sameness, seeds_needed

CLAIMS, TEN_SEEDS = "claims of the post", "claims of the post, ten seeds"
FOUR_CHANGES = "reasons, four changes"
NOT_TESTABLE = "not testable"
TESTABLE = 0.5  # smallest probability of showing sameness from which on a test is worth its name
SHARE = "p and verdict compare the share with half of the whole difference (amendment 10)."
KNOWN_BEFORE = "Five of the ten seeds were known when amendment 6 was written."


def words_in_full() -> dict[claims.Claim, str]:
    """Return the words of each claim; "... and nicely spread" continues the claim before it."""
    found, whole = {}, ""
    for claim in claims.CLAIMS:
        continues = claim.words.startswith("... ")
        found[claim] = f"{whole} {claim.words[4:]}" if continues else claim.words
        whole = whole if continues else claim.words
    return found


def post_claims(judged: pd.DataFrame) -> Iterator[dict]:
    """The claims of the post.

    Args:
        judged: As from `claims.judge`.
    """
    for row in judged.itertuples():
        yield _claim(row, CLAIMS)


def with_ten_seeds(judged: pd.DataFrame, rows: pd.DataFrame) -> Iterator[dict]:
    """The claims of the post by its own schedule, with ten seeds (amendment 6).

    Args:
        judged: As from `claims.judge`.
        rows: As from `ten_seeds.read`.
    """
    for row in ten_seeds.judge(judged, rows).itertuples():
        found = _claim(row, TEN_SEEDS)
        if row.logarithms:
            ends = {name: np.exp(found[name]) for name in ("estimate", "low", "high")}
            found |= ends | {"kind": RATIO}
        yield found | {"note": " ".join([KNOWN_BEFORE, found["note"]]).strip()}


def reasons(judged: pd.DataFrame, rows: pd.DataFrame) -> Iterator[dict]:
    """Shares of four changes in each difference that holds by the fast schedule (amendment 10).

    Args:
        judged: As from `claims.judge`.
        rows: As from `four_changes.read`.
    """
    words = words_in_full()
    for row in judged[judged.reason != ""].itertuples():
        claim = row.claim
        found = four_changes.share(rows, claim, row.comparison)
        for change, share in found.shares.items():
            excess = found.beyond[change]
            verdict = four_changes.verdict(excess, claim.expected)
            yield numbers(share) | {
                "family": FOUR_CHANGES,
                "claim": f"{words[claim]}: share of {change}",
                "data": claim.dataset,
                "measure": claim.measure,
                "comparison": row.comparison,
                "schedule": row.schedule,
                "p": min(1.0, 2 * min(excess.p_above(0), excess.p_below(0))),
                "verdict": "" if found.collapsed else verdict,
                "reason": "" if found.collapsed else found.reason,
                "status": PLANNED,
                "note": f"{COLLAPSED if found.collapsed else SHARE} {_rewards(claim)}".strip(),
            }


def _rewards(claim: claims.Claim) -> str:
    return REWARDS_AVERAGES if claim.measure.endswith("on manifold") else ""


def _claim(row: NamedTuple, family: str) -> dict:
    """The row of the ledger for a row of `claims.judge`."""
    claim = row.claim
    found = numbers(row.found) | {
        "family": family,
        "claim": words_in_full()[claim],
        "data": claim.dataset,
        "measure": claim.measure,
        "comparison": "untrained network minus chance" if claim.untrained else row.comparison,
        "schedule": row.schedule,
        "p": claims.two_sided_p(claim, row.found),
        "corrected p": row.p,
        "verdict": row.verdict,
        "reason": row.reason,
        "status": PLANNED,
        "note": _rewards(claim),
    }
    if claim.expected == 0:
        power = power_of_sameness(row.found, claim.margin)
        found |= {"power": power, "seeds needed": seeds_needed(row.found, claim.margin)}
        if row.verdict == claims.UNCLEAR and power < TESTABLE:
            found["verdict"] = NOT_TESTABLE
    return found
