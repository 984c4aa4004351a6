"""The folders of runs: locked by processes, read-only, or on a full disk; never half-written."""

import dataclasses
import errno
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vaelib import data, runs, training
from vaelib.runs import checkpoints, run_folder
from vaelib.runs.recipes import Recipe
from vaelib.support import files
from vaelib.support.errors import RunError

IDENTITY = {"recipe": {"epochs": 2}, "data": "ab", "code": "cd", "versions": {"numpy": "2"}}
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")
RECIPE = Recipe("faces", epochs=1, batch_size=20, limit=60)  # 3 steps


@pytest.fixture
def on_faces(faces, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: faces)


# ---- Two processes that want the same run


def waiting(folder):
    """What a process prints, at once and every minute, while another one trains a run."""
    return (
        f"another process is training {folder.name}: waiting for it to end. It holds the lock "
        f"{folder.with_name(f'.{folder.name}.lock')}: end that process to continue here at once, "
        "or press Ctrl-C to stop waiting.\n"
    )


def test_a_second_process_says_again_and_again_that_it_waits(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_MESSAGES", 0.2)
    folder, entered = tmp_path / "some-run", threading.Event()

    def come_second():
        with runs.locked(folder):
            entered.set()

    second = threading.Thread(target=come_second)
    with runs.locked(folder):
        second.start()
        assert not entered.wait(0.5)
    second.join(10)
    assert entered.is_set()
    said = capsys.readouterr().out
    assert said.count("\n") >= 2 and set(said.splitlines(keepends=True)) == {waiting(folder)}
    with runs.locked(folder):  # the lock is free again, so nothing is printed
        assert capsys.readouterr().out == ""


# Trains a recipe for one epoch, says so, and waits until it is killed.
FIRST = """
import json, sys
from vaelib import data, runs
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras

class Pause(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            print("paused", flush=True)
            sys.stdin.readline()

faces = data.render_faces(train=510, test=60)
data.load = lambda name: faces
runs.train(Recipe.from_config(json.loads(sys.argv[1])), sys.argv[2], callbacks=[Pause()])
"""


def output_until_it_waits(capsys):
    """What was printed until a process said that it waits for another, after at most 60 s."""
    printed, end = "", time.monotonic() + 60
    while "waiting for it" not in printed and time.monotonic() < end:
        time.sleep(0.05)
        printed += capsys.readouterr().out
    return printed


def test_a_run_that_another_process_completes_meanwhile_is_loaded(on_faces, tmp_path, capsys):
    first = runs.train(RECIPE, tmp_path / "first")
    lines = capsys.readouterr().out
    folder = tmp_path / "second" / first.folder.name
    with ThreadPoolExecutor() as pool:
        with runs.locked(folder):
            second = pool.submit(runs.train, RECIPE, folder.parent)
            printed = output_until_it_waits(capsys)
            shutil.copytree(first.folder, folder)
        assert second.result(60).provenance == first.provenance
    printed += capsys.readouterr().out
    assert printed == waiting(folder) + lines


def test_a_run_whose_process_is_killed_is_resumed_by_the_one_that_waits(on_faces, tmp_path, capsys):
    recipe = dataclasses.replace(RECIPE, epochs=2)
    expected = runs.train(recipe, tmp_path / "undisturbed")
    lines = capsys.readouterr().out
    arguments = json.dumps(recipe.get_config()), str(tmp_path / "contested")
    command = [sys.executable, "-c", FIRST, *arguments]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with subprocess.Popen(command, **pipes) as first, ThreadPoolExecutor() as pool:
        try:
            assert "paused\n" in iter(first.stdout.readline, "")
            second = pool.submit(runs.train, recipe, tmp_path / "contested")
            printed = output_until_it_waits(capsys)
            assert not second.done() and first.poll() is None
        finally:
            first.kill()
        run = second.result(60)
    printed += capsys.readouterr().out
    assert printed == waiting(run.folder) + lines
    assert run.provenance["resumed_after_epoch"] == 1
    assert {path.name for path in run.folder.iterdir()} == {*FILES, "run.json"}
    for name in FILES:
        assert (run.folder / name).read_bytes() == (expected.folder / name).read_bytes()


# ---- Full disks and folders without the right to write


class FullDisk(io.FileIO):
    """A file on a disk that is full after ten bytes."""

    def write(self, content):
        super().write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")


def fail_to_open(monkeypatch):
    monkeypatch.setattr(files, "open", lambda path, mode: FullDisk(path, "x"), raising=False)


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def fail_to_sync(monkeypatch):
    monkeypatch.setattr(files.os, "fsync", full)


def fail_to_replace(monkeypatch):
    monkeypatch.setattr(files.os, "replace", full)


def interrupt_sync(monkeypatch):
    def fsync(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", fsync)


@pytest.mark.parametrize("fail", [fail_to_open, fail_to_sync, fail_to_replace, interrupt_sync])
def test_a_full_disk_leaves_no_partial_file(fail, run, tmp_path):
    folder = tmp_path / "some-run"
    checkpoints.write(folder, IDENTITY, run.model, {"loss": [2.0]}, run.snapshots)
    before = (folder / "checkpoint.npz").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        fail(patch)
        with pytest.raises((OSError, KeyboardInterrupt)):
            checkpoints.write(folder, IDENTITY, run.model, {"loss": [2.0, 1.0]}, {})
        with pytest.raises((RunError, KeyboardInterrupt)):
            runs.save(folder, run)
    assert [path.name for path in folder.iterdir()] == ["checkpoint.npz"]
    assert (folder / "checkpoint.npz").read_bytes() == before
    runs.save(folder, run)
    assert {path.name for path in folder.iterdir()} == {*FILES, "run.json"}


def refused(directory, reason):
    """Training in a folder that can't be written raises an error that says what to do."""
    with pytest.raises(RunError, match=r"^[^\n]+\.$") as refusal:
        runs.train(RECIPE, directory)
    for words in (RECIPE.slug, f"in {directory}", reason, "VAELIB_RUNS_DIR"):
        assert words in str(refusal.value)
    assert not [*directory.glob(f"{RECIPE.slug}*/.*")]


@pytest.mark.parametrize("written", [0, 1, 3])
def test_training_on_a_full_disk_raises_and_is_resumed_later(written, on_faces, tmp_path):
    """The disk is full at the checkpoint of the only epoch, or at a file of the finished run."""
    write, done = files.write_atomically, []

    def write_atomically(path, content):
        with pytest.MonkeyPatch.context() as patch:
            if len(done) == written:
                fail_to_sync(patch)
            write(path, content)
            done.append(path.name)

    with pytest.MonkeyPatch.context() as patch:
        for module in (run_folder, checkpoints):
            patch.setattr(module, "write_atomically", write_atomically)
        refused(tmp_path, "No space left on device")
    assert len(done) == written
    left = {path.name for path in tmp_path.glob(f"{RECIPE.slug}*/*")}
    assert left == set(done)
    run = runs.train(RECIPE, tmp_path)
    assert run.provenance["resumed_after_epoch"] == (1 if written else 0)
    assert {path.name for path in run.folder.iterdir()} == {*FILES, "run.json"}


def test_training_where_no_folder_can_be_created_is_refused(on_faces, tmp_path):
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "runs", "Not a directory" if os.name == "posix" else "")
    assert (tmp_path / "file").read_text() == ""


def test_training_without_write_permission_is_refused(on_faces, tmp_path, monkeypatch):
    def forbidden(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(run_folder.filelock, "FileLock", forbidden)
    refused(tmp_path, "Permission denied")
    assert not [*tmp_path.iterdir()]


def test_a_complete_read_only_run_is_loaded(on_faces, tmp_path, monkeypatch, capsys):
    run = runs.train(RECIPE, tmp_path)
    printed = capsys.readouterr().out
    (run.folder / checkpoints.FILE_NAME).write_bytes(b"left by a process that was killed")

    def forbidden(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(run_folder, "locked", forbidden)
    monkeypatch.setattr(checkpoints, "remove", forbidden)
    for name in ("mkdir", "open", "replace", "unlink"):
        monkeypatch.setattr(files.os, name, forbidden)
    assert runs.train(RECIPE, tmp_path).provenance == run.provenance
    assert capsys.readouterr().out == printed


# ---- Numbers that are not finite


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["weight", "optimizer"])
def test_a_model_with_nan_or_infinite_values_is_never_saved(place, number, run, tmp_path):
    model = run.recipe.compiled_model(100)
    kept = {"weight": model.decoder.layers[-1].bias, "optimizer": model.optimizer.variables[-1]}
    variable = kept[place]
    variable.assign(np.full(variable.shape, number))
    broken = dataclasses.replace(run, model=model)
    with pytest.raises(RunError, match=rf"{variable.path} is not finite"):
        checkpoints.write(tmp_path / "new", IDENTITY, model, run.history, run.snapshots)
    with pytest.raises(RunError, match=rf"{variable.path} is not finite"):
        runs.save(tmp_path / "new", broken)
    assert not [*tmp_path.iterdir()]


def test_weights_that_become_nan_at_the_last_update_of_an_epoch_are_not_saved(on_faces, tmp_path):
    recipe = dataclasses.replace(RECIPE, epochs=2)
    steps = []

    def poison(callback, batch, logs=None):
        steps.append(batch)
        if len(steps) == 2 * 3:  # after the loss was computed, for the last time
            bias = callback.model.decoder.layers[-1].bias
            bias.assign(bias * np.nan)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.EpochLog, "on_train_batch_end", poison)
        with pytest.raises(FloatingPointError, match="saved up to epoch 1 is good"):
            runs.train(recipe, tmp_path)
    run = runs.train(recipe, tmp_path)
    assert run.provenance["resumed_after_epoch"] == 1
    assert np.isfinite(run.history["loss"]).all()


# ---- What a killed process left


def test_only_partial_files_of_a_killed_process_are_removed(folder, run):
    (folder / f".weights.npz.{uuid.uuid4().hex}").write_bytes(b"half")
    (folder / ".notes.txt").write_text("of the reader's own")
    checkpoints.read(folder, {}, run.model)
    left = {path.name for path in folder.iterdir()}
    assert left == {*FILES, "run.json", ".notes.txt"}


def test_training_removes_partial_files_of_a_process_killed_in_its_first_epoch(on_faces, tmp_path):
    run = runs.train(RECIPE, tmp_path)
    for path in run.folder.iterdir():
        path.unlink()
    (run.folder / f".checkpoint.npz.{uuid.uuid4().hex}").write_bytes(b"half")
    runs.train(RECIPE, tmp_path)
    assert {path.name for path in run.folder.iterdir()} == {*FILES, "run.json"}
