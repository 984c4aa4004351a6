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
# # Solutions: a standard VAE
#
# These are the solutions to the exercises of [lesson 01](../01_standard_vae.ipynb#On-your-own). The notebook takes a
# few minutes on two CPU cores. The numbers in the text belong to the settings in the cell below, with one seed. Terms
# are explained in the [glossary](../../docs/glossary.md).

# %%
from dataclasses import replace

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from vaelib import losses, measures, objectives, plotting, runs
from vaelib.measures import likelihood
from vaelib.support import lesson
from vaelib.support.backend import ops, tf

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None)

# %%
recipe = runs.Recipe(dataset_name, objectives.ELBO, epochs=epochs, seed=seed, limit=limit)
dataset = recipe.load_dataset()
run = runs.train(recipe)

# %% [markdown]
# ## 1. Change one line: the seed
#
# *Set `seed` to 1 and run all cells. Which numbers and figures change, and which stay about the same?*
#
# Instead of running the whole lesson again, we train the VAE with the second seed and show both latent spaces side by
# side.

# %%
other = runs.train(replace(recipe, seed=seed + 1))
lesson.show(
    plotting.latent_spaces(
        {f"seed {seed}": run.snapshots, f"seed {seed + 1}": other.snapshots}, dataset.class_names
    ),
    "Codes of the test images, colored by class, in the latent spaces of two VAEs that were trained "
    "with two seeds.",
)
for name, trained in (("one", run), ("the other", other)):
    print(f"{name:10} loss {trained.history['loss'][-1]:.1f}, KL {trained.history['kl'][-1]:.2f}")

# %% [markdown]
# The numbers stay about the same. The losses are 262.4 and 262.6 nats per image, and the KLs are 6.18 and 6.28. It
# also stays the same which classes are neighbors. For example, trousers are next to dresses in both latent spaces,
# and sandals surround sneakers and ankle boots. What changes are the positions. If we reflect all codes or exchange
# the two axes and let the networks compensate for it, the loss does not change, because the prior is symmetric. The
# orientation is therefore a matter of the random initial weights.
#
# ## 2. Change one line: black and white
#
# *Train `replace(recipe, pixels="threshold")`, for which all pixels are made black or white. Which numbers are
# log-likelihoods now?*
#
# The cell trains the model. For 1,000 test images, it then computes $\log p(x)$ with a fine grid of codes, as
# [lesson 04](../04_how_probable_is_an_image.ipynb) explains, and the ELBO.

# %%
black_white = replace(recipe, pixels="threshold")
images = black_white.load_dataset().test_images[:1000]
model = runs.train(black_white).model
exact = likelihood.log_likelihood(model, images).mean()
bound = likelihood.elbo(model, images, seed).mean()
print(f"log p(x) {exact:.1f}, ELBO {bound:.1f} nats per image")
print(f"so the model's probability of such an image is about 10^{exact / np.log(10):.0f}; ", end="")
print(f"guessing every pixel gives 10^{-784 * np.log10(2):.0f}")

# %% [markdown]
# If every pixel is 0 or 1, the expression $m^x(1-m)^{1-x}$ adds up to 1 over the two possible values of a pixel.
# Therefore minus the cross-entropy is the logarithm of a probability, $\log p(x\mid z)$. The integral over the latent
# space is then $\log p(x)$, on average -172.6 nats, and minus the loss is a lower bound on it, here -184.0 nats. Both
# numbers can be compared with those of other models of the same images. The last line of the output shows how much
# the model knows about clothes, compared with a model that guesses every pixel.
#
# ## 3. On paper: the KL of two normal distributions
#
# *Derive the KL from $N(\mu,\sigma^2)$ to $N(0,1)$ from the definition. Then find a formula for the difference
# between the estimate from one sample and the exact value, and use it to explain the shape of the figure in
# [appendix B](../01_standard_vae.ipynb#Appendix-B:-the-KL-from-samples-and-in-closed-form).*
#
# The two log densities are
#
# $$\log q(z) = -\tfrac12 \log 2 \pi - \log \sigma - \frac{(z - \mu)^2}{2 \sigma^2}, \qquad
# \log p(z) = -\tfrac12 \log 2 \pi - \frac{z^2}{2}.$$
#
# The KL is the average of their difference over $z \sim q$. The terms with $2\pi$ cancel. For the other terms we need
# two averages. By the definition of the variance, $\mathbb E_q (z - \mu)^2 = \sigma^2$, and since the second moment
# is the variance plus the square of the mean, $\mathbb E_q z^2 = \mu^2 + \sigma^2$. We insert both and obtain
#
# $$\mathbb E_q [\log q(z) - \log p(z)] = -\log \sigma - \tfrac12 + \tfrac12 (\mu^2 + \sigma^2) =
# \tfrac12 (\mu^2 + \sigma^2 - \log \sigma^2 - 1).$$
#
# The latent dimensions are independent, so their KLs add up.
#
# For the second part we write a sample as $z = \mu + \sigma\varepsilon$. Then $(z-\mu)^2/\sigma^2 = \varepsilon^2$,
# and $z^2 = \mu^2 + 2\mu\sigma\varepsilon + \sigma^2\varepsilon^2$. The estimate from one sample is $\log q(z)-\log
# p(z) = -\log\sigma - \frac12\varepsilon^2 + \frac12 z^2$. If we subtract the exact value, the logarithm cancels, and
# the difference is
#
# $$\tfrac12 (1 - \sigma^2)(1 - \varepsilon^2) + \mu\sigma\varepsilon$$
#
# for each latent dimension. The next cell checks both formulas with 1,000 test images.

# %%
z_mean, z_log_var = run.model.encode_distribution(dataset.test_images[:1000])
noise = np.random.default_rng(seed).standard_normal(z_mean.shape).astype("float32")
z = ops.convert_to_tensor(z_mean + np.exp(z_log_var / 2) * noise)
on_paper = (z_mean**2 + np.exp(z_log_var) - z_log_var - 1).sum(axis=1) / 2
closed_form = ops.convert_to_numpy(losses.gaussian_kl(z_mean, z_log_var))
one_sample = ops.convert_to_numpy(losses.sampled_kl(z, z_mean, z_log_var))
sigma = np.exp(z_log_var / 2)
difference = ((1 - sigma**2) * (1 - noise**2) / 2 + z_mean * sigma * noise).sum(axis=1)
print(f"KL, largest error of the formula          {np.abs(on_paper - closed_form).max():.0e}")
error = one_sample - closed_form
print(f"difference, largest error of the formula  {np.abs(difference - error).max():.0e}")
print(f"sigma: median {np.median(sigma):.3f}, largest {sigma.max():.2f}")
print(f"one sample is off by {error.min():+.1f} to {error.max():+.1f} nats")
lesson.show(
    plotting.scatter_with_diagonal(
        difference, error, "difference by the formula (nats)", "difference in the lesson (nats)"
    ),
    "A dot for each of 1,000 test images, with the difference by the formula across and as computed by "
    "the package upward. All dots are on the diagonal.",
)

# %% [markdown]
# Both formulas agree with the package up to rounding errors. The second one explains the shape of the figure in the
# lesson. Since most approximate posteriors are narrow, $\sigma$ is close to zero, and most of the difference is
# $\frac12 (1 - \varepsilon^2)$ per dimension. This expression is never greater than $\frac12$, so for two dimensions
# the estimate is at most 1 nat too high, apart from the small last term. It has no lower limit, because
# $\varepsilon^2$ can be large, and so single estimates are up to 6.7 nats too low.
#
# ## 4. On paper: the gradient through the trick
#
# *Let $g$ be the gradient of a loss with respect to $z=\mu+\sigma\varepsilon$. What are its gradients with respect to
# $\mu$ and $\sigma$? Check your answer with a gradient tape.*
#
# The noise $\varepsilon$ does not depend on $\mu$ or $\sigma$, so it counts as a constant. Therefore
# $\partial z / \partial \mu = 1$ and $\partial z / \partial \sigma = \varepsilon$, and by the chain rule the two
# gradients are $g$ and $\varepsilon g$.

# %%
images = dataset.test_images[:100].astype("float32") / 255
mu, sigma = (tf.constant(array[:100]) for array in (z_mean, np.exp(z_log_var / 2)))
epsilon = noise[:100]
with tf.GradientTape() as tape:
    tape.watch([mu, sigma])
    z = mu + sigma * epsilon
    cost = ops.mean(losses.binary_cross_entropy(images, run.model.decoder(z)))
g, by_mu, by_sigma = (gradient.numpy() for gradient in tape.gradient(cost, [z, mu, sigma]))
print("with respect to mu it is g:", np.allclose(by_mu, g))
print("with respect to sigma it is epsilon g:", np.allclose(by_sigma, epsilon * g))
print(f"mean gradient of the reconstruction, with respect to sigma: {by_sigma.mean():+.3f}")

# %% [markdown]
# The tape agrees with both answers. The last number is the average gradient of the reconstruction term with respect
# to $\sigma$. It is positive, which means that narrower approximate posteriors would lower the reconstruction term.
# They do not shrink to points, because the KL term has a gradient in the opposite direction.
#
# ## 5. Measure: a KL weight of 4
#
# *Train with `objectives.beta(4.0)`. How do the standard deviations of the approximate posteriors, the KL term, and
# the reconstruction term change?*

# %%
weighted = runs.train(replace(recipe, objective=objectives.beta(4.0)))
for name, trained in (("beta 1", run), ("beta 4", weighted)):
    mean, log_var = trained.model.encode_distribution(dataset.test_images)
    sigma, terms = np.exp(log_var / 2), trained.history
    print(f"{name}: median sigma {np.median(sigma):.3f}, KL {terms['kl'][-1]:.2f}, ", end="")
    print(f"reconstruction {terms['reconstruction'][-1]:.1f}, ", end="")
    print(f"half the squared means {(mean**2).sum(axis=1).mean() / 2:.2f}")

# %% [markdown]
# The standard deviations are 2.2 times as large, the KL is 4.4 nats instead of 6.2, and the reconstruction term is
# 4.5 nats larger.
#
# Why do the standard deviations about double? For a narrow approximate posterior, the reconstruction term increases
# like $a \sigma^2$ with some constant $a$, because the decoded image changes in proportion to a small change of the
# code, and the reconstruction term grows with the square of this change. The KL contains $-\log \sigma$ for each
# latent dimension. The sum $a \sigma^2 - \beta \log \sigma$ has its minimum where its derivative
# $2a\sigma - \beta/\sigma$ is zero, that is, at $\sigma^2 = \beta / 2a$. A weight $\beta$ that is four times as large
# therefore doubles $\sigma$.
#
# We can also explain the change of the KL. Standard deviations that are 2.2 times as large reduce it by $\log 2.2$
# for each dimension, which is 1.6 nats for two dimensions. In addition, the means have moved closer to the origin.
# Their part of the KL, half of $\mu^2$, has decreased from 1.24 nats to 0.98. Together these two changes are about as
# large as the decrease of the KL by 1.8 nats.
#
# ## 6. Open: once around the circle
#
# *Move once around the dashed circle and decode the codes on it. Which classes do you meet, and where does the image
# change fastest?*
#
# There are several ways to answer this. Here we name the class of a code on the circle by a vote of the 15 nearest
# training codes. As the speed of change we use the distance between two decoded images whose codes are one degree
# apart.

# %%
degrees = np.arange(361)
angles = np.radians(degrees)
circle = plotting.prior_contours.PRIOR_RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
pictures = run.model.decode(circle)
lesson.show(
    plotting.image_rows(
        {f"from {start}°": pictures[start : start + 180 : 15] for start in (0, 180)}
    ),
    "Two rows of twelve images, decoded every 15 degrees on the circle that contains 95 % of the prior.",
)

# %%
neighbors = KNeighborsClassifier(15).fit(
    run.model.encode(dataset.train_images), dataset.train_labels
)
found = neighbors.predict(circle)
parts = {name: int(np.sum(found == k)) for k, name in enumerate(dataset.class_names)}
print("degrees of the circle:", ", ".join(f"{name} {n}" for name, n in parts.items() if n))

speed = np.sqrt(((pictures[1:] - pictures[:-1]) ** 2).sum(axis=(1, 2, 3)))
print(f"fastest at {speed.argmax()}°, {speed.max() / np.median(speed):.1f} times the median")
lesson.show(
    plotting.curves(("degrees", "change per degree", degrees[1:], {"distance": speed})),
    "A curve of the distance between images one degree apart against the angle, with one high peak.",
)

# %% [markdown]
# Trousers and sandals take up most of the circle, and we meet nine of the ten classes. One change is faster than all
# others. It is at an angle of 40°, where trousers turn into a high-heeled sandal within a few degrees. As the picture
# of the latent space for seed 0 above shows, there are hardly any codes at this place, so the decoder was never
# trained to decode a gradual transition.
#
# ## 7. Change one line: twenty dimensions
#
# *Set `latent_dim` to 20 and run all cells. By how much does the reconstruction term decrease, and what does the KL
# do?*
#
# Here we train the model with 20 dimensions and compare it with the one that has two.

# %%
wide = runs.train(replace(recipe, latent_dim=20))
for trained in (run, wide):
    terms, dimensions = trained.history, trained.recipe.latent_dim
    error = measures.mean_squared_error(trained.model, dataset.test_images)
    print(
        f"latent_dim {dimensions:2}: reconstruction {terms['reconstruction'][-1]:.1f}, "
        f"KL {terms['kl'][-1]:.2f}, loss {terms['loss'][-1]:.1f} nats, pixel MSE {error:.4f}"
    )

# %% [markdown]
# The reconstruction term decreases by 32.4 nats, from 256.2 to 223.8, because 20 numbers can describe an image in
# more detail than two. The mean squared error of a pixel decreases to less than half. The KL increases from 6.2 to
# 17.4 nats, since every dimension that carries information adds to it. However, this costs only 11.2 nats, so the
# loss decreases by 21.2 nats. The price is that we can no longer look at the whole latent space in one figure.
