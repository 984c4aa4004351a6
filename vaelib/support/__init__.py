"""Provide what the rest of the package shares: backend, argument checks, files, random numbers.

backend       Keras and TensorFlow, imported without TensorFlow's start-up messages
chunks        apply a function to many images a few at a time, to save memory
errors        exceptions and checks of single arguments
files         atomic writing, and the folder in which data and runs are kept
image_arrays  the format of images, and its check
latent_grid   a regular grid of points in a two-dimensional latent space
lesson        helpers for notebooks: text alternatives, and a note on changed settings
rng           a random number generator for each named purpose
"""
