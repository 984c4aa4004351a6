"""Compare a diffusion model on the codes of a VAE with other priors, over five seeds.

`python -m study.latent_diffusion` trains and measures what tables/diffusion.csv lacks, and adds the
rows (about half an hour on two cores). It can be interrupted at any time. No hypothesis was stated
in advance, so the table is exploratory. Lesson 09 explains the diffusion model step by step.
"""

import contextlib
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.special import logsumexp

from study import TABLES
from study.named_models import fit_mixture, recipe, sample_codes
from study.table_files import add_missing
from vaelib import data, measures, runs
from vaelib.data import Dataset
from vaelib.measures import features, likelihood
from vaelib.measures.pixel_densities import pixel_log_density
from vaelib.models import VAE
from vaelib.support.backend import keras, layers, ops
from vaelib.support.image_arrays import to_unit_interval
from vaelib.support.rng import named_rng

TABLE = TABLES / "diffusion.csv"
KEYS = ["dataset", "latent_dim", "prior", "seed"]
COMPONENTS = 20  # of each mixture
# What codes are sampled from: the prior that the VAE was trained with, a mixture and a diffusion
# model that are fitted to its codes afterwards, the codes of the training images themselves, and
# the trained prior of a second VAE.
NORMAL, MIXTURE, DIFFUSION, CODES = "normal", f"fitted({COMPONENTS})", "diffusion", "codes"
VAMP = f"vamp({COMPONENTS})"
PRIORS = {2: (NORMAL, MIXTURE, DIFFUSION, VAMP, CODES), 8: (NORMAL, MIXTURE, DIFFUSION, CODES)}
OTHER_MEASURES = (
    *("aggregate KL", "histogram KL"),
    *("marginal cross-entropy", "marginal cross-entropy, from samples"),
)
SAMPLES = 5_000  # decoded samples, and test images to compare them with
MANY = 20_000  # samples from which the density of a prior is estimated
LIKELIHOODS = 1_000  # test images whose likelihood is computed
CELLS = 20  # per dimension, for `histogram_kl`
STEPS, BATCH, WIDTH, RATE = 3_000, 512, 128, 0.005  # training of the denoiser
SAMPLING_STEPS = 100


def signal_and_noise(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the code and the share of the noise at time t, from 0 to 1.

    A noisy code is a z + b ε, with a = cos(π t / 2) and b = sin(π t / 2), so that a² + b² = 1.
    """
    return np.cos(np.pi / 2 * t), np.sin(np.pi / 2 * t)


def fit_denoiser(codes: np.ndarray, seed: int = 0, steps: int = STEPS) -> keras.Model:
    """Train a network to separate the code z from the noise ε in a noisy code a z + b ε.

    The network predicts v = a ε - b z (Salimans and Ho 2022, arXiv 2202.00512), from which both
    follow, see `predict`. The error of the noise, as in Ho et al. (2020), is a² times that of v.

    Args:
        codes: Codes with mean 0 and standard deviation 1 in each dimension, (n, latent_dim).
        seed: Seed of the noise and of the initial weights.
        steps: Number of training steps, with 512 noisy codes each.

    Returns:
        A network from (noisy code, a, b), shape (n, latent_dim + 2), to v, shape (n, latent_dim).
    """
    random = named_rng(seed, "diffusion")
    n, dims = steps * BATCH, codes.shape[1]
    z = codes.astype("float32")[random.integers(len(codes), size=n)]
    a, b = signal_and_noise(random.random((n, 1), "float32"))
    noise = random.standard_normal(z.shape, "float32")
    inputs = np.concatenate([a * z + b * noise, a, b], axis=1)
    sizes = [(WIDTH, "relu")] * 3 + [(dims, None)]
    starts = [keras.initializers.GlorotUniform(seed=4 * seed + i) for i in range(4)]
    denoiser = keras.Sequential(
        [keras.Input((dims + 2,))]
        + [layers.Dense(*size, kernel_initializer=k) for size, k in zip(sizes, starts, strict=True)]
    )
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    denoiser.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    denoiser.fit(inputs, a * noise - b * z, batch_size=BATCH, shuffle=False, verbose=0)
    return denoiser


def predict(denoiser: keras.Model, noisy: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
    """Predict the code and the noise in noisy codes.

    Args:
        denoiser: As from `fit_denoiser`.
        noisy: Noisy codes, shape (n, latent_dim).
        t: The time of all of them.

    Returns:
        The predicted codes and the predicted noise, shape (n, latent_dim) each.
    """
    a, b = signal_and_noise(t)
    inputs = np.concatenate([noisy, np.broadcast_to([a, b], (len(noisy), 2))], axis=1)
    v = ops.convert_to_numpy(denoiser(inputs.astype("float32")))
    return a * noisy - b * v, b * noisy + a * v


def denoise(denoiser: keras.Model, noise: np.ndarray, steps: int = SAMPLING_STEPS) -> np.ndarray:
    """Turn noise into codes: predict code and noise, and mix them with less noise, many times.

    This is the deterministic sampler of Song et al. (2020, arXiv 2010.02502).

    Args:
        denoiser: As from `fit_denoiser`.
        noise: Samples from N(0, I), shape (n, latent_dim).
        steps: Number of steps.

    Returns:
        The noisy codes at all times, shape (steps + 1, n, latent_dim). The last ones are codes with
        mean 0 and standard deviation 1.
    """
    path = [noise]
    for t, next_t in pairwise(np.linspace(1, 0, steps + 1)):
        code, predicted_noise = predict(denoiser, path[-1], t)
        a, b = signal_and_noise(next_t)
        path.append(a * code + b * predicted_noise)
    return np.stack(path)


class DiffusionPrior:
    """A diffusion model of codes that can be sampled like the priors of `vaelib.priors`.

    Args:
        codes: Codes of training images, sampled from q(z|x), shape (n, latent_dim).
        seed: Seed of its training.
        steps: Number of training steps.
    """

    def __init__(self, codes: np.ndarray, seed: int = 0, steps: int = STEPS) -> None:
        self.mean, self.deviation = codes.mean(axis=0), codes.std(axis=0)
        self.denoiser = fit_denoiser((codes - self.mean) / self.deviation, seed, steps)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n codes, shape (n, latent_dim), which depend only on the seed."""
        noise = named_rng(seed, "samples").standard_normal((n, len(self.mean)))
        return self.mean + self.deviation * denoise(self.denoiser, noise)[-1]


class SampledCodes:
    """Codes of training images, as the best that a prior could produce.

    Args:
        codes: Codes of training images, sampled from q(z|x), shape (n, latent_dim).
    """

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Choose n of the codes, shape (n, latent_dim), without repetition if there are enough."""
        random = named_rng(seed, "samples")
        return self.codes[random.choice(len(self.codes), n, replace=n > len(self.codes))]


def histogram_kl(codes: np.ndarray, samples: np.ndarray, side: int = CELLS) -> float:
    """Estimate KL(q(z) || p(z)) from codes and from samples of p(z), with a histogram.

    The plane is divided into side * side cells, whose edges are quantiles of the codes in each
    dimension. A cell with c of m samples has the probability (c + 1/2) / (m + side² / 2), so that
    no cell is impossible. Differences within a cell are ignored, which lowers the result, and
    chance raises it: for two equal distributions it is about (side² - 1) / 2 (1 / n + 1 / m).

    Args:
        codes: Samples from q(z), shape (n, 2).
        samples: Samples from p(z), shape (m, 2).
        side: Number of cells per dimension.

    Returns:
        The KL divergence in nats, 0 or more.
    """
    inner = np.linspace(0, 1, side + 1)[1:-1]
    edges = [np.quantile(coordinate, inner) for coordinate in codes.T]

    def shares(points: np.ndarray, added: float) -> np.ndarray:
        row, column = (np.searchsorted(e, x) for e, x in zip(edges, points.T, strict=True))
        counts = np.bincount(side * row + column, minlength=side**2) + added
        return counts / counts.sum()

    q, p = shares(codes, 0.0), shares(samples, 0.5)
    used = q > 0
    return float((q[used] * np.log(q[used] / p[used])).sum())


def sampled_cross_entropy(model: VAE, images: np.ndarray, codes: np.ndarray) -> float:
    """Estimate the mean of -log p(x) with codes sampled from any prior.

        -log p(x) is about -log mean_k p(x|z_k)

    It needs no density of the prior. By Jensen's inequality, it is too large on average, the more
    so the fewer codes decode to something like x.

    Args:
        model: The model, whose prior is not used.
        images: Shape (n, *model.image_shape).
        codes: Samples from the prior, shape (k, latent_dim).

    Returns:
        Nats per image. For gray pixels, this is the marginal cross-entropy of the study.
    """
    flat = ops.reshape(to_unit_interval(images), (len(images), -1))
    log_p, total = pixel_log_density(model), np.full(len(images), -np.inf)
    for start in range(0, len(codes), 500):
        z = ops.convert_to_tensor(codes[start : start + 500], dtype="float32")
        logits = ops.reshape(model.decoder(z), (len(z), -1))
        part = np.float64(ops.convert_to_numpy(log_p(flat, logits)))
        total = np.logaddexp(total, logsumexp(part, axis=1))
    return float(np.log(len(codes)) - total.mean())


def measure(
    model: VAE,
    prior: object,
    dataset: Dataset,
    extract: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
) -> dict[str, float]:
    """Compute the measures of codes that are sampled from a prior, and of the decoded images.

    Args:
        model: A VAE. Its prior is replaced by `prior`, if that has a density.
        prior: An object with a method `sample`. If it also has `log_density`, the two measures that
            need a density are computed.
        dataset: The data set of the model.
        extract: Function from images to features, see `vaelib.measures.features`.
        seed: Seed of everything that is sampled.

    Returns:
        By name: "precision", "recall", "density", and "coverage" of `SAMPLES` decoded samples;
        "aggregate KL", computed with the density; for two latent dimensions "histogram KL" and, for
        the first `LIKELIHOODS` test images, "marginal cross-entropy" (an integral, computed with
        the density) and "marginal cross-entropy, from samples". KL divergences and cross-entropies
        are in nats. What cannot be computed is NaN.
    """
    images, few = dataset.test_images, dataset.test_images[:LIKELIHOODS]
    many = prior.sample(MANY, seed)
    decoded = extract(model.decode(many[:SAMPLES]))
    row = measures.precision_recall_density_coverage(extract(images[:SAMPLES]), decoded)
    row |= dict.fromkeys(OTHER_MEASURES, np.nan)
    if model.latent_dim == 2:
        row["histogram KL"] = histogram_kl(sample_codes(model, images, seed), many)
        row["marginal cross-entropy, from samples"] = sampled_cross_entropy(model, few, many)
    if hasattr(prior, "log_density"):
        posteriors = model.encode_distribution(images)
        row["aggregate KL"] = measures.decompose_rate(*posteriors, seed, prior)[1]
        model.prior = prior
        if model.latent_dim == 2:
            row["marginal cross-entropy"] = -likelihood.log_likelihood(model, few).mean()
    return row


def wanted(seeds: int = 5) -> list[dict]:
    """Return the keys of all rows."""
    return [
        {"dataset": "fashion_mnist", "latent_dim": latent_dim, "prior": prior, "seed": seed}
        for latent_dim, priors in PRIORS.items()
        for seed in range(seeds)
        for prior in priors
    ]


def make_row(dataset: str, latent_dim: int, prior: str, seed: int) -> tuple[dict, dict[str, str]]:
    """Train and measure one row, and report the seconds that its prior took after training.

    Args:
        dataset, latent_dim, prior, seed: The key of the row, as from `wanted`.

    Returns:
        The measures, and the fingerprint of the data set.
    """
    trained_with = prior if prior == VAMP else NORMAL
    with contextlib.redirect_stdout(None):  # Training prints a line for each epoch.
        run = runs.train(recipe(dataset, "elbo", trained_with, seed=seed, latent_dim=latent_dim))
    model, loaded = run.model, data.load(dataset)
    codes = sample_codes(model, loaded.train_images, seed)
    make = {
        NORMAL: lambda: model.prior,
        MIXTURE: lambda: fit_mixture(codes, COMPONENTS, seed),
        DIFFUSION: lambda: DiffusionPrior(codes, seed, STEPS),
        VAMP: lambda: model.prior,
        CODES: lambda: SampledCodes(codes),
    }
    start = time.perf_counter()
    sampler = make[prior]()
    fitted = time.perf_counter()
    sampler.sample(SAMPLES, seed)
    seconds = {"seconds to fit": fitted - start, "seconds to sample": time.perf_counter() - fitted}
    row = measure(model, sampler, loaded, features.load(dataset), seed)
    return row | seconds, {loaded.name: loaded.fingerprint}


def read(path: Path = TABLE) -> pd.DataFrame:
    """Read the table: the keys, the measures of `measure`, and two times in seconds."""
    return pd.read_csv(path)


@click.command(help=__doc__)
def main() -> None:
    """Add the rows that the table lacks."""
    add_missing(TABLE, KEYS, wanted(), make_row)


if __name__ == "__main__":
    main()
