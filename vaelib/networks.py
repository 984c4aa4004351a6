"""Encoders and decoders: the post's convolutional ones, and the VampPrior paper's gated ones.

An encoder goes from images (batch, height, width, channels) in [0, 1] to (batch, outputs), with
2 * latent_dim outputs for mean and log-variance, or latent_dim for a deterministic code. A decoder
goes from codes (batch, latent_dim) to logits of the images' shape. The post's networks are those
for 28 x 28 x 1; other sizes get the same pattern, with as many halvings as they need.
"""

import contextlib
import math
import random

from vaelib.backend import keras, layers, ops
from vaelib.errors import check_sides

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


def widths_of(shape):
    """Channels of the strided layers: 32, 64, ..., one for each halving, the longer side to 8.

    Raises:
        ValueError: for sizes that these networks are not for.
    """
    longer = max(check_sides(*shape[:2]))
    halvings = max(2, math.ceil(math.log2(longer / 8)))
    return [32 * 2**i for i in range(halvings)]


def build_encoder(outputs, shape):
    """Strided convolutions and a dense layer, for images of a shape (height, width, channels).

    For the post's images it is the post's: two of them, and 28,036 parameters for 4 outputs.
    """
    convolutions = [
        layers.Conv2D(width, 3, strides=2, activation="relu")  # 28 x 28 to 13 x 13 to 6 x 6
        for width in widths_of(shape)
    ]
    parts = [keras.Input(shape), *convolutions, layers.Flatten(), layers.Dense(outputs)]
    return keras.Sequential(parts, name="encoder")


def build_decoder(latent_dim, shape):
    """A dense layer and transposed convolutions, ending in logits of a shape, as above.

    For the post's images it is the post's, with 41,953 parameters for 2 latent dimensions.
    """
    widths = widths_of(shape)
    *sides, channels = shape
    small = [math.ceil(side / 2 ** len(widths)) for side in sides]  # 7 x 7 for 28 x 28
    parts = [
        keras.Input((latent_dim,)),
        layers.Dense(math.prod(small) * 32, activation="relu"),
        layers.Reshape((*small, 32)),
    ]
    for width in widths[::-1]:
        up = dict(strides=2, padding="same", activation="relu")
        parts.append(layers.Conv2DTranspose(width, 3, **up))
    parts.append(layers.Conv2DTranspose(channels, 3, padding="same"))
    over = [n * 2 ** len(widths) - side for n, side in zip(small, sides, strict=True)]
    if any(over):  # sides that can't be halved so often are cut to size
        parts.append(layers.Cropping2D([(n // 2, n - n // 2) for n in over]))
    return keras.Sequential(parts, name="decoder")


def build_gated_encoder(outputs, shape):
    """Two gated layers of 300 (Tomczak and Welling 2017, arXiv 1705.07120, section 5).

    The log-variances are kept between -6 and 2, as in the authors' code: codes have to be sampled.
    """
    images = keras.Input(shape)
    hidden = Gated(HIDDEN)(Gated(HIDDEN)(layers.Flatten()(images)))
    mean, log_var = (_linear(outputs // 2)(hidden) for _ in range(2))
    log_var = ops.clip(log_var, *LOG_VAR_RANGE)
    return keras.Model(images, layers.Concatenate()([mean, log_var]), name="encoder")


def build_gated_decoder(latent_dim, shape):
    """The mirror image: two gated layers of 300, and a dense one to logits."""
    pixels = _linear(math.prod(shape))
    parts = [Gated(HIDDEN), Gated(HIDDEN), pixels, layers.Reshape(shape)]
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
