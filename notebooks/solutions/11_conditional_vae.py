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
# # Solutions: conditional VAEs
#
# Solutions of the exercises of [lesson 11](../11_conditional_vae.ipynb). They take about six minutes on two cores,
# less if you have run the lesson before.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import logsumexp

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import conditional_vae
from vaelib import data, measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO
from vaelib.support import lesson

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and the noise
limit = None  # a number: train on the first `limit` images only; None: train on all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None)

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit)
dataset = data.load(dataset_name)
images, labels, names = dataset.test_images, dataset.test_labels, dataset.class_names
vae = runs.train(runs.Recipe(dataset_name, ELBO, **settings)).model
conditional = runs.train(runs.Recipe(dataset_name, ELBO, condition=True, **settings)).model

# %% [markdown]
# ## 1. Change the data
#
# *Set `dataset_name = "mnist"`, `from_class = "7"`, and `to_class = "2"`. Which properties make up the style of a
# digit?*

# %%
digits_name = "mnist" if dataset_name == "fashion_mnist" else dataset_name
digits = data.load(digits_name)
of_digits = runs.train(runs.Recipe(digits_name, ELBO, condition=True, **settings)).model
line = np.linspace(-2, 2, 9)
along = {"z1": np.stack([line, np.zeros(9)], axis=1), "z2": np.stack([np.zeros(9), line], axis=1)}
for axis, codes in along.items():
    rows = {name: of_digits.decode(codes, y) for y, name in enumerate(digits.class_names)}
    lesson.show(
        plotting.image_rows(rows),
        f"Ten rows, one for each digit, and nine columns for {axis} from -2 to 2. The digit stays "
        "the same in a row, while its slant and its width change from left to right.",
    )

# %%
first, last = (7, 2) if "7" in digits.class_names else (0, len(digits.class_names) - 1)
sevens = digits.test_images[digits.test_labels == first][:10]
codes = of_digits.encode(sevens, first)
lesson.show(
    plotting.image_rows(
        {
            "test images": sevens,
            "reconstruction": of_digits.decode(codes, first),
            f"as {digits.class_names[last]}": of_digits.decode(codes, last),
        }
    ),
    "Ten sevens, their reconstructions, and the same codes decoded as twos with a similar slant.",
)

# %% [markdown]
# The style of a digit consists mainly of its slant and its width. In the first figure, digits become wider from left
# to right. Those with a vertical stroke, such as 1, 4, 7, and 9, also begin to slant to the right. In the second
# figure, every digit turns from a strong slant to an upright position, and the 1 even leans to the left in the end.
# In contrast to clothes, nearly all properties that we see have the same meaning for all ten classes, since every
# digit can be slanted and every digit can be wide. In the third figure, the sevens keep their slant when they are
# decoded as twos. The bars across some of the sevens are nearly lost already in the reconstructions.
#
# ## 2. Measure
#
# *Does a code have the same meaning in all classes? Sample 200 codes from the prior and decode all of them for every
# class. Compute the ink and the width of each image. Then, for each pair of classes, compute the correlation of the
# ink over the 200 codes, and do the same for the width. Which classes agree?*

# %%
codes = conditional.prior.sample(200, seed)
decoded = [conditional.decode(codes, y) for y in range(len(names))]
as_bytes = [(255 * pictures).round().astype("uint8") for pictures in decoded]
style = np.stack([conditional_vae.style(pictures) for pictures in as_bytes])  # (classes, 200, 3)
ink, width = (style[:, :, conditional_vae.STYLES.index(name)] for name in ("ink", "width"))
print("correlation of the ink between classes")
pd.DataFrame(np.corrcoef(ink), index=names, columns=names).round(2)

# %%
print("correlation of the width between classes")
pd.DataFrame(np.corrcoef(width), index=names, columns=names).round(2)

# %% [markdown]
# All classes agree on the ink. The lowest correlation is 0.78, between sneakers and ankle boots, and most are above
# 0.9. A code that makes a shirt with much ink therefore makes a shoe with much ink as well. The shirt gets its ink by
# being bright, and the shoe partly by being large. The width is shared less. The four kinds of tops agree with each
# other, with correlations of 0.98 and more. Sneakers and ankle boots still have correlations between 0.70 and 0.87
# with them, but the width of sandals is hardly related to that of the tops, with correlations between 0.15 and 0.31.
#
# ## 3. On paper
#
# *Show that the mean of $\mathrm{KL}(q(z \mid y) \,\|\, p(z))$ over equally frequent classes is
# $I(y; z) + \mathrm{KL}(q(z) \,\|\, p(z))$, where $I(y; z)$ is the mean of $\log q(z \mid y) - \log q(z)$. If the class
# can be inferred from the code without error, what is the smallest possible value of this mean? Estimate the three
# quantities from samples, for both models.*
#
# The KL divergence is the mean of $\log q(z \mid y) - \log p(z)$ over codes of class $y$. We subtract $\log q(z)$ and
# add it again, where $q(z)$ is the average of $q(z \mid y)$ over the classes:
#
# $$\log q(z \mid y) - \log p(z) = \big[\log q(z \mid y) - \log q(z)\big] + \big[\log q(z) - \log p(z)\big].$$
#
# Now we average over classes and codes. The mean of the first bracket is the mutual information $I(y; z)$ by
# definition. In the second bracket, the class does not appear, so we average over codes from $q(z)$, which gives
# $\mathrm{KL}(q(z) \,\|\, p(z))$.
#
# If the class can be inferred from the code without error, then $I(y; z)$ is the entropy of the label,
# $\log 10 \approx 2.30$ nats. The other term is at least 0. The mean KL of the classes is therefore at least 2.30
# nats. This value is reached if the prior is divided into ten regions with a probability of 1/10 each, and if the
# codes of each class are distributed like the prior within one of the regions. Then $q(z)$ is the prior. Overlapping
# normal distributions can only approach it.
#
# To estimate the three quantities, we sample a code for each of 100 test images per class. Each density is the
# average of the approximate posteriors of all training images of a class. It is important to use other images for the
# densities than for the codes. Otherwise, each code would be scored under a mixture that contains its own posterior,
# and the estimates would be too large.


# %%
def log_mean_density(z, mean, log_var):
    """log of the average of normal densities with these means and log-variances, at codes z."""
    squares = (z[:, None] - mean) ** 2 / np.exp(log_var)
    log_q = -0.5 * (squares + log_var + np.log(2 * np.pi)).sum(axis=2)
    return logsumexp(log_q, axis=1) - np.log(len(mean))


def posteriors(model, pictures, classes, y, count):
    """Means and log-variances of the first `count` images of class y (None: of all)."""
    few = np.flatnonzero(classes == y)[:count]
    given = classes[few] if model.condition else None
    return [v.astype("float64") for v in model.encode_distribution(pictures[few], given)]


def check(model):
    """Mean over classes of KL(q(z|y) || p(z)), then I(y; z), then KL(q(z) || p(z)), in nats."""
    z, of_class, random = [], [], np.random.default_rng(seed)
    for y in range(len(names)):
        mean, log_var = posteriors(model, images, labels, y, 100)
        z.append(mean + np.exp(log_var / 2) * random.standard_normal(mean.shape))
        of_class += len(mean) * [y]
    z = np.concatenate(z)
    log_q_y = np.stack(  # (codes, classes)
        [
            log_mean_density(
                z, *posteriors(model, dataset.train_images, dataset.train_labels, y, None)
            )
            for y in range(len(names))
        ],
        axis=1,
    )
    log_q = logsumexp(log_q_y, axis=1) - np.log(len(names))
    log_q_true = log_q_y[np.arange(len(z)), of_class]
    log_p = -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=1)
    return (log_q_true - log_p).mean(), (log_q_true - log_q).mean(), (log_q - log_p).mean()


found = {"VAE": check(vae), "conditional VAE": check(conditional)}
index = ["mean KL(q(z|y) || p(z))", "I(y; z)", "KL(q(z) || p(z))"]
pd.DataFrame(found, index=index).round(3)

# %% [markdown]
# In both columns, the last two rows add up to the first (up to rounding), because all three are computed from the
# same samples. The first row can be compared with the distance from the prior in the lesson, 2.07 and 0.30 nats,
# which was computed by other code and for the training images. In the VAE, codes carry about 1.5 of the 2.30 nats
# that are needed to know the class. In the conditional VAE, about 0.2 nats are left.
#
# ## 4. Measure
#
# *How good is a 15-NN classifier on the pixels, with 600 and with 6,000 labels? Compare the results with the two
# accuracies in the section on few labels.*

# %%
known, known_labels = (
    dataset.train_images.reshape(len(dataset.train_images), -1),
    dataset.train_labels,
)
asked = images.reshape(len(images), -1)
for n in conditional_vae.FEW:
    accuracy = measures.knn_accuracy(known[:n] / 255, known_labels[:n], asked / 255, labels)
    print(f"{n:5,} labels: 15-NN accuracy on pixels {accuracy:.3f}")

# %% [markdown]
# For clothes, a 15-NN classifier on the pixels reaches 0.724 with 600 labels and 0.800 with 6,000. The classifier on
# the codes of the VAE reaches 0.64 and 0.66 with the same labels, so the two-dimensional codes have lost information
# about the class that the pixels contain. With 600 labels, this costs less than with 6,000, because a classifier on
# 784 pixels needs more labels than one on two numbers. The conditional VAE reaches 0.77 and 0.82. Its accuracies use
# the first thousand test images only, so they have a standard error of about 0.013. With 600 labels it is therefore
# better than the classifier on the pixels, while with 6,000 the difference is within this error.
#
# ## 5. Open
#
# *Encode the ten sneakers with a wrong label, for example as shirts, and decode the codes with the same wrong label.
# What do the resulting images look like?*

# %%
right, wrong = (names.index(n) if n in names else i for i, n in enumerate(("sneaker", "shirt")))
originals = images[labels == right][:10]
kl, log_p = {}, {}
rows = {"test images": originals}
for label in (right, wrong):
    mean, log_var = conditional.encode_distribution(originals, label)
    kl[names[label]] = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean()
    given = conditional.given(label)
    log_p[label] = likelihood.log_likelihood(given, originals, **conditional_vae.GRID).mean()
    rows[f"encoded and decoded\nas {names[label]}"] = conditional.decode(mean, label)
print("KL to the prior, mean of ten images:", {name: round(float(v), 1) for name, v in kl.items()})
print(f"log p(x|y), wrong label minus true label: {log_p[wrong] - log_p[right]:.0f} nats")
lesson.show(
    plotting.image_rows(rows),
    "Ten sneakers, their reconstructions with the true label, and with the label of another class.",
)

# %% [markdown]
# The model cannot reconstruct them. It makes dark, blurred shapes that are at least as wide as a sneaker. Most of
# them have a horizontal band in which they are brightest. The KL divergence is more than twice as large as with the
# true label. The encoder has never seen a sneaker with the label of a shirt, so there is no reason to expect anything
# useful from it. Its codes lie farther from the center of the prior, where the decoder has hardly been trained with
# the label of a shirt either. Encoder and decoder cannot report a wrong label, but the KL term and the scores can.
# The mean of $\log p(x \mid y)$ is lower with the wrong label, by the difference that the cell prints.
#
# ## 6. Measure
#
# *Repeat the comparison of costs with black and white pixels. Train both models with `pixels="threshold"`, which makes
# every pixel brighter than 127 white and all others black. Is the conditional VAE still better when the label is
# included in the cost?*

# %%
recipe = runs.Recipe(dataset_name, ELBO, pixels="threshold", **settings)
few = recipe.load_dataset().test_images[:1000]
few_labels = labels[: len(few)]
log_p_x = likelihood.log_likelihood(runs.train(recipe).model, few, **conditional_vae.GRID)
with_labels = runs.train(replace(recipe, condition=True)).model
log_p_x_given_y = conditional_vae.log_p_for_each_class(with_labels, few)
given_true_label = log_p_x_given_y[np.arange(len(few)), few_labels]
log_classes = np.log(len(names))
costs = {
    "VAE: image": -log_p_x,
    "conditional VAE: image and label": -given_true_label + log_classes,
    "conditional VAE: image, label summed out": log_classes - logsumexp(log_p_x_given_y, axis=1),
}
pd.DataFrame({"nats per image": {name: nats.mean() for name, nats in costs.items()}}).round(2)

# %% [markdown]
# Yes, and by more than with gray pixels. Describing an image and its label with the conditional VAE costs 12.85 nats less
# than describing the image alone with the VAE. With black and white pixels, these numbers are costs in the strict sense.
# For an image whose label is unknown, the difference is 17.25 nats. Summing out the label now saves 4.4 nats compared with
# naming it, which is more than $\log 10 \approx 2.30$. So for some images a wrong label describes the image much better
# than the true one, as in the section on the model as a classifier.
