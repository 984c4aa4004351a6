# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions: better priors, and a bridge to latent diffusion
#
# These are solutions to the exercises of [lesson 09](../09_better_priors.ipynb). The notebook takes about three
# minutes on two CPU cores, and less if you have run the lesson before. As in the lesson, everything is exploratory,
# and each number comes from one model with one seed.

# %%
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.neighbors import NearestNeighbors

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import named_models
from study.latent_diffusion import denoise, fit_denoiser, histogram_kl, predict, signal_and_noise
from vaelib import data, measures, plotting, runs
from vaelib.support import lesson

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and everything that is sampled
limit = None  # a number: train on the first `limit` images only; None: train on all
steps: int = 3000  # training steps of the diffusion model

# %%
lesson.note_changed_settings(
    globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None, steps=3000
)
lesson.check_ranges(globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(100, None))

# %% [markdown]
# The exercises start from the VAE and the codes of the lesson. The functions of the diffusion model are imported from
# `study/latent_diffusion.py`, which contains those of the lesson with docstrings.

# %%
dataset = data.load(dataset_name).limit(limit)
recipe = named_models.recipe(dataset_name, "elbo", epochs=epochs, seed=seed, limit=limit)
vae = runs.train(recipe).model
codes = named_models.sample_codes(vae, dataset.train_images, seed)
test_codes = named_models.sample_codes(vae, dataset.test_images, seed)
mean, deviation = codes.mean(axis=0), codes.std(axis=0)
clean = (codes - mean) / deviation
denoiser = fit_denoiser(clean, seed, steps)

# %% [markdown]
# ## 1. Change one line: how many Gaussians are enough?
#
# *Fit mixtures of 1, 2, 5, 20, and 100 Gaussians to the codes. How does the aggregate KL depend on their number?*
#
# The mixtures are fitted to codes of training images, and the aggregate KL is measured on test images.

# %%
posteriors = vae.encode_distribution(dataset.test_images)
priors = {"standard normal": vae.prior}
priors |= {f"mixture of {k}": named_models.fit_mixture(codes, k, seed) for k in (1, 2, 5, 20, 100)}
aggregate_kl = {
    name: measures.decompose_rate(*posteriors, seed, prior)[1] for name, prior in priors.items()
}
pd.Series(aggregate_kl).round(3).to_frame("aggregate KL, nats")

# %% [markdown]
# One Gaussian gains little, because it can only move and stretch the prior. The aggregate KL falls from 0.568 to
# 0.510 nats. With 5 Gaussians it is 0.309 nats, with 20 it is 0.108, and with 100 it is 0.043. There is no number
# after which nothing changes any more, but 20 Gaussians already gain 81 % of what there is to gain. With many more
# components, a mixture would begin to follow single training codes, and the aggregate KL on test images would rise
# again.
#
# ## 2. Measure: how many steps are enough?
#
# *Sample with 1, 2, 5, 20, and 100 steps, from the same noise. Where do the samples lie after a single step, and
# why?*

# %%
start = np.random.default_rng(seed).standard_normal((20_000, 2))
by_steps = {n: denoise(denoiser, start, steps=n)[-1] for n in (1, 2, 5, 20, 100)}
kl_by_steps = {n: histogram_kl(test_codes, mean + deviation * z) for n, z in by_steps.items()}
pd.Series(kl_by_steps).rename_axis("steps").round(2).to_frame("histogram KL, nats")

# %%
lesson.show(
    plotting.point_panels(
        {f"{n} step{'s' * (n > 1)}": by_steps[n][:5000] for n in (1, 2, 5, 100)},
        limit=3.0,
        behind=clean[:5000],
    ),
    "Four panels with samples in blue over the codes in gray. After 1 step all samples are near the center, after 2 and 5 "
    "steps they spread out, and after 100 steps they cover the same regions as the codes.",
)

# %% [markdown]
# After a single step, all samples lie next to the center. The step goes from time 1, where there is nothing but
# noise, to time 0. A noisy code from time 1 contains no information about the code, so the best prediction is the
# mean of all codes, which is 0 after scaling. With 2 steps, the samples spread out, but remain too close to the
# center for the same reason. With 5 steps, the outline is right, and the histogram KL is 0.25 nats. From 20 to 100
# steps it hardly changes any more. In two dimensions, about 20 steps would have been enough for our purpose.
#
# ## 3. Measure: fresh noise in every step
#
# *Ho et al. (2020) sample with fresh noise. In the step from $t$ to $s$, they use
# $z_s = a_s \hat z + \sqrt{b_s^2 - c^2}\, \hat\varepsilon + c\, \eta$ with new noise $\eta$ and
# $c = \frac{b_s}{b_t} \sqrt{1 - a_t^2 / a_s^2}$. Write this sampler. Are its samples closer to the codes? Where do
# two runs from the same start end?*
#
# The number $c$ is the standard deviation of the fresh noise. The share of the predicted noise is reduced
# accordingly, so that the total noise at time $s$ is still $b_s$.


# %%
def denoise_randomly(start, random, steps=100):
    """Turn noise into codes as Ho et al. do, with fresh noise in every step."""
    z = start
    for t, next_t in pairwise(np.linspace(1, 0, steps + 1)):
        code, predicted_noise = predict(denoiser, z, t)
        (a, b), (next_a, next_b) = signal_and_noise(t), signal_and_noise(next_t)
        c = next_b / b * np.sqrt(1 - (a / next_a) ** 2)
        z = next_a * code + np.sqrt(next_b**2 - c**2) * predicted_noise
        z = z + c * random.standard_normal(z.shape)
    return z


random = np.random.default_rng([seed, 3])
fresh = denoise_randomly(start, random)
print(f"without fresh noise: histogram KL {kl_by_steps[100]:.3f} nats")
print(
    f"with fresh noise:    histogram KL {histogram_kl(test_codes, mean + deviation * fresh):.3f} nats"
)

# %%
once = np.tile(start[:1], (500, 1))
lesson.show(
    plotting.point_panels(
        {
            "without fresh noise": denoise(denoiser, once)[-1],
            "with fresh noise": denoise_randomly(once, random),
        },
        limit=3.0,
        behind=clean[:5000],
        paths={"without fresh noise": denoise(denoiser, once[:1])},
    ),
    "Two panels with the codes in gray. On the left, five hundred runs from the same start end at the same point, which an "
    "orange dot marks. On the right, with fresh noise, they end in all regions of the codes.",
)

# %% [markdown]
# In this run, the two samplers are equally close to the codes, with 0.087 and 0.089 nats. What differs is the role of
# the starting noise. Without fresh noise, the end is a function of the start, so all 500 runs end at the same point.
# With fresh noise, the end hardly depends on the start, and the 500 runs are spread over all regions of the codes. At
# time 1, $c = b_s$, so the first step already replaces all of the noise. A sampler whose end depends only on the
# start is useful for comparisons. In the lesson, for example, we could see which image of the diffusion model belongs
# to which sample from the prior.
#
# ## 4. On paper: the score of a normal distribution
#
# *Let the codes be normally distributed on a line with variance 1/4, $z \sim N(0, 1/4)$. Compute the density $p_t$ of
# the noisy codes, the best prediction of the noise, and the score. Show that the score is $-\hat\varepsilon / b_t$.
# Then train a denoiser on such codes and compare.*
#
# The noisy code $z_t = a_t z + b_t \varepsilon$ is a sum of two independent normal variables, so it is normally
# distributed with mean 0 and variance $V = a_t^2 / 4 + b_t^2$. Its log-density is $-z_t^2 / (2V)$ plus a constant, so
# the score is
#
# $$\nabla \log p_t(z_t) = -\frac{z_t}{V} .$$
#
# The noise and the noisy code are jointly normal. The best prediction in terms of squared error is therefore linear,
# $\hat\varepsilon = k z_t$, and $k$ is their covariance divided by the variance of $z_t$. The covariance of
# $\varepsilon$ and $a_t z + b_t \varepsilon$ is $b_t$, because $z$ and $\varepsilon$ are independent. This gives
#
# $$\hat\varepsilon = \frac{b_t}{V}\, z_t ,$$
#
# and $-\hat\varepsilon / b_t = -z_t / V$ is indeed the score. The code below compares the prediction of a trained
# network with the formula.

# %%
random = np.random.default_rng([seed, 4])
line = fit_denoiser(0.5 * random.standard_normal((60_000, 1)), seed, steps)
z = np.linspace(-1, 1, 5)[:, None]
rows = {}
for t in (0.2, 0.5, 0.8):
    a, b = signal_and_noise(t)
    rows[f"t = {t}", "network"] = predict(line, z, t)[1][:, 0]
    rows[f"t = {t}", "formula"] = (b * z / (a**2 / 4 + b**2))[:, 0]
pd.DataFrame(rows, index=[f"z = {value:g}" for value in z[:, 0]]).T.round(2)

# %% [markdown]
# The network agrees with the formula to within 0.02. It has learned the score of a distribution from nothing but
# samples.
#
# ## 5. Measure: the perfect denoiser
#
# *For a limited number of codes, the best prediction can be computed exactly, as in the example with two codes. Take
# 500 codes, and sample with the exact prediction. How far are the samples from the nearest of the 500 codes? Do the
# same for a network that is trained on them.*

# %%
few = clean[:500]


class ExactDenoiser:
    """The best prediction of v if the codes are exactly those in `few`."""

    def __call__(self, inputs):
        noisy, a, b = inputs[:, :2], inputs[0, 2], inputs[0, 3]
        noise = (noisy[:, None] - a * few) / b  # of each noisy code, for each clean one
        probability = softmax(-0.5 * (noise**2).sum(axis=2), axis=1)
        return np.einsum("nk,nkd->nd", probability, a * noise - b * few)


ends = {
    "exact": denoise(ExactDenoiser(), start[:1000])[-1],
    "network": denoise(fit_denoiser(few, seed, steps), start[:1000])[-1],
    "500 other codes": clean[500:1000],
}
nearest = NearestNeighbors(n_neighbors=1).fit(few)
for name, points in ends.items():
    print(f"{name}: median distance {np.median(nearest.kneighbors(points)[0]):.4f}")
lesson.show(
    plotting.point_panels(ends, limit=3.0),
    "Three panels with samples of the exact denoiser, samples of the network, and 500 other codes. The samples of the exact "
    "denoiser lie on the 500 codes, so fewer different points are visible.",
)

# %% [markdown]
# At least half of the samples of the exact denoiser coincide with one of the 500 codes, because the median distance
# is 0.0000, and the figure suggests that nearly all do. A perfect denoiser for the training codes therefore generates
# nothing new. It has memorized them. The samples of the network have a median distance of 0.069 from the 500 codes,
# which is close to the distance of 0.063 that other codes have. The network generates new codes because it is *not*
# the best possible denoiser for the training codes. It is probably too small and trained too briefly for that, so its predictions are smoother. Large
# diffusion models can memorize some of their training images ([Carlini et al.
# 2023](https://arxiv.org/abs/2301.13188)).
#
# ## 6. Open: the codes of a single class
#
# *Train the diffusion model on the codes of a single class, for example on those of boots, and decode its samples.
# What would you need to choose the class without training a model for each of them?*

# %%
label = int(dataset.train_labels.max())  # the last class: ankle boots for clothes
of_class = codes[dataset.train_labels == label]
center, width = of_class.mean(axis=0), of_class.std(axis=0)
only = fit_denoiser((of_class - center) / width, seed, steps)
generated = center + width * denoise(only, start[:5000])[-1]
lesson.show(
    plotting.point_panels(
        {"codes of the class": of_class[:5000], "samples": generated},
        limit=5.5,
        behind=codes[:5000],
    ),
    "Two panels with all codes in gray. On the left the codes of one class in blue, on the right samples of a diffusion model "
    "that was trained on them, in the same region.",
)
lesson.show(
    plotting.image_rows({dataset.class_names[label]: vae.decode(generated[:12])}),
    f"A row of twelve decoded samples of the class {dataset.class_names[label]}.",
)

# %% [markdown]
# The samples lie where the codes of ankle boots lie, and all twelve decoded samples look like ankle boots. To choose the
# class without training a model for each of them, we could give the class to the denoiser as an additional input, for
# example as a [one-hot vector](../../docs/glossary.md#one-hot-vector) next to $a_t$ and $b_t$. In training, it would
# be the class of the code, and in sampling, we would choose it. This is the idea of [lesson
# 11](../11_conditional_vae.ipynb), applied to the prior instead of the decoder. Models that generate images from a
# text do the same with numbers that another network computes from the text.
