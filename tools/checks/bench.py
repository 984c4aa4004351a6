"""Measure, side by side, what a reader waits for: `make bench` prints a table.

Each row is a median over repetitions that take turns, so that whatever else the machine does
meets all alike. Run it on a machine that is otherwise quiet. It takes some seven minutes.
The README shows docs/bench.txt, the output of `python -m tools.checks.bench > docs/bench.txt`.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

from tools.checks.waits import explorer_page, first_figure, import_time, peak_memory, row

ROOT = Path(__file__).resolve().parents[2]
DATASET = "fashion_mnist"


def in_turn(steps, repetitions, batches):
    """Median milliseconds of a step of each kind: {name: function of a batch}."""
    taken = {name: [] for name in steps}
    for step in steps.values():  # not counted: graphs are traced, memory is taken
        for _ in range(5):
            step(batches[0])
    for _ in range(repetitions):
        for name, step in steps.items():
            for batch in batches:
                began = time.perf_counter()
                step(batch)
                taken[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in taken.items()}


def training_steps():
    """A step of `fit` against the same network in other ways, and seconds to a given loss."""
    from tools.checks import rivals
    from vaelib import data, runs, training
    from vaelib.backend import keras
    from vaelib.batches import Batches
    from vaelib.objectives import ELBO
    from vaelib.runs.recipes import Recipe

    images = data.load(DATASET).train_images
    recipe = Recipe(DATASET, ELBO, learning_rate=rivals.RATE, schedule="constant")
    batches = Batches(images, recipe.batch_size, seed=0)
    few = [batches[i][0] for i in range(20)]

    class Clock(keras.callbacks.Callback):
        """Milliseconds from the end of a batch to the end of the next: all that `fit` does."""

        def __init__(self):
            super().__init__()
            self.taken = []

        def on_epoch_begin(self, epoch, logs=None):
            self.last = None

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()
            if self.last is not None:
                self.taken.append(1e3 * (now - self.last))
            self.last = now

    model, clock = recipe.build(len(images)), Clock()
    stop = training.StopAtNonFinite(1, batches.steps_per_epoch)
    others = {"graph": rivals.tensorflow_graph(), "eager": rivals.tensorflow_eager()}
    if torch := rivals.pytorch():
        others["torch"] = torch
    taken = {name: [] for name in ["fit", *others]}
    for _ in range(6):
        clock.taken.clear()
        model.fit(batches, steps_per_epoch=40, shuffle=False, verbose=0, callbacks=[stop, clock])
        taken["fit"].append(statistics.median(clock.taken))
        for name, step in others.items():
            taken[name].append(in_turn({name: step}, 1, few)[name])
    ms = {name: statistics.median(values[1:]) for name, values in taken.items()}
    row("a step of fit, 100 images", f"{ms['fit']:.1f}", " ms")
    row("  against the bare TensorFlow graph", f"{ms['fit'] / ms['graph']:.2f}", "", "at most 1.05")
    row("  eager, as the post trained, takes", f"{ms['eager'] / ms['fit']:.1f}", "x", "3 or more")
    if torch:
        row("  PyTorch takes", f"{ms['torch'] / ms['fit']:.1f}", "x", "2 or more")
    else:
        row("  PyTorch", "-", "", "not installed")

    posts = runs.load(f"{DATASET}_elbo_50-epochs").history["loss"][-1]
    fast = Recipe(DATASET, ELBO, epochs=5)
    model, seconds = fast.build(len(images)), -time.perf_counter()
    batches = Batches(images, fast.batch_size, fast.seed)
    fitted = model.fit(
        batches, steps_per_epoch=batches.steps_per_epoch, epochs=fast.epochs, shuffle=False,
        verbose=0,
    )  # fmt: skip
    seconds += time.perf_counter()
    reached = fitted.history["loss"][-1]
    row("the fast schedule's loss after 5 epochs", f"{reached:.1f}")
    row("  the post's schedule after 50 (from runs/)", f"{posts:.1f}")
    fifty = 50 * batches.steps_per_epoch * ms["fit"] / 1e3
    goal = "at most 1/5" if reached <= posts else "MISSED: the loss is not reached"
    row("  seconds, as a share of 50 epochs' of steps as above", f"{seconds / fifty:.3f}", "", goal)


def likelihood():
    """The exact likelihood of all test images."""
    from vaelib import data, runs
    from vaelib.measures.likelihood import log_likelihood

    images = data.load(DATASET).test_images
    model = runs.load(f"{DATASET}_elbo_50-epochs").model
    log_likelihood(model, images[:10], step=1)
    began = time.perf_counter()
    log_likelihood(model, images)
    row(
        "exact likelihood of 10,000 images",
        f"{time.perf_counter() - began:.0f}",
        " s",
        "at most 60",
    )
    row("  peak memory, TensorFlow included", f"{peak_mb():.0f}", " MB", "at most 1000")


def mmd(n):
    """MMD^2 of n against n codes, here and tiled, in time and in memory on top."""
    import numpy as np
    import tensorflow as tf

    from tools.checks import rivals
    from vaelib.mmd import GaussianKernel, mmd2

    x, y = tf.constant(np.random.default_rng(0).standard_normal((2, n, 2)), tf.float32)
    ways = {
        "matrix product": lambda _: float(mmd2(x, y, GaussianKernel(2.0))),
        "tiled": lambda _: float(rivals.tiled_mmd2(x, y, 2.0)),
    }
    memory, before = {}, None
    for name, way in ways.items():  # the thrifty one first: a peak never falls
        for _ in range(2):
            before = before or peak_mb()
            way(None)
        memory[name], before = peak_mb() - before, peak_mb()
    ms = in_turn(ways, 3, [None] * max(1, 1_000 // n))
    found = f"{ms['matrix product']:.1f}"
    row(f"MMD of {n:,} against {n:,} codes", found, " ms")
    row("  tiled, as the post computes it, takes", f"{ms['tiled'] / ms['matrix product']:.1f}", "x")
    for name, megabytes in memory.items():
        row(f"  memory on top, {name}", f"{megabytes:.0f}", " MB")


def peak_mb():
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # a Mac counts bytes, Linux kilobytes


ALONE = {"training_steps": training_steps, "likelihood": likelihood}
ALONE |= {f"mmd_{n}": (lambda n=n: mmd(n)) for n in (100, 1_000, 10_000)}
TOGETHER = (import_time, first_figure, explorer_page, peak_memory)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*ALONE, *(f.__name__ for f in TOGETHER)]))
def main(names):
    """Print the table, or the rows of these NAMES."""
    if len(names) == 1 and names[0] in ALONE:
        import vaelib.backend  # noqa: F401 -- before TensorFlow, whose start-up remarks it drops

        return ALONE[names[0]]()
    for name in [name for name in ALONE if not names or name in names]:
        # In a process of its own, so that its peak memory is not another's.
        subprocess.run([sys.executable, "-m", "tools.checks.bench", name], check=True, cwd=ROOT)
    for measure in TOGETHER:
        if not names or measure.__name__ in names:
            measure()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
