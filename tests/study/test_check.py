"""study/check.py: rows made again are compared with the table."""

import os

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from study import check, make_rows, model_table, planned_rows
from study.planned_rows import DEFAULTS, KEYS
from study.table_files import read_table


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
        assert os.listdir(os.environ["VAELIB_RUNS_DIR"]) == []  # so no finished run is loaded
        for one in settings:
            same = table[(table[KEYS] == [one[name] for name in KEYS]).all(axis=1)].iloc[0]
            wrong = {"pixel MSE": same["pixel MSE"] + error[-1]}
            yield one, one | same.drop("commit").to_dict() | wrong, {}

    monkeypatch.setattr(check, "make_all", make_all)
    monkeypatch.setenv("VAELIB_RUNS_DIR", "the reader's own")
    for add, code, words in ((0.0, 0, "\n0 measures lie outside"), (1.0, 1, "\n2 measures")):
        error.append(add)
        done = CliRunner().invoke(check.main, ["--rows", "2", "--seed", "0"])
        assert done.exit_code == code and words in done.output, done.output
        assert os.environ["VAELIB_RUNS_DIR"] == "the reader's own"


def test_rows_of_another_table_can_be_made_again(monkeypatch, tmp_path):
    planned = planned_rows.of_noise()
    table = pd.DataFrame(planned).assign(m=1.0, commit="abc")
    table.to_csv(tmp_path / "noise.csv", index=False)
    monkeypatch.setattr(check, "TABLES", tmp_path)
    made = []

    def make_all(settings, processes):
        for one in settings:
            made.append(one)
            yield one, one | {"m": 1.0}, {}

    monkeypatch.setattr(check, "make_all", make_all)
    done = CliRunner().invoke(check.main, ["--table", "noise", "--rows", "4", "--seed", "0"])
    assert done.exit_code == 0 and done.output.count("1 of 1 measures lie within") == 4, done.output
    assert len(made) == 4 and all(one in planned for one in made)  # with their initial_log_var


def test_a_table_without_three_seeds_has_nothing_to_compare_with():
    with pytest.raises(click.ClickException, match="no model of the table has three seeds"):
        check.choose(read_table(model_table.TABLE, KEYS)[:2], 1, seed=0)


def test_a_row_that_cannot_be_made_ends_the_command(monkeypatch):
    def make_all(settings, processes):
        for one in settings:
            yield one, None, RuntimeError("no memory")

    monkeypatch.setattr(check, "make_all", make_all)
    done = CliRunner().invoke(check.main, ["--rows", "1", "--seed", "0"])
    assert done.exit_code == 1 and "could not be made: RuntimeError('no memory')" in done.output
