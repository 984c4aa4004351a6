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
# A VAE is trained to make its training images probable, and then usually nobody asks how probable they have
# become. The answer is an integral over all codes, which is said to be intractable, so one makes do with a bound.
# But our codes lie on a *plane*, and over a plane one can sum.
#
# **What you'll do**
#
# - compute the likelihood of an image by a sum over the plane, first by hand, then for a thousand images;
# - compare it with the bound that the VAE was trained on, and with the usual estimate from samples;
# - look at the true posterior: all the places that an image may have come from.
#
# **What you'll learn**
#
# - what the gap between likelihood and bound means, image by image;
# - how an encoder goes wrong, which no loss curve shows;
# - what codes know of their images, and how much of that can be counted at all.
#
# **What you'll need**
#
# - notebook 01. About a minute on two cores, most of it for training.

# %%
import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import norm

from vaelib import measures, plotting, runs
from vaelib.grid import grid_codes
from vaelib.measures import likelihood
from vaelib.objectives import ELBO

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all
step: float = 0.04  # between neighbours of the grid that likelihoods are summed over

# %% [markdown]
# ## A likelihood needs black-and-white pixels
#
# For each pixel, the decoder says how probable white is. The probability of a whole image is the product over its
# pixels, and its logarithm is minus the binary cross-entropy of notebook 01. For grey pixels this is a useful
# number, but no probability: over all grey values it does not add up to one. So here the images are made black
# and white, at one half, and a VAE is trained on these: the same network and the same loss as in notebook 01.

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit, pixels="threshold")
recipe = runs.Recipe(dataset_name, ELBO, **settings)
dataset = recipe.load()
vae = runs.train(recipe).model
images = dataset.test_images[:1000]

# %% [markdown]
# ## The integral, by hand
#
# The decoder can make an image $x$ from any code $z$, from some with more and from others with less
# probability, and the prior says how often each code comes up:
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz \approx \sum_{\text{cells } c} p(x \mid z_c)\, p(z_c) \cdot \text{area}$$
#
# The sum runs over the cells of a fine grid. Decode the middle of every cell, once; then each image needs the
# cross-entropy to all of these. Here it is for three images. The probabilities are far too small to be written
# down, so everything is done with their logarithms.

# %%
axis = np.linspace(-5, 5, 161)
area = (axis[1] - axis[0]) ** 2
cells = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
white = vae.decode(cells).reshape(len(cells), -1).clip(1e-7, 1 - 1e-7)  # (cells, pixels)
x = images[:3].reshape(3, -1) / np.float32(255)
log_p_x_given_z = x @ np.log(white).T + (1 - x) @ np.log(1 - white).T  # (images, cells)
log_p_z = norm.logpdf(cells).sum(axis=1)
by_hand = logsumexp(log_p_x_given_z + log_p_z + np.log(area), axis=1)
print("log p(x) of three images:", by_hand.round(1))

# %% [markdown]
# In nats: the first image has a probability of $e$ to the power of this number. It is tiny because it is one
# image of all $2^{784}$ that there are; what counts is how it compares.
#
# The library does the same for all images at once, in one product of matrices for each block of cells. Is the grid
# fine enough? Halve the step and see. Beside it stand the bound that the VAE was trained on, and the usual way
# out: importance sampling, which decodes codes near the encoder's guess and weighs them.

# %%
exact = likelihood.log_likelihood(vae, images, step)
coarse = likelihood.log_likelihood(vae, images, 2 * step)
bound = np.mean([likelihood.elbo(vae, images, draw) for draw in range(10)], axis=0)
fifty = likelihood.importance_sampled(vae, images[:50], samples=300, widen=2.0)
print(
    f"by hand and by the library, largest difference {np.abs(by_hand - exact[:3]).max():.2f} nats"
)
print(f"integral, step {step:.2f}      {exact.mean():8.2f} nats per image")
print(f"integral, step {2 * step:.2f}      {coarse.mean():8.2f}")
print(f"the bound                {bound.mean():8.2f}")
print(f"fifty images: integral   {exact[:50].mean():8.2f}")
print(f"  importance sampling    {fifty.mean():8.2f}")
print(f"  images off by a nat    {np.sum(np.abs(exact[:50] - fifty) > 1):8d}")

# %% [markdown]
# At half the step the mean changes by less than a tenth of a nat, which is little beside all that follows: the
# grid is fine enough. (By hand the cells were larger, so a single image may differ by more.) The bound lies some
# eleven nats below the integral. It may lie below, never above; but why so far? Importance sampling finds the
# right number for most of the fifty images and too small a number for the rest. It samples near the encoder's
# guess, and what lies elsewhere it never sees. So the question is the same: what is it that the encoder misses?
#
# ## The gap is how wrong the encoder is
#
# The gap between likelihood and bound is not just slack. For each image it is
#
# $$\log p(x) - \text{ELBO}(x) = \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z \mid x)\bigr) \ge 0,$$
#
# the divergence of the encoder's cloud from the *true* posterior: the distribution of the codes that the decoder
# may really have made this image from. And the true posterior is just the grid again, normalised. So we can look
# at it. Here are three images whose gap is ordinary, and the three with the widest gap of the thousand.

# %%
gap = exact - bound
shares = (0.1, 0.5, 0.9, 1)
print("nats of gap: " + ", ".join(f"{np.quantile(gap, q):.1f} at {q:.0%}" for q in shares))
order, reach = np.argsort(gap), 4.0  # of the grid, to each side
chosen = [*order[[len(gap) // 4, len(gap) // 2, 3 * len(gap) // 4]], *order[-3:]]
side = 1 + round(2 * reach / step)
places = grid_codes(side, reach)
truth = likelihood.posterior(vae, images[chosen], places)
clouds = vae.encode_distribution(images[chosen])
plotting.true_posteriors(images[chosen], truth, side, reach, *clouds)

# %% [markdown]
# In blue is where the code of the image above may really be: the darker, the likelier. In red, two standard
# deviations of the encoder's cloud. Half of all images have a gap of less than four nats: the cloud lies on the
# true posterior, or at its edge. For the last three the encoder looks at *the wrong place*. What does it take
# them for? Decode both: the mean of its cloud, and the likeliest place of the true posterior.

# %%
best = places[truth.argmax(axis=1)]
decoded = {"encoder's mean": vae.decode(clouds[0]), "true posterior": vae.decode(best)}
plotting.strips({"image": images[chosen]} | decoded)

# %%
print("squared error of a pixel, image by image")
for title, pictures in decoded.items():
    off = ((pictures - images[chosen] / 255) ** 2).mean(axis=(1, 2, 3))
    print(f"{title:15}", *(f"{value:7.3f}" for value in off))

# %% [markdown]
# All three are boots, and the encoder takes them for bags. The decoder knows better: it has a place for boots
# (look at the second of them), and from there it makes an image that is nearer in every case, while the first
# and the third boot are so odd that no place on the plane holds them, only one that is less wrong. The
# encoder has to answer at one glance, and what it has learned is right for most images. No loss curve shows
# this, for the loss is a mean, and the mean of the gap is made by few images.
#
# Are they always boots?

# %%
labels = np.array(dataset.class_names)[dataset.test_labels[:1000]]
by_class = pd.DataFrame({"log p(x)": exact, "bound": bound, "gap": gap}).groupby(labels)
by_class.mean().assign(images=by_class.size()).sort_values("gap").round(1)

# %% [markdown]
# Boots have the widest gaps, on average, and dresses and trousers the narrowest. Note that a narrow gap is not
# the same as a probable image: boots, with the widest gaps, are more probable than dresses, with the narrowest. Least
# probable are bags, for no two are alike.
#
# ## What a code costs, and what it knows
#
# The bound has two parts. Its *rate* is the mean KL of the clouds to the prior: how many nats it takes to say
# where a cloud lies. Its *distortion* is what is left to say of the image. All of the numbers below are of all
# test images, so that they add up.

# %%
everything = dataset.test_images
rate, distortion = likelihood.rate_distortion(vae, everything, seed)
mutual, aggregate = measures.information(*vae.encode_distribution(everything), seed)
likely = likelihood.log_likelihood(vae, everything).mean()
rows = {
    "NLL, exact": -likely,
    "rate + distortion": (rate + distortion).mean(),
    "   distortion": distortion.mean(),
    "   rate": rate.mean(),
    "       mutual information": mutual,
    "       aggregate KL": aggregate,
    "gap": likely + (rate + distortion).mean(),
    "ceiling of the information": np.log(len(everything)),
}
pd.Series(rows).round(2).to_frame(f"nats per image, {len(everything):,} images")

# %% [markdown]
# From the top: the exact negative log-likelihood (NLL; less is better), and the bound with its sign turned, which
# is larger by the gap. The bound is distortion plus rate. And the rate falls into two parts again (Hoffman and
# Johnson):
#
# $$\mathrm{E}\, \mathrm{KL}(q(z \mid x) \,\|\, p(z)) = I(x; z) + \mathrm{KL}(q(z) \,\|\, p(z))$$
#
# The *mutual information* is what codes know of their images. The *aggregate KL* is how far the aggregate
# posterior, the codes of all images together, is from the prior: nats that are paid and buy nothing. The VAE pays
# few of them.
#
# The last line is a warning. The information is estimated from the images at hand, and to tell $n$ images apart
# takes no more than $\log n$ nats. No encoder can be found to know more than that from so many images. Here the
# estimate stays well below its ceiling, so it says something. Where it comes close, as for an MMD-VAE whose
# clouds have shrunk to points, it only says that every image has a place of its own.
#
# Not every model has a bound. An MMD-VAE with deterministic codes has no $q(z \mid x)$ and so no ELBO, no rate and
# no importance sampling. But it has a decoder and a prior, and that is all the integral needs. So the integral
# can compare models that have nothing else in common. Notebook 05 does that, over seeds.
#
# ## On your own
#
# - Set `dataset_name` to `"mnist"`. Which digit has the widest gaps? Guess first.
# - Take the three worst images and start the encoder anew: for each, look for the mean and the variance of the
#   normal distribution with the best bound. How much of the gap goes, and how much is left because the true
#   posterior is not normal?
# - Draw a thousand samples of the VAE, make them black and white, and compute their likelihood. Is it higher or
#   lower than that of real images?
# - Importance sampling with `widen=1` instead of 2: how many images are off by a nat now?
#
# ## Further reading
#
# - C. Cremer, X. Li and D. Duvenaud, *Inference suboptimality in variational autoencoders*, 2018,
#   arXiv 1801.03558: whether the gap is the encoder's fault or that of normal distributions.
# - Y. Burda, R. Grosse and R. Salakhutdinov, *Importance weighted autoencoders*, 2015, arXiv 1509.00519.
# - M. D. Hoffman and M. J. Johnson, *ELBO surgery*, NIPS workshop on approximate inference, 2016: the rate, taken
#   apart.
# - A. A. Alemi and others, *Fixing a broken ELBO*, 2018, arXiv 1711.00464: rate and distortion.
# - L. Theis, A. van den Oord and M. Bethge, *A note on the evaluation of generative models*, 2015,
#   arXiv 1511.01844: why good samples and a good likelihood need not go together.
