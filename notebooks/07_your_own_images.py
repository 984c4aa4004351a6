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
# Going further, lesson 07 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) · previous:
# [lesson 06, the weight of the KL](06_the_weight_of_the_kl.ipynb) · next:
# [lesson 08, whose axes?](08_whose_axes.ipynb) · [glossary](../docs/glossary.md)
#
# In the core course, every image was 28 pixels wide and gray, and there were 10,000 or 60,000 of them. Your own images
# are probably different. A folder of photographs may contain only a few hundred color images of many different things.
# In this lesson we train a [VAE](../docs/glossary.md#vae) on such a folder. Our example is a set of 1,377 emoji, small
# colored pictures that come in a font. They pose the same difficulties as photographs, but two minutes of training are
# enough.
#
# We will see that the first result is disappointing. The main part of the lesson then looks for the reasons. It
# changes one setting at a time, and it ends with a table that tells you what to change if your own results are
# blurred or speckled.
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
# - which [likelihood](../docs/glossary.md#likelihood) is suitable for colors, and how a model learns its standard
#   deviation;
# - how to recognize a model that has memorized its training images;
# - which setting to change for which problem.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb), and for β it helps to know [lesson 06](06_the_weight_of_the_kl.ipynb). The notebook takes
#   two to three minutes on two CPU cores.
# - The emoji are taken from a font that is installed on your system, from a Debian package, or from the public address
#   of the font. If none of these is available, a warning says so, and the lesson continues with colored pictures of
#   faces, hearts, and other shapes that the program draws. The numbers and descriptions in the text then do not apply.
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
# The function `data.images` reads a folder or a zip archive with images of any format that the Pillow library can read.
# Subfolders become [classes](../docs/glossary.md#class), which for the emoji are the groups of the Unicode standard.
# All images are scaled and cropped to the same size. One image in ten is set aside as a
# [test image](../docs/glossary.md#test-image), which no model sees in training.


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
# The figure shows the first 60 training images. They have little in common. Some are faces or animals, others are signs
# in a colored square, and the colors vary from image to image. Because the 1,239 training images are spread over nine
# very different groups, there are only a few examples of each kind of thing.
#
# ## A likelihood for colors
#
# In the core course, the [reconstruction term](../docs/glossary.md#reconstruction-term) was usually the
# [binary cross-entropy](../docs/glossary.md#binary-cross-entropy). It treats a pixel as black or white with a certain
# probability, which is questionable for gray pixels and makes even less sense for the amount of red in a rose. A simple
# alternative for colors is a normal distribution. We assume that each color value $x_i$ of an image is normally
# distributed around the decoded value $m_i$, with a standard deviation $s$ that is the same for all values. An image of
# 32 × 32 pixels with three colors has 3,072 such values, and the reconstruction term is the negative logarithm of their
# joint [density](../docs/glossary.md#density-of-a-distribution):
#
# $$-\log p(x \mid z) = \sum_i \left[ \frac{(x_i - m_i)^2}{2 s^2} + \log s + \tfrac{1}{2} \log (2 \pi) \right].$$
#
# The first term in the brackets is a [squared error](../docs/glossary.md#squared-error), which counts more if $s$ is
# small. The second term, $\log s$, has the opposite effect, because it increases with $s$, and the third one is a
# constant.
#
# How should we choose $s$? If we simply used the squared error as a loss, we would choose $s$ without noticing. The
# sum of $(x_i - m_i)^2$ is the first term for $2 s^2 = 1$, so $s$ is about 0.71. Color values are between 0 and 1, so
# with such a large $s$ no color is much less probable than the decoded one. The reconstruction then has little weight
# in comparison with the [KL divergence](../docs/glossary.md#kl-divergence), and the codes contain less information
# than they could. The σ-VAE ([Rybkin et al. 2021](https://arxiv.org/abs/2006.13202)) avoids this choice. In the
# version that we use, it treats $s$ as one more weight of the network and learns it together with all the others.
# (Another version computes the best $s$ from the errors themselves. The authors call it σ. In this course, σ is the
# standard deviation of the [approximate posterior](../docs/glossary.md#approximate-posterior).)
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
# which is approximately the square root of 0.0425. (In general $s$ is a little larger, because it is learned while the
# codes are sampled with noise.)
#
# The other columns are the *error*, which is the mean squared error of a color value, and the *bound*, both for
# training images and for test images. The bound is the [ELBO](../docs/glossary.md#elbo) in
# [nats](../docs/glossary.md#nat) per image, that is, a lower bound on $\log p(x)$. A larger bound is better. Here it
# is positive, which may be surprising for the logarithm of a probability. However, $p(x)$ is a density, and a density
# can exceed 1. The value of a density also depends on the number of color values in an image and on their scale,
# which ranges from 0 to 1 here. Therefore, you can compare two bounds only if they are for the same images, at the
# same size and with the same scale of colors. Moreover, both models have to use a density. The last column is the KL
# divergence of the test images.
#
# The line above the table helps us to judge the error. If we decode every image as the average of all training images,
# the error is 0.0729. With two numbers per image it is 0.0437, so about 40 % of this error has been removed.
#
# ### What if images are reproduced exactly?
#
# A learned $s$ has a weakness that you should know before you compare bounds. If the error is $E$, the best $s$ is
# $\sqrt{E}$, and the largest possible value of $\log p(x \mid z)$ is $-\frac{D}{2} (1 + \log (2 \pi E))$, where $D$ is
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
# because it has memorized them, $s$ approaches 0 and the bound of the training images grows without limit. This can
# happen with any data that a model has memorized, because a density can be arbitrarily high at a few points. For test
# images it can happen as well, because colors are stored as bytes. Only 256 values occur, and some of them, such as
# an exactly white background, are easy to reproduce exactly. The usual remedy is **dequantization**, which adds
# uniform noise of the width of one byte step, here 1/255, to every value before the density is evaluated
# ([Theis et al. 2016](https://arxiv.org/abs/1511.01844)). On average over the noise, the bound can then never exceed
# $D \log 255$, which is 17,023 nats for our images. (To see why, consider a single value. The noise spreads it over
# an interval of width 1/255. The integral of a density over this interval is at most 1, so its average there is at
# most 255, and the average of its logarithm is at most $\log 255$.) We do not need it in this lesson, because every
# $s$ below is more than 20 times as large as a byte step, so the noise would hardly change the bounds. If $s$ comes
# close to 1/255 = 0.004 for your own images, do not trust the bound without dequantization.
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
# The two numbers describe what affects the largest number of pixels, namely how much of the image is filled and whether
# its color is light, orange, or dark. In the first figure, you cannot recognize the apple or the ram, and the green
# apple and the red ladybug have both turned brown. The only shapes that you can guess are the two squares. The orange
# diamond even turns into a face, because more than a hundred of the training images are faces. In the grid, there are
# yellow disks at the upper left, squares at the right, and pale shapes at the lower left. This agrees with what we saw
# in [lesson 00](00_faces.ipynb#What-if-other-factors-change-more-pixels?), where the codes described those
# [factors of variation](../docs/glossary.md#factor-of-variation) that change the pixels most.
#
# Are two dimensions too few, or are the images too different from each other? To find out, we keep the model as it is
# and train it on the faces alone. (There are 101 of them for training and eleven more for testing.)

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
# This latent space is much easier to understand. If you go from right to left along the lower edge, an indistinct,
# worried face begins to smile and finally sticks out its tongue. If you go upward from the middle of the lower edge,
# the faces turn into purple devils with horns. (Remember that the edges lie far outside the dashed circle, where
# samples from the prior are rare.) The error of the training images is 0.0207, which is half of what it was for all
# emoji. However, the faces also differ from each other only about half as much as all emoji do. If we decode every
# training image as the average training image, the error is 0.0373 for the faces and 0.0690 for all emoji. (These two
# numbers and the 0.0474 of the next paragraph were computed separately and are not printed by a cell.)
#
# Now look at the eleven faces that were not used in training. Their error is 0.0397, about twice as large, and their
# bound is 243 instead of 1,579. If we decode them as the average training face, the error is 0.0474, so the two numbers
# have removed only 16 % of this error, compared with 40 % for all emoji. The latent space looks tidy, but it mostly
# shows the 101 training images, each of which was used 200 times. We come back to this in the section
# [Overfitting](#Overfitting).
#
# You can explore both latent spaces in the [explorer](../docs/glossary.md#explorer). Below each latent space, it shows
# the test images whose codes are closest to the point that you choose.

# %%
explorer.compare(one_kind, everything, titles=(closer, folder))

# %% [markdown]
# ## Changing one setting at a time
#
# If your images are as different from each other as the emoji, you will want to improve the result. We now change one
# setting at a time and train a model for each. We use more dimensions, a larger [β](../docs/glossary.md#beta-vae),
# half the size, and a quarter of the images (to see what happens if you have only a few). The last model uses
# [augmentation](../docs/glossary.md#augmentation), which means that it is trained on eight versions of each of these
# few images. Seven of them are copies of the original that are shifted by up to two pixels and mirrored with a
# probability of 1/2, and the eighth is the original itself. (Mirroring is not ideal for clocks and letters.) All
# models are trained for 600 steps, so each image of the quarter is used 86 times instead of 24 times. The test images
# are always the original ones.
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
# dimensions you can almost make out the ram. The codes then contain more information. The KL, which is an upper bound
# on this information, increases from 8.2 to 52.4 and 149.6 nats. Nevertheless, the test bound increases as well, from
# 438 to 1,271 and 1,463. The disadvantage is that a latent space of 16 dimensions cannot be shown in a figure. A
# comparison with principal components is sobering, however. Without any network, they reconstruct these test images
# with an error of 0.0489 for 2, 0.0252 for 16, and 0.0150 for 64 components. (These numbers were computed
# separately.) With 2 and 16 dimensions, the VAE is slightly better, but with 64 dimensions, its error of 0.0185 is
# larger.
#
# **With β = 10, you can see almost no change in this figure.** However, the KL is only about half as large, 27.7
# instead of 52.4 nats. The test error stays the same (0.0240 and 0.0241), because it is computed from the centers of
# the approximate posteriors and does not depend on their standard deviations. However, these standard deviations are
# larger now, and the test bound decreases by 13 nats. (With one seed and 138 test images, such a small difference may
# be due to chance.)
#
# **At half the size, the images have a quarter of the pixels.** The error is smaller, because the smaller images no
# longer contain small details, which are difficult to reconstruct. A training step also takes only a fraction of the
# time. Remember that error and bound refer to smaller images, so they cannot be compared with the other rows.
#
# **With a quarter of the images, the model overfits.** Its training error of 0.0107 is the lowest of all models with
# 16 dimensions in this table, but its test error is 0.0348. With all images, the test error was 0.0241 for 16
# dimensions and 0.0437 for 2 dimensions, so the model with few images is about halfway between these two. (The table
# cannot tell us how much of this is due to the smaller number of images and how much to the larger number of times
# that each of them was used.) Its test bound of -727 is the worst in the table. The main reason is that $s$ was
# learned from images that the model had memorized, so it is about the square root of the small training error, namely
# 0.11. The errors of test images are typically much larger than this $s$, and the density of such errors is very low.
# If $s$ were the square root of the test error instead, the bound would be about 735. (To compute this value, insert
# the test error into the formula for the largest possible $\log p(x \mid z)$, and subtract the KL.) About three
# quarters of the fall from 1,271 to -727 are therefore due to $s$.
#
# **Augmentation repairs most of the damage.** With the same few images, the test bound rises from -727 to 1,049, which
# is about 90 % of the way back to the 1,271 of the model that was trained on all images.
#
# ## Samples
#
# A good reconstruction does not imply good samples, because a sample is decoded from a code that was sampled from the
# [prior](../docs/glossary.md#prior), and not from the code of an image. Here are twelve samples from each of four
# models. (We show the decoded values $m_i$. With the noise of standard deviation $s$ that belongs to $p(x \mid z)$, all
# samples would be speckled.)

# %%
chosen = ["16 dimensions", "64 dimensions", "16, β = 10", "16, a quarter"]
lesson.show(
    plotting.image_rows({name: samples[name] for name in chosen}),
    f"Rows of twelve samples from the prior: {'; '.join(chosen)}. With β = 10 there are smooth disks and figures. The "
    "samples of the other rows are more speckled, and none is an emoji.",
)

# %% [markdown]
# The models with the best samples are not those with the best reconstructions. The samples with β = 10 (the third
# row) have the smoothest shapes, and some of them look like a round sign. The model with 64 dimensions, which has the
# best reconstructions, has samples whose shapes are broken into pieces (the second row). The likely reason for the
# smooth shapes is that a larger β makes the approximate posteriors wider, so that they overlap and leave fewer gaps.
# Codes that are sampled from the prior then fall into regions in which the decoder was trained. Even so, none of the
# samples is an emoji. About a thousand images and a network of this size are not enough for samples that are as good
# as reconstructions.
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
# On the training images, the error and the bound improve with each row, and longer training would probably improve
# them further. On the test images, both are best for the second row, that is, for the training run of medium length.
# (The learning rate falls to 0 at the end of each training run, so the rows are three separate models, and not three
# stages of the same one.) With 2,400 steps the test error is larger again, 0.0298 instead of 0.0241, and the test
# bound is only -230 instead of 1,271. As before, most of this difference is due to $s$. With an $s$ that fits the
# test images, the bound would be about 970. A decreasing training loss therefore does not show that the model becomes
# better. You have to look at the bound or the error of images that were not used in training. If you choose among
# many settings in this way, set aside another part of your images, the *validation images*, for this choice.
# Otherwise you choose a setting that happens to suit the test images, and the result looks better on them than it
# will be on new images. In the core course this was hardly necessary, because a network of this size cannot memorize
# 60,000 images in four epochs.
#
# ## What to change
#
# The following table summarizes what we have found. It is based on one run of each model and on emoji, so regard it as
# a list of things to try first.
#
# | what you see | what to change | where we saw it |
# | --- | --- | --- |
# | Reconstructions are blurred, even those of training images | more dimensions | 16 and 64 dimensions |
# | Reconstructions are good for training images and poor for test images | more images; otherwise augmentation or shorter training | a quarter, 8 times; 150 to 2,400 steps |
# | Codes contain more information than you need, and a slightly lower bound is acceptable | a larger β | β = 10 |
# | There is fine detail that you do not need, or a step takes too long | a smaller size | half the size |
# | A latent space of two dimensions shows only blurred shapes | images that are more similar to each other (then check new images) | the faces |
# | Reconstructions are good, but samples are poor | a larger β, or fewer dimensions | the samples |
#
# ## Your own folder
#
# Set `folder` in the second cell to your folder or zip archive, and run all cells again. Alternatively, you can use the
# command line:
#
# ```bash
# python -m vaelib train photos/ --size 64 --latent-dim 2
# ```
#
# This command prints how much time is left. For images as different from each other as the emoji, 16 dimensions are a
# better choice than 2. The command creates a folder with the trained model, four figures, a page with the explorer, and
# a file that Keras can read. The command `python -m vaelib encode RUN photos/ > codes.csv` writes the codes of your
# images, `python -m vaelib sample RUN` decodes new images, and `--help` explains all options. At least 20 images are
# required, although a model that is trained on so few will memorize them. Files that cannot be read are listed with the
# reason, and with the option `--skip` they are left out. All of this happens on your computer, and your images are not
# sent anywhere.
#
# ## What to remember
#
# - For colors, a normal distribution around the decoded values is a simple likelihood. Its standard deviation $s$ can
#   be learned, and it becomes approximately the square root of the training error.
# - A latent space of two dimensions is easier to read if the images are similar to each other, but that does not mean
#   that it describes new images well. For images of many different things, more dimensions help most.
# - Always look at test images, because a model that is trained for too long, or on too few images, becomes better on
#   training images and worse on other images.
# - If you have few images, augmentation helps, and if the samples are poor, a larger β may help.
# - A bound with a learned $s$ has no upper limit. Compare it only between models of the same images at the same size,
#   and use dequantization if $s$ comes close to the width of a byte step.
#
# [Lesson 08](08_whose_axes.ipynb) asks when a single axis of a latent space has a meaning. All terms are collected in
# the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. The bound of model A is 1,463 and that of model B is -12. Can both values be correct?</summary>
#
# Yes, because they are logarithms of densities, which may be above or below 1. If both bounds are for the same images
# at the same size and with the same scale of colors, model A is better by 1,475 nats per image. If the images differ,
# however, we cannot compare the bounds.
#
# </details>
#
# <details><summary>2. The learned deviation s is 0.10 and the mean squared error of test images is 0.044. What can you
# conclude?</summary>
#
# You can conclude that the model overfits. The learned $s$ is about the square root of the training error, so the
# training error was about 0.01. The square root of the test error is 0.21, so the errors of test images are about
# twice as large as the model assumes.
#
# </details>
#
# <details><summary>3. Your images are digits on street signs. Which part of the augmentation should you turn
# off?</summary>
#
# You should turn off the mirroring with `mirror=False`. A mirrored 3 is not a digit. However, a model that is trained
# on mirrored digits also reconstructs and generates mirrored digits.
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
#    `measures.active_units(run.model.encode(dataset.test_images))`? (Import it with `from vaelib import measures`.) How
#    many of 16 are active with β = 1 and with β = 10?
# 3. **On paper.** Show that the best $s^2$ is the mean squared error. By how many nats does the bound increase for
#    color images of 32 × 32 pixels if this error is halved? Compare your result with the table of the lesson.
# 4. **Find the fault.** A friend first makes eight modified copies of each image and then sets one tenth of them aside
#    as test images. She obtains an excellent test bound. Find out by an experiment what is wrong with this.
#
# ## Further reading
#
# - Oleh Rybkin, Kostas Daniilidis, and Sergey Levine,
#   [Simple and effective VAE training with calibrated decoders](https://arxiv.org/abs/2006.13202), 2021. The authors
#   learn $s$, and they explain how a learned $s$ replaces β.
# - Lucas Theis, Aäron van den Oord, and Matthias Bethge,
#   [A note on the evaluation of generative models](https://arxiv.org/abs/1511.01844), 2016. The authors explain why
#   densities of bytes need dequantization, and why good likelihoods and good samples are different things.
# - Tim Salimans et al., [PixelCNN++](https://arxiv.org/abs/1701.05517), 2017. This paper describes a likelihood for
#   bytes instead of real numbers.
# - Bin Dai and David Wipf, [Diagnosing and enhancing VAE models](https://arxiv.org/abs/1903.05789), 2019. The authors
#   explain why samples are worse than reconstructions, and train a second VAE on the codes.
