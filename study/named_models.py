"""Define the models of the study by name, and train them.

The objectives change one thing at a time: the reconstruction term, the regularizer, or whether
codes are sampled.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from sklearn.mixture import GaussianMixture

from vaelib import data, losses, runs
from vaelib.models import VAE
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
    post_mmd,
)
from vaelib.priors import STANDARD_NORMAL, Mixture, mixture, vamp
from vaelib.runs.recipes import post_recipe
from vaelib.support.rng import named_rng
from vaelib.terms import KL

UNTRAINED = "untrained"
# With squared error, a KL of this weight gives the rate that a KL of weight 1 gives with
# cross-entropy. Found by trial with seed 1000, which is in no table (study/plan.md).
MATCH = 0.35
# As many steps as for other data sets. study/plan.md explains the lower learning rate.
FREY_SCHEDULE = {"epochs": 133, "learning_rate": 0.002}
OBJECTIVES = {
    UNTRAINED: ELBO,  # the network with its initial weights
    "autoencoder": AUTOENCODER,
    # Each of two reconstruction terms with each regularizer, and codes sampled or deterministic.
    "post-elbo": POST_ELBO,
    "elbo": ELBO,
    "mmd-sampled": infovae(1, 784),
    "mmd-deterministic": infovae(1, 784, sampled=False),
    "post-elbo-squared-error": Objective(losses.squared_error, [1 / 100 * KL]),
    "elbo-squared-error": Objective(losses.squared_error, [1 * KL]),
    "mmd-sampled-squared-error": infovae(1, 784, losses.squared_error),
    "post-mmd": POST_MMD,
    # Squared error with the relative regularization strength that cross-entropy has.
    "elbo-matched": Objective(losses.squared_error, [MATCH * KL]),
    "mmd-matched": infovae(1, 784 * MATCH, losses.squared_error, sampled=False),
}
# Functions that a name may call, as in "beta(0.1)" and "vamp(20)".
FAMILY = {f.__name__: f for f in (beta, capacity, infovae, iwae)}
PRIORS = {f.__name__: f for f in (mixture, vamp)}
CALL = re.compile(r"(\w+)\(([^()]+)\)")
FITTED = re.compile(r"fitted\(([1-9]\d*)\)")  # a mixture that is fitted after training
TITLES = {
    UNTRAINED: "untrained",
    "autoencoder": "autoencoder",
    "post-elbo": "the post's VAE",
    "elbo": "VAE",
    "mmd-sampled": "MMD-VAE, cross-entropy, sampled",
    "mmd-deterministic": "MMD-VAE, cross-entropy",
    "post-elbo-squared-error": "the post's VAE, squared error",
    "elbo-squared-error": "VAE, squared error",
    "mmd-sampled-squared-error": "MMD-VAE, squared error, sampled",
    "post-mmd": "the post's MMD-VAE",
    "elbo-matched": "VAE, squared error, matched regularization",
    "mmd-matched": "the post's MMD-VAE, matched regularization",
}
REFERENCES = UNTRAINED, "autoencoder"  # models that the others are compared with
SCHEDULES = "fast", "post"  # that of `Recipe` by default, and the post's fifty epochs


def recipe(
    dataset: str, objective: str, prior: str = "normal", schedule: str = "fast", **settings
) -> runs.Recipe:
    """Return the recipe of a model by name.

    Args:
        dataset: A name that `data.load` knows.
        objective: A name in `OBJECTIVES`, or a call with numbers of a function in `FAMILY`, such as
            "beta(0.1)".
        prior: "normal", or a call with a number of a function in `PRIORS`, such as "vamp(20)".
            "fitted(20)" is trained with the normal prior.
        schedule: "fast", which is the default of `Recipe`, or "post".
        **settings: Other fields of `Recipe`.

    Raises:
        ValueError: If a name or a call is unknown, or its numbers are not allowed.
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
    begin = post_recipe(dataset, what) if schedule == "post" else runs.Recipe(dataset, what)
    return replace(begin, prior=trained_with, **settings)


def _of_size(objective: str, dataset: str) -> Objective | None:
    """Return the objective of a name for a data set's image size, or None for an unknown name."""
    # The post adds MMD² to the mean over an image's values. Beside their sum, as here, the weight
    # of MMD² is their number.
    if objective == "post-mmd":
        return post_mmd(math.prod(data.DATASETS[dataset].image_shape))
    return OBJECTIVES.get(objective)


def _called(text: str, functions: Mapping[str, Callable], unknown: str):
    """Evaluate a call with numbers, such as "beta(0.1)"; `unknown` is the error message."""
    try:
        name, numbers = CALL.fullmatch(str(text)).groups()
        function = functions[name]
        arguments = [float(n) if "." in n or "e" in n else int(n) for n in numbers.split(",")]
    except (AttributeError, KeyError, ValueError):  # no call, an unknown function, or no numbers
        raise ValueError(unknown) from None
    try:
        return function(*arguments)
    except TypeError as error:
        raise ValueError(f"{text!r} can't be called: {str(error).rstrip('.')}.") from None


def trained_model(
    dataset: str, objective: str, prior: str = "normal", schedule: str = "fast", **settings
) -> VAE:
    """Train the model of a recipe, or load it if it was trained before.

    The objective "untrained" gives the network with its initial weights. With the prior
    "fitted(20)", the model is trained with the normal prior. A mixture that is fitted to sampled
    codes of the training images then replaces this prior.

    The arguments are those of `recipe`.
    """
    asked = recipe(dataset, objective, prior, schedule, **settings)
    if objective == UNTRAINED:
        model = asked.build_model()
        model.prior.initialize(asked.load_dataset().train_images, asked.seed)
    else:
        model = runs.train(asked).model
    if found := FITTED.fullmatch(prior):
        codes = sample_codes(model, asked.load_dataset().train_images, asked.seed)
        model.prior = fit_mixture(codes, int(found[1]), asked.seed)
    return model


def sample_codes(model: VAE, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Sample one code from q(z|x) for each image; if codes are deterministic, return those.

    Args:
        model: The model.
        images: Images, shape (n, *model.image_shape).
        seed: Seed of the samples.

    Returns:
        Codes, shape (n, latent_dim).
    """
    mean, log_var = model.encode_distribution(images)
    if log_var is None:
        return mean
    return mean + np.exp(log_var / 2) * named_rng(seed, "codes to fit").standard_normal(mean.shape)


def fit_mixture(codes: np.ndarray, components: int, seed: int = 0) -> Mixture:
    """Fit a mixture prior to codes after training, by expectation maximization.

    It is the control for priors that are trained together with the model.

    Args:
        codes: Codes of training images, shape (n, latent_dim). They should be sampled from the
            approximate posteriors, as by `sample_codes`.
        components: Number of Gaussians. Each has its own weight.
        seed: Seed of the initial values.
    """
    found = GaussianMixture(components, covariance_type="diag", random_state=seed).fit(codes)
    log_weights = np.log(found.weights_).astype("float32")
    return Mixture(found.means_, np.log(found.covariances_), log_weights)
