"""Provenance: which commit is recorded."""

import subprocess
from pathlib import Path

import pytest

from vaelib import data, provenance

FACES = data.draw_faces(train=10, test=5)


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with a package and a table, all committed; the package is looked for there."""
    for name in ("vaelib/losses.py", "runs/study.csv"):
        Path(tmp_path, name).parent.mkdir()
        Path(tmp_path, name).write_text("a\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "vaelib" / "provenance.py"))
    monkeypatch.setattr(provenance, "code_fingerprint", lambda: "")
    return tmp_path


def commit():
    return provenance.record(FACES, seconds=1, resumed_after_epoch=0)["code"]["commit"]


def test_the_commit_is_recorded(project):
    found = subprocess.run(["git", "-C", project, "rev-parse", "HEAD"], capture_output=True)
    assert commit() == found.stdout.decode().strip()


def test_rows_added_to_a_table_do_not_make_the_code_another(project):
    clean = commit()
    (project / "runs" / "study.csv").write_text("a\nb\n")
    assert commit() == clean


@pytest.mark.parametrize("name", ["losses.py", "new.py"])
def test_code_that_is_not_as_committed_is_named_so(project, name):
    clean = commit()
    (project / "vaelib" / name).write_text("b\n")
    assert commit() == clean + "-dirty"


def test_there_may_be_no_git(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "vaelib" / "provenance.py"))
    monkeypatch.setattr(provenance, "code_fingerprint", lambda: "")
    assert commit() is None
