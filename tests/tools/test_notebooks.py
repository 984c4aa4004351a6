"""The committed notebooks: in step with their text, executed, clean, and repeatable."""

import json
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import jupytext
import nbformat
import numpy as np
import papermill
import pytest
from quick import LESSONS, SOLUTIONS, names_of_parameters, outputs, pictures

from study import ledger, ledger_figure
from tools.notebooks import refresh
from vaelib import data

ROOT = Path(__file__).parents[2]
SCRIPTS = LESSONS + SOLUTIONS


def name_of(script):
    return str(script.relative_to(ROOT / "notebooks").with_suffix(""))


@pytest.fixture(params=SCRIPTS, ids=name_of)
def script(request):
    return request.param


@pytest.fixture
def committed(script):
    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("script", sorted((ROOT / "notebooks").rglob("*.py")), ids=name_of)
def test_py_and_ipynb_have_the_same_cells(script):
    def content(notebook):
        return [
            (cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells
        ]

    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert content(notebook) == content(jupytext.read(script))


def test_kernel_is_the_one_that_every_installation_has(committed):
    assert committed.metadata.kernelspec.name == "python3"


def test_there_is_one_early_cell_of_parameters_each_with_type_and_comment(committed, script):
    tagged = [
        i for i, c in enumerate(committed.cells) if "parameters" in c.metadata.get("tags", [])
    ]
    assert len(tagged) == 1 and tagged[0] < 5
    names = []
    for line in committed.cells[tagged[0]].source.splitlines():
        # None alone has no type: papermill overlooks parameters whose type is a union.
        (name,) = re.fullmatch(r"([a-z_]+)(?:: [a-z]+ = .+| = None)  # .+", line).groups()
        names.append(name)
    assert list(papermill.inspect_notebook(script.with_suffix(".ipynb"))) == names
    assert names_of_parameters(script) <= set(names)


def test_outputs_were_made_by_this_code_from_these_data(committed):
    recorded = committed.metadata.vaelib
    assert recorded.code == refresh.code_hash(committed)
    runs = [json.loads(path.read_text()) for path in ROOT.glob("runs/*/run.json")]
    known = {run["provenance"]["data"]["fingerprint"] for run in runs}
    known.add(data.load("faces").fingerprint)
    assert recorded.data
    for name, fingerprint in recorded.data.items():
        if name == "emoji":  # of which each version of the font has others
            assert re.fullmatch("[0-9a-f]{64}", fingerprint)
        else:
            assert fingerprint in known


def test_it_stays_within_the_memory_that_binder_gives(committed):
    """As measured in its kernel on the full data; Binder gives 2,000 MB to everything together."""
    assert 500 < committed.metadata.vaelib.peak_memory_mb <= 1500


def test_every_cell_was_executed_in_order(committed):
    counts = [c.execution_count for c in committed.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_error_no_stderr_and_no_path_of_the_machine(committed):
    for output in outputs(committed):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
        text = json.dumps({k: v for k, v in output.get("data", {}).items() if "image" not in k})
        assert not re.search(r"/(home|root|tmp|work|Users)/", text + output.get("text", ""))


def test_the_figure_of_the_verdicts_is_that_of_the_committed_ledger():
    notebook = nbformat.read(ROOT / "notebooks" / "05_measuring_a_claim.ipynb", as_version=4)
    [cell] = [c for c in notebook.cells if "ledger_figure.plot_verdicts(" in c.source]
    alternative = cell.outputs[0].metadata["image/png"]["alt"]
    assert alternative == ledger_figure.describe_verdicts(ledger.read())


def test_figures_show_something(committed):
    figures = list(pictures(committed))
    assert figures
    for figure in figures:
        assert np.std(figure[..., :3]) > 0.02


def test_a_page_stays_light(script):
    assert script.with_suffix(".ipynb").stat().st_size < 3_000_000


def text_of(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def test_every_figure_has_a_text_alternative_of_its_own(committed):
    shown = [o for o in outputs(committed) if "image/png" in o.get("data", {})]
    alternatives = [o.metadata.get("image/png", {}).get("alt", "") for o in shown]
    assert all(len(alternative.split()) >= 8 for alternative in alternatives)
    assert len(set(alternatives)) == len(alternatives)


# Words in capitals that stand for text that is still to be written.
PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|XXX|TBD|FILL|LOSSES|TEXT\d+)\b|^[A-Z][A-Z\d_]+$", re.MULTILINE
)


@pytest.mark.parametrize("text", ["The losses are LOSSES.", "before\n\nTEXT5\n\nafter", "TABLE"])
def test_a_placeholder_is_recognized(text):
    assert PLACEHOLDER.search(text) and not PLACEHOLDER.search("The ELBO of an MMD-VAE. A text.")


def test_no_placeholder_is_left(committed):
    assert not PLACEHOLDER.findall(text_of(committed))


def test_headings_are_in_order(committed):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text_of(committed), re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def anchors(notebook):
    """The anchors that JupyterLab makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(notebook), re.MULTILINE)
    return {re.sub(r"[*`]", "", heading).strip().replace(" ", "-") for heading in headings}


def test_links_to_sections_lead_to_headings(script):
    links = re.findall(r"\]\(([\w./-]+\.ipynb)?#([^()\s]+)\)", text_of(jupytext.read(script)))
    for name, anchor in links:
        target = script.parent / Path(name).with_suffix(".py") if name else script
        assert anchor in anchors(jupytext.read(target)), f"{name}#{anchor}"


def test_other_settings_than_those_of_the_text_are_named(committed, script):
    """Right after the parameters, with just the values that stand there."""
    cells = [c for c in committed.cells if c.cell_type == "code"]
    at = [i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    given, said = {}, {}
    exec(cells[at[0]].source, given)
    follows = cells[at[0] + 1].source
    assert re.match(r"lesson\.note_changed_settings\(\s*globals\(\),\s", follows)
    exec(
        follows,
        {
            "lesson": SimpleNamespace(
                note_changed_settings=lambda _, **named: said.update(named),
                check_ranges=lambda *_, **__: None,
            )
        },
    )
    assert names_of_parameters(script) | {"seed"} <= set(said)
    assert said == {name: given[name] for name in said}


@pytest.mark.parametrize("script", LESSONS, ids=name_of)
def test_a_lesson_has_its_parts(script):
    text = text_of(jupytext.read(script))
    parts = ["**What you'll do**", "**What you'll learn**", "**What you'll need**"]
    parts += ["## Three quick questions", "## On your own", "## Further reading"]
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)
    questions = text.split(parts[3])[1].split(parts[4])[0]
    assert len(re.findall(r"<details>\s*<summary>", questions)) == 3
    assert text.count("<details>") == text.count("</details>")
    assert 3 <= text.count("**Predict.**") <= 8


@pytest.mark.parametrize("script", LESSONS, ids=name_of)
def test_every_exercise_has_a_solution(script):
    """One of them at least is on paper. In a solution each is a section with its number."""
    own = text_of(jupytext.read(script)).split("## On your own")[1].split("\n## ")[0]
    kinds = re.findall(r"^(?:-|\d\.) \*\*(.+?)\.\*\*", own, re.MULTILINE)
    assert len(kinds) >= 4 and "On paper" in kinds
    assert f"solutions/{script.stem}.ipynb" in own
    solution = text_of(jupytext.read(script.parent / "solutions" / script.name))
    sections = re.findall(r"^## (\d)\. ", solution, re.MULTILINE)
    assert sections == [str(number) for number in range(1, len(kinds) + 1)]
