"""The ledger lists every verdict, and SciPy alone comes to the same ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from study import ledger, post_verdicts, sameness_power
from study.contrasts import Difference

TABLES = Path(ledger.__file__).with_name("tables")
FOUND = ledger.read()
LATER = post_verdicts.TEN_SEEDS, post_verdicts.FOUR_CHANGES  # amendments 6 and 10
FIRST = FOUND[~FOUND.family.isin(LATER)]


def test_the_committed_file_is_what_the_tables_give(tmp_path):
    ledger.write(tmp_path / "ledger.csv")
    assert (tmp_path / "ledger.csv").read_text() == ledger.LEDGER.read_text()


def values(table, dataset, objective, schedule, measure):
    """A measure of one model for every seed, selected from the file without the study's code."""
    seeds = {"fast": 10, "post": 5}[schedule]
    rows = table[(table.dataset == dataset) & (table.objective == objective)]
    rows = rows[(rows.prior == "normal") & (rows.latent_dim == 2) & (rows.pixels == "gray")]
    return rows[(rows.schedule == schedule) & (rows.seed < seeds)][measure]


# Comparison and its models: the first minus the second.
MODELS = {
    "post's weights": ("post-mmd", "post-elbo"),
    "standard KL weight": ("post-mmd", "elbo"),
    "MMD for KL": ("mmd-sampled", "elbo"),
    "no noise": ("mmd-deterministic", "mmd-sampled"),
}
DIRECTED = [
    ("sample sharpness", "fashion_mnist", "standard KL weight", "fast", "higher"),
    ("15-NN accuracy", "fashion_mnist", "post's weights", "fast", "higher"),
    ("held-out MMD²", "fashion_mnist", "post's weights", "fast", "lower"),
    ("held-out MMD²", "fashion_mnist", "standard KL weight", "post", "lower"),
    ("path length", "mnist", "post's weights", "post", "lower"),
    ("mean norm", "fashion_mnist", "post's weights", "post", "lower"),
    ("coverage", "mnist", "standard KL weight", "post", ""),
    ("recall", "fashion_mnist", "post's weights", "fast", ""),
    ("mean norm", "fashion_mnist", "no noise", "fast", ""),
    ("15-NN accuracy", "fashion_mnist", "MMD for KL", "fast", ""),
]


@pytest.mark.parametrize(("measure", "data", "comparison", "schedule", "claimed"), DIRECTED)
def test_a_verdict_is_that_of_scipy(measure, data, comparison, schedule, claimed):
    here = FIRST[(FIRST.measure == measure) & (FIRST.data == data) & (FIRST.schedule == schedule)]
    [row] = here[here.comparison == comparison].to_dict("records")
    table = pd.read_csv(TABLES / "models.csv")
    first, second = (values(table, data, m, schedule, measure) for m in MODELS[comparison])
    test = stats.ttest_ind(first, second, equal_var=False)
    assert row["estimate"] == pytest.approx(first.mean() - second.mean(), rel=1e-5)
    assert row["p"] == pytest.approx(test.pvalue, rel=1e-4)
    assert (row["low"], row["high"]) == pytest.approx(tuple(test.confidence_interval()), rel=1e-4)
    family = FOUND[FOUND.family == row["family"]]
    corrected = holm(family.p)[family.index.get_loc(row_index(row))]
    assert row["corrected p"] == pytest.approx(corrected, rel=1e-4)
    way = "higher" if test.statistic > 0 else "lower"
    claim = {"": way, way: "holds"}.get(claimed, "does not hold")
    assert row["verdict"] == (claim if corrected < 0.05 else "can't tell")


def row_index(row):
    [index] = FOUND.index[(FOUND[["estimate", "p"]] == [row["estimate"], row["p"]]).all(axis=1)]
    return index


def holm(p):
    """Corrected p values: the k-th smallest times the number of those that are not smaller."""
    p = np.asarray(p)
    found = []
    for value in p:
        smaller = np.unique(p[p <= value])
        found.append(min(1, max(q * (p >= q).sum() for q in smaller)))
    return found


def test_every_measure_that_rewards_averages_has_a_note():
    rewarding = FOUND.measure.str.contains("on manifold")
    noted = FOUND.note.str.contains(ledger.REWARDS_AVERAGES, regex=False)
    assert rewarding.any() and list(noted) == list(rewarding)


def test_collapsed_models_get_no_verdict():
    collapsed = FOUND.note.str.contains(ledger.COLLAPSED, regex=False)
    assert set(FIRST.data[collapsed]) == {"mnist"}
    assert list(collapsed) == list(FOUND.verdict == "")


def test_a_claim_that_continues_another_one_is_written_in_full():
    assert not FOUND.claim.str.startswith("...").any()
    assert "codes are centered at 0 and look like the prior" in set(FOUND.claim)


def test_the_power_of_a_test_of_sameness_is_that_of_a_simulation():
    """Equal models are simulated, and tested by two one-sided Welch tests of SciPy."""
    random, seeds, margin = np.random.default_rng(0), 10, 0.6
    both = random.normal(size=(2, seeds, 4_000), scale=0.4)
    above = stats.ttest_ind(both[0] + margin, both[1], equal_var=False, alternative="greater")
    below = stats.ttest_ind(both[0] - margin, both[1], equal_var=False, alternative="less")
    shown = (np.maximum(above.pvalue, below.pvalue) < 0.025).mean()
    found = Difference(0.0, 0.4 * (2 / seeds) ** 0.5, 2 * (seeds - 1), 0.4, seeds)
    assert sameness_power.power_of_sameness(found, margin) == pytest.approx(shown, abs=0.03)
    needed = sameness_power.seeds_needed(found, margin)
    assert sameness_power.power_of_sameness(found, margin, needed) >= 0.8
    assert sameness_power.power_of_sameness(found, margin, needed - 1) < 0.8


def test_a_claim_of_sameness_without_power_is_not_called_undecided():
    same = FIRST[FIRST.power.notna()]
    assert len(same) == 13
    undecided = same[same.verdict.isin(["can't tell", "not testable"])]
    assert ((undecided.power < 0.5) == (undecided.verdict == "not testable")).all()
