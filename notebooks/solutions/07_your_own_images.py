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
# Exercises of [notebook 07](../07_your_own_images.ipynb), solved. About two minutes on two cores, less if you have run
# notebook 07.

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
# ## 1. Change one line
#
# *Take `losses.squared_error` instead of the learned σ. How many nats do the codes carry, and what happens to the
# error? Which β would make up for it?*

# %%
learned = trained(dataset)
scale = float(np.exp(learned.model.log_scale.numpy()))
models = {
    "learned σ": learned,
    "squared error": trained(dataset, term=losses.squared_error),
    "squared error, smaller β": trained(dataset, 16, 2 * scale**2, losses.squared_error),
}
rows, pictures = {}, {}
few = dataset.test_images[:12]
for name, run in models.items():
    rate, _ = likelihood.rate_distortion(run.model, dataset.test_images)
    rows[name] = {"KL": rate.mean(), "error": mean_squared_error(run.model, dataset.test_images)}
    pictures[name] = run.model.decode(run.model.encode(few))
print(f"2 σ² = {2 * scale**2:.4f}")
pd.DataFrame(rows).T.round(4)

# %%
lesson.show(
    plotting.image_rows(pictures),
    f"Three rows of reconstructions of twelve test images: {'; '.join(pictures)}.",
)

# %% [markdown]
# The codes carry a third of the nats, and the test error is hardly larger: .0250 against .0241. That is what a $\sigma$
# of .7 does. The squared error is the Gaussian's term times $2 \sigma^2$, up to what does not depend on the code. So it
# is as if the KL were weighed by $1 / (2 \sigma^2)$, here by 25. With a β of $2 \sigma^2 = .039$ the nats come back,
# and most of the error. Who learns $\sigma$ need not search for that β. Whoever prefers to choose β chooses a
# $\sigma$ without saying so.
#
# ## 2. Measure: how many dimensions are in use?
#
# *By `measures.active_units`, of 64, and of 16 with β = 1 and β = 10.*

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
    f"{', '.join(f'{name}, with {n} in use' for name, n in used.items())}, and the threshold at .1.",
)

# %% [markdown]
# All of them, in each model. The pictures differ in more ways than 64 numbers can say, so no unit is idle. (On clothes,
# in notebook 06, a KL of thirty times its weight left two of twenty.) β = 10 takes nats from all rather than units from
# some: it changes least in the last ones, which are spread over images as before.
#
# ## 3. On paper: the best σ
#
# *Show that the best $\sigma^2$ is the mean squared error. How many nats is it worth to halve that error?*
#
# With $D$ values and an error of $E$ for each, the reconstruction term is
# $D \left( \tfrac{E}{2 \sigma^2} + \log \sigma + \tfrac{1}{2} \log 2 \pi \right)$. Its derivative by
# $\log \sigma$ is $D (1 - E / \sigma^2)$: zero where $\sigma^2 = E$, below it negative, above it positive. So there is
# the only minimum. Put in, the term is $\tfrac{D}{2} (1 + \log 2 \pi E)$. Half the error is worth
# $\tfrac{D}{2} \log 2$, and from one error to another it is $\tfrac{D}{2} \log (E / E')$.

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
        f"{latent_dim} dimensions: σ² {np.exp(2 * float(run.model.log_scale.numpy())):.4f}, "
        f"error {errors[-1]:.4f}, minus the reconstruction term {bounds[-1]:,.0f}"
    )
print(f"by the formula, from 16 to 64: {values / 2 * math.log(errors[0] / errors[1]):,.0f} nats")
print(f"found: {bounds[1] - bounds[0]:,.0f} nats")

# %% [markdown]
# The formula promises 771 nats from 16 to 64 dimensions, and 742 are found. It would be exact for a $\sigma^2$ that is
# the error of the very images and codes that are scored. The one that was learned is an average over the last steps,
# in which codes were sampled: it is a little larger than the error of mean codes.
#
# ## 4. Find the fault: a splendid test bound
#
# *Copies first, then the split. What went wrong?*

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
# Her test images are copies of images trained on, moved by a pixel or two. Whoever knows a picture by heart knows
# those. So the bound that she prints is 530 nats too good, and what she takes for a test tells her nothing of
# new pictures. The rule: first set aside, then copy. The same goes for frames of one film, or photographs of one
# afternoon: neighbors are copies, too.
