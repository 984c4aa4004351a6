"""The ledger: what may be said of a claim, and the table that it is said by."""

import numpy as np
import pandas as pd
import pytest

from vaelib import study
from vaelib.study import claims, contrasts, tables
from vaelib.study.claims import Claim
from vaelib.study.contrasts import Difference


def between(low, high):
    return Difference((low + high) / 2, low, high, 5)


UP, NOTHING, DOWN = (0.01, 0.1), (-0.1, 0.1), (-0.1, -0.01)


@pytest.mark.parametrize(
    ("expected", "found", "excess", "verdict"),
    [
        (1, (0.1, 0.3), UP, "holds"),
        (1, (0.1, 0.3), DOWN, "holds for another reason"),
        (1, (0.1, 0.3), NOTHING, "holds, reason unclear"),
        (1, (-0.3, -0.1), UP, "does not hold"),
        (1, (-0.1, 0.3), UP, "can't tell"),
        (-1, (-0.3, -0.1), DOWN, "holds"),
        (-1, (-0.3, -0.1), UP, "holds for another reason"),
        (-1, (0.1, 0.3), DOWN, "does not hold"),
        (0, (-0.01, 0.015), DOWN, "holds"),
        (0, (0.025, 0.05), UP, "does not hold"),
        (0, (-0.05, -0.03), UP, "does not hold"),
        (0, (0.01, 0.03), UP, "can't tell"),
        (1, (-np.inf, np.inf), UP, "can't tell"),
    ],
)
def test_verdicts(expected, found, excess, verdict):
    claim = Claim("words", "mnist", "m", expected, 0.02)
    assert claims.verdict(claim, between(*found), between(*excess)) == verdict


def rows(seeds=5, noise=0.0, **means):
    """A table of one measure, with a mean for each model that is named."""
    random = np.random.default_rng(0)
    known = {name: means.get(name.replace("-", "_"), 0.0) for name in study.OBJECTIVES}
    return pd.DataFrame(
        {"dataset": "mnist", "objective": name, "seed": seed, "m": mean + noise * random.normal()}
        for name, mean in known.items()
        for seed in range(seeds)
    )


CLAIM = Claim("words", "mnist", "m", 1)
BETTER_MMD = dict(mmd_cross_entropy=3.0, mmd_as_posted=3.0)
BETTER_PIXELS = dict(elbo_squared_error=3.0, mmd_as_posted=3.0)


@pytest.mark.parametrize(
    ("means", "posted", "corrected"),
    [
        (BETTER_MMD, "holds", "holds"),
        (BETTER_PIXELS, "holds for another reason", "holds for another reason"),
        (BETTER_MMD | {"elbo_as_posted": -9.0}, "holds for another reason", "holds"),
        (dict(elbo_as_posted=9.0) | BETTER_MMD, "does not hold", "holds"),
    ],
)
def test_the_ledger_judges_both_comparisons_by_what_mmd_does(means, posted, corrected):
    [row] = claims.ledger(rows(noise=0.1, **means), [CLAIM]).to_dict("records")
    assert (row["verdict"], row["its verdict"]) == (posted, corrected)
    for column, name in {"as posted": claims.AS_POSTED, "KL corrected": claims.CORRECTED}.items():
        found = contrasts.contrast(rows(noise=0.1, **means), "mnist", "m", claims.CONTRASTS[name])
        assert row[column] == str(found)


def test_a_verdict_that_hangs_on_one_seed_has_a_star():
    table = rows(noise=0.1, **BETTER_MMD)
    odd = table.assign(
        m=table.m.where((table.objective != "mmd-as-posted") | (table.seed > 0), -20)
    )
    assert claims.judged(odd, CLAIM, claims.CORRECTED)[1] == "can't tell *"
    assert claims.judged(table, CLAIM, claims.CORRECTED)[1] == "holds"


def test_a_margin_is_shown():
    claim = Claim("words", "mnist", "m", 0, 0.02)
    [row] = claims.ledger(rows(noise=0.1), [claim]).to_dict("records")
    assert row["measure"] == "m, within ±0.02"


def test_claims_are_about_measures_that_the_study_takes():
    measures = tables.read().columns
    for claim in claims.CLAIMS:
        assert claim.measure in measures
        assert (claim.margin > 0) == (claim.expected == 0)
    used = {name for weights in claims.CONTRASTS.values() for name in weights}
    assert used <= set(study.OBJECTIVES)
