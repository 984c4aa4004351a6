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
# # Train a variational autoencoder and explore its latent space
#
# Core course, lesson 01 · previous: [lesson 00, faces](00_faces.ipynb) · next:
# [lesson 02, the MMD-VAE](02_mmd_vae.ipynb) · [glossary](../docs/glossary.md)
#
# In this course, an image of a shoe consists of 784 gray values. Yet when we compare two shoes, we do not think of
# 784 numbers. We say that one is higher, or heavier, or has a heel. A short description of this kind is called a
# [representation](../docs/glossary.md#representation). In this lesson, we train a model that learns such a
# description by itself, from images without any labels. It describes every image with only two numbers, so we can
# draw the whole space of descriptions on a sheet of paper and look at it.
#
# The model is a [variational autoencoder](../docs/glossary.md#vae), or VAE for short, which was introduced by
# [Kingma and Welling (2013)](https://arxiv.org/abs/1312.6114) and, independently, by
# [Rezende, Mohamed, and Wierstra (2014)](https://arxiv.org/abs/1401.4082). We derive its loss, write the loss in a
# few lines of code, train the model on 60,000 images of clothes, and examine what it has learned. The lesson follows
# the first half of the blog post
# [Representation learning with MMD-VAE](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/) (Keydana 2018).
# Comparing our results with those of the post, we will find a mistake in its code that is easy to make and hard to
# notice. The last part of the lesson is about this mistake.
#
# **What you'll do**
#
# - train an autoencoder, and see why its latent space cannot be used to generate new images;
# - derive the loss of a VAE step by step, and check each step with a model that has only three codes;
# - train a VAE, and look at its samples, its latent space, and its reconstructions;
# - find the mistake in four lines of code, and measure what it does to the model.
#
# **What you'll learn**
#
# - what the terms of the loss mean, and why their sum is a lower bound on a log-likelihood;
# - how a gradient can pass through a random sample;
# - why it matters over which axes a loss is summed or averaged.
#
# **What you'll need**
#
# - some Python and NumPy, the idea of gradient descent, and the normal distribution. [Lesson 00](00_faces.ipynb)
#   shows without formulas what a VAE does, which makes this lesson easier to follow.
# - a few minutes of computing time on two processor cores.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [Symbols](#Symbols) | What do the letters in the formulas mean? |
# | [Three models in one drawing](#Three-models-in-one-drawing) | How do autoencoder, VAE, and MMD-VAE differ? |
# | [The images, and a recipe for training](#The-images,-and-a-recipe-for-training) | What do we train on, and how do we describe a training run? |
# | [An autoencoder and its latent space](#An-autoencoder-and-its-latent-space) | Why is an autoencoder not enough? |
# | [Maximum likelihood](#Maximum-likelihood) | What should a model of images maximize? |
# | [How different are two distributions?](#How-different-are-two-distributions?) | What is a KL divergence, and why is it never negative? |
# | [The evidence lower bound](#The-evidence-lower-bound) | What can be maximized instead of the likelihood? |
# | [The ELBO of one image in numbers](#The-ELBO-of-one-image-in-numbers) | How large are the terms? |
# | [The network](#The-network) | Which shapes do the arrays have? |
# | [The loss, line by line](#The-loss,-line-by-line) | How does the formula become code? |
# | [The reparameterization trick](#The-reparameterization-trick) | How does the encoder get a gradient? |
# | [One step by hand, then fit](#One-step-by-hand,-then-fit) | What happens in a training step? |
# | [Train](#Train) | How do the terms change during training? |
# | [Interrupt and resume](#Interrupt-and-resume) | What is in a checkpoint? |
# | [Samples and the latent space](#Samples-and-the-latent-space) | What did the model learn? |
# | [The approximate posterior of one image](#The-approximate-posterior-of-one-image) | What does the encoder say about one image? |
# | [Morphing along a line](#Morphing-along-a-line) | What is between two images? |
# | [Reconstructions](#Reconstructions) | What is lost in two numbers? |
# | [Sum or mean? Why the KL has a weight](#Sum-or-mean?-Why-the-KL-has-a-weight) | What is wrong with the post's loss? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Did you understand it? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |
# | [Appendix A](#Appendix-A:-the-KL-divergence-in-Keras), [Appendix B](#Appendix-B:-the-KL-from-samples-and-in-closed-form) | Two ways to compute a KL, and one that does not work |
#
# ## Symbols
#
# All lessons use the same symbols. You do not have to learn them now, because each of them is explained in the
# section where it first appears.
#
# | symbol | meaning | in the code |
# | --- | --- | --- |
# | $x$ | an image, 28 × 28 gray values between 0 and 1 | `images`, `pixels` |
# | $z$ | a code, that is, a point in the latent space; here two numbers | `z` |
# | $p(z)$ | the prior, the distribution from which codes are sampled to generate new images; here $N(0, I)$ | |
# | $p(x\mid z)$ | the probability that the decoder assigns to image $x$, given code $z$ | |
# | $p(x)$ | the probability of image $x$ under the whole model, also called its evidence | |
# | $p(z\mid x)$ | the true posterior, the distribution of the codes from which image $x$ may have been generated | |
# | $q(z\mid x)$ | the approximate posterior, the encoder's approximation to $p(z\mid x)$ | |
# | $q(z)$ | the aggregate posterior, the distribution of the codes of all images together | |
# | $\mu$, $\sigma$ | mean and standard deviation of $q(z\mid x)$, one of each per latent dimension | `z_mean`, `exp(z_log_var / 2)` |
# | $\varepsilon$ | noise, a sample from $N(0, I)$ | `noise` |
# | $m$ | brightness of a decoded pixel, between 0 and 1 | `model.decode(z)` |
# | $a$ | logit of a decoded pixel, any real number; $m = 1/(1+e^{-a})$ | `model.decoder(z)` |
# | $N(\mu,\sigma^2)$, $N(0, I)$ | the normal distribution with these parameters, and the standard normal distribution | |
# | $\mathbb E_q$ | the average over samples from $q$ | `mean` |
# | $\mathrm{KL}(q\,\|\,p)$ | Kullback-Leibler divergence from $q$ to $p$ | `losses.gaussian_kl` |
# | $\mathrm{ELBO}(x)$ | evidence lower bound of image $x$ | `-loss` |
# | $\beta$ | weight of the KL in the loss; 1 in a standard VAE | `objectives.beta(1.0)` |
# | $\log$ | the natural logarithm; its unit is the nat, and 1 nat is 1.44 bits | `np.log` |

# %%
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import norm

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import data, losses, measures, objectives, plotting, runs
from vaelib.batches import Batches
from vaelib.support import lesson
from vaelib.support.backend import keras, ops, tf

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
latent_dim: int = 2  # dimensions of the latent space; figures of it are drawn for 2 only
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(
    globals(), dataset_name="fashion_mnist", latent_dim=2, epochs=4, seed=0, limit=None
)

# %% [markdown]
# ## Three models in one drawing
#
# Before we look at the details, it helps to see where this course is going. The drawing below shows three models side
# by side, all of which consist of the same two networks. An [encoder](../docs/glossary.md#encoder) turns an image $x$
# into a [code](../docs/glossary.md#latent-code) $z$, which is a pair of numbers. A
# [decoder](../docs/glossary.md#decoder) turns a code back into an image. Because a code is a pair of numbers, we can
# draw it as a point, and the set of all possible codes is called the
# [latent space](../docs/glossary.md#latent-space). The models differ mainly in what happens in the latent space, so
# look there first. (In [lesson 02](02_mmd_vae.ipynb), we will see that the MMD-VAE also uses another reconstruction
# term.) The formulas at the bottom are explained later, KL in this lesson and MMD in the next.

# %%
lesson.show(
    plotting.three_models(),
    "Three columns for autoencoder, VAE, and MMD-VAE. Each goes from an image through an encoder, a "
    "latent space, and a decoder to a reconstruction. The latent spaces show scattered points, "
    "ellipses, and points within a dashed circle.",
)

# %% [markdown]
# In the left column, an [autoencoder](../docs/glossary.md#autoencoder) maps every image to a single point. Its loss
# measures only how well the image can be reconstructed, so the points may end up anywhere. In the middle column, a
# VAE maps every image to a small distribution of codes, which is drawn as an ellipse. Its loss has a second term,
# which compares *each ellipse by itself* with the dashed circle. The dashed circle represents a fixed distribution
# that we choose in advance, the [prior](../docs/glossary.md#prior). In the right column, an MMD-VAE maps every image
# to a point, as the autoencoder does. However, its second term compares *all points together* with the prior. The
# shaded disk stands for all points together.
#
# This lesson covers the left and middle columns. The right column is the subject of [lesson 02](02_mmd_vae.ipynb).
#
# ## The images, and a recipe for training
#
# Our images come from [Fashion-MNIST](https://arxiv.org/abs/1708.07747) (Xiao, Rasul, and Vollgraf 2017), a
# collection of small pictures of clothes. The next cell loads them and shows ten examples of each of the ten classes,
# such as *sandal* or *pullover*. We use the class labels to color our figures and to evaluate the result, but the
# models never see them.

# %%
dataset = data.load(dataset_name)
print(dataset)
examples = {
    name: dataset.train_images[dataset.train_labels == label][:10]
    for label, name in enumerate(dataset.class_names)
}
lesson.show(
    plotting.image_rows(examples),
    f"Ten training images of each class, a row for each: {', '.join(dataset.class_names)}.",
)

# %% [markdown]
# If you compare the rows for pullover, coat, and shirt, you will notice that many of these images have practically
# the same outline. We should therefore not be surprised if a model that has never seen a label cannot separate these
# classes. Trousers and the three kinds of footwear look quite different from everything else.
#
# We are going to train several models in this course, and we want to be able to say precisely how each was trained.
# For this purpose, the package that accompanies the course has a small class called `Recipe`. A recipe contains all
# settings that determine a training run, for example the data set, the loss, the number of latent dimensions, the
# number of [epochs](../docs/glossary.md#epoch), and the random seed. It does not train anything by itself, but it can
# be stored, compared, and copied. Two recipes that differ in one setting describe two training runs that can be
# compared. We obtain the second recipe from the first with Python's `replace`, which copies an object and changes the
# settings that we name.

# %%
recipe = runs.Recipe(
    dataset_name,
    objectives.ELBO,  # the loss of a VAE, which is derived below
    latent_dim=latent_dim,
    epochs=epochs,
    seed=seed,
    limit=limit,
)
autoencoder_recipe = replace(recipe, objective=objectives.AUTOENCODER, epochs=max(1, epochs // 4))
for name, one in {"VAE": recipe, "autoencoder": autoencoder_recipe}.items():
    print(f"{name:12} objective {one.objective}, number of epochs {one.epochs}")

# %% [markdown]
# ## An autoencoder and its latent space
#
# We begin with the simplest of the three models. An autoencoder compresses each image into two numbers and is trained
# to reconstruct the image from them. Nothing in its loss determines what the two numbers mean. However, since the
# decoder sees nothing except the code, the encoder can lower the loss only by putting the most useful information
# into the code.
#
# The next cell trains an autoencoder with the function `runs.train`. This function takes a recipe, builds the
# networks, trains them, and returns a *run*, an object that holds the trained model, the history of the loss, and a
# few arrays for figures. It also stores the run on disk, so you do not have to wait if you execute the cell again.
# For our purpose here, a quarter of the epochs is enough. If you set `latent_dim` to a value other than 2, the
# condition `lesson.has_two_dimensions` skips the figures that need two latent dimensions, here and in later cells.
# The figure shows the codes of 10,000 test images, which were not used for training.

# %%
plain = runs.train(autoencoder_recipe)
plain_codes = plain.model.encode(dataset.test_images)
print(f"codes from {plain_codes.min():.0f} to {plain_codes.max():.0f}")
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.latent_space(plain_codes, dataset.test_labels, dataset.class_names, crop=True),
        "Codes of the test images in the latent space of the autoencoder, a dot for each in the color "
        "of its class, with the dashed circle of the prior for comparison.",
    )

# %% [markdown]
# Every dot is the code of one test image, and its color shows the class. Although the autoencoder has never seen a
# label, it has separated some classes. The trousers are in a separate region at the bottom, and most sneakers and
# boots are at the upper left. In this sense, the autoencoder has learned a useful representation.
#
# Now suppose that we want to generate a *new* image. We have to choose a code and decode it. But which code should we
# choose? The coordinates of the codes are between -22 and 6, and the codes form an irregular shape that we could not
# have predicted. The reconstruction loss gives us no reason to expect codes in any particular region. If we shift or
# stretch all codes, the decoder can undo this, and the loss stays the same. If we pick a code without having seen the
# figure, we are therefore likely to hit an empty part of the latent space. The decoder was never trained on codes
# from there, so there is no reason why the result should look like a piece of clothing.
#
# In short, an autoencoder has two problems: there are gaps between its codes, and we cannot know in advance where the
# codes will be. A VAE differs from an autoencoder in two ways, which address these two problems in this order.
#
# 1. The code of an image is not a point but a distribution. For an image $x$, the encoder outputs a mean $\mu$ and a
#    standard deviation $\sigma$ for each latent dimension. These define a normal distribution for each dimension, and
#    the dimensions are independent. The joint distribution is called the
#    [approximate posterior](../docs/glossary.md#approximate-posterior) $q(z\mid x)$. In every training step, a code
#    is sampled from it and decoded. The decoder therefore learns to decode not only a single point but also the
#    points around it, which leaves fewer gaps.
# 2. All these distributions are compared with one fixed distribution, the prior $p(z)$, and the loss increases if
#    they differ from it. As the prior, we choose the standard normal distribution, $p(z)=N(0, I)$, which means that
#    all dimensions are independent, with mean 0 and standard deviation 1. This tells us where the codes are. It also
#    keeps $\sigma$ from shrinking to zero, which would undo the first idea. The dashed circle in the figures has a
#    radius of 2.45 and contains 95 % of the samples from the prior. To generate a new image, we sample a code from
#    the prior and decode it.
#
# We could justify these two ideas by showing that they work. There is a better reason, however. Both of them follow
# from a single principle, which is the subject of the next three sections.
#
# ## Maximum likelihood
#
# What makes a model of images a good model? A common answer in statistics is that it should assign a high probability
# to the images that we have observed. Training a model so that the training images become as probable as possible is
# called [maximum likelihood](../docs/glossary.md#maximum-likelihood) estimation.
#
# For this, we first need a model that assigns probabilities to images. The prior and the decoder together form such a
# model, because they describe a two-step process that generates an image. First, a code $z$ is sampled from the prior
# $p(z)$, and then an image is sampled from the distribution $p(x\mid z)$ that the decoder defines for this code. The
# encoder plays no role in this process.
#
# To see what follows, let us make the world as small as possible. Suppose that there are only three codes, which we
# call A, B, and C, and that their prior probabilities are 0.50, 0.25, and 0.25. We look at one particular image $x$.
# The decoder generates this image with probability 0.01 from code A, 0.20 from code B, and 0.06 from code C. How
# probable is the image under the whole model? It may have been generated from any of the three codes, so we have to
# add up three possibilities. For each of them, we multiply the probability that the code is sampled by the
# probability that the image is generated from it:
#
# $$p(x) = \sum_z p(x\mid z)\, p(z).$$
#
# We can also ask the reverse question: given an image, which code was it probably generated from? The answer is given
# by Bayes' rule, which says
#
# $$p(z\mid x) = \frac{p(x\mid z)\, p(z)}{p(x)}.$$
#
# This distribution is called the [true posterior](../docs/glossary.md#true-posterior). In other words, the prior says
# how probable a code is before we have seen the image, and the posterior says how probable it is afterward. The next
# cell evaluates both formulas for our three codes.

# %%
prior = np.array([0.50, 0.25, 0.25])  # p(z) for z = A, B, C
likelihood = np.array([0.01, 0.20, 0.06])  # p(x|z)

evidence = np.sum(likelihood * prior)  # p(x)
posterior = likelihood * prior / evidence  # p(z|x)
print(f"p(x) = {evidence:.3f}, log p(x) = {np.log(evidence):.3f} nats")
for z, before, after in zip("ABC", prior, posterior, strict=True):
    print(f"code {z}: prior {before:.2f}, posterior {after:.3f}")

# %% [markdown]
# Code A is the most probable code before we have seen the image and the least probable one afterward, because the
# decoder hardly ever generates this image from A. Code B has a posterior probability of 0.714. The image as a whole
# has a probability of 0.070. We usually take its logarithm, since probabilities of real images are extremely small
# numbers, and since the logarithm turns products into sums. Its unit is the [nat](../docs/glossary.md#nat) if we use
# the natural logarithm.
#
# In a real VAE, a code can be any point in the latent space, so the sum becomes an integral,
#
# $$p(x)=\int p(x\mid z)\,p(z)\,dz,$$
#
# and the probabilities $p(z)$ and $p(z\mid x)$ become densities, that is, probabilities per area. Apart from the
# integral, the formulas look the same, but there is a practical problem. With three codes, we had to evaluate the
# decoder three times. In a continuous latent space, we would have to evaluate it for a large number of codes that
# cover the space densely, and we would have to do so for every image in every training step. For nearly all of these
# codes, the effort would be wasted, because they decode to images that are very different from $x$ and contribute
# almost nothing to the integral. In [lesson 04](04_how_probable_is_an_image.ipynb), we compute this integral for a
# trained model with two latent dimensions. For training, and for more dimensions, it is too expensive.
#
# The way out is to ask the encoder where to look. It is shown the image, so it can learn which codes are worth
# considering. Its answer is the approximate posterior $q(z\mid x)$, which is meant to approximate the true posterior.
# How can we use it to train both networks by maximum likelihood? To answer this question, we need a way to say how
# well one distribution approximates another.
#
# ## How different are two distributions?
#
# Suppose that the encoder of our small world outputs the probabilities 0.10, 0.80, and 0.10 for the codes A, B, and
# C. The true posterior is similar but not the same, and we would like to describe the difference with a single
# number.
#
# The number that we use is the [Kullback-Leibler divergence](../docs/glossary.md#kl-divergence), or KL for short.
# Here, $q$ and $p$ stand for any two distributions of codes, not only for those in the table of symbols. The KL from
# $q$ to $p$ is defined as
#
# $$\mathrm{KL}(q\,\|\,p) = \mathbb E_q\big[\log q(z) - \log p(z)\big] = \sum_z q(z)\,\big(\log q(z) - \log p(z)\big).$$
#
# The symbol $\mathbb E_q$ means the average over codes that are sampled from $q$. In words, we sample codes from $q$,
# compare the logarithms of their probabilities under $q$ and under $p$, and average the differences. For densities,
# the sum is replaced by an integral.
#
# Two properties of the KL are important for us. It is zero if the two distributions are the same, since then all
# differences are zero. It is also never negative, which is less obvious, because individual differences can be
# negative. The reason is that the logarithm is a concave function, so its graph never rises above any of its
# tangents. The tangent at $t = 1$ is the line $t - 1$, so $\log t \le t - 1$ for every positive number $t$. We apply
# this to $t = p(z)/q(z)$ and take the average over $q$:
#
# $$-\mathrm{KL}(q\,\|\,p) = \mathbb E_q\Big[\log\frac{p(z)}{q(z)}\Big] \le \mathbb E_q\Big[\frac{p(z)}{q(z)} - 1\Big] =
# \sum_z q(z)\,\frac{p(z)}{q(z)} - 1 \le 0.$$
#
# In the last step, $q(z)$ cancels. The remaining sum runs only over codes with $q(z) > 0$, since no other codes are
# sampled from $q$. It adds up some or all of the probabilities $p(z)$, so it is at most 1. Hence the KL is zero or
# positive. For the KL to be zero, both inequalities have to be equalities. The first is an equality only if
# $p(z)/q(z)=1$ for all of these codes, since the graph of the logarithm touches the tangent only at $t=1$. Since
# $q(z)$ adds up to 1 over these codes, $p(z)$ does as well, and no probability is left for any other code. Then $p$
# and $q$ are the same. The next cell checks both properties for the approximate posterior of our small world. It
# prints the KL from this distribution to the true posterior, to the prior, and to itself.

# %%
guess = np.array([0.10, 0.80, 0.10])  # q(z|x), an approximate posterior


def kl(q, p):
    return np.sum(q * (np.log(q) - np.log(p)))


print("single differences", (np.log(guess) - np.log(posterior)).round(3))
print(f"KL(q(z|x) || p(z|x)) = {kl(guess, posterior):.3f} nats")
print(f"KL(q(z|x) || p(z))   = {kl(guess, prior):.3f} nats")
print(f"KL(q(z|x) || q(z|x)) = {kl(guess, guess):.3f} nats")

# %% [markdown]
# The difference for code C is negative, because $q$ assigns a smaller probability to C than the true posterior does.
# On average, however, the difference is positive, as it has to be. The approximate posterior is close to the true
# posterior, with a KL of only 0.048 nats. It is much less similar to the prior, with a KL of 0.678 nats. This also
# makes sense, because the encoder has seen the image and the prior has not.
#
# ## The evidence lower bound
#
# Now we have everything that we need to derive the loss of a VAE. We are looking for a quantity that is related to
# $\log p(x)$ but can be computed without the integral.
#
# In **step 1**, we take the logarithm of Bayes' rule and rearrange it so that $\log p(x)$ is on the left:
#
# $$\log p(x) = \log p(x\mid z) + \log p(z) - \log p(z\mid x).$$
#
# This equation is true for *every* code $z$, because Bayes' rule is true for every code. We can compute the first two
# terms on the right. The third term contains the true posterior, which we do not know.
#
# In **step 2**, we bring in the approximate posterior, which we do know. We subtract its logarithm and add it again,
# so nothing changes, and we sort the terms into two groups:
#
# $$\log p(x) = \big[\log p(x\mid z) + \log p(z) - \log q(z\mid x)\big] +
# \big[\log q(z\mid x) - \log p(z\mid x)\big].$$
#
# The first group contains only terms that we can compute. Everything that we do not know is now in the second group.
#
# In **step 3**, we take the average of both sides over codes sampled from $q(z\mid x)$. This is allowed: an equation
# that is true for every code is also true for every average over codes. The left side does not depend on $z$ at all,
# so its average is $\log p(x)$ itself. We give a name to the average of the first group,
#
# $$\mathrm{ELBO}(x) = \mathbb E_{q(z\mid x)}\big[\log p(x\mid z) + \log p(z) - \log q(z\mid x)\big],$$
#
# and we recognize the average of the second group as a KL divergence, the one from the approximate to the true
# posterior. Together, this gives the equation
#
# $$\log p(x) = \mathrm{ELBO}(x) + \mathrm{KL}\big(q(z\mid x)\,\|\,p(z\mid x)\big).$$
#
# In **step 4**, we use the fact that a KL divergence is never negative. The ELBO is therefore never greater than
# $\log p(x)$, the logarithm of the evidence, which explains its full name,
# [evidence lower bound](../docs/glossary.md#evidence-lower-bound). Since the ELBO equals $\log p(x)$ minus the KL, it
# can increase only if $\log p(x)$ increases or the KL decreases. In the first case, the image becomes more probable
# under the model. In the second, the approximate posterior comes closer to the true posterior.
#
# In **step 5**, we write the ELBO in a second form, which shows how it is related to the loss of an autoencoder. The
# average of a sum is the sum of the averages, so we may average the term $\log p(x\mid z)$ and the difference
# $\log p(z)-\log q(z\mid x)$ separately. The KL from $q(z\mid x)$ to the prior $p(z)$ is the average of the opposite
# difference, $\log q(z\mid x)-\log p(z)$. The average of our difference is therefore *minus* this KL. We obtain the
# formula
#
# $$\mathrm{ELBO}(x) = \underbrace{\mathbb E_{q(z\mid x)} \log p(x\mid z)}_{\text{minus the reconstruction term}} -
# \underbrace{\mathrm{KL}\big(q(z\mid x)\,\|\,p(z)\big)}_{\text{KL term}}.$$
#
# The first term is large if codes sampled from the approximate posterior decode to images similar to $x$. With the
# opposite sign, it plays the role of the reconstruction loss of an autoencoder. The second term is large if the
# approximate posterior of this image differs from the prior. The two terms correspond to the two ideas from the end
# of the section on [autoencoders](#An-autoencoder-and-its-latent-space). These ideas follow from maximum likelihood
# as soon as we let an encoder approximate the true posterior. Note that two different KL divergences occur in this
# derivation. The one in the ELBO compares $q(z\mid x)$ with the prior and can be computed. The one in step 3 compares
# it with the true posterior and is the part of $\log p(x)$ that the ELBO leaves out.
#
# Let us check the derivation with the three codes, for which all probabilities are known.
#
# **Predict.** For which approximate posterior is the ELBO equal to $\log p(x)$?

# %%
for name, q in {"q(z|x)": guess, "p(z|x)": posterior}.items():
    one_average = np.sum(q * (np.log(likelihood) + np.log(prior) - np.log(q)))
    two_terms = np.sum(q * np.log(likelihood)) - kl(q, prior)
    rest = kl(q, posterior)
    print(f"codes from {name}: ELBO {one_average:.3f}, in two terms {two_terms:.3f}; ", end="")
    print(f"ELBO + KL to p(z|x) = {one_average + rest:.3f}")
print(f"log p(x) = {np.log(evidence):.3f}")

# %% [markdown]
# In the first row, both forms of the ELBO give the same value, -2.707, which is a little less than
# $\log p(x) = -2.659$. If we add the KL to the true posterior, we obtain $\log p(x)$ exactly. In the second row, we
# used the true posterior in place of the approximation. Then this KL is zero, and the ELBO is equal to $\log p(x)$.
# The better the encoder approximates the true posterior, the closer the ELBO is to $\log p(x)$. A bound that is close
# is also called *tight*.
#
# If you read [the post](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/) alongside this lesson, note that it
# prints the second term as $\mathrm{KL}(q(z)\,\|\,p(z))$, without the condition on $x$. This is a misprint, since its
# code compares the approximate posterior of each image with the prior, as our formula says. The difference is
# important. Without the condition on $x$, $q(z)$ is the
# [aggregate posterior](../docs/glossary.md#aggregate-posterior), the distribution of the codes of all images
# together. Comparing that distribution with the prior is the idea behind the MMD-VAE in
# [lesson 02](02_mmd_vae.ipynb).
#
# ## The ELBO of one image in numbers
#
# In the small world, the terms were easy to compute. How large are they for a real image and a real model? We do not
# have a trained VAE yet, so we load one that comes with the course. It was trained for 50 epochs with the settings of
# the post, except for the mistake that we discuss at the end. The cell computes the ELBO of one image of trousers in
# the following steps, each of which is one line of NumPy.
#
# - The encoder outputs the mean and the standard deviation of $q(z\mid x)$, and we sample codes from this
#   distribution.
# - The decoder turns each code into a brightness $m$ for every pixel. If a pixel can only be black or white, we can
#   interpret $m$ as the probability that it is white. The log-probability of a pixel $x$ is then
#   $x\log m + (1-x)\log(1-m)$. This expression is $\log m$ for a white pixel, where $x=1$, and $\log(1-m)$ for a
#   black one. We assume that the pixels are independent given the code, so we multiply their probabilities, which
#   means that we add their logarithms. The sum is $\log p(x\mid z)$.
# - The logarithms $\log p(z)$ and $\log q(z\mid x)$ are those of two normal densities.
#
# The cell prints the three terms for the first three codes and then their averages over 4,000 codes. Note which term
# is by far the largest in absolute value, and how much the terms vary from code to code.

# %%
finished = runs.load("fashion_mnist_elbo_50-epochs")
lesson.note_latent_dim(finished, latent_dim)

trousers = dataset.test_images[dataset.test_labels == 1][:1]  # (1, 28, 28, 1), from 0 to 255
x = trousers / 255
mu, log_var = finished.model.encode_distribution(trousers)  # (1, 2) each
sigma = np.exp(log_var / 2)
print("mu", mu[0].round(2), "sigma", sigma[0].round(3))

noise = np.random.default_rng(seed).standard_normal((4000, 2))
z = mu + sigma * noise  # codes sampled from q(z|x), (4000, 2)
m = finished.model.decode(z).clip(1e-6, 1 - 1e-6)  # clipped so that all logarithms are finite

log_p_x_given_z = np.sum(x * np.log(m) + (1 - x) * np.log(1 - m), axis=(1, 2, 3))  # (4000,)
log_p_z = norm.logpdf(z).sum(axis=1)  # (4000,)
log_q_z_given_x = norm.logpdf(z, mu, sigma).sum(axis=1)  # (4000,)
elbo = log_p_x_given_z + log_p_z - log_q_z_given_x  # (4000,)

print("code       log p(x|z)  + log p(z)  - log q(z|x)  =    ELBO")
terms = np.stack([log_p_x_given_z, log_p_z, log_q_z_given_x, elbo], axis=1)
for name, row in {"1": terms[0], "2": terms[1], "3": terms[2], "average": terms.mean(0)}.items():
    print(f"{name:9} {row[0]:11.2f} {row[1]:11.2f} {row[2]:13.2f} {row[3]:11.2f}")

kl_term = np.sum(mu**2 + sigma**2 - log_var - 1) / 2
print(f"reconstruction term {-log_p_x_given_z.mean():.2f}, KL term {kl_term:.2f} nats")

# %% [markdown]
# The first term, $\log p(x\mid z)$, is by far the largest in absolute value. It is a sum over 784 pixels, and its
# average is -122.41 nats. The term $\log p(z)$ is -5.17 nats on average, and $\log q(z\mid x)$ is 2.20 nats. You may
# wonder how such a logarithm can be positive. The reason is that $q(z\mid x)$ is a density, and a density may be
# greater than one. The standard deviations in the first line are only 0.087 and 0.074. Since nearly all of the
# probability is concentrated in a small region, the density there must be high.
#
# The last line shows the two-term form, in which the KL term is the average of $\log q(z\mid x) - \log p(z)$. For two
# normal distributions, this average can be computed without sampling by the formula
#
# $$\mathrm{KL}\big(N(\mu,\sigma^2)\,\|\,N(0,1)\big)=\tfrac12\big(\mu^2+\sigma^2-\log\sigma^2-1\big)$$
#
# for each latent dimension. You derive this formula in exercise 3. We can compare it with the columns of the table.
# The difference between the averages in the third and second columns is $2.20-(-5.17)=7.37$, and the formula also
# gives 7.37 nats. In general, the two agree only up to the error of an average over 4,000 samples. The KL term is a
# small part of the loss, but we will see that the latent space looks quite different without it.
#
# One caveat applies to the first term. Our pixels are gray, not black or white. As a function of a gray value $x$
# between 0 and 1, $m^x(1-m)^{1-x}$ does not integrate to 1. It is therefore not a density, and its logarithm
# $x\log m+(1-x)\log(1-m)$ is not a log-probability
# ([Loaiza-Ganem and Cunningham 2019](https://arxiv.org/abs/1907.06845)). However, suppose that we turn each gray
# image into random black-and-white images, in which a pixel is white with a probability equal to its gray value.
# Averaged over these random images, the log-probability given a code is exactly our sum over all pixels. The ELBO is
# therefore a lower bound on the average log-likelihood of the random images. Like the post, we use the expression as
# a measure of how similar two images are, and we keep the names of the terms. With the sign reversed, it is called
# the [binary cross-entropy](../docs/glossary.md#binary-cross-entropy). If all pixels are black or white, this
# difficulty disappears, as you can see in exercise 2. [Lesson 04](04_how_probable_is_an_image.ipynb) computes actual
# likelihoods.
#
# ## The network
#
# So far, the encoder and the decoder have been black boxes. In this section, we look inside them. A neural network
# consists of *layers*, and each layer turns an array of numbers into another one. A *dense* layer multiplies its
# input by a matrix and adds a vector. The entries of the matrix are called weights and those of the vector are called
# biases, although people often say weights when they mean both. The weights are random numbers at first, the biases
# are zero, and training changes both. Most layers also apply a simple nonlinear function to each number of their
# output. We use the networks of the post, which contain a few
# [convolutional layers](../docs/glossary.md#convolutional-layer). Such a layer moves small filters over an image and
# computes a weighted sum of the pixels under the filter at each position. Every filter produces one *channel* of the
# output. The next cell builds an untrained VAE from our recipe and draws it. Follow the solid arrows from the image
# at the upper left to the logits at the lower left, and notice where the arrays become small.

# %%
model = recipe.compiled_model(len(dataset.train_images))
shapes = {
    part.name: [part.input_shape[1:], *(layer.output.shape[1:] for layer in part.layers)]
    for part in (model.encoder, model.decoder)
}
for part in (model.encoder, model.decoder):
    print(f"{part.name}: {part.count_params():,} weights")
lesson.show(
    plotting.network_diagram(**shapes),
    "The network as blocks: the encoder above, the decoder below, the sampled code at the right, and "
    "between them the three terms of the ELBO. Solid arrows are values, dashed arrows are gradients.",
)

# %% [markdown]
# In the upper row, two convolutional layers turn the image into smaller and smaller arrays with more and more
# channels. Each of them moves its filters of 3 × 3 pixels over its input. It does so in steps of two pixels, so there
# are 13 positions for a filter in a width of 28 pixels and 6 positions in a width of 13 pixels. This is why the
# arrays shrink. The result is flattened into a vector of 2,304 numbers, and a dense layer turns this vector into four
# numbers. Two of them are the means $\mu$, one for each latent dimension. The other two are the logarithms of the
# variances, $\log\sigma^2$. The encoder outputs logarithms because a variance must be positive, whereas the output of
# a dense layer can be any real number.
#
# In the lower row, the decoder goes in the opposite direction, with slightly different shapes. A dense layer turns
# the code into 1,568 numbers, which are arranged as an array of 7 × 7 × 32. Two *transposed* convolutional layers
# double the width of this array to 14 and then to 28. They insert zeros between the pixels before they apply their
# filters. A third layer with a single filter keeps this width, so the decoder ends with one number for each pixel,
# which is called a [logit](../docs/glossary.md#logit). A logit $a$ can be any real number, and the sigmoid function
# $1/(1+e^{-a})$ turns it into the brightness $m$ between 0 and 1. The encoder has 28,036 weights, and the decoder has
# 41,953.
#
# Three of the gray boxes in the middle row are the terms of the ELBO, and the fourth is the ELBO itself. Each term
# needs different inputs. For example, $\log p(x\mid z)$ needs the image and the logits, whereas $\log p(z)$ needs
# only the code. The dashed arrows show how gradients flow backward from the ELBO to all weights. We return to them in
# the section on the [reparameterization trick](#The-reparameterization-trick).
#
# ## The loss, line by line
#
# With the shapes in mind, we can write the loss. During training, an [optimizer](../docs/glossary.md#optimizer)
# changes the weights so that the loss decreases. We want the ELBO to increase, so the loss is minus the ELBO. It is
# computed for a [batch](../docs/glossary.md#batch), a small set of images that are used together in one training
# step. The code below follows the formula term by term. The most important detail is in the comments, which state the
# shape of each result. **Every term is one number per image**, that is, an array of shape `(batch,)`. The average
# over the images of the batch is taken in the last line, and nowhere else. The section on
# [the post's mistake](#Sum-or-mean?-Why-the-KL-has-a-weight) shows what happens if we break this rule.
#
# | formula | code |
# | --- | --- |
# | $q(z\mid x) = N(\mu, \sigma^2)$ | the output of the encoder, split into two halves |
# | $z = \mu + \sigma \varepsilon$ with $\varepsilon \sim N(0, I)$ | noise, scaled and shifted |
# | $\log p(x\mid z)$ | minus the binary cross-entropy, summed over pixels |
# | $\log p(z)$ and $\log q(z\mid x)$ | two normal log densities, summed over latent dimensions |


# %%
def negative_elbo(model, images):
    z_mean, z_log_var = ops.split(model.encoder(images), 2, axis=1)  # each (batch, latent_dim)
    noise = keras.random.normal(ops.shape(z_mean), seed=model.seed_generator)
    z = z_mean + ops.exp(z_log_var / 2) * noise  # (batch, latent_dim)

    log_p_x_given_z = -losses.binary_cross_entropy(images, model.decoder(z))  # (batch,)
    log_p_z = losses.gaussian_log_density(z)  # (batch,), of N(0, I)
    log_q_z_given_x = losses.gaussian_log_density(z, z_mean, z_log_var)  # (batch,)

    elbo = log_p_x_given_z + log_p_z - log_q_z_given_x  # (batch,), nats per image
    return -ops.mean(elbo)


# %% [markdown]
# This is the same computation as the one in NumPy for the image of trousers, with two differences. First, TensorFlow
# takes the place of NumPy so that gradients can be computed. Second, only one code is sampled for each image instead
# of 4,000. One sample gives a noisy estimate of the average in the ELBO, but the estimate is correct on average, and
# the noise largely cancels over the many batches of a training run.
#
# The functions in [`vaelib/losses.py`](../vaelib/losses.py) contain the same formulas as the NumPy code above,
# arranged to be numerically stable. In particular, `binary_cross_entropy` takes logits instead of brightness values,
# so that very large logits do not lead to infinite results.
#
# ## The reparameterization trick
#
# The line `z = z_mean + ops.exp(z_log_var / 2) * noise` deserves a closer look. We want to sample $z$ from
# $N(\mu,\sigma^2)$, and NumPy has a function that does this directly. Why do we sample $\varepsilon$ from $N(0, 1)$
# instead, multiply it by $\sigma$, and add $\mu$?
#
# The reason is that we need a gradient. To train the encoder, we have to know how the loss responds to a small change
# in $\mu$ or $\sigma$, which acts on the loss through $z$. If a random number generator returns, for example,
# $z = 0.37$, then this number carries no information about how it would have changed for a slightly different $\mu$.
# In the formula $z=\mu+\sigma\varepsilon$, however, the dependence is explicit. All the randomness is in
# $\varepsilon$, which does not depend on the encoder. For a fixed $\varepsilon$, the code is an ordinary
# differentiable function of $\mu$ and $\sigma$ with derivatives $1$ and $\varepsilon$. This way of sampling is called
# the [reparameterization trick](../docs/glossary.md#reparameterization-trick) and was introduced by
# [Kingma and Welling (2013)](https://arxiv.org/abs/1312.6114) and, independently, by
# [Rezende, Mohamed, and Wierstra (2014)](https://arxiv.org/abs/1401.4082).
#
# We try both ways on the untrained model. A *gradient tape* in TensorFlow records a computation so that gradients can
# be followed back through it. The cell below samples codes once with the trick and once with NumPy's sampler, and
# computes the gradient of the reconstruction term in both cases. For the encoder and for the decoder, it prints the
# size of the gradient with respect to the biases of the last layer. We look at these biases because there are only a
# few of them.
#
# **Predict.** In which of the two cases does the encoder get a gradient, and in which does the decoder?

# %%
pixels = dataset.train_images[:100].astype("float32") / 255
random = np.random.default_rng(seed)
with tf.GradientTape(persistent=True) as tape:
    mu, log_var = ops.split(model.encoder(pixels), 2, axis=1)
    sigma = ops.exp(log_var / 2)
    by_trick = mu + sigma * random.standard_normal(mu.shape).astype("float32")
    by_sampler = tf.constant(random.normal(mu, sigma).astype("float32"))
    costs = {
        name: ops.mean(losses.binary_cross_entropy(pixels, model.decoder(z)))
        for name, z in {"trick": by_trick, "sampler": by_sampler}.items()
    }
for name, cost in costs.items():
    for part in (model.encoder, model.decoder):
        gradient = tape.gradient(cost, part.trainable_weights[-1])
        size = "None" if gradient is None else f"of size {np.linalg.norm(gradient):.1f}"
        print(f"{name:8} gradient of the {part.name}'s last biases: {size}")
print(f"sum over pixels of 0.5 - x, average over images: {784 * np.mean(0.5 - pixels):.1f}")

# %% [markdown]
# The decoder gets a gradient in both cases, because it comes after the sampling step. The encoder comes before the
# sampling step and gets a gradient only with the trick. For the encoder without the trick, TensorFlow returns `None`,
# which means that there is no path from this term back to these weights. Note that the complete loss would hide the
# problem, because $\log q(z\mid x)$ contains $\mu$ and $\sigma$ directly. The encoder would then get some gradient,
# and no `None` would warn us, but the gradient of the reconstruction term would still be missing.
#
# It is worth understanding the sizes, too. Why is the decoder's gradient about 169, while the encoder's is only 0.1?
# Before training, all logits of the decoder are close to zero, because they are sums of small random numbers. Every
# decoded pixel therefore has a brightness of about 0.5. The derivative of the cross-entropy with respect to a logit
# is $m - x$, which is about $0.5 - x$ here. The last layer of the decoder has a single bias, which is added to the
# logits of all 784 pixels, so its gradient is the sum of $0.5 - x$ over all pixels. Because clothes are shown on a
# black background, the average pixel is darker than 0.5. The errors of the pixels therefore add up instead of
# canceling. The last line of the output computes this sum directly, and the result, 168.9, is practically the
# gradient that we saw. The gradient of the encoder is small for a different reason. An untrained decoder turns all
# codes into nearly the same gray image, so the encoder's choice of a code hardly affects the loss. This changes as
# soon as the decoder has learned to use the code.
#
# ### A gradient without the trick
#
# There is another way to get a gradient through a sampler, but we will see that it is noisy. Let $f(z)$ be any cost
# of a code, in our case the reconstruction term. We need the gradient of its average,
# $\mathbb E_q[f(z)]=\int q(z)\,f(z)\,dz$, with respect to $\mu$. Here, $q(z)$ is short for the density of the
# approximate posterior of one image. The derivative of the integral is the integral of the derivative, and $f$ does
# not depend on $\mu$, so we need only the derivative of the density inside the integral. We write $\nabla_\mu$ for
# the derivative with respect to $\mu$. By the chain rule, $\nabla_\mu\log q = \nabla_\mu q / q$, and therefore
# $\nabla_\mu q = q\,\nabla_\mu\log q$. If we insert this, we obtain
#
# $$\nabla_\mu\, \mathbb E_q[f(z)] = \int f(z)\,\nabla_\mu q(z)\,dz = \mathbb E_q\big[f(z)\,\nabla_\mu \log q(z)\big]
# = \mathbb E_q\Big[f(z)\,\frac{z-\mu}{\sigma^2}\Big].$$
#
# In the last step, we inserted the derivative of the log density of a normal distribution,
# $\log q(z) = -(z-\mu)^2/2\sigma^2$ plus terms without $\mu$. The result is an average over samples again, and it
# needs no derivative of $f$. It is known as the
# [score-function estimator](../docs/glossary.md#score-function-estimator) or REINFORCE
# ([Williams 1992](https://doi.org/10.1007/BF00992696)), and it is common in reinforcement learning, where a cost
# often has no derivative. In words, we try random codes around $\mu$ and move $\mu$ away from those with a high cost.
# The trick uses more information: the direction in which the cost decreases at each code.
#
# The next cell computes the gradient in both ways for the image of trousers and the trained model from above. To
# obtain a gradient that is clearly different from zero, we shift the mean of the approximate posterior by 0.5 to the
# left, as if the encoder had made an error. The cell prints the gradient with respect to the first coordinate,
# $\mu_1$. The last row is an improved version of the score-function estimator, in which the average cost has been
# subtracted from each cost. On average, subtracting a constant from every cost changes nothing, because $z-\mu$ is
# zero on average. However, the numbers become smaller. (Our average cost is computed from the same samples, so it is
# not quite a constant, but with 500 samples this makes little difference.) Compare how uncertain the three results
# are.

# %%
mu, log_var = finished.model.encode_distribution(trousers)
mu, sigma = mu - [[0.5, 0.0]], np.exp(log_var / 2)  # 0.5 too far to the left
z = (mu + sigma * noise[:500]).astype("float32")
with tf.GradientTape() as tape:
    codes = tf.Variable(z)
    same_image = tf.constant(np.repeat(x, len(z), axis=0).astype("float32"))
    f = losses.binary_cross_entropy(same_image, finished.model.decoder(codes))  # (500,)
slope = tape.gradient(f, codes).numpy()  # (500, 2), because each cost depends on its own code only
f = f.numpy()[:, None]  # (500, 1)
print(f"mean cost {f.mean():.1f}, standard deviation {f.std():.1f} nats")

estimates = {
    "reparameterization": slope,
    "score function": f * (z - mu) / sigma**2,
    "average subtracted": (f - f.mean()) * (z - mu) / sigma**2,
}
for name, estimate in estimates.items():
    mean, deviation = estimate[:, 0].mean(), estimate[:, 0].std()
    error = deviation / np.sqrt(len(z))
    ratio = estimate[:, 0].var() / slope[:, 0].var()
    print(f"{name:18} {mean:7.1f} ± {error:4.1f}, one sample ± {deviation:6.1f}", end="")
    print(f", {ratio:6,.0f} times the variance")

# %% [markdown]
# All three rows estimate the same gradient. With the reparameterization trick, it is $-47.7 \pm 0.6$, where the
# number after $\pm$ is the standard error, that is, the standard deviation of one sample divided by $\sqrt{500}$. The
# negative sign means that the cost decreases as $\mu_1$ increases, so a training step moves the mean back to the
# right. The score-function estimator gives $-181.6 \pm 68.6$. This does not contradict the first row, because the two
# values are only about two standard errors apart. Even after 500 samples, however, its standard error of 68.6 is
# larger than the gradient itself, which is about 48 in absolute value. A single sample has a standard deviation of
# 1532.9, compared with 13.1 for the trick. The reason is that the cost, a number of about 133, is multiplied by a
# random number whose sign changes from sample to sample. The gradient is the small difference that remains when large
# positive and large negative numbers cancel.
#
# Subtracting the average cost helps a lot, since then only the deviations from the average are multiplied by the
# random number. The result, $-47.4 \pm 3.9$, agrees with the first row. However, its variance is still 46 times as
# large, so we would need 46 times as many samples for the same precision. Moreover, we have to estimate the average
# cost first, for example by decoding many codes of the same image, whereas one code per image is enough for the
# trick. In practice, the trick is therefore preferred whenever it applies. The cost must be differentiable with
# respect to the code, and the code must be a differentiable function of $\mu$, $\sigma$, and the noise. Discrete
# codes like A, B, and C do not satisfy the second condition.
# [Mohamed et al. (2020)](https://arxiv.org/abs/1906.10652) compare such estimators in detail.
#
# ## One step by hand, then fit
#
# Now we can train the VAE. In every step, we take a batch of 100 images, compute the loss, follow its gradient back
# to all weights of both networks, and let the optimizer change the weights a little. The next cell does this for
# three batches, starting from the untrained model. Everything important happens in the few lines inside the loop. The
# learning rate, which determines how large a step is, changes during training in our recipe. It is close to zero in
# the first steps, as we will see in the [next section](#Train). For this experiment, we replace it with a constant.

# %%
constant = replace(recipe, schedule="constant", learning_rate=1e-3)
batches = Batches(dataset.train_images, recipe.batch_size, seed)

by_hand = constant.compiled_model(len(dataset.train_images))
for step in range(3):
    pixels = batches[step]["images"].astype("float32") / 255  # (100, 28, 28, 1)
    with tf.GradientTape() as tape:
        loss = negative_elbo(by_hand, pixels)
    gradients = tape.gradient(loss, by_hand.trainable_variables)
    by_hand.optimizer.apply_gradients(zip(gradients, by_hand.trainable_variables, strict=True))
    print(f"step {step + 1}: loss {loss:.1f} nats per image")

# %% [markdown]
# The loss decreases from 543.7 to 541.8 nats per image. The first value can be predicted without any training. As
# long as every decoded pixel has a brightness of 0.5, every pixel contributes $-\log 0.5=\log 2$ to the
# cross-entropy, no matter how bright it is in the image. For 784 pixels, this gives $784\log 2$, or about 543. An
# untrained model therefore starts near this value, which is useful to remember as a check.
#
# A real training run takes thousands of such steps, for which we use the `fit` method of Keras. It performs the same
# steps with the loss of the package. It is faster than our loop, because TensorFlow translates the whole step into
# optimized code once instead of executing it line by line in Python. If we start from the same weights and use the
# same batches and the same noise, `fit` should arrive at the same weights as our loop, except for rounding.

# %%
by_fit = constant.compiled_model(len(dataset.train_images))
by_fit.fit(batches.to_tf_dataset(), steps_per_epoch=3, shuffle=False, verbose=0)

pairs = zip(by_hand.get_weights(), by_fit.get_weights(), strict=True)
print("the same weights:", all(np.allclose(a, b, atol=1e-4) for a, b in pairs))

# %% [markdown]
# The weights are the same. This means that our few lines and the package compute the same loss, at least up to a
# constant factor. (The optimizer would not notice such a factor, as we will see
# [below](#Sum-or-mean?-Why-the-KL-has-a-weight).)
#
# ## Train
#
# We have already used `runs.train` for the autoencoder. Now we can say what it does. It builds the model that the
# recipe describes, calls `fit`, prints the terms of the loss after each epoch, and stores the result.
#
# The post trains for 50 epochs with a learning rate of 0.0001. To save time, we use a schedule that reaches about the
# same loss in four epochs. We also replace the optimizer of the post, Adam, with its variant Nadam. The learning rate
# first increases to 0.008, 80 times the rate of the post, and then decreases along half a period of a cosine. The
# page on [results](../docs/results.md) compares the two schedules. If you would like to try the post's settings
# yourself, `runs.post_recipe` returns a recipe with them.
#
# Recall that the loss is the sum of the reconstruction term and the KL term.
#
# **Predict.** Training decreases the loss, and the KL is part of the loss. Does the KL increase or decrease during
# training?

# %%
run = runs.train(recipe)
lesson.show(
    plotting.loss_curves(run.history),
    "Three curves over the epochs, one for the loss, one for its reconstruction term, and one for its "
    "KL term, all in nats per image.",
)

# %% [markdown]
# The loss decreases from 303.9 to 262.4 nats per image, as it should. Each of these values is an average over the 600
# steps of an epoch, so the value of the first step, about 543, does not appear. However, the right panel shows that
# the KL *increases*, from 5.29 nats in the first epoch to 6.18 nats in the fourth. How can a part of the loss
# increase when the whole loss is minimized? The reason is that the two terms conflict with each other. To reconstruct
# an image well, the decoder has to be able to tell its code from the codes of other images. The approximate
# posteriors therefore have to become narrow and move apart from each other, which makes them less similar to the
# prior and increases the KL. The loss decreases nevertheless, because the reconstruction term decreases from 298.64
# to 256.22 nats, which is much more than the KL increases. In other words, an additional nat of KL pays off whenever
# it reduces the reconstruction term by more than one nat.
#
# ## Interrupt and resume
#
# Our training run takes only a short time. Others take hours, and while they run, the computer may be switched off or
# a connection may be lost. It is therefore good practice to regularly save a
# [checkpoint](../docs/glossary.md#checkpoint) from which training can be resumed. The post does so after every epoch,
# and so does `runs.train`. In this section, we interrupt a training run on purpose, look at its checkpoint, and check
# that resuming it gives the same result.
#
# For the experiment, we use a short recipe with 2,000 images and three epochs. The next cell trains it twice. We
# leave the first run alone and stop the second one after the first batch of its second epoch. For this purpose, we
# write a small *callback*, a class whose methods Keras calls during training. It has the same effect as the
# notebook's stop button.


# %%
class StopInSecondEpoch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch  # 0 in the first epoch, 1 in the second

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1:
            raise KeyboardInterrupt


short = replace(recipe, epochs=3, limit=min(limit or 2000, 2000))
print("without an interruption")
whole = runs.train(short)

print("with an interruption")
folder = tempfile.TemporaryDirectory()
try:
    runs.train(short, folder.name, callbacks=[StopInSecondEpoch()])
except KeyboardInterrupt:
    print("interrupted in the second epoch")

# %% [markdown]
# The second run has printed one line, for its only complete epoch. What is in the checkpoint that was saved after
# this epoch? A checkpoint is a NumPy file with named arrays, so we can open it and count the numbers in it.
#
# **Predict.** What has to be in a checkpoint besides the weights of the model?

# %%
[path] = Path(folder.name).glob("*/checkpoint.npz")
with np.load(path) as checkpoint:
    for part in ("weight", "optimizer", "history"):
        sizes = [checkpoint[name].size for name in checkpoint.files if name.startswith(part)]
        print(f"{part:9} {sum(sizes):8,} numbers in {len(sizes)} arrays")

# %% [markdown]
# The first row contains the 28,036 weights of the encoder and the 41,953 weights of the decoder. The two remaining
# numbers are the state of the random number generator that produces the noise $\varepsilon$. The second row is twice
# as large, because the optimizer keeps two running averages for every weight, one of the gradient and one of its
# square. In addition, it keeps two scalars, one of which counts the steps. If these averages were lost, the optimizer
# would start over as if training had just begun, and the next steps would be different. The history shows how many
# epochs are complete. This number and the seed determine the order of the images in the next epoch.
#
# To resume the run, we call `runs.train` again with the same recipe. It finds the checkpoint and continues after the
# last complete epoch. We then compare the weights with those of the run that was not interrupted.

# %%
resumed = runs.train(short, folder.name)
pairs = zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
difference = max(float(np.abs(a - b).max()) for a, b in pairs)
print(f"largest difference between the weights of the two models: {difference}")
folder.cleanup()

# %% [markdown]
# The line for the first epoch comes from the checkpoint. The work on the second epoch that was completed before the
# interruption was lost, so this epoch was trained again from the start. The largest difference is 0.0, so the result
# is exactly the same as without the interruption. The post's checkpoint does not guarantee this much. It contains the
# encoder, the decoder, and the optimizer, but neither the state of the random number generator nor the order of the
# images, so a resumed run continues with different noise. Such a run is not worse, but it cannot be compared exactly
# with another one.
#
# ## Samples and the latent space
#
# Now we can find out what the model has learned. During training, `runs.train` stored the three kinds of pictures
# that the post shows: images decoded from the same 64 random codes, the codes of all test images, and images decoded
# from a regular grid of codes. We begin with a figure that shows how the first two developed.
#
# **Predict.** One epoch has 600 steps. After how many steps have the classes reached their final places?

# %%
steps = run.snapshots["steps"]
chosen = np.isin(steps, (0, 50, 200, steps[-1]))
few = {name: run.snapshots[name][chosen] for name in ("steps", "samples", "codes")}
lesson.show(
    plotting.evolution(few | {"labels": run.snapshots["labels"]}, dataset.class_names),
    "Decoded samples in the upper row and codes of the test images in the lower row, before training, "
    "at two early steps, and at the end of training.",
)

# %% [markdown]
# Before training, all samples are the same uniform gray, and all codes are in one small spot. After 50 steps, the
# samples are blurred, but footwear and trousers are already far apart in the latent space. After 200 steps, which is
# a third of the first epoch, most classes have reached the places where we find them at the end. The remaining steps
# only refine the picture. A VAE typically learns the coarse structure of its data first, because this reduces the
# reconstruction term the most.
#
# The next figure shows the final latent space in a larger format. Each dot is the mean $\mu$ of the approximate
# posterior of one test image, and the dashed circle contains 95 % of the prior. Compare this figure with the latent
# space of the [autoencoder](#An-autoencoder-and-its-latent-space).

# %%
codes = run.model.encode(dataset.test_images)
if lesson.has_two_dimensions(latent_dim):
    inside = np.hypot(*codes.T) < plotting.prior_contours.PRIOR_RADIUS
    print(f"inside the circle: {inside.mean():.0%} of the codes")
    lesson.show(
        plotting.latent_space(codes, dataset.test_labels, dataset.class_names),
        "Codes of the test images in the latent space of the VAE, a dot for each in the color of its "
        "class. Most of them are inside the dashed circle of the prior.",
    )

# %% [markdown]
# As the line above the figure says, 90 % of the codes are now inside the circle, and they are centered near the
# origin. This is the effect of the KL term, which was missing from the autoencoder. As in the autoencoder, many
# classes have their own region, although the model has not seen any labels. Footwear is on the left, trousers are on
# the right, and dresses are next to trousers. Shirts, pullovers, and coats overlap in the middle, as we expected from
# their outlines.
#
# The codes do not have exactly the same distribution as the prior, however. Some regions inside the circle contain
# few codes, for example around $(1, 2)$ and around $(-1, -2)$, whereas many sandals and trousers are outside. The KL
# term compares each approximate posterior separately with the prior, so it does not directly penalize gaps between
# them. [Lesson 02](02_mmd_vae.ipynb) shows how the average KL is related to the distribution of all codes.
#
# To generate new images, we sample codes from the prior and decode them.

# %%
lesson.show(
    plotting.samples(run.snapshots["samples"][-1]),
    "Eight rows of eight images decoded from random codes: soft pictures of clothes, most of which can "
    "be recognized.",
)

# %% [markdown]
# Most of the samples can be recognized as a T-shirt, a pullover, a boot, a bag, or trousers. A few are unclear, such
# as the sixth image in the second row. Strictly speaking, these images are not samples from $p(x\mid z)$ but its
# means $m$, the brightness that the decoder outputs. A true sample would consist of random black and white pixels, so
# one usually shows the means instead. All of our images are soft, without any logo, pattern, or shoelace. The reason
# is that two numbers cannot describe such details. For every code, the decoder has to find one image that fits all
# training images with similar codes. The best compromise is close to their average.
#
# For a more systematic view, we decode a regular grid of codes between -4 and 4 and put each image at the position of
# its code.

# %%
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.latent_grid(run.snapshots["grid"][-1]),
        "The latent space of the VAE as 16 by 16 images, each decoded from the code at its position, "
        "with the dashed circle of the prior.",
    )

# %% [markdown]
# We can read this figure like a map. Neighboring images are similar, and the changes from one to the next are small.
# On the left there is footwear, with sneakers below boots, and on the right there are trousers. Between them are
# bags, pullovers, and T-shirts, which become darker toward the bottom. Now look at the region around $(1, 2)$, where
# the latent space contained few codes. The images there are incomplete, something between a T-shirt and a boot, since
# the decoder was hardly ever trained there. We find such images outside the circle as well. In the upper right
# corner, for example, they are only fragments.
#
# ## The approximate posterior of one image
#
# So far, we have looked only at the means of the approximate posteriors. In this section, we look at the
# distributions themselves. The next cell takes three test images and draws their approximate posteriors as ellipses
# with a radius of two standard deviations. The first panel shows them in the latent space. The other panels enlarge
# them, all by the same factor, so that their sizes can be compared.
#
# **Predict.** How large are the ellipses compared with the circle of the prior?

# %%
three = [int(np.flatnonzero(dataset.test_labels == label)[0]) for label in (1, 5, 8)]
images = dataset.test_images[three]
names = [dataset.class_names[label] for label in dataset.test_labels[three]]
z_mean, z_log_var = run.model.encode_distribution(images)
sigma = np.exp(z_log_var / 2)
for i in range(3):
    print(f"{names[i]}: sigma", sigma[i].round(2))
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.approximate_posteriors(codes, z_mean, z_log_var, names=names),
        "The ellipses of three test images among all codes in the left panel, and enlarged in the "
        "other three panels.",
    )

# %% [markdown]
# The ellipses are much smaller than the circle. The standard deviation of the prior is 1 in each direction, whereas
# the standard deviations of these three images are between 0.03 and 0.24. They also differ from image to image. The
# bag has the smallest ellipse, and the sandal has the largest one. One reason may be that the sandal is in a region
# with few other codes, where the decoder does not need to distinguish many images. The next cell decodes five samples
# from each of the three distributions.

# %%
noise = np.random.default_rng(seed).standard_normal((3, 5, latent_dim))
sampled = z_mean[:, None] + sigma[:, None] * noise  # (3, 5, latent_dim)
rows = {
    names[i]: np.concatenate([images[[i]] / 255, run.model.decode(sampled[i])]) for i in range(3)
}
lesson.show(
    plotting.image_rows(rows),
    "Three rows of images. In each, a test image is followed by five images decoded from samples of its "
    "approximate posterior, which hardly differ.",
)

# %% [markdown]
# In each row, the first image is the original, and the others are decoded from samples. The five decoded images in a
# row can hardly be distinguished. They differ much more from the original than from each other. In other words, the
# noise in the code has little effect, and the loss of detail comes mainly from the small number of latent dimensions,
# as exercise 7 shows. This is what the two terms of the loss lead to. The reconstruction term keeps each ellipse so
# small that all codes in it decode to nearly the same image, and the KL term keeps it from becoming any smaller than
# necessary.
#
# ## Morphing along a line
#
# In a good latent space, a small change in the code causes only a small change in the image. To test this, we encode
# two test images, a T-shirt and a sneaker, and decode eight codes at equal distances on the straight line between
# their codes. In the figure, the first and the last image of a row are the originals. The second row does the same
# with the autoencoder.


# %%
def morph(model, originals, steps=8):
    ends = model.encode(originals)
    between = model.decode(np.linspace(ends[0], ends[1], steps))
    return np.concatenate([originals[:1] / 255, between, originals[1:] / 255]), ends


start, end = (int(np.flatnonzero(dataset.test_labels == label)[0]) for label in (0, 7))
originals = dataset.test_images[[start, end]]
morphs = {}
for name, model in {"VAE": run.model, "autoencoder": plain.model}.items():
    morphs[name], ends = morph(model, originals)
    print(f"{name}: from {ends[0].round(2)} to {ends[1].round(2)}")
lesson.show(
    plotting.image_rows(morphs),
    f"Two rows of images that change from {dataset.class_names[0]} to {dataset.class_names[7]}, "
    "decoded by the VAE above and by the autoencoder below, between the two originals.",
)

# %% [markdown]
# In the upper row, the T-shirt turns into a pullover. The fourth decoded image resembles a bag with a handle. After
# that, the bag becomes flatter, and the last two images are sneakers. The images in between are blurred, but almost
# all of them can be recognized. The printed codes explain the sequence. The line from $(0.84, 0.74)$ to
# $(-1.81, -1.01)$ passes through the region of pullovers and then through that of bags, as you can see in the grid
# above. In the lower row, the images in the middle are dark and indistinct. The figure of the autoencoder's latent
# space shows the reason: the line passes through a region with few codes. We should not conclude from this that every
# VAE is better in this respect, since the autoencoder was trained for only a quarter of the time. The post calls such
# a sequence *morphing*, and the page of [results](../docs/results.md) says how smooth it is over several seeds.
#
# ## Reconstructions
#
# How much of an image remains after it has been compressed into two numbers? The figure shows one test image of each
# class and its reconstruction, which is decoded from the mean of the approximate posterior. The cell after it
# measures two properties of the codes for all test images. The first is the mean squared error of a reconstructed
# pixel. The second is how much information the codes contain about the class. To measure it, we use a
# [k-nearest-neighbor probe](../docs/glossary.md#k-nearest-neighbor-probe), which predicts the class of a test image
# from the 15 training images with the closest codes, by majority vote.

# %%
ten = [int(np.flatnonzero(dataset.test_labels == k)[0]) for k in range(len(dataset.class_names))]
returned = run.model.decode(codes[ten])
lesson.show(
    plotting.image_rows({"original": dataset.test_images[ten] / 255, "reconstruction": returned}),
    f"Two rows of images: a test image of each class ({', '.join(dataset.class_names)}), and below "
    "each the reconstruction.",
)

# %%
train_codes = run.model.encode(dataset.train_images)
accuracy = measures.knn_accuracy(train_codes, dataset.train_labels, codes, dataset.test_labels)
pixel_error = measures.mean_squared_error(run.model, dataset.test_images)
print(f"loss in the last epoch  {run.history['loss'][-1]:.1f} nats per image")
if (dataset_name, latent_dim) == (finished.recipe.dataset, finished.recipe.latent_dim):
    print(f"after the post's epochs {finished.history['loss'][-1]:.1f} nats per image")
print(f"mean squared error      {pixel_error:.4f} per pixel, root {np.sqrt(pixel_error):.2f}")
print(f"accuracy of the probe   {accuracy:.3f}, by chance {1 / len(ten):.3f}")

# %% [markdown]
# The reconstructions keep the shape and the brightness, and in most cases the class. They lose the print on the
# T-shirt and the letters on the pullover. The fifth pair shows that larger errors are possible: the hooded coat has
# turned into something like a dark T-shirt. The mean squared error of a pixel is 0.0289, so a typical error is about
# 0.17 on a scale from 0 (black) to 1 (white). The probe predicts the class correctly for 67.1 % of the test images,
# compared with 10 % by chance. For a description that consists of only two numbers and was learned without labels,
# this is remarkable. After four epochs, our loss is 262.4 nats per image. This is a little lower than the 267.2 nats
# of the model that was trained for 50 epochs with the post's learning rate.
#
# ## Sum or mean? Why the KL has a weight
#
# In the post, the codes of the VAE are not centered at the origin, and parts of its latent space do not decode to
# meaningful objects. The post reports that its second model, the MMD-VAE, has neither problem. However, our VAE does
# not have these problems, either. It has the same network and was trained on the same images, but its codes are
# centered, and the grid shows clothes nearly everywhere inside the circle, except around $(1, 2)$. Why is our VAE
# different from the VAE of the post?
#
# Most of the answer can be found in four lines of code. The post uses the programming language R. Here is the
# computation of its loss, translated into Python with the names of this lesson. The comments show the shapes for a
# batch of 100 images, and the last two arguments of `normal_log_density` are a mean and a log-variance.
#
# ```python
# log_p_x_given_z = -sum(cross_entropy(images, logits))  # ()
# log_p_z = normal_log_density(z, 0, 0)  # (100,)
# log_q_z_given_x = normal_log_density(z, mean, log_var)  # (100,)
# loss = -mean(log_p_x_given_z + log_p_z - log_q_z_given_x)
# ```
#
# Compare the shapes with those in the section [The loss, line by line](#The-loss,-line-by-line). The function `sum`
# is called without an axis, so it adds up the cross-entropy of all pixels of *all images*. The result is a single
# number instead of one number per image. In the last line, this number is added to arrays of 100 numbers. NumPy and
# TensorFlow allow this and use the single number at all 100 positions. This rule is called
# [broadcasting](../docs/glossary.md#broadcasting). It is often useful, but here it hides a mistake.
#
# A batch of two images is enough to see what goes wrong. Suppose that the reconstruction terms of the two images are
# 200 and 300 nats, and that their KL terms are 4 and 6 nats. The loss should therefore be the average of 204 and 306.
# The next cell computes it correctly and then with the mistake.
#
# **Predict.** What is the loss if the reconstruction terms are summed over the batch first?

# %%
log_p_x_given_z = np.array([-200.0, -300.0])  # one number per image
log_p_z = np.array([-3.0, -4.0])
log_q_z_given_x = np.array([1.0, 2.0])

summed = log_p_x_given_z.sum()  # the axis was forgotten, so this is a single number
for title, first in {"not summed": log_p_x_given_z, "summed over the batch": summed}.items():
    elbo = first + log_p_z - log_q_z_given_x
    print(f"{title}: the first term has shape {np.shape(first)}")
    for i, copied in enumerate(np.broadcast_to(first, 2)):
        print(
            f"    image {i + 1}: {copied:.0f} + ({log_p_z[i]:.0f}) - {log_q_z_given_x[i]:.0f}",
            end="",
        )
        print(f" = {elbo[i]:.0f}")
    print(f"    loss {-elbo.mean():.0f}")

# %% [markdown]
# In the first block, each image has a separate first term, and the loss is 255, which is the average reconstruction
# term of 250 plus the average KL term of 5. In the second block, the first term has the shape `()`, which means that
# it is a single number. The number -500 was copied to both images, so *each* image is charged with the reconstruction
# terms of *both* images. The loss, 505, contains the sum of the reconstruction terms, 500, but only the average of
# the KL terms, 5. Compared with the correct loss, the reconstruction has doubled, and the KL has not. If we write
# this as $505 = 2\cdot(250 + 5/2)$, we can see that, apart from the factor of 2 in front, the KL counts only half.
#
# With a batch of 100 images, the same thing happens with a factor of 100:
#
# $$\text{loss} = \sum_{i=1}^{100} \text{reconstruction}_i + \frac{1}{100} \sum_{i=1}^{100} \mathrm{KL}_i =
# 100 \cdot \text{mean}\Big(\text{reconstruction} + \frac{\mathrm{KL}}{100}\Big).$$
#
# The factor of 100 in front has practically no effect, because the optimizer of the post,
# [Adam](https://arxiv.org/abs/1412.6980), divides each gradient by a running average of its size, so a constant
# factor cancels. The factor inside the parentheses, however, does not cancel. **The KL term has only a hundredth of
# its weight.** The weight of the KL is usually called $\beta$, after the
# [β-VAE](https://openreview.net/forum?id=Sy2fzU9gl) (Higgins et al. 2017). In a β-VAE, the weight is chosen
# deliberately, and [lesson 06](06_the_weight_of_the_kl.ipynb) examines what it does. The opposite mistake is possible as well.
# With a weight that is much too large, all approximate posteriors become equal to the prior, and the codes no longer
# depend on the images. The post's VAE has $\beta = 1/100$ by accident. In this course, we say that a VAE trained with
# $\beta = 1/100$, as the post's was, has *the post's effective weights*. In this expression, "weights" means the
# weights of the terms in the loss, not the parameters of the networks.
#
# To see what the mistake does to the model, we compare two models that come with the course. They were trained with
# the post's settings for 50 epochs and differ only in $\beta$. The left column of the figure shows the one with the
# post's effective weights, and the right column shows the one with the standard weight.
#
# **Predict.** If there is hardly any penalty for being different from the prior, where will the codes be? What will
# we get if we decode samples from the prior?

# %%
posted = runs.load("fashion_mnist_post-elbo_50-epochs")
models = {"post's effective weights, β = 1/100": posted, "standard weight, β = 1": finished}
snapshots = {title: trained.snapshots for title, trained in models.items()}
class_names = data.DATASETS["fashion_mnist"].class_names
lesson.show(
    plotting.comparison(snapshots, class_names, pictures=["codes"]),
    "Codes of the test images of two VAEs. With the post's effective weights most codes are outside "
    "the circle, toward the lower left; with the standard weight they are inside.",
)

# %%
for title, trained in models.items():
    z = trained.snapshots["codes"][-1]  # codes of the test images, after 50 epochs
    mean, deviation = z.mean(axis=0), z.std(axis=0)
    inside = np.mean(np.hypot(*z.T) < plotting.prior_contours.PRIOR_RADIUS)
    print(title)
    print(f"    mean of the codes    ({mean[0]:+.2f}, {mean[1]:+.2f})")
    print(f"    standard deviation   ({deviation[0]:.2f}, {deviation[1]:.2f})")
    print(f"    inside the circle    {inside:.0%}")

# %% [markdown]
# In the left panel, most codes are outside the circle. Their mean is $(-2.38, -2.51)$, and only 13 % of them are
# inside. In the right panel, they are centered near the origin, and 97 % of them are inside. What does this mean for
# new images? The next figure shows images that both models decode from the same 64 samples of the prior, nearly all
# of which fall inside the circle.

# %%
lesson.show(
    plotting.comparison(snapshots, class_names, pictures=["samples"]),
    "Images decoded from 64 samples of the prior by the two VAEs. With the post's effective weights "
    "most are incomplete; with the standard weight most can be recognized.",
)

# %% [markdown]
# On the left, the circle is at a corner of the region that the model uses. Most samples are therefore incomplete
# versions of the few classes whose codes are nearby. On the right, most samples can be recognized, and many classes
# occur. The last figure of this comparison shows the decoded grids of both models.

# %%
lesson.show(
    plotting.comparison(snapshots, class_names, pictures=["grid"]),
    "Images decoded from a grid of codes by the two VAEs, with the dashed circle of the prior. Both "
    "grids show clothes in some regions and incomplete images in others.",
)

# %% [markdown]
# Here, the difference is less clear: with the standard weight, the grid is not much fuller than with the post's
# effective weights. Even inside the circle, some of its images are fragments or nearly black. (This grid belongs to
# the model that was trained for 50 epochs. The grid of our own VAE, which we saw
# [earlier](#Samples-and-the-latent-space), is another one.) The weight of the KL thus explains where the codes are
# and why so many samples are incomplete, but it does not explain all of the incomplete images in the grids.
# [Lesson 02](02_mmd_vae.ipynb) looks at what the MMD-VAE changes, and the page of [results](../docs/results.md) says
# what holds over several seeds.
#
# To summarize, codes that are not centered and samples that are mostly incomplete are not general weaknesses of VAEs.
# In this comparison, these two problems come from a single missing argument, the axis of a sum. The
# [study](../docs/results.md) shows that the position of the codes is not due to chance. Over five seeds with the
# post's settings, the average distance between the mean of the codes and the origin is 3.48 with the post's effective
# weights and 0.39 with the standard weight. (A table in
# [lesson 03](03_mnist.ipynb#What-carries-over-from-clothes-to-digits?) prints both numbers.) It is only a coincidence
# that the codes moved to the lower left in our example. The weak penalty hardly pulls the codes toward the origin, so
# they stay on the side to which the first steps of training have moved them. This side differs from seed to seed.
#
# How could the author have noticed the mistake? The loss decreases in both cases, so this alone is no warning. The
# next cell prints other numbers that could have served as a warning.

# %%
for title, trained in models.items():
    print(title)
    for term in ("reconstruction", "kl"):
        values = trained.history[term]
        print(f"    {term:15} {values[0]:9.1f} in the first epoch, {values[-1]:6.1f} in the last")
print(f"the loss as the post's code computes it: {100 * posted.history['loss'][-1]:,.0f}")
print(f"a uniform gray image, per image:         {784 * np.log(2):,.0f}")

# %% [markdown]
# The first warning is the size of the loss. As we have seen, a model that decodes every code to a uniform gray has a
# reconstruction term of $784 \log 2\approx 543$ nats per image. The post's code computes a loss of 26,198 after 50
# epochs, which is far too large for a loss per image. The second warning is the direction in which the KL changes. In
# a VAE with the standard weight, it starts low and increases, here from 4.4 to 6.1 nats. With the post's effective
# weights, it starts at 49.4 nats and decreases to 19.2. A likely reason is that a KL of 49 nats adds only 0.5 to the
# loss per image. At the beginning of training, when the encoder changes fastest, hardly anything prevents the codes
# from moving far away from the origin. Later, when the reconstruction improves only slowly, even the small weight
# gradually moves them back. In addition, there is a simple test. If we double the batch size, a loss per image should
# stay about the same, whereas the loss of the post would nearly double.
#
# The output contains a surprise as well. A weaker penalty leaves the encoder more freedom. Nevertheless, with the
# post's effective weights, the reconstruction term ends at 261.8 nats, which is not lower than the 261.1 nats with
# the standard weight. In our [study](../docs/results.md) with several seeds, the weaker penalty leads to slightly
# worse reconstructions of the test images for all five seeds. At the minimum of its loss, the model with the weaker
# penalty would reconstruct the training images at least as well as the other one, since it pays less KL for
# informative codes. The result is therefore a sign that training has not converged. With the faster schedule of this
# lesson, the weaker penalty indeed leads to better reconstructions, for all ten seeds of the study.
#
# ## What to remember
#
# - A VAE is trained to maximize the ELBO, a lower bound on $\log p(x)$ that is tight if the approximate posterior
#   $q(z\mid x)$ is equal to the true posterior $p(z\mid x)$.
# - The negative ELBO is the sum of a reconstruction term and a KL term. The KL term keeps the approximate posterior
#   of each image close to the prior, which is why codes sampled from the prior decode to images.
# - With the standard weight, the KL increases during training, because a good reconstruction requires narrow
#   approximate posteriors that are different from each other.
# - The reparameterization trick writes $z=\mu+\sigma\varepsilon$ so that gradients reach $\mu$ and $\sigma$ with
#   little noise.
# - Keep every term of the loss as one number per image until the very end. If one term is summed over the batch and
#   another is averaged, their relative weight is off by a factor equal to the batch size.
#
# In [lesson 02](02_mmd_vae.ipynb), we replace the KL term with one that compares all codes together with the prior.
# All terms of this lesson are explained in the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. A program prints a log density of +4 for a code. Is this a mistake?</summary>
#
# No. A density may exceed 1, in which case its logarithm is positive. For example, suppose that $\sigma = 0.05$ in
# both directions. Then the density of the normal distribution at its mean is $1/(2\pi \cdot 0.05^2) \approx 64$, and
# the logarithm of 64 is about 4.
#
# </details>
#
# <details><summary>2. For one image, the difference log q(z|x) - log p(z) of a sampled code is negative. Is this a
# mistake?</summary>
#
# No. The KL is the *average* of this difference, and it is only the average that cannot be negative. A single
# difference is negative whenever the sampled code is more probable under the prior than under the approximate
# posterior. You have seen a similar case with code C of the [small world](#How-different-are-two-distributions?).
#
# </details>
#
# <details><summary>3. Someone averages over pixels where we sum. What happens?</summary>
#
# The reconstruction term is divided by 784, which has the same effect as multiplying the KL by 784. Then almost no
# improvement in reconstruction pays for the KL that it costs. As a result, all approximate posteriors stay close to
# the prior, and the codes contain hardly any information about the images. This is called
# [posterior collapse](../docs/glossary.md#posterior-collapse).
#
# </details>
#
# ## On your own
#
# You can compare your answers with those in [solutions/01_standard_vae.ipynb](solutions/01_standard_vae.ipynb).
# Exercises 1, 2, and 7 are the easiest, and exercise 6 has no single answer.
#
# 1. **Change one line.** Set `seed` to 1 and run all cells. Which numbers and figures change, and which stay about
#    the same?
# 2. **Change one line.** Train a model with `replace(recipe, pixels="threshold")`, which turns every pixel black or
#    white. Which numbers are log-likelihoods now?
# 3. **On paper.** The KL from $N(\mu,\sigma^2)$ to $N(0,1)$ is $\frac12(\mu^2+\sigma^2-\log\sigma^2-1)$. Derive this
#    formula from the definition of the KL. Then find a formula for the difference between the estimate from one
#    sample and the exact value, and use it to explain the shape of the figure in
#    [appendix B](#Appendix-B:-the-KL-from-samples-and-in-closed-form).
# 4. **On paper.** Let $g$ be the gradient of a loss with respect to $z=\mu+\sigma\varepsilon$. What are the gradients
#    of the loss with respect to $\mu$ and $\sigma$? Check your answer with a gradient tape.
# 5. **Measure.** Train with `objectives.beta(4.0)`. How do the standard deviations of the approximate posteriors, the
#    KL term, and the reconstruction term change?
# 6. **Open.** Move once around the dashed circle and decode the codes on it. Which classes do you meet, and where
#    does the image change fastest?
# 7. **Change one line.** Set `latent_dim` to 20 and run all cells. Figures of the latent space are skipped, because
#    they need two dimensions. By how much does the reconstruction term decrease, and what does the KL do?
#
# ## Further reading
#
# - D. P. Kingma and M. Welling, [*Auto-encoding variational Bayes*](https://arxiv.org/abs/1312.6114), 2013. This
#   paper introduced the VAE.
# - C. Doersch, [*Tutorial on variational autoencoders*](https://arxiv.org/abs/1606.05908), 2016. The tutorial has
#   more theory and fewer experiments than this lesson.
# - I. Higgins et al.,
#   [*beta-VAE: Learning basic visual concepts with a constrained variational framework*](https://openreview.net/forum?id=Sy2fzU9gl),
#   ICLR 2017. The paper introduces the weight of the KL as a setting that is chosen deliberately.
# - G. Loaiza-Ganem and J. P. Cunningham,
#   [*The continuous Bernoulli: fixing a pervasive error in variational autoencoders*](https://arxiv.org/abs/1907.06845),
#   NeurIPS 2019. The authors explain what is missing if one uses the cross-entropy for gray pixels.
# - S. Keydana, [*Representation learning with MMD-VAE*](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/),
#   RStudio AI blog, 2018. This is the post that the course follows.
# - H. Xiao, K. Rasul, and R. Vollgraf,
#   [*Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*](https://arxiv.org/abs/1708.07747),
#   2017. The paper describes the data set.
#
# ## Appendix A: the KL divergence in Keras
#
# The post mentions that Keras has a loss function for the KL divergence. Could we use it in place of our formula?
# Unfortunately not, because it computes a different quantity. The function `keras.losses.KLDivergence` computes
# $\sum y \log(y/\hat y)$ for two *discrete* distributions, whose probabilities it expects as lists $y$ and $\hat y$
# of numbers between 0 and 1. Our distributions are normal distributions, which are described by means and variances.
# If we pass the means as $y$ and the variances as $\hat y$, as the next cell does, we get no error message. The
# function clips all numbers to the range from 0 to 1 and returns a result. The cell compares this result with the
# correct value for two means, 1 and 3.

# %%
for mean in (1.0, 3.0):
    z_mean, z_var = np.array([[mean, 0.0]], "float32"), np.array([[0.25, 0.25]], "float32")
    ours = float(losses.gaussian_kl(z_mean, np.log(z_var))[0])
    theirs = float(keras.losses.KLDivergence()(z_mean, z_var))
    print(f"mean ({mean:.0f}, 0): KL to the prior {ours:.2f}, Keras' loss {theirs:.2f}")

# %% [markdown]
# The KL to the prior increases from 1.14 to 5.14 nats, because a mean of 3 is much farther from the origin than a
# mean of 1, measured in standard deviations of the prior. The function in Keras returns 1.39 in both cases, since it
# clips the mean of 3 to 1. As a term of the loss, it would therefore put no limit on how far away the codes are.
#
# ## Appendix B: the KL from samples and in closed form
#
# We have seen two ways to compute the KL from an approximate posterior to the prior. The loss of this lesson, like
# the post's, estimates it by $\log q(z\mid x)-\log p(z)$ for a single sampled code. For two normal distributions, we
# can also use the closed form, which requires no sampling. How far is the estimate from the exact value? The next
# cell computes both for 1,000 test images.

# %%
z_mean, z_log_var = run.model.encode_distribution(dataset.test_images[:1000])
noise = np.random.default_rng(seed).standard_normal(z_mean.shape).astype("float32")
z = ops.convert_to_tensor(z_mean + np.exp(z_log_var / 2) * noise)
closed_form = ops.convert_to_numpy(losses.gaussian_kl(z_mean, z_log_var))
one_sample = ops.convert_to_numpy(losses.sampled_kl(z, z_mean, z_log_var))
error = one_sample - closed_form
print(
    f"mean over images: closed form {closed_form.mean():.2f}, one sample {one_sample.mean():.2f} nats"
)
print(f"error of one sample: {error.min():+.1f} to {error.max():+.1f} nats, std {error.std():.2f}")
of_batches = error[: len(error) // 100 * 100].reshape(-1, 100).mean(axis=1)
print(f"error of the mean over a batch of 100 images: std {of_batches.std():.2f} nats")
lesson.show(
    plotting.scatter_with_diagonal(
        closed_form, one_sample, "KL in closed form (nats)", "KL from one sample (nats)"
    ),
    "A dot for each of 1,000 test images, with the KL in closed form across and the estimate from one "
    "sample upward. Dots are near the diagonal, some far below it and none far above.",
)

# %% [markdown]
# On average, the two agree: 6.02 and 6.03 nats. For a single image, the estimate can be up to 1.2 nats too high or up
# to 6.7 nats too low. This is a large error for one image. However, the loss is an average over a batch of 100
# images, where the errors largely cancel. The error of the average has a standard deviation of only 0.12 nats. This
# is why the estimate is good enough for training. Its advantage over the closed form is that it works with any prior
# whose density we can compute. We make use of this in
# [lesson 09](09_better_priors.ipynb#Priors-that-are-trained-together-with-the-model).
#
# Core course, lesson 01 · previous: [lesson 00, faces](00_faces.ipynb) · next:
# [lesson 02, the MMD-VAE](02_mmd_vae.ipynb) · [glossary](../docs/glossary.md)
