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
# # Your own images
#
# Going further, lesson 07 · needs lesson [01](01_standard_vae.ipynb) of the core course, and
# [06](06_the_family.ipynb) helps · [all lessons](../README.md) · [glossary](../docs/glossary.md)
#
# So far every image was 28 pixels wide and gray, and there were sixty thousand of them. Yours are not like that.
# Here we take 1,377 small pictures in color, the emoji of a font, see what two numbers can hold of them and what
# they can't, and what to turn when the result looks bad. Then it is your folder's turn.
#
# **What you'll do**
#
# - make a data set of any folder or zip of pictures;
# - train the same model on everything, and on faces alone;
# - turn one thing at a time, dimensions, β, size, the number of images, and see what it does to images that were
#   not trained on.
#
# **What you'll learn**
#
# - what a likelihood for photographs is, and why the cross-entropy is none;
# - to tell a model that has understood from one that has learned by heart;
# - which knob helps against which trouble.
#
# **What you'll need**
#
# - notebook 01; notebook 06 for β. Two to three minutes on two cores. The emoji are taken from a font that is
#   installed on your system, from a Debian package, or from the font's public address. Where none of these can be had,
#   a warning says so, and the lesson goes on with colored pictures of faces, hearts, and other shapes that are drawn
#   on the spot. What the text says about numbers and single pictures is then true for the emoji only.

# %%
import contextlib
import math
import warnings

import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import data, explorer, losses, plotting, runs
from vaelib.measures import likelihood
from vaelib.measures.decoded_images import mean_squared_error
from vaelib.objectives import Objective
from vaelib.support import lesson
from vaelib.terms import KL

# %% tags=["parameters"]
folder: str = "emoji"  # or a folder or a zip of your own images
closer: str = "faces"  # the faces among the emoji, or another folder: images that are more alike
size: int = 32  # pixels of a side
steps: int = 600  # batches of 50 images, for each model
seed: int = 0  # of the split, the weights, the order of the images and the noise

# %%
lesson.note_changed_settings(globals(), folder="emoji", closer="faces", size=32, steps=600, seed=0)
lesson.check_ranges(globals(), size=(16, 128))  # one of the models gets half the size

# %% [markdown]
# ## A folder becomes a data set
#
# `data.images` reads a folder or a zip, in whatever format Pillow knows. Subfolders are classes, and here they are
# Unicode's groups of emoji. Pictures are brought to one size. One in ten is set aside for testing: no model sees
# it in training.


# %%
def shared_dataset(source, size=size):
    with warnings.catch_warnings():
        if source in ("emoji", "faces"):  # which are all transparent, and so are laid on white
            lesson.check_unambiguous(source)
            warnings.simplefilter("ignore", data.ImageWarning)
            source = data.emoji(faces=source == "faces")
        dataset = data.images(source, size, seed=seed)
    return dataset


dataset, faces = shared_dataset(folder), shared_dataset(closer)
print(dataset)
for label, name in enumerate(dataset.class_names):
    print(f"{np.sum(dataset.train_labels == label):6} {name}")

# %%
lesson.show(
    plotting.samples(dataset.train_images[:60], columns=12),
    f"Five rows of twelve training images, {size} pixels high, of {len(dataset.class_names)} classes.",
)

# %% [markdown]
# ## A likelihood for colors
#
# Until now a pixel was a coin, black or white with a probability. For gray pixels that is a stretch (notebook 04).
# For the red of a rose it makes no sense. The plainest density for colors is a Gaussian around the decoded
# values $m_i$, of which a picture of 32 x 32 has 3,072:
#
# $$-\log p(x|z) = \sum_i \left[ \frac{(x_i - m_i)^2}{2 \sigma^2} + \log \sigma + \tfrac{1}{2} \log 2 \pi \right] .$$
#
# But with which $\sigma$? The squared error, summed over pixels, is the same with $\sigma^2 = 1/2$. That is a deviation
# of .7 for values between 0 and 1: whatever is decoded, nearly anything could be the truth, so reconstruction counts
# for little beside the KL. The σ-VAE (Rybkin and others, 2021) learns $\sigma$ along with the weights, one number
# more. As this is a density, minus the sum of both terms is again a lower bound on $\log p(x)$. It may be above 0,
# for densities may be above 1. And it compares only models of the same images at the same size.
#
# **Predict.** If the mean squared error of a value is .04, which $\sigma$ will be learned?


# %%
def trained(images, latent_dim=2, beta=1.0, steps=steps):
    epochs = max(1, round(steps / math.ceil(len(images.train_images) / 50)))
    objective = Objective(losses.gaussian_nll, [beta * KL])
    rate = 8e-3 * min(1.0, 32 / size)  # large images have large gradients
    recipe = runs.Recipe(images, objective, latent_dim, epochs, 50, learning_rate=rate, seed=seed)
    with contextlib.redirect_stdout(None):  # for there are dozens of epochs
        return runs.train(recipe)


def scores(run, images):
    row = {"σ": np.exp(float(run.model.log_scale.numpy()))}
    for part, some in (("trained on", images.train_images[:1_000]), ("test", images.test_images)):
        rate, distortion = likelihood.rate_distortion(run.model, some)
        row[f"error, {part}"] = mean_squared_error(run.model, some)
        row[f"bound, {part}"] = -(rate + distortion).mean()
    return row | {"KL": rate.mean()}


everything = trained(dataset)
table = {"2 dimensions": scores(everything, dataset)}
mean_image = dataset.train_images.mean(axis=0) / 255
print(
    f"error of the mean image, test: {np.mean((dataset.test_images / 255 - mean_image) ** 2):.4f}"
)
pd.DataFrame(table).T.round(4)

# %% [markdown]
# The root of the error: the best deviation is that of what is left over (exercise 3). Bounds are in nats per image,
# errors per value. To say the same of every picture, namely the mean of all, leaves an error of .073. With two numbers
# for each picture, four tenths of that are gone.
#
# ## What a plane can hold
#
# **Predict.** What do two numbers say of a picture, if there are hearts, clocks, fish and flags? Will a test image
# be recognized after its way through them?

# %%
few = dataset.test_images[:12]
rows = {"test images": few / np.float32(255)}
rows["2 dimensions"] = everything.model.decode(everything.model.encode(few))
lesson.show(
    plotting.image_rows(rows),
    "Twelve test images, and below each what two numbers keep of it: a blurred shape in roughly its color.",
)

# %%
lesson.show(
    plotting.latent_grid(everything.snapshots["grid"][-1]),
    "A grid of images decoded all over the plane of all emoji: yellow discs with a hint of a face at the upper left, "
    "orange squares at the upper right, blue squares at the lower right, pale blots at the lower left.",
)

# %% [markdown]
# The two numbers keep what most pixels agree on: how much of the picture is filled, and in which color. Discs lie at
# the upper left, squares on the right, pale things at the lower left. No apple, no ram; the one thing that
# can be guessed at is a face, for there are a hundred of them. The loss counts pixels, and a plane has room for two ways
# in which pixels change together.
#
# Is it the plane that is too small, or the data that are too many kinds of things? Let the same model see the faces
# alone, 112 of them.

# %%
one_kind = trained(faces)
print(faces)
lesson.show(
    plotting.latent_grid(one_kind.snapshots["grid"][-1]),
    "A grid decoded all over the plane of the faces: yellow faces below, with tongues out on the left, smiling in the "
    "middle and worried on the right; purple devils with horns above, towards the right a skull.",
)

# %%
pd.DataFrame({closer: scores(one_kind, faces)}).T.round(4)

# %% [markdown]
# These can be walked through. At the bottom, a worried face begins to smile as you go left, and ends with its tongue
# out. On the way up, horns grow. The error on the faces that the model was trained on is half of what it was. But look
# at the eleven others: their error is twice that, and the bound a sixth. Hold on to that; we come back to it.
#
# Walk yourself. Below each plane are the test images whose codes are nearest.

# %%
explorer.compare(one_kind, everything, titles=(closer, folder))

# %% [markdown]
# ## What to turn
#
# Your pictures will hardly be so well-behaved as faces. So here is every knob, turned one at a time: more dimensions;
# a larger β; a smaller size; fewer images, as you may have; and copies of these, each moved by up to two pixels and
# half of them mirrored. Test images are never copied.
#
# **Predict.** Which of them will bring the test error down most? For which will the bounds of both parts be
# farthest apart?

# %%
quarter = dataset.limit(train=max(2, len(dataset.train_images) // 4))
settings = {
    "16 dimensions": (dataset, 16, 1.0),
    "64 dimensions": (dataset, 64, 1.0),
    "16, β = 10": (dataset, 16, 10.0),
    "16, half the size": (shared_dataset(folder, size // 2), 16, 1.0),
    "16, a quarter": (quarter, 16, 1.0),
    "16, a quarter, 8 times": (data.augment(quarter, 8, seed=seed), 16, 1.0),
}
samples = {}
for name, (images, latent_dim, beta) in settings.items():
    run = trained(images, latent_dim, beta)
    table[name] = scores(run, images)
    rows[name] = run.model.decode(run.model.encode(images.test_images[:12]))
    samples[name] = run.snapshots["samples"][-1][:12]
pd.DataFrame(table).T.round(4)

# %%
lesson.show(
    plotting.image_rows(rows),
    f"Twelve test images and, row by row, what is left of them with: {'; '.join(list(rows)[1:])}. Some can be named "
    "from 16 dimensions on; with a quarter of the images they are speckled, with copies of these they are blurred.",
)

# %% [markdown]
# *Dimensions* do most by far. With 16 the clock is a clock, and with 64 the ram has its horns. They cost nats, and the
# bound rises all the same. The other price is the plane: sixteen dimensions can't be looked at.
#
# *β = 10* changes next to nothing that can be seen in this figure, and one hundredth of the test bound, though the codes
# carry half as many nats. What it leaves out was of little use.
#
# *Half the size* is a quarter of the pixels. The error falls, since small things are gone before anyone has to draw
# them, and a step takes a fraction of the time. (Its bound is of other images, and can't be compared.)
#
# *A quarter of the images*: on these the model is better than on any others at 16 dimensions. On test images its
# error lies halfway back to that of two numbers, and its bound is the worst of all. For $\sigma$ was learned on images
# known by heart, and promises a precision that new ones don't get. *Copies* of the same few bring the test bound nine
# tenths of the way back to that of all images.
#
# Samples are another matter. Here are twelve each of four models.

# %%
chosen = ["16 dimensions", "64 dimensions", "16, β = 10", "16, a quarter"]
lesson.show(
    plotting.image_rows({name: samples[name] for name in chosen}),
    f"Rows of twelve samples from the prior: {'; '.join(chosen)}. With β = 10 there are smooth discs and figures, in the "
    "other rows more and more speckled ones; none is an emoji.",
)

# %% [markdown]
# Here β = 10 pays. Where the codes of images lie close to the prior, samples from the prior fall where the decoder
# knows something, and they are rounder. With 64 dimensions, which reconstruct best, they are crumbs. Still, none is an
# emoji: for samples as good as reconstructions, a thousand images and a network of this size are not enough.
#
# ## By heart
#
# The surest way to learn by heart is to practise for long.
#
# **Predict.** Sixteen dimensions, trained for a quarter of the time, as above, and for four times as long. What will
# happen to the error and the bound, on images trained on and on others?

# %%
curve = {}
for length in (max(1, steps // 4), steps, 4 * steps):
    run = trained(dataset, 16, steps=length)
    curve[f"{length:,} steps"] = scores(run, dataset)
pd.DataFrame(curve).T.round(4)

# %% [markdown]
# On the images trained on, everything gets better, and would for hours. On the others the best is behind
# us. A loss that falls is no sign of learning anything. *Look at the test bound, or you don't know what you have.*
# In the notebooks before, this hardly mattered: sixty thousand clothes are too many to be learned by heart in four
# epochs.
#
# | what you see | what to turn | its line |
# | --- | --- | --- |
# | blurred, and as blurred for images trained on | more dimensions | 16, 64 dimensions |
# | good for images trained on, bad for others | more images; else copies, moved and mirrored; else stop earlier | a quarter, 8 times; 150 steps |
# | codes carry more nats than the test bound has use for | a larger β | β = 10 |
# | fine detail that you don't need; steps that take too long | a smaller size | half the size |
# | a plane of blots, and a plane is what you want | fewer kinds of things | the faces |
# | good reconstructions, bad samples | a larger β, or fewer dimensions | the samples |
#
# ## Your folder
#
# Set `folder` at the top to a folder or a zip, and run everything again. Or let the command line do it:
#
# ```bash
# python -m vaelib train photos/ --size 64 --latent-dim 2
# ```
#
# It prints how much time is left, and makes a folder with the run, four pictures, a page to walk through the plane, and
# a model that Keras reads. `python -m vaelib encode RUN photos/ > codes.csv` writes the codes, `sample` draws
# new images, and `--help` tells the rest. From 20 images on it works, though from 20 it learns them by heart. What
# can't be read is named, and left out with `--skip`. Nothing leaves your computer.
#
# ## Three quick questions
#
# <details><summary>1. The bound of model A is 1,463, that of model B −12. Can both be right?</summary>
#
# Yes. They are logarithms of densities, which may be above 1. If both are for the same images at the same size, A is
# better by 1,475 nats per image; otherwise nothing follows.
#
# </details>
#
# <details><summary>2. The learned σ is .10, the test error .044. What do you know?</summary>
#
# That the model has learned by heart. $\sigma$ is the root of the error on the images trained on, so that was about
# .010. On others the root is .21, twice what the model claims.
#
# </details>
#
# <details><summary>3. Your pictures are digits on street signs. Which of the options of `augment` would you turn
# off?</summary>
#
# The mirror. A mirrored 3 is no digit, and a model that has seen some believes in them.
#
# </details>
#
# ## On your own
#
# Solutions are in `solutions/07_your_own_images.ipynb`.
#
# 1. **Change one line.** Take `losses.squared_error` with 16 dimensions instead of the learned $\sigma$. How many nats
#    do the codes carry now, and what happens to the error? Which β would you need to make up for it?
# 2. **Measure.** How many of 64 dimensions are in use, by `measures.active_units`? And how many of 16, with
#    β = 1 and with β = 10?
# 3. **On paper.** Show that the best $\sigma^2$ is the mean squared error. How many nats is it worth to halve that
#    error, at 32 x 32 in color? Check with the table.
# 4. **Find the fault.** A friend makes eight copies of each picture first, and sets a tenth aside for testing then. Her
#    test bound is splendid. What went wrong? Show it.
#
# ## Further reading
#
# - O. Rybkin, K. Daniilidis and S. Levine, *Simple and effective VAE training with calibrated decoders*, ICML 2021,
#   arXiv 2006.13202: the learned $\sigma$, and why it replaces β.
# - T. Salimans and others, *PixelCNN++*, 2017, arXiv 1701.05517: a likelihood for bytes rather than for real numbers.
# - B. Dai and D. Wipf, *Diagnosing and enhancing VAE models*, 2019, arXiv 1903.05789: why samples are worse than
#   reconstructions, and a second VAE for the codes.
