"""The VAE: encoder and decoder, joined under an objective and a prior."""

import math

import numpy as np

from vaelib.backend import keras, ops
from vaelib.errors import check_integer
from vaelib.losses import repeated
from vaelib.networks import NETWORKS, weights_from
from vaelib.objectives import ELBO, Objective
from vaelib.pixels import IMAGE_SHAPE, check_images, to_unit_interval
from vaelib.priors import STANDARD_NORMAL, Mixture, Prior

# Images of the post's size at a time, where no gradient is needed: some 250 KB for each.
CHUNK = 250


@keras.saving.register_keras_serializable("vaelib")
class VAE(keras.Model):
    """Encoder and decoder, trained by `fit(images)` on the objective's three terms.

    Args:
        latent_dim: dimensions of the latent space.
        objective: an `Objective`; it decides, among others, whether codes are sampled or computed.
        seed: of the initial weights, and of the noise in training.
        prior: a `Prior`, that of the codes.
        network: "convolutional", the post's, or "gated"; see `vaelib.networks`.
        image_shape: (height, width, channels); by default that of the post's images.
        **kwargs: passed on to `keras.Model`.

    Images are (n, *image_shape), uint8 or floats in [0, 1], and codes (n, latent_dim), n at least
    1; others are refused by a ValueError. Both come back as NumPy arrays of float32.

    Attributes:
        prior: what `Prior.build` made, with `log_density(z)` and `sample(n, seed)`.
        steps_per_epoch: to be set before training where the objective changes with the epoch.

    Raises:
        ValueError, TypeError: for an argument out of range, of another type, or that does not go
            with the objective.
    """

    def __init__(
        self,
        latent_dim=2,
        objective=ELBO,
        seed=0,
        prior=STANDARD_NORMAL,
        network="convolutional",
        image_shape=IMAGE_SHAPE,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.latent_dim = check_integer("latent_dim", latent_dim, 1)
        self.seed = check_integer("seed", seed, 0, 2**32 - 1)
        check_settings(objective, prior, network)
        self.objective = objective
        self.network, self.image_shape = network, tuple(image_shape)
        build_encoder, build_decoder = NETWORKS[network]
        with weights_from(self.seed):
            outputs = 2 * self.latent_dim if objective.sampled else self.latent_dim
            self.encoder = build_encoder(outputs, self.image_shape)
            self.decoder = build_decoder(self.latent_dim, self.image_shape)
        self.prior_settings = prior
        self.prior = prior.build(self.latent_dim, self.encoder, self.seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.steps_per_epoch = None
        if objective.learns_scale:
            begin = keras.initializers.Constant(-1.0)
            self.log_scale = self.add_weight((), begin, name="log_scale")
        if objective.changes:
            self.step = self.add_weight((), "zeros", "int32", trainable=False, name="step")
        self.term_trackers = {name: keras.metrics.Mean(name=name) for name in objective.term_names}
        # Encoder and decoder are built when they are made: there is nothing left to do, and saying
        # so lets Keras save, load and count the model before its first batch.
        self.build()

    def build(self, input_shape=None):
        self.built = True

    def call(self, images, training=False):
        """One pass: images (batch, *image_shape), uint8 or in [0, 1], to a dict of tensors."""
        learned = {"log_scale": ops.copy(self.log_scale)} if self.objective.learns_scale else {}
        encoded = self.encoder(to_unit_interval(images), training=training)
        if not self.objective.sampled:
            return learned | {"z_mean": encoded, "z": encoded, "logits": self.decoder(encoded)}
        if self.objective.samples > 1:  # as if each image were there so many times
            encoded = repeated(encoded, self.objective.samples)
        z_mean, z_log_var = ops.split(encoded, 2, axis=1)  # each (batch, latent_dim)
        # The reparameterization trick: randomness comes from outside, so that z is a function of
        # mean and variance with a gradient (Kingma and Welling 2013, section 2.4).
        noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        codes = {"z_mean": z_mean, "z_log_var": z_log_var, "z": z}
        return learned | codes | {"logits": self.decoder(z)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The objective on one batch, in nats per image; Keras' `fit` minimises what it returns."""
        prior = self.prior.density()
        terms = self.objective.terms(
            *(to_unit_interval(x), y_pred),
            prior_sample=lambda n: prior.tensor_sample(n, self.seed_generator),
            log_prior=prior.log_density,
        )
        for name, value in terms.items():
            # A small last batch counts for as much as its images, as it does in the loss.
            self.term_trackers[name].update_state(ops.mean(value), ops.shape(x)[0])
        if not (training and self.objective.changes):
            return self.objective.total(terms)
        if not self.steps_per_epoch:
            raise ValueError(
                f"the objective {self.objective} changes with the epoch: set steps_per_epoch of "
                "the model, or use vaelib.training, which does."
            )
        epoch = ops.cast(self.step, "float32") / self.steps_per_epoch
        self.step.assign_add(1)
        return self.objective.total(terms, epoch)

    def fit(self, x=None, *args, **kwargs):
        """`keras.Model.fit`, after a look at the images; x may also be `Batches.stream()`."""
        x = check_images(x, self.image_shape) if hasattr(x, "shape") else x
        return super().fit(x, *args, **kwargs)

    def encode(self, images):
        """Mean codes of images: the first of what `encode_distribution` gives."""
        return self.encode_distribution(images)[0]

    def encode_distribution(self, images):
        """Mean and log-variance of q(z|x); the latter None for a deterministic code."""
        images = check_images(images, self.image_shape)
        size = self.at_once()
        encoded = in_chunks(lambda chunk: self.encoder(to_unit_interval(chunk)), images, size)
        if not self.objective.sampled:
            return encoded, None
        return tuple(np.split(encoded, 2, axis=1))

    def decode(self, z):
        """Images decoded from codes, in [0, 1]."""
        z = np.asarray(z, dtype="float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z of shape {z.shape}: expected (n, {self.latent_dim}), n at least 1."
            )
        return in_chunks(lambda chunk: ops.sigmoid(self.decoder(chunk)), z, self.at_once())

    def at_once(self, images=CHUNK):
        """How many images have as many pixels as so many of the post's size: 1 or more."""
        return at_once(self.image_shape, images)

    def sample(self, n, seed=0):
        """Images decoded from n codes that are sampled from the prior by a seed."""
        return self.decode(self.prior.sample(check_integer("n", n, 1), seed))

    def get_config(self):
        if isinstance(self.prior, Mixture):
            raise ValueError("a prior that was fitted afterwards can't be saved with its model.")
        names = "latent_dim", "seed", "network", "image_shape", "name"
        settings = {name: getattr(self, name) for name in names}
        settings["objective"] = self.objective.get_config()
        return settings | {"prior": self.prior_settings.get_config()}

    @classmethod
    def from_config(cls, config):
        objective = Objective.from_config(config["objective"])
        prior = Prior(**config.get("prior", {}))  # older models were saved without
        return cls(**config | {"objective": objective, "prior": prior})


def check_settings(objective, prior, network):
    """Refuse, by a ValueError or TypeError, what can't be trained together."""
    if not isinstance(objective, Objective):
        raise TypeError(f"objective must be a vaelib Objective such as ELBO, not {objective!r}.")
    if not isinstance(prior, Prior):
        raise TypeError(f"prior must be a vaelib Prior such as vamp(20), not {prior!r}.")
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}.")
    if network == "gated" and not objective.sampled:
        raise ValueError(f"a gated network samples codes, unlike the objective {objective}.")
    if prior == STANDARD_NORMAL:
        return
    if objective.closed_form_kl or (objective.mmd_weight and objective.closed_form_mmd):
        raise ValueError(f"closed forms exist for the standard normal, not for a {prior}.")
    if not (objective.kl_weight or objective.mmd_weight):
        raise ValueError(f"nothing in the objective {objective} would train a {prior}.")
    if prior.kind == "vamp" and not objective.sampled:
        raise ValueError(f"a {prior} needs sampled codes, unlike those of {objective}.")


def at_once(image_shape, images=CHUNK):
    """As `VAE.at_once`, for images of any shape (height, width, channels)."""
    return max(1, images * IMAGE_SHAPE[0] * IMAGE_SHAPE[1] // math.prod(image_shape[:2]))


def in_chunks(function, array, size=CHUNK):
    """A function of many rows, called on some at a time to save memory, as one NumPy array."""
    parts = (array[start : start + size] for start in range(0, len(array), size))
    return np.concatenate([ops.convert_to_numpy(function(part)) for part in parts])
