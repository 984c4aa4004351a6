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
# # Solutions: handwritten digits
#
# These are the solutions to the exercises of [lesson 03](../03_mnist.ipynb). The notebook takes about two minutes on
# two CPU cores if you have run lesson 03 before. Terms are explained in the [glossary](../../docs/glossary.md).

# %%
import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
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
# *Set `epochs` to 1 and run all cells. How much of the difference between the two models is there after one epoch?*
#
# Instead of running the lesson again, we train both models for one epoch and for four epochs here.

# %%
dataset = data.load(dataset_name)
settings = dict(seed=seed, limit=limit)
both = {"VAE": objectives.ELBO, "MMD-VAE": objectives.POST_MMD}
trained, rows = {}, {}
for passes in (1, epochs):
    for name, objective in both.items():
        trained[name] = runs.train(runs.Recipe(dataset_name, objective, epochs=passes, **settings))
        rows[f"{name}, epochs={passes}"] = measures.summary(trained[name].model, dataset)
    accuracy, pixels = (
        rows[f"VAE, epochs={passes}"][column] - rows[f"MMD-VAE, epochs={passes}"][column]
        for column in ("15-NN accuracy", "pixel MSE")
    )
    print(
        f"epochs={passes}, VAE minus MMD-VAE: 15-NN accuracy {accuracy:+.4f}, pixel MSE {pixels:+.4f}"
    )
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# Nearly all of the difference is there after one epoch. In 15-NN accuracy, the VAE is ahead by 0.075 after one epoch
# and by 0.077 after four, and its pixel MSE is lower by 0.0026 in both cases. This is so although both models improve
# considerably between one epoch and four.
#
# Note that a run with `epochs=1` is not the same as the first of four epochs. The
# [learning rate schedule](../../docs/glossary.md#learning-rate-schedule) depends on the number of epochs, so with
# `epochs=1` the rate increases and decreases within this epoch. For this reason, the loss after one epoch is 182.40
# here, while it is 193.57 after the first of four epochs.
#
# ## 2. Measure: how even is the interpolation?
#
# *Interpolate between two hundred pairs of test images of different classes with each model. What share of the total
# change is due to the largest of the nine steps?*
#
# If all nine steps were equal, the share would be 1/9, or 0.111. We also include the three models of the section
# [Left and right, as in the post](../03_mnist.ipynb#Left-and-right,-as-in-the-post).

# %%
random = np.random.default_rng(seed)
pairs = random.integers(len(dataset.test_images), size=(400, 2))
classes = dataset.test_labels[pairs]
pairs = pairs[classes[:, 0] != classes[:, 1]][:200]  # (200, 2)


def paths_of(model):
    """Interpolate between the two images of each pair in ten codes, (200, 10, 28, 28, 1)."""
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
    paths = paths_of(model)
    changes = np.abs(np.diff(paths, axis=1)).sum(axis=(2, 3, 4))  # (200, 9)
    total = changes.sum(axis=1)
    shares[name] = changes.max(axis=1) / total
    print(
        f"{name:25} largest step {shares[name].mean():.3f} of a total change of {total.mean():3.0f}"
    )
    least_even[f"{name}, {shares[name].max():.2f}"] = paths[shares[name].argmax()]
difference = shares["VAE"] - shares["MMD-VAE"]
error = difference.std(ddof=1) / np.sqrt(len(difference))
print(
    f"VAE minus MMD-VAE, for the same pairs: {difference.mean():+.3f}, standard error {error:.3f}"
)

# %%
lesson.show(
    plotting.image_rows(least_even),
    f"A row of ten decoded images for each model, its least even interpolation of two hundred. The number in front of the row "
    f"is the share of the largest step in the total change: {'; '.join(least_even)}.",
)

# %% [markdown]
# The MMD-VAE changes a little more evenly. The largest step is 0.149 of the total change on average, compared with
# 0.160 for the VAE. The difference of 0.011 is about five times its standard error of 0.002. After fifty epochs, the
# share is 0.137 for the post's MMD-VAE, and 0.149 both for the post's VAE and for the VAE with the standard KL
# weight. The post's impression is therefore not without reason, but four pairs were too few to show it.
#
# Two cautions are necessary. First, the total change of the MMD-VAE is smaller, 143 compared with 178, perhaps
# because its images are softer. This may explain a part of the difference. Second, the standard error describes how
# much the result depends on the choice of the pairs. It does not describe how much the result would change with
# another [seed](../../docs/glossary.md#seed), because we have only one run of each model here.
#
# ## 3. On paper: the best single image is the mean
#
# *A decoder decodes the same image $m$ for several images $x_1, \dots, x_n$. Show that in terms of cross-entropy the
# best $m$ is their mean, and that the extra cost of any other $m$ is a KL divergence.*
#
# The cross-entropy is a sum over pixels, so we can look at a single pixel. Let $\bar x = \frac1n \sum_i x_i$ be the
# mean of the pixel over the images. The mean cost of a decoded value $m$ is
#
# $$C(m) = \frac1n \sum_i \bigl[ -x_i \log m - (1 - x_i) \log (1 - m) \bigr]
# = -\bar x \log m - (1 - \bar x) \log (1 - m).$$
#
# The images enter the cost only through their mean $\bar x$. We subtract the cost of $m = \bar x$ and get
#
# $$C(m) - C(\bar x) = \bar x \log \frac{\bar x}{m} + (1 - \bar x) \log \frac{1 - \bar x}{1 - m}.$$
#
# The right-hand side is the [KL divergence](../../docs/glossary.md#kl-divergence) between two distributions on black
# and white, one with probability $\bar x$ for white and the other with probability $m$. A KL divergence is never
# negative, and it is zero only if both distributions are the same, that is, if $m = \bar x$. The squared error has
# the same property, because $\frac1n \sum_i (x_i - m)^2 = \frac1n \sum_i (x_i - \bar x)^2 + (\bar x - m)^2$.
#
# We check this with a 0 and a 1. The table shows the cost of several choices of $m$. The last row is an image that
# was found by gradient descent, which starts from gray and changes the logit $l$ of each pixel. With
# $m = 1/(1 + e^{-l})$, the gradient of $C$ with respect to $l$ is $m - \bar x$.

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
# The last two columns of the table agree in every digit that is shown. The mean of the two images costs 127.0 nats. A
# decoder that decoded the 0 for both images would cost 291.2 nats more, where we have kept its probabilities at a
# distance of $10^{-6}$ from 0 and 1 so that no logarithm is infinite. Gradient descent also finds the mean.
#
# This explains why images are blurred if their code is between two classes, or if many different images share it. The
# blurred image is a mean, and it is what the loss asks for, not a mistake of the network.
#
# ## 4. Measure: cross-entropy, MMD², and deterministic codes
#
# *Train `objectives.infovae(1, 784, sampled=False)`. Which of the two models is it more similar to?*

# %%
between = objectives.infovae(1, 784, sampled=False)
run = runs.train(runs.Recipe(dataset_name, between, epochs=epochs, **settings))

# %%
compared = {"VAE": trained["VAE"], "between": run, "MMD-VAE": trained["MMD-VAE"]}
pd.DataFrame(
    {name: measures.summary(one.model, dataset) for name, one in compared.items()}
).T.round(4)

# %% [markdown]
# The new model is similar to the MMD-VAE in one respect and lies between the two models in the other. Its codes are
# nearly as close to the prior as those of the MMD-VAE, because its MMD² is 0.0009, compared with 0.0002 for the
# MMD-VAE and 0.0055 for the VAE. However, its 15-NN accuracy of 0.640 is about halfway between 0.677 for the VAE and
# 0.601 for the MMD-VAE, and its pixel MSE of 0.0436 is also between 0.0424 and 0.0450.
#
# In these runs, about half of the additional information in the codes of the VAE therefore disappears with the change
# to squared error. The reason may be the error itself, or that the penalty with its weight of 784 weighs more beside
# a squared error than beside a cross-entropy (see [lesson 02](../02_mmd_vae.ipynb)). The other half is due to the KL
# divergence together with the random codes. Keep in mind that this is one seed.
#
# ## 5. Open: mirrored grids
#
# *Let a friend look at the two grids in the section [Which model is which?](../03_mnist.ipynb#Which-model-is-which?)
# and say which one is more organic. Then show them mirrored, and with the names exchanged.*
#
# To mirror a latent space, we change the sign of $z_1$ in the codes, and reverse each row of the grid. The next
# figure shows the grids of both models. The model that was on the left before is now on the right.


# %%
def mirrored(snapshots):
    codes, grid = snapshots["codes"][-1:], snapshots["grid"][-1]
    rows = grid.reshape(16, 16, *grid.shape[1:])
    return dict(snapshots) | {
        "samples": snapshots["samples"][-1:],
        "codes": codes * np.array([-1, 1]),
        "grid": rows[:, ::-1].reshape(1, *grid.shape),
    }


mirrored_snapshots = {name: mirrored(run.snapshots) for name, run in trained.items()}
lesson.show(
    plotting.comparison(
        {"model C": mirrored_snapshots["VAE"], "model D": mirrored_snapshots["MMD-VAE"]},
        dataset.class_names,
        pictures=["grid"],
    ),
    "Two decoded grids with the dashed circle of the prior, of model C on the left and of model D on the right. Compared "
    "with the lesson, each grid is mirrored, and the model that was on the left is on the right.",
)
for name, run in trained.items():
    for words, arrays in {"original": run.snapshots, "mirrored": mirrored_snapshots[name]}.items():
        numbers = measures.code_statistics(arrays["codes"][-1])
        print(f"{name:8} {words}: " + ", ".join(f"{k} {v:+.4f}" for k, v in numbers.items()))

# %% [markdown]
# A mirrored latent space is as good as the original, because the numbers are the same except for the sign of the
# first mean. If your friend prefers the same *model* both times, the answer is about the model. If it is the same
# *side* or the same *name*, the answer is about the side or the name and tells us nothing about the models.
#
# One friend and one pair of figures are not enough, because a friend who tosses coins prefers the same model both
# times in half of the cases. Suppose that you ask six friends. If they toss coins, the probability that all six of
# them name one and the same model both times is $2 \cdot 4^{-6}$, or one in 2,048.
