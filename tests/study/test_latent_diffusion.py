"""study/latent_diffusion.py: a diffusion model of codes, and how it is compared with priors."""

import ast
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import latent_diffusion
from study.latent_diffusion import CODES, DIFFUSION, MIXTURE, NORMAL, PRIORS, VAMP
from vaelib import data
from vaelib.measures import features, likelihood
from vaelib.models import VAE
from vaelib.priors import Mixture, StandardNormal
from vaelib.runs import provenance
from vaelib.support.backend import keras, layers
from vaelib.support.rng import named_rng

NOISE = np.random.default_rng(0).standard_normal((4_000, 2))


class KnownDenoiser:
    """The best denoiser for codes from N(mean, deviation² I), in closed form."""

    mean, deviation = np.array([1.0, -2.0]), 0.3

    def __call__(self, inputs):
        noisy, a, b = inputs[:, :2], inputs[:, 2:3], inputs[:, 3:]
        scaled = (noisy - a * self.mean) / (a**2 * self.deviation**2 + b**2)
        return a * (b * scaled) - b * (self.mean + a * self.deviation**2 * scaled)


def test_signal_and_noise_keep_the_variance():
    a, b = latent_diffusion.signal_and_noise(np.linspace(0, 1, 7))
    np.testing.assert_allclose(a**2 + b**2, 1)
    assert (a[0], b[0]) == (1, 0) and np.all(np.diff(b) > 0)


def test_the_best_denoiser_turns_noise_into_codes_of_the_distribution_it_knows():
    path = latent_diffusion.denoise(KnownDenoiser(), NOISE, steps=200)
    assert path.shape == (201, 4_000, 2)
    np.testing.assert_array_equal(path[0], NOISE)
    np.testing.assert_allclose(path[-1].mean(axis=0), KnownDenoiser.mean, atol=0.03)
    np.testing.assert_allclose(path[-1].std(axis=0), KnownDenoiser.deviation, rtol=0.05)


def test_the_predicted_code_and_noise_make_the_noisy_code():
    a, b = latent_diffusion.signal_and_noise(0.3)
    code, noise = latent_diffusion.predict(KnownDenoiser(), NOISE, 0.3)
    np.testing.assert_allclose(a * code + b * noise, NOISE, atol=1e-6)
    scaled = (NOISE - a * KnownDenoiser.mean) / (a**2 * KnownDenoiser.deviation**2 + b**2)
    np.testing.assert_allclose(noise, b * scaled, atol=1e-6)


def test_a_fitted_diffusion_finds_two_separate_groups_and_repeats_to_the_bit():
    random = np.random.default_rng(1)
    side = random.choice([-1.0, 1.0], (2_000, 1), p=[0.3, 0.7])
    codes = 5 + np.concatenate([2 * side, side], axis=1) + 0.1 * random.standard_normal((2_000, 2))
    prior, again, other = (latent_diffusion.DiffusionPrior(codes, s, steps=300) for s in (0, 0, 1))
    found = prior.sample(2_000, seed=3)
    np.testing.assert_array_equal(found, again.sample(2_000, seed=3))
    assert not np.array_equal(found, other.sample(2_000, seed=3))
    assert not np.array_equal(found, prior.sample(2_000, seed=4))
    right = found[:, 0] > 5
    assert right.mean() == pytest.approx(0.7, abs=0.06)
    np.testing.assert_allclose(np.median(found[right], axis=0), [7, 6], atol=0.25)
    np.testing.assert_allclose(np.median(found[~right], axis=0), [3, 4], atol=0.25)


def test_the_lesson_has_the_same_diffusion_model():
    """Its functions, which are written for readers, give the same codes to the last bit."""
    names = {"signal_and_noise", "fit_denoiser", "predict", "denoise"}
    script = Path(__file__).parents[2] / "notebooks" / "09_better_priors.py"
    tree = ast.parse(script.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if getattr(node, "name", None) in names]
    lesson = {"np": np, "keras": keras, "layers": layers}
    lesson |= {"named_rng": named_rng, "pairwise": pairwise}
    exec(compile(ast.Module(functions, []), str(script), "exec"), lesson)
    ours = latent_diffusion.fit_denoiser(NOISE[:500] / 2, seed=3, steps=20)
    theirs = lesson["fit_denoiser"](NOISE[:500] / 2, 20, 3)
    found = [latent_diffusion.denoise(ours, NOISE), lesson["denoise"](theirs, NOISE)]
    np.testing.assert_array_equal(*found)


def test_sampled_codes_are_codes_each_once_if_there_are_enough():
    codes = np.arange(20.0).reshape(10, 2)
    prior = latent_diffusion.SampledCodes(codes)
    assert sorted(prior.sample(10)[:, 0]) == codes[:, 0].tolist()
    assert prior.sample(25).shape == (25, 2)
    np.testing.assert_array_equal(prior.sample(4, seed=1), prior.sample(4, seed=1))


def test_histogram_kl_is_that_of_two_normal_distributions():
    random = np.random.default_rng(2)
    codes = random.standard_normal((100_000, 2))
    samples = [2.0, 1.0] * random.standard_normal((200_000, 2)) + [0.0, 0.8]
    exact = (np.log(2) + 1 / 8 - 1 / 2) + 0.8**2 / 2  # one part for each dimension
    found = latent_diffusion.histogram_kl(codes, samples)
    assert 0.9 * exact < found < exact  # differences within a cell do not count
    moved = latent_diffusion.histogram_kl(3 * codes + 1, 3 * samples + 1)
    assert moved == pytest.approx(found, abs=1e-9)
    same = latent_diffusion.histogram_kl(codes, random.standard_normal((50_000, 2)))
    assert same == pytest.approx(399 / 2 * (1 / 100_000 + 1 / 50_000), rel=0.3)


def test_histogram_kl_is_finite_where_there_are_no_samples():
    codes = np.random.default_rng(3).standard_normal((1_000, 2))
    # Nearly all codes are in cells with 1 / 400 of the codes and half a sample of 1,200.
    found = latent_diffusion.histogram_kl(codes, np.zeros((1_000, 2)))
    assert np.log(6) < found < np.log(6) + 0.3


@pytest.fixture(scope="module")
def model():
    return VAE(seed=0)


def test_the_sampled_cross_entropy_agrees_with_the_integral_for_a_wide_posterior(model):
    images = data.render_faces(train=20, test=12).test_images
    prior = Mixture(np.array([[0.5, 0.0], [-1.0, 1.0]]), np.zeros((2, 2)))
    model.prior = prior
    exact = -likelihood.log_likelihood(model, images).mean()
    found = latent_diffusion.sampled_cross_entropy(model, images, prior.sample(4_000, seed=1))
    assert found == pytest.approx(exact, abs=0.1)


def test_measures_without_a_density_leave_out_what_needs_one(model, monkeypatch):
    monkeypatch.setattr(latent_diffusion, "MANY", 200)
    monkeypatch.setattr(latent_diffusion, "SAMPLES", 100)
    monkeypatch.setattr(latent_diffusion, "LIKELIHOODS", 10)
    faces = data.render_faces(train=120, test=60)
    codes = model.encode(faces.train_images)
    rows = [
        latent_diffusion.measure(model, prior, faces, features.pixel_features)
        for prior in (StandardNormal(2), latent_diffusion.SampledCodes(codes))
    ]
    lacking = [{name for name, value in row.items() if np.isnan(value)} for row in rows]
    assert lacking == [set(), {"aggregate KL", "marginal cross-entropy"}]
    assert rows[0].keys() == rows[1].keys() >= {"coverage", "recall", "histogram KL"}


def test_all_priors_of_a_seed_are_asked_for_once():
    rows = pd.DataFrame(latent_diffusion.wanted())
    assert not rows.duplicated().any()
    found = rows.groupby(["latent_dim", "seed"]).prior.agg(tuple).to_dict()
    assert found == {(dims, seed): names for dims, names in PRIORS.items() for seed in range(5)}


def test_the_command_trains_measures_and_adds_what_is_missing(tmp_path, monkeypatch):
    faces = data.render_faces(train=120, test=60)
    monkeypatch.setattr(latent_diffusion, "TABLE", tmp_path / "diffusion.csv")
    monkeypatch.setattr(latent_diffusion, "MANY", 200)
    monkeypatch.setattr(latent_diffusion, "LIKELIHOODS", 10)
    monkeypatch.setattr(latent_diffusion, "STEPS", 20)
    monkeypatch.setattr(data, "load", lambda name: faces)
    monkeypatch.setattr(features, "load", lambda name: features.pixel_features)
    monkeypatch.setattr(provenance, "commit", lambda *folders: "abc")
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    names = NORMAL, MIXTURE, DIFFUSION, VAMP, CODES
    keys = [{"dataset": "faces", "latent_dim": 2, "prior": name, "seed": 0} for name in names]
    keys += [{"dataset": "faces", "latent_dim": 3, "prior": DIFFUSION, "seed": 0}]
    for n in (2, 6, 6):
        monkeypatch.setattr(latent_diffusion, "wanted", lambda n=n: keys[:n])
        done = CliRunner().invoke(latent_diffusion.main, [])
        assert done.exit_code == 0, done.output
    table = latent_diffusion.read(tmp_path / "diffusion.csv")
    assert table.prior.tolist() == [*names, DIFFUSION]
    assert np.isfinite(table.coverage).all() and (table["seconds to fit"] >= 0).all()
    assert np.isfinite(table["histogram KL"]).tolist() == [True] * 5 + [False]
    with_density = table[:5].set_index("prior")["aggregate KL"].notna()
    assert with_density.to_dict() == {n: n not in (DIFFUSION, CODES) for n in names}
