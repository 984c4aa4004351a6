"""A wheel, used away from the project: the published runs and feature spaces are in it."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from tools.environment import lock_file

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
def wheel(tmp_path_factory):
    """The wheel of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("vaelib-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel):
    """A folder with what the wheel holds, as an installation leaves it, and nothing else."""
    folder = wheel.parent / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


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


def stand_in(folder, name, version):
    """A wheel with a module of one line, for a package that is not needed itself."""
    module, about = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    files = {
        f"{module}.py": f"version = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


def test_it_leaves_an_installed_tensorflow_as_it_is(wheel, tmp_path):
    index, target = tmp_path / "index", tmp_path / "environment"
    index.mkdir()
    for name, entry in lock_file.part(ROOT, lock_file.NOTEBOOKS).items():
        stand_in(index, name, entry.version)  # among them, both builds of TensorFlow
    stand_in(index, "tensorflow", "2.20.0")
    venv.create(target, with_pip=True)
    python = next(target.glob("[bS]*/python*"))
    pip = [python, "-m", "pip", "--isolated", "install", "--no-index", f"--find-links={index}"]
    for wanted in ("tensorflow==2.20.0", wheel):
        done = subprocess.run([*pip, wanted], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    listed = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    assert [line for line in listed.splitlines() if line.startswith("tensorflow")] == [
        "tensorflow==2.20.0"
    ]
    assert "vaelib @" in listed and "keras==" in listed
