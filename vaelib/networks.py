"""Encoders and decoders: the post's convolutional ones, and the VampPrior paper's gated ones.

An encoder goes from images (batch, 28, 28, 1) in [0, 1] to (batch, outputs), with 2 * latent_dim
outputs for mean and log-variance, or latent_dim for a deterministic code. A decoder goes from codes
(batch, latent_dim) to logits (batch, 28, 28, 1).
"""

import contextlib
import random

from vaelib.backend import keras, layers, ops
from vaelib.pixels import IMAGE_SHAPE

HIDDEN = 300
LOG_VAR_RANGE = -6.0, 2.0


@contextlib.contextmanager
def weights_from(seed):
    """Let the layers that are built meanwhile begin with weights that follow from a seed.

    Keras takes the seeds of initial weights from Python's global generator, which is left as it
    was.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def build_encoder(outputs):
    """The post's encoder: two strided convolutions and a dense layer.

    It has 28,036 parameters for 4 outputs, and 23,426 for 2.
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

    It has 41,953 parameters for 2 latent dimensions.
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


def build_gated_encoder(outputs):
    """Two gated layers of 300 (Tomczak and Welling 2017, arXiv 1705.07120, section 5).

    The log-variances are kept between -6 and 2, as in the authors' code: codes have to be sampled.
    """
    images = keras.Input(IMAGE_SHAPE)
    hidden = Gated(HIDDEN)(Gated(HIDDEN)(layers.Flatten()(images)))
    mean, log_var = (_linear(outputs // 2)(hidden) for _ in range(2))
    log_var = ops.clip(log_var, *LOG_VAR_RANGE)
    return keras.Model(images, layers.Concatenate()([mean, log_var]), name="encoder")


def build_gated_decoder(latent_dim):
    """The mirror image: two gated layers of 300, and a dense one to logits."""
    pixels = _linear(28 * 28)
    parts = [Gated(HIDDEN), Gated(HIDDEN), pixels, layers.Reshape(IMAGE_SHAPE)]
    return keras.Sequential([keras.Input((latent_dim,)), *parts], name="decoder")


@keras.saving.register_keras_serializable("vaelib")
class Gated(layers.Layer):
    """(x A + a) * sigmoid(x B + b) (Dauphin et al. 2016, arXiv 1612.08083), `units` numbers."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.both = _linear(2 * units)  # in one product

    def build(self, input_shape):
        self.both.build(input_shape)

    def call(self, x):
        value, gate = ops.split(self.both(x), 2, axis=1)
        return value * ops.sigmoid(gate)

    def get_config(self):
        return super().get_config() | {"units": self.units}


def _linear(units):
    return layers.Dense(units, kernel_initializer="he_normal")


NETWORKS = {
    "convolutional": (build_encoder, build_decoder),
    "gated": (build_gated_encoder, build_gated_decoder),
}
