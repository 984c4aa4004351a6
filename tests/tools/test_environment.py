"""Packaging and the Makefile: what is generated, found, refused and repaired."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import vaelib
from tools import run as tools_run
from tools.environment import install, lock, lock_file, oldest

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


def test_readers_get_no_tools_for_tests_and_notebooks_everything_that_they_import():
    notebooks, readers, everything = (
        set(lock_file.part(ROOT, extras))
        for extras in (lock_file.NOTEBOOKS, lock_file.READERS, lock_file.EVERYTHING)
    )
    assert (
        notebooks
        < readers
        < everything
        == set(lock_file.entries((ROOT / "requirements.lock").read_text()))
    )
    assert not readers & {"playwright", "pytest", "sphinx", "ruff", "jupyter-repo2docker"}
    assert {"tensorflow-cpu", "tensorflow", "keras", "jupyterlab", "pandas"} <= notebooks
    assert {"distributed", "uv", "hatchling"} <= readers and "distributed" not in notebooks


def test_neither_build_of_tensorflow_is_required_and_each_is_in_an_extra():
    project = PYPROJECT["project"]
    assert not [line for line in project["dependencies"] if "tensorflow" in line]
    extras = project["optional-dependencies"]
    for extra in ("cpu", "gpu"):
        assert all(line.startswith("tensorflow") for line in extras[extra])
        for platform in ("linux", "darwin", "win32"):  # one build for each, never two
            found = {"sys_platform": platform, "platform_machine": "x86_64", "extra": ""}
            given = [Requirement(line) for line in extras[extra]]
            assert sum(line.marker.evaluate(found) for line in given) == 1, (extra, platform)


def test_every_package_that_is_imported_is_declared_where_it_is_imported():
    project = PYPROJECT["project"]["optional-dependencies"]
    base = {lock_file.canonical(line) for line in lock_file.direct(ROOT, [])}
    lessons = base | {lock_file.canonical(line) for line in project["tutorial"] + project["cpu"]}
    allowed = {"vaelib": lessons | {"distributed"}, "study": lessons, "notebooks": lessons}
    owners = packages_distributions()
    for folder, declared in allowed.items():
        for path in (ROOT / folder).rglob("*.py"):
            for name in imported_by(path) - {"vaelib", "study"} - sys.stdlib_module_names:
                packages = {lock_file.canonical(owner) for owner in owners[name]}
                assert packages & (declared | COME_ALONG), f"{path} imports {name}"


# Their packages are required by those that define what a notebook is.
COME_ALONG = {"ipython", "jupyter-client", "nbformat", "traitlets"}


def imported_by(path):
    """The names of the packages that a file imports anywhere, also inside of functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_both_environments_are_equal_and_hold_no_editable_path():
    text = (ROOT / "environment.yml").read_text()
    assert text == (ROOT / "binder" / "environment.yml").read_text()
    *conda, pip = yaml.safe_load(text)["dependencies"]
    assert conda == ["python=3.12", "pip"]
    assert all(re.match(r"[a-z0-9-]+==\d", pin) for pin in pip["pip"])
    pins = [Requirement(pin) for pin in pip["pip"]]
    assert [pin.name for pin in pins] == list(lock_file.part(ROOT, lock_file.NOTEBOOKS))
    assert {"grpcio", "contourpy", "jupyter-core"} <= {pin.name for pin in pins}  # indirect ones


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
    assert make("--question", ".venv/ready-for-tests").returncode == 1
    assert install.is_current(install.READY) and not install.is_current(install.READY_FOR_TESTS)
    later = Path(".venv/ready").stat().st_mtime + 1
    os.utime("requirements.lock", (later, later))
    assert make("--question", ".venv/ready").returncode == 1
    assert not install.is_current(install.READY)
    os.utime(".venv/ready", (later, later))
    assert make("--question", ".venv/ready").returncode == 0
    Path(".venv/bin/python").unlink()
    assert make("--question", ".venv/ready").returncode == 1
    assert not install.is_current(install.READY)


def test_a_python_without_tensorflow_gets_a_sentence_and_no_environment(clone, monkeypatch):
    first, after = install.PYTHONS
    assert PYPROJECT["project"]["requires-python"] == f">=3.{first[1]},<3.{after[1]}"
    monkeypatch.setattr(install.sys, "version_info", (3, 14, 0))
    with pytest.raises(
        SystemExit, match=r"This is Python 3\.14, but the course needs 3\.11 to 3\.13"
    ):
        install.prepare()
    assert not Path(".venv").exists()


def test_ci_runs_all_tests_those_of_make_test_first():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text().splitlines()[-2:]
    assert commands == ["make test", "exec make test-all PYTEST_ARGS='-m slow'"]
    assert "\nexport VAELIB_NEEDS_BROWSER=1\n" in script.read_text()
    assert subprocess.run(["bash", "-n", script]).returncode == 0


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_hosted_machines_have_the_pythons_that_pyproject_names():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    words = PYPROJECT["project"]["classifiers"]
    named = [word.rpartition(" ")[2] for word in words if "Python :: 3." in word]
    assert jobs["locked"]["strategy"]["matrix"]["python"] == named
    systems = ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert jobs["locked"]["strategy"]["matrix"]["system"] == systems
    oldest_python = jobs["oldest"]["steps"][1]["with"]["python-version"]
    assert f">={oldest_python}," in PYPROJECT["project"]["requires-python"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_hosted_machines_run_commands_that_the_project_has(path):
    targets = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    called = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(commands)))
    modules = set(re.findall(r"-m (tools\.\S+)", "\n".join(commands)))
    assert commands and called | modules
    assert called <= set(targets.split())
    for module in modules:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module


def test_the_changes_of_the_released_version_are_described():
    released = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert PYPROJECT["project"]["version"] in released


# The installation


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
    Path(".venv/install.log").write_bytes(b"ERROR: no network\n")
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
