"""Objectives: the weighted sum of three terms, equal to what the post and the paper compute."""

import json

import keras
import numpy as np
import pytest
from scipy import special, stats

from vaelib import losses
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    ELBO_AS_POSTED,
    MMD_AS_POSTED,
    Objective,
    beta,
    capacity,
    infovae,
    iwae,
)

BATCH = 100
NAMED = [AUTOENCODER, ELBO, ELBO_AS_POSTED, MMD_AS_POSTED]
OTHERS = [
    *(beta(4.0), infovae(0.5, 2.0), infovae(0, 1000, sampled=True)),
    infovae(1, 10.0, losses.squared_error, sampled=False),
    Objective(kl_weight=0.5, closed_form_kl=True),
    *(capacity(10.0, 4.0, epochs=5), iwae(5), Objective(kl_weight=1, warmup_epochs=100)),
    infovae(0.5, 2.0, closed_form_mmd=True),
]


@pytest.fixture(scope="module")
def batch():
    """Images, a model's outputs for them, and draws from the prior."""
    random = np.random.default_rng(0)
    images = random.random((BATCH, 28, 28, 1), dtype="float32")
    logits = random.normal(0, 2, images.shape).astype("float32")
    z_mean, z_log_var, noise, prior = random.normal(size=(4, BATCH, 2)).astype("float32")
    z = z_mean + np.exp(z_log_var / 2) * noise
    return images, {"logits": logits, "z": z, "z_mean": z_mean, "z_log_var": z_log_var}, prior


def loss(objective, batch, repeat=1):
    images, outputs, prior = batch
    images = np.tile(images, (repeat, 1, 1, 1))
    outputs = {k: np.tile(v, (repeat,) + (1,) * (v.ndim - 1)) for k, v in outputs.items()}
    prior_sample = lambda n: np.tile(prior, (repeat, 1))[: int(n)]  # noqa: E731
    return float(objective.total(objective.terms(images, outputs, prior_sample)))


# ---- What the post computes


def test_elbo_as_posted_weighs_kl_by_a_hundredth_as_the_posts_code_does(batch):
    images, outputs, _ = batch
    x, logits = images.astype(float), outputs["logits"].astype(float)
    std = np.exp(outputs["z_log_var"] / 2)
    # eager_cvae.R: the reconstruction is summed over all axes, that of the batch included ...
    logpx_z = (x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)).sum()
    # ... while these are one number per image, and then all three are averaged.
    logpz = stats.norm.logpdf(outputs["z"]).sum(axis=1)
    logqz_x = stats.norm.logpdf(outputs["z"], outputs["z_mean"], std).sum(axis=1)
    as_posted = -np.mean(logpx_z + logpz - logqz_x)
    assert loss(ELBO_AS_POSTED, batch) == pytest.approx(as_posted / BATCH, rel=1e-5)
    assert ELBO_AS_POSTED.kl_weight == 1 / BATCH
    assert loss(ELBO, batch) != pytest.approx(as_posted / BATCH, rel=1e-3)


def test_mmd_as_posted_is_784_times_what_the_posts_code_computes(batch):
    images, outputs, prior = batch
    decoded = special.expit(outputs["logits"].astype(float))

    def mean_kernel(x, y):  # mmd_cvae.R: exp(-mean over d of (x - y)^2, divided by d)
        return np.exp(-np.mean((x[:, None] - y[None]).astype(float) ** 2, axis=2) / 2).mean()

    z = outputs["z"]
    mmd = mean_kernel(prior, prior) + mean_kernel(z, z) - 2 * mean_kernel(prior, z)
    as_posted = np.mean((images - decoded) ** 2) + mmd
    assert loss(MMD_AS_POSTED, batch) == pytest.approx(784 * as_posted, rel=1e-5)
    assert not MMD_AS_POSTED.sampled


@pytest.mark.parametrize("objective", [*NAMED, beta(4.0), infovae(0.5, 2.0)], ids=str)
def test_the_loss_does_not_depend_on_how_often_the_batch_is_repeated(objective, batch):
    assert loss(objective, batch, repeat=2) == pytest.approx(loss(objective, batch), rel=1e-5)


# ---- What the paper says


def test_infovae_with_alpha_0_and_lambda_1_is_the_elbo():
    assert infovae(0, 1) == ELBO == beta(1)


def test_infovae_weighs_kl_by_1_minus_alpha_and_mmd_by_alpha_plus_lambda_minus_1():
    objective = infovae(0.25, 8)
    assert (objective.kl_weight, objective.mmd_weight) == (0.75, 7.25)


def test_the_total_is_the_weighted_sum_and_its_mean(batch):
    objective = Objective(kl_weight=3.0, mmd_weight=5.0)
    terms = objective.terms(batch[0], batch[1], lambda n: batch[2])
    assert tuple(terms) == objective.term_names == ("reconstruction", "kl", "mmd")
    assert terms["reconstruction"].shape == terms["kl"].shape == (BATCH,)
    assert terms["mmd"].shape == ()
    expected = np.mean(terms["reconstruction"] + 3 * terms["kl"]) + 5 * terms["mmd"]
    assert float(objective.total(terms)) == pytest.approx(float(expected), rel=1e-6)


def test_the_kl_comes_sampled_or_in_closed_form(batch):
    images, outputs, _ = batch
    z, z_mean, z_log_var = (outputs[name] for name in ("z", "z_mean", "z_log_var"))
    for closed_form, expected in [
        (False, losses.sampled_kl(z, z_mean, z_log_var)),
        (True, losses.gaussian_kl(z_mean, z_log_var)),
    ]:
        terms = Objective(kl_weight=1, closed_form_kl=closed_form).terms(images, outputs, None)
        np.testing.assert_allclose(terms["kl"], expected, rtol=1e-6)


@pytest.mark.parametrize("objective, names", [(AUTOENCODER, 1), (ELBO, 2), (MMD_AS_POSTED, 2)])
def test_terms_without_weight_are_not_computed(objective, names, batch):
    images, outputs, prior = batch
    needed = {"logits", "z"} | ({"z_mean", "z_log_var"} if objective.kl_weight else set())
    outputs = {name: outputs[name] for name in needed}
    terms = objective.terms(images, outputs, lambda n: prior if objective.mmd_weight else None)
    assert tuple(terms) == objective.term_names
    assert len(terms) == names


# ---- The rest of the family


CLOSED_ELBO = Objective(kl_weight=1, closed_form_kl=True)


def total(objective, batch, **epoch):
    terms = objective.terms(batch[0], batch[1], lambda n: batch[2][: int(n)])
    return float(objective.total(terms, **epoch))


def test_capacity_weighs_how_far_the_mean_kl_is_from_it(batch):
    images, outputs, _ = batch
    kl = float(np.mean(losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])))
    reconstruction = np.mean(losses.binary_cross_entropy(images, outputs["logits"]))
    for wanted in (0.5 * kl, 1.5 * kl):
        expected = reconstruction + 7 * abs(kl - wanted)
        assert total(capacity(7, wanted, epochs=2), batch) == pytest.approx(expected, rel=1e-6)
        # Not the mean of absolute values, which is something else here.
        kls = np.asarray(losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"]))
        assert np.mean(np.abs(kls - wanted)) > abs(kl - wanted) + 0.1


def test_the_capacity_rises_with_the_epoch(batch):
    objective = capacity(1, 3, epochs=4)
    for epoch, wanted in [(1, 0.75), (2.5, 1.875), (4, 3), (9, 3)]:
        at_once = capacity(1, wanted, epochs=0)
        assert total(objective, batch, epoch=epoch) == pytest.approx(total(at_once, batch))


def test_a_capacity_of_0_is_the_elbo(batch):
    assert capacity(1, 0, epochs=0) == CLOSED_ELBO
    for epoch in (0, 3, 20):
        assert total(capacity(1, 0, 10), batch, epoch=epoch) == total(CLOSED_ELBO, batch)


def test_the_kls_weight_warms_up_with_the_epoch(batch):
    objective = Objective(kl_weight=2, warmup_epochs=10)
    for epoch, weight in [(0, 0), (1, 0.2), (5, 1), (10, 2), (11, 2)]:
        assert total(objective, batch, epoch=epoch) == pytest.approx(
            total(beta(weight), batch), rel=1e-6
        )


def weighed(outputs, images, samples):
    """The importance-weighted bound, with its sign turned, by NumPy and SciPy."""
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
    few = images[: BATCH // samples]
    # Weights that differ by a few nats only: else the largest is all that counts.
    near = outputs | {"logits": np.repeat(outputs["logits"][: len(few)], samples, axis=0)}
    found = total(iwae(samples), (few, near, prior))
    assert found == pytest.approx(weighed(near, few, samples), rel=1e-6)


def test_one_sample_gives_the_elbo():
    assert iwae(1) == ELBO


def test_the_importance_weighted_bound_rises_with_the_samples(batch):
    """For codes drawn from q, on average over 4,000 draws of one image's code."""
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


def test_the_mmd_comes_from_draws_or_with_the_prior_integrated(batch):
    from vaelib import mmd

    images, outputs, _ = batch
    terms = infovae(1, 5, closed_form_mmd=True).terms(images, outputs, None)
    expected = mmd.mmd2_to_normal(outputs["z"], 2.0, unbiased=True)
    assert float(terms["mmd"]) == pytest.approx(float(expected))


def test_infovae_with_alpha_1_is_mmd_with_drawn_codes():
    expected = Objective(kl_weight=0, mmd_weight=30, sampled=True)
    assert infovae(1, 30) == expected


# ---- As values


@pytest.mark.parametrize("objective", NAMED + OTHERS, ids=str)
def test_settings_survive_being_written_as_json(objective):
    assert Objective.from_config(json.loads(json.dumps(objective.get_config()))) == objective


def test_settings_that_few_models_need_are_written_only_where_they_are_set():
    first = ["reconstruction", "kl_weight", "mmd_weight", "sampled", "closed_form_kl"]
    assert list(ELBO.get_config()) == first
    assert list(iwae(5).get_config()) == [*first, "samples"]


@pytest.mark.parametrize(
    "objective, text",
    [
        (AUTOENCODER, "autoencoder"),
        (ELBO, "ELBO"),
        (ELBO_AS_POSTED, "ELBO as posted"),
        (MMD_AS_POSTED, "MMD as posted"),
        (beta(4.0), "BCE + 4 KL"),
        (infovae(0.5, 2.0), "BCE + 0.5 KL + 1.5 MMD"),
        (Objective(losses.squared_error, mmd_weight=10, sampled=False), "SE + 10 MMD"),
        (capacity(10, 4, epochs=5), "BCE + 10 KL + capacity 4"),
        (iwae(5), "BCE + 1 KL + 5 samples"),
        (Objective(kl_weight=1, warmup_epochs=100), "BCE + 1 KL + warm-up 100"),
    ],
)
def test_an_objective_says_what_it_is(objective, text):
    assert str(objective) == text


# ---- Refused


@pytest.mark.parametrize("weight", [-1, -1e-9, float("nan"), float("inf"), "1", None])
@pytest.mark.parametrize("name", ["kl_weight", "mmd_weight"])
def test_only_finite_weights_from_0_up_are_taken(name, weight):
    with pytest.raises(ValueError, match=f"{name} must be .* but is {weight!r}"):
        Objective(**{name: weight})


def test_a_deterministic_code_has_no_kl():
    with pytest.raises(ValueError, match=r"kl_weight is 1, but .* deterministic"):
        Objective(kl_weight=1, sampled=False)


@pytest.mark.parametrize("samples", [0, -1, 2.0, True, "2", None])
def test_only_whole_numbers_of_samples_are_taken(samples):
    with pytest.raises(ValueError, match=f"samples must be .* not {samples!r}"):
        Objective(kl_weight=1, samples=samples)


@pytest.mark.parametrize(
    "settings",
    [
        dict(kl_weight=0.5),
        dict(kl_weight=1, mmd_weight=1),
        dict(kl_weight=1, closed_form_kl=True),
        dict(kl_weight=1, warmup_epochs=10),
        dict(kl_weight=0, sampled=False),
    ],
)
def test_the_importance_weighted_bound_takes_no_other_weights(settings):
    with pytest.raises(ValueError, match="samples is 2: the importance-weighted bound has"):
        Objective(samples=2, **settings)


def test_there_must_be_a_kl_to_warm_up():
    with pytest.raises(ValueError, match="warmup_epochs is 5, but there is no kl_weight"):
        Objective(mmd_weight=1, warmup_epochs=5)


@pytest.mark.parametrize("settings", [dict(kl_weight=1), dict(closed_form_kl=True)])
def test_a_capacity_needs_a_kl_in_closed_form(settings):
    with pytest.raises(ValueError, match="capacity is 3: use it with closed_form_kl=True"):
        Objective(capacity=3, **settings)


@pytest.mark.parametrize("alpha, lambda_", [(0.5, 0.4), (0, 0), (-1, 1), (1.5, 1)])
def test_infovae_refuses_to_maximise_a_divergence(alpha, lambda_):
    with pytest.raises(ValueError, match=rf"infovae\(alpha={alpha}, lambda_={lambda_}\) weighs"):
        infovae(alpha, lambda_)


def test_infovae_refuses_nan():
    with pytest.raises(ValueError, match="nan"):
        infovae(float("nan"), 1)


def squared_error(images, logits):
    """Of the same name as the one in losses, but another function."""
    return 0 * losses.squared_error(images, logits)


@pytest.mark.parametrize(
    "reconstruction",
    ["squared_error", None, losses.gaussian_kl, keras.losses.mean_squared_error, squared_error],
)
def test_only_the_two_reconstruction_terms_are_taken(reconstruction):
    with pytest.raises(TypeError, match=r"reconstruction must be one of .* but is"):
        Objective(reconstruction)


@pytest.mark.parametrize(
    "change", [{"gamma": 1.0}, {"reconstruction": "mean_squared_error"}, {"reconstruction": None}]
)
def test_settings_that_no_objective_has_are_refused(change):
    with pytest.raises(ValueError, match="are not settings of an Objective"):
        Objective.from_config(ELBO.get_config() | change)
