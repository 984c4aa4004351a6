"""The models of the study, by name: what is trained, and what else may be asked for.

The objectives change one thing at a time: the reconstruction term, the term that pulls towards
the prior, or whether codes are sampled.
"""

import math
import re
from dataclasses import replace

import numpy as np
from sklearn.mixture import GaussianMixture

from vaelib import data, losses, runs
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
    mmd_as_posted,
)
from vaelib.priors import STANDARD_NORMAL, Mixture, mixture, vamp
from vaelib.runs.recipes import post
from vaelib.streams import stream

UNTRAINED = "untrained"
# With squared error, this part of a pull gives codes the rate that they have with cross-entropy:
# by trial, on the seed 1000, which is in no table (runs/plan.md).
MATCH = 0.35
OBJECTIVES = {
    UNTRAINED: ELBO,  # the network with its initial weights
    "autoencoder": AUTOENCODER,
    # Each of two reconstruction terms with each pull, and codes sampled or deterministic.
    "elbo-as-posted": ELBO_AS_POSTED,
    "elbo": ELBO,
    "mmd-sampled": infovae(1, 784),
    "mmd-deterministic": infovae(1, 784, sampled=False),
    "elbo-as-posted-squared-error": Objective(losses.squared_error, kl_weight=1 / 100),
    "elbo-squared-error": Objective(losses.squared_error, kl_weight=1.0),
    "mmd-sampled-squared-error": infovae(1, 784, losses.squared_error),
    "mmd-as-posted": MMD_AS_POSTED,
    # Squared error with as strong a pull, for what it pulls against, as cross-entropy has.
    "elbo-matched": Objective(losses.squared_error, kl_weight=MATCH),
    "mmd-matched": infovae(1, 784 * MATCH, losses.squared_error, sampled=False),
}
# What else may be asked for, spelled as a call.
FAMILY = {f.__name__: f for f in (beta, capacity, infovae, iwae)}
PRIORS = {f.__name__: f for f in (mixture, vamp)}
CALL = re.compile(r"(\w+)\(([^()]+)\)")
FITTED = re.compile(r"fitted\(([1-9]\d*)\)")  # a mixture, after training
TITLES = {
    UNTRAINED: "untrained",
    "autoencoder": "autoencoder",
    "elbo-as-posted": "VAE as posted",
    "elbo": "VAE",
    "mmd-sampled": "MMD-VAE, cross-entropy, sampled",
    "mmd-deterministic": "MMD-VAE, cross-entropy",
    "elbo-as-posted-squared-error": "VAE as posted, squared error",
    "elbo-squared-error": "VAE, squared error",
    "mmd-sampled-squared-error": "MMD-VAE, squared error, sampled",
    "mmd-as-posted": "MMD-VAE as posted",
    "elbo-matched": "VAE, squared error, matched pull",
    "mmd-matched": "MMD-VAE as posted, matched pull",
}
REFERENCES = UNTRAINED, "autoencoder"  # beside which the others are read
SCHEDULES = "fast", "post"  # the recipes' own, and the post's fifty epochs


def recipe(dataset, objective, prior="normal", schedule="fast", **settings):
    """The recipe of a model by name.

    Args:
        dataset: a name that `data.load` knows.
        objective: a name in `OBJECTIVES`, or a call of `vaelib.objectives` with numbers, such as
            "beta(0.1)".
        prior: "normal", or a call of `vaelib.priors` such as "vamp(20)"; "fitted(20)" is trained
            with the normal one.
        schedule: "fast", that of a `Recipe` that says nothing else, or "post".
        **settings: of the `Recipe`.

    Raises:
        ValueError: for a name or a call that is unknown, or numbers that do not go with it.
    """
    known = ", ".join([*OBJECTIVES, *(f"{name}(...)" for name in FAMILY)])
    what = _of_size(objective, dataset) or _called(
        objective, FAMILY, f"unknown objective {objective!r}: choose one of {known}."
    )
    wanted = f"unknown prior {prior!r}: choose one of normal, mixture(20), vamp(20), fitted(20)."
    trained_with = STANDARD_NORMAL
    if prior != "normal" and not FITTED.fullmatch(str(prior)):
        trained_with = _called(prior, PRIORS, wanted)
    if schedule not in SCHEDULES:
        raise ValueError(f"unknown schedule {schedule!r}: choose one of {', '.join(SCHEDULES)}.")
    begin = post(dataset, what) if schedule == "post" else runs.Recipe(dataset, what)
    return replace(begin, prior=trained_with, **settings)


def _of_size(objective, dataset):
    """The objective of a name, weighed for the images of a data set; None for another name."""
    if objective == "mmd-as-posted":  # whose weight is one a value, beside the mean over values
        return mmd_as_posted(math.prod(data.IMAGE_SHAPES[dataset]))
    return OBJECTIVES.get(objective)


def _called(text, functions, unknown):
    """What a call with numbers, such as "beta(0.1)", gives."""
    try:
        name, numbers = CALL.fullmatch(str(text)).groups()
        function = functions[name]
        arguments = [float(n) if "." in n or "e" in n else int(n) for n in numbers.split(",")]
    except (AttributeError, KeyError, ValueError):  # no call, of nothing known, or no numbers
        raise ValueError(unknown) from None
    try:
        return function(*arguments)
    except TypeError as error:
        raise ValueError(f"{text!r} can't be called: {str(error).rstrip('.')}.") from None


def model_of(dataset, objective, prior="normal", schedule="fast", **settings):
    """The trained model of a `recipe`; for "untrained" the network with its initial weights.

    With the prior "fitted(20)", the model as trained with the normal one, which then gives way to
    a mixture fitted to sampled codes of the training images.
    """
    asked = recipe(dataset, objective, prior, schedule, **settings)
    if objective == UNTRAINED:
        model = asked.model()
        model.prior.initialise(asked.load().train_images, asked.seed)
    else:
        model = runs.train(asked).model
    if found := FITTED.fullmatch(prior):
        codes = sampled_codes(model, asked.load().train_images, asked.seed)
        model.prior = fitted(codes, int(found[1]), asked.seed)
    return model


def sampled_codes(model, images, seed=0):
    """One code of each image, sampled from q(z|x) where the model does so: (n, latent_dim)."""
    mean, log_var = model.encode_distribution(images)
    if log_var is None:
        return mean
    return mean + np.exp(log_var / 2) * stream(seed, "codes to fit").standard_normal(mean.shape)


def fitted(codes, components, seed=0):
    """A mixture fitted to codes after training, by expectation maximisation: the control.

    Args:
        codes: (n, latent_dim), of training images, best sampled from their posteriors.
        components: how many Gaussians, with weights of their own.
        seed: of the start.

    Returns:
        A `Mixture`.
    """
    found = GaussianMixture(components, covariance_type="diag", random_state=seed).fit(codes)
    log_weights = np.log(found.weights_).astype("float32")
    return Mixture(found.means_, np.log(found.covariances_), log_weights)
