"""Compute every measure of one model."""

from collections.abc import Callable

import numpy as np

from vaelib import measures, mmd
from vaelib.data import Dataset
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.priors import Mixture, StandardNormal, TrainablePrior
from vaelib.support.backend import ops
from vaelib.support.image_arrays import to_unit_interval
from vaelib.support.latent_grid import grid_codes

SAMPLES = 5_000  # images that are sampled from a model, and real images to compare them with
PLACES = 2_000  # codes at which the path length is measured: of the prior, and of test images
# Factors of the variance of the kernel that models are trained with. These kernels train no model.
HELD_OUT_FACTORS = 0.25, 4.0
# If there are too many latent dimensions to integrate over, the likelihood is bounded by importance
# sampling, with CODES codes for each of the first BOUNDED test images.
CODES = 100
BOUNDED = 1_000
TO_NORMAL = (  # distances to N(0, I) in closed form, which do not apply to other priors
    "MMD² to prior",
    "MMD² to prior, held-out kernels",
    "moment KL",
    "covariance distance",
    "occupancy",
)
OF_CLASSES = "15-NN accuracy", "probe accuracy", "silhouette", "cluster agreement"
INTEGRALS = "NLL", "marginal cross-entropy"  # for black-and-white pixels, and for gray ones


def measure(
    model: VAE,
    dataset: Dataset,
    features: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
) -> dict[str, float]:
    """Compute all measures of one model, on the test images.

    Measures whose name ends in "sampled" use the first `BOUNDED` test images, and comparisons of
    decoded with real images the first `SAMPLES`.

    Args:
        model: The model. Measures on a grid are NaN unless it has two latent dimensions.
        dataset: The data set, with the kind of pixels that the model was trained on.
        features: Function from images to features, see `measures.features`.
        seed: Seed of everything that is sampled.

    Returns:
        The measures by name; NaN where a measure is not defined for such a model. Losses, rates,
        and likelihoods are in nats per image.
    """
    images, labels = dataset.test_images, dataset.test_labels
    z_mean, z_log_var = model.encode_distribution(images)
    both = z_mean, model.encode(dataset.train_images), labels, dataset.train_labels
    row = _codes(*both, model.prior, seed)
    row |= {
        "pixel MSE": measures.mean_squared_error(model, images),
        "cross-entropy": measures.mean_cross_entropy(model, images),
    }
    row |= _decoded(model, _floats(images[:SAMPLES]), features, seed)
    row |= _probability(model, images, z_mean, z_log_var, seed)
    return {name: float(value) for name, value in row.items()}


def _codes(
    codes: np.ndarray,
    train_codes: np.ndarray,
    labels: np.ndarray,
    train_labels: np.ndarray,
    prior: StandardNormal | Mixture | TrainablePrior,
    seed: int,
) -> dict[str, float]:
    both = train_codes, train_labels, codes, labels
    kernel = measures.held_out_kernel(codes.shape[1])
    distance, p = measures.mmd_test(codes, kernel, seed=seed, prior=prior)
    row = measures.code_statistics(codes) | {
        "mean norm": measures.mean_norm(codes),
        "covariance distance": measures.covariance_distance(codes),
        "moment KL": measures.moment_kl(codes),
        "occupancy": measures.occupancy(codes) if codes.shape[1] == 2 else np.nan,
        "MMD² to prior, held-out kernels": _held_out_mmd2(codes),
        "held-out MMD²": distance,
        "held-out p": p,
        "active units": measures.active_units(codes),
    }
    if len(np.unique(labels)) > 1:
        row |= {
            "15-NN accuracy": measures.knn_accuracy(*both),
            "probe accuracy": measures.probe_accuracy(*both),
            "silhouette": measures.silhouette(codes, labels),
            "cluster agreement": measures.cluster_agreement(codes, labels, seed),
        }
    normal = isinstance(prior, StandardNormal)
    row |= {name: row[name] if normal else np.nan for name in TO_NORMAL}
    return dict.fromkeys(OF_CLASSES, np.nan) | row


def _held_out_mmd2(codes: np.ndarray) -> float:
    """Return the mean MMD² of all codes to N(0, I) over two kernels, with the closed form."""
    trained = mmd.default_variance(codes.shape[1])
    found = [mmd.mmd2_to_normal(codes, f * trained, unbiased=True) for f in HELD_OUT_FACTORS]
    return float(np.mean([ops.convert_to_numpy(one) for one in found]))


def _decoded(
    model: VAE, real: np.ndarray, features: Callable[[np.ndarray], np.ndarray], seed: int
) -> dict[str, float]:
    codes, real_codes = model.prior.sample(SAMPLES, seed), model.encode(real)
    samples, sharp = model.decode(codes), measures.sharpness(real)
    real_features, sample_features = features(real), features(samples)
    row = measures.precision_recall_density_coverage(real_features, sample_features) | {
        "sample sharpness": measures.sharpness(samples) / sharp,
        "reconstruction sharpness": measures.sharpness(model.decode(real_codes)) / sharp,
        "path length": measures.path_length(model.decode, features, codes[:PLACES], seed=seed),
        "path length at codes": measures.path_length(
            model.decode, features, real_codes[:PLACES], seed=seed
        ),
    }
    manifold = measures.Manifold(real_features, share=0.5)
    row["grid on manifold"] = np.nan
    if model.latent_dim == 2:
        on_grid = manifold.contains(features(model.decode(grid_codes())))
        row["grid on manifold"] = on_grid.mean()
    return row | {"prior on manifold": manifold.contains(sample_features).mean()}


def _probability(
    model: VAE, images: np.ndarray, z_mean: np.ndarray, z_log_var: np.ndarray | None, seed: int
) -> dict[str, float]:
    """Compute likelihood, rate, distortion, and mutual information, in nats per image.

    log integral p(x|z) p(z) dz is a log-likelihood if pixels are black or white, and its negative
    is the NLL. For gray pixels, p(x|z) = exp(-cross-entropy) is not a density, so the result is
    called marginal cross-entropy.
    """
    two_dimensional, sampled = model.latent_dim == 2, z_log_var is not None
    exact = likelihood.log_likelihood(model, images).mean() if two_dimensional else np.nan
    names = "rate", "distortion", "mutual information", "aggregate KL"
    row = {"information ceiling": np.log(len(images))} | dict.fromkeys((*names, *INTEGRALS), np.nan)
    row[INTEGRALS[not _black_and_white(images)]] = -exact
    if sampled:
        rate, distortion = likelihood.rate_distortion(model, images, seed)
        row |= {"rate": rate.mean(), "distortion": distortion.mean()}
        found = measures.decompose_rate(z_mean, z_log_var, seed, model.prior)
        row |= dict(zip(names[2:], found, strict=True))
        # Without a KL term, the posteriors are too narrow for importance sampling.
        if not two_dimensional and model.objective.weight("kl"):
            few = likelihood.importance_sampled_log_likelihood(model, images[:BOUNDED], CODES, seed)
            row[f"{INTEGRALS[not _black_and_white(images)]}, sampled"] = -few.mean()
    return row | {"bound gap": exact + row["rate"] + row["distortion"]}


def _black_and_white(images: np.ndarray) -> bool:
    return bool(((images == 0) | (images == 255)).all())


def _floats(images: np.ndarray) -> np.ndarray:  # in [0, 1]
    return ops.convert_to_numpy(to_unit_interval(images))
