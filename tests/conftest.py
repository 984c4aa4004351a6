"""What several test files share: small data, gradients, the website, and a browser."""

import os
from pathlib import Path

import pytest

import chromium
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


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the website, built once, as for a repository called owner/name."""
    import website  # here, for Sphinx is only needed by some tests

    folder = tmp_path_factory.mktemp("website") / "site"
    website.build(Path(__file__).parents[1], folder, "owner/name")
    return folder


@pytest.fixture(scope="module")
def browser():
    """Chromium, as Playwright's `Browser`.

    It goes at the end of each test file: while it is there, no other asyncio loop can run here.
    """
    with chromium.launched() as browser:
        yield browser
