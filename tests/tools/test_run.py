"""tools/notebooks/run.py: parameters go where they belong, pages appear, failures are sentences."""

import re
from pathlib import Path

import nbformat
import pytest

from tools.notebooks import run


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """Two small notebooks in the working directory: one has the parameter epochs, one fails."""
    monkeypatch.chdir(tmp_path)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = {"01_trains": ["epochs: int = 3", "print('trained', epochs)"], "02_fails": ["1 / 0"]}
    for name, sources in cells.items():
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(notebook, f"{name}.ipynb")
    return [Path(f"{name}.ipynb") for name in cells]


def test_parameters_go_to_the_notebooks_that_have_them(notebooks):
    accepted = run.accepted(notebooks, run.parse(["epochs=2"]))
    assert list(accepted.values()) == [{"epochs": 2}, {}]


REFUSALS = {
    "epoch=2": "No notebook has a parameter 'epoch'. There are: epochs.",
    "epochs=two": "In 01_trains, epochs must be of type int, not 'two'.",
    "epochs=True": "In 01_trains, epochs must be of type int, not True.",
    "epochs=0": "epochs must be an integer, 1 or more, not 0.",
    "epochs": "'epochs' is not of the form name=value.",
}


@pytest.mark.parametrize("word", REFUSALS)
def test_mistyped_parameters_are_refused_before_anything_runs(notebooks, word):
    with pytest.raises(SystemExit) as refusal:
        run.accepted(notebooks, run.parse([word]))
    assert str(refusal.value) == REFUSALS[word]


EACH = [Path(f"{number}_lesson.ipynb") for number in ("00", "01", "02", "03", "04", "07", "11")]


@pytest.mark.parametrize(
    ("lessons", "numbers"),
    [
        (None, ["00", "01", "02", "03"]),
        ("all", ["00", "01", "02", "03", "04", "07", "11"]),
        ("07 04", ["04", "07"]),
        ("11,00", ["00", "11"]),
    ],
)
def test_the_core_course_is_executed_or_the_lessons_that_are_asked_for(lessons, numbers):
    assert [notebook.stem[:2] for notebook in run.chosen(EACH, lessons)] == numbers


@pytest.mark.parametrize(("lessons", "said"), [("04 9", "'9'"), ("", "''"), ("faces", "'faces'")])
def test_a_lesson_that_does_not_exist_is_refused(lessons, said):
    with pytest.raises(SystemExit) as refusal:
        run.chosen(EACH, lessons)
    assert str(refusal.value).startswith(f"There is no lesson {said}: choose some of 00 01 02")


def test_the_word_lessons_chooses_among_the_notebooks(notebooks, monkeypatch, capsys):
    Path("notebooks").mkdir()
    for notebook in notebooks:
        notebook.rename(Path("notebooks", notebook.name))
    monkeypatch.setattr(run.os, "chdir", lambda folder: None)
    monkeypatch.setattr(run, "fetch", lambda notebooks: None)
    monkeypatch.setattr(run, "execute", lambda notebook, *_: print("ran", notebook.stem) or 1.0)
    run.main(["lessons=02"])
    said = capsys.readouterr().out
    assert "ran 02_fails" in said and "ran 01_trains" not in said


def test_executed_notebook_becomes_a_page(notebooks, capsys):
    run.BUILD.mkdir()
    assert run.execute(notebooks[0], {"epochs": 2}, "[1/2] 01_trains") > 0
    assert "\ntrained 2\n" in capsys.readouterr().out
    assert "trained 2" in Path("build/01_trains.html").read_text()


def test_solutions_are_executed_where_they_are_asked_for(notebooks, monkeypatch, capsys):
    Path("notebooks/solutions").mkdir(parents=True)
    notebooks[0].rename("notebooks/solutions/01_trains.ipynb")
    notebooks[1].rename("notebooks/02_fails.ipynb")
    monkeypatch.setattr(run.os, "chdir", lambda folder: None)
    monkeypatch.setattr(run, "fetch", lambda notebooks: None)
    run.main(["solutions", "epochs=5"])
    assert "build/solutions/01_trains.html" in capsys.readouterr().out
    assert "trained 5" in Path("build/solutions/01_trains.html").read_text()
    with pytest.raises(SystemExit, match="02_fails failed"):
        run.main([])


def test_failing_notebook_ends_in_a_sentence_and_leaves_no_page(notebooks):
    run.BUILD.mkdir()
    Path("build/02_fails.html").write_text("from an earlier run")
    with pytest.raises(SystemExit, match=r"02_fails failed .*ZeroDivisionError: division by zero"):
        run.execute(notebooks[1], {}, "[2/2] 02_fails")
    assert Path("build/02_fails.ipynb").exists() and not Path("build/02_fails.html").exists()


def test_what_took_how_long_is_said_at_the_end(notebooks, monkeypatch, capsys):
    Path("notebooks").mkdir()
    for notebook in notebooks:
        notebook.rename(Path("notebooks", notebook.name))
    run.READY.parent.mkdir()
    run.READY.write_text("21")  # as the installation leaves it
    monkeypatch.setattr(run.os, "chdir", lambda folder: None)
    monkeypatch.setattr(run, "fetch", lambda notebooks: None)
    monkeypatch.setattr(
        run, "execute", lambda notebook, *_: {"01_trains": 60.4, "02_fails": 7.4}[notebook.stem]
    )
    run.main([])
    said = capsys.readouterr().out.split("Time taken:")[1]
    assert re.findall(r"^  (.+?)  +(\d+) s$", said, re.MULTILINE) == [
        ("the environment, when it was created", "21"),
        ("the data", "0"),
        ("01_trains", "60"),
        ("02_fails", "7"),
        ("everything except the environment", "68"),
    ]
