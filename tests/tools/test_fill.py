"""Tables that are filled: rows are added once and in order, and none gets lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from tools.tables import again
from tools.tables import fill as tool
from vaelib import data, measures, study
from vaelib.study import batch, staleness, tables

ROOT = Path(__file__).parents[2]
FACES = data.render_faces(train=120, test=60)


def row(objective, seed, value):
    more = {"prior": "normal", "latent_dim": 2, "schedule": "fast", "pixels": "grey"}
    return {"loss": value, "dataset": "mnist", "objective": objective, "seed": seed} | more


def test_rows_are_added_in_order_and_never_twice(tmp_path):
    table = tmp_path / "models.csv"
    tool.add([row("elbo", 1, 0.1234567891), row("elbo", 0, 2.0)], table)
    tool.add([row("autoencoder", 0, 3.0)], table)
    found = tool.read(table)
    assert found[["objective", "seed"]].values.tolist() == [
        ["autoencoder", 0],
        ["elbo", 0],
        ["elbo", 1],
    ]
    assert list(found) == [*tool.KEYS, "loss"]
    assert found["loss"].tolist() == [3, 2, 0.123457]
    tool.add([row("elbo", 1, 5.0)], table)  # made again, for the old one was stale
    assert tool.read(table)["loss"].tolist() == [3, 2, 5]


def test_what_a_grid_leaves_out_is_the_default():
    job = batch.Job("one_run", {"dataset_name": "mnist", "seed": 3}, "", "")
    assert tool.key(job) == ("mnist", "elbo", "normal", 2, "fast", "grey", 3)


def test_seeds_come_one_after_the_other_and_the_long_schedule_last():
    jobs = tool.in_order(batch.read(ROOT / "notebooks" / "study.yml"))
    keys = pd.DataFrame([tool.key(job) for job in jobs], columns=tool.KEYS)
    slow = keys.schedule == "post"
    assert slow.is_monotonic_increasing
    assert keys.seed[~slow].is_monotonic_increasing and keys.seed[slow].is_monotonic_increasing


def test_two_calls_at_once_lose_no_row(tmp_path, monkeypatch):
    read = tool.read

    def slow(table):
        known = read(table)
        time.sleep(0.05)  # while the other one reads, too
        return known

    monkeypatch.setattr(tool, "read", slow)
    table = tmp_path / "models.csv"
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda seed: tool.add([row("elbo", seed, 1.0)], table), range(6)))
    assert read(table)["seed"].tolist() == [0, 1, 2, 3, 4, 5]


def test_each_row_is_asked_for_once():
    jobs = batch.read(ROOT / "notebooks" / "study.yml")
    assert len({tool.key(job) for job in jobs}) == len(jobs)


def executed(job, row):
    """The notebook of a job, as if it had been executed and shown this row."""
    output = nbformat.v4.new_output("display_data", {"application/json": row})
    cell = nbformat.v4.new_code_cell("row", outputs=[output])
    about = {"batch": {"source": job.source_hash, "parameters": job.parameters}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=about), job.target)


def test_stale_rows_are_made_again_and_only_these(tmp_path, capsys):
    table = tmp_path / "models.csv"
    today = staleness.today("mnist")
    other = today | {"measuring.fingerprint": "of an older measure"}
    jobs = [
        batch.Job(
            "one_run", {"dataset_name": "mnist", "seed": seed}, tmp_path / f"{seed}.ipynb", ""
        )
        for seed in range(5)
    ]
    tool.add([row("elbo", 0, 1.0) | today, row("elbo", 1, 2.0) | other], table)
    executed(jobs[2], row("elbo", 2, 3.0) | today)  # in a call that was broken off
    executed(jobs[3], row("elbo", 3, 4.0) | other)  # by code of before
    wanted = tool.open_jobs(jobs, table)
    assert [job.parameters["seed"] for job in wanted] == [1, 3, 4]
    assert "has 1 of 5 rows; 1 more are stale" in capsys.readouterr().out
    assert tool.read(table).seed.tolist() == [0, 1, 2] and not jobs[3].target.exists()
    tool.add([row("elbo", 1, 9.0) | today], table)
    assert tool.read(table)["loss"].tolist() == [1, 9, 3]
    assert not staleness.stale(tool.read(table)).any()


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


def test_a_row_outside_the_range_is_named(capsys):
    table = pd.DataFrame(
        {"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "loss": [2.0, 2.5], "m": [1, 9]}
    )
    again.report({"dataset": "mnist", "objective": "elbo", "seed": 0, "loss": 2.6, "m": 9}, table)
    said = capsys.readouterr().out
    assert "mnist, elbo, seed 0: 1 of 2 measures lie within the seeds' range" in said
    assert "loss" in said.splitlines()[-1]


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


def test_references_are_added_once_and_made_again_when_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(tool.features, "load", lambda name: flatten)
    tool.add_references("faces", tmp_path / "references.csv")
    once = (tmp_path / "references.csv").read_bytes()
    tool.add_references("faces", tmp_path / "references.csv")
    assert (tmp_path / "references.csv").read_bytes() == once
    assert list(pd.read_csv(tmp_path / "references.csv").dataset) == ["faces"] * 3
    monkeypatch.setattr(staleness, "measuring_fingerprint", lambda: "mended")
    tool.add_references("faces", tmp_path / "references.csv")  # now they are stale
    found = pd.read_csv(tmp_path / "references.csv")
    assert list(found["measuring.fingerprint"]) == ["mended"] * 3


def test_the_notebook_of_a_row_shows_what_the_table_needs(tmp_path, monkeypatch):
    """From a model to its row: trained, measured, and with all that tells it apart and dates it."""
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    length = {"epochs": 6, "learning_rate": 0.002}  # neither is the schedule's
    asked = {"dataset_name": "faces", "objective": "elbo-matched", "seed": 3, "limit": 40} | length
    job = batch.Job(ROOT / "notebooks" / "one_run.ipynb", asked, tmp_path / "done.ipynb", "hash")
    assert batch.execute(job) == batch.Outcome(job.target)
    shown = tool.row_of(job.target)
    assert tuple(shown[name] for name in tool.KEYS) == tool.key(job)
    assert {name: shown[name] for name in length} == length
    model = study.model_of("faces", "elbo-matched", seed=3, limit=40, **length)
    images = data.load("faces").test_images
    error = measures.mean_squared_error(model, images)
    assert shown["pixel MSE"] == pytest.approx(error, rel=1e-3)
    assert not staleness.stale(pd.DataFrame([shown])).any()
    tool.add([shown], tmp_path / "models.csv")
    [row] = tables.read(tmp_path / "models.csv").to_dict("records")
    assert row["path length, scaled"] > 0 and row["seed"] == 3
