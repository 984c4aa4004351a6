"""Feature spaces: they are learned, saved and loaded, and missing ones are refused."""

import json

import numpy as np
import pytest

import drawn
from vaelib import data
from vaelib.measures import features
from vaelib.support.errors import RunError

FACES = data.render_faces(train=1_000, test=200)


@pytest.fixture(scope="module")
def trained():
    return features.train(FACES, epochs=2)


def test_the_classifier_learns_the_classes(trained):
    guessing = np.bincount(FACES.test_labels).max() / len(FACES.test_labels)
    assert trained.accuracy(FACES.test_images, FACES.test_labels) > guessing + 0.2


def test_features_have_one_row_per_image(trained):
    found = trained(FACES.test_images)
    assert found.shape == (200, features.WIDTH)
    np.testing.assert_allclose(trained(FACES.test_images / np.float32(255)), found, rtol=1e-4)
    with pytest.raises(ValueError, match="expected"):
        trained(FACES.test_images[..., 0])


def test_training_twice_gives_the_same_features(trained):
    again = features.train(FACES, epochs=2)
    np.testing.assert_array_equal(again(FACES.test_images), trained(FACES.test_images))


def test_images_are_released_after_training(monkeypatch):
    made = []

    class Watched(features._Labelled):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            made.append(self)

    monkeypatch.setattr(features, "_Labelled", Watched)
    features.train(FACES, epochs=1)
    [batches] = made
    assert batches.images is None  # TensorFlow keeps the generator alive


def test_saved_features_are_loaded_unchanged(trained, tmp_path):
    features.save(trained, FACES.fingerprint, 0.5, epochs=2, directory=tmp_path)
    about = json.loads((tmp_path / "features/faces.json").read_text())
    assert about == {"data": FACES.fingerprint, "epochs": 2, "test accuracy": 0.5}
    loaded = features.load("faces", tmp_path)
    np.testing.assert_array_equal(loaded(FACES.test_images), trained(FACES.test_images))


def test_features_that_are_missing_or_damaged_are_refused(trained, tmp_path):
    with pytest.raises(RunError, match="no features for 'faces'"):
        features.load("faces", tmp_path)
    features.save(trained, FACES.fingerprint, 0.5, epochs=2, directory=tmp_path)
    path = tmp_path / "features/faces.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"faces\.npz can't be read"):
        features.load("faces", tmp_path)


def test_images_without_classes_are_compared_by_their_pixels():
    assert features.load("frey_faces") is features.pixel_features
    assert features.fingerprint("frey_faces") == "pixels"
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 20, 1), "uint8")
    found = features.pixel_features(images)
    np.testing.assert_allclose(found, images.reshape(3, 560) / 255, rtol=1e-6)


def test_images_of_another_shape_have_features_too(tmp_path):
    pictures = drawn.dataset((40, 32, 3), train=60, test=20)
    trained = features.train(pictures, epochs=1)
    assert trained(pictures.test_images).shape == (20, features.WIDTH)
