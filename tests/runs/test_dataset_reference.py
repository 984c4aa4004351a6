"""Recipes and runs with user images: identified by their pixels, wherever the files are."""

import json
import shutil

import numpy as np
import pytest

import drawn
from vaelib import data, runs
from vaelib.runs import run_folder
from vaelib.runs.recipes import Recipe
from vaelib.support.errors import RunError


def recipe_of(dataset, **settings):
    return Recipe(dataset, epochs=1, batch_size=10, **settings)


@pytest.fixture
def pictures(tmp_path):
    return drawn.folder(tmp_path / "Mañana 1", (24, 20, 3))


def test_a_recipe_is_restored_from_json_without_its_images():
    dataset = drawn.dataset((16, 20, 3))
    recipe = recipe_of(dataset)
    again = Recipe.from_config(json.loads(json.dumps(recipe.get_config())))
    assert again == recipe and again.image_shape == (16, 20, 3) and recipe.load_dataset() is dataset
    with pytest.raises(
        RunError, match=r"images called 'discs', which are not stored with it: load"
    ):
        again.load_dataset()


def test_the_run_depends_on_the_pixels_and_not_on_their_folder(pictures, tmp_path, capsys):
    recipe = recipe_of(data.images(pictures))
    first = runs.train(recipe, tmp_path / "runs")
    moved = shutil.move(pictures, tmp_path / "elsewhere")
    second = runs.train(recipe_of(data.images(moved, name="Mañana 1")), tmp_path / "runs")
    assert second.folder is None or second.folder == first.folder
    assert len(list((tmp_path / "runs").glob("ma*"))) == 1
    np.testing.assert_array_equal(*(r.model.get_weights()[0] for r in (first, second)))
    assert second.recipe.load_dataset().fingerprint == first.provenance["data"]["fingerprint"]


def test_one_other_pixel_is_another_run(pictures):
    one = data.images(pictures)
    changed = one.train_images.copy()
    changed[0, 0, 0, 0] ^= 1
    parts = changed, one.train_labels, one.test_images, one.test_labels
    other = data.Dataset(one.name, *parts, one.class_names, one.source)
    assert recipe_of(one) != recipe_of(other)
    assert len({recipe_of(d).dataset.fingerprint for d in (one, other)}) == 2


def test_the_same_bytes_in_another_shape_are_other_images():
    high, wide = (drawn.dataset(shape) for shape in ((20, 16, 1), (16, 20, 1)))
    same = high.train_images.reshape(wide.train_images.shape)
    parts = same, high.train_labels, high.test_images.reshape(wide.test_images.shape)
    reshaped = data.Dataset("discs", *parts, high.test_labels, high.class_names, "turned")
    assert reshaped.fingerprint != high.fingerprint


def test_the_folder_of_a_run_has_a_legal_name(pictures):
    assert recipe_of(data.images(pictures)).slug == "ma-ana-1_elbo_1-epochs"
    assert recipe_of(drawn.dataset((16, 16, 1), name="图片")).slug == "images_elbo_1-epochs"


def test_a_run_that_was_moved_is_loaded_without_its_images(tmp_path):
    dataset = drawn.dataset((16, 16, 3))
    trained = runs.train(recipe_of(dataset), tmp_path / "runs")
    [folder] = (tmp_path / "runs").glob("discs*")
    moved = run_folder.load(shutil.move(folder, tmp_path / "moved"))
    codes = moved.model.encode(dataset.test_images)
    np.testing.assert_array_equal(codes, trained.model.encode(dataset.test_images))
    assert moved.recipe.dataset.class_names == ("red", "blue")


@pytest.mark.parametrize("name", ["name", "fit", "image_shape"])
def test_incomplete_settings_are_refused(name):
    config = recipe_of(drawn.dataset((16, 16, 1))).get_config()
    del config["dataset"][name]
    with pytest.raises(ValueError, match="does not describe a data set"):
        Recipe.from_config(config)


def test_more_dimensions_than_an_image_has_values_are_refused():
    assert recipe_of(drawn.dataset((16, 16, 3)), latent_dim=768).latent_dim == 768
    with pytest.raises(ValueError, match="latent_dim must be an integer from 1 to 768, not 769"):
        recipe_of(drawn.dataset((16, 16, 3)), latent_dim=769)


def test_an_interrupted_training_run_is_resumed(tmp_path, monkeypatch):
    dataset, settings = drawn.dataset((16, 16, 3)), dict(epochs=3, batch_size=10)
    whole = runs.train(Recipe(dataset, **settings), tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop(epoch, logs):
        if epoch == 1:
            raise Stop

    from vaelib.support.backend import keras

    interrupted = Recipe(drawn.dataset((16, 16, 3)), **settings)
    with pytest.raises(Stop):
        watch = keras.callbacks.LambdaCallback(on_epoch_end=stop)
        runs.train(interrupted, tmp_path / "broken", callbacks=[watch])
    resumed = runs.train(interrupted, tmp_path / "broken")
    assert resumed.provenance["resumed_after_epoch"] == 2
    for one, other in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
