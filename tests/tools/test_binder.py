"""Binder: the image that repo2docker would build, and what binder/postBuild leaves in it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import lab
import nbformat
import pytest
from nbformat.sign import NotebookNotary

import tiny

ROOT = Path(__file__).parents[2]
POST_BUILD = "binder/postBuild"


@pytest.mark.slow
def test_image_has_the_python_the_packages_and_the_data():
    options = ["--no-build", "--user-id", "1000", "--user-name", "reader"]
    command = [sys.executable, "-m", "repo2docker", *options]
    command += ["--Repo2Docker.default_buildpack=None", str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Building conda environment for python=3.12\n" in result.stderr
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in result.stdout
    assert f"RUN ./{POST_BUILD}\n" in result.stdout


def test_post_build_stops_at_the_first_failure(tmp_path):
    assert os.access(ROOT / POST_BUILD, os.X_OK)
    for name, code in (("pip", 3), ("python", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} $@\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    path = {"PATH": str(tmp_path)}
    result = subprocess.run([ROOT / POST_BUILD], env=path, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (3, "pip install --no-deps --editable .\n")


def test_the_address_in_the_readme_opens_the_first_notebook():
    [path] = re.findall(r"`lab/tree/(\S+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert (ROOT / path).name == "00_faces.ipynb" and (ROOT / path).exists()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A substitute for Binder's image: an environment, a home, and a copy in which postBuild ran.

    The environment is new, save that it borrows the packages that the tests run with, all but
    vaelib. So this doesn't show that binder/environment.yml can be installed, nor that it has all
    that is needed; `make lock` resolves it. The data are tiny ones from a mirror on loopback, their
    sums written into the copy; whether the true mirrors answer isn't shown either. The mirror is
    gone when the tests begin.
    """
    folder = tmp_path_factory.mktemp("binder")
    project, environment, home = folder / "project", folder / "environment", folder / "home"
    lab.copy_project(project)
    home.mkdir()
    borrow(environment)
    served, sums = {}, {}
    for seed, name in enumerate(("fashion_mnist", "mnist")):
        files = tiny.files(seed=seed)
        served |= {f"{name}/{file}.gz": content for file, content in files.items()}
        sums[name] = tiny.digests(files)
    mirror = tiny.Server(served)
    mirrors = {name: [f"{mirror.url}{name}/"] for name in sums}
    with (project / "vaelib/data/builtin/idx_sources.py").open("a") as sources:
        sources.write(f"\nSHA256, MIRRORS, PACKAGES = {sums}, {mirrors}, {{}}\n")
    variables = {
        "PATH": f"{environment / 'bin'}:{os.defpath}",
        "HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say that there is none: hatchling is borrowed
    }
    command = [f"./{POST_BUILD}"]
    try:
        done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)
    finally:
        mirror.close()
    assert done.returncode == 0, done.stdout + done.stderr
    return project, home, variables


def borrow(environment):
    """An environment with the packages of this one except vaelib, and pip, as Binder has them."""
    venv.create(environment, symlinks=True)
    packages = environment / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "vaelib" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    [site] = environment.glob("lib/*/site-packages")
    (site / "borrowed.pth").write_text(str(packages))
    pip = environment / "bin" / "pip"
    pip.write_text('#!/bin/sh\nexec python -m pip "$@"\n')
    pip.chmod(0o755)
    (environment / "share" / "jupyter").mkdir(parents=True)


def python(image, code):
    """What Python prints that runs `code` in the image, in a folder that is not the project's."""
    _, home, variables = image
    command = ["python", "-c", code]
    done = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_data_and_runs_are_available_after_post_build(image):
    project, _, _ = image
    names = {
        name
        for script in (project / "notebooks").glob("*.py")
        for name in re.findall(r'"(\w[\w-]+-epochs)"', script.read_text(encoding="utf-8"))
    }
    assert len(names) > 3
    code = f"""
import json, vaelib
from vaelib import data, runs
from vaelib.measures import features
sources = [data.load(name).source for name in ("fashion_mnist", "mnist")]
assert all(features.load(name) for name in ("fashion_mnist", "mnist"))
loaded = [runs.load(name).folder.name for name in {sorted(names)}]
print(json.dumps([vaelib.__file__, sources, loaded]))
"""
    file, sources, loaded = python(image, code)
    assert Path(file).is_relative_to(project)
    assert sources == ["the cache", "the cache"]
    assert loaded == sorted(names)


@pytest.mark.slow
def test_notebooks_are_trusted_after_post_build(image):
    project, home, _ = image
    notebooks = sorted((project / "notebooks").rglob("*.ipynb"))
    assert notebooks
    with NotebookNotary(data_dir=str(home / ".local" / "share" / "jupyter")) as notary:
        for path in notebooks:
            assert notary.check_signature(nbformat.read(path, as_version=4)), path.name


@pytest.mark.slow
def test_jupyterlab_finds_our_extension_after_post_build(image):
    code = """
import json
from jupyterlab_server.config import get_federated_extensions
from jupyter_core.paths import jupyter_path
print(json.dumps(list(get_federated_extensions(jupyter_path("labextensions")))))
"""
    assert lab.EXTENSION.name in python(image, code)
