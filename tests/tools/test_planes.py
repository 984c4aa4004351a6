"""tools/tables/planes.py: the last snapshots of the beta-VAEs, small."""

import json

import numpy as np
from click.testing import CliRunner

from tools.tables import planes
from vaelib import data, runs, study

FACES = data.render_faces(train=60, test=20)


def test_the_models_are_those_that_the_sweep_asks_for():
    words, epochs = planes.betas()
    assert "beta(0.01)" in words and "beta(10)" in words and epochs >= 1
    weights = [study.recipe("faces", word).objective.kl_weight for word in words]
    assert weights == sorted(weights)


def test_the_last_snapshot_of_each_model_is_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    settings = dict(dataset="faces", epochs=1, limit=40)
    arrays = planes.planes(["beta(1)", "beta(0.1)"], **settings)
    np.testing.assert_array_equal(arrays["labels"], FACES.test_labels)
    for word in ("beta(1)", "beta(0.1)"):
        model = runs.train(study.recipe(objective=word, **settings)).model
        codes = arrays[f"{word}/codes"]
        np.testing.assert_allclose(codes, model.encode(FACES.test_images), atol=2e-3)
        about = json.loads(str(arrays[f"{word}/provenance"]))
        assert about["data"]["fingerprint"] == FACES.limit(train=40).fingerprint
        assert about["recipe"]["objective"]["kl_weight"] == model.objective.kl_weight
        assert (codes.dtype, arrays[f"{word}/grid"].dtype) == (np.float16, np.uint8)


def test_only_what_the_file_lacks_is_made(monkeypatch, tmp_path):
    made = []

    def make(words, **settings):
        made.append(words)
        return {f"{word}/codes": np.zeros(2) for word in words}

    monkeypatch.setattr(planes, "FILE", tmp_path / "planes.npz")
    monkeypatch.setattr(planes, "planes", make)
    for words in (["beta(1)"], ["beta(1)", "beta(2)"], ["beta(1)", "beta(2)"]):
        monkeypatch.setattr(planes, "betas", lambda words=words: (words, 5))
        assert CliRunner().invoke(planes.main).exit_code == 0
    assert made == [["beta(1)"], ["beta(2)"]]
    kept = planes.from_npz((tmp_path / "planes.npz").read_bytes())
    assert set(kept) == {"beta(1)/codes", "beta(2)/codes"}
