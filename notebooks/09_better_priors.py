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
# # Better priors, and a bridge to latent diffusion
#
# Going further, lesson 09 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) and
# [lesson 02, the MMD-VAE](02_mmd_vae.ipynb) · previous: [lesson 08, whose axes?](08_whose_axes.ipynb) · next:
# [lesson 10, GANs](10_gans.ipynb) · [glossary](../docs/glossary.md)
#
# To generate an image with a [VAE](../docs/glossary.md#vae), we sample a code from the
# [prior](../docs/glossary.md#prior) and decode it. This works well only if the codes of real images are distributed
# like the prior. In [lesson 02](02_mmd_vae.ipynb) we saw that they are not quite, and we changed the loss so that the
# codes move closer to the prior. In this lesson we do the opposite, and move the prior closer to the codes.
#
# We try four priors, from simple to flexible. The first is a mixture of Gaussians that is fitted to the codes after
# training. The second and the third are mixtures that are trained together with the networks. The fourth is a small
# **diffusion model**. It learns to remove noise from codes. To generate a new code, it starts with pure noise and
# removes the noise step by step. A VAE with a diffusion model on its codes is a **latent diffusion** model, the kind
# of model behind many current image generators ([Rombach et al. 2022](https://arxiv.org/abs/2112.10752)). Ours fits
# on one page and trains in seconds. Because its codes have two dimensions, we can watch every step.
#
# **What you'll do**
#
# - find out how much a VAE could gain from another prior before you train one;
# - fit a mixture to the codes, and train a prior that is made of images, the VampPrior;
# - write a diffusion model of the codes, draw what it has learned as arrows, and sample from it;
# - compare all priors by likelihood, precision, recall, and coverage.
#
# **What you'll learn**
#
# - which part of the loss depends on the prior, and how large it can become;
# - how a network that predicts noise can generate new samples;
# - why better codes do not always lead to better images.
#
# **What you'll need**
#
# - The core course, lessons [00](00_faces.ipynb) to [03](03_mnist.ipynb). The measures of images are explained in
#   [lesson 05](05_measuring_a_claim.ipynb), and here we repeat what each of them counts. The notebook takes about
#   four minutes on two CPU cores.
#
# **Everything in this lesson is exploratory.** We stated no hypothesis before we looked at the results. Numbers come
# from one model with one [seed](../docs/glossary.md#seed) unless the text says otherwise.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [Where the prior and the codes disagree](#Where-the-prior-and-the-codes-disagree) | What happens if a sample lands where there are no codes? |
# | [How much can another prior gain?](#How-much-can-another-prior-gain?) | How large is the gain at most? |
# | [A mixture that is fitted after training](#A-mixture-that-is-fitted-after-training) | How much of it does a simple density gain? |
# | [Priors that are trained together with the model](#Priors-that-are-trained-together-with-the-model) | Is it better to train the prior as well? |
# | [Adding noise to codes](#Adding-noise-to-codes) | What does a diffusion model undo? |
# | [Predicting the noise](#Predicting-the-noise) | What does the network learn, and how? |
# | [The predicted noise as arrows](#The-predicted-noise-as-arrows) | What does it look like in latent space? |
# | [From noise to codes](#From-noise-to-codes) | How are new codes generated? |
# | [Which prior is best?](#Which-prior-is-best?) | What do the measures say? |
# | [Why coverage does not improve](#Why-coverage-does-not-improve) | What limits the images if not the prior? |
# | [Eight dimensions](#Eight-dimensions) | When does a better prior help? |
# | [Do the results hold for other seeds?](#Do-the-results-hold-for-other-seeds?) | What is true of more than one run? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Can you answer these from memory? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |

# %%
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import latent_diffusion, model_table, named_models, vae_family
from vaelib import data, measures, plotting, runs
from vaelib.measures import features
from vaelib.support import lesson
from vaelib.support.backend import keras, layers
from vaelib.support.rng import named_rng

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
# ## Where the prior and the codes disagree
#
# Do samples from the prior land where the codes are? To see this, we train a standard VAE and sample one code from
# the [approximate posterior](../docs/glossary.md#approximate-posterior) $q(z \mid x)$ of each training image $x$. All
# these codes together are a sample from the [aggregate posterior](../docs/glossary.md#aggregate-posterior) $q(z)$.
# The next figure compares 5,000 of them with 5,000 samples from the prior $p(z)$, which is the standard normal
# distribution.
#
# **Predict.** Where do you expect too few codes, and where too many?

# %%
dataset = data.load(dataset_name).limit(limit)
settings = dict(epochs=epochs, seed=seed, limit=limit)
vae = runs.train(named_models.recipe(dataset_name, "elbo", **settings)).model
codes = named_models.sample_codes(vae, dataset.train_images, seed)

# %%
samples = vae.prior.sample(5000, seed)
lesson.show(
    plotting.point_panels(
        {"codes of training images": codes[:5000], "samples from the prior": samples}, limit=5.5
    ),
    "Two panels of five thousand points each. On the left, the codes form narrow bands with empty regions "
    "between them. On the right, the samples from the prior form a round hill.",
)

# %% [markdown]
# The two panels differ in many places. The codes form narrow bands and dense spots with emptier regions between them,
# and at the top left they extend up to $z_2 = 5$. The samples from the prior have none of this structure. They form a
# round hill that is densest in the center, wherever the codes happen to be.
#
# The difference has consequences for the images. For each of the 5,000 samples, the next cell computes the distance
# to the 20th nearest code and the distance to the 20th nearest sample, where the sample itself counts as the first.
# It then selects the twelve samples for which the first distance is largest in relation to the second. This is a
# simple way to find regions in which samples from the prior are common and codes are rare.

# %%
near_codes = NearestNeighbors().fit(codes).kneighbors(samples, 20)[0][:, -1]
near_samples = NearestNeighbors().fit(samples).kneighbors(samples, 20)[0][:, -1]
empty = np.argsort(near_samples / near_codes)[:12]
lesson.show(
    plotting.image_rows(
        {
            "first samples": vae.decode(samples[:12]),
            "fewest codes": vae.decode(samples[empty]),
        }
    ),
    "Two rows of twelve decoded samples from the prior. In the first row most look like clothes. In the "
    "second row, from regions with hardly any codes, all are the same torn shape.",
)
z1, z2 = samples[empty].mean(axis=0)
print(f"mean of the twelve codes: ({z1:.1f}, {z2:.1f})")

# %% [markdown]
# All twelve samples come from the same region, near the point (1.2, 1.7). In the left panel of the first figure, this
# is the empty region to the upper right of the dense spots. Their images are all alike, and none of them is a
# garment. Of the first twelve samples in the upper row, most look like clothes, but some have torn patches, such as
# the T-shirt in the second place. The reason is that in training, the decoder has hardly ever received a code from
# these regions, so nothing in the loss determines what it does there.
#
# ## How much can another prior gain?
#
# We now want to put a number on this difference, and to know how much of the loss depends on it. It helps to look at
# a tiny example first. Suppose that a latent space has only four points, and that the prior chooses each of them with
# probability 1/4. The codes of the images use only two of the four points, each half of the time. Then half of the
# samples from the prior are points that the decoder has never seen in training. The [KL
# divergence](../docs/glossary.md#kl-divergence) from the distribution of the codes to the prior is the average of
# $\log q - \log p$ over the codes. At both points it is $\log \frac{1/2}{1/4} = \log 2 \approx 0.69$, so the KL
# divergence is 0.69 [nats](../docs/glossary.md#nat). If we replace the prior by one that chooses each of the two
# points with probability 1/2, it drops to zero.
#
# For a VAE, the same quantity is a part of the loss. Recall from [lesson
# 02](02_mmd_vae.ipynb#One-posterior-for-each-image-and-one-for-all-images) that the [rate](../docs/glossary.md#rate),
# which is the mean KL term of the loss, is the sum of two parts:
#
# $$\underbrace{\mathbb{E}_x\, \mathrm{KL}\big(q(z \mid x) \,\|\, p(z)\big)}_{\text{rate}} =
# \underbrace{I(x; z)}_{\text{mutual information}} + \underbrace{\mathrm{KL}\big(q(z) \,\|\, p(z)\big)}_{\text{aggregate KL}} .$$
#
# The [mutual information](../docs/glossary.md#mutual-information) $I(x; z)$ says how much a code tells us about its
# image. It depends only on the encoder and on the images, because $p(z)$ does not occur in it. Only the second part,
# the **aggregate KL**, contains the prior. It is zero if $p(z)$ equals $q(z)$, and a KL divergence is never negative.
# Therefore, as long as we do not change the encoder and the decoder, another prior can improve the mean
# [ELBO](../docs/glossary.md#elbo) at most by the aggregate KL. We know this limit before we have trained any other
# prior.
#
# **Predict.** The rate of our VAE is about six nats. How much of it do you expect to be aggregate KL?

# %%
posteriors = vae.encode_distribution(dataset.test_images)
information, aggregate_kl = measures.decompose_rate(*posteriors, seed, vae.prior)
print(f"rate {information + aggregate_kl:.2f} nats:")
print(f"  mutual information {information:.2f}, aggregate KL {aggregate_kl:.2f}")

# %% [markdown]
# The rate of 6.03 nats consists of 5.46 nats of mutual information and 0.57 nats of aggregate KL. (The function
# `decompose_rate` estimates both from one sampled code per test image. The mutual information that is estimated from
# $n$ images cannot exceed $\log n$, which is 9.21 nats here. As long as it is well below, as in this case, the limit
# does not matter.) With these networks, another prior can therefore improve the mean ELBO of these images by 0.57
# nats at most. This is little compared with the reconstruction term, which is more than 250 nats. However, a small
# number of nats does not mean that few samples are affected. In the tiny example, the KL divergence was only 0.69
# nats, but half of all samples were points that no image uses.
#
# ## A mixture that is fitted after training
#
# The simplest way to a better prior is to fit a density to the codes when training is over ([Ghosh et al.
# 2020](https://arxiv.org/abs/1903.12436); [Dai and Wipf 2019](https://arxiv.org/abs/1903.05789)). We use a
# **mixture** of 20 Gaussians, which is a weighted average of 20 normal densities,
#
# $$p(z) = \sum_{k=1}^{K} w_k\, N(z; m_k, S_k), \qquad K = 20 .$$
#
# Here $N(z; m_k, S_k)$ is the normal density with mean $m_k$ and diagonal covariance matrix $S_k$, and the weights
# $w_k$ are positive and sum to 1. In other words, to sample from a mixture we first choose one of the 20 components,
# the $k$-th with probability $w_k$, and then sample from the normal distribution of this component. The function
# `fit_mixture` calls the [`GaussianMixture` of scikit-learn](https://scikit-learn.org/stable/modules/mixture.html),
# which searches for the means, the covariances, and the weights under which the given codes are most probable.
#
# We fit the mixture to codes that were *sampled* from the approximate posteriors, not to their means, because $q(z)$
# is the distribution of the sampled codes. The means are a little less spread out. A prior that was fitted to the
# means would therefore give too little probability to the edges of the regions that the codes use.

# %%
mixture = named_models.fit_mixture(codes, 20, seed)
information, aggregate_kl = measures.decompose_rate(*posteriors, seed, mixture)
print(f"with the mixture as prior: rate {information + aggregate_kl:.2f} nats:")
print(f"  mutual information {information:.2f}, aggregate KL {aggregate_kl:.2f}")

# %% [markdown]
# The aggregate KL falls from 0.57 to 0.11 nats, while the mutual information stays at 5.46 nats, as the formula says.
# The mixture therefore gains 0.46 of the 0.57 nats that a prior can gain. A rest of 0.11 nats is not surprising,
# because 20 Gaussians cannot follow every band of codes, and because the mixture was fitted to training images and is
# evaluated on test images.
#
# ## Priors that are trained together with the model
#
# The fitted mixture adapts the prior to the codes, but the codes cannot adapt to the mixture, because the encoder is
# already trained. What if we train everything together? The parameters of the prior are then weights like those of
# the networks, and the loss is still the negative ELBO. There are two common choices:
#
# - A *trained mixture* has the formula from above, but with equal weights $w_k = 1/K$. Its means and variances are
#   changed in each training step together with the networks.
# - The **[VampPrior](../docs/glossary.md#vampprior)** of [Tomczak and Welling
#   (2018)](https://arxiv.org/abs/1705.07120) is the mixture $p(z) = \frac{1}{K} \sum_{k} q(z \mid u_k)$. Each
#   component is the approximate posterior of a **pseudo-input** $u_k$. This is an artificial image whose pixels are
#   trained, and the encoder determines where its component is. The idea behind it is that the best prior, the
#   aggregate posterior, is itself an average of approximate posteriors, namely those of all training images. The
#   VampPrior replaces the 60,000 training images by 20 artificial ones.
#
# We train a VAE with a VampPrior. Its pseudo-inputs start as randomly chosen training images.
#
# **Predict.** Will the pseudo-inputs still look like clothes after training?

# %%
vamp_recipe = named_models.recipe(dataset_name, "elbo", "vamp(20)", **settings)
vamp = runs.train(vamp_recipe).model

# %%
untrained = vamp_recipe.compiled_model(len(dataset.train_images))
untrained.prior.initialize(dataset.train_images, seed)
before, after = (np.asarray(model.prior.pseudo_inputs)[:10] for model in (untrained, vamp))
lesson.show(
    plotting.image_rows(
        {"before": before, "after": after, "decoded": vamp.decode(vamp.encode(after))}
    ),
    "Ten pseudo-inputs in three rows. Before training they are clothes, after training they are covered "
    "with patterns, and decoded from their codes they are smooth clothes again.",
)

# %% [markdown]
# Some of the pseudo-inputs still resemble garments after training, but all of them are covered with patterns that no
# photograph of clothes has. The reason is that no term of the loss compares a pseudo-input with real images. All that
# matters is the distribution to which the encoder maps the pseudo-input. This distribution seems to lie where the
# codes of real images are. The decoded images in the last row look like clothes again, although not always like those
# in the first row (a bag has become a boot), and the next figure shows it directly. One often reads that the
# pseudo-inputs are prototypes of the data. Our figure supports only a weaker statement, namely that the *components*
# of the prior lie where codes are common.
#
# The next figure shows three priors over the codes of their models. From the outermost to the innermost, the lines
# contain 95, 80, 60, 40, and 20 % of the prior.

# %%
vamp_codes = named_models.sample_codes(vamp, dataset.train_images, seed)
shown = {
    "standard normal": (vae.prior, codes),
    "fitted mixture": (mixture, codes),
    "VampPrior": (vamp.prior, vamp_codes),
}
lesson.show(
    plotting.priors(
        {title: prior for title, (prior, _) in shown.items()},
        {title: some[:5000] for title, (_, some) in shown.items()},
    ),
    "Three panels with codes in gray and contour lines of a prior. The lines of the standard normal prior "
    "are circles, and those of the fitted mixture and of the VampPrior follow the bands of the codes.",
)

# %% [markdown]
# On the left, the circles of the standard normal prior ignore the structure of the codes. In the middle, the lines of
# the fitted mixture follow it. On the right, prior and codes were trained together. Notice the axes of this panel,
# which cover a range almost three times as large as those of the other two. Without a fixed prior, nothing determines
# the scale of the latent space, because prior and codes can grow together without changing the KL divergence, as long
# as the decoder adapts.
#
# Is it better to train the prior together with the networks? For this question, one run is not enough. The table of
# the study, `study/tables/models.csv`, has three seeds of each kind. The next cell shows means and standard
# deviations over the seeds. The *marginal cross-entropy* is the mean of $-\log p(x)$ in nats, as in [lesson
# 04](04_how_probable_is_an_image.ipynb). The pixels are gray, so it is not exactly a negative
# [log-likelihood](../docs/glossary.md#likelihood), but smaller values are still better. The last three columns are
# explained in the section [Which prior is best?](#Which-prior-is-best?)

# %%
table = vae_family.family_rows(model_table.read())
rows = table[(table.objective == "elbo") & (table.latent_dim == 2) & (table.seed < 3)]
kept = ["marginal cross-entropy", "mutual information", "aggregate KL"]
of_images = ["precision", "recall", "coverage"]
names = {
    "normal": "standard normal",
    "fitted(20)": "fitted mixture",
    "mixture(20)": "trained mixture",
    "vamp(20)": "VampPrior",
}
by_prior = pd.concat(
    [vae_family.mean_and_std(rows, kept), vae_family.mean_and_std(rows, of_images, 3)], axis=1
).droplevel(["objective", "latent_dim"])
by_prior.loc[list(names)].rename(names)

# %%
exact = rows.pivot(index="seed", columns="prior", values="marginal cross-entropy")
exact.rsub(exact["normal"], axis=0)[list(names)[1:]].rename(columns=names).round(2)

# %% [markdown]
# The second table shows the difference in marginal cross-entropy between the standard normal prior and each of the
# others, seed by seed. Positive values are improvements. The fitted mixture gains about 0.4 nats with each of the
# three seeds. This is about 0.1 nats less than the decrease of the aggregate KL. The reason is that $\log p(x)$ is
# the ELBO plus the [gap](../docs/glossary.md#gap-of-the-elbo), and the gap has become smaller by this amount. With
# the mixture as prior, the approximate posterior is a little closer to the true one. The priors that were trained
# together with the networks gain between -0.07 and 2.01 nats. They change the encoder and the decoder as well, so our
# limit does not apply to them, and in addition, chance plays a larger role. With three seeds, we cannot tell which of
# the three kinds is the best. What we can say is that all three reduce the aggregate KL from about 0.6 to about 0.1
# nats, and that the simplest of them, the fitted mixture, does not require us to train the networks again.
#
# ## Adding noise to codes
#
# A mixture of 20 Gaussians is flexible enough for two dimensions. For many dimensions, or for codes that lie on
# curved surfaces, we would need a more flexible model. We now build one, a diffusion model. Its idea ([Sohl-Dickstein
# et al. 2015](https://arxiv.org/abs/1503.03585)) is surprisingly simple. It is easy to destroy a code by adding noise
# step by step, until only noise is left. If a network learns to undo each small step, then we can start with noise,
# which is easy to sample, and undo all steps until we have a new code.
#
# We begin with the easy direction, from codes to noise. Let $z$ be a code, scaled so that each coordinate has mean 0
# and standard deviation 1 over all codes, and let $\varepsilon$ be noise from a standard normal distribution. At the
# time $t$ between 0 and 1, the noisy code is
#
# $$z_t = a_t\, z + b_t\, \varepsilon, \qquad a_t = \cos\frac{\pi t}{2}, \quad b_t = \sin\frac{\pi t}{2} .$$
#
# The numbers $a_t$ and $b_t$ are the weights of the code and of the noise. At $t = 0$ they are 1 and 0, so that $z_0$
# is the code itself. At $t = 1$ they are 0 and 1, so that $z_1$ is pure noise. In between, $a_t^2 + b_t^2 = 1$. This
# means that the noisy codes have a standard deviation of about 1 at every time, because the variances of independent
# variables add up. Many other functions of time would do as well. We choose cosine and sine because they lead to
# short formulas. It is close to the schedule of [Nichol and Dhariwal (2021)](https://arxiv.org/abs/2102.09672).
#
# The next cell adds noise to all codes at five times.


# %%
def signal_and_noise(t):
    """Return a and b, the shares of the code and of the noise at time t."""
    return np.cos(np.pi / 2 * t), np.sin(np.pi / 2 * t)


mean, deviation = codes.mean(axis=0), codes.std(axis=0)
clean = (codes - mean) / deviation  # mean 0 and standard deviation 1 in each dimension
noise = named_rng(seed, "noise of the figure").standard_normal(clean.shape)
noisy = {}
for t in (0.0, 0.15, 0.3, 0.6, 0.99):
    a, b = signal_and_noise(t)
    print(f"t = {t:g}: a = {a:.2f}, b = {b:.2f}")
    noisy[f"t = {t:g}"] = a * clean + b * noise
lesson.show(
    plotting.point_panels({title: points[:5000] for title, points in noisy.items()}, limit=3.5),
    "Five panels of noisy codes. At t = 0 there are narrow bands, at t = 0.15 they are blurred, at t = "
    "0.3 only the outline is left, and from t = 0.6 on the points form a round hill.",
)

# %% [markdown]
# At $t = 0.15$ the narrow bands are already blurred, although the weight of the noise is only $b_t = 0.23$. At
# $t = 0.3$ only the rough outline is left, and from $t = 0.6$ on the noisy codes look like samples from the prior of
# the VAE. Fine structure disappears first. When we go backward in time, it will have to appear last.
#
# ## Predicting the noise
#
# How can we undo the noise? Let us look at the smallest possible example before we train a network. Suppose that
# there are only two codes on a line, $z = -1$ and $z = 1$, both equally frequent, and that we observe the noisy code
# $z_t = 0.3$ at time $t = 0.5$, where $a_t = b_t \approx 0.71$. Which of the two codes was it? If it was 1, the noise
# must have been $\varepsilon = (0.3 - 0.71) / 0.71 \approx -0.58$. If it was -1, the noise must have been
# $(0.3 + 0.71) / 0.71 \approx 1.42$. Small noise is more probable than large noise, because the density of
# $\varepsilon$ is proportional to $\exp(-\varepsilon^2 / 2)$. This gives $\exp(-0.17) \approx 0.85$ for the code 1
# and $\exp(-1.01) \approx 0.36$ for the code -1. The code 1 therefore has probability
# $0.85 / (0.85 + 0.36) \approx 0.70$. The best prediction of the noise in terms of squared error is the average over
# both cases, $0.70 \cdot (-0.58) + 0.30 \cdot 1.42 \approx 0.02$. In the same way, the best prediction of the code is
# $0.70 \cdot 1 + 0.30 \cdot (-1) = 0.40$.
#
# Notice that 0.40 is not one of the two codes. With this much noise, we cannot know which code it was, so the best
# prediction is an average. With less noise, it would be close to one of the codes. A diffusion model therefore does
# not jump to this average. It removes only a little of the noise, predicts again from the slightly less noisy code,
# and continues in this way, so that its prediction becomes less and less of an average.
#
# For 60,000 codes we could compute this average, too, but it would only ever lead back to the 60,000 codes that we
# already have (exercise 5). Instead, we train a network to predict the noise. We call it the **denoiser**, and we
# write $\hat\varepsilon(z_t, t)$ for the noise that it predicts in the noisy code $z_t$. The natural loss is the mean
# squared error
#
# $$\mathbb{E}_{z, \varepsilon, t}\, \big\| \varepsilon - \hat\varepsilon(a_t z + b_t \varepsilon,\; t) \big\|^2 ,$$
#
# which is an average over codes, noise, and times between 0 and 1. It is called the simplified loss in the paper of
# [Ho et al. (2020)](https://arxiv.org/abs/2006.11239). Minimizing it is an ordinary regression problem. We have added
# the noise ourselves, so we know the correct answer for every noisy code.
#
# One detail makes the training easier. At times close to 1, $a_t$ is almost zero. To compute the code from the
# predicted noise by $\hat z = (z_t - b_t \hat\varepsilon) / a_t$, we would have to divide by $a_t$, so a small error
# in the noise would become a large error in the code. We therefore let the network predict the combination
#
# $$v = a_t\, \varepsilon - b_t\, z ,$$
#
# from which we obtain both the code and the noise without any division ([Salimans and Ho
# 2022](https://arxiv.org/abs/2202.00512)):
#
# $$\hat z = a_t\, z_t - b_t\, \hat v , \qquad \hat\varepsilon = b_t\, z_t + a_t\, \hat v .$$
#
# (You can check both equations by inserting $z_t$ and $v$ and using $a_t^2 + b_t^2 = 1$.) In the example with the two
# codes, $\hat v \approx 0.71 \cdot 0.02 - 0.71 \cdot 0.40 \approx -0.27$, and indeed
# $\hat z \approx 0.71 \cdot 0.3 + 0.71 \cdot 0.27 \approx 0.40$. The second equation also holds for the true values,
# $\varepsilon = b_t z_t + a_t v$. The squared error of the noise is therefore $a_t^2$ times the squared error of $v$.
# If we minimize the squared error of $v$, we minimize the loss of Ho et al. with the weight $1/a_t^2$ for time $t$.
#
# The function `fit_denoiser` below samples 1.5 million times from the 60,000 codes, adds noise to each sample at a
# random time, and fits a network with three hidden layers that predicts $v$ from the noisy code, $a_t$, and $b_t$.
# The call of `fit` is the same as for any other regression in
# [Keras](https://keras.io/api/models/model_training_apis/#fit-method).


# %%
def fit_denoiser(clean, steps, seed):
    """Train a network that predicts v = a ε - b z from a noisy code a z + b ε."""
    random = named_rng(seed, "diffusion")
    n = 512 * steps  # one row for each noisy code of each training step
    z = clean.astype("float32")[random.integers(len(clean), size=n)]
    a, b = signal_and_noise(random.random((n, 1), "float32"))
    noise = random.standard_normal(z.shape, "float32")
    inputs, targets = np.concatenate([a * z + b * noise, a, b], axis=1), a * noise - b * z
    del z, noise  # with eight dimensions they are large

    sizes = [(128, "relu"), (128, "relu"), (128, "relu"), (clean.shape[1], None)]
    starts = [keras.initializers.GlorotUniform(seed=4 * seed + i) for i in range(4)]
    denoiser = keras.Sequential(
        [keras.Input(inputs.shape[1:])]
        + [layers.Dense(*size, kernel_initializer=k) for size, k in zip(sizes, starts, strict=True)]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.005, steps)
    denoiser.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    found = denoiser.fit(inputs, targets, batch_size=512, shuffle=False, verbose=0)
    print(f"mean squared error of v: {found.history['loss'][-1]:.3f}")
    return denoiser


denoiser = fit_denoiser(clean, steps, seed)

# %% [markdown]
# The mean squared error is 0.972, averaged over all 3,000 steps of training. It is hardly smaller than 1, and 1 is
# the error of a network that always predicts zero, because $v$ has a variance of 1. This does not mean that the
# network has learned nothing, because most of the error cannot be avoided by any network. If the codes were
# distributed like the prior, $v$ would be independent of $z_t$, and nothing better than zero could be predicted.
# (Both would be normally distributed, and their covariance would be $a_t b_t - a_t b_t = 0$.) The network can
# therefore learn only how the codes differ from the prior, and only the small difference from 1 can show this. We
# will see what it has learned in the next section.
#
# On our two CPU cores, the training took about ten seconds. The next function applies the denoiser to noisy codes
# with the same $t$, and returns the predicted codes and the predicted noise.


# %%
def predict(denoiser, noisy, t):
    """Predict the code and the noise in noisy codes of shape (n, d) that are all at time t."""
    a, b = signal_and_noise(t)
    inputs = np.concatenate([noisy, np.broadcast_to([a, b], (len(noisy), 2))], axis=1)
    v = denoiser(inputs.astype("float32")).numpy()
    return a * noisy - b * v, b * noisy + a * v


# %% [markdown]
# ## The predicted noise as arrows
#
# What has the network learned? In two dimensions we can draw it. We put a grid of points into the latent space, let
# the network predict the noise at each point, and draw an arrow in the direction in which this noise would be
# removed. The arrow starts at $z_t$ and points to $z_t - b_t \hat\varepsilon$. To keep the arrows apart, we scale
# their lengths, by a different factor in each panel. The blue points are the noisy codes at the time of the panel.
#
# **Predict.** In which panel will all arrows point to the same place?

# %%
axis = np.linspace(-2.4, 2.4, 13)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
arrows, points = {}, {}
for t in (0.8, 0.3, 0.1):
    title = f"t = {t:g}"
    a, b = signal_and_noise(t)
    points[title] = (a * clean + b * noise)[:5000]
    _, predicted_noise = predict(denoiser, grid, t)
    removed = -b * predicted_noise
    scale = 0.5 / np.quantile(np.linalg.norm(removed, axis=1), 0.9)  # only for the drawing
    arrows[title] = grid, grid + scale * removed
lesson.show(
    plotting.point_panels(points, limit=2.8, arrows=arrows),
    "Three panels with noisy codes in blue and a grid of arrows. At t = 0.8 all arrows point to the center. At t = 0.3 they "
    "point to the region of the codes from all sides, and at t = 0.1 to the nearest dense band of codes.",
)

# %% [markdown]
# At $t = 0.8$, on the left, all arrows point to the center. With this much noise, a noisy code contains little
# information about the original code, so the best estimate is not far from the average of all codes, which is 0 in
# our scaled coordinates. In addition, the arrows point to $z_t - b_t \hat\varepsilon = a_t \hat z$, and $a_t$ is only
# 0.31. At $t = 0.3$, in the middle, the arrows point to the region that the codes occupy. At $t = 0.1$, on the right,
# they point to the nearest region where codes are dense. For example, arrows from all sides point to the dense spot
# near (0.2, 0.3). In the upper right corner, the arrows are long, because the nearest codes are far away.
#
# These arrows have a second meaning. Let $p_t$ be the density of the noisy codes at time $t$. The gradient of its
# logarithm, $\nabla \log p_t(z_t)$, is called the **score**. It points in the direction in which the noisy codes
# become denser most rapidly. For the best prediction, the arrows are proportional to the score:
#
# $$\nabla \log p_t(z_t) = -\frac{\hat\varepsilon(z_t, t)}{b_t} .$$
#
# In other words, removing noise means moving toward regions where noisy codes are denser. The network has therefore
# learned the shape of the density of the noisy codes at every time. [Song and Ermon
# (2019)](https://arxiv.org/abs/1907.05600) start from the score and arrive at a closely related model. Exercise 4
# asks you to check the equation in a case where everything can be computed.
#
# ## From noise to codes
#
# To generate a code, we start with noise at time 1 and go back to time 0 in 100 steps. A step from time $t$ to the
# earlier time $s$ first predicts the code $\hat z$ and the noise $\hat\varepsilon$. In the early steps, the predicted
# code is only an average, as in the example with the two codes, so we do not keep it. Instead, we mix both
# predictions again, but with the shares of time $s$, so that there is a little less noise than before:
#
# $$z_s = a_s\, \hat z + b_s\, \hat\varepsilon .$$
#
# Each step moves the point a short way, and the next step predicts again at the new place. The starting noise is the
# only thing that is random. This sampler is called DDIM ([Song et al. 2020](https://arxiv.org/abs/2010.02502)). Ho et
# al. instead add some fresh noise in every step, and in exercise 3 you will compare the two samplers.


# %%
def denoise(denoiser, noise, steps=100):
    """Turn noise of shape (n, d) into codes, and return the noisy codes of all steps."""
    path = [noise]
    for t, next_t in pairwise(np.linspace(1, 0, steps + 1)):
        code, predicted_noise = predict(denoiser, path[-1], t)
        a, b = signal_and_noise(next_t)
        path.append(a * code + b * predicted_noise)
    return np.stack(path)


start = named_rng(seed, "samples").standard_normal((5000, 2))
path = denoise(denoiser, start)
diffused = mean + deviation * path[-1]

# %% [markdown]
# The next figure shows 5,000 points at three times, and the whole paths of 24 points that start on a circle.

# %%
angle = 2 * np.pi * np.arange(24) / 24
circle = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
lesson.show(
    plotting.point_panels(
        {
            "t = 0.4": path[60],
            "t = 0.15": path[85],
            "t = 0, the samples": path[-1],
            "paths from a circle": path[-1],
        },
        limit=3.0,
        paths={"paths from a circle": denoise(denoiser, circle)},
    ),
    "Four panels. At t = 0.4 the points form a round disk, at t = 0.15 the outline of the codes is visible, and at t = 0 there "
    "are narrow bands. In the last panel, 24 orange paths lead from a circle to the bands.",
)

# %% [markdown]
# At $t = 0.4$ the points still form a round disk, at $t = 0.15$ we can see the outline of the codes, and at $t = 0$
# the bands and dense spots have appeared, in the order that we expected. In the last panel, each path starts on the
# circle and ends at an orange dot. Paths that start on the right end in the right part of the codes, and paths that
# start at the lower left end in the lower left part. Many of the paths are short. The codes are scaled to the same
# mean and standard deviation as the noise, so the noise is already roughly in the right place, and the model only has
# to add the structure.
#
# How do the samples compare with those of the prior and of the mixture? To compare them with the codes, we undo the
# scaling.

# %%
lesson.show(
    plotting.point_panels(
        {
            "codes": codes[:5000],
            "prior": samples,
            "mixture": mixture.sample(5000, seed),
            "diffusion": diffused,
        },
        limit=5.5,
    ),
    "Four panels with codes, samples from the prior, from the mixture and from the diffusion model. The "
    "samples of the last two have the bands of the codes, a little blurred.",
)

# %% [markdown]
# The samples of the mixture and of the diffusion model both have the bands of the codes and the tail at the upper
# left, although both are a little blurred. The dense spots near the center are sharper in the mixture, and the band
# on the left is sharper in the samples of the diffusion model. We now decode some samples. The diffusion model
# started with the same random numbers that are the samples from the prior. Each image in the third row therefore
# belongs to the image in the same column of the first row.

# %%
lesson.show(
    plotting.image_rows(
        {
            "prior": vae.decode(samples[:12]),
            "mixture": vae.decode(mixture.sample(12, seed)),
            "diffusion": vae.decode(diffused[:12]),
        }
    ),
    "Three rows of twelve decoded samples. In the row of the prior some are torn. The row of the "
    "diffusion model shows the same clothes without the torn ones, and the mixture shows other clothes.",
)

# %% [markdown]
# Compare the first row with the last. Many images hardly change, and some that were damaged are now intact, for
# example the T-shirt with torn patches in the second place. Others have become something else. The blurred square in
# the fifth place is now a pullover, and the bag in the ninth place a shoe. The diffusion model has moved their codes
# from nearly empty regions into regions with codes. The samples of the mixture come from other random numbers, so
# their images show other clothes. All but the blurred rectangle in the eighth place are intact.
#
# This is latent diffusion, in the smallest possible form. In the model of [Rombach et al.
# (2022)](https://arxiv.org/abs/2112.10752), the autoencoder is much larger, its codes are grids of several thousand
# numbers instead of two, the denoiser is a convolutional network, and it can receive a text as an additional input.
# Their autoencoder is also trained with other losses, and in one variant with a tiny weight of the KL term, so that
# it reconstructs images in detail and leaves the shape of the codes to the diffusion model. The recipe, however, is
# the same. An autoencoder is trained first. Then a diffusion model is trained on its codes, and new codes are
# decoded.
#
# ## Which prior is best?
#
# The samples of all priors look plausible, so we need measures. [Lesson 05](05_measuring_a_claim.ipynb) introduces
# four measures that compare 5,000 decoded samples with 5,000 test images. All four compare
# [features](../docs/glossary.md#features-of-a-classifier) of a classifier instead of pixels. They use balls in the
# space of these features. The ball of a real image reaches to its fifth nearest real image, and the ball of a decoded
# sample reaches to its fifth nearest decoded sample:
#
# - [precision](../docs/glossary.md#precision) is the share of decoded samples that are inside the ball of at least one
#   real image;
# - [recall](../docs/glossary.md#recall) is the share of real images that are inside the ball of at least one decoded
#   sample;
# - [density](../docs/glossary.md#density-of-decoded-images) is the average number of balls of real images that contain
#   a decoded sample, divided by five, so that it is about 1 for samples that are distributed like the real images;
# - [coverage](../docs/glossary.md#coverage) is the share of real images whose ball contains a decoded sample.
#
# A caution is necessary before we look at the numbers. Precision rewards typical images, such as averages of similar
# images, which lie where the balls of many real images overlap. In [lesson 05](05_measuring_a_claim.ipynb), the means
# of 20 similar images had a precision of 0.999, while real images had 0.935. Because one ball is enough, a single
# huge ball around an unusual image can also make the precision high. The average of all clothes, repeated 5,000
# times, has a precision of 1.0 and a recall of 0.0 (`study/tables/references.csv`). A density above 1 is no sign of
# quality either, because it means that the samples are concentrated where real images are dense. Therefore, never
# interpret precision and density without recall and coverage. For comparison, real images have a precision and a
# recall of 0.935, a density of 0.98, and a coverage of 0.966.
#
# Two further columns measure the codes instead of the images. The first is the aggregate KL. For the diffusion model,
# we cannot compute it as before, because the model gives us samples and no density. We therefore add a cruder measure
# that needs only samples. The *histogram KL* divides the latent space into 20 × 20 cells and compares the share of
# the test codes in each cell with the share of the samples. It misses differences within a cell, and chance makes it
# slightly larger than zero even for equal distributions.
#
# The last two columns measure the likelihood of the test images in two ways. The [marginal
# cross-entropy](04_how_probable_is_an_image.ipynb) is the mean of $-\log p(x)$ over the first 1,000 test images,
# where $p(x)$ is the average of $p(x \mid z)$ over the prior. (The pixels are gray, so it is not a true
# [likelihood](../docs/glossary.md#likelihood), but the comparison remains valid for the same decoder.) For priors
# with a density, it is computed as a sum over a grid of codes. For all of them, we can also average $p(x \mid z)$
# over 20,000 samples of $z$, which gives a slightly larger value on average.
#
# The last row is the reference for all others. It uses the codes of 20,000 training images instead of samples from a
# prior. If a prior were perfect, its samples would be distributed like these codes.
#
# **Predict.** Which prior has the lowest histogram KL, and which has the highest coverage?


# %%
class Diffusion:
    """A diffusion model of codes with the method `sample` that all priors have."""

    def __init__(self, codes, steps, seed):
        self.mean, self.deviation = codes.mean(axis=0), codes.std(axis=0)
        self.denoiser = fit_denoiser((codes - self.mean) / self.deviation, steps, seed)

    def sample(self, n, seed=0):
        start = named_rng(seed, "samples").standard_normal((n, len(self.mean)))
        return self.mean + self.deviation * denoise(self.denoiser, start)[-1]


# %%
extract = features.load(dataset_name)
diffusion = Diffusion(codes, steps, seed)
compared = {
    "standard normal": (vae, vae.prior),
    "VampPrior": (vamp, vamp.prior),
    "fitted mixture": (vae, mixture),
    "diffusion": (vae, diffusion),
    "codes": (vae, latent_diffusion.SampledCodes(codes)),
}
found = {
    name: latent_diffusion.measure(model, prior, dataset, extract, seed)
    for name, (model, prior) in compared.items()
}
pd.DataFrame(found).T.round(3)

# %% [markdown]
# We begin with the columns about the codes. According to the histogram KL, the standard normal prior is by far the
# worst, with 0.469 nats. The mixture has 0.073 nats, the VampPrior 0.079, and the diffusion model 0.089. For the
# codes of training images themselves the value is 0.033, which shows how much of these numbers is due to chance. The
# diffusion model thus removes most of the difference, but with two dimensions it is *not* better than the mixture.
# Twenty Gaussians are already a flexible model of points in a plane. Neither of the two reaches the 0.033 of the
# codes, so both could be improved, the mixture by more components (exercise 1), and the diffusion model perhaps by a
# larger network or longer training. The marginal cross-entropy agrees with this. From samples, it is 258.72 nats for
# the standard normal prior, 258.28 for both the diffusion model and the mixture, and 258.26 for the codes. The
# VampPrior has 257.46, but with networks of its own.
#
# We now turn to the columns about the images. The precision rises from 0.963 to 0.99 or more, which is as high as for
# the codes. Samples outside of all balls, like the damaged ones, have thus become rarer, from 3.7 % to less than 1 %.
# If we looked at nothing else, we would report a success. However, the coverage hardly changes. It is 0.170 for the
# standard normal prior and between 0.173 and 0.176 in all other rows. Recall is close to zero in all rows, and even a
# little higher for the standard normal prior than for the others. Most importantly, the *codes themselves* do no
# better. Even if the prior were equal to the aggregate posterior, about five out of six test images would have none
# of the 5,000 decoded samples in their ball.
#
# ## Why coverage does not improve
#
# Why does a much better prior not lead to a better coverage? If even the codes of real images have a coverage of only
# 0.173, the difference between prior and codes cannot be the reason. The reason must be the decoder, or more precisely, the fact that it has to
# produce each image from only two numbers. We can test this without any prior. The next cell encodes each of the
# first 5,000 test images, decodes its code, and asks whether the reconstruction is inside the ball of the image that
# it came from.

# %%
real = dataset.test_images[:5000]
reconstructed = vae.decode(vae.encode(real))
balls = measures.Manifold(extract(real), k=5)
inside = balls.ball_membership(extract(reconstructed))
print(f"{np.diag(inside).mean():.3f} of the images have their own reconstruction in their ball")
print(f"{inside.any(axis=0).mean():.3f} have any reconstruction in their ball")
print(f"{inside.any(axis=1).mean():.3f} of the reconstructions are in some ball")

# %% [markdown]
# Only 6 % of the images have their own reconstruction in their ball, and 17.2 % have at least one of the 5,000
# reconstructions in their ball, which is again the coverage that we found for all priors. At the same time, 99.6 % of
# the reconstructions are in the ball of *some* image. How do these numbers fit together? The next figure shows a
# possible reason.

# %%
lesson.show(
    plotting.image_rows({"image": real[:12], "reconstruction": reconstructed[:12]}),
    "A row of twelve test images and a row of their reconstructions, which have lost prints, checks, and "
    "straps.",
)

# %% [markdown]
# The reconstructions have the right kind of garment in most cases, but the print "Lee" on the pullover, the checks of
# the shirt, and the straps of the sandal are lost. With only two numbers per image, many different images have nearly
# the same code, and the decoder has to produce an average of them. In the space of the features, such averages lie
# where real images are dense, and where the balls of a few images without special details overlap. The precision is
# therefore high, but images with details are out of reach. This is also why a high precision does not mean that the
# images are good.
#
# The finding is simple but easily overlooked. A prior decides *which* codes are decoded, but not *what* they are
# decoded to. If the decoder produces nothing that is close to an image, then no prior can cover this image. (The
# codes are not a strict limit for coverage. A prior that samples rare codes more often than the images do can exceed
# them a little.)
#
# ## Eight dimensions
#
# If the decoder is the limit, then a prior should matter more when the codes contain more information. We therefore
# repeat the experiment with a VAE that has eight latent dimensions. The functions for the mixture and the diffusion
# model work for any number of dimensions, so we do not have to change them.
#
# **Predict.** For which of the four sources of codes will the coverage be lowest now?

# %%
vae8 = runs.train(named_models.recipe(dataset_name, "elbo", latent_dim=8, **settings)).model
codes8 = named_models.sample_codes(vae8, dataset.train_images, seed)
priors8 = {
    "standard normal": vae8.prior,
    "fitted mixture": named_models.fit_mixture(codes8, 20, seed),
    "diffusion": Diffusion(codes8, steps, seed),
    "codes": latent_diffusion.SampledCodes(codes8),
}
lesson.show(
    plotting.image_rows(
        {name: vae8.decode(prior.sample(12, seed)) for name, prior in priors8.items()}
    ),
    "Four rows of twelve images decoded from codes with eight dimensions. In the row of the standard "
    "normal prior several are distorted, and in the others nearly all look like clothes.",
)

# %% [markdown]
# As before, the diffusion model starts with the same random numbers that are the samples from the standard normal
# prior, so compare the first row with the third. In the first row, several images are distorted, for example the bag
# in the third place and the last two garments. In the third row, the diffusion model has turned most of them into
# clothes. The last row shows decoded codes of real images.

# %%
found8 = {
    name: latent_diffusion.measure(vae8, prior, dataset, extract, seed)
    for name, prior in priors8.items()
}
pd.DataFrame(found8).T[["precision", "recall", "density", "coverage", "aggregate KL"]].round(3)

# %% [markdown]
# Now the prior makes a difference. The coverage is 0.519 for the standard normal prior, 0.749 for the mixture, 0.777
# for the diffusion model, and 0.817 for the codes. In all four measures of the images, the diffusion model is closer
# to the codes than the mixture is. We did not test a mixture with more components or with full covariance matrices,
# which might do as well.
#
# The column of the aggregate KL explains this only in part. Its first value, 5.5 nats, must not be compared with the
# 0.57 nats for two dimensions. The mutual information is estimated from 10,000 test images, so its estimate cannot
# exceed $\log 10{,}000 = 9.21$ nats ([lesson 06](06_the_weight_of_the_kl.ipynb)). With two dimensions it is far below
# this limit. Here it is almost 9 nats, so the true mutual information may be larger, and the aggregate KL is then
# smaller by the same amount. The *difference* between two priors does not suffer from this limit. It shows that the
# mixture gains 1.7 nats, so the aggregate KL of the standard normal prior is at least that large, three times as much
# as with two dimensions. The images agree. One in six samples from the prior (a precision of 0.826) is outside of all
# balls of real images, compared with about one in a hundred decoded codes.
#
# Recall, however, shows the opposite order. Recall is *highest* for the worst prior, 0.593, and lowest for the codes,
# 0.341. Recall counts real images inside the balls of the decoded images, and the radius of each ball is the distance
# to the fifth nearest decoded image. A sample from an empty region is decoded to an unusual image without close
# neighbors, so its ball is large and contains many real images. The next cell checks whether the balls are larger.

# %%
for name in ("standard normal", "codes"):
    decoded = vae8.decode(priors8[name].sample(5000, seed))
    radii = measures.Manifold(extract(decoded), k=5).radii
    print(
        f"{name}: median radius {np.median(radii):.2f}, largest 5 % above {np.quantile(radii, 0.95):.2f}"
    )

# %% [markdown]
# The median radius of the balls is 3.05 for the standard normal prior and 2.09 for the codes, so not only a few balls
# are larger. A larger recall can therefore mean that decoded images lie far from each other, and not that they are
# closer to the real ones. [Naeem et al. (2020)](https://arxiv.org/abs/2002.09797) proposed coverage for this reason,
# because it uses the balls of the real images, which are the same for all models.
#
# What else changes when a VAE has more latent dimensions? The next table shows VAEs with 2, 8, and 20 latent
# dimensions from the study. All have the standard normal prior and seed 0. (The VAEs in this table are not exactly
# those that we have just trained, because the table was made with an earlier version of the code.)

# %%
table8 = table[(table.objective == "elbo") & (table.prior == "normal") & (table.seed == 0)]
kept = ["active units", "rate", "pixel MSE", "15-NN accuracy", *of_images]
table8.set_index("latent_dim")[kept].sort_index().round(3)

# %% [markdown]
# With more dimensions, the codes contain more information. The rate rises from 6 to 17 nats, the pixel error falls
# from 0.029 to 0.012, and the [15-NN accuracy](../docs/glossary.md#k-nn-accuracy) rises from 0.68 to 0.86. The
# precision of the samples, however, falls from 0.96 to 0.80, probably because a larger share of the samples from the
# prior lands where there are no codes. The coverage is no higher with 20 dimensions than with 8. (These are three
# models with one seed each.) A latent space with many dimensions is good for reconstruction, and it needs a good
# prior to be good for generation. Latent diffusion models combine the two, an autoencoder with a large latent space
# and a diffusion model as its prior.
#
# ## Do the results hold for other seeds?
#
# So far, we have looked at one model with two dimensions and one with eight. The table `study/tables/diffusion.csv`
# repeats the measurements with other seeds, for the VAE as well as for everything that is fitted to its codes. The
# next cell shows means and standard deviations over the seeds. The column "seconds to fit" is the time for fitting a
# mixture or the diffusion model after the VAE was trained.

# %%
rows = latent_diffusion.read()
titles = {
    "normal": "standard normal",
    "vamp(20)": "VampPrior",
    "fitted(20)": "fitted mixture",
    "diffusion": "diffusion",
    "codes": "codes",
}
print("seeds for each number of dimensions:", rows.groupby("latent_dim").seed.nunique().to_dict())
rows["prior"] = pd.Categorical(rows.prior.map(titles), titles.values())
over_seeds = rows.groupby(["latent_dim", "prior"], observed=True)
kept = {"precision": 3, "recall": 3, "coverage": 3, "aggregate KL": 2, "histogram KL": 3}
kept |= {"marginal cross-entropy, from samples": 1, "seconds to fit": 0}
pd.DataFrame(
    {
        name: over_seeds[name].mean().map(f"{{:.{digits}f}}".format)
        + " ± "
        + over_seeds[name].std().map(f"{{:.{digits}f}}".format)
        for name, digits in kept.items()
    }
).replace("nan ± nan", "")

# %%
two_lines = {"standard normal": "standard, normal", "fitted mixture": "fitted, mixture"}
by_seed = {
    f"coverage, {dims} dimensions": {
        two_lines.get(title, title): some.coverage
        for title, some in of_dims.groupby("prior", observed=True)
    }
    for dims, of_dims in rows.groupby("latent_dim")
}
ends = rows.groupby(["latent_dim", "prior"], observed=True).coverage.agg(["min", "max"]).round(3)
words = [f"{d} dimensions, {name}: {low} to {high}" for (d, name), (low, high) in ends.T.items()]
lesson.show(
    plotting.values_by_seed(by_seed),
    "The coverage for each source of codes, a dot for each seed and a line for their mean. "
    + "; ".join(words)
    + ".",
)

# %% [markdown]
# The table has five seeds for two dimensions and none for eight. For every seed, the histogram KL is about 0.5 nats
# with the standard normal prior and about 0.1 nats or less with all other priors. For the codes themselves, it is
# 0.03 nats. The mixture, with 0.070 ± 0.010 nats, and the diffusion model, with 0.084 ± 0.015 nats, are close to each
# other. The mixture has the lower value for three of the five seeds, and for the other two the values are practically
# equal. For every seed, the coverage of the codes is higher than that of the standard normal prior, but only by 0.002
# to 0.005. For the rows that share their networks, what we found for one seed is therefore also true for the other
# four. With two dimensions, a better prior brings the samples to where the codes are, and the coverage stays low
# nevertheless. (Notice that the axis of the figure does not begin at 0.)
#
# The VampPrior is different. For seed 0 its coverage was hardly higher than that of the other rows, but it is the
# highest for all five seeds, between 0.176 and 0.206. It was trained together with its networks, so its encoder and
# its decoder differ from those of the other rows. This is consistent with what we found above, namely that with two
# dimensions another prior for the same decoder changes little. It does not prove it, since everything has changed at
# once. To separate the two, we would have to decode the codes of the VampPrior's own VAE, which the table lacks. In
# any case, 0.206 is still far from the 0.966 of real images.
#
# On average, fitting took 6 seconds for the mixture and 24 seconds (between 10 and 42) for the diffusion model, on a
# machine with two cores that was busy with other work. This table does not tell us whether the differences with eight
# dimensions hold for other seeds. They are much larger than the differences between the seeds here, but that is no
# more than an indication. (The command `python -m study.latent_diffusion` adds the rows for eight dimensions.)
#
# ## What to remember
#
# - The rate of a VAE is the mutual information plus the aggregate KL. As long as the networks stay the same, another
#   prior can improve the ELBO by at most the aggregate KL, which can be estimated before another prior is trained.
# - A mixture that is fitted to the sampled codes after training takes seconds. With two dimensions it gains most of
#   this, and no other prior was clearly better. With eight dimensions, the diffusion model was closer to the codes.
# - A diffusion model adds noise to codes, learns to predict this noise by ordinary regression, and generates new
#   codes by removing noise step by step. Removing the predicted noise moves a noisy code toward regions where noisy
#   codes are denser.
# - Latent diffusion is a VAE, or a similar autoencoder, with a diffusion model as the prior of its codes.
# - A better prior helps the images only as far as the decoder allows. To see which of the two is the limit, decode
#   the codes of real images and compare.
#
# This lesson changed the prior and left the loss as it was. [Lesson 06](06_the_weight_of_the_kl.ipynb) changes the weights of
# the terms in the loss, and [lesson 11](11_conditional_vae.ipynb) gives the model the class of each image. All terms
# are collected in the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. A VAE has a rate of 12 nats, of which 9 are mutual information. By how much can the mean ELBO improve
# if you replace only the prior?</summary>
#
# By at most 3 nats. The rate is the sum of the mutual information and the aggregate KL, so the aggregate KL is
# $12 - 9 = 3$ nats. The mutual information does not depend on the prior, and the aggregate KL cannot become negative.
#
# </details>
#
# <details><summary>2. A denoiser makes the best possible predictions in terms of squared error. Is the code that it
# predicts always one of the codes that it was trained on?</summary>
#
# No. With much noise, many codes could have led to the same noisy code, and the best prediction in terms of squared
# error is their average. In the example with the two codes -1 and 1, it was 0.40. This is why we remove the noise in
# many steps and put most of it back after each of them.
#
# </details>
#
# <details><summary>3. Somebody replaces the prior of a VAE, and the precision of its samples rises while the coverage stays the
# same. Are the samples better?</summary>
#
# We cannot conclude this from the precision alone. Damaged images may have become rarer, but the samples may also
# have moved toward the average of many images, where precision is high. To decide whether the new prior is better,
# compare the distribution of its samples with that of the codes, for example by the aggregate KL. For the images,
# decode the codes of real images as a reference, because a perfect prior would do just as well as these.
#
# </details>
#
# ## On your own
#
# Try the exercises before you look at the solutions in
# [`solutions/09_better_priors.ipynb`](solutions/09_better_priors.ipynb).
#
# 1. **Change one line.** Fit mixtures of 1, 2, 5, 20, and 100 Gaussians to the codes. How does the aggregate KL
#    depend on their number?
# 2. **Measure.** Sample from the diffusion model with 1, 2, 5, 20, and 100 steps, from the same noise. Where do the
#    samples lie after a single step, and why?
# 3. **Measure.** [Ho et al. (2020)](https://arxiv.org/abs/2006.11239) sample with fresh noise. In our notation, one
#    of their two variants goes from time $t$ to time $s$ by
#    $z_s = a_s \hat z + \sqrt{b_s^2 - c^2}\, \hat\varepsilon + c\, \eta$ with new noise $\eta$ and
#    $c = \frac{b_s}{b_t} \sqrt{1 - a_t^2 / a_s^2}$. Write this sampler. Are its samples closer to the codes? Where do
#    two runs from the same start end?
# 4. **On paper.** Let the codes be normally distributed on a line with variance 1/4, $z \sim N(0, 1/4)$. Compute the
#    density $p_t$ of the noisy codes, the best prediction of the noise, and the score. Show that the score is
#    $-\hat\varepsilon / b_t$. Then train a denoiser on such codes and compare.
# 5. **Measure.** For a limited number of codes, the best prediction can be computed exactly, as in the example with
#    two codes. Take 500 codes, and sample with the exact prediction. How far are the samples from the nearest of the
#    500 codes? Do the same for a network that is trained on them.
# 6. **Open.** Train the diffusion model on the codes of a single class, for example on those of boots, and decode its
#    samples. What would you need to choose the class without training a model for each of them?
#
# ## Further reading
#
# - Jascha Sohl-Dickstein, Eric Weiss, Niru Maheswaranathan, and Surya Ganguli, [Deep unsupervised learning using
#   nonequilibrium thermodynamics](https://arxiv.org/abs/1503.03585), 2015. The paper that introduced diffusion
#   models.
# - Jonathan Ho, Ajay Jain, and Pieter Abbeel, [Denoising diffusion probabilistic
#   models](https://arxiv.org/abs/2006.11239), 2020. Our loss is the simplified loss of this paper with other weights
#   for the times.
# - Yang Song and Stefano Ermon, [Generative modeling by estimating gradients of the data
#   distribution](https://arxiv.org/abs/1907.05600), 2019. The authors start from the score, that is, from the arrows.
# - Robin Rombach et al., [High-resolution image synthesis with latent diffusion
#   models](https://arxiv.org/abs/2112.10752), 2022. They train diffusion models on the codes of an autoencoder, and
#   condition them on text, among other things.
# - Jakub Tomczak and Max Welling, [VAE with a VampPrior](https://arxiv.org/abs/1705.07120), 2018.
# - Partha Ghosh et al., [From variational to deterministic autoencoders](https://arxiv.org/abs/1903.12436), 2020, and
#   Bin Dai and David Wipf, [Diagnosing and enhancing VAE models](https://arxiv.org/abs/1903.05789), 2019. Both fit a
#   density to the codes after training.
# - Arash Vahdat, Karsten Kreis, and Jan Kautz, [Score-based generative modeling in latent
#   space](https://arxiv.org/abs/2106.05931), 2021. Here, the VAE and the diffusion model of its codes are trained
#   together.
