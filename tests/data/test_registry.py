"""Data sets that have a name: their entries, and how one is added from outside the package."""

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from click.testing import CliRunner

from vaelib import data
from vaelib.__main__ import main
from vaelib.data import registry

SHAPE, CLASSES = (8, 8, 1), ("dark", "bright")


@pytest.fixture(autouse=True)
def only_for_this_test():
    """Forget the data sets that the test registers."""
    before = dict(registry._entries)
    yield
    registry._entries.clear()
    registry._entries.update(before)


def dots(name="dots", shape=SHAPE, classes=CLASSES):
    """A data set of 20 training images and 10 test images."""
    labels = np.arange(30, dtype="uint8") % 2
    images = np.broadcast_to(labels[:, None, None, None] * np.uint8(200), (30, *shape))
    return data.Dataset(name, images[:20], labels[:20], images[20:], labels[20:], classes, "here")


def entry(load=dots, **changed):
    return data.DatasetEntry(
        **dict(name="dots", class_names=CLASSES, image_shape=SHAPE, load=load) | changed
    )


def test_every_built_in_data_set_has_an_entry_under_its_own_name():
    expected = {"fashion_mnist", "mnist", "faces", "frey_faces", "cifar10"}
    built_in = {each.name for each in registry._BUILTIN}
    assert built_in == expected <= set(data.DATASETS)
    assert all(name == each.name and each.description for name, each in data.DATASETS.items())
    folders = {name for name in expected if data.DATASETS[name].takes_folder}
    assert folders == expected - {"faces"}


def test_a_registered_data_set_is_loaded_by_its_name():
    data.register(entry())
    assert data.find_entry("dots").class_names == CLASSES
    assert data.load("dots").image_shape == SHAPE


def test_registering_a_name_again_replaces_its_loader():
    for share in (10, 15):
        data.register(entry(lambda share=share: dots().limit(train=share)))
        assert len(data.load("dots").train_images) == share


@pytest.mark.parametrize("name", ["mnist", "faces", "emoji"])
def test_the_name_of_a_built_in_data_set_is_not_given_to_another(name):
    before = dict(data.DATASETS)
    with pytest.raises(ValueError, match=f"{name} is the name of a data set that comes with vae"):
        data.register(entry(name=name))
    assert dict(data.DATASETS) == before


def test_entries_are_changed_by_registering_only():
    with pytest.raises(TypeError):
        data.DATASETS["dots"] = entry()
    with pytest.raises(FrozenInstanceError):
        data.DATASETS["mnist"].name = "other"
    with pytest.raises(TypeError, match="entry must be a DatasetEntry, not <function dots"):
        data.register(dots)


def test_a_loader_gets_the_folder_if_it_takes_one(tmp_path):
    asked = []
    data.register(entry(lambda folder: asked.append(folder) or dots(), takes_folder=True))
    for directory in (None, tmp_path, str(tmp_path)):
        data.load("dots", directory)
    assert asked == [None, tmp_path, tmp_path]


def test_a_folder_is_refused_for_a_data_set_that_takes_none(tmp_path):
    data.register(entry())
    sentence = f"the data set dots is not read from a folder: leave out the directory {tmp_path}."
    with pytest.raises(ValueError, match=re.escape(sentence)):
        data.load("dots", tmp_path)


def test_the_message_about_an_unknown_name_lists_registered_data_sets():
    with pytest.raises(ValueError, match=r"unknown data set 'dots': choose one of .*, cifar10"):
        data.load("dots")
    data.register(entry())
    with pytest.raises(ValueError, match=r"'dos': choose one of .*dots, or add it with data\.reg"):
        data.load("dos")


@pytest.mark.parametrize(
    "loaded, sentence",
    [
        (
            lambda: dots(shape=(8, 10, 1)),
            "images with image_shape (8, 10, 1), but the entry of this data set says (8, 8, 1):",
        ),
        (
            lambda: dots(classes=("bright", "dark")),
            "images with class_names ('bright', 'dark'), but the entry of this data set says",
        ),
        (lambda: dots(name="dashes"), "images with name 'dashes', but the entry of this data set"),
        (lambda: dots().train_images, "the loader of dots returned ndarray: let it return a vae"),
    ],
)
def test_what_a_loader_returns_must_agree_with_the_entry(loaded, sentence):
    data.register(entry(loaded))
    with pytest.raises(data.DataError, match=re.escape(sentence)):
        data.load("dots")


def test_class_names_may_be_given_as_a_list_or_an_array():
    for names in (list(CLASSES), np.array(CLASSES)):
        data.register(entry(lambda names=names: dots(classes=names), class_names=names))
        assert data.DATASETS["dots"].class_names == CLASSES
        assert data.load("dots").image_shape == SHAPE


@pytest.mark.parametrize(
    "changed, error, sentence",
    [
        ({"name": 3}, TypeError, "the name of a data set must be a string, not 3."),
        ({"name": "../dots"}, ValueError, "a data set cannot be called '../dots': choose a name"),
        ({"name": ""}, ValueError, "a data set cannot be called '': choose a name"),
        ({"class_names": "01"}, TypeError, "class_names of dots must be strings, one for each"),
        ({"class_names": ()}, TypeError, "class_names of dots must be strings, one for each"),
        ({"class_names": (0, 1)}, TypeError, "class_names of dots must be strings, one for each"),
        ({"image_shape": (8, 8)}, ValueError, "image_shape of dots must be (height, width, chan"),
        ({"image_shape": (8, 8, 2)}, ValueError, "with 1 or 3 channels, such as (28, 28, 1), not"),
        ({"image_shape": (8, 0, 1)}, ValueError, "a side must be an integer, 1 or more, not 0."),
        ({"load": dots()}, TypeError, "load of dots must be a function that returns a Dataset,"),
        ({"takes_folder": "no"}, TypeError, "takes_folder of dots must be True or False, not 'no'"),
        ({"description": None}, TypeError, "description of dots must be a string, not None."),
    ],
)
def test_an_entry_with_a_wrong_value_is_refused(changed, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        replace(entry(), **changed)


@pytest.mark.parametrize("name", ["faces", "emoji", "mnist"])
def test_a_folder_is_preferred_to_a_data_set_of_its_name_with_a_note(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert registry.is_name(name) and not registry.is_name("no data set")
    (tmp_path / name).mkdir()
    with pytest.warns(data.ImageWarning, match=f"a file called {name} here, which is read instead"):
        assert not registry.is_name(name)


def test_the_command_train_reads_the_folder_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces").mkdir()
    refused = CliRunner().invoke(main, ["train", "faces", "--size", "16"])
    assert refused.exit_code == 1
    assert "there is a folder or a file called faces here, which is read" in refused.stderr
    assert "faces holds 0 images that can be read, expected 20 or more" in refused.stderr
