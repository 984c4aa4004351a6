"""What several test files share: small data, and gradients."""

import os

import pytest

from browser import browser  # noqa: F401, a fixture
from vaelib import data

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def faces():
    """A data set that is drawn in no time."""
    return data.draw_faces(train=510, test=60)


@pytest.fixture(scope="session")
def gradients():
    """A function that gives the gradients of function(*arguments), an array for each argument."""
    import tensorflow as tf  # here, for it takes its time and most tests of data do without

    def gradients(function, *arguments):
        tensors = [tf.constant(argument) for argument in arguments]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        return [gradient.numpy() for gradient in tape.gradient(value, tensors)]

    return gradients
