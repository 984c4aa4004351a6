"""The Frey faces: where they are searched for, and what is refused."""

import errno
import hashlib
import io
import os

import numpy as np
import pytest
from scipy.io import savemat

from vaelib import data
from vaelib.data.builtin import frey
from vaelib.support.errors import DataError


@pytest.fixture
def film(monkeypatch):
    """A film of another man, who passes for the real one: (1965, 28, 20, 1)."""
    frames = np.random.default_rng(0).integers(0, 256, (frey.FRAMES, *frey.SHAPE), "uint8")
    monkeypatch.setattr(frey, "SHA256", hashlib.sha256(frames.tobytes()).hexdigest())
    return frames


def matlab(frames, name="ff"):
    file = io.BytesIO()
    savemat(file, {name: frames.reshape(len(frames), -1).T})
    return file.getvalue()


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data anywhere, and no network."""
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("VAELIB_DATA_DIR", raising=False)

    def unreachable(url, title):
        raise DataError("cannot be reached")

    monkeypatch.setattr("vaelib.data.builtin.downloads.download", unreachable)


@pytest.mark.parametrize("place", [".", "frey_faces"])
def test_the_film_is_read_from_a_folder_in_order_and_upright(film, tmp_path, place, monkeypatch):
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / frey.FILE).write_bytes(matlab(film))
    np.testing.assert_array_equal(frey.load_frames(tmp_path), film)
    monkeypatch.setenv("VAELIB_DATA_DIR", str(tmp_path))
    dataset = data.load("frey_faces")
    assert dataset.image_shape == data.DATASETS["frey_faces"].image_shape == (28, 20, 1)
    assert dataset.source == "the folder in VAELIB_DATA_DIR"
    apart = frey.is_test_frame(len(film))
    np.testing.assert_array_equal(dataset.train_images, film[~apart])
    np.testing.assert_array_equal(dataset.test_images, film[apart])


def test_frames_for_testing_come_in_blocks():
    apart = frey.is_test_frame(frey.FRAMES)
    assert apart.sum() == 195
    begins = np.flatnonzero(np.diff(apart.astype(int)) == 1)
    assert len(begins) == 13 and set(np.diff(begins)) == {150}


def test_a_film_is_downloaded_once_and_cached(film, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "vaelib.data.builtin.downloads.download",
        lambda url, title: asked.append(url) or matlab(film),
    )
    for source in ("their original address", "the cache"):
        dataset = data.load("frey_faces")
        assert dataset.source == source
        assert len(dataset.train_images) == 1_770
    assert asked == [frey.ADDRESS]


def test_the_film_is_loaded_with_a_warning_if_the_cache_cannot_be_written(film, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vaelib.data.builtin.downloads.download", lambda url, title: matlab(film))
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.warns(UserWarning, match=r"cannot be kept .*No space left.*VAELIB_CACHE_DIR"):
        np.testing.assert_array_equal(frey.load_frames(), film)


def test_a_damaged_film_in_the_cache_is_downloaded_again(film, tmp_path, monkeypatch):
    cached = tmp_path / "cache" / "frey_faces" / frey.FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(matlab(255 - film))
    monkeypatch.setattr("vaelib.data.builtin.downloads.download", lambda url, title: matlab(film))
    with pytest.warns(UserWarning, match="fetching a damaged file again: .* was altered"):
        found = frey.load_frames()
    np.testing.assert_array_equal(found, film)
    np.testing.assert_array_equal(frey.load_frames(), film)


def test_a_folder_in_place_of_the_film_is_passed_over(film, tmp_path, monkeypatch):
    (tmp_path / "cache" / "frey_faces" / frey.FILE).mkdir(parents=True)
    monkeypatch.setattr("vaelib.data.builtin.downloads.download", lambda url, title: matlab(film))
    with pytest.warns(UserWarning) as said:
        np.testing.assert_array_equal(frey.load_frames(), film)
    words = [str(warning.message) for warning in said]
    assert "is not a regular file: move it away" in words[0] and "cannot be kept" in words[1]


def test_the_size_of_the_film_is_checked_before_it_is_unpacked(tmp_path, monkeypatch):
    file = io.BytesIO()
    savemat(file, {"ff": np.zeros((560, 20_000), "uint8")}, do_compression=True)
    (tmp_path / frey.FILE).write_bytes(file.getvalue())
    monkeypatch.setattr("scipy.io.loadmat", None)  # must not be called
    with pytest.raises(DataError, match=r"is uint8 of shape \(560, 20000\): expected uint8"):
        frey.load_frames(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda film: matlab(255 - film), "frey_rawface.mat was altered"),
        (lambda film: matlab(film[:-1]), r"uint8 of shape \(560, 1964\): expected uint8"),
        (lambda film: matlab(film, "faces"), "is not a MATLAB file with a variable ff"),
        (lambda film: b"nothing of the kind", "is not a MATLAB file with a variable ff"),
    ],
)
def test_files_that_are_not_the_film_are_refused(film, tmp_path, content, words):
    (tmp_path / frey.FILE).write_bytes(content(film))
    with pytest.raises(DataError, match=words):
        frey.load_frames(tmp_path)


def test_a_missing_film_is_reported_with_a_remedy(tmp_path):
    with pytest.raises(DataError, match=r"VAELIB_DATA_DIR is not set.*original address cannot be"):
        data.load("frey_faces")
    with pytest.raises(DataError, match=r"has no frey_rawface\.mat. To supply them by hand"):
        data.load("frey_faces", tmp_path)
