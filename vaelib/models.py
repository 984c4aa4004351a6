"""Encoder, decoder, and the VAE that joins them under an objective."""

import numpy as np

from vaelib.backend import keras, layers, ops
from vaelib.objectives import ELBO, Objective

IMAGE_SHAPE = (28, 28, 1)
# Images at a time where no gradient is needed. Decoding takes some 250 KB an image.
CHUNK = 250


def build_encoder(outputs):
    """The post's encoder: two strided convolutions and a dense layer.

    Args:
        outputs: numbers per image: 2 * latent_dim for mean and log-variance (28,036 parameters
            for 4), latent_dim for a deterministic code (23,426 for 2).

    Returns:
        A model from images (batch, 28, 28, 1) in [0, 1] to (batch, outputs).
    """
    return keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Conv2D(32, 3, strides=2, activation="relu"),  # (batch, 13, 13, 32)
            layers.Conv2D(64, 3, strides=2, activation="relu"),  # (batch, 6, 6, 64)
            layers.Flatten(),  # (batch, 2304)
            layers.Dense(outputs),
        ],
        name="encoder",
    )


def build_decoder(latent_dim):
    """The post's decoder: a dense layer and three transposed convolutions, ending in logits.

    Args:
        latent_dim: dimensions of the latent space (41,953 parameters for 2).

    Returns:
        A model from codes (batch, latent_dim) to logits (batch, 28, 28, 1).
    """
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, padding="same"),  # (batch, 28, 28, 1)
        ],
        name="decoder",
    )


@keras.saving.register_keras_serializable("vaelib")
class VAE(keras.Model):
    """Encoder and decoder, trained by `fit(images)` on the objective's three terms.

    Args:
        latent_dim: dimensions of the latent space.
        objective: an `Objective`; it decides, among others, whether codes are drawn or computed.
        seed: of the noise in training.
        **kwargs: passed on to `keras.Model`.

    Raises:
        ValueError: for a latent_dim below 1.
        TypeError: for an objective that is none.
    """

    def __init__(self, latent_dim=2, objective=ELBO, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(latent_dim, int) or latent_dim < 1:
            raise ValueError(f"latent_dim must be a whole number, 1 or more, not {latent_dim!r}.")
        if not isinstance(objective, Objective):
            raise TypeError(
                f"objective must be a vaelib Objective such as ELBO, not {objective!r}."
            )
        self.latent_dim = latent_dim
        self.objective = objective
        self.seed = seed
        self.encoder = build_encoder(2 * latent_dim if objective.sampled else latent_dim)
        self.decoder = build_decoder(latent_dim)
        self.seed_generator = keras.random.SeedGenerator(seed)
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
        z_mean, z_log_var = ops.split(encoded, 2, axis=1)  # each (batch, latent_dim)
        noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The objective on one batch, in nats per image; Keras' `fit` minimises what it returns."""
        terms = self.objective.terms(to_unit_interval(x), y_pred, self._draw_from_prior)
        for name, value in terms.items():
            # A small last batch counts for as much as its images, as it does in the loss.
            self.term_trackers[name].update_state(ops.mean(value), ops.shape(x)[0])
        return self.objective.total(terms)

    def _draw_from_prior(self, n):
        return keras.random.normal((n, self.latent_dim), seed=self.seed_generator)

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
        """Images decoded from codes drawn from the prior, N(0, I).

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
        return self.decode(np.random.default_rng(seed).standard_normal((n, self.latent_dim)))

    def get_config(self):
        return {
            "latent_dim": self.latent_dim,
            "objective": self.objective.get_config(),
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config | {"objective": Objective.from_config(config["objective"])})


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
