"""Judge the post's claims by its own schedule with ten seeds (plan, amendments 6 and 10)."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from study import TABLES, claims, contrasts, model_table, planned_rows
from study.contrasts import Difference

TABLE = TABLES / "post_schedule.csv"
# Measures that are positive and differ between models by factors: their logarithms are compared.
BY_FACTORS = "mean norm", "held-out MMD²", "path length", model_table.SCALED_PATH


def read(table: Path = TABLE, study: Path = model_table.TABLE) -> pd.DataFrame:
    """Read the rows of the post's schedule, from the main table and from the one of later seeds.

    Returns:
        A table as from `model_table.rows`. It is incomplete as long as `missing` is not 0.
    """
    first = model_table.rows(model_table.read(study), "post")
    return pd.concat([first, model_table.read(table)], ignore_index=True)


def missing(table: Path = TABLE) -> int:
    """Return how many of the planned rows tables/post_schedule.csv lacks."""
    there = len(pd.read_csv(table)) if table.exists() else 0
    return len(planned_rows.of_post_schedule()) - there


def difference_of(
    rows: pd.DataFrame, claim: claims.Claim, comparison: str
) -> tuple[Difference, bool]:
    """Compute the difference that a claim is about, of logarithms where these are planned.

    Args:
        rows: As from `read`.
        claim: The claim.
        comparison: A name in `contrasts.COMPARISONS`.

    Returns:
        The difference, and whether it is one of logarithms. It is not if sameness was claimed, or
        if a value of the two models is not positive.
    """
    models = rows.objective.isin(contrasts.COMPARISONS[comparison])
    here = rows[models & (rows.dataset == claim.dataset)]
    logarithms = claim.expected != 0 and claim.measure in BY_FACTORS
    logarithms = bool(logarithms and (here[claim.measure] > 0).all())
    if logarithms:
        here = here.assign(**{claim.measure: np.log(here[claim.measure])})
    return claims.difference_of(here, claim, comparison), logarithms


def judge(judged: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Test every claim by the post's schedule again.

    The p values are corrected together with those of the fast schedule, as the plan says.

    Args:
        judged: As from `claims.judge`, for the tests by the fast schedule.
        rows: As from `read`.

    Returns:
        A row for each test, with the columns of `claims.judge` and "logarithms", which says whether
        `found` is a difference of logarithms.
    """
    fast = [row for row in judged.itertuples() if row.schedule == "fast"]
    tests = []
    pairs = itertools.product(contrasts.COMPARISONS, claims.CLAIMS)
    for comparison, claim in pairs:
        if not claim.untrained:
            found, logarithms = difference_of(rows, claim, comparison)
            test = {"claim": claim, "comparison": comparison, "schedule": "post", "found": found}
            tests.append(test | {"logarithms": logarithms, "reason": ""})
    uncorrected = [claims.two_sided_p(row.claim, row.found) for row in fast]
    uncorrected += [claims.two_sided_p(test["claim"], test["found"]) for test in tests]
    corrected = claims.holm_correction(uncorrected)[len(fast) :]
    for test, p in zip(tests, corrected, strict=True):
        test |= {"p": p, "verdict": claims.verdict(test["claim"], test["found"], p)}
    return pd.DataFrame(tests)
