"""What codes are sampled from before any image is seen: the prior p(z).

The standard normal, or one of two mixtures that are trained along with the model. `Prior` is the
setting; `Prior.build` makes what a `VAE` holds, with trainable variables where it has any.
"""

from dataclasses import asdict, dataclass

import numpy as np

from vaelib import losses
from vaelib.backend import keras, layers, ops
from vaelib.errors import check_integer
from vaelib.pixels import to_unit_interval
from vaelib.streams import stream

KINDS = ("normal", "mixture", "vamp")


@dataclass(frozen=True)
class Prior:
    """Which prior a model has.

    Attributes:
        kind: "normal", the standard normal; "mixture", Gaussians with trainable means and
            variances; "vamp", the posteriors of trainable pseudo-inputs.
        components: how many, for the latter two; all have the same weight.

    Raises:
        ValueError, TypeError: for another kind, or components that do not go with it.
    """

    kind: str = "normal"
    components: int = 1

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown prior {self.kind!r}: choose one of {', '.join(KINDS)}.")
        most = 1 if self.kind == "normal" else None
        components = check_integer("components", self.components, 1, most)
        object.__setattr__(self, "components", components)  # a plain int, for JSON

    def build(self, latent_dim, encoder, seed=0):
        """The prior itself, for a model with this encoder; see `StandardNormal`."""
        if self.kind == "normal":
            return StandardNormal(latent_dim)
        if self.kind == "mixture":
            return MixturePrior(self.components, latent_dim, seed)
        return VampPrior(self.components, encoder, seed)

    def get_config(self):
        """The settings as plain values, for JSON."""
        return asdict(self)

    def __str__(self):
        return self.kind if self.kind == "normal" else f"{self.kind} of {self.components}"


STANDARD_NORMAL = Prior()


def mixture(components):
    """Gaussians of equal weight, with means and variances trained along with the model."""
    return Prior("mixture", components)


def vamp(components):
    """VampPrior (Tomczak and Welling 2017, arXiv 1705.07120): p(z) = 1/K sum_k q(z|u_k)."""
    return Prior("vamp", components)


class StandardNormal:
    """N(0, I), which has nothing to train."""

    is_standard_normal = True  # for those who see no more of a prior than what it can do

    def __init__(self, latent_dim):
        self.latent_dim = latent_dim

    def density(self):
        """What has `log_density` and `tensor_sample` as of now; asked for once a step."""
        return self

    def initialise(self, images, seed):
        """Set what training images decide on: here, nothing."""

    def log_density(self, z):
        """log p(z), in nats: (n, latent_dim) -> (n,)."""
        return losses.gaussian_log_density(z)

    def tensor_sample(self, n, generator):
        """(n, latent_dim), for training: with gradients, from a Keras seed generator."""
        return keras.random.normal((n, self.latent_dim), seed=generator)

    def sample(self, n, seed=0):
        """(n, latent_dim), an array that depends on the seed alone."""
        return stream(seed, "samples").standard_normal((n, self.latent_dim))


class Mixture:
    """Gaussians with diagonal covariances: p(z) = sum_k w_k N(z; mean_k, exp(log_var_k)).

    Args:
        means, log_vars: (components, latent_dim).
        log_weights: (components,), that add up to 1; by default all the same.
    """

    def __init__(self, means, log_vars, log_weights=None):
        self.components = means.shape[0]
        self.means = ops.convert_to_tensor(means, dtype="float32")
        self.log_vars = ops.convert_to_tensor(log_vars, dtype="float32")
        equal = np.full(self.components, -np.log(self.components), dtype="float32")
        self.log_weights = equal if log_weights is None else log_weights

    def log_density(self, z):
        """log p(z), in nats: (n, latent_dim) -> (n,)."""
        # (z - mean)^2 / variance written out, so that two matrix products do for all components.
        z, z_copy = losses.fan_out(z)
        means, means_copy = losses.fan_out(self.means)
        log_vars, log_vars_copy = losses.fan_out(self.log_vars)
        of_z, of_both, of_mean = losses.fan_out(ops.exp(-log_vars_copy), 3)
        of_both = ops.matmul(z, ops.transpose(means * of_both))
        of_z = ops.matmul(ops.square(z_copy), ops.transpose(of_z))  # each (n, components)
        rest = ops.sum(ops.square(means_copy) * of_mean + log_vars + losses.LOG_2PI, axis=1)
        return losses.logsumexp(self.log_weights - 0.5 * (of_z - 2.0 * of_both + rest))

    def density(self):
        """Itself: nothing about it changes."""
        return self

    def tensor_sample(self, n, generator):
        """(n, latent_dim), for training; a component first, then a code from it."""
        log_weights = ops.convert_to_tensor(self.log_weights)[None]
        components = keras.random.categorical(log_weights, n, seed=generator)[0]
        # A product instead of indexing: its gradients are added up in a fixed order.
        chosen = ops.one_hot(components, self.components, dtype="float32")
        noise = keras.random.normal((n, self.means.shape[1]), seed=generator)
        deviations = ops.exp(0.5 * ops.matmul(chosen, self.log_vars))
        return ops.matmul(chosen, self.means) + deviations * noise

    def sample(self, n, seed=0):
        """(n, latent_dim), an array that depends on the seed alone."""
        means, log_vars = (ops.convert_to_numpy(x) for x in (self.means, self.log_vars))
        random = stream(seed, "samples")
        weights = np.exp(np.asarray(self.log_weights, "float64"))
        chosen = random.choice(self.components, n, p=weights / weights.sum())
        noise = random.standard_normal((n, means.shape[1]))
        return means[chosen] + np.exp(log_vars[chosen] / 2) * noise


class TrainedPrior(layers.Layer):
    """A prior with variables: as of now, its `density` is a `Mixture`."""

    def initialise(self, images, seed):
        """Set what training images decide on: here, nothing."""

    def log_density(self, z):
        """As of `Mixture`."""
        return self.density().log_density(z)

    def sample(self, n, seed=0):
        """As of `Mixture`."""
        return self.density().sample(n, seed)


class MixturePrior(TrainedPrior):
    """Means and log-variances are variables. Means begin as samples of N(0, I)."""

    def __init__(self, components, latent_dim, seed):
        super().__init__(name="prior")
        begin = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
        self.means = self.add_weight((components, latent_dim), begin, name="means")
        begin = keras.initializers.Constant(-1.0)
        self.log_vars = self.add_weight((components, latent_dim), begin, name="log_vars")
        self.built = True

    def density(self):
        """The `Mixture` as it is now."""
        return Mixture(ops.copy(self.means), ops.copy(self.log_vars))


class VampPrior(TrainedPrior):
    """The mixture of the posteriors of pseudo-inputs: images in [0, 1] that are trained.

    They begin as noise, or as training images after `initialise`.
    """

    def __init__(self, components, encoder, seed):
        super().__init__(name="prior")
        # Held by a function, as Keras would otherwise take the encoder for a part of the prior.
        self._encode = lambda images: encoder(images)
        self.pseudo_inputs = self.add_weight(
            (components, *encoder.input_shape[1:]),
            keras.initializers.RandomUniform(0.0, 1.0, seed=seed),
            constraint=between_0_and_1,
            name="pseudo_inputs",
        )
        self.built = True

    def initialise(self, images, seed):
        """Begin with training images: (n, *image_shape), uint8, n at least `components`."""
        components = self.pseudo_inputs.shape[0]
        if len(images) < components:
            raise ValueError(
                f"{len(images)} training images for {components} pseudo-inputs: take fewer."
            )
        random = stream(seed, "pseudo-inputs")
        chosen = random.choice(len(images), components, replace=False)
        self.pseudo_inputs.assign(to_unit_interval(images[chosen]))

    def density(self):
        """The `Mixture` as it is now."""
        encoded = self._encode(ops.copy(self.pseudo_inputs))
        return Mixture(*ops.split(encoded, 2, axis=1))


def between_0_and_1(images):  # what training does to pseudo-inputs after each step
    return ops.clip(images, 0.0, 1.0)
