"""Every notebook takes its settings over their whole range, or refuses them in its first cells.

The cells are executed up to the first training run, which is replaced by an exception. Values just
outside of a range have to be refused by the cell that follows the settings.
"""

import contextlib

import jupytext
import pytest
from quick import CLAIMS, LESSONS, OWN_IMAGES, SOLUTIONS

import drawn
from vaelib import explorer, runs
from vaelib.support import lesson
from vaelib.support.backend import keras

of_each = pytest.mark.parametrize(
    "script", LESSONS + SOLUTIONS, ids=lambda s: str(s.relative_to(LESSONS[0].parent))
)
MOST = {"epochs": 10**6, "steps": 10**6, "latent_dim": 784}  # where there is no limit
TEXT = {"dataset_name": "faces"}


class Training(Exception):
    """Raised where the first model would be trained."""


@pytest.fixture(autouse=True)
def without_training(monkeypatch):
    def stop(*_, **__):
        raise Training

    monkeypatch.setattr(runs, "train", stop)
    monkeypatch.setattr(keras.Model, "fit", stop)
    for name in ("compare", "infer", "sweep", "steer"):  # pages of committed runs take long
        if hasattr(explorer, name):
            monkeypatch.setattr(explorer, name, lambda *_, **__: None)
    monkeypatch.setattr(lesson, "show", lambda *_: None)


def code_of(script):
    """The sources of the code cells, and the place of the cell with the settings."""
    cells = [cell for cell in jupytext.read(script).cells if cell.cell_type == "code"]
    [place] = [i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    return [cell.source for cell in cells], place


def walk(script, given, cells=None):
    """Execute the first cells of a notebook, by default until a model would be trained."""
    sources, place = code_of(script)
    namespace = {"__name__": "__main__"}
    for i, source in enumerate(sources[: None if cells is None else place + 1 + cells]):
        exec(compile(source, f"{script.stem}, cell {i}", "exec"), namespace)
        if i == place:
            assert set(given) <= set(namespace), set(given) - set(namespace)
            namespace.update(given)
    return namespace


def ranges_of(script, monkeypatch):
    """The settings of a notebook with their usual values, and the range of each number."""
    found, settings = {}, {}
    with monkeypatch.context() as patch:
        patch.setattr(lesson, "note_changed_settings", lambda _, **usual: settings.update(usual))
        patch.setattr(lesson, "check_ranges", lambda _, **ranges: found.update(ranges))
        walk(script, {}, cells=1)
    known = {name: lesson.BOUNDS[name] for name in settings if name in lesson.BOUNDS}
    return settings, known | {n: r for n, r in found.items() if not isinstance(r[0], str)}


def pictures(folder, settings):
    """The settings that name images: data of this package, or a folder with twenty pictures."""
    few = str(drawn.folder(folder / "discs", (40, 40, 3), n=20)) if "folder" in settings else None
    named = dict.fromkeys({"folder", "closer"} & set(settings), few)
    return named | {name: value for name, value in TEXT.items() if name in settings}


@of_each
@pytest.mark.parametrize("end", [0, 1], ids=["least", "most"])
def test_the_ends_of_the_ranges_lead_to_the_first_training_or_to_the_end(
    script, end, tmp_path, monkeypatch
):
    monkeypatch.chdir(script.parent)
    settings, ranges = ranges_of(script, monkeypatch)
    given = {name: r[end] for name, r in ranges.items()}
    given = {name: MOST.get(name) if value is None else value for name, value in given.items()}
    with contextlib.nullcontext() if script.stem == CLAIMS else pytest.raises(Training):
        walk(script, given | pictures(tmp_path, settings))


@of_each
def test_values_outside_of_the_ranges_are_refused_at_the_top(script, monkeypatch):
    monkeypatch.chdir(script.parent)
    settings, ranges = ranges_of(script, monkeypatch)
    assert {"seed"} <= set(ranges)
    for name, (least, most) in ranges.items():
        nearly = 1 if isinstance(least, int) else 0.001
        outside = [least - nearly, "few", *([] if most is None else [most + nearly])]
        outside += [] if settings[name] is None else [None]
        for value in outside:
            with pytest.raises((ValueError, TypeError), match=f"^{name} must be "):
                walk(script, {name: value}, cells=1)


@of_each
def test_all_settings_are_among_those_that_are_checked(script, monkeypatch):
    """So that another name is refused."""
    sources, place = code_of(script)
    given = {}
    exec(sources[place], given)
    settings, _ = ranges_of(script, monkeypatch)
    assert set(settings) == {name for name in given if not name.startswith("__")}


@pytest.mark.parametrize("script", LESSONS + SOLUTIONS, ids=str)
def test_the_first_import_of_the_project_says_how_to_install_it(script):
    """A traceback shows the line above the one that failed."""
    lines = code_of(script)[0][0].splitlines()
    first = next(
        i for i, line in enumerate(lines) if line.startswith(("from vaelib", "from study"))
    )
    assert 'pip install --editable ".[cpu,tutorial]"' in lines[first - 1]


@pytest.mark.slow
def test_lesson_07_takes_the_smallest_pictures_to_its_end(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    [script] = [script for script in LESSONS if script.stem == OWN_IMAGES]
    few = str(drawn.folder(tmp_path / "discs", (40, 40, 3), n=20))
    walk(script, {"folder": few, "closer": few, "size": 16, "steps": 1})
