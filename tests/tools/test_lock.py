"""requirements.lock and both environment.yml: what they hold, and whether they are up to date."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tools.environment import lock, lock_file

ROOT = Path(__file__).parents[2]


def test_generated_files_follow_pyproject():
    assert lock.drift(ROOT) == []


DRIFTS = [
    ("pyproject.toml", r'"keras[^"]*"', '"keras>=99"', "has keras"),
    ("pyproject.toml", r'"keras[^"]*"', '"keras", "left-pad"', "lacks left-pad"),
    ("pyproject.toml", r'"tqdm[^"]*",', "", "has tqdm, which pyproject.toml no longer names"),
    ("requirements.lock", r"(?m)^numpy==\S+", "numpy==1.0", "has numpy 1.0, not numpy"),
    ("requirements.lock", r"(?m)^(scipy==\S+)", r"\1.1", "environment.yml does not match"),
    ("environment.yml", r"python=3.12", "python>=3.12", "environment.yml does not match"),
    ("binder/environment.yml", r"conda-forge", "other", "binder/environment.yml does not match"),
]


@pytest.mark.parametrize(("name", "pattern", "replacement", "sentence"), DRIFTS)
def test_drift_is_detected(clone, name, pattern, replacement, sentence):
    text, count = re.subn(pattern, replacement, (clone / name).read_text())
    assert count
    (clone / name).write_text(text)
    assert any(sentence in found for found in lock.drift(clone))


def test_lock_check_exits_with_the_drift_and_the_remedy(clone):
    command = [sys.executable, "-m", "tools.environment.lock", "--check"]
    assert subprocess.run(command).returncode == 0
    (clone / "environment.yml").write_text("")
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "environment.yml does not match" in result.stderr and "Run make lock" in result.stderr


def test_lock_has_one_hashed_version_of_each_package_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    names = re.findall(r"^([a-z0-9-]+)\S*==", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 100
    entries = lock_file.entries(text)
    assert set(entries) == set(names)
    assert all("--hash=sha256:" in entry.text for entry in entries.values())
    assert "".join(entry.text for entry in entries.values()) in text
    assert set().union(*(e.parents for e in entries.values())) - set(names) <= FROM_ELSEWHERE
    for name in ("requirements.lock", "environment.yml"):
        assert not re.search(
            r"https?:|file:|/(opt|root|work|home|tmp)\b", (ROOT / name).read_text()
        )


FROM_ELSEWHERE = {"vaelib (pyproject.toml)", "-c (workspace)"}
LOCK = """\
# Generated
a==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:00
    # via vaelib (pyproject.toml)
b[x]==2.0 \\
    --hash=sha256:11 \\
    --hash=sha256:22
    # via
    #   a
    #   c
c==3.0 \\
    --hash=sha256:33
    # via vaelib (pyproject.toml)
d==4.0 \\
    --hash=sha256:44
    # via b
"""


def test_an_entry_of_the_lock_is_read_with_its_condition_and_with_what_requires_it():
    entries = lock_file.entries(LOCK)
    assert [entry.version for entry in entries.values()] == ["1.0", "2.0", "3.0", "4.0"]
    assert (entries["a"].marker, entries["b"].marker) == ("python_full_version < '3.12'", "")
    assert [e.direct for e in entries.values()] == [True, False, True, False]
    assert entries["b"].parents == {"a", "c"} and entries["d"].parents == {"b"}
    assert entries["b"].text.count("--hash") == 2


def test_a_part_of_the_lock_has_all_that_is_required_and_nothing_else():
    entries = lock_file.entries(LOCK)
    assert lock_file.needed(entries, ["a"]) == ["a", "b", "d"]
    assert lock_file.needed(entries, ["c", "d"]) == ["b", "c", "d"]


def test_both_environments_are_equal_and_hold_no_editable_path():
    text = (ROOT / "environment.yml").read_text()
    assert text == (ROOT / "binder" / "environment.yml").read_text()
    *conda, pip = yaml.safe_load(text)["dependencies"]
    assert conda == ["python=3.12", "pip"]
    assert all(re.match(r"[a-z0-9-]+==\d", pin) for pin in pip["pip"])
    pins = [Requirement(pin) for pin in pip["pip"]]
    assert [pin.name for pin in pins] == list(lock_file.part(ROOT, lock_file.NOTEBOOKS))
    assert {"grpcio", "contourpy", "jupyter-core"} <= {pin.name for pin in pins}  # indirect ones
