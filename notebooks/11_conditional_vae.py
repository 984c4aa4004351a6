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
# # Conditional VAEs: the same latent space for every class
#
# Going further, lesson 11 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) · previous:
# [lesson 10, GANs](10_gans.ipynb) · [glossary](../docs/glossary.md)
#
# The standard VAE of [lesson 01](01_standard_vae.ipynb) never sees a class label. It arranges all ten classes of
# clothes in one two-dimensional latent space, so the same two numbers have to describe both the class and the *style*
# of a garment. By style we mean everything about an image other than its class, for example how bright or how wide
# the garment is. As a result, we cannot ask this model for an ankle boot. We can only look for the region of the
# latent space in which ankle boots happen to lie.
#
# In this lesson we give the model the label. The encoder and the decoder receive the class as an additional input, so
# the two latent dimensions are free to describe the style. Such a model is called a **conditional VAE**.
#
# **What you'll do**
#
# - train a conditional VAE and decode the same code as a T-shirt, as a bag, and as each of the other classes;
# - turn sneakers into ankle boots by changing nothing but their label;
# - measure how much the codes still tell us about the class, and how much more probable the images become;
# - use Bayes' rule to turn the model into a classifier, and measure its accuracy when only a few labels are
#   available.
#
# **What you'll learn**
#
# - how a label enters the encoder, the decoder, and the ELBO;
# - why most of the information about the class disappears from the codes;
# - what the terms *supervised*, *unsupervised*, and *semi-supervised* mean for a VAE.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb). The sections on class information and on the likelihood also build on
#   [lesson 04](04_how_probable_is_an_image.ipynb), and the section on five seeds uses the tests of
#   [lesson 05](05_measuring_a_claim.ipynb). The notebook takes three to five minutes to run on two CPU cores.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [Adding the label to the networks and the ELBO](#Adding-the-label-to-the-networks-and-the-ELBO) | How does a label enter the model? |
# | [Training](#Training) | Which terms of the loss become smaller? |
# | [Samples of a chosen class](#Samples-of-a-chosen-class) | How do we ask for an ankle boot? |
# | [One code, ten classes](#One-code,-ten-classes) | Does a code mean the same for all classes? |
# | [From sneaker to ankle boot](#From-sneaker-to-ankle-boot) | What does it look like to change only the label? |
# | [How much class information remains in the codes?](#How-much-class-information-remains-in-the-codes?) | Does the code still reveal the class? |
# | [What the codes of one class describe](#What-the-codes-of-one-class-describe) | What does it describe instead? |
# | [How much does the label improve the likelihood?](#How-much-does-the-label-improve-the-likelihood?) | Is the label worth what it costs? |
# | [The model as a classifier](#The-model-as-a-classifier) | Can the model recognize a class? |
# | [Do the results hold for five seeds?](#Do-the-results-hold-for-five-seeds?) | What is true of more than one run? |
# | [Supervised and semi-supervised learning with few labels](#Supervised-and-semi-supervised-learning-with-few-labels) | What if only a few images have labels? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Can you answer these from memory? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |

# %%
import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import log_softmax, logsumexp

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import conditional_vae
from study.claims import holm_correction
from vaelib import conditioning, data, measures, plotting, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO
from vaelib.support import lesson

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and the noise
limit = None  # a number: train on the first `limit` images only; None: train on all
from_class: str = "sneaker"  # class of the images whose label is changed
to_class: str = "ankle boot"  # class that it is changed to

# %%
lesson.note_changed_settings(
    globals(),
    **{"dataset_name": "fashion_mnist", "epochs": 4, "seed": 0, "limit": None},
    **{"from_class": "sneaker", "to_class": "ankle boot"},
)

# %% [markdown]
# ## Adding the label to the networks and the ELBO
#
# Let $x$ be an image, $y$ its class label (an integer from 0 to 9), and $z$ its latent code. The standard VAE has an
# encoder $q(z \mid x)$ and a decoder $p(x \mid z)$. In a conditional VAE, both receive the label as an additional
# input. The encoder becomes $q(z \mid x, y)$ and the decoder $p(x \mid z, y)$. The prior $p(z)$ remains the standard
# normal distribution for every class.
#
# How do we feed a label to a network? The number 7 itself would be a poor input, because it would suggest that class
# 7 is close to class 8 and far from class 0. We therefore use a **one-hot vector** with a 1 at the position of the
# class and zeros elsewhere. For the decoder, we append this vector to the code. The decoder then receives
# $2 + 10 = 12$ numbers instead of 2. The encoder is a convolutional network that expects an image. We therefore add
# ten channels to the image, one for each class. The channel that corresponds to the label is 1 at every pixel, and
# the other nine channels are 0.
#
# The next cell prints the decoder's input for the code (0.5, -1.2) and label 7. It also prints the shape of the
# encoder's input for one test image. Code, label, and image are arbitrary here.

# %%
dataset = data.load(dataset_name)
images, labels, names = dataset.test_images, dataset.test_labels, dataset.class_names

code, label = np.array([[0.5, -1.2]], "float32"), np.array([7])
decoder_input = conditioning.with_label(code, label, classes=len(names))
print("input of the decoder:", *(f"{value:g}" for value in decoder_input.numpy()[0]))
encoder_input = conditioning.with_label_channels(images[:1] / 255, label, classes=len(names))
print("shape of the encoder's input:", tuple(encoder_input.shape))

# %% [markdown]
# The first two numbers of the decoder's input are the code. The 1 farther to the right stands for class 7, which is
# called `sneaker` in this data set. The encoder's input has 28 rows and 28 columns as before, but it now has eleven
# channels, one for the gray values and ten for the label.
#
# Recall from [lesson 01](01_standard_vae.ipynb) that the ELBO is a lower bound on $\log p(x)$. We can repeat the
# derivation with every term conditioned on $y$, as [Kingma et al. (2014)](https://arxiv.org/abs/1406.5298) do. (Sohn,
# Lee, and Yan (2015) also allow the prior to depend on the condition.) The result is a lower bound on
# $\log p(x \mid y)$, the log-probability of an image given its class:
#
# $$\log p(x \mid y) \ge \mathrm{E}_{q(z \mid x, y)} \log p(x \mid z, y) - \mathrm{KL}\big(q(z \mid x, y) \,\|\, p(z)\big).$$
#
# The first term is the expected log-probability of the image, where the expectation is taken over codes from the
# approximate posterior $q(z \mid x, y)$. The second term is the KL divergence of this distribution from the prior. As
# before, the loss is the negative ELBO, that is, the reconstruction term (the first term with a minus sign) plus the
# KL term. Both terms are computed exactly as in [lesson 01](01_standard_vae.ipynb), because the label affects only
# the outputs of the networks.
#
# ## Training
#
# In code, the only difference between the two models is the setting `condition=True`. The next cell trains both
# models with the same schedule and the same images in the same order. The output lists the four epochs of the VAE,
# followed by those of the conditional VAE.
#
# **Predict.** Which model will have the lower reconstruction term, and which the lower KL term?

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit)
vae_run = runs.train(runs.Recipe(dataset_name, ELBO, **settings))
conditional_run = runs.train(runs.Recipe(dataset_name, ELBO, condition=True, **settings))
vae, conditional = vae_run.model, conditional_run.model

# %% [markdown]
# *Both* terms are lower for the conditional VAE. Its reconstructions are better, because the class is given and the
# two dimensions only have to describe the style. At the same time, its KL term is smaller by about 1.6 nats.
# [Lesson 04](04_how_probable_is_an_image.ipynb) shows that the KL term is an upper bound on the information that the
# codes carry about the images. (A nat is the unit of information that belongs to the natural logarithm.) The bound
# falls mainly because the information about the class now comes from the label and no longer has to be in the code.
# We examine this in the section [How much class information remains in the
# codes?](#How-much-class-information-remains-in-the-codes?)
#
# ## Samples of a chosen class
#
# To sample from the standard VAE, we sample a code from the prior and decode it. Which class we get depends on the
# code. With the conditional VAE, we choose the class and sample only the code. The first row below shows twelve
# samples from the standard VAE. The other rows are samples from the conditional VAE, one class per row.

# %%
boots = names.index(to_class) if to_class in names else len(names) - 1
chosen = {names[y]: conditional.sample(12, y, seed=seed) for y in (boots, 1, 6)}
lesson.show(
    plotting.image_rows({"VAE, any class": vae.sample(12, seed=seed)} | chosen),
    "Four rows of twelve samples. In the first row, tops, bags, a boot, and trousers are mixed, and some are torn or "
    f"blurred. The other rows have only one class each: {', '.join(chosen)}.",
)

# %% [markdown]
# In the first row, the classes are mixed, and some samples fall between two classes. For example, the fifth looks
# like a cross between a bag and a shirt. In the other rows, nearly every sample looks like the class that we asked
# for. (Some of the shirts could also be pullovers.) Within each column, the images of these three rows also resemble
# one another, because they are decoded from the same code. For example, the ninth sample is the darkest one in all
# three rows.
#
# ## One code, ten classes
#
# The last observation suggests an experiment. We take nine codes on a line through the latent space and decode each
# of them for all ten classes. In the first figure, $z_1$ goes from -2 (left) to 2 (right), while $z_2$ is 0. In the
# second figure, $z_2$ goes from -2 to 2, while $z_1$ is 0. Each column therefore shows a single code, decoded for ten
# different classes.
#
# **Predict.** Will a code that decodes to a dark T-shirt also decode to dark trousers? Does this hold for all
# classes?

# %%
line = np.linspace(-2, 2, 9)
along_z1 = np.stack([line, np.zeros(9)], axis=1)
lesson.show(
    plotting.image_rows({name: conditional.decode(along_z1, y) for y, name in enumerate(names)}),
    "Ten rows, one for each class, and nine columns for z1 from -2 to 2. Tops, trousers, and dresses become brighter "
    "from left to right. Shoes become taller, sneakers darker, and the bag gets a handle.",
)

# %%
along_z2 = along_z1[:, ::-1]
lesson.show(
    plotting.image_rows({name: conditional.decode(along_z2, y) for y, name in enumerate(names)}),
    "The same for z2. From left to right, all classes become brighter. Trousers also become wider, dresses and shirts "
    "get long sleeves, sandals lose their heel, and the handle of the bag disappears.",
)

# %% [markdown]
# Every row stays close to its class. Only at the ends of the lines, where there are few codes, do some images
# resemble another class. For example, the rightmost sneakers of the first figure are as tall as boots. In
# [lesson 01](01_standard_vae.ipynb), moving along a line in latent space leads from one class to the next. Here, the
# class is fixed by the label, and the code changes the style.
#
# Now compare the columns. In the first figure, the four kinds of tops (T-shirt, pullover, coat, and shirt), the
# trousers, and the dresses become brighter from left to right. The shoes change differently. They become taller, and
# the sneakers even become darker. In the second figure, all ten classes become brighter from left to right. In
# addition, trousers become wider, while dresses and shirts get longer sleeves. All classes have one thing in common.
# As $z_1$ or $z_2$ grows, the image contains more light. Shirts become brighter, and shoes also become larger. Apart
# from this, the same change of the code can have different effects on tops and on shoes. For example, a larger $z_1$
# makes a sneaker taller, and a larger $z_2$ gives a dress long sleeves. In exercise 2, you will measure how much of
# the style is shared.
#
# Why is any of the meaning shared? The loss contains no term that requires it. Suppose that we rotate the latent
# space of the sneakers by 90 degrees and leave the other classes alone. The encoder rotates the code of every
# sneaker, and the decoder rotates it back whenever the label is `sneaker`. The reconstructions of this second model
# would be the same. Its KL term would be the same as well, because the standard normal prior looks the same in all
# directions. So the second model has the same loss, although a code now means something else for sneakers than for
# the other classes. However, all classes share the weights of one decoder. The label enters the decoder only by
# adding a constant to each unit of its first layer, so before training every class uses the same directions of the
# latent space. Learning a feature such as the amount of light once for all classes is therefore probably easier than
# learning it ten times. In contrast, sleeves and heels look so different that a shared feature would hardly help.
#
# ## From sneaker to ankle boot
#
# Because the label determines the class and the code determines the style, we can edit an image by changing only its
# label. We encode ten sneakers from the test set, with their true label, and keep their codes. Then we decode these
# codes twice. The label `sneaker` gives the reconstructions, and the label `ankle boot` gives ankle boots with the
# same codes.

# %%
named = from_class in names and to_class in names
before, after = (names.index(from_class), names.index(to_class)) if named else (0, len(names) - 1)
originals = images[labels == before][:10]
codes = conditional.encode(originals, before)
edited = {
    names[before]: originals,
    "reconstruction": conditional.decode(codes, before),
    f"as {names[after]}": conditional.decode(codes, after),
}
lesson.show(
    plotting.image_rows(edited),
    "Three rows of ten images. First ten sneakers from the test set, then their reconstructions, then the same codes "
    "decoded as ankle boots. The two tall sneakers, sixth and seventh, become the two tallest boots.",
)

# %% [markdown]
# Each sneaker becomes an ankle boot. The sixth and the seventh sneaker are unusually tall, and they become the two
# tallest boots. The third sneaker is bright and becomes a bright boot. The first sneaker is small and gray, so its
# image contains little light, and it becomes the darkest boot. The correspondence is not perfect, though. The seventh
# sneaker is the darkest of all, and its image contains as little light as that of the first one. Nevertheless, it
# becomes a large boot. The reason is the one that we saw in the previous section, namely that a code need not have
# exactly the same meaning for two classes.
#
# Moreover, two numbers cannot represent every detail of an image. The laces, stripes, and logos are already missing
# from the reconstructions, so they cannot appear in the boots either.
#
# ## How much class information remains in the codes?
#
# We have seen that the code of the conditional VAE describes the style. Does it also contain information about the
# class? The next figure shows the codes of the test images in both models, colored by class.

# %%
spaces = {"VAE": vae_run.snapshots, "conditional VAE": conditional_run.snapshots}
lesson.show(
    plotting.latent_spaces(spaces, names),
    "Codes of both models in the colors of the classes. In the VAE, most classes form separate regions. In the "
    "conditional VAE, all colors are mixed and fill the circle that contains 95 % of the prior.",
)

# %% [markdown]
# In the left panel, most classes occupy separate regions. For example, trousers lie on the right and sneakers on the
# left, while coats, shirts, and pullovers overlap. In the right panel, the colors are mixed almost completely, and
# most classes are spread over most of the dashed circle, which contains 95 % of the prior probability. A little
# structure remains. For example, bags and sandals lie outside the circle more often than other classes.
#
# We can quantify this observation in two ways. The first is the accuracy of a 15-nearest-neighbor classifier, which
# we call the [15-NN accuracy](../docs/glossary.md#k-nn-accuracy). For each test image, we look at the 15 training
# images whose codes are closest to its code, and predict the class that is most frequent among them. If the codes
# contained no information about the class, the accuracy would be about 10 %. The conditional VAE encodes each image
# with its true label, so for this model the accuracy measures only what is left in the codes. It could not be used as
# a classifier, because it needs the label as an input.
#
# For the second way, consider the codes of a single class. Let $q(z \mid y)$ be the average of the approximate
# posteriors of all images of class $y$. [Lesson 04](04_how_probable_is_an_image.ipynb) splits the KL term into two
# parts, and the same can be done within a class. (To see this, write the KL divergence as the mean of
# $\log q(z \mid x, y) - \log p(z)$, subtract $\log q(z \mid y)$, and add it again.)
#
# $$\underbrace{\mathrm{E}_{x \mid y}\, \mathrm{KL}\big(q(z \mid x, y) \,\|\, p(z)\big)}_{\text{KL term of class } y}
# = \underbrace{I_y(x; z)}_{\text{information about the image}} + \underbrace{\mathrm{KL}\big(q(z \mid y) \,\|\, p(z)\big)}_{\text{distance of the class from the prior}} .$$
#
# The left-hand side is the KL term averaged over the images of class $y$, which is what $\mathrm{E}_{x \mid y}$
# stands for. The mutual information $I_y(x; z)$ measures how much information a code carries about *which image of
# the class* it belongs to. The last term measures how far the codes of the class, taken together, are from the prior.
# It is zero if they are distributed like the prior, and it is large if the class has a separate region. For the
# standard VAE, the same formula holds with $q(z \mid x)$ in place of $q(z \mid x, y)$. The next cell computes the
# three terms for the training images with the final weights and averages them over the ten classes. The values
# therefore differ slightly from the training log, which averages over the last epoch.


# %%
def class_in_codes(model):
    """Return the 15-NN accuracy, and the three terms of the formula in nats, averaged over classes."""
    known, given = (dataset.train_labels, labels) if model.condition else (None, None)
    train_codes, test_codes = model.encode(dataset.train_images, known), model.encode(images, given)
    accuracy = measures.knn_accuracy(train_codes, dataset.train_labels, test_codes, labels)
    mean, log_var = model.encode_distribution(dataset.train_images, known)
    of_classes = [dataset.train_labels == y for y in range(len(names))]
    parts = [measures.decompose_rate(mean[here], log_var[here]) for here in of_classes]
    information, distance = np.mean(parts, axis=0)
    return accuracy, information + distance, information, distance


pd.DataFrame(
    {"VAE": class_in_codes(vae), "conditional VAE": class_in_codes(conditional)},
    index=["15-NN accuracy", "KL term", "information about the image", "distance from the prior"],
).round(2)

# %% [markdown]
# The accuracy falls from 0.67 to 0.22, where random guessing would give 0.10. A little information about the class is
# therefore left, and exercise 3 measures how much. The KL term falls by 1.5 nats. This is due to the last row, the
# distance of the classes from the prior, which falls from 2.1 to 0.3 nats. The information about the individual image
# even increases slightly, from 4.0 to 4.2 nats.
#
# The formula also helps us understand *why* the class disappears from the codes. Information about the individual
# image reduces the reconstruction term of both models. The distance from the prior plays a different role. In the
# standard VAE, a separate region for each class informs the decoder of the class, so the better reconstruction
# outweighs the larger KL term. The decoder of the conditional VAE receives the class as an input. A separate region
# for each class would therefore increase the loss without improving any reconstruction, so training eliminates most
# of this separation.
#
# ## What the codes of one class describe
#
# Let us look at one class more closely. The next figure shows the codes of all test images of bags in two panels. In
# the left panel, the color shows the *ink* of an image, which we define as its mean gray value. It is high for bright
# bags and for large ones. In the right panel, the color shows the *width*, which is the standard deviation of the
# horizontal positions of the pixels, weighted by their gray values.

# %%
style = dict(zip(conditional_vae.STYLES, conditional_vae.style(images).T, strict=True))
bag = names.index("bag") if "bag" in names else 0
codes = conditional.encode(images[labels == bag], bag)
shown = {
    "ink (mean gray value)": style["ink"][labels == bag],
    "width (pixels)": style["width"][labels == bag],
}
lesson.show(
    plotting.latent_space_by_factor(codes, shown),
    f"The codes of the {len(codes):,} test images of class {names[bag]}, colored by ink in the left panel and by width "
    "in the right panel. Both change gradually over the latent space, in different directions.",
)

# %% [markdown]
# In both panels, the color changes gradually. Bags with much ink lie at the upper right, and bags with little ink at
# the lower left and at the bottom. Wide bags lie at the left, and narrow ones at the lower right. The two properties
# change along different directions, so together they use both dimensions. Nobody defined ink or width for the model.
# Its codes capture these properties because both affect many pixels, so encoding them reduces the reconstruction term
# a lot.
#
# ## How much does the label improve the likelihood?
#
# In [lesson 04](04_how_probable_is_an_image.ipynb), we compute $\log p(x)$ of an image by summing
# $p(x \mid z)\, p(z)$ over a grid of codes. In the same way, we can compute
# $p(x \mid y) = \int p(x \mid z, y)\, p(z)\, dz$ for each label by decoding the grid with this label. There is one
# difference, however. Lesson 04 uses images whose pixels are black or white, whereas our pixels have gray values. The
# results are then not log-probabilities in the strict sense, because the cross-entropy of gray pixels lacks a
# normalizing term. This term depends on the decoded image and differs from model to model. We therefore use the
# results only as scores, which have the same definition for all models of the same images. In exercise 6, you will
# repeat the comparison with black and white pixels, for which the scores are exact.
#
# The comparison requires care, because $-\log p(x)$ and $-\log p(x \mid y)$ answer different questions. Think of them
# as the cost, in nats, of describing an image to someone who has the model. An ideal code spends $-\log p$ nats on an
# outcome of probability $p$, so probable images are cheap. With the conditional VAE, this cost is $-\log p(x \mid y)$
# if the receiver already has the label. The label itself has a cost, too. The ten classes of Fashion-MNIST are
# equally frequent, so $p(y) = 1/10$, and naming one of them costs $\log 10 \approx 2.30$ nats. Describing the image
# and the label together therefore costs $-\log p(x, y) = -\log p(x \mid y) + \log 10$.
#
# We can also use the conditional VAE to describe the image without its label. The probability of the image alone is
# the average of $p(x \mid y)$ over the ten possible labels, $p(x) = \frac{1}{10} \sum_y p(x \mid y)$. The label is
# said to be *marginalized out*, or summed out. The result can be compared directly with $p(x)$ of the standard VAE.
# The next cell computes these costs for the first thousand test images.
#
# **Predict.** Which is cheaper, describing an image with the standard VAE, or describing the image and its label with
# the conditional VAE?

# %%
few, few_labels = images[:1000], labels[:1000]
log_p_x = likelihood.log_likelihood(vae, few, **conditional_vae.GRID)
log_p_x_given_y = conditional_vae.log_p_for_each_class(conditional, few)  # (images, classes)
given_true_label = log_p_x_given_y[np.arange(len(few)), few_labels]
log_classes = np.log(len(names))
summed_out = logsumexp(log_p_x_given_y, axis=1) - log_classes
costs = {
    "VAE: image": -log_p_x,
    "conditional VAE: image, label known": -given_true_label,
    "conditional VAE: image and label": -given_true_label + log_classes,
    "conditional VAE: image, label summed out": -summed_out,
}
pd.DataFrame({"nats per image": {name: nats.mean() for name, nats in costs.items()}}).round(2)

# %% [markdown]
# Given the label, the conditional VAE describes an image with 8.3 nats fewer than the standard VAE. This is far more
# than the 2.3 nats that the label costs, so describing an image *and* its label with the conditional VAE is cheaper
# than describing the image alone with the standard VAE.
#
# This may seem surprising. For a perfect model of images, image and label together could never cost less than the
# image alone, because the label is something that has to be described, too. The likely explanation is that our
# standard VAE is far from perfect, since its two dimensions must represent both the class and the style. The
# conditional VAE has the same two dimensions and, in addition, a label with ten possible values, which acts as a
# third, discrete dimension. (It also has about a quarter more weights, because its networks have additional inputs.)
# The last row shows that the advantage remains if the label is summed out. As a model of images, the conditional VAE
# is better by about 8.3 nats, although it needs labels only during training.
#
# ## The model as a classifier
#
# Bayes' rule turns the model into a classifier. Given an image, the probability of each label is
#
# $$p(y \mid x) = \frac{p(x \mid y)\, p(y)}{\sum_{y'} p(x \mid y')\, p(y')} = \frac{p(x \mid y)}{\sum_{y'} p(x \mid y')},$$
#
# where $p(y)$ cancels because it is the same for all classes. The values of $p(x \mid y)$ were computed in the last
# section. These values are scores and not exact probabilities, so the resulting $p(y \mid x)$ are scores as well. We
# print the probabilities for four test images, omitting labels with a probability below 1 %. The last two lines are
# about all thousand images. The first of them gives the accuracy if we choose the most probable label, and the mean
# probability that the model assigns to its choice. The second gives the cost $-\log p(y \mid x)$ of the true label.

# %%
log_p_label = log_softmax(log_p_x_given_y, axis=1)
shown = [0, 26, 11, 12]
for i in shown:
    p_label = np.exp(log_p_label[i])
    order = [y for y in np.argsort(-p_label) if p_label[y] >= 0.01]
    print(f"{names[few_labels[i]]:>10}:", ", ".join(f"{names[y]} {p_label[y]:.0%}" for y in order))
cost_of_label = -log_p_label[np.arange(len(few)), few_labels]
accuracy = np.mean(log_p_label.argmax(axis=1) == few_labels)
confidence = np.exp(log_p_label.max(axis=1)).mean()
print(
    f"{len(few):,} images: accuracy {accuracy:.3f}, mean probability of the choice {confidence:.3f}"
)
print(
    f"cost of the label: mean {cost_of_label.mean():.2f}, median {np.median(cost_of_label):.2f} nats"
)
lesson.show(
    plotting.image_rows({"test images": few[shown]}),
    "The four test images: " + ", ".join(names[few_labels[i]] for i in shown) + ".",
)

# %% [markdown]
# We chose these four images to show different cases. The first is recognized as an ankle boot. The second is a shirt,
# but the model assigns nearly the same probability to `coat` and to `shirt`. The third is a sandal, and the model
# assigns a probability of 14 % to the label `ankle boot`. The fourth is a sneaker, but the model assigns a
# probability of nearly 100 % to `sandal`. Overall, 83 % of the images are classified correctly. A good convolutional
# classifier reaches more than 90 % on this data set, but it cannot generate images.
#
# The last two lines reveal a weakness. On average, the model assigns a probability of 97 % to its choice, but only 83
# % of the choices are right. The true label costs practically nothing for half of the images, but 2.3 nats on
# average, which is as much as a guess among ten labels would cost. We say that the model is **overconfident**. A
# likely reason is that the model treats the pixels as independent, given the code and the label. In real images,
# however, a pixel that deviates from the decoded image usually has neighbors that deviate in the same way. The model
# therefore counts the same evidence many times. A few unusual pixels can change $\log p(x \mid y)$ by ten nats, and
# Bayes' rule turns ten nats into odds of 22,000 to 1.
#
# Overconfidence also explains a surprise in the previous table. On average, an image costs no more with the label
# summed out than with the label known. By Bayes' rule,
#
# $$-\log p(x) = -\log p(x \mid y) + \log 10 + \log p(y \mid x),$$
#
# and the last two terms happen to cancel on average. For images that are classified correctly, summing the label out
# costs nearly the full 2.3 nats. For the others, a wrong label makes the image much more probable than the true one
# does, so summing the label out saves many nats.
#
# ## Do the results hold for five seeds?
#
# So far, every number comes from one training run of each model. We therefore trained each model on Fashion-MNIST and
# on MNIST with five seeds, by the same schedule as above. Before the first of these runs, we recorded two claims in
# an amendment of [the study plan](../study/plan.md). We had already trained a few models with another seed, so we
# expected both claims to hold.
#
# 1. The 15-NN accuracy of the class is lower for the conditional VAE by more than 0.2.
# 2. Describing image and label with the conditional VAE costs less than describing the image alone with the VAE. In
#    symbols, the mean of $-\log p(x \mid y) + \log 10$ is lower than the mean of $-\log p(x)$.
#
# The next cell reads the results and prints the mean over the seeds, with a 95 % confidence interval for the mean,
# based on Student's t-distribution. The KL term is averaged over all test images, and $-\log p(x)$ of the conditional
# VAE is the value with the label summed out. Both are in nats per image. "Bayes accuracy" is the accuracy of the
# classifier of [the previous section](#The-model-as-a-classifier). Like $-\log p(x)$ and $-\log p(x \mid y)$, it is
# computed from the first thousand test images. The classes of MNIST are only approximately equally frequent.
# Nevertheless, we use $p(y) = 1/10$ for this data set as well. All seeds share the same test images. The intervals
# therefore show how much the results vary from seed to seed, but not how much they would vary with other test images.
#
# The last three rows show how well the style can be predicted from the code if the class is known. Each value is
# predicted by the mean over the 15 nearest training codes of the same class. Besides ink and width, there is the
# *slant*, the number of pixels by which the shape shifts sideways from one row of pixels to the next. The rows report
# the coefficient of determination $R^2$ within the classes. A value of 1 means that the prediction is perfect, and a
# value of 0 means that it is no better than predicting the mean of the class.

# %%
table = conditional_vae.read()
full = table[table.images == conditional_vae.ALL].rename(columns={"rate": "KL term"})
rows = [
    *("15-NN accuracy", "KL term", "-log p(x)", "-log p(x|y)", "Bayes accuracy"),
    *(f"R² of {name}" for name in conditional_vae.STYLES),
]


def mean_and_interval(values):
    """Format the mean over seeds and its 95 % confidence interval."""
    if values.isna().any():
        return "–"
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    digits = 1 if values.mean() > 10 else 2 if values.mean() > 1 else 3
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


full.groupby(["dataset", "model"])[rows].agg(mean_and_interval).T

# %% [markdown]
# Now we test the two claims. We use Welch's t-test, which does not assume that the two models have the same variance
# over seeds. Two claims on two data sets give four tests, so we correct the p-values for multiple testing with Holm's
# method. [Lesson 05](05_measuring_a_claim.ipynb) explains both. The cell prints the difference of the means with a 95
# % confidence interval, which is not corrected, and the corrected two-sided p-value. For the first claim, the test
# compares the difference with 0.2 instead of 0.

# %%
tests = {}
for name in full.dataset.unique():
    of_data = full[full.dataset == name]
    plain = of_data[of_data.model == conditional_vae.PLAIN]
    given = of_data[of_data.model == conditional_vae.CONDITIONAL]
    saved = plain["-log p(x)"], given["-log p(x|y)"] + np.log(10)
    tests[name, "fall in accuracy"] = plain["15-NN accuracy"], given["15-NN accuracy"], 0.2
    tests[name, "nats saved"] = *saved, 0.0
found = {
    key: stats.ttest_ind(first - margin, second, equal_var=False)
    for key, (first, second, margin) in tests.items()
}
corrected = holm_correction([test.pvalue for test in found.values()])
for (key, test), p in zip(found.items(), corrected, strict=True):
    low, high = np.array(test.confidence_interval()) + tests[key][2]
    name, claim = key
    print(f"{name:13} {claim:16}: {(low + high) / 2:6.3f} [{low:.3f}, {high:.3f}], p {p:.1g}")

# %% [markdown]
# Both claims hold on both data sets, since all four corrected p-values are far below 0.05. The accuracy falls by 0.45
# for clothes and by 0.52 for digits. Even when the cost of the label is included, the conditional VAE saves 6.0 nats
# per image for clothes and 12.7 nats for digits.
#
# The other quantities in the first table are not part of the claims. They are exploratory, which means that we
# decided to look at them after seeing results. For digits, ink, width, and slant are all predicted better from the
# codes of the conditional VAE. The largest gain is in the width, where $R^2$ rises from 0.57 to 0.82. For clothes,
# only ink is predicted better, with $R^2$ rising from 0.92 to 0.97. For width, $R^2$ stays at 0.81, and for slant it
# falls from 0.51 to 0.43. Therefore, codes that no longer have to describe the class do not describe every other
# property better. The two dimensions encode whatever reduces the loss, and this need not be a property that has a
# name.
#
# ## Supervised and semi-supervised learning with few labels
#
# Images are often cheap, whereas labeling them takes human effort. What can we do if only a few images have a label?
# To discuss this, we need three terms. They describe the role of labels *in training*:
#
# - **Unsupervised learning** uses no labels. The standard VAE is unsupervised, because we use the labels only to look
#   at the model and to measure it after training.
# - **Supervised learning** uses a label for each training image, as our conditional VAE does.
# - **Semi-supervised learning** uses a few images with labels and many without.
#
# (The [blog post](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/) that this course follows says that
# "semi-supervised" would be a better term for its setting than "unsupervised". Its models are trained without labels,
# so in current usage they are unsupervised.)
#
# [Kingma et al. (2014)](https://arxiv.org/abs/1406.5298) propose two ways to use a VAE in the semi-supervised case.
# The first trains a standard VAE on *all* images, and then trains a classifier on the codes of the labeled images.
# The second is a conditional VAE with a further network $q(y \mid x)$ that predicts missing labels. For an unlabeled
# image, the loss is computed for each label and averaged with the weights $q(y \mid x)$, and the entropy of
# $q(y \mid x)$ is subtracted. The network is also trained as a classifier on the labeled images. Their best results
# come from a combination of both.
#
# We measure a simple version of the first way. For the first column of the next table, the standard VAE was trained
# on all 60,000 images without labels. A 15-NN classifier then uses the codes of the labeled images only. For
# comparison, the other two columns show our conditional VAE, which was trained on the labeled images only, for the
# same number of steps. This is supervised learning with few labels, because the unlabeled images are not used. We do
# not train the second kind of model here. The table shows means over three seeds. The first column uses all 10,000
# test images, and the others use the first thousand. We stated no claim about these results in advance, so they are
# exploratory.

# %%
three = table[table.seed < 3]
few_labels_rows = {}
for (name, n), of_size in three.groupby(["dataset", "images"]):
    assert of_size.seed.nunique() == 3  # so that all means are over the same seeds
    given = of_size[of_size.model == conditional_vae.CONDITIONAL]
    plain = three[(three.dataset == name) & (three.model == conditional_vae.PLAIN)]
    suffix = "" if n == conditional_vae.ALL else f", {n} labels"
    few_labels_rows[name, f"{n:,} labels"] = {
        "VAE on all images, 15-NN accuracy": plain[f"15-NN accuracy{suffix}"].mean(),
        "conditional VAE, Bayes accuracy": given["Bayes accuracy"].mean(),
        "conditional VAE, -log p(x|y)": given["-log p(x|y)"].mean(),
    }
pd.DataFrame(few_labels_rows).T.round(3)

# %% [markdown]
# With 600 labels, which is about 60 for each class, the classifier on the codes of the standard VAE is almost as good
# as with all 60,000. On clothes, its accuracy is 0.64 instead of 0.67. The reason is that the VAE has already
# arranged *all* images in its latent space, so the labels are needed only to name the regions. However, more labels
# hardly help, because some classes overlap in the two-dimensional latent space and no number of labels can separate
# them.
#
# The conditional VAE reaches a higher accuracy in every row, for example 0.77 with 600 labeled clothes, although it
# has seen no other images. Its classifier compares all 784 pixels of an image with what the model expects for each
# class, whereas the 15-NN classifier uses only the two numbers of the code. With 6,000 labels, it is practically as
# good as with 60,000.
#
# With only 600 images, however, the conditional VAE describes the images themselves less well. The mean of
# $-\log p(x \mid y)$ for the test images is higher than with 60,000 images by about 13 nats for clothes and by about
# 49 nats for digits. A likely reason is overfitting, because each of the 600 images is used 400 times during
# training. The accuracy suffers less, since it depends only on which class has the largest $p(x \mid y)$, and not on
# how large it is.
#
# ## What to remember
#
# - A conditional VAE gives the label to the encoder and to the decoder. Its loss is the negative ELBO, now a bound on
#   $\log p(x \mid y)$, with the same two terms as before.
# - We choose the class, and the code supplies the style. Changing the label while keeping the code changes the class
#   of an image.
# - Most of the information about the class disappears from the codes, because encoding it there would increase the KL
#   term without improving the reconstructions.
# - No term of the loss requires that a code has the same meaning for different classes. If the meanings agree, as
#   they do for the amount of light in the image, a likely reason is that all classes share one decoder.
# - Averaging $p(x \mid y)$ over the labels gives $p(x)$ for an image whose label is unknown, and Bayes' rule gives
#   the probability of each label.
#
# ## Three quick questions
#
# <details><summary>1. You encode a sneaker with the label <code>sneaker</code> and decode its code with the label
# <code>bag</code>. What do you expect to see?</summary>
#
# A bag, because the decoder takes the class from the label. Which bag it is depends on the code. The bag may share
# some properties with the sneaker, but you should not rely on it. For example, the height of the shoe need not become
# the height of the bag, because nothing in the loss makes such properties correspond.
#
# </details>
#
# <details><summary>2. Why is the prior the same for all classes? What would happen if the prior of each class had its own
# trainable mean?</summary>
#
# A common prior makes every code equally plausible for all classes, so we can sample a code before we choose the
# class. However, a common prior does not give a code the same meaning for all classes. With a trainable mean for each
# class, the best possible model would not become any better. To see why, suppose that the prior of a class is
# shifted. If the encoder shifts the codes of this class by the same amount, the KL term remains unchanged. The
# decoder receives the label, so it can undo the shift. However, the classes could then move apart without any
# increase of the loss, and a code that is typical of one class would no longer be typical of the others.
#
# </details>
#
# <details><summary>3. Someone trains a conditional VAE and finds that a classifier predicts the class from its codes with an
# accuracy of 0.6. What could have gone wrong?</summary>
#
# Perhaps the decoder does not receive the label, or it ignores the label, so the code has to transmit the class.
# Another possibility is that the KL term was multiplied by a small weight, as in the post's VAE in
# [lesson 01](01_standard_vae.ipynb). Separate regions for the classes are then hardly penalized. If there are many
# latent dimensions, there may even be no mistake at all, because small differences between the classes add up over
# the dimensions.
#
# </details>
#
# ## On your own
#
# Solutions are in [solutions/11_conditional_vae](solutions/11_conditional_vae.ipynb).
#
# 1. **Change the data.** Set `dataset_name = "mnist"`, `from_class = "7"`, and `to_class = "2"`. Which properties
#    make up the style of a digit?
# 2. **Measure.** Does a code have the same meaning in all classes? Sample 200 codes from the prior and decode all of
#    them for every class. Compute the ink and the width of each image. Then, for each pair of classes, compute the
#    correlation of the ink over the 200 codes, and do the same for the width. Which classes agree?
# 3. **On paper.** Show that the mean of $\mathrm{KL}(q(z \mid y) \,\|\, p(z))$ over equally frequent classes is
#    $I(y; z) + \mathrm{KL}(q(z) \,\|\, p(z))$, where $I(y; z)$ is the mean of $\log q(z \mid y) - \log q(z)$. If the
#    class can be inferred from the code without error, what is the smallest possible value of this mean? Estimate the
#    three quantities from samples, for both models.
# 4. **Measure.** How good is a 15-NN classifier on the *pixels*, with 600 and with 6,000 labels? Compare the results
#    with the two accuracies in the section on [few labels](#Supervised-and-semi-supervised-learning-with-few-labels).
# 5. **Open.** Encode the ten sneakers with a wrong label, for example as shirts, and decode the codes with the same
#    wrong label. What do the resulting images look like?
# 6. **Measure.** Repeat the comparison of costs with black and white pixels. Train both models with
#    `pixels="threshold"`, which makes every pixel brighter than 127 white and all others black. Is the conditional
#    VAE still better when the label is included in the cost?
#
# ## Further reading
#
# - D. P. Kingma, D. J. Rezende, S. Mohamed, and M. Welling,
#   [*Semi-supervised learning with deep generative models*](https://arxiv.org/abs/1406.5298), 2014. The paper
#   introduces both ways to use a VAE with few labels.
# - K. Sohn, H. Lee, and X. Yan, *Learning structured output representation using deep conditional generative models*,
#   NeurIPS 2015. This paper uses a conditional VAE if a single input has many possible outputs.
# - S. Keydana, [*Representation learning with MMD-VAE*](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/),
#   RStudio AI blog, 2018.
#
# Lesson 11 is one of the lessons that can be read in any order after [lesson 01](01_standard_vae.ipynb).
# [Lesson 06](06_the_weight_of_the_kl.ipynb) changes the loss instead of the inputs, and [lesson 07](07_your_own_images.ipynb)
# trains on images of your own.
