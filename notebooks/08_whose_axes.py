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
# # Whose axes? When the coordinates of a latent space have a meaning
#
# Going further, lesson 08 · needs: [lesson 00, faces](00_faces.ipynb) and
# [lesson 01, the standard VAE](01_standard_vae.ipynb) · previous:
# [lesson 07, your own images](07_your_own_images.ipynb) · next: [lesson 09, better priors](09_better_priors.ipynb) ·
# [glossary](../docs/glossary.md)
#
# In [lesson 00](00_faces.ipynb) we trained a [VAE](../docs/glossary.md#vae) on drawn faces that differ in two
# [factors of variation](../docs/glossary.md#factor-of-variation), their [valence](../docs/glossary.md#valence) and
# their [intensity](../docs/glossary.md#intensity). The codes captured both factors, but along slanted directions, so
# each axis of the latent space was a mixture of the two. Many papers aim for more. In their models, each axis should
# stand for one factor, so that changing one coordinate of a code changes one property of the image. Codes with such
# axes are called *disentangled*, and the aim is called **[disentanglement](../docs/glossary.md#disentanglement)**.
#
# When can we expect such axes? This lesson looks for the answer. We first measure how far our codes are from being
# disentangled. Then we look at a theorem, according to which no loss can find the right axes from images alone.
# Finally, we find the axes with the help of an additional assumption, and we see that the same method fails when the
# assumption is wrong.
#
# **What you'll do**
#
# - compute three common measures of disentanglement by hand, and compare their values with those of a perfect code;
# - compare three kinds of models with ten [seeds](../docs/glossary.md#seed) each;
# - find the axes of valence and intensity without a single [label](../docs/glossary.md#label), and make the same method
#   fail by changing nothing but the distribution of the factors;
# - look at real faces, the frames of a film, for which nobody has written down the factors.
#
# **What you'll learn**
#
# - what the measures SAP, MIG, and DCI compute, and what their values can and cannot tell us;
# - why a rotation of the latent space changes them although it does not change the information in the codes;
# - what it means that a model is [identifiable](../docs/glossary.md#identifiability).
#
# **What you'll need**
#
# - [Lesson 00](00_faces.ipynb), and the terms [approximate posterior](../docs/glossary.md#approximate-posterior) and
#   [KL divergence](../docs/glossary.md#kl-divergence) from [lesson 01](01_standard_vae.ipynb). You should know what a
#   correlation and a logarithm are. The notebook takes about two minutes on two CPU cores.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [The same codes with other axes](#The-same-codes-with-other-axes) | What does a rotation change, and what does it leave as it is? |
# | [Three measures of disentanglement](#Three-measures-of-disentanglement) | How can we put a number on it? |
# | [What does a perfect code reach?](#What-does-a-perfect-code-reach?) | Is a MIG of 0.49 good or bad? |
# | [Does another loss choose our axes?](#Does-another-loss-choose-our-axes?) | Do other models have better axes? |
# | [Identifiability](#Identifiability) | Can any loss find the axes from images alone? |
# | [An assumption that helps](#An-assumption-that-helps) | What do we have to assume in order to find them? |
# | [Real faces in time](#Real-faces-in-time) | What can we say if nobody knows the factors? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions), [On your own](#On-your-own) | Did you understand it, and what can you try? |

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import kurtosis, ttest_ind

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import face_tables as tables
from vaelib import data, objectives, plotting, runs
from vaelib.data.builtin import faces, frey
from vaelib.measures import disentanglement as measured
from vaelib.support import lesson
from vaelib.support.latent_grid import grid_codes

# %% tags=["parameters"]
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), epochs=4, seed=0, limit=None)

# %% [markdown]
# ## The same codes with other axes
#
# We begin with the VAE of [lesson 00](00_faces.ipynb), which we train again because it takes only a few seconds. It
# receives drawn faces without labels, and describes each face by two numbers, z1 and z2. As in that lesson, *the*
# code of a face is the center that the encoder outputs. The function `measured.best_rotation` then searches for the
# angle by which we have to rotate the codes so that one axis predicts valence as well as possible and the other axis
# predicts intensity as well as possible. Note that this search uses the labels, which the VAE has never seen.

# %%
dataset = data.load("faces")
vae = runs.train(runs.Recipe("faces", epochs=epochs, seed=seed, limit=limit))
codes, factors = vae.model.encode(dataset.test_images), dataset.test_factors
angle, *_ = measured.best_rotation(codes, factors)
rotated = measured.rotate(codes, angle)

# %%
known = dict(zip(tables.FACTORS, factors.T, strict=True))
lesson.show(
    plotting.latent_space_by_factor(rotated, known),
    f"The codes of 2,000 test faces after a rotation by {angle:.0f} degrees, in two panels. Colors show that valence "
    "changes along the first axis and intensity along the second axis.",
)

# %% [markdown]
# Compare this figure with the one in the section [The latent space](00_faces.ipynb#The-latent-space) of lesson 00. The
# set of dots is the same, but it has been rotated by 62 degrees, so that valence now increases along the horizontal
# axis and intensity along the vertical one. (The rotated axes are still called z1 and z2 in the figure.)
#
# What has changed, and what has not? The next table answers this question with three numbers for each factor. The first
# two measure how well a factor can be predicted from both coordinates of a code, by a
# [k-nearest-neighbor probe](../docs/glossary.md#k-nearest-neighbor-probe) and by a
# [linear probe](../docs/glossary.md#linear-probe). (The two probes are fitted to one half of the faces and evaluated on
# the other half.) The third number uses only one coordinate. It is the squared correlation of the factor with the
# better of the two axes, computed from all faces. All of them are values of [R²](../docs/glossary.md#r-squared), that
# is, shares of the variance of the factor that a prediction explains.
#
# **Predict.** Which of the three rows will change when the codes are rotated?


# %%
def predictability(codes, factors):
    return {
        "15 nearest codes, z1 and z2": measured.knn_r2(codes, factors),
        "linear probe, z1 and z2": measured.linear_r2(codes, factors),
        "the better axis alone": measured.axis_r2(codes, factors).max(axis=0),
    }


pd.concat(
    {
        name: pd.DataFrame(predictability(axes, factors), index=tables.FACTORS).T
        for name, axes in {"as they are": codes, f"rotated by {angle:.0f}°": rotated}.items()
    },
    axis=1,
).round(3)

# %% [markdown]
# The first two rows do not change. A rotation preserves all distances, so each code keeps its nearest neighbors. The
# linear probe can use any direction, so it finds the rotated direction as easily as the original one. In other words,
# the rotation has not changed what the codes tell us about the faces. Only the last row changes, because it depends on
# the axes. Before the rotation, the better axis explains 0.695 of the variance of valence. Afterwards it explains
# 0.940, which is practically the same as the 0.937 of the linear probe with both coordinates. (It is even slightly
# higher, because the probe is evaluated on faces to which it was not fitted.)
#
# ## Three measures of disentanglement
#
# With two factors and two axes, we can look at a figure. With ten factors and twenty axes this is no longer possible,
# so we need a number that says how well the axes and the factors correspond. Several measures have been proposed. We
# consider three that are widely used. All of them need the true factors, and each of them ranges from 0 (worst) to 1
# (best).
#
# To see what they compute, we use the smallest possible example. Imagine two coins, which are tossed independently.
# Each of them is a factor with the values 0 and 1, and there are four equally likely outcomes. The first code simply
# consists of the two coins. For the second code we rotate the first one by 45 degrees, so that (apart from a constant
# factor) one axis is the sum of the coins and the other axis is their difference. Both codes allow us to tell exactly
# how the coins fell.

# %%
coins = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])  # all outcomes, each with probability 1/4
sum_and_difference = np.stack([coins[:, 0] + coins[:, 1], coins[:, 0] - coins[:, 1]], axis=1)
pd.DataFrame(
    np.hstack([coins, sum_and_difference]),
    columns=["first coin", "second coin", "sum", "difference"],
)

# %% [markdown]
# **SAP** is short for separated attribute predictability ([Kumar et al. 2018](https://arxiv.org/abs/1711.00848)). For
# each factor, it compares the two axes that predict the factor best:
#
# $$\mathrm{SAP} = \frac{1}{F} \sum_{f=1}^{F} \left( R^2_{1f} - R^2_{2f} \right).$$
#
# Here, $F$ is the number of factors, $R^2_{1f}$ is the largest squared correlation of any axis with factor $f$, and
# $R^2_{2f}$ is the second largest. The difference is large if one axis predicts the factor and no other axis does. For
# the first code of the coins, the squared correlations of the first coin with the two axes are 1 and 0, so SAP is 1.
# For the second code, both are 1/2, and SAP is 0.
#
# **MIG** is short for mutual information gap ([Chen et al. 2018](https://arxiv.org/abs/1802.04942)). It has the same
# form, but it replaces the squared correlation with the [mutual information](../docs/glossary.md#mutual-information),
# which also detects relations that are not linear:
#
# $$\mathrm{MIG} = \frac{1}{F} \sum_{f=1}^{F} \frac{I_{1f} - I_{2f}}{H_f}.$$
#
# Here, $I_{1f}$ is the mutual information, in [nats](../docs/glossary.md#nat), of factor $f$ and the axis that tells us
# most about it, and $I_{2f}$ is that of the second-best axis. The entropy $H_f$ is the number of nats that it takes to
# specify the factor completely. A coin has $H = \log 2 \approx 0.69$ nats. What does the sum of both coins tell us
# about the first coin? If the sum is 0 or 2, which happens in half of the cases, we know the coin exactly. If the sum
# is 1, we know nothing. On average, the sum therefore provides half of the 0.69 nats, and the difference provides the
# other half. The gap between the two is 0, and so is MIG. For the first code, MIG is 1, because one axis provides all
# of the 0.69 nats and the other axis none. The next cell checks this by counting. For quantities like valence, which
# are not discrete, `measured.mig` sorts the values of each axis and of each factor into 20 bins, with equally many
# values in each bin. The entropy $H_f$ is then $\log 20$, which is about 3.0 nats.


# %%
def mutual_information(axis, factor):
    """Compute the mutual information of two discrete variables in nats by counting."""
    counts = pd.crosstab(axis, factor).to_numpy()
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    occurs = joint > 0
    return (joint[occurs] * np.log(joint[occurs] / independent[occurs])).sum()


first_coin = coins[:, 0]
for name, code in {"the coins": coins, "sum and difference": sum_and_difference}.items():
    r2 = [np.corrcoef(axis, first_coin)[0, 1] ** 2 for axis in code.T]
    nats = [mutual_information(axis, first_coin) for axis in code.T]
    print(f"{name}: R² of the axes {r2[0]:.2f} and {r2[1]:.2f}, ", end="")
    print(f"mutual information {nats[0]:.3f} and {nats[1]:.3f} of {np.log(2):.3f} nats")

# %% [markdown]
# **DCI** is named after the three scores that it consists of, disentanglement, completeness, and informativeness
# ([Eastwood and Williams 2018](https://openreview.net/forum?id=By-7dz-AZ)). We use the first of them. A regression
# (here a random forest, which combines many decision trees) predicts each factor from all axes. The forest also yields
# an importance for each axis, which is the total by which the error falls when a tree asks about this axis. An axis is
# disentangled if it is important for one factor only. Let $p_{jf}$ be the importance of axis $j$ for factor $f$,
# divided by the total importance of this axis, so that the shares $p_{jf}$ of an axis add up to 1. Then the score of
# axis $j$ is
#
# $$1 - \frac{H_j}{\log F}, \qquad H_j = - \sum_{f=1}^{F} p_{jf} \log p_{jf}.$$
#
# The entropy $H_j$ is 0 if all of the importance belongs to one factor, and it has its largest value, $\log F$, if all
# factors have the same share. For example, an axis with shares of 0.9 and 0.1 has $H_j = 0.325$, and with two factors
# $\log F = 0.693$, so its score is $1 - 0.325 / 0.693 = 0.53$. DCI is the average of these scores, weighted by the
# total importance of each axis. For the two coins themselves, it is 1. For their sum and difference, it is 0, because
# each of these axes is equally important for both coins.
#
# The three measures do not answer the same question. SAP and MIG measure, for each factor, whether only one axis
# predicts it. DCI measures, for each axis, whether it predicts only one factor, which is the question with which this
# lesson began. An axis that contains two factors can have a high MIG, but it cannot have a high DCI. With two factors
# and two axes, the measures mostly agree.
#
# ## What does a perfect code reach?
#
# We can now compute the three measures for our VAE. The MIG of its rotated codes will turn out to be 0.49, but this
# number means little unless we know which values are possible. We therefore compute the same measures for codes that we
# construct ourselves from the true factors of the test faces. (Each factor is shifted and scaled so that its mean is 0
# and its variance is 1.)
#
# - A *perfect* code consists of the two factors themselves, and nothing else.
# - In a *curved* code, each axis is the third power of a factor. Nothing is lost, because we can take the cube root.
# - In a *noisy* code, each axis is a factor plus random noise with a standard deviation of 0.2.
# - Two codes are perfect codes that were rotated by 22.5 and 45 degrees.
# - A *random* code has nothing to do with the faces.
#
# **Predict.** Which of the three measures is 1 for the curved code? The noise lowers R² by only 0.04. How much will
# it lower the three measures?

# %%
standardized = (factors - factors.mean(axis=0)) / factors.std(axis=0)
generator = np.random.default_rng(seed)
noise = generator.standard_normal(standardized.shape)
constructed = {
    "perfect": standardized,
    "curved": standardized**3,
    "noisy": standardized + 0.2 * noise,
    "perfect, rotated by 22.5°": measured.rotate(standardized, 22.5),
    "perfect, rotated by 45°": measured.rotate(standardized, 45),
    "random": generator.standard_normal(standardized.shape),
    "VAE, as they are": codes,
    f"VAE, rotated by {angle:.0f}°": rotated,
}


def three_measures(codes, factors):
    return {
        "SAP": measured.sap(codes, factors),
        "MIG": measured.mig(codes, factors),
        "DCI": measured.dci(codes, factors)["disentanglement"],
    }


rows = {
    name: three_measures(code, factors)
    | {"R² of 15 nearest codes": measured.knn_r2(code, factors).mean()}
    for name, code in constructed.items()
}
pd.DataFrame(rows).T.round(2)

# %%
angles = np.arange(0, 91, 7.5)
compared = {"perfect code": standardized, "noisy code": constructed["noisy"], "VAE": codes}
by_angle = {
    name: pd.DataFrame([three_measures(measured.rotate(code, a), factors) for a in angles])
    for name, code in compared.items()
}
lesson.show(
    plotting.curves(
        *[
            (
                "rotation in degrees",
                measure,
                angles,
                {name: values[measure] for name, values in by_angle.items()},
            )
            for measure in ("SAP", "MIG", "DCI")
        ]
    ),
    "Three panels with SAP, MIG, and DCI of three codes for rotations from 0 to 90 degrees. The curves of the perfect and of "
    "the noisy code fall from their largest value at 0 degrees to 0 at 45 degrees and rise again. The curve of the VAE has "
    "its maximum near 60 degrees. In the panel of MIG, the noisy code and the VAE reach only half of the perfect code.",
)

# %% [markdown]
# Let us read the table from top to bottom. For the perfect code, SAP and DCI are 1.00, but MIG is only 0.97. It is a
# little too low because we estimate mutual information by counting 2,000 faces in 20 × 20 pairs of bins. By chance,
# some of these pairs contain a few more faces than others, so even two independent quantities appear to be slightly
# dependent. For this reason, the second axis seems to contain some information about each factor (exercise 2).
#
# The curved code shows what SAP overlooks. Each axis still belongs to exactly one factor, and MIG and DCI do not
# change at all, because both depend only on the order of the values on an axis. (For MIG, this is true because each
# bin contains equally many values. It would not be true for bins of equal width.) SAP decreases to 0.84 because a
# straight line does not fit a cubic curve. (The prediction from the 15 nearest codes also becomes a little worse.
# Where the cubic curve is flat, different values of a factor have almost the same coordinate. The nearest codes are
# then found mainly by the other coordinate.)
#
# The noisy code shows the most important point of this table. Its axes are as well aligned with the factors as those
# of the perfect code, and R² decreases by only 0.04. Nevertheless, MIG decreases to 0.47, that is, to half of its
# value. The reason is that MIG asks for the exact bin of a value. The noise often moves a value into a neighboring
# bin, which costs many nats but changes R² very little. A MIG of 0.47 therefore does not mean that each axis is a
# mixture of both factors. Even with perfectly aligned axes, codes of this accuracy have a MIG of only about 0.47.
#
# The two rotated codes show the opposite case. They contain everything about the factors, as the last column shows, but
# with a rotation by 45 degrees all three measures are practically 0. They do not differ from those of the random code,
# which contains nothing. A small value therefore does not tell us whether the information is missing or whether only
# the axes are different.
#
# Now we can judge the VAE. Before the rotation, its codes have a MIG of 0.17, and afterwards 0.49. The noisy code,
# whose R² is nearly the same (0.96 instead of 0.97), reaches 0.47. The rotated axes are therefore about as good as
# possible for codes of this accuracy. The figure shows how the measures change as the codes are rotated from 0 to 90
# degrees. All curves of the perfect and the noisy code reach their maximum at 0 and 90 degrees and almost vanish at
# 45 degrees. The red curve of the VAE has the same shape, but it is shifted, and its maximum is near 60 degrees. If
# we reported the measures of this VAE, we would report the values at 0 degrees, which depend on the seed by chance.
#
# ## Does another loss choose our axes?
#
# So far we have looked at one VAE. A different loss may lead to better axes. The [β-VAE](../docs/glossary.md#beta-vae)
# was proposed for this purpose ([Higgins et al. 2017](https://openreview.net/forum?id=Sy2fzU9gl)). It multiplies the KL
# divergence in the loss by a number β above 1. The [MMD-VAE](../docs/glossary.md#mmd-vae) of
# [lesson 02](02_mmd_vae.ipynb) has no KL divergence for each image, and requires only that all codes together be
# distributed like the prior. The file `study/tables/faces.csv` contains the results of ten VAEs, ten β-VAEs with β = 4,
# and ten MMD-VAEs with the weights of the blog post that lesson 02 discusses. All of these models were trained on the
# same faces for four epochs, with the seeds 0 to 9. The next figure shows the directions in which valence and intensity
# increase, as in [lesson 00](00_faces.ipynb#The-factors-are-found,-the-axes-are-not). An arrow is pale if a linear
# probe predicts the factor poorly, since the direction of such an arrow does not mean much.
#
# **Predict.** In which of the three rows do you expect the arrows to be closest to the axes?

# %%
table = tables.read_drawn()
groups = {
    tables.TITLES[name]: table[table.objective == name].set_index("seed")
    for name in tables.OBJECTIVES
}
directions, reliability = (
    {
        title: group[[f"{word}, {factor}" for factor in tables.FACTORS]].to_numpy()
        for title, group in groups.items()
    }
    for word in ("angle", "linear R²")
)
lesson.show(
    plotting.factor_directions(directions, tables.FACTORS, reliability),
    "Three rows of ten circles with an arrow for valence and an arrow for intensity. In the row of β = 4 all arrows have "
    "their full color and most are close to an axis. In the other two rows the arrows point in all directions, and several "
    "arrows for valence are pale.",
)

# %% [markdown]
# In the middle row most arrows are close to an axis, which is not true of the other two rows. The next table puts
# this into numbers. Its first rows describe the arrows of the *reliable* runs, that is, those in which the linear
# probe predicts both factors with an R² of at least 0.9. We compute the angle between an arrow and the nearest axis,
# which is 45 degrees at most. If the directions were random, it would be 22.5 degrees on average. The other rows give
# the mean and the standard deviation of each measure over all ten runs, both for the codes as they are and after the
# best rotation. The best rotation is the one that maximizes the mean squared correlation between factors and axes.

# %%
columns = {}
for title, group in groups.items():
    reliable = (reliability[title] >= 0.9).all(axis=1)
    turned = directions[title][reliable] % 90
    to_axis = np.minimum(turned, 90 - turned)
    columns[title] = {
        "reliable runs": f"{reliable.sum()} of {len(group)}",
        "mean angle to the nearest axis": f"{to_axis.mean():.0f}°",
        "largest angle to the nearest axis": f"{to_axis.max():.0f}°",
    }
    for measure in ("SAP", "MIG", "DCI"):
        for axes in ("as they are", "best rotation"):
            values = group[f"{measure}, {axes}"]
            columns[title][f"{measure}, {axes}"] = f"{values.mean():.2f} ± {values.std():.2f}"
pd.DataFrame(columns)

# %% [markdown]
# The β-VAEs are indeed different. In nine of the ten runs both arrows are reliable, and all of these arrows are
# within 23 degrees of an axis, with a mean of 11 degrees. Could this be due to chance? If the directions were random,
# a single arrow would be within 23 degrees of an axis with a probability of 23/45. Taking only one arrow of each run
# into account, the probability that this happens in all nine runs is $(23/45)^9$, or about 0.2 %. With both arrows it
# is at most as large. (We thought of this calculation only after we had seen the arrows, so it is
# [exploratory](../docs/glossary.md#exploratory).) The six reliable VAEs have a mean of 24 degrees, which is what
# random directions would give. Only two of the MMD-VAEs reach an R² of 0.9 for both factors (seeds 3 and 8 miss it
# narrowly), and two runs are too few to say anything about their directions.
#
# The lower part of the table shows why a measure should be compared with its value after the best rotation. The mean
# MIG increases from 0.23 for the VAE to 0.37 for the β-VAE, so one might conclude that β = 4 separates the factors
# better. However, after the best rotation, the VAE has a mean MIG of 0.37 as well, and the β-VAE has 0.46. The
# difference between the models is thus 0.14 before and 0.09 after the best rotation, so only 0.05 of it comes from
# the axes. The larger part has another reason, which we saw in
# [lesson 00](00_faces.ipynb#The-factors-are-found,-the-axes-are-not). In four of the ten VAEs, valence does not
# increase in a single direction after four epochs, and in one of them a large part of the information about valence
# is missing. After the best rotation, the mean of every measure is clearly higher for all three models. For example,
# SAP increases from 0.86 to 0.94 for β = 4. A small increase would prove nothing, because the best rotation is chosen
# with the labels. Increases of this size show that none of the losses reliably finds the best axes.
#
# ### Why a loss can prefer some axes
#
# The arrows of the β-VAEs are close to the axes, so their loss seems to prefer these axes. Why should a loss prefer any
# axes at all? [Rolínek et al. (2019)](https://arxiv.org/abs/1812.06775) offer an explanation, which is based on the
# shape of the approximate posterior. It is a normal distribution whose covariance is diagonal, so it can be narrow
# along z1 and wide along z2, but it cannot be narrow along a slanted direction. Suppose that the decoder needs valence
# precisely, so that a code may vary in the direction of valence with a standard deviation of only 0.1. In the direction
# of intensity, it may vary with a standard deviation of 0.2. If valence lies along z1 and intensity along z2, the
# encoder can output exactly these two standard deviations. If the factors lie along the diagonals, it has to use the
# same one for both axes, and the loss becomes larger.
#
# We can compute how much larger it becomes. Suppose for a moment that the approximate posterior could have any
# covariance matrix, including those that are narrow along a slanted direction. Let $A$ be the inverse of the
# covariance matrix that would then minimize the loss for an image. In our example it is
# $\mathrm{diag}(1/0.1^2, 1/0.2^2) = \mathrm{diag}(100, 25)$ if the factors lie along the axes. Among the normal
# distributions with a diagonal covariance, the closest one in terms of the KL divergence has the variances $1/A_{11}$
# and $1/A_{22}$. (To see this, set the derivative with respect to each variance to 0.) The KL divergence that remains
# is
#
# $$\tfrac{1}{2} \left( \log A_{11} + \log A_{22} - \log \det A \right).$$
#
# It is never negative, and it is 0 only if $A$ is diagonal (this is known as Hadamard's inequality). The next cell
# computes it for three rotations of this example, and for a second example in which the decoder needs both factors with
# the same precision.


# %%
def cost_of_axes(inverse_covariance, angle):
    """Compute the KL divergence in nats that remains after a rotation, for matrices (..., 2, 2)."""
    to_new_axes = measured.rotate(np.eye(2), angle)
    rotated = to_new_axes.T @ inverse_covariance @ to_new_axes
    diagonal = np.diagonal(rotated, axis1=-2, axis2=-1)
    return (np.log(diagonal).sum(axis=-1) - np.log(np.linalg.det(rotated))) / 2


examples = {"deviations 0.1 and 0.2": [100.0, 25.0], "deviations 0.1 and 0.1": [100.0, 100.0]}
pd.DataFrame(
    {
        f"{angle}°": {
            name: cost_of_axes(np.diag(precisions), angle) for name, precisions in examples.items()
        }
        for angle in (0.0, 22.5, 45.0)
    }
).abs().round(3)

# %% [markdown]
# In the first row, the loss is 0.223 nats larger for the worst axes than for the best ones. In the second row, there
# is no such difference. If both factors are needed with the same precision, no axes are preferred at all.
#
# Which precision does the decoder of our VAE need? Consider a small step $\Delta$ away from the code of an image.
# This step changes the decoded pixels $m_i$, and with them the reconstruction term. We average over a step and the
# opposite step, and assume that the decoded pixels were close to the pixels of the image before the step. Then the
# reconstruction term increases by about $\frac{1}{2} \Delta^\top B\, \Delta$, where
#
# $$B = \sum_i \frac{g_i\, g_i^\top}{m_i (1 - m_i)}$$
#
# and $g_i$ is the vector of the two derivatives of pixel $m_i$ with respect to z1 and z2. The fraction comes from the
# second derivative of the [binary cross-entropy](../docs/glossary.md#binary-cross-entropy) with respect to $m_i$, for
# a pixel that is decoded correctly. In words, $B$ is large in directions in which a small step changes the image
# strongly, so the code has to be precise in these directions. The prior has the inverse covariance $I$, the identity
# matrix. For a β-VAE, we first divide the loss by β. It then consists of the KL divergence and of $1 / \beta$ times
# the reconstruction term, so that $A = I + B / \beta$. To return to the original loss, we multiply by β again, so the
# cost of the axes is β times the formula above. The next cell computes the average cost over 1,000 test images for
# all rotations of the codes of our VAE, and of those of a β-VAE with β = 4 that we train with the same seed.


# %%
def inverse_covariances(model, images, beta, step=0.05):
    """Approximate the inverse covariances of the best posteriors, shape (n, 2, 2)."""

    def decode(z):
        return model.decode(z).reshape(len(z), -1).astype("float64").clip(1e-4, 1 - 1e-4)

    z = model.encode(images)
    m = decode(z)
    derivatives = [(decode(z + e) - decode(z - e)) / (2 * step) for e in step * np.eye(2)]
    g = np.stack(derivatives, axis=-1)  # (n, pixels, 2)
    b = np.einsum("npi,npj,np->nij", g, g, 1 / (m * (1 - m)))
    return np.eye(2) + b / beta


four = objectives.beta(4)
beta_vae = runs.train(runs.Recipe("faces", four, epochs=epochs, seed=seed, limit=limit))
degrees, costs = np.arange(90), {}
for name, run, beta in (("VAE", vae, 1), ("β = 4", beta_vae, 4)):
    a = inverse_covariances(run.model, dataset.test_images[:1000], beta)
    costs[name] = [beta * cost_of_axes(a, angle).mean() for angle in degrees]
    best, *_ = measured.best_rotation(run.model.encode(dataset.test_images), factors)
    print(
        f"{name}: cost from {min(costs[name]):.2f} nats at {np.argmin(costs[name])}° to "
        f"{max(costs[name]):.2f} nats at {np.argmax(costs[name])}°, "
        f"{np.mean(costs[name]):.2f} nats on average, {costs[name][0]:.2f} nats at 0°; "
        f"factors along the axes at {best:.1f}°"
    )

# %%
lesson.show(
    plotting.curves(("rotation in degrees", "cost of the axes in nats", degrees, costs)),
    "The cost of the axes for rotations from 0 to 89 degrees. The curve of the VAE stays below 0.1 nats. The curve of the "
    "β-VAE is close to 0 at 0 degrees, rises to 0.5 nats near 45 degrees, and falls again.",
)

# %% [markdown]
# For the VAE, the choice of axes matters very little. The blue curve is between 0.03 and 0.07 nats, and the whole loss
# is about 190 nats. The actual axes of this VAE, at 0 degrees, are among the worst ones, so training has not followed
# this preference. The loss would prefer the axes that we get after a rotation by 54 degrees. This is close to the 61.5
# degrees at which the factors lie along the axes, but it could be chance, because two random pairs of axes differ by
# 7.5 degrees or less in one case of six.
#
# For the β-VAE, the curve is between 0.05 and 0.50 nats. The difference between the best and the worst axes is
# therefore 0.45 nats, compared with 0.04 nats for the VAE. There are two reasons. First, the KL divergence is
# multiplied by four. Second, even without this factor the difference would be 0.11 nats. The likely reason is that
# the directions in which the decoder needs precision are similar for all images in the β-VAE, whereas in the VAE they
# differ from image to image, so that their preferences partly cancel out. (The average of the curve over all
# rotations does not depend on these directions, but only on how different the two precisions of each image are. This
# average differs much less between the two models. For the VAE it is 0.05 nats, and for the β-VAE it is 0.29 nats, or
# 0.07 nats without the factor of four.) The actual axes of the β-VAE, at 0 degrees, are the best ones, and those of
# the factors are again only 7.5 degrees away. This agrees with the explanation of Rolínek et al., but it rests on one
# run of each model and on an approximation.
#
# The explanation also shows what a larger β cannot do. If the loss prefers the axes of valence and intensity, the
# reason is not that they are meaningful to us. The reason is that the *precision* that the decoder needs differs
# between them. For our faces, such axes happen to be close to the ones that we named. In our second example, with equal
# precisions, a larger β would not help at all. The MMD-VAE of the table has deterministic codes without any width, so
# it has no such preference.
#
# ## Identifiability
#
# Is there a better loss, one that always finds the axes of the true factors? The argument from lesson 00 shows that
# there can be no such loss if only images are given. We now write it down precisely. A VAE describes the images by the
# distribution
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz,$$
#
# where $p(z)$ is the [prior](../docs/glossary.md#prior), a standard normal distribution, and $p(x \mid z)$ is the
# distribution that the decoder assigns to images for the code $z$. Let $R$ be any rotation, and consider a second
# model. It has the same prior, and its decoder first rotates the code back by $R^{-1}$ and then does what the first
# decoder does, so that $p'(x \mid z) = p(x \mid R^{-1} z)$. (Our decoder can do this, because its first layer computes
# a linear function of the code and can include the rotation in it.) If $z$ is a sample from the prior, then $R^{-1} z$
# is a sample from the prior as well, because the standard normal distribution looks the same in all directions. As a
# result, $p'(x) = p(x)$ for *every* image. The two models cannot be distinguished by any number of images, although
# their axes differ. (The loss of a VAE is not $-\log p(x)$ itself but a bound on it, so it can differ between the two
# models. For our VAE, it differs by at most 0.04 nats, as the previous section has shown. This is a preference of the
# loss for some axes, but not necessarily for the true ones.)
#
# The general word for this is **[identifiability](../docs/glossary.md#identifiability)**. A model is *identifiable* if
# the distribution of the data determines it completely, or at least up to changes that do not matter, such as the order
# or the signs of the axes. Our argument shows that the latent space of a VAE is not identifiable from images alone.
#
# Could another prior help? A uniform distribution on a square, for example, is not the same in all directions.
# [Locatello et al. (2019)](https://arxiv.org/abs/1811.12359) prove that the problem remains. For *every* prior with two
# or more independent coordinates, there are infinitely many functions that mix all coordinates with each other but
# leave the prior unchanged. A decoder that may be any function can undo each of these. (Exercise 3 constructs such a
# function for the uniform distribution.) The authors also trained 12,000 models. They report that the seed and the
# settings of a loss mattered more for the measures of disentanglement than the choice of the loss.
#
# The theorem does not say that disentangled axes can never be found. It says that images alone are not sufficient, and
# that something has to be added. There are two possibilities.
#
# - **Additional observations.** The labels of a few images are enough to choose a rotation (exercise 4). More
#   generally, [Khemakhem et al. (2020)](https://arxiv.org/abs/1907.04809) consider models in which another variable
#   is observed with each image, for example a class or the time at which it was taken. Under three conditions, the
#   model is then identifiable, up to the order of the axes and a simple transformation of each axis. First, the
#   coordinates of a code have to be independent given this variable, with a distribution from an exponential family,
#   such as a normal distribution. Second, this distribution has to depend on the variable strongly enough. Third, the
#   decoder has to map different codes to different images.
# - **Assumptions about the model.** If the relation between factors and codes is restricted, for example to linear
#   functions, much less is needed. In the linear case, it is enough that the factors are independent and that at most
#   one of them is normally distributed. We try this in the next section.
#
# ## An assumption that helps
#
# Roll a die many times, and draw a histogram of the results. It is flat, because all numbers from 1 to 6 are equally
# likely. Now roll two dice and add the results. The histogram has its maximum at 7 and falls off on both sides, so it
# looks a little more like a bell. This is the beginning of the central limit theorem, according to which sums of many
# independent quantities are nearly normally distributed. It has a useful consequence. Suppose that two factors are
# independent and have flat distributions, and that the codes are a rotation of the two factors. Then each axis is a
# mixture of the factors, and the distribution of such a mixture looks more like a bell than that of a single factor. If
# we rotate the codes until their axes look as little like a bell as possible, we should find the factors. This is the
# idea of **[independent component analysis](../docs/glossary.md#independent-component-analysis)**, or ICA
# ([Comon 1994](https://doi.org/10.1016/0165-1684%2894%2990029-9)).
#
# A common measure of the shape is the **[excess kurtosis](../docs/glossary.md#excess-kurtosis)**. To compute it, we
# subtract the mean from all values, divide them by the standard deviation, take the average of their fourth powers, and
# subtract 3. The result is 0 for a normal distribution and negative for flat distributions. The next cell computes it
# for one die and for the sum of two dice.

# %%
die = np.arange(1, 7)
two_dice = np.add.outer(die, die).ravel()  # all 36 outcomes
print(f"excess kurtosis: one die {kurtosis(die):.2f}, sum of two dice {kurtosis(two_dice):.2f}")

# %% [markdown]
# Our faces satisfy the assumption, because valence and intensity are independent and uniformly distributed. The linear
# probe has told us that the relation between factors and codes is nearly linear, at least for seed 0. We can therefore
# rotate the codes of the training faces in steps of one degree, and choose the angle at which the mean excess kurtosis
# of the two axes is lowest, that is, most negative. (For factors with heavy tails, which have a positive excess
# kurtosis, we would have to look for the maximum instead. We therefore also use the fact that the factors are flat.)
# Before the search, the codes are *whitened*, that is, stretched so that they have a variance of 1 in every direction.
# This is necessary because a network may stretch the factors by different amounts along slanted directions, and no
# rotation can undo that. No label is used in this search.
#
# To see whether it is the distribution of the factors that matters, we draw two more sets of faces. In both of them,
# only valence and intensity vary, whereas in lesson 00 position, size, and thickness vary a little as well. Each
# factor has practically the same variance in both sets. The factors are uniformly distributed in the first set and
# normally distributed in the second. (From the second set we leave out faces that are more than three standard
# deviations from the mean in any direction, so that the distribution still looks the same in all directions.)
#
# **Predict.** What will the curve of the kurtosis look like if the factors are normally distributed?


# %%
def whiten(codes):
    """Stretch codes so that their covariance is the identity, without rotating them."""
    variances, directions = np.linalg.eigh(np.cov(codes.T))
    return (codes - codes.mean(axis=0)) @ directions / np.sqrt(variances) @ directions.T


def sample_factors(shape, n, seed):
    """Sample valence and intensity for n faces, shape (n, 2), with equal means and variances."""
    generator = np.random.default_rng(seed)
    if shape == "uniform":
        standard = generator.uniform(-np.sqrt(3), np.sqrt(3), (n, 2))
    else:
        standard = generator.standard_normal((2 * n, 2))
        standard = standard[np.linalg.norm(standard, axis=1) < 3][:n]  # the same in all directions
    return standard / 3 * [1, 0.5] + [0, 0.5]


def face_set(shape):
    train, test = (
        sample_factors(shape, len(images), s)
        for s, images in enumerate((dataset.train_images, dataset.test_images))
    )
    images = replace(  # the labels of the first faces do not apply to these
        dataset,
        name=f"{shape}_faces",
        train_images=faces.render(*train.T),
        test_images=faces.render(*test.T),
        train_factors=None,
        test_factors=None,
    )
    return images, test


sets = {"uniform": face_set("uniform"), "normal": face_set("normal")}
trained = {"faces of lesson 00": (vae, dataset, factors)}
for shape, (images, its_factors) in sets.items():
    print(f"{shape} factors")
    run = runs.train(runs.Recipe(images, epochs=epochs, seed=seed, limit=limit))
    trained[f"{shape} factors"] = run, images, its_factors

# %%
curves, rows = {}, {}
for name, (run, images, its_factors) in trained.items():
    white = whiten(run.model.encode(images.train_images))
    curves[name] = [kurtosis(measured.rotate(white, a)).mean() for a in degrees]
    test_codes = whiten(run.model.encode(images.test_images))
    found = degrees[np.argmin(curves[name])]
    best, before, after = measured.best_rotation(test_codes, its_factors)
    rows[name] = {
        "angle found without labels": found,
        "range of the curve": np.ptp(curves[name]),
        "best angle with labels": best,
        "R² of axes, whitened, not rotated": before,
        "R² of axes, found without labels": measured.best_rotation(
            measured.rotate(test_codes, found), its_factors
        )[1],
        "R² of axes, best angle": after,
        "R² of 15 nearest codes": measured.knn_r2(test_codes, its_factors).mean(),
    }
figure = plotting.curves(
    ("rotation in degrees", "mean excess kurtosis of the axes", degrees, curves)
)
figure.axes[0].set_ylim(-1.7, 0)  # leaves room for the legend
lesson.show(
    figure,
    "Mean excess kurtosis of the two axes for rotations from 0 to 89 degrees. For the faces of lesson 00 and for uniform "
    "factors the curve has one clear minimum. For normal factors it is much flatter.",
)

# %%
pd.DataFrame(rows).T.round(3)

# %% [markdown]
# The figure and the table answer the question of this section. For uniform factors, the curve has a clear minimum at 18
# degrees. If we use the labels to find the best angle, it is 16.5 degrees. The axes that were found without labels
# therefore predict the factors with an R² of 0.994, which is practically the same as the 0.995 of the best angle. For
# the faces of lesson 00, the minimum is at 64 degrees and the best angle is 61.5 degrees, so R² increases from 0.739 to
# 0.954. Not a single label was used for this. (The search does not tell us which axis is valence, nor in which
# direction valence increases. A few labeled faces are enough for that.)
#
# For normal factors, the curve is much flatter. Its range (from the lowest to the highest point) is 0.142, compared
# with 0.462 for the faces of lesson 00 and 0.511 for uniform factors. Its minimum at 59 degrees has nothing to do
# with the best angle, which is 23 degrees, and R² *decreases* from 0.831 to 0.638. The reason is not that this VAE
# failed to capture the factors. As the last column of the table shows, the 15 nearest codes predict both factors with
# an R² of 0.988. Only its axes cannot be found, because two independent normal distributions with the same variance
# look the same in all directions. The curve is not exactly a horizontal line at 0, because the most extreme faces are
# left out and the codes are not exactly a linear function of the factors. These deviations, and not the factors,
# decide where the minimum lies.
#
# Each row of the table is a single run, and exercise 1 shows that the search does not work for every seed. There are
# two more reasons to be careful. First, the search always returns an angle, whether or not the assumption is correct.
# In our example, the flatter curve is a warning, and it needs no labels. However, there is not always such a warning,
# because exercise 3 mixes two factors so that their distribution does not change at all. Second, we know that valence
# and intensity are independent and uniformly distributed, because we drew the faces. For photographs we do not know
# this. Factors may depend on each other. Their relation to the codes may also be curved, and in that case even
# factors that are far from normal cannot be found in this way (exercise 3).
#
# ## Real faces in time
#
# So far, we knew the factors because we drew the faces ourselves. Let us close with real ones. The *Frey faces* are
# 1,965 frames from a film of one man's face, each 28 pixels high and 20 pixels wide. In the film he smiles, frowns, and
# puts out his tongue. [Kingma and Welling (2013)](https://arxiv.org/abs/1312.6114), who introduced the VAE, used them
# for their figure 4. Nobody has written down the valence of each frame, so none of the measures above can be computed.
#
# The frames do not come with this course, because no license is stated for them. Instead, the file
# `study/tables/frey.npz` contains what we need from a VAE that was trained on them, namely the codes of all frames and
# the images that the decoder draws on a grid of codes. This section therefore needs no download. (If you have the film,
# `data.load("frey_faces")` loads it, and `python -m study.make_face_tables` makes the file again.) The next figure
# shows the middle of the decoded grid. These images were drawn by the decoder and are not frames of the film.

# %%
film = dict(np.load(tables.GRID))
places = grid_codes().reshape(16, 16, 2)  # z1 and z2 of each image of the grid
middle = slice(4, 12), slice(3, 13)
rows_of_grid = zip(
    places[middle], film["elbo/grid"].reshape(16, 16, *frey.SHAPE)[middle], strict=True
)
figure = plotting.image_rows(
    {f"z2 = {place[0, 1]:.1f}": images for place, images in rows_of_grid},
    [f"{z1:.1f}" for z1 in places[middle][0, :, 0]],
)
figure.set_size_inches(1.6 * figure.get_size_inches())  # large enough to see the mouth
lesson.show(
    figure,
    "Eight rows of ten decoded faces of a man. From left to right he turns his head, and from the bottom to the top his "
    "expression changes.",
)

# %% [markdown]
# If you follow a row from left to right, the head turns. If you follow a column from the bottom to the top, the
# expression changes, and most of all the mouth. For example, look at the columns from z1 = -1.3 to 0.3, according to
# the numbers above the columns. In the four lower rows the mouth is closed. In the third row from the top, at z2 =
# 0.8, the face has a broad grin. We would therefore say that the first axis stands for the direction in which the
# head points. However, we chose this name after looking at the images. Another seed would probably lead to other
# axes, for which we would choose other names.
#
# However, we do know the order of the frames in time. From one frame to the next, a face changes only a little. The
# VAE does not know the order, because it received the frames shuffled, like any other set of images. We can therefore
# use time as a test.
#
# **Predict.** Are the codes of successive frames close to each other?

# %%
film_codes = film["elbo/codes"].astype("float64")
lesson.show(
    plotting.latent_space_by_factor(film_codes, {"frame": np.arange(len(film_codes))}),
    "The codes of 1,965 frames in latent space, colored by the number of the frame. Dots of the same color lie together in "
    "clusters and streaks.",
)

# %% [markdown]
# Dots of the same color lie together in clusters and streaks, so frames from the same part of the film have similar
# codes. To measure this, we divide the mean distance between the codes of successive frames by the mean distance that
# we get after shuffling the frames. This **step ratio** is close to 1 if the codes have nothing to do with time, and
# close to 0 if they form a smooth path. The plan of our study ([`study/plan.md`](../study/plan.md)), which was
# written before these step ratios were computed, contains a criterion. We call successive codes close to each other
# if the step ratio is below 1/2 for each of five seeds. The table `study/tables/frey.csv` contains the step ratios of
# five VAEs and five MMD-VAEs, which were trained with different seeds. As planned, we compare the two kinds of models
# by Welch's test. For comparison, the table also contains the step ratios of two representations that need no
# network, the pixels themselves and their first two principal components. (For these two, the seed affects nothing
# but the shuffling of the frames.)

# %%
filmed = tables.read_filmed()
ratios = filmed.groupby("objective", sort=False)["step ratio"].agg(["mean", "std", "min", "max"])
vaes, mmd_vaes = (filmed[filmed.objective == name]["step ratio"] for name in tables.FILM_OBJECTIVES)
print(f"Welch's test, VAE and MMD-VAE: p = {ttest_ind(vaes, mmd_vaes, equal_var=False).pvalue:.3f}")
ratios.rename(index=tables.TITLES).round(3)

# %% [markdown]
# The step ratio of the VAE is 0.167, so a step in time is only a sixth as long as a step between random frames. That of
# the MMD-VAE is 0.241. All ten values are below 1/2, so according to our criterion successive codes are close to each
# other for both models. The difference between the two models is significant, with a p value of 0.018 in
# [Welch's test](../docs/glossary.md#welchs-test), and each VAE has a smaller step ratio than each MMD-VAE.
#
# Why do the codes follow the film although no model received the order of the frames? The likely reason is that
# successive frames look similar, and a VAE gives similar images similar codes. The networks deserve little credit for
# this, because the first two principal components of the pixels have a step ratio of 0.225, which is even slightly
# smaller than that of the MMD-VAE. (The step ratio of the pixels themselves is 0.503. It can hardly be compared with
# the other values, because the noise of all 560 pixels makes every step longer.)
#
# Does this tell us anything about the axes? It does not, and this is why we chose the example. The step ratio uses
# only distances between codes, so a rotation does not change it. We can measure that the codes follow time, but not
# whether an axis stands for the turn of the head. For this we would need an additional observation, as in the section
# [Identifiability](#Identifiability). The order in time can be such an observation. The codes of a short part of the
# film are distributed differently from those of the whole film, which is what the second condition in that section
# requires. However, the VAE of this section does not use the order.
#
# ## What to remember
#
# - A rotation of the latent space changes neither the distances between codes nor the information in them. However, it
#   can change every measure that looks at single axes.
# - A low value of SAP, MIG, or DCI has several possible reasons. The axes can be rotated, the codes can be inaccurate,
#   or the factor can be missing. Compare the value with that of a perfect code, of a noisy code, and of the same codes
#   after the best rotation.
# - The loss of a VAE has a weak preference for some axes, because its approximate posteriors have a diagonal
#   covariance. These axes need not be the ones that are meaningful to us.
# - A VAE is not identifiable from images alone, because models with different axes assign the same probability to all
#   images. To find the axes, we need additional observations, such as labels, or additional assumptions.
# - An assumption helps only if it is correct. With uniformly distributed factors we found the axes without labels, and
#   with normally distributed factors the same method failed.
#
# [Lesson 06](06_the_weight_of_the_kl.ipynb) compares β-VAEs and other relatives of the VAE, and
# [lesson 11](11_conditional_vae.ipynb) shows a model that receives labels. All terms are collected in the
# [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. MIG is 0.2 for one network and 0.5 for another. Whose codes contain more information about
# the factors?</summary>
#
# We cannot tell, because MIG depends on the axes as well. The codes of the first network may be rotated, in which case
# a rotation would increase MIG without adding any information. To compare the information, use a measure that does not
# depend on the axes, such as R² of a k-nearest-neighbor probe.
#
# </details>
#
# <details><summary>2. A colleague trains 50 β-VAEs with different seeds, computes MIG for each of them, and publishes
# the best one. The colleague writes that the axes were found without labels. Is this correct?</summary>
#
# It is not, because MIG cannot be computed without the true factors. The labels were not used in training, but they
# were used to choose one of 50 models, which is a way of choosing the axes. A measure that needs no labels would be
# required for the selection.
#
# </details>
#
# <details><summary>3. The search by excess kurtosis failed for normally distributed factors. Would it succeed with a
# million images?</summary>
#
# It would not. If two independent factors are normally distributed and have the same variance, every rotation of them
# has exactly the same distribution. More images only show more precisely that the curve is flat. The problem is not a
# lack of data, but a lack of identifiability.
#
# </details>
#
# ## On your own
#
# The exercises become more difficult from the first to the fourth. You can find the solutions in
# [`solutions/08_whose_axes.ipynb`](solutions/08_whose_axes.ipynb).
#
# 1. **Change one line.** Set `seed` to 2 and run all cells. (The numbers in the text stay those of seed 0.) Which
#    numbers show that no rotation can repair this latent space? Does the search without labels still find the best
#    angle?
# 2. **Measure.** How does the MIG of a perfect code depend on the number of bins and on the number of images? Compute
#    it for 5, 10, 20, and 50 bins (by changing `measured.BINS`) and for 500, 2,000, and 10,000 images. Compare it with
#    the formula $1 - (B - 1)^2 / (2 n \log B)$ for $B$ bins and $n$ images. Do the same for a noisy code.
# 3. **On paper.** Two independent factors are uniformly distributed between 0 and 1. Find a transformation of the
#    square that mixes them and leaves their distribution unchanged. It should not be a reflection or an exchange of the
#    axes. (As a hint, a rotation does this for two independent factors with a standard normal distribution.) Check with
#    samples that your transformation works. What does it mean for the search by excess kurtosis?
# 4. **Measure.** Choose the rotation of the VAE's codes with the labels of only a few faces. How many labels are needed
#    before the axes are nearly as good as with all labels?
# 5. **Measure.** Find the ten largest steps between the codes of successive Frey faces. What happens in the film at
#    these places?
#
# ## Further reading
#
# - Francesco Locatello et al.,
#   [Challenging common assumptions in the unsupervised learning of disentangled representations](https://arxiv.org/abs/1811.12359),
#   2019. This paper contains the theorem and the experiment with 12,000 models.
# - Ilyes Khemakhem, Diederik Kingma, Ricardo Pio Monti, and Aapo Hyvärinen,
#   [Variational autoencoders and nonlinear ICA: a unifying framework](https://arxiv.org/abs/1907.04809), 2020. The
#   authors show which additional observations make a VAE identifiable.
# - Michal Rolínek, Dominik Zietlow, and Georg Martius,
#   [Variational autoencoders pursue PCA directions (by accident)](https://arxiv.org/abs/1812.06775), 2019. The authors
#   explain which axes the loss of a VAE prefers.
# - Aapo Hyvärinen and Petteri Pajunen,
#   [Nonlinear independent component analysis: existence and uniqueness results](https://doi.org/10.1016/S0893-6080%2898%2900140-3),
#   1999. Transformations like the one in exercise 3 have been known at least since this paper.
# - The measures are defined by Abhishek Kumar et al.,
#   [Variational inference of disentangled latent concepts from unlabeled observations](https://arxiv.org/abs/1711.00848),
#   2018 (SAP), Ricky Chen et al.,
#   [Isolating sources of disentanglement in variational autoencoders](https://arxiv.org/abs/1802.04942), 2018 (MIG),
#   and Cian Eastwood and Christopher Williams,
#   [A framework for the quantitative evaluation of disentangled representations](https://openreview.net/forum?id=By-7dz-AZ),
#   2018 (DCI).
