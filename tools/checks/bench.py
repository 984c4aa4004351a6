"""Measure what a reader waits for, side by side, and print a table: `make bench`.

Times are medians over repetitions. What is compared takes turns, so that other load on the machine
affects all alike. Run it on a machine that is otherwise idle; it takes about five minutes.
docs/results.md shows docs/bench.txt, the output of `python -m tools.checks.bench > docs/bench.txt`.
"""

import contextlib
import functools
import importlib.util
import io
import math
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from tools.checks import rivals
from tools.checks.page_actions import PAGES

ROOT = Path(__file__).resolve().parents[2]
DATASET = "fashion_mnist"


def row(
    what: str,
    found: float | str,
    unit: str = "",
    digits: int = 1,
    at_most: float | None = None,
    at_least: float | None = None,
) -> None:
    """Print one row, with the goal and whether it is met if `at_most` or `at_least` is given.

    Args:
        what: Description of what was measured.
        found: The number, or a text if there is none. The goal applies to the unrounded number.
        unit: Unit of the number.
        digits: Number of decimals to print.
        at_most: Largest number that meets the goal.
        at_least: Smallest number that meets the goal.
    """
    text = found if isinstance(found, str) else f"{found:.{digits}f}"
    verdict = ""
    if at_most is not None:
        verdict = f"at most {at_most:g}: {'met' if found <= at_most else 'MISSED'}"
    if at_least is not None:
        verdict = f"at least {at_least:g}: {'met' if found >= at_least else 'MISSED'}"
    print(f"{what:55}{text:>7}{unit:4}{verdict}".rstrip(), flush=True)


def in_turn(ways: dict[str, Callable[[], float]], turns: int) -> dict[str, float]:
    """Return the medians of what the functions return when they are called one after the other."""
    taken = [{name: way() for name, way in ways.items()} for _ in range(turns)]
    return {name: statistics.median(turn[name] for turn in taken) for name in ways}


def seconds(function: Callable, *arguments) -> float:
    """Return the seconds that a call of a function takes."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def peak_mb() -> float:
    """Return the largest amount of memory that this process has used so far, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # a Mac counts bytes, Linux kilobytes


def training_steps() -> None:
    """Compare a step of `fit` with other ways, and the fast schedule with the post's."""
    torch = importlib.util.find_spec("torch")
    ways = {}
    with contextlib.ExitStack() as stack:
        for name in ["fit", "graph", "eager"] + ["torch"] * bool(torch):
            spawn = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(1, spawn))
            ways[name] = lambda pool=pool, name=name: pool.submit(rivals.measure, name).result()
        ms = in_turn(ways, 9)
    row("a step of fit, 100 images", ms["fit"], " ms")
    row("  against the bare TensorFlow graph", ms["fit"] / ms["graph"], "", 3, at_most=1.05)
    row("  eager, as the post trained, takes", ms["eager"] / ms["fit"], "x", at_least=3)
    if torch:
        row("  PyTorch takes", ms["torch"] / ms["fit"], "x", at_least=2)
    else:
        row("  PyTorch", "-", " not installed")
    share = multiplications_per_step() / (1e-3 * ms["fit"]) / matrix_product_rate()
    row("  as a share of the rate of matrix products here", share, "", 2)
    fast_schedule(50 * 600 * ms["fit"] / 1e3)


def multiplications_per_step() -> float:
    """Count the multiplications of a training step of 100 images in convolutions and dense layers.

    A layer multiplies each weight once for each position of its kernel. Its gradient with respect
    to the weights needs the same number of multiplications, and so does that with respect to the
    inputs, which makes three times the number.
    """
    from vaelib.models import VAE

    model, count = VAE(), 0
    for layer in [*model.encoder.layers, *model.decoder.layers]:
        if not layer.weights:
            continue
        transposed = "Transpose" in type(layer).__name__
        placed = (layer.input if transposed else layer.output).shape[1:-1]  # positions
        count += math.prod(layer.kernel.shape) * math.prod(placed)
    return 3.0 * 100 * count


def matrix_product_rate(side: int = 1_024) -> float:
    """Return how many multiplications per second a product of two large matrices reaches here."""
    from vaelib.support.backend import tf

    a, b = tf.random.normal((2, side, side))
    times = [seconds(lambda: tf.matmul(a, b).numpy()) for _ in range(25)]
    return side**3 / statistics.median(times)


def fast_schedule(fifty: float) -> None:
    """Train with the fast schedule; the post's fifty epochs of steps would take `fifty` seconds."""
    from vaelib import data, runs, training

    posts = runs.load(f"{DATASET}_elbo_50-epochs").history["loss"][-1]
    images, fast = data.load(DATASET).train_images, runs.Recipe(DATASET)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        model = fast.compiled_model(len(images))
        loss = training.fit(model, images, fast.epochs, seed=fast.seed)["loss"][-1]
    taken = time.perf_counter() - began
    row(f"the fast schedule's loss after {fast.epochs} epochs", loss, at_most=posts)
    row("  seconds, its compilation included", taken, " s")
    row("  as a share of the post's steps", taken / fifty, "", 3, at_most=1 / 10)


def likelihood() -> None:
    """Measure the exact likelihood of all test images."""
    from vaelib import data, runs
    from vaelib.measures.likelihood import log_likelihood

    images = data.load(DATASET).test_images
    model = runs.load(f"{DATASET}_elbo_50-epochs").model
    log_likelihood(model, images[:10], step=1)
    taken = seconds(log_likelihood, model, images)
    row("exact likelihood of 10,000 images", taken, " s", at_most=12)
    row("  peak memory, TensorFlow included", peak_mb(), " MB", 0, at_most=1000)


def mmd(n: int) -> None:
    """Compare MMD^2 of n and n codes by matrix product and by tiling, in time and memory."""
    import numpy as np

    from vaelib.mmd import GaussianKernel, mmd2
    from vaelib.support.backend import tf

    def kernel(a, b):
        """Return the kernel as the post computes it: every point is repeated for each other."""
        tiled_a = tf.tile(a[:, None, :], (1, b.shape[0], 1))
        tiled_b = tf.tile(b[None, :, :], (a.shape[0], 1, 1))
        return tf.exp(-tf.reduce_sum((tiled_a - tiled_b) ** 2, axis=2) / 4)

    def tiled():
        within = tf.reduce_mean(kernel(x, x)) + tf.reduce_mean(kernel(y, y))
        return within - 2 * tf.reduce_mean(kernel(x, y))

    x, y = tf.constant(np.random.default_rng(0).standard_normal((2, n, 2)), tf.float32)
    ways = {"matrix product": lambda: mmd2(x, y, GaussianKernel(2.0)), "tiled": tiled}
    memory, measured, before = {}, {}, None
    for name, way in ways.items():  # the one that needs less first, because a peak never falls
        graph = tf.function(way, jit_compile=False, autograph=False)
        measured[name] = lambda graph=graph: 1e3 * seconds(lambda: float(graph()))
        for _ in range(2):
            before = before or peak_mb()
            measured[name]()
        memory[name], before = peak_mb() - before, peak_mb()
    ms = in_turn(measured, max(3, 10_000 // n))
    row(f"MMD of {n:,} against {n:,} codes", ms["matrix product"], " ms", 2)
    slower = ms["tiled"] / ms["matrix product"]
    row("  tiled, as the post computes it, takes", slower, "x", at_least=1)
    for name, megabytes in memory.items():
        row(f"  memory on top, {name}", megabytes, " MB", 0)


def import_time() -> None:
    """Measure how long imports take."""
    names = ("vaelib", "vaelib.training", "vaelib.support.backend")
    commands = {name: [sys.executable, "-c", f"import {name}"] for name in names}
    ways = {n: functools.partial(seconds, subprocess.check_call, commands[n]) for n in names}
    taken = in_turn(ways, 5)
    row("import vaelib", taken["vaelib"], " s", 2, at_most=0.1)
    row("import vaelib.training", taken["vaelib.training"], " s")
    own = taken["vaelib.training"] / taken["vaelib.support.backend"]
    row("  against TensorFlow and Keras alone", own, "", 2, at_most=1.1)


def first_figure() -> None:
    """Measure the time from starting the kernel of notebook 01 to its first figure."""
    import nbformat
    from nbclient import NotebookClient

    from vaelib.commands.notebook_kernel import KERNEL_OPTIONS

    notebook = nbformat.read(ROOT / "notebooks" / "01_standard_vae.ipynb", as_version=4)
    began = time.perf_counter()
    client = NotebookClient(notebook, timeout=None, **KERNEL_OPTIONS)
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            done = client.execute_cell(cell, number)
            if any("image/png" in o.get("data", {}) for o in done.get("outputs", [])):
                break
    row("first figure of notebook 01", time.perf_counter() - began, " s", at_most=10)


def pages() -> None:
    """Measure the size of interactive pages and how long they take to react, in a browser."""
    from tools.website import chromium, explorers

    if not chromium.program():
        return row("the interactive pages in a browser", "-", " no browser is installed")
    shown = explorers.make(PAGES)
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        path = Path(folder, "page.html")

        def evaluate(script):
            with chromium.opened(browser, path, width=1000) as (page, _):
                page.locator(".said:not(:empty)").last.wait_for()
                return page.evaluate(script)

        for name, (first, *others) in PAGES.items():
            shown[name]["Clothes"].save(path)
            row(first, path.stat().st_size / 1e6, " MB", at_most=3)
            for what, script, at_most in others:
                ms = statistics.median(evaluate(script) for _ in range(5))
                row(f"  {what}", ms, " ms", 0, at_most=at_most)


def peak_memory() -> None:
    """Print the peak memory that was recorded when the notebooks were executed in full."""
    import nbformat

    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        recorded = nbformat.read(path, as_version=4).metadata.vaelib
        row(f"peak memory of {path.stem}", recorded.peak_memory_mb, " MB", 0, at_most=1500)


MEASURES = {"training_steps": training_steps, "likelihood": likelihood}
MEASURES |= {f"mmd_{n}": functools.partial(mmd, n) for n in (100, 1_000, 10_000)}
MEASURES |= {f.__name__: f for f in (import_time, first_figure, pages, peak_memory)}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MEASURES)))
def main(names: tuple[str, ...]) -> None:
    """Print the table, or only the rows of these NAMES."""
    if len(names) == 1:
        return MEASURES[names[0]]()
    for name in names or MEASURES:
        # Each in its own process, so that its peak memory does not include that of the others.
        subprocess.run([sys.executable, "-m", "tools.checks.bench", name], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
