"""Data sets: what `load` gives, which folders it reads, and what it refuses."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tiny
from vaelib import data
from vaelib.data import DataError, load
from vaelib.data.builtin import idx

REAL = os.environ.get("VAELIB_DATA_DIR")
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.fixture(autouse=True)
def mnist(monkeypatch, tmp_path):
    """The files of the MNIST of these tests."""
    return tiny.install(monkeypatch, tmp_path)[0]


# ---- Data sets


@pytest.mark.parametrize("pack, suffix", [(gzip.compress, ".gz"), (bytes, "")])
@pytest.mark.parametrize("place", ["", "mnist"])
def test_a_folder_of_idx_files_is_read(tmp_path, mnist, pack, suffix, place):
    tiny.write(tmp_path / "own" / place, mnist, pack, suffix)
    dataset = load("mnist", tmp_path / "own")
    assert dataset.train_images.shape == (20, 28, 28, 1)
    assert dataset.train_images.tobytes() == mnist[IMAGES][16:]
    assert dataset.test_labels.tobytes() == mnist["t10k-labels-idx1-ubyte"][8:]
    assert dataset.class_names == tuple("0123456789")
    assert dataset.source == "the folder given"


def test_the_folder_in_the_environment_is_read_first(tmp_path, mnist, monkeypatch):
    tiny.write(tmp_path / "cache" / "mnist", mnist)
    monkeypatch.setenv("VAELIB_DATA_DIR", str(tiny.write(tmp_path / "own", mnist)))
    assert load("mnist").source == "the folder in VAELIB_DATA_DIR"


def test_a_folder_in_the_environment_without_this_data_set_is_passed_over(
    tmp_path, mnist, monkeypatch
):
    monkeypatch.setenv("VAELIB_DATA_DIR", str(tmp_path))
    tiny.write(tmp_path / "cache" / "mnist", mnist)
    assert load("mnist").source == "the cache"


def test_the_folder_in_the_environment_may_start_with_a_tilde(tmp_path, mnist, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    tiny.write(tmp_path / "own", mnist)
    monkeypatch.setenv("VAELIB_DATA_DIR", os.path.join("~", "own"))
    assert load("mnist").source == "the folder in VAELIB_DATA_DIR"


def test_faces_come_with_their_factors():
    faces = load("faces")
    assert (len(faces.train_images), len(faces.test_images)) == (10_000, 2_000)
    assert faces.train_factors.shape == (10_000, 2)
    assert not np.array_equal(faces.train_images[:2000], faces.test_images)
    few = data.render_faces(50, 20)
    assert np.array_equal(few.train_images, faces.train_images[:50])
    other = data.render_faces(50, 20, seed=1)
    assert other.fingerprint != few.fingerprint
    numpys = data.render_faces(np.int64(50), np.uint8(20), np.int32(1))
    assert (numpys.fingerprint, numpys.source) == (other.fingerprint, other.source)


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"train": 0}, ValueError, "train must be an integer, 1 or more, not 0"),
        ({"test": 2.5}, TypeError, "test must be an integer, 1 or more, not 2.5"),
        ({"seed": -1}, ValueError, "seed must be an integer, 0 or more, not -1"),
        ({"seed": None}, TypeError, "seed must be an integer, 0 or more, not None"),
    ],
)
def test_faces_that_can_not_be_rendered_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        data.render_faces(**{"train": 2, "test": 2} | settings)


def test_loading_data_imports_no_deep_learning_library_and_little_of_the_package():
    code = """import sys, vaelib.data
print(*sorted({"keras", "tensorflow", "requests"} & set(sys.modules)))
print(*sorted(m for m in sys.modules if m.startswith("vaelib.") and "vaelib.data" not in m))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout
        == "\nvaelib.support vaelib.support.errors vaelib.support.files vaelib.support.rng\n"
    )


# ---- Refusals


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="unknown data set 'cifar': choose one of fashion_mnist"):
        load("cifar")


@pytest.mark.parametrize("name, directory", [(3, None), ("mnist", 3)])
def test_arguments_of_a_wrong_type_are_refused(name, directory):
    with pytest.raises(TypeError, match=r"must be a .*, not 3"):
        load(name, directory)


def test_faces_have_no_folder(tmp_path):
    with pytest.raises(ValueError, match="faces is not read from a folder: leave out"):
        load("faces", tmp_path)


@pytest.mark.parametrize("folder", ["empty", "absent"])
def test_a_given_folder_without_the_files_is_refused(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=f"{folder} has no file of mnist.*{IMAGES}"):
        load("mnist", tmp_path / folder)


def truncated(content):
    return gzip.compress(content)[:-100]


def flipped(content):
    return gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


def flipped_inside_gzip(content):
    packed = bytearray(gzip.compress(content))
    packed[len(packed) // 2] ^= 1
    return bytes(packed)


def with_a_wrong_magic_number(content):
    return b"\0\0\x08\x04" + content[4:]


def shortened(content):
    return content[:-1]


@pytest.mark.parametrize("given", [True, False], ids=["directory", "VAELIB_DATA_DIR"])
@pytest.mark.parametrize(
    "damage, message",
    [
        (truncated, "is truncated: its gzip stream ends"),
        (flipped, "was altered: the SHA-256 .* expected"),
        (flipped_inside_gzip, "is damaged and cannot be unpacked"),
        (with_a_wrong_magic_number, "magic number 2052, expected 2051"),
        (shortened, "20 x 28 x 28 pixels, so 15,680 bytes .* but 15,679 do"),
        (lambda content: b"<html>", "no IDX file"),
        (lambda content: b"", "no IDX file"),
        (lambda content: content[:10], "10 bytes are fewer than the header's 16"),
        (lambda content: idx.write_labels([1]), "an IDX file of labels: .* expected 2051"),
        (lambda content: idx.write_images(np.zeros((9, 28, 28))), "9 images but 20 labels"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, mnist, monkeypatch, given, damage, message):
    tiny.write(tmp_path / "cache" / "mnist", mnist)  # a sound copy does not excuse it
    own = tiny.write(tmp_path / "own", mnist | {IMAGES: damage(mnist[IMAGES])}, bytes)
    monkeypatch.setenv("VAELIB_DATA_DIR", str(own))
    with pytest.raises(DataError, match=f"own.*{message}") as refusal:
        load("mnist", own if given else None)
    assert "\n" not in str(refusal.value)


def test_an_incomplete_folder_is_refused(tmp_path, mnist, monkeypatch):
    own = tiny.write(tmp_path / "own", mnist)
    (own / f"{LABELS}.gz").unlink()
    monkeypatch.setenv("VAELIB_DATA_DIR", str(own))
    with pytest.raises(DataError, match=f"own lacks {LABELS}"):
        load("mnist")


def test_files_of_another_data_set_are_recognized(tmp_path, mnist):
    with pytest.raises(DataError, match="is a file of mnist, expected one of fashion_mnist"):
        load("fashion_mnist", tiny.write(tmp_path / "own", mnist))


def test_a_file_that_cannot_be_read_is_refused(tmp_path, mnist):
    own = tiny.write(tmp_path / "own", mnist)
    (own / IMAGES).mkdir()
    with pytest.raises(DataError, match=f"{IMAGES} is not a regular file: move it away"):
        load("mnist", own)


# ---- The real ones


@pytest.mark.skipif(not REAL, reason="VAELIB_DATA_DIR is not set")
@pytest.mark.parametrize(
    "name, examples", [("fashion_mnist", [1000] * 10), ("mnist", [980, 1135, 1032, 1010, 982])]
)
def test_the_full_data_sets_have_the_expected_contents(name, examples, monkeypatch):
    if not any(Path(REAL, name).glob("*-ubyte*")):
        pytest.skip(f"VAELIB_DATA_DIR has no folder {name}")
    monkeypatch.undo()
    dataset = load(name, REAL)
    assert dataset.train_images.shape == (60_000, 28, 28, 1)
    assert np.bincount(dataset.test_labels)[: len(examples)].tolist() == examples
