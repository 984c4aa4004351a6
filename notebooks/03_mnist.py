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
# # Both models on handwritten digits
#
# Two notebooks, one data set. Does what we saw on clothes carry over to something else? The post asked
# the same, trained both models on MNIST, and found little difference in samples and clusters, but a
# morphing that "looks much more organic" with MMD. It is a good moment to practise looking.
#
# **What you'll do**
#
# - train the VAE and the MMD-VAE on digits, with not a line of the models changed;
# - guess from the pictures which is which, before any number is shown;
# - compare your impression with measurements, and with the post's own settings.
#
# **What you'll learn**
#
# - which findings carry over from clothes to digits, and which were about the clothes;
# - how far the eye can be trusted with two grids of digits.
#
# **What you'll need**
#
# - notebooks 01 and 02. A few minutes on two cores.

# %%
import numpy as np
import pandas as pd

from vaelib import data, metrics, objectives, panels, plotting, runs, training
from vaelib.recipes import Recipe

# %% tags=["parameters"]
dataset_name: str = "mnist"  # or "fashion_mnist", "faces"
epochs: int = 5  # passes over the training images; notebooks 01 and 02 take ten
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
dataset = data.load(dataset_name)
settings = dict(epochs=epochs, seed=seed, limit=limit)
print(dataset)

plotting.samples(dataset.train_images[:64])

# %% [markdown]
# Compared with clothes, digits are thin lines on black. Most pixels are the same in nearly all images,
# and the rest decide. And there is no average of a 3 and an 8 that is still a digit, where the
# average of two shirts is a shirt.
#
# ## Train
#
# The objectives are those of notebooks 01 and 02. Five epochs each will do for looking; for the
# numbers of a longer training, see the end.

# %%
vae = training.train(Recipe(dataset_name, objectives.ELBO, **settings))

# %%
mmd_vae = training.train(Recipe(dataset_name, objectives.MMD_AS_POSTED, **settings))

# %% [markdown]
# The two losses can't be compared: one counts nats of cross-entropy, the other squared errors.
#
# ## Which is which?
#
# One column is the VAE, the other the MMD-VAE. Decide before you read on. Look at the samples first
# (how many could you not name?), then at how the codes fill the circle, then at what lies between
# two digits on the grid.

# %%
pair = {"model A": mmd_vae.snapshots, "model B": vae.snapshots}
plotting.comparison(pair, dataset.class_names)

# %% [markdown]
# The middle row gives it away. Model A's codes make one round cloud, as wide as the prior: that is
# the MMD-VAE. Model B's keep to themselves more, with the 1s on the left and the 0s sticking out at the
# top: the VAE. With the middle row covered it is hard. Both sets of samples hold clear digits and many
# blurred ones, and both grids show digits all over the circle.
#
# ## Morphing
#
# The post found the morphing on the grid "much more organic" with MMD-VAE. A grid is hard to compare:
# the two models put the digits at other places. So take the same two test images for both, and walk
# from one's code to the other's in a straight line.


# %%
def walk(model, start, end, steps=10):
    images = dataset.test_images[
        [np.flatnonzero(dataset.test_labels == d)[0] for d in (start, end)]
    ]
    return model.decode(np.linspace(*model.encode(images), steps))


pairs = [(0, 1), (3, 8), (4, 7), (6, 2)]
plotting.strips(
    {
        f"{dataset.class_names[a]} to {dataset.class_names[b]}, {name}": walk(run.model, a, b)
        for a, b in pairs
        for name, run in {"VAE": vae, "MMD": mmd_vae}.items()
    }
)

# %% [markdown]
# No row jumps, whichever the model: a decoder is a continuous function, and so between two digits there
# is always something. What differs is what the rows begin and end with. In both models the 4 has become a
# 9 before the walk begins, and from there to the 7 the two rows are nearly the same. Between 0 and 1 the
# VAE passes a 6, the MMD-VAE a blur. In the rows of the MMD-VAE you would hardly recognise the 3, the 8
# and the 2; in those of the VAE you have a better chance. From these four pairs we could not say that
# one model morphs more organically than the other. Try more: they stand in the cell above.
#
# ## The numbers

# %%
pd.DataFrame(
    {"VAE": metrics.summary(vae.model, dataset), "MMD-VAE": metrics.summary(mmd_vae.model, dataset)}
).T.round(4)

# %% [markdown]
# Again the MMD-VAE's codes are much nearer to the prior. But on clothes the two models knew about as much
# of classes and pixels, and here they do not: the neighbours of a code name the right digit less often
# in the MMD-VAE's plane, and its reconstructions are farther off. Perhaps this is what we saw in the
# walks. It is one seed and five epochs, so take it for a question, not for an answer.
#
# ## With the post's own settings
#
# Fifty epochs at a constant rate, from `runs/`: the VAE as posted, with its KL at a hundredth (notebook
# 01 tells how that came about), the same corrected, and the MMD-VAE. The post compared the left column
# with the right one.

# %%
names = {
    "VAE as posted": "mnist_elbo-as-posted_50-epochs",
    "VAE, KL corrected": "mnist_elbo_50-epochs",
    "MMD-VAE as posted": "mnist_mmd-as-posted_50-epochs",
}
posted = {title: runs.load(name) for title, name in names.items()}
plotting.comparison(
    {title: run.snapshots for title, run in posted.items()}, data.CLASS_NAMES["mnist"]
)

# %%
# The codes of all test images after 50 epochs, which each run keeps.
pd.DataFrame(
    {
        title: metrics.code_statistics(run.snapshots["codes"][-1])
        | {"in the circle": np.mean(np.hypot(*run.snapshots["codes"][-1].T) < panels.PRIOR_RADIUS)}
        for title, run in posted.items()
    }
).T.round(4)

# %% [markdown]
# (The colours are those of the first plane, whose names there is room for.) It is the story of the
# clothes once more. As posted, the VAE's codes are off centre, hardly more than a third of them in the
# circle, and many of the samples are no digits at all. With the KL at full weight the codes are centred,
# and more of the samples can be read. The MMD-VAE's are nearest to the prior. What separates the left
# column from the right one is again, for the most part, that lost axis.
#
# ## What carries over
#
# From clothes to digits: a VAE with its KL in order is centred, more than nine in ten of its codes lie in
# the circle, and an MMD-VAE is closer still to the prior. What does not carry over is the tie between them: on
# digits, with this seed, the VAE's plane knew more. The post's impression of a more organic morphing
# we did not have, but then, that is an impression. How would you measure it?
#
# ## On your own
#
# - Set `epochs` to 10. Does the gap in the table close?
# - The two models differ in three things. Train `objectives.infovae(1, 784, sampled=False)`, which has
#   the VAE's cross-entropy and the MMD-VAE's prior. On whose side is it?
# - Let a friend look at the first comparison and say which grid is more organic. Then show it
#   mirrored, with the names exchanged.
# - If the notebook said above that it had only 5,000 digits: fetch the whole data set (the README
#   says how) and see what that changes.
#
# ## Further reading
#
# - Y. LeCun, C. Cortes and C. J. C. Burges, *The MNIST database of handwritten digits*.
# - S. Keydana, *Representation learning with MMD-VAE*, RStudio AI blog, 2018: the post.
# - T. Davidson and others, *Hyperspherical variational auto-encoders*, 2018, arXiv 1804.00891: what the
#   shape of the latent space does to digits.
