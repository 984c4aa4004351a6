"""Variational autoencoders with a latent space one can look at.

The mathematics, to be read along with the notebooks:

losses, mmd  the terms of the loss, one function each
objectives   which terms, with which weights: ELBO, beta-VAE, MMD-VAE, InfoVAE
priors       what codes are sampled from
networks     encoders and decoders
models       the VAE that joins them, and trains on an objective
batches      images in the order in which they are trained on
training     the loop

Around it, folders: data, runs (recipes and what came of them), measures, study, plotting, explorer.
"""

import os

# TensorFlow reads these when it is first imported, and writes its start-up remarks to stderr,
# where they would end up in the notebooks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


__version__ = "0.1.0"
