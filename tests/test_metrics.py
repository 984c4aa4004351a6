"""Metrics against cases worked out by hand."""

import numpy as np
import pytest

from vaelib import data, metrics


class Fading:
    """A model that codes an image by its mean pixel and decodes to a grey of that brightness."""

    def encode(self, images):
        assert images.dtype == np.uint8 or images.max() <= 1
        scale = 255 if images.dtype == np.uint8 else 1
        return images.reshape(len(images), -1).mean(axis=1, keepdims=True) / scale

    def decode(self, z):
        return np.broadcast_to(z[:, :, None, None], (len(z), 28, 28, 1))


def test_mean_squared_error_is_that_of_a_pixel_between_0_and_1():
    images = np.zeros((2, 28, 28, 1), "uint8")
    images[0, :14] = 255  # decoded as grey .5: every pixel is off by .5; the black image by none
    assert metrics.mean_squared_error(Fading(), images) == pytest.approx(0.25 / 2)
    in_unit_interval = images / np.float32(255)
    assert metrics.mean_squared_error(Fading(), in_unit_interval) == pytest.approx(0.25 / 2)


def test_knn_accuracy_is_the_share_whose_neighbours_agree():
    train_codes = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], float)
    train_labels = np.array([0, 0, 0, 1, 1, 1])
    test_codes = np.array([[0, 0.5], [9, 8.5], [1, 1], [8, 8]])
    test_labels = np.array([0, 1, 1, 1])  # the third lies among zeros
    found = metrics.knn_accuracy(train_codes, train_labels, test_codes, test_labels, k=3)
    assert found == 0.75


def test_knn_accuracy_lets_k_neighbours_vote():
    train_codes = np.array([[0.0], [2.0], [2.1]])
    train_labels = np.array([0, 1, 1])
    code, label = np.array([[0.5]]), np.array([1])
    assert metrics.knn_accuracy(train_codes, train_labels, code, label, k=1) == 0
    assert metrics.knn_accuracy(train_codes, train_labels, code, label, k=3) == 1


def test_code_statistics_are_those_of_the_cloud_they_come_from():
    codes = np.random.default_rng(0).standard_normal((4000, 2)) * [2, 2] + [1, -1]
    found = metrics.code_statistics(codes)
    assert found["mean of z1"] == pytest.approx(1, abs=0.1)
    assert found["mean of z2"] == pytest.approx(-1, abs=0.1)
    assert found["std of z1"] == pytest.approx(2, abs=0.1)
    assert found["std of z2"] == pytest.approx(2, abs=0.1)
    # Exactly, for N(m, s^2 I) against N(0, I) and a kernel of variance 2: all pairs are normal.
    spread, middle = 4, 2  # s^2, ||m||^2
    expected = (
        2 / 4 + 2 / (2 + 2 * spread) - 2 * 2 / (3 + spread) * np.exp(-middle / (2 * (3 + spread)))
    )
    assert found["MMD² to prior"] == pytest.approx(expected, abs=0.01)


def test_code_statistics_name_each_dimension():
    found = metrics.code_statistics(np.random.default_rng(0).standard_normal((2000, 3)))
    assert [name for name in found if name.startswith("mean")] == [
        "mean of z1",
        "mean of z2",
        "mean of z3",
    ]
    assert abs(found["MMD² to prior"]) < 2e-3


def test_summary_puts_the_measures_of_a_model_into_one_row():
    dataset = data.load("faces")
    found = metrics.summary(Fading(), dataset)
    codes = Fading().encode(dataset.test_images)
    assert found["mean of z1"] == pytest.approx(codes.mean(), rel=1e-5)
    assert found["pixel MSE"] == metrics.mean_squared_error(Fading(), dataset.test_images)
    assert 0 < found["15-NN accuracy"] < 1


def test_probe_is_right_where_a_line_tells_classes_apart_and_guesses_where_not():
    random = np.random.default_rng(0)
    labels = np.arange(400) % 2
    apart = random.standard_normal((400, 2)) + 100 * labels[:, None]
    assert metrics.probe_accuracy(apart[:200], labels[:200], apart[200:], labels[200:]) == 1
    # One class around the other: neighbours tell them apart, no line does.
    angle, radius = random.uniform(0, 7, 400), 1 + 9 * labels
    rings = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    split = rings[:200], labels[:200], rings[200:], labels[200:]
    assert metrics.probe_accuracy(*split) < 0.8
    assert metrics.knn_accuracy(*split) == 1


def test_clusters_that_are_the_classes_agree_and_random_ones_do_not():
    random = np.random.default_rng(0)
    labels = np.arange(500) % 5
    codes = random.standard_normal((500, 2)) + 50 * np.stack([labels, labels**2], axis=1)
    shuffled = random.permutation(labels)
    assert metrics.cluster_agreement(codes, labels) == pytest.approx(1)
    assert metrics.cluster_agreement(codes, shuffled) < 0.05
    assert metrics.silhouette(codes, labels) > 0.9
    assert metrics.silhouette(codes, shuffled) < 0


def test_mean_cross_entropy_is_that_of_all_pixels_together():
    images = np.zeros((2, 28, 28, 1), "uint8")
    images[0, :14] = 255  # decoded as .5: log 2 for each pixel; the black image as 0: nothing
    expected = 784 * np.log(2) / 2
    assert metrics.mean_cross_entropy(Fading(), images) == pytest.approx(expected, rel=1e-3)
