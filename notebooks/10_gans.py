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
# # GANs: what you see is what you get
#
# Going further, lesson 10 · needs: [lesson 01, the standard VAE](01_standard_vae.ipynb) · previous:
# [lesson 09, better priors](09_better_priors.ipynb) · next: [lesson 11, conditional VAEs](11_conditional_vae.ipynb) ·
# [glossary](../docs/glossary.md)
#
# The [post](../docs/glossary.md#blog-post) that this course follows begins with another kind of model, the *generative
# adversarial network*, or GAN. It says of GANs that "the contract there basically is: what you see is what you get"
# ([Keydana 2018](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/)). In other words, a GAN turns random codes
# into images, and these images are all that we get. There is no [encoder](../docs/glossary.md#encoder) that tells us
# the code of a given image, and nothing in the training measures how probable an image is. In exchange, the images are
# sharp, whereas those of a [VAE](../docs/glossary.md#vae) are blurred.
#
# In this lesson, we train a GAN that consists of the same two networks as the VAE of [lesson
# 01](01_standard_vae.ipynb), so that the models differ mainly in how they are trained. Because our [latent
# space](../docs/glossary.md#latent-space) has only two dimensions, we can also answer two questions that are hard to
# answer for most GANs. We can find the code that belongs to a given image, and we can compute how probable this image
# is under the model.
#
# **What you'll do**
#
# - train a generator and a discriminator against each other, first for one step by hand and then for 2,400 steps;
# - compare the samples of a GAN, a VAE, and an MMD-VAE;
# - find the code of a shoe without an encoder, by Bayes' rule on a grid;
# - compute how probable test images are under a GAN, and compare the three models over several training runs.
#
# **What you'll learn**
#
# - what the two networks of a GAN minimize, and why their losses do not tell us how good the images are;
# - how to measure whether images are sharp, and whether all kinds of images are represented;
# - why one kind of training leaves images out and the other one blurs them.
#
# **What you'll need**
#
# - [Lesson 01](01_standard_vae.ipynb). We also use the likelihood on a grid from
#   [lesson 04](04_how_probable_is_an_image.ipynb) and the MMD-VAE from [lesson 02](02_mmd_vae.ipynb), but both are
#   explained briefly where they appear.
# - About four minutes on two CPU cores.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [A game of two networks](#A-game-of-two-networks) | How can one network train another one? |
# | [One step by hand](#One-step-by-hand) | What happens in a single step? |
# | [Training, and curves that do not fall](#Training,-and-curves-that-do-not-fall) | How do we read the losses? |
# | [Samples of three models](#Samples-of-three-models) | What do we see? |
# | [Where in the latent space is this shoe?](#Where-in-the-latent-space-is-this-shoe?) | What is the code of an image? |
# | [How probable are images under a GAN?](#How-probable-are-images-under-a-GAN?) | Which images were left out? |
# | [Sharp and few, or soft and all](#Sharp-and-few,-or-soft-and-all) | Is this more than one lucky training run? |
# | [Why is one sharp and the other soft?](#Why-is-one-sharp-and-the-other-soft?) | Where does the difference come from? |
# | [What to remember](#What-to-remember) | Which points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions) | Can you answer these from memory? |
# | [On your own](#On-your-own) | What can you try? |
# | [Further reading](#Further-reading) | Where can you read more? |

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import gan_contrast, ledger, ledger_tables, model_table
from vaelib import data, plotting, runs
from vaelib.gans import GAN
from vaelib.measures import features, likelihood
from vaelib.measures.code_grid import most_probable_codes
from vaelib.objectives import ELBO, POST_MMD
from vaelib.support import lesson
from vaelib.support.backend import ops, tf
from vaelib.support.latent_grid import grid_codes

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and the noise
limit = None  # a number: train on the first `limit` images only; None: train on all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None)
lesson.check_ranges(globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(100, None))

# %% [markdown]
# ## A game of two networks
#
# The [decoder](../docs/glossary.md#decoder) of a VAE learns from reconstructions. The encoder supplies a code for each
# training image, and the loss compares the decoded image with the original, pixel by pixel. Suppose now that there is
# no encoder. We sample a code from the [prior](../docs/glossary.md#prior) and decode it. The result may look like a
# shirt, but there is no particular shirt that it should be equal to. So what could the decoder learn from?
#
# The idea of [Goodfellow et al. (2014)](https://arxiv.org/abs/1406.2661) is to train a second network as a judge. It
# receives an image that is either a training image or was decoded from a sampled code, and it is trained to tell
# which of the two it is. This network is called the **[discriminator](../docs/glossary.md#discriminator)**. The
# decoder is now called the **[generator](../docs/glossary.md#generator)**, and it is trained to make images that the
# discriminator classifies as real. For example, if generated images are blurred, the discriminator can learn to
# recognize them by their blur. Its gradient then shows the generator how to reduce the blur, and the discriminator
# has to find another difference. A pair of networks trained in this way is called a **[generative adversarial
# network](../docs/glossary.md#generative-adversarial-network)**, or **[GAN](../docs/glossary.md#gan)** for short.
#
# Let $x$ be a real image, $z$ a code from the prior, and $G(z)$ the image that the generator makes from it. The
# discriminator outputs a single number $D(x)$, a [logit](../docs/glossary.md#logit). We turn it into the probability
# $\sigma(D(x))$ that $x$ is real by the sigmoid function
#
# $$\sigma(a) = \frac{1}{1 + e^{-a}} .$$
#
# The loss of the discriminator is the cross-entropy of a classifier with two classes. Its first term is about real
# images, and its second term is about generated images:
#
# $$L_D = -\mathbb E_x \log \sigma(D(x)) - \mathbb E_z \log\big(1 - \sigma(D(G(z)))\big).$$
#
# Here, $\mathbb E_x$ is an average over real images and $\mathbb E_z$ an average over codes from the prior. The loss is
# small if real images get a probability close to 1 and generated images get a probability close to 0.
#
# What should the generator minimize? It has the opposite aim, so it could simply *maximize* the second term of $L_D$.
# However, as long as the discriminator recognizes generated images easily, this term is nearly constant. For example,
# if $\sigma(D(G(z)))$ is 0.01, the derivative of the term with respect to $D$ is only 0.01. The generator would
# therefore learn most slowly when its images are worst. Goodfellow et al. propose another loss, which is called the
# **[non-saturating loss](../docs/glossary.md#non-saturating-loss)**. With this loss, the generator maximizes the
# log-probability that its images are real:
#
# $$L_G = -\mathbb E_z \log \sigma(D(G(z))).$$
#
# Whether the generator maximizes the second term of $L_D$ or minimizes $L_G$, its aim is to increase $D(G(z))$.
# However, in our example the derivative of $L_G$ with respect to $D$ has an absolute value of 0.99 instead of 0.01,
# so the generator learns quickly when its images are easy to recognize. Note that neither of them compares pixels
# with those of a particular image.
#
# ## One step by hand
#
# We now carry out a single step of this game. The class `GAN` of the course builds both networks. The generator has
# the layers of the decoder of lesson 01, and the discriminator has those of its encoder, but with a single output.
# The next cell takes a hundred training images and generates a hundred images with the initial weights. It computes
# both losses, changes the weights of the discriminator by one step of gradient descent on $L_D$, and computes both
# losses again. Then it does the same for the generator and $L_G$. The learning rates are much larger than in real
# training, so that we can see the effect of a single step. Look at how both losses change after the step of each
# network.

# %%
dataset = data.load(dataset_name)
images, labels, names = dataset.test_images, dataset.test_labels, dataset.class_names

game = GAN(seed=seed)
real = dataset.train_images[:100] / np.float32(255)
z = ops.convert_to_tensor(game.prior.sample(100, seed), "float32")


def both_losses():
    """Return both losses, and the mean probability of "real" for real and for generated images."""
    of_real = game.discriminator(real)
    of_generated = game.discriminator(ops.sigmoid(game.decoder(z)))  # the decoder is the generator
    loss_d = ops.mean(ops.softplus(-of_real)) + ops.mean(ops.softplus(of_generated))
    loss_g = ops.mean(ops.softplus(-of_generated))
    return loss_d, loss_g, ops.mean(ops.sigmoid(of_real)), ops.mean(ops.sigmoid(of_generated))


def descend(network, which, rate):
    """Change the weights of a network by one step of gradient descent on one of the two losses."""
    with tf.GradientTape() as tape:
        loss = both_losses()[which]
    weights = network.trainable_variables
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        weight.assign(weight - rate * gradient)


steps = {"before": [float(value) for value in both_losses()]}
descend(game.discriminator, 0, rate=0.2)
steps["after a step of D"] = [float(value) for value in both_losses()]
descend(game.decoder, 1, rate=5.0)
steps["after a step of G"] = [float(value) for value in both_losses()]
columns = ["loss of D", "loss of G", "P(real), real images", "P(real), generated images"]
pd.DataFrame(steps, index=columns).T.round(3)

# %% [markdown]
# The first row belongs to the initial weights. Both probabilities are close to one half, because the discriminator has
# not learned anything yet. Its loss is therefore close to $2 \log 2 \approx 1.386$, the cross-entropy of guessing, and
# the loss of the generator is close to $\log 2 \approx 0.693$.
#
# In the second row, the discriminator has made one step. It now assigns a lower probability to both kinds of images.
# However, the probability of generated images has fallen further, from 0.486 to 0.412, so the two kinds are easier to
# tell apart, and the loss of the discriminator is lower. The loss of the *generator* has increased from 0.721 to 0.886,
# although the generator itself has not changed at all.
#
# In the third row, the situation is reversed. The generator has made one step, and its images now get the probability
# 0.435. Its own loss is lower than in the second row, and the loss of the discriminator is higher. All models that we
# have trained so far have a single loss, and every step of training aims to reduce it. A GAN has no such loss,
# because a step that lowers the loss of one network usually raises that of the other.
#
# You may wonder why the code does not contain a logarithm. The function `softplus(a)` is $\log(1 + e^a)$, and a short
# calculation shows that $-\log \sigma(a)$ equals `softplus(-a)`. This form is numerically safer, because no logarithm
# is taken of a number that may have been rounded to zero.
#
# ## Training, and curves that do not fall
#
# The function `runs.train` repeats such steps, each with new images and new codes, and with two more differences.
# First, both networks are changed in the same step by the [optimizer](../docs/glossary.md#optimizer) Adam, each by
# the gradient at the current weights. Second, the loss of the discriminator has a penalty, which is called
# **[R1](../docs/glossary.md#r1)** ([Mescheder et al. 2018](https://arxiv.org/abs/1801.04406)). It is the squared
# length of the gradient of $D$ with respect to the pixels of real images, multiplied by a weight $\gamma$ and divided
# by 2, so that the discriminator minimizes
#
# $$L_D + \frac{\gamma}{2}\, \mathbb E_x \lVert \nabla_x D(x) \rVert^2 .$$
#
# The penalty keeps $D$ flat around real images. To see why this helps, imagine that the generator has become perfect,
# while the discriminator still outputs different logits for slightly different images. Its gradient then pushes the
# generator away from the perfect solution, and the two networks may circle around the solution without ever reaching
# it. If $D$ is flat, however, its gradient is zero, and the generator stays where it is. We use the weight
# $\gamma = 1$. This weight and the learning rate were chosen in trials with another seed. The trials are listed in
# [Amendment 11 of the study's plan](../study/plan.md#amendment-11-gans-beside-vaes).
#
# The next cell trains the GAN and plots both losses. The penalty is not included in the loss of the discriminator
# that is shown. A dashed line shows the value that a loss has if the discriminator answers "probability one half" to
# every image.
#
# **Predict.** In a VAE, a falling loss means that the model improves. What will the two losses of a GAN do?

# %%
settings = dict(epochs=epochs, seed=seed, limit=limit)
gan_run = runs.train(runs.GANRecipe(dataset_name, **settings))
gan = gan_run.model
lesson.show(
    plotting.loss_curves(
        {name: gan_run.history[name] for name in ("discriminator", "generator")},
        levels={
            "discriminator": ("2 log 2", 2 * np.log(2)),
            "generator": ("log 2", np.log(2)),
        },
    ),
    "Two panels with one value per epoch. The loss of the discriminator rises from epoch to epoch, toward a dashed line at "
    "2 log 2. The loss of the generator falls toward a dashed line at log 2.",
)

# %% [markdown]
# The loss of the discriminator *rises* from 1.125 in the first epoch to 1.305 in the last one. The loss of the
# generator falls from 0.906 to 0.738. Both approach the dashed lines, so the probabilities that the discriminator
# assigns get closer to one half. This suggests that it finds it harder and harder to tell generated images from real
# ones, although the penalty also keeps its logits small.
#
# Does this show that the images get better? Not by itself, because each loss depends on both networks. A loss of
# $2 \log 2$ results if the images are perfect and the discriminator is the best possible one, but also if the
# discriminator has not learned anything, as in the first row of our table above, where it is nearly reached. In the
# same way, a loss that does not change for a long time can mean that nothing happens, or that both networks improve
# equally fast. We should therefore look at the images. The next figure shows samples for the same twelve codes at
# several steps of the training.

# %%
shots = gan_run.snapshots
lesson.show(
    plotting.image_rows(
        {
            f"step {step:,}": sampled[:12]
            for step, sampled in zip(shots["steps"], shots["samples"], strict=True)
        }
    ),
    "Rows of twelve images for the same codes, from step 0 to step 2,400. They are plain gray at first, then gray "
    "patches, then white silhouettes with holes, and in the last two rows trousers, pullovers, and shoes with folds.",
)

# %% [markdown]
# At step 0 all images are gray. After 50 steps there is a brighter patch in the middle, and after 200 and 600 steps
# we see flat shapes without any texture. In the row of step 1,200, trousers, pullovers, and shoes can be recognized,
# and by step 2,400 their outlines have become cleaner. The losses do not show this progress. For the gray images of
# the initial weights, they were 1.372 and 0.721, as we saw in the first row of our table. These values are even
# closer to the dashed lines than the 1.305 and 0.738 of the last epoch.
#
# ## Samples of three models
#
# For comparison, we train the VAE of lesson 01 and the [MMD-VAE](../docs/glossary.md#mmd-vae) of [lesson
# 02](02_mmd_vae.ipynb). The MMD-VAE is also an autoencoder whose loss keeps the codes close to the prior, but it uses
# a different regularizer from that of the VAE. We use the same training images and the same number of steps. In all
# three models, the network that makes images has the same layers, and when we sample, it receives codes from the same
# standard normal prior. The next figure shows twelve samples of each model below twelve test images.
#
# **Predict.** Which of the models will have the sharpest samples, and which will show all ten classes?

# %%
vae = runs.train(runs.Recipe(dataset_name, ELBO, **settings)).model
mmd_vae = runs.train(runs.Recipe(dataset_name, POST_MMD, **settings)).model
models = {"GAN": gan, "VAE": vae, "MMD-VAE": mmd_vae}
sampled = {name: model.sample(12, seed=1) for name, model in models.items()}
lesson.show(
    plotting.image_rows({"real": images[:12] / np.float32(255)} | sampled),
    "Four rows of twelve images. The samples of the GAN have hard edges and a coarse texture, and some of them cannot be "
    "recognized. Those of the VAE and the MMD-VAE are smooth, and most of them can be recognized.",
)

# %% [markdown]
# The samples of the GAN (second row) have hard edges and a texture that resembles fabric from a distance. A closer look
# is less flattering. The third and the tenth sample have ragged outlines, the fourth one might be a bag or a shoe, and
# several are more fragmented than any real garment. The samples of the VAE and the MMD-VAE are much smoother. Most of
# them can be recognized, and a few are blends of two garments. None of them has a pattern, a seam, or a button.
#
# Twelve samples are too few to judge a model, so the next two figures show the whole latent space. Each of them
# decodes the same grid of codes, first with the GAN and then with the VAE.

# %%
codes_of_grid = grid_codes(16, 2.5)
for name in ("GAN", "VAE"):
    lesson.show(
        plotting.latent_grid(models[name].decode(codes_of_grid), 2.5),
        f"Images that the {name} decodes from a grid of 16 by 16 codes from -2.5 to 2.5, with "
        + {
            "GAN": "narrow trousers on the right, tops in the middle, and shoes and shapes that are hard to name on the left.",
            "VAE": "trousers on the right, tops in the lower middle, bags left of them, and shoes on the left and above.",
        }[name],
    )

# %% [markdown]
# The GAN has arranged the images in an orderly way as well, although its training never assigns codes to images.
# Similar images are next to each other, because both networks are continuous functions of the code. In both figures,
# trousers are on the right, tops are in the middle, and shoes are on the left, but we should not read anything into
# these directions. The prior does not change if the plane is rotated, so a GAN with another seed can have another
# arrangement. However, the figures differ in what lies between the classes. The VAE blends them, for example the
# boots and the T-shirts in its upper half. The GAN shows fragments with hard edges in such places. A blend is easy to
# recognize as generated, because no real image is blurred in this way.
#
# We can also count. A classifier that was trained with the labels of the training images assigns a class to each of
# 5,000 samples. The table shows the percentage of samples in each class. Of the real images, 10 % belong to each class.

# %%
classifier = features.load(dataset_name).classifier


def logits(some):
    return classifier.predict(some, batch_size=500, verbose=0)


percent = {
    name: 100 * gan_contrast.class_shares(model.sample(5_000, seed=0), logits, len(names))
    for name, model in models.items()
}
pd.DataFrame(percent, index=names).T.round(1)

# %% [markdown]
# In this training run, none of the models leaves a class out completely, but none has the right shares either. The
# GAN makes too many pullovers (23.1 %) and ankle boots (16.3 %) and very few sneakers (1.9 %). The VAE generates too
# many bags, ankle boots, pullovers, and T-shirts, and only about 2 % each of coats and sandals. The MMD-VAE has 1.2 %
# sandals. Keep in mind that the classifier has to choose one of the ten classes even for a fragment that is none of
# them. The table therefore shows only that no class is missing entirely according to the classifier. To find out what
# else is missing, we need finer measures.
#
# ## Where in the latent space is this shoe?
#
# We now turn the question around and start from an image. Which code belongs to a given sneaker? A VAE answers with its
# encoder. If we ask the GAN, we get an error message.

# %%
try:
    gan.encode(images[:1])
except ValueError as error:
    print(error)

# %% [markdown]
# The message points to a way out. An encoder is fast, but it is not the only way to find codes. For any code $z$, the
# generator gives us an image $G(z)$, and we can compare it with the shoe. As in the VAE, we treat each pixel of $G(z)$
# as the probability that this pixel is white. This defines $p(x \mid z)$, the probability of the image $x$ for a given
# code. (For gray pixels it is a score rather than a probability, as
# [lesson 04](04_how_probable_is_an_image.ipynb#A-likelihood-needs-black-and-white-pixels) explains.) By Bayes' rule,
# the [true posterior](../docs/glossary.md#true-posterior) of the image is then
#
# $$p(z \mid x) = \frac{p(x \mid z)\, p(z)}{\int p(x \mid z')\, p(z')\, dz'} ,$$
#
# where $p(z)$ is the prior. With two latent dimensions, we can evaluate the numerator for every code of a fine grid and
# replace the integral in the denominator by a sum over the grid. With a hundred dimensions, as in many GANs, no
# computer could do this. Note that the GAN was never trained with $p(x \mid z)$. We added this part of the model
# ourselves.
#
# The next cell looks for the most probable codes of ten test images, one for each class, on a grid with a step of
# 0.1. For the sneaker among them, it then computes the true posterior on a finer grid around its most probable code.
# Darker regions of the figure are more probable.

# %%
one_each = images[[int(np.flatnonzero(labels == y)[1]) for y in np.unique(labels)]]
best = {name: most_probable_codes(models[name], one_each) for name in ("GAN", "VAE")}

shoe, panels = min(7, len(one_each) - 1), []  # class 7 is "sneaker"
for name, of_all in best.items():
    z1, z2 = (np.linspace(middle - 0.5, middle + 0.5, 81) for middle in of_all[shoe])
    codes = np.stack(np.meshgrid(z1, z2), axis=-1).reshape(-1, 2)
    posterior = likelihood.true_posterior(models[name], one_each[[shoe]], codes)[0]
    panels.append((z1, z2, posterior.reshape(81, 81)))
    print(
        f"{name}: {100 * posterior.max():.1f} % of the probability in the best of {len(codes):,} cells"
    )
lesson.show(
    plotting.posterior_panels(panels, list(best)),
    "True posterior of a sneaker in a square of side 1, on the left under the GAN and on the right under the VAE. Each is a "
    "single oval region, and that of the GAN is several times smaller.",
)

# %% [markdown]
# Both models give an answer. Under the GAN, the code of this sneaker is close to (-1.4, 0.0), and under the VAE it is
# close to (-1.4, -1.5). It is not surprising that these codes differ, because each model has its own arrangement of
# images. The size of the dark regions is more interesting. The region of the GAN is about ten times smaller. Its best
# cell alone contains 4.0 % of the probability in the square, compared with 0.4 % for the VAE. This is plausible,
# because the images of the GAN have hard edges. A small step in latent space turns many pixels from black to white,
# so only very few codes explain the sneaker well.
#
# The most probable code also tells us which image of the GAN is most similar to the shoe, if similarity is measured
# by $p(x \mid z)$, and apart from the influence of the prior and of the step of the grid. The next cell decodes the
# most probable codes of all ten test images.
#
# **Predict.** For which classes will the GAN have no similar image?

# %%
nearest = {"test images": one_each / np.float32(255)}
for name in ("GAN", "VAE"):
    nearest[f"nearest of {name}"] = models[name].decode(best[name])
lesson.show(
    plotting.image_rows(nearest),
    "Ten test images, one for each class, and below each the image of the GAN and of the VAE at its most probable code. The "
    "GAN has no bag, and it shows a white pullover instead. Its shoes have stripes and ragged edges.",
)

# %% [markdown]
# For the first five images, which are a T-shirt, trousers, a pullover, a dress, and a coat, the GAN has an image of
# roughly the right shape, with edges as hard as those of the original. For the bag, however, the most probable image
# is a white pullover. The sneaker and the shoe on the right become striped blocks. The images of the VAE are blurred,
# but most of them have the right outline. Even the handle of the bag can be seen. So the two models fail in different
# ways. The image of the VAE is usually of the right kind but lacks details, whereas that of the GAN has hard edges
# but is sometimes of another kind.
#
# ## How probable are images under a GAN?
#
# The denominator of Bayes' rule has a meaning of its own. It is the probability of the image under the model,
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz ,$$
#
# that is, the average of $p(x \mid z)$ over codes from the prior. The training of a GAN does not refer to $p(x)$, but
# we can compute it on a grid of codes, as for a VAE. The step of this grid is 0.05. Because true posteriors of the
# GAN can be narrower than that, the number of a single image may be off by a few nats, which is little compared with
# the differences that we will see. If no code leads to an image that resembles $x$, then $p(x)$ is tiny, and
# $-\log p(x)$ is a large number of [nats](../docs/glossary.md#nat). The next cell computes $-\log p(x)$ for a
# thousand test images and a thousand training images.

# %%
few, few_labels = images[:1000], labels[:1000]
both = np.concatenate([few, dataset.train_images[:1000]])
nats = {name: -likelihood.log_likelihood(model, both) for name, model in models.items()}
cost = {name: of_both[: len(few)] for name, of_both in nats.items()}
rows = {
    "test images, mean": {name: values.mean() for name, values in cost.items()},
    "test images, 99th percentile": {name: np.quantile(v, 0.99) for name, v in cost.items()},
    "training images, mean": {name: v[len(few) :].mean() for name, v in nats.items()},
}
pd.DataFrame(rows).round(1)

# %% [markdown]
# Test images are much less probable under the GAN. Its mean is 383.5 nats, compared with 258.7 for the VAE and 262.1
# for the MMD-VAE. For each of the three models, the mean over training images is only 4 to 5 nats lower than that
# over test images. The large difference between the GAN and the other two models is therefore not due to overfitting.
#
# The second column is more surprising. For one percent of the test images, $-\log p(x)$ is about 1,010 nats or more
# under the GAN. A model that simply gives each of the 784 pixels the probability one half reaches
# $784 \log 2 \approx 543$ nats for every image. How can the GAN be worse than guessing? The pixels of its images are
# nearly black or nearly white. Suppose that a pixel of $G(z)$ has the value 0.01, and that it is white in the image
# $x$. This single pixel costs $-\log 0.01$, which is 4.6 nats, instead of 0.7 nats for guessing. A hundred such
# pixels cost 460 nats. The VAE avoids such costs, because its training uses the same $p(x \mid z)$. Where it cannot
# predict a pixel, it learns to make the pixel gray.
#
# Our number therefore combines two properties of a GAN. It is large if no generated image is similar to $x$, but also
# if the most similar one is too confident about its pixels. With another choice of $p(x \mid z)$ the numbers would be
# different. However, [Wu et al. (2017)](https://arxiv.org/abs/1611.04273) used a normal distribution instead and also
# found that test images are less probable under GANs than under VAEs.
#
# A mean over all images can hide which of them are improbable. The next figure therefore shows the distribution for
# each class. The line in a box is the median of the class, the box contains the middle half of its images, and the
# whiskers reach from the 5th to the 95th percentile.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), dpi=110, sharey=True, layout="constrained")
present = np.unique(few_labels)
for ax, name in zip(axes, ("GAN", "VAE"), strict=True):
    ax.boxplot(
        [cost[name][few_labels == y] for y in present],
        whis=(5, 95),
        showfliers=False,
        tick_labels=[names[y] for y in present],
    )
    ax.set_title(name)
    ax.tick_params(axis="x", rotation=60)
axes[0].set_ylabel("-log p(x), nats per image")
lesson.show(
    figure,
    "Boxes of -log p(x) of test images, one for each class, for the GAN on the left and the VAE on the right. The boxes of "
    "the GAN are higher and longer than those of the VAE.",
)
plt.close(figure)

# %% [markdown]
# In the left panel, the classes differ a lot. The bags have the highest box, with a median of almost 500 nats, and
# for some of them the value exceeds 1,000 nats. The T-shirts follow with a median of about 470 nats. Trousers and
# sneakers are the most probable images under both models. For most classes, the boxes of the GAN are also longer than
# those of the VAE. The lower whisker of such a class is usually inside the range of the VAE, whereas the upper one is
# well above it. Sneakers are an exception. Their box is as short as that of the VAE, but nearly all of them are less
# probable under the GAN.
#
# Remember that 8.6 % of the samples of the GAN were classified as bags, although the figure of the latent space shows
# hardly any image that we would call a bag. Many of the real bags have a very low probability, either because no
# image of the GAN is similar to them, or because the most similar one is too confident about its pixels. The figure
# alone does not tell these two reasons apart. The next section therefore also counts the test images that have a
# sample close to them, which does not depend on our choice of $p(x \mid z)$.
#
# ## Sharp and few, or soft and all
#
# Until now, we have looked at a single training run of each model. Other [seeds](../docs/glossary.md#seed) lead to
# other models, so we need several runs before we can say anything about GANs and VAEs. The study of this course
# trains five GANs on each of two data sets, Fashion-MNIST and MNIST, with the settings of this lesson. Before the
# first of them was trained, [Amendment 11](../study/plan.md#amendment-11-gans-beside-vaes) of its plan stated three
# claims that compare GANs with VAEs and MMD-VAEs. The samples of the GANs are sharper, these samples cover fewer test
# images, and test images are less probable under the GANs. The table below contains the following measures. Those of
# samples are computed from 5,000 samples of each model, and precision, coverage, and recall compare these samples
# with 5,000 test images.
#
# - **Sharpness.** The [sharpness](../docs/glossary.md#sharpness) tells how much each pixel differs from the mean of
#   its four neighbors. It is the variance of these differences within an image, divided by that of real images, which
#   therefore have the value 1.
# - **Precision.** The [precision](../docs/glossary.md#precision) is the share of samples that are close to a test
#   image.
# - **Coverage.** The [coverage](../docs/glossary.md#coverage) is the share of test images that have a sample close to
#   them.
# - **Recall.** The [recall](../docs/glossary.md#recall) is the share of test images that are close to a sample. Here,
#   a test image is close to a sample if, among the other samples, at most four are closer to this sample.
# - **Marginal cross-entropy.** This is the mean of $-\log p(x)$ over all test images, as in the last section.
# - **Classes hit.** This is the number of classes to which at least 1 % of the samples belong.
#
# For precision and coverage, the roles are exchanged. A sample is close to a test image if, among the other test
# images, at most four are closer to this test image. All distances are between
# [features](../docs/glossary.md#features-of-a-classifier) of the classifier, because two images that look alike can
# differ in nearly every pixel. [Lesson 05](05_measuring_a_claim.ipynb) explains these measures in detail. The next
# cell reads the tables of the study and shows the mean over seeds with its 95 % [confidence
# interval](../docs/glossary.md#confidence-interval) in brackets.

# %%
gans, others = gan_contrast.read(), model_table.rows(model_table.read(), "fast")
print(gan_contrast.state(gans))
gan_contrast.mean_table(gans, others).set_index(["data", "model"])

# %% [markdown]
# We read the table column by column. The samples of the GANs are by far the sharpest. On Fashion-MNIST, their sharpness
# is 0.91, whereas that of the other models is only 0.09 and 0.11. On MNIST, it is 1.43, which means that the samples
# are even sharper than real digits. This is not a success. Ragged outlines and isolated bright pixels are sharp as
# well, so a high sharpness does not imply that an image is realistic.
#
# The precision is lower for the GANs. On Fashion-MNIST it is 0.66, so about a third of their samples are not close to
# any of the 5,000 test images, whereas the VAEs have a precision of 0.97. However, this measure is hard to interpret.
# The study also measured [images of known quality](../docs/results.md#what-a-measure-rewards). On Fashion-MNIST, other
# real images have a precision of 0.94, the average of all images has 1, and even pure noise has 0.88. The precision
# therefore does not tell us which samples look more real.
#
# The coverage is the measure of the second claim. The samples of the GANs cover 7.2 % of the test images on
# Fashion-MNIST and 2.8 % on MNIST. This is less than half of what the VAEs and the MMD-VAEs cover on average. All of
# these numbers are small, because two latent dimensions can describe only a small part of the variety of images. The
# recall is even close to zero for all models. The samples of a model lie on a two-dimensional surface and are close
# together, so each of them has its fifth-nearest neighbor nearby, and hardly any test image is as close to it.
# Nevertheless, the GANs hardly ever omit a whole class. Nine of the ten training runs hit all ten classes, and the
# other one, on Fashion-MNIST, hits nine. So what is missing is mainly variety within the classes. The heading of this
# section exaggerates in the other direction as well, because even the VAEs cover only about 17 % of the test images
# on Fashion-MNIST.
#
# Finally, the marginal cross-entropy is higher for the GANs, by about 140 nats on Fashion-MNIST and by about 340 nats
# on MNIST. On MNIST, their mean is 492 nats, which is not much better than the 543 nats of guessing, and one of the
# five training runs is even worse than guessing, with 548 nats. As we saw above, this is partly because a pixel that
# is predicted with great confidence, but wrongly, costs many nats.
#
# Do these differences exceed the differences between seeds? The study tested each claim with [Welch's
# test](../docs/glossary.md#welchs-test) on both data sets and against both other models. The next cell shows the
# differences with their 95 % confidence intervals, the p values after [Holm's
# correction](../docs/glossary.md#holms-correction) for twelve tests, and the verdicts.

# %%
found = ledger.read()
found = found[found.family == gan_contrast.FAMILY]
found = found.replace({"data": model_table.DATASETS, "comparison": ledger_tables.COMPARED})
found = found.set_index(["measure", "data", "comparison"])
found[["estimate", "low", "high", "corrected p", "verdict"]].map(
    lambda cell: cell if isinstance(cell, str) else f"{cell:.3g}"
)

# %% [markdown]
# Each of the three claims holds in all four of its tests, and all corrected p values are below 0.001. This is
# stronger evidence than our single training run, but we should not forget its limits. The claims were stated after a
# few trials on Fashion-MNIST, when the results of the VAEs and the MMD-VAEs were already known, so the direction of
# each difference was expected. The settings of the GAN were chosen in these trials by the same measures, and only on
# Fashion-MNIST. In addition, the confidence intervals describe how much the numbers vary if these models are trained
# again. They say nothing about other networks or other settings.
#
# The next figure shows two of the measures for each training run. A good model would have a sharpness of 1 and a
# coverage far above the range of this figure.

# %%
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), dpi=110, sharey=True, layout="constrained")
of_vaes = others[others.seed < 5].rename(columns={"objective": "model"})
every = pd.concat([gans[gans.model == gan_contrast.GAN_MODEL], of_vaes])
for ax, (name, title) in zip(axes, model_table.DATASETS.items(), strict=True):
    for (model, words), marker in zip(gan_contrast.TITLES.items(), "osD", strict=True):
        here = every[(every.dataset == name) & (every.model == model)]
        ax.plot(here["sample sharpness"], here.coverage, marker, alpha=0.7, label=words)
    ax.set(title=title, xlabel="sharpness of samples", xlim=(0, None), ylim=(0, 0.2))
axes[0].set_ylabel("coverage")
axes[0].legend()
lesson.show(
    figure,
    "Coverage over sharpness, one mark for each training run, for Fashion-MNIST on the left and MNIST on the right. VAEs "
    "and MMD-VAEs are close together in the upper left of both panels, and GANs are far to the right and lower.",
)
plt.close(figure)

# %% [markdown]
# In both panels, the marks form two separate groups. The VAEs and the MMD-VAEs are in the upper left, where images
# are soft and the coverage is higher. The GANs are in the lower right, where images have hard edges and the coverage
# is low. No training run of either group comes close to the other group.
#
# ## Why is one sharp and the other soft?
#
# The two kinds of training penalize different mistakes. Suppose that there are only two kinds of images, shoes and
# shirts, and that a model is not flexible enough to represent both of them well. It can then make one of two mistakes.
# It can generate shoes, shirts, and blends of them, or it can generate good shoes only.
#
# The VAE maximizes a lower bound on the mean of $\log p(x)$ over *training images*. Let $p_\text{data}$ be the
# distribution of real images and $p$ that of the model. Apart from a constant, the mean of $-\log p(x)$ over real
# images equals the [forward KL divergence](../docs/glossary.md#forward-kl)
#
# $$\mathrm{KL}(p_\text{data} \,\|\, p) = \mathbb E_{x \sim p_\text{data}} \log \frac{p_\text{data}(x)}{p(x)} ,$$
#
# where the average is over real images. A model that generates only shoes assigns practically no probability to
# shirts. Since half of the real images are shirts, the logarithm of the fraction is very large for half of the
# average, and the divergence is large. Blends, on the other hand, cost little. They do not occur in the average,
# because no real image is a blend, and only take away probability from the shoes and shirts. If a third of the
# generated images are blends, for example, this adds only $\log 1.5 \approx 0.4$ nats. The better choice is therefore
# to include everything, at the price of blends and blur. The MMD-VAE does not maximize such a bound, but its squared
# error is also an average over training images, so it has to represent all of them as well.
#
# The loss of the generator is an average over *generated images*. It penalizes each generated image that the
# discriminator recognizes, and an image that is never generated does not occur in it. In this respect, it resembles the
# [reverse KL divergence](../docs/glossary.md#reverse-kl), in which the two distributions change places:
#
# $$\mathrm{KL}(p \,\|\, p_\text{data}) = \mathbb E_{x \sim p} \log \frac{p(x)}{p_\text{data}(x)} .$$
#
# For a blend of shoe and shirt, $p_\text{data}(x)$ is close to zero, so generating blends makes this divergence
# enormous. A model that generates only good shoes has a value of only about $\log 2 \approx 0.7$ nats, since the
# fraction is about 2 for each of its images. The better choice is then to generate good images of some kinds and to
# leave others out. [Lesson 04](04_how_probable_is_an_image.ipynb#Forward-and-reverse-KL-divergence) shows the same
# effect with three codes.
#
# However, this is only an analogy. The non-saturating loss is neither of the two divergences. If the discriminator is
# the best possible one for the current generator, the gradient of the generator is that of the reverse KL divergence
# minus twice another one, the *Jensen-Shannon divergence* ([Arjovsky and Bottou
# 2017](https://arxiv.org/abs/1701.04862)). A real discriminator is not the best possible one, and the penalty changes
# its loss as well. Moreover, GANs whose loss is derived from the forward KL divergence also have sharp samples and
# leave images out. [Goodfellow (2016)](https://arxiv.org/abs/1701.00160) therefore suspects that the training
# procedure matters more than the divergence. The VAE and the MMD-VAE, in turn, are blurred also for a simpler reason.
# Their decoders output the mean of the images that a code may stand for, and an average of sharp images is not sharp.
# Finally, our table is about small networks with two latent dimensions. It does not show that every GAN covers few
# images, and large GANs with many latent dimensions cover far more.
#
# ## What to remember
#
# - A GAN trains a generator with the help of a discriminator, which learns to tell generated images from real ones.
#   The generator maximizes the log-probability that the discriminator assigns to its images being real. Its images
#   are never compared with a particular training image.
# - The losses of a GAN depend on both networks, so they need not fall while the images improve. Look at samples and
#   measure them instead.
# - A GAN has no encoder, and its training does not use the likelihood. With two latent dimensions, and if we choose a
#   $p(x \mid z)$, Bayes' rule on a grid supplies both.
# - The samples of our GANs are sharper than those of the VAEs, but they cover fewer of the test images, which are also
#   less probable under the GANs.
# - Training by likelihood is similar to minimizing the forward KL divergence, which requires that all images are
#   included. The loss of a generator resembles the reverse KL divergence more, which requires that all samples look
#   real.
#
# Lesson 10 is one of the lessons that can be read in any order after [lesson 01](01_standard_vae.ipynb). In
# [lesson 11](11_conditional_vae.ipynb), a VAE learns to generate images of a class of your choice. All terms are in the
# [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. The loss of the discriminator is 1.386 at the end of training. Is this good or bad news?</summary>
#
# It could be either. The value is 2 log 2, which results if the discriminator answers "probability one half" to every
# image. This happens if the generator is perfect and the discriminator is the best possible one, but also if the
# discriminator has not learned anything.
#
# </details>
#
# <details><summary>2. A GAN samples only bags, but perfect ones. Which of precision, coverage, and the mean of minus
# log p(x) over test images show that something is missing?</summary>
#
# Precision does not show it, because every sample is close to real images. Coverage shows it, because no sample is
# close to the images of the other classes. The mean of $-\log p(x)$ over test images of all classes shows it as well,
# because a shoe has next to no probability under a model that generates only bags.
#
# </details>
#
# <details><summary>3. Could we train the generator by maximizing log p(x) on a grid instead, without a
# discriminator?</summary>
#
# With two latent dimensions, we could. The result would be a VAE without an encoder, with the log-likelihood, which
# is exact up to the error of the grid, in place of the ELBO, and its images would be blurred as well. With a hundred
# dimensions, even a grid with two codes per dimension would have $2^{100}$ codes, which is a number with 31 digits.
#
# </details>
#
# ## On your own
#
# Solutions are in [solutions/10_gans](solutions/10_gans.ipynb).
#
# 1. **Change one line.** Train the GAN with `latent_dim=10`. Which measures of the samples improve?
# 2. **On paper.** Suppose that, unlike in the lesson, $p(x)$ is the density of real images, that $g(x)$ is that of
#    generated ones, and that both are positive. Show that the best discriminator is $D(x) = \log p(x) - \log g(x)$,
#    and that its loss is $2 \log 2$ if both are equal.
# 3. **Measure.** Interpolate between two codes of the GAN and two codes of the VAE. How sharp are the images in the
#    middle?
# 4. **Measure.** Use a discriminator for the *codes* instead of the images. Train an autoencoder together with a
#    discriminator that learns to tell codes of images from samples of the prior, and train the encoder to deceive
#    this discriminator. Compare the distance of its codes from the prior with that of the MMD-VAE.
# 5. **Open.** Train a GAN on images of your own with `python -m vaelib train photos/ --model gan`. What is missing in
#    its samples?
#
# ## Further reading
#
# - I. Goodfellow et al., [*Generative adversarial nets*](https://arxiv.org/abs/1406.2661), 2014. The paper introduces
#   the game and both losses of the generator.
# - A. Radford, L. Metz, and S. Chintala, [*Unsupervised representation learning with deep convolutional generative
#   adversarial networks*](https://arxiv.org/abs/1511.06434), 2015. We follow its advice to use Adam with β1 = 0.5
#   for GANs.
# - L. Mescheder, A. Geiger, and S. Nowozin, [*Which training methods for GANs do actually
#   converge?*](https://arxiv.org/abs/1801.04406), 2018. The authors explain R1 with an example in which each network
#   has a single weight.
# - M. Arjovsky and L. Bottou, [*Towards principled methods for training generative adversarial
#   networks*](https://arxiv.org/abs/1701.04862), 2017. The authors derive what the losses minimize if the discriminator
#   is perfect.
# - A. Makhzani et al., [*Adversarial autoencoders*](https://arxiv.org/abs/1511.05644), 2015, and I. Tolstikhin et
#   al., [*Wasserstein auto-encoders*](https://arxiv.org/abs/1711.01558), 2018. In the first paper, a discriminator
#   compares codes with samples of the prior, as in exercise 4. In the second, this is one of two variants, and the
#   other one uses MMD.
