"""Snapshots: when they are taken, what they contain, and the layout of grid and prior."""

import numpy as np
import pytest
from scipy.special import logsumexp

from vaelib import data, priors, runs, training
from vaelib.models import VAE
from vaelib.objectives import ELBO
from vaelib.runs.recipes import Recipe
from vaelib.runs.snapshots import Snapshots
from vaelib.support.latent_grid import grid_codes

IMAGES, LABELS = np.zeros((3, 28, 28, 1), "uint8"), np.array([2, 0, 1], "uint8")


class Counting:
    """A model whose images get brighter with every call."""

    latent_dim, condition = 2, 0
    prior = priors.STANDARD_NORMAL.build(2, None)

    def __init__(self):
        self.asked = 0

    def sample(self, n, seed):
        self.asked += 1
        return np.full((n, 28, 28, 1), self.asked / 255)

    def encode(self, images, labels=None):
        return np.full((len(images), self.latent_dim), float(self.asked))

    def decode(self, z):
        return np.full((len(z), 28, 28, 1), self.asked / 255)


def follow(snapshots, epochs, model, start=0):
    """What `fit` does to a callback."""
    snapshots.set_model(model)
    snapshots.on_train_begin()
    for epoch in range(start, epochs):
        snapshots.on_epoch_begin(epoch)
        for batch in range(snapshots.steps_per_epoch):
            snapshots.on_train_batch_end(batch)
    return snapshots.arrays()


@pytest.mark.parametrize(
    "epochs, steps_per_epoch, kept",
    [
        (1, 10, [0, 10]),
        (1, 50, [0, 50]),
        (2, 60, [0, 50, 120]),
        (3, 100, [0, 50, 200, 300]),
        (4, 600, [0, 50, 200, 600, 1_200, 2_400]),
        (50, 600, [0, 50, 200, 600, 1_200, 30_000]),
    ],
)
def test_snapshots_are_taken_before_training_in_its_first_steps_and_at_the_end(
    epochs, steps_per_epoch, kept
):
    arrays = follow(Snapshots(IMAGES, LABELS, epochs, steps_per_epoch), epochs, Counting())
    assert arrays["steps"].tolist() == kept
    assert arrays["samples"][:, 0, 0, 0, 0].tolist() == list(range(1, len(kept) + 1))


@pytest.mark.parametrize("size", [1_000, 990])  # ten steps are executed at once, or one
def test_a_step_is_counted_where_the_optimizer_counts_it(size, tmp_path, monkeypatch):
    small, counted = data.render_faces(train=size, test=10), []
    monkeypatch.setattr(data, "load", lambda name: small)
    plain = Snapshots._take

    def take(snapshots, step):
        counted.append((step, int(snapshots.model.optimizer.iterations)))
        plain(snapshots, step)

    monkeypatch.setattr(Snapshots, "_take", take)
    run = runs.train(Recipe("faces", ELBO, epochs=2, batch_size=10), tmp_path)
    last = 2 * size // 10
    assert counted == [(step, step) for step in (0, 50, last)]
    assert run.snapshots["steps"].tolist() == [0, 50, last]


def test_a_snapshot_contains_samples_of_the_same_codes_test_codes_and_a_grid():
    model = VAE()
    arrays = follow(Snapshots(IMAGES, LABELS, 1, 1, seed=4), 1, model)
    assert arrays["samples"].shape == (2, 64, 28, 28, 1)
    assert arrays["grid"].shape == (2, 256, 28, 28, 1)
    assert arrays["samples"].dtype == arrays["grid"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["codes"][0], model.encode(IMAGES))
    np.testing.assert_array_equal(arrays["labels"], LABELS)
    np.testing.assert_array_equal(arrays["samples"][0], arrays["samples"][1])
    pixels = 255 * model.sample(64, seed=4)
    np.testing.assert_allclose(arrays["samples"][0], pixels, atol=0.501)
    np.testing.assert_allclose(arrays["grid"][0], 255 * model.decode(grid_codes()), atol=0.501)


def test_only_a_two_dimensional_latent_space_has_a_grid():
    model = Counting()
    model.latent_dim = 3
    assert set(follow(Snapshots(IMAGES, LABELS, 1, 1), 1, model)) == {
        *("labels", "steps", "samples", "codes")
    }


def log_density_of_mixture(prior, z1, z2):
    """log 1/K sum_k N(z; mean_k, exp(log_var_k)), in double precision."""
    means, log_vars = (np.asarray(v, "float64") for v in (prior.means, prior.log_vars))
    squares = (np.stack([z1, z2], axis=-1)[..., None, :] - means) ** 2 / np.exp(log_vars)
    terms = -0.5 * (squares + log_vars + np.log(2 * np.pi)).sum(axis=-1)
    return logsumexp(terms, axis=-1) - np.log(terms.shape[-1])


@pytest.mark.parametrize("reach", [1.0, 20.0])
def test_a_prior_that_is_not_standard_normal_is_saved_as_its_density_on_a_grid(reach, monkeypatch):
    model = VAE(prior=priors.mixture(3), seed=1)
    model.prior.means.assign([[3, 0], [-1, 2], [0, -3]])  # nothing about it is symmetric
    model.prior.log_vars.assign([[0, -2], [-1, 0], [-1, -1]])
    monkeypatch.setattr(
        model, "encode", lambda images, labels: np.array([[0.5, -reach]], "float32")
    )
    arrays = follow(Snapshots(IMAGES, LABELS, 1, 1), 1, model)
    assert arrays["prior"].shape == (2, 201, 201)
    limit = arrays["prior_limit"][0]
    farthest = max(reach, np.abs(model.prior.sample(1_000, seed=5)).max())
    assert farthest < limit < 1.5 * farthest
    axis = np.linspace(-limit, limit, 201)
    expected = log_density_of_mixture(model.prior, *np.meshgrid(axis, axis))  # z2 rising downwards
    np.testing.assert_allclose(arrays["prior"][0], expected, rtol=1e-3, atol=1e-3)


def test_a_prior_of_more_than_two_dimensions_is_not_saved():
    model = VAE(latent_dim=3, prior=priors.mixture(2))
    arrays = follow(Snapshots(IMAGES, LABELS, 1, 1), 1, model)
    assert arrays["prior"].shape == (2, 0)


def test_a_standard_normal_prior_is_not_saved():
    assert not {"prior", "prior_limit"} & set(follow(Snapshots(IMAGES, LABELS, 1, 1), 1, VAE()))


def test_a_run_with_a_trained_prior_is_resumed_with_the_same_bytes(tmp_path, monkeypatch):
    recipe = Recipe("faces", ELBO, epochs=2, batch_size=50, prior=priors.vamp(3))
    small = data.render_faces(train=100, test=10)
    monkeypatch.setattr(data, "load", lambda name: small)
    whole = runs.train(recipe, tmp_path / "whole")
    assert whole.snapshots["prior"].shape == (2, 201, 201)  # before training, after its 4 steps
    assert not np.array_equal(*whole.snapshots["prior"])

    def interrupt(callback, batch, logs=None):
        if len(callback.history.get("loss", [])) == 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.EpochLog, "on_train_batch_end", interrupt)
        runs.train(recipe, tmp_path / "again")
    again = runs.train(recipe, tmp_path / "again")
    assert again.provenance["resumed_after_epoch"] == 1
    for name in ("weights.npz", "optimizer.npz", "history.json", "snapshots.npz"):
        assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_snapshots_are_the_same_after_resuming():
    model = Counting()
    whole = follow(Snapshots(IMAGES, LABELS, 4, 30), 4, model)
    model.asked = 0
    first = follow(Snapshots(IMAGES, LABELS, 4, 30), 2, model)
    resumed = Snapshots(IMAGES, LABELS, 4, 30)
    resumed.restore(first)
    resumed = follow(resumed, 4, model, start=2)
    assert set(resumed) == set(whole)
    for name, array in whole.items():
        np.testing.assert_array_equal(resumed[name], array)
        assert resumed[name].dtype == array.dtype


def test_the_grid_starts_at_the_top_left_and_goes_down_row_by_row():
    codes = grid_codes()
    assert (codes.shape, codes.dtype) == ((256, 2), np.float32)
    assert codes[[0, 15, 240, 255]].tolist() == [[-4, 4], [4, 4], [-4, -4], [4, -4]]
    z1, z2 = codes.reshape(16, 16, 2).transpose(2, 0, 1)
    np.testing.assert_allclose(np.diff(z1, axis=1), 8 / 15, rtol=1e-5)
    np.testing.assert_allclose(np.diff(z2, axis=0), -8 / 15, rtol=1e-5)
    assert np.ptp(z1, axis=0).max() == np.ptp(z2, axis=1).max() == 0
    assert grid_codes(side=3, limit=1).tolist()[:4] == [[-1, 1], [0, 1], [1, 1], [-1, 0]]
