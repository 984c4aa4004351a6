"""Objectives: the weighted sum of terms, equal to what the post and the paper compute."""

import numpy as np
import pytest
from scipy import special, stats

from fixed_prior import prior_with_samples
from vaelib import losses
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_ELBO,
    POST_MMD,
    Objective,
    beta,
    infovae,
    post_elbo,
)
from vaelib.terms import CLOSED_FORM_KL, KL, MMD

BATCH = 100
NAMED = [AUTOENCODER, ELBO, POST_ELBO, POST_MMD]


def loss(objective, batch, repeat=1):
    images, outputs, prior = batch
    images = np.tile(images, (repeat, 1, 1, 1))
    outputs = {k: np.tile(v, (repeat,) + (1,) * (v.ndim - 1)) for k, v in outputs.items()}
    prior = prior_with_samples(np.tile(prior, (repeat, 1)))
    return float(objective.loss(objective.loss_terms(images, outputs, prior)))


# ---- What the post computes


@pytest.mark.parametrize("size", [BATCH, 50])
def test_the_weight_of_the_posts_kl_is_1_over_the_size_of_the_batch(size, batch):
    images, outputs, _ = batch
    images, outputs = images[:size], {name: array[:size] for name, array in outputs.items()}
    x, logits = images.astype(float), outputs["logits"].astype(float)
    std = np.exp(outputs["z_log_var"] / 2)
    # eager_cvae.R: the reconstruction is summed over all axes, that of the batch included ...
    logpx_z = (x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)).sum()
    # ... while these are one number per image, and then all three are averaged.
    logpz = stats.norm.logpdf(outputs["z"]).sum(axis=1)
    logqz_x = stats.norm.logpdf(outputs["z"], outputs["z_mean"], std).sum(axis=1)
    of_the_post = -np.mean(logpx_z + logpz - logqz_x)
    objective, batch = post_elbo(size), (images, outputs, batch[2])
    assert loss(objective, batch) == pytest.approx(of_the_post / size, rel=1e-5)
    assert objective.weight("kl") == 1 / size
    assert loss(ELBO, batch) != pytest.approx(of_the_post / size, rel=1e-3)
    assert (objective == POST_ELBO) == (size == BATCH)


def test_post_mmd_is_784_times_the_loss_of_the_posts_code(batch):
    images, outputs, prior = batch
    decoded = special.expit(outputs["logits"].astype(float))

    def mean_kernel(x, y):  # mmd_cvae.R: exp(-mean over d of (x - y)^2, divided by d)
        return np.exp(-np.mean((x[:, None] - y[None]).astype(float) ** 2, axis=2) / 2).mean()

    z = outputs["z"]
    mmd = mean_kernel(prior, prior) + mean_kernel(z, z) - 2 * mean_kernel(prior, z)
    of_the_post = np.mean((images - decoded) ** 2) + mmd
    assert loss(POST_MMD, batch) == pytest.approx(784 * of_the_post, rel=1e-5)
    assert not POST_MMD.sampled


@pytest.mark.parametrize("objective", [*NAMED, beta(4.0), infovae(0.5, 2.0)], ids=str)
def test_the_loss_does_not_depend_on_how_often_the_batch_is_repeated(objective, batch):
    assert loss(objective, batch, repeat=2) == pytest.approx(loss(objective, batch), rel=1e-5)


# ---- What the paper says


def test_infovae_with_alpha_0_and_lambda_1_is_the_elbo():
    assert infovae(0, 1) == ELBO == beta(1)


def test_infovae_weights_kl_by_1_minus_alpha_and_mmd_by_alpha_plus_lambda_minus_1():
    objective = infovae(0.25, 8)
    assert (objective.weight("kl"), objective.weight("mmd")) == (0.75, 7.25)


def test_the_total_is_the_weighted_sum_and_its_mean(batch):
    objective = Objective(terms=[3 * KL, 5 * MMD])
    terms = objective.loss_terms(batch[0], batch[1], prior_with_samples(batch[2]))
    assert tuple(terms) == objective.term_names == ("reconstruction", "kl", "mmd")
    assert terms["reconstruction"].shape == terms["kl"].shape == (BATCH,)
    assert terms["mmd"].shape == ()
    expected = np.mean(terms["reconstruction"] + 3 * terms["kl"]) + 5 * terms["mmd"]
    assert float(objective.loss(terms)) == pytest.approx(float(expected), rel=1e-6)


def test_the_kl_comes_sampled_or_in_closed_form(batch):
    images, outputs, _ = batch
    z, z_mean, z_log_var = (outputs[name] for name in ("z", "z_mean", "z_log_var"))
    for term, expected in [
        (KL, losses.sampled_kl(z, z_mean, z_log_var)),
        (CLOSED_FORM_KL, losses.gaussian_kl(z_mean, z_log_var)),
    ]:
        terms = Objective(terms=[1 * term]).loss_terms(images, outputs, prior_with_samples(None))
        np.testing.assert_allclose(terms["kl"], expected, rtol=1e-6)


@pytest.mark.parametrize("objective, names", [(AUTOENCODER, 1), (ELBO, 2), (POST_MMD, 2)])
def test_terms_without_weight_are_not_computed(objective, names, batch):
    images, outputs, prior = batch
    needed = {"logits", "z"} | ({"z_mean", "z_log_var"} if objective.weight("kl") else set())
    outputs = {name: outputs[name] for name in needed}
    samples = prior if objective.weight("mmd") else None
    terms = objective.loss_terms(images, outputs, prior_with_samples(samples))
    assert tuple(terms) == objective.term_names
    assert len(terms) == names
