"""The class `Dataset`: consistent arrays, `limit`, binarization and fingerprints."""

import numpy as np
import pytest

from vaelib import data
from vaelib.data import DataError, Dataset


def make(n=4, m=2, **changes):
    fields = {
        "name": "made",
        "train_images": np.zeros((n, 28, 28, 1), np.uint8),
        "train_labels": np.arange(n, dtype=np.uint8),
        "test_images": np.ones((m, 28, 28, 1), np.uint8),
        "test_labels": np.arange(m, dtype=np.uint8),
        "class_names": tuple("abcdefghij"),
        "source": "a test",
    }
    return Dataset(**(fields | changes))


def test_arrays_are_read_only():
    mine = np.zeros((4, 28, 28, 1), np.uint8)
    dataset = make(train_images=mine)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0] = 1
    mine[0] = 1  # the caller's own array stays as it was


def test_a_data_set_describes_itself_in_one_line():
    text = repr(make())
    assert "made" in text and "a test" in text and "\n" not in text and len(text) < 120


def test_the_fingerprint_depends_on_every_array_and_on_nothing_else():
    fingerprints = {make().fingerprint, make(n=5).fingerprint, make(m=3).fingerprint}
    fingerprints.add(make(train_labels=np.ones(4, np.uint8)).fingerprint)
    fingerprints.add(make(test_labels=np.ones(2, np.uint8)).fingerprint)
    assert len(fingerprints) == 5
    assert make(source="elsewhere").fingerprint == make().fingerprint


def test_limit_keeps_the_first_images():
    faces = data.render_faces(12, 6)
    few = faces.limit(train=5)
    assert len(few.train_images) == len(few.train_labels) == len(few.train_factors) == 5
    assert np.array_equal(few.train_images, faces.train_images[:5])
    assert len(few.test_images) == 6
    assert few.fingerprint != faces.fingerprint
    numpys = faces.limit(np.int64(5), np.uint8(2))
    assert numpys.fingerprint == faces.limit(5, 2).fingerprint


def test_pixels_become_black_and_white_by_a_threshold():
    faces = data.render_faces(train=20, test=10)
    found = faces.binarize("threshold")
    np.testing.assert_array_equal(found.train_images == 255, faces.train_images >= 128)
    assert set(np.unique(found.test_images)) == {0, 255}
    assert found.fingerprint != faces.fingerprint
    assert "threshold" in found.source


def test_pixels_sampled_once_are_white_as_often_as_they_are_gray():
    faces = data.render_faces(train=300, test=10)
    found = faces.binarize("static")
    assert set(np.unique(found.train_images)) == {0, 255}
    for low, high in [(0, 1), (60, 70), (120, 135), (255, 256)]:
        here = (faces.train_images >= low) & (faces.train_images < high)
        share, expected = (
            images[here].mean() / 255 for images in (found.train_images, faces.train_images)
        )
        assert share == pytest.approx(expected, abs=0.02)
    assert faces.binarize("static").fingerprint == found.fingerprint
    assert faces.binarize("static", seed=1).fingerprint != found.fingerprint


def test_unknown_ways_of_binarizing_are_refused():
    with pytest.raises(ValueError, match="way must be one of threshold, static, not 'gray'"):
        data.render_faces(train=2, test=1).binarize("gray")


@pytest.mark.parametrize("count", [0, -1, 5])
def test_limit_refuses_more_or_fewer_images_than_there_are(count):
    with pytest.raises(ValueError, match=f"train must be an integer from 1 to 4, not {count}"):
        make().limit(train=count)


@pytest.mark.parametrize("count", [2.0, "2", True])
def test_limit_refuses_what_is_no_integer(count):
    with pytest.raises(TypeError, match=f"test must be an integer from 1 to 2, not {count!r}"):
        make().limit(test=count)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"train_images": np.zeros((4, 28, 28), np.uint8)}, r"\(n, height, width, 1 or 3\), not"),
        ({"train_images": np.zeros((4, 28, 28, 4), np.uint8)}, r"1 or 3\), not \(4, 28, 28, 4\)"),
        ({"test_images": np.zeros((2, 28, 20, 1), np.uint8)}, r"of shape \(n, 28, 28, 1\), not"),
        ({"train_images": np.zeros((4, 28, 28, 1))}, "must be uint8 .* not float64"),
        ({"test_labels": np.zeros(3, np.uint8)}, "2 images but 3 labels"),
        ({"test_labels": np.full(2, 10, np.uint8)}, "up to 10, but only 10 classes"),
        ({"train_factors": np.zeros((3, 2), np.float32)}, "4 images but 3 pairs of factors"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        make(**changes)
