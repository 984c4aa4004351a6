"""Mistakes in published code for these models, none of which is made here.

Those with a test of their own elsewhere: a reconstruction summed over the batch, or averaged over
pixels (test_objectives, test_losses); an MMD divided twice (test_mmd); a training run that can't
be resumed (test_training); a model that can't be saved (test_models).
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vaelib import data, objectives, priors, runs
from vaelib.models import VAE
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import Snapshots

FACES = data.render_faces(train=60, test=20)
ROOT = Path(__file__).parents[1]
NAMED = [v for v in vars(objectives).values() if isinstance(v, objectives.Objective)]


@pytest.mark.parametrize("objective", [*NAMED, objectives.infovae(0.5, 10)], ids=str)
def test_a_larger_divergence_is_never_better(objective):
    terms = {"reconstruction": np.float32([100]), "kl": np.float32([100]), "mmd": np.float32(0.1)}
    before = float(objective.loss(terms))
    for name in ("kl", "mmd"):
        after = float(objective.loss(terms | {name: terms[name] + 1}))
        weighed = name in objective.term_names
        assert after > before if weighed else after == before


def test_a_divergence_is_never_rewarded():
    """One library's InfoVAE weighs the MMD by -0.999 unless told otherwise."""
    said = "the weight of MMD must be a finite number, 0 or more, not -0.999."
    with pytest.raises(ValueError, match=re.escape(said)):
        objectives.infovae(0, 0.001)
    with pytest.raises(
        ValueError, match=r"the weight of KL must be a finite number, 0 or more, not -1\."
    ):
        objectives.infovae(2, 1)


def test_a_vamp_priors_samples_come_from_the_density_that_was_trained():
    """One sampler puts its pseudo-inputs through a tanh that training does not know of."""
    model = VAE(prior=priors.vamp(1))
    model.prior.initialize(FACES.train_images, seed=0)
    pseudo_input = np.array(model.prior.pseudo_inputs)
    (mean,), (log_var,) = model.encode_distribution(pseudo_input)
    codes = model.prior.sample(4_000)
    np.testing.assert_allclose(codes.mean(axis=0), mean, atol=0.1)
    np.testing.assert_allclose(codes.var(axis=0), np.exp(log_var), rtol=0.15)


def test_every_component_of_a_vamp_prior_has_the_same_weight():
    """A slip of operator precedence once took the mean of one term only."""
    model = VAE(prior=priors.vamp(3))
    z = np.random.default_rng(0).standard_normal((9, 2)).astype("float32")
    whole = np.array(model.prior.log_density(z))
    means, log_vars = model.encode_distribution(np.array(model.prior.pseudo_inputs))
    deviations = (z[:, None] - means) ** 2 / np.exp(log_vars)
    of_each = np.exp(-0.5 * (deviations + log_vars + np.log(2 * np.pi)).sum(axis=2))
    np.testing.assert_allclose(whole, np.log(of_each.mean(axis=1)), rtol=1e-3, atol=1e-4)


def test_test_images_have_no_part_in_training(monkeypatch, tmp_path):
    """A well-known example trains on both."""
    weights = []
    for test_images in (FACES.test_images, 255 - FACES.test_images):
        other = replace(FACES, test_images=test_images)
        monkeypatch.setattr(data, "load", lambda name, other=other: other)
        run = runs.train(Recipe("faces", epochs=1), tmp_path / str(len(weights)))
        weights.append(run.model.get_weights())
    for one, another in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, another)


def test_a_model_can_be_validated():
    """The same example's model fails when it is given validation data."""
    model = VAE()
    model.compile("adam", jit_compile=False)
    history = model.fit(
        FACES.train_images, validation_data=(FACES.test_images,), epochs=1, verbose=0
    ).history
    assert np.isfinite(history["val_loss"]).all()
    assert {"val_reconstruction", "val_kl"} <= set(history)


def test_tensorflow_probability_is_not_needed():
    """It does not work with Keras 3."""
    for name in ("requirements.lock", "pyproject.toml", "environment.yml"):
        assert "probability" not in (ROOT / name).read_text()


def test_a_grid_is_decoded_at_once():
    """Not one cell after the other."""
    model, calls = VAE(), []
    decode = model.decode
    model.decode = lambda z, labels=None: calls.append(len(z)) or decode(z, labels)
    snapshots = Snapshots(FACES.test_images, FACES.test_labels, epochs=1, steps_per_epoch=1)
    snapshots.set_model(model)
    snapshots.on_train_begin()
    assert sorted(calls) == [64, 256]
