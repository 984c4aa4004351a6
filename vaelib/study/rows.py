"""Every measure of one model, and of images that need no model: rows of the study's tables."""

import numpy as np

from vaelib import measures
from vaelib.backend import ops
from vaelib.grid import grid_codes
from vaelib.measures import likelihood
from vaelib.pixels import to_unit_interval
from vaelib.priors import StandardNormal
from vaelib.streams import stream

SAMPLES = 5_000  # images sampled from a model, and real ones that they are compared with
PLACES = 2_000  # sampled from the prior, to see how fast images change there
CODES = 100  # sampled for each image for a bound, where there are too many dimensions to integrate
BOUNDED = 1_000  # test images for it
TO_NORMAL = (  # in closed form, for N(0, I) only
    "MMD² to prior",
    "moment KL",
    "covariance distance",
    "occupancy",
)
OF_CLASSES = "15-NN accuracy", "probe accuracy", "silhouette", "cluster agreement"
INTEGRALS = "NLL", "marginal cross-entropy"  # of black-and-white pixels, and of grey ones


def measure(model, dataset, features, seed=0):
    """All measures of one model, on all test images unless their name says otherwise.

    Args:
        model: a `VAE`; what is measured on a grid needs two latent dimensions.
        dataset: a `Dataset`, with the kind of pixels that the model was trained on.
        features: function from images to features, see `measures.features`.
        seed: of all that is sampled.

    Returns:
        dict of name to number; NaN for what such a model does not have.
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


def _codes(codes, train_codes, labels, train_labels, prior, seed):
    both = train_codes, train_labels, codes, labels
    kernel = measures.held_out_kernel(codes.shape[1])
    distance, p = measures.mmd_test(codes, kernel, seed=seed, prior=prior)
    row = measures.code_statistics(codes) | {
        "mean norm": measures.mean_norm(codes),
        "covariance distance": measures.covariance_distance(codes),
        "moment KL": measures.moment_kl(codes),
        "occupancy": measures.occupancy(codes) if codes.shape[1] == 2 else np.nan,
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


def _decoded(model, real, features, seed):
    codes = model.prior.sample(SAMPLES, seed)
    samples, sharp = model.decode(codes), measures.sharpness(real)
    real_features, sample_features = features(real), features(samples)
    row = measures.precision_recall_density_coverage(real_features, sample_features) | {
        "sample sharpness": measures.sharpness(samples) / sharp,
        "reconstruction sharpness": measures.sharpness(model.decode(model.encode(real))) / sharp,
        "path length": measures.path_length(model.decode, features, codes[:PLACES], seed=seed),
    }
    manifold = measures.Manifold(real_features, share=0.5)
    row["grid on manifold"] = np.nan
    if model.latent_dim == 2:
        on_grid = manifold.holds(features(model.decode(grid_codes())))
        row["grid on manifold"] = on_grid.mean()
    return row | {"prior on manifold": manifold.holds(sample_features).mean()}


def _probability(model, images, z_mean, z_log_var, seed):
    """What the model says of images: in nats per image, of all images but for what is "sampled".

    - log integral p(x|z) p(z) dz is a likelihood, and the NLL its negative, where pixels are black
      or white. For grey ones p(x|z) is exp(- cross-entropy), which is no density.
    """
    plane, sampled = model.latent_dim == 2, z_log_var is not None
    exact = likelihood.log_likelihood(model, images).mean() if plane else np.nan
    names = "rate", "distortion", "mutual information", "aggregate KL"
    row = {"information ceiling": np.log(len(images))} | dict.fromkeys((*names, *INTEGRALS), np.nan)
    row[INTEGRALS[not _black_and_white(images)]] = -exact
    if sampled:
        rate, distortion = likelihood.rate_distortion(model, images, seed)
        row |= {"rate": rate.mean(), "distortion": distortion.mean()}
        found = measures.information(z_mean, z_log_var, seed, model.prior)
        row |= dict(zip(names[2:], found, strict=True))
        if not plane and model.objective.kl_weight:  # else the clouds are too narrow to sample from
            few = likelihood.importance_sampled(model, images[:BOUNDED], CODES, seed)
            row[f"{INTEGRALS[not _black_and_white(images)]}, sampled"] = -few.mean()
    return row | {"bound gap": exact + row["rate"] + row["distortion"]}


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
    real = _floats(dataset.test_images[: 2 * half])
    average = dataset.train_images.mean(axis=0, dtype="float64").astype("float32") / 255
    known = {
        "real images": real[half:],
        "the average": np.repeat(average[None], half, axis=0),
        "noise": stream(seed, "noise images").random(real[half:].shape, dtype="float32"),
    }
    judges, sharp = features(real[:half]), measures.sharpness(real[:half])
    manifold, marks = measures.Manifold(judges, share=0.5), {}
    for name, images in known.items():
        found = features(images)
        marks[name] = measures.precision_recall_density_coverage(judges, found) | {
            "on manifold": float(manifold.holds(found).mean()),
            "sharpness": measures.sharpness(images) / sharp,
        }
    return marks


def _black_and_white(images):
    return bool(((images == 0) | (images == 255)).all())


def _floats(images):  # in [0, 1]
    return ops.convert_to_numpy(to_unit_interval(images))


def flat(nested, prefix=""):
    """A dict of dicts as one dict, for a row of a table: {"code": {"commit": c}} as code.commit."""
    row = {}
    for name, value in nested.items():
        full = f"{prefix}{name}"
        row |= flat(value, f"{full}.") if isinstance(value, dict) else {full: value}
    return row
