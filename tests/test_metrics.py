"""Metrics against cases worked out by hand."""

import numpy as np
import pytest

from vaelib import metrics


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
