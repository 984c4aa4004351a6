"""The tables of verdicts in docs/results.md show what the ledger says, and no more."""

import pandas as pd
import pytest

import tables_of
from study import (
    claims,
    contrasts,
    four_changes,
    ledger,
    ledger_tables,
    model_table,
    post_verdicts,
    ten_seeds,
)

FOUND = ledger.read()


def cells(table):
    """The rows of a Markdown table as lists of cells, without the line below the head."""
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    assert len({len(line) for line in lines[:1] + lines[2:]}) == 1
    return [lines[0], *lines[2:]]


def test_every_verdict_on_a_claim_is_in_its_cell():
    for schedule in ("fast", "post"):
        head, *rows = cells(ledger_tables.verdicts(FOUND, schedule))
        shown = {
            (row[0], row[2].split(" ")[0], comparison): cell
            for row in rows
            for comparison, cell in zip(head[3:], row[3:], strict=True)
            if cell != "–"
        }
        mine = FOUND[(FOUND.family == post_verdicts.CLAIMS) & (FOUND.schedule == schedule)]
        assert len(shown) == len(mine)
        for _, row in mine.iterrows():
            comparison = row.comparison
            if comparison not in contrasts.COMPARISONS:
                comparison = contrasts.POST_WEIGHTS  # untrained network minus chance
            cell = shown[row.claim, row.measure.split(" ")[0], comparison]
            reason = f", {row.reason}" if row.reason else ""
            assert cell == f"{row.verdict}{reason} ({row.effect:+.1f})"


def test_a_verdict_that_changes_in_the_ledger_changes_in_the_table():
    other = FOUND.assign(verdict="holds", reason="")
    _, *rows = cells(ledger_tables.verdicts(other, "post"))
    assert all(cell.startswith("holds (") for row in rows for cell in row[3:])


def test_verdicts_are_counted_by_schedule():
    head, *rows = cells(ledger_tables.counts(FOUND))
    for row in rows:
        assert sum(map(int, row[3:])) == int(row[2]) == 32
    mine = FOUND[(FOUND.family == post_verdicts.CLAIMS) & (FOUND.schedule == "post")]
    [post] = [row for row in rows if row[:2] == ["post's schedule", "5"]]
    expected = [str((mine.verdict == verdict).sum()) for verdict in head[3:]]
    assert post[3:] == expected


def test_what_a_claim_asks_is_said_in_words():
    found = {claim.words: ledger_tables.asked(claim) for claim in claims.CLAIMS}
    assert found["codes are centered at 0"] == "mean norm lower"
    assert found["clusters do not differ much"] == "15-NN accuracy the same within 0.02"
    assert found["no structure before training"] == "15-NN accuracy 0.10 ± 0.02"


def test_tests_of_sameness_are_listed_with_their_margins():
    _, *rows = cells(ledger_tables.sameness(FOUND[FOUND.family == post_verdicts.CLAIMS]))
    assert len(rows) == 12
    margins = {row[0]: row[1] for row in rows}
    assert margins == {
        "sample sharpness": "±0.01",
        "prior on manifold": "±0.05",
        "15-NN accuracy": "±0.02",
    }


def test_a_difference_that_is_not_interpreted_says_so():
    _, *rows = cells(ledger_tables.differences(FOUND, ledger.LIKELIHOOD_FAMILY))
    without = [row[-1] == "not interpreted" for row in rows]
    assert without == [
        note == ledger.COLLAPSED for note in FOUND.query("family == 'likelihoods'").note
    ]


def test_every_estimate_stands_with_its_interval():
    _, *rows = cells(ledger_tables.differences(FOUND, post_verdicts.CLAIMS))
    mine = FOUND[FOUND.family == post_verdicts.CLAIMS]
    assert len(rows) == len(mine) == 65
    for cell, (_, row) in zip(rows, mine.iterrows(), strict=True):
        assert cell[1] == row.measure and cell[-1] == row.verdict
        numbers = [float(word.strip("[],")) for word in cell[5].split()]
        assert numbers == pytest.approx([row.estimate, row.low, row.high], rel=0.01)


@pytest.fixture
def with_new_rows(monkeypatch):
    """The ledger as it is when the tables of both amendments are complete, of made-up rows."""
    frames = [
        tables_of.planned(0.001, ("fast", "post"), "silhouette", dataset, post_mmd=1.0, elbo=4.0)
        for dataset in model_table.DATASETS
    ]
    table = pd.concat(frames, ignore_index=True).assign(rate=6.0)
    names = {claim.measure for claim in claims.CLAIMS} - {"silhouette"}
    table = table.assign(**{name: table["silhouette"] for name in names})
    post, fast = (model_table.rows(table, part) for part in ("post", "fast"))
    later = pd.concat([post, post.assign(seed=post.seed + 5)])
    for module, rows in ((ten_seeds, later), (four_changes, fast)):
        monkeypatch.setattr(module, "missing", lambda: 0)
        monkeypatch.setattr(module, "read", lambda rows=rows: rows)
    return ledger.ledger()


def test_new_verdicts_and_reasons_appear_when_all_their_rows_are_there(with_new_rows):
    families = {post_verdicts.TEN_SEEDS, post_verdicts.FOUR_CHANGES}
    assert not families & set(FOUND.family) or families <= set(with_new_rows.family)
    assert families <= set(with_new_rows.family)
    ten = with_new_rows[with_new_rows.family == post_verdicts.TEN_SEEDS]
    assert len(ten) == 32 and set(ten.seeds) == {10}
    old = with_new_rows[~with_new_rows.family.isin(families)].reset_index(drop=True)
    before = FOUND[~FOUND.family.isin(families)].reset_index(drop=True)
    assert list(old.verdict) == list(before.verdict)  # the earlier verdicts stay
    counted = cells(ledger_tables.counts(with_new_rows))
    assert [row[:2] for row in counted[1:]][-1] == ["post's schedule", "10"]
    table = ledger_tables.verdicts(with_new_rows, "post", post_verdicts.TEN_SEEDS)
    assert "(× " in table


def test_shares_of_four_changes_add_up_to_the_whole(with_new_rows):
    head, *rows = cells(ledger_tables.reasons(with_new_rows))
    assert head[3:7] == [*four_changes.CHANGES]
    held = FOUND[(FOUND.family == post_verdicts.CLAIMS) & (FOUND.reason != "")]
    assert len(rows) == len(held) == 17
    for row in rows:
        parts = [float(cell.split()[0]) for cell in row[3:7] if cell != "–"]
        assert sum(parts) == pytest.approx(100, abs=2.1)  # they are rounded
        assert len(parts) == (3 if row[2] == contrasts.CORRECTED else 4)


def test_a_collapsed_model_leaves_its_reasons_open(with_new_rows, monkeypatch):
    rows = four_changes.read()
    gone = (rows.objective == "mmd-sampled") & (rows.dataset == "mnist") & (rows.seed == 7)
    rows = rows.assign(rate=rows.rate.mask(gone, 0.0))
    monkeypatch.setattr(four_changes, "read", lambda: rows)
    found = ledger.ledger()
    shares = found[found.family == post_verdicts.FOUR_CHANGES]
    open_ = shares[shares.verdict == ""]
    assert set(open_.data) == {"mnist"} and open_.note.str.startswith(ledger.COLLAPSED).all()
    assert set(shares[shares.verdict != ""].data) == {"fashion_mnist"}
