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
# # Solutions: how probable is an image?
#
# These are the solutions to the exercises of [lesson 04](../04_how_probable_is_an_image.ipynb#On-your-own). The
# notebook takes about three minutes on two CPU cores. The numbers in the text belong to the settings in the cell below,
# with one seed. Terms are explained in the [glossary](../../docs/glossary.md).

# %%
import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import norm

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO
from vaelib.support import lesson

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

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit, pixels="threshold")
recipe = runs.Recipe(dataset_name, ELBO, **settings)
dataset = recipe.load_dataset()
vae = runs.train(recipe).model
images, labels = dataset.test_images[:1000], dataset.test_labels[:1000]
names = np.array(dataset.class_names)[labels]


def exact_and_gap(model, images, step):
    """log p(x) and log p(x) - ELBO of each image, in nats."""
    exact = likelihood.log_likelihood(model, images, step)
    elbo = np.mean([likelihood.elbo(model, images, sample) for sample in range(40)], axis=0)
    return exact, exact - elbo


exact, gap = exact_and_gap(vae, images, step)

# %% [markdown]
# ## 1. Measure: importance sampling of fifty images
#
# *For how many images does the estimate differ from the sum over the grid by more than 1 nat, and how many of these
# estimates are too low?*

# %%
rows = {}
for widen in (1.0, 2.0, 4.0):
    found = likelihood.importance_sampled_log_likelihood(vae, images[:50], samples=300, widen=widen)
    error = found - exact[:50]
    rows[f"widen = {widen:g}"] = {
        "off by more than 1 nat": np.sum(np.abs(error) > 1),
        "of these too low": np.sum(error < -1),
        "mean error": error.mean().round(2),
        "lowest error": error.min().round(1),
        "highest error": error.max().round(1),
    }
pd.DataFrame(rows).T

# %% [markdown]
# With `widen = 1`, the estimate is off by more than 1 nat for 24 of the 50 images, and all 24 estimates are too low.
# With `widen = 2` this happens for 7 images, and with `widen = 4` for a single one. The reason is that the mean of the
# approximate posterior is often one or two standard deviations away from that of the true posterior, as we have seen in
# [the lesson](../04_how_probable_is_an_image.ipynb#Forward-and-reverse-KL-divergence). Samples from the unchanged
# distribution then hardly reach the codes that matter, whereas samples from a wider one do. With `widen = 2`, two of
# the seven estimates are too high, by up to 3.9 nats. In such a case, a single code with a very large weight was among
# the 300 samples.
#
# Note that widening is no guarantee. With `widen = 4` one image remains, and its estimate is 16.8 nats too low. The
# reason is probably that its true posterior is so far away that even the wider distribution does not reach it.
#
# ## 2. Change one line: digits
#
# *Which digit has the largest mean gap?*

# %%
digits = "mnist" if dataset_name == "fashion_mnist" else dataset_name
recipe_of_digits = runs.Recipe(digits, ELBO, **settings)
data_of_digits = recipe_of_digits.load_dataset()
vae_of_digits = runs.train(recipe_of_digits).model
coarser = max(step, 0.1)  # which is enough to rank classes
_, gap_of_digits = exact_and_gap(vae_of_digits, data_of_digits.test_images[:1000], coarser)
labels_of_digits = data_of_digits.test_labels[:1000]

# %%
means = pd.Series(gap_of_digits).groupby(labels_of_digits).mean().sort_values()
print(f"mean gap {gap_of_digits.mean():.1f} nats, median {np.median(gap_of_digits):.1f} nats")
print(
    "mean gap by class:",
    ", ".join(f"{data_of_digits.class_names[i]} {v:.1f}" for i, v in means.items()),
)
lesson.show(
    plotting.elbo_gaps(gap_of_digits, labels_of_digits, data_of_digits.class_names),
    f"The gap of each of {len(gap_of_digits):,} images of {digits} as a dot, with a row for each class, medians as bars, "
    f"and means as diamonds. The largest mean is {means.iloc[-1]:.1f} nats and the smallest {means.iloc[0]:.1f}.",
)

# %% [markdown]
# The digit 2 has the largest mean gap, with 13.2 nats, closely followed by the 6 with 12.8 nats. The 9 has the
# smallest, with 3.4 nats. As for clothes, the median of 3.6 nats is much smaller than the mean of 8.9 nats, because a
# few images have very large gaps. (The grid is coarser than in the lesson, with a step of 0.1. The order of classes
# whose means differ by only a few tenths of a nat may change with the grid and with the seed.)
#
# ## 3. On paper: correct for $p$, too low for $\log p$
#
# *Importance sampling is correct on average for $p(x)$, but too low on average for $\log p(x)$. With $K=1$ and
# $r(z)=q(z\mid x)$ the average is the ELBO.*
#
# The average of a single weight $w=p(x\mid z)\,p(z)/r(z)$ with $z$ sampled from $r$ is
#
# $$\mathbb E_r[w] = \int r(z)\,\frac{p(x\mid z)\,p(z)}{r(z)}\,dz = \int p(x\mid z)\,p(z)\,dz = p(x),$$
#
# provided that $r(z)$ is nowhere zero where $p(x\mid z)\,p(z)$ is positive. The mean of $K$ such weights has the same
# average, since the average of a sum is the sum of the averages. The logarithm is a concave function, so Jensen's
# inequality says that $\mathbb E\big[\log\frac1K\sum_k w_k\big]\le\log\mathbb E\big[\frac1K\sum_k w_k\big]=\log
# p(x)$. For $K=1$ and $r(z)=q(z\mid x)$, the left side is $\mathbb E_q[\log p(x\mid z)+\log p(z)-\log q(z\mid x)]$,
# which is the ELBO.
#
# To check this, we take the images whose gaps are at the quartiles and the image with the largest gap. We sample 10,000
# codes from the approximate posterior of each and divide them into groups of $K$. The table shows the average of
# $\log\frac1K\sum_k w_k$ over the groups, minus $\log p(x)$.


# %%
def log_joint(images, z):
    """log p(x|z) + log p(z), shape (images, codes), computed for 5,000 codes at a time."""
    x = images.reshape(len(images), -1) / np.float32(255)
    parts = []
    for part in np.array_split(z, 1 + len(z) // 5000):
        m = vae.decode(part).reshape(len(part), -1).clip(1e-7, 1 - 1e-7)
        parts.append(x @ np.log(m).T + (1 - x) @ np.log(1 - m).T)
    return np.concatenate(parts, axis=1).astype("float64") + norm.logpdf(z).sum(axis=1)


def normal_of_encoder(image):
    """Mean and standard deviation of q(z|x), shape (2,) each."""
    mean, log_var = (part[0].astype("float64") for part in vae.encode_distribution(image[None]))
    return mean, np.exp(log_var / 2)


order = np.argsort(gap)
four = order[[len(gap) // 4, len(gap) // 2, 3 * len(gap) // 4, -1]]
random, columns = np.random.default_rng(seed), {}
for image in four:
    mean, std = normal_of_encoder(images[image])
    z = mean + std * random.standard_normal((10_000, 2))
    log_w = log_joint(images[[image]], z)[0] - norm.logpdf(z, mean, std).sum(axis=1)
    columns[f"gap {gap[image]:.1f}"] = {
        f"K = {k:,}": (logsumexp(log_w.reshape(-1, k), axis=1) - np.log(k)).mean() - exact[image]
        for k in (1, 10, 100, 1_000, 10_000)
    }
pd.DataFrame(columns).round(2)

# %% [markdown]
# The estimates increase with $K$, as they should. For $K=1$ they are the ELBO, so the first row is minus the gap, up to
# the error of the samples. (For the last image it differs by 20 nats from the gap of 557.7, which was estimated from
# only 40 samples. Since we chose this image for its large estimate, the estimate is probably too high. In the lesson,
# the sum over a grid yields 537.67 nats.) For the first two images, 1,000 samples are enough to come within 0.21 nats
# of $\log p(x)$. The last row is a single estimate for each image and not an average, so it may also be slightly too
# high.
#
# For the third image, even 10,000 samples are 4.35 nats short, and for the last image they are 121.09 nats short. This
# does not contradict the derivation. The average of $w$ is $p(x)$ for these images, too, but it depends on samples that
# are so rare that none of them is among the 10,000. That an estimate is correct on average is of little use then.
#
# ## 4. On paper: the best normal distribution by each KL
#
# *The forward KL is smallest for the mean and the variances of $p$. For a tilted normal distribution with correlation
# $\rho$, the reverse KL is smallest for variances of $1-\rho^2$.*
#
# Let $q$ be a normal distribution with means $\mu_d$ and standard deviations $\sigma_d$ for the dimensions $d$. In the
# forward KL, $\mathbb E_p[\log p-\log q]$, only the second term depends on $q$. It is
#
# $$-\mathbb E_p[\log q] = \sum_d\Big(\log\sigma_d+\frac{\mathbb E_p[(z_d-\mu_d)^2]}{2\sigma_d^2}\Big)+\text{constant}.$$
#
# For every $\sigma_d$, this is smallest if $\mu_d$ is the mean of $z_d$ under $p$, because the average squared distance
# from a point is smallest for the mean. The average $\mathbb E_p[(z_d-\mu_d)^2]$ is then the variance $v_d$. The
# derivative of $\log\sigma_d+v_d/(2\sigma_d^2)$ with respect to $\sigma_d$ is $1/\sigma_d-v_d/\sigma_d^3$. It is zero
# for $\sigma_d^2=v_d$, negative below, and positive above, so this is the minimum.
#
# Now let $p$ be the tilted normal distribution with mean zero. Its log density is
# $-\frac12(z_1^2-2\rho z_1z_2+z_2^2)/(1-\rho^2)$ plus a constant. The reverse KL is
# $\mathbb E_q[\log q]-\mathbb E_q[\log p]$. The first term is minus the entropy of $q$, that is, $-\sum_d\log\sigma_d$
# plus a constant. In the second term we need averages under $q$, in which $z_1$ and $z_2$ are independent. If the means
# are zero, which is best by symmetry, the average of $z_1z_2$ is zero and that of $z_d^2$ is $\sigma_d^2$. Together
# this gives
#
# $$\mathrm{KL}(q\,\|\,p) = \sum_d\Big(-\log\sigma_d+\frac{\sigma_d^2}{2(1-\rho^2)}\Big)+\text{constant}.$$
#
# The derivative with respect to $\sigma_d$ is $-1/\sigma_d+\sigma_d/(1-\rho^2)$, which is zero for
# $\sigma_d^2=1-\rho^2$. The variances of $p$ itself are 1, so for a strong correlation the best normal distribution by
# the reverse KL is much narrower. The check uses the functions of the lesson.


# %%
def square_grid(h, reach=5.0, center=(0.0, 0.0)):
    """The coordinates and all codes of a square grid with step h around a center."""
    axis = np.linspace(-reach, reach, 1 + round(2 * reach / h))
    z1, z2 = axis + center[0], axis + center[1]
    return z1, z2, np.stack(np.meshgrid(z1, z2), axis=-1).reshape(-1, 2)


def log_normal(mean, std, codes):
    """Log-probability of each cell under a normal distribution, shape (cells,)."""
    return log_softmax(norm.logpdf(codes, mean, std).sum(axis=1))


def kl(log_q, log_p):
    """KL(q || p) in nats for two discrete distributions."""
    return np.sum(np.exp(log_q) * (log_q - log_p))


def reverse_fit(log_p, codes, start):
    """Mean and standard deviation of the normal distribution that minimizes KL(q || p)."""

    def loss(parameters):
        return kl(log_normal(parameters[:2], np.exp(parameters[2:]), codes), log_p)

    best = minimize(loss, np.concatenate([start[0], np.log(start[1])])).x
    return best[:2], np.exp(best[2:])


rho = 0.9
_, _, coarse_codes = square_grid(0.1)
z1, z2 = coarse_codes.T
log_p = log_softmax(-0.5 * (z1**2 - 2 * rho * z1 * z2 + z2**2) / (1 - rho**2))
print("variances of p:         ", (np.exp(log_p) @ coarse_codes**2).round(3))
_, std = reverse_fit(log_p, coarse_codes, (np.full(2, 0.5), np.ones(2)))
print("variances by reverse KL:", (std**2).round(3), f"and 1 - rho^2 = {1 - rho**2:.3f}")

# %% [markdown]
# Both results agree with the derivation. The variances of $p$, and therefore those of the forward fit, are 1, whereas
# the reverse fit has variances of 0.190. Its standard deviations are thus only $\sqrt{0.19}\approx 0.44$ times as
# large.
#
# ## 5. Measure: images that the VAE generates
#
# *A thousand images are generated from codes of the prior, with each pixel either sampled or set to the more probable
# value. Are they more or less probable than real images?*
#
# For comparison, the last row contains images that are generated by sampling the pixels, but from the codes of real
# images.

# %%
random = np.random.default_rng(seed)
from_prior = vae.decode(vae.prior.sample(1000, seed))
from_real = vae.decode(vae.encode(images))
generated = {
    "prior, sampled pixels": random.random(from_prior.shape) < from_prior,
    "prior, more probable pixels": from_prior > 0.5,
    "real codes, sampled pixels": random.random(from_real.shape) < from_real,
}
generated = {name: pixels * np.uint8(255) for name, pixels in generated.items()}
found = likelihood.log_likelihood(vae, np.concatenate(list(generated.values())), step)
rows = {"real test images": exact} | dict(zip(generated, found.reshape(3, -1), strict=True))
lesson.show(
    plotting.image_rows(
        {"real test images": images[:10]} | {name: made[:10] for name, made in generated.items()}
    ),
    "Four rows of ten black-and-white images. The first shows test images, the second speckled images with sampled "
    "pixels, the third smooth shapes, and the last speckled images that resemble those of the first row.",
)
pd.DataFrame(
    {name: pd.Series(v).describe()[["mean", "25%", "50%", "75%"]] for name, v in rows.items()}
).T.round(1)

# %% [markdown]
# If the pixels are sampled, the generated images are less probable than real ones, with a mean of -227.9 nats compared
# with -172.6 nats. If each pixel gets the more probable value, they are much more probable, with a mean of -111.1 nats.
# These are smooth shapes with hardly any detail. An image of above-average probability is thus not necessarily a
# typical image.
#
# It may be surprising that real images are more probable than the model's own samples. There are two reasons. One is
# noise, because the pixels are sampled independently of each other. The other is that codes from the prior are often in
# regions between the classes, where many pixels have a probability near one half. The last row separates the two.
# Images that are sampled with the same noise, but from the codes of real images, have a mean of -187.2 nats. So about
# 41 of the 55 nats are due to the codes of the prior, in particular to codes between the classes. (The codes in the
# last row are the means of the approximate posteriors of real images.) A good likelihood and good samples are different
# goals, as [Theis, van den Oord, and Bethge (2015)](https://arxiv.org/abs/1511.01844) explain.
#
# ## 6. Open: a full covariance, and another start
#
# *How much of the remaining gap disappears if the normal distribution may be tilted? What happens if the search starts
# from the encoder's distribution?*
#
# A covariance matrix can be written as $LL^\top$ with a lower triangular matrix $L$, so the tilted normal distribution
# has five parameters, two for the mean and three for $L$. Everything else is the same as in the lesson.


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


def tilted_fit(log_p, codes, start):
    """The smallest KL(q || p) of a normal distribution with a full covariance."""

    def loss(parameters):
        lower = np.diag(np.exp(parameters[2:4]))
        lower[1, 0] = parameters[4]
        standardized = np.linalg.solve(lower, (codes - parameters[:2]).T)
        return kl(log_softmax(-0.5 * (standardized**2).sum(axis=0)), log_p)

    return minimize(loss, np.concatenate([start[0], np.log(start[1]), [0.0]])).fun


six = [*order[[len(gap) // 4, len(gap) // 2, 3 * len(gap) // 4]], *order[-3:]]
rows = []
for image in images[six]:
    _, _, codes = grid_around(image)
    log_p = log_softmax(log_joint(image[None], codes)[0])
    encoder, p = normal_of_encoder(image), np.exp(log_p)
    from_encoder = reverse_fit(log_p, codes, encoder)
    from_truth = reverse_fit(log_p, codes, (p @ codes, np.sqrt(p @ (codes - p @ codes) ** 2)))
    rows.append(
        {
            "gap of the encoder": kl(log_normal(*encoder, codes), log_p),
            "search from the encoder": kl(log_normal(*from_encoder, codes), log_p),
            "search from the forward fit": kl(log_normal(*from_truth, codes), log_p),
            "full covariance": tilted_fit(log_p, codes, from_truth),
        }
    )
pd.DataFrame(rows, index=names[six]).round(2)

# %% [markdown]
# A normal distribution with a full covariance removes nearly all of the remaining gap. For each of the six images, at
# most 0.03 nats are left. The approximation gap of these six images is therefore due to the tilt, and not to a bent
# shape or a second mode.
#
# The search from the encoder's distribution ends at the same value as the other one for five of the six images. This is
# remarkable for two of the three boots, whose gaps are 307.15 and 537.67 nats at the start. For the fifth image the
# search stops at 7.29 nats instead of 0.39, probably because it has found a different local minimum. A search that
# starts at the output of the encoder can thus close most of a gap, but a separate search for each image takes much
# longer than one pass through the encoder. The fifth image also shows that a search can miss the smallest value, so the
# approximation gaps in the lesson are strictly speaking upper bounds.
#
# ## 7. On paper: the largest mutual information that can be estimated
#
# *If $q(z)$ is replaced by $\frac1n\sum_i q(z\mid x_i)$, the estimated mutual information is at most $\log n$.*
#
# The estimate is the average over $i$ of $\log q(z_i\mid x_i)-\log\frac1n\sum_j q(z_i\mid x_j)$, where the code $z_i$
# is sampled from $q(z\mid x_i)$. One of the terms of the sum over $j$ is $q(z_i\mid x_i)$ itself, and the others are
# not negative. The sum is therefore at least $q(z_i\mid x_i)$, so the second logarithm is at least
# $\log q(z_i\mid x_i)-\log n$. It follows that every difference is at most $\log n$, and so is their average. The
# difference is equal to $\log n$ in the limit in which all other approximate posteriors have practically no density at
# $z_i$. To check this, we divide all standard deviations by larger and larger numbers.

# %%
z_mean, z_log_var = vae.encode_distribution(dataset.test_images[:2000])
print(f"logarithm of the number of images, log {len(z_mean):,} = {np.log(len(z_mean)):.3f}")
for factor in (1, 2, 4, 16, 256, 4096):
    mutual, _ = measures.decompose_rate(z_mean, z_log_var - 2 * np.log(factor), seed)
    print(f"standard deviations divided by {factor:5,}: mutual information {mutual:.3f} nats")

# %% [markdown]
# With the approximate posteriors of the encoder, the mutual information is 5.827 nats. As they become narrower, it
# increases to $\log 2{,}000\approx 7.601$ nats and no further. If the standard deviations are divided by 256, the
# approximate posteriors no longer overlap, and each code identifies its image among the 2,000. The estimate cannot show
# whether the codes contain even more information.
