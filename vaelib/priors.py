"""Define the prior p(z), the distribution of codes before any image is given.

The prior is the standard normal distribution or one of two mixtures that are trained together with
the model. `PriorSpec` holds the settings. `PriorSpec.build` creates the prior that a `VAE` uses,
which has variables if it is trainable. All priors have the methods `current`, `initialize`,
`log_density`, and `sample`, which `StandardNormal` documents.
"""

from dataclasses import asdict, dataclass

import numpy as np

from vaelib import losses
from vaelib.support.backend import Tensor, keras, layers, ops
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import to_unit_interval
from vaelib.support.rng import named_rng

KINDS = ("normal", "mixture", "vamp")


@dataclass(frozen=True)
class PriorSpec:
    """Settings of a prior.

    Attributes:
        kind: "normal" (the standard normal), "mixture" (Gaussians with trainable means and
            variances), or "vamp" (the approximate posteriors of trainable pseudo-inputs).
        components: Number of components of a mixture, all of the same weight; 1 for "normal".

    Raises:
        TypeError: If `components` is not an integer.
        ValueError: If the kind is unknown, or the number of components is not possible for it.

    >>> print(PriorSpec("vamp", components=20))
    vamp of 20
    """

    kind: str = "normal"
    components: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown prior {self.kind!r}: choose one of {', '.join(KINDS)}.")
        most = 1 if self.kind == "normal" else None
        components = check_integer("components", self.components, 1, most)
        object.__setattr__(self, "components", components)  # a plain int, for JSON

    def build(
        self, latent_dim: int, encoder: keras.Model, seed: int = 0
    ) -> "StandardNormal | MixturePrior | VampPrior":
        """Create the prior for a model with the given encoder.

        Args:
            latent_dim: Number of latent dimensions.
            encoder: Encoder of the model, which only a VampPrior uses.
            seed: Seed of the initial values of the variables.
        """
        if self.kind == "normal":
            return StandardNormal(latent_dim)
        if self.kind == "mixture":
            return MixturePrior(self.components, latent_dim, seed)
        return VampPrior(self.components, encoder, seed)

    def get_config(self) -> dict[str, str | int]:
        """Return the settings as plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return self.kind if self.kind == "normal" else f"{self.kind} of {self.components}"


STANDARD_NORMAL = PriorSpec()


def mixture(components: int) -> PriorSpec:
    """Return settings of a mixture of equally weighted Gaussians with trained parameters.

    >>> mixture(3)
    PriorSpec(kind='mixture', components=3)
    """
    return PriorSpec("mixture", components)


def vamp(components: int) -> PriorSpec:
    """Return settings of a VampPrior, the mean of the approximate posteriors of pseudo-inputs.

        p(z) = 1/K sum_k q(z|u_k)   (Tomczak and Welling 2017, arXiv 1705.07120)

    >>> vamp(20)
    PriorSpec(kind='vamp', components=20)
    """
    return PriorSpec("vamp", components)


class StandardNormal:
    """The standard normal distribution N(0, I), which has no variables.

    Args:
        latent_dim: Number of latent dimensions.

    >>> StandardNormal(latent_dim=2).log_density(np.array([[0.0, 0.0]])).numpy().round(2).tolist()
    [-1.84]
    """

    # For code such as `vaelib.plotting`, which cannot import this class to test for it.
    is_standard_normal = True

    def __init__(self, latent_dim: int) -> None:
        self.latent_dim = latent_dim

    def current(self) -> "StandardNormal":
        """Return a snapshot of the prior with the current weights, as training needs at each step.

        The snapshot has the methods `log_density`, `sample_tensor`, and `sample`. The standard
        normal has no weights, so it returns itself.
        """
        return self

    def initialize(self, images: np.ndarray, seed: int) -> None:
        """Set the variables that depend on the training images; the standard normal has none."""

    def log_density(self, z: Tensor) -> Tensor:
        """Compute log p(z) in nats, (n, latent_dim) to (n,)."""
        return losses.gaussian_log_density(z)

    def sample_tensor(self, n: int, generator: keras.random.SeedGenerator) -> Tensor:
        """Sample n codes as a differentiable tensor, shape (n, latent_dim), for training."""
        return keras.random.normal((n, self.latent_dim), seed=generator)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n codes as an array, shape (n, latent_dim), which depends only on the seed."""
        return named_rng(seed, "samples").standard_normal((n, self.latent_dim))


class Mixture:
    """A fixed mixture of Gaussian distributions with diagonal covariances.

        p(z) = sum over components k of  w_k N(z; mean_k, exp(log_var_k))

    Args:
        means, log_vars: Shape (components, latent_dim) each.
        log_weights: Logarithms of weights that sum to 1, shape (components,). By default, all
            components have the same weight.

    >>> prior = Mixture(means=np.array([[-2.0], [2.0]]), log_vars=np.zeros((2, 1)))
    >>> prior.log_density(np.array([[2.0]], "float32")).numpy().round(2).tolist()
    [-1.61]
    >>> prior.sample(3, seed=0).shape
    (3, 1)
    """

    def __init__(self, means: Tensor, log_vars: Tensor, log_weights: Tensor | None = None) -> None:
        self.components = means.shape[0]
        self.means = ops.convert_to_tensor(means, dtype="float32")
        self.log_vars = ops.convert_to_tensor(log_vars, dtype="float32")
        equal = np.full(self.components, -np.log(self.components), dtype="float32")
        self.log_weights = equal if log_weights is None else log_weights

    def log_density(self, z: Tensor) -> Tensor:
        """Compute log p(z) in nats, (n, latent_dim) to (n,)."""
        # The square in (z - mean)^2 / variance is expanded, because two matrix products are then
        # sufficient for all components.
        z, z_copy = losses.fork_gradient(z)
        means, means_copy = losses.fork_gradient(self.means)
        log_vars, log_vars_copy = losses.fork_gradient(self.log_vars)
        of_z, of_both, of_mean = losses.fork_gradient(ops.exp(-log_vars_copy), 3)
        of_both = ops.matmul(z, ops.transpose(means * of_both))
        of_z = ops.matmul(ops.square(z_copy), ops.transpose(of_z))  # each (n, components)
        rest = ops.sum(ops.square(means_copy) * of_mean + log_vars + losses.LOG_2PI, axis=1)
        return losses.logsumexp(self.log_weights - 0.5 * (of_z - 2.0 * of_both + rest))

    def current(self) -> "Mixture":
        """Return the mixture itself, because it does not change."""
        return self

    def copies(self, n: int) -> list["Mixture"]:
        """Return n equal mixtures whose gradients are added in a fixed order."""
        parts = losses.fork_gradient(self.means, n), losses.fork_gradient(self.log_vars, n)
        return [Mixture(*pair, self.log_weights) for pair in zip(*parts, strict=True)]

    def sample_tensor(self, n: int, generator: keras.random.SeedGenerator) -> Tensor:
        """Sample n codes as a tensor, shape (n, latent_dim): first components, then codes."""
        log_weights = ops.convert_to_tensor(self.log_weights)[None]
        components = keras.random.categorical(log_weights, n, seed=generator)[0]
        # A matrix product replaces indexing, because its gradients are added in a fixed order.
        chosen = ops.one_hot(components, self.components, dtype="float32")
        noise = keras.random.normal((n, self.means.shape[1]), seed=generator)
        deviations = ops.exp(0.5 * ops.matmul(chosen, self.log_vars))
        return ops.matmul(chosen, self.means) + deviations * noise

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n codes as an array, shape (n, latent_dim); see `StandardNormal.sample`."""
        means, log_vars = (ops.convert_to_numpy(x) for x in (self.means, self.log_vars))
        random = named_rng(seed, "samples")
        weights = np.exp(np.asarray(self.log_weights, "float64"))
        chosen = random.choice(self.components, n, p=weights / weights.sum())
        noise = random.standard_normal((n, means.shape[1]))
        return means[chosen] + np.exp(log_vars[chosen] / 2) * noise


class TrainablePrior(layers.Layer):
    """Base class of priors with variables. With its current weights, each is a `Mixture`.

    >>> MixturePrior(components=3, latent_dim=2, seed=0).sample(5).shape
    (5, 2)
    """

    def initialize(self, images: np.ndarray, seed: int) -> None:
        """Set the variables that depend on the training images; by default there are none."""

    def log_density(self, z: Tensor) -> Tensor:
        """Compute log p(z) in nats with the current weights, (n, latent_dim) to (n,)."""
        return self.current().log_density(z)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n codes as an array with the current weights, shape (n, latent_dim)."""
        return self.current().sample(n, seed)


class MixturePrior(TrainablePrior):
    """A mixture of Gaussians of equal weight whose means and log-variances are trained.

    Args:
        components: Number of Gaussians.
        latent_dim: Number of latent dimensions.
        seed: Seed of the initial means, which are samples from N(0, I).

    >>> MixturePrior(components=3, latent_dim=2, seed=0).current().means.shape
    TensorShape([3, 2])
    """

    def __init__(self, components: int, latent_dim: int, seed: int) -> None:
        super().__init__(name="prior")
        begin = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
        self.means = self.add_weight((components, latent_dim), begin, name="means")
        begin = keras.initializers.Constant(-1.0)
        self.log_vars = self.add_weight((components, latent_dim), begin, name="log_vars")
        self.built = True

    def current(self) -> Mixture:
        """Return the mixture with the current weights."""
        return Mixture(ops.copy(self.means), ops.copy(self.log_vars))


class VampPrior(TrainablePrior):
    """The mixture of the approximate posteriors of pseudo-inputs, which are trained images.

    See `vamp` for the formula. Pseudo-inputs have pixels in [0, 1]. Their initial values are noise,
    or training images if `initialize` is called.

    Args:
        components: Number of pseudo-inputs.
        encoder: Encoder of the model, which gives the posteriors.
        seed: Seed of the initial noise.

    >>> from vaelib.models import VAE
    >>> VAE(prior=vamp(20)).prior.pseudo_inputs.shape
    TensorShape([20, 28, 28, 1])
    """

    def __init__(self, components: int, encoder: keras.Model, seed: int) -> None:
        super().__init__(name="prior")
        # Inside a function, because Keras would otherwise treat the encoder as part of the prior.
        self._encode = lambda images: encoder(images)
        self.pseudo_inputs = self.add_weight(
            (components, *encoder.input_shape[1:]),
            keras.initializers.RandomUniform(0.0, 1.0, seed=seed),
            constraint=Between0And1(),
            name="pseudo_inputs",
        )
        self.built = True

    def initialize(self, images: np.ndarray, seed: int) -> None:
        """Set the pseudo-inputs to randomly chosen training images.

        Args:
            images: Shape (n, *image_shape), uint8 or floats in [0, 1], n at least `components`.
            seed: Seed of the choice.

        Raises:
            ValueError: If there are fewer images than components.
        """
        components = self.pseudo_inputs.shape[0]
        if len(images) < components:
            raise ValueError(
                f"{len(images)} training images for {components} pseudo-inputs: expected at least "
                "one image for each, so choose a prior with fewer components."
            )
        random = named_rng(seed, "pseudo-inputs")
        chosen = random.choice(len(images), components, replace=False)
        self.pseudo_inputs.assign(to_unit_interval(images[chosen]))

    def current(self) -> Mixture:
        """Return the mixture with the current weights of the encoder and the pseudo-inputs."""
        encoded = self._encode(ops.copy(self.pseudo_inputs))
        return Mixture(*ops.split(encoded, 2, axis=1))


class Between0And1(keras.constraints.Constraint):
    """Clip pseudo-inputs to [0, 1], which Keras does after each training step.

    It is a class because Keras accepts functions as constraints only from version 3.15 on.

    >>> Between0And1()(np.array([-0.5, 0.5, 1.5])).numpy().tolist()
    [0.0, 0.5, 1.0]
    """

    def __call__(self, images: Tensor) -> Tensor:
        """Return the images with every pixel below 0 set to 0 and every pixel above 1 set to 1."""
        return ops.clip(images, 0.0, 1.0)
