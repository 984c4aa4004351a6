"""One row of the study: what is trained, and every measure of it.

The objectives change one thing at a time: the reconstruction term, the term that pulls towards
the prior, or whether codes are drawn.
"""

import ast
import re

import numpy as np

from vaelib import aggregate, data, likelihood, losses, metrics, priors, realism, training
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
from vaelib.priors import STANDARD_NORMAL, StandardNormal, mixture, vamp
from vaelib.recipes import Recipe
from vaelib.snapshots import grid_codes

UNTRAINED = "untrained"
OBJECTIVES = {
    UNTRAINED: ELBO,  # the network as it is drawn
    "autoencoder": AUTOENCODER,
    "elbo-as-posted": ELBO_AS_POSTED,
    "elbo": ELBO,
    "elbo-squared-error": Objective(losses.squared_error, kl_weight=1.0),
    "mmd-drawn": infovae(1, 784, sampled=True),
    "mmd-cross-entropy": infovae(1, 784, sampled=False),
    "mmd-as-posted": MMD_AS_POSTED,
}
# What else may be asked for, spelled as a call.
FAMILY = {f.__name__: f for f in (beta, capacity, infovae, iwae)}
PRIORS = {f.__name__: f for f in (mixture, vamp)}
FITTED = re.compile(r"fitted\(([1-9]\d*)\)")  # a mixture, after training
TITLES = {
    UNTRAINED: "untrained",
    "autoencoder": "autoencoder",
    "elbo-as-posted": "VAE as posted",
    "elbo": "VAE",
    "elbo-squared-error": "VAE, squared error",
    "mmd-drawn": "MMD-VAE, cross-entropy, noise",
    "mmd-cross-entropy": "MMD-VAE, cross-entropy",
    "mmd-as-posted": "MMD-VAE as posted",
}
REFERENCES = UNTRAINED, "autoencoder"  # beside which the others are read
SAMPLES = 5_000  # images drawn from a model, and real ones that they are compared with
EXACT = 1_000  # test images whose likelihood is integrated
STEP = 0.05
DRAWS = 100  # codes per image for a bound, where there are too many dimensions for that
TO_NORMAL = (
    "MMD² to prior",
    "moment KL",
    "covariance distance",
)  # in closed form, for N(0, I) only


def recipe(dataset, objective, prior="normal", **settings):
    """The recipe behind two words: the fast schedule, unless `settings` say otherwise.

    Args:
        dataset: a name that `data.load` knows.
        objective: a name in `OBJECTIVES`, or a call of `vaelib.objectives` such as "beta(0.1)".
        prior: "normal", or a call of `vaelib.priors` such as "vamp(20)"; "fitted(20)" is trained
            with the normal one.
        **settings: of the `Recipe`.
    """
    if objective in OBJECTIVES:
        what = OBJECTIVES[objective]
    else:
        known = ", ".join([*OBJECTIVES, *(f"{name}(...)" for name in FAMILY)])
        what = _called(
            objective, FAMILY, f"unknown objective {objective!r}: choose one of {known}."
        )
    wanted = f"unknown prior {prior!r}: choose one of normal, mixture(20), vamp(20), fitted(20)."
    trained_with = STANDARD_NORMAL
    if prior != "normal" and not FITTED.fullmatch(prior):
        trained_with = _called(prior, PRIORS, wanted)
    return Recipe(dataset, what, prior=trained_with, **settings)


def _called(text, functions, unknown):
    """What a call such as "beta(0.1)" gives, of one of these functions with numbers."""
    try:
        call = ast.parse(text, mode="eval").body
        function = functions[call.func.id]
        numbers = [ast.literal_eval(argument) for argument in call.args]
        named = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, AttributeError, KeyError, ValueError):
        raise ValueError(unknown) from None
    try:
        return function(*numbers, **named)
    except TypeError as error:
        raise ValueError(f"{text!r} can't be called: {error}.") from None


def model_of(dataset, objective, prior="normal", **settings):
    """The trained model of a `recipe`; for "untrained" the network as it is drawn.

    With the prior "fitted(20)", the model as trained with the normal one, which then gives way to
    a mixture fitted to codes that are drawn for the training images.
    """
    asked = recipe(dataset, objective, prior, **settings)
    if objective == UNTRAINED:
        model = training.build(asked, 1)
        model.prior.start(data.load(dataset).limit(asked.limit).train_images, asked.seed)
    else:
        model = training.train(asked).model
    if found := FITTED.fullmatch(prior):
        codes = _draw_codes(model, data.load(dataset).limit(asked.limit).train_images, asked.seed)
        model.prior = priors.fitted(codes, int(found[1]), asked.seed)
    return model


def _draw_codes(model, images, seed):
    mean, log_var = model.encode_distribution(images)
    if log_var is None:
        return mean
    return mean + np.exp(log_var / 2) * np.random.default_rng(seed).standard_normal(mean.shape)


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
    both = z_mean, model.encode(dataset.train_images), labels, dataset.train_labels
    row = _codes(*both, model.prior, seed)
    row |= {
        "pixel MSE": metrics.mean_squared_error(model, images),
        "cross-entropy": metrics.mean_cross_entropy(model, images),
    }
    row |= _decoded(model, images / np.float32(255), features, seed)
    return row | _probability(model, images, z_mean, z_log_var, seed)


def _codes(codes, train_codes, labels, train_labels, prior, seed):
    both = train_codes, train_labels, codes, labels
    kernel = aggregate.held_out_kernel(codes.shape[1])
    distance, p = aggregate.mmd_test(codes, kernel, seed=seed, prior=prior)
    row = metrics.code_statistics(codes) | {
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
    normal = isinstance(prior, StandardNormal)
    return row | {name: row[name] if normal else np.nan for name in TO_NORMAL}


def _decoded(model, images, features, seed):
    real, samples = images[:SAMPLES], model.sample(SAMPLES, seed)
    real_features, sample_features = features(real), features(samples)
    codes = model.prior.sample(1_000, seed)
    sharp = realism.sharpness(real)
    row = realism.precision_recall_density_coverage(real_features, sample_features) | {
        "sample sharpness": realism.sharpness(samples) / sharp,
        "reconstruction sharpness": realism.sharpness(model.decode(model.encode(real))) / sharp,
        "path length": realism.path_length(model.decode, features, codes, seed=seed),
    }
    manifold = realism.Manifold(real_features, share=0.5)
    if model.latent_dim != 2:
        share = manifold.holds(sample_features).mean()
        return row | {"grid on manifold": np.nan, "prior on manifold": float(share)}
    grid = grid_codes()
    on_grid = manifold.holds(features(model.decode(grid)))
    if isinstance(model.prior, StandardNormal):
        density = np.exp(-(grid**2).sum(axis=1) / 2)
        share = (on_grid * density).sum() / density.sum()
    else:  # which may be narrower than a cell: by draws
        share = manifold.holds(sample_features).mean()
    return row | {"grid on manifold": float(on_grid.mean()), "prior on manifold": float(share)}


def _probability(model, images, z_mean, z_log_var, seed):
    few, n, drawn = images[:EXACT], len(images[:EXACT]), z_log_var is not None
    black_and_white = (few > 127).astype("uint8") * np.uint8(255)
    exact, row = np.full(2 * n, np.nan), {}
    if model.latent_dim == 2:  # both at once, for most of the time goes into decoding the grid
        exact = likelihood.log_likelihood(model, np.concatenate([few, black_and_white]), STEP)
    elif drawn:
        row["bound grey"] = -likelihood.importance_sampled(model, few, DRAWS, seed).mean()
    row |= {"NLL grey": -exact[:n].mean(), "NLL binarised": -exact[n:].mean()}
    mutual, to_prior = (
        aggregate.information(z_mean, z_log_var, seed, model.prior) if drawn else 2 * (np.nan,)
    )
    bound = likelihood.elbo(model, few, seed).mean() if drawn else np.nan
    row |= {"bound gap": exact[:n].mean() - bound, "mutual information": mutual}
    return {k: float(v) for k, v in row.items()} | {"aggregate KL": to_prior}


def known_images(dataset, features, seed=0):
    """What the measures of decoded images give for images that need no measuring: a control.

    Args:
        dataset, features, seed: as for `measure`.

    Returns:
        dict of "real images" (the second half of the test images), "the average" of the training
        images, again and again, and "noise", to what they get beside the first half of the test
        images: a dict of measure to number.
    """
    half = min(SAMPLES, len(dataset.test_images) // 2)
    real = dataset.test_images[: 2 * half] / np.float32(255)
    average = dataset.train_images.mean(axis=0, dtype="float64").astype("float32") / 255
    known = {
        "real images": real[half:],
        "the average": np.repeat(average[None], half, axis=0),
        "noise": np.random.default_rng(seed).random(real[half:].shape, dtype="float32"),
    }
    judges, sharp = features(real[:half]), realism.sharpness(real[:half])
    manifold, marks = realism.Manifold(judges, share=0.5), {}
    for name, images in known.items():
        found = features(images)
        marks[name] = realism.precision_recall_density_coverage(judges, found) | {
            "on manifold": float(manifold.holds(found).mean()),
            "sharpness": realism.sharpness(images) / sharp,
        }
    return marks


def flat(nested, prefix=""):
    """A dict of dicts as one dict, for a row of a table: {"code": {"commit": c}} as code.commit."""
    row = {}
    for name, value in nested.items():
        full = f"{prefix}{name}"
        row |= flat(value, f"{full}.") if isinstance(value, dict) else {full: value}
    return row
