"""The tables about faces: known codes give known numbers, and each row is made once."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import face_tables, named_models
from study import make_face_tables as tool
from study.table_files import read_record
from vaelib import data, runs
from vaelib.measures import disentanglement as measured
from vaelib.runs import provenance


class RotatedFactors:
    """An encoder whose codes are the factors themselves, rotated by an angle."""

    def __init__(self, angle, factors):
        self.angle, self.factors = angle, factors

    def encode(self, images):
        noise = np.random.default_rng(0).standard_normal(self.factors.shape)
        units = (self.factors - self.factors.mean(axis=0)) / self.factors.std(axis=0)
        return measured.rotate(units + 0.01 * noise, self.angle)


@pytest.fixture(scope="module")
def drawn():
    return data.load("faces")


@pytest.mark.parametrize("angle", [0, 30, 45])
def test_rotating_the_codes_lowers_the_measures_of_axes_and_no_others(drawn, angle, monkeypatch):
    run = type("Run", (), {"model": RotatedFactors(angle, drawn.test_factors)})
    monkeypatch.setattr(tool, "train_quietly", lambda dataset, objective, seed: run)
    row = tool.row_of_drawn("elbo", 0)
    for reading in ("linear R²", "k-NN R²"):
        for cause in face_tables.FACTORS:
            assert row[f"{reading}, {cause}"] > 0.99
    assert row["rotation angle"] == pytest.approx((90 - angle) % 90, abs=1)
    assert row["angle, valence"] == pytest.approx(angle, abs=1)
    assert row["angle, intensity"] == pytest.approx(90 + angle, abs=1)
    assert row["R² of axes, best rotation"] > 0.99 and row["SAP, best rotation"] > 0.98
    cosine, sine = np.cos(np.deg2rad(angle)) ** 2, np.sin(np.deg2rad(angle)) ** 2
    assert row["R² of axes, as they are"] == pytest.approx(max(cosine, sine), abs=0.02)
    assert row["SAP, as they are"] == pytest.approx(abs(cosine - sine), abs=0.05)
    if angle == 45:
        assert row["MIG, as they are"] < 0.1 < 0.7 < row["MIG, best rotation"]
        assert row["DCI, as they are"] < 0.2 < 0.9 < row["DCI, best rotation"]


def test_a_walk_has_short_steps_and_noise_has_not():
    random = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 1_001)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # The mean distance of two places on a circle of radius 1 is 4 / pi.
    expected = 2 * np.pi / 1_000 / (4 / np.pi)
    assert face_tables.step_ratio(circle) == pytest.approx(expected, rel=0.05)
    assert face_tables.step_ratio(random.standard_normal((5_000, 2))) == pytest.approx(1, abs=0.05)


def test_a_film_that_goes_round_in_a_circle_gets_the_steps_of_a_circle(tmp_path, monkeypatch):
    angles = np.linspace(0, 2 * np.pi, 201)
    frames = np.zeros((201, 28, 20, 1), "uint8")
    frames[:, 0, 0, 0] = np.arange(201)
    codes = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    class Model:
        def encode(self, images):
            return codes[images[:, 0, 0, 0]]

    class Run:
        model, snapshots = Model(), {"grid": np.zeros((1, 256, 28, 20, 1), "uint8")}
        recipe = SimpleNamespace(load_dataset=lambda: SimpleNamespace(test_images=frames[:3]))

    monkeypatch.setattr(tool, "train_quietly", lambda dataset, objective, seed: Run)
    monkeypatch.setattr(tool, "mean_squared_error", lambda model, images: 0.25)
    monkeypatch.setattr(tool.frey, "load_frames", lambda: frames)
    monkeypatch.setattr(face_tables, "GRID", tmp_path / "frey.npz")
    row = tool.row_of_film("elbo", 0)
    assert row["step ratio"] == pytest.approx(2 * np.pi / 200 / (4 / np.pi), rel=0.1)
    assert row["pixel MSE"] == 0.25
    np.testing.assert_allclose(np.load(face_tables.GRID)["elbo/codes"], codes, atol=1e-3)
    assert tool.row_of_film("pixels", 0)["step ratio"] < 0.05  # they grow frame by frame


def test_a_trained_model_is_measured_by_its_codes_and_the_known_factors(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    monkeypatch.setitem(tool.SETTINGS, "faces", {"epochs": 1, "limit": 200})
    row, dataset = tool.row_of_drawn("beta(4)", 1), data.load("faces")
    recipe = named_models.recipe("faces", "beta(4)", seed=1, epochs=1, limit=200)
    codes = runs.train(recipe).model.encode(dataset.test_images)
    assert row == pytest.approx(face_tables.measure_drawn_faces(codes, dataset.test_factors))


def test_both_tables_are_made_with_all_models_and_seeds(tmp_path, monkeypatch):
    film = SimpleNamespace(name="frey_faces", fingerprint="def")
    drawn = data.render_faces(train=9, test=9)
    monkeypatch.setattr(data, "load", {"faces": drawn, "frey_faces": film}.get)
    monkeypatch.setattr(face_tables, "DRAWN", tmp_path / "faces.csv")
    monkeypatch.setattr(face_tables, "FILMED", tmp_path / "frey.csv")
    monkeypatch.setattr(tool, "row_of_drawn", lambda objective, seed: {"value": 1.0})
    monkeypatch.setattr(tool, "row_of_film", lambda objective, seed: {"value": 2.0})
    monkeypatch.setattr(provenance, "commit", lambda folders: "abc")
    done = CliRunner().invoke(tool.main)
    assert done.exit_code == 0, done.output
    for path, value, count in (("faces", 1.0, 10), ("frey", 2.0, 5)):
        table = pd.read_csv(tmp_path / f"{path}.csv")
        assert (table.value == value).all()
        assert (table.groupby("objective").seed.nunique() == count).all()
    record = read_record(tmp_path / "frey.csv")
    assert record["abc"]["data"] == {"frey_faces": "def"}


def test_the_committed_tables_are_complete():
    for table, objectives, seeds in (
        (face_tables.read_drawn(), face_tables.OBJECTIVES, 10),
        (face_tables.read_filmed(), (*face_tables.FILM_OBJECTIVES, *face_tables.CONTROLS), 5),
    ):
        counts = table.groupby("objective").seed.nunique()
        assert counts.to_dict() == dict.fromkeys(objectives, seeds)
