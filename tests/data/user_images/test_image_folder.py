"""A folder or a zip of images becomes a data set, or is refused with a message."""

import hashlib
import re
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from vaelib import data
from vaelib.data import DataError
from vaelib.data.user_images import image_folder
from vaelib.data.user_images.image_folder import ImageWarning

# Computed before the reader was rewritten.
FINGERPRINT = "182a27e35183b43ee41634d5e8766f6c6fc87897c65691a7713b4c259f9c22cb"


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


def test_the_pixels_the_labels_the_order_and_the_split_are_fixed(tmp_path):
    """Compare with a computation without this package; the hash is older than that."""
    random, pictures = np.random.default_rng(0), {}
    for i in range(41):
        pixels = random.integers(0, 256, (30 + i, 50, 3), dtype="uint8")
        pictures[f"{'ab'[i % 2]}/{i:02}.png"] = Image.fromarray(pixels)
    for name, picture in pictures.items():
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / "own" / name)
    found, names = data.images(tmp_path / "own", 24, seed=5, test=0.2), sorted(pictures)

    def permutation(purpose):
        words = np.frombuffer(hashlib.sha256(purpose).digest(), "<u4").tolist()
        return np.random.default_rng([*words, 5]).permutation(41).tolist()

    for_testing = permutation(b"test images")[:8]
    order = permutation(b"order of images")
    for part, images, labels in (
        ([i for i in order if i not in for_testing], found.train_images, found.train_labels),
        ([i for i in order if i in for_testing], found.test_images, found.test_labels),
    ):
        assert labels.tolist() == ["ab".index(names[i][0]) for i in part]
        fitted = (ImageOps.fit(pictures[names[i]], (24, 24), Image.LANCZOS) for i in part)
        np.testing.assert_array_equal(images, np.stack([np.asarray(each) for each in fitted]))
    whole = data.images(tmp_path / "own", (64, 50), fit="pad")
    assert whole.fingerprint == FINGERPRINT


def test_files_that_are_left_out_never_decide_on_classes(pets, tmp_path):
    (tmp_path / "outer").mkdir()
    pets.rename(tmp_path / "outer" / "pets")
    (tmp_path / "outer" / "README.txt").write_text("about these")
    with pytest.raises(DataError, match=r"README.txt is not an image: .*skip=True, --skip\)\.$"):
        data.images(tmp_path / "outer")
    with pytest.warns(ImageWarning) as said:
        found = data.images(tmp_path / "outer", skip=True)
    assert found.class_names == ("cats", "dogs")
    # A note about what was skipped does not recommend to skip it.
    assert [str(one.message) for one in said] == [
        "1 file was left out: README.txt is not an image."
    ]


def test_a_file_that_turns_out_to_be_damaged_does_not_decide_either(pets, tmp_path):
    random = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype="uint8")
    Image.fromarray(random).save(pets / "birds.png")
    content = (pets / "birds.png").read_bytes()
    (pets / "birds.png").write_bytes(content[:2_000])  # with a header that is whole
    (tmp_path / "outer").mkdir()
    pets.rename(tmp_path / "outer" / "pets")
    expected = data.images(tmp_path / "outer" / "pets", 32, True, skip=True)
    (tmp_path / "outer" / "pets" / "birds.png").rename(tmp_path / "outer" / "birds.png")
    with pytest.warns(ImageWarning, match=r"1 file was left out: birds.png is truncated"):
        found = data.images(tmp_path / "outer", 32, True, skip=True)
    (tmp_path / "outer" / "birds.png").unlink()
    assert found.class_names == ("cats", "dogs")
    assert data.images(tmp_path / "outer", 32).fingerprint == found.fingerprint
    assert expected.fingerprint == found.fingerprint


def test_all_sizes_are_looked_at(tmp_path):
    for i in range(300):
        size = (24, 24) if i % 3 == 0 else (40, 20)
        paint(tmp_path / "photos" / f"{i:03}.png", (200, 0, 0), size)
    assert data.images(tmp_path / "photos").image_shape == (64, 64, 3)


def test_a_single_image_can_be_encoded_but_not_trained_on(pets):
    names, classes, pixels = image_folder.read_pixels(pets / "cats" / "01.png", (32, 32, 3))
    assert (names, classes) == (["01.png"], ["cats"]) and (pixels[0] == (8, 20, 30)).all()
    with pytest.raises(
        DataError, match=r"01.png holds 1 image that can be read, expected 20 or more"
    ):
        data.images(pets / "cats" / "01.png")


def test_a_share_that_leaves_nothing_for_training_is_refused(pets):
    with pytest.raises(DataError, match=r"a share of 0.99 of 30 images .* choose 0.96 or less."):
        data.images(pets, test=0.99)
    assert len(data.images(pets, test=0.96).train_images) == 1


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


def test_more_classes_than_a_byte_can_name_are_read_and_than_two_bytes_can_refused(
    tmp_path, monkeypatch
):
    for i in range(300):
        paint(tmp_path / "many" / f"{i:03}" / "a.png", (200, 20, 30), size=(16, 16))
    found = data.images(tmp_path / "many")
    assert len(found.class_names) == 300 and found.train_labels.dtype == np.uint16
    assert {*found.train_labels, *found.test_labels} == set(range(300))
    assert np.iinfo("uint16").max + 1 == image_folder.MAX_CLASSES
    monkeypatch.setattr(image_folder, "MAX_CLASSES", 299)
    with pytest.raises(data.DataError, match="many has 300 classes, expected at most 299: put"):
        data.images(tmp_path / "many")
