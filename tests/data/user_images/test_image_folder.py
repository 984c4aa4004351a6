"""A folder or a zip of images becomes a data set, or is refused with a message."""

import re
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

from vaelib import data
from vaelib.data import DataError
from vaelib.data.user_images import reading
from vaelib.data.user_images.image_folder import ImageWarning


def paint(path, color=(10, 20, 30), size=(32, 32), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color if mode == "RGB" else color[0]).save(path)


@pytest.fixture
def pets(tmp_path):
    """Twelve cats and eighteen dogs: each picture has a red of its own."""
    for i in range(30):
        paint(tmp_path / "pets" / ("cats" if i < 12 else "dogs") / f"{i:02}.png", (8 * i, 20, 30))
    return tmp_path / "pets"


def reds(images):
    return (images[:, 0, 0, 0] // 8).tolist()


def test_subfolders_are_classes_and_no_file_is_in_both_parts(pets):
    found = data.images(pets)
    assert (found.name, found.image_shape, found.class_names) == (
        "pets",
        (32, 32, 3),
        ("cats", "dogs"),
    )
    train, test = reds(found.train_images), reds(found.test_images)
    assert len(test) == 3 and sorted(train + test) == list(range(30))
    for part, labels in ((train, found.train_labels), (test, found.test_labels)):
        assert labels.tolist() == [int(red >= 12) for red in part]
    assert "pets, scaled and cropped to 32 x 32, color" in repr(found)


def test_the_split_depends_on_the_seed_and_the_data_on_pixels_alone(pets, tmp_path):
    found, again, other = data.images(pets), data.images(pets), data.images(pets, seed=1)
    assert found.fingerprint == again.fingerprint != other.fingerprint
    assert reds(found.test_images) != reds(other.test_images)
    shutil.copytree(pets, tmp_path / "elsewhere" / "pets")
    assert data.images(tmp_path / "elsewhere" / "pets").fingerprint == found.fingerprint
    zipped = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "pets")
    assert data.images(zipped).fingerprint == found.fingerprint
    paint(pets / "cats" / "00.png", (9, 9, 9))
    assert data.images(pets).fingerprint != found.fingerprint


def test_train_and_test_above_the_classes_are_the_split(pets, tmp_path):
    for part, source in {"train": pets, "test": pets / "cats"}.items():
        where = tmp_path / "split" / part / ("" if part == "train" else "cats")
        shutil.copytree(source, where)
    found = data.images(tmp_path / "split")
    assert (len(found.train_images), len(found.test_images)) == (30, 12)
    assert sorted(reds(found.test_images)) == list(range(12)) and set(found.test_labels) == {0}


def test_one_folder_is_one_class(tmp_path):
    for i in range(20):
        paint(tmp_path / "photos" / f"{i}.png", (90, 0, 0), mode="L")
    found = data.images(tmp_path / "photos", test=0.25)
    assert found.class_names == ("photos",) and found.image_shape == (32, 32, 1)
    assert (len(found.train_images), len(found.test_images)) == (15, 5)


def test_size_and_color_are_those_of_the_pictures_or_as_asked_for(pets):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # gray was asked for
        assert data.images(pets, size=16, color=False).image_shape == (16, 16, 1)
    assert data.images(pets, size=(28, 20), fit="pad").image_shape == (28, 20, 3)
    paint(pets / "cats" / "00.png", size=(50, 40))
    assert data.images(pets).image_shape == (64, 64, 3)


def test_images_larger_than_the_memory_are_kept_in_a_file(pets, monkeypatch):
    whole = data.images(pets)
    monkeypatch.setattr(reading, "IN_MEMORY", 1_000)
    mapped = data.images(pets)
    array = mapped.train_images
    while array.base is not None and not isinstance(array, np.memmap):
        array = array.base
    assert isinstance(array, np.memmap)
    assert mapped.fingerprint == whole.fingerprint
    assert len(mapped.limit(5).train_images) == 5


def test_the_first_images_are_a_random_sample(pets):
    labels = data.images(pets).train_labels
    assert set(labels[:10]) == {0, 1} and labels.tolist() != sorted(labels)
    again, other = data.images(pets), data.images(pets, seed=3)
    np.testing.assert_array_equal(again.train_labels, labels)
    assert reds(other.train_images) != reds(again.train_images)


def test_conversions_are_reported_once(pets):
    for name in ("00", "01"):
        Image.new("RGBA", (32, 32), (1, 2, 3, 0)).save(pets / "cats" / f"{name}.png")
    with pytest.warns(ImageWarning) as said:
        data.images(pets)
    [note] = [str(one.message) for one in said]
    assert note == "2 images are transparent: placed on white (cats/00.png, cats/01.png)."


def test_converting_one_color_image_among_many_gray_ones_is_reported(tmp_path):
    for i in range(200):  # of which every second one is decoded beforehand
        paint(tmp_path / "photos" / f"{i:03}.png", (i, i, i))
    paint(tmp_path / "photos" / "101.png")
    with pytest.warns(ImageWarning, match=r"1 image is in color: converted to gray \(101.png\)"):
        assert data.images(tmp_path / "photos").image_shape == (32, 32, 1)


def test_ordinary_images_are_loaded_without_a_message(pets):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.images(pets)


def test_unreadable_files_raise_or_are_skipped_on_request(pets):
    (pets / "cats" / "05.png").write_bytes(b"no picture")
    (pets / "notes.txt").write_text("to do")
    with pytest.raises(DataError, match=r"(cats/05.png|notes.txt) is not an image"):
        data.images(pets)
    with pytest.warns(ImageWarning, match=r"2 files were left out: .*cats/05.png is not an image"):
        found = data.images(pets, skip=True)
    assert sorted(reds(found.train_images) + reds(found.test_images)) == sorted({*range(30)} - {5})
    assert found.class_names == ("cats", "dogs")
    assert all(
        label == (red >= 12)
        for part in ("train", "test")
        for red, label in zip(
            reds(getattr(found, f"{part}_images")), getattr(found, f"{part}_labels"), strict=True
        )
    )


def test_too_few_images_are_refused(tmp_path, pets):
    for i in range(2):
        paint(tmp_path / "two" / f"{i}.png")
    with pytest.raises(DataError, match="two holds 2 images that can be read, expected 20 or more"):
        data.images(tmp_path / "two")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none holds 0 images"):
        data.images(tmp_path / "none")
    for i in range(11):
        (pets / "dogs" / f"{29 - i}.png").write_bytes(b"no picture")
    with (
        pytest.raises(DataError, match="pets holds 19 images that can be read"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        data.images(pets, skip=True)


def test_a_split_with_an_empty_part_is_refused(pets, tmp_path):
    shutil.copytree(pets, tmp_path / "split" / "train")
    (tmp_path / "split" / "test").mkdir()
    (tmp_path / "split" / "test" / "a.png").write_bytes(b"no picture")
    with (
        pytest.raises(DataError, match="split holds no image to test on"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        data.images(tmp_path / "split", skip=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 7}, "size must be an integer from 8 to 128, not 7."),
        ({"size": (32, 200)}, "size must be an integer from 8 to 128, not 200."),
        ({"size": (32, 32, 3)}, "size must be a number of pixels or (height, width), not"),
        ({"fit": "stretch"}, "fit must be one of crop, pad, not 'stretch'."),
        ({"test": 1.0}, "test must be a share below 1, not 1."),
        ({"test": 0}, "test must be a number above 0"),
        ({"seed": -1}, "seed must be an integer, 0 or more"),
    ],
)
def test_settings_out_of_range_are_refused(pets, arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        data.images(pets, **arguments)


def test_more_classes_than_a_byte_can_name(tmp_path):
    for i in range(300):
        paint(tmp_path / "many" / f"{i:03}" / "a.png", (200, 20, 30), size=(16, 16))
    found = data.images(tmp_path / "many")
    assert len(found.class_names) == 300 and found.train_labels.dtype == np.uint16
    assert {*found.train_labels, *found.test_labels} == set(range(300))
