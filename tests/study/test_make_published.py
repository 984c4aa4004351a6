"""study/make_published.py: the published settings, measured, and never twice."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import make_published
from study.table_files import read_record
from vaelib import data, runs
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.runs import provenance
from vaelib.runs.npz import from_npz

FACES = data.render_faces(train=100, test=20)


def test_the_settings_are_the_published_ones():
    tutorial, vae, vamp = make_published.recipes(200).values()
    assert (tutorial.batch_size, tutorial.learning_rate, tutorial.epochs) == (32, 1e-4, 10)
    assert (tutorial.latent_dim, tutorial.pixels, tutorial.network) == (
        *(2, "threshold", "convolutional"),
    )
    assert (vae.latent_dim, vae.network, vae.batch_size, vae.learning_rate) == (
        *(40, "gated", 100, 5e-4),
    )
    assert vae.objective.warmup_epochs == 100 and vae.schedule == "constant"
    assert str(vamp.prior) == "vamp of 500"
    assert vae == vamp.__class__(**vars(vamp) | {"prior": vae.prior})  # nothing else differs


def test_the_likelihood_lies_above_the_bound(monkeypatch):
    monkeypatch.setattr(make_published, "STEP", 0.25)
    model, images = VAE(), FACES.binarize("threshold").test_images
    found = make_published.measure(model, images, samples=50)
    row = make_published.summary(found)
    assert -row["exact NLL"] > row["ELBO"]
    exact = likelihood.log_likelihood(model, images, step=0.25)
    np.testing.assert_allclose(found["exact NLL"], -exact, rtol=1e-6)
    assert row["exact NLL"] == pytest.approx(-np.mean(exact), rel=1e-6)
    assert row["exact NLL, standard error"] == pytest.approx(np.std(exact) / np.sqrt(20), rel=1e-4)


def test_with_more_dimensions_codes_are_drawn():
    model, images = VAE(latent_dim=3), FACES.test_images
    found = make_published.measure(model, images, samples=50)
    assert set(found) == {"ELBO", "importance-sampled NLL"}
    drawn = likelihood.importance_sampled_log_likelihood(model, images, 50)
    np.testing.assert_array_equal(found["importance-sampled NLL"], -drawn)
    assert -np.mean(drawn) < -np.mean(found["ELBO"])


def test_what_was_measured_is_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(make_published, "STEP", 0.25)
    monkeypatch.setattr(make_published, "TABLE", tmp_path / "paper.csv")
    monkeypatch.setattr(provenance, "commit", lambda *folders: "abc")
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))
    few = {"VAE": make_published.Recipe("faces", epochs=1, limit=20, pixels="static")}
    monkeypatch.setattr(make_published, "recipes", lambda epochs: few)
    options = ["--images", "4", "--samples", "3"]
    first = CliRunner().invoke(make_published.main, options)
    assert first.exit_code == 0, first.output
    written = (tmp_path / "paper.csv").read_bytes()
    second = CliRunner().invoke(make_published.main, options)
    assert second.exit_code == 0, second.output
    assert (tmp_path / "paper.csv").read_bytes() == written
    CliRunner().invoke(make_published.main, ["--images", "5", "--samples", "3"])
    table = pd.read_csv(tmp_path / "paper.csv")
    assert table.images.tolist() == [4, 5]
    static = FACES.binarize("static")
    [run] = [runs.load(path) for path in (tmp_path / "runs").iterdir() if runs.is_complete(path)]
    found = make_published.measure(run.model, static.test_images[:4], samples=3)
    expected = make_published.summary(found)
    assert table.loc[0, list(expected)].to_dict() == pytest.approx(expected, rel=1e-4)
    record = read_record(tmp_path / "paper.csv")
    assert record["abc"]["data"] == {"faces, static": static.limit(train=20).fingerprint}
    kept = from_npz((tmp_path / "paper.npz").read_bytes())
    for images, bound in zip(table.images, table["ELBO"], strict=True):  # both are still there
        values = kept[f"VAE, 1 epochs, {images} images, 3 samples/ELBO"]
        assert len(values) == images and np.mean(values) == pytest.approx(bound, rel=1e-5)
