"""Rows of the study: planned once, trained and measured, compared when they are made again."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import check, make_rows, model_table, named_models, planned_rows
from study.planned_rows import DEFAULTS, KEYS
from study.table_files import made_now, read_table
from vaelib import data, measures
from vaelib.runs import provenance

FACES = data.render_faces(train=120, test=60)
BOTH = pytest.mark.parametrize("name", planned_rows.TABLES)


@BOTH
def test_each_row_is_planned_once_and_can_be_trained(name):
    rows = planned_rows.TABLES[name]()
    assert len({make_rows.key(settings) for settings in rows}) == len(rows)
    for settings in rows:
        named_models.recipe(**settings)  # raises for what cannot be trained


def test_the_plan_is_what_is_asked_for():
    """Every model and seed of study/plan.md, and nothing else of its kind."""
    rows = planned_rows.of_models()
    asked = pd.DataFrame([make_rows.key(settings) for settings in rows], columns=KEYS)
    assert model_table.missing(asked) == dict.fromkeys(model_table.PLANNED, 0)


@BOTH
def test_seeds_come_one_after_the_other_and_the_long_schedule_last(name):
    rows = pd.DataFrame(planned_rows.TABLES[name]())[KEYS]
    slow = rows.schedule == "post"
    assert slow.is_monotonic_increasing and rows.seed[slow].is_monotonic_increasing
    assert rows.seed[~slow].is_monotonic_increasing


@BOTH
def test_the_committed_table_is_complete(name):
    assert make_rows.missing(name) == []


def test_a_row_is_what_training_and_measuring_give(tmp_path, monkeypatch):
    """From settings to a row of the table: trained, measured, and with what identifies it."""
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    length = {"epochs": 6, "learning_rate": 0.002, "limit": 40}  # none is the schedule's
    asked = {"dataset": "faces", "objective": "elbo-matched", "seed": 3}
    settings = DEFAULTS | asked | length
    row, made = make_rows.make_row(settings)
    assert {name: row[name] for name in settings} == settings
    model = named_models.trained_model("faces", "elbo-matched", seed=3, **length)
    error = measures.mean_squared_error(model, data.load("faces").test_images)
    assert row["pixel MSE"] == pytest.approx(error, rel=1e-6)
    assert set(made["data"]) == {"faces", "features of faces"} and all(made["data"].values())


def test_a_model_that_fails_does_not_end_the_others(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    good = DEFAULTS | {"dataset": "faces", "objective": "untrained", "limit": 40}
    found = list(make_rows.make_all([good | {"seed": -1}, good], processes=1))
    [failed] = [made for _, row, made in found if row is None]
    assert isinstance(failed, ValueError) and "seed must be" in str(failed)
    assert [row["seed"] for _, row, _ in found if row is not None] == [0]


def test_missing_rows_are_made_and_added_and_nothing_else(tmp_path, monkeypatch):
    few = [DEFAULTS | {"dataset": "faces", "seed": seed} for seed in range(3)]
    monkeypatch.setattr(make_rows, "TABLES", tmp_path)
    monkeypatch.setitem(planned_rows.TABLES, "models", lambda: few)
    monkeypatch.setattr(make_rows, "make_features", lambda name: None)
    monkeypatch.setattr(make_rows, "add_references", lambda name: None)
    made, broken = [], []

    def make_all(settings, processes):
        for one in settings:
            if one["seed"] in broken:
                yield one, None, RuntimeError("no memory")
                continue
            made.append(one["seed"])
            yield one, one | {"loss": float(one["seed"])}, made_now({"faces": "abc"})

    monkeypatch.setattr(make_rows, "make_all", make_all)
    monkeypatch.setattr(provenance, "commit", lambda folders: "abc")
    first = CliRunner().invoke(make_rows.main, ["--limit", "1"])
    assert "models.csv has 0 of 3 planned rows" in first.output and made == [0]
    broken.append(1)
    second = CliRunner().invoke(make_rows.main)
    assert second.exit_code == 1 and "1 rows failed" in second.output and made == [0, 2]
    assert "RuntimeError: no memory" in second.output
    broken.clear()
    assert CliRunner().invoke(make_rows.main).exit_code == 0 and made == [0, 2, 1]
    assert "has 3 of 3 planned rows" in CliRunner().invoke(make_rows.main).output
    assert made == [0, 2, 1]
    assert read_table(tmp_path / "models.csv", KEYS).loss.tolist() == [0, 2, 1]


def test_a_process_of_its_own_makes_the_same_row(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    settings = DEFAULTS | {"dataset": "faces", "objective": "untrained", "limit": 40}
    [(asked, row, made)] = make_rows.make_all([settings], processes=1)
    here, made_here = make_rows.make_row(settings)
    assert asked == settings and made == made_here
    assert row["pixel MSE"] == pytest.approx(here["pixel MSE"], rel=1e-5)


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


def test_references_are_added_once(tmp_path, monkeypatch):
    from vaelib.measures import features

    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(features, "load", lambda name: flatten)
    path = tmp_path / "references.csv"
    make_rows.add_references("faces", path)
    once = path.read_bytes()
    make_rows.add_references("faces", path)
    assert path.read_bytes() == once
    assert list(pd.read_csv(path).dataset) == ["faces"] * 3


def table_of(losses):
    same = DEFAULTS | {"dataset": "mnist", "commit": "abc"}
    rows = [same | {"seed": i, "loss": loss, "m": i * 8.0} for i, loss in enumerate(losses)]
    return pd.DataFrame(rows)


def test_a_measure_outside_of_the_seeds_range_is_counted_and_shown(capsys):
    again = DEFAULTS | {"dataset": "mnist", "seed": 0, "loss": 2.6, "m": 8.0}
    assert check.report(again, table_of([2.0, 2.5])) == 1
    said = capsys.readouterr().out
    assert "mnist, elbo, gray pixels, seed 0" in said
    [line] = [line for line in said.splitlines() if line.startswith("loss")]
    assert line.split()[1:] == ["2.0", "2.6", "0.5", "False"]
    assert "1 of 2 measures lie within the range of the seeds" in said
    assert check.report(again | {"loss": 2.5}, table_of([2.0, 2.5])) == 0


def test_rows_are_chosen_among_those_with_several_seeds():
    table = read_table(model_table.TABLE, KEYS)
    chosen = check.choose(table, 50, seed=0)
    assert len(chosen) == 50 == len({make_rows.key(one) for one in chosen})
    assert {one["schedule"] for one in chosen} == {"fast"}
    assert not any("beta(" in one["objective"] for one in chosen)  # these have one seed
    assert check.choose(table, 50, seed=0) == chosen != check.choose(table, 50, seed=1)


def test_the_command_fails_where_a_row_comes_out_otherwise(monkeypatch):
    table, error = read_table(model_table.TABLE, KEYS), []

    def make_all(settings, processes):
        for one in settings:
            same = table[(table[KEYS] == [one[name] for name in KEYS]).all(axis=1)].iloc[0]
            wrong = {"pixel MSE": same["pixel MSE"] + error[-1]}
            yield one, one | same.drop("commit").to_dict() | wrong, {}

    monkeypatch.setattr(check, "make_all", make_all)
    for add, code, words in ((0.0, 0, "\n0 measures lie outside"), (1.0, 1, "\n2 measures")):
        error.append(add)
        done = CliRunner().invoke(check.main, ["--rows", "2", "--seed", "0"])
        assert done.exit_code == code and words in done.output, done.output
