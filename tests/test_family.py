"""Other objectives: capacity, warm-up, the importance-weighted bound, MMD in closed form."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from fixed_prior import prior_with_samples
from vaelib import losses, mmd
from vaelib.objectives import ELBO, Objective, beta, capacity, infovae, iwae
from vaelib.terms import CLOSED_FORM_KL, MMD, UNBIASED_MMD

CLOSED_ELBO = Objective(terms=[1 * CLOSED_FORM_KL])


def total(objective, batch, **epoch):
    terms = objective.loss_terms(batch[0], batch[1], prior_with_samples(batch[2]))
    return float(objective.loss(terms, **epoch))


def test_capacity_penalizes_the_difference_of_the_mean_kl_from_it(batch):
    images, outputs, _ = batch
    kl = float(np.mean(losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])))
    reconstruction = np.mean(losses.binary_cross_entropy(images, outputs["logits"]))
    for target in (0.5 * kl, 1.5 * kl):
        expected = reconstruction + 7 * abs(kl - target)
        assert total(capacity(7, target, epochs=2), batch) == pytest.approx(expected, rel=1e-6)
        # Not the mean of absolute values, which is something else here.
        kls = np.asarray(losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"]))
        assert np.mean(np.abs(kls - target)) > abs(kl - target) + 0.1


def test_the_capacity_rises_with_the_epoch(batch):
    objective = capacity(1, 3, epochs=4)
    for epoch, target in [(1, 0.75), (2.5, 1.875), (4, 3), (9, 3)]:
        at_once = capacity(1, target, epochs=0)
        assert total(objective, batch, epoch=epoch) == pytest.approx(total(at_once, batch))


def test_a_capacity_of_0_is_the_elbo(batch):
    assert capacity(1, 0, epochs=0) == CLOSED_ELBO
    for epoch in (0, 3, 20):
        assert total(capacity(1, 0, 10), batch, epoch=epoch) == total(CLOSED_ELBO, batch)


def test_the_kl_weight_warms_up_with_the_epoch(batch):
    objective = replace(beta(2), warmup_epochs=10)
    for epoch, weight in [(0, 0), (1, 0.2), (5, 1), (10, 2), (11, 2)]:
        assert total(objective, batch, epoch=epoch) == pytest.approx(
            total(beta(weight), batch), rel=1e-6
        )


def importance_weighted_loss(outputs, images, samples):
    """Minus the importance-weighted bound, in NumPy and SciPy."""
    z, mean, log_var = (outputs[name].astype(float) for name in ("z", "z_mean", "z_log_var"))
    logits = outputs["logits"].astype(float)
    x = np.repeat(images, samples, axis=0).astype(float)
    log_p_x = (x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)).sum((1, 2, 3))
    log_p_z = stats.norm.logpdf(z).sum(axis=1)
    log_q = stats.norm.logpdf(z, mean, np.exp(log_var / 2)).sum(axis=1)
    log_w = (log_p_x + log_p_z - log_q).reshape(-1, samples)
    return -(special.logsumexp(log_w, axis=1) - np.log(samples)).mean()


@pytest.mark.parametrize("samples", [2, 5])
def test_several_samples_give_the_importance_weighted_bound(samples, batch):
    images, outputs, prior = batch
    few = images[: len(images) // samples]
    # Weights that differ by a few nats only: else the largest is all that counts.
    near = outputs | {"logits": np.repeat(outputs["logits"][: len(few)], samples, axis=0)}
    found = total(iwae(samples), (few, near, prior))
    assert found == pytest.approx(importance_weighted_loss(near, few, samples), rel=1e-6)


def test_one_sample_gives_the_elbo():
    assert iwae(1) == ELBO


def test_the_importance_weighted_bound_rises_with_the_samples(batch):
    """For codes sampled from q, on average over 400 images and their samples."""
    random = np.random.default_rng(0)
    images = np.ones((400, 28, 28, 1), "float32")
    bounds = []
    for samples in (1, 2, 10):
        n = len(images) * samples
        mean, log_var = np.full((n, 2), 0.5, "float32"), np.full((n, 2), -0.5, "float32")
        z = mean + np.exp(log_var / 2) * random.standard_normal((n, 2)).astype("float32")
        # A likelihood that depends on the code, so that some codes explain more than others.
        logits = np.broadcast_to(z[:, :1, None, None] / 100, (n, 28, 28, 1))
        outputs = {"logits": logits, "z": z, "z_mean": mean, "z_log_var": log_var}
        bounds.append(-total(iwae(samples), (images, outputs, None)))
    assert bounds[0] + 0.05 < bounds[1] < bounds[2] - 0.05


def test_the_mmd_uses_samples_of_the_prior_or_the_closed_form(batch):
    images, outputs, _ = batch
    terms = infovae(1, 5, mmd=UNBIASED_MMD).loss_terms(images, outputs, prior_with_samples(None))
    expected = mmd.mmd2_to_normal(outputs["z"], 2.0, unbiased=True)
    assert float(terms["mmd"]) == pytest.approx(float(expected))


def test_infovae_with_alpha_1_is_mmd_with_sampled_codes():
    expected = Objective(terms=[30 * MMD])
    assert infovae(1, 30) == expected
