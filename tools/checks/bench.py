"""Measure, side by side, what a reader waits for: `make bench` prints a table.

Each row is a median over repetitions that take turns, so that whatever else the machine does
meets all alike. Run it on a machine that is otherwise quiet. It takes some five minutes.
docs/results.md shows docs/bench.txt, the output of `python -m tools.checks.bench > docs/bench.txt`.
"""

import contextlib
import importlib.util
import io
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

from tools.checks.rows import row
from tools.checks.waits import (
    explorer_page,
    first_figure,
    import_time,
    other_pages,
    peak_memory,
)

ROOT = Path(__file__).resolve().parents[2]
DATASET = "fashion_mnist"
TURNS = 9


def in_turn(steps, repetitions):
    """Median milliseconds of each of these functions, by name, called one after the other."""
    taken = {name: [] for name in steps}
    for step in steps.values():  # not counted: graphs are traced, memory is taken
        for _ in range(5):
            step()
    for _ in range(repetitions):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            taken[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in taken.items()}


@contextlib.contextmanager
def rival(name):
    """A rival in a process of its own, as a function that lets it run for the milliseconds."""
    command = [sys.executable, "-m", "tools.checks.rivals", name]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def answer():
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the process that runs {name} ended: run {' '.join(command)}")
            return line

        def measure():
            print(file=process.stdin, flush=True)
            return float(answer())

        answer()  # it is ready
        yield measure
        process.stdin.close()


def training_steps():
    """A step of `fit` against the same network in other ways, and seconds to a given loss."""
    torch = importlib.util.find_spec("torch")
    names = ["fit", "graph", "eager"] + ["torch"] * bool(torch)
    with contextlib.ExitStack() as stack:
        rivals = {name: stack.enter_context(rival(name)) for name in names}
        taken = [{name: measure() for name, measure in rivals.items()} for _ in range(TURNS)]
    ms = {name: statistics.median(turn[name] for turn in taken) for name in names}
    row("a step of fit, 100 images", ms["fit"], " ms")
    row("  against the bare TensorFlow graph", ms["fit"] / ms["graph"], "", 3, at_most=1.05)
    row("  eager, as the post trained, takes", ms["eager"] / ms["fit"], "x", at_least=3)
    if torch:
        row("  PyTorch takes", ms["torch"] / ms["fit"], "x", at_least=2)
    else:
        row("  PyTorch", "-", " not installed")
    to_the_end(50 * 600 * ms["fit"] / 1e3)


def to_the_end(fifty):
    """The fast schedule beside the post's, whose fifty epochs of steps would take these seconds."""
    from vaelib import data, runs, training

    posts = runs.load(f"{DATASET}_elbo_50-epochs").history["loss"][-1]
    images, fast = data.load(DATASET).train_images, runs.Recipe(DATASET)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        history = training.fit(fast.build(len(images)), images, fast.epochs, seed=fast.seed)
    seconds = time.perf_counter() - began
    row(f"the fast schedule's loss after {fast.epochs} epochs", history["loss"][-1], at_most=posts)
    row("  seconds, its compilation included", seconds, " s")
    row("  as a share of the post's steps", seconds / fifty, "", 3, at_most=1 / 10)


def likelihood():
    """The exact likelihood of all test images."""
    from vaelib import data, runs
    from vaelib.measures.likelihood import log_likelihood

    images = data.load(DATASET).test_images
    model = runs.load(f"{DATASET}_elbo_50-epochs").model
    log_likelihood(model, images[:10], step=1)
    began = time.perf_counter()
    log_likelihood(model, images)
    seconds = time.perf_counter() - began
    row("exact likelihood of 10,000 images", seconds, " s", at_most=12)
    row("  peak memory, TensorFlow included", peak_mb(), " MB", 0, at_most=1000)


def mmd(n):
    """MMD^2 of n against n codes, here and tiled, as a graph, in time and in memory on top."""
    import numpy as np

    from tools.checks import rivals
    from vaelib.backend import tf
    from vaelib.mmd import GaussianKernel, mmd2

    x, y = tf.constant(np.random.default_rng(0).standard_normal((2, n, 2)), tf.float32)
    ways = {
        "matrix product": lambda: mmd2(x, y, GaussianKernel(2.0)),
        "tiled": lambda: rivals.tiled_mmd2(x, y, 2.0),
    }
    graphs = {
        name: tf.function(way, jit_compile=False, autograph=False) for name, way in ways.items()
    }
    memory, before = {}, None
    for name, graph in graphs.items():  # the thrifty one first: a peak never falls
        for _ in range(2):
            before = before or peak_mb()
            float(graph())
        memory[name], before = peak_mb() - before, peak_mb()
    ms = in_turn({name: lambda g=g: float(g()) for name, g in graphs.items()}, max(3, 10_000 // n))
    row(f"MMD of {n:,} against {n:,} codes", ms["matrix product"], " ms", 2)
    slower = ms["tiled"] / ms["matrix product"]
    row("  tiled, as the post computes it, takes", slower, "x", at_least=1)
    for name, megabytes in memory.items():
        row(f"  memory on top, {name}", megabytes, " MB", 0)


def peak_mb():
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # a Mac counts bytes, Linux kilobytes


ALONE = {"training_steps": training_steps, "likelihood": likelihood}
ALONE |= {f"mmd_{n}": (lambda n=n: mmd(n)) for n in (100, 1_000, 10_000)}
TOGETHER = (import_time, first_figure, explorer_page, other_pages, peak_memory)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*ALONE, *(f.__name__ for f in TOGETHER)]))
def main(names):
    """Print the table, or the rows of these NAMES."""
    if len(names) == 1 and names[0] in ALONE:
        import vaelib.backend  # noqa: F401 -- before TensorFlow, whose start-up remarks it drops

        ALONE[names[0]]()
        return
    for name in [name for name in ALONE if not names or name in names]:
        # In a process of its own, so that its peak memory is not another's.
        subprocess.run([sys.executable, "-m", "tools.checks.bench", name], check=True, cwd=ROOT)
    for measure in TOGETHER:
        if not names or measure.__name__ in names:
            measure()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
