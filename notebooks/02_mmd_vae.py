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
# # Compare all codes with the prior at once: the MMD-VAE
#
# Core course, lesson 02 · previous: [lesson 01, the standard VAE](01_standard_vae.ipynb) · next:
# [lesson 03, handwritten digits](03_mnist.ipynb) · [glossary](../docs/glossary.md)
#
# The loss of the standard VAE in [lesson 01](01_standard_vae.ipynb) compares the encoder's output for *every single
# image* with the [prior](../docs/glossary.md#prior). [Zhao, Song, and Ermon (2017)](https://arxiv.org/abs/1706.02262)
# argue that this is more than we need, because it is enough if the codes of *all images together* are distributed
# like the prior. In this lesson, we examine their argument, learn a way to compare two sets of points, and build the
# model that follows from it. It is called the MMD-VAE, and it is the second of the two models in
# [the blog post](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/) that this course is based on.
#
# **What you'll do**
#
# - split the KL term of a trained VAE into two parts, and estimate how large each part is;
# - compute the maximum mean discrepancy (MMD), first by hand for three points and then for large samples;
# - replace the KL term with MMD in three lines of code, and train the resulting model;
# - compare it with the VAE, and find out what such a comparison can and cannot show.
#
# **What you'll learn**
#
# - how the distribution of the codes of one image differs from the distribution of all codes together;
# - how a kernel compares two samples, and which differences its bandwidth makes visible;
# - why two models that differ in three ways, trained with one seed each, leave most questions open.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb) with its [table of symbols](01_standard_vae.ipynb#Symbols), and a few minutes
#   on two cores. The first model is loaded instead of trained if you have already trained it there.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [One posterior for each image and one for all images](#One-posterior-for-each-image-and-one-for-all-images) | What does the KL compare, and what does generating images require? |
# | [The argument against the KL and the answer to it](#The-argument-against-the-KL-and-the-answer-to-it) | Does the KL make codes uninformative? |
# | [A kernel gives the similarity of two points](#A-kernel-gives-the-similarity-of-two-points) | How can samples replace densities? |
# | [MMD with three points](#MMD-with-three-points) | How is MMD computed? |
# | [MMD between two samples](#MMD-between-two-samples) | How large is MMD² for familiar distributions? |
# | [What a bandwidth can and cannot see](#What-a-bandwidth-can-and-cannot-see) | Which differences does a kernel notice? |
# | [Where two samples differ](#Where-two-samples-differ) | Where does the VAE have too many codes, and where too few? |
# | [The estimate is a little too large](#The-estimate-is-a-little-too-large) | Why is MMD² not zero for equal distributions, and does it matter? |
# | [The kernel as printed and as meant](#The-kernel-as-printed-and-as-meant) | What is wrong with the post's formula? |
# | [From the VAE to the MMD-VAE in three changes](#From-the-VAE-to-the-MMD-VAE-in-three-changes) | What changes in the code? |
# | [Why the weight of MMD is 784](#Why-the-weight-of-MMD-is-784) | Does a factor in the loss matter? |
# | [Train the MMD-VAE](#Train-the-MMD-VAE) | How do the codes come to match the prior? |
# | [Compare the two models side by side](#Compare-the-two-models-side-by-side) | What is different, and what is not? |
# | [Compare the models of the post](#Compare-the-models-of-the-post) | How much of the post's difference is due to MMD? |
# | [What one seed can and cannot show](#What-one-seed-can-and-cannot-show) | Which conclusions are allowed? |
# | [Optional reading on characteristic functions](#Optional-reading-on-characteristic-functions) | Why does MMD² = 0 imply equality? |
# | [Optional reading on Wasserstein autoencoders](#Optional-reading-on-Wasserstein-autoencoders) | Is there a theory of this loss? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Did you understand it? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |

# %%
import numpy as np
import pandas as pd
from IPython.display import display
from scipy.special import logsumexp

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import model_table
from vaelib import data, explorer, losses, measures, mmd, objectives, plotting, runs
from vaelib.plotting import prior_contours
from vaelib.support import lesson
from vaelib.support.backend import ops
from vaelib.support.latent_grid import grid_codes

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

# %%
dataset = data.load(dataset_name)
settings = dict(latent_dim=latent_dim, epochs=epochs, seed=seed, limit=limit)
print(dataset)

# %% [markdown]
# ## One posterior for each image and one for all images
#
# What exactly does the VAE compare with the prior? To see this, we load the model of
# [lesson 01](01_standard_vae.ipynb) and look at its codes in two ways.

# %%
vae = runs.train(runs.Recipe(dataset_name, objectives.ELBO, **settings))

# %% [markdown]
# For each image $x$, the encoder of a VAE outputs a mean and a standard deviation for every latent dimension. They
# define a normal distribution over codes $z$, the [approximate posterior](../docs/glossary.md#approximate-posterior)
# $q(z \mid x)$ of this image. Every image has its own, so there are 10,000 approximate posteriors for our 10,000 test
# images.
#
# Now suppose that we choose one of these images at random and sample a code from its approximate posterior. If we are
# told only the code and not the image, from which distribution does the code come? It comes from the average of all
# $n$ approximate posteriors,
#
# $$ q(z) = \frac1n \sum_{i=1}^{n} q(z \mid x_i), $$
#
# where $x_i$ is the $i$-th image. This average is called the
# [aggregate posterior](../docs/glossary.md#aggregate-posterior). The next figure shows both kinds of distribution. In
# the left panel, each ellipse is the approximate posterior of one image, with a radius of two standard deviations. In
# the right panel, the blue dots are codes sampled from the aggregate posterior, and the orange dots are the same
# number of samples from the prior.

# %%
z_mean, z_log_var = vae.model.encode_distribution(dataset.test_images)  # each (n, latent_dim)

# %%
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.aggregate_posterior(z_mean[:2000], z_log_var[:2000], seed=seed),
        "Left, approximate posteriors of 300 images as ellipses. Right, codes and prior samples as dots.",
    )

# %% [markdown]
# In the left panel, every ellipse is much smaller than the dashed circle, which contains 95 % of the prior. A
# distribution this narrow differs strongly from the prior, so each of these images has a large
# [KL divergence](../docs/glossary.md#kl-divergence), which the loss of the VAE penalizes. In the right panel, the
# blue dots cover roughly the same region as the orange dots, but they are distributed differently. They form arms
# that reach down and to the upper left, with gaps between them and a dense spot near the center.
#
# For generating images, only the right panel matters directly. When we generate a new image, we sample a code from
# the prior and decode it. The decoder, however, was trained on codes from the aggregate posterior. A sample from the
# prior that falls into one of the gaps in the right panel is therefore a code for which the decoder has hardly been
# trained. In other words, generating images requires a good match in the *right* panel. It does not require each
# ellipse in the *left* panel to look like the prior.
#
# ## The argument against the KL and the answer to it
#
# If only the aggregate posterior matters for generating images, is it a mistake to penalize each approximate
# posterior? This is the question that [Zhao, Song, and Ermon (2017)](https://arxiv.org/abs/1706.02262) raise. We
# discuss it with the smallest possible example. There are two images, A and B, which are equally frequent. There are
# two codes, 0 and 1, and the prior assigns probability 1/2 to each of them. Consider two encoders for this tiny
# world.
#
# - The *informative* encoder always maps A to code 0 and B to code 1.
# - The *uninformative* encoder ignores its input and chooses 0 or 1, each with probability 1/2, for either image.
#
# The two encoders have the same aggregate posterior, because both of them produce each code half of the time. In both
# cases, the aggregate posterior is exactly the prior. The approximate posteriors, however, are very different. For
# the uninformative encoder, each of them equals the prior, so the KL term is zero. For the informative encoder, each
# approximate posterior assigns probability 1 to a single code, to which the prior assigns only 1/2. Its KL is
# therefore $\log(1 / \tfrac12) = \log 2$, or about 0.69 [nats](../docs/glossary.md#nat).
#
# **The argument.** The KL term is smallest when every approximate posterior equals the prior. A code then carries no
# information about its image. A VAE whose codes have become uninformative in this way is said to have undergone
# [posterior collapse](../docs/glossary.md#posterior-collapse), which we observe in
# [lesson 06](06_the_weight_of_the_kl.ipynb#Collapse-as-an-optimum). Zhao and coauthors conclude that we should
# penalize only what we need to avoid: an aggregate posterior that differs from the prior. Both encoders satisfy this
# weaker requirement, so it gives no advantage to the uninformative one.
#
# **The answer.** The KL term does not stand alone. In [lesson 01](01_standard_vae.ipynb), we derived it together with
# the reconstruction term from maximum likelihood, so we have to look at their sum. With informative codes, the
# decoder can reproduce every image exactly, and the reconstruction term of the example is zero. With uninformative
# codes, the decoder cannot tell A from B. If it treats pixels independently, as our decoder does, its best output is
# a gray value of 1/2 wherever the two black-and-white images differ. Each such pixel costs $\log 2$. Suppose, for
# example, that the images differ in 100 pixels. The uninformative encoder then saves a KL of $\log 2$, but it pays
# $100 \log 2$ for the reconstruction, so the informative encoder has by far the lower loss. In fact, it has the lower
# loss as soon as the images differ in more than one pixel.
#
# The answer also shows when the argument is right. Suppose that the decoder can output "either A or B as a whole,
# each with probability 1/2" when the code is uninformative. It then assigns probability 1/2 to the correct image, so
# it pays $\log 2$ once per image instead of once per pixel. In this case, both encoders have the same loss, and
# nothing in the loss favors informative codes. The ELBO does not forbid information. Instead, it charges one nat for
# each nat of information, and a model keeps the information if this saves more than one nat of reconstruction error.
#
# [Hoffman and Johnson (2016)](http://approximateinference.org/accepted/HoffmanJohnson2016.pdf) derived an identity
# that makes this trade-off precise for real images. We start from the logarithm of the ratio between the approximate
# posterior and the prior, whose average is the KL, and insert the aggregate posterior in the middle:
#
# $$ \log \frac{q(z \mid x)}{p(z)} = \log \frac{q(z \mid x)}{q(z)} + \log \frac{q(z)}{p(z)}. $$
#
# This holds for every image $x$ and every code $z$, because $q(z)$ cancels on the right side. Now we average both
# sides over all images and, for each image, over codes sampled from $q(z \mid x)$. The first term becomes the average
# KL from $q(z \mid x)$ to $q(z)$, which is the definition of the mutual information. The second term depends only on
# the code. A code of a random image is a sample from $q(z)$, so the average of this term is the KL from $q(z)$ to
# $p(z)$:
#
# $$ \mathbb E_x\,\mathrm{KL}(q(z \mid x)\,\|\,p(z)) = I(x; z) + \mathrm{KL}(q(z)\,\|\,p(z)). $$
#
# The left side is the KL term of the loss, averaged over images, which is also called the
# [rate](../docs/glossary.md#rate). On the right, $I(x; z)$ is the
# [mutual information](../docs/glossary.md#mutual-information) between images and codes, that is, the number of nats
# that a code conveys about its image. The last term measures how much the aggregate posterior differs from the prior.
# The argument above says that only this last term should be penalized. For the informative encoder of the tiny
# example, the rate of 0.69 nats consists entirely of information, and the last term is zero. Note that our ELBO
# contains the rate, whereas the formula printed in the post contains only this last term. The post's code, however,
# computes the whole rate, as we saw in [lesson 01](01_standard_vae.ipynb).
#
# **Predict.** Which part of the rate is larger for our trained VAE, the mutual information or the difference between
# the aggregate posterior and the prior?
#
# The next cell estimates both parts for 2,000 test images. It samples one code from each approximate posterior,
# computes the three log densities at this code, and averages their differences. The only expensive step is the
# aggregate posterior, because its density at one code is an average over all images.


# %%
def log_normal(z, mean, log_var):
    scaled = (z - mean) ** 2 / np.exp(log_var)
    return -0.5 * np.sum(np.log(2 * np.pi) + log_var + scaled, axis=-1)


n = len(z_mean[:2000])
mean, log_var = z_mean[:n], z_log_var[:n]
noise = np.random.default_rng(seed + 1).standard_normal(mean.shape).astype("float32")
z = mean + np.exp(log_var / 2) * noise  # (n, latent_dim), one code for each image

log_q_given_x = log_normal(z, mean, log_var)  # (n,)
log_q_of_all = log_normal(z[:, None], mean, log_var)  # (n, n), each code with each posterior
log_q = logsumexp(log_q_of_all, axis=1) - np.log(n)  # (n,), log of the average density
log_p = log_normal(z, 0.0, 0.0)  # (n,)

print(f"rate                              {np.mean(log_q_given_x - log_p):.2f} nats")
print(f"mutual information                {np.mean(log_q_given_x - log_q):.2f} nats")
print(f"KL from aggregate to prior        {np.mean(log_q - log_p):.2f} nats")

# %% [markdown]
# The function `measures.decompose_rate` does the same for any number of images. The next cell calls it for all test
# images. It also prints the exact rate, computed with the formula of [lesson 01](01_standard_vae.ipynb).

# %%
rate = float(ops.mean(losses.gaussian_kl(z_mean, z_log_var)))
information, distance = measures.decompose_rate(z_mean, z_log_var, seed)
print(f"rate {rate:.2f} nats per image")
print(f"information {information:.2f} + distance {distance:.2f} = {information + distance:.2f}")

# %% [markdown]
# About 90 % of the rate is mutual information between images and codes. Only the remaining 0.57 nats measure how far
# the aggregate posterior is from the prior. The estimates above from 2,000 images, 5.30 and 0.71 nats, are slightly
# different. The estimate of $q(z)$ at a code is an average over the approximate posteriors of all images, including
# the one from which this code was sampled. With fewer images, this one has a larger share in the average, so the
# estimated density is too high on average. This lowers the estimate of the information and raises that of the
# distance. In summary, most of what the KL term penalizes in our VAE is information. The model keeps this information
# nevertheless, because it reduces the reconstruction error by more than it costs.
#
# An MMD-VAE drops the first part of the rate and measures the second part in another way. As a consequence, the loss
# no longer charges for information. This has a price that we should keep in mind. Without the complete KL term, the
# loss is no longer a bound on $\log p(x)$, so it cannot be read as a likelihood. Note also that not penalizing
# information is not the same as asking for it. If every approximate posterior equals the prior, the aggregate
# posterior does as well, so the new term vanishes for an uninformative encoder, too. The loss does not favor this
# state, because the reconstruction error is much larger in it. Training can nevertheless get stuck there if the model
# samples its codes, as exercise 3 shows. The MMD-VAE of the post does not sample its codes, so an uninformative
# encoder would have to map all images to one point. This point differs strongly from the prior. MMD therefore
# penalizes it, and training does not get stuck there.
#
# ## A kernel gives the similarity of two points
#
# We now need a number that tells us how much the aggregate posterior differs from the prior. The KL divergence
# between the two is a possible answer. However, it is inconvenient for training, because it requires the density
# $q(z)$, and computing this density at a single code involves all images, as we have just seen. Moreover, the model
# that we are about to build has no such density, because it encodes each image as a single point. What we can always
# obtain are *samples* from both distributions. For the aggregate posterior, we encode a batch of images, and for the
# prior, we use a random number generator. We therefore look for a way to compare two distributions by comparing two
# samples.
#
# We start with two points. A **kernel** is a function $k(u, v)$ that says how similar the points $u$ and $v$ are. We
# use the **Gaussian kernel**,
#
# $$ k(u, v) = \exp\!\Big(-\frac{\lVert u - v\rVert^2}{2 \ell^2}\Big), $$
#
# where $\lVert u - v\rVert$ is the distance between the points and $\ell$ is a fixed length, the
# [bandwidth](../docs/glossary.md#bandwidth) of the [kernel](../docs/glossary.md#kernel). A point has similarity 1 to
# itself. As the distance grows, the similarity decreases, slowly at first, and it is almost zero when the distance
# exceeds three bandwidths. The next cell plots the similarity for three kernels. We compute it with a function of our
# own. Its parameter `variance` is $\ell^2$. The function takes two sets of points instead of two points, because we
# will have to compare each point of one set with each point of the other.


# %%
def similarities(u, v, variance):
    squared_distances = np.sum((u[:, None] - v[None, :]) ** 2, axis=2)  # (n, m)
    return np.exp(-squared_distances / (2 * variance))


variances = (0.005, 2.0, 200.0)
distances = np.linspace(0, 8, 200)
origin = np.zeros((1, 1))
similarity = {f"ℓ² = {g:g}": similarities(origin, distances[:, None], g)[0] for g in variances}
lesson.show(
    plotting.curves(("distance between two points", "similarity k", distances, similarity)),
    "Three curves of similarity against distance, which fall from 1 at different speeds.",
)

# %% [markdown]
# The orange curve, with $\ell^2 = 2$ and thus a bandwidth of about 1.4, shows the kernel that we use from here on
# unless we say otherwise. Points at a distance of 1 are similar according to this kernel, while points at a distance
# of 4 have almost no similarity. For the blue kernel, only nearly identical points are similar. For the red kernel,
# by contrast, all distances in the figure are small, so all points are similar.
#
# ## MMD with three points
#
# How do similarities of points become a comparison of samples? Let us work through an example by hand. Suppose that
# an encoder has placed two codes at 0 and 2 on a line, and that the only sample from the prior is at 1. We use the
# kernel with $\ell^2 = 2$, so the similarity of two points $u$ and $v$ is $\exp(-(u - v)^2/4)$.
#
# The **maximum mean discrepancy**, or [MMD](../docs/glossary.md#mmd) for short, compares three averages of
# similarities.
#
# 1. The first average is taken *within the codes*. There are four ordered pairs, including each code with itself. A
#    code has similarity 1 to itself, and the two codes have similarity $\exp(-4/4) \approx 0.368$ to each other, so
#    the average is $(1 + 1 + 0.368 + 0.368)/4 = 0.684$.
# 2. The second average is taken *within the prior samples*. The only prior sample is paired with itself, so the
#    average is 1.
# 3. The third average is taken *between codes and prior samples*. Each code is at a distance of 1 from the prior
#    sample and therefore has a similarity of $\exp(-1/4) \approx 0.779$ to it. The average is thus 0.779.
#
# We add the first two averages, which are taken within each set, and subtract twice the third, which is taken between
# the sets:
#
# $$ \mathrm{MMD}^2 \approx 0.684 + 1 - 2 \cdot 0.779 = 0.126 . $$
#
# **Predict.** Suppose that the encoder moves the code at 2 to 4, away from the prior sample. Which of the three
# averages change, and does MMD² become larger or smaller?
#
# The function in the next cell performs the calculation above in three lines. We apply it to both placements of the
# codes and to a third one, in which both codes are at the prior sample.


# %%
def mmd2_by_hand(u, v, variance=2.0):
    within_u = similarities(u, u, variance).mean()
    within_v = similarities(v, v, variance).mean()
    between = similarities(u, v, variance).mean()
    return within_u, within_v, between, within_u + within_v - 2 * between


prior_sample = np.array([[1.0]])
for codes in ([[0.0], [2.0]], [[0.0], [4.0]], [[1.0], [1.0]]):
    averages = mmd2_by_hand(np.array(codes), prior_sample)
    print(f"codes at {np.ravel(codes)}   ", end="")
    print("within codes {:.3f}, within prior {:.3f}, between {:.3f}, MMD² {:.3f}".format(*averages))

# %% [markdown]
# In the second line, the code at 4 is less similar to the prior sample. The average between the sets therefore falls
# from 0.779 to 0.442, which increases MMD². The codes are also less similar to each other, so the average within the
# codes falls from 0.684 to 0.509, which decreases MMD². The first effect is stronger, because the average between the
# sets counts twice, and MMD² rises from 0.126 to 0.625. In the third line, both codes are exactly at the prior
# sample. All three averages are then equal, and MMD² is zero.
#
# The example shows how MMD² will act on an encoder. Codes that are far from all prior samples make the third average
# small, so minimizing MMD² moves codes toward the prior samples. Codes that crowd together make the first average
# large, so minimizing MMD² also spreads the codes out. The two effects balance when the codes are distributed like
# the prior samples.
#
# ## MMD between two samples
#
# We can now state the general definition. Let $q$ and $p$ be two distributions, for example the aggregate posterior
# and the prior. Then
#
# $$ \mathrm{MMD}^2(q, p) = \mathbb E\,k(u, u') + \mathbb E\,k(v, v') - 2\,\mathbb E\,k(u, v), $$
#
# where $u$ and $u'$ are two independent samples from $q$, while $v$ and $v'$ are two independent samples from $p$,
# and $\mathbb E$ is the average over all such samples
# ([Gretton et al. 2012](https://jmlr.org/papers/v13/gretton12a.html)). The formula expresses the calculation that we
# did with three points. The first two terms are average similarities within each distribution, and the last term is
# the average similarity between them. If $q$ and $p$ are the same distribution, it makes no difference whether we
# compare a point with another point from $q$ or with a point from $p$, so the three averages are equal and MMD² is
# zero. For the Gaussian kernel, the converse is true as well: MMD² is zero *only* if the distributions are equal. The
# [optional reading on characteristic functions](#Optional-reading-on-characteristic-functions) gives the reason.
#
# To get a feel for the numbers, we compare one sample of 500 points from a standard normal distribution with four
# other samples of the same size. The first of them is another sample from the same distribution. The second is
# shifted by 3 to the right, and the third is twice as wide. In the fourth, all points are moved onto a ring around
# the origin. The radius of the ring is chosen so that each coordinate still has mean 0 and variance 1.
#
# **Predict.** In which order will MMD² sort the four samples? Is the ring, which has the correct mean and variance,
# recognized as different?

# %%
random = np.random.default_rng(seed)
first, second = random.standard_normal((2, 500, 2))  # always in two dimensions
others = {
    "same distribution": second,
    "shifted by (3, 0)": second + np.array([3, 0]),
    "twice as wide": 2 * second,
    "ring": np.sqrt(2) * second / np.linalg.norm(second, axis=1, keepdims=True),
}
kernel = mmd.GaussianKernel(variance=2.0)
found = {name: mmd2_by_hand(first, other)[-1] for name, other in others.items()}
for name, other in others.items():
    package = float(mmd.mmd2(first, other, kernel))
    print(f"{name:18} by hand {found[name]:.4f}, by the package {package:.4f}")

# %%
lesson.show(
    plotting.sample_pairs(
        {f"{name}\nMMD² = {found[name]:.4f}": (first, other) for name, other in others.items()}
    ),
    "Four panels of blue and orange points: same distribution, shifted, twice as wide, and a ring.",
)

# %% [markdown]
# In the first panel, MMD² is close to zero, because both samples come from the same distribution. For the shifted
# sample, whose points barely overlap with the blue ones, it is 0.69, by far the largest of the four values. The wide
# sample has the same center but many points outside the blue ones, and its value of 0.16 lies between these extremes.
# The ring has a value of 0.016. This is small, but it is about five times as large as the value in the first panel,
# although the ring and the blue sample have practically the same mean and variance. This means that MMD compares more
# than means and variances. In this case, it also notices that the ring has no points in the middle.
#
# The cell also shows that `mmd.mmd2` of our package gives the same values. It computes the three averages in the same
# way, but faster, and it provides gradients for training. From now on, we use this function.
#
# ## What a bandwidth can and cannot see
#
# So far, we have used a single bandwidth. How much does the result depend on it? The next cell repeats the four
# comparisons with the three kernels that we plotted above.

# %%
pd.DataFrame(
    {
        f"ℓ² = {g:g}": {
            name: float(mmd.mmd2(first, other, mmd.GaussianKernel(g)))
            for name, other in others.items()
        }
        for g in variances
    }
).round(4)

# %% [markdown]
# The middle column contains the values that we have already seen. In the right column, with the very wide kernel,
# only the shifted sample stands out. The wide sample and the ring have values below 0.001 there, so this kernel can
# hardly distinguish them from the sample that has the same distribution. The reason becomes clear if we replace the
# exponential function with its first-order approximation, which is accurate as long as all distances are much smaller
# than $\ell$:
#
# $$ k(u, v) \approx 1 - \frac{\lVert u - v\rVert^2}{2 \ell^2}. $$
#
# With this approximation, MMD² contains only averages of squared distances. The average squared distance between two
# points of $q$ is twice the variance of $q$, and the same is true of $p$. Between a point of $q$ and a point of $p$,
# it is the sum of both variances plus the squared distance between the means $\bar u$ and $\bar v$. In MMD², the
# variances therefore cancel, and what remains is
#
# $$ \mathrm{MMD}^2(q, p) \approx \frac{\lVert \bar u - \bar v \rVert^2}{\ell^2}. $$
#
# In other words, **a very wide kernel compares the means and little else**. We can check the approximation for the
# shifted sample.

# %%
means_apart = np.sum((first.mean(axis=0) - others["shifted by (3, 0)"].mean(axis=0)) ** 2)
shifted = float(mmd.mmd2(first, others["shifted by (3, 0)"], mmd.GaussianKernel(200.0)))
print(f"MMD² with ℓ² = 200: {shifted:.4f}, from the means alone: {means_apart / 200:.4f}")

# %% [markdown]
# The two numbers agree to within a few percent. The left column of the table, with the very narrow kernel, shows the
# opposite problem. Here, two points are similar only if they are less than about 0.1 apart, and in samples of 500
# points there are few such pairs, apart from the pairs of a point with itself. All values in this column are
# therefore small. The shift by 3, which is the most obvious difference in the figure, does not even have the largest
# value. The ring has the largest value, because the points of a thin ring are close together and therefore have more
# close neighbors.
#
# For training, there is a second question: how does MMD² *change* when the samples move? This matters because
# training follows gradients. The next cell shifts the second sample by 0 to 8 to the right and plots MMD² for each
# kernel.
#
# **Predict.** At a shift of 8, the samples do not overlap at all. Which kernel's curve has a slope there, so that a
# gradient can bring the samples together?

# %%
shifts = np.linspace(0, 8, 33)
rising = {
    f"ℓ² = {g:g}": [
        float(mmd.mmd2(first, second + np.array([shift, 0]), mmd.GaussianKernel(g)))
        for shift in shifts
    ]
    for g in variances
}
lesson.show(
    plotting.curves(("shift of the second sample", "MMD²", shifts, rising)),
    "MMD² against the shift for three kernels: flat near 0, rising to 1, and rising slowly.",
)

# %% [markdown]
# The red curve of the wide kernel has a slope at every shift above 0, and it is steepest at the far right. However,
# we have just seen that this kernel notices only the means. The blue curve of the narrow kernel is flat and close to
# zero at all shifts, so it provides practically no gradient. The orange curve, with $\ell^2 = 2$, is steep between
# shifts of 1 and 4. This is the range that matters for samples whose standard deviation is 1. Beyond a shift of 6, it
# is nearly flat, too. At such a distance, all similarities between the samples are close to zero, and moving the
# samples a little does not change that.
#
# A bandwidth therefore has to be chosen according to the distances that occur. If $u$ and $v$ are two samples from a
# standard normal prior in $d$ dimensions, their squared distance is $2d$ on average. Our package sets $\ell^2 = d$.
# Then a typical exponent is $-2d / 2\ell^2 = -1$ in any dimension, so the kernel is neither too steep nor too flat at
# typical distances. In two dimensions, this gives the kernel with $\ell^2 = 2$. As we will see
# [below](#Train-the-MMD-VAE), an untrained encoder maps all images close to the origin. The prior samples are then
# well within the reach of this kernel, so MMD² has a gradient for all codes except those exactly in the middle.
#
# ## Where two samples differ
#
# MMD² tells us *how much* two samples differ. The same similarities can tell us *where* they differ. For a point $z$
# of the latent space, we compare its average similarity to the first sample with its average similarity to the
# second:
#
# $$ f(z) = \mathbb E\,k(u, z) - \mathbb E\,k(v, z). $$
#
# This is the [witness function](../docs/glossary.md#witness-function). It is positive where the first sample has more
# points in the neighborhood of $z$ than the second, and negative where it has fewer. There is a simple connection to
# MMD². If we average $f$ over the first sample and subtract its average over the second, we obtain four terms. Two of
# them are the averages within the samples. The other two are equal, and each is minus the average between the
# samples. The sum of all four is MMD². This connection also explains the name. Consider all weighted sums of kernels
# centered at points, and scale each of them so that it has the same norm. (The norm is a measure of size that belongs
# to the kernel.) Of all these functions, the scaled witness function is the one whose averages, or *means*, over the
# two samples differ the most. This largest difference is the *maximum mean discrepancy*
# ([Gretton et al. 2012](https://jmlr.org/papers/v13/gretton12a.html)). We work with its square, MMD², which is simply
# a sum of averages.
#
# We apply this to the codes of our VAE as the first sample and to samples from the prior as the second.
#
# **Predict.** Look again at the right panel of the first figure. Where should the witness function be positive,
# because the VAE has too many codes there, and where should it be negative?


# %%
def witness(z, u, v, kernel):
    to_u = ops.mean(mmd.kernel_matrix(z, u, kernel), axis=1)
    to_v = ops.mean(mmd.kernel_matrix(z, v, kernel), axis=1)
    return ops.convert_to_numpy(to_u - to_v)


noise, prior = random.standard_normal((2, *z_mean.shape)).astype("float32")
codes = (z_mean + np.exp(z_log_var / 2) * noise)[:5000]  # one from each approximate posterior
prior = prior[:5000]
kernel = mmd.GaussianKernel(mmd.default_variance(latent_dim))  # ℓ² = 2 in two dimensions

averages = [witness(z, codes, prior, kernel).mean() for z in (codes, prior)]
print(f"difference of the averages of f: {averages[0] - averages[1]:.4f}")
print(f"MMD²:                            {float(mmd.mmd2(codes, prior, kernel)):.4f}")

# %%
if lesson.has_two_dimensions(latent_dim):
    points = grid_codes(61)  # a grid from -4 to 4
    vae_witness = witness(points, codes, prior, kernel)
    lesson.show(
        plotting.witness({"VAE": vae_witness}, limit=4),
        "Witness function of the VAE: brown above the center, purple at the lower right.",
    )

# %% [markdown]
# The two printed numbers agree, as they should. In the figure, the darkest brown is above the center, around (0.0,
# 1.7). The VAE has too few codes there. This is the gap between the arms that we saw in the first figure. The darkest
# purple is at the lower right edge of the circle, around (2.4, -0.8), where there are too many codes. The dense spot
# near the center, which is so prominent in the first figure, does not show up here at all. At its position, the
# function is even negative, because there are too few codes in the wider neighborhood. The spot itself is narrower
# than the bandwidth of 1.4, and the kernel averages over such small structures. This is another difference that a
# kernel with this bandwidth cannot see. In exercise 1, you make it visible.
#
# ## The estimate is a little too large
#
# When we compared two samples from the same distribution, MMD² was 0.0033 and not 0. Is this due to chance, or is the
# estimate too large on average? Both are true, and we can calculate the average error. Recall that the averages
# *within* a sample include each point paired with itself. In the example with three points, these pairs contributed
# the two 1s in $(1 + 1 + 0.368 + 0.368)/4$. Such a pair always has similarity 1, while a pair of different points has
# a similarity of $\mathbb E\,k$ on average. In a sample of $n$ points, $n$ of the $n^2$ pairs are pairs of a point
# with itself. A fraction $1/n$ of the pairs therefore has a similarity that exceeds this value by $1 - \mathbb E\,k$,
# so the average over all pairs is too large by $(1 - \mathbb E\,k)/n$. This happens in both samples. If they come
# from the same distribution, the total error is on average
#
# $$ \frac{2\,(1 - \mathbb E\,k)}{n}. $$
#
# This error is called the *bias* of the estimate. For example, $\mathbb E\,k = \tfrac12$ for the prior in two
# dimensions (exercise 4), so the bias is 0.002 for our samples of 500 points and 0.01 for a batch of 100 codes. It
# can be avoided by leaving out the pairs of a point with itself, although the estimate can then be negative. In
# addition, the averages over prior samples can be replaced with integrals, which have a closed form because the prior
# is a normal distribution ([Rustamov 2019](https://arxiv.org/abs/1901.03227)). The next cell compares the three
# estimates on 300 pairs of samples, all from the prior, for which the true value is zero.

# %%
estimates = {"with itself (the post's)": [], "without": [], "without, prior integrated": []}
for _ in range(300):
    u, v = random.standard_normal((2, 100, latent_dim))
    values = mmd.mmd2(u, v, kernel), mmd.mmd2(u, v, kernel, unbiased=True)
    values += (mmd.mmd2_to_normal(u, kernel.variance, unbiased=True),)
    for kept, value in zip(estimates.values(), values, strict=True):
        kept.append(float(value))
for name, values in estimates.items():
    print(f"{name:26} mean {np.mean(values):+.4f}   standard deviation {np.std(values):.4f}")

# %% [markdown]
# The first estimate has a mean of 0.0104, which is the bias that we expected. The means of the other two differ from
# zero only by chance. The last estimate also has less than half the standard deviation of the other two, because it
# does not depend on which prior samples were chosen.
#
# The post trains with the first estimate, and so do we. The bias does no harm there, because training uses only
# gradients. In a batch of 100 codes, 1 % of the pairs in the first average are pairs of a code with itself. Their
# similarity is constant, so they contribute no gradient. The gradient of the first average is therefore 0.99 times
# that of the unbiased estimate. The gradient of the third average is the same for both. In practice, a change of 1 %
# makes no difference. For *measuring* models, however, we use the last estimate in the list, because we want zero to
# mean that there is no difference.
#
# ## The kernel as printed and as meant
#
# If you read [the post](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/) alongside this lesson, you will
# notice that its formula for the kernel is different. In our notation, the post prints
#
# $$ \frac{e^{\lVert u - v\rVert}}{2 \ell^2} \qquad\text{and means}\qquad e^{-\lVert u - v\rVert^2 / 2 \ell^2}. $$
#
# The minus sign and the square are missing, and the division is outside the exponent. What would the printed formula
# do? The next cell evaluates both versions for $\ell^2 = 2$.

# %%
for r in (0.0, 1.0, 3.0):
    print(f"distance {r:.0f}   printed {np.exp(r) / 4:.2f}   meant {np.exp(-(r**2) / 4):.2f}")

# %% [markdown]
# As printed, the "similarity" grows with the distance, so points far apart would count as more similar than points
# close together. The post's code, fortunately, contains the correct formula. It computes the *mean* of the squared
# differences over the $d$ dimensions and divides this mean by $d$ again, so the squared distance is divided by $d^2$.
# This is our kernel with $2 \ell^2 = d^2$. The next cell confirms this for a few random points. It also prints the
# similarity of two points at the typical squared distance $2d$ for both choices of the bandwidth.

# %%
u, v = random.standard_normal((2, 5, latent_dim))
differences = u[:, None, :] - v[None, :, :]  # (5, 5, latent_dim)
post_kernel = np.exp(-np.mean(differences**2, axis=2) / latent_dim)
as_meant = mmd.kernel_matrix(u, v, mmd.GaussianKernel(latent_dim**2 / 2))
print("the same kernel:", np.allclose(post_kernel, as_meant))
for d in (2, 20):
    print(f"d = {d:2}: typical similarity {np.exp(-2 / d):.2f} in the post, {np.exp(-1):.2f} here")

# %% [markdown]
# In two dimensions, the post's choice and ours are the same, because $d^2 / 2 = d = 2$. In 20 dimensions, however,
# the post's choice would be $\ell^2 = 200$, and two typical points of the prior would have a similarity of 0.90. This
# is a step toward the wide kernel above, for which differences in width and shape have much less influence than
# differences in the means. For this reason, our package uses $\ell^2 = d$ instead.
#
# ## From the VAE to the MMD-VAE in three changes
#
# We now have everything that we need to build the second model of the post, which is shown in the right column of
# [the drawing in lesson 01](01_standard_vae.ipynb#Three-models-in-one-drawing). Compared with the VAE in the middle
# column, it makes three changes.
#
# | | VAE | MMD-VAE of the post |
# | --- | --- | --- |
# | [code](../docs/glossary.md#latent-code) | $z = \mu + \sigma \varepsilon$, sampled from $q(z \mid x)$ | $z = \mu$, the output of the encoder itself |
# | reconstruction | binary cross-entropy, summed over pixels | squared error, summed over pixels |
# | regularizer, the term that keeps codes close to the prior | KL of each approximate posterior | 784 times MMD² between the codes of a batch and prior samples |
#
# The first change is that the code is [deterministic](../docs/glossary.md#deterministic-code), that is, not sampled.
# The encoder outputs two numbers, and these are the code. As a result, there is no longer an approximate posterior
# with a width, and the aggregate posterior consists of as many points as there are images. The second change replaces
# the measure of reconstruction error. The third replaces the regularizer and gives the
# [MMD-VAE](../docs/glossary.md#mmd-vae) its name. Only this third change is related to the argument of Zhao and
# coauthors. Their paper describes a whole family of models, in which codes can also be sampled and the KL can be kept
# with a smaller weight. We return to this family in
# [lesson 06](06_the_weight_of_the_kl.ipynb#Two-weights-in-the-InfoVAE).
#
# As a formula, the loss of a batch of $n$ images is
#
# $$ \frac1n \sum_{i=1}^n \lVert x_i - \hat x_i \rVert^2 + 784 \cdot \mathrm{MMD}^2\big(\{z_1, \dots, z_n\},
# \{v_1, \dots, v_n\}\big), $$
#
# where $z_i$ is the code of image $x_i$, $\hat x_i$ is the image decoded from $z_i$, and $v_1, \dots, v_n$ are
# samples from the prior, which are replaced by new ones in each training step. In code, the three changes are three
# lines. (The function `squared_error` applies the sigmoid to the logits of the decoder.)


# %%
def mmd_vae_loss(model, images, prior_samples):
    z = model.encoder(images)  # (n, latent_dim): change 1, no sampling
    reconstruction = losses.squared_error(images, model.decoder(z))  # (n,): change 2
    distance = mmd.mmd2(z, prior_samples, kernel)  # one number for the batch: change 3
    return ops.mean(reconstruction) + 784 * distance


# %% [markdown]
# The third change also affects the shapes of the terms, which were important in [lesson 01](01_standard_vae.ipynb).
# The KL is a number for each image, so it could be averaged together with the reconstruction term. MMD² is a number
# for the *batch*, because a single code cannot be compared with a distribution. In our package, an objective is a
# weighted sum of such terms. The next cell prints the objectives of the two models.

# %%
print(objectives.ELBO.get_config())
print(objectives.POST_MMD.get_config())

# %% [markdown]
# The two lines show the three changes in another form. The entry `sampled` changes from True to False, the entry
# `reconstruction` from the cross-entropy to the squared error, and the term from `KL` with weight 1 to `MMD` with
# weight 784.
#
# ## Why the weight of MMD is 784
#
# The post adds MMD² without any weight, so where does the factor 784 come from? The post uses the *mean* squared
# error of a pixel, while our reconstruction terms are *sums* over the 28 × 28 = 784 pixels of an image. If we
# multiply the whole loss of the post by 784, the mean becomes a sum, and MMD² receives a factor of 784:
#
# $$ 784 \cdot \Big(\frac{\lVert x - \hat x\rVert^2}{784} + \mathrm{MMD}^2\Big) = \lVert x - \hat x\rVert^2 + 784 \cdot
# \mathrm{MMD}^2 . $$
#
# The next cell checks this with an untrained model and one batch of images.

# %%
model = runs.Recipe(dataset_name, objectives.POST_MMD, **settings).build_model()
images = dataset.train_images[:100].astype("float32") / 255
prior_samples = random.standard_normal((100, latent_dim)).astype("float32")

decoded = ops.sigmoid(model.decoder(model.encoder(images)))
distance = mmd.mmd2(model.encoder(images), prior_samples, kernel)
posts = ops.mean(ops.square(images - decoded)) + distance
ours = mmd_vae_loss(model, images, prior_samples)
print(f"the post's loss {posts:.5f}, times 784: {784 * posts:.3f}; ours: {ours:.3f}")

# %% [markdown]
# The two losses differ only by a factor of 784 in front of *everything*. Such a factor has practically no influence
# on training. The Adam optimizer of the post divides each gradient by its recent size, so the factor cancels, and the
# same is true of Nadam, the variant of Adam that we use. Recall that the mistake in
# [lesson 01](01_standard_vae.ipynb) was different. There, the factor of 1/100 was in front of only *one* term, which
# changes the balance between the terms and therefore the model.
#
# The weight of 784 was not chosen for a good balance. It is a consequence of using the mean over pixels. Note also
# that it cannot be compared with the weight of the KL, because MMD² has no unit and is at most 2, while a KL is
# measured in nats and has no upper limit.
#
# ## Train the MMD-VAE
#
# We train the model with the same settings as the VAE.
#
# **Predict.** In [lesson 01](01_standard_vae.ipynb), the KL *rose* during training. Will MMD² rise as well?

# %%
mmd_vae = runs.train(runs.Recipe(dataset_name, objectives.POST_MMD, **settings))

# %%
average = (kernel.variance / (kernel.variance + 2)) ** (latent_dim / 2)  # E k, see exercise 4
bias = 2 * (1 - average) / 100  # for batches of 100 images
lesson.show(
    plotting.loss_curves(mmd_vae.history, unit="per image", levels={"mmd": ("bias", bias)}),
    "Loss, reconstruction error, and MMD² over the epochs, each of them falling.",
)

# %% [markdown]
# In the right panel, MMD² *falls*, from 0.024 in the first epoch to 0.010 in the last. The dashed line is the bias of
# 0.01 that we computed above, which is the average value for two samples from the prior. At the end of training, the
# codes of a batch are therefore nearly indistinguishable from prior samples for this kernel. Why does MMD² fall
# during training, although the KL of the VAE rises? The largest part of the KL is mutual information, and a model
# that learns to describe its images necessarily increases this part. MMD² corresponds only to the other part, the
# difference between the aggregate posterior and the prior. This difference can be small even if the codes are
# informative. After the second epoch, MMD² hardly changes, and the loss decreases only because of the reconstruction
# term.
#
# How do the codes come to match the prior? The next figure shows the model before training, at two early steps, and
# at the end. The upper row contains images decoded from 64 samples of the prior, and the lower row contains the codes
# of the test images.

# %%
steps = mmd_vae.snapshots["steps"]
chosen = np.isin(steps, (0, 50, 200, steps[-1]))
few = {name: mmd_vae.snapshots[name][chosen] for name in ("steps", "samples", "codes")}
lesson.show(
    plotting.evolution(few | {"labels": mmd_vae.snapshots["labels"]}, dataset.class_names),
    "Samples above and codes below, before training, at two early steps, and after training.",
)

# %% [markdown]
# Before training, in the first column, all codes are in one spot at the origin. For a code exactly at the center of
# this spot, the gradient of MMD² is zero, because the prior looks the same in all directions from there. As we saw
# [above](#What-a-bandwidth-can-and-cannot-see), however, there is a gradient for codes next to the center. A training
# step moves all the other codes outward, so small differences between codes grow. After 50 steps, the codes have
# spread out to the dashed circle, while the samples are still gray shapes. After 200 steps, which is a third of the
# first epoch, the codes fill a disk that is nearly as wide as the prior, and the classes are arranged in it like
# slices of a pie. Later, the slices become narrower and gaps appear between them, while most samples hardly change.
#
# ## Compare the two models side by side
#
# Three figures show both models after training: first the codes of the test images, then images decoded from samples
# of the prior, and finally images decoded from a regular grid of codes.

# %%
both_snapshots = {"VAE": vae.snapshots, "MMD-VAE": mmd_vae.snapshots}
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.comparison(both_snapshots, dataset.class_names, pictures=["codes"]),
        "Codes of the test images of the VAE on the left and of the MMD-VAE on the right, by class.",
    )

# %% [markdown]
# The codes show the difference that we expect. Those of the VAE extend beyond the dashed circle on all sides,
# farthest at the top and at the bottom. Those of the MMD-VAE form a rounder shape that stays almost completely within
# the circle. Apart from that, the two latent spaces have much in common. In both of them, footwear is in one region,
# trousers are at the edge, and shirts, coats, and pullovers overlap. The fact that trousers are on the right in one
# model and on the left in the other has no meaning. Nothing in either loss distinguishes left from right, so the
# orientation depends on the random numbers with which training begins.

# %%
lesson.show(
    plotting.comparison(both_snapshots, dataset.class_names, pictures=["samples"]),
    "Images decoded from 64 samples of the prior by the VAE on the left and the MMD-VAE on the right.",
)

# %% [markdown]
# Most samples of both models are recognizable clothes. Do not compare images at the same position, because the two
# decoders place different classes at the same code. In the sixth row of the MMD-VAE, there are a few fragments that
# are not garments. A good match with the prior therefore does not guarantee that every sample is a success.

# %%
if lesson.has_two_dimensions(latent_dim):
    lesson.show(
        plotting.comparison(both_snapshots, dataset.class_names, pictures=["grid"]),
        "Images decoded from a regular grid of codes by the VAE and by the MMD-VAE.",
    )

# %% [markdown]
# In both grids, neighboring images are similar, and each class appears where its codes were in the first of the three
# figures. The grids differ mainly outside the circle. There, most images of the VAE fade or break up, while those of
# the MMD-VAE still have the outlines of garments, although many of them are too bright. The post makes a similar
# observation when it compares its two models. The difference is less important than it looks, however, because only
# 5 % of the samples from the prior fall outside the circle. Inside it, both grids have a few places with incomplete
# images.
#
# For each of the two models, the witness function shows where the aggregate posterior differs from the prior.
#
# **Predict.** How dark will the witness function of the MMD-VAE be on the color scale of the VAE?

# %%
if lesson.has_two_dimensions(latent_dim):
    mmd_codes = mmd_vae.model.encode(dataset.test_images)[:5000]
    both = {"VAE": vae_witness, "MMD-VAE": witness(points, mmd_codes, prior, kernel)}
    lesson.show(
        plotting.witness(both, limit=4),
        "Witness functions of both models on one color scale; that of the MMD-VAE is paler.",
    )

# %% [markdown]
# The right panel is clearly paler than the left one. There is a light purple area to the right of the center and a
# light brown area at the left edge. This means that the MMD-VAE has slightly too many codes to the right of the
# center and slightly too few at the left edge. The standard deviations in the table below show that its codes are
# also a little narrower than the prior.
#
# You can examine both latent spaces yourself. The code under your pointer is decoded immediately, and the test images
# with the closest codes are shown beside it.

# %%
if lesson.has_two_dimensions(latent_dim, "the explorer"):
    display(explorer.compare(vae, mmd_vae, titles=("VAE", "MMD-VAE"), dataset=dataset))

# %% [markdown]
# Try two things. First, move in a straight line from the sneakers to the trousers. How many of the images on the way
# are garments that one could wear? Second, follow the border between two classes in the left latent space. As you
# move the pointer, look at the test image whose code is closest to it. A ring in the right latent space marks the
# code of this image in the other model. Do test images that are neighbors on the left stay neighbors on the right?
#
# The next table measures what we have seen. It contains the mean and the standard deviation of the codes in each
# dimension and MMD² to the prior, estimated without bias. In this and the other tables, the code of an image under
# the VAE is the mean of its approximate posterior. The last two columns measure how much the codes tell us about the
# images. The [15-NN accuracy](../docs/glossary.md#k-nn-accuracy) is the share of test images whose class is predicted
# correctly by a vote of the 15 training images with the nearest codes. The pixel MSE is the mean squared error of a
# pixel after encoding and decoding.

# %%
pd.DataFrame(
    {
        "VAE": measures.summary(vae.model, dataset),
        "MMD-VAE": measures.summary(mmd_vae.model, dataset),
    }
).T.round(4)

# %% [markdown]
# MMD² is 0.0107 for the VAE. For the MMD-VAE, which was trained to make it small, it is 0.0010, less than a tenth of
# that value. The standard deviations of 0.93 confirm that the codes of the MMD-VAE are slightly narrower than the
# prior, for which they would be 1. In the last two columns, the models are close to each other. The VAE is slightly
# better in both, although only the MMD-VAE was trained to reduce squared errors. We will see
# [below](#What-one-seed-can-and-cannot-show) whether this is more than chance.
#
# ## Compare the models of the post
#
# Our models were trained for four epochs with a high learning rate. Does the comparison turn out the same with the
# settings of the post? To find out, we load three models that were trained with its settings, 50 epochs of Adam with
# a learning rate of 0.0001. The first is the VAE *with the post's effective weights*, that is, with a KL weight of
# 1/100, for the reason that we found in [lesson 01](01_standard_vae.ipynb#Sum-or-mean?-Why-the-KL-has-a-weight). The
# second is the same VAE with the standard KL weight of 1. The third is the MMD-VAE. All three are read from the
# folder `runs/` and have the same seed.

# %%
names = {
    "the post's VAE": "fashion_mnist_post-elbo_50-epochs",
    "VAE, standard KL weight": "fashion_mnist_elbo_50-epochs",
    "the post's MMD-VAE": "fashion_mnist_post-mmd_50-epochs",
}
posted = {title: runs.load(name) for title, name in names.items()}
lesson.note_latent_dim(posted["the post's VAE"], latent_dim)
snapshots = {title: run.snapshots for title, run in posted.items()}
lesson.show(
    plotting.comparison(
        snapshots, None, pictures=["codes"]
    ),  # without names, which would hide codes
    "Codes by class of the post's VAE, of the VAE with standard weight, and of the post's MMD-VAE.",
)

# %%
rows = {}
for title, run in posted.items():
    final = run.snapshots["codes"][-1]  # of all test images, after 50 epochs
    inside = np.mean(np.hypot(*final.T) < prior_contours.PRIOR_RADIUS)
    rows[title] = measures.code_statistics(final) | {"in the circle": inside}
    if dataset_name == run.recipe.dataset:
        rows[title] |= measures.summary(run.model, dataset)
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# All latent spaces in the figure have the same scale, the dashed circle contains 95 % of the prior, and the colors of
# the classes are those of the previous figures. We first compare the left panel with the right one, as the post did.
# The difference is as striking as the post says. In the left panel, most codes are outside the circle, toward the
# lower left. According to the table, only 13 % of them are inside. In the right panel, the codes are centered, and
# 99 % of them are inside the circle.
#
# Now cover the left panel with your hand and compare the other two. What remains is a difference of degree. The codes
# of the VAE with the standard KL weight are nearly centered as well, and 97 % of them are inside the circle. (The
# table uses the means of the approximate posteriors. Sampled codes of the VAEs would be spread slightly more widely.)
# Note that a share above 95 % is not better, because it would be 100 % if all codes were at the origin. The codes of
# the MMD-VAE form a rounder shape, and their MMD² is 0.0003, compared with 0.0238 for the VAE.
#
# The next figure shows what the three models decode from the same 64 samples of the prior.

# %%
lesson.show(
    plotting.comparison(snapshots, None, pictures=["samples"]),
    "Images decoded from 64 samples of the prior by the three models with the post's schedule.",
)

# %% [markdown]
# Since samples from the prior are mostly inside the circle, the decoder of the left model receives codes on which it
# was rarely trained. Most of its samples are half one garment and half another. Most samples of the other two models
# are recognizable clothes.
#
# There are thus two ways to bring the codes of the post's VAE into the circle. One is to give the KL its standard
# weight. The other is to replace the KL with MMD and to use codes that are not sampled. Over several seeds, as the
# page of [results](../docs/results.md) shows, each change, made without the other, removes most of the difference in
# the center and the spread of the codes. (The two effects overlap, so their shares do not add up to 100 %.) The
# pictures in the left and right panels therefore do not show that MMD is necessary.
#
# ## What one seed can and cannot show
#
# In the last table, the MMD-VAE has the lowest pixel MSE of the three models. Does this mean that MMD leads to better
# reconstructions? We cannot tell from three models with one seed each, because a model that is trained again with
# another [seed](../docs/glossary.md#seed) gives different numbers. For our [study](../docs/results.md), the models
# were trained with several seeds. (One of its claims is the subject of [lesson 05](05_measuring_a_claim.ipynb).)
# The next cell reads its table and compares the post's MMD-VAE with the VAE that has the standard KL weight. It does
# so for both schedules, the fast one of this lesson and that of the post. The last two columns show for how many
# seeds the VAE has the higher value, and how many seeds there are.

# %%
table, rows = model_table.read(), {}
for schedule in ("fast", "post"):
    clothes = model_table.rows(table, schedule).query("dataset == 'fashion_mnist'")
    for measure in ("MMD² to prior", "15-NN accuracy", "pixel MSE"):
        by_seed = clothes.pivot(index="seed", columns="objective", values=measure)
        of_vae, of_mmd = by_seed["elbo"], by_seed["post-mmd"]
        rows[schedule, measure] = {
            "VAE": f"{of_vae.min():.4f} to {of_vae.max():.4f}",
            "MMD-VAE": f"{of_mmd.min():.4f} to {of_mmd.max():.4f}",
            "VAE higher": np.sum(of_vae > of_mmd),
            "seeds": len(of_vae),
        }
pd.DataFrame(rows).T.rename_axis(["schedule", "measure"])

# %% [markdown]
# The rows of MMD² are clear. With either schedule, the smallest value of the VAE is larger than the largest value of
# the MMD-VAE, so the codes of the MMD-VAE match the prior better for every seed. In the rows of the pixel MSE, the
# VAE has the *lower* error for all ten seeds of the fast schedule. With the schedule of the post, the VAE has the
# higher error for one of the five seeds, and this is the seed of the models that we loaded above. From this seed
# alone, we would have concluded the opposite of what the other four seeds suggest. The VAE has the higher 15-NN
# accuracy for nine of ten seeds with the fast schedule and for three of five seeds with that of the post. With the
# schedule of the post, it therefore remains open which model has the higher accuracy.
#
# More seeds reduce the influence of chance. They do not help with three other limits.
#
# - **The models differ in three ways.** The rounder aggregate posterior may have three causes. MMD penalizes any
#   other shape. Squared errors are smaller numbers than cross-entropies, so any regularizer has relatively more
#   influence. And without sampling, no noise blurs the codes. To separate the three changes, one has to make them one
#   at a time. [Lesson 05](05_measuring_a_claim.ipynb) does this as far as possible. It has to treat MMD and the
#   missing noise as *one* change, for two reasons. Codes without noise cannot be combined with the KL, which would be
#   infinite because it contains $-\log\sigma$. Conversely, when models with both MMD and noise were trained, on two
#   data sets with two reconstruction terms each, three of the four cases collapsed. Only for clothes with
#   cross-entropy can the two changes be separated. When we say that MMD has an effect, we therefore mean MMD together
#   with codes that are not sampled.
# - **A measure can favor the model that was trained on it.** MMD² to the prior is computed with the same kernel that
#   the MMD-VAE was trained with, and we have seen that a kernel does not notice small structures. The page of
#   [results](../docs/results.md) therefore uses MMD² to the prior, evaluated with kernels not used in training. (For
#   every seed in the table, the MMD-VAE is closer to the prior with these kernels as well.)
# - **Looking at samples does not measure their quality.** Sharp outlines can be wrong. Images that look typical can
#   come from a decoder that averages over many training images and has lost their variety. How to measure both
#   quality and variety is another topic of [lesson 05](05_measuring_a_claim.ipynb).
#
# We can conclude that the three changes *together* make the aggregate posterior match the prior more closely, as
# intended. We cannot conclude that the MMD-VAE has better samples, more informative codes, or better reconstructions
# than a VAE with the standard KL weight. For informativeness and reconstruction, the results of the fast schedule
# even point in the opposite direction. With the schedule of the post, the results for these two properties are
# inconclusive.
#
# ## Optional reading on characteristic functions
#
# *You can skip this section and the next. This one uses complex numbers and the Fourier transform.*
#
# Why is MMD² zero only if the two distributions are equal, although it is built from nothing but average
# similarities? The reason is that a Gaussian kernel is itself an average of waves,
#
# $$ k(u, v) = \mathbb E_\omega\, e^{i\omega\cdot(u - v)}, $$
#
# where the frequencies $\omega$ are sampled from the normal distribution $\Lambda = N(0, I/\ell^2)$. A small
# bandwidth thus means many high frequencies, and a large one only low frequencies. We insert this average into the
# definition of MMD². In the first term, we write the wave $e^{i\omega\cdot(u-u')}$ as the product
# $e^{i\omega\cdot u}\,e^{-i\omega\cdot u'}$. Since $u$ and $u'$ are independent, the average of the product is the
# product of the averages. This gives $|\varphi_q(\omega)|^2$ with
#
# $$ \varphi_q(\omega) = \mathbb E\, e^{i\omega\cdot u}, \qquad u \sim q. $$
#
# This is the *characteristic function* of $q$. The second term gives $|\varphi_p(\omega)|^2$ in the same way, and the
# third gives minus twice the real part of $\varphi_q(\omega)\,\overline{\varphi_p(\omega)}$. Together, they form a
# square:
#
# $$ \mathrm{MMD}^2(q, p) = \int |\varphi_q(\omega) - \varphi_p(\omega)|^2\,d\Lambda(\omega). $$
#
# This shows that MMD² is never negative. It is zero only if the two characteristic functions agree at all
# frequencies, because $\Lambda$ has a positive density everywhere and characteristic functions are continuous. A
# distribution is determined by its characteristic function, so the two distributions are then equal
# ([Sriperumbudur et al. 2010](https://jmlr.org/papers/v11/sriperumbudur10a.html)). The next cell computes the
# integral as a sum over 81 × 81 frequencies for the four samples from above.


# %%
def mmd2_by_waves(u, v, variance):
    omega = grid_codes(81, 6 / np.sqrt(variance))  # frequencies up to 6 standard deviations
    weight = np.exp(-variance * np.sum(omega**2, axis=1) / 2)
    phi_u, phi_v = (np.exp(1j * omega @ sample.T).mean(axis=1) for sample in (u, v))
    return np.sum(weight * np.abs(phi_u - phi_v) ** 2) / np.sum(weight)


for name, other in others.items():
    print(f"{name:18} {mmd2_by_waves(first, other, 2.0):.4f}")

# %% [markdown]
# The numbers are those that we found with the three averages. The formula also gives a second view of the bandwidth.
# A wide kernel uses only low frequencies, and at low frequencies, the characteristic functions of distributions with
# equal means are nearly the same. A narrow kernel uses mostly high frequencies, at which the characteristic functions
# of all smooth distributions are nearly zero.
#
# ## Optional reading on Wasserstein autoencoders
#
# The loss of the MMD-VAE does not bound the likelihood. Is there another theory behind it? There is, if we look at
# the loss from a different perspective. The MMD-VAE of the post minimizes a reconstruction cost plus a penalty for
# the difference between the aggregate posterior and the prior. A model of this form is a
# [Wasserstein autoencoder](../docs/glossary.md#wasserstein-autoencoder) with an MMD penalty
# ([Tolstikhin et al. 2017](https://arxiv.org/abs/1711.01558)).
#
# Consider the distribution of the images that the decoder generates from prior samples. The *optimal transport cost*
# between this distribution and that of the real images is the smallest average cost of turning one distribution into
# the other by changing each image into another image. For the squared Euclidean distance, which is our squared error,
# this cost is the square of the 2-Wasserstein distance. An encoder and a decoder together provide one particular way
# of doing this. The encoder maps each real image to a code, and the decoder turns the code into a generated image.
# The reconstruction error is the average cost of changing the images in this way. The optimal transport cost is the
# minimum over all possible ways, so it cannot exceed the reconstruction error. The reconstruction error is therefore
# an upper bound on the squared Wasserstein distance, under the following conditions.
#
# - **The aggregate posterior equals the prior exactly.** Otherwise, the images decoded from codes are not distributed
#   like the images generated from prior samples. In practice, the match is only approximate, so there is no guarantee
#   that the bound holds.
# - **The decoder is deterministic**, that is, it gives one image for each code. This is the case here if we take the
#   output of the decoder itself as the generated image. The encoder may be random.
# - **The cost is the squared Euclidean distance.** Only for this cost does the bound concern the squared Wasserstein
#   distance. For another cost, such as cross-entropy, the interpretation is different.
#
# The loss of the MMD-VAE is therefore related to a distance between all generated and all real images, while the loss
# of a VAE is related to the likelihood of each single image. The two numbers cannot be compared, which is another
# reason to measure models by something other than their losses.
#
# ## What to remember
#
# - The approximate posterior $q(z \mid x)$ belongs to one image, and the aggregate posterior $q(z)$ is the average
#   over all images. The rate of a VAE is the mutual information between images and codes plus the KL from the
#   aggregate posterior to the prior.
# - MMD² compares two samples by means of three averages of similarities, two within the samples and one between them.
#   For the distributions themselves, MMD² is zero if they are the same. The estimate that is used in training is then
#   slightly larger than zero on average.
# - A kernel notices differences on the scale of its bandwidth. A much wider kernel compares only the means, and a
#   much narrower one gives almost no gradient.
# - The post's MMD-VAE differs from a VAE in three ways: it uses codes without noise, squared error, and MMD in place
#   of the KL. A comparison of the two cannot say which of these changes has an effect.
# - In our runs, the aggregate posterior of the MMD-VAE matches the prior more closely. However, the codes of the
#   post's VAE also move into the circle if the KL is given its standard weight.
#
# Next is [lesson 03](03_mnist.ipynb), which repeats the comparison on handwritten digits. All terms are explained in
# the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. For a batch of 100 codes in two dimensions, the post's estimate of MMD² is 0.012. How far are
# the codes from the prior?</summary>
#
# We cannot tell. Two batches that both come from the prior give 0.010 on average because of the bias, with a standard
# deviation of 0.007, so a value of 0.012 is not unusual even for codes that match the prior perfectly.
#
# </details>
#
# <details><summary>2. Two samples have the same mean, and one of them is much wider. What does a kernel with a very
# large bandwidth report?</summary>
#
# It reports an MMD² of nearly zero, because such a kernel compares the means and little else. The table with the
# three bandwidths shows this for the sample that is twice as wide.
#
# </details>
#
# <details><summary>3. The loss of the MMD-VAE is 32 and that of the VAE is 262. Which model is better?</summary>
#
# The losses cannot be compared. The first is a sum of squared errors plus a weighted MMD², while the second is a sum
# of cross-entropies plus a KL in nats. They have different units and different lowest possible values.
#
# </details>
#
# ## On your own
#
# Solutions are in [solutions/02_mmd_vae.ipynb](solutions/02_mmd_vae.ipynb). Exercises 1 and 2 are the easiest, and
# exercise 6 has no single answer. To train another model with an `objective`, use
# `runs.train(runs.Recipe(dataset_name, objective, **(settings | {"epochs": 1})))`. One epoch is enough.
#
# 1. **Change one line.** Plot both witness functions with `mmd.GaussianKernel(0.1)`. Which differences from the prior
#    become visible that the wider kernel does not show?
# 2. **Measure.** The objective `objectives.Objective(losses.squared_error, sampled=False)` has neither a KL nor MMD.
#    Where are the codes now, and how wide is their distribution?
# 3. **Measure.** The objective `objectives.infovae(1, 784, losses.squared_error, sampled=True)` has MMD and samples
#    its codes, but it has no KL. (Its first two arguments are $\alpha$ and $\lambda$. The weight of the KL is
#    $1 - \alpha$, and that of MMD² is $\alpha + \lambda - 1$.) How wide are its approximate posteriors? Compare its
#    loss with that of the MMD-VAE after one epoch. Does the loss favor approximate posteriors of this width, or is
#    training stuck there?
# 4. **On paper.** Derive MMD² between $N(0, I)$ and the same distribution shifted by 3, in two dimensions with
#    $\ell^2 = 2$. (The result is 0.675.) You need one Gaussian integral,
#    $\mathbb E\,e^{-\lVert w \rVert^2 / 2\ell^2}$ for $w = u - v \sim N(c, r I)$, where $c$ is the difference of the
#    two means and $r$ is the sum of the two variances per dimension. We found 0.6925 above for two samples of 500
#    points. Is the difference due to the bias or to chance?
# 5. **Measure.** The objective `objectives.infovae(1, 784, sampled=False)` uses cross-entropy without sampling. Its
#    reconstruction term is about ten times as large as the squared error. Which weight of MMD² makes the two models
#    comparable?
# 6. **Open.** Find a kernel whose MMD² has a slope at a shift of 8 as well as at a shift of 1. Try
#    `mmd.InverseMultiquadraticKernel(4.0)`, or a sum of Gaussian kernels.
#
# ## Further reading
#
# - S. Zhao, J. Song, and S. Ermon,
#   [*InfoVAE: Information maximizing variational autoencoders*](https://arxiv.org/abs/1706.02262), 2017. The paper
#   introduces the family of models to which the VAE and the MMD-VAE belong.
# - M. D. Hoffman and M. J. Johnson,
#   [*ELBO surgery: yet another way to carve up the variational evidence lower bound*](http://approximateinference.org/accepted/HoffmanJohnson2016.pdf),
#   2016. The authors split the rate into its two parts.
# - A. Gretton et al., [*A kernel two-sample test*](https://jmlr.org/papers/v13/gretton12a.html), 2012. This is the
#   standard reference for MMD and the witness function.
# - B. K. Sriperumbudur et al.,
#   [*Hilbert space embeddings and metrics on probability measures*](https://jmlr.org/papers/v11/sriperumbudur10a.html),
#   2010. The authors explain which kernels distinguish all distributions.
# - R. M. Rustamov,
#   [*Closed-form expressions for maximum mean discrepancy with applications to Wasserstein auto-encoders*](https://arxiv.org/abs/1901.03227),
#   2019. The paper derives the estimate that we use for measuring.
# - I. Tolstikhin et al., [*Wasserstein auto-encoders*](https://arxiv.org/abs/1711.01558), 2017. The paper contains
#   the theory of the last optional section.
#
# Core course, lesson 02 · previous: [lesson 01, the standard VAE](01_standard_vae.ipynb) · next:
# [lesson 03, handwritten digits](03_mnist.ipynb) · [glossary](../docs/glossary.md)
