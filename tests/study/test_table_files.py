"""Tables on disk: no row is ever lost, and each names what produced it."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import click
import pandas as pd
import pytest

import study
from study import table_files
from study.table_files import add_missing, check_ready, made_now, read_record, read_table
from vaelib.runs import provenance

KEYS = ["objective", "seed"]
COMMIT = provenance.commit


@pytest.fixture(autouse=True)
def commit(monkeypatch):
    """A commit that a test can change."""
    now = ["first"]
    monkeypatch.setattr(provenance, "commit", lambda folders: now[0])
    return now


def add_row(path, keys, row, data):
    table_files.add_row(path, keys, row, made_now(data))


def row(objective, seed, loss):
    return {"loss": loss, "objective": objective, "seed": seed}


def test_rows_are_added_at_the_end_and_a_row_with_the_same_keys_is_replaced(tmp_path):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 1, 0.1234567891), {})
    add_row(path, KEYS, row("elbo", 0, 2.0), {})
    add_row(path, KEYS, row("autoencoder", 0, 3.0), {})
    found = read_table(path, KEYS)
    assert found[KEYS].values.tolist() == [["elbo", 1], ["elbo", 0], ["autoencoder", 0]]
    assert list(found) == [*KEYS, "loss", "commit"]
    assert found.loss.tolist() == [0.123457, 2, 3]
    add_row(path, KEYS, row("elbo", 0, 5.0), {})
    assert read_table(path, KEYS).loss.tolist() == [0.123457, 5, 3]
    add_row(path, KEYS, row("elbo", 2, 5.0) | {"new": 1.0}, {})
    assert list(read_table(path, KEYS)) == [*KEYS, "loss", "new", "commit"]


def test_two_processes_lose_no_row(tmp_path, monkeypatch):
    read = table_files.read_record

    def slow(path):
        found = read(path)
        time.sleep(0.05)  # long enough for the other one to read as well
        return found

    monkeypatch.setattr(table_files, "read_record", slow)
    path = tmp_path / "models.csv"
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda seed: add_row(path, KEYS, row("elbo", seed, 1.0), {}), range(6)))
    assert sorted(read_table(path, KEYS).seed) == [0, 1, 2, 3, 4, 5]


def test_each_row_names_the_commit_and_the_record_has_versions_and_data(tmp_path, commit):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 0, 1.0), {"mnist": "abc"})
    add_row(path, KEYS, row("elbo", 1, 1.0), {"faces": "def"})
    commit[0] = "second"
    add_row(path, KEYS, row("elbo", 2, 1.0), {"mnist": "abc"})
    assert read_table(path, KEYS).commit.tolist() == ["first", "first", "second"]
    record = read_record(path)
    assert record["first"]["data"] == {"mnist": "abc", "faces": "def"}
    assert record["second"]["data"] == {"mnist": "abc"}
    assert record["first"]["versions"]["keras"] == provenance.versions()["keras"]


@pytest.mark.parametrize("changed", ["data", "versions"])
def test_one_commit_does_not_stand_for_two_sources(tmp_path, monkeypatch, changed):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 0, 1.0), {"mnist": "abc"})
    before = path.read_bytes()
    if changed == "versions":
        monkeypatch.setattr(provenance, "versions", lambda: {"keras": "0"})
    given = {"mnist": "other pixels"} if changed == "data" else {}
    words = rf"other {changed} (\(keras\)|called mnist \(commit first\)): restore"
    with pytest.raises(ValueError, match=words):
        add_row(path, KEYS, row("elbo", 1, 1.0), given)
    assert path.read_bytes() == before


def test_rows_of_different_data_are_not_mixed_in_a_table(tmp_path, commit):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 0, 1.0), {"mnist": "all 70,000 digits"})
    before, commit[0] = path.read_bytes(), "second"
    with pytest.raises(ValueError, match=r"other data called mnist \(commit first\): restore"):
        add_row(path, KEYS, row("elbo", 1, 1.0), {"mnist": "5,000 digits as a stand-in"})
    assert path.read_bytes() == before
    add_row(path, KEYS, row("elbo", 0, 2.0), {"mnist": "other"})  # replaces the only row
    assert read_table(path, KEYS).loss.tolist() == [2.0]


def test_the_record_of_a_commit_goes_with_its_last_row(tmp_path, commit):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 0, 1.0), {})
    commit[0] = "second"
    add_row(path, KEYS, row("elbo", 0, 2.0), {})
    assert list(read_record(path)) == ["second"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with some of the project's files, which `made_now` takes for the project."""
    files = "vaelib/__init__.py", "study/measurement.py", "study/plan.md", "study/tables/models.csv"
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "vaelib"\n')
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path / "vaelib")
    monkeypatch.setattr(provenance, "commit", COMMIT)
    return tmp_path


@pytest.mark.parametrize(
    "name, dirty",
    [
        *[("study/tables/models.csv", False), ("study/tables/new.json", False)],
        *[("study/plan.md", False), ("study/measurement.py", True), ("study/new.py", True)],
        *[("vaelib/__init__.py", True), ("notes.txt", False)],
    ],
)
def test_only_changes_of_code_make_a_commit_dirty(project, name, dirty):
    clean = made_now({})["commit"]
    assert len(clean) == 40
    (project / name).write_text("b\n")
    assert made_now({})["commit"] == clean + "-dirty" * dirty


@pytest.mark.parametrize("name", [None, "abc-dirty"])
def test_rows_are_not_made_by_code_that_is_no_commit(tmp_path, commit, name):
    commit[0] = name
    with pytest.raises(
        click.ClickException, match=r"each row of models\.csv names the commit that made it"
    ):
        check_ready(tmp_path / "models.csv")
    commit[0] = "abc"
    check_ready(tmp_path / "models.csv")


def test_other_versions_are_noticed_before_training(tmp_path, monkeypatch):
    path = tmp_path / "models.csv"
    add_row(path, KEYS, row("elbo", 0, 1.0), {})
    monkeypatch.setattr(provenance, "versions", lambda: {"keras": "0"})
    with pytest.raises(click.ClickException, match=r"made with other versions \(keras\)"):
        check_ready(path)


def test_missing_rows_are_made_once_and_kept_when_one_fails(tmp_path):
    path, made, broken = tmp_path / "models.csv", [], {("elbo", 1)}
    wanted = [{"objective": "elbo", "seed": seed} for seed in range(3)]

    def make(objective, seed):
        if (objective, seed) in broken:
            raise RuntimeError("no memory")
        made.append(seed)
        return {"loss": 10.0 * seed}, {"faces": "abc"}

    with pytest.raises(RuntimeError, match="no memory"):
        add_missing(path, KEYS, wanted, make)
    assert read_table(path, KEYS).seed.tolist() == [0]
    broken.clear()
    for _ in range(2):
        add_missing(path, KEYS, wanted, make)
    assert made == [0, 1, 2]
    assert read_table(path, KEYS).loss.tolist() == [0, 10, 20]
    assert read_record(path)["first"]["data"] == {"faces": "abc"}


def test_nothing_is_made_by_code_that_is_no_commit_unless_nothing_is_missing(tmp_path, commit):
    path, wanted = tmp_path / "models.csv", [{"objective": "elbo", "seed": 0}]
    commit[0] = "abc-dirty"
    with pytest.raises(click.ClickException, match="commit your changes first"):
        add_missing(path, KEYS, wanted, pytest.fail)
    add_row(path, KEYS, row("elbo", 0, 1.0), {})
    add_missing(path, KEYS, wanted, pytest.fail)


def test_a_row_names_the_commit_that_it_was_begun_with(tmp_path, commit):
    def make(objective, seed):
        commit[0] = "edited during training"
        return {"loss": 1.0}, {}

    add_missing(tmp_path / "models.csv", KEYS, [{"objective": "elbo", "seed": 0}], make)
    assert read_table(tmp_path / "models.csv", KEYS).commit.tolist() == ["first"]


MEASURED = [
    path
    for path in sorted(study.TABLES.glob("*.csv"))
    if path.stem != "first_edition"  # which has verdicts of an earlier edition, not measurements
]


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_every_row_of_the_committed_tables_names_a_recorded_commit(path):
    assert set(pd.read_csv(path).commit) == set(read_record(path))
