"""Rows about faces: known codes go in, known numbers come out; and a table is made only once."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from study import face_tables
from study import make_face_tables as tool
from vaelib import data
from vaelib.measures import disentanglement as measured


class Plane:
    """An encoder whose codes are the causes themselves, turned by an angle."""

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
def test_a_plane_that_is_turned_loses_what_hangs_on_axes_and_nothing_else(
    drawn, angle, monkeypatch
):
    run = type("Run", (), {"model": Plane(angle, drawn.test_factors)})
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


def test_rows_are_made_once(tmp_path, monkeypatch):
    path, made, drawn = tmp_path / "faces.csv", [], data.render_faces(train=9, test=9)

    def make(objective, seed):
        made.append((objective, seed))
        return {"value": float(len(made))}

    for _ in range(2):
        tool.add_missing_rows(path, make, ("elbo", "beta(4)"), seeds=2, dataset=drawn)
    assert sorted(made) == [("beta(4)", 0), ("beta(4)", 1), ("elbo", 0), ("elbo", 1)]
    table = pd.read_csv(path)
    assert table[["objective", "seed"]].values.tolist() == [list(pair) for pair in made]


def test_the_committed_tables_are_complete():
    for table, objectives, seeds in (
        (face_tables.read_drawn(), face_tables.OBJECTIVES, 10),
        (face_tables.read_filmed(), (*face_tables.FILM_OBJECTIVES, *face_tables.CONTROLS), 5),
    ):
        counts = table.groupby("objective").seed.nunique()
        assert counts.to_dict() == dict.fromkeys(objectives, seeds)
