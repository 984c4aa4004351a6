"""The folders of runs: locked, read-only, unwritable, on a full disk; never half-written."""

import dataclasses
import errno
import io
import os
import threading
import uuid

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


# ---- Locks


def test_who_comes_second_waits_for_the_lock_and_says_so(tmp_path, capsys):
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
    assert said == "another process is training some-run: waiting for it\n"
    with runs.locked(folder):  # free again, and taken without a word
        assert capsys.readouterr().out == ""


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
def test_nothing_half_written_stays_on_a_full_disk(fail, run, tmp_path):
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
    """A training in a folder that can't be written ends in a sentence that says what to do."""
    with pytest.raises(RunError, match=r"^[^\n]+\.$") as refusal:
        runs.train(RECIPE, directory)
    for words in (RECIPE.slug, f"in {directory}", reason, "VAELIB_RUNS_DIR"):
        assert words in str(refusal.value)
    assert not [*directory.glob(f"{RECIPE.slug}*/.*")]


@pytest.mark.parametrize("written", [0, 1, 3])
def test_training_on_a_full_disk_is_refused_and_taken_up_again(written, on_faces, tmp_path):
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


def test_training_where_there_can_be_no_folder_is_refused(on_faces, tmp_path):
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "runs", "Not a directory" if os.name == "posix" else "")
    assert (tmp_path / "file").read_text() == ""


def test_training_without_the_right_to_write_is_refused(on_faces, tmp_path, monkeypatch):
    def forbidden(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(run_folder.filelock, "FileLock", forbidden)
    refused(tmp_path, "Permission denied")
    assert not [*tmp_path.iterdir()]


def test_a_complete_run_that_nobody_can_write_to_is_loaded(on_faces, tmp_path, monkeypatch, capsys):
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
def test_a_model_that_is_not_finite_is_never_kept(place, number, run, tmp_path):
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


def test_weights_that_turn_at_the_last_update_of_an_epoch_are_not_kept(on_faces, tmp_path):
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


def test_what_a_killed_process_left_half_written_is_removed_and_nothing_else(folder, run):
    (folder / f".weights.npz.{uuid.uuid4().hex}").write_bytes(b"half")
    (folder / ".notes.txt").write_text("of the reader's own")
    checkpoints.read(folder, {}, run.model)
    left = {path.name for path in folder.iterdir()}
    assert left == {*FILES, "run.json", ".notes.txt"}


def test_training_tidies_up_after_a_process_that_was_killed_in_its_first_epoch(on_faces, tmp_path):
    run = runs.train(RECIPE, tmp_path)
    for path in run.folder.iterdir():
        path.unlink()
    (run.folder / f".checkpoint.npz.{uuid.uuid4().hex}").write_bytes(b"half")
    runs.train(RECIPE, tmp_path)
    assert {path.name for path in run.folder.iterdir()} == {*FILES, "run.json"}
