"""Packaging and the Makefile: what is generated, found, refused and repaired."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import vaelib
from tools.environment import install, lock

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKE = shutil.which("make")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A copy of the files that the tools read and write, as the working directory."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "environment.yml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("binder", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*arguments, path=""):
    """GNU make in the working directory, with `path` as PATH and nothing of an outer make."""
    command = [MAKE, *arguments]
    return subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True)


# What is generated


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
    entries = lock.locked(ROOT)
    assert set(entries) == set(names)
    assert all("--hash=sha256:" in pin for _, pin in entries.values())
    for name in ("requirements.lock", "environment.yml"):
        assert not re.search(
            r"https?:|file:|/(opt|root|work|home|tmp)\b", (ROOT / name).read_text()
        )


def test_both_environments_are_equal_and_hold_no_editable_path():
    text = (ROOT / "environment.yml").read_text()
    assert text == (ROOT / "binder" / "environment.yml").read_text()
    *conda, pip = yaml.safe_load(text)["dependencies"]
    assert conda == ["python=3.12", "pip"]
    assert all(re.match(r"[a-z0-9-]+==\d", pin) for pin in pip["pip"])


def test_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PYPROJECT["project"]["version"] == vaelib.__version__
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert [len(work["authors"]) for work in citation["references"]] == [2, 3, 2, 3, 1]


# The Makefile


def test_help_names_every_target_and_an_unknown_one_gets_a_sentence(clone):
    targets = re.search(r"^\.PHONY: (.*)", Path("Makefile").read_text(), re.MULTILINE)[1].split()
    system = os.defpath  # sed and awk
    for arguments in ([], ["help"]):
        shown = make(*arguments, path=system).stdout
        assert re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE) == targets
    result = make("frobnicate", path=system)
    assert result.returncode == 2
    assert "no target 'frobnicate'. 'make help' lists" in result.stderr


def test_makefile_looks_for_the_pythons_that_pyproject_names():
    words = PYPROJECT["project"]["classifiers"]
    versions = [int(word.rpartition("3.")[2]) for word in words if "Python :: 3." in word]
    text = (ROOT / "Makefile").read_text()
    assert [int(minor) for minor in re.findall(r"\bpython3\.(\d+)", text)][:3] == versions[::-1]
    assert f"(3, {versions[0]}) <= sys.version_info < (3, {versions[-1] + 1})" in text


@pytest.mark.parametrize("arguments", [[], ["PYTHON=/nonexistent"]])
def test_make_says_so_where_no_python_fits(clone, arguments):
    (clone / "bin").mkdir()
    (clone / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")  # as one too old would
    (clone / "bin" / "python3").chmod(0o755)
    result = make("run", *arguments, path=clone / "bin")
    assert result.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in result.stderr
    assert "make PYTHON=" in result.stderr
    assert not Path(".venv").exists()


def test_environment_is_made_once_and_again_for_newer_pins(clone):
    Path(".venv/bin").mkdir(parents=True)
    Path(".venv/bin/python").symlink_to(sys.executable)
    Path(".venv/ready").touch()
    assert make("--question", ".venv/ready").returncode == 0
    later = Path(".venv/ready").stat().st_mtime + 1
    os.utime("requirements.lock", (later, later))
    assert make("--question", ".venv/ready").returncode == 1
    os.utime(".venv/ready", (later, later))
    assert make("--question", ".venv/ready").returncode == 0
    Path(".venv/bin/python").unlink()
    assert make("--question", ".venv/ready").returncode == 1


def test_ci_runs_all_tests_those_of_make_test_first():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text().splitlines()[-2:]
    assert commands == ["make test", "exec make test-all PYTEST_ARGS='-m slow'"]
    assert "\nexport VAELIB_NEEDS_BROWSER=1\n" in script.read_text()
    assert subprocess.run(["bash", "-n", script]).returncode == 0


# The installation


class Done:
    """What `subprocess.run` returns when the programs of an installation are only pretended."""

    def __init__(self, returncode, stdout=""):
        self.returncode, self.stdout = returncode, stdout


@pytest.fixture
def pretended(clone, monkeypatch):
    """A function that replaces all programs. Those with `failing` in their command fail.

    It returns the list of commands, which grows.
    """

    def pretend(failing="nothing", configuration=""):
        commands = []

        def run(command, **_):
            commands.append([str(word) for word in command])
            return Done(int(failing in commands[-1]), configuration)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(os, "environ", {})
        return commands

    return pretend


def test_interrupted_installation_starts_again_from_the_beginning(pretended):
    commands = pretended()
    install.prepare()
    leftover = Path(".venv/half-unpacked")
    leftover.touch()
    install.prepare()
    assert len(commands) == 2 and not leftover.exists()


def test_whole_environment_is_updated_in_place_and_not_ready_meanwhile(clone):
    for name in ("bin/python", "ready", "install.log", "kept"):
        Path(".venv", name).parent.mkdir(parents=True, exist_ok=True)
        Path(".venv", name).touch()
    install.prepare()
    assert Path(".venv/kept").exists() and not Path(".venv/ready").exists()


def test_someone_elses_environment_is_left_alone(clone):
    Path(".venv").mkdir()
    Path(".venv/pyvenv.cfg").touch()
    with pytest.raises(SystemExit, match="make did not create it"):
        install.prepare()
    assert Path(".venv/pyvenv.cfg").exists()


def test_missing_venv_module_is_named_with_its_package(clone, monkeypatch):
    monkeypatch.setattr(install, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"ensurepip are missing.* python3\.\d+-venv"):
        install.prepare()


@pytest.mark.parametrize(
    ("failing", "tried"),
    [("nothing", ["uv"]), ("--no-config", ["uv", "python"]), (".venv/uv.txt", ["python"])],
    ids=["uv succeeds", "uv fails", "no uv"],
)
def test_pip_installs_what_uv_does_not_and_both_check_hashes(pretended, capsys, failing, tried):
    commands = pretended(failing)
    install.prepare()
    install.install()
    locked = [command for command in commands if "requirements.lock" in command]
    assert [Path(command[0]).name for command in locked] == tried
    for command in locked:
        assert command[-4:-1] == ["--no-deps", "--require-hashes", "--requirement"]
    assert commands[-1][-2:] == ["--editable", "."]
    said = capsys.readouterr().out
    assert re.search(r"Installing \d+ packages", said)
    assert ("pip tries now" in said) == (tried != ["uv"])
    pin = Path(".venv/uv.txt").read_text()
    assert re.match(r"uv==[\d.]+ \\\n", pin) and pin in Path("requirements.lock").read_text()
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pin)) == len(pin.splitlines()) - 1 > 5


def test_if_both_fail_the_end_of_the_log_is_shown(pretended, monkeypatch):
    pretended("install")
    install.prepare()
    monkeypatch.setattr(Path, "read_text", lambda self: "uv==1\nERROR: no network\n")
    with pytest.raises(SystemExit, match="ERROR: no network\npip could not install the packages"):
        install.install()


def test_uv_looks_where_pip_is_told_to_look(pretended):
    lines = (
        ":env:.find-links='/d /e'",
        "global.cert='/c.pem'",
        "global.constraint='/f.txt'",
        "global.extra-index-url='\\nfile:///b\\nfile:///c'",
        "global.find-links='/z'",
        "global.index-url='file:///a/simple'",
    )
    pretended(configuration="\n".join(lines))
    assert install.uv_options()[:-3] == [
        "--index-url=file:///a/simple",
        "--extra-index-url=file:///b",
        "--extra-index-url=file:///c",
        "--find-links=/d",
        "--find-links=/e",
    ]
    assert os.environ == {"SSL_CERT_FILE": "/c.pem"}
