"""What the README shows works as shown."""

import re
from pathlib import Path

import pandas as pd

from tools.tables import results
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
    assert "MISSED" not in block


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


def test_it_names_every_file_of_the_package():
    folders = {path.parent.name for path in (ROOT / "vaelib").glob("*/__init__.py")}
    files = {path.stem for path in (ROOT / "vaelib").glob("[a-z]*.py")}
    for name in folders | files:
        assert f"`{name}`" in README, name
