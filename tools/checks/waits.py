"""Rows of `make bench` on what a reader waits for: imports, first figures, the explorer."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from tools.checks.rows import row

ROOT = Path(__file__).resolve().parents[2]
DATASET = "fashion_mnist"


def import_time():
    names = "vaelib", "vaelib.training", "vaelib.backend"  # the last: TensorFlow and Keras alone
    taken = {name: [] for name in names}
    for name in [*names] * 5:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {name}"], check=True)
        taken[name].append(time.perf_counter() - began)
    seconds = {name: statistics.median(values) for name, values in taken.items()}
    row("import vaelib", seconds["vaelib"], " s", 2, at_most=0.1)
    row("import vaelib.training", seconds["vaelib.training"], " s")
    own = seconds["vaelib.training"] / seconds["vaelib.backend"]
    row("  against TensorFlow and Keras alone", own, "", 2, at_most=1.1)


def first_figure():
    """From starting notebook 01's kernel to its first picture."""
    import nbformat
    from nbclient import NotebookClient

    from vaelib.study.execution import KERNEL

    notebook = nbformat.read(ROOT / "notebooks" / "01_standard_vae.ipynb", as_version=4)
    began = time.perf_counter()
    client = NotebookClient(notebook, timeout=None, **KERNEL)
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            done = client.execute_cell(cell, number)
            if any("image/png" in o.get("data", {}) for o in done.get("outputs", [])):
                break
    row("first figure of notebook 01", time.perf_counter() - began, " s", at_most=10)


def explorer_page():
    """The explorer of two spaces in a browser: its size, and how long a picture takes."""
    import tempfile

    from tools.website import chromium
    from vaelib import explorer, runs

    if not chromium.program():
        return row("the explorer in a browser", "-", " no browser is installed")
    pair = [runs.load(f"{DATASET}_{name}_50-epochs") for name in ("elbo", "mmd-as-posted")]
    first, each = [], []
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        path = Path(folder, "explorer.html")
        explorer.compare(*pair).save(path)
        for _ in range(5):
            with chromium.opened(browser, path) as (page, _):
                page.wait_for_function(
                    "document.querySelectorAll('.said:not(:empty)').length === 2"
                )
                first.append(page.evaluate("performance.now()"))  # since it was asked for
                each.append(page.evaluate(MOVES))
        row("the explorer: its page", path.stat().st_size / 1e6, " MB", at_most=3)
    row("  both planes drawn, both points decoded", statistics.median(first), " ms", 0)
    what = "  each move: decoded, neighbours found, drawn"
    row(what, statistics.median(each), " ms", 0, at_most=50)


BOTH = "document.querySelectorAll('.said:not(:empty)').length === 2"
MOVES = """() => {
  const plane = document.querySelector(".plane"), { x, y } = plane.getBoundingClientRect();
  const start = performance.now();
  for (let i = 0; i < 100; i++)
    plane.dispatchEvent(new PointerEvent("pointermove", { clientX: x + 2 * i, clientY: y + i }));
  return (performance.now() - start) / 100;
}"""


def other_pages():
    """Inference and sweep in a browser: their sizes, and how long a move, a stroke, a step take."""
    import tempfile

    from tools.website import chromium, explorers

    if not chromium.program():
        return row("inference and sweep in a browser", "-", " no browser is installed")
    for name, here in explorers.make(("inference", "sweep")).items():
        with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
            path = Path(folder, "page.html")
            here["Clothes"].save(path)
            row(f"the page of {name}", path.stat().st_size / 1e6, " MB", at_most=3)
            with chromium.opened(browser, path, width=1000) as (page, _):
                page.locator(".said:not(:empty)").last.wait_for()
                for what, (does, at_most) in DONE[name].items():
                    row(f"  {what}", page.evaluate(MEDIAN, does), " ms", 0, at_most=at_most)


# What is done 60 times, the i-th time at place i; the median time is taken.
MEDIAN = """does => {
  const act = new Function("i", does), times = [];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    act(i);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[30];
}"""
POINTER = """const on = document.querySelector("%s"), { x, y } = on.getBoundingClientRect();
on.setPointerCapture = () => {};
const at = { clientX: x + %s, clientY: y + %s, buttons: 1 };
if (i === 0) on.dispatchEvent(new PointerEvent("pointerdown", at));
on.dispatchEvent(new PointerEvent("pointermove", at));"""
SLIDE = """const slider = document.querySelector("input[name=weight]");
slider.value = i % 7;
slider.dispatchEvent(new Event("input"));"""
DONE = {
    "inference": {
        "each move: an image chosen, in both models": (POINTER % (".plane", "30 + 6 * i", 200), 50),
        "each stroke: drawn, encoded, decoded": (
            POINTER % (".sheet canvas", "20 + 2 * i", 90),
            100,
        ),
    },
    "sweep": {
        "each move: decoded by seven models": (POINTER % (".plane", "30 + 6 * i", 200), 50),
        "each step of the slider": (SLIDE, 50),
    },
}


def peak_memory():
    """As recorded where the committed notebooks were executed in full."""
    import nbformat

    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        recorded = nbformat.read(path, as_version=4).metadata.vaelib
        row(f"peak memory of {path.stem}", recorded.peak_memory_mb, " MB", 0, at_most=1500)
