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
# # The weight of the KL
#
# Going further, lesson 06 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) and
# [lesson 02, the MMD-VAE](02_mmd_vae.ipynb) · previous: [lesson 05, measuring a claim](05_measuring_a_claim.ipynb) ·
# next: [lesson 07, your own images](07_your_own_images.ipynb) · [glossary](../docs/glossary.md)
#
# The loss of a VAE is the sum of a reconstruction term and a [KL divergence](../docs/glossary.md#kl-divergence). In
# [lesson 01](01_standard_vae.ipynb) we saw what happens if the KL accidentally gets a hundredth of its weight. The
# codes moved far away from the prior, and samples from the prior decoded to fragments of garments. In this lesson we
# choose the weight deliberately, and we ask what it controls. What do we gain if we make it smaller or larger, and
# what do we lose in return?
#
# If the weight is very large, the codes no longer contain any information about the images. This is called
# [posterior collapse](../docs/glossary.md#posterior-collapse). You will see that a model can collapse for two
# different reasons. Sometimes a collapsed model really has the lowest loss. In other cases a better model exists, but
# training does not find it. Since the two cases look alike but need different remedies, it is useful to be able to
# tell which of them we have.
#
# **What you'll do**
#
# - compare seven VAEs that differ only in the weight of the KL, and move between them with a slider;
# - estimate, before any training, up to which weight a code can be worth its cost;
# - make models collapse in two ways, and rescue those that can be rescued;
# - write a term of the loss yourself, the *free bits* of Kingma et al. (2016).
#
# **What you'll learn**
#
# - why the weight of the KL is the price of a nat of information;
# - how β-VAE, capacity, annealing, free bits, and InfoVAE differ;
# - how to find out whether a collapsed model is an optimum of the loss or a trap of the optimization.
#
# **What you'll need**
#
# - Lessons [01](01_standard_vae.ipynb) and [02](02_mmd_vae.ipynb) with the
#   [table of symbols](01_standard_vae.ipynb#Symbols). You will train nine models for one epoch each, which takes
#   three to four minutes on two cores. The results of all other models come with the course.
#
# **Everything in this lesson is [exploratory](../docs/glossary.md#exploratory).** Unless the text says otherwise, a
# number comes from one model with one [seed](../docs/glossary.md#seed), and we decided what to look at after seeing
# results. In particular, differences of less than one or two nats between two models can be due to chance, as the
# [ranges over ten seeds](#What-the-rate-is-spent-on) below show. (The rate of the model with the smallest β varies
# more, so for it even differences of three to four nats can be due to chance.)
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [Five rules for the KL](#Five-rules-for-the-KL) | Which models does this lesson compare? |
# | [The price of a nat](#The-price-of-a-nat) | What does the weight of the KL control? |
# | [Seven weights](#Seven-weights) | How do codes and samples change with the weight? |
# | [The rate-distortion curve](#The-rate-distortion-curve) | What does a model pay for its codes, and what does it get for them? |
# | [What the rate is spent on](#What-the-rate-is-spent-on) | How much of the cost is information? |
# | [Capacity sets the rate instead of its price](#Capacity-sets-the-rate-instead-of-its-price) | Can we choose how many nats a code may cost? |
# | [Collapse as an optimum](#Collapse-as-an-optimum) | What happens if the price is too high? |
# | [What the first nat can save](#What-the-first-nat-can-save) | Above which price should we expect collapse? |
# | [Collapse as a trap](#Collapse-as-a-trap) | Can a model collapse although a better one exists? |
# | [Annealing the weight](#Annealing-the-weight) | How can training avoid the trap? |
# | [Free bits](#Free-bits) | What if the first nats cost nothing? |
# | [Collapse under MMD](#Collapse-under-MMD) | Can a model collapse without any KL? |
# | [Two weights in the InfoVAE](#Two-weights-in-the-InfoVAE) | What do we gain if we combine KL and MMD? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Can you answer these from memory? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |

# %%
import numpy as np
import pandas as pd
from scipy.linalg import orthogonal_procrustes
from scipy.special import entr

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import model_table, vae_family
from vaelib import data, explorer, losses, measures, mmd, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO, POST_ELBO, POST_MMD, Objective, beta, capacity, infovae
from vaelib.plotting.prior_contours import PRIOR_RADIUS
from vaelib.support import lesson
from vaelib.support.backend import ops, tf
from vaelib.terms import KL, Term

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces": the images of the models trained here
epochs: int = 4  # the models of this lesson are trained for a quarter of these, at least 1
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train and measure on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None)
lesson.check_ranges(globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(100, None))

# %% [markdown]
# ## Five rules for the KL
#
# All models of this lesson use the same networks as lessons 01 and 02, and their losses are sums of a reconstruction
# term and a term that compares codes with the prior. They differ only in the second term, for which this lesson uses
# five rules. You do not have to remember them now, because each rule is explained in a section below.
#
# | rule | what is added to the reconstruction term | in the code |
# | --- | --- | --- |
# | [β-VAE](../docs/glossary.md#beta-vae) ([Higgins et al. 2017](https://openreview.net/forum?id=Sy2fzU9gl)) | the KL, multiplied by a constant weight β | `beta(4.0)` |
# | [capacity](../docs/glossary.md#capacity) ([Burgess et al. 2018](https://arxiv.org/abs/1804.03599)) | the distance between the mean KL and a target C, multiplied by γ | `capacity(10, 4, 2)` |
# | [annealing](../docs/glossary.md#annealing) ([Bowman et al. 2015](https://arxiv.org/abs/1511.06349)) | the KL, with a weight that increases from 0 to β during the first part of training | `Objective(warmup_epochs=2, terms=[1 * KL])` |
# | [free bits](../docs/glossary.md#free-bits) ([Kingma et al. 2016](https://arxiv.org/abs/1606.04934)) | for each latent dimension, its KL or b nats, whichever is larger | a term that we write ourselves |
# | [InfoVAE](../docs/glossary.md#infovae) ([Zhao, Song, and Ermon 2017](https://arxiv.org/abs/1706.02262)) | the KL, multiplied by 1 - α, and MMD², multiplied by α + λ - 1 | `infovae(0.9, 100)` |
#
# In the package, a rule together with its numbers, for example β = 4, is called an
# [objective](../docs/glossary.md#objective). The models of the previous lessons are special cases of these rules. The
# next cell checks this by comparing objectives, where two objectives are equal if they describe the same loss.

# %%
post_mmd = infovae(1, 784, losses.squared_error, sampled=False)
print("β = 0.01 is the objective of the post's VAE:         ", beta(0.01) == POST_ELBO)
print("β = 1 is that of the standard VAE:                   ", beta(1) == ELBO)
print("InfoVAE with α = 0 and λ = 1 is the same:            ", infovae(0, 1) == ELBO)
print("InfoVAE with α = 1 and λ = 784 is the post's MMD-VAE:", post_mmd == POST_MMD)
print("capacity(10, 4, 2) is", capacity(10, 4, 2))

# %% [markdown]
# The last line shows that the three arguments of `capacity` are the weight γ, the target C, and the number of epochs
# during which the target grows. The word "closed-form" means that the KL in this term is computed by its formula and
# not estimated from samples, and BCE stands for the [binary cross-entropy](../docs/glossary.md#binary-cross-entropy).
# All models in this lesson use it as their reconstruction term, except for two models in the section on
# [MMD](#Collapse-under-MMD).
#
# In the first line, "the post's VAE" means the VAE with the post's effective weights, as in
# [lesson 01](01_standard_vae.ipynb#Sum-or-mean?-Why-the-KL-has-a-weight).
#
# ## The price of a nat
#
# Before we compare trained models, it helps to name the averages of the two terms over all images. The mean KL from
# the approximate posterior to the prior is called the [rate](../docs/glossary.md#rate), and we write $R$ for it. The
# mean reconstruction term is called the [distortion](../docs/glossary.md#distortion), for which we write $D$. Both
# are measured in [nats](../docs/glossary.md#nat). We can think of the rate as the cost of the codes, and of the
# distortion as the cost of everything about the images that cannot be determined from the codes. With these names, a
# β-VAE minimizes
#
# $$D + \beta R .$$
#
# What does β control? The smallest example that shows it is a world with only four images, which are all equally
# frequent. Each image consists of black and white pixels. A hundred pixels show a *shape*. They always have the same
# color, either all white or all black. Five more pixels show a *detail*, and they are also either all white or all
# black. Shape and detail are independent of each other, so an image is described completely by two bits. In this
# world, a code has two bits as well, one for the shape and one for the detail. Each bit of the code is either equal
# to the bit of the image, in which case we say that the code *transmits* it, or independent of the image.
#
# - If a code transmits a bit, the decoder reproduces the corresponding pixels without error. The approximate
#   posterior puts probability 1 where the prior has 1/2, so the KL is $\log 2 \approx 0.69$ nats, as in the
#   [tiny world of lesson 02](02_mmd_vae.ipynb#The-argument-against-the-KL-and-the-answer-to-it).
# - If a code does not transmit a bit, the decoder cannot tell which color the corresponding pixels have. Because it
#   treats the pixels as independent given the code, its best output is the gray value 1/2 for each of them, which
#   costs $\log 2$ nats per pixel. Each of these pixels costs $\log 2$ nats of distortion. The encoder then samples
#   this bit of the code from the prior, so the KL is zero.
#
# The next cell computes rate and distortion for four kinds of codes, and the loss $D + \beta R$ for three values of
# β.
#
# **Predict.** At which value of β does the best code stop transmitting the detail, and at which value the shape?

# %%
codes = {}
for name, (shape, detail) in {
    "neither": (False, False),
    "only the detail": (False, True),
    "only the shape": (True, False),
    "shape and detail": (True, True),
}.items():
    rate = (shape + detail) * np.log(2)
    distortion = (100 * (not shape) + 5 * (not detail)) * np.log(2)
    codes[name] = {"rate": rate, "distortion": distortion}
    codes[name] |= {f"loss, β = {b}": distortion + b * rate for b in (1, 20, 200)}
tiny = pd.DataFrame(codes).T.rename_axis("the code transmits")
tiny.round(2)

# %% [markdown]
# For β = 1, the lowest loss is 1.39 nats, and the code that has it transmits both bits. For β = 20, the code with the
# lowest loss transmits only the shape. The detail would cost 20 times 0.69 nats, but it would reduce the distortion
# by only 5 times 0.69 nats. For β = 200, even the shape is too expensive, and the lowest loss belongs to the code
# that transmits nothing.
#
# In this world, transmitting a bit pays if the number of pixels that it explains is larger than β. The best code
# therefore stops transmitting the detail at β = 5 and the shape at β = 100. This is why we can call β a *price*. One
# nat of rate costs β nats of distortion, and a code is worth its price only if each nat of it saves more than β nats.
# The next figure shows the same codes with the rate on the horizontal axis and the distortion on the vertical axis.
# The code that transmits only the detail is left out, because it is never the best one.

# %%
best = tiny.drop("only the detail")
lesson.show(
    plotting.rate_distortion(
        {"codes of the tiny world": (best.rate, best.distortion, best.index)},
        joined=["codes of the tiny world"],
    ),
    "Distortion against rate in the tiny world. From the code that transmits neither bit, a steep line leads down to "
    "the code of the shape, and a nearly flat line leads from there to the code of both bits.",
)

# %% [markdown]
# From left to right, the curve is first steep and then nearly flat. The first bit that is worth transmitting saves
# 100 nats of distortion for each nat of rate, and the second saves 5 nats. What about codes between the dots? A code
# can transmit a bit with errors, for example by choosing the wrong value in one of ten cases. If errors have the
# probability $e$, let $h(e) = -e \log e - (1 - e) \log(1 - e)$ be the entropy of such an error. The KL then falls by
# $h(e)$, and the cost of each pixel rises by the same $h(e)$. For the shape this gives $R = \log 2 - h(e)$ and a
# distortion of $100\, h(e)$ for its pixels, so that $D$ decreases by 100 for each nat of rate. Such codes are
# therefore on the straight lines between the dots, and nothing is gained by choosing one of them.
#
# In other words, the steepness of the curve is a price. To state this as a formula, consider two models. The first
# has rate $R_1$ and distortion $D_1$ and is the best one for the price $\beta_1$. The second has $R_2$ and $D_2$ and
# is the best one for a higher price $\beta_2$. At its own price, each of them is at least as good as the other, that
# is, $D_1 + \beta_1 R_1 \le D_2 + \beta_1 R_2$ and $D_2 + \beta_2 R_2 \le D_1 + \beta_2 R_1$. If we solve both
# inequalities for the steepness, we obtain
#
# $$\beta_1 \le \frac{D_2 - D_1}{R_1 - R_2} \le \beta_2 .$$
#
# In words, the second model saves $R_1 - R_2$ nats of rate and pays for them with $D_2 - D_1$ nats of distortion. The
# distortion that it pays for each saved nat of rate is between the two values of β. In the tiny world, the line from
# the shape to the code of both bits has a steepness of 5, which is between 1 and 20. If the curve has no corners, we
# can choose two models that are very close to each other. The slope of the curve is then $dD/dR = -\beta$ at the best
# model. This means that a β-VAE spends nats of rate as long as the next nat saves more than β nats of distortion.
#
# If you know constrained optimization, you will recognize β as a *Lagrange multiplier*. If we minimize the distortion
# under the condition that the rate is at most $C$, the Lagrange function is $D + \beta\,(R - C)$. We can set either
# the price β or the limit $C$. If the curve is convex, as it is here, then for every limit $C$ there is a price β at
# which the same model is optimal. On a straight part of the curve, other models are equally good at this price.
#
# ## Seven weights
#
# Does the same hold for real images, whose codes carry more than two bits? For the study of this course, seven VAEs
# were trained on Fashion-MNIST with β between 0.01 and 10, and with everything else the same. The next cell reads the
# codes of four of them, that is, the means of the approximate posteriors of 10,000 test images. It computes what
# share of these codes is inside the dashed circle, which contains 95 % of the prior. The prior looks the same in all
# directions, so rotating or mirroring the codes of a model does not change how they compare with it. We therefore
# rotate or mirror each latent space such that its codes are as close as possible to those of the model with β = 1,
# which makes the panels easier to compare.
#
# **Predict.** What share of the codes is inside the circle for β = 0.01, and what share for β = 10?

# %%
spaces = {name[5:-1]: kept for name, kept in vae_family.read_latent_spaces().items()}  # by β
spaces = {b: spaces[b] for b in ("0.01", "0.1", "1", "10")}
inside = {b: np.mean(np.hypot(*kept["codes"][-1].T) < PRIOR_RADIUS) for b, kept in spaces.items()}
aligned = {}
for b, kept in spaces.items():
    rotation, _ = orthogonal_procrustes(kept["codes"][-1], spaces["1"]["codes"][-1])
    aligned[f"β = {b}\n{inside[b]:.0%} in the circle"] = kept | {"codes": kept["codes"] @ rotation}
lesson.show(
    plotting.latent_spaces(aligned, data.DATASETS["fashion_mnist"].class_names),
    "Four latent spaces of clothes, each with a scale of its own, with the dashed circle of the prior in all of "
    "them. The larger β is, the more of the codes are in the circle: "
    + ", ".join(f"{share:.0%} for β = {b}" for b, share in inside.items())
    + ". The same classes are neighbors in all four.",
)

# %% [markdown]
# The four panels have different scales, so compare the codes with the dashed circle. With β = 0.01, which is the
# weight in the post's VAE, only 35 % of the codes are inside it, and trousers and sandals are farthest away. With
# β = 10, 98 % of the codes are inside. (A share of more than 95 % is possible because we plot means, without the
# noise that is added to them.) The arrangement of the classes hardly changes. In all four panels, sandals, sneakers,
# and ankle boots are next to each other on the left, bags and tops are in the middle, and the dresses are between the
# tops and the trousers on the right. Note that the four models were trained with the same seed, so they started with
# the same weights. With another seed, the arrangement would probably be different.
#
# The second figure shows images that the same four models decode from samples of the prior.

# %%
lesson.show(
    plotting.image_rows({f"β = {b}": kept["samples"][-1][:12] for b, kept in spaces.items()}),
    "Four rows of twelve images decoded from samples of the prior, one row for each β. With "
    "β = 0.01 and 0.1 there are only ankle boots, bags, and tops, and some of them are incomplete. With β = 1 and 10 "
    "there are trousers and flat shoes as well.",
)

# %% [markdown]
# In the two upper rows, there are only ankle boots, bags, and tops, and some of the boots and bags are incomplete.
# There are no trousers, dresses, or flat shoes among these twelve samples, because most of their codes are in places
# where the prior rarely samples. In the two lower rows, there are trousers and flat shoes as well.
#
# You can compare all seven models in the [explorer](../docs/glossary.md#explorer) of the next cell. The slider at the
# top changes β, and the two buttons beside it jump to the weight of the post and to the standard weight. Choose an
# image and move the slider slowly from the left to the right. Up to which β do you see no change in the decoded
# image? Notice at the same time how the dot moves along the rate-distortion curve, which is the subject of the next
# section.

# %%
dataset = data.load(dataset_name).limit(limit)
explorer.sweep(*vae_family.load_beta_vaes(), dataset=dataset)

# %% [markdown]
# ## The rate-distortion curve
#
# We now do for the seven models what we did for the tiny world, and plot the distortion of each model against its
# rate. Both are averages over the 10,000 test images, and the numbers are read from the table of the
# [study](../study/README.md). The [rate-distortion curve](../docs/glossary.md#rate-distortion-curve) is an old
# concept of information theory (Shannon 1959), and [Alemi et al. (2018)](https://arxiv.org/abs/1711.00464) introduced
# it for VAEs. Do not compare the distortions with zero. Because the pixels are gray, the cross-entropy of a perfect
# reconstruction is not zero but 190 nats on average. On each dashed line the sum of rate and distortion is constant,
# which means that all points on it have the same [ELBO](../docs/glossary.md#elbo).
#
# **Predict.** If we start at β = 0.01, how far can β increase before the distortion rises?

# %%
table = vae_family.family_rows(model_table.read())
table = table[(table.latent_dim == 2) & (table.prior == "normal")]
one_seed = table[table.seed == 0]
betas = one_seed[one_seed.objective.str.match(r"(post-)?elbo|beta")].sort_values("kl_weight")
line = betas.rate, betas.distortion, [f"β = {b:g}" for b in betas.kl_weight]
x = np.arange(256) / 255  # the gray values, and how many pixels have each of them
pixels = np.bincount(dataset.test_images.ravel(), minlength=256)
perfect = pixels @ (entr(x) + entr(1 - x)) / len(dataset.test_images)  # entr(x) is -x log x
print(f"distortion of perfect reconstructions of {dataset_name}: {perfect:.1f} nats")
lesson.show(
    plotting.rate_distortion({"β-VAE": line}, joined=["β-VAE"]),
    "Distortion against rate, a dot for each of seven β-VAEs, joined by a line. It is flat from a rate of twenty nats at "
    "β = 0.01 to eight nats at β = 0.3, and then steeper and steeper up to β = 10 at three nats.",
)

# %% [markdown]
# Follow the line from the right to the left. From β = 0.01 to β = 0.3 the rate decreases by more than eleven nats,
# from 19.5 to 7.8, and the distortion stays the same to within 0.3 nats. This means that these eleven nats of rate
# saved almost no distortion. The models could still spend them because each nat cost them at most 0.3 nats, and the
# [next section](#What-the-rate-is-spent-on) shows what they were spent on. Further to the left, each nat of rate that
# is saved has to be paid for with distortion. For example, from β = 1 to β = 10 the rate decreases by 2.9 nats, and
# the distortion increases by 13.2 nats.
#
# The loss of the model with β = 1 is the sum of rate and distortion, so its dot should have the smallest sum of all
# seven. It does, but the sum for β = 0.3 is larger by only 0.25 nats, which is less than the difference between two
# seeds.
#
# Does the steepness of this curve agree with β? According to our formula, the steepness of the line between two
# neighboring dots should be between their two values of β, if each model is the best one for its β.

# %%
price = -betas.distortion.diff() / betas.rate.diff()
pairs = pd.DataFrame({"β": betas.kl_weight.shift(), "next β": betas.kl_weight, "-dD/dR": price})
pairs["between"] = (pairs["β"] < price) & (price < pairs["next β"])
pairs.dropna().round(3).set_index("β")

# %% [markdown]
# This is the case for five of the six pairs. However, only the last two rows are strong evidence. In the first four
# rows, the difference in distortion is no larger than the difference between two seeds can be. These values could
# therefore easily have been different, and one of them is even negative.
#
# ## What the rate is spent on
#
# What did the models with a small β spend their nats on? In
# [lesson 02](02_mmd_vae.ipynb#The-argument-against-the-KL-and-the-answer-to-it) we split the rate into two parts,
#
# $$R = I(x; z) + \mathrm{KL}(q(z) \,\|\, p(z)) .$$
#
# The first part is the [mutual information](../docs/glossary.md#mutual-information), the number of nats that a code
# tells us about its image. The second part is the KL from the
# [aggregate posterior](../docs/glossary.md#aggregate-posterior) to the prior, which is called the
# [aggregate KL](../docs/glossary.md#aggregate-kl). It measures how much the distribution of all codes together
# differs from the prior, and no information about the images is gained by it. The next cell prints both parts for the
# seven models. It also prints the [marginal cross-entropy](../docs/glossary.md#marginal-cross-entropy), which is an
# estimate of $-\log p(x)$, averaged over the test images. For each image, it measures how well *all* codes, weighted
# by their density under the prior, explain the image. A lower value means that prior and decoder together describe
# the test images better. ([Lesson 04](04_how_probable_is_an_image.ipynb) shows how to compute it.) The last column is
# the [15-NN accuracy](../docs/glossary.md#k-nn-accuracy), the share of test images whose class can be predicted from
# their codes.

# %%
columns = ["rate", "mutual information", "aggregate KL", "distortion"]
columns += ["marginal cross-entropy", "15-NN accuracy"]
betas.set_index("kl_weight")[columns].rename_axis("β").round(2)

# %%
lower = measures.moment_kl(spaces["0.01"]["codes"][-1])  # noise on these codes would increase it
print(f"β = 0.01: mean and covariance of the codes alone account for {lower:.1f} nats")

# %% [markdown]
# In the first row, 10.50 of the 19.46 nats are aggregate KL. In other words, more than half of the rate of the post's
# VAE seems to be spent on codes in places where the prior rarely samples. We have to be careful with this division,
# however. The estimate of the mutual information cannot exceed $\log 10{,}000 = 9.21$ nats for 10,000 images, because
# the most that a code can tell us about 10,000 images is which one of them it belongs to. The first rows are close to
# this limit, so the true mutual information may be higher, and the aggregate KL is then lower by the same amount.
# However, it cannot be much lower in the first row, because mean and covariance of the codes alone account for 8.1
# nats. This number is the [moment KL](../docs/glossary.md#moment-kl), that is, the KL from a normal distribution with
# the mean and the covariance of the codes to the prior. Among all distributions with this mean and this covariance,
# the normal distribution has the smallest KL to the prior, so the aggregate KL is at least as large.
#
# The aggregate KL decreases quickly as β increases, from 10.50 nats to 0.57 nats at β = 1. This is the reason why the
# rate can decrease at first without an increase of the distortion. For β = 0.3 and larger, most of the rate is mutual
# information, so that any further decrease of the rate is mostly a loss of information. The marginal cross-entropy is
# high at both ends, for two different reasons. With β = 0.01, the codes that explain a test image well are in places
# where the prior has a low density. With β = 10, the codes contain too little information. The lowest values belong
# to β = 0.3 and β = 1, but those for β = 0.1 and β = 3 are so similar that another seed could change the order.
#
# The 15-NN accuracy behaves differently. It hardly changes, although the mutual information decreases by two thirds,
# from 8.95 to 3.03 nats. Apparently the information that is given up first is not about the class. A possible
# explanation is that it concerns small differences, for example between two similar shirts, whereas a shirt and a
# shoe differ in so many pixels that this distinction is worth even a high price. There is a second possible reason.
# The accuracy is computed from the means. Noise that is added to the codes limits the mutual information, but it does
# not affect this accuracy directly.
#
# How much of this could be chance? The study has ten seeds for β = 1 and for β = 0.01, so we can look at the range of
# each measure over the seeds.

# %%
ten = table[table.objective.isin(["elbo", "post-elbo"])]
span = ten.groupby("kl_weight")[columns].agg(lambda v: f"{v.min():.2f} to {v.max():.2f}")
span.rename_axis("β")

# %% [markdown]
# For β = 1, the distortion varies by 1.6 nats over the seeds and the rate by 0.4 nats. Only the ranges of the 15-NN
# accuracy overlap. For all other measures, the ranges of the two rows are apart, so these differences between the two
# values of β are not due to the choice of the seed. The difference in distortion is small, however. The two ranges
# are separated by only 0.7 nats.
#
# ## Capacity sets the rate instead of its price
#
# With β we set the price of a nat, and the number of nats follows from it. Sometimes we would like to set the number
# of nats instead, for example because we want to compare two models whose codes cost the same.
# [Burgess et al. (2018)](https://arxiv.org/abs/1804.03599) propose the loss
#
# $$D + \gamma\, \lvert R - C \rvert .$$
#
# The target $C$ is called the [capacity](../docs/glossary.md#capacity). The absolute value $\lvert R - C \rvert$ is
# zero if the rate is equal to the capacity, and the weight γ determines how strictly the target is enforced. In
# training, the capacity increases linearly from 0 to its final value, so that information is added to the codes
# little by little. The study has three such models with γ = 10, whose capacity increased over the first two of four
# epochs.

# %%
capacities = one_seed[one_seed.capacity > 0].sort_values("capacity")
kept = ["rate", "mutual information", "distortion"]
capacities.set_index("capacity")[kept].rename_axis("C").round(2)

# %% [markdown]
# In the last two rows, the rate is as specified, 4.01 nats for C = 4 and 7.97 nats for C = 8. In the first row,
# however, the rate is 3.16 nats instead of 2. The reason is that γ is a price as well. While the rate is above the
# target, giving up one nat of rate saves γ = 10 nats of penalty. At a rate of about 3 nats, giving up one more nat
# would cost more than 10 nats of distortion, so the loss is lowest above the target. As a result, the model has
# practically the same rate and distortion as the one with β = 10. To enforce a low capacity, γ therefore has to be
# larger than the steepness of the curve at this capacity. (The model for C = 8 has a distortion that is about two
# nats higher than that of a β-VAE with the same rate, as the [last figure](#Two-weights-in-the-InfoVAE) of this
# lesson shows. With one seed, we cannot say why.)
#
# ## Collapse as an optimum
#
# What happens if we continue to increase the price? Recall the tiny world, in which nothing was transmitted for
# β = 200. In general, a code is worth its cost only if each of its nats saves more than β nats of distortion on
# average. If no code does this, then the best approximate posterior is the prior itself, for every image,
#
# $$q(z \mid x) = p(z) .$$
#
# The rate is then zero, and the code does not depend on the image, which is the definition of
# [posterior collapse](../docs/glossary.md#posterior-collapse). Since the code tells the decoder nothing, the best
# that the decoder can do is to output the same image for every code. The image with the lowest distortion is the
# average of the training images.
#
# Collapse can also affect some of the latent dimensions and not others. A latent dimension is called an
# [active unit](../docs/glossary.md#active-unit) if its mean depends noticeably on the image. As in
# [Burda et al. (2015)](https://arxiv.org/abs/1509.00519), we call it active if the variance of the mean over all
# images exceeds 0.01, so that the standard deviation exceeds 0.1. The next cell trains three models with twenty
# latent dimensions, each for one epoch. We evaluate them on 10,000 *training* images, because in the following
# sections we want to know which loss training minimizes and not how well a model generalizes. The last row of the
# table is not a model. It is the average of these 10,000 images, used as the decoded image for every code.
#
# **Predict.** How many of the twenty units are active for β = 1, for β = 30, and for β = 100?

# %%
images = dataset.train_images[:10_000]
settings = dict(latent_dim=20, epochs=max(1, epochs // 4), seed=seed, limit=limit)


def train(objective, **changed):
    """Train a model with the settings above, or with some of them changed."""
    return runs.train(runs.Recipe(dataset_name, objective, **settings | changed)).model


def describe(model):
    """Compute rate, distortion, and number of active units of a model."""
    rate, distortion = likelihood.rate_distortion(model, images)
    active = measures.active_units(model.encode(images))
    return {"rate": rate.mean(), "distortion": distortion.mean(), "active units": active}


models = {f"β = {b}": train(beta(b)) for b in (1, 30, 100)}

# %%
pixels = images.reshape(len(images), -1) / np.float32(255)
m = pixels.mean(axis=0).clip(1e-7, 1 - 1e-7)  # the average image
entropy = -(m * np.log(m) + (1 - m) * np.log(1 - m)).sum()
found = {name: describe(model) for name, model in models.items()}
found["average image"] = {"rate": 0.0, "distortion": entropy, "active units": 0}
pd.DataFrame(found).T.astype({"active units": int}).round(3)

# %% [markdown]
# There are twenty active units for β = 1, two for β = 30, and none for β = 100. For β = 100, the rate is practically
# zero, and the distortion is almost that of the average image. The next figure shows the standard deviation of the
# means for all twenty units of each model, and below it you see the reconstructions of one image of each class.

# %%
spreads = {name: model.encode(images).std(axis=0) for name, model in models.items()}
active = [f"{found[name]['active units']} for {name}" for name in models]
lesson.show(
    plotting.active_units(spreads, threshold=0.1),
    "For each of three models a curve that decreases over the twenty units and shows how much the mean of a unit varies "
    f"over the images, with a threshold at 0.1. The numbers of units above it are {', '.join(active)}.",
)

# %%
ten_images = [
    np.flatnonzero(dataset.test_labels == label)[0] for label in np.unique(dataset.test_labels)
]
originals = dataset.test_images[ten_images][:10]
rows = {name: model.decode(model.encode(originals)) for name, model in models.items()}
lesson.show(
    plotting.image_rows({"image": originals} | rows),
    f"A row of {len(originals)} test images, one of each class, and a row of reconstructions for each of three models. "
    f"The numbers of active units are {', '.join(active)}. The fewer units are active, the more alike are the "
    "reconstructions.",
)

# %% [markdown]
# With β = 1, nearly all garments can be recognized. (An exception is the sandal in the sixth column, which looks like
# a low shoe.) With β = 30, we can still distinguish tops, narrow garments, and shoes. However, trousers, dress, and
# coat are decoded to almost the same narrow image, the three kinds of footwear look almost alike, and the bag has
# become a diagonal blob. With β = 100, every image is reconstructed as the same gray shape.
#
# ## What the first nat can save
#
# Could we have predicted these numbers of active units? In the tiny world, it was enough to count the pixels that
# depend on a bit. The pixels of real images do not come in groups that are either all white or all black. They are
# correlated, however, and this has a similar effect. If a code tells us a little about one pixel, it also tells us
# something about all pixels that are correlated with this one. As a result, the same nat saves distortion in many
# places.
#
# We can do the calculation for very small amounts of information. We start from a collapsed model whose decoder
# outputs the average image, so that pixel $i$ has the brightness $m_i$ for every code. Then we change two things by a
# tiny amount. The codes begin to depend on the images, and the decoder begins to depend on the codes. How many nats
# of distortion can each nat of rate save now? The answer, which you derive in [exercise 6](#On-your-own), depends on
# the matrix
#
# $$A_{ij} = \frac{\mathrm{Cov}(x_i, x_j)}{\sqrt{m_i (1 - m_i)}\, \sqrt{m_j (1 - m_j)}} ,$$
#
# where $x_i$ is the value of pixel $i$, $m_i$ is its average over all images, and Cov is the covariance over the
# images. If all pixels are either black or white, then $m_i (1 - m_i)$ is the variance of pixel $i$, so that $A$ is
# simply the correlation matrix of the pixels. Let $\rho_1$ be the largest eigenvalue of $A$. If the rate is small,
# each nat of it can save at most $\rho_1$ nats of distortion. In the same way, a nat in a second latent dimension
# that is uncorrelated with the first can save at most $\rho_2$ nats, where $\rho_2$ is the second largest eigenvalue,
# and so on for $\rho_3$ and all further dimensions.
#
# In the tiny world, $A$ consists of a block of ones for the hundred pixels of the shape and another one for the five
# pixels of the detail. The eigenvalues should therefore be the prices that we know, 100 and 5. The next cell checks
# this, and then computes the eigenvalues for our training images.


# %%
def savings(pixels):
    """Compute the eigenvalues of A for images of shape (n, pixels), the largest first."""
    m = pixels.mean(axis=0).clip(1e-7, 1 - 1e-7)
    scale = np.sqrt(m * (1 - m))
    A = np.cov(pixels, rowvar=False, bias=True) / np.outer(scale, scale)
    return np.linalg.eigvalsh(A)[::-1]


four_images = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], (100, 5), axis=1)
print("tiny world:", savings(four_images)[:3].round(2))
rho = savings(pixels)
print(f"{dataset_name}:", rho[:8].round(1))
for b in (1, 30, 50, 100):
    print(f"above {b:3}: {np.sum(rho > b)} eigenvalues")

# %% [markdown]
# In the tiny world, the eigenvalues are 100 and 5, as they should be. For clothes, the largest eigenvalue is 91.2,
# and the second is 65.4. The third is already much smaller, 23.6. We can now compare these numbers with the active
# units that we have counted. At a price of 100, even the first nat of the best dimension is not worth its cost, so
# the collapsed model cannot be improved by a small change. At a price of 30, exactly two dimensions save more than
# they cost, and our model has two active units. At a price of 1, there are 44 such dimensions, and all twenty units
# of our model are active, which is what we expect but not a strong test. The agreement is not always this good. In
# [exercise 1](#On-your-own), you will see that for β = 10 the number of active units also depends on how long the
# model was trained.
#
# Two conditions limit what we can conclude. The calculation is about *small* changes of a collapsed model. For
# β = 100 it shows that the collapsed model is a *local* minimum of the loss, but it does not exclude that a code with
# a large rate has a lower loss. Moreover, the number of eigenvalues above β is exactly the number of active units
# only for a linear decoder whose pixels are normally distributed with a fixed variance (see
# [exercise 5](#On-your-own) and [Lucas et al. 2019](https://arxiv.org/abs/1911.02469)). For our decoder, it is a
# guess that is often of the right size.
#
# ## Collapse as a trap
#
# For β = 100, the calculation tells us that collapse was to be expected. But is the loss always responsible when a
# model collapses? To find out, we train a model with β = 50, a price that is below the two largest eigenvalues, so
# that codes should be worth their cost. Then we compute the loss at β = 50 for three candidates. The first is the
# model that was trained with β = 50. The second is the average image, for which the rate is zero. The third is the
# model that we have trained with β = 30 above. Although it was trained for another price, we can compute its loss for
# this one, because all we need is its rate and its distortion.
#
# **Predict.** The model with β = 30 was trained for a lower price. Can its loss at β = 50 be lower than that of the
# model that was trained for β = 50?

# %%
models["β = 50"] = train(beta(50))
found["β = 50"] = describe(models["β = 50"])


# %%
def compare(names, price=50):
    """Tabulate rate and distortion, and the loss at a price."""
    chosen = pd.DataFrame({name: found[name] for name in names}).T
    chosen[f"loss at β = {price}"] = chosen["distortion"] + price * chosen["rate"]
    return chosen.astype({"active units": int}).round(3)


compare(["β = 50", "average image", "β = 30"])

# %% [markdown]
# The model that was trained with β = 50 has collapsed. It has no active units, and its loss of 385.2 nats is a little
# higher than that of the average image, because its decoder is not fully trained after one epoch. The model with β =
# 30, however, has a loss of only 381.6 nats at the same price. The collapsed model is therefore not the minimum of
# its loss. A better model exists, as the eigenvalues suggested, and training did not find it. We call this kind of
# collapse a *trap* of the optimization, because the cause is the training and not the loss. By the calculation above,
# the collapsed model is not even a local minimum of the loss at this price. Since two eigenvalues are above 50, there
# are directions in which the loss decreases. However, the loss decreases so slowly in these directions at first that
# one epoch of training is not enough to leave the collapsed model. (In [exercise 3](#On-your-own), you train longer.)
#
# Note how the proof works. To show that a collapse is a trap, it is enough to present one model with a lower loss, no
# matter where this model comes from. To show that a collapse is an optimum is more difficult, because we would have
# to exclude all other models. For β = 100 we know that small changes do not help, and the model with β = 30 would
# have a loss of $320.3 + 100 \cdot 1.227 \approx 443$ nats at this price, which is much more than the 383.9 nats of
# the average image. This makes it likely that collapse is the optimum, but it is not a proof.
#
# Why is there a trap? Training starts close to the collapsed model. The weights of the encoder are small random
# numbers at first, so for every image the means are close to 0 and the log-variances are close to 0 as well. This is
# practically the prior. From there, a model can improve only if two things happen together. The codes have to depend
# on the images, and the decoder has to depend on the codes. As long as the decoder ignores the codes, making them
# informative increases the KL and saves nothing. As long as the codes are pure noise, the decoder does best if it
# ignores them. The gradient that leads away from the collapsed model is therefore tiny at first. (Recall from
# [lesson 01](01_standard_vae.ipynb#The-reparameterization-trick) that the gradient of an untrained encoder was much
# smaller than that of the decoder.) A high price works against this small gradient, so training can stay close to the
# collapsed model for a long time.
#
# ## Annealing the weight
#
# If the difficulty is at the beginning of training, then we can make the beginning easier. In
# [annealing](../docs/glossary.md#annealing), also called warm-up, the weight of the KL starts at 0 and increases to
# its final value during training ([Bowman et al. 2015](https://arxiv.org/abs/1511.06349)). We let it increase
# linearly, as [Sønderby et al. (2016)](https://arxiv.org/abs/1602.02282) do. In symbols, after $t$ epochs the weight
# is
#
# $$\beta_t = \beta \cdot \min(1, t / T) ,$$
#
# where $T$ is the length of the warm-up in epochs. During the first steps, information costs almost nothing, so that
# encoder and decoder learn to use the code. When the price has reached its final value, they already have a code, and
# the question is only whether it is worth its price. In the package, $T$ is the setting `warmup_epochs` of an
# objective. The next cell trains the model with β = 50 again, with a warm-up that takes the first half of the
# training.

# %%
for b in (50, 100):
    annealed = Objective(terms=[b * KL], warmup_epochs=settings["epochs"] / 2)
    models[f"β = {b}, annealed"] = train(annealed)
    found[f"β = {b}, annealed"] = describe(models[f"β = {b}, annealed"])
compare(["β = 50", "average image", "β = 30", "β = 50, annealed"], price=50)

# %% [markdown]
# The annealed model has two active units, as many as there are eigenvalues above 50, and its loss at β = 50 is 376.3
# nats. This is the lowest loss in the table, so annealing has avoided the trap. (At a price of 100, even this model
# would have a loss of $342.3 + 100 \cdot 0.680 \approx 410$ nats, which is more than the 383.9 nats of the average
# image. This is further evidence that collapse is the optimum for β = 100.) After the warm-up, the loss function of
# the annealed model is exactly the same as that of the first model. Annealing does not change which model is the best
# one. It only changes the path that training takes.
#
# The cell has also trained a model with annealing for β = 100. The next cell compares it with the collapsed model for
# β = 100 from above.
#
# **Predict.** Does annealing prevent the collapse for β = 100 as well?

# %%
compare(["β = 100", "average image", "β = 100, annealed"], price=100)

# %% [markdown]
# It does not. The annealed model has collapsed, too, with a rate of only 0.003 nats. When the price was still low,
# this model had a similar opportunity to learn a code as the one for β = 50. The training log shows that it used it,
# because its KL was 0.24 nats on average over the epoch, compared with 0.01 nats without annealing. At the final
# price, however, the code was not worth keeping. This is what we expect if collapse is the optimum, and it agrees
# with the eigenvalues, all of which are below 100.
#
# ## Free bits
#
# Another remedy changes the loss itself. [Kingma et al. (2016)](https://arxiv.org/abs/1606.04934) leave a part of the
# KL unpenalized, and call it [free bits](../docs/glossary.md#free-bits). For a diagonal covariance, the KL of an
# image is a sum over the latent dimensions, so we can write the rate as $R = \sum_j R_j$, where $R_j$ is the mean KL
# of dimension $j$ (during training, over the images of a batch). The loss with free bits is
#
# $$D + \beta \sum_j \max(R_j, b) .$$
#
# A dimension is charged for $b$ nats even if it uses none, so the first $b$ nats of its rate cost nothing extra. (In
# spite of the name, $b$ is usually given in nats. The paper calls it λ, a symbol that we need for the InfoVAE.) What
# does the maximum do to the gradient? If $R_j$ is larger than $b$, the maximum is $R_j$, and the gradient is the
# usual one. If $R_j$ is smaller than $b$, the maximum is the constant $b$, which has no gradient. Nothing then drives
# the approximate posteriors of this dimension any closer to the prior. In particular, near the collapsed model all
# $R_j$ are close to zero, so the KL has no influence there at all, and only the reconstruction term remains.
#
# To use free bits, we write them as a term of our own. A term is a function of the images, the outputs of the model,
# and the prior, and it returns one number for each image or one number for the batch. The function below computes the
# KL of each dimension in closed form, for which [exercise 3 of lesson 01](01_standard_vae.ipynb#On-your-own) derives
# the formula. Before we train with it, we look at its gradient for the smallest possible batch. It consists of two
# images and two dimensions. The means are 0.2 and -0.2 in the first dimension and 2 and -2 in the second, and all
# log-variances are 0.

# %%
FREE = 0.25  # nats of rate that each latent dimension may use without a penalty


def free_bits(images, outputs, prior):
    mean, log_var = outputs["z_mean"], outputs["z_log_var"]
    kl = (ops.square(mean) + ops.expm1(log_var) - log_var) / 2  # (batch, latent_dim)
    return ops.sum(ops.maximum(ops.mean(kl, axis=0), FREE))


z_mean, z_log_var = tf.Variable([[0.2, 2.0], [-0.2, -2.0]]), tf.zeros((2, 2))
with tf.GradientTape(persistent=True) as tape:
    kl = ops.mean(losses.gaussian_kl(z_mean, z_log_var))
    free = free_bits(None, {"z_mean": z_mean, "z_log_var": z_log_var}, None)
for name, term in {"mean KL": kl, "free bits": free}.items():
    gradient = tape.gradient(term, z_mean)[0].numpy()
    print(f"{name:9} {term:.2f} nats, gradient for the means of the first image: {gradient}")

# %% [markdown]
# The first dimension has a KL of $0.2^2/2 = 0.02$ nats and the second one of $2^2/2 = 2$ nats. With free bits, the
# first dimension counts as 0.25 nats, so the term is 2.25 instead of 2.02. Its gradient is 0 in the first dimension
# and the same as that of the KL in the second.
#
# Now we train with it. An `Objective()` without terms is only the reconstruction term. Adding a weight times a `Term`
# gives a new objective, and everything else is as before.

# %%
models["β = 50, free bits"] = train(Objective() + 50 * Term(free_bits))
found["β = 50, free bits"] = describe(models["β = 50, free bits"])
compare(["β = 50", "average image", "β = 50, annealed", "β = 50, free bits"])

# %% [markdown]
# The result is very different from that of annealing. All twenty units are active, and the rate is 4.6 nats, almost
# the $20 \cdot 0.25 = 5$ nats that are free. The training log shows that the term had an average value of 5.03 during
# training. Since 5 is the smallest value that it can have, hardly any dimension used more than its free nats. This is
# not surprising, because the first nat above the limit costs 50 nats. With such a high price, free bits have nearly
# the same effect as a [capacity](#Capacity-sets-the-rate-instead-of-its-price) of 5 nats. There are two differences.
# Every dimension has a separate limit of 0.25 nats, and free bits do not penalize a rate below the limit, whereas the
# capacity does.
#
# The distortion is much lower than that of the annealed model. However, the last column shows the loss at β = 50
# without free bits, in which every nat has to be paid for. It is 513.2 nats, far higher than that of the collapsed
# model. This does not mean that training failed. The model minimizes another loss, so we have to decide which of the
# two losses we want.
#
# To summarize, annealing keeps the loss and changes the beginning of the training. Free bits change the loss, and
# with it the optimum. If you want a certain amount of information in the codes, use free bits or a capacity. If β is
# the price that you want to charge, and you only want to avoid the trap, use annealing.
#
# ## Collapse under MMD
#
# [Lesson 02](02_mmd_vae.ipynb#The-argument-against-the-KL-and-the-answer-to-it) introduced MMD as an answer to a
# worry about the KL, namely that it makes codes uninformative. A loss with MMD compares only the aggregate posterior
# with the prior, so a code may carry any amount of information without a penalty. Does this exclude collapse? It does
# not. If the approximate posterior of *every* image is the prior, then all of them together are the prior as well,
# and MMD² is zero. A collapsed model is therefore allowed, just as an informative one is.
#
# It is also clear which of the two the loss prefers. Information costs nothing, and it reduces the distortion. A
# collapsed model is therefore not the optimum under MMD, as long as the networks can represent informative codes
# whose aggregate posterior is still close to the prior. If a model with MMD collapses, this has to be a trap. It can
# only happen if codes are *sampled*. With deterministic codes, as in the post's MMD-VAE, each approximate posterior
# is a single point and cannot be equal to the prior.
#
# In the study, models with MMD, [squared error](../docs/glossary.md#squared-error), and sampled codes did collapse on
# Fashion-MNIST, for all ten seeds. The explanation from the section on the [trap](#Collapse-as-a-trap) suggests a
# remedy. Training starts close to the collapsed model because the log-variances start near 0, so that the approximate
# posteriors are as wide as the prior. If they start with a small variance instead, codes of different images differ
# by more than the noise, and the decoder receives useful information from the first step on. The setting
# `initial_log_var` of a recipe adds a number to all log-variances before training. We train the same model twice, for
# one epoch, with `initial_log_var` equal to 0 and to -4. The latter means that the standard deviations start near
# $e^{-2} \approx 0.14$.
#
# **Predict.** Both models have the same loss function. Which of them has the lower loss after training?

# %%
mmd_loss = infovae(1, 784, losses.squared_error)  # no KL, and the post's weight of MMD²
noise = np.random.default_rng(seed).standard_normal((len(images), 2))
rows = {}
for start in (0, -4):
    model = train(mmd_loss, latent_dim=2, initial_log_var=start)
    mean, log_var = model.encode_distribution(images)
    z = mean + np.exp(log_var / 2) * noise
    error = np.square(pixels - model.decode(z).reshape(pixels.shape)).sum(axis=1).mean()
    distance = float(mmd.mmd2_to_normal(z, mmd.default_variance(2), unbiased=True))
    kl = (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean() / 2
    rows[f"log-variances start at {start}"] = {
        "squared error": error,
        "MMD²": distance,
        "loss": error + 784 * distance,
        "rate": kl,
    }
rows["average image"] = {"squared error": pixels.var(axis=0).sum(), "MMD²": 0, "rate": 0}
rows["average image"]["loss"] = rows["average image"]["squared error"]
pd.DataFrame(rows).T.round(3)

# %% [markdown]
# The first model has collapsed. Its rate is practically zero, and so is its MMD², and its squared error of 68.7 is
# close to the 68.5 of the average image. (The training log shows an MMD² of 0.010 instead, because training uses the
# biased estimate of lesson 02, whose bias is about 0.01 for batches of 100 codes.) The second model has a rate of 6.8
# nats and a squared error of 27.2. Although its MMD² of 0.001 is multiplied by 784, its loss is only 27.7, less than
# half of the 68.7 of the collapsed model. Since the second model has a lower loss, the collapse of the first is a
# trap. The two models have the same objective, network, images, and seed. Only the width of the approximate
# posteriors at the start is different.
#
# The claim that MMD avoids collapse therefore needs a condition. MMD allows informative codes at no cost, but it does
# not exclude uninformative ones, and if training starts close to the collapsed model, it may stay there. The ten
# collapsed models of the study started in this way. Their collapse does not mean that MMD favors uninformative codes,
# and [lesson 05](05_measuring_a_claim.ipynb) does not interpret comparisons with them.
#
# ## Two weights in the InfoVAE
#
# In the last section MMD replaced the KL. Can we have both?
# [Zhao, Song, and Ermon (2017)](https://arxiv.org/abs/1706.02262) combine them in a family of objectives that they
# call [InfoVAE](../docs/glossary.md#infovae). In our notation it is
#
# $$D + (1 - \alpha)\, R + (\alpha + \lambda - 1)\, \mathrm{MMD}^2(q(z), p(z)) .$$
#
# The parameter α determines how much of the KL of each image is removed. With α = 0 the KL has its standard weight,
# and with α = 1 it is gone. But why does MMD² have the weight $\alpha + \lambda - 1$? Suppose that we replace MMD² by
# the aggregate KL, which also compares the aggregate posterior with the prior. We know that $R$ is the sum of the
# mutual information and the aggregate KL. If we insert this, the two regularizers become
#
# $$(1 - \alpha)\, R + (\alpha + \lambda - 1)\, \mathrm{KL}(q(z) \,\|\, p(z))
# = (1 - \alpha)\, I(x; z) + \lambda\, \mathrm{KL}(q(z) \,\|\, p(z)) .$$
#
# In words, $1 - \alpha$ is the price of information, and λ is the price of a difference between aggregate posterior
# and prior. With β alone, both would have the same price. The InfoVAE makes information cheap and keeps the
# difference expensive, and it uses MMD² for the difference because MMD² can be estimated from samples.
#
# The study has six such models in addition to the β-VAEs. The figure below shows three measures for all combinations
# of three values of α, from top to bottom, and three levels of MMD, from left to right. In the column "no MMD", λ is
# equal to 1 - α, so the weight of MMD² is zero and the model is a β-VAE with β = 1 - α. The cell for α = 1 in this
# column is empty, because this model would have no regularizer at all. The measures are the mutual information, the
# [MMD²](../docs/glossary.md#mmd) of the codes to the prior, and the marginal cross-entropy. As in the figure of the
# latent spaces above, the codes are the means of the approximate posteriors. Their MMD² is "held out", which means
# that it was measured with a kernel that no model was trained with.
#
# **Predict.** Is there a combination that is best in all three panels?

# %%
better = {
    "mutual information": "higher",
    "held-out MMD²": "lower",
    "marginal cross-entropy": "lower",
}
fields = {name: vae_family.infovae_grid(table, name) for name in better}
lesson.show(
    plotting.heatmaps(fields, better),
    "Three tables of numbers with a row for each α and a column for each level of MMD, where darker is better. The "
    "mutual information increases with α. The held-out MMD² is small wherever there is MMD, and largest for α = 0.9 "
    "without MMD. The marginal cross-entropy is lowest for λ = 100 in every row.",
)

# %%
four = ["elbo", "beta(0.1)", "infovae(0.9, 100)", "infovae(1, 100)"]
one_seed.set_index("objective").loc[four, [*columns[:3], "moment KL"]].round(3)

# %% [markdown]
# No combination is best in all three panels. To see what MMD adds, compare the columns "no MMD" and λ = 100 for α =
# 0.9. With α = 0.9 and no MMD, the codes contain 7.74 nats of information, compared with 5.46 nats for the VAE in the
# top row, but their MMD² is 0.403, which is six times as large as that of the VAE. With α = 0.9 and λ = 100, the
# information is practically the same, 7.80 nats, and MMD² is 0.029. This is more information than in the VAE,
# together with an MMD² that is only half as large. Is the aggregate posterior also closer to the prior than that of
# the VAE, as we would expect from the objective? Here the measures disagree. The means are closer, as their MMD² and
# their moment KL of 0.005 nats show, compared with 0.060 nats for the VAE. However, the aggregate KL, which includes
# the noise of the codes, is 0.90 nats, compared with 0.57 nats for the VAE. Some of this difference may be
# information that the estimate misses near its limit of 9.21 nats. We can therefore say that the mutual information
# is higher, but not that the aggregate posterior agrees better with the prior.
#
# The marginal cross-entropy is about two nats lower than that of the VAE in all cells with λ = 100. It is also about
# one nat lower than the lowest of the ten seeds of the VAE, which was 258.60 nats, so this is probably more than
# chance.
#
# The combination α = 1 and λ = 100 has the best value in the left and the right panel. In the middle panel, its MMD²
# of 0.038 is lower than that of both models without MMD, but it is the highest of the six models with MMD. Its
# estimated mutual information of 9.20 nats is at the limit of 9.21 nats, so the true value may be much higher. The
# aggregate KL, estimated at 8.42 nats, is then lower by the same amount. Since the moment KL of this model is only
# 0.007 nats and its MMD² is small, most of the 8.42 nats are probably information as well.
#
# None of the three panels shows what such a model pays for its codes, so we also compare rates and distortions.

# %%
info = one_seed[one_seed.objective.str.startswith("infovae")]
numbers = info.objective.str.extract(r"infovae\((.+), (.+)\)")
groups = {
    "β-VAE": line,
    "capacity": (
        capacities.rate,
        capacities.distortion,
        [f"C = {c:g}" for c in capacities.capacity],
    ),
    "InfoVAE": (
        info.rate,
        info.distortion,
        [f"α = {alpha}, λ = {lambda_}" for alpha, lambda_ in numbers.to_numpy()],
    ),
}
lesson.show(
    plotting.rate_distortion(groups, joined=["β-VAE"]),
    "Distortion against rate for the seven β-VAEs, which are joined by a line, three models with a capacity, and six "
    "InfoVAEs. Those with λ = 100 are close to the line or below it, and those with λ = 1000 clearly above it.",
)

# %%
with_mmd = table[table.objective == "mmd-sampled"].sort_values("seed")  # 784 MMD² and no KL
falling = betas.sort_values("rate")
above = with_mmd.distortion - np.interp(with_mmd.rate, falling.rate, falling.distortion)
print("nats above the line for the seeds 0 to 9:", *above.round(1))

# %% [markdown]
# The red diamond for α = 1 and λ = 100 is far to the right, at a rate of more than 17 nats. Without any KL, nothing
# prevents the approximate posteriors from becoming very narrow, and MMD² hardly changes when they do, because it
# compares all codes together. The figure also shows the cost of a large weight of MMD². All three models with
# λ = 1000 are above the blue line by 1.6 to 3.1 nats, which means that they have a higher distortion than a β-VAE
# with the same rate. With λ = 100, the diamonds are close to the line.
#
# A part of this distance is due to the seed, however. The study has ten seeds of a similar model, which has a weight
# of 784 for MMD² and no KL. Their distances from the line are between 0.3 and 2.5 nats, and seed 0, which is used in
# the figure, has the largest one.
#
# ## What to remember
#
# - The weight β of the KL is a price. The best model spends nats of rate as long as each of them saves more than β
#   nats of distortion, so that the rate-distortion curve has the slope $-\beta$ at this model, unless the curve has a
#   corner there.
# - With a small β, the model spends rate on codes far away from the prior, which costs quality when we sample from
#   the prior and gains nothing. With a large β, it gives up information.
# - Posterior collapse is an optimum if no code saves more than it costs. For small amounts of information, the
#   largest eigenvalue of the matrix $A$ tells us the highest price at which a code pays.
# - Collapse is a trap if a model with a lower loss exists. To prove it, it is enough to present one. Annealing or a
#   start with narrow approximate posteriors can help against a trap. Against an optimum, only another loss or another
#   model helps, for example a lower price, free bits, or another decoder.
# - MMD does not prevent collapse, because a collapsed model has the prior as its aggregate posterior.
#
# [Lesson 09](09_better_priors.ipynb) continues with the second part of the rate, and asks how much we can gain if the
# prior adapts to the codes instead of the codes to the prior. All terms of this lesson are explained in the
# [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. A model has a rate of zero. What does its decoder output for the code of a shoe?</summary>
#
# If the decoder is trained well, it outputs the average of all training images, for this code and for every other
# one. A rate of zero means that $q(z \mid x)$ is the prior for every image, so the code carries no information about
# the shoe. A decoder that depended on such a code would only add noise to its images.
#
# </details>
#
# <details><summary>2. A colleague reports a collapsed VAE and asks whether a smaller learning rate or a smaller β would
# help. How can you find out?</summary>
#
# Compare the loss of the collapsed model with that of a model that has informative codes, both with the colleague's
# β. Such a model can be trained with annealing, with a narrow start, or with a smaller β. If its loss is lower, then
# the collapse is a trap, and a change of the training may help. If no such model can be found, and if β is larger
# than the largest eigenvalue $\rho_1$, then the collapse is probably what the loss asks for, and β has to be reduced.
#
# </details>
#
# <details><summary>3. Can the MMD² between the codes and the prior be zero for a collapsed model?</summary>
#
# Yes. If each approximate posterior is the prior, then all of them together are the prior as well, and MMD² is zero
# except for the error of its estimate.
#
# </details>
#
# ## On your own
#
# Solutions are in [solutions/06_the_weight_of_the_kl](solutions/06_the_weight_of_the_kl.ipynb).
#
# 1. **Change one line.** Train the model with twenty latent dimensions at β = 10. How many units are active, and what
#    share of the rate belongs to the two units with the largest KL? How many eigenvalues of $A$ are above 10?
# 2. **Change one line.** Train with 0.02 and with 1 free nat for each dimension instead of 0.25. How do rate and
#    distortion change?
# 3. **Measure.** Train the model with β = 50 for four epochs instead of one, without annealing. Does it leave the
#    trap?
# 4. **Measure.** Rotate the latent space of the VAE with β = 1 by angles from 0 to 90 degrees. Which terms of its
#    loss change? The model is among those of `vae_family.load_beta_vaes()`.
# 5. **On paper.** Let an image be a single number $x \sim N(0, v)$. The prior is $N(0, 1)$, the decoder is
#    $p(x \mid z) = N(az, s^2)$ with a fixed $s$, and the encoder is $q(z \mid x) = N(bx, \sigma^2)$. Minimize
#    $D + \beta R$ over $a$, $b$, and $\sigma$. Above which β does the model collapse? Show that the slope of the
#    curve is $-\beta$. Check both with numbers.
# 6. **On paper.** Derive what the first nat can save. Let the decoder's logits be
#    $a_i(z) = \mathrm{logit}(m_i) + w_i z$, and let $q(z \mid x) = N(b(x), 1)$, where $b(x)$ is zero on average over
#    the images. Expand $D$ and $R$ to second order in the small quantities $w_i$ and $b(x)$, and show that a nat of
#    rate saves at most $\rho_1$ nats of distortion.
# 7. **Open.** Choose another objective, for example `infovae(0.5, 784)` or the importance-weighted bound with five
#    codes per image ([IWAE](../docs/glossary.md#iwae)). Guess where it is in the plot of rate and distortion, and
#    train it.
#
# ## Further reading
#
# - [β-VAE](https://openreview.net/forum?id=Sy2fzU9gl) by Higgins et al. (2017) and
#   [Understanding disentangling in β-VAE](https://arxiv.org/abs/1804.03599) by Burgess et al. (2018) introduce the
#   weight and the capacity. Their aim is that each latent dimension describes one property of an image.
# - [Fixing a broken ELBO](https://arxiv.org/abs/1711.00464) by Alemi et al. (2018) explains the rate-distortion
#   curve.
# - [Generating sentences from a continuous space](https://arxiv.org/abs/1511.06349) by Bowman et al. (2015) and
#   [Ladder variational autoencoders](https://arxiv.org/abs/1602.02282) by Sønderby et al. (2016) use annealing.
# - [Improving variational inference with inverse autoregressive flow](https://arxiv.org/abs/1606.04934) by Kingma et
#   al. (2016) introduces free bits.
# - [Don't blame the ELBO!](https://arxiv.org/abs/1911.02469) by Lucas et al. (2019) and
#   [The usual suspects?](https://arxiv.org/abs/1912.10702) by Dai, Wang, and Wipf (2020) examine whether collapse is
#   due to the loss or to the training.
# - [InfoVAE](https://arxiv.org/abs/1706.02262) by Zhao, Song, and Ermon (2017) combines KL and MMD.
