"""Known images go in, and the measures show what they reward."""

import numpy as np
import pytest
from scipy import ndimage

from study import known_images
from vaelib import data

FACES = data.render_faces(train=400, test=80)


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    return np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)


def images_measured(dataset):
    """What is measured under each name."""
    seen = []

    def keep(images):
        seen.append(images)
        return flatten(images)

    known_images.measure_known_images(dataset, keep)
    return dict(zip(("judges", *known_images.NAMES), seen, strict=True))


def test_each_known_image_is_what_its_name_says():
    seen = images_measured(FACES)
    real = FACES.test_images.astype("float32") / 255
    np.testing.assert_array_equal(seen["judges"], real[:40])
    np.testing.assert_array_equal(seen["real images"], real[40:])
    blurred = ndimage.gaussian_filter(real[40, :, :, 0], 0.5)
    np.testing.assert_allclose(seen["blurred"][0, :, :, 0], blurred, atol=1e-6)
    average = FACES.train_images.mean(axis=0) / 255
    np.testing.assert_allclose(seen["the average"], np.stack([average] * 40), atol=1e-5)
    assert 0 <= seen["noise"].min() < 0.01 and 0.99 < seen["noise"].max() <= 1


def test_a_mean_of_neighbors_has_the_20_nearest_training_images_of_the_class():
    seen = images_measured(FACES)
    for i in (0, 17):
        image, label = FACES.test_images[40 + i] / 255, FACES.test_labels[40 + i]
        known = FACES.train_images[FACES.train_labels == label] / 255
        order = np.argsort(((known - image) ** 2).sum(axis=(1, 2, 3)))
        expected = known[order[:20]].mean(axis=0)
        np.testing.assert_allclose(seen["mean of nearest neighbors"][i], expected, atol=1e-5)


def test_a_mean_can_have_another_number_of_images_and_one_is_a_training_image():
    real, known = known_images.make_known_images(FACES, averaged=1)
    np.testing.assert_array_equal(real, FACES.test_images[:40].astype("float32") / 255)
    assert set(known) == set(known_images.NAMES) and {len(k) for k in known.values()} == {40}
    training = {image.tobytes() for image in FACES.train_images.astype("float32") / 255}
    assert {image.tobytes() for image in known["mean of nearest neighbors"]} <= training


def test_an_average_of_no_image_is_refused():
    with pytest.raises(ValueError, match="averaged must be an integer, 1 or more, not 0"):
        known_images.make_known_images(FACES, averaged=0)


def test_images_are_measured_in_comparison_with_the_given_real_ones():
    real = FACES.test_images[:40].astype("float32") / 255
    same = known_images.measure_images(real, {"same": real}, flatten)["same"]
    assert same["precision"] == same["recall"] == same["coverage"] == 1
    assert same["sharpness"] == pytest.approx(1)


def test_a_class_with_few_training_images_averages_all_of_them():
    few = FACES.limit(90)
    seen = images_measured(few)["mean of nearest neighbors"]
    for i, label in enumerate(FACES.test_labels[40:]):
        known = few.train_images[few.train_labels == label] / 255
        assert 0 < len(known) <= 20
        np.testing.assert_allclose(seen[i], known.mean(axis=0), atol=1e-5)


def test_what_known_images_get_shows_what_a_measure_is_blind_to():
    marks = known_images.measure_known_images(FACES, flatten)
    assert marks["real images"]["on manifold"] > marks["noise"]["on manifold"] == 0
    assert marks["real images"]["sharpness"] == pytest.approx(1, abs=0.2)
    assert marks["the average"]["sharpness"] < 1 < marks["noise"]["sharpness"]
    assert marks["the average"]["recall"] == marks["noise"]["recall"] == 0
    averaged = marks["mean of nearest neighbors"]
    assert averaged["on manifold"] > marks["real images"]["on manifold"]
    assert averaged["sharpness"] < marks["real images"]["sharpness"]
