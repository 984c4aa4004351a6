"""Train and examine variational autoencoders with a low-dimensional latent space.

The package belongs to a course on VAEs and MMD-VAEs. It rebuilds the models of the blog post
"Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog, 2018), called "the post".

The following modules are the core, which is explained in the lessons:

losses, mmd   the mathematics of the loss, one function for each formula
terms         the terms of the loss as values, and terms of your own
prior_of_step the prior as a term sees it in a training step
term_check    the check of a term of your own before training
weighted_sum  an objective, which is a sum of weighted terms
objectives    objectives that have a name: ELBO, beta-VAE, MMD-VAE, and InfoVAE
priors        distributions from which codes are sampled
networks      encoders and decoders
own_networks  encoders and decoders that you built with Keras
conditioning  the class label as an input of encoder and decoder
compatibility the check that the settings of a model can be combined
models        the VAE, which joins encoder, decoder, prior, and objective
adversarial   the losses of a GAN
gans          the GAN, which has a generator and a discriminator in place of encoder and decoder
array_methods the methods of a model for arrays: encode, decode, and sample
batches       training images in shuffled batches
training      the training loop

The other parts of the package are folders:

data          data sets, and folders of your own images
runs          recipes, training runs, and their files
measures      measures of models and latent spaces
plotting      figures of arrays
explorer      interactive web pages
commands      the command line
support       what the rest of the package shares
"""

import os

# TensorFlow reads this variable when it is first imported. Without it, TensorFlow writes start-up
# messages to stderr, where they would appear in the notebooks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


__version__ = "1.0.0"
