"""Variational autoencoders with a latent space one can look at.

The modules in the order in which data flow through them:

data         load a data set of 28 x 28 images, verified
losses, mmd  the terms of the loss, one function each
objectives   which terms, with which weights: ELBO, beta-VAE, MMD-VAE, InfoVAE
models       encoder, decoder, and the VAE that trains on an objective
training     a recipe goes in, a trained run comes out and is kept
metrics      numbers for what the pictures show
plotting     arrays in, figure out
"""

import os

# TensorFlow reads these when it is first imported, and writes its start-up remarks to stderr,
# where they would end up in the notebooks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


__version__ = "0.1.0"
