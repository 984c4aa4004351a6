"""Create a separate random number generator for each named purpose."""

from hashlib import sha256

import numpy as np


def named_rng(seed: int | list[int], name: str) -> np.random.Generator:
    """Create a random number generator for one purpose, determined by the seed and the name.

    If `numpy.random.default_rng(seed)` is called in two places, both get the same numbers. For
    example, random directions that are sampled in this way would be equal to sampled codes, and a
    measure that averages over directions would be wrong. Here the SHA-256 of the name is a part of
    the seed, so generators with different names are independent of each other, and of
    `default_rng` called with a few integers.

    Args:
        seed: An integer, or a list of integers, 0 or greater.
        name: The purpose, for example "directions".

    >>> float(named_rng(0, "samples").random()), float(named_rng(0, "directions").random())
    (0.0877, 0.1762)
    """
    words = np.frombuffer(sha256(name.encode()).digest(), "<u4").tolist()
    return np.random.default_rng([*words, *np.atleast_1d(seed).tolist()])
