"""Give a term of the loss access to the prior in a training step."""

from typing import NamedTuple

from vaelib.priors import Mixture, StandardNormal
from vaelib.support.backend import Tensor, keras


class PriorOfStep(NamedTuple):
    """The prior as a term sees it in a training step.

    Random numbers come from the noise generator of the model. Its state is saved with a run, so a
    resumed training run continues with the same numbers.

    Attributes:
        prior: The prior with its current weights, from `current()`.
        generator: The noise generator of the model.

    >>> from vaelib.support.backend import ops
    >>> prior = PriorOfStep(StandardNormal(latent_dim=2), keras.random.SeedGenerator(0))
    >>> prior.sample(3).shape, prior.log_density(ops.zeros((3, 2))).shape, prior.noise(4, 5).shape
    (TensorShape([3, 2]), TensorShape([3]), TensorShape([4, 5]))
    """

    prior: StandardNormal | Mixture
    generator: keras.random.SeedGenerator

    def log_density(self, z: Tensor) -> Tensor:
        """Compute log p(z) in nats, (n, latent_dim) to (n,)."""
        return self.prior.log_density(z)

    def sample(self, n: int) -> Tensor:
        """Sample n codes from the prior, shape (n, latent_dim)."""
        return self.prior.sample_tensor(n, self.generator)

    def copies(self, n: int) -> list["PriorOfStep"]:
        """Return n copies, so that the gradients of n terms are added in a fixed order."""
        if n < 2 or not isinstance(self.prior, Mixture):
            return [self] * n
        return [self._replace(prior=mixture) for mixture in self.prior.copies(n)]

    def noise(self, *shape: int) -> Tensor:
        """Sample numbers of the given shape from the standard normal distribution."""
        return keras.random.normal(shape, seed=self.generator)
