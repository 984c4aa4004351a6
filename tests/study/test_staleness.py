"""Rows that were measured by other code are found, counted and made again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from vaelib.measures import features
from vaelib.study import staleness

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    """A copy of the project with a table of three rows, one of which says nothing of its code."""
    kept = ("vaelib", "tools")
    for folder in kept:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for folder, names in {"notebooks": ["study.yml", "one_run.ipynb"]}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            shutil.copy(ROOT / folder / name, tmp_path / folder)
    (tmp_path / "runs").mkdir()
    for path in (ROOT / "runs").glob("features_*"):
        shutil.copy(path, tmp_path / "runs")
    same = {"objective": "elbo", "prior": "normal", "latent_dim": 2}
    same |= {"schedule": "fast", "pixels": "grey"}
    named = {"dataset": "mnist"} | same | staleness.today("mnist")
    rows = [named | {"seed": 0}, named | {"seed": 1}, {"dataset": "mnist", "seed": 2} | same]
    pd.DataFrame(rows).to_csv(tmp_path / "runs" / "models.csv", index=False)
    return tmp_path


def said(project):
    """What `make study` begins with."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.tables.fill", "--limit", "0"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


CONSTANT = "ROWS = 500", "ROWS = 501"
COMMENT = "# From differences", "# From the differences"


@pytest.mark.parametrize(
    ("file", "change", "fresh"),
    [
        ("measures/images.py", CONSTANT, 0),
        ("study/rows.py", ("PLACES = 2_000", "PLACES = 3_000"), 0),
        ("streams.py", ('"<u4"', '">u4"'), 0),
        ("losses.py", ("LOG_2PI = math.log(2", "LOG_2PI = math.log(3"), 0),  # of the training
        ("measures/images.py", COMMENT, 2),
        ("plotting/curves.py", ("import numpy", "import math\nimport numpy"), 2),  # in no row
    ],
)
def test_make_study_says_how_many_rows_are_stale(project, file, change, fresh):
    edited(project / "vaelib" / file, *change)
    words = said(project)
    assert f"models.csv has {fresh} of " in words
    assert f"rows; {3 - fresh} more are stale, made by code that is not today's" in words


def test_other_features_make_a_row_stale(monkeypatch, tmp_path):
    row = pd.DataFrame([{"dataset": "mnist"} | staleness.today("mnist")])
    assert not staleness.stale(row).any()
    other = tmp_path / "features_mnist.npz"
    other.write_bytes(b"other weights")
    monkeypatch.setattr(features, "path_of", lambda name, directory: other)
    assert staleness.stale(row).all()


def test_code_that_was_found_to_give_the_same_bytes_is_not_another_one(tmp_path):
    today = staleness.today("mnist")
    names = "first", "second", today["code.fingerprint"]
    found = tmp_path / "same_bytes.csv"
    pairs = pd.DataFrame({"before": names[:2], "after": names[1:]})
    pairs.assign(kind="code", models=20).to_csv(found, index=False)
    rows = pd.DataFrame(
        {"dataset": "mnist"} | today | {"code.fingerprint": name} for name in (*names, "other")
    )
    assert staleness.stale(rows, found).tolist() == [False, False, False, True]
    assert staleness.stale(rows, tmp_path / "none.csv").tolist() == [True, True, False, True]
    backwards = pairs.rename(columns={"before": "after", "after": "before"})
    backwards.to_csv(found, index=False)  # today's code became that of "second": says nothing of it
    assert staleness.stale(rows, found).tolist() == [True, True, False, True]


def test_what_measures_is_named_completely():
    """Every file of the measures is in the fingerprint, and what makes a row of them."""
    files = {f"measures/{path.stem}" for path in (ROOT / "vaelib/measures").glob("[a-z]*.py")}
    # No row of the study has a measure of disentanglement.
    assert files - {"measures/factors"} | {"study/rows", "streams"} == set(staleness.MEASURING)
