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
# # Solutions: both models on handwritten digits
#
# Exercises of [notebook 03](../03_mnist.ipynb), solved. About two minutes on two cores, if you have run notebook
# 03.

# %%
import numpy as np
import pandas as pd

from vaelib import data, measures, objectives, plotting, runs
from vaelib.support import lesson

# %% tags=["parameters"]
dataset_name: str = "mnist"  # or "fashion_mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), dataset_name="mnist", epochs=4, seed=0, limit=None)

# %% [markdown]
# ## 1. Change one line
#
# *Set `epochs` to 1. How much of the gap between the models is there after one epoch?*

# %%
dataset = data.load(dataset_name)
settings = dict(seed=seed, limit=limit)
both = {"VAE": objectives.ELBO, "MMD-VAE": objectives.POST_MMD}
trained, rows = {}, {}
for passes in (1, epochs):
    for name, objective in both.items():
        trained[name] = runs.train(runs.Recipe(dataset_name, objective, epochs=passes, **settings))
        rows[f"{name}, epochs={passes}"] = measures.summary(trained[name].model, dataset)
    votes, pixels = (
        rows[f"VAE, epochs={passes}"][column] - rows[f"MMD-VAE, epochs={passes}"][column]
        for column in ("15-NN accuracy", "pixel MSE")
    )
    print(f"epochs={passes}, VAE less MMD-VAE: votes {votes:+.4f}, pixel error {pixels:+.4f}")
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# Nearly all of it. The VAE is ahead by .075 in 15-NN accuracy after one epoch and by .077 after four, and in pixel
# error by .0026 both times, though both models know much more after four. Mind that `epochs=1` is not the first of
# four: the learning rate rises and falls within it, and so its loss is lower than that after the first of four.
#
# ## 2. Measure: how evenly do walks go?
#
# *Two hundred pairs of test images of different classes: how large a share of the whole change does the largest of
# nine steps make?*

# %%
random = np.random.default_rng(seed)
pairs = random.integers(len(dataset.test_images), size=(400, 2))
classes = dataset.test_labels[pairs]
pairs = pairs[classes[:, 0] != classes[:, 1]][:200]  # (200, 2)


def walks_of(model):
    ends = model.encode(dataset.test_images)[pairs]  # (200, 2, 2)
    codes = np.linspace(ends[:, 0], ends[:, 1], 10, axis=1)  # (200, 10, 2)
    return model.decode(codes.reshape(-1, 2)).reshape(-1, 10, 28, 28, 1)


models = {name: run.model for name, run in trained.items()}
if dataset_name == "mnist":
    of_the_post = {"the post's VAE": "post-elbo", "VAE": "elbo", "MMD-VAE": "post-mmd"}
    for name, objective in of_the_post.items():
        models[f"{name}, 50 epochs"] = runs.load(f"mnist_{objective}_50-epochs").model
shares, least_even = {}, {}
for name, model in models.items():
    walks = walks_of(model)
    changes = np.abs(np.diff(walks, axis=1)).sum(axis=(2, 3, 4))  # (200, 9)
    whole = changes.sum(axis=1)
    shares[name] = changes.max(axis=1) / whole
    print(f"{name:25} largest step {shares[name].mean():.3f} of the whole of {whole.mean():3.0f}")
    least_even[f"{name}, {shares[name].max():.2f}"] = walks[shares[name].argmax()]
difference = shares["VAE"] - shares["MMD-VAE"]
error = difference.std(ddof=1) / np.sqrt(len(difference))
print(
    f"VAE less MMD-VAE, over the same pairs: {difference.mean():+.3f}, standard error {error:.3f}"
)

# %%
lesson.show(
    plotting.image_rows(least_even),
    f"A row of ten decoded images for each model: the least even of two hundred walks. The largest step makes the share "
    f"of the whole change that stands before the row: {'; '.join(least_even)}.",
)

# %% [markdown]
# The MMD-VAE, by a little: .149 against .160, a difference of five standard errors. By the post's own settings it
# is .137 against .149, for the post's VAE and the corrected one alike. So there is something in the post's
# impression, which four pairs could not show. But less changes in all on the MMD-VAE's walks, 143 against 178,
# perhaps since its images are softer, and that may be a part of it. The standard error is over pairs of images.
# What another seed would do it can't say.
#
# ## 3. On paper: the best image for all is the mean
#
# *A decoder makes one image $m$ of several images $x_1, \dots, x_n$. In cross-entropy the best $m$ is their mean,
# and any other costs a KL divergence more.*
#
# Pixels add up, so look at one. With $\bar x = \frac1n \sum_i x_i$, the mean cost is
#
# $$C(m) = \frac1n \sum_i \bigl[ -x_i \log m - (1 - x_i) \log (1 - m) \bigr]
# = -\bar x \log m - (1 - \bar x) \log (1 - m).$$
#
# Only the mean of the images is left. Subtract the same for $m = \bar x$:
#
# $$C(m) - C(\bar x) = \bar x \log \frac{\bar x}{m} + (1 - \bar x) \log \frac{1 - \bar x}{1 - m},$$
#
# which is the KL divergence between two coins, $\bar x$ and $m$. It is never negative, and zero only for $m = \bar
# x$. (In squared error it is so, too: $\frac1n \sum_i (x_i - m)^2 = \frac1n \sum_i (x_i - \bar x)^2 + (\bar x -
# m)^2$.)
#
# Check it with a 0 and a 1: the cost of any $m$, and an $m$ that is found by gradient descent from gray. In a logit
# $l$, with $m = s(l)$, the gradient of $C$ is $m - \bar x$.

# %%
x = np.stack([dataset.test_images[np.flatnonzero(dataset.test_labels == d)[0]] for d in (0, 1)])
x = (x / 255.0).clip(1e-6, 1 - 1e-6)  # so that no logarithm is infinite
mean = x.mean(axis=0)


def cost(m):
    return -(x * np.log(m) + (1 - x) * np.log(1 - m)).sum(axis=(1, 2, 3)).mean()


def kl(m):
    return (mean * np.log(mean / m) + (1 - mean) * np.log((1 - mean) / (1 - m))).sum()


logits = np.zeros_like(mean)
for _ in range(20_000):
    logits -= 1 / (1 + np.exp(-logits)) - mean
tried = {
    "the mean": mean,
    "the first": x[0],
    "gray": np.full_like(mean, 0.5),
    "noise": random.uniform(0.01, 0.99, mean.shape),
    "found by descent": 1 / (1 + np.exp(-logits)),
}
pd.DataFrame(
    {
        name: {"cost": cost(m), "more than the mean": cost(m) - cost(mean), "KL": kl(m)}
        for name, m in tried.items()
    }
).T.round(3)

# %%
lesson.show(
    plotting.image_rows({"images, mean, descent": np.stack([*x, mean, tried["found by descent"]])}),
    f"Four images in a row: a test image of the class {dataset.class_names[0]}, one of the class "
    f"{dataset.class_names[1]}, their mean, in which both are seen at half their brightness, and the image found by "
    f"gradient descent, which differs from the mean by {np.abs(mean - tried['found by descent']).max():.1e} at most.",
)

# %% [markdown]
# The two columns agree to the last digit that is shown. The mean of the two costs 127.0 nats, and a decoder that
# gave the 0 for both would pay 291.2 more, with its probabilities kept $10^{-6}$ away from 0 and 1. Gradient
# descent finds the mean. This is why what lies between two places of the plane, or is decoded from a code that many
# images share, is blurred: it is a mean, and not a mistake.
#
# ## 4. Measure: cross-entropy, MMD², and codes without noise
#
# *Train `objectives.infovae(1, 784, sampled=False)`. On whose side is it?*

# %%
between = objectives.infovae(1, 784, sampled=False)
run = runs.train(runs.Recipe(dataset_name, between, epochs=epochs, **settings))

# %%
compared = {"VAE": trained["VAE"], "between": run, "MMD-VAE": trained["MMD-VAE"]}
pd.DataFrame(
    {name: measures.summary(one.model, dataset) for name, one in compared.items()}
).T.round(4)

# %% [markdown]
# On both. Its codes are nearly as close to the prior as the MMD-VAE's: MMD² is .0009, against .0002 there and .0055
# for the VAE. But in 15-NN accuracy and pixel MSE it is half-way between the two: .640 between .677 and .601, .0436
# between .0424 and .0450. So in these runs, about half of what the VAE's plane knew more goes with the
# cross-entropy, or with the weaker pull that a weight of 784 has against it (solution 5 of notebook 02). The other
# half goes with the KL and its noise. This is one seed.
#
# ## 5. Open: mirrored
#
# *Let a friend say which grid is more organic. Then show it mirrored, with the names exchanged.*
#
# To mirror a plane, change the sign of $z_1$: in the codes, and in the grid by turning each of its rows around.
# Here it is for both models, and the one that was on the left is on the right.


# %%
def mirrored(snapshots):
    codes, grid = snapshots["codes"][-1:], snapshots["grid"][-1]
    rows = grid.reshape(16, 16, *grid.shape[1:])
    return dict(snapshots) | {
        "samples": snapshots["samples"][-1:],
        "codes": codes * np.array([-1, 1]),
        "grid": rows[:, ::-1].reshape(1, *grid.shape),
    }


turned = {name: mirrored(run.snapshots) for name, run in trained.items()}
lesson.show(
    plotting.comparison(
        {"model C": turned["VAE"], "model D": turned["MMD-VAE"]}, dataset.class_names
    ),
    "Two columns, model C and model D: 64 samples, the codes of the test images with the dashed circle of the prior, and "
    "the decoded grid. In both planes left and right are exchanged, in codes and grid, against the first comparison.",
)
for name, run in trained.items():
    for words, arrays in {"as it is": run.snapshots, "mirrored": turned[name]}.items():
        numbers = measures.code_statistics(arrays["codes"][-1])
        print(f"{name:8} {words}: " + ", ".join(f"{k} {v:+.4f}" for k, v in numbers.items()))

# %% [markdown]
# A mirrored plane is as good as the other: the numbers are the same, but for the sign of the first mean. So if your
# friend names the same *model* both times, it is the model that is preferred. If it is the same *side*, or the same
# name, the answer was about the side or the name, and says nothing of models. One friend and one pair can agree by
# chance half of the time. Ask six: that all of them name the same model both times by coin tosses has a probability
# of $2 \cdot 4^{-6}$, one in 2,048.
