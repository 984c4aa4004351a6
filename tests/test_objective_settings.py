"""Settings of objectives: saved, named, and refused where they are invalid."""

import contextlib
import itertools
import json
import re

import numpy as np
import pytest

from vaelib import losses
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_ELBO,
    POST_MMD,
    Objective,
    beta,
    capacity,
    infovae,
    iwae,
)
from vaelib.support.backend import keras

NAMED = [AUTOENCODER, ELBO, POST_ELBO, POST_MMD]
OTHERS = [
    *(beta(4.0), infovae(0.5, 2.0), infovae(0, 1000, sampled=True)),
    infovae(1, 10.0, losses.squared_error, sampled=False),
    Objective(kl_weight=0.5, closed_form_kl=True),
    *(capacity(10.0, 4.0, epochs=5), iwae(5), Objective(kl_weight=1, warmup_epochs=100)),
    infovae(0.5, 2.0, closed_form_mmd=True),
]


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
        (POST_ELBO, "post ELBO"),
        (POST_MMD, "post MMD"),
        (beta(4.0), "BCE + 4 KL"),
        (infovae(0.5, 2.0), "BCE + 0.5 KL + 1.5 MMD"),
        (
            Objective(losses.squared_error, mmd_weight=10, sampled=False),
            "SE + 10 MMD, not sampled",
        ),
        (Objective(kl_weight=1, closed_form_kl=True), "BCE + 1 KL, closed form kl"),
        (infovae(1, 5, closed_form_mmd=True), "BCE + 5 MMD, closed form mmd"),
        (
            capacity(10, 4, epochs=5),
            "BCE + 10 KL, closed form kl, capacity 4, capacity epochs 5",
        ),
        (iwae(5), "BCE + 1 KL, samples 5"),
        (Objective(kl_weight=1, warmup_epochs=100), "BCE + 1 KL, warmup epochs 100"),
    ],
)
def test_an_objective_says_what_it_is(objective, text):
    assert str(objective) == text


def test_any_two_objectives_have_different_names():
    settings = {
        "reconstruction": (losses.binary_cross_entropy, losses.squared_error),
        "kl_weight": (0, 0.01, 1),
        "mmd_weight": (0, 1, 784),
        **dict.fromkeys(("sampled", "closed_form_kl", "closed_form_mmd"), (True, False)),
        **dict.fromkeys(("capacity", "capacity_epochs", "warmup_epochs"), (0, 1, 4)),
        "samples": (1, 2, 5),
    }
    objectives = {*NAMED, *OTHERS}
    for values in itertools.product(*settings.values()):
        with contextlib.suppress(ValueError):  # settings that exclude each other
            objectives.add(Objective(**dict(zip(settings, values, strict=True))))
    assert len(objectives) > 1_000
    assert len({str(objective) for objective in objectives}) == len(objectives)


# ---- Refused


NUMBERS = ["kl_weight", "mmd_weight", "capacity", "capacity_epochs", "warmup_epochs"]


@pytest.mark.parametrize("value", [-1, -1e-9, float("nan"), float("inf")])
@pytest.mark.parametrize("name", NUMBERS)
def test_weights_must_be_finite_and_not_negative(name, value):
    said = f"{name} must be a finite number, 0 or more, not {value:g}."
    with pytest.raises(ValueError, match=re.escape(said)):
        Objective(**{name: value})


@pytest.mark.parametrize("value", ["1", None, True, np.True_, 1j, [1.0]], ids=repr)
@pytest.mark.parametrize("name", NUMBERS)
def test_weights_must_be_numbers(name, value):
    said = f"{name} must be a finite number, 0 or more, not {value!r}."
    with pytest.raises(TypeError, match=re.escape(said)):
        Objective(**{name: value})


@pytest.mark.parametrize("value", ["no", 0, 1.0, None])
@pytest.mark.parametrize("name", ["sampled", "closed_form_kl", "closed_form_mmd"])
def test_switches_must_be_true_or_false(name, value):
    with pytest.raises(TypeError, match=re.escape(f"{name} must be True or False, not {value!r}.")):
        Objective(**{name: value})


def test_numbers_of_numpy_are_converted_to_those_of_python():
    objective = Objective(kl_weight=np.float32(1), samples=np.int64(3))
    assert objective == iwae(3)
    assert json.loads(json.dumps(objective.get_config())) == iwae(3).get_config()


def test_a_deterministic_code_has_no_kl():
    with pytest.raises(ValueError, match=r"kl_weight is 1, but .* deterministic"):
        Objective(kl_weight=1, sampled=False)


@pytest.mark.parametrize(
    "samples, error",
    [
        *[(0, ValueError), (-1, ValueError)],
        *[(value, TypeError) for value in (2.0, True, "2", None)],
    ],
)
def test_samples_must_be_an_integer_of_at_least_1(samples, error):
    with pytest.raises(error, match=f"samples must be an integer, 1 or more, not {samples!r}"):
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
def test_the_importance_weighted_bound_allows_no_other_weights(settings):
    with pytest.raises(ValueError, match="samples is 2: the importance-weighted bound requires"):
        Objective(samples=2, **settings)


def test_there_must_be_a_kl_to_warm_up():
    with pytest.raises(ValueError, match="warmup_epochs is 5, but kl_weight is 0"):
        Objective(mmd_weight=1, warmup_epochs=5)


@pytest.mark.parametrize("settings", [dict(kl_weight=1), dict(closed_form_kl=True)])
def test_a_capacity_needs_a_kl_in_closed_form(settings):
    with pytest.raises(ValueError, match=r"capacity is 3: it requires .* closed_form_kl=True"):
        Objective(capacity=3, **settings)


@pytest.mark.parametrize("alpha, lambda_", [(0.5, 0.4), (0, 0), (-1, 1), (1.5, 1)])
def test_infovae_refuses_to_maximize_a_divergence(alpha, lambda_):
    with pytest.raises(ValueError, match=r"_weight must be a finite number, 0 or more, not -"):
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
def test_the_reconstruction_must_be_a_term_of_losses(reconstruction):
    with pytest.raises(
        TypeError,
        match=r"reconstruction must be one of losses\.\w+, losses\.\w+, losses\.\w+, not ",
    ):
        Objective(reconstruction)


@pytest.mark.parametrize(
    "change", [{"gamma": 1.0}, {"reconstruction": "mean_squared_error"}, {"reconstruction": None}]
)
def test_settings_that_no_objective_has_are_refused(change):
    with pytest.raises(ValueError, match="are not settings of an Objective"):
        Objective.from_config(ELBO.get_config() | change)
