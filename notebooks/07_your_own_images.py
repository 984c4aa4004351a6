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
# # Your own images: what to do if they are few, in color, and large
#
# Going further, lesson 07 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) ·
# [glossary](../docs/glossary.md)
#
# In the core course, every image was 28 pixels wide and gray, and there were 60,000 of them. Your own images are
# probably different, because a folder of photographs may contain only a few hundred images, in color, of many different
# things. In this lesson we train a [VAE](../docs/glossary.md#vae) on such a folder. Our example is a set of 1,377
# emoji, the small colored pictures of a font. They are difficult for the same reasons as photographs, but they fit into
# two minutes of training.
#
# We will see that the first result is disappointing. The main part of the lesson then looks for the reasons. It changes
# one setting at a time, and at the end you will have a table that tells you what to change when your own images come
# out blurred or speckled.
#
# **What you'll do**
#
# - turn a folder or a zip archive of images into a data set;
# - train the same model on all emoji, and on faces alone;
# - change one setting at a time (the number of dimensions, β, the size, the number of images, the length of training),
#   and measure what happens to images that were not used in training.
#
# **What you'll learn**
#
# - which [likelihood](../docs/glossary.md#likelihood) is suitable for colors, and how its width is learned;
# - how to recognize a model that has memorized its training images;
# - which setting helps against which problem.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb), and for β it helps to know [lesson 06](06_the_family.ipynb). The notebook takes
#   two to three minutes on two CPU cores.
# - The emoji are taken from a font that is installed on your system, from a Debian package, or from the public address
#   of the font. If none of these is available, a warning says so, and the lesson continues with colored pictures of
#   faces, hearts, and other shapes that the program draws. The numbers and descriptions in the text are then not
#   correct.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [From a folder to a data set](#From-a-folder-to-a-data-set) | How do I load my images? |
# | [A likelihood for colors](#A-likelihood-for-colors) | How do we measure the error of a color? |
# | [What two numbers can describe](#What-two-numbers-can-describe) | Why are the first images so blurred? |
# | [Changing one setting at a time](#Changing-one-setting-at-a-time) | Which setting improves images that the model has not seen? |
# | [Samples](#Samples) | Which setting improves new images? |
# | [Overfitting](#Overfitting) | When should training stop? |
# | [What to change](#What-to-change) | Which setting helps against which problem? |
# | [Your own folder](#Your-own-folder) | How do I do this with my images? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions), [On your own](#On-your-own) | Did you understand it, and what can you try? |

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
# ## From a folder to a data set
#
# The function `data.images` reads a folder or a zip archive with images of any format that the library Pillow can read.
# Subfolders become [classes](../docs/glossary.md#class), which for the emoji are the groups of the Unicode standard.
# All images are scaled and cropped to the same size. One image in ten is set aside as a [test
# image](../docs/glossary.md#test-image), which no model sees in training.


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
# The figure shows the first 60 training images. They have little in common, because some are faces or animals, others
# are signs in an orange square, and the colors vary from image to image. With 1,239 training images of nine such
# different groups, there are only a few examples of each kind of thing.
#
# ## A likelihood for colors
#
# In the core course, the [reconstruction term](../docs/glossary.md#reconstruction-term) was usually the [binary
# cross-entropy](../docs/glossary.md#binary-cross-entropy). It treats a pixel as black or white with a certain
# probability, which is questionable for gray pixels and makes even less sense for the amount of red in a rose. A simple
# alternative for colors is a normal distribution. We assume that each color value $x_i$ of an image is normally
# distributed around the decoded value $m_i$, with a standard deviation $s$ that is the same for all values. An image of
# 32 × 32 pixels with three colors has 3,072 such values, and the reconstruction term is the negative logarithm of their
# joint [density](../docs/glossary.md#density-of-a-distribution):
#
# $$-\log p(x \mid z) = \sum_i \left[ \frac{(x_i - m_i)^2}{2 s^2} + \log s + \tfrac{1}{2} \log 2 \pi \right].$$
#
# The first term in the brackets is a [squared error](../docs/glossary.md#squared-error), which counts more if $s$ is
# small. The second term, $\log s$, has the opposite effect, because it increases with $s$, and the third one is a
# constant.
#
# How should we choose $s$? If we simply used the squared error as a loss, we would choose it without noticing. The sum
# of $(x_i - m_i)^2$ is the first term for $2 s^2 = 1$, so $s$ is about 0.71. Since color values are between 0 and 1,
# this means that almost any color is considered compatible with almost any other one. The reconstruction then has
# little weight in comparison with the [KL divergence](../docs/glossary.md#kl-divergence), and the codes contain less
# information than they could. The σ-VAE ([Rybkin et al. 2021](https://arxiv.org/abs/2006.13202)) avoids this choice. It
# treats $s$ as one more weight of the network and learns it together with all the others. (The authors write σ for it,
# which in this course is the standard deviation of the [approximate
# posterior](../docs/glossary.md#approximate-posterior).)
#
# **Predict.** Suppose that the mean squared error of a color value is 0.04. Which $s$ makes the reconstruction term
# smallest?


# %%
def trained(images, latent_dim=2, beta=1.0, steps=steps):
    epochs = max(1, round(steps / math.ceil(len(images.train_images) / 50)))
    objective = Objective(losses.gaussian_nll, [beta * KL])
    rate = 8e-3 * min(1.0, 32 / size)  # large images have large gradients
    recipe = runs.Recipe(images, objective, latent_dim, epochs, 50, learning_rate=rate, seed=seed)
    with contextlib.redirect_stdout(None):  # for there are dozens of epochs
        return runs.train(recipe)


def scores(run, images):
    row = {"s": np.exp(float(run.model.log_scale.numpy()))}
    for part, some in (("training", images.train_images[:1_000]), ("test", images.test_images)):
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
# The best $s$ for a mean squared error of 0.04 is its square root, 0.2, as exercise 3 shows. In other words, the model
# learns how large its errors usually are. In our table, the error of the training images is 0.0425 and $s$ is 0.206,
# which is the square root of 0.0425.
#
# The other columns are the *error*, which is the mean squared error of a color value, and the *bound*, both for
# training images and for test images. The bound is the [ELBO](../docs/glossary.md#elbo) in
# [nats](../docs/glossary.md#nat) per image, that is, a lower bound on $\log p(x)$. It is larger for a better model.
# Here it is positive, which may be surprising for the logarithm of a probability. However, $p(x)$ is a density, and a
# density can exceed 1. For the same reason, you can compare bounds only between models of the same images at the same
# size. The KL is that of the test images.
#
# The line above the table helps us to judge the error. If we decode every image as the average of all training images,
# the error is 0.0729. With two numbers per image it is 0.0437, so about 40 % of this error has been removed.
#
# ### What if images are reproduced exactly?
#
# A learned $s$ has a weakness that you should know before you compare bounds. If the error is $E$, the best $s$ is
# $\sqrt{E}$, and the largest possible value of $\log p(x \mid z)$ is $-\frac{D}{2} (1 + \log 2 \pi E)$, where $D$ is
# the number of color values. The next cell computes it for smaller and smaller errors.

# %%
values = math.prod(dataset.image_shape)
errors = np.array([0.04, 1e-2, 1e-4, 1e-6, 1e-8])
pd.DataFrame(
    {
        "best s": np.sqrt(errors),
        "largest log p(x given z)": -values / 2 * (1 + np.log(2 * np.pi * errors)),
    },
    index=pd.Index(errors, name="error"),
).round(4)

# %% [markdown]
# The table shows that there is no upper limit. If a model reproduces all of its training images exactly, for example
# because it has memorized them, $s$ approaches 0 and the bound of the training images grows without limit. The reason
# is that color values are not arbitrary real numbers. They are stored as bytes, so only 256 values occur, and a density
# can put a narrow peak on each of them. The usual remedy is **dequantization**, which adds uniform noise of the width
# of one byte step, here 1/255, to every value before the density is evaluated ([Theis et al.
# 2016](https://arxiv.org/abs/1511.01844)). On average over the noise, the bound can then never exceed $D \log 255$,
# which is 17,023 nats for our images. We do not need it in this lesson, because every $s$ below is more than 20 times
# as large as a byte step, so the noise would hardly change the bounds. If $s$ comes close to 1/255 = 0.004 for your own
# images, do not trust the bound without dequantization.
#
# ## What two numbers can describe
#
# Numbers do not show us what the model has learned, so we look at images. The next figure shows twelve test images, and
# below each of them the reconstruction from its two numbers.
#
# **Predict.** What do two numbers tell us about an image if there are hearts, clocks, fish, and flags? Will you
# recognize a test image in its reconstruction?

# %%
few = dataset.test_images[:12]
rows = {"test images": few / np.float32(255)}
rows["2 dimensions"] = everything.model.decode(everything.model.encode(few))
lesson.show(
    plotting.image_rows(rows),
    "Twelve test images, and below each one its reconstruction from two numbers, which is a blurred shape in roughly the "
    "same color.",
)

# %%
lesson.show(
    plotting.latent_grid(everything.snapshots["grid"][-1]),
    "A grid of images decoded from codes between -4 and 4, for all emoji. There are yellow disks with a hint of a face at the "
    "upper left, orange squares at the upper right, blue squares at the lower right, and pale blurred shapes at the lower left.",
)

# %% [markdown]
# The two numbers describe what changes most pixels, namely how much of the image is filled and with which color. In the
# second figure, there are yellow disks at the upper left, squares at the right, and pale shapes at the lower left. You
# cannot recognize the apple or the ram in the first figure. The only thing that can be guessed is a face, because there
# are more than a hundred faces among the training images. This agrees with what we saw in [lesson
# 00](00_faces.ipynb#What-if-other-factors-change-more-pixels?), where the codes described those [factors of
# variation](../docs/glossary.md#factor-of-variation) that change the pixels most.
#
# Are two dimensions too few, or are the images too different from each other? To find out, we keep the model as it is
# and train it on the 112 faces alone.

# %%
one_kind = trained(faces)
print(faces)
lesson.show(
    plotting.latent_grid(one_kind.snapshots["grid"][-1]),
    "A grid of images decoded from codes between -4 and 4, for the faces. There are yellow faces in the lower half, with "
    "tongues out on the left, smiling in the middle, and worried on the right. In the upper half there are purple devils "
    "with horns, and a skull toward the right.",
)

# %%
pd.DataFrame({closer: scores(one_kind, faces)}).T.round(4)

# %% [markdown]
# This latent space is much easier to understand. If you go from right to left along the lower edge, a worried face
# begins to smile and finally sticks out its tongue. If you go upward from there, the faces become devils with horns.
# The error of the training images is 0.0207, which is half of what it was for all emoji. So two numbers are sufficient
# for a rough description, provided that the images are similar to each other.
#
# However, look at the eleven faces that were not used in training. Their error is 0.0397, about twice as large, and
# their bound is 243 instead of 1,579. We come back to this in the section [Overfitting](#Overfitting).
#
# You can explore both latent spaces in the [explorer](../docs/glossary.md#explorer). Below each latent space, it shows
# the test images whose codes are closest to the point that you choose.

# %%
explorer.compare(one_kind, everything, titles=(closer, folder))

# %% [markdown]
# ## Changing one setting at a time
#
# If your images are as different from each other as the emoji, you will want to improve the result. We now change one
# setting at a time and train a model for each. The settings are more dimensions, a larger
# [β](../docs/glossary.md#beta-vae), half the size, and a quarter of the images, in case you have only a few. The last
# model uses [augmentation](../docs/glossary.md#augmentation), which means that it is trained on eight versions of each
# of these few images, which are shifted by up to two pixels, and half of which are mirrored. The test images are always
# the original ones.
#
# **Predict.** Which of these changes reduces the test error most? For which one do the bounds of training images and
# test images differ most?

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
    f"Twelve test images and, row by row, their reconstructions with: {'; '.join(list(rows)[1:])}. Some can be recognized "
    "from 16 dimensions on. With a quarter of the images they are speckled, and with augmentation they are blurred.",
)

# %% [markdown]
# **Using more dimensions has by far the largest effect.** With 16 dimensions you can recognize the clock, and with 64
# dimensions you can guess at the ram. The codes then contain more nats, so the KL increases from 8.2 to 52.4 and 149.6.
# Nevertheless, the test bound increases as well, from 438 to 1,271 and 1,463. The disadvantage is that you can no
# longer look at a latent space of 16 dimensions in a figure.
#
# **With β = 10, almost nothing changes that you can see in this figure.** However, the codes contain only about half of
# the nats, 27.7 instead of 52.4, while the test bound decreases by 1 %. The information that was removed was therefore
# of little use for test images.
#
# **At half the size, the images have a quarter of the pixels.** The error decreases, because small details have
# disappeared from the images before the model has to draw them, and a training step takes a fraction of the time.
# Remember that the bound is that of other images, so it cannot be compared with the rest of the column.
#
# **With a quarter of the images, the model overfits.** It has the lowest training error of all models with 16
# dimensions in this table, 0.0107, but a test error of 0.0348, which is halfway between 16 and 2 dimensions with all
# images. Its test bound of -727 is the worst in the table. The reason is that $s$ was learned from images that the
# model had memorized, so it is the square root of the small training error, 0.11. The errors of test images are larger
# than this $s$ allows for, and the density punishes them heavily.
#
# **Augmentation repairs most of the damage.** With the same few images, the test bound rises from -727 to 1,049, which
# is about 90 % of the way back to the 1,271 of the model that was trained on all images.
#
# ## Samples
#
# A good reconstruction does not imply good samples, because a sample is decoded from a code of the
# [prior](../docs/glossary.md#prior) and not from the code of an image. Here are twelve samples from each of four
# models.

# %%
chosen = ["16 dimensions", "64 dimensions", "16, β = 10", "16, a quarter"]
lesson.show(
    plotting.image_rows({name: samples[name] for name in chosen}),
    f"Rows of twelve samples from the prior: {'; '.join(chosen)}. With β = 10 there are smooth disks and figures. The "
    "samples of the other rows are more speckled, and none is an emoji.",
)

# %% [markdown]
# The order is different from that of the reconstructions. The samples with β = 10 (the third row) have the smoothest
# shapes, and some of them look like a round sign. The model with 64 dimensions, which has the best reconstructions, has
# samples that fall into pieces (the second row). The likely reason is that a larger β keeps the codes of images closer
# to the prior. Codes that are sampled from the prior then fall into regions in which the decoder was trained. Even so,
# none of the samples is an emoji. About a thousand images and a network of this size are not enough for samples that
# are as good as reconstructions.
#
# ## Overfitting
#
# We have seen several times that a model was much better on training images than on test images. This is called
# **[overfitting](../docs/glossary.md#overfitting)**, and in the extreme case the model has *memorized* the training
# images. The simplest way to make it happen is to train for a long time.
#
# **Predict.** We train a model with 16 dimensions for a quarter of the time, for the same time as above, and for four
# times as long. What happens to the errors and the bounds of training images and of test images?

# %%
curve = {}
for length in (max(1, steps // 4), steps, 4 * steps):
    run = trained(dataset, 16, steps=length)
    curve[f"{length:,} steps"] = scores(run, dataset)
pd.DataFrame(curve).T.round(4)

# %% [markdown]
# On the training images, the error and the bound improve with each row, and longer training would presumably improve
# them further. On the test images, they are best after 600 steps. After 2,400 steps the test error is larger again,
# 0.0298 instead of 0.0241, and the test bound has fallen from 1,271 to -230. A loss that decreases during training does
# therefore not show that the model becomes better. You have to look at the bound or the error of test images. In the
# core course this was hardly necessary, because a network of this size cannot memorize 60,000 images in four epochs.
#
# ## What to change
#
# The following table summarizes what we have found. It is based on one run of each model and on emoji, so regard it as
# a list of things to try first.
#
# | what you see | what to change | where we saw it |
# | --- | --- | --- |
# | Reconstructions are blurred, and those of training images as well | more dimensions | 16 and 64 dimensions |
# | Reconstructions are good for training images and poor for test images | more images, or else augmentation, or else a shorter training | a quarter, 8 times; 150 to 2,400 steps |
# | The codes contain many nats, but the test bound does not improve | a larger β | β = 10 |
# | There is fine detail that you do not need, or a step takes too long | a smaller size | half the size |
# | A latent space of two dimensions shows only blurred shapes | images that are more similar to each other | the faces |
# | Reconstructions are good, but samples are poor | a larger β, or fewer dimensions | the samples |
#
# ## Your own folder
#
# Set `folder` in the second cell to your folder or zip archive, and run all cells again. Instead, you can use the
# command line:
#
# ```bash
# python -m vaelib train photos/ --size 64 --latent-dim 2
# ```
#
# This command prints how much time is left. It creates a folder with the trained model, four figures, a page with the
# explorer, and a file that Keras can read. The command `python -m vaelib encode RUN photos/ > codes.csv` writes the
# codes of your images, `python -m vaelib sample RUN` decodes new images, and `--help` explains all options. At least 20
# images are required, although a model that is trained on so few will memorize them. Files that cannot be read are
# listed with the reason, and with the option `--skip` they are left out. All of this happens on your computer, and your
# images are not sent anywhere.
#
# ## What to remember
#
# - For colors, a normal distribution around the decoded values is a simple likelihood. Its standard deviation $s$ can
#   be learned, and it becomes the square root of the training error.
# - Two dimensions describe images well only if the images are similar to each other. For images of many different
#   things, more dimensions help most.
# - Always look at test images, because a model that is trained for too long, or on too few images, becomes better on
#   training images and worse on others.
# - If you have few images, augmentation helps, and if the samples are poor, a larger β may help.
# - A bound with a learned $s$ has no upper limit. Compare it only between models of the same images, and use
#   dequantization if $s$ comes close to the width of a byte step.
#
# [Lesson 08](08_whose_axes.ipynb) asks when a single axis of a latent space has a meaning. All terms are collected in
# the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. The bound of model A is 1,463 and that of model B is -12. Can both values be correct?</summary>
#
# Yes, because they are logarithms of densities, which may be above or below 1. If both bounds are for the same images
# at the same size, model A is better by 1,475 nats per image. If the images differ, however, we cannot compare the
# bounds.
#
# </details>
#
# <details><summary>2. The learned $s$ is 0.10 and the mean squared error of test images is 0.044. What can you
# conclude?</summary>
#
# You can conclude that the model overfits. The learned $s$ is the square root of the training error, so the training
# error was about 0.01. The square root of the test error is 0.21, which is twice as large as the model assumes.
#
# </details>
#
# <details><summary>3. Your images are digits on street signs. Which part of the augmentation should you turn
# off?</summary>
#
# You should turn off the mirroring with `mirror=False`. A mirrored 3 is not a digit, but a model that is trained on
# mirrored digits reconstructs and produces them like all the others.
#
# </details>
#
# ## On your own
#
# The exercises become more difficult from the first to the last. You can find the solutions in
# [`solutions/07_your_own_images.ipynb`](solutions/07_your_own_images.ipynb).
#
# 1. **Change one line.** Use `losses.squared_error` with 16 dimensions instead of the learned $s$. How many nats do the
#    codes contain now, and what happens to the error? Which β would compensate for the change?
# 2. **Measure.** How many of 64 dimensions are [active](../docs/glossary.md#active-unit) according to
#    `measures.active_units`? How many of 16 are active with β = 1 and with β = 10?
# 3. **On paper.** Show that the best $s^2$ is the mean squared error. How many nats is it worth to halve this error for
#    color images of 32 × 32 pixels? Compare your result with the table of the lesson.
# 4. **Find the fault.** A friend first makes eight modified copies of each image and then sets one tenth of them aside
#    as test images. She obtains an excellent test bound. Find out by an experiment what is wrong with this.
#
# ## Further reading
#
# - Oleh Rybkin, Kostas Daniilidis, and Sergey Levine, [Simple and effective VAE training with calibrated
#   decoders](https://arxiv.org/abs/2006.13202), 2021. The authors learn $s$, and they explain how it takes the place of
#   β.
# - Lucas Theis, Aäron van den Oord, and Matthias Bethge, [A note on the evaluation of generative
#   models](https://arxiv.org/abs/1511.01844), 2016. The authors explain why densities of bytes need dequantization, and
#   why good likelihoods and good samples are different things.
# - Tim Salimans et al., [PixelCNN++](https://arxiv.org/abs/1701.05517), 2017. This paper describes a likelihood for
#   bytes instead of real numbers.
# - Bin Dai and David Wipf, [Diagnosing and enhancing VAE models](https://arxiv.org/abs/1903.05789), 2019. The authors
#   explain why samples are worse than reconstructions, and train a second VAE on the codes.
