"""Provenance: which commit is recorded, and that it is never that of something else."""

import shutil
import subprocess

import pytest

from vaelib import data
from vaelib.runs import provenance

FACES = data.render_faces(train=10, test=5)
PYPROJECT = '[project]\nname = "vaelib"\n'


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", "-C", folder, *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder, files):
    """Make a folder a repository in which these files, and all others there, are committed."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


@pytest.fixture
def package_at(monkeypatch):
    """A function that puts a copy of the package into a folder, where it is then looked for."""

    def put(folder):
        package = shutil.copytree(
            provenance.PACKAGE, folder / "vaelib", ignore=shutil.ignore_patterns("__pycache__")
        )
        monkeypatch.setattr(provenance, "PACKAGE", package)
        return package

    return put


@pytest.fixture
def project(tmp_path, package_at):
    """The project's own repository: the package and a table, all committed."""
    package_at(tmp_path)
    return repository(tmp_path, {"pyproject.toml": PYPROJECT, "study/tables/models.csv": "a\n"})


def commit():
    return provenance.provenance_record(FACES, seconds=1, resumed_after_epoch=0)["code"]["commit"]


def test_the_commit_is_recorded(project):
    assert commit() == git(project, "rev-parse", "HEAD")


def test_rows_added_to_a_table_do_not_make_the_code_dirty(project):
    clean = commit()
    (project / "study" / "tables" / "models.csv").write_text("a\nb\n")
    assert commit() == clean


@pytest.mark.parametrize("name", ["losses.py", "runs/trainer.py", "new.py"])
def test_code_that_differs_from_the_commit_is_marked_dirty(project, name):
    clean = commit()
    (project / "vaelib" / name).write_text("b\n")
    assert commit() == clean + "-dirty"


def test_there_may_be_no_git(tmp_path, package_at, monkeypatch):
    package_at(tmp_path)
    assert commit() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() is None


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("place", ["libs/site-packages", ""])
def test_the_commit_of_another_repository_is_never_recorded(tmp_path, package_at, place, committed):
    if committed:
        package_at(tmp_path / place)
    repository(tmp_path, {"pyproject.toml": PYPROJECT.replace("vaelib", "other")})
    if not committed:
        package_at(tmp_path / place)
    assert commit() is None


def test_the_commit_of_a_repository_that_holds_the_whole_project_is_not_recorded(
    tmp_path, package_at
):
    package_at(tmp_path / "vendored")
    repository(tmp_path, {"vendored/pyproject.toml": PYPROJECT})
    assert commit() is None


def test_a_commit_that_the_package_is_not_part_of_is_not_recorded(tmp_path, package_at):
    repository(tmp_path, {"pyproject.toml": PYPROJECT})
    package_at(tmp_path)
    assert commit() is None


def test_a_copy_inside_the_projects_own_repository_is_not_what_was_committed(project, package_at):
    package_at(project / ".venv" / "site-packages")
    assert commit() is None


def test_a_repository_that_git_names_to_its_hooks_is_not_taken_for_ours(
    project, tmp_path_factory, monkeypatch
):
    ours = git(project, "rev-parse", "HEAD")
    files = {"pyproject.toml": PYPROJECT, "vaelib/__init__.py": ""}
    monkeypatch.setenv("GIT_DIR", str(repository(tmp_path_factory.mktemp("other"), files) / ".git"))
    assert git(project, "rev-parse", "HEAD") != ours
    assert commit() == ours
