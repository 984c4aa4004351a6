"""One row of the study: what is trained, and every measure of it.

The objectives change one thing at a time: the reconstruction term, the term that pulls towards
the prior, or whether codes are drawn.
"""

import numpy as np

from vaelib import aggregate, likelihood, losses, metrics, realism, training
from vaelib.objectives import AUTOENCODER, ELBO, ELBO_AS_POSTED, MMD_AS_POSTED, Objective, infovae
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


def recipe(dataset, objective, seed=0, epochs=10, limit=None):
    """The recipe behind a name of `OBJECTIVES`: the fast schedule, two latent dimensions."""
    if objective not in OBJECTIVES:
        raise ValueError(f"unknown objective {objective!r}: choose one of {', '.join(OBJECTIVES)}.")
    return Recipe(dataset, OBJECTIVES[objective], epochs=epochs, seed=seed, limit=limit)


def model_of(dataset, objective, seed=0, epochs=10, limit=None):
    """The trained model behind a name; for "untrained" the network as it is drawn."""
    asked = recipe(dataset, objective, seed, epochs, limit)
    if objective == UNTRAINED:
        return training.build(asked, 1)
    return training.train(asked).model


def measure(model, dataset, features, seed=0):
    """All measures of one model, on the test images unless their name says otherwise.

    Args:
        model: a `VAE` with two latent dimensions.
        dataset: a `Dataset`.
        features: function from images to features, see `vaelib.features`.
        seed: of all draws.

    Returns:
        dict of name to number; NaN for what codes that are not drawn do not have.
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
    distance, p = aggregate.mmd_test(codes, aggregate.held_out_kernel(2), seed=seed)
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
    real_features, grid = features(real), grid_codes()
    on_manifold = realism.Manifold(real_features, share=0.5).holds(features(model.decode(grid)))
    prior = np.exp(-(grid**2).sum(axis=1) / 2)
    codes = np.random.default_rng(seed).standard_normal((1_000, 2))
    sharp = realism.sharpness(real)
    return realism.precision_recall_density_coverage(real_features, features(samples)) | {
        "sample sharpness": realism.sharpness(samples) / sharp,
        "reconstruction sharpness": realism.sharpness(model.decode(model.encode(real))) / sharp,
        "grid on manifold": float(on_manifold.mean()),
        "prior on manifold": float((on_manifold * prior).sum() / prior.sum()),
        "path length": realism.path_length(model.decode, features, codes, seed=seed),
    }


def _probability(model, images, z_mean, z_log_var, seed):
    few, n = images[:EXACT], len(images[:EXACT])
    black_and_white = (few > 127).astype("uint8") * np.uint8(255)
    # Both at once, for most of the time goes into decoding the grid.
    exact = likelihood.log_likelihood(model, np.concatenate([few, black_and_white]), STEP)
    row = {"NLL grey": -exact[:n].mean(), "NLL binarised": -exact[n:].mean()}
    drawn = z_log_var is not None
    mutual, to_prior = aggregate.information(z_mean, z_log_var, seed) if drawn else 2 * (np.nan,)
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
