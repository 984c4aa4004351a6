"""The study: one row of measures for each model, collected into one table."""

import nbformat
import numpy as np
import pandas as pd
import pytest

import again
import study as tool
from vaelib import data, study, training

FACES = data.draw_faces(train=120, test=60)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(study, "SAMPLES", 40)
    monkeypatch.setattr(study, "EXACT", 3)
    monkeypatch.setattr(study, "STEP", 0.5)


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


@pytest.mark.parametrize("objective", study.OBJECTIVES)
def test_every_model_gets_every_measure(objective):
    model = training.build(study.recipe("faces", objective), 100)
    row = study.measure(model, FACES, flatten)
    assert len(row) > 30
    drawn_only = {"bound gap", "mutual information", "aggregate KL"}
    missing = {name for name, value in row.items() if np.isnan(value)}
    assert missing == (set() if model.objective.sampled else drawn_only)
    assert row == pytest.approx(study.measure(model, FACES, flatten), nan_ok=True)


def test_one_thing_changes_at_a_time():
    def settings(name):
        config = study.OBJECTIVES[name].get_config()
        return {k: config[k] for k in ("reconstruction", "kl_weight", "mmd_weight", "sampled")}

    def changed(one, other):
        a, b = settings(one), settings(other)
        return {name for name in a if a[name] != b[name]}

    assert changed("elbo", "elbo-as-posted") == {"kl_weight"}
    assert changed("elbo", "elbo-squared-error") == {"reconstruction"}
    assert changed("mmd-as-posted", "mmd-cross-entropy") == {"reconstruction"}
    assert changed("autoencoder", "mmd-cross-entropy") == {"mmd_weight"}
    assert changed("elbo", "untrained") == set()


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"unknown objective 'elbow': choose one of untrained, "):
        study.recipe("faces", "elbow")


def test_provenance_becomes_columns():
    nested = {"seconds": 3, "code": {"commit": "abc", "more": {"deep": 1}}}
    assert study.flat(nested) == {"seconds": 3, "code.commit": "abc", "code.more.deep": 1}


def test_rows_are_added_in_order_and_never_twice(tmp_path):
    table = tmp_path / "study.csv"

    def row(objective, seed, value):
        return {"loss": value, "dataset": "mnist", "objective": objective, "seed": seed}

    tool.add([row("elbo", 1, 0.1234567891), row("elbo", 0, 2.0)], table)
    tool.add([row("autoencoder", 0, 3.0)], table)
    found = tool.read(table)
    assert found[["objective", "seed"]].values.tolist() == [
        ["autoencoder", 0],
        ["elbo", 0],
        ["elbo", 1],
    ]
    assert list(found) == ["dataset", "objective", "seed", "loss"]
    assert found["loss"].tolist() == [3, 2, 0.123457]
    with pytest.raises(ValueError, match="in the table already"):
        tool.add([row("elbo", 1, 5.0)], table)
    assert len(tool.read(table)) == 3


def test_the_row_of_an_executed_notebook_is_what_it_shows(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("row")])
    path = tmp_path / "done.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(ValueError, match="shows no row"):
        tool.row_of(path)
    output = nbformat.v4.new_output("display_data", {"application/json": {"seed": 3}})
    notebook.cells[0].outputs = [output]
    nbformat.write(notebook, path)
    assert tool.row_of(path) == {"seed": 3}


def test_a_row_made_again_is_compared_with_the_range_of_its_seeds():
    table = pd.DataFrame(
        {
            "dataset": ["mnist", "mnist", "mnist", "faces"],
            "objective": ["elbo", "elbo", "autoencoder", "elbo"],
            "seed": [0, 1, 0, 0],
            "loss": [2.0, 2.5, 90.0, 70.0],
            "gap": [np.nan, np.nan, 1.0, 1.0],
            "epochs": 10,
            "machine.cores": 2,
            "code.commit": "abc",
        }
    )
    row = {"dataset": "mnist", "objective": "elbo", "seed": 1, "loss": 3.5, "gap": np.nan}
    found = again.compared(row, table)
    assert found.to_dict("index") == {"loss": {"there": 2.5, "here": 3.5, "range": 0.5}}


def test_a_row_is_not_outside_for_the_digits_that_the_table_leaves_out(capsys):
    table = pd.DataFrame({"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "p": 0.001996})
    row = {"dataset": "mnist", "objective": "elbo", "seed": 0, "p": 0.00199601}
    again.report(row, table)
    assert "1 of 1 measures lie within" in capsys.readouterr().out


def test_a_row_outside_the_range_is_named(capsys):
    table = pd.DataFrame(
        {"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "loss": [2.0, 2.5], "m": [1, 9]}
    )
    again.report({"dataset": "mnist", "objective": "elbo", "seed": 0, "loss": 2.6, "m": 9}, table)
    said = capsys.readouterr().out
    assert "mnist, elbo, seed 0: 1 of 2 measures lie within the seeds' range" in said
    assert "loss" in said.splitlines()[-1]
