"""tools/notebooks/refresh.py: executed from the .py, and it knows where outputs come from."""

import io
from base64 import b64decode, b64encode

import nbformat
import numpy as np
import pytest
from matplotlib.image import imread

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


def test_figures_are_compressed_without_changing_a_pixel(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # with the one of the tests, none is shown
    script = tmp_path / "01_small.py"
    plot = "\nimport matplotlib.pyplot as plt\nplt.plot([3, 1, 2])\nplt.savefig('as_it_was.png')"
    script.write_text(SOURCE.format("") + plot)
    refresh.refresh(script)
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    [shown] = [o for o in notebook.cells[-1].outputs if "image/png" in o.get("data", {})]
    assert imread(io.BytesIO(b64decode(shown.data["image/png"]))).shape[2] == 3  # RGBA is larger

    before = (tmp_path / "as_it_was.png").read_bytes()
    after = b64decode(refresh.smaller(b64encode(before).decode()))
    assert len(after) < 0.95 * len(before)
    pictures = [imread(io.BytesIO(png))[..., :3] for png in (before, after)]
    np.testing.assert_array_equal(*pictures)


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
