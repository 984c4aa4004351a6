"""Whatever is written can be read again, and a model's size is known before it is built."""

import os

import numpy as np
import pytest

from vaelib import data, losses, priors, runs
from vaelib.objectives import ELBO, Objective
from vaelib.runs import checkpoints, npz, sizes
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import planned_bytes
from vaelib.support.backend import ops, tf
from vaelib.support.errors import RunError
from vaelib.terms import Term

SHORT = dict(epochs=2, batch_size=20, limit=90)  # 2 x 5 steps


def norm_of_codes(images, outputs, prior):
    return ops.norm(outputs["z"], axis=1)


RECIPES = [
    Recipe("faces"),
    Recipe("faces", network="gated"),
    Recipe("faces", objective=ELBO + 0.1 * Term(norm_of_codes)),
    Recipe("faces", objective=Objective(losses.gaussian_nll, warmup_epochs=1, terms=ELBO.terms)),
    Recipe("faces", objective=Objective(sampled=False)),
    Recipe("faces", prior=priors.vamp(3), latent_dim=3),
    Recipe("faces", prior=priors.mixture(3), optimizer="adam"),
    Recipe("faces", condition=True),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug)
def test_the_planned_variables_are_those_of_the_model(recipe):
    model = recipe.compiled_model(100)
    expected = sizes.layout(model.variables), sizes.layout(model.optimizer.variables)
    assert sizes.planned_layouts(recipe) == expected


@pytest.mark.parametrize("more", [{}, {"prior": priors.mixture(3)}, {"condition": True}], ids=str)
def test_the_planned_size_is_that_of_the_files(more, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: faces)
    recipe, written = Recipe("faces", **SHORT, **more), []
    remove = checkpoints.remove
    monkeypatch.setattr(
        checkpoints,
        "remove",
        lambda folder: (
            written.append((folder / checkpoints.FILE_NAME).stat().st_size) or remove(folder)
        ),
    )
    run, dataset = runs.train(recipe, tmp_path), recipe.load_dataset()
    assert planned_bytes(recipe, dataset) == sum(a.nbytes for a in run.snapshots.values())
    monkeypatch.setattr(npz, "MAX_BYTES", written[0])
    with pytest.raises(RunError, match="can be read again"):  # since the plan is an upper bound
        sizes.check_planned(recipe, dataset)


def test_a_run_that_could_not_be_loaded_is_refused_before_training(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: faces)
    recipe = Recipe("faces", **SHORT)
    needed = planned_bytes(recipe, recipe.load_dataset()) + sum(
        np.prod(shape) * np.dtype(kind).itemsize
        for part in sizes.planned_layouts(recipe)
        for shape, kind in part
    )
    monkeypatch.setattr(npz, "MAX_BYTES", int(needed))
    compiled_model = Recipe.compiled_model

    def build(recipe, size):
        assert not tf.executing_eagerly(), "the model is built"
        return compiled_model(recipe, size)

    monkeypatch.setattr(Recipe, "compiled_model", build)
    with pytest.raises(RunError, match=r"snapshots of 60 test images .*dataset\.limit\(test="):
        runs.train(recipe, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_history_that_could_not_be_read_is_refused_before_training(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: faces)
    with pytest.raises(RunError, match=r"history of 1,000,000 epochs .*choose fewer epochs"):
        runs.train(Recipe("faces", **SHORT | {"epochs": 1_000_000}), tmp_path)


@pytest.mark.parametrize("history", [{"loss": [1.0]}, {"loss": [1.0, np.nan]}], ids=str)
def test_a_run_that_could_not_be_loaded_is_not_saved(history, run, tmp_path):
    broken = runs.Run(run.recipe, run.model, history, run.snapshots, run.provenance)
    with pytest.raises(RunError, match=r"can't be saved \(history\.json has .*save a completed"):
        runs.save(tmp_path / "new", broken)
    assert not (tmp_path / "new").exists()


def test_a_clock_that_is_set_back_does_not_make_a_run_take_less_than_no_time(
    faces, tmp_path, monkeypatch
):
    monkeypatch.setattr(data, "load", lambda name: faces)
    now = iter(range(10**9, 0, -1_000))
    monkeypatch.setattr("time.time", lambda: next(now))
    run = runs.train(Recipe("faces", epochs=1, batch_size=20, limit=40), tmp_path)
    assert run.provenance["seconds"] >= 0
    for path in run.folder.iterdir():
        os.utime(path, (2**32, 2**32))  # in the year 2106
    assert runs.load(run.folder).provenance == run.provenance
