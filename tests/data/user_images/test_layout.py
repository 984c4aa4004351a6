"""Folders decide on classes and on the split."""

import pytest

from vaelib.data import DataError
from vaelib.data.user_images.layout import infer_layout

NO_SPLIT = None


@pytest.mark.parametrize(
    ("names", "classes", "parts"),
    [
        (["a.png", "b.png"], ["pets", "pets"], NO_SPLIT),
        (["cats/a.png", "dogs/b.png"], ["cats", "dogs"], NO_SPLIT),
        (["pets/cats/a.png", "pets/dogs/b.png"], ["cats", "dogs"], NO_SPLIT),
        (["cats/a.png", "cats/b.png"], ["cats", "cats"], NO_SPLIT),
        (["x/y/cats/a.png", "x/y/cats/b.png"], ["cats", "cats"], NO_SPLIT),
        (["cats/small/a.png", "cats/b.png", "c.png"], ["cats", "cats", "pets"], NO_SPLIT),
        (["train/a.png", "cats/b.png"], ["train", "cats"], NO_SPLIT),
        (["train/cats/a.png", "test/cats/b.png"], ["cats", "cats"], ["train", "test"]),
        (["d/Train/a.png", "d/Test/b.png"], ["pets", "pets"], ["train", "test"]),
        (["Training/a/1", "Testing/b/2", "Training/b/3"], list("abb"), ["train", "test", "train"]),
        (["seg_train/seg_train/a/1", "seg_test/seg_test/a/2"], ["a", "a"], ["train", "test"]),
        (["my_dataset_train/a/1", "my_dataset_test/a/2"], ["a", "a"], ["train", "test"]),
        (["training_set/a/1", "test_set/a/2"], ["a", "a"], ["train", "test"]),
        (["train2017/1", "val2017/2"], ["pets", "pets"], ["train", "test"]),
        (["train/1", "test1/2"], ["pets", "pets"], ["train", "test"]),
        (["train_1/a/1", "train_2/a/2", "test/a/3"], list("aaa"), ["train", "train", "test"]),
        (["Training Data/a/1", "Testing_Data/b/2"], ["a", "b"], ["train", "test"]),
        (["train/1", "dev/2"], ["pets", "pets"], ["train", "test"]),
        (["train/1", "eval/2", "test/3"], ["pets"] * 3, ["train", "train", "test"]),
        (
            ["cats/train/1", "cats/test/2", "dogs/train/3"],
            ["cats", "cats", "dogs"],
            ["train", "test", "train"],
        ),
        (["train tracks/1", "test tubes/2"], ["train tracks", "test tubes"], NO_SPLIT),
    ],
)
def test_folders_are_classes_and_the_parts_of_a_split(names, classes, parts):
    layout = infer_layout(names, "pets")
    assert (layout.classes, layout.parts) == (classes, parts)


@pytest.mark.parametrize("word", ["val", "valid", "VALIDATION"])
def test_validation_images_are_for_testing_if_there_are_no_others(word):
    layout = infer_layout(["train/a/1", f"{word}/a/2", "train/b/3", f"{word}/b/4"], "pets")
    assert layout.classes == ["a", "a", "b", "b"]
    assert layout.parts == ["train", "test", "train", "test"]
    assert layout.notes == [
        f"2 images are for validation ({word}): used for testing, because there is no test folder."
    ]


def test_validation_images_are_for_training_if_there_are_test_images():
    layout = infer_layout(["train/a/1", "valid/a/2", "test/a/3"], "pets")
    assert layout.parts == ["train", "train", "test"]
    assert layout.notes == ["1 image is for validation (valid): used for training."]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["train/1", "test/2", "extra/3", "4"],
            "beside test and train there are files in no folder",
        ),
        (
            ["seg_train/1", "seg_test/2", "seg_pred/3"],
            "beside seg_test and seg_train there are seg_",
        ),
        (
            ["val/1", "test/2"],
            "there are test and val, but no images for training: add a folder tr",
        ),
    ],
)
def test_a_split_that_leaves_images_over_is_refused(names, words):
    with pytest.raises(DataError, match=words):
        infer_layout(names, "pets")


def test_a_class_without_training_images_is_announced():
    layout = infer_layout(["train/cats/1", "train/dogs/2", "test/3"], "pets")
    assert layout.notes == ["1 class has test images only: pets."]


@pytest.mark.parametrize(
    "folders",
    [["testA", "testB", "trainA", "trainB"], ["train_mini", "val"], ["test tubes", "train tracks"]],
)
def test_classes_that_are_called_like_parts_of_a_split_are_announced(folders):
    layout = infer_layout([f"{folder}/1.png" for folder in folders], "pets")
    assert (layout.classes, layout.parts) == (folders, None)
    [note] = layout.notes
    assert f"are classes here: {', '.join(folders)}. If they are none, put their images" in note


@pytest.mark.parametrize("folders", [["test", "cats"], ["train", "cats"], ["Trainer", "testers"]])
def test_a_class_with_the_name_of_one_part_is_not_worth_a_word(folders):
    assert infer_layout([f"{folder}/1.png" for folder in folders], "pets").notes == []
