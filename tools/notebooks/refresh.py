"""Execute notebooks in full and write the .ipynb files to commit, each next to its .py.

`python -m tools.notebooks.refresh [01 solutions/02 ...]` executes the notebooks whose names start
with one of the words, or all of them. Each .ipynb records the hashes of its code and data, and the
peak memory of its kernel in this execution or an earlier one, whichever is larger. Loading a run
needs less memory than training: set VAELIB_RUNS_DIR to a new folder to measure training.
"""

import ast
import hashlib
import io
import sys
import warnings
from base64 import b64decode, b64encode
from pathlib import Path

import jupytext
import nbformat
import papermill
from nbclient import NotebookClient
from PIL import Image

from vaelib import data
from vaelib.commands.notebook_kernel import KERNEL_OPTIONS
from vaelib.runs import provenance

# In kilobytes; works on Linux only. getrusage would not do, because what it reports of a process
# includes the memory of the process that started it.
PEAK = """from pathlib import Path
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])"""
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def code_hash(notebook: nbformat.NotebookNode) -> str:
    """Return the SHA-256 of the sources of all code cells."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\n\n".join(code).encode()).hexdigest()


def refresh(script: Path) -> None:
    """Execute one notebook and write it, or leave the old one if a cell fails."""
    target = script.with_suffix(".ipynb")
    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"  # instead of a random one, which would change each time
    print(f"{script.stem}: executing", flush=True)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        **KERNEL_OPTIONS,
        resources={"metadata": {"path": str(script.parent)}},
        on_cell_executed=lambda cell, cell_index, **_: print(
            f"  cell {cell_index + 1} of {len(notebook.cells)}", flush=True
        ),
    ).execute()
    peak = int(notebook.cells.pop().outputs[0].text) // 1000
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])
    if target.exists():
        earlier = nbformat.read(target, as_version=4).metadata.get("vaelib", {})
        peak = max(peak, earlier.get("peak_memory_mb", 0))
    nbformat.write(notebook, target)
    declared = papermill.inspect_notebook(target)
    given = {name: ast.literal_eval(of["default"]) for name, of in declared.items()}
    notebook.metadata.vaelib = {
        "code": code_hash(notebook),
        "data": fingerprints(given),
        "versions": provenance.versions(),
        "peak_memory_mb": peak,
    }
    nbformat.write(notebook, target)


def joined(outputs: list) -> list:
    """Join consecutive printed outputs, because the pieces in which they arrive vary."""
    found = []
    for output in outputs:
        last = found[-1] if found else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            found.append(output)
    return found


def smaller(png: str) -> str:
    """Compress a figure, a PNG in base64, as far as possible without changing a pixel."""
    written = io.BytesIO()
    with Image.open(io.BytesIO(b64decode(png))) as figure:
        opaque = figure.mode == "RGBA" and figure.getextrema()[3] == (255, 255)
        (figure.convert("RGB") if opaque else figure).save(written, "PNG", optimize=True)
    return min(png, b64encode(written.getvalue()).decode(), key=len)


def fingerprints(given: dict[str, object]) -> dict[str, str]:
    """Return the fingerprint of the data that a notebook with these parameters uses, by name."""
    if "folder" not in given:  # a named data set
        name = given.get("dataset_name", "faces")
        return {name: data.load(name).fingerprint}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", data.ImageWarning)
        images = data.images(data.emoji(), given["size"], seed=given["seed"])
    return {given["folder"]: images.fingerprint}


if __name__ == "__main__":
    words = sys.argv[1:]
    known = sorted(NOTEBOOKS.glob("[0-9]*.py")) + sorted(NOTEBOOKS.glob("solutions/[0-9]*.py"))
    names = tuple(words) or ""
    scripts = [s for s in known if str(s.relative_to(NOTEBOOKS)).startswith(names)]
    if not scripts:
        sys.exit(f"There is no notebook whose name starts with {' or '.join(words)}.")
    for script in scripts:
        refresh(script)
