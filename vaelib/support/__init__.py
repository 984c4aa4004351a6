"""Provide what the rest of the package shares: backend, argument checks, files, random numbers.

backend        Keras and TensorFlow, imported without TensorFlow's start-up messages
chunks         apply a function to many images a few at a time, to save memory
errors         exceptions and checks of single arguments
files          atomic writing, and the folder in which data and runs are kept
function_hash  a hash of a function and of everything outside of it that it uses
image_arrays   the format of images, and its check
installed      checks that packages are there which vaelib does not require
latent_grid    a regular grid of points in a two-dimensional latent space
lesson         helpers for notebooks: text alternatives, and checks and notes of changed settings
repeatable     checks that a function and its gradients give the same bytes each time
rng            a random number generator for each named purpose
source_hash    a hash of source code that ignores formatting
"""
