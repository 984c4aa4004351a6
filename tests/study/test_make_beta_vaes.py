"""study/make_beta_vaes.py: the last snapshots of the beta-VAEs, small."""

import json

import numpy as np
from click.testing import CliRunner

from study import make_beta_vaes, named_models, vae_family
from vaelib import data, runs

FACES = data.render_faces(train=60, test=20)


def test_the_models_are_beta_vaes_with_rising_weights():
    weights = [
        named_models.recipe("faces", word).objective.weight("kl") for word in make_beta_vaes.BETAS
    ]
    assert weights == sorted(weights) and (weights[0], weights[-1]) == (0.01, 10)


def test_the_last_snapshot_of_each_model_is_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    settings = dict(dataset="faces", epochs=1, limit=40)
    arrays = make_beta_vaes.snapshots_and_weights(["beta(1)", "beta(0.1)"], **settings)
    np.testing.assert_array_equal(arrays["labels"], FACES.test_labels)
    for word in ("beta(1)", "beta(0.1)"):
        model = runs.train(named_models.recipe(objective=word, **settings)).model
        codes = arrays[f"{word}/codes"]
        np.testing.assert_allclose(codes, model.encode(FACES.test_images), atol=2e-3)
        about = json.loads(str(arrays[f"{word}/provenance"]))
        assert about["data"]["fingerprint"] == FACES.limit(train=40).fingerprint
        assert about["recipe"]["objective"]["terms"][0]["weight"] == model.objective.weight("kl")
        assert (codes.dtype, arrays[f"{word}/grid"].dtype) == (np.float16, np.uint8)
    path = tmp_path / "beta_vaes.npz"
    path.write_bytes(make_beta_vaes.to_npz(arrays))
    for run in vae_family.load_beta_vaes(path):  # which read the weights
        word = f"beta({run.recipe.objective.weight('kl'):g})"
        codes = run.model.encode(FACES.test_images)
        np.testing.assert_allclose(codes, arrays[f"{word}/codes"], atol=3e-3)


def test_only_what_the_file_lacks_is_made(monkeypatch, tmp_path):
    made = []

    def make(words, **settings):
        assert settings == {"dataset": "fashion_mnist"}
        made.append(list(words))
        return {f"{word}/weights/0": np.zeros(1) for word in words}

    monkeypatch.setattr(make_beta_vaes, "BETA_VAES", tmp_path / "beta_vaes.npz")
    monkeypatch.setattr(make_beta_vaes, "snapshots_and_weights", make)
    for words in (["beta(1)"], ["beta(1)", "beta(2)"], ["beta(1)", "beta(2)"]):
        monkeypatch.setattr(make_beta_vaes, "BETAS", words)
        assert CliRunner().invoke(make_beta_vaes.main).exit_code == 0
    assert made == [["beta(1)"], ["beta(2)"]]
    kept = make_beta_vaes.from_npz((tmp_path / "beta_vaes.npz").read_bytes())
    assert {name.partition("/")[0] for name in kept} == {"beta(1)", "beta(2)"}
