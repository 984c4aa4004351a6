"""study/make_rows.py: rows that are missing are trained, measured, and added."""

import os

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import known_images, make_rows, measurement, named_models, planned_rows
from study.planned_rows import DEFAULTS, KEYS
from study.table_files import made_now, read_table
from vaelib import data
from vaelib.measures import features, likelihood
from vaelib.runs import provenance

FACES = data.render_faces(train=120, test=60)


@pytest.fixture(autouse=True)
def coarse_measures(monkeypatch):
    """Fewer samples and a coarser grid of codes: these tests compare rows with each other."""
    monkeypatch.setattr(measurement, "SAMPLES", 300)
    monkeypatch.setattr(measurement, "PLACES", 100)
    monkeypatch.setattr(likelihood, "DEFAULT_STEPS", 40)


@pytest.mark.parametrize("name", ["models", "forecast"])  # amendments 6 and 10 go on
def test_the_committed_table_is_complete(name):
    assert make_rows.missing(name) == []


def test_a_row_is_what_training_and_measuring_give(tmp_path, monkeypatch):
    """From settings to a row of the table, with every measure of the model."""
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    length = {"epochs": 6, "learning_rate": 0.002, "limit": 40}  # none is the schedule's
    settings = DEFAULTS | {"dataset": "faces", "objective": "elbo-matched", "seed": 3} | length
    row, made = make_rows.make_row(settings)
    model = named_models.trained_model("faces", "elbo-matched", seed=3, **length)
    dataset, space = data.load("faces").limit(train=40), features.load("faces")
    expected = settings | measurement.measure(model, dataset, space, seed=3)
    assert set(row) == {*expected, "seconds"}
    numbers = [name for name, value in expected.items() if not isinstance(value, str)]
    assert {name: row[name] for name in expected if name not in numbers} == {
        name: expected[name] for name in expected if name not in numbers
    }
    assert [row[name] for name in numbers] == pytest.approx(
        [expected[name] for name in numbers], rel=1e-5, nan_ok=True
    )
    assert row["distortion"] != measurement.measure(model, dataset, space, seed=0)["distortion"]
    assert made["data"] == {
        "faces": dataset.fingerprint,
        "features of faces": features.fingerprint("faces"),
    }


def test_black_and_white_images_are_named_in_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    settings = DEFAULTS | {"dataset": "faces", "objective": "untrained", "limit": 40}
    row, made = make_rows.make_row(settings | {"pixels": "threshold"})
    expected = data.load("faces").binarize("threshold").limit(train=40).fingerprint
    assert made["data"]["faces, threshold"] == expected
    assert row["NLL"] > 0  # which only black-and-white pixels have


@pytest.mark.slow  # the other process measures everything on the full grid
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
    prepared = []
    monkeypatch.setattr(make_rows, "make_features", prepared.append)
    monkeypatch.setattr(make_rows, "add_references", prepared.append)
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
    assert "models.csv has 0 of 3 rows" in first.output and made == [0]
    assert prepared == ["faces", "faces"]
    broken.append(1)
    second = CliRunner().invoke(make_rows.main)
    assert second.exit_code == 1 and "1 rows failed" in second.output and made == [0, 2]
    assert "RuntimeError: no memory" in second.output
    broken.clear()
    assert CliRunner().invoke(make_rows.main).exit_code == 0 and made == [0, 2, 1]
    assert "has 3 of 3 rows" in CliRunner().invoke(make_rows.main).output
    assert made == [0, 2, 1]
    assert read_table(tmp_path / "models.csv", KEYS).loss.tolist() == [0, 2, 1]


@pytest.mark.slow  # the other process measures everything on the full grid
def test_a_process_of_its_own_makes_the_same_row(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    settings = DEFAULTS | {"dataset": "faces", "objective": "untrained", "limit": 40}
    [(asked, row, made)] = make_rows.make_all([settings], processes=1)
    here, made_here = make_rows.make_row(settings)
    assert asked == settings and made == made_here
    assert row["pixel MSE"] == pytest.approx(here["pixel MSE"], rel=1e-5)


@pytest.mark.parametrize("before", [None, "7"])
def test_the_environment_is_as_before(monkeypatch, before):
    monkeypatch.delenv("VAELIB_TEST", raising=False)
    if before:
        monkeypatch.setenv("VAELIB_TEST", before)
    with pytest.raises(KeyError), make_rows.environment(VAELIB_TEST="1"):
        assert os.environ["VAELIB_TEST"] == "1"
        raise KeyError
    assert os.environ.get("VAELIB_TEST") == before


def test_the_classifier_is_judged_by_test_images_and_kept(monkeypatch, capsys):
    """A classifier that knows only the training images gets a low accuracy."""

    class Learned:
        def accuracy(self, images, labels):
            return float(np.array_equal(images, FACES.train_images))

    kept = {}
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(features, "fingerprint", kept.get)
    monkeypatch.setattr(features, "train", lambda dataset: Learned())
    monkeypatch.setattr(
        features, "save", lambda trained, fingerprint, accuracy: kept.update(faces=accuracy)
    )
    make_rows.make_features("faces")
    assert kept == {"faces": 0.0} and "accuracy of 0.0%" in capsys.readouterr().out
    kept["faces"] = "there already"
    make_rows.make_features("faces")
    assert kept == {"faces": "there already"}


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


def test_references_are_added_once(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(features, "load", lambda name: flatten)
    monkeypatch.setattr(provenance, "commit", lambda folders: "abc")
    path = tmp_path / "references.csv"
    make_rows.add_references("faces", path)
    once = path.read_bytes()
    make_rows.add_references("faces", path)
    assert path.read_bytes() == once
    table = pd.read_csv(path)
    assert list(table.images) == list(known_images.NAMES)
    table[table.images != "blurred"].to_csv(path, index=False)  # as before this row was planned
    make_rows.add_references("faces", path)
    again = pd.read_csv(path)
    assert set(again.images) == set(known_images.NAMES) and len(again) == len(table)
