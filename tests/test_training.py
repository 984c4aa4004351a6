"""Training: its result depends on the recipe alone.

Every objective is trained twice at once, by this process and by another, and the bytes must be the
same. Other processes keep the processors busy during the first few recipes here, and during all of
them in `make test-all`. Other tests look at what came out.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from own_terms import NORMS, ROUGH, SLICED
from vaelib import data, priors, runs, training
from vaelib.models import VAE
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_MMD,
    Objective,
    capacity,
    infovae,
    iwae,
)
from vaelib.runs import checkpoints, run_folder
from vaelib.runs.recipes import Recipe
from vaelib.terms import CLOSED_FORM_KL, UNBIASED_MMD

FACES = data.render_faces(train=358, test=60)
# Small batches, because an operation that is not deterministic shows in about one of 100 steps.
SHORT = dict(dataset="faces", epochs=2, batch_size=5)  # 2 x 72 steps
RECIPES = {
    str(objective): Recipe(objective=objective, **SHORT)
    for objective in (
        *(AUTOENCODER, ELBO, POST_MMD),
        Objective(terms=[1 * CLOSED_FORM_KL], warmup_epochs=1.5),
    )
}
RECIPES["infovae, vamp of 4"] = Recipe(objective=infovae(0.5, 100.0), prior=priors.vamp(4), **SHORT)
RECIPES["GAN"] = runs.GANRecipe(**SHORT)
ONE_EPOCH = SHORT | {"epochs": 1}
# Each combines several settings, because most of the time goes into building a model.
RECIPES |= {
    f"{recipe.objective}, {recipe.prior}, {recipe.network}": recipe
    for recipe in (
        Recipe(
            objective=capacity(10.0, 3.0, epochs=0.5), network="gated", pixels="static", **ONE_EPOCH
        ),
        Recipe(objective=infovae(0.5, 200.0, mmd=UNBIASED_MMD), **ONE_EPOCH),
        Recipe(objective=ELBO + 2 * NORMS + 0.5 * ROUGH + 9 * SLICED, **ONE_EPOCH),
        Recipe(objective=iwae(3), latent_dim=8, prior=priors.mixture(4), **ONE_EPOCH),
    )
}
# Ends after 15 minutes, in case no process is left to end it.
BUSY = "import time; end = time.time() + 900\nwhile time.time() < end: pass"
UNDER_LOAD = 3  # how many of RECIPES are trained under load in `make test`
FILES = ("recipe.json", "weights.npz", "optimizer.npz", "history.json", "snapshots.npz")


def train_all(directory, after=lambda count: None):
    """Train all recipes on FACES, call after(count) after each, and return the printed lines."""
    printed = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda name: FACES)
        for count, (name, recipe) in enumerate(RECIPES.items(), start=1):
            with contextlib.redirect_stdout(io.StringIO()) as lines:
                runs.train(recipe, directory)
            printed[name] = lines.getvalue()
            after(count)
    return printed


def train_twice(tmp_path_factory, under_load):
    """Train all recipes in each of two processes, some of them while others keep the cores busy.

    Return the folders of both, and what the first printed.
    """
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    tests = Path(__file__).parent
    train = "import sys, test_training; print(flush=True); test_training.train_all(sys.argv[1])"
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    busy = []

    def end(processes):
        for process in processes:
            process.kill()
            process.wait()

    other = subprocess.Popen(
        [sys.executable, "-c", train, str(there)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    try:
        # It has imported TensorFlow, so from here on both train at the same time.
        other.stdout.readline()
        for _ in range((os.cpu_count() + 1) // 2):
            busy.append(subprocess.Popen([sys.executable, "-c", BUSY]))
        printed = train_all(here, lambda count: end(busy) if count == under_load else None)
        assert other.wait(timeout=900) == 0
    finally:
        end([other, *busy])
        other.stdout.close()
    return here, there, printed


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders of all recipes, trained in each of two processes, and what the first printed."""
    return train_twice(tmp_path_factory, UNDER_LOAD)


@pytest.fixture
def on_faces(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)


def folder_of(recipe, directory):
    (folder,) = directory.glob(f"{recipe.slug}_*")
    return folder


def contents(recipe, directory):
    return {name: (folder_of(recipe, directory) / name).read_bytes() for name in FILES}


# ---- The result


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_two_processes_train_the_same_bytes(recipe, trained):
    here, there, _ = trained
    found, expected = contents(recipe, here), contents(recipe, there)
    assert [name for name in FILES if found[name] != expected[name]] == []


@pytest.mark.slow
def test_two_processes_under_load_train_the_same_bytes(trained, tmp_path_factory):
    """All recipes under load, against each other and against the first time."""
    first = trained[0]
    here, there, _ = train_twice(tmp_path_factory, len(RECIPES))
    for recipe in RECIPES.values():
        assert contents(recipe, here) == contents(recipe, there) == contents(recipe, first)


def test_a_line_is_printed_for_each_epoch_with_the_loss_and_its_terms(trained):
    number = r"-?\d+\.\d\d"
    terms = {
        str(AUTOENCODER): f"reconstruction {number}",
        str(ELBO): f"reconstruction {number}   kl {number}",
        str(POST_MMD): rf"reconstruction {number}   mmd {number}\d\d\d",
    }
    for name, pattern in terms.items():
        lines = trained[2][name].splitlines()
        assert len(lines) == 2
        for i, line in enumerate(lines, start=1):
            assert re.fullmatch(f"epoch {i}/2   loss {number}   {pattern}", line)


@pytest.mark.parametrize(
    "epochs, told", [(10, range(1, 11)), (50, range(1, 51)), (185, [*range(10, 181, 10), 185])]
)
def test_of_many_epochs_some_and_the_last_are_printed(epochs, told, capsys):
    history = {"loss": [1.0] * (epochs - 1) + [2.346]}
    for epoch in range(epochs):
        training.print_epoch(history, epoch, epochs)
    lines = capsys.readouterr().out.splitlines()
    assert [int(re.match(r"epoch +(\d+)/", line)[1]) for line in lines] == list(told)
    assert lines[-1] == f"epoch {epochs}/{epochs}   loss 2.35"
    assert lines[0].startswith(f"epoch {told[0]:>{len(str(epochs))}}/")


def test_a_recipe_that_was_trained_is_loaded_and_prints_the_same(
    trained, on_faces, monkeypatch, capsys
):
    here, _, printed = trained
    monkeypatch.setattr(VAE, "fit", None)  # must not be called
    run = runs.train(RECIPES["ELBO"], here)
    assert capsys.readouterr().out == printed["ELBO"]
    assert run.recipe == RECIPES["ELBO"]
    assert run.snapshots["steps"].tolist() == [0, 50, 144]
    np.testing.assert_array_equal(run.snapshots["codes"][-1], run.model.encode(FACES.test_images))
    assert run.provenance["data"]["fingerprint"] == FACES.fingerprint


def test_a_checkpoint_beside_a_complete_run_is_removed(trained, on_faces, tmp_path):
    recipe = RECIPES["ELBO"]
    shutil.copytree(folder_of(recipe, trained[0]), tmp_path / folder_of(recipe, trained[0]).name)
    (folder_of(recipe, tmp_path) / checkpoints.FILE_NAME).write_bytes(
        b"killed before it was removed"
    )
    runs.train(recipe, tmp_path)
    assert not checkpoints.exists(folder_of(recipe, tmp_path))


def test_a_loaded_model_can_be_evaluated_like_one_just_trained(trained, on_faces):
    run = runs.train(RECIPES["ELBO"], trained[0])
    found = run.model.evaluate(FACES.test_images, verbose=0, return_dict=True)
    assert np.isfinite(found["loss"])


# ---- Interrupted


def interrupt_at(step, patch):
    """Make the user press Ctrl-C after so many steps."""
    steps = []

    def count(callback, batch, logs=None):
        steps.append(batch)
        if len(steps) == step:
            raise KeyboardInterrupt

    patch.setattr(training.EpochLog, "on_train_batch_end", count)


@pytest.mark.parametrize(
    "name, step",
    [
        *[("ELBO", 100), ("post MMD", 73)],
        *[("BCE + 1 closed-form KL, warmup epochs 1.5", 100), ("infovae, vamp of 4", 100)],
        ("GAN", 100),
    ],
)
def test_training_that_was_interrupted_ends_with_the_same_bytes(
    name, step, trained, on_faces, tmp_path, capsys
):
    recipe = RECIPES[name]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        interrupt_at(step, patch)
        runs.train(recipe, tmp_path)
    assert not runs.is_complete(folder_of(recipe, tmp_path))
    capsys.readouterr()
    run = runs.train(recipe, tmp_path)
    assert run.provenance["resumed_after_epoch"] == 1
    assert capsys.readouterr().out == trained[2][name]
    assert contents(recipe, tmp_path) == contents(recipe, trained[0])
    assert not checkpoints.exists(folder_of(recipe, tmp_path))


def test_a_result_that_could_not_be_written_is_written_the_next_time(
    trained, on_faces, tmp_path, monkeypatch
):
    recipe = RECIPES["ELBO"]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="disk"):
        patch.setattr(
            run_folder, "save", lambda folder, run: (_ for _ in ()).throw(OSError("disk full"))
        )
        runs.train(recipe, tmp_path)
    runs.train(recipe, tmp_path)
    assert contents(recipe, tmp_path) == contents(recipe, trained[0])


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_loss_that_is_nan_stops_training_at_its_step(epoch, trained, on_faces, tmp_path):
    recipe = RECIPES["ELBO"]
    seen = []

    def poison(callback, batch, logs=None):
        seen.append(batch)
        if len(seen) == epoch * 72 + 11:
            bias = callback.model.decoder.layers[-1].bias
            bias.assign(bias * np.nan)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(FloatingPointError) as stopped:
        patch.setattr(training.EpochLog, "on_train_batch_begin", poison)
        runs.train(recipe, tmp_path)
    said = str(stopped.value)
    assert f"in epoch {epoch + 1}/2, step 11/72" in said
    assert "loss is nan, reconstruction is nan" in said
    rate = training.learning_rate(8e-3, "cosine", 144)(epoch * 72 + 10)
    assert f"a learning rate of {float(rate):.3g}:" in said
    assert len(list(tmp_path.glob("*/checkpoint.npz"))) == epoch
    runs.train(recipe, tmp_path)  # from the checkpoint of epoch 1, where there was one
    assert contents(recipe, tmp_path) == contents(recipe, trained[0])


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_weight_that_is_nan_after_the_last_step_of_an_epoch_is_never_saved(
    epoch, trained, on_faces, tmp_path
):
    recipe = RECIPES["ELBO"]
    seen = []

    def poison(callback, batch, logs=None):
        seen.append(batch)
        if len(seen) == (epoch + 1) * 72:
            bias = callback.model.decoder.layers[-1].bias
            bias.assign(bias * np.nan)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(FloatingPointError) as stopped:
        patch.setattr(training.EpochLog, "on_train_batch_end", poison)
        runs.train(recipe, tmp_path)
    assert f"in epoch {epoch + 1}/2, step 72/72" in str(stopped.value)
    assert list(tmp_path.glob("*/run.json")) == []
    assert len(list(tmp_path.glob("*/checkpoint.npz"))) == epoch
    runs.train(recipe, tmp_path)
    assert contents(recipe, tmp_path) == contents(recipe, trained[0])


def test_a_learning_rate_that_is_far_too_high_is_named(on_faces, tmp_path):
    recipe = Recipe("faces", ELBO, epochs=1, learning_rate=1.0, schedule="constant", batch_size=5)
    with pytest.raises(FloatingPointError, match=r"at a learning rate of 1: .*Try a lower"):
        runs.train(recipe, tmp_path)


# ---- Another run


def test_a_run_on_other_data_is_a_different_run(tmp_path, monkeypatch):
    recipe = Recipe("faces", AUTOENCODER, epochs=1, batch_size=60, limit=60)
    for seed in (0, 1):
        other = data.render_faces(train=60, test=10, seed=seed)
        monkeypatch.setattr(data, "load", lambda name, other=other: other)
        run = runs.train(recipe, tmp_path)
        assert run.provenance["data"]["fingerprint"] == other.fingerprint
