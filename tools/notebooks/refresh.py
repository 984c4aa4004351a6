"""Execute notebooks in full, as they are committed: the .ipynb beside each .py, with outputs.

`python -m tools.notebooks.refresh [01 solutions/02 ...]`: those whose names begin so, or all of
them. What comes out records the hash of the code that made it and of the data that went in, and
the most memory that its kernel held, in this execution or an earlier one. (Loading a run takes less
than training: give VAELIB_RUNS_DIR a new folder to measure that.)
"""

import ast
import hashlib
import sys
import warnings
from pathlib import Path

import jupytext
import nbformat
import papermill
from nbclient import NotebookClient

from vaelib import data
from vaelib.runs import provenance
from vaelib.study.execution import KERNEL

# In kilobytes on Linux, where this is to be called. Not getrusage: what that says of a process
# begins with the memory of the one that started it.
PEAK = """from pathlib import Path
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])"""
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def code_hash(notebook):
    """SHA-256 over the sources of the code cells."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\n\n".join(code).encode()).hexdigest()


def refresh(script):
    """Execute one notebook and write it, or leave the old one where a cell fails."""
    target = script.with_suffix(".ipynb")
    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"  # instead of a random one each time
    print(f"{script.stem}: executing", flush=True)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        **KERNEL,
        resources={"metadata": {"path": str(script.parent)}},
        on_cell_executed=lambda cell, cell_index, **_: print(
            f"  cell {cell_index + 1} of {len(notebook.cells)}", flush=True
        ),
    ).execute()
    peak = int(notebook.cells.pop().outputs[0].text) // 1000
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
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


def joined(outputs):
    """Outputs in which what was printed in a row is one text, in however many pieces it came."""
    found = []
    for output in outputs:
        last = found[-1] if found else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            found.append(output)
    return found


def fingerprints(given):
    """Those of the data that a notebook with these parameters is about, by name."""
    if "folder" not in given:  # a data set with a name, which is a parameter of all but one lesson
        name = given.get("dataset_name", "faces")
        return {name: data.load(name).fingerprint}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", data.PictureNote)
        images = data.images(data.emoji(), given["size"], seed=given["seed"])
    return {given["folder"]: images.fingerprint}


if __name__ == "__main__":
    words = sys.argv[1:]
    known = sorted(NOTEBOOKS.glob("[0-9]*.py")) + sorted(NOTEBOOKS.glob("solutions/[0-9]*.py"))
    names = tuple(words) or ""
    scripts = [s for s in known if str(s.relative_to(NOTEBOOKS)).startswith(names)]
    if not scripts:
        sys.exit(f"No notebook begins with {', '.join(words)}.")
    for script in scripts:
        refresh(script)
