"""The committed notebooks: in step with their text, executed, clean, and repeatable."""

import base64
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import papermill
import pytest
from matplotlib.image import imread

from tools.notebooks import refresh
from vaelib.study import claims, published, tables

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))
QUICK = {"dataset_name": "faces", "epochs": 1, "limit": 1000}


def outputs(notebook):
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


def pictures(notebook):
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            yield imread(io.BytesIO(base64.b64decode(output.data["image/png"])))


@pytest.fixture(params=SCRIPTS, ids=lambda script: script.stem)
def script(request):
    return request.param


@pytest.fixture
def committed(script):
    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("script", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda s: s.stem)
def test_text_and_notebook_are_in_step(script):
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
    assert set(QUICK) <= set(names)


def test_outputs_were_made_by_this_code_from_these_data(committed):
    recorded = committed.metadata.vaelib
    assert recorded.code == refresh.code_hash(committed)
    runs = [json.loads(path.read_text()) for path in ROOT.glob("runs/*/run.json")]
    known = {run["provenance"]["data"]["fingerprint"] for run in runs}
    assert recorded.data and set(recorded.data.values()) <= known


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


@pytest.mark.parametrize(
    ("name", "source", "now"),
    [
        ("05_measuring_the_claims", "claims.ledger(table)", lambda: claims.ledger(tables.read())),
        ("06_the_family", "published.published()", published.published),
    ],
)
def test_the_table_that_is_shown_is_that_of_the_committed_runs(name, source, now):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    [cell] = [c for c in notebook.cells if c.source == source]
    assert cell.outputs[0].data["text/html"] == now()._repr_html_()


def test_figures_show_something(committed):
    figures = list(pictures(committed))
    assert figures
    for figure in figures:
        assert np.std(figure[..., :3]) > 0.02


def test_a_page_stays_light(script):
    assert script.with_suffix(".ipynb").stat().st_size < 3_000_000


def test_a_quick_run_repeats_bit_for_bit(script, tmp_path):
    """Papermill executes it on small data; nbval does so again and compares every text."""
    known = papermill.inspect_notebook(script.with_suffix(".ipynb"))
    given = QUICK | ({"step": 0.2} if "step" in known else {})
    parameters = [f"-p {name} {value}" for name, value in given.items()]
    executed = tmp_path / script.with_suffix(".ipynb").name

    def run(words, runs):
        # Each time in a folder of its own, for a trained run would be loaded, not trained again.
        environment = os.environ | {"VAELIB_RUNS_DIR": str(tmp_path / runs)}
        environment.pop("MPLBACKEND", None)  # with the one that tests plot with, it shows no figure
        done = subprocess.run(
            [sys.executable, "-m", *words], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    source = str(script.with_suffix(".ipynb"))
    words = " ".join(["-k python3 --no-progress-bar", *parameters]).split()
    run(["papermill", source, str(executed), *words], "first")
    notebook = nbformat.read(executed, as_version=4)
    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    figures = list(pictures(notebook))
    assert figures and all(np.std(figure[..., :3]) > 0.02 for figure in figures)
    strictly = [
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout=600",
        "-p",
        "no:cacheprovider",
    ]
    run(["pytest", "-q", *strictly, str(executed)], "second")
