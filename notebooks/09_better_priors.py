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
# # Better priors, and a bridge to latent diffusion

# %%
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

# If a module is not found, install the course: pip install --editable ".[cpu,tutorial]" beside README.md
from study import latent_diffusion, model_table, named_models, vae_family
from vaelib import data, measures, plotting, runs
from vaelib.measures import features
from vaelib.support import lesson
from vaelib.support.backend import keras, layers
from vaelib.support.rng import named_rng

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or "mnist", "faces"
epochs: int = 4  # passes over the training images
seed: int = 0  # of the initial weights, the order of the images, and everything that is sampled
limit = None  # a number: train on the first `limit` images only; None: train on all
steps: int = 3000  # training steps of the diffusion model

# %%
lesson.note_changed_settings(
    globals(), dataset_name="fashion_mnist", epochs=4, seed=0, limit=None, steps=3000
)
lesson.check_ranges(globals(), dataset_name=("fashion_mnist", "mnist", "faces"), limit=(100, None))

# %% [markdown]
# ## Where the prior and the codes disagree

# %%
dataset = data.load(dataset_name).limit(limit)
settings = dict(epochs=epochs, seed=seed, limit=limit)
vae = runs.train(named_models.recipe(dataset_name, "elbo", **settings)).model
codes = named_models.sample_codes(vae, dataset.train_images, seed)

# %%
samples = vae.prior.sample(5000, seed)
lesson.show(
    plotting.point_panels(
        {"codes of training images": codes[:5000], "samples from the prior": samples}, limit=5.5
    ),
    "PLACEHOLDER Two panels of five thousand points each. On the left codes, on the right samples from the prior.",
)

# %%
near_codes = NearestNeighbors().fit(codes).kneighbors(samples, 20)[0][:, -1]
near_samples = NearestNeighbors().fit(samples).kneighbors(samples, 20)[0][:, -1]
empty = np.argsort(near_samples / near_codes)[:12]
lesson.show(
    plotting.image_rows(
        {
            "first samples": vae.decode(samples[:12]),
            "fewest codes": vae.decode(samples[empty]),
        }
    ),
    "PLACEHOLDER Two rows of twelve decoded samples from the prior one and two and three and four.",
)
print(samples[empty].round(1))

# %% [markdown]
# ## How much can another prior gain?

# %%
posteriors = vae.encode_distribution(dataset.test_images)
information, aggregate_kl = measures.decompose_rate(*posteriors, seed, vae.prior)
print(f"rate {information + aggregate_kl:.2f} nats:")
print(f"  mutual information {information:.2f}, aggregate KL {aggregate_kl:.2f}")

# %% [markdown]
# ## A mixture that is fitted after training

# %%
mixture = named_models.fit_mixture(codes, 20, seed)
information, aggregate_kl = measures.decompose_rate(*posteriors, seed, mixture)
print(f"with the mixture as prior: rate {information + aggregate_kl:.2f} nats:")
print(f"  mutual information {information:.2f}, aggregate KL {aggregate_kl:.2f}")

# %% [markdown]
# ## Priors that are trained together with the model

# %%
vamp_recipe = named_models.recipe(dataset_name, "elbo", "vamp(20)", **settings)
vamp = runs.train(vamp_recipe).model

# %%
untrained = vamp_recipe.compiled_model(len(dataset.train_images))
untrained.prior.initialize(dataset.train_images, seed)
before, after = (np.asarray(model.prior.pseudo_inputs)[:10] for model in (untrained, vamp))
lesson.show(
    plotting.image_rows(
        {"before": before, "after": after, "decoded": vamp.decode(vamp.encode(after))}
    ),
    "PLACEHOLDER Ten pseudo-inputs in three rows one two three four five.",
)

# %%
vamp_codes = named_models.sample_codes(vamp, dataset.train_images, seed)
shown = {
    "standard normal": (vae.prior, codes),
    "fitted mixture": (mixture, codes),
    "VampPrior": (vamp.prior, vamp_codes),
}
lesson.show(
    plotting.priors(
        {title: prior for title, (prior, _) in shown.items()},
        {title: some[:5000] for title, (_, some) in shown.items()},
    ),
    "PLACEHOLDER Three panels one two three four five.",
)

# %%
table = vae_family.family_rows(model_table.read())
rows = table[(table.objective == "elbo") & (table.latent_dim == 2) & (table.seed < 3)]
kept = ["marginal cross-entropy", "mutual information", "aggregate KL"]
of_images = ["precision", "recall", "coverage"]
names = {
    "normal": "standard normal",
    "fitted(20)": "fitted mixture",
    "mixture(20)": "trained mixture",
    "vamp(20)": "VampPrior",
}
by_prior = pd.concat(
    [vae_family.mean_and_std(rows, kept), vae_family.mean_and_std(rows, of_images, 3)], axis=1
).droplevel(["objective", "latent_dim"])
by_prior.loc[list(names)].rename(names)

# %%
exact = rows.pivot(index="seed", columns="prior", values="marginal cross-entropy")
exact.rsub(exact["normal"], axis=0)[list(names)[1:]].rename(columns=names).round(2)

# %% [markdown]
# ## Adding noise to codes


# %%
def signal_and_noise(t):
    """Return a and b, the shares of the code and of the noise at time t."""
    return np.cos(np.pi / 2 * t), np.sin(np.pi / 2 * t)


mean, deviation = codes.mean(axis=0), codes.std(axis=0)
clean = (codes - mean) / deviation  # mean 0 and standard deviation 1 in each dimension
noise = named_rng(seed, "noise of the figure").standard_normal(clean.shape)
noisy = {}
for t in (0.0, 0.15, 0.3, 0.6, 0.99):
    a, b = signal_and_noise(t)
    noisy[f"t = {t:g}"] = a * clean + b * noise
lesson.show(
    plotting.point_panels({title: points[:5000] for title, points in noisy.items()}, limit=3.5),
    "PLACEHOLDER Five panels one two three four five.",
)

# %% [markdown]
# ## Predicting the noise


# %%
def fit_denoiser(clean, steps, seed):
    """Train a network that predicts the noise in a noisy code."""
    random = named_rng(seed, "diffusion")
    n = 512 * steps  # one row for each noisy code of each training step
    z, t = clean[random.integers(len(clean), size=n)], random.random((n, 1))
    noise = random.standard_normal(z.shape)
    a, b = signal_and_noise(t)
    inputs = np.concatenate([a * z + b * noise, a, b], axis=1)

    sizes = [(128, "relu"), (128, "relu"), (128, "relu"), (clean.shape[1], None)]
    starts = [keras.initializers.GlorotUniform(seed=4 * seed + i) for i in range(4)]
    denoiser = keras.Sequential(
        [keras.Input(inputs.shape[1:])]
        + [layers.Dense(*size, kernel_initializer=k) for size, k in zip(sizes, starts, strict=True)]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.005, steps)
    denoiser.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    inputs, noise = inputs.astype("float32"), noise.astype("float32")
    found = denoiser.fit(inputs, noise, batch_size=512, shuffle=False, verbose=0)
    print(f"mean squared error of the predicted noise: {found.history['loss'][-1]:.3f}")
    return denoiser


denoiser = fit_denoiser(clean, steps, seed)


# %%
def predict_noise(denoiser, noisy, t):
    """Predict the noise in codes of shape (n, d) that are all at time t."""
    a_and_b = np.broadcast_to(signal_and_noise(t), (len(noisy), 2))
    inputs = np.concatenate([noisy, a_and_b], axis=1).astype("float32")
    return denoiser(inputs).numpy()


# %% [markdown]
# ## The predicted noise as arrows

# %%
axis = np.linspace(-2.4, 2.4, 13)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
arrows, points = {}, {}
for t in (0.8, 0.4, 0.15):
    title = f"t = {t:g}"
    a, b = signal_and_noise(t)
    points[title] = (a * clean + b * noise)[:5000]
    arrows[title] = grid, grid - 0.4 * b * predict_noise(denoiser, grid, t)
lesson.show(
    plotting.point_panels(points, limit=2.8, arrows=arrows),
    "PLACEHOLDER Three panels one two three four five.",
)

# %% [markdown]
# ## From noise to codes


# %%
def denoise(denoiser, noise, steps=100):
    """Turn noise of shape (n, d) into codes, and return the noisy codes of all steps."""
    path = [noise]
    for t, next_t in pairwise(np.linspace(0.99, 0, steps + 1)):
        (a, b), (next_a, next_b) = signal_and_noise(t), signal_and_noise(next_t)
        predicted = predict_noise(denoiser, path[-1], t)
        estimate = (path[-1] - b * predicted) / a
        path.append(next_a * estimate + next_b * predicted)
    return np.stack(path)


start = named_rng(seed, "samples").standard_normal((5000, 2))
path = denoise(denoiser, start)
diffused = mean + deviation * path[-1]

# %%
lesson.show(
    plotting.point_panels(
        {
            "t = 0.99: noise": path[0],
            "t = 0.40": path[60],
            "t = 0.15": path[85],
            "t = 0: samples": path[-1],
        },
        limit=3.0,
        paths={"t = 0: samples": path[:, :12]},
    ),
    "PLACEHOLDER Four panels one two three four five.",
)

# %%
lesson.show(
    plotting.point_panels(
        {
            "codes": codes[:5000],
            "prior": samples,
            "mixture": mixture.sample(5000, seed),
            "diffusion": diffused,
        },
        limit=5.5,
    ),
    "PLACEHOLDER Four panels one two three four.",
)

# %%
lesson.show(
    plotting.image_rows(
        {
            "prior": vae.decode(samples[:12]),
            "mixture": vae.decode(mixture.sample(12, seed)),
            "diffusion": vae.decode(diffused[:12]),
        }
    ),
    "PLACEHOLDER Three rows of twelve one two three.",
)

# %% [markdown]
# ## Which prior is best?


# %%
class Diffusion:
    """A diffusion model of codes with the method `sample` that all priors have."""

    def __init__(self, codes, steps, seed):
        self.mean, self.deviation = codes.mean(axis=0), codes.std(axis=0)
        self.denoiser = fit_denoiser((codes - self.mean) / self.deviation, steps, seed)

    def sample(self, n, seed=0):
        start = named_rng(seed, "samples").standard_normal((n, len(self.mean)))
        return self.mean + self.deviation * denoise(self.denoiser, start)[-1]


# %%
extract = features.load(dataset_name)
diffusion = Diffusion(codes, steps, seed)
compared = {
    "standard normal": (vae, vae.prior),
    "VampPrior": (vamp, vamp.prior),
    "fitted mixture": (vae, mixture),
    "diffusion": (vae, diffusion),
    "codes": (vae, latent_diffusion.SampledCodes(codes)),
}
found = {
    name: latent_diffusion.measure(model, prior, dataset, extract, seed)
    for name, (model, prior) in compared.items()
}
pd.DataFrame(found).T.round(3)

# %% [markdown]
# ## Why coverage does not improve

# %%
real = dataset.test_images[:5000]
reconstructed = vae.decode(vae.encode(real))
balls = measures.Manifold(extract(real), k=5)
inside = balls.ball_membership(extract(reconstructed))
print(f"{np.diag(inside).mean():.3f} of the images have their own reconstruction in their ball")
print(f"{inside.any(axis=0).mean():.3f} have any reconstruction in their ball")
print(f"{inside.any(axis=1).mean():.3f} of the reconstructions are in some ball")

# %%
lesson.show(
    plotting.image_rows({"image": real[:12], "reconstruction": reconstructed[:12]}),
    "PLACEHOLDER Two rows of twelve one two three.",
)

# %% [markdown]
# ## Eight dimensions

# %%
vae8 = runs.train(named_models.recipe(dataset_name, "elbo", latent_dim=8, **settings)).model
codes8 = named_models.sample_codes(vae8, dataset.train_images, seed)
priors8 = {
    "standard normal": vae8.prior,
    "fitted mixture": named_models.fit_mixture(codes8, 20, seed),
    "diffusion": Diffusion(codes8, steps, seed),
    "codes": latent_diffusion.SampledCodes(codes8),
}
lesson.show(
    plotting.image_rows(
        {name: vae8.decode(prior.sample(12, seed)) for name, prior in priors8.items()}
    ),
    "PLACEHOLDER Four rows of twelve one two three.",
)

# %%
found8 = {
    name: latent_diffusion.measure(vae8, prior, dataset, extract, seed)
    for name, prior in priors8.items()
}
pd.DataFrame(found8).T[["precision", "recall", "density", "coverage", "aggregate KL"]].round(3)

# %%
table8 = table[(table.objective == "elbo") & (table.prior == "normal") & (table.seed == 0)]
kept = ["active units", "rate", "pixel MSE", "15-NN accuracy", *of_images]
table8.set_index("latent_dim")[kept].sort_index().round(3)
