"""tools/checks/same_bytes.py: a row is only kept for code that was seen to give the same bytes."""

import shutil
import subprocess

import pandas as pd
import pytest
from click.testing import CliRunner

from tools.checks import same_bytes

BEFORE = {"code": "a", "measuring": "b", "models": {"elbo": {"weights": "1", "row": "2"}}}
PROBE = """
import json
from vaelib import losses
found = {"elbo": {"weights": str(losses.LOG_2PI), "row": "2"}}
print(json.dumps({"models": found, "code": losses.NAME, "measuring": "b"}))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with one commit, whose package has a constant and a name."""
    monkeypatch.setattr(same_bytes, "ROOT", tmp_path)
    monkeypatch.setattr(same_bytes, "PROBE", PROBE)
    (tmp_path / "vaelib").mkdir()
    (tmp_path / "vaelib/__init__.py").touch()
    (tmp_path / "vaelib/losses.py").write_text("LOG_2PI, NAME = 1.8, 'a'")
    for words in (
        ["init", "--quiet"],
        ["add", "vaelib"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=before"],
    ):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    table = tmp_path / "same_bytes.csv"
    plain = same_bytes.record
    monkeypatch.setattr(same_bytes, "record", lambda *both: plain(*both, table))
    return tmp_path, table


def called(commit="HEAD"):
    return CliRunner().invoke(same_bytes.main, [commit])


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_code_that_gives_the_same_bytes_is_written_down(project):
    folder, table = project
    (folder / "vaelib/losses.py").write_text("NAME = 'c'\nLOG_2PI = 3.6 / 2")
    done = called()
    assert done.exit_code == 0 and "the same weights and measures; 1 lines added" in done.output
    [line] = pd.read_csv(table).to_dict("records")
    assert line == {"kind": "code", "before": "a", "after": "c", "models": 1}


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_code_that_gives_others_is_not(project):
    folder, table = project
    (folder / "vaelib/losses.py").write_text("LOG_2PI, NAME = 1.9, 'c'")
    done = called()
    assert done.exit_code != 0 and not table.exists()
    assert done.output.endswith("nothing is written down:\nelbo: another weights\n")
    assert called("no-such-commit").exit_code != 0 and not table.exists()


@pytest.mark.parametrize("part", ["weights", "row"])
def test_every_difference_is_named(part):
    other = BEFORE | {"models": {"elbo": BEFORE["models"]["elbo"] | {part: "9"}}}
    assert same_bytes.differences(BEFORE, other) == [f"elbo: another {part}"]
    assert len(same_bytes.differences(BEFORE, BEFORE | {"models": {}})) == 2
    assert not same_bytes.differences(BEFORE, BEFORE)


def test_lines_are_added_to_those_that_are_there(tmp_path):
    table = tmp_path / "same_bytes.csv"
    assert same_bytes.record(BEFORE, BEFORE | {"code": "c", "measuring": "d"}, table) == 2
    assert same_bytes.record(BEFORE | {"code": "c"}, BEFORE | {"code": "e"}, table) == 1
    assert pd.read_csv(table).before.tolist() == ["a", "b", "c"]
