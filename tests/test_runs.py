"""Runs on disk: the same after reading, refused when damaged, never half-written."""

import errno
import io
import json
import shutil
import threading
import uuid
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from vaelib import checkpoints, files, provenance, runs, training
from vaelib.checkpoints import RunError
from vaelib.objectives import ELBO, MMD_AS_POSTED
from vaelib.recipes import Recipe

IDENTITY = {"recipe": {"epochs": 2}, "data": "ab", "code": "cd", "versions": {"numpy": "2"}}
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")


@pytest.fixture(scope="module")
def run(faces):
    """A run as `train` gives it, but for the training."""
    recipe = Recipe("faces", ELBO, epochs=2)
    return runs.Run(
        recipe,
        training.build(recipe, 100),
        {"loss": [300.125, 1 / 3], "reconstruction": [299.0, 0.1], "kl": [1.0, -0.5]},
        {"epochs": np.array([0, 2]), "codes": np.ones((2, 5, 2), "float32")},
        provenance.record(faces, seconds=1.5, resumed_after_epoch=0),
    )


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "saved"
    runs.save(folder, run)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(saved, tmp_path / "some-run")


def rewrite(folder, name, content):
    """Change a file, and run.json so that it knows nothing of the change."""
    (folder / name).write_bytes(content)
    about = json.loads((folder / "run.json").read_text())
    about["sha256"][name] = sha256(content).hexdigest()
    (folder / "run.json").write_text(json.dumps(about))


# ---- Reading and writing


def test_a_run_that_was_saved_is_loaded_the_same(run, saved, faces):
    loaded = runs.load(saved)
    assert (loaded.recipe, loaded.history) == (run.recipe, run.history)
    assert loaded.provenance == run.provenance
    assert set(loaded.snapshots) == set(run.snapshots)
    for name, array in run.snapshots.items():
        np.testing.assert_array_equal(loaded.snapshots[name], array)
        assert loaded.snapshots[name].dtype == array.dtype
    codes = (r.model.encode(faces.test_images) for r in (loaded, run))
    np.testing.assert_array_equal(*codes)
    assert {path.name for path in saved.iterdir()} == {*FILES, "run.json"}


def test_saving_twice_writes_the_same_bytes(run, saved, tmp_path):
    runs.save(tmp_path / "again", run)
    for path in saved.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_checkpoint_brings_back_all_that_it_was_given(run, tmp_path):
    checkpoints.write(tmp_path, IDENTITY, run.model, run.history, run.snapshots)
    model = training.build(Recipe("faces", ELBO, epochs=2, seed=5), 100)
    history, arrays = checkpoints.read(tmp_path, IDENTITY, model)
    assert history == run.history
    assert list(history) == list(run.history)  # the order in which the terms are printed
    np.testing.assert_array_equal(arrays["codes"], run.snapshots["codes"])
    pairs = [(model.variables, run.model.variables)]
    pairs += [(model.optimizer.variables, run.model.optimizer.variables)]
    for found, expected in pairs:
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())


# ---- Refused


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing"])
def test_damage_to_any_file_is_noticed_and_named(folder, name, damage):
    content = bytearray((folder / name).read_bytes())
    if damage == "missing":
        (folder / name).unlink()
    else:
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content if damage == "flipped" else content[:-1])
    with pytest.raises(RunError, match=r"^[^\n]*\.$") as refusal:
        runs.load(folder)
    assert name in str(refusal.value)
    assert "some-run" in str(refusal.value)


def test_an_edited_recipe_is_noticed(folder):
    edited = (folder / "recipe.json").read_text().replace('"epochs": 2', '"epochs": 50')
    (folder / "recipe.json").write_text(edited)
    with pytest.raises(RunError, match=r"recipe\.json of some-run is not what was written"):
        runs.load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"sha256": []}', '{"sha256": {}}'])
def test_a_damaged_run_json_is_refused(folder, content):
    (folder / "run.json").write_text(content)
    with pytest.raises(RunError, match="some-run"):
        runs.load(folder)


def test_an_incomplete_run_is_refused(folder, tmp_path):
    (folder / "run.json").unlink()
    for missing in (folder, tmp_path / "nothing", "no-such-run"):
        name = missing if isinstance(missing, str) else missing.name
        with pytest.raises(RunError, match=f"{name} is no complete run"):
            runs.load(missing)


class Payload:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["weights.npz", "snapshots.npz", "checkpoint.npz"])
def test_reading_executes_nothing(folder, run, tmp_path, name):
    stream = io.BytesIO()
    np.savez(stream, **{"weight/0": np.array([Payload(tmp_path / "executed")], dtype=object)})
    if name == "checkpoint.npz":
        (folder / name).write_bytes(stream.getvalue())
    else:
        rewrite(folder, name, stream.getvalue())
    with pytest.raises(RunError, match="some-run"):
        if name == "checkpoint.npz":
            checkpoints.read(folder, IDENTITY, run.model)
        else:
            runs.load(folder)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"PK no archive", None])
def test_a_damaged_checkpoint_is_refused_and_named(run, tmp_path, content):
    folder = tmp_path / "some-run"
    checkpoints.write(folder, IDENTITY, run.model, run.history, run.snapshots)
    whole = (folder / "checkpoint.npz").read_bytes()
    (folder / "checkpoint.npz").write_bytes(whole[:-100] if content is None else content)
    with pytest.raises(RunError, match=r"checkpoint\.npz of some-run can't be read"):
        checkpoints.read(folder, IDENTITY, run.model)


def test_a_checkpoint_of_another_model_is_refused(run, tmp_path):
    other = training.build(Recipe("faces", MMD_AS_POSTED, latent_dim=3), 100)
    checkpoints.write(tmp_path, IDENTITY, other, run.history, run.snapshots)
    with pytest.raises(RunError, match=r"but the model has"):
        checkpoints.read(tmp_path, IDENTITY, run.model)


@pytest.mark.parametrize("what", ["recipe", "data", "code", "versions"])
def test_a_checkpoint_of_another_training_is_refused(run, tmp_path, what):
    checkpoints.write(tmp_path, IDENTITY, run.model, run.history, run.snapshots)
    other = IDENTITY | {what: "another"}
    with pytest.raises(RunError, match=rf"comes from another training \(of other {what}\)"):
        checkpoints.read(tmp_path, other, run.model)


@pytest.mark.parametrize("what", ["recipe", "data", "code", "versions"])
def test_a_run_of_another_training_is_refused_where_one_is_asked_for(run, folder, faces, what):
    identity = provenance.identity(run.recipe, faces.fingerprint)
    assert runs.load(folder, identity).recipe == run.recipe
    with pytest.raises(RunError, match=rf"some-run comes from another.*other {what}\)"):
        runs.load(folder, identity | {what: "another"})


def test_provenance_that_lacks_something_is_refused_where_a_training_is_asked_for(run, folder):
    about = json.loads((folder / "run.json").read_text())
    del about["provenance"]["code"]
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder, provenance.identity(run.recipe, "data"))


def test_a_recipe_of_another_version_is_refused(folder):
    config = json.loads((folder / "recipe.json").read_text()) | {"momentum": 0.9}
    rewrite(folder, "recipe.json", json.dumps(config).encode())
    with pytest.raises(RunError, match=r"some-run.*momentum"):
        runs.load(folder)


# ---- Locks and full disks


def test_who_comes_second_waits_for_the_lock_and_says_so(tmp_path, capsys):
    folder, entered = tmp_path / "some-run", threading.Event()

    def come_second():
        with runs.lock(folder):
            entered.set()

    second = threading.Thread(target=come_second)
    with runs.lock(folder):
        second.start()
        assert not entered.wait(0.5)
    second.join(10)
    assert entered.is_set()
    said = capsys.readouterr().out
    assert said == "another process is training some-run: waiting for it\n"
    with runs.lock(folder):  # free again, and taken without a word
        assert capsys.readouterr().out == ""


class FullDisk(io.FileIO):
    """A file on a disk that is full after ten bytes."""

    def write(self, content):
        super().write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")


def fail_to_open(monkeypatch):
    monkeypatch.setattr(files, "open", lambda path, mode: FullDisk(path, "x"), raising=False)


def fail_to_replace(monkeypatch):
    def replace(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", replace)


def interrupt_sync(monkeypatch):
    def fsync(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", fsync)


@pytest.mark.parametrize("fail", [fail_to_open, fail_to_replace, interrupt_sync])
def test_nothing_half_written_stays_on_a_full_disk(fail, run, tmp_path):
    folder = tmp_path / "some-run"
    checkpoints.write(folder, IDENTITY, run.model, {"loss": [2.0]}, run.snapshots)
    before = (folder / "checkpoint.npz").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        fail(patch)
        for write in (
            lambda: checkpoints.write(folder, IDENTITY, run.model, {"loss": [2.0, 1.0]}, {}),
            lambda: runs.save(folder, run),
        ):
            with pytest.raises((OSError, KeyboardInterrupt)):
                write()
    assert [path.name for path in folder.iterdir()] == ["checkpoint.npz"]
    assert (folder / "checkpoint.npz").read_bytes() == before
    runs.save(folder, run)
    assert {path.name for path in folder.iterdir()} == {*FILES, "run.json"}


def test_what_a_killed_process_left_half_written_is_removed_and_nothing_else(folder):
    (folder / f".weights.npz.{uuid.uuid4().hex}").write_bytes(b"half")
    (folder / ".notes.txt").write_text("of the reader's own")
    before = {path.name for path in folder.iterdir()}
    files.remove_unfinished(folder)
    assert before - {path.name for path in folder.iterdir()} == before - {
        *FILES,
        "run.json",
        ".notes.txt",
    }
    assert (folder / ".notes.txt").exists()
