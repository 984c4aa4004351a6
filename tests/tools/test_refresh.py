"""tools/notebooks/refresh.py: executed from the .py, and it knows where outputs come from."""

import nbformat
import numpy as np
import pytest

from tools.notebooks import refresh
from vaelib import data

SOURCE = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
dataset_name: str = "faces"

# %% [markdown]
# Text.

# %%
print(dataset_name{})
"""


def test_outputs_come_with_their_provenance(tmp_path):
    script = tmp_path / "01_small.py"
    script.write_text(SOURCE.format(""))
    refresh.refresh(script)
    notebook = nbformat.read(tmp_path / "01_small.ipynb", as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["code", "markdown", "code"]
    assert notebook.cells[-1].outputs[0].text == "faces\n"
    assert notebook.metadata.language_info.name == "python"
    about = notebook.metadata.vaelib
    assert about.code == refresh.code_hash(notebook)
    assert about.data == {"faces": data.load("faces").fingerprint}


def test_what_was_printed_in_a_row_is_one_text_however_slowly_it_came(tmp_path):
    script = tmp_path / "01_small.py"
    slowly = "\nimport time\nfor i in range(6):\n    print(i, flush=True)\n    time.sleep(0.3)"
    slowly += "\n    if i == 3:\n        display(i)"
    script.write_text(SOURCE.format("") + slowly)
    refresh.refresh(script)
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    first, shown, last = notebook.cells[-1].outputs
    assert (first.text, last.text) == ("faces\n0\n1\n2\n3\n", "4\n5\n")
    assert shown.output_type == "display_data"


def test_the_memory_is_the_kernels_own(tmp_path):
    held = np.ones(1_000_000_000, "uint8")  # by the process that starts the kernel
    script = tmp_path / "01_small.py"
    script.write_text(SOURCE.format(""))
    refresh.refresh(script)
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert 20 < notebook.metadata.vaelib.peak_memory_mb < held.nbytes / 1e6 / 2


def test_the_most_memory_of_all_executions_is_recorded(tmp_path):
    script, target = tmp_path / "01_small.py", tmp_path / "01_small.ipynb"
    script.write_text(SOURCE.format(""))
    about = nbformat.v4.new_notebook(metadata={"vaelib": {"peak_memory_mb": 5_000}})
    nbformat.write(about, target)
    refresh.refresh(script)
    assert nbformat.read(target, as_version=4).metadata.vaelib.peak_memory_mb == 5_000


def test_a_cell_that_fails_leaves_the_notebook_as_it_was(tmp_path):
    script, target = tmp_path / "01_small.py", tmp_path / "01_small.ipynb"
    script.write_text(SOURCE.format(" / 2"))
    target.write_text("as it was")
    with pytest.raises(Exception, match="TypeError"):
        refresh.refresh(script)
    assert target.read_text() == "as it was"
