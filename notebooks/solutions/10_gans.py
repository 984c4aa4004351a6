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
# # Solutions: GANs
#
# Solutions of the exercises of [lesson 10](../10_gans.ipynb). They take about five minutes on two CPU cores.

# %%
import numpy as np
import pandas as pd

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import data, losses, measures, plotting, runs
from vaelib.batches import Batches
from vaelib.measures import features
from vaelib.models import VAE
from vaelib.objectives import AUTOENCODER, ELBO, POST_MMD
from vaelib.support import lesson
from vaelib.support.backend import keras, layers, ops, tf

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
images = dataset.test_images
gan = runs.train(runs.GANRecipe(dataset_name, **settings)).model
vae = runs.train(runs.Recipe(dataset_name, ELBO, **settings)).model

# %% [markdown]
# ## 1. Change one line
#
# *Train the GAN with `latent_dim=10`. Which measures of the samples improve?*

# %%
wide = runs.train(runs.GANRecipe(dataset_name, latent_dim=10, **settings)).model
space, real = features.load(dataset_name), images[:2_000] / np.float32(255)


def quality(model):
    """Return the measures of 2,000 samples beside as many test images."""
    sampled = model.sample(2_000, seed=1)
    found = measures.precision_recall_density_coverage(space(real), space(sampled))
    return found | {"sharpness": measures.sharpness(sampled) / measures.sharpness(real)}


pd.DataFrame({"2 dimensions": quality(gan), "10 dimensions": quality(wide)}).T.round(3)

# %% [markdown]
# With ten dimensions, the recall increases from 0.009 to 0.643 and the coverage from 0.148 to 0.264, and the samples
# are slightly sharper. This is plausible, because two numbers can describe only a small part of the variety of clothes.
# A generator with two latent dimensions generates images from a surface, and most real images are far away from any
# surface. However, the precision decreases from 0.752 to 0.478, so fewer samples look real to the classifier. A part of
# the increase in recall may also have another reason. Unusual samples are far apart, so the neighborhoods by which
# recall is measured are large. All of this is true for one seed and four epochs. The numbers for two dimensions also
# differ from those of the lesson, because we use 2,000 samples here instead of 5,000.
#
# ## 2. On paper
#
# *Suppose that, unlike in the lesson, $p(x)$ is the density of real images, that $g(x)$ is that of generated ones,
# and that both are positive. Show that the best discriminator is $D(x) = \log p(x) - \log g(x)$, and that its loss is
# $2 \log 2$ if both are equal.*
#
# Write $s = \sigma(D(x))$ for the probability that the discriminator assigns to "real" at a point $x$. The loss is an
# integral over $x$, and at each $x$ the integrand is
#
# $$-p(x) \log s - g(x) \log(1 - s).$$
#
# The discriminator can choose $s$ separately for each $x$, so we minimize the integrand at each point. Its derivative
# with respect to $s$ is $-p/s + g/(1 - s)$, which is zero at $s = p / (p + g)$. The second derivative is positive, so
# this is the minimum. The logit of $s$ is $D = \log s - \log(1 - s) = \log p - \log g$.
#
# If $p = g$, then $s = 1/2$ everywhere. The two terms of the loss of this best discriminator are then
# $-\log \tfrac12$ each, so its loss is $2 \log 2$, which is about 1.386. A discriminator that answers $1/2$ because
# it has not learned anything has the same loss. The value alone therefore does not tell the two cases apart.
#
# ## 3. Measure
#
# *Interpolate between two codes of the GAN and two codes of the VAE. How sharp are the images in the middle?*

# %%
ends = np.array([[-1.5, -0.5], [1.5, 0.5]])
weights = np.linspace(0, 1, 11)[:, None]
path = (1 - weights) * ends[0] + weights * ends[1]
lesson.show(
    plotting.image_rows({"GAN": gan.decode(path), "VAE": vae.decode(path)}),
    "Eleven images of the GAN and of the VAE for codes on a line from (-1.5, -0.5) to (1.5, 0.5).",
)
many = np.random.default_rng(seed).normal(size=(2, 1_000, 2))
sharpness = measures.sharpness(real)
pd.DataFrame(
    {
        name: {
            "at sampled codes": measures.sharpness(model.decode(many[0])) / sharpness,
            "halfway between two": measures.sharpness(model.decode(many.mean(axis=0))) / sharpness,
        }
        for name, model in {"GAN": gan, "VAE": vae}.items()
    }
).round(2)

# %% [markdown]
# Halfway between two sampled codes, the images of the GAN are nearly as sharp as at the sampled codes themselves,
# with 0.78 instead of 0.84. (Such codes are also closer to the origin than sampled codes are, so this small
# difference may have to do with the place instead of the interpolation.) Those of the VAE are equally blurred
# everywhere. The figure shows why. On its way from the shoe to the trousers, the GAN does not fade from one image to
# the other, as an average of both would. It changes the outline step by step and passes through a shape like a
# pullover. The VAE passes through a bag and a pullover, and its images are soft throughout. Remember that sharpness
# is not realism. The fourth image of the GAN has hard edges, but it does not show any garment.
#
# ## 4. Measure
#
# *Use a discriminator for the codes instead of the images. Train an autoencoder together with a discriminator that
# learns to tell codes of images from samples of the prior, and train the encoder to deceive this discriminator.
# Compare the distance of its codes from the prior with that of the MMD-VAE.*
#
# In a GAN, the discriminator compares real images with generated ones. Here it compares two sets of *codes*, those of
# the images in a batch and samples from the prior. The encoder takes the role of the generator, because it is trained
# to make codes that look like samples from the prior. This model is called an **[adversarial
# autoencoder](../../docs/glossary.md#adversarial-autoencoder)** ([Makhzani et al.
# 2015](https://arxiv.org/abs/1511.05644)). It is also one of the two variants of the [Wasserstein
# autoencoder](../../docs/glossary.md#wasserstein-autoencoder) ([Tolstikhin et al.
# 2018](https://arxiv.org/abs/1711.01558)), called WAE-GAN, whose other variant uses MMD. The next cell trains it with
# the loss
#
# $$\text{squared error} - \lambda \log \sigma(D(\text{code})) ,$$
#
# averaged over images, where the weight $\lambda$ is 20 and $D$ is a small network with two hidden layers.


# %%
def adversarial_autoencoder(weight=20.0, rate=2e-3):
    """Train an autoencoder whose codes a discriminator cannot tell from samples of the prior."""
    model = VAE(objective=AUTOENCODER, seed=seed)
    keras.utils.set_random_seed(seed)
    width = layers.Dense(64, "relu"), layers.Dense(64, "relu")
    critic = keras.Sequential([keras.Input((2,)), *width, layers.Dense(1)])
    ours = [*model.encoder.trainable_variables, *model.decoder.trainable_variables]
    theirs = critic.trainable_variables
    optimizer = keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.99)
    optimizer.build([*ours, *theirs])

    @tf.function(reduce_retracing=True)
    def step(batch, z):
        with tf.GradientTape(persistent=True) as tape:
            codes = model.encoder(batch)
            error = ops.mean(losses.squared_error(batch, model.decoder(codes)))
            of_prior, of_codes = critic(z), critic(codes)
            of_critic = ops.mean(ops.softplus(-of_prior)) + ops.mean(ops.softplus(of_codes))
            of_model = error + weight * ops.mean(ops.softplus(-of_codes))
        gradients = [*tape.gradient(of_model, ours), *tape.gradient(of_critic, theirs)]
        optimizer.apply(gradients, [*ours, *theirs])

    train_images, random = dataset.train_images[:limit], np.random.default_rng(seed)
    batches = Batches(train_images, 100, seed)
    for i in range(epochs * batches.steps_per_epoch):
        batch = batches[i]["images"] / np.float32(255)
        step(batch, random.normal(size=(len(batch), 2)).astype("float32"))
    return model


by_regularizer = {
    "adversary": adversarial_autoencoder(),
    "MMD": runs.train(runs.Recipe(dataset_name, POST_MMD, **settings)).model,
}


def distance(model):
    """Return the reconstruction error per pixel, and two distances of the codes from the prior."""
    codes = model.encode(images)
    mmd2, _ = measures.mmd_test(codes, measures.held_out_kernel(2), seed=seed)
    return {
        "squared error": measures.mean_squared_error(model, images),
        "held-out MMD²": mmd2,
        "covariance distance": measures.covariance_distance(codes),
    }


pd.DataFrame({name: distance(model) for name, model in by_regularizer.items()}).T.round(4)

# %%
spaces = {
    name: {"codes": [model.encode(images)], "labels": dataset.test_labels}
    for name, model in by_regularizer.items()
}
lesson.show(
    plotting.latent_spaces(spaces, dataset.class_names),
    "Codes of the test images in the autoencoder with an adversary and in the MMD-VAE, colored by class.",
)

# %% [markdown]
# The reconstructions are almost equally good, with a squared error of 0.032 per pixel for the adversary and 0.030 for
# MMD. By both measures, the codes of the model with the adversary are closer to the prior. Its MMD² is 0.0035 instead
# of 0.0125, although it was never trained with MMD, and its covariance matrix is closer to that of the prior. The
# figure agrees with this. On the left, the codes fill the dashed circle, which contains 95 % of the prior, more
# evenly, although some gaps remain. On the right, the classes form arms with gaps between them.
#
# This does not show that an adversary is better in general. It is one seed of each model, the weights of the two
# regularizers cannot be compared, and the learning rates and the schedules differ. A larger weight of the MMD would
# also bring its codes closer to the prior. The comparison only shows that a discriminator can take the place of MMD.
# It has to be trained along with the model, however, whereas MMD is a formula.
#
# ## 5. Open
#
# *Train a GAN on images of your own with `python -m vaelib train photos/ --model gan`. What is missing in its
# samples?*
#
# The answer depends on your images. Divide them into a few kinds, and count how many of the 64 samples in `samples.png`
# belong to each kind. A kind that is missing is perhaps a rare one, or one whose images differ much from all others. If
# you have only a few hundred photos, the samples may be poor altogether. A discriminator can memorize a small training
# set, and then it rejects every other image, however realistic it is. So also check whether samples are copies of
# training images.
