"""CIFAR-10 as image files: which folders it is read from, and what is refused."""

import os

import numpy as np
import pytest
from PIL import Image

from vaelib import data
from vaelib.support.errors import DataError


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """No data anywhere but in the folders of the test."""
    monkeypatch.delenv("VAELIB_DATA_DIR", raising=False)


def photographs(folder, classes, size=(32, 32)):
    random = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in classes:
            (folder / part / name).mkdir(parents=True)
            for k in range(2):
                pixels = random.integers(0, 256, (*size, 3), "uint8")
                Image.fromarray(pixels).save(folder / part / name / f"{k}.png")


def test_cifar10_is_read_from_folders_of_pictures(tmp_path, monkeypatch):
    entry = data.DATASETS["cifar10"]
    photographs(tmp_path / "cifar10", entry.class_names)
    monkeypatch.setenv("VAELIB_DATA_DIR", str(tmp_path))
    for directory in (None, tmp_path, os.fspath(tmp_path / "cifar10")):
        dataset = data.load("cifar10", directory)
        assert dataset.name == "cifar10" and dataset.class_names == entry.class_names
        assert dataset.train_images.shape == (20, *entry.image_shape)
        assert np.bincount(dataset.test_labels).tolist() == [2] * 10


def test_other_images_are_not_accepted_as_cifar10(tmp_path):
    photographs(tmp_path, [f"class {i}" for i in range(10)])
    with pytest.raises(DataError, match=r"classes called class 0, .*expected those of CIFAR-10"):
        data.load("cifar10", tmp_path)
    with pytest.raises(DataError, match="there are no images of CIFAR-10 in VAELIB_DATA_DIR"):
        data.load("cifar10")
