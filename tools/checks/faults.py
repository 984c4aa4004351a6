"""Ways to break a training on purpose, call it again, and look whether anything was lost.

Every fault is injected into a short training in a process of its own. What that ends with is
compared, byte by byte, with a training that nobody disturbed.
"""

import multiprocessing
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaelib import data, files, runs, training
from vaelib.objectives import ELBO
from vaelib.runs import arrays, checkpoints, provenance
from vaelib.runs.recipes import Recipe

RECIPE = Recipe("faces", ELBO, epochs=3, batch_size=20)
FACES = data.render_faces(train=600, test=60)
# Every process begins as a copy of one that has imported this file, and so TensorFlow.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tools.checks.faults"])
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


class Tally:
    """How often a fault was injected, was survived, and cost something that was kept before."""

    def __init__(self):
        self.injected = self.survived = self.lost = 0

    def count(self, survived, lost=False):
        self.injected += 1
        self.survived += bool(survived)
        self.lost += bool(lost)


# ---- What a process does


def work(directory, fault=None, *arguments):
    """Train the recipe, after arranging for a fault."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    data.load = lambda name: FACES
    if fault:
        fault(*arguments)
    runs.train(RECIPE, directory)


def die_at_write(count):
    """Let this process kill itself at its so many-th call that changes a file."""
    calls = iter(range(count - 1))

    def deadly(function):
        def call(*args, **kwargs):
            if next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    files.os.fsync, files.os.replace = deadly(os.fsync), deadly(os.replace)
    Path.unlink = deadly(Path.unlink)


def poison(step):
    """Let a weight become NaN at this step."""

    def on_train_batch_begin(callback, batch, logs=None):
        model = callback.model
        done = int(model.optimizer.iterations)  # the next steps may be executed at once
        if done < step <= done + model.steps_per_execution:
            bias = model.decoder.layers[-1].bias
            bias.assign(bias * np.nan)

    training.EpochLog.on_train_batch_begin = on_train_batch_begin


def start(directory, *fault):
    process = PROCESSES.Process(target=work, args=(directory, *fault))
    process.start()
    return process


def finish(directory):
    """Train to the end, undisturbed; the seconds it took."""
    began = time.monotonic()
    process = start(directory)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"an undisturbed training ended with exit code {process.exitcode}")
    return time.monotonic() - began


# ---- What is there


def folder_in(directory):
    return next((path for path in Path(directory).glob("*") if path.is_dir()), None)


def contents(directory):
    """The bytes of a complete run, {file: bytes}; provenance, which has the time in it, aside."""
    folder = folder_in(directory)
    if folder is None or not runs.is_complete(folder):
        return None
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}


def epochs_kept(directory):
    """How many epochs need not be trained again. Raises where the folder is in no good state."""
    folder = folder_in(directory)
    if folder is None:
        return 0
    if runs.is_complete(folder):
        return len(runs.load(folder).history["loss"])
    if not checkpoints.exists(folder):
        return 0
    return len(arrays.from_npz((folder / checkpoints.NAME).read_bytes())["history/loss"])


@contextmanager
def fresh():
    directory = tempfile.mkdtemp(prefix="faults-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


# ---- The faults


def killed_at_random(expected, seconds, times, seed=0):
    """Killed, ended or interrupted at random moments, again and again, until it is through."""
    tally, random = Tally(), np.random.default_rng(seed)
    while tally.injected < times:
        with fresh() as directory:
            kept, lost = 0, []
            while tally.injected + len(lost) < times:
                process = start(directory)
                process.join(random.uniform(0, seconds))
                if not process.is_alive():
                    break
                try:
                    os.kill(process.pid, random.choice(SIGNALS))
                except ProcessLookupError:  # it ended just now
                    break
                process.join()
                before, kept = kept, epochs_kept(directory)
                lost.append(kept < before)
            finish(directory)
            for each in lost:
                tally.count(contents(directory) == expected, each)
    return tally


def killed_at_writes(expected, counts):
    """Killed right before the n-th call that changes a file."""
    tally = Tally()
    for count in counts:
        with fresh() as directory:
            process = start(directory, die_at_write, count)
            process.join()
            if process.exitcode != -signal.SIGKILL:  # it does not write as often as that
                return tally
            epochs_kept(directory)
            finish(directory)
            tally.count(survived=contents(directory) == expected)
    return tally


def made_not_a_number(expected, steps):
    """A weight becomes NaN: training stops, and goes on from the last good epoch."""
    tally = Tally()
    per_epoch = len(FACES.train_images) // RECIPE.batch_size
    for step in steps:
        with fresh() as directory:
            process = start(directory, poison, step)
            process.join()
            stopped = process.exitcode == 1
            lost = epochs_kept(directory) != (step - 1) // per_epoch
            finish(directory)
            tally.count(stopped and contents(directory) == expected, lost)
    return tally


def two_at_once(expected, seconds, times, seed=0):
    """Two processes want the same run; every other time the first is killed on the way."""
    tally, random = Tally(), np.random.default_rng(seed)
    for i in range(times):
        with fresh() as directory:
            first, second = start(directory), start(directory)
            first.join(random.uniform(0, seconds) if i % 2 else None)
            if i % 2:
                first.kill()
            first.join(), second.join()
            tally.count(second.exitcode == 0 and contents(directory) == expected)
    return tally


def disk_filled(expected, times, seed=0, megabytes=6):
    """A small disk of which a random part is taken, so that it is full at some write or other.

    Needs a process that may mount: see `stress.UNSHARED`.
    """
    tally, random = Tally(), np.random.default_rng(seed)
    needed = 2 * sum(map(len, expected.values()))  # for a checkpoint, and the next or the result
    while tally.injected < times:
        with fresh() as directory:
            mount = f"mount -t tmpfs -o size={megabytes}m full".split()
            subprocess.run([*mount, directory], check=True)
            try:
                filler = Path(directory, "filler")
                filler.write_bytes(bytes(megabytes * 2**20 - int(random.uniform(0, needed))))
                process = start(directory)
                process.join()
                epochs_kept(directory)
                filler.unlink()
                if process.exitcode:  # otherwise there was room enough
                    finish(directory)
                    tally.count(process.exitcode == 1 and contents(directory) == expected)
            finally:
                subprocess.run(["umount", directory], check=True)
    return tally


def damaged(directory, examples, seed=0):
    """Files of a complete run, changed by Hypothesis: refused by name, or the same when loaded."""
    tally, folder = Tally(), folder_in(directory)
    whole = runs.load(folder)
    names = sorted(path.name for path in folder.iterdir())

    @settings(max_examples=examples, deadline=None, database=None, derandomize=not seed,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(names), st.data())
    def damage(name, data):
        path = folder / name
        before = path.read_bytes()
        after = data.draw(edits(before))
        if after == before:
            return
        path.write_bytes(after)
        try:
            run = runs.load(folder, provenance.identity_of(whole.recipe, whole.provenance))
            tally.count(survived=same(run, whole), lost=not same(run, whole))
        except checkpoints.RunError as refusal:
            tally.count(survived=folder.name in str(refusal))
        finally:
            path.write_bytes(before)

    damage()
    return tally


@st.composite
def edits(draw, content):
    """The content with a piece of it cut out, written over or put in, or all that follows gone."""
    start = draw(st.integers(0, len(content)))
    end = draw(st.one_of(st.integers(start, len(content)), st.just(len(content)), st.just(start)))
    return content[:start] + draw(st.binary(max_size=20)) + content[end:]


def same(run, other):
    weights = zip(run.model.get_weights(), other.model.get_weights(), strict=True)
    return (
        (run.recipe, run.history) == (other.recipe, other.history)
        and all(np.array_equal(a, b) for a, b in weights)
        and all(np.array_equal(run.snapshots[name], a) for name, a in other.snapshots.items())
    )
