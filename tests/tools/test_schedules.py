"""tools/tables/schedules.py: schedules tried on models, a row for each, never made twice."""

from types import SimpleNamespace

import numpy as np
import pytest

from tools.tables import schedules


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(schedules.SCHEDULES, "tiny", (2, 100, 1e-3, "cosine", 0.99))


def test_a_row_says_what_was_trained_for_how_long_and_how_good_it_is(tiny, faces):
    row = schedules.row_of("tiny", faces, "elbo", seed=1)
    assert [row[name] for name in schedules.KEYS] == ["tiny", "faces", "elbo", 1]
    assert row["steps"] == 2 * 6  # 510 images make six batches
    assert 0 < row["pixel MSE"] < 0.25 and 0 <= row["15-NN accuracy"] <= 1
    assert 28 * 28 * np.log(2) > row["test loss"] > 0  # better than all grey
    assert row["data"] == faces.fingerprint


def test_the_posts_schedule_is_not_trained_again_where_it_is_published(monkeypatch):
    monkeypatch.setattr(schedules.training, "fit", None)
    clothes = SimpleNamespace(name="fashion_mnist")
    model, seconds, code = schedules.trained("post", clothes, "elbo", 0)
    assert int(model.optimizer.iterations) == 30_000
    assert seconds > 0 and len(code) == 64


def test_adams_memory_is_the_one_that_was_asked_for(faces):
    model = schedules.VAE()
    schedules.compiled(model, len(faces.train_images), 4, 100, 8e-3, "cosine", 0.99)
    assert model.optimizer.beta_2 == 0.99
    assert model.steps_per_epoch == 6


def test_rows_are_added_once(tmp_path):
    table = tmp_path / "schedules.csv"
    row = dict(zip(schedules.KEYS, ("post", "mnist", "elbo", 0), strict=True)) | {"steps": 1}
    schedules.add(row, table)
    schedules.add(row | {"steps": 2}, table)
    schedules.add(row | {"seed": 1, "steps": 3}, table)
    assert schedules.read(table).steps.tolist() == [1, 3]
