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
# # Solutions: measuring a claim
#
# These are the solutions of the exercises in [lesson 05](../05_measuring_a_claim.ipynb). They take about two
# minutes on two CPU cores.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import known_images, ledger, model_table
from vaelib import data
from vaelib.measures import features
from vaelib.support import lesson

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces": of the images whose quality is known
seed: int = 0  # of the random numbers, and of the images of noise
limit = None  # a number: use the first so many images; None: all

# %%
lesson.note_changed_settings(globals(), dataset_name="fashion_mnist", seed=0, limit=None)
lesson.check_ranges(globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(100, None))

# %% [markdown]
# ## 1. Change one line
#
# *Set `measure` to "15-NN accuracy" and run the cells again up to the table of the four verdicts. What do you find?*
#
# The next cell repeats the four tests with SciPy, and it takes the corrected p values and the verdicts from the
# ledger.

# %%
table = pd.read_csv(model_table.TABLE).query(
    "dataset == 'fashion_mnist' and pixels == 'gray' and prior == 'normal' and latent_dim == 2"
)
verdicts = ledger.read()
verdicts = verdicts[(verdicts.measure == "15-NN accuracy") & (verdicts.data == "fashion_mnist")]
vaes, rows = {"post's weights": "post-elbo", "standard KL weight": "elbo"}, []
for schedule in ("fast", "post"):
    for comparison, vae in vaes.items():
        both = [
            table.loc[(table.schedule == schedule) & (table.objective == name), "15-NN accuracy"]
            for name in ("post-mmd", vae)
        ]
        test = stats.ttest_ind(*both, equal_var=False)
        low, high = test.confidence_interval()
        row = {"schedule": schedule, "comparison": comparison, "low": low, "high": high}
        row |= {"difference": both[0].mean() - both[1].mean(), "p": test.pvalue}
        rows.append(row)
found = pd.DataFrame(rows).merge(
    verdicts[["schedule", "comparison", "corrected p", "verdict"]], on=["schedule", "comparison"]
)
numbers = ["low", "high", "difference", "p", "corrected p"]
found.assign(**{name: found[name].map("{:.3g}".format) for name in numbers})

# %% [markdown]
# After four epochs, the accuracy of the MMD-VAE is lower than that of both VAEs, and both corrected p values are
# below 0.05. The verdict is that the claim does not hold. After fifty epochs, both intervals contain 0, so we can't
# tell. As [lesson 05](../05_measuring_a_claim.ipynb) says, there is thus no comparison in which the features of
# the post's MMD-VAE are more informative.
#
# ## 2. On paper: Holm's correction
#
# *Apply Holm's correction to the p values 0.012, 0.2, 0.011, and 0.013. How many are below 0.05? How many are if you
# simply multiply each of them by four?*
#
# To apply the correction, we sort the p values. The smallest one is multiplied by four, the next one by three, then
# by two, and then by one.
#
# | p | times | product | corrected |
# | --- | --- | --- | --- |
# | 0.011 | 4 | 0.044 | 0.044 |
# | 0.012 | 3 | 0.036 | 0.044 |
# | 0.013 | 2 | 0.026 | 0.044 |
# | 0.2 | 1 | 0.2 | 0.2 |
#
# The second and the third product are smaller than the first one, so they are replaced by 0.044. Three corrected p
# values are below 0.05. If we multiply all of them by four, which is called Bonferroni's correction, we obtain 0.044,
# 0.048, 0.052, and 0.8, and only two are below 0.05. Holm's correction never gives a larger p value, and it gives the
# same guarantee, because after one real difference only three tests remain that could be false findings
# ([lesson 05](../05_measuring_a_claim.ipynb#One-test-among-many)).

# %%
p = pd.Series([0.012, 0.2, 0.011, 0.013])
ordered = p.sort_values()
holm = (ordered * np.arange(len(p), 0, -1)).cummax().clip(upper=1).reindex(p.index)
for name, corrected in {"Holm": holm, "times four": (4 * p).clip(upper=1)}.items():
    print(f"{name:10} {corrected.round(3).tolist()}  {(corrected < 0.05).sum()} below 0.05")

# %% [markdown]
# ## 3. On paper: Shapley values
#
# *A measure is 0 before two changes, 8 after A alone, 9 after B alone, and 10 after both. What are the Shapley
# values? What are they for the values 0, 0, 0, and 10, and what does this second case mean? Which of the two is the
# 15-NN accuracy on clothes more similar to?*
#
# The two changes can be made in two orders. If A comes first, it adds 8, and B adds the remaining 2. If B comes
# first, it adds 9, and A adds the remaining 1. The Shapley value of A is therefore $(8 + 1)/2 = 4.5$, and that of B
# is $(2 + 9)/2 = 5.5$. They add up to 10. As in the lesson, each change alone achieves most of the difference.
#
# In the second case, the change that comes first adds 0, and the one that comes second adds 10, so both Shapley
# values are 5. In other words, neither change does anything alone, and the difference appears only if both are made.
# The Shapley values of this case would be the same for two changes that add 5 each, independently of each other. This
# shows that the values alone do not tell us how changes work together, so that we have to look at all four numbers.
#
# The 15-NN accuracy on clothes is nearly of the second kind.


# %%
def shapley(before, a, b, both):
    return {"A": (a - before + both - b) / 2, "B": (b - before + both - a) / 2}


print({name: float(value) for name, value in shapley(0, 8, 9, 10).items()})
print({name: float(value) for name, value in shapley(0, 0, 0, 10).items()})

names = ["elbo", "mmd-deterministic", "elbo-squared-error", "post-mmd"]
fast = table[(table.schedule == "fast") & table.objective.isin(names)]
accuracy = fast.groupby("objective")["15-NN accuracy"].agg(["mean", "std"]).loc[names]
accuracy.index = ["before", "after A", "after B", "after both"]
print(accuracy.round(4))
print({name: round(float(value), 4) for name, value in shapley(*accuracy["mean"]).items()})

# %% [markdown]
# Neither MMD alone nor the squared error alone changes the accuracy by more than 0.002. Both together reduce it by
# 0.015. A possible reason is the weight of the MMD. Squared errors are smaller numbers than cross-entropies, so the
# same MMD counts more in comparison. Perhaps it then pushes the codes of different classes closer together. One model
# supports this explanation. It has the squared error and 0.35 times the MMD weight, is called `mmd-matched` in the
# table, and has an accuracy of 0.673. However, we have not measured what the MMD does to the codes of different
# classes. All of this is exploratory, because we looked at these four models after we knew the result.
#
# ## 4. On paper: degrees of freedom
#
# *What is $\nu$ if both models have the same standard deviation and $n$ seeds each? What is it if one of the models
# does not vary at all?*
#
# Let $a = \mathrm{SD}_1^2/n$ and $b = \mathrm{SD}_2^2/n$ be the two entries of `variances`. With $n$ seeds each, the
# formula in the code is
#
# $$ \nu = \frac{(a + b)^2}{a^2/(n - 1) + b^2/(n - 1)} = (n - 1) \, \frac{(a + b)^2}{a^2 + b^2} . $$
#
# If the standard deviations are equal, then $a = b$, and $\nu = (n - 1) \cdot 4a^2 / (2a^2) = 2(n - 1)$. In other
# words, both models contribute $n - 1$. If the second model does not vary, then $b = 0$ and $\nu = n - 1$, because
# only the first model tells us anything about chance. In all other cases, $\nu$ is between these two values. The next
# cell checks this with SciPy, for ten seeds and for three standard deviations of the second model.

# %%
first = np.random.default_rng(seed).standard_normal(10)
for words, second in {"equal": first, "half": first / 2, "tiny": first / 1000}.items():
    test = stats.ttest_ind(first, second, equal_var=False)
    print(f"{words:5}  {test.df:5.2f} degrees of freedom")

# %% [markdown]
# The results are 18 and 9 for the two extreme cases, where a tiny standard deviation stands for none at all. For half
# the standard deviation, $b = a/4$, so that $\nu = 9 \cdot (5/4)^2 / (17/16) \approx 13.24$.
#
# ## 5. Measure: from single images to averages
#
# *We averaged 20 similar images. How do the four measures depend on this number? Try 1, 2, 5, and 20.*
#
# With one image, the "average" is the most similar training image of the same class, which is a real image.

# %%
dataset = data.load(dataset_name)
if limit is not None:
    dataset = dataset.limit(limit, min(limit, len(dataset.test_images)))
feature_space, numbers, averages = features.load(dataset_name), [1, 2, 5, 20], {}
for number in numbers:
    real, known = known_images.make_known_images(dataset, seed, averaged=number)
    averages[number] = known["mean of nearest neighbors"]
marks = pd.DataFrame(known_images.measure_images(real, averages, feature_space)).T
marks = marks[["precision", "coverage", "recall", "sharpness"]]
marks.rename_axis("averaged images").round(3)

# %%
figure, ax = plt.subplots(figsize=(7, 3.6), dpi=110, layout="constrained")
for name, marker, color in zip(
    marks, "osD^", ("#0072b2", "#d55e00", "#009e73", "0.3"), strict=True
):
    ax.plot(numbers, marks[name], marker=marker, color=color, label=name)
ax.set_xscale("log")
ax.set_xticks(numbers, numbers)
ax.minorticks_off()
ax.set(xlabel="number of averaged images", ylabel="measure", ylim=(0, 1.05))
ax.legend(fontsize=9)
plt.close(figure)
ends = [
    f"{name} goes from {marks[name].iloc[0]:.2f} to {marks[name].iloc[-1]:.2f}" for name in marks
]
lesson.show(
    figure,
    "Four curves over the number of averaged images, from 1 to 20 on a logarithmic axis. "
    f"{', '.join(ends).capitalize()}.",
)

# %% [markdown]
# With one image, no pixel is averaged. Nevertheless, precision is already 0.974, whereas it is 0.935 for real images
# in [the lesson](../05_measuring_a_claim.ipynb#What-does-a-measure-reward?). Recall is 0.861 and sharpness 0.813,
# so both are lower than for real images. A likely reason is that the training image most similar to a given image is
# often a typical and rather smooth one. In other words, the choice of the image alone has an effect, although every
# image in this set is real.
#
# Averaging does the rest. From one image to twenty, precision rises to 0.999, while recall falls to 0.241 and
# sharpness to 0.311. Coverage falls much less, from 0.965 to 0.866. We can conclude that precision rewards typical
# images, whether or not they are averaged, and that recall and sharpness are the measures that notice the averaging.
#
# ## 6. Open: a measure of a set of images
#
# *Invent a measure of a set of decoded images, and send the known images through it. What does it reward?*
#
# One possibility is *variety*, the mean squared distance of two images in the space of features, divided by the same
# quantity for real images. It equals twice the sum of the variances of all features, so it is easy to compute.


# %%
def variety(images):
    return 2 * feature_space(images).var(axis=0).sum()


real, known = known_images.make_known_images(dataset, seed)
known |= {
    "real images, mirrored": known["real images"][:, :, ::-1],
    "real images, upside down": known["real images"][:, ::-1],
    "ten real images, repeated": np.resize(known["real images"][:10], known["real images"].shape),
}
for name, images in known.items():
    print(f"{name:26} {variety(images) / variety(real):.2f}")

# %% [markdown]
# By this measure, other real images have a variety of 1.02, averages of 0.89, blurred images of 0.87, noise of 0.08,
# and the gray image of 0. The variety is therefore lower for all of the bad images, at least in this list. It may be
# surprising that noise has so little of it, because all images of noise are different. However, to the classifier
# they look alike.
#
# The last three rows show what the measure does not notice. Ten real images that are repeated until the set is
# complete have a variety of 0.97, although the set contains only ten different images. This is because a variance
# does not depend on repetition. Mirrored images have 0.71 and images that are upside down have 0.50, although both
# sets are exactly as varied as the original images. The classifier was not trained on images like these, for example
# on shoes that point in the other direction. Its features, and all measures that are computed from them, are
# therefore meaningful only for images like those that it was trained on.
