"""docs/teaching.md: what it says of the lessons is in the lessons."""

import re
import shlex
import shutil
import subprocess
import sys
from math import comb
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "teaching.md"
PAGE = PATH.read_text(encoding="utf-8")
LESSONS = {path.name[:2]: path for path in (ROOT / "notebooks").glob("[0-9]*.py")}
CITED = re.findall(r"[Ll]esson\s+(\d\d),\s+\*([^*]+)\*", PAGE)


def headings(path):
    texts = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown"]
    return [h for text in texts for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]


@pytest.mark.parametrize(("lesson", "heading"), CITED, ids=lambda word: word)
def test_each_heading_that_it_cites_is_one_of_that_lesson(lesson, heading):
    assert " ".join(heading.split()) in headings(LESSONS[lesson])


def test_every_lesson_is_cited_and_has_its_place_in_the_plans():
    assert {lesson for lesson, _ in CITED} == set(LESSONS)
    for lesson in LESSONS:
        assert len(re.findall(rf"^\|.*\b{lesson}\b", PAGE, re.MULTILINE)) >= 2, lesson


def test_sessions_are_as_long_as_they_say():
    [long] = set(re.findall(r"^## .+ sessions of (\d+) minutes$", PAGE, re.MULTILINE))
    minutes = {}
    for session, found in re.findall(r"^\| (\d) \| (\d\d) \| \d\d \|", PAGE, re.MULTILINE):
        minutes[session] = minutes.get(session, 0) + int(found)
    assert minutes == {"1": int(long), "2": int(long)}


def test_the_kinds_of_exercises_that_it_names_are_in_every_lesson():
    kinds = set(re.findall(r"\*\*([^*]+)\*\*", PAGE))
    assert kinds == {"On paper", "Change one line", "Measure", "Open"}
    for path in LESSONS.values():
        assert "**On paper.**" in path.read_text(encoding="utf-8"), path.name


def test_the_coin_of_the_blind_guess_is_the_one_in_the_lesson():
    [code] = re.findall(r"`(default_rng\(\d+\))`", PAGE)
    assert code in LESSONS["03"].read_text(encoding="utf-8")
    right, cases = map(int, re.search(r"in (\d+) of (\d),(\d+)", PAGE).expand(r"\1 \2\3").split())
    assert (right, cases) == (sum(comb(10, k) for k in (8, 9, 10)), 2**10)


def test_copies_for_a_class_have_no_outputs_and_the_originals_keep_theirs(tmp_path):
    [command] = re.findall(r"^\.venv/bin/(jupyter nbconvert .+)$", PAGE, re.MULTILINE)
    original = LESSONS["03"].with_suffix(".ipynb")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(original, tmp_path / "notebooks")
    *words, pattern = shlex.split(command)[1:]
    chosen = sorted(str(path) for path in tmp_path.glob(pattern))
    subprocess.run([sys.executable, "-m", *words, *chosen], cwd=tmp_path, check=True)
    copy = nbformat.read(tmp_path / "class" / original.name, as_version=4)
    assert not [c for c in copy.cells if c.get("outputs") or c.get("execution_count")]
    assert (tmp_path / "notebooks" / original.name).read_bytes() == original.read_bytes()


def test_the_files_it_links_to_exist():
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert links and all((PATH.parent / link).exists() for link in links)
