"""Malicious runs: no code is executed, no other file is read, and no memory is filled."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vaelib import runs
from vaelib.runs import checkpoints, npz, run_folder, sizes
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import tf
from vaelib.support.errors import RunError

IDENTITY = {"recipe": {"epochs": 2}, "data": "ab", "code": "cd", "versions": {"numpy": "2"}}
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")


class Payload:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["weights.npz", "snapshots.npz", "checkpoint.npz"])
def test_reading_executes_nothing(folder, run, tmp_path, name, rewrite):
    stream = io.BytesIO()
    np.savez(stream, **{"weight/0": np.array([Payload(tmp_path / "executed")], dtype=object)})
    if name == "checkpoint.npz":
        (folder / name).write_bytes(stream.getvalue())
    else:
        rewrite(name, stream.getvalue())
    with pytest.raises(RunError, match="some-run"):
        if name == "checkpoint.npz":
            checkpoints.read(folder, IDENTITY, run.model)
        else:
            runs.load(folder)
    assert not (tmp_path / "executed").exists()


@pytest.fixture
def only_run_json_is_read(monkeypatch):
    """Fails the test where the content of any other file is read."""

    def read(path, most=None):
        assert path.name == "run.json", path
        return path.read_bytes()

    monkeypatch.setattr(run_folder, "read_bounded", read)


def special(tmp_path, kind):
    """A path to what must not be read, for reading it never ends or tells a secret."""
    path = tmp_path / "secret"
    if kind == "file":
        path.write_text("of the reader's own")
    elif kind == "FIFO":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


KINDS = ["file"] + ["FIFO", "device"] * (os.name == "posix")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("instead", [True, False])
def test_a_run_json_that_names_any_other_file_is_refused_before_it_is_read(
    kind, instead, folder, tmp_path, only_run_json_is_read
):
    about = json.loads((folder / "run.json").read_text())
    if instead:
        del about["sha256"]["snapshots.npz"]
    about["sha256"][str(special(tmp_path, kind))] = "0" * 64
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match=r"run\.json of some-run names the files .*secret"):
        runs.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_run_json_that_leaves_out_a_file_is_refused(name, folder, only_run_json_is_read):
    about = json.loads((folder / "run.json").read_text())
    del about["sha256"][name]
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match=r"names the files .*: expected recipe\.json"):
        runs.load(folder)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("name", ["run.json", *FILES, "checkpoint.npz"])
def test_only_regular_files_are_read(kind, name, folder, run, tmp_path, monkeypatch):
    (folder / name).unlink(missing_ok=True)
    special(tmp_path, kind).rename(folder / name)
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: path.is_file() and read(path))
    with pytest.raises(RunError, match=rf"{name} (of some-run .*)?is not a regular file"):
        if name == "checkpoint.npz":
            checkpoints.read(folder, IDENTITY, run.model)
        else:
            runs.load(folder)


@pytest.mark.parametrize("name", ["run.json", *FILES])
def test_a_file_that_is_too_large_is_not_read(name, folder, monkeypatch):
    monkeypatch.setattr(npz, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(sizes, "MAX_JSON", 1_000_000)
    assert runs.load(folder).folder == folder
    with open(folder / name, "ab") as stream:
        stream.truncate(1_000_001)
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: path.name != name and read(path))
    with pytest.raises(RunError, match=rf"some-run can't be read \({name} has 1,000,001 bytes"):
        runs.load(folder)


def bomb(**members):
    """A small archive of members that are some million zeros, after what is given of each."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, start in members.items():
            with archive.open(f"{name}.npy", "w") as member:
                member.write(start)
                for _ in range(10):
                    member.write(bytes(1 << 20))
    return stream.getvalue()


def header(shape):
    """What the bytes of an array begin with, in a .npy file."""
    stream = io.BytesIO()
    layout = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, layout)
    return stream.getvalue()


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", ["weights.npz", "optimizer.npz", "snapshots.npz"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(name, members, folder, monkeypatch, rewrite):
    content = bomb(**{f"bomb{i}": header((10 << 20,)) for i in range(members)})
    assert len(content) < 50_000 * members
    rewrite(name, content)
    monkeypatch.setattr(npz, "MAX_BYTES", (members * 10 << 20) - 1)
    unpack = zipfile.ZipFile.open

    def only_others(archive, member, *arguments, **named):
        assert "bomb" not in str(member)
        return unpack(archive, member, *arguments, **named)

    monkeypatch.setattr(zipfile.ZipFile, "open", only_others)
    with pytest.raises(RunError, match=rf"it would unpack to {members}\d,\d\d\d,\d\d\d bytes"):
        runs.load(folder)


def test_an_array_that_says_that_it_is_larger_than_its_file_is_refused(folder, rewrite):
    rewrite("snapshots.npz", bomb(codes=header((1 << 50,))))
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder)


def test_an_array_that_is_smaller_than_it_says_is_refused_before_memory_is_allocated(monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("codes.npy", header((1 << 50,)) + bytes(100))
    monkeypatch.setattr(np, "load", None)  # must not be called
    with pytest.raises(ValueError, match=r"codes\.npy says .* but holds 100"):
        npz.from_npz(stream.getvalue())


def test_an_archive_of_very_many_files_is_refused_before_its_directory_is_read(monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for i in range(30):
            archive.writestr(f"{i}.npy", header((0,)))
    assert len(npz.from_npz(stream.getvalue())) == 30
    monkeypatch.setattr(npz, "MAX_ARRAYS", 29)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # must not be called
    with pytest.raises(ValueError, match="it contains about 30 files, 29 are allowed"):
        npz.from_npz(stream.getvalue())


@pytest.mark.parametrize("most", ["MAX_BYTES", "MAX_ARRAYS"])
def test_no_archive_is_written_that_cannot_be_read(most, monkeypatch):
    arrays = {str(i): np.zeros(10) for i in range(3)}
    size = len(npz.to_npz(arrays, compressed=False))
    monkeypatch.setattr(npz, most, {"MAX_BYTES": size - 1, "MAX_ARRAYS": 2}[most])
    with pytest.raises(ValueError, match="are allowed"):
        npz.to_npz(arrays, compressed=False)


def test_files_that_are_not_arrays_are_refused(folder, run, rewrite):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("0.txt", "text")
    with pytest.raises(ValueError, match=r"it contains 0\.txt, which is not an array"):
        npz.from_npz(stream.getvalue())
    rewrite("optimizer.npz", stream.getvalue())
    with pytest.raises(RunError, match="which is not an array"):
        runs.load(folder)


@pytest.mark.parametrize("dtype", ["U1", "complex64", "float64"])
def test_arrays_of_another_type_are_refused(dtype, folder, run, tmp_path, rewrite):
    weights = {f"{i}": v.numpy() for i, v in enumerate(run.model.variables)}
    rewrite("weights.npz", npz.to_npz(weights | {"0": weights["0"].astype(dtype)}))
    with pytest.raises(RunError, match=r"holds arrays .* but the model has"):
        runs.load(folder)


@pytest.mark.parametrize(
    "history",
    [
        *("[]", "[1]", '{"loss": 3}', '{"loss": ["a"]}', '{"loss": null}', "[" * 100_000),
        *('{"loss": [NaN, 1]}', '{"loss": [1, Infinity]}', '{"loss": [1, 1e999]}'),
        *('{"loss": [1]}', '{"loss": [1, 2, 3]}', '{"loss": [1, %s]}' % ("9" * 5_000)),
    ],
    ids=lambda text: text[:20],
)
def test_an_invalid_history_is_refused(history, folder, rewrite):
    rewrite("history.json", history.encode())
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder)


@pytest.mark.parametrize("field", ["code", "versions", "data"])
def test_invalid_provenance_is_refused(field, folder):
    about = json.loads((folder / "run.json").read_text())
    about["provenance"][field] = "nothing"
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder)


ENORMOUS = [{"latent_dim": 784}, {"prior": {"kind": "mixture", "components": 10_000}}]
ENORMOUS += [{"prior": {"kind": "vamp", "components": 10_000}}, {"network": "gated"}]


@pytest.mark.parametrize("settings", ENORMOUS)
def test_a_recipe_of_a_larger_model_than_the_stored_one_is_refused_before_it_is_built(
    settings, folder, rewrite, monkeypatch
):
    config = json.loads((folder / "recipe.json").read_text())
    rewrite("recipe.json", json.dumps(config | settings).encode())

    def build(recipe, size):
        assert not tf.executing_eagerly(), "memory is allocated for the model"
        return compiled_model(recipe, size)

    compiled_model = Recipe.compiled_model
    monkeypatch.setattr(Recipe, "compiled_model", build)
    with pytest.raises(RunError, match=r"holds arrays of .* bytes, but the model has .* bytes in"):
        runs.load(folder)


@pytest.mark.parametrize("place", ["weights.npz", "optimizer.npz"])
@pytest.mark.parametrize("number", [np.nan, -np.inf])
def test_a_run_with_weights_that_are_not_finite_is_not_loaded(place, number, folder, rewrite):
    arrays = npz.from_npz((folder / place).read_bytes())
    name = next(name for name, array in arrays.items() if array.dtype.kind == "f" and array.ndim)
    arrays[name].flat[0] = number
    rewrite(place, npz.to_npz(arrays))
    with pytest.raises(RunError, match="is not finite, so some-run can't be loaded"):
        runs.load(folder)


def test_a_keras_model_in_the_folder_of_a_run_is_never_opened(folder, tmp_path):
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        code = f"import pathlib; pathlib.Path({str(tmp_path / 'executed')!r}).touch()"
        archive.writestr("config.json", json.dumps({"class_name": "Lambda", "config": code}))
    os.chmod(folder / "model.keras", 0)
    assert runs.load(folder).folder == folder
    assert not (tmp_path / "executed").exists()


def test_a_reason_is_cut_if_it_repeats_what_a_file_says(folder, rewrite):
    config = json.loads((folder / "recipe.json").read_text())
    rewrite("recipe.json", json.dumps(config | {"x" * 100_000: 1}).encode())
    with pytest.raises(RunError, match="some-run can't be read") as said:
        runs.load(folder)
    assert len(str(said.value)) < 700


@pytest.mark.parametrize("stored", [np.zeros(3, "int64"), np.array(3), np.array(1)])
def test_steps_that_are_no_multiple_of_the_epochs_are_refused(stored, folder, rewrite):
    arrays = npz.from_npz((folder / "optimizer.npz").read_bytes())
    first = next(iter(arrays))
    rewrite("optimizer.npz", npz.to_npz(arrays | {first: stored.astype(arrays[first].dtype)}))
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder)


@pytest.mark.parametrize(
    "settings", [{"latent_dim": 10**6}, {"prior": {"kind": "mixture", "components": 10**6}}]
)
def test_a_recipe_of_an_enormous_model_is_refused_before_it_is_built(
    settings, folder, rewrite, monkeypatch
):
    config = json.loads((folder / "recipe.json").read_text())
    rewrite("recipe.json", json.dumps(config | settings).encode())
    monkeypatch.setattr(Recipe, "compiled_model", None)  # must not be called
    with pytest.raises(RunError, match=r"must be an integer from 1 to .*, not 1,000,000"):
        runs.load(folder)
