"""Runs on disk: they are loaded unchanged, and training can continue from them."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from vaelib import data, priors, runs, training
from vaelib.objectives import ELBO, POST_MMD, Objective
from vaelib.runs import checkpoints, run_folder
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras
from vaelib.support.errors import RunError
from vaelib.terms import KL

IDENTITY = {"recipe": {"epochs": 2}, "data": "ab", "code": "cd", "versions": {"numpy": "2"}}
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")
SHORT = dict(dataset="faces", epochs=2, batch_size=20, limit=90)  # 2 x 5 steps


@pytest.fixture
def on_faces(faces, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: faces)


def state(model):
    """All numbers on which further training depends, as bytes."""
    variables = (*model.variables, *model.optimizer.variables)
    return [variable.numpy().tobytes() for variable in variables]


# ---- Reading and writing


def test_a_saved_run_is_loaded_unchanged(run, saved, faces):
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


def test_a_checkpoint_restores_everything_that_was_saved(run, tmp_path):
    checkpoints.write(tmp_path, IDENTITY, run.model, run.history, run.snapshots)
    model = Recipe("faces", ELBO, epochs=2, seed=5).compiled_model(100)
    history, arrays = checkpoints.read(tmp_path, IDENTITY, model)
    assert history == run.history
    assert list(history) == list(run.history)  # the order in which the terms are printed
    np.testing.assert_array_equal(arrays["codes"], run.snapshots["codes"])
    pairs = [(model.variables, run.model.variables)]
    pairs += [(model.optimizer.variables, run.model.optimizer.variables)]
    for found, expected in pairs:
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())


# ---- Continuing training

RECIPES = [
    Recipe(objective=ELBO, **SHORT),
    Recipe(objective=POST_MMD, schedule="constant", **SHORT),
    Recipe(objective=Objective(terms=[1 * KL], warmup_epochs=4), prior=priors.vamp(3), **SHORT),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug)
def test_a_loaded_run_continues_training_like_the_original(recipe, on_faces, faces, tmp_path):
    trained = runs.train(recipe, tmp_path)
    loaded = runs.load(trained.folder)
    before = state(trained.model)
    assert int(loaded.model.optimizer.iterations) == 10
    assert state(loaded.model) == before
    histories = [
        training.fit(run.model, faces.train_images[:70], epochs=1, batch_size=30, seed=3)
        for run in (trained, loaded)
    ]
    assert histories[0] == histories[1]
    assert state(loaded.model) == state(trained.model)
    assert sum(a != b for a, b in zip(before, state(trained.model), strict=True)) > 20


def test_training_does_not_change_the_global_random_states(on_faces, tmp_path):
    random.seed(1)
    np.random.seed(2)  # the old global one, which others may use
    before = random.getstate(), np.random.get_state()
    runs.train(Recipe(objective=ELBO, prior=priors.mixture(2), **SHORT), tmp_path)
    assert random.getstate() == before[0]
    for found, expected in zip(np.random.get_state(), before[1], strict=True):
        np.testing.assert_array_equal(found, expected)


# ---- Names and paths


def test_a_name_loads_a_published_run_and_a_path_loads_a_folder(run, saved, tmp_path, monkeypatch):
    here, published = tmp_path / "here", tmp_path / "published"
    for folder in (here / "x", published / "x", tmp_path / "home" / "x"):
        shutil.copytree(saved, folder)
    monkeypatch.setattr(run_folder, "PUBLISHED", published)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(here)
    expected = {
        "x": published / "x",
        "./x": here / "x",
        Path("x"): here / "x",
        str(here / "x"): here / "x",
        "~/x": tmp_path / "home" / "x",
        Path("~/x"): tmp_path / "home" / "x",
    }
    for asked, folder in expected.items():
        assert runs.load(asked).folder.resolve() == folder, asked
    assert runs.save("./y", run) is run and (here / "y" / "run.json").exists()


PUBLISHED = sorted(path.parent.name for path in runs.PUBLISHED.glob("*/run.json"))


def test_six_runs_are_published():
    assert len(PUBLISHED) == 6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_runs_load_with_their_optimizer_and_name_their_code(name):
    run = runs.load(name)
    assert run.recipe.slug == name
    assert int(run.model.optimizer.iterations) == 30_000
    assert any(np.any(v.numpy()) for v in run.model.optimizer.variables[2:])
    code = run.provenance["code"]
    assert f"code {code['fingerprint'][:8]}, commit {code['commit'][:8]}, Keras 3." in repr(run)
    assert repr(run).startswith(f"<{name}, seed 0: trained by ")


@pytest.mark.parametrize(
    "commit, said",
    [
        (None, ""),
        ("12345678" * 5, ", commit 12345678"),
        ("ab" * 20 + "-dirty", ", commit abababab-dirty"),
    ],
)
def test_repr_says_whether_the_code_was_committed(run, commit, said):
    code = {"fingerprint": "cd" * 32, "commit": commit}
    about = run.provenance | {"code": code, "versions": {"keras": "3.1"}}
    run = runs.Run(run.recipe, run.model, run.history, run.snapshots, about)
    assert repr(run) == f"<faces_elbo_2-epochs, seed 0: trained by code cdcdcdcd{said}, Keras 3.1>"


class StopAt(keras.callbacks.Callback):
    """Stop training at the end of a batch, counted from 0 over all epochs."""

    def __init__(self, step):
        super().__init__()
        self.step, self.seen = step, -1

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        self.model.stop_training = self.seen == self.step


@pytest.mark.parametrize("step", [2, 4, 7])  # within the first epoch, at its end, in the second
def test_a_callback_that_stops_training_leaves_no_complete_run(on_faces, tmp_path, step):
    recipe, words = Recipe(**SHORT), f"after {step + 1} of 10 steps, so the run is not complete"
    with pytest.raises(RunError, match=words):
        runs.train(recipe, tmp_path / "stopped", callbacks=[StopAt(step)])
    kept = [path for path in (tmp_path / "stopped").iterdir() if path.is_dir()]
    assert len(kept) == (step >= 4)  # a folder once an epoch is complete
    assert not any(map(runs.is_complete, kept))
    resumed = runs.train(recipe, tmp_path / "stopped")
    expected = runs.train(recipe, tmp_path / "undisturbed")
    assert state(resumed.model) == state(expected.model)
    assert resumed.history == expected.history


def test_early_stopping_leaves_no_complete_run(on_faces, tmp_path):
    recipe = Recipe(**SHORT | {"epochs": 3})
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=0)  # the loss decreases
    with pytest.raises(RunError, match=r"stopped training after 10 of 15 steps.* call train again"):
        runs.train(recipe, tmp_path / "stopped", callbacks=[stop])
    expected = runs.train(recipe, tmp_path / "undisturbed")
    # With the best weights of the first epoch, since a high loss counts as good here.
    worst = keras.callbacks.EarlyStopping("loss", mode="max", patience=9, restore_best_weights=True)
    with pytest.raises(RunError, match=r"changed the model after the last epoch.*is not saved"):
        runs.train(recipe, tmp_path / "restored", callbacks=[worst])
    for directory in ("stopped", "restored"):
        assert state(runs.train(recipe, tmp_path / directory).model) == state(expected.model)
