"""The installation with pretended programs: what is installed, repaired, and refused."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools import run as tools_run
from tools.environment import install, lock_file, oldest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


class Done:
    """What `subprocess.run` returns when the programs of an installation are only pretended."""

    def __init__(self, returncode, stdout=""):
        self.returncode, self.stdout = returncode, stdout
        self.interruptions = 0

    def wait(self):
        """End, after as many interruptions as are set."""
        if self.interruptions:
            self.interruptions -= 1
            raise KeyboardInterrupt
        return self.returncode


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

        def start(command):
            run(command)
            return Done(0)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(subprocess, "Popen", start)
        monkeypatch.setattr(os, "environ", {})
        return commands

    return pretend


def test_a_python_without_tensorflow_gets_a_sentence_and_no_environment(clone, monkeypatch):
    first, after = install.PYTHONS
    assert PYPROJECT["project"]["requires-python"] == f">=3.{first[1]},<3.{after[1]}"
    monkeypatch.setattr(install.sys, "version_info", (3, 14, 0))
    with pytest.raises(
        SystemExit, match=r"This is Python 3\.14, but the course needs 3\.11 to 3\.13"
    ):
        install.prepare()
    assert not Path(".venv").exists()


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
    locked = [command for command in commands if command[-1] == ".venv/chosen.txt"]
    assert [Path(command[0]).name for command in locked] == tried
    for command in locked:
        assert command[-4:-1] == ["--no-deps", "--require-hashes", "--requirement"]
    assert commands[-1][-2:] == ["--editable", "."]
    said = capsys.readouterr().out
    chosen = lock_file.entries(Path(".venv/chosen.txt").read_text())
    assert set(chosen) == set(lock_file.part(ROOT, lock_file.READERS))
    assert f"Installing {len(chosen)} packages" in said
    assert ("pip tries now" in said) == (tried != ["uv"])
    pin = Path(".venv/uv.txt").read_text()
    assert re.match(r"uv==[\d.]+ \\\n", pin) and pin in Path("requirements.lock").read_text()
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pin)) == len(pin.splitlines()) - 2 > 5


def test_the_word_all_installs_what_tests_need_and_marks_both_as_ready(pretended, monkeypatch):
    monkeypatch.setattr(install, "ROOT", Path.cwd())
    pretended()
    install.main([])
    assert install.READY.exists() and not install.READY_FOR_TESTS.exists()
    readers = lock_file.entries(Path(".venv/chosen.txt").read_text())
    install.main(["all"])
    assert install.READY.exists() and install.READY_FOR_TESTS.exists()
    everything = lock_file.entries(Path(".venv/chosen.txt").read_text())
    assert set(readers) < set(everything) == set(lock_file.part(ROOT, lock_file.EVERYTHING))
    with pytest.raises(SystemExit, match="'everything' is not known: give the word all, or"):
        install.main(["everything"])


def test_lessons_run_without_make_and_the_environment_is_created_before(pretended, monkeypatch):
    monkeypatch.setattr(install, "ROOT", Path.cwd())
    commands = pretended()
    assert tools_run.main(["lessons=04 07", "epochs=2"]) == 0
    python, made = str(install.PYTHON), [word for words in commands for word in words]
    assert commands[-1] == [python, "-m", "tools.notebooks.run", "lessons=04 07", "epochs=2"]
    assert "venv" in made and "--editable" in made
    Path(python).parent.mkdir()
    Path(python).touch()
    commands.clear()
    assert tools_run.main(["lab", "--no-browser"]) == 0  # nothing is installed again
    trust, lab = commands
    assert trust[:3] == [python, "-m", "nbformat.sign"]
    assert lab[:3] == [python, "-m", "jupyterlab"]
    assert lab[-2:] == ["--no-browser", "notebooks/00_faces.ipynb"]
    assert os.environ["JUPYTER_PATH"] == str(ROOT / "tools" / "notebooks" / "lab")


def test_an_interruption_is_left_to_what_runs(monkeypatch):
    lab = Done(3)
    lab.interruptions = 2
    monkeypatch.setattr(subprocess, "Popen", lambda command: lab)
    assert tools_run.call("jupyterlab") == 3 and lab.interruptions == 0


def test_the_oldest_versions_are_those_that_pyproject_names(pretended, monkeypatch):
    monkeypatch.setattr(install, "ROOT", Path.cwd())
    commands = pretended()
    assert oldest.main([]) == 0
    compiled, installed, versions, tests = commands[-4:]
    assert "--resolution=lowest-direct" in compiled and "--extra=cpu" in compiled
    assert "--extra=dev" not in compiled and compiled[-1] == "pyproject.toml"
    assert installed[installed.index("--requirement") + 1] == "build/oldest/requirements.txt"
    assert versions[1] == "-c" and tests[1:4] == ["-m", "pytest", "--quiet"]
    assert all(list(ROOT.glob(name)) for name in oldest.TESTS)
    assert oldest.main(["tests/test_mmd.py"]) == 0
    assert commands[-1][-1] == "tests/test_mmd.py"


def test_if_both_fail_the_end_of_the_log_is_shown(pretended, monkeypatch):
    pretended("install")
    install.prepare()
    monkeypatch.setattr(install, "run", lambda *command: False)
    monkeypatch.setattr(Path, "write_text", lambda *given: None)
    Path(".venv/install.log").write_bytes(b"\xe9chec\nERROR: no network\n")  # not UTF-8 alone
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
    assert install.uv_options()[:-2] == [
        "--index-url=file:///a/simple",
        "--extra-index-url=file:///b",
        "--extra-index-url=file:///c",
        "--find-links=/d",
        "--find-links=/e",
    ]
    assert os.environ == {"SSL_CERT_FILE": "/c.pem"}
