"""Damaged runs and checkpoints, and those of another training run, are refused by name."""

import json

import pytest

from vaelib import runs
from vaelib.objectives import POST_MMD
from vaelib.runs import checkpoints, provenance
from vaelib.runs.recipes import Recipe
from vaelib.support.errors import RunError

IDENTITY = {"recipe": {"epochs": 2}, "data": "ab", "code": "cd", "versions": {"numpy": "2"}}
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing"])
def test_damage_to_any_file_is_detected_and_the_file_is_named(folder, name, damage):
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


def test_an_edited_recipe_is_detected(folder):
    edited = (folder / "recipe.json").read_text().replace('"epochs": 2', '"epochs": 50')
    (folder / "recipe.json").write_text(edited)
    with pytest.raises(
        RunError, match=r"recipe\.json of some-run has changed since it was written"
    ):
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
        with pytest.raises(RunError, match=f"{name} is not a complete run"):
            runs.load(missing)


@pytest.mark.parametrize("content", [b"", b"PK no archive", None])
def test_a_damaged_checkpoint_is_refused_and_named(run, tmp_path, content):
    folder = tmp_path / "some-run"
    checkpoints.write(folder, IDENTITY, run.model, run.history, run.snapshots)
    whole = (folder / "checkpoint.npz").read_bytes()
    (folder / "checkpoint.npz").write_bytes(whole[:-100] if content is None else content)
    with pytest.raises(RunError, match=r"checkpoint\.npz of some-run can't be read"):
        checkpoints.read(folder, IDENTITY, run.model)


def test_a_checkpoint_of_another_model_is_refused(run, tmp_path):
    other = Recipe("faces", POST_MMD, latent_dim=3).compiled_model(100)
    checkpoints.write(tmp_path, IDENTITY, other, run.history, run.snapshots)
    with pytest.raises(RunError, match=r"but the model has"):
        checkpoints.read(tmp_path, IDENTITY, run.model)


@pytest.mark.parametrize("what", ["recipe", "data", "code", "versions"])
def test_a_checkpoint_of_another_training_run_is_refused(run, tmp_path, what):
    checkpoints.write(tmp_path, IDENTITY, run.model, run.history, run.snapshots)
    other = IDENTITY | {what: "another"}
    with pytest.raises(
        RunError, match=rf"comes from a different training run \(different {what}\)"
    ):
        checkpoints.read(tmp_path, other, run.model)


@pytest.mark.parametrize("what", ["recipe", "data", "code", "versions"])
def test_a_run_with_another_identity_is_refused(run, folder, faces, what):
    identity = provenance.run_identity(run.recipe, faces.fingerprint)
    assert runs.load(folder, identity).recipe == run.recipe
    with pytest.raises(RunError, match=rf"some-run comes from a different.*different {what}\)"):
        runs.load(folder, identity | {what: "another"})


def test_incomplete_provenance_is_refused(run, folder):
    about = json.loads((folder / "run.json").read_text())
    del about["provenance"]["code"]
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match="some-run can't be read"):
        runs.load(folder, provenance.run_identity(run.recipe, "data"))


def test_a_recipe_of_another_version_is_refused(folder, rewrite):
    config = json.loads((folder / "recipe.json").read_text()) | {"momentum": 0.9}
    rewrite("recipe.json", json.dumps(config).encode())
    with pytest.raises(RunError, match=r"some-run.*momentum"):
        runs.load(folder)
