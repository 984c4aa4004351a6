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
# # How probable is an image?
#
# Going further, lesson 04 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) · previous:
# [lesson 03, handwritten digits](03_mnist.ipynb) · next:
# [lesson 05, measuring a claim](05_measuring_a_claim.ipynb) · [glossary](../docs/glossary.md)
#
# A [VAE](../docs/glossary.md#vae) is trained so that its training images become probable. How probable is an image
# after training? [Lesson 01](01_standard_vae.ipynb) did not answer this question. The probability $p(x)$ of an image
# is an integral over all codes, and because this integral is too expensive for training, we maximized a lower bound,
# the [ELBO](../docs/glossary.md#elbo). However, a latent space with two dimensions is small enough to be covered by a
# grid. For such a model we can compute the integral as a sum, and then we can see what the bound leaves out.
#
# **What you'll do**
#
# - compute $\log p(x)$ of three images by a sum over a coarse grid of codes, and then refine the grid;
# - estimate the same number from random samples, by importance sampling and by the ELBO, in ten lines of NumPy each;
# - measure the gap between $\log p(x)$ and the ELBO for three images, and then for a thousand;
# - look at the true posterior of an image, and fit a normal distribution to it in two ways.
#
# **What you'll learn**
#
# - why the gap is large for a few images and small for most;
# - how the forward and the reverse KL divergence differ, and when approximate posteriors are too narrow;
# - why importance sampling needs a wide proposal distribution;
# - how to tell whether the encoder or the family of normal distributions is to blame for a gap.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb), in particular its sections on
#   [maximum likelihood](01_standard_vae.ipynb#Maximum-likelihood) and on the
#   [evidence lower bound](01_standard_vae.ipynb#The-evidence-lower-bound). Nothing else from the core course is
#   required. All symbols are explained in the [table of symbols](01_standard_vae.ipynb#Symbols) there. The notebook
#   takes three to five minutes on two CPU cores.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [A likelihood needs black-and-white pixels](#A-likelihood-needs-black-and-white-pixels) | When is the cross-entropy a log-probability? |
# | [The integral on a coarse grid](#The-integral-on-a-coarse-grid) | How do we compute $p(x)$? |
# | [A finer grid](#A-finer-grid) | When is a grid fine enough? |
# | [Samples instead of a grid](#Samples-instead-of-a-grid) | What can we do in twenty dimensions? |
# | [Importance sampling](#Importance-sampling) | How do we sample where it matters? |
# | [The gap of three images](#The-gap-of-three-images) | What does the ELBO leave out? |
# | [The gap of a thousand images](#The-gap-of-a-thousand-images) | Is the bound equally tight for all images? |
# | [Look at the true posterior](#Look-at-the-true-posterior) | Where does the encoder go wrong? |
# | [Forward and reverse KL divergence](#Forward-and-reverse-KL-divergence) | When are approximate posteriors too narrow? |
# | [A wide proposal is safer than a narrow one](#A-wide-proposal-is-safer-than-a-narrow-one) | Why do we widen the proposal? |
# | [Which part of the gap is due to the encoder?](#Which-part-of-the-gap-is-due-to-the-encoder?) | Would a better encoder help? |
# | [Explore the posterior of any image](#Explore-the-posterior-of-any-image) | What about your own drawing? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Can you answer these from memory? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |
# | [Appendix](#Appendix:-the-two-parts-of-the-KL-term) | How much information about the image is in the KL term? |

# %%
import warnings

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import norm

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import explorer, measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO
from vaelib.support import lesson
from vaelib.support.latent_grid import grid_codes

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and the noise
limit = None  # a number: train on the first `limit` images only; None: train on all
step: float = 0.04  # distance of neighboring codes on the fine grid

# %%
lesson.note_changed_settings(
    globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None, step=0.04
)
lesson.check_ranges(
    globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(50, None), step=(0.02, 0.5)
)

# %% [markdown]
# ## A likelihood needs black-and-white pixels
#
# Before we can compute the probability of an image, we have to make sure that our model assigns probabilities at all.
# For each pixel, the [decoder](../docs/glossary.md#decoder) outputs a brightness $m$ between 0 and 1, and the
# reconstruction term of [lesson 01](01_standard_vae.ipynb) is the
# [binary cross-entropy](../docs/glossary.md#binary-cross-entropy) between the pixel $x$ and $m$. If we change its
# sign and take the exponential, it becomes $m^x (1-m)^{1-x}$. Is this a probability?
#
# We check it for a single pixel. If the pixel can only be black or white, the expression has two values, $1-m$ for a
# black pixel ($x=0$) and $m$ for a white one ($x=1$). Probabilities have to add up to 1, and these two do so for
# every $m$. If the pixel can have any gray value between 0 and 1, the sum becomes an integral over $x$, which the
# next cell computes for two values of $m$.

# %%
gray_values = np.linspace(0, 1, 10_001)
for m in (0.5, 0.9):
    total = np.mean(m**gray_values * (1 - m) ** (1 - gray_values))  # the integral over [0, 1]
    print(f"m = {m}: black and white {m + (1 - m):.2f}, all gray values {total:.2f}")

# %% [markdown]
# For gray values the total is 0.50 or 0.36 instead of 1, and it depends on $m$. The expression is therefore not a
# probability density of gray images ([Loaiza-Ganem and Cunningham 2019](https://arxiv.org/abs/1907.06845)). In this
# lesson we avoid the difficulty by making all images black and white. Every pixel that is brighter than one half
# becomes white, and all others become black. The product of $m^x(1-m)^{1-x}$ over all 784 pixels is then a true
# probability $p(x\mid z)$, and its logarithm is minus the binary cross-entropy, summed over the pixels.
#
# The next cell trains a VAE on the black-and-white training images with the networks and the loss of lesson 01. The
# output shows the loss and its two terms, the reconstruction term and the
# [KL term](../docs/glossary.md#kl-divergence), in [nats](../docs/glossary.md#nat) per image.

# %%
recipe = runs.Recipe(dataset_name, ELBO, epochs=epochs, seed=seed, limit=limit, pixels="threshold")
dataset = recipe.load_dataset()
run = runs.train(recipe)
vae = run.model
images, labels = dataset.test_images[:1000], dataset.test_labels[:1000]
names = np.array(dataset.class_names)[labels]

# %% [markdown]
# ## The integral on a coarse grid
#
# Recall from lesson 01 that prior and decoder together describe how an image is generated. First a code $z$ is
# sampled from the prior $p(z)$, and then each pixel is sampled with the probability that the decoder assigns to it.
# In the small world of that lesson there were only three codes, and the probability of an image was the sum
# $p(x)=\sum_z p(x\mid z)\,p(z)$. Now the codes are all points of the plane, so the sum becomes an integral. To
# compute it, we divide a square of the plane into small cells and pretend that neither the prior nor the decoded
# image changes within a cell:
#
# $$p(x) = \int p(x\mid z)\,p(z)\,dz \approx \sum_{c} p(x\mid z_c)\,p(z_c)\, h^2.$$
#
# The sum runs over all cells $c$. The code in the middle of a cell is $z_c$, and $h$ is the *step*, that is, the
# distance between neighboring codes, so that $h^2$ is the area of a cell. The prior $p(z_c)$ is a density, and
# multiplying it by the area gives the probability that a code sampled from the prior falls into this cell.
#
# We begin with a grid that is so coarse that we can count its cells. It has a step of 1 and ranges from -5 to 5 in
# both directions, which makes $11\cdot 11 = 121$ codes. Codes outside this square are improbable under the prior, so
# we leave them out. This would be a mistake only if an image were far more probable under one of these codes than
# under all codes inside the square. (To check this, you can enlarge the square and see whether the sum stays the
# same.) The computation takes about ten lines of NumPy. The first function returns $\log p(x\mid z)$ for every image
# and every code. We work with logarithms, because probabilities of images are too small for a computer. For example,
# $e^{-800}$ is rounded to zero. The function `logsumexp` takes the logarithms of several numbers and returns the
# logarithm of their sum. To avoid the rounding to zero, it first subtracts the largest of these logarithms from all
# of them, and adds it again at the end.
#
# **Predict.** If each of the 784 pixels were black or white with probability one half, the log-probability of every
# image would be $784\log\frac12\approx -543$ nats. How far above this number will the log-probabilities of three test
# images be?


# %%
def log_p_x_given_z(images, z):
    """log p(x|z) of each image under each code, shape (images, codes), in nats."""
    x = images.reshape(len(images), -1) / np.float32(255)  # (images, pixels), 0 or 1
    parts = []
    for part in np.array_split(z, 1 + len(z) // 5000):  # 5,000 codes at a time, to save memory
        m = vae.decode(part).reshape(len(part), -1).clip(1e-7, 1 - 1e-7)  # (codes, pixels)
        parts.append(x @ np.log(m).T + (1 - x) @ np.log(1 - m).T)
    return np.concatenate(parts, axis=1).astype("float64")


def log_joint(images, z):
    """log p(x|z) + log p(z), shape (images, codes)."""
    return log_p_x_given_z(images, z) + norm.logpdf(z).sum(axis=1)


def square_grid(h, reach=5.0, center=(0.0, 0.0)):
    """The coordinates and all codes of a square grid with step h around a center."""
    axis = np.linspace(-reach, reach, 1 + round(2 * reach / h))
    z1, z2 = axis + center[0], axis + center[1]
    return z1, z2, np.stack(np.meshgrid(z1, z2), axis=-1).reshape(-1, 2)


three = images[:3]
h = 1.0
_, _, codes = square_grid(h)
log_terms = log_joint(three, codes) + np.log(h**2)  # (3, 121), one for each cell
coarse = logsumexp(log_terms, axis=1)
shares = np.exp(log_terms - coarse[:, None])

print("log p(x) of three images: ", *(f"{value:8.1f}" for value in coarse))
print(f"a coin for each pixel:      {three[0].size * np.log(0.5):8.1f}")
for name, of_image in zip(names[:3], shares, strict=True):
    top = np.argsort(-of_image)[:2]
    cells = ", ".join(f"{of_image[i]:.4f} at ({codes[i, 0]:.0f}, {codes[i, 1]:.0f})" for i in top)
    print(f"largest terms of the sum, {name}: {cells}")

# %% [markdown]
# All three images are far more probable under the model than under a coin toss for each pixel, and the trousers are
# the most probable. But are these numbers correct? The last three lines show how much the largest two terms
# contribute to each sum. For the pullover and the trousers, practically the whole sum comes from a single cell, and
# for the ankle boot one cell contributes 97 %. This is a bad sign. If the decoded image changed little within a cell,
# as we pretended, then neighboring cells would decode to similar images and contribute similar shares. Instead, the
# neighbors of the largest cell contribute next to nothing. The result therefore depends on how close the middle of a
# cell happens to be to the codes that matter.
#
# ## A finer grid
#
# To find out how far off these values are, we halve the step again and again. If the sum no longer changes, the grid
# is fine enough. The table shows $\log p(x)$ for each step and each of the three images. The figure below shows, for
# the trousers, what share of the sum each cell contributes. In all panels you see the same small part of the latent
# space. The darkest cell of a panel contributes most.

# %%
table, panels, number = {}, {}, []
for h in (1.0, 0.5, 0.25, 0.125, 0.0625):
    z1, z2, codes = square_grid(h)
    log_terms = log_joint(three, codes) + np.log(h**2)
    log_p_x = logsumexp(log_terms, axis=1)
    table[f"{h:g}"] = log_p_x
    number.append(len(codes))
    panels[h] = z1, z2, np.exp(log_terms[2] - log_p_x[2]).reshape(len(z2), -1)
by_hand = log_p_x  # with the finest of these grids
center = codes[log_terms[2].argmax()]
chosen = [h for h in panels if h in (1.0, 0.25, 0.0625)]
lesson.show(
    plotting.posterior_panels(
        [panels[h] for h in chosen],
        [f"step {h:g}" for h in chosen],
        window=[center[0] - 1, center[0] + 1, center[1] - 1, center[1] + 1],
    ),
    "Three panels with the same part of the latent space, for steps of 1, 0.25, and 0.0625. With the largest step one cell "
    "is dark. With the smallest step the dark region is small and consists of several cells.",
)
frame = pd.DataFrame(table, index=names[:3]).T.rename_axis("step").round(2)
frame.insert(0, "number of codes", number)
frame

# %% [markdown]
# With smaller steps the values change a lot, first by up to 106 nats, and then less and less. Between the last two
# rows no value changes by more than 0.1 nats, so a step of 0.0625 is fine enough for these three images. The figure
# shows why the coarse grids fail. In the panel on the right, almost the whole sum comes from a small region that is
# only a few tenths wide. In a grid with a step of 1 this region is part of a single cell, and whether the middle of
# the cell is inside the region is a matter of luck. A grid is fine enough if several cells fit into the region that
# matters.
#
# Now we can also answer the question of the prediction. The log-probabilities of the three images are about 349, 315,
# and 478 nats higher than for coin tosses. Nevertheless, the probability of the trousers is only $e^{-65}$, because
# it is the probability of this one image among all $2^{784}$ black-and-white images. Such a number is hard to judge
# by itself. One way is to think of data compression. A method of compression that is optimal for this model would
# need $65/\ln 2\approx 94$ bits to store this image, whereas storing its pixels one by one needs 784 bits. Most of
# the time, however, we compare it with the numbers of other images or other models.
#
# The distribution in the figure has a name. The share of a cell is $p(x\mid z_c)\,p(z_c)\,h^2$ divided by the sum of
# all such terms, which is $p(x)$. By Bayes' rule, this is the probability of the cell under the
# [true posterior](../docs/glossary.md#true-posterior) $p(z\mid x)$, that is, the probability that the image was
# generated from a code in this cell. We return to it below.
#
# The package that accompanies the course computes the same sum for many images in the function
# `likelihood.log_likelihood`. The function also computes the sum with twice the given step, and warns if the mean
# over all images then differs by more than 2 nats. The next cell provokes this warning on purpose and then compares
# the function with our own result.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    likelihood.log_likelihood(vae, three, step=0.5)
for warning in caught:
    print("warning:", warning.message)
by_library = likelihood.log_likelihood(vae, three, step, limit=5.0)
print(f"largest difference from our own sum: {np.abs(by_library - by_hand).max():.2f} nats")

# %% [markdown]
# The warning says that the mean changes by 42 nats between steps of 1 and 0.5, and it suggests a smaller step. With a
# step of 0.04, the result of the function differs from our sum by at most 0.05 nats, so the difference is negligible.
#
# ## Samples instead of a grid
#
# A grid works only because our latent space has two dimensions. With 161 codes per dimension, two dimensions need
# 25,921 codes, whereas twenty dimensions would need $161^{20}$ codes, a number with 45 digits. For larger latent
# spaces we need a method that does not have to visit every cell.
#
# The integral $p(x)=\int p(x\mid z)\,p(z)\,dz$ is the average of $p(x\mid z)$ over codes from the prior. The obvious
# idea is therefore to sample codes from the prior and to average $p(x\mid z)$ over the samples. We do this five
# times, each time with 1,000 new codes. Each row of the output is one repetition.

# %%
random = np.random.default_rng(seed)
print("grid:                  ", *(f"{value:8.1f}" for value in by_hand))
for _ in range(5):
    z = random.standard_normal((1000, 2))
    estimate = logsumexp(log_p_x_given_z(three, z), axis=1) - np.log(1000)
    print("1,000 codes from prior:", *(f"{value:8.1f}" for value in estimate))

# %% [markdown]
# For the ankle boot the five estimates are between -197.8 and -193.9 nats, so they differ from the value of the grid
# by at most 3.2 nats. For the trousers, however, all five are too low, by up to 11.9 nats. The reason can be seen in
# the output of the coarse grid. The trousers come from a region near $(3, -1)$, which is far away from the center of
# the prior. Only a few of the 1,000 codes fall into this region, and hardly any of them is close to the small part of
# it that decodes to these trousers. For the pullover four of the five estimates are too low as well, by up to 9.5
# nats, although its codes are near $(0, 0)$, where the prior is largest. In this case the reason is that the region
# that matters is very small, so that hardly any sample is inside it. In twenty dimensions this problem is much worse,
# because an even smaller share of the samples is close to the codes that matter.
#
# ## Importance sampling
#
# Because most samples from the prior are wasted, we should sample from another distribution, which is concentrated on
# those codes that may have produced the image. We call this distribution the
# **[proposal](../docs/glossary.md#proposal)** $r(z)$. Sampling from the wrong distribution changes the average, but
# we can correct for this. If a code is sampled twice as often as it would be under the prior, we give it only half
# the weight. This method is called **[importance sampling](../docs/glossary.md#importance-sampling)**.
#
# We try it in the small world of lesson 01, which has the codes A, B, and C with prior probabilities 0.50, 0.25, and
# 0.25. The image has the probabilities 0.01, 0.20, and 0.06 given these codes, so $p(x)$ is the sum of
# $0.01\cdot 0.50$, $0.20\cdot 0.25$, and $0.06\cdot 0.25$, which is 0.070. Suppose that we sample the codes from the
# proposal with the probabilities 0.10, 0.80, and 0.10, and that each code gets the weight
# $w = p(x\mid z)\,p(z)/r(z)$. For code B, for example, the weight is $0.20\cdot 0.25/0.80 = 0.0625$. The next cell
# computes all weights and their average under the proposal. It also computes the average of their logarithms, for a
# reason that we explain below.

# %%
prior = np.array([0.50, 0.25, 0.25])  # p(z) for z = A, B, C
given_z = np.array([0.01, 0.20, 0.06])  # p(x|z)
proposal = np.array([0.10, 0.80, 0.10])  # r(z)
w = given_z * prior / proposal
print("weights of A, B, and C:  ", w)
print(f"average weight:           {np.sum(proposal * w):.3f}, logarithm {np.log(proposal @ w):.3f}")
print(f"average of the logarithm: {np.sum(proposal * np.log(w)):.3f}")

# %% [markdown]
# The average weight is 0.070, exactly the value of $p(x)$. To see why, note that in the average each weight is
# multiplied by $r(z)$, and this factor cancels the $r(z)$ in the denominator. The same is true for densities:
#
# $$\mathbb E_r[w] = \int r(z)\,\frac{p(x\mid z)\,p(z)}{r(z)}\,dz = \int p(x\mid z)\,p(z)\,dz = p(x)
# \qquad\text{with}\qquad w(z) = \frac{p(x\mid z)\,p(z)}{r(z)}.$$
#
# The symbol $\mathbb E_r$ denotes the average over codes sampled from $r$. The equation holds for every proposal that
# is nowhere zero where $p(x\mid z)\,p(z)$ is positive. In practice we sample $K$ codes $z_1,\dots,z_K$ and estimate
# $p(x)$ by $\frac1K\sum_k w(z_k)$.
#
# The last line of the output is the *average of the logarithm*, -2.707, which is less than the *logarithm of the
# average*, -2.659. You may recognize the first number, because in lesson 01 it was the ELBO for the approximate
# posterior with these probabilities. Indeed, if the proposal is the approximate posterior $q(z\mid x)$, then
#
# $$\mathbb E_q[\log w] = \mathbb E_q\big[\log p(x\mid z)+\log p(z)-\log q(z\mid x)\big] = \mathrm{ELBO}(x).$$
#
# The two methods therefore differ only in the place of the logarithm. Importance sampling averages the weights and
# then takes the logarithm, whereas the ELBO averages the logarithms of the weights. Because the logarithm is a
# concave function, the second number is never greater than the first.
#
# Which proposal should we use? The encoder outputs a distribution that is meant to be close to the true posterior, so
# $q(z\mid x)$ itself seems to be a good choice. However, we will see that it is often slightly in the wrong place and
# sometimes too narrow. We therefore keep its mean $\mu$ and multiply its standard deviation $\sigma$ by a factor,
# which is called `widen` in the code. The proposal is then
#
# $$r(z) = N\big(\mu,\,(\texttt{widen}\cdot\sigma)^2\big).$$
#
# Note that the weight has to contain the density of the distribution that we *actually* sample from. If we sample
# from the widened distribution but divide by $q(z\mid x)$, the average is no longer $p(x)$. The ELBO uses
# `widen = 1`, where $r(z)=q(z\mid x)$. The next cell is the complete computation. It estimates each number ten times
# with different samples, and prints the lowest and the highest of the ten estimates.
#
# **Predict.** Will the estimates by importance sampling be closer to the value from the grid than the ELBO is? Can
# they be too high?


# %%
def normal_of_encoder(image):
    """Mean and standard deviation of q(z|x), shape (2,) each."""
    mean, log_var = (part[0].astype("float64") for part in vae.encode_distribution(image[None]))
    return mean, np.exp(log_var / 2)


def log_weights(image, mean, std, samples, random):
    """log w of codes sampled from the proposal r(z) = N(mean, std^2), shape (samples,)."""
    z = mean + std * random.standard_normal((samples, 2))
    log_r = norm.logpdf(z, mean, std).sum(axis=1)
    return log_joint(image[None], z)[0] - log_r


random = np.random.default_rng(seed)
rows = {"grid": [f"{value:.1f}" for value in by_hand]}
for method, widen in [("ELBO", 1), *[("importance sampling", widen) for widen in (1, 2, 4)]]:
    cells = []
    for image in three:
        mean, std = normal_of_encoder(image)
        log_w = log_weights(image, mean, widen * std, 10 * 300, random).reshape(10, 300)
        if method == "ELBO":
            estimates = log_w.mean(axis=1)
        else:
            estimates = logsumexp(log_w, axis=1) - np.log(300)
        cells.append(f"{estimates.min():.1f} to {estimates.max():.1f}")
    rows[f"{method}, widen = {widen}"] = cells
pd.DataFrame(rows, index=names[:3]).T

# %% [markdown]
# In the two rows with `widen = 1`, importance sampling and the ELBO use samples from the same distribution, which is
# the approximate posterior of the encoder. For the trousers, the estimates of importance sampling agree with the grid
# within 0.1 nats, and the ELBO is between 0.7 and 1.0 nats too low. For the ankle boot both are far too low, the ELBO
# by about 36 nats and importance sampling by 8 to 17 nats. With `widen = 2`, the estimates for the ankle boot are
# between 3.8 nats too low and 3.2 nats too high, and with `widen = 4` all of them are within 1 nat of the grid. The
# same tendency appears for the pullover.
#
# So the ELBO is too low for all three images. This has to be so, because it is a lower bound, and only the noise of
# its estimate could make it appear too high. An estimate by importance sampling can be too high, but with a narrow
# proposal it is usually too low. Wider proposals help, at least for these three images. To understand these
# observations, we need to know what is wrong with the approximate posterior of the ankle boot.
#
# ## The gap of three images
#
# We now look at the difference between $\log p(x)$ and the ELBO, which is called the
# [gap](../docs/glossary.md#gap-of-the-elbo). Lesson 01 derived what it is. For every image,
#
# $$\underbrace{\log p(x) - \mathrm{ELBO}(x)}_{\text{gap}} = \mathrm{KL}\big(q(z\mid x)\,\|\,p(z\mid x)\big) \ge 0.$$
#
# The gap is thus the KL divergence from the approximate posterior to the true posterior, and it can never be
# negative. In lesson 01 we could check this equation only for three codes. With the grid we can check it for real
# images, because we know the true posterior at every code of the grid. In the next cell, the ELBO is estimated from
# samples, whereas the other two quantities are computed on a grid.
#
# - The log-likelihood $\log p(x)$ is the logarithm of the sum over the cells, as before.
# - The ELBO is the average of $\log w$ over 4,000 samples, as in the last section.
# - The gap is the sum of $q\,(\log q-\log p)$ over the cells, where $q$ and $p$ are the probabilities of a cell under
#   the approximate and the true posterior.
#
# A step of 0.0625 was fine enough for $p(x)$. For the gap, however, several cells also have to fit into the
# approximate posterior, and some approximate posteriors are narrower than the true ones. The function `grid_around`
# therefore searches for the part of the latent space that matters for an image and covers only this part, with 121
# codes per dimension.


# %%
def grid_around(image, side=121):
    """A grid over the part of the latent space that matters for one image, as from square_grid."""
    mean, std = normal_of_encoder(image)
    log_coarse = log_joint(image[None], coarse_codes)[0]
    matters = coarse_codes[log_coarse > log_coarse.max() - 15]
    matters = np.concatenate([matters, [mean - 5 * std, mean + 5 * std]])
    low, high = matters.min(axis=0), matters.max(axis=0)
    reach = (high - low).max() / 2 + 0.1
    return square_grid(2 * reach / (side - 1), reach, (low + high) / 2)


def log_normal(mean, std, codes):
    """Log-probability of each cell under a normal distribution, shape (cells,)."""
    return log_softmax(norm.logpdf(codes, mean, std).sum(axis=1))


def kl(log_q, log_p):
    """KL(q || p) in nats for two discrete distributions."""
    return np.sum(np.exp(log_q) * (log_q - log_p))


_, _, coarse_codes = square_grid(0.1)
elbo, error, three_gaps, log_p_x = np.empty((4, 3))
for i, image in enumerate(three):
    mean, std = normal_of_encoder(image)
    z1, _, codes = grid_around(image)
    log_terms = log_joint(image[None], codes)[0] + 2 * np.log(z1[1] - z1[0])
    log_p_x[i] = logsumexp(log_terms)
    three_gaps[i] = kl(log_normal(mean, std, codes), log_softmax(log_terms))
    log_w = log_weights(image, mean, std, 4000, random)
    elbo[i], error[i] = log_w.mean(), log_w.std() / np.sqrt(4000)
    print(f"{names[i]:10} ELBO {elbo[i]:7.2f} ± {error[i]:.2f}, gap {three_gaps[i]:5.2f}: ", end="")
    print(f"together {elbo[i] + three_gaps[i]:7.2f}, log p(x) {log_p_x[i]:7.2f}")
lesson.show(
    plotting.elbo_bars(three, elbo, three_gaps, log_p_x),
    f"A bar for each of {', '.join(names[:3])}. The bar of the ELBO ends to the left of log p(x), and the bar of the gap, "
    f"{', '.join(f'{g:.1f}' for g in three_gaps)} nats long, fills the space between them.",
)

# %% [markdown]
# In every row, ELBO and gap add up to $\log p(x)$ within about two standard errors of the estimated ELBO (the numbers
# after ±). In the figure, the hatched bar of the gap fills the space between the end of the ELBO and the line for
# $\log p(x)$. For the trousers the gap is 0.88 nats, so the ELBO is almost equal to the log-likelihood. For the
# pullover it is 9.20 nats, and for the ankle boot 36.76 nats.
#
# Now compare the first two images. The ankle boot has a higher log-likelihood than the pullover, by 34 nats, but its
# ELBO is higher by only 6 nats. An image can therefore have a low ELBO for two reasons. Either the model assigns a
# low probability to it, or the approximate posterior is bad.
#
# ## The gap of a thousand images
#
# Three images show that gaps can differ a lot, but not how often they are large. The next cell therefore computes the
# gap of a thousand test images. For the log-likelihood it uses the library function, and for the ELBO the average
# over 40 samples per image.
#
# **Predict.** The mean gap is 11.5 nats. Do most images have a gap of about this size?

# %%
exact = likelihood.log_likelihood(vae, images, step)
bound = np.mean([likelihood.elbo(vae, images, sample) for sample in range(40)], axis=0)
gap = exact - bound
order = np.argsort(gap)
print(f"mean log p(x) {exact.mean():.1f}, mean ELBO {bound.mean():.1f}, mean gap {gap.mean():.1f}")
for share in (0.1, 0.5, 0.9, 1):
    print(f"{share:4.0%} of the images have a gap of at most {np.quantile(gap, share):6.1f} nats")
largest = gap[order[-len(gap) // 10 :]].sum() / gap.sum()
print(f"The 10 % of the images with the largest gaps contribute {largest:.0%} of the sum.")
lesson.show(
    plotting.elbo_gaps(gap, labels, dataset.class_names),
    f"A dot for the gap of each of {len(gap):,} images, on an axis that is logarithmic from one nat on. There is a row "
    f"for all images and one for each class, with medians as bars and means as diamonds. Over all images the median is "
    f"{np.median(gap):.1f} nats and the mean {gap.mean():.1f}; the largest gap is {gap.max():.0f} nats.",
)

# %% [markdown]
# Each dot is the gap of one image. The first row contains all images, and the other rows contain one class each. Half
# of the images have a gap below 3.7 nats, which is a third of the mean, and the 10 % of the images with the largest
# gaps contribute 58 % of the sum. In every class, the diamond of the mean is to the right of the bar of the median,
# because a few images have very large gaps. A few dots are slightly below zero, although a gap cannot be negative.
# This is because the ELBO is estimated from only 40 samples.
#
# Are images with a large gap also improbable? The next cell computes the rank correlation between the gap and
# $\log p(x)$, and the means of each class.

# %%
per_image = pd.DataFrame({"log p(x)": exact, "ELBO": bound, "gap": gap})
rank = per_image["gap"].corr(per_image["log p(x)"], method="spearman")
print(f"rank correlation of gap and log p(x): {rank:.2f}")
by_class = per_image.groupby(names)
by_class.mean().assign(images=by_class.size()).sort_values("gap").round(1)

# %% [markdown]
# The rank correlation is -0.43, so images with a large gap tend to be less probable. However, a large gap does not
# always mean a low probability, as the table shows. Ankle boots have the largest mean gap, 25.3 nats, but they are
# more probable than dresses, whose mean gap is the smallest. If we compared classes by their ELBO, ankle boots would
# look no better than T-shirts, although their mean log-likelihood is 12 nats higher. Note that such means depend on a
# few images. About half of the mean gap of the ankle boots comes from only three boots, which you will see in the
# next section. If we compare the medians in the figure instead, the largest one is that of the bags. Moreover, all of
# these numbers belong to one training run.
#
# ## Look at the true posterior
#
# A gap of hundreds of nats means that the approximate posterior is very different from the true one. What does this
# look like? On the grid we can draw both. The next cell chooses three images whose gaps are the quartiles of all
# gaps, and the three images with the largest gaps. Each true posterior is drawn in blue on a logarithmic scale, so
# that codes are visible even if they are a few thousand times less probable than the darkest one. The red ellipse
# marks two standard deviations of the approximate posterior. Note that each panel has its own scale, because some of
# the distributions are much narrower than others.
#
# **Predict.** Is the ellipse of the last three images too small, too large, or in the wrong place?

# %%
reach = 4.0  # the grid for this figure ranges from -4 to 4
side = 1 + round(2 * reach / step)
places = grid_codes(side, reach)
six = [*order[[len(gap) // 4, len(gap) // 2, 3 * len(gap) // 4]], *order[-3:]]
truth = likelihood.true_posterior(vae, images[six], places)
z_mean, z_log_var = vae.encode_distribution(images[six])
likeliest = places[truth.argmax(axis=1)]
distances = ", ".join(f"{d:.1f}" for d in np.linalg.norm(likeliest - z_mean, axis=1))
print("distance from the mean of the ellipse to the darkest cell:", distances)
lesson.show(
    plotting.true_posteriors(
        images[six],
        truth,
        side,
        reach,
        z_mean,
        z_log_var,
        titles=[f"gap {v:.1f}" for v in gap[six]],
    ),
    f"Six images ({', '.join(names[six])}), and under each the true posterior in blue with the approximate posterior as "
    f"a red ellipse. The ellipses of the first three are at or near the blue region, those of the last three far away.",
)

# %% [markdown]
# In the first three panels the ellipse is on the blue region or at its edge. In the last three panels it is somewhere
# else entirely. The center of the ellipse is 0.9 to 2.5 units away from the darkest cell, whereas the ellipse itself
# is only about half a unit long. (In the third panel the distance is 0.8, but there the true posterior is much
# wider.) So the largest gaps do not come from ellipses of the wrong size but from ellipses in the wrong part of the
# latent space. What is there? We decode two codes for each image, the mean of the approximate posterior and the most
# probable code of the true posterior.

# %%
decoded = {"mean of q(z|x)": vae.decode(z_mean), "mode of p(z|x)": vae.decode(likeliest)}
rows = {
    name: ((pixels - images[six] / 255) ** 2).mean(axis=(1, 2, 3))
    for name, pixels in decoded.items()
}
lesson.show(
    plotting.image_rows({"image": images[six]} | decoded),
    "Three rows of six images. The test images are black and white. The images decoded from the mean of the approximate "
    "posterior are similar for the first three and look like bags for the last three boots. Those decoded from the most "
    "probable code are more similar to the boots.",
)
pd.DataFrame(rows, index=names[six]).T.rename_axis("squared error per pixel").round(3)

# %% [markdown]
# The last three images are ankle boots, but in the second row the means of the approximate posteriors decode to
# shapes like bags. In the fifth column, the code in the third row decodes to a boot. In the fourth and the sixth
# column, it decodes to a gray blur, which hardly looks like a boot either. However, the cross-entropy penalizes many
# gray pixels less than many pixels that are almost certainly black where they should be white, or the reverse. In all
# three cases the squared error is lower than in the second row. For example, it is 0.157 instead of 0.383 for the
# last image. So there are codes under which the decoder makes these images far more probable, and the encoder fails
# to find them. A possible reason is that these boots fill most of the image, as bags do, but we have not tested this.
#
# ## Forward and reverse KL divergence
#
# The ellipses of ordinary images at least touch the blue regions, but they look smaller. Part of this is due to the
# figure. On its logarithmic scale, a normal distribution looks blue out to about four standard deviations, whereas
# the ellipse marks two. Are the approximate posteriors really too narrow? The next cell compares the widths for all
# thousand images. It decodes the grid once. For each true posterior, it then computes the mean and the variance of
# both coordinates and their correlation, as sums over the grid. Finally, for each image and each of the two
# dimensions, it divides the standard deviation $\sigma$ of the approximate posterior by the standard deviation of the
# true posterior.

# %%
_, _, fine_codes = square_grid(step)
total, first, second = 0.0, 0.0, 0.0
for z in np.array_split(fine_codes, 1 + len(fine_codes) // 2500):
    p = np.exp(log_joint(images, z) + 2 * np.log(step) - exact[:, None])  # of each cell
    total = total + p.sum(axis=1)[:, None]
    first = first + p @ z
    second = second + p @ np.stack([z[:, 0] ** 2, z[:, 1] ** 2, z[:, 0] * z[:, 1]], axis=1)
true_mean, second = first / total, second / total
true_std = np.sqrt((second[:, :2] - true_mean**2).clip(1e-6))
correlation = (second[:, 2] - true_mean.prod(axis=1)) / true_std.prod(axis=1)
z_mean, z_log_var = vae.encode_distribution(images)
ratio = np.exp(z_log_var / 2) / true_std  # (1000, 2)
print(f"ratio of the standard deviations: median {np.median(ratio):.2f}, ", end="")
print(
    f"below 1 in {np.mean(ratio < 1):.0%} and below 0.5 in {np.mean(ratio < 0.5):.0%} of the cases"
)

# %% [markdown]
# The median ratio is 0.97, and 55 % of the ratios are below 1. For a typical image the width is therefore about
# right. However, 45 % of the ratios are above 1, so some approximate posteriors are too wide. Others are far too
# narrow, and in 3 % of the cases the approximate posterior is less than half as wide as the true posterior. In this
# section we ask why an approximate posterior can become too narrow.
#
# To see the reason, note that a KL divergence is not symmetric, so $\mathrm{KL}(q\,\|\,p)$ and
# $\mathrm{KL}(p\,\|\,q)$ are different numbers. Suppose that $p$ is a distribution that we want to approximate, in
# our case the true posterior, and that $q$ is the approximation.
#
# $$\underbrace{\mathrm{KL}(q\,\|\,p)=\mathbb E_q[\log q-\log p]}_{\text{reverse KL}}
# \qquad\qquad
# \underbrace{\mathrm{KL}(p\,\|\,q)=\mathbb E_p[\log p-\log q]}_{\text{forward KL}}$$
#
# The **[forward KL](../docs/glossary.md#forward-kl)** averages over codes from the target $p$, and the
# **[reverse KL](../docs/glossary.md#reverse-kl)** averages over codes from the approximation $q$. An example with
# three codes shows what difference this makes. Let the target have the probabilities 0.495, 0.010, and 0.495, so that
# codes A and C are probable, but code B between them is not. The first candidate for $q$ chooses one side, with the
# probabilities 0.98, 0.01, and 0.01. The second covers everything, with the probabilities 1/3, 1/3, and 1/3.

# %%
target = np.array([0.495, 0.010, 0.495])  # p
for name, q in {"one side": [0.98, 0.01, 0.01], "everything": [1 / 3, 1 / 3, 1 / 3]}.items():
    print(
        f"{name:10} reverse KL {kl(np.log(q), np.log(target)):.3f}, "
        f"forward KL {kl(np.log(target), np.log(q)):.3f} nats"
    )

# %% [markdown]
# By the reverse KL, the candidate *one side* is the better approximation, with 0.630 compared with 0.905 nats. By the
# forward KL, *everything* is better, with 0.356 compared with 1.593 nats. The two measures disagree because they
# average over different codes. The reverse KL averages over $q$, so it depends mainly on codes that are probable
# under $q$. It is large if one of them is improbable under $p$, as code B is for the candidate *everything*. The
# candidate *one side* assigns hardly any probability to code C, but this has little effect on its reverse KL, because
# code C hardly ever occurs in an average over $q$. The forward KL averages over $p$. It is large if a code is
# probable under $p$ and improbable under $q$, as code C is for the candidate *one side*.
#
# The gap is $\mathrm{KL}(q(z\mid x)\,\|\,p(z\mid x))$, the *reverse* KL. For a given decoder, $\log p(x)$ does not
# depend on the encoder. When we maximize the ELBO over the encoder, we therefore minimize the reverse KL, averaged
# over the training images. A normal distribution that minimizes the reverse KL avoids codes that are improbable under
# the true posterior, even if it then misses codes that are probable.
#
# Let us see this for two true posteriors that are not normal. We looked at the images whose true posteriors are least
# like a normal distribution, and chose two of them. Both images show sneakers. The first posterior has a main part
# with an arm, so we call it bent, and the second has two modes. To each we fit two normal distributions with a
# diagonal covariance. We find the first, which minimizes the reverse KL, numerically with SciPy's `minimize`. The
# second minimizes the forward KL. We need no search to find it, because it is the normal distribution with the same
# mean and the same variances as the true posterior, as you show in exercise 4. The figure shows both and the
# approximate posterior of the encoder, each as an ellipse with a radius of two standard deviations. The color shows
# the square root of the true posterior, so that its less probable parts can be seen as well. The last column of the
# table is the share of the true posterior that is inside the ellipse.
#
# **Predict.** How will the two fits differ for the posterior with two modes?


# %%
def forward_fit(log_p, codes):
    """Mean and standard deviation of the normal distribution that minimizes KL(p || q)."""
    mean = np.exp(log_p) @ codes
    return mean, np.sqrt(np.exp(log_p) @ (codes - mean) ** 2)


def reverse_fit(log_p, codes, start):
    """The same for KL(q || p), found by a search that starts from another distribution."""

    def loss(parameters):
        return kl(log_normal(parameters[:2], np.exp(parameters[2:]), codes), log_p)

    best = minimize(loss, np.concatenate([start[0], np.log(start[1])])).x
    return best[:2], np.exp(best[2:])


bent, two_modes = (min(number, len(images) - 1) for number in (999, 207))
panels, rows, fits = [], {}, {"encoder": [], "reverse KL": [], "forward KL": []}
for number in (bent, two_modes):
    z1, z2, codes = grid_around(images[number])
    log_p = log_softmax(log_joint(images[[number]], codes)[0])
    panels.append((z1, z2, np.exp(log_p / 2).reshape(len(z2), -1)))  # square roots
    forward = forward_fit(log_p, codes)
    normals = [normal_of_encoder(images[number]), reverse_fit(log_p, codes, forward), forward]
    for name, (mean, std) in zip(fits, normals, strict=True):
        fits[name].append((mean, std))
        log_q = log_normal(mean, std, codes)
        inside = (((codes - mean) / std) ** 2).sum(axis=1) < 2**2  # the ellipse
        share = np.exp(log_p[inside]).sum()
        rows[number, name] = [*std, kl(log_q, log_p), kl(log_p, log_q), share]
lesson.show(
    plotting.posterior_panels(
        panels,
        [f"test image {bent}", f"test image {two_modes}"],
        {name: tuple(zip(*two, strict=True)) for name, two in fits.items()},
    ),
    "Two panels, each with a true posterior in blue and three ellipses. In both, the ellipse of the forward KL is the "
    "largest and covers nearly all of the blue region, and that of the reverse KL covers a part of it.",
)
columns = ["σ of z1", "σ of z2", "reverse KL", "forward KL", "p inside the ellipse"]
pd.DataFrame(rows, index=columns).T.rename_axis(["test image", "q"]).round(2)

# %% [markdown]
# In the left panel, the true posterior has a compact main part and a fainter arm, which looks almost like a second
# blob, on the upper left. The dashed ellipse, fitted by the reverse KL, covers the main part and leaves out the arm.
# It contains only 67 % of the true posterior. (For comparison, in two dimensions a normal distribution has 86 % of
# its probability within two standard deviations, not 95 % as in one dimension.) The dotted ellipse, fitted by the
# forward KL, is more than twice as long and wide, and reaches into the arm, although it does not cover all of it. It
# contains 82 %, but it also covers codes on the lower left whose probability under the true posterior is practically
# zero. In the right panel the difference is even clearer. The reverse KL chooses one of the two modes. (Which one it
# finds can depend on the start of the search. Here it is the mode with more probability.) The forward KL covers both,
# and as a result its mean is in the empty region between them.
#
# The table confirms that each fit is the best of the three by its own measure. For test image 999, the reverse KL of
# the dashed ellipse is 0.27 nats and that of the dotted ellipse 2.44 nats. Their forward KL divergences are 5.11 and
# 1.14 nats.
#
# This explains when an approximate posterior can become too narrow. Maximizing the ELBO over the encoder makes the
# reverse KL small, and a distribution with a small reverse KL stays within the region where the true posterior is
# large. It may leave out an arm, a second mode, or the ends of a tilted ellipse. The encoder's own ellipse in the
# left panel has the same size as the dashed one, but it is shifted. In the right panel it is at the other mode. An
# encoder does not find the best ellipse for every single image, and we return to this below.
#
# Does this explanation agree with the ratios of all thousand images? For a true posterior that is a tilted normal
# distribution, exercise 4 shows what to expect. If its two coordinates have the correlation $\rho$, the standard
# deviations that minimize the reverse KL are those of the true posterior, multiplied by $\sqrt{1-\rho^2}$. The next
# cell compares this factor with the ratio that we found. It also measures how far the mean of the approximate
# posterior is from that of the true posterior.

# %%
factor = np.sqrt(1 - correlation**2)[:, None]  # (1000, 1)
shift = np.abs(z_mean - true_mean) / true_std
print(f"ratio of the standard deviations: median {np.median(ratio):.2f}")
print(f"factor for tilted distributions:  median {np.median(factor):.2f}")
print(f"ratio divided by the factor:      median {np.median(ratio / factor):.2f}")
print(f"shift of the mean, in standard deviations of the true posterior: {np.median(shift):.1f}")

# %% [markdown]
# The median of the factor is 0.96. At least half of the true posteriors are thus hardly tilted, and for them the
# reverse KL leads to about the right width. The ratios agree with this. If we divide them by the factor, their median
# is 1.03. However, equal medians do not mean that the explanation is complete. The factor is never above 1, whereas
# 45 % of the ratios are above 1. For single images, the width of the approximate posterior therefore also contains
# errors of the encoder. The two images in the figure are exceptions, because their true posteriors are bent or have
# two modes. We have not tested whether all images with a narrow approximate posterior have such a true posterior.
#
# The last line shows a more common problem. For half of all images and coordinates, the mean of the approximate
# posterior differs from the mean of the true posterior by more than 1.6 standard deviations of the true posterior.
# Even if its width is right, such a distribution misses a large part of the true posterior. All of this was measured
# for one training run and for test images, so it includes any overfitting of the encoder.
#
# ## A wide proposal is safer than a narrow one
#
# What do a wrong width and a shifted mean do to importance sampling? By Bayes' rule,
# $p(x\mid z)\,p(z)=p(z\mid x)\,p(x)$, so the weight of a code can be written as
#
# $$w(z) = p(x)\,\frac{p(z\mid x)}{r(z)}.$$
#
# In other words, apart from the constant factor $p(x)$, a weight is the ratio of the true posterior to the proposal.
# If the proposal is narrower than the true posterior or shifted, this ratio is very large in those parts of the true
# posterior that the proposal hardly reaches. The average of the weights then depends on codes that are rarely
# sampled. Most of the time none of them is among the samples, and the estimate is too low. Once in a while one of
# them is, and the estimate is too high. If, on the other hand, the proposal is wider than the true posterior and
# covers all of it, no weight can become very large. Many samples are wasted on codes with a small weight. In two
# dimensions this only adds moderate noise.
#
# However, the cost of a wide proposal grows exponentially with the number of dimensions. Suppose that the true
# posterior is a normal distribution and the proposal is $c$ times as wide. Then the effective sample size, which is
# explained below, is divided by $c^2/\sqrt{2c^2-1}$ for each dimension. For $c=4$ it is divided by about 8 in two
# dimensions, but by more than a billion in twenty. With so many dimensions, the factor `widen` has to be close to 1.
#
# A common summary of the weights is the **[effective sample size](../docs/glossary.md#effective-sample-size)**,
# $\big(\sum_k w_k\big)^2/\sum_k w_k^2$. If all $K$ weights are equal, it is $K$, and if one weight is much larger
# than all others, it is close to 1. The next cell estimates $\log p(x)$ of the image with the bent posterior from 300
# samples of each of six proposals. It repeats this 40 times, and the table shows how the 40 estimates differ from the
# value of the grid.
#
# **Predict.** Which of the six proposals is best, and which is worst?

# %%
image = images[bent]
mean, std = fits["encoder"][0]
proposals = {
    "encoder": (mean, std),
    "encoder, twice as wide": (mean, 2 * std),
    "encoder, four times as wide": (mean, 4 * std),
    "encoder, eight times as wide": (mean, 8 * std),
    "reverse KL": fits["reverse KL"][0],
    "forward KL": fits["forward KL"][0],
}
z1, _, codes = grid_around(image)
exact_of_bent = logsumexp(log_joint(image[None], codes)[0]) + 2 * np.log(z1[1] - z1[0])
random, rows = np.random.default_rng(seed), {}
for name, (mean, std) in proposals.items():
    log_w = log_weights(image, mean, std, 40 * 300, random).reshape(40, 300)
    errors = logsumexp(log_w, axis=1) - np.log(300) - exact_of_bent
    effective = np.exp(2 * logsumexp(log_w, axis=1) - logsumexp(2 * log_w, axis=1))
    rows[name] = [errors.min(), np.median(errors), errors.max(), errors.std(), np.median(effective)]
columns = ["lowest error", "median", "highest", "standard deviation", "effective sample size"]
pd.DataFrame(rows, index=columns).T.round(2)

# %% [markdown]
# With the encoder's own distribution the estimates range from 1.69 nats too low to 2.37 nats too high, and half of
# them are at least 0.78 nats too low. If the proposal is four times as wide, all errors are between -0.48 and 0.23
# nats, with a median of 0.00. If it is eight times as wide, the errors become larger again, because most samples are
# wasted.
#
# The row for the reverse KL is a warning. Its estimates hardly differ from one another, and its effective sample size
# of 271 is the highest of all. If we looked only at these two numbers, we would think that it is the best proposal.
# However, all of its estimates are too low, by 0.24 nats in the median. Since $e^{-0.24}\approx 0.79$, this means
# that about 21 % of the true posterior is missing. It is the arm in the figure above, which the samples hardly ever
# reach. The standard deviation and the effective sample size are computed from the samples, so they cannot show what
# all samples miss. We only notice the error because we can compare the estimates with the grid.
#
# The fit by the forward KL, which covers the arm, has a median error of only -0.01 nats. A good proposal should
# therefore cover the true posterior, as this fit does. In practice we do not have this fit, because it requires the
# true posterior. What we have is the encoder's distribution, which is often slightly in the wrong place and sometimes
# too narrow. Widening it is a simple way to make it cover more of the true posterior. In two dimensions this costs
# little, but it is no guarantee, because a true posterior that is far away is still not covered (exercise 1).
#
# ## Which part of the gap is due to the encoder?
#
# A gap can have two causes. The first is that no normal distribution with a diagonal covariance is equal to the true
# posterior, because the true posterior is bent, tilted, or has several modes. The second is that the encoder did not
# find the best normal distribution for this image. An encoder computes the approximate posterior of every image with
# the same network, which is called [amortized inference](../docs/glossary.md#amortized-inference). This is fast, but
# for a single image the result can be worse than that of a separate search.
#
# Let $q^*$ be the normal distribution with the smallest reverse KL. Its ELBO is the highest that a normal
# distribution with a diagonal covariance can reach for this image with this decoder. We can then split the gap as
# [Cremer, Li, and Duvenaud (2018)](https://arxiv.org/abs/1801.03558) do:
#
# $$\underbrace{\log p(x)-\mathrm{ELBO}_q(x)}_{\text{gap}} =
# \underbrace{\log p(x)-\mathrm{ELBO}_{q^*}(x)}_{\text{approximation gap}} +
# \underbrace{\mathrm{ELBO}_{q^*}(x)-\mathrm{ELBO}_q(x)}_{\text{amortization gap}}.$$
#
# Here $\mathrm{ELBO}_q$ denotes the ELBO with the approximate posterior $q$. The approximation gap is due to the
# family of distributions, and the amortization gap is due to the encoder. For the six images of the figure above, we
# find $q^*$ with the function `reverse_fit`, and the approximation gap is then $\mathrm{KL}(q^*\,\|\,p(z\mid x))$.
# The function searches from one start only and could end in a local minimum. Strictly speaking, the approximation gap
# in the table is therefore an upper bound, and the amortization gap a lower bound.
#
# **Predict.** For the three images with the largest gaps, which of the two parts is larger?

# %%
rows = []
for image in images[six]:
    _, _, codes = grid_around(image)
    log_p = log_softmax(log_joint(image[None], codes)[0])
    best_normal = reverse_fit(log_p, codes, forward_fit(log_p, codes))
    total = kl(log_normal(*normal_of_encoder(image), codes), log_p)
    best = kl(log_normal(*best_normal, codes), log_p)
    rows.append({"gap": total, "approximation gap": best, "amortization gap": total - best})
pd.DataFrame(rows, index=names[six]).round(2)

# %% [markdown]
# In all six rows the amortization gap is the larger part, and for the three boots it is practically the whole gap.
# For the last boot, the gap is 537.67 nats, and only 0.08 nats of it would be left with the best normal distribution.
# These gaps are therefore due to the encoder, and not to the family of normal distributions. The values in the table
# differ by up to 20 nats from those above the panels of the figure. They are sums over a grid, whereas the ELBO in
# the figure was estimated from only 40 samples. Moreover, we chose the last three images because their estimated gaps
# were the largest, so these estimates are probably too high.
#
# [Cremer, Li, and Duvenaud (2018)](https://arxiv.org/abs/1801.03558) found that the amortization gap is often the
# larger part in bigger models as well, although this depends on the data set and on the family of distributions. They
# also give a reason why the approximation gap is small. The decoder is trained together with these normal
# distributions, so it learns to accommodate them, which means that its true posteriors become similar to normal
# distributions. For these six images, the size of the gap therefore depends mainly on how good the encoder is.
# Recall, however, that we chose three of them because their gaps are the largest. All six are test images, so the
# amortization gap also includes any error that is due to overfitting of the encoder.
#
# ## Explore the posterior of any image
#
# Six images are only a small selection, so the next cell makes a page with all thousand. Click in the latent space,
# or use the arrow keys, to choose an image. The page shows its true posterior in blue, the approximate posterior as
# an ellipse, and the two numbers whose difference is the gap. You can sort the images by their gap. You can also draw
# on the image, and the ellipse follows what you draw.
#
# **Predict.** Clear the image and draw trousers, one leg after the other. To which class does the encoder map a
# single leg?

# %%
page_step = lesson.step_for_page([run], images, step)
explorer.infer(run, titles=("VAE",), step=page_step)

# %% [markdown]
# The answer depends on where you draw the leg. In our attempts, most single legs were mapped to codes near those of
# T-shirts and dresses, and not to those of trousers. The encoder maps even an empty image to a code. It outputs a
# distribution for every image, and its training contains nothing by which it could signal that an image does not show
# a piece of clothing.
#
# ## What to remember
#
# - With black-and-white pixels, a VAE assigns a probability to every image. In two dimensions we can compute it as a
#   sum over a grid, whose step has to be smaller than the width of the true posterior.
# - The average of the weights $w=p(x\mid z)\,p(z)/r(z)$ over a proposal $r(z)$ is $p(x)$. The average of their
#   logarithms is a lower bound on $\log p(x)$, and this bound is the ELBO if the proposal is $q(z\mid x)$.
# - The gap between $\log p(x)$ and the ELBO is the KL divergence from the approximate to the true posterior. An image
#   can therefore have a low ELBO because the decoder is bad or because the approximate posterior is bad.
# - For a given decoder, maximizing the ELBO trains the encoder to minimize the reverse KL. The reverse KL penalizes
#   codes that are improbable under the true posterior, so the approximate posterior tends to be too narrow if the
#   true one is tilted, bent, or has several modes.
# - A proposal that is too narrow makes importance sampling unreliable without any warning. A proposal that is too
#   wide but covers the true posterior only requires more samples, a few more in two dimensions and very many more in
#   twenty.
#
# All terms are collected in the [glossary](../docs/glossary.md). [Lesson 05](05_measuring_a_claim.ipynb) compares
# models over several seeds, and [the results of the study](../docs/results.md#likelihoods) contain the
# log-likelihoods of such models. [Exercise 7 of lesson 06](06_the_weight_of_the_kl.ipynb#On-your-own) is about a model
# that is trained with the average of several weights instead of the ELBO.
#
# ## Three quick questions
#
# <details><summary>1. The ELBO of model A is higher than that of model B. Does A assign a higher probability to the
# images?</summary>
#
# Not necessarily. The ELBO is $\log p(x)$ minus the gap. Model B may have the better decoder and the worse encoder,
# and then its log-likelihood can be higher although its ELBO is lower.
#
# </details>
#
# <details><summary>2. For one image, importance sampling yields -70 nats with one seed and -66 nats with another. Which
# of the two is probably closer to the truth?</summary>
#
# Probably -66. If the samples miss an important part of the true posterior, the estimate is too low, and this is the
# usual way in which it goes wrong. Large errors in the other direction are rare. To see why, recall that the estimate
# of $p(x)$ is an average of weights, and that it is correct on average. If we divide each estimate by the true
# $p(x)$, the average over many repetitions is therefore 1. An estimate of $\log p(x)$ that is 4 nats too high
# corresponds to a ratio of $e^4\approx 55$. Since ratios are never negative and their average is 1, such an estimate
# can occur in at most 1 of 55 repetitions.
#
# </details>
#
# <details><summary>3. An encoder outputs the prior as the approximate posterior of every image. How large are the KL
# term and the gap?</summary>
#
# The KL term is zero, because every approximate posterior is equal to the prior. The gap is
# $\mathrm{KL}(p(z)\,\|\,p(z\mid x))$. It is large if the decoded image depends on the code, because then the true
# posterior is much narrower than the prior. It is zero only if the decoder ignores the code as well, which is called
# [posterior collapse](../docs/glossary.md#posterior-collapse).
#
# </details>
#
# ## On your own
#
# Solutions are in [solutions/04_how_probable_is_an_image](solutions/04_how_probable_is_an_image.ipynb).
#
# 1. **Measure.** Apply `likelihood.importance_sampled_log_likelihood` to the first fifty images with 300 samples and
#    `widen` set to 1, 2, and 4. For how many images does the estimate differ from the sum over the grid by more than
#    1 nat, and how many of these estimates are too low?
# 2. **Change one line.** Set `dataset_name` to `"mnist"`. Guess which digit has the largest mean gap, and then check.
# 3. **On paper.** Show that for any number of samples $K$, importance sampling is correct on average for $p(x)$, but
#    too low on average for $\log p(x)$. Show also that with $K=1$ and $r(z)=q(z\mid x)$ the average of the estimates
#    of $\log p(x)$ is the ELBO. Check this with $K$ = 1, 10, 100, and 1,000.
# 4. **On paper.** Show that among all normal distributions with a diagonal covariance, the forward KL is smallest for
#    the one that has the mean and the variances of $p$. Then let $p$ be a tilted normal distribution whose
#    coordinates have variance 1 and correlation $\rho$. Show that the reverse KL is smallest for variances of
#    $1-\rho^2$. Check both with $\rho=0.9$ on a grid.
# 5. **Measure.** Generate a thousand images from the VAE. Sample codes from the prior. Then either sample each pixel
#    with the decoder's probability, or take the more probable of black and white. Are these images more or less
#    probable than real ones?
# 6. **Open.** Fit normal distributions with a full covariance to the true posteriors of the section
#    [Which part of the gap is due to the encoder?](#Which-part-of-the-gap-is-due-to-the-encoder?) How much of the
#    remaining gap disappears? What happens if the search starts from the encoder's distribution?
# 7. **On paper.** In the [appendix](#Appendix:-the-two-parts-of-the-KL-term), $q(z)$ is replaced by the average of
#    the approximate posteriors of $n$ images. Show that the estimated mutual information is then at most $\log n$.
#    Check this by making all approximate posteriors narrower.
#
# ## Further reading
#
# - [Inference suboptimality in variational autoencoders](https://arxiv.org/abs/1801.03558) by Cremer, Li, and
#   Duvenaud (2018) splits the gap into the two parts of this lesson.
# - [Importance weighted autoencoders](https://arxiv.org/abs/1509.00519) by Burda, Grosse, and Salakhutdinov (2015)
#   uses the average of several weights for training.
# - *Pattern recognition and machine learning* by Bishop (2006) compares the two KL divergences for normal
#   distributions in section 10.1.
# - [Information theory, inference, and learning algorithms](https://www.inference.org.uk/mackay/itila/) by MacKay
#   (2003) shows in chapter 29 how importance sampling fails.
# - [A note on the evaluation of generative models](https://arxiv.org/abs/1511.01844) by Theis, van den Oord, and
#   Bethge (2015) explains why a high likelihood and good samples need not occur together.
# - *ELBO surgery* by Hoffman and Johnson (NIPS workshop on approximate inference, 2016) splits the KL term as in the
#   appendix.
#
# ## Appendix: the two parts of the KL term
#
# The KL term of the ELBO, averaged over images, is also called the [rate](../docs/glossary.md#rate).
# [Lesson 02](02_mmd_vae.ipynb) and [lesson 11](11_conditional_vae.ipynb) use the fact that it is the sum of two parts
# (Hoffman and Johnson 2016). To see this, write the KL divergence from $q(z\mid x)$ to the prior as the average of
# $\log q(z\mid x)-\log p(z)$, subtract $\log q(z)$, and add it again. Here $q(z)$ is the
# [aggregate posterior](../docs/glossary.md#aggregate-posterior), the distribution of the codes of all images
# together. We obtain
#
# $$\mathbb E_x\,\mathrm{KL}\big(q(z\mid x)\,\|\,p(z)\big) = I(x;z) + \mathrm{KL}\big(q(z)\,\|\,p(z)\big),$$
#
# where $\mathbb E_x$ is the average over images. The first part is the
# [mutual information](../docs/glossary.md#mutual-information) $I(x;z)$, the average of $\log q(z\mid x)-\log q(z)$.
# It measures how much a code tells us about which image it belongs to. (This is the mutual information between images
# of the data set and the codes that the encoder assigns to them. For images that the model generates, the mutual
# information has a different value.) The second part measures how far the aggregate posterior is from the prior.
# Neither part can be negative, so the KL term is an upper bound on the mutual information. The next cell computes all
# parts of the ELBO for the complete test set.

# %%
everything = dataset.test_images  # all of them, because the aggregate posterior is an average
rate, distortion = likelihood.rate_distortion(vae, everything, seed)
mutual, aggregate = measures.decompose_rate(*vae.encode_distribution(everything), seed)
nats = {
    "minus ELBO": (rate + distortion).mean(),
    "reconstruction term": distortion.mean(),
    "KL term (rate)": rate.mean(),
    "mutual information I(x; z)": mutual,
    "KL(q(z) || p(z))": aggregate,
    "logarithm of the number of images": np.log(len(everything)),
}
pd.Series(nats).round(2).to_frame(f"nats per image, {len(everything):,} images")

# %% [markdown]
# Minus the ELBO is the sum of the reconstruction term and the KL term. Of the 6.73 nats of the KL term, 6.03 nats, or
# about 90 %, are mutual information. The remaining 0.69 nats measure the distance of the aggregate posterior from the
# prior. (The two parts add up to the KL term except for rounding and for the noise of their estimates.) The last row
# shows a limit of the method. The aggregate posterior is estimated from these images, and an estimate from $n$ images
# can never exceed $\log n$ (exercise 7). Our value is well below 9.21 nats. Nevertheless, it still increases slowly
# with $n$, because the average for each image also contains the approximate posterior of this image itself. With
# 2,000 images, for example, solution 7 finds 5.83 nats.
#
# A model with deterministic codes, like the MMD-VAE of [lesson 02](02_mmd_vae.ipynb), has no $q(z\mid x)$ with a
# density, so it has neither an ELBO nor a finite KL term. However, it has a decoder and a prior, and the integral of
# this lesson needs nothing else. We can therefore use $\log p(x)$ to compare models that have nothing else in common,
# as [the results of the study](../docs/results.md#likelihoods) do. The only condition is that the decoders of all
# models assign probabilities to the same black-and-white pixels. For example, a model that is trained with squared
# errors on gray images does not meet this condition.
