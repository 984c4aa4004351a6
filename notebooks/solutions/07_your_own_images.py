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
# # Solutions: your own images
#
# These are the solutions to the exercises of [lesson 07](../07_your_own_images.ipynb). The notebook takes about two
# minutes on two CPU cores, and less if you have run the lesson before. Terms are explained in the
# [glossary](../../docs/glossary.md). If the emoji cannot be found, other images are used, as in the lesson, and the
# numbers in the text are not correct.

# %%
import contextlib
import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import data, losses, measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.measures.decoded_images import mean_squared_error
from vaelib.objectives import Objective
from vaelib.support import lesson
from vaelib.terms import KL

# %% tags=["parameters"]
folder: str = "emoji"  # or a folder or a zip of your own images
closer: str = "faces"  # not used here
size: int = 32  # pixels of a side
steps: int = 600  # batches of 50 images, for each model
seed: int = 0  # of the split, the weights, the order of the images and the noise

# %%
lesson.note_changed_settings(globals(), folder="emoji", closer="faces", size=32, steps=600, seed=0)


# %%
def trained(images, latent_dim=16, beta=1.0, term=losses.gaussian_nll):
    epochs = max(1, round(steps / math.ceil(len(images.train_images) / 50)))
    objective = Objective(term, [beta * KL])
    rate = 8e-3 * min(1.0, 32 / size)  # large images have large gradients
    recipe = runs.Recipe(images, objective, latent_dim, epochs, 50, learning_rate=rate, seed=seed)
    with contextlib.redirect_stdout(None):
        return runs.train(recipe)


with warnings.catch_warnings():
    if folder == "emoji":
        lesson.check_unambiguous(folder)
        warnings.simplefilter("ignore", data.ImageWarning)
    dataset = data.images(data.emoji() if folder == "emoji" else folder, size, seed=seed)

# %% [markdown]
# ## 1. Squared error instead of a learned deviation
#
# *Use `losses.squared_error` with 16 dimensions instead of the learned $s$. How many nats do the codes contain now, and
# what happens to the error? Which β would compensate for the change?*
#
# We train three models with 16 dimensions, namely one with a learned $s$, one with the squared error, and one with the
# squared error and a β that is computed from the learned $s$. The KL and the error in the table are those of the test
# images.

# %%
learned = trained(dataset)
scale = float(np.exp(learned.model.log_scale.numpy()))
models = {
    "learned s": learned,
    "squared error": trained(dataset, term=losses.squared_error),
    "squared error, smaller β": trained(dataset, 16, 2 * scale**2, losses.squared_error),
}
rows, pictures = {}, {}
few = dataset.test_images[:12]
for name, run in models.items():
    rate, _ = likelihood.rate_distortion(run.model, dataset.test_images)
    rows[name] = {"KL": rate.mean(), "error": mean_squared_error(run.model, dataset.test_images)}
    pictures[name] = run.model.decode(run.model.encode(few))
print(f"2 s² = {2 * scale**2:.4f}")
pd.DataFrame(rows).T.round(4)

# %%
lesson.show(
    plotting.image_rows(pictures),
    f"Three rows of reconstructions of twelve test images: {'; '.join(pictures)}.",
)

# %% [markdown]
# With the squared error, the codes contain only about a third of the nats, 18.9 instead of 52.4. The test error
# increases a little, from 0.0241 to 0.0250. The reason is that the squared error corresponds to a fixed $s$ of about
# 0.71. Up to a constant, the squared error is the first term of the reconstruction term of the lesson, multiplied by
# $2 s^2$ for the learned $s$. Using it is therefore the same as multiplying the
# [KL divergence](../../docs/glossary.md#kl-divergence) by $1 / (2 s^2)$, which is 25 in this case.
#
# To compensate, we can multiply the KL divergence by $\beta = 2 s^2 = 0.0393$. The codes then contain 52.6 nats, and
# more than half of the increase of the error has disappeared (for this one seed). This means that if you learn $s$, you
# need not search for this β. If you choose β by hand, you also choose an $s$, even if you do not notice it.
#
# ## 2. Active dimensions
#
# *How many of 64 dimensions are [active](../../docs/glossary.md#active-unit) according to
# `measures.active_units(run.model.encode(dataset.test_images))`? How many of 16 are active with β = 1 and with β = 10?*
#
# A dimension is active if its mean varies between images by more than a standard deviation of 0.1. The figure shows
# these standard deviations in decreasing order.

# %%
used, spreads = {}, {}
for name, (latent_dim, beta) in {
    "64 dimensions": (64, 1.0),
    "16 dimensions": (16, 1.0),
    "16, β = 10": (16, 10.0),
}.items():
    mean = trained(dataset, latent_dim, beta).model.encode(dataset.test_images)
    used[name], spreads[name] = measures.active_units(mean), mean.std(axis=0)
    print(f"{name:14} {used[name]} in use")

# %%
lesson.show(
    plotting.active_units(spreads, threshold=0.1),
    "How much the mean of each unit changes over test images, the most active first: curves for "
    f"{', '.join(f'{name}, with {n} in use' for name, n in used.items())}, and the threshold at 0.1.",
)

# %% [markdown]
# All dimensions are active in each of the three models. This suggests that the images differ in more ways than 64
# numbers can describe, so that every dimension can contribute something. (This need not be so. On images of clothes, in
# [lesson 06](../06_the_weight_of_the_kl.ipynb), a large weight of the KL leaves only a few of twenty dimensions active.) With β =
# 10, the codes contain about half as many nats, but no dimension has become inactive. The figure shows that the curve
# of β = 10 is mostly below that of β = 1 for the first ten dimensions and close to it for the last ones.
#
# ## 3. The best deviation
#
# *Show that the best $s^2$ is the mean squared error. How many nats does halving this error gain for color images of 32
# × 32 pixels? Compare your result with the table of the lesson.*
#
# With $D$ color values and a mean squared error of $E$, the reconstruction term is
#
# $$D \left( \frac{E}{2 s^2} + \log s + \tfrac{1}{2} \log (2 \pi) \right).$$
#
# Its derivative with respect to $\log s$ is $D (1 - E / s^2)$. This is negative for $s^2 < E$, zero for $s^2 = E$, and
# positive for $s^2 > E$, so the reconstruction term has its only minimum at $s^2 = E$. If we insert this value, the
# reconstruction term becomes $\frac{D}{2} (1 + \log (2 \pi E))$. Halving the error therefore saves $\frac{D}{2} \log 2$
# nats. More generally, a decrease of the error from $E$ to $E'$ saves $\frac{D}{2} \log (E / E')$. The next cell checks
# this with the models with 16 and with 64 dimensions.

# %%
values = math.prod(dataset.image_shape)
print(f"half the error: {values / 2 * math.log(2):,.0f} nats")
found, bounds, errors = {}, [], []
for latent_dim in (16, 64):
    run = trained(dataset, latent_dim)
    rate, distortion = likelihood.rate_distortion(run.model, dataset.train_images[:1_000])
    bounds.append(-distortion.mean())
    errors.append(mean_squared_error(run.model, dataset.train_images[:1_000]))
    print(
        f"{latent_dim} dimensions: s² {np.exp(2 * float(run.model.log_scale.numpy())):.4f}, "
        f"error {errors[-1]:.4f}, minus the reconstruction term {bounds[-1]:,.0f}"
    )
print(f"by the formula, from 16 to 64: {values / 2 * math.log(errors[0] / errors[1]):,.0f} nats")
print(f"found: {bounds[1] - bounds[0]:,.0f} nats")

# %% [markdown]
# Halving the error is worth 1,065 nats. From 16 to 64 dimensions, the formula predicts a saving of 771 nats, and the
# actual difference is 742. The formula would be exact if $s^2$ were equal to the error of the same images and the same
# codes. However, the learned $s$ is adjusted during training, when the codes are sampled with noise. It is therefore a
# little larger than the square root of the error in the table, for which the codes are the means. For example, with 64
# dimensions $s^2$ is 0.0125 and the error is 0.0116.
#
# ## 4. Find the fault: an excellent test bound
#
# *A friend first makes eight modified copies of each image and then sets one tenth of them aside as test images. She
# obtains an excellent test bound. Find out by an experiment what is wrong with this.*
#
# We do the same with a quarter of the images. In addition, we compute the bound for the real test images, of which no
# copy was used in training.

# %%
quarter = dataset.limit(train=max(2, len(dataset.train_images) // 4))
copies = data.augment(quarter, 8, seed=seed)
order = np.random.default_rng(seed).permutation(len(copies.train_images))
images, labels = copies.train_images[order], copies.train_labels[order]
tenth = len(order) // 10
hers = replace(
    copies,
    train_images=images[tenth:],
    train_labels=labels[tenth:],
    test_images=images[:tenth],
    test_labels=labels[:tenth],
)
run, rows = trained(hers, 64), {}
for name, some in {
    "trained on": hers.train_images[:1_000],
    "her test images": hers.test_images,
    "images never seen": dataset.test_images,
}.items():
    rate, distortion = likelihood.rate_distortion(run.model, some)
    rows[name] = {
        "bound": -(rate + distortion).mean(),
        "error": mean_squared_error(run.model, some),
    }
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# Her test images are copies of training images, which were only shifted by a pixel or two, mirrored, or not changed at
# all. A model that has memorized an image reconstructs such a copy well, too. As a result, her bound of 1,835 is 530
# nats larger than the 1,306 of images that the model has really not seen, and it tells her little about new images. (A
# strict comparison would also shift and mirror the images that were never seen, because most of hers are modified and
# these are not.)
#
# The rule is to set the test images aside first, and to make copies afterwards. The same applies to successive frames
# of a film, or to photographs that were taken one after the other, because they are nearly copies of each other. For
# this reason, `data.load("frey_faces")` uses whole blocks of frames as test images.
