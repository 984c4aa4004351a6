"""A run that was not trained, but looks like a trained one, and the folder it is saved in."""

import json
import shutil
from hashlib import sha256

import numpy as np
import pytest

from vaelib import runs
from vaelib.objectives import ELBO
from vaelib.runs import provenance
from vaelib.runs.recipes import Recipe


@pytest.fixture(scope="session")
def run(faces):
    recipe = Recipe("faces", ELBO, epochs=2)
    model = recipe.compiled_model(100)
    model.optimizer.iterations.assign(2)  # one step an epoch
    return runs.Run(
        recipe,
        model,
        {"loss": [300.125, 1 / 3], "reconstruction": [299.0, 0.1], "kl": [1.0, -0.5]},
        {"epochs": np.array([0, 2]), "codes": np.ones((2, 5, 2), "float32")},
        provenance.provenance_record(faces, seconds=1.5, resumed_after_epoch=0),
    )


@pytest.fixture(scope="session")
def saved(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "saved"
    runs.save(folder, run)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(saved, tmp_path / "some-run")


@pytest.fixture
def rewrite(folder):
    """A function that changes a file, and its SHA-256 in run.json accordingly."""

    def rewrite(name, content):
        (folder / name).write_bytes(content)
        about = json.loads((folder / "run.json").read_text())
        about["sha256"][name] = sha256(content).hexdigest()
        (folder / "run.json").write_text(json.dumps(about))

    return rewrite
