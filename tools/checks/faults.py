"""Inject faults into training runs, train again, and compare with an undisturbed run.

Each fault is injected into a short training run in a separate process. Then the same run is trained
to its end, and the files it leaves are compared byte by byte with those of an undisturbed run.
`killed` and the functions after it yield for each fault whether the run survived it, which means
that it ended in the same files, and whether earlier work was lost.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from vaelib import data, runs, training
from vaelib.objectives import ELBO
from vaelib.runs import checkpoints, npz, provenance
from vaelib.support import files

RECIPE = runs.Recipe("faces", ELBO, epochs=3, batch_size=20)
FACES = data.render_faces(train=600, test=60)
Results = Iterator[tuple[bool, bool]]  # survived, lost
# Each process starts as a copy of one that has already imported this file, and so TensorFlow.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tools.checks.faults"])


def work(directory: str, fault: Callable | None = None, *arguments: int) -> None:
    """Train the recipe without output, after calling `fault` with its arguments."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    data.load = lambda name: FACES
    if fault:
        fault(*arguments)
    runs.train(RECIPE, directory)


def die_before_change(number: int) -> None:
    """Let this process kill itself right before its n-th change to a file, counted from 1."""
    calls = iter(range(number - 1))

    def deadly(function: Callable) -> Callable:
        def call(*args, **kwargs):
            if next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    files.os.fsync, files.os.replace = deadly(os.fsync), deadly(os.replace)
    Path.unlink = deadly(Path.unlink)


def poison(step: int) -> None:
    """Let a weight become NaN at this training step."""

    def on_train_batch_begin(callback, batch, logs=None):
        model = callback.model
        done = int(model.optimizer.iterations)  # several steps may be executed at once
        if done < step <= done + model.steps_per_execution:
            bias = model.decoder.layers[-1].bias
            bias.assign(bias * np.nan)

    training.EpochLog.on_train_batch_begin = on_train_batch_begin


def start(directory: str, *fault: Callable | int) -> multiprocessing.Process:
    """Start training in a new process, with a fault and its arguments if there are any."""
    process = PROCESSES.Process(target=work, args=(directory, *fault))
    process.start()
    return process


def finish(directory: str) -> None:
    """Train to the end without a fault."""
    process = start(directory)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"an undisturbed training run ended with exit code {process.exitcode}")


def folder_in(directory: str) -> Path | None:
    """Return the folder of the run, or None if there is none yet."""
    return next((path for path in Path(directory).glob("*") if path.is_dir()), None)


def contents(directory: str) -> dict[str, bytes] | None:
    """Return the files of a complete run by name, except run.json, which contains the time."""
    folder = folder_in(directory)
    if folder is None or not runs.is_complete(folder):
        return None
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}


def epochs_kept(directory: str) -> int:
    """Return how many epochs need not be trained again; raise if a file cannot be read."""
    folder = folder_in(directory)
    if folder and runs.is_complete(folder):
        return len(runs.load(folder).history["loss"])
    if folder and checkpoints.exists(folder):
        return len(npz.from_npz((folder / checkpoints.FILE_NAME).read_bytes())["history/loss"])
    return 0


def killed(expected: dict, seconds: float, changes: Iterable[int], seed: int = 0) -> Results:
    """Kill a run right before its n-th change to a file, then again at a random moment.

    Args:
        expected: Contents of an undisturbed run.
        seconds: Duration of an undisturbed run, within which the random moments lie.
        changes: Values of n, increasing; the loop stops at one that a run does not reach.
        seed: Of the random moments and signals.
    """
    random = np.random.default_rng(seed)
    for number in changes:
        with tempfile.TemporaryDirectory() as directory:
            first = start(directory, die_before_change, number)
            first.join()
            if first.exitcode != -signal.SIGKILL:
                break
            kept = epochs_kept(directory)
            second = start(directory)
            second.join(random.uniform(0, seconds))
            if second.is_alive():
                with contextlib.suppress(ProcessLookupError):  # it may have ended just now
                    os.kill(
                        second.pid, random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
                    )
            second.join()
            lost = epochs_kept(directory) < kept
            finish(directory)
            yield contents(directory) == expected, lost


def made_nan(expected: dict, steps: Iterable[int]) -> Results:
    """Set a weight to NaN at each step: the run must stop and resume from the last good epoch."""
    per_epoch = len(FACES.train_images) // RECIPE.batch_size
    for step in steps:
        with tempfile.TemporaryDirectory() as directory:
            process = start(directory, poison, step)
            process.join()
            lost = epochs_kept(directory) != (step - 1) // per_epoch
            finish(directory)
            yield process.exitcode == 1 and contents(directory) == expected, lost


def disk_filled(expected: dict, times: int, seed: int = 0, megabytes: int = 6) -> Results:
    """Train on a small disk that becomes full at a random write.

    The process has to be allowed to mount a disk, see `stress.UNSHARED`.
    """
    random, injected = np.random.default_rng(seed), 0
    needed = 2 * sum(map(len, expected.values()))  # a checkpoint, and the next one or the result
    while injected < times:
        with tempfile.TemporaryDirectory() as directory:
            mount = f"mount -t tmpfs -o size={megabytes}m full".split()
            subprocess.run([*mount, directory], check=True)
            try:
                filler = Path(directory, "filler")
                filler.write_bytes(bytes(megabytes * 2**20 - int(random.uniform(0, needed))))
                process = start(directory)
                process.join()
                epochs_kept(directory)
                filler.unlink()
                if process.exitcode:  # otherwise there was enough space
                    finish(directory)
                    injected += 1
                    yield process.exitcode == 1 and contents(directory) == expected, False
            finally:
                subprocess.run(["umount", directory], check=True)


def damaged(directory: str, times: int, seed: int = 0) -> Results:
    """Cut, overwrite or extend files of a complete run: loading must raise, or give the same."""
    random, folder, injected = np.random.default_rng(seed), folder_in(directory), 0
    whole = runs.load(folder)
    names = sorted(path.name for path in folder.iterdir())
    while injected < times:
        path = folder / random.choice(names)
        before = path.read_bytes()
        begin, end = sorted(random.integers(0, len(before), 2, endpoint=True))
        end = random.choice([begin, end, len(before)])
        after = before[:begin] + random.bytes(random.integers(20)) + before[end:]
        if after == before:
            continue
        path.write_bytes(after)
        injected += 1
        try:
            run = runs.load(
                folder, provenance.identity_of_saved_run(whole.recipe, whole.provenance)
            )
            yield same(run, whole), not same(run, whole)
        except runs.RunError as error:
            yield folder.name in str(error), False
        finally:
            path.write_bytes(before)


def same(run: runs.Run, other: runs.Run) -> bool:
    """Return whether two runs agree in recipe, history, weights and snapshots."""
    weights = zip(run.model.get_weights(), other.model.get_weights(), strict=True)
    return (
        (run.recipe, run.history) == (other.recipe, other.history)
        and all(np.array_equal(a, b) for a, b in weights)
        and all(np.array_equal(run.snapshots[name], a) for name, a in other.snapshots.items())
    )
