"""The VAE: encoder and decoder, joined under an objective and a prior."""

import numpy as np

from vaelib.backend import keras, ops
from vaelib.losses import repeated
from vaelib.networks import IMAGE_SHAPE, NETWORKS
from vaelib.objectives import ELBO, Objective
from vaelib.priors import STANDARD_NORMAL, Prior

# Images at a time where no gradient is needed. Decoding takes some 250 KB an image.
CHUNK = 250


@keras.saving.register_keras_serializable("vaelib")
class VAE(keras.Model):
    """Encoder and decoder, trained by `fit(images)` on the objective's three terms.

    Args:
        latent_dim: dimensions of the latent space.
        objective: an `Objective`; it decides, among others, whether codes are drawn or computed.
        seed: of the noise in training.
        prior: a `Prior`, that of the codes.
        network: "convolutional", the post's, or "gated"; see `vaelib.networks`.
        **kwargs: passed on to `keras.Model`.

    Attributes:
        prior: what `Prior.build` made: `log_density(z)`, `sample(n, seed)`.
        steps_per_epoch: to be set before training where the objective changes with the epoch.

    Raises:
        ValueError: for a latent_dim below 1, or a prior that the objective can't train.
        TypeError: for an objective or a prior that is none.
    """

    def __init__(
        self,
        latent_dim=2,
        objective=ELBO,
        seed=0,
        prior=STANDARD_NORMAL,
        network="convolutional",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(latent_dim, int) or latent_dim < 1:
            raise ValueError(f"latent_dim must be a whole number, 1 or more, not {latent_dim!r}.")
        if not isinstance(objective, Objective):
            raise TypeError(
                f"objective must be a vaelib Objective such as ELBO, not {objective!r}."
            )
        check_settings(objective, prior, network)
        self.latent_dim = latent_dim
        self.objective = objective
        self.seed = seed
        self.network = network
        build_encoder, build_decoder = NETWORKS[network]
        self.encoder = build_encoder(2 * latent_dim if objective.sampled else latent_dim)
        self.decoder = build_decoder(latent_dim)
        self.prior_settings, self.prior = prior, prior.build(latent_dim, self.encoder, seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps_per_epoch = None
        if objective.changes:
            self.step = self.add_weight((), "zeros", "int32", trainable=False, name="step")
        self.term_trackers = {name: keras.metrics.Mean(name=name) for name in objective.term_names}
        # Encoder and decoder are built when they are made: there is nothing left to do, and saying
        # so lets Keras save, load and count the model before its first batch.
        self.build()

    def build(self, input_shape=None):
        self.built = True

    def call(self, images, training=False):
        """One pass: images (batch, 28, 28, 1), uint8 or in [0, 1], to a dict of tensors."""
        encoded = self.encoder(to_unit_interval(images), training=training)
        if not self.objective.sampled:
            return {"z_mean": encoded, "z": encoded, "logits": self.decoder(encoded)}
        if self.objective.samples > 1:  # as if each image were there so many times
            encoded = repeated(encoded, self.objective.samples)
        z_mean, z_log_var = ops.split(encoded, 2, axis=1)  # each (batch, latent_dim)
        noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The objective on one batch, in nats per image; Keras' `fit` minimises what it returns."""
        prior = self.prior.current()
        terms = self.objective.terms(
            *(to_unit_interval(x), y_pred),
            prior_sample=lambda n: prior.draw(n, self.seed_generator),
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

    def encode(self, images):
        """Mean codes of images.

        Args:
            images: (n, 28, 28, 1), uint8 or floats in [0, 1].

        Returns:
            z_mean, a float32 array (n, latent_dim).

        Raises:
            ValueError: for another shape or other values.
        """
        return self.encode_distribution(images)[0]

    def encode_distribution(self, images):
        """Mean and log-variance of q(z|x); the latter None for a deterministic code.

        Args and raises as `encode`.

        Returns:
            z_mean and z_log_var, float32 arrays (n, latent_dim).
        """
        images = check_images(images)
        encoded = _in_chunks(lambda chunk: self.encoder(to_unit_interval(chunk)), images)
        if not self.objective.sampled:
            return encoded, None
        return encoded[:, : self.latent_dim], encoded[:, self.latent_dim :]

    def decode(self, z):
        """Images of codes.

        Args:
            z: (n, latent_dim).

        Returns:
            A float32 array (n, 28, 28, 1), in [0, 1].

        Raises:
            ValueError: for another shape.
        """
        z = np.asarray(z, dtype="float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z of shape {z.shape}: expected (n, {self.latent_dim}), n at least 1."
            )
        return _in_chunks(lambda chunk: ops.sigmoid(self.decoder(chunk)), z)

    def sample(self, n, seed=0):
        """Images decoded from codes drawn from the prior.

        Args:
            n: how many, at least 1.
            seed: of the codes.

        Returns:
            A float32 array (n, 28, 28, 1), in [0, 1].

        Raises:
            ValueError: for fewer than one.
        """
        if n < 1:
            raise ValueError(f"n must be 1 or more, not {n}.")
        return self.decode(self.prior.sample(n, seed))

    def get_config(self):
        return {
            "latent_dim": self.latent_dim,
            "objective": self.objective.get_config(),
            "seed": self.seed,
            "prior": self.prior_settings.get_config(),
            "network": self.network,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        objective = Objective.from_config(config["objective"])
        prior = Prior(**config.get("prior", {}))  # older models were saved without
        return cls(**config | {"objective": objective, "prior": prior})


def check_settings(objective, prior, network):
    """Refuse, by a ValueError or TypeError, what can't be trained together."""
    if not isinstance(prior, Prior):
        raise TypeError(f"prior must be a vaelib Prior such as vamp(20), not {prior!r}.")
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}.")
    if network == "gated" and not objective.sampled:
        raise ValueError(f"a gated network draws codes, unlike the objective {objective}.")
    if prior == STANDARD_NORMAL:
        return
    if objective.closed_form_kl or (objective.mmd_weight and objective.closed_form_mmd):
        raise ValueError(f"closed forms exist for the standard normal, not for a {prior}.")
    if not (objective.kl_weight or objective.mmd_weight):
        raise ValueError(f"nothing in the objective {objective} would train a {prior}.")
    if prior.kind == "vamp" and not objective.sampled:
        raise ValueError(f"a {prior} needs codes that are drawn, unlike those of {objective}.")


def to_unit_interval(images):
    """Pixels 0 to 255 as floats in [0, 1]; floats are returned as they are."""
    images = ops.convert_to_tensor(images)
    if keras.backend.is_float_dtype(images.dtype):
        return images
    return ops.cast(images, "float32") / 255.0


def check_images(images):
    """The images as an array (n, 28, 28, 1), or a ValueError that says what is wrong with them."""
    images = np.asarray(images)
    expected = "expected (n, 28, 28, 1), either uint8 or floats in [0, 1]"
    if images.ndim != 4 or images.shape[1:] != IMAGE_SHAPE or len(images) == 0:
        raise ValueError(f"images of shape {images.shape}: {expected}.")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise ValueError(f"images of type {images.dtype}: {expected}.")
    if not (images.min() >= 0 and images.max() <= 1):  # also false for NaN
        raise ValueError(f"images between {images.min():g} and {images.max():g}: {expected}.")
    return images.astype("float32", copy=False)


def _in_chunks(function, array):
    parts = (array[start : start + CHUNK] for start in range(0, len(array), CHUNK))
    return np.concatenate([ops.convert_to_numpy(function(part)) for part in parts])
