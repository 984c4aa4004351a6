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
# # Train a variational autoencoder and walk through its latent space
#
# A picture of a shoe is 784 grey values, but nobody thinks of shoes as points in a space of 784
# dimensions. We think: low or high, heavy or light. A *representation* is such a short
# description, and a good one has **coordinates one can walk along**: a small step to the side is
# a slightly different shoe, never noise.
#
# A variational autoencoder (VAE) learns a short description from images alone. Ours gets by with
# two numbers per image, because two numbers can be drawn.
#
# **What you'll do**
#
# - build a VAE from a small network and a loss of three terms, and train it on 60,000 clothes;
# - look at its plane: at samples, at codes, and at what lies in between;
# - find a mistake in published code that a falling loss did not give away.
#
# **What you'll learn**
#
# - what each term of the loss asks for, in a formula and in code;
# - how to read a picture of a latent space, and when not to trust it;
# - why "sum or mean?" decides what a VAE learns.
#
# **What you'll need**
#
# - some Python and NumPy; that networks are trained by gradient descent; what a normal
#   distribution is. No GPU, just a few minutes on two cores.
#
# The story follows a post of the RStudio AI blog, *Representation learning with MMD-VAE* (Keydana
# 2018), which built its models in R. Its second model, the MMD-VAE, starts from a thought that comes up
# half-way through this notebook.

# %%
from dataclasses import replace

import numpy as np

from vaelib import data, losses, measures, objectives, plotting, runs
from vaelib.backend import keras, ops
from vaelib.batches import Batches

# %% [markdown]
# Everything that you may want to change is in the next cell.

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
recipe = runs.Recipe(dataset_name, objectives.ELBO, epochs=epochs, seed=seed, limit=limit)
dataset = data.load(dataset_name)
print(dataset)

# %% [markdown]
# ## Where we are heading
#
# Below is the plane of a model like the one we are about to train, after the post's 50 epochs. No one
# placed these images: each is what the model *makes up* for the two numbers at its place. Walk from
# any one to any other and watch what happens on the way. The dashed circle holds 95 % of the places
# that the model was told to use.

# %%
goal = runs.load("fashion_mnist_elbo_50-epochs")
plotting.latent_grid(goal.snapshots["grid"][-1])

# %% [markdown]
# Footwear keeps to one side and trousers to the other, with bags, shirts and dresses between
# them, and neighbours resemble each other. Towards the top right the images are strange, and at the
# bottom they fade to black, mostly outside the circle, where the model was hardly ever asked for
# anything.
#
# ## Ten kinds of clothes
#
# Fashion-MNIST (Xiao, Rasul and Vollgraf 2017) has ten classes. The labels are here for our eyes
# only: the model will never see one, and that is what makes its plane interesting.

# %%
examples = {
    name: dataset.train_images[dataset.train_labels == label][:10]
    for label, name in enumerate(dataset.class_names)
}
plotting.strips(examples)

# %% [markdown]
# A shirt, a pullover and a coat often have the same outline, and even we can't always tell which is
# which. Expect them to crowd together.
#
# ## Why not a plain autoencoder?
#
# Squeeze an image through two numbers and demand it back: that is an *autoencoder*. An **encoder**
# network turns the image $x$ into a code $z$, a **decoder** turns the code into an image again, and
# both are trained to make the two images alike. It needs little training to get somewhere.

# %%
plain = runs.train(replace(recipe, objective=objectives.AUTOENCODER, epochs=max(1, epochs // 4)))
plain_codes = plain.model.encode(dataset.test_images)
plotting.latent_space(plain_codes, dataset.test_labels, dataset.class_names)

# %% [markdown]
# Some classes come apart, yet this is a poor map. Look at the numbers on the axes: no one said how
# large codes should be, so they are as large as it suits the network. (The dashed circle is there for
# scale only; this model was told nothing about it.) Nor did anyone ask for anything *between* the
# codes. Shoes make one arm, dresses and trousers another, and what lies in the gap between them has never
# been decoded during training. If you wanted a new image, from where would you draw its code?
#
# ## The idea of a VAE
#
# Two changes turn the autoencoder into a model that one can draw from.
#
# 1. **A code is a cloud, not a point.** For an image $x$ the encoder gives the mean and the variance
#    of a normal distribution $q(z \mid x)$, and training decodes a $z$ drawn from it. So the decoder
#    has to cope with the whole neighbourhood of a code, and there are no untrained gaps inside a cloud.
# 2. **All clouds are drawn towards one place**, the *prior* $p(z) = N(0, I)$. So the clouds crowd
#    together and begin to overlap, and to get a new image one draws $z$ from the prior.
#
# Both follow from one wish: that the model give a high probability $p(x)$ to the images it is shown.
# That probability is an integral over all codes, too costly to compute while training, but a lower
# bound of its logarithm is cheap (Kingma and Welling 2013): the *evidence lower bound*, or ELBO,
#
# $$
# \log p(x) \;\ge\; \mathrm{ELBO}(x) \;=\;
# \underbrace{\mathbb E_{q(z \mid x)} \log p(x \mid z)}_{\text{reconstruction}}
# \;-\; \underbrace{\mathrm{KL}\big(q(z \mid x) \,\|\, p(z)\big)}_{\text{how far the cloud is from the prior}}
# $$
#
# The KL divergence is itself the mean of a difference,
# $\mathrm{KL} = \mathbb E_{q(z \mid x)} [\log q(z \mid x) - \log p(z)]$. With one draw of $z$ per
# image in place of the means, we have the three terms that the post's code adds up:
#
# $$
# \mathrm{ELBO}(x) \;\approx\; \log p(x \mid z) + \log p(z) - \log q(z \mid x),
# \qquad z \sim q(z \mid x).
# $$
#
# ## The network
#
# Both halves are small. The encoder halves the image twice and ends in four numbers: two means and
# two log-variances. The decoder goes the other way and ends in a *logit* for every pixel; the
# sigmoid of it is the pixel's brightness.

# %%
model = recipe.build(len(dataset.train_images))
for part in (model.encoder, model.decoder):
    print(f"{part.name}: {part.count_params():,} parameters")
    for layer in part.layers:
        print(f"    {layer.__class__.__name__:16} -> {layer.output.shape[1:]}")

# %% [markdown]
# ## The loss, line by line
#
# Formula and code stand side by side. Each term is **one number per image**, in *nats*; only at
# the very end is there a mean over the batch. Keep this in mind: it will matter.
#
# | formula | code |
# | --- | --- |
# | $q(z \mid x) = N(\mu, \sigma^2)$ | the encoder's output, cut in two |
# | $z = \mu + \sigma \varepsilon,\ \varepsilon \sim N(0, I)$ | noise from outside, so that gradients pass through $\mu$ and $\sigma$ |
# | $\log p(x \mid z)$ | minus the binary cross-entropy of all pixels |
# | $\log p(z)$, $\log q(z \mid x)$ | two normal densities |


# %%
def negative_elbo(model, images):
    z_mean, z_log_var = ops.split(model.encoder(images), 2, axis=1)  # each (batch, 2)
    noise = keras.random.normal(ops.shape(z_mean), seed=model.seed_generator)
    z = z_mean + ops.exp(z_log_var / 2) * noise  # (batch, 2)

    log_p_x_given_z = -losses.binary_cross_entropy(images, model.decoder(z))  # (batch,)
    log_p_z = losses.gaussian_log_density(z)  # (batch,)
    log_q_z_given_x = losses.gaussian_log_density(z, z_mean, z_log_var)  # (batch,)

    elbo = log_p_x_given_z + log_p_z - log_q_z_given_x  # (batch,), nats per image
    return -ops.mean(elbo)


# %% [markdown]
# A word on $\log p(x \mid z)$. For black-and-white pixels the cross-entropy is exactly minus the
# log-likelihood. Our pixels are grey, and for them it is merely a good measure of likeness. So we
# shall call it what it is, *binary cross-entropy*, and not compare it with likelihoods from
# elsewhere.
#
# ## One step by hand
#
# Training repeats one move: compute the loss of a batch, follow its gradient back to every weight,
# and let the optimizer take a step. Written out with TensorFlow's `GradientTape` it is this.

# %%
import tensorflow as tf

constant = replace(recipe, schedule="constant", learning_rate=1e-3)  # a full step from the start
batches = Batches(dataset.train_images, recipe.batch_size, seed)

by_hand = constant.build(len(dataset.train_images))
for step in range(3):
    (pixels,) = batches[step]  # (100, 28, 28, 1), 0 to 255
    with tf.GradientTape() as tape:
        loss = negative_elbo(by_hand, pixels.astype("float32") / 255)
    gradients = tape.gradient(loss, by_hand.trainable_variables)
    by_hand.optimizer.apply_gradients(zip(gradients, by_hand.trainable_variables, strict=True))
    print(f"step {step + 1}: loss {loss:.1f} nats per image")

# %% [markdown]
# `fit` minimises the package's version of this loss, `objectives.ELBO`, and is faster, since it compiles
# the step into a graph. Same start, same batches, same noise: three of its steps should lead to the
# same weights, but for rounding.

# %%
by_fit = constant.build(len(dataset.train_images))
by_fit.fit(batches.stream(), steps_per_epoch=3, shuffle=False, verbose=0)

pairs = zip(by_hand.get_weights(), by_fit.get_weights(), strict=True)
print("the same weights:", all(np.allclose(a, b, atol=1e-4) for a, b in pairs))

# %% [markdown]
# From here on we let `fit` do the work.
#
# ## Train
#
# `train` builds the model from the recipe, calls `fit`, and keeps the result, so that the same
# recipe need not be trained twice. The post's schedule is fifty epochs of Adam at a learning rate of
# 0.0001. Ours gets by with four: its rate is eighty times as high at its peak, so that few steps cover the
# distance, and then falls along half a cosine, so that the noise of single batches averages out in the end.
# Its optimizer, Nadam, is Adam with a look-ahead, which pays at such a rate. (README has both schedules side
# by side, for four models on two data sets.) The line for each epoch gives the loss and its parts, in nats
# per image.

# %%
run = runs.train(recipe)

# %%
plotting.loss_curves(run.history)

# %% [markdown]
# The three curves tell what the model decided to buy. The reconstruction term falls, and the KL
# **rises**: to describe images better, the clouds must shrink and move apart, away from the prior,
# and the KL is the price of that. One nat of KL pays off as long as it saves more than a nat of
# reconstruction.
#
# ## How the plane came about
#
# On the way, `train` kept the post's three pictures: 64 images decoded from the same 64 random
# codes (top), the codes of all test images in the colours of their classes (middle), and images
# decoded from a square grid of codes (bottom).

# %%
plotting.evolution(run.snapshots)

# %% [markdown]
# Before training the decoder makes the same flat grey of every code, and the encoder puts all images on
# one spot. The order of the plane is there early, after the first epoch; the rest is refinement. Follow
# one of the 64 samples from left to right: nearly all keep their kind, and change little after the second
# column.
#
# Here is the finished plane, large.

# %%
codes = run.model.encode(dataset.test_images)
plotting.latent_space(codes, dataset.test_labels, dataset.class_names)

# %% [markdown]
# Each dot is a test image at the mean of its cloud. Without having seen a label, the model has
# sorted clothes into regions. It has not sorted everything: shirts, pullovers and coats lie on top
# of each other, as we expected. And the codes are not spread like the prior: there are empty wedges,
# and sandals and trousers stick out. The ELBO does mind, but only in part. Averaged over images its KL
# is $I(x; z) + \mathrm{KL}(q(z) \,\|\, p(z))$ (Hoffman and Johnson 2016). The second part asks that all
# clouds together look like the prior; the first is the price of telling images apart at all. Could
# one ask for the second alone? That thought leads to the post's second model.
#
# Now the other direction, from codes to images: first codes drawn from the prior, then the grid.

# %%
plotting.samples(run.snapshots["samples"][-1])

# %%
plotting.latent_grid(run.snapshots["grid"][-1])

# %% [markdown]
# Most samples are clothes, if soft ones; a few are half one thing and half another, from between two
# regions. No logo, no pattern, no laces: two numbers cannot say more, and where the decoder is unsure
# it gives the average. The grid is laid out like the plane above, so the two can be read together. It
# reaches to 4 in each direction, as in the post; note how much of it lies outside the circle, where
# the prior puts hardly anything.
#
# ## One image, one cloud
#
# What does the encoder say about a single image? Three test images and their clouds: the ellipses
# reach two standard deviations far. Below them, images decoded from five draws of each cloud.

# %%
three = [int(np.flatnonzero(dataset.test_labels == label)[0]) for label in (1, 5, 8)]
z_mean, z_log_var = run.model.encode_distribution(dataset.test_images[three])
plotting.posteriors(codes, z_mean, z_log_var)

# %%
noise = np.random.default_rng(seed).standard_normal((3, 5, 2))
draws = z_mean[:, None] + np.exp(z_log_var / 2)[:, None] * noise  # (3, 5, 2)
plotting.strips(
    {
        f"{dataset.class_names[dataset.test_labels[image]]} {i + 1}": np.concatenate(
            [dataset.test_images[[image]] / 255, run.model.decode(draws[i])]
        )
        for i, image in enumerate(three)
    }
)

# %% [markdown]
# The clouds are tiny compared with the plane: the model is rather sure where an image belongs, and
# draws from one cloud (columns two to six) hardly differ. They differ more from the original
# (first column), which is what two numbers could not hold.
#
# ## Two ways to compute the KL
#
# For two normal distributions the KL can also be integrated:
# $\frac12 \sum_d (\mu_d^2 + \sigma_d^2 - \log \sigma_d^2 - 1)$. The post estimates it from one draw
# instead. Does that matter? Here are both, for a thousand test images.

# %%
z_mean, z_log_var = run.model.encode_distribution(dataset.test_images[:1000])
noise = np.random.default_rng(seed).standard_normal(z_mean.shape).astype("float32")
z = z_mean + np.exp(z_log_var / 2) * noise
closed_form = ops.convert_to_numpy(losses.gaussian_kl(z_mean, z_log_var))
one_draw = ops.convert_to_numpy(losses.sampled_kl(ops.convert_to_tensor(z), z_mean, z_log_var))
print(f"closed form: mean {closed_form.mean():.2f} nats")
print(f"one draw:    mean {one_draw.mean():.2f} nats")
plotting.agreement(closed_form, one_draw, "KL in closed form (nats)", "KL from one draw (nats)")

# %% [markdown]
# On average the two agree; image by image the estimate scatters. It exceeds the closed form by hardly
# more than a nat but may fall several below, for a draw far out in its cloud is unlikely under $q$.
# So both have the same goal, though not the same weights in the end, since their gradients are noisy in
# different ways. The estimate works for every prior, also for one whose KL nobody can integrate, and
# the code here uses it as the post did.
# `replace(objectives.ELBO, closed_form_kl=True)` is the other.
#
# ## A walk
#
# Between two test images, in eight steps on a straight line: decoded by the VAE, and below by the
# plain autoencoder from the beginning, on the line between *its* codes of the same two images.


# %%
def walk(model, start, end, steps=8):
    ends = model.encode(dataset.test_images[[start, end]])
    return model.decode(np.linspace(ends[0], ends[1], steps))


start, end = (int(np.flatnonzero(dataset.test_labels == label)[1]) for label in (0, 7))
plotting.strips(
    {
        "VAE": walk(run.model, start, end),
        "autoencoder": walk(plain.model, start, end),
    }
)

# %% [markdown]
# Look at the second half of each row. The VAE's line runs through the bags, so the garment becomes a
# low, wide box, and the box a shoe. The autoencoder's line runs through its sandals, which it has hardly
# learned to draw. So a walk tells first of all which classes lie between two images. It is no fair race
# either: the autoencoder had a quarter of the training. Try other pairs, and an autoencoder with as many
# epochs.
#
# ## What is lost
#
# Ten test images, and what comes back after they went through two numbers.

# %%
ten = [int(np.flatnonzero(dataset.test_labels == k)[0]) for k in range(len(dataset.class_names))]
originals = dataset.test_images[ten] / 255
plotting.strips({"original": originals, "returned": run.model.decode(codes[ten])})

# %% [markdown]
# The rough shape and the brightness survive, and mostly the kind, though the coat came back as
# something like a T-shirt. Two measures say how much. The first is the mean squared error of a pixel.
# The second asks how much the plane knows about classes: let the 15 nearest training codes vote on the
# class of each test
# image. (Guessing would be right one time in ten.) The loss stands beside that of the post's schedule,
# fifty epochs at a constant rate, which is read from `runs/`.

# %%
train_images, train_labels = dataset.train_images, dataset.train_labels
accuracy = measures.knn_accuracy(
    run.model.encode(train_images), train_labels, codes, dataset.test_labels
)
error = measures.mean_squared_error(run.model, dataset.test_images)
print(f"loss in the last epoch      {run.history['loss'][-1]:.1f} nats per image")
if dataset_name == goal.recipe.dataset:
    print(f"after the post's 50 epochs  {goal.history['loss'][-1]:.1f} nats per image")
print(f"mean squared error          {error:.4f}")
print(f"15-nearest-neighbour votes  {accuracy:.3f} right")

# %% [markdown]
# ## What the original code really optimised
#
# Now to the promised mistake. The post's model is the one above, trained for 50 epochs. Of its *other* model,
# the MMD-VAE, the post says that the codes are centred at zero and that nearly all of its grid shows meaningful
# objects, which for this one had not been so. But our codes are nearly centred, and inside the circle nearly
# every image of our grid is a garment. What is different?
#
# The post's loss is, in our words, `-mean(log_p_x_given_z + log_p_z - log_q_z_given_x)`, as it should
# be. But its `log_p_x_given_z` was summed over *all axes*, over pixels and over the images of the
# batch: one number. The other two terms are lists of a hundred. Adding them is legal, for the single
# number is spread over the list, and the mean that follows divides the KL by the batch size while it
# leaves the sum of the reconstructions as it is:
#
# $$
# \text{loss} \;=\; \sum_{i=1}^{100} \text{reconstruction}_i \;+\; \frac{1}{100} \sum_{i=1}^{100} \mathrm{KL}_i
# \;=\; 100 \cdot \text{mean}\Big( \text{reconstruction} + \frac{\mathrm{KL}}{100} \Big).
# $$
#
# The factor in front is of no consequence to Adam. The one inside the bracket is: **the pull towards
# the prior is a hundred times too weak**. Here are both, with the post's settings (50 epochs, Adam
# at 0.0001); nothing differs but that factor. Each takes half an hour on two cores, so we read them
# from `runs/`; `make reproduce` trains them again.

# %%
posted = runs.load("fashion_mnist_elbo-as-posted_50-epochs")
corrected = runs.load("fashion_mnist_elbo_50-epochs")
print("weight of the KL:", posted.recipe.objective.kl_weight, corrected.recipe.objective.kl_weight)

plotting.comparison(
    {"as posted: KL / 100": posted.snapshots, "corrected: KL": corrected.snapshots},
    data.CLASS_NAMES["fashion_mnist"],
)

# %%
radius = np.sqrt(-2 * np.log(0.05))  # of the circle that holds 95 % of the prior
for name, trained in {"as posted": posted, "corrected": corrected}.items():
    z = trained.snapshots["codes"][-1]  # test images, after 50 epochs
    mean, spread = z.mean(axis=0), z.std(axis=0)
    inside = np.mean(np.hypot(*z.T) < radius)
    print(
        f"{name}: centre ({mean[0]:+.2f}, {mean[1]:+.2f}), spread ({spread[0]:.2f}, {spread[1]:.2f}), "
        f"{inside:.0%} in the circle"
    )
    for term in ("reconstruction", "kl"):
        values = trained.history[term]
        print(f"    {term:15} {values[0]:6.1f} in the first epoch, {values[-1]:6.1f} in the last")
print(f"the loss as the post's code adds it up: {100 * posted.history['loss'][-1]:,.0f}")
print(f"an all-grey image, per image:           {784 * np.log(2):,.0f}")

# %% [markdown]
# Left, the codes lie off centre, and few of them in the circle. Codes drawn from the prior land in one
# corner of that map, so most samples are half-formed things, boot and shirt in one. Right, the same
# network with the same data and the same schedule: the codes gather in the circle, and most samples are
# shoes, trousers and shirts. What looked like a weakness of VAEs goes away, in this pair of runs, when one axis
# too many is taken out of a sum. (Is this the only way to be rid of it? No: notebook 02 finds another, and
# notebook 05 measures both.)
#
# A falling loss did not give it away: both fall, and the two can't be compared, for the left one counts
# the KL for less. Two numbers could have. The loss that the post's code adds up is far larger than the
# $784 \log 2$ nats that an all-grey image costs. And the KL *falls* from a great height, where
# that of the right model rises, as it pays for information. Nor did the left model buy better
# reconstructions with its freedom; compare the printed terms.
#
# These are single runs, one seed each, and changing `seed` at the top does not change them. To try
# another, train both anew: `runs.train(runs.post("fashion_mnist", objectives.ELBO_AS_POSTED, seed=1))`,
# and the same with `objectives.ELBO`.
#
# ## On your own
#
# - Change `seed` above and run all cells. What stays, what changes? (Flipping the plane, or a
#   quarter turn, costs the model nothing.)
# - Train with `objectives.beta(4.0)`. What does a fourfold pull do to the clouds?
# - In a new cell, train `replace(recipe, latent_dim=1)` and draw a histogram of the codes.
# - Make the pixels black and white: `(dataset.train_images > 127).astype("uint8") * 255` in place of the
#   images in `Batches`, and `fit` on its stream as in *One step by hand*. Which number can you now call a
#   log-likelihood?
# - Set `limit=30_000`. Is half of the data half as good?
#
# ## Further reading
#
# - D. P. Kingma and M. Welling, *Auto-encoding variational Bayes*, 2013, arXiv 1312.6114: the VAE.
# - C. Doersch, *Tutorial on variational autoencoders*, 2016, arXiv 1606.05908.
# - M. D. Hoffman and M. J. Johnson, *ELBO surgery*, NIPS workshop on approximate inference, 2016.
# - S. Keydana, *Representation learning with MMD-VAE*, RStudio AI blog, 2018: the post.
# - G. Loaiza-Ganem and J. P. Cunningham, *The continuous Bernoulli*, NeurIPS 2019: what is wrong with
#   cross-entropy on grey pixels, and a remedy.
# - H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST*, 2017, arXiv 1708.07747: the data.
