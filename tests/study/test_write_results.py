"""docs/results.md: its tables are those of runs/, and say what there is to say."""

import re
from pathlib import Path

import pandas as pd
import pytest

import tables_of
from study import (
    claims,
    first_edition,
    model_table,
    named_models,
    post_verdicts,
    published_numbers,
    write_results,
)

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "results.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_the_files_and_headings_it_links_to_exist():
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    words = [re.sub(r"[^\w -]", "", heading.lower()) for heading in headings]
    anchors = {"#" + heading.replace(" ", "-") for heading in words}
    assert len(links) > 5
    for link in links:
        path = link.split("#")[0]
        assert link in anchors or "://" in link or (path and (PATH.parent / path).exists()), link


def test_its_measurements_are_those_that_were_printed():
    [block] = re.findall(r"```text\n(.+?)```", PAGE, re.DOTALL)
    assert block == (ROOT / "docs" / "bench.txt").read_text(encoding="utf-8")
    goals = re.findall(r"at (?:most|least) [\d.]+(.*)", block)
    assert len(goals) > 10 and set(goals) <= {": met", ": MISSED"}


def test_its_tables_are_those_of_the_committed_runs():
    assert write_results.in_results(PAGE) == PAGE
    assert len(published_numbers.comparison_table()) == len(published_numbers.PUBLISHED)


def test_tables_are_replaced_between_their_own_marks():
    names = {name: write_results.FROM.format(name) for name in ("models", "paper")}
    marks = {name: write_results.BEGIN.format(words) for name, words in names.items()}
    text = (
        "".join(f"before {mark}\nold\n\n{write_results.END}" for mark in marks.values()) + "after"
    )
    found = write_results.replace_between_marks(text, names["paper"], ["new\n"])
    assert found.index("old") < found.index(marks["paper"]) < found.index("new")
    assert found.count("old") == 1 and found.endswith(f"new\n\n{write_results.END}after")


def measured(parts=("fast", "post", "threshold"), **means):
    """A table of every measure that a page shows or a claim is about, all the same but as given."""
    frames = [
        tables_of.planned(0.001, parts, "pixel MSE", dataset, **means)
        for dataset in model_table.DATASETS
    ]
    found = pd.concat(frames, ignore_index=True)
    names = {claim.measure for claim in claims.CLAIMS} | {*write_results.COLUMNS, "NLL"}
    return found.assign(rate=6.0, **{name: found["pixel MSE"] for name in names})


def test_a_result_is_a_mean_and_a_standard_deviation():
    table = measured(elbo=0.02)
    lines = write_results.full_tables(table).splitlines()
    assert lines[0].split(" | ")[3] == "pixel MSE"
    rows = table[(table.dataset == "fashion_mnist") & (table.objective == "elbo")]
    rows = rows[(rows.schedule == "fast") & (rows.pixels == "gray")]["pixel MSE"]
    expected = f"{rows.mean():.4f}\u00a0± {rows.std():.4f}"
    assert lines[5].split(" | ")[0:4:3] == ["| VAE", expected]
    assert len(lines) == 2 * (2 + len(named_models.OBJECTIVES) + 1) - 1


def test_the_short_table_has_the_posts_models_with_their_seeds():
    table = measured(elbo=0.02)
    lines = write_results.readme_table(
        table[(table.seed > 1) | (table.dataset == "mnist")]
    ).splitlines()
    assert len(lines) == 2 + len(model_table.DATASETS) * len(model_table.POST)
    assert lines[3].startswith("| Fashion-MNIST | VAE | 8 | ")
    assert lines[-2].startswith("| MNIST | VAE | 10 | 0.020\u00a0± 0.00")
    assert all(line.count("|") == lines[0].count("|") for line in lines)


def test_both_schedules_of_a_model_stand_one_below_the_other():
    lines = write_results.by_schedule(measured(in_post_elbo=0.3, in_fast_elbo=0.02)).splitlines()
    of_digits = lines[lines.index("", 2) + 1 :]
    assert of_digits[0].startswith("| MNIST | seeds | held-out MMD²")
    slow, fast = [one for one in of_digits if one.startswith("| VAE, ")]
    assert slow.startswith("| VAE, the post's | 5 | 0.299\u00a0± 0.001 | ")
    assert fast.startswith("| VAE, fast | 10 | 0.020\u00a0± 0.001 | ")
    assert len(of_digits) == 2 + 2 * len(model_table.POST)
    assert all(one.count("|") == of_digits[0].count("|") for one in of_digits)


def test_models_that_collapsed_are_called_so():
    table = measured()
    sampled = table.objective == "mmd-sampled"
    table.loc[sampled & (table.seed < 3), "rate"] = 1e-4
    table.loc[table.objective == "untrained", "rate"] = 1e-3  # has nothing to say yet
    for lines in (write_results.full_tables(table), write_results.likelihoods(table)):
        said = [line for line in lines.splitlines() if "collapsed" in line]
        assert said and all(named_models.TITLES["mmd-sampled"] in line for line in said)
    assert "(3 of 10 collapsed)" in write_results.full_tables(table)
    assert write_results.likelihoods(table).count("(3 of 5 collapsed)") == 2


def test_likelihoods_are_those_of_black_and_white_pixels():
    table = measured(in_threshold_elbo=140.0, in_fast_elbo=7.0)
    lines = write_results.likelihoods(table).splitlines()
    assert lines[2].startswith("| VAE | 140.0\u00a0± 0.0 | 140.0")
    assert len(lines) == 2 + len(model_table.BLACK_AND_WHITE)


def ledger_of(table):
    """The ledger's rows about the post's claims, of a made-up table."""
    return pd.DataFrame(post_verdicts.post_claims(claims.judge(table)))


def test_an_incomplete_table_says_so_and_gives_no_verdict(monkeypatch):
    whole = measured()
    assert write_results.model_table.state(whole).startswith("All 300 rows")
    some = whole[whole.seed > 1]
    assert "228 of the 300 rows" in write_results.model_table.state(some)
    monkeypatch.setattr(write_results.model_table, "read", lambda: some)
    text, _ = write_results.in_results(PAGE).split("## The forecast\n")  # has a table of its own
    assert "228 of the 300 rows" in text and not re.search(r"^\|.*can't tell", text, re.MULTILINE)
    monkeypatch.setattr(write_results.model_table, "read", lambda: whole)
    text = write_results.in_results(PAGE)
    assert "All 300 rows" in text and re.search(r"^\|.*can't tell", text, re.MULTILINE)
    assert "first edition | now" in text


def test_two_parts_of_squared_error_add_up_to_it():
    table = measured(elbo=1.0, elbo_matched=3.0, elbo_squared_error=7.0)
    lines = write_results.squared_error_apart(table).splitlines()
    assert len(lines) == 2 + 2 * 2 * len(write_results.SPLIT)
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    [line] = [line for line in lines if line.startswith("| MNIST | KL | mean norm |")]
    found = [float(cell.split()[0]) for cell in line.strip("| ").split(" | ")[3:]]
    assert found == pytest.approx([6, 2, 4], abs=0.01)


def test_known_images_are_listed_for_both_data_sets():
    known = pd.read_csv(model_table.REFERENCES)
    lines = write_results.known_images(known).splitlines()
    assert len(lines) == 2 + known.dataset.isin(model_table.DATASETS).sum()
    marks = known.set_index(["dataset", "images"]).loc["mnist", "blurred"]
    [line] = [line for line in lines if line.startswith("| MNIST | blurred |")]
    assert line.endswith(f"| {marks['recall']:.2f} | {marks['sharpness']:.2f} |")


@pytest.mark.parametrize(
    ("measure", "before", "means", "verdict", "reason"),
    [
        ("path length", "holds, by MMD", {}, "can't tell", "the path length had used"),
        ("silhouette", "can't tell", {"post_mmd": 1.0}, "holds", "more seeds and the new"),
        ("silhouette", "not asked", {}, "can't tell", "a measure that was missing"),
        (
            *("silhouette", "holds, by MMD", {"post_mmd": 1.0, "elbo_squared_error": 1.0}),
            *("holds", "shares averaged over all orders"),
        ),
        ("silhouette", "holds, by MMD", {"post_mmd": 0.00125}, "can't tell", "correction for"),
    ],
)
def test_a_verdict_that_changed_says_why(measure, before, means, verdict, reason):
    claim = claims.Claim("words", "mnist", measure, 1)
    others = [claims.Claim("other", "mnist", "occupancy", 1)] * 20  # to be corrected for
    row = claims.judge(measured(**means), [claim, *others]).iloc[0]
    found = {"measure": measure, "verdict": row.verdict, "reason": row.reason}
    found = pd.Series(found | {"p": claims.two_sided_p(claim, row.found)})
    assert row.verdict == verdict
    assert first_edition.reason_for_change(found, before).startswith(reason)


def test_a_claim_of_sameness_that_cannot_be_tested_says_why():
    row = pd.Series({"measure": "15-NN accuracy", "verdict": "not testable", "p": 0.3})
    assert first_edition.reason_for_change(row, "can't tell").startswith("the power of the test")


def test_the_first_edition_is_compared_claim_by_claim():
    first = pd.read_csv(first_edition.TABLE)
    assert len(first) == 15 and set(first.dataset) == set(model_table.DATASETS)
    known = {(claim.dataset, claim.words) for claim in claims.CLAIMS}
    assert set(first[["dataset", "claim"]].itertuples(index=False, name=None)) <= known
    lines = first_edition.changed_verdicts(ledger_of(measured()), first).splitlines()
    said = (
        r"Of the 32 verdicts with the fast schedule, (\d+) are new or differ from the first "
        r"edition, which had only 30 verdicts\."
    )
    assert len(lines) - 4 == int(re.fullmatch(said, lines[0])[1])
