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
# # One row of the study
#
# Which of the post's claims hold over several models and seeds, and what does the rest of the family do?
# This notebook trains one model and measures it. `make study` executes it for every combination in
# `notebooks/study.yml`, and collects the rows into the table `runs/models.csv`; `make forecast` does so with
# `notebooks/forecast.yml` and `runs/forecast.csv`. Change a parameter and run it to see any row come about. It is a
# form to be filled in, so it is kept without outputs.

# %%
import time

import pandas as pd
from IPython.display import display

from vaelib import plotting, study
from vaelib.measures import features
from vaelib.runs import provenance
from vaelib.study import staleness

# %% tags=["parameters"]
dataset_name: str = "fashion_mnist"  # or another name that `data.load` knows
objective: str = "elbo"  # a name in vaelib.study.OBJECTIVES, or a call such as "beta(0.1)"
prior: str = "normal"  # or "mixture(20)", "vamp(20)"; "fitted(20)": after training
latent_dim: int = 2  # dimensions of the latent space
seed: int = 0  # of the weights, the order of the images and the noise
schedule: str = "fast"  # or "post": the post's fifty epochs
pixels: str = "grey"  # or "threshold": black and white
limit = None  # a number: train on the first so many images; None: on all
epochs = None  # a number: passes over the images; None: as many as the schedule has
learning_rate = None  # a number: at its highest; None: as the schedule has it

# %%
start = time.time()
named = dict(objective=objective, prior=prior, schedule=schedule)
settings = dict(latent_dim=latent_dim, pixels=pixels, seed=seed, limit=limit)
other = {"epochs": epochs, "learning_rate": learning_rate}
settings |= {name: value for name, value in other.items() if value is not None}
recipe = study.recipe(dataset_name, **named, **settings)
dataset = recipe.load()
model = study.model_of(dataset_name, **named, **settings)

# %%
codes = model.encode(dataset.test_images)
plotting.latent_space(codes, dataset.test_labels, dataset.class_names)

# %%
measures = study.measure(model, dataset, features.load(dataset_name), seed)
pd.Series(measures).round(4).to_frame("measured")

# %% [markdown]
# The row, with where it comes from, for the table:

# %%
row = {"dataset": dataset_name} | named | settings | {"epochs": recipe.epochs} | measures
row |= study.flat(provenance.record(dataset, time.time() - start, 0)) | staleness.today(
    dataset_name
)
display({"application/json": row, "text/plain": "a row of the table"}, raw=True)
