"""A wheel, used away from the project: the published runs and feature spaces are in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
USE = """
import vaelib
from vaelib import runs
from vaelib.measures import features

print(vaelib.__file__)
print(runs.load("fashion_mnist_elbo_50-epochs"))
print(features.load("mnist").dataset)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what the wheel holds, as an installation leaves it, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("vaelib-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    return folder / "site-packages"


def environment(installed, **more):
    # Without the backend that tests plot with, for then a kernel shows no figures.
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return kept | {"PYTHONPATH": str(installed)} | more


def test_it_loads_the_published_runs_and_feature_spaces(installed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env=environment(installed),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    file, run, space = done.stdout.splitlines()
    assert Path(file).is_relative_to(installed)
    assert "fashion_mnist_elbo_50-epochs" in run and "trained by code" in run
    assert space == "mnist"


def test_it_runs_the_first_notebook(installed, tmp_path):
    executed = tmp_path / "executed.ipynb"
    notebook = ROOT / "notebooks" / "01_standard_vae.ipynb"
    parameters = ["-p", "dataset_name", "faces", "-p", "epochs", "1", "-p", "limit", "500"]
    command = [sys.executable, "-m", "papermill", str(notebook), str(executed), *parameters]
    done = subprocess.run(
        [*command, "-k", "python3", "--no-progress-bar"],
        cwd=tmp_path,
        env=environment(installed, VAELIB_RUNS_DIR=str(tmp_path / "runs")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(executed, as_version=4).cells
    assert any("image/png" in o.get("data", {}) for c in cells for o in c.get("outputs", []))
