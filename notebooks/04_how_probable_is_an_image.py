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
# Going further, lesson 04 · needs lesson [01](01_standard_vae.ipynb) of the core course · [all lessons](../README.md) ·
# [glossary](../docs/glossary.md)
#
# A VAE is trained to make its training images probable. How probable have they become? The answer is an integral
# over all codes. It is said to be intractable, and so one makes do with a bound. But our codes lie on a *plane*,
# and over a plane one can sum.
#
# **What you'll do**
#
# - compute the likelihood of an image by a sum over the plane, first by hand, then for a thousand images;
# - compare it with the bound that the VAE was trained on, and with importance sampling;
# - look at the true posterior: all the places that an image may have come from;
# - draw images of your own, and see what two encoders take them for.
#
# **What you'll learn**
#
# - what the gap between likelihood and bound means, image by image;
# - how an encoder goes wrong, which no loss curve shows, and how much of the gap is its fault;
# - what codes know of their images, and how much of that can be measured at all.
#
# **What you'll need**
#
# - notebook 01. About three minutes on two cores, most of it for training.

# %%
import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import norm

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import explorer, measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO, POST_MMD
from vaelib.support import lesson
from vaelib.support.latent_grid import grid_codes

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all
step: float = 0.04  # between neighbors of the grid that likelihoods are summed over

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
# For each pixel, the decoder says how probable white is. The probability of a whole image is the product over its
# pixels, and its logarithm is minus the binary cross-entropy of notebook 01. For gray pixels this is a useful
# number, but no probability: over all gray values it does not add up to one. So we make the images black and white:
# a pixel above one half becomes white. A VAE is trained on these, with the network and the loss of notebook 01.

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit, pixels="threshold")
recipe = runs.Recipe(dataset_name, ELBO, **settings)
dataset = recipe.load_dataset()
run = runs.train(recipe)
vae = run.model
images = dataset.test_images[:1000]

# %% [markdown]
# ## The integral, by hand
#
# The decoder can make an image $x$ from any code $z$, from some with more and from others with less
# probability. The prior says how often each code comes up:
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz \approx \sum_{\text{cells } c} p(x \mid z_c)\, p(z_c) \cdot \text{area}$$
#
# The sum runs over the cells of a fine grid. Decode the middle of every cell, once. Then each image needs the
# cross-entropy to all of these. The probabilities are far too small to be written down, so everything is done with
# their logarithms, in nats.
#
# **Predict.** A fair coin for each of the 784 pixels gives every image $784 \log \frac12$ nats. Which number is
# that, and how far above it will three real images be?


# %%
def log_p_x_given_z(images, codes):
    """How probable each image is under each decoded code: (images, codes), in nats."""
    x = images.reshape(len(images), -1) / np.float32(255)
    white = vae.decode(codes).reshape(len(codes), -1).clip(1e-7, 1 - 1e-7)  # (codes, pixels)
    return x @ np.log(white).T + (1 - x) @ np.log(1 - white).T


axis = np.linspace(-5, 5, 161)
area = (axis[1] - axis[0]) ** 2
cells = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
log_p_z = norm.logpdf(cells).sum(axis=1)
by_hand = logsumexp(log_p_x_given_z(images[:3], cells) + log_p_z + np.log(area), axis=1)
print("log p(x) of three images:", by_hand.round(1))
print("a coin for each pixel:   ", (784 * np.log(0.5)).round(1))

# %% [markdown]
# The first image has a probability of $e$ to the power of this number. It is tiny, for it is the probability of one
# image among all $2^{784}$ that there are. What counts is how it compares: each of the three is hundreds of nats
# more probable than by coins.
#
# ## All at once, and two ways to do without a plane
#
# With twenty dimensions no grid would do. Two estimates are left.
#
# - The **bound** that the VAE was trained on, $\mathrm{E}_q \log w$ with
#   $w = p(x \mid z)\, p(z) \,/\, q(z \mid x)$ and $z$ drawn from the encoder's cloud $q(z \mid x)$.
# - **Importance sampling.** To find the mean of something rare, draw where it is common, and correct each draw by a
#   weight. Codes from the prior hardly ever hit the place that an image comes from. So draw $K$ codes from the
#   encoder's cloud, here made twice as wide. Then $p(x) = \mathrm{E}\, w \approx \frac1K \sum_k w_k$.
#
# The two differ only in where the logarithm stands: the mean of logarithms, or the logarithm of a mean.
#
# **Predict.** Will importance sampling lie above the integral, below it, or on either side? And the bound?

# %%
exact = likelihood.log_likelihood(vae, images, step)
coarse = likelihood.log_likelihood(vae, images, 2 * step)
bound = np.mean([likelihood.elbo(vae, images, draw) for draw in range(10)], axis=0)
fifty = likelihood.importance_sampled_log_likelihood(vae, images[:50], samples=300, widen=2.0)
print(
    f"by hand and by the library, largest difference {np.abs(by_hand - exact[:3]).max():.2f} nats"
)
print(f"integral, step {step:.2f}      {exact.mean():8.2f} nats per image")
print(f"integral, step {2 * step:.2f}      {coarse.mean():8.2f}")
print(f"the bound                {bound.mean():8.2f}")
print(f"fifty images: integral   {exact[:50].mean():8.2f}")
print(f"  the bound              {bound[:50].mean():8.2f}")
print(f"  importance sampling    {fifty.mean():8.2f}")
off = np.sort(fifty - exact[:50])
print("  off by a nat or more  ", *(f"{nats:+.1f}" for nats in off[np.abs(off) > 1]))

# %% [markdown]
# Twice the step changes the mean by less than a tenth of a nat: the grid is fine enough. (By hand the cells were
# larger, so a single image may differ by more.) The bound lies some eleven nats below the integral. It may lie
# below, never above. But why so far? Importance sampling finds the right number for most of the fifty images. Of
# those that it misses by a nat, most are too low, and some by many nats: its draws come from the neighborhood of
# the encoder's guess, and it never sees what lies elsewhere. Two are too high: among 300 draws a lucky one may
# count too much. So both estimates lead to one question: what does the encoder miss?
#
# ## The gap is how wrong the encoder is
#
# The gap between likelihood and bound is not just slack. Notebook 01 derives that for each image it is
#
# $$\log p(x) - \text{ELBO}(x) = \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z \mid x)\bigr) \ge 0,$$
#
# the divergence of the encoder's cloud from the **true posterior** $p(z \mid x)$: the distribution of the codes
# that the decoder may really have made this image from.
#
# **Predict.** The mean gap is some eleven nats. Do most images have a gap of about that size?

# %%
gap = exact - bound
order = np.argsort(gap)
for share in (0.1, 0.5, 0.9, 1):
    print(f"{share:4.0%} of the images have a gap of at most {np.quantile(gap, share):6.1f} nats")
print(
    f"The tenth with the widest gaps makes {gap[order[-100:]].sum() / gap.sum():.0%} of all of it."
)

labels = dataset.test_labels[:1000]
lesson.show(
    plotting.elbo_gaps(gap, labels, dataset.class_names),
    f"A dot for the gap of each of {len(gap):,} images, on an axis that is logarithmic from one nat on: one row for "
    f"all images, and one for each class, with medians as bars and means as diamonds. Over all images the median is "
    f"{np.median(gap):.1f} nats and the mean {gap.mean():.1f}; the widest gap has {gap.max():.0f}.",
)

# %% [markdown]
# Most do not. Half of the images have a gap of less than four nats, and the tenth with the widest gaps makes more
# than half of all of it. The mean lies to the right of the median in every class, and no class is free of a long
# tail. A few dots lie below zero, where no gap can be: the bound is estimated from ten draws, and such is its
# error.
#
# Does a wide gap mean an improbable image?

# %%
names = np.array(dataset.class_names)[labels]
three = pd.DataFrame({"log p(x)": exact, "bound": bound, "gap": gap})
rank = three["gap"].corr(three["log p(x)"], method="spearman")
print(f"rank correlation of gap and log p(x): {rank:+.2f}")
by_class = three.groupby(names)
by_class.mean().assign(images=by_class.size()).sort_values("gap").round(1)

# %% [markdown]
# Often, as the negative rank correlation says, but not always. Dresses have the narrowest gaps and ankle boots the
# widest, and yet boots are more probable than dresses. Bags are the least probable.
#
# ## Look at the true posterior
#
# The true posterior is the grid once more, normalized: $p(z \mid x) = p(x \mid z)\, p(z) / p(x)$. So we can look at
# it. Here are three images whose gap is ordinary, and the three with the widest gaps of the thousand.
#
# **Predict.** What is wrong with the cloud of the last three: is it too narrow, too wide, or in the wrong place?

# %%
reach = 4.0  # of the grid, to each side
chosen = [*order[[len(gap) // 4, len(gap) // 2, 3 * len(gap) // 4]], *order[-3:]]
side = 1 + round(2 * reach / step)
places = grid_codes(side, reach)
truth = likelihood.true_posterior(vae, images[chosen], places)
z_mean, z_log_var = vae.encode_distribution(images[chosen])
titles = [f"gap {value:.1f}" for value in gap[chosen]]
likeliest = places[truth.argmax(axis=1)]
apart = ", ".join(f"{d:.1f}" for d in np.linalg.norm(likeliest - z_mean, axis=1))
lesson.show(
    plotting.true_posteriors(images[chosen], truth, side, reach, z_mean, z_log_var, titles=titles),
    f"Six images ({', '.join(names[chosen])}), and under each the part of the plane where its code may be: the true "
    f"posterior as a blue patch, the encoder's cloud as a red ellipse. From left to right the middle of the ellipse "
    f"and the darkest place of the patch are {apart} apart.",
)

# %% [markdown]
# In blue is where the code of the image above may really be: the darker, the likelier. In red, two standard
# deviations of the encoder's cloud. For the first three the ellipse lies on the blue patch, or at its edge. For the
# last three the encoder looks at *the wrong place*. What does it take them for? Decode both: the mean of its cloud,
# and the likeliest place of the true posterior.

# %%
decoded = {"encoder's mean": vae.decode(z_mean), "true posterior": vae.decode(likeliest)}
off = {
    name: ((pictures - images[chosen] / 255) ** 2).mean(axis=(1, 2, 3))
    for name, pictures in decoded.items()
}
print("squared error of a pixel, image by image")
for name, values in off.items():
    print(f"{name:15}", *(f"{value:7.3f}" for value in values))
better = np.sum(off["true posterior"] < off["encoder's mean"])
lesson.show(
    plotting.image_rows({"image": images[chosen]} | decoded),
    f"Three rows of six images: the test images in black and white, what is decoded from the encoder's mean, and from "
    f"the likeliest place of the true posterior. By squared error the last row is nearer to the first in {better} of "
    f"the six.",
)

# %% [markdown]
# All three are boots, and the encoder takes them for bags. The decoder knows better. It has a place for boots, look
# at the second of them, and from there it makes an image that is nearer in every case. The first and the third are
# so odd that no place on the plane holds them, only one that is less wrong.
#
# ## Whose fault is the gap?
#
# An encoder answers at one glance, by one function for all images. One could also search for the best cloud of each
# image separately, which takes longer. To share the work among all images is called **amortised** inference, and it
# has a price. Cremer, Li and Duvenaud (2018) split the gap by the best cloud $q^*$ of the same family, here the
# normal distributions with a diagonal covariance:
#
# $$\underbrace{\log p(x) - \text{ELBO}_{q^*}(x)}_{\text{no upright normal fits the truth}} \;+\;
# \underbrace{\text{ELBO}_{q^*}(x) - \text{ELBO}_{q}(x)}_{\text{the encoder missed } q^*} .$$
#
# We need not search. The true posterior lies before us, so we take its mean and its variance for our cloud. The
# best cloud can only be better.
#
# **Predict.** How much of a gap of hundreds of nats goes?

# %%
weights = truth[:, :, None]  # (images, places, 1), adding up to 1
mean = (weights * places).sum(axis=1)  # (images, 2)
variance = (weights * (places - mean[:, None]) ** 2).sum(axis=1) + step**2 / 12  # that in a cell
noise = np.random.default_rng(seed).standard_normal((500, 2))
kl = 0.5 * (mean**2 + variance - np.log(variance) - 1).sum(axis=1)
moved = [
    log_p_x_given_z(images[[image]], m + np.sqrt(v) * noise).mean()
    for image, m, v in zip(chosen, mean, variance, strict=True)
]
pd.DataFrame(
    {
        "image": names[chosen],
        "gap": gap[chosen],
        "with a cloud on the truth": exact[chosen] - moved + kl,
    }
).round(1)

# %% [markdown]
# Nearly all of it. For each of the six less than a nat is left. The widest gaps are rough, for ten draws leave them
# uncertain by tens of nats (exercise 6), but that changes nothing here. So these gaps are the encoder's fault, and
# not that of normal distributions. Most is left for the fifth image, whose patch is long and tilted, while a cloud
# with a diagonal covariance cannot tilt. Cremer, Li and Duvenaud found that this is often so in larger models, and
# a reason for it: the decoder was trained with such clouds, and had every reason to shape its true posteriors after
# them.
#
# ## Any image, and your own
#
# Six images are few. Here are all thousand, each with its true posterior in blue and the encoder's cloud as an ellipse.
# Beside the VAE is the post's MMD-VAE, trained on the same images. Its codes are points, so there is no cloud, no bound
# and no gap. But any model with a decoder and a prior has a true posterior. Sort the images by gap, and look where the
# widest ones come from.
#
# Then draw: both encoders follow as you do.
#
# **Predict.** Clear the sheet and draw trousers, one leg after the other. What will the encoders take one leg for?

# %%
mmd_vae = runs.train(runs.Recipe(dataset_name, POST_MMD, **settings))
page_step = lesson.step_for_page([run, mmd_vae], images, step)
explorer.infer(run, mmd_vae, titles=("VAE", "MMD-VAE"), step=page_step)

# %% [markdown]
# A broad leg passes for a dress, in both planes. A blank sheet has a code, too: an encoder has learned from clothes
# only, and nothing taught it to say that it does not know.
#
# ## What a code costs, and what it knows
#
# The bound has two parts. Its *rate* is the mean KL of the clouds to the prior: how many nats it takes to say
# where a cloud lies. Its *distortion* is what is left to say of the image. And the rate falls into two parts again
# (Hoffman and Johnson 2016):
#
# $$\mathrm{E}\, \mathrm{KL}(q(z \mid x) \,\|\, p(z)) = I(x; z) + \mathrm{KL}(q(z) \,\|\, p(z))$$
#
# The **mutual information** $I(x; z)$ is what codes know of their images: by how many nats a code narrows down, on
# average, which image it came from. The *aggregate KL* is how far the aggregate posterior $q(z)$, the codes of all
# images together, is from the prior. These nats are paid and buy nothing.
#
# **Predict.** The rate is between six and seven nats. Which of its two parts is the larger?

# %%
everything = dataset.test_images  # all of them, so that the numbers add up
rate, distortion = likelihood.rate_distortion(vae, everything, seed)
mutual, aggregate = measures.decompose_rate(*vae.encode_distribution(everything), seed)
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
# is larger by the gap. Most of the rate is information, and little of it is lost on the aggregate KL.
#
# The last line is a warning. The information is estimated from the images at hand, and to tell $n$ images apart
# takes no more than $\log n$ nats. From so many images no encoder can be found to know more. Here the estimate
# stays well below its ceiling, so it says something. Where it comes close, it only says that every image has a
# place of its own. That is the case for an MMD-VAE whose clouds have shrunk to points.
#
# Not every model has a bound. An MMD-VAE with deterministic codes has no $q(z \mid x)$, and so no ELBO and no
# finite rate, and importance sampling would have to draw from elsewhere. But it has a decoder and a prior, and the
# integral needs nothing else. So it can compare models that have nothing else in common. Notebook 05 does that,
# over seeds.
#
# ## Three quick questions
#
# <details><summary>1. The bound of model A is higher than that of model B. Does A give the images a higher
# probability?</summary>
#
# Not necessarily. B's decoder may be better and its encoder worse: the bound is the likelihood less the gap.
#
# </details>
#
# <details><summary>2. For one image, importance sampling gives -70 nats with one seed and -66 with another. Which
# is nearer to the truth?</summary>
#
# Most likely -66. Where the draws miss what matters the estimate is too low, and that is how it usually goes wrong.
# It exceeds the truth by much only very rarely: the mean of $e$ to the power of the excess is 1.
#
# </details>
#
# <details><summary>3. An encoder gives the prior itself as the cloud of every image. What are rate and mutual
# information, and how large is the gap?</summary>
#
# Rate and information are both zero: the code says nothing. The gap is $\mathrm{KL}(p(z) \,\|\, p(z \mid x))$,
# which is large where the decoder uses its code. It is zero only if the decoder ignores the code as well, which is
# posterior collapse.
#
# </details>
#
# ## On your own
#
# Solutions are in `solutions/04_how_probable_is_an_image.ipynb`.
#
# 1. **Change one line.** Importance sampling with `widen=1` instead of 2: how many of the fifty images are off by a
#    nat now? Why?
# 2. **Measure.** Set `dataset_name` to `"mnist"`. Which digit has the widest gaps? Guess first.
# 3. **On paper.** Show that importance sampling is right on average for $p(x)$, whatever $K$ is, but too low on
#    average for $\log p(x)$, and that with $K = 1$ it is the bound. Check with 1, 10, 100 and 1,000 samples.
# 4. **On paper.** Show that the information, estimated with $q(z) = \frac1n \sum_i q(z \mid x_i)$, is at most
#    $\log n$. Check by shrinking all clouds.
# 5. **Measure.** Draw a thousand images from the VAE: codes from the prior, then each pixel black or white, once by
#    the toss of a coin with the decoder's probability, once by which of the two is the likelier. Are they more
#    probable than real images, or less?
# 6. **Open.** Start the encoder anew for the three worst images: search for the normal distribution with the best
#    bound, once from the encoder's own cloud, once from the true posterior. How much of the gap goes, and how much
#    is left because the true posterior is not normal?
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
