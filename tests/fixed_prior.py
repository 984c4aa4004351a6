"""A prior whose samples are given, for tests of terms and objectives."""

from types import SimpleNamespace

from vaelib.losses import gaussian_log_density


def prior_with_samples(samples):
    """The standard normal prior, with its samples given as an array. None: it is not sampled."""
    prior = SimpleNamespace(log_density=gaussian_log_density, sample=lambda n: samples[: int(n)])
    prior.copies = lambda n: [prior] * n
    return prior
