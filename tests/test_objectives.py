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
