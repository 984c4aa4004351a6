"""Random numbers with a name: a stream for each purpose, so that no two are ever the same."""

from hashlib import sha256

import numpy as np


def stream(seed, name):
    """A generator for one purpose: what it gives follows from the seed and the name alone.

    `numpy.random.default_rng(seed)` called in two places gives both the same numbers. Directions
    that are drawn so beside codes are the codes' own directions, and a measure of all directions
    has looked in one. Here the name is a part of the seed, by its SHA-256: streams of two names
    have nothing in common, nor has one of them with `default_rng` of any integers as short as ours.

    Args:
        seed: an integer, or a list of them, 0 or more.
        name: the purpose, such as "directions".

    Returns:
        A `numpy.random.Generator`.
    """
    words = np.frombuffer(sha256(name.encode()).digest(), "<u4").tolist()
    return np.random.default_rng([*words, *np.atleast_1d(seed).tolist()])
