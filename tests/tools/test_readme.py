"""What the README shows works as shown, and it stays short."""

import re
from pathlib import Path

import pytest

from study import model_table, write_results

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_read_in_one_sitting():
    assert len(README.splitlines()) <= 150


def test_its_first_screen_is_four_sentences_and_two_commands():
    title, sentences, commands = README.split("\n\n")[:3]
    assert title.startswith("# ") and "\n" not in title
    assert len(re.findall(r"\.(?=\s|$)", sentences)) == 4
    assert re.findall(r"^(?:make \w+)", commands, re.MULTILINE) == ["make run", "make test"]


def test_its_python_does_what_its_comment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    [code] = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    shown = {}
    exec(code, shown)
    shape = re.search(r"# \((.+?)\)", code).group(1)
    assert shown["images"].shape == tuple(map(int, shape.split(", ")))
    assert shown["images"].min() >= 0 and shown["images"].max() <= 1


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
def test_its_commands_are_in_the_makefile(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)\b", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_files_it_links_to_exist():
    links = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]
    assert len(links) > 12
    for link in links:
        assert (ROOT / link).exists(), link


def test_its_one_table_of_results_is_that_of_the_committed_rows():
    assert write_results.in_readme(README) == README
    assert README.count("<!-- from ") == 1 and not any(
        model_table.missing(model_table.read()).values()
    )


def test_it_names_every_file_of_the_package():
    folders = {path.parent.name for path in (ROOT / "vaelib").glob("*/__init__.py")}
    files = {path.stem for path in (ROOT / "vaelib").glob("[a-z]*.py")}
    for name in folders | files:
        assert f"`{name}`" in README, name
