"""tools/tables/planes.py: the last snapshots of the beta-VAEs, small."""

import json

import numpy as np
from click.testing import CliRunner

from tools.tables import planes
from vaelib import data, runs, study
from vaelib.study import family

FACES = data.render_faces(train=60, test=20)


def test_the_models_are_beta_vaes_with_rising_weights():
    weights = [study.recipe("faces", word).objective.kl_weight for word in planes.BETAS]
    assert weights == sorted(weights) and (weights[0], weights[-1]) == (0.01, 10)


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
    path = tmp_path / "planes.npz"
    path.write_bytes(planes.to_npz(arrays))
    for run in family.betas(path):  # which read the weights
        word = f"beta({run.recipe.objective.kl_weight:g})"
        codes = run.model.encode(FACES.test_images)
        np.testing.assert_allclose(codes, arrays[f"{word}/codes"], atol=3e-3)


def test_what_the_file_lacks_or_other_code_trained_is_made(monkeypatch, tmp_path):
    made, code = [], ["today"]

    def make(words, **settings):
        made.append(list(words))
        about = np.array(json.dumps({"code": {"fingerprint": code[0]}}))
        about = {f"{word}/provenance": about for word in words}
        return about | {f"{word}/weights/0": np.zeros(1) for word in words}

    monkeypatch.setattr(planes, "FILE", tmp_path / "planes.npz")
    monkeypatch.setattr(planes, "planes", make)
    monkeypatch.setattr(planes.provenance, "code_fingerprint", lambda: code[0])
    for now, words in [
        ("today", ["beta(1)"]),
        ("today", ["beta(1)", "beta(2)"]),
        ("today", ["beta(1)", "beta(2)"]),
        ("tomorrow", ["beta(1)"]),
    ]:
        code[0] = now
        monkeypatch.setattr(planes, "BETAS", words)
        assert CliRunner().invoke(planes.main).exit_code == 0
    assert made == [["beta(1)"], ["beta(2)"], ["beta(1)"]]
    kept = planes.from_npz((tmp_path / "planes.npz").read_bytes())
    assert {name.partition("/")[0] for name in kept} == {"beta(1)", "beta(2)"}
    # A plane without its model is not whole.
    assert not planes.is_todays("beta(1)", {"beta(1)/provenance": kept["beta(1)/provenance"]})
