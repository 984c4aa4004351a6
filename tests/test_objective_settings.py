"""Settings of objectives: saved, named, and refused where they are invalid."""

import contextlib
import itertools
import json
import re
from dataclasses import replace

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
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, UNBIASED_MMD

NAMED = [AUTOENCODER, ELBO, POST_ELBO, POST_MMD]
OTHERS = [
    *(beta(4.0), infovae(0.5, 2.0), infovae(0, 1000, sampled=True)),
    infovae(1, 10.0, losses.squared_error, sampled=False),
    Objective(terms=[0.5 * CLOSED_FORM_KL]),
    *(capacity(10.0, 4.0, epochs=5), iwae(5), replace(ELBO, warmup_epochs=100)),
    infovae(0.5, 2.0, mmd=UNBIASED_MMD),
]


# ---- As values


@pytest.mark.parametrize("objective", NAMED + OTHERS, ids=str)
def test_settings_survive_being_written_as_json(objective):
    assert Objective.from_config(json.loads(json.dumps(objective.get_config()))) == objective


def test_settings_that_few_models_need_are_written_only_where_they_are_set():
    first = ["reconstruction", "terms", "sampled"]
    assert list(ELBO.get_config()) == list(POST_MMD.get_config()) == first
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
            Objective(losses.squared_error, [10 * MMD], sampled=False),
            "SE + 10 MMD, not sampled",
        ),
        (Objective(terms=[1 * CLOSED_FORM_KL]), "BCE + 1 closed-form KL"),
        (infovae(1, 5, mmd=UNBIASED_MMD), "BCE + 5 unbiased MMD"),
        (
            capacity(10, 4, epochs=5),
            "BCE + 10 closed-form KL, capacity 4, capacity epochs 5",
        ),
        (iwae(5), "BCE + 1 KL, samples 5"),
        (replace(ELBO, warmup_epochs=100), "BCE + 1 KL, warmup epochs 100"),
    ],
)
def test_an_objective_says_what_it_is(objective, text):
    assert str(objective) == text


def test_any_two_objectives_have_different_names():
    settings = {
        "reconstruction": (losses.binary_cross_entropy, losses.squared_error),
        "terms": [
            [kl * term, mmd * other]
            for kl in (0, 0.01, 1, 4)
            for term in (KL, CLOSED_FORM_KL)
            for mmd in (0, 1, 784)
            for other in (MMD, UNBIASED_MMD)
        ],
        "sampled": (True, False),
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


NUMBERS = ["capacity", "capacity_epochs", "warmup_epochs"]


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
def test_sampled_must_be_true_or_false(value):
    with pytest.raises(
        TypeError, match=re.escape(f"sampled must be True or False, not {value!r}.")
    ):
        Objective(sampled=value)


def test_numbers_of_numpy_are_converted_to_those_of_python():
    objective = Objective(terms=[np.float32(1) * KL], samples=np.int64(3))
    assert objective == iwae(3)
    assert json.loads(json.dumps(objective.get_config())) == iwae(3).get_config()


def test_a_deterministic_code_has_no_kl():
    with pytest.raises(ValueError, match=r"the term KL needs the variance .* deterministic"):
        Objective(terms=[1 * KL], sampled=False)


@pytest.mark.parametrize(
    "samples, error",
    [
        *[(0, ValueError), (-1, ValueError)],
        *[(value, TypeError) for value in (2.0, True, "2", None)],
    ],
)
def test_samples_must_be_an_integer_of_at_least_1(samples, error):
    with pytest.raises(error, match=f"samples must be an integer, 1 or more, not {samples!r}"):
        Objective(terms=[1 * KL], samples=samples)


@pytest.mark.parametrize(
    "settings",
    [
        dict(terms=[0.5 * KL]),
        dict(terms=[1 * KL, 1 * MMD]),
        dict(terms=[1 * CLOSED_FORM_KL]),
        dict(terms=[1 * KL], warmup_epochs=10),
        dict(terms=[], sampled=False),
    ],
)
def test_the_importance_weighted_bound_allows_no_other_weights(settings):
    with pytest.raises(ValueError, match="samples is 2: the importance-weighted bound requires"):
        Objective(samples=2, **settings)


def test_there_must_be_a_kl_to_warm_up():
    with pytest.raises(ValueError, match="warmup_epochs is 5, but there is no KL"):
        Objective(terms=[1 * MMD], warmup_epochs=5)


@pytest.mark.parametrize("terms", [[], [1 * KL], [1 * MMD]], ids=str)
def test_a_capacity_needs_a_kl_in_closed_form(terms):
    with pytest.raises(ValueError, match="capacity is 3: it requires CLOSED_FORM_KL"):
        Objective(capacity=3, terms=terms)


@pytest.mark.parametrize("alpha, lambda_", [(0.5, 0.4), (0, 0), (-1, 1), (1.5, 1)])
def test_infovae_refuses_to_maximize_a_divergence(alpha, lambda_):
    with pytest.raises(
        ValueError, match=r"the weight of \w+ must be a finite number, 0 or more, not -"
    ):
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
