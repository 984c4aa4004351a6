"""What the README shows works as shown."""

import re
from pathlib import Path

import pandas as pd

from tools.tables import results, schedules
from vaelib import study
from vaelib.study import published

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_python_does_what_its_comment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    [code] = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    shown = {}
    exec(code, shown)
    shape = re.search(r"# \((.+?)\)", code).group(1)
    assert shown["images"].shape == tuple(map(int, shape.split(", ")))
    assert shown["images"].min() >= 0 and shown["images"].max() <= 1


def test_its_commands_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)\b", README))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_files_it_links_to_exist():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_its_measurements_are_those_that_were_printed():
    [block] = re.findall(r"```text\n(.+?)```", README, re.DOTALL)
    assert block == (ROOT / "docs" / "bench.txt").read_text(encoding="utf-8")
    goals = re.findall(r"at (?:most|least) [\d.]+(.*)", block)
    assert len(goals) > 10 and set(goals) <= {": met", ": MISSED"}


def test_its_results_are_those_of_the_committed_tables():
    assert results.made_anew(README) == README
    assert len(published.published()) == len(published.PUBLISHED)


def test_tables_are_replaced_between_their_own_marks():
    marks = {name: results.BEGIN.format(name) for name in ("study", "paper")}
    text = "".join(f"before {mark}\nold\n\n{results.END}" for mark in marks.values()) + "after"
    found = results.replaced(text, "paper", ["new\n"])
    assert found.index("old") < found.index(marks["paper"]) < found.index("new")
    assert found.count("old") == 1 and found.endswith(f"new\n\n{results.END}after")


def test_a_result_is_a_mean_and_a_standard_deviation():
    measures = {column: 0.0 for column in results.COLUMNS}
    rows = [
        {"dataset": dataset, "objective": name, "seed": seed}
        | measures
        | {"pixel MSE": 0.01 * seed}
        for dataset in results.TITLES
        for name in study.OBJECTIVES
        for seed in (1, 2, 3)
    ]
    lines = results.markdown(pd.DataFrame(rows)).splitlines()
    assert lines[0].split(" | ")[3] == "pixel MSE"
    assert lines[5].split(" | ")[0::3] == ["| VAE", "0.0200\u00a0± 0.0100", "0.00\u00a0± 0.00 |"]
    assert len(lines) == 2 * (2 + len(study.OBJECTIVES) + 1) - 1


def tried(**losses):
    """A table of schedules with these test losses, seed by seed, for every model and data set."""
    steps = dict.fromkeys(schedules.SCHEDULES, 2_400) | {"post": 30_000, "one epoch": 600}
    return pd.DataFrame(
        {"dataset": dataset, "model": model, "schedule": schedule, "seed": seed}
        | {"steps": steps[schedule], "test loss": loss}
        | {"15-NN accuracy": 0.5 + 0.1 * seed, "pixel MSE": 0.01}
        for dataset in results.TITLES
        for model in schedules.MODELS
        for name, found in losses.items()
        for schedule in [name.replace("_", " ")]
        for seed, loss in enumerate(found)
    )


def test_both_schedules_stand_side_by_side():
    lines = results.compared(tried(post=[269.2], four_epochs=[264.0, 266.0])).splitlines()
    assert lines[2] == (
        "| VAE, the post's | 30,000 | 269.2\u00a0(one seed) | 0.500\u00a0(one seed) | "
        "0.0100\u00a0(one seed) |"
    )
    assert lines[3] == (
        "| VAE, fast | 2,400 | 265.0\u00a0± 1.4 | 0.550\u00a0± 0.071 | 0.0100\u00a0± 0.0000 |"
    )
    assert len(lines) == 2 * (2 + 2 * len(schedules.MODELS) + 1) - 1


def test_what_was_not_trained_is_called_so():
    lines = results.compared(tried(four_epochs=[264.0])).splitlines()
    assert lines[2] == "| VAE, the post's | not trained | – | – | – |"


def test_a_record_counts_the_seeds_that_reach_what_the_posts_schedule_ends_with():
    losses = dict(post=[269.0, 270.0], four_epochs=[264.0, 266.0], one_epoch=[269.4, 269.6])
    losses["four_epochs_of_Adam"] = [265.0]  # in as many steps
    lines = results.records(tried(**losses)).splitlines()[2:]
    assert [line.split(" | ")[1:] for line in lines] == [
        ["30,000", "1/1", "-269.0, -270.0", "the target |"],  # the mean of its seeds
        ["2,400", "1/12.5", "-264.0, -266.0", "2 of 2 |"],
        ["2,400", "1/12.5", "-265.0", "1 of 1 |"],
        ["600", "1/50", "-269.4, -269.6", "1 of 2 |"],
    ]
    assert "4 epochs, Nadam at 0.008" in lines[1] and "1 epoch, Nadam at 0.016" in lines[3]


def test_it_names_every_file_of_the_package():
    folders = {path.parent.name for path in (ROOT / "vaelib").glob("*/__init__.py")}
    files = {path.stem for path in (ROOT / "vaelib").glob("[a-z]*.py")}
    for name in folders | files:
        assert f"`{name}`" in README, name
