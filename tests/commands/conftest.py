"""Fixtures that tests of commands share: a folder of pictures, and a run that was trained on it."""

import pytest
from calling import QUICK, run

import drawn


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return drawn.folder(tmp_path_factory.mktemp("data") / "discs", (20, 20, 3))


@pytest.fixture(scope="module")
def training(pictures, tmp_path_factory):
    """What `train` printed, and the folder that it made."""
    output = tmp_path_factory.mktemp("output")
    done = run("train", pictures, *QUICK, "--output", output)
    assert done.exit_code == 0, done.output
    [folder] = output.glob("discs_*")
    return done, folder


@pytest.fixture(scope="module")
def trained(training):
    """The folder of a run on pictures."""
    return training[1]
