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
# # Solutions: the MMD-VAE
#
# These are the solutions to the exercises of [lesson 02](../02_mmd_vae.ipynb#On-your-own). The notebook takes about
# two minutes on two CPU cores if you have run lesson 02 before. Models that are trained only here get a quarter of
# the epochs of the lesson. Terms are explained in the [glossary](../../docs/glossary.md).

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import data, losses, measures, mmd, objectives, plotting, runs
from vaelib.support import lesson
from vaelib.support.backend import ops
from vaelib.support.latent_grid import grid_codes

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None)

# %%
dataset = data.load(dataset_name)
recipe = runs.Recipe(dataset_name, objectives.ELBO, epochs=epochs, seed=seed, limit=limit)
vae = runs.train(recipe).model
mmd_vae = runs.train(replace(recipe, objective=objectives.POST_MMD)).model


def short(objective):
    return runs.train(replace(recipe, objective=objective, epochs=max(1, epochs // 4)))


# %% [markdown]
# ## 1. Change one line: a narrow kernel
#
# *Plot both witness functions with `mmd.GaussianKernel(0.1)`. Which differences from the prior become visible that
# the wider kernel does not show?*


# %%
def witness(z, u, v, kernel):
    to_u, to_v = (ops.mean(mmd.kernel_matrix(z, sample, kernel), axis=1) for sample in (u, v))
    return ops.convert_to_numpy(to_u - to_v)


z_mean, z_log_var = vae.encode_distribution(dataset.test_images[:5000])
random = np.random.default_rng(seed)
noise, prior = random.standard_normal((2, *z_mean.shape)).astype("float32")
samples = {
    "VAE": z_mean + np.exp(z_log_var / 2) * noise,
    "MMD-VAE": mmd_vae.encode(dataset.test_images[:5000]),
}
narrow = mmd.GaussianKernel(0.1)
functions = {name: witness(grid_codes(61), u, prior, narrow) for name, u in samples.items()}
for name, f in functions.items():
    print(f"witness function of the {name}: {f.min():.3f} to {f.max():.3f}")
lesson.show(
    plotting.witness(functions, limit=4),
    "Witness functions of both models with a narrow kernel, on one color scale.",
)

# %% [markdown]
# With the narrow kernel, the witness function of the MMD-VAE has purple areas, where the codes of a class are dense,
# and brown areas between the classes. The wide kernel averages over these areas, so it does not show them. The VAE
# now has its largest value, 0.08, at the dense spot near the center, which the wide kernel did not show at all. In
# general, a witness function shows differences whose size is at least about the bandwidth of its kernel.
#
# ## 2. Measure: no KL and no MMD
#
# *The objective `objectives.Objective(losses.squared_error, sampled=False)` has neither a KL nor MMD. Where are the
# codes now, and how wide is their distribution?*
#
# We train this model for a quarter of the epochs, and an MMD-VAE as well so that the two can be compared.

# %%
free = short(objectives.Objective(losses.squared_error, sampled=False))
held = short(objectives.POST_MMD)
rows = {
    "neither": measures.summary(free.model, dataset),
    "MMD": measures.summary(held.model, dataset),
}
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# Without MMD, the standard deviations of the codes are 5.2 and 5.7, and their center is at (-4.5, -4.6). This model
# is an autoencoder, and nothing in its loss determines where the codes are. The initial weights and the steps of the
# optimizer decide it. The pixel error of the autoencoder is a little lower, 0.0323 compared with 0.0339 for the
# MMD-VAE. In this pair of training runs, matching the prior therefore increases the error of the reconstructions.
#
# ## 3. Measure: sampled codes without a KL
#
# *The objective `objectives.infovae(1, 784, losses.squared_error, sampled=True)` has MMD and samples its codes, but
# it has no KL. How wide are its approximate posteriors? Compare its loss with that of the MMD-VAE after one epoch to
# decide whether the loss favors this state, or whether training is stuck in it.*

# %%
noisy = short(objectives.infovae(1, 784, losses.squared_error, sampled=True))
for name, model in {"VAE": vae, "MMD, sampled": noisy.model}.items():
    means, log_variances = model.encode_distribution(dataset.test_images)
    low, middle, high = np.quantile(np.exp(log_variances / 2), [0.05, 0.5, 0.95])
    rate = float(ops.mean(losses.gaussian_kl(means, log_variances)))
    print(f"{name:13} median sigma {middle:.2f}, 90 % from {low:.2f} to {high:.2f}", end="")
    print(f", rate {rate:.1f} nats")
for name, run in {"MMD-VAE": held, "MMD, sampled": noisy}.items():
    values = ", ".join(f"{term} {value[-1]:.4f}" for term, value in run.history.items())
    print(f"{name:13} {values}")

# %% [markdown]
# All approximate posteriors are practically equal to the prior. Their standard deviations are about 1, and the rate
# is 0.0 nats, so the codes contain no information about the images. This is
# [posterior collapse](../../docs/glossary.md#posterior-collapse), and MMD does not prevent it. If every approximate
# posterior equals the prior, the aggregate posterior does as well, and MMD² is only the bias of 0.01.
#
# Does the loss favor this state? The last two lines of the output say no. The loss of the MMD-VAE is much lower, 47.5
# compared with 78.9, although its MMD² is larger, because its reconstruction term is less than half as large. With
# very narrow approximate posteriors, a model with sampled codes could come close to the loss of the MMD-VAE. Training
# is therefore stuck. As long as the posteriors are wide, the decoder learns little from the codes, and as long as the
# decoder does not use the codes, nothing makes the posteriors narrower.
#
# ## 4. On paper: MMD² of two normal distributions
#
# *Derive MMD² between $N(0, I)$ and the same distribution shifted by 3, in two dimensions with $\ell^2 = 2$. It is
# 0.675. We found 0.6925 in the lesson for two samples of 500 points. Is the difference due to the bias or to chance?*
#
# The difference of two independent normal samples is normal as well, and its variance is the sum of the two
# variances. For two samples from the same distribution, it is $w \sim N(0, 2I)$. For one sample from each, it is
# $w \sim N(c, 2I)$ with $\lVert c\rVert = 3$. We need the average of the kernel over $w$, for a general variance $r$.
# In each dimension we complete the square,
#
# $$ \frac{w^2}{2\ell^2} + \frac{(w - c)^2}{2r} =
# \frac{(w - a)^2}{2t} + \frac{c^2}{2(\ell^2 + r)}, \qquad
# t = \frac{\ell^2 r}{\ell^2 + r},\quad a = \frac{\ell^2 c}{\ell^2 + r}. $$
#
# The integral of $e^{-(w - a)^2/2t}$ is $\sqrt{2\pi t}$, and the normal density contributes the factor
# $1/\sqrt{2\pi r}$. Together they give $\sqrt{t/r}$ in each of the $d$ dimensions, so
#
# $$ \mathbb E\,e^{-\lVert w\rVert^2/2\ell^2} = \Big(\frac{\ell^2}{\ell^2 + r}\Big)^{d/2}
# e^{-\lVert c\rVert^2/2(\ell^2 + r)}. $$
#
# With $r = 2$, $\ell^2 = 2$, and $d = 2$, each of the two averages within a distribution is $\frac12$, and the
# average between them is $\frac12 e^{-9/8}$. Hence $\mathrm{MMD}^2 = \frac12 + \frac12 - e^{-9/8} \approx 0.675$. The
# bias for 500 points is $2(1 - \frac12)/500 = 0.002$, which is smaller than the difference. To find out how large the
# influence of chance is, we repeat the experiment with 200 pairs of samples.

# %%
kernel, shift = mmd.GaussianKernel(2.0), np.array([3.0, 0.0])
found = []
for _ in range(200):
    u, v = random.standard_normal((2, 500, 2))
    found.append(float(mmd.mmd2(u, v + shift, kernel)))
exact = 1 - np.exp(-9 / 8)
print(f"on paper                   {exact:.4f}, with the bias {exact + 0.002:.4f}")
print(f"mean of {len(found)} pairs of samples {np.mean(found):.4f}")
print(f"standard deviation         {np.std(found):.4f}")

# %% [markdown]
# The difference is due to chance. The mean over many pairs of samples, 0.676, agrees with the calculation. However,
# the values of single pairs have a standard deviation of 0.022, which is ten times the bias. The value of 0.6925 is
# less than one standard deviation too large.
#
# ## 5. Measure: a comparable weight
#
# *The objective `objectives.infovae(1, 784, sampled=False)` uses cross-entropy without sampling. Its reconstruction
# term is about ten times as large as the squared error. Which weight of MMD² makes the two models comparable?*
#
# The size of a term does not tell how strongly it influences training. For example, the cross-entropy of a gray pixel
# is not zero even if the pixel is decoded perfectly, and such a constant has no gradient. What matters is by how much
# a code can reduce the term. We therefore compare each reconstruction term with the value that it has for the mean
# image, because decoding every image to the mean image requires no code.

# %%
pixels = dataset.test_images[:2000]
images = pixels.astype("float32") / 255
mean_image = np.repeat(images.mean(axis=0, keepdims=True), len(images), axis=0)
logits = np.log(mean_image.clip(1e-4, 1 - 1e-4) / (1 - mean_image.clip(1e-4, 1 - 1e-4)))
crossed = short(objectives.infovae(1, 784, sampled=False)).model
saved = {}  # by how much a code reduces the term
for name, term, model in (
    ("squared error", losses.squared_error, held.model),
    ("cross-entropy", losses.binary_cross_entropy, crossed),
):
    without = float(ops.mean(term(images, logits)))
    decoded = model.decode(model.encode(pixels)).clip(1e-7, 1 - 1e-7)
    with_code = float(ops.mean(term(images, np.log(decoded / (1 - decoded)))))
    saved[name] = without - with_code
    print(f"{name}: mean image {without:.1f}, with a code {with_code:.1f}, ", end="")
    print(f"difference {saved[name]:.1f}")
ratio = abs(saved["cross-entropy"] / saved["squared error"])  # negative after very short training
print(f"ratio of the differences {ratio:.1f}, 784 times this ratio {784 * ratio:,.0f}")

# %%
weights = (784, round(784 * ratio), 10 * 784)
tried = {weights[0]: crossed} | {
    weight: short(objectives.infovae(1, weight, sampled=False)).model for weight in weights[1:]
}
rows = {f"cross-entropy, {weight:,}": measures.summary(m, dataset) for weight, m in tried.items()}
pd.DataFrame({"squared error, 784": measures.summary(held.model, dataset)} | rows).T.round(4)

# %% [markdown]
# The cross-entropy is ten times as large as the squared error, 265.2 compared with 26.2. However, a code reduces it
# by only 2.9 times as much. A weight of about 2,300 is therefore comparable to a weight of 784 for squared error.
# With this weight, the pixel error is 0.0338, close to the 0.0339 of the model with squared error. With ten times the
# weight it is 0.0352. MMD² changes little, from 0.0009 to 0.0005. All of this is from one seed and short training.
# [Lesson 05](../05_measuring_a_claim.ipynb) uses the same idea to choose a weight for the KL.
#
# ## 6. Open: a kernel that reaches farther
#
# *Find a kernel whose MMD² has a slope at a shift of 8 as well as at a shift of 1.*
#
# One possibility is a sum of Gaussian kernels with different bandwidths. A sum of kernels is again a kernel, and its
# MMD² is the sum of theirs. The next cell compares the mean of six Gaussian kernels with the Gaussian kernel of the
# lesson and with the inverse multiquadratic kernel.


# %%
def several(squared_distance):
    return sum(mmd.GaussianKernel(v)(squared_distance) for v in (0.5, 2, 8, 32, 128, 512)) / 6


kernels = {
    "Gaussian, ℓ² = 2": kernel,
    "inverse multiquadratic": mmd.InverseMultiquadraticKernel(4.0),
    "mean of six Gaussians": several,
}
u, v = random.standard_normal((2, 500, 2))
distances, shifts = np.linspace(0, 9, 181), np.linspace(0, 9, 37)
similarity = {name: ops.convert_to_numpy(k(distances**2)) for name, k in kernels.items()}
rising = {
    name: np.array([float(mmd.mmd2(u, v + np.array([s, 0]), k)) for s in shifts])
    for name, k in kernels.items()
}
for name, values in rising.items():
    slopes = np.interp([1, 8], shifts, np.gradient(values, shifts))
    print(f"{name:23} slope {slopes[0]:.4f} at a shift of 1, {slopes[1]:.4f} at 8")
lesson.show(
    plotting.curves(
        ("distance between two points", "similarity k", distances, similarity),
        ("shift of the second sample", "MMD²", shifts, rising),
    ),
    "Similarity against distance and MMD² against the shift, for three kernels. The Gaussian becomes "
    "flat, and the other two have long tails.",
)

# %% [markdown]
# At a shift of 8, the slope is 0.0009 for the Gaussian kernel, 0.03 for the inverse multiquadratic kernel, and 0.06
# for the mean of six Gaussian kernels. In exchange, the wide kernels are less sensitive to small shifts. At a shift
# of 1, the curve of the mean of six is less than half as steep as that of the Gaussian kernel.
