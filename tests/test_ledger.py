"""The ledger: what may be said of a claim, and the table that it is said by."""

import numpy as np
import pandas as pd
import pytest

from vaelib import contrasts, ledger, study
from vaelib.contrasts import Difference
from vaelib.ledger import Claim


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
    assert ledger.verdict(claim, between(*found), between(*excess)) == verdict


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
    [row] = ledger.ledger(rows(noise=0.1, **means), [CLAIM]).to_dict("records")
    assert (row["verdict"], row["its verdict"]) == (posted, corrected)
    for column, name in {"as posted": ledger.AS_POSTED, "KL corrected": ledger.CORRECTED}.items():
        found = contrasts.contrast(rows(noise=0.1, **means), "mnist", "m", ledger.CONTRASTS[name])
        assert row[column] == str(found)


def test_a_verdict_that_hangs_on_one_seed_has_a_star():
    table = rows(noise=0.1, **BETTER_MMD)
    odd = table.assign(
        m=table.m.where((table.objective != "mmd-as-posted") | (table.seed > 0), -20)
    )
    assert ledger.judged(odd, CLAIM, ledger.CORRECTED)[1] == "can't tell *"
    assert ledger.judged(table, CLAIM, ledger.CORRECTED)[1] == "holds"


def test_a_margin_is_shown():
    claim = Claim("words", "mnist", "m", 0, 0.02)
    [row] = ledger.ledger(rows(noise=0.1), [claim]).to_dict("records")
    assert row["measure"] == "m, within ±0.02"


def test_claims_are_about_measures_that_the_study_takes():
    measures = ledger.read().columns
    for claim in ledger.CLAIMS:
        assert claim.measure in measures
        assert (claim.margin > 0) == (claim.expected == 0)
    used = {name for weights in ledger.CONTRASTS.values() for name in weights}
    assert used <= set(study.OBJECTIVES)


def test_the_scaled_path_length_does_not_depend_on_the_size_of_the_map(tmp_path):
    row = {"path length": [100, 25], "std of z1": [1.0, 2.0], "std of z2": [0.5, 1.0]}
    pd.DataFrame(row).to_csv(tmp_path / "table.csv")
    assert list(ledger.read(tmp_path / "table.csv")["path length, scaled"]) == [62.5, 62.5]


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_the_reference_is_that_of_real_images(dataset):
    found = ledger.reference(dataset)
    assert found["prior on manifold"] == found["grid on manifold"]
    assert found["sample sharpness"] == pytest.approx(1, abs=0.02)
    assert 0.7 < found["coverage"] < 1


def test_a_data_set_without_a_reference_is_refused():
    with pytest.raises(ValueError, match="no reference for 'faces': there are those of fashion_mn"):
        ledger.reference("faces")


def test_a_row_made_again_is_compared_with_the_range_of_its_seeds():
    table = pd.DataFrame(
        {
            "dataset": ["mnist", "mnist", "mnist", "faces"],
            "objective": ["elbo", "elbo", "autoencoder", "elbo"],
            "seed": [0, 1, 0, 0],
            "loss": [2.0, 2.5, 90.0, 70.0],
            "m": [1.0, 9.0, 1.0, 1.0],
            "gap": [np.nan, np.nan, 1.0, 1.0],
            "epochs": 10,
            "machine.cores": 2,
            "code.commit": "abc",
        }
    )
    row = {"dataset": "mnist", "objective": "elbo", "seed": 1, "loss": 3.5, "m": 2.0, "gap": np.nan}
    assert ledger.again(row, table).to_dict("index") == {
        "loss": {"there": 2.5, "here": 3.5, "range": 0.5, "within": False},
        "m": {"there": 9.0, "here": 2.0, "range": 8.0, "within": True},
    }
    with pytest.raises(ValueError, match="0 rows of elbo on mnist with seed 2: expected one"):
        ledger.again(row | {"seed": 2}, table)


def test_a_row_is_not_outside_for_the_digits_that_the_table_leaves_out():
    table = pd.DataFrame({"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "p": 0.001996})
    row = {"dataset": "mnist", "objective": "elbo", "seed": 0, "p": 0.00199601}
    assert ledger.again(row, table).within.all()
    assert not ledger.again(row | {"p": 0.00201}, table).within.any()
