"""One row of the study: what is trained, and every measure of it.

The objectives change one thing at a time: the reconstruction term, the term that pulls towards
the prior, or whether codes are drawn.
"""

import ast

import numpy as np

from vaelib import aggregate, likelihood, losses, metrics, realism, training
from vaelib.backend import ops
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
from vaelib.priors import STANDARD_NORMAL, mixture, vamp
from vaelib.recipes import Recipe
from vaelib.snapshots import grid_codes

UNTRAINED = "untrained"
OBJECTIVES = {
    UNTRAINED: ELBO,  # the network as it is drawn
    "autoencoder": AUTOENCODER,
    "elbo-as-posted": ELBO_AS_POSTED,
    "elbo": ELBO,
    "elbo-squared-error": Objective(losses.squared_error, kl_weight=1.0),
    "mmd-as-posted": MMD_AS_POSTED,
    "mmd-cross-entropy": infovae(1, 784, sampled=False),
}
# What else may be asked for, spelled as a call.
FAMILY = {f.__name__: f for f in (beta, capacity, infovae, iwae)}
PRIORS = {f.__name__: f for f in (mixture, vamp)}
TITLES = {
    UNTRAINED: "untrained",
    "autoencoder": "autoencoder",
    "elbo-as-posted": "VAE as posted",
    "elbo": "VAE",
    "elbo-squared-error": "VAE, squared error",
    "mmd-as-posted": "MMD-VAE as posted",
    "mmd-cross-entropy": "MMD-VAE, cross-entropy",
}
REFERENCES = UNTRAINED, "autoencoder"  # beside which the others are read
SAMPLES = 5_000  # images drawn from a model, and real ones that they are compared with
EXACT = 1_000  # test images whose likelihood is integrated
STEP = 0.05
DRAWS = 100  # codes per image where there are too many dimensions for that


def recipe(dataset, objective, prior="normal", **settings):
    """The recipe behind two words: the fast schedule, unless `settings` say otherwise.

    Args:
        dataset: a name that `data.load` knows.
        objective: a name in `OBJECTIVES`, or a call of `vaelib.objectives` such as "beta(0.1)".
        prior: "normal", or a call of `vaelib.priors` such as "vamp(20)".
        **settings: of the `Recipe`.
    """
    if objective in OBJECTIVES:
        what = OBJECTIVES[objective]
    else:
        known = ", ".join([*OBJECTIVES, *(f"{name}(...)" for name in FAMILY)])
        what = _called(
            objective, FAMILY, f"unknown objective {objective!r}: choose one of {known}."
        )
    wanted = f"unknown prior {prior!r}: choose one of normal, mixture(20), vamp(20)."
    made = STANDARD_NORMAL if prior == "normal" else _called(prior, PRIORS, wanted)
    return Recipe(dataset, what, prior=made, **settings)


def _called(text, functions, unknown):
    """What a call such as "beta(0.1)" gives, of one of these functions with numbers."""
    try:
        call = ast.parse(text, mode="eval").body
        function = functions[call.func.id]
        numbers = [ast.literal_eval(argument) for argument in call.args]
    except (SyntaxError, AttributeError, KeyError, ValueError):
        raise ValueError(unknown) from None
    try:
        return function(*numbers)
    except TypeError as error:
        raise ValueError(f"{text!r} can't be called: {error}.") from None


def model_of(dataset, objective, prior="normal", **settings):
    """The trained model of a `recipe`; for "untrained" the network as it is drawn."""
    asked = recipe(dataset, objective, prior, **settings)
    if objective == UNTRAINED:
        return training.build(asked, 1)
    return training.train(asked).model


def measure(model, dataset, features, seed=0):
    """All measures of one model, on the test images unless their name says otherwise.

    Args:
        model: a `VAE`; what is measured on a grid needs two latent dimensions.
        dataset: a `Dataset`.
        features: function from images to features, see `vaelib.features`.
        seed: of all draws.

    Returns:
        dict of name to number; NaN for what such a model does not have.
    """
    images, labels = dataset.test_images, dataset.test_labels
    z_mean, z_log_var = model.encode_distribution(images)
    row = _codes(z_mean, model.encode(dataset.train_images), labels, dataset.train_labels, seed)
    row |= {
        "pixel MSE": metrics.mean_squared_error(model, images),
        "cross-entropy": metrics.mean_cross_entropy(model, images),
    }
    row |= _decoded(model, images / np.float32(255), features, seed)
    return row | _probability(model, images, z_mean, z_log_var, seed)


def _codes(codes, train_codes, labels, train_labels, seed):
    both = train_codes, train_labels, codes, labels
    kernel = aggregate.held_out_kernel(codes.shape[1])
    distance, p = aggregate.mmd_test(codes, kernel, seed=seed)
    return metrics.code_statistics(codes) | {
        "mean norm": aggregate.mean_norm(codes),
        "covariance distance": aggregate.covariance_distance(codes),
        "moment KL": aggregate.moment_kl(codes),
        "held-out MMD²": distance,
        "held-out p": p,
        "15-NN accuracy": metrics.knn_accuracy(*both),
        "probe accuracy": metrics.probe_accuracy(*both),
        "silhouette": metrics.silhouette(codes, labels),
        "cluster agreement": metrics.cluster_agreement(codes, labels, seed),
        "active units": aggregate.active_units(codes),
    }


def _decoded(model, images, features, seed):
    real, samples = images[:SAMPLES], model.sample(SAMPLES, seed)
    real_features = features(real)
    codes = model.prior.sample(1_000, seed)
    sharp = realism.sharpness(real)
    row = realism.precision_recall_density_coverage(real_features, features(samples)) | {
        "sample sharpness": realism.sharpness(samples) / sharp,
        "reconstruction sharpness": realism.sharpness(model.decode(model.encode(real))) / sharp,
        "path length": realism.path_length(model.decode, features, codes, seed=seed),
    }
    if model.latent_dim != 2:
        return row | {"grid on manifold": np.nan, "prior on manifold": np.nan}
    grid = grid_codes()
    on_manifold = realism.Manifold(real_features, share=0.5).holds(features(model.decode(grid)))
    prior = np.exp(ops.convert_to_numpy(model.prior.log_density(grid)))
    return row | {
        "grid on manifold": float(on_manifold.mean()),
        "prior on manifold": float((on_manifold * prior).sum() / prior.sum()),
    }


def _probability(model, images, z_mean, z_log_var, seed):
    few, n, drawn = images[:EXACT], len(images[:EXACT]), z_log_var is not None
    black_and_white = (few > 127).astype("uint8") * np.uint8(255)
    both = np.concatenate([few, black_and_white])
    if model.latent_dim == 2:  # all at once, for most of the time goes into decoding the grid
        exact = likelihood.log_likelihood(model, both, STEP)
    elif drawn:
        exact = likelihood.importance_sampled(model, both, DRAWS, seed)
    else:
        exact = np.full(len(both), np.nan)
    row = {"NLL grey": -exact[:n].mean(), "NLL binarised": -exact[n:].mean()}
    mutual, to_prior = (
        aggregate.information(z_mean, z_log_var, seed, model.prior) if drawn else 2 * (np.nan,)
    )
    bound = likelihood.elbo(model, few, seed).mean() if drawn else np.nan
    row |= {"bound gap": exact[:n].mean() - bound, "mutual information": mutual}
    return {k: float(v) for k, v in row.items()} | {"aggregate KL": to_prior}


def flat(nested, prefix=""):
    """A dict of dicts as one dict, for a row of a table: {"code": {"commit": c}} as code.commit."""
    row = {}
    for name, value in nested.items():
        full = f"{prefix}{name}"
        row |= flat(value, f"{full}.") if isinstance(value, dict) else {full: value}
    return row
