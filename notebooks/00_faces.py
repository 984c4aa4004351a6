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
# # Faces: what does a network find if we do not tell it what to look for?
#
# Core course, lesson 00 · next: [lesson 01, the standard VAE](01_standard_vae.ipynb) ·
# [glossary](../docs/glossary.md)
#
# Suppose that human faces differed in only two ways. An expression can be negative or positive, and it can be calm or
# intense. We show thousands of such faces to a neural network without telling it about these two properties. Can the
# network discover them from the images alone? If it can, we can ask for a face that is fairly happy and very intense,
# and the network will draw one that was not among the faces it was given.
#
# The [blog post](../docs/glossary.md#blog-post) that this course is based on opens with this thought experiment
# ([Keydana 2018](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/)). The post then turns to clothes and does
# not perform the experiment. In this lesson, we carry it out with simple faces drawn by a program. Because we choose
# the expression of each face, we can check what the network has found.
#
# **What you'll do**
#
# - train a network on ten thousand drawn faces, and look at how it arranges them;
# - compare ten networks that differ only in their random numbers;
# - see what happens when the position and the size of the faces vary more strongly than the expression;
# - give names to directions with nine labeled faces, and control new faces with two sliders.
#
# **What you'll learn**
#
# - what a [variational autoencoder](../docs/glossary.md#vae) (VAE) does, explained without formulas;
# - which properties of images a VAE finds without [labels](../docs/glossary.md#label), and why;
# - why the axes of its [latent space](../docs/glossary.md#latent-space) usually do not have a meaning.
#
# **What you'll need**
#
# - some Python, but no background in machine learning and no formulas. [Lesson 01](01_standard_vae.ipynb) derives the
#   VAE and builds it step by step.
# - about one minute of computing time on two CPU cores. You can skip the code on a first reading, because the text
#   before each cell says what the cell does. Functions from `vaelib` and `study` belong to this course.
#
# ## Contents
#
# | section | what it answers |
# | --- | --- |
# | [Faces with two factors of variation](#Faces-with-two-factors-of-variation) | What are the images, and what do we know about them? |
# | [A network with a bottleneck](#A-network-with-a-bottleneck) | How can a network discover something that we do not tell it? |
# | [Training](#Training) | What happens during training? |
# | [The latent space](#The-latent-space) | Did the network discover the two factors? |
# | [From codes back to faces](#From-codes-back-to-faces) | What does the decoder draw at each point? |
# | [The factors are found, the axes are not](#The-factors-are-found,-the-axes-are-not) | What does a single axis mean? |
# | [What if other factors change more pixels?](#What-if-other-factors-change-more-pixels?) | Does the network find what matters to us? |
# | [Nine labels give names to directions](#Nine-labels-give-names-to-directions) | How can we ask for a happy face? |
# | [What to remember](#What-to-remember) | Which five points should you keep in mind? |
# | [Three quick questions](#Three-quick-questions), [On your own](#On-your-own) | Did you understand it, and what can you try? |

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import entr

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import face_tables as tables
from vaelib import data, explorer, plotting, runs
from vaelib.data.builtin import faces
from vaelib.measures import disentanglement as measured
from vaelib.support import lesson

# %% tags=["parameters"]
epochs: int = 4  # passes over the training images
seed: int = 0  # of the weights, the order of the images and the noise
limit = None  # a number: train on the first so many images; None: on all

# %%
lesson.note_changed_settings(globals(), epochs=4, seed=0, limit=None)

# %% [markdown]
# ## Faces with two factors of variation
#
# A property in which images differ is called a [factor of variation](../docs/glossary.md#factor-of-variation). Our
# faces have two that we care about. The first is **valence**, which ranges from -1 (negative) to 1 (positive). The
# second is **intensity**, which ranges from 0 (calm) to 1 (intense). Psychologists describe emotions with a similar
# pair of quantities, which are now usually called valence and arousal
# ([Russell 1980](https://doi.org/10.1037/h0077714)).
#
# The function `faces.render` draws a face for given values of both factors. The next cell draws 49 of them. In the
# figure, intensity increases from left to right, and valence increases from bottom to top.

# %%
levels = {"intensity": np.linspace(0, 1, 7), "valence": np.linspace(-1, 1, 7)}
intensity, valence = (values.ravel() for values in np.meshgrid(*levels.values()))
lesson.show(
    plotting.factor_grid(faces.render(valence, intensity), levels),
    "Seven by seven drawn faces. Valence increases upward, so faces at the bottom look gloomy and faces at the top smile. "
    "Intensity increases to the right: faces at the left have narrow eyes and closed mouths, faces at the right have wide "
    "eyes and open mouths.",
)

# %% [markdown]
# The four corners of the figure show the extreme expressions. At the lower left, the face is a little sad, and at the
# lower right it is desperate. At the upper left, it looks content, and at the upper right it laughs. Both factors
# affect several parts of the face at the same time. For example, intensity opens the mouth and the eyes, and it also
# raises the eyebrows.
#
# The network will be trained on ten thousand such faces, each with a random valence and a random intensity. In
# addition, each face is shifted a little, its size changes slightly, and its lines are a bit thicker or thinner. The
# horizontal position, the vertical position, the size, and the thickness are four more factors of variation, but we
# let them vary so little that they change less of the image than the expression does. (We check this with numbers
# [below](#What-if-other-factors-change-more-pixels?).)
#
# Each image has 28 × 28 = 784 pixels, and each pixel is a gray value. The network receives only these 784 gray
# values. It never sees the words "valence" and "intensity" or their values. Learning of this kind is called
# [unsupervised](../docs/glossary.md#unsupervised-learning).
#
# ## A network with a bottleneck
#
# A [neural network](../docs/glossary.md#neural-network) is a function with many adjustable numbers, which are called
# its [weights](../docs/glossary.md#weights). At first, the weights are random. During training, the network is shown
# a few images at a time, and each time all weights are changed a little so that it solves its task slightly better.
#
# How can a network discover something about images if it is not told what to look for? The idea is to give it a task
# that it can solve well only if it discovers the structure of the images. The task is to describe each image with
# just two numbers and to draw the image again from these two numbers:
#
# ```text
# image (784 numbers)  ->  encoder  ->  code (2 numbers)  ->  decoder  ->  image (784 numbers)
# ```
#
# The first half of the network is the [encoder](../docs/glossary.md#encoder). It turns an image into two numbers, z1
# and z2, which are called the **[latent code](../docs/glossary.md#latent-code)** of the image. The second half is the
# [decoder](../docs/glossary.md#decoder), which turns a code into an image. Everything that the decoder is told about
# an image has to pass through these two numbers. The network therefore has to find the two numbers that are most
# helpful for drawing the image again. A pair of numbers can be drawn as a point in a figure, so we can look at all
# codes at once. The set of all possible codes is called the **[latent space](../docs/glossary.md#latent-space)**.
#
# A network like this is an [autoencoder](../docs/glossary.md#autoencoder). A *variational* autoencoder, or
# **[VAE](../docs/glossary.md#vae)**, adds two ideas to it
# ([Kingma and Welling 2013](https://arxiv.org/abs/1312.6114)).
#
# - **The code of an image is not known exactly.** The encoder of a VAE outputs four numbers: a center and a width for
#   z1, and a center and a width for z2. During training, the decoder receives a random code near the center rather
#   than the center itself. As a result, nearby codes have to decode to similar images, because the decoder may
#   receive any of them for the same image.
# - **The codes of all images stay near the origin.** The **[prior](../docs/glossary.md#prior)** says where codes
#   should be. Our prior is a bell curve around 0 for each of the two numbers, so each number should usually be
#   between -2 and 2. A center far from the origin is penalized. A very small width is penalized as well, because
#   otherwise the network would make all widths 0, and the codes would be exact again. The penalty keeps all codes in
#   one region, so we know which codes to choose when we want to draw new images.
#
# Training reduces a single number, which is called the [loss](../docs/glossary.md#loss). It is the sum of two parts.
# The *reconstruction term* measures how much the decoded image differs from the original. The *KL term* is the
# penalty described in the second point above. It measures how far the centers are from 0 and how far the widths are
# from the width of the prior's bell curve. [Lesson 01](01_standard_vae.ipynb) derives both terms.
#
# **Predict.** Suppose that you had to describe such a face to a friend over the phone, using only two numbers, so
# that your friend could draw it. Which two numbers would you choose?
#
# ## Training
#
# The next cell trains a VAE on the faces. One pass over all training images is called an
# [epoch](../docs/glossary.md#epoch), and after each epoch the program prints the loss and its two parts.

# %%
dataset = data.load("faces")
print(dataset)
vae = runs.train(runs.Recipe("faces", epochs=epochs, seed=seed, limit=limit))

# %% [markdown]
# (The first line of the output mentions nine classes, into which the program sorts the faces. Neither we nor the
# network will use these classes. At the end of this lesson, we use nine labeled faces, but these are single faces,
# not the classes.)
#
# The loss falls in every epoch, from 289.97 in the first to 190.13 in the last, because the reconstruction term
# decreases. In other words, the network learns to reproduce the faces. The KL term increases a little. The main
# reason is that the widths become smaller. Smaller widths increase the penalty, but they let the decoder draw a face
# more accurately. [Lesson 01](01_standard_vae.ipynb) explains why this is worth the penalty.
#
# Is a reconstruction term of 185.57 small? It cannot reach 0, because the term treats a gray value of 0.3 as a
# probability of 30 % that the pixel is white. A random outcome cannot be predicted with certainty, so even a perfect
# copy has a positive reconstruction term. The next cell computes this value for perfect copies of the
# [test images](../docs/glossary.md#test-image), that is, of faces that are not used in training.

# %%
pixels = dataset.test_images / 255
perfect = (entr(pixels) + entr(1 - pixels)).sum(axis=(1, 2, 3)).mean()
print(f"reconstruction term of perfect copies: {perfect:.2f}")

# %% [markdown]
# Even perfect copies have a reconstruction term of 160.29. (The training faces are drawn in the same way as the test
# faces, so perfect copies of them would have practically the same value.) The avoidable part of the term therefore
# fell from 286.17 - 160.29, or about 126, in the first epoch to 185.57 - 160.29, or about 25, in the last. Here are
# the reconstructions of six test images. From now on, we call the center that the encoder outputs *the* code of an
# image. The table below the figure shows these codes, from which the faces in the second row were drawn.

# %%
codes, factors = vae.model.encode(dataset.test_images), dataset.test_factors
lesson.show(
    plotting.image_rows(
        {
            "original": dataset.test_images[:6] / 255,
            "reconstruction": vae.model.decode(codes[:6]),
        }
    ),
    "Two rows of six faces. The faces in the lower row are reconstructions of those in the upper row: the expressions "
    "are similar, the lines are softer.",
)

# %%
pd.DataFrame(codes[:6], columns=["z1", "z2"], index=range(1, 7)).T.round(2)

# %% [markdown]
# The reconstructions show nearly the same expressions as the originals. The first face smiles, and the third one is
# desperate, with an open mouth. Small details are lost, however. For example, the sixth face smiles less than the
# fifth one in the original, while the two look almost the same in the reconstruction. The code of the first face is
# z1 = 0.16 and z2 = -1.61. By itself, this pair of numbers does not tell us anything. To find out what the numbers
# mean, we have to look at many codes together.
#
# ## The latent space
#
# We now encode all 2,000 test faces and draw each code as a dot. Since we know the valence and the intensity of each
# face, we can use them to color the dots. The two panels show the same dots. In the left panel, the color shows the
# valence, and in the right panel it shows the intensity. Of 100 random codes from the prior, about 95 are inside the
# dashed circle.
#
# **Predict.** If the network had not discovered valence, what would the left panel look like?

# %%
known = dict(zip(tables.FACTORS, factors.T, strict=True))
lesson.show(
    plotting.latent_space_by_factor(codes, known),
    "The codes of 2,000 test faces in latent space, in two panels with the axes z1 and z2. In the left panel they are "
    "colored by valence, which increases from the upper left to the lower right. In the right panel they are colored by "
    "intensity, which increases from the lower left to the upper right.",
)

# %% [markdown]
# If the network had not discovered valence, the colors in the left panel would be mixed like confetti. Instead, the
# colors change steadily from one side to the other. The valence is lowest at the upper left edge of the dots and
# increases toward the lower right. The intensity also changes steadily, but in another direction. It is lowest at the
# lower left edge and increases toward the upper right. The two directions are roughly perpendicular to each other.
#
# This answers our opening question. The network has discovered both factors of variation, although it was trained on
# pixels alone. If you chose the mood and its strength for your description over the phone, the network made nearly
# the same choice. The reason is the bottleneck: only two numbers can pass through it, and the loss becomes small if
# they describe the two factors that change the pixels most.
#
# ## From codes back to faces
#
# The decoder can draw a face for *any* point in latent space, not just for the codes of existing faces. In the next
# figure, it draws one for each point of a regular grid from -4 to 4 on both axes. Each face is placed where its code
# is, so you can compare this figure with the previous one.
#
# **Predict.** Where in this figure will you find a happy face? Where will the faces be badly drawn?

# %%
lesson.show(
    plotting.latent_grid(vae.snapshots["grid"][-1]),
    "A grid of 16 by 16 decoded faces with the axes z1 and z2. Expressions change gradually from each face to the next. "
    "Faces near the top are gloomy, faces near the bottom smile, faces at the left are calm, and faces at the right are "
    "intense. Outside the dashed circle, especially at the right edge and in the upper right corner, the faces fall apart.",
)

# %% [markdown]
# Start at any face inside the circle and move one step in any direction. You will notice that the expression changes
# only a little. If you now move from the upper left of the circle to its lower right, you can watch a face change
# from sad to smiling. From the lower left to the upper right, the mouth opens and the eyes widen. The expressions
# agree with the colors of the previous figure, where valence increases toward the lower right and intensity increases
# toward the upper right.
#
# At the top and at the right, the faces fall apart. On the right, this begins even inside the circle. The previous
# figure shows why: it has no dots in these places. The decoder was never trained to draw anything there, so we cannot
# rely on what it draws. (At the lower left, beyond the dots, it happens to draw acceptable faces.) Since the decoder
# is reliable only where there are codes, it is useful that the penalty keeps all codes close together. A random code
# from the prior is most likely inside the circle, and a large part of the circle is filled with codes. (The previous
# figure shows the codes of test faces, but the training faces were drawn in the same way, so their codes fill the
# same region.)
#
# ## The factors are found, the axes are not
#
# Valence increases toward the lower right rather than along one of the axes. The direction of intensity is slanted as
# well. This means that z1 alone is neither valence nor intensity. Let us measure this and then find out whether it
# happened by accident.
#
# How can we measure what the codes tell us about valence? We try to predict the valence of a face from its code. A
# simple method is to find the 15 faces whose codes are closest and to predict the average of their valences. We
# search for the neighbors among one half of the test faces and make predictions for the other half. This method is
# called a [k-nearest-neighbor probe](../docs/glossary.md#k-nearest-neighbor-probe). To judge the predictions, we use
# a measure called [R²](../docs/glossary.md#r-squared). We take the average squared error of the predictions and
# divide it by the average squared error that we would make if we always predicted the average valence. R² is 1 minus
# this ratio. It is 1 if all predictions are perfect, 0 if they are no better than always predicting the average, and
# negative if they are even worse. An R² of 0.9 is often described by saying that the predictions *explain* 90 % of
# the variance among the faces.
#
# The first row of the next table shows R² for this probe, which uses both z1 and z2. The next two rows show how well
# a single axis predicts a factor if the prediction is a constant plus a multiple of z1 or of z2. For the last two
# rows, we rotated all codes around the origin. We chose the angle at which one axis predicts valence and the other
# predicts intensity as accurately as possible.
#
# **Predict.** Look at the two slanted directions in the figure. Which of the two factors will z1 alone predict
# better?

# %%
angle, *_ = measured.best_rotation(codes, factors)
as_they_are = measured.axis_r2(codes, factors)
rotated = measured.axis_r2(measured.rotate(codes, angle), factors)
rows = {
    "z1 and z2, 15 nearest codes": measured.knn_r2(codes, factors),
    "z1 alone": as_they_are[0],
    "z2 alone": as_they_are[1],
    f"first axis after rotation by {angle:.0f}°": rotated[0],
    f"second axis after rotation by {angle:.0f}°": rotated[1],
}
pd.DataFrame(rows, index=tables.FACTORS).T.round(2)

# %% [markdown]
# From both numbers together, we can predict both factors almost perfectly, with an R² of 0.96 for valence and 0.98
# for intensity. A single axis is a mixture of the two factors. For example, z1 predicts intensity with an R² of 0.78
# and valence with an R² of 0.18. After a rotation of 62 degrees, each axis corresponds to one factor. Codes of this
# kind are called [disentangled](../docs/glossary.md#disentanglement). The first axis predicts valence with an R² of
# 0.94 and intensity with 0.00. For the second axis, the values are 0.00 and 0.97. Some increase was to be expected,
# because we chose the best angle. The size of the increase is remarkable, however: a single axis now predicts its
# factor almost as well as both numbers do.
#
# Why did the network not choose these axes in the first place? Imagine that we rotate all codes by 62 degrees and
# that we change the decoder so that it rotates every code back before it draws. Then every reconstruction is the same
# as before. The codes are also just as close to the prior, because the prior looks the same from all directions. (All
# of this is true of a mirror image as well.) The loss is therefore the same for all rotations, with one exception.
# The encoder describes each code by an ellipse whose own axes are parallel to z1 and z2. After a rotation, such an
# ellipse is in general slanted, and the encoder cannot describe a slanted ellipse. This makes only a small
# difference, however. Which rotation we get depends on the random weights with which training begins, and on other
# random numbers during training. ([Exercise 4 of lesson 06](06_the_weight_of_the_kl.ipynb#On-your-own) measures the
# weak preference that remains.)
#
# If this explanation is correct, other random numbers should lead to other directions. The file
# `study/tables/faces.csv` contains results for ten VAEs that were trained in the same way except for the
# [seed](../docs/glossary.md#seed) of the random number generator. The next figure shows the latent space of each one
# as a circle, with one arrow in the direction in which valence increases and another for intensity. We obtain the
# arrows from a [linear probe](../docs/glossary.md#linear-probe), which predicts a factor as a constant plus a
# multiple of z1 plus a multiple of z2. The first multiple determines how far the arrow extends to the right, and the
# second determines how far it extends upward. (All arrows are drawn with the same length.) If the prediction is poor,
# the arrow does not mean much, so it is drawn in a paler color.

# %%
table = tables.read_drawn()
ten = table[table.objective == "elbo"].set_index("seed")  # VAEs, not other kinds of models
columns = {
    word: ten[[f"{word}, {factor}" for factor in tables.FACTORS]]
    for word in ("angle", "linear R²", "k-NN R²")
}
lesson.show(
    plotting.factor_directions(
        {"VAE": columns["angle"].to_numpy()},
        tables.FACTORS,
        reliability={"VAE": columns["linear R²"].to_numpy()},
    ),
    "Ten circles, one for each seed from 0 to 9, each with an arrow for valence and an arrow for intensity. The two "
    "arrows are roughly perpendicular, and they point in different directions for each seed. The arrows for valence of "
    "seeds 1, 2, 7, and 9 are pale.",
)

# %%
difference = columns["angle"].to_numpy() @ [1, -1] % 360  # valence minus intensity, 0 to 360
between = pd.Series(np.minimum(difference, 360 - difference), ten.index, name="angle of arrows")
numbers = pd.concat([columns["linear R²"], columns["k-NN R²"], between], axis=1).round(2)
numbers.rename(columns=lambda name: name.replace("k-NN R²", "R² of 15 nearest codes"))

# %% [markdown]
# The arrows of the ten networks point in many different directions. For example, valence increases toward the lower
# right for seed 0, toward the lower left for seed 3, and toward the upper left for seed 4. This is what our
# explanation predicts, because the ten networks differ only in their random numbers. Some latent spaces are also
# mirrored. For example, you turn counterclockwise from the valence arrow to the intensity arrow for seed 0, but
# clockwise for seed 4. The angle between the two arrows is more stable. For the six seeds for which both arrows are
# reliable, it is between 68 and 104 degrees. In each of these six latent spaces, the two factors therefore have
# clearly different directions.
#
# The four seeds with a pale arrow deserve a closer look. For seeds 1, 2, 7, and 9, the linear probe predicts valence
# with an R² of at most 0.64. For three of these seeds, the 15 nearest codes still reach 0.87 or more. This
# combination means that the codes do contain information about valence, although valence does not increase in a
# single direction. For seed 2, however, the 15 nearest codes reach only 0.51. Faces with different valences have
# similar codes there, so part of the information about valence is missing after four epochs. (In exercise 1, you can
# look at this latent space, and the solution shows what longer training changes.) If we had trained only with this
# seed, our answer to the opening question would have been less clear. This is a reason never to rely on a single run.
#
# ## What if other factors change more pixels?
#
# The network found valence and intensity, but did it find them because they are important to us? It cannot know what
# is important to us, because it receives nothing but pixels. In this section, we let the position, the size, and the
# thickness of the lines vary over much wider ranges than before. There are now six factors, but the code still has
# only two numbers. Each column of the next figure shows one factor, with its lowest value in the upper row and its
# highest value in the lower row, while the other factors have a medium value. (A negative shift to the right is a
# shift to the left.)

# %%
limits = np.array(list(faces.LIMITS.values()))  # (6, 2): lowest and highest value of each factor
names = ["valence", "intensity", "shift right", "shift down", "size", "thickness"]
medium = limits.mean(axis=1)


def render_with(factor, value):
    """Render one face with medium values, except for one factor."""
    values = medium.copy()
    values[factor] = value
    return faces.render(*values)


extremes = {
    word: np.concatenate([render_with(factor, limits[factor, end]) for factor in range(6)])
    for end, word in enumerate(("lowest", "highest"))
}
lesson.show(
    plotting.image_rows(extremes, [name.replace(" ", "\n") for name in names]),
    f"Two rows of six faces. In each column one factor has its lowest value above and its highest value below: "
    f"{', '.join(names)}.",
)

# %% [markdown]
# To us, the first two columns show the most interesting differences. To a program that compares pixels, the other
# columns may be more important, because a shift of the face changes nearly every line of the image.
#
# **Predict.** Which of the six factors will the two numbers of the code describe?
#
# The next cell generates faces in which all six factors vary over their full range, and trains a new VAE on them. It
# then computes three numbers for each factor. To obtain the *change of pixels*, we draw a face twice, once with the
# lowest and once with the highest value of one factor, while the other five factors stay the same. We add up the
# squared differences between the pixels of the two faces and average the result over 500 faces. The first row of the
# table shows this for the narrow ranges of our first faces, and the second row for the full ranges. The third row
# shows how well the 15 nearest codes of the new VAE predict each factor.


# %%
middle = {"x": 0, "y": 0, "size": 1, "thickness": 1}  # of the ranges of our first faces
narrow = [(middle[name] - far, middle[name] + far) for name, far in faces.NUISANCE_RANGE.items()]
first_limits = np.array([*limits[:2], *narrow])


def random_factors(n, seed, limits=limits):
    """Sample all six factors for n faces, shape (6, n)."""
    shares = np.random.default_rng(seed).uniform(size=(6, n)).astype("float32")
    lowest, highest = limits.T[:, :, None]
    return lowest + shares * (highest - lowest)


def change_of_pixels(limits):
    """Compare faces with the lowest and the highest value of each factor, pixel by pixel."""
    six, changes = random_factors(500, seed=1, limits=limits), []
    for factor, ends in enumerate(limits):
        low, high = six.copy(), six.copy()
        low[factor], high[factor] = ends
        difference = faces.render(*high) / 255 - faces.render(*low) / 255
        changes.append((difference**2).sum() / len(difference))
    return changes


six_train = random_factors(len(dataset.train_images), seed=0)
six_test = random_factors(len(dataset.test_images), seed=1)
varied_faces = replace(  # the labels of the first faces do not apply to these
    dataset,
    name="varied_faces",
    train_images=faces.render(*six_train),
    test_images=faces.render(*six_test),
    train_factors=None,
    test_factors=None,
)
varied_vae = runs.train(runs.Recipe(varied_faces, epochs=epochs, seed=seed, limit=limit))
varied_codes = varied_vae.model.encode(varied_faces.test_images)
rows = {
    "change of pixels, first faces": change_of_pixels(first_limits),
    "change of pixels, new faces": change_of_pixels(limits),
    "R², 15 nearest codes": measured.knn_r2(varied_codes, six_test.T),
}
pd.DataFrame(rows, index=names).T.round(2)

# %% [markdown]
# The codes no longer tell us anything about valence or intensity. For intensity, R² is 0.00, and for valence it is
# even slightly negative, which means that the prediction is a little worse than always predicting the average. Nor
# did the network simply pick two of the other factors. The two numbers describe all four in part, and they describe
# the horizontal position best, with an R² of 0.90.
#
# The first two rows of the table explain most of this. Among our first faces, valence and intensity changed the
# pixels most. Among the new faces, the change of pixels is between 111 and 120 for the two positions, the size, and
# the thickness. For intensity, it is 75, and for valence only 37. The reconstruction term of the loss adds up
# differences between pixels. The loss therefore becomes smallest if the two numbers describe those factors that
# change the pixels most, whether or not these factors matter to us. These rows do not explain everything, though. The
# four other factors have nearly the same change of pixels, but their R² ranges from 0.36 to 0.90.
#
# Keep this result in mind when you read that a network "learns the meaning" of its data. In our first experiment, the
# network found the expression because we let the other factors vary only a little. The first row also shows that
# valence was not far ahead: its change of pixels was 39, compared with 29 for a shift to the right. This may be why
# some of the ten networks had not separated the valences well after four epochs.
#
# ## Nine labels give names to directions
#
# Let us return to the first VAE. It arranges faces by valence and intensity, but it has no names for these
# directions, and they differ from seed to seed. If we want to ask for "a happy face," we have to tell the program
# which direction means happy. A few labels are enough. Here, a label is the known valence and intensity of a face. We
# take nine faces with a valence of -1, 0, or 1 and an intensity of 0, 0.5, or 1, and we encode them. For each of the
# nine, we then know both the label and the code.
#
# We now look for a rule that computes the code from valence and intensity and that fits the nine faces as well as
# possible. In the simplest rule, z1 is a constant plus a multiple of the valence plus a multiple of the intensity,
# and z2 is computed in the same way with other numbers. We also allow multiples of valence², of intensity², and of
# valence times intensity, because the code may follow a curve when the valence changes. That makes six numbers for z1
# and six for z2, which are called *coefficients*. The function `np.linalg.lstsq` finds the coefficients for which the
# computed codes have the smallest squared distance from the actual codes.


# %%
def terms(pairs):
    """Compute the six terms of the rule for pairs of valence and intensity, shape (n, 6)."""
    v, i = np.asarray(pairs, "float64").T
    return np.stack([v**0, v, i, v**2, v * i, i**2], axis=1)


nine = np.array([(v, i) for v in (-1, 0, 1) for i in (0, 0.5, 1)])  # valence, intensity
nine_codes = vae.model.encode(faces.render(*nine.T))
coefficients, *_ = np.linalg.lstsq(terms(nine), nine_codes)  # (6, 2)

wanted = np.stack([valence, intensity], axis=1)  # the 49 pairs of the first figure
drawn = vae.model.decode(terms(wanted) @ coefficients)
lesson.show(
    plotting.factor_grid(drawn, levels),
    "Seven by seven decoded faces, arranged as in the first figure. Valence increases upward from gloomy to smiling, and "
    "intensity increases to the right, where mouths and eyes are open.",
)

# %% [markdown]
# Compare this figure with the first one of this lesson. There, our program drew the 49 faces with its knowledge of
# eyes and mouths. Here, the decoder drew them. We asked for 49 pairs of valence and intensity, the rule turned each
# pair into a code, and the decoder turned the code into a face. The rule was fitted to only nine of these 49 pairs.
# The two figures agree well for calm and moderately intense faces. They differ most in the right column, where the
# decoded mouths are less precise. For example, the small round mouth of the face with valence 0 and intensity 1 has
# become wider, and the laughing mouth in the upper right corner is smaller.
#
# How well do these faces show what we asked for? To answer this question without relying on our eyes, we search for
# the test face that is most similar to a decoded face, pixel by pixel, and look up its valence and its intensity.
# Then we compare these with the values that we asked for. The table shows the average difference. The second row
# applies the method to the 49 faces of the first figure. These show exactly what we asked for, so no better result
# can be expected. In the third row, we look up a random test face instead.


# %%
def look_up(images):
    """Find the valence and intensity of the most similar test face for each image, (n, 2)."""
    test_pixels = dataset.test_images.reshape(len(dataset.test_images), -1) / 255
    pixels = images.reshape(len(images), -1)
    closest = [np.square(test_pixels - image).sum(axis=1).argmin() for image in pixels]
    return factors[closest]


at_random = np.random.default_rng(seed).integers(len(factors), size=len(wanted))
found = {
    "faces drawn by the decoder": look_up(drawn),
    "faces of the first figure": look_up(faces.render(valence, intensity) / 255),
    "random faces": factors[at_random],
}
errors = {name: np.abs(values - wanted).mean(axis=0) for name, values in found.items()}
pd.DataFrame(errors, index=tables.FACTORS).T.round(3)

# %% [markdown]
# The faces drawn by the decoder deviate on average by 0.124 in valence, which ranges from -1 to 1, and by 0.045 in
# intensity, which ranges from 0 to 1. For the faces of the first figure, the differences are 0.075 and 0.031. They
# are not zero, because none of the 2,000 test faces has exactly the right values. For random faces, they are 0.644
# and 0.350. The errors of the decoder are therefore much closer to the errors in the second row than to those of
# random faces. In other words, nine labels are enough for the decoder to draw nearly what we ask for. However, the
# nine faces were well chosen, since they cover the whole range evenly. We also used a seed for which both arrows are
# reliable.
#
# Now we can control the face with two sliders, one for each factor. A slider changes only one of the two values, and
# the rule computes the code from both. The next figure shows what you will see when you move them. In the upper row,
# the valence slider moves from -1 to 1 while the intensity stays at 0.9. In the lower row, the intensity slider moves
# from 0 to 1 while the valence stays at 0.6.

# %%
steps = 9
moves = {
    "valence from -1 to 1,\nintensity 0.9": [(v, 0.9) for v in np.linspace(-1, 1, steps)],
    "intensity from 0 to 1,\nvalence 0.6": [(0.6, i) for i in np.linspace(0, 1, steps)],
}
lesson.show(
    plotting.image_rows(
        {words: vae.model.decode(terms(pairs) @ coefficients) for words, pairs in moves.items()}
    ),
    "Two rows of nine decoded faces. In the upper row, an intense face changes from desperate to laughing. In the lower "
    "row, a rather happy face changes from calm, with a closed mouth, to intense, with wide eyes and an open mouth.",
)

# %% [markdown]
# Finally, here are the sliders themselves. Move them, and the decoder draws the face that you ask for. The decoder
# runs in your browser, in what we call the [explorer](../docs/glossary.md#explorer). The panel next to the face shows
# where the code is in latent space. The solid line shows how the code moves when you change the valence, and the
# dashed line shows how it moves when you change the intensity. (Some websites show notebooks without their
# interactive parts. If you do not see the sliders, use the figure above.)

# %%
sliders = {
    "valence": (-1, 1, "negative", "positive"),
    "intensity": (0, 1, "calm", "intense"),
}
explorer.steer(vae, sliders, coefficients, title="drawn faces")

# %% [markdown]
# Try a face that is rather happy and very intense, for example with a valence of 0.6 and an intensity of 0.9. The
# training images have random values, so none of them is likely to have exactly these, although some come close.
# Nevertheless, the decoder draws it, because nearby codes decode to similar faces. This completes the thought
# experiment.
#
# ## What to remember
#
# - A VAE consists of an encoder, which turns an image into a short code, and a decoder, which turns a code into an
#   image.
# - With only two numbers per image, the code mainly describes the factors of variation that change the pixels most,
#   although this rule does not explain every detail. If other factors change the pixels more than the ones that
#   matter to us, the code describes those factors instead.
# - The axes of the latent space have no meaning of their own, because rotating or reflecting all codes hardly changes
#   the loss. Other seeds lead to other directions.
# - A few labels are enough to give names to the directions of a latent space, provided that the VAE has found the
#   factors at all.
# - One training run is not enough for a conclusion. After four epochs, valence did not increase in a single direction
#   in four of our ten runs, and in one of these, part of the information about valence was missing.
#
# In [lesson 01](01_standard_vae.ipynb), we derive the loss of the VAE and train it on images of clothes. All terms
# are explained in the [glossary](../docs/glossary.md).
#
# ## Three quick questions
#
# <details><summary>1. In your latent space, valence increases toward the upper left. In a friend's, it increases to the
# right. Is yours worse?</summary>
#
# It is not worse. If you rotate all of your codes and perhaps reflect them, you get a latent space like your
# friend's, and the decoder can undo this. Both contain the same information about valence. The difference matters
# only if you want to use a single axis without looking at the labels.
#
# </details>
#
# <details><summary>2. You train a VAE with two numbers per code on photographs of faces that are lit from different
# sides. Which factor do you expect the codes to describe best?</summary>
#
# They most likely describe the direction of the light, because it changes the brightness of almost every pixel. A
# smile changes only a small part of the image.
#
# </details>
#
# <details><summary>3. A probe predicts a factor with an R² of -0.06. How can the explained share be negative?</summary>
#
# R² compares the prediction with always predicting the average. A negative value means that the prediction is even
# worse than that. This happens when the codes carry no information about the factor. The 15 nearest faces are then 15
# random faces, and their average differs from the average of all faces by chance. The average of 15 independent
# values has 1/15 of the variance of a single value. This increases the squared error of the prediction by a factor of
# about 1 + 1/15, so R² is about -1/15, or -0.07.
#
# </details>
#
# ## On your own
#
# The exercises become progressively more difficult. You can find the solutions in
# [`solutions/00_faces.ipynb`](solutions/00_faces.ipynb).
#
# 1. **Change one line.** Set `seed` to 2 and run all cells. How does the figure in
#    [The latent space](#The-latent-space) change? (The text will still quote the numbers for seed 0.) Which number in
#    the first table of [The factors are found, the axes are not](#The-factors-are-found,-the-axes-are-not) shows what
#    has happened?
# 2. **Measure.** Repeat the fit from the section
#    [Nine labels give names to directions](#Nine-labels-give-names-to-directions) with only the first five of the
#    nine faces and without the squares and the product. How much worse do the faces become? (The function `look_up`
#    gives a first answer, and the solution uses a more accurate method.)
# 3. **On paper.** (For readers who know what a correlation is.) Suppose that two factors have the same variance and
#    are uncorrelated, and that z1 is the first factor and z2 the second. Now all codes are rotated by 45 degrees.
#    What is the squared correlation of each axis with each factor? Check your answer with `measured.rotate` and
#    `measured.axis_r2`.
# 4. **Measure.** Train the VAE on [faces in which six factors vary](#What-if-other-factors-change-more-pixels?) with
#    six latent dimensions instead of two, by passing `latent_dim=6` to `runs.Recipe`. Which factors can be predicted
#    from the codes now?
#
# ## Further reading
#
# - D. P. Kingma and M. Welling, [*Auto-encoding variational Bayes*](https://arxiv.org/abs/1312.6114), 2013. This
#   paper introduced the VAE. Its figure 4 shows a grid of decoded faces, as in
#   [From codes back to faces](#From-codes-back-to-faces).
# - S. Keydana, [*Representation learning with MMD-VAE*](https://blogs.rstudio.com/ai/posts/2018-10-22-mmd-vae/),
#   RStudio AI blog, 2018. The post contains the thought experiment.
# - F. Locatello et al.,
#   [*Challenging common assumptions in the unsupervised learning of disentangled representations*](https://arxiv.org/abs/1811.12359),
#   2019. The authors prove that no method can find the right axes without labels or assumptions about the data and
#   the model.
# - J. A. Russell, [*A circumplex model of affect*](https://doi.org/10.1037/h0077714), 1980. The paper describes
#   emotions with two dimensions that resemble our valence and intensity.
#
# Core course, lesson 00 · next: [lesson 01, the standard VAE](01_standard_vae.ipynb) ·
# [glossary](../docs/glossary.md)
