"""Build encoders and decoders, either convolutional or gated.

An encoder maps images of shape (batch, height, width, channels), with values in [0, 1], to outputs
of shape (batch, outputs). It has 2 * latent_dim outputs for mean and log-variance, or latent_dim
outputs for a deterministic code. A decoder maps codes of shape (batch, latent_dim) to logits of the
same shape as the images. The sigmoid of a logit is the decoded value of the pixel.

For images of 28 x 28 x 1, the convolutional networks are those of "the post", that is, the blog
post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog, 2018), whose models this
package rebuilds. For larger images they have more layers of the same kind. The gated networks are
those of the paper on the VampPrior (Tomczak and Welling 2017).
"""

import contextlib
import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vaelib.support.backend import Tensor, keras, layers, ops
from vaelib.support.errors import MAX_SIDE, MIN_SIDE, check_integer

Shape = tuple[int, int, int]  # height, width, channels

HIDDEN = 300  # units of a gated layer
LEAST_LOG_VAR = -20.0  # a standard deviation of 0.00005, far below that of any trained posterior
LOG_VAR_RANGE = -6.0, 2.0  # of the gated encoder, as in the code of Tomczak and Welling


@contextlib.contextmanager
def seeded_init(seed: int) -> Iterator[None]:
    """Make the initial weights of layers that are built in this context depend only on a seed.

    Keras takes the seeds of initial weights from Python's global random number generator. Its state
    is restored at the end.

    >>> with seeded_init(0):
    ...     encoder = build_encoder(outputs=4, shape=(28, 28, 1))
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def conv_widths(shape: Shape) -> list[int]:
    """Return the number of channels of each strided convolution, 32, 64, and so on.

    Each of these layers halves height and width. There are at least two, and enough of them to
    reduce the longer side to at most 8 pixels.

    Raises:
        TypeError, ValueError: If the network does not take this size; see `check_image_shape`.

    >>> conv_widths((28, 28, 1)), conv_widths((64, 64, 3))
    ([32, 64], [32, 64, 128])
    """
    check_image_shape("convolutional", shape)
    halvings = max(2, math.ceil(math.log2(max(shape[:2]) / 8)))
    return [32 * 2**i for i in range(halvings)]


def build_encoder(outputs: int, shape: Shape) -> keras.Model:
    """Build the convolutional encoder: strided convolutions and a dense layer.

    For images of 28 x 28 x 1 and 4 outputs, it is the post's encoder, with two convolutions and
    28,036 parameters.

    Args:
        outputs: Number of outputs for each image.
        shape: (height, width, channels) of the images.

    >>> build_encoder(outputs=4, shape=(28, 28, 1)).count_params()
    28036
    """
    convolutions = [
        layers.Conv2D(width, 3, strides=2, activation="relu")  # 28 x 28 to 13 x 13 to 6 x 6
        for width in conv_widths(shape)
    ]
    parts = [keras.Input(shape), *convolutions, layers.Flatten(), layers.Dense(outputs)]
    return keras.Sequential(parts, name="encoder")


def shift_log_var(encoder: keras.Model, value: float) -> None:
    """Add a value to all log-variances of an encoder, in the bias of its last layer.

    Args:
        encoder: A model whose outputs are means and then log-variances, as many of each.
        value: What is added.

    Raises:
        ValueError: If the last layer of the encoder is not a dense layer with a bias.

    >>> encoder = build_encoder(outputs=4, shape=(28, 28, 1))
    >>> shift_log_var(encoder, -4.0)
    >>> encoder.layers[-1].bias.numpy()
    array([ 0.,  0., -4., -4.], dtype=float32)
    """
    last = encoder.layers[-1]
    if not isinstance(last, layers.Dense) or last.bias is None:
        raise ValueError(
            "initial_log_var is the bias of a dense last layer, but the encoder ends with "
            f"{type(last).__name__}: choose the convolutional network, or initial_log_var=0."
        )
    mean, log_var = ops.split(last.bias, 2)
    last.bias.assign(ops.concatenate([mean, log_var + value]))


def build_decoder(latent_dim: int, shape: Shape) -> keras.Model:
    """Build the convolutional decoder: a dense layer and transposed convolutions, giving logits.

    For images of 28 x 28 x 1 and 2 latent dimensions, it is the post's decoder, with 41,953
    parameters.

    Args:
        latent_dim: Number of latent dimensions.
        shape: (height, width, channels) of the images.

    >>> build_decoder(latent_dim=2, shape=(28, 28, 1)).count_params()
    41953
    """
    widths = conv_widths(shape)
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
    if any(over):  # if a side cannot be halved so often, the output is too large and is cropped
        parts.append(layers.Cropping2D([(n // 2, n - n // 2) for n in over]))
    return keras.Sequential(parts, name="decoder")


def build_gated_encoder(outputs: int, shape: Shape) -> keras.Model:
    """Build the gated encoder with two layers of 300 units.

    See Tomczak and Welling 2017, arXiv 1705.07120, section 5. The second half of the outputs are
    log-variances, which are clipped to the range from -6 to 2, as in the authors' code. Because it
    always outputs log-variances, this encoder can only be used with an objective for which codes
    are sampled.

    Args:
        outputs: Number of outputs for each image, 2 * latent_dim.
        shape: (height, width, channels) of the images.

    >>> build_gated_encoder(outputs=4, shape=(28, 28, 1)).output_shape
    (None, 4)
    """
    check_image_shape("gated", shape)
    images = keras.Input(shape)
    hidden = Gated(HIDDEN)(Gated(HIDDEN)(layers.Flatten()(images)))
    mean, log_var = (_linear(outputs // 2)(hidden) for _ in range(2))
    log_var = ops.clip(log_var, *LOG_VAR_RANGE)
    return keras.Model(images, layers.Concatenate()([mean, log_var]), name="encoder")


def build_gated_decoder(latent_dim: int, shape: Shape) -> keras.Model:
    """Build the gated decoder: two layers of 300 units, and a dense layer that gives logits.

    Args:
        latent_dim: Number of latent dimensions.
        shape: (height, width, channels) of the images.

    >>> build_gated_decoder(latent_dim=2, shape=(28, 28, 1)).output_shape
    (None, 28, 28, 1)
    """
    check_image_shape("gated", shape)
    pixels = _linear(math.prod(shape))
    parts = [Gated(HIDDEN), Gated(HIDDEN), pixels, layers.Reshape(shape)]
    return keras.Sequential([keras.Input((latent_dim,)), *parts], name="decoder")


@keras.saving.register_keras_serializable("vaelib")
class Gated(layers.Layer):
    """A dense layer whose outputs are multiplied by gates between 0 and 1.

        (x A + a) * sigmoid(x B + b)   (Dauphin et al. 2016, arXiv 1612.08083)

    Args:
        units: Number of outputs.
        **kwargs: Passed on to `keras.layers.Layer`.

    >>> Gated(units=3)(ops.ones((5, 2))).shape
    TensorShape([5, 3])
    """

    def __init__(self, units: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.both = _linear(2 * units)  # values and gates in one matrix product

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.both.build(input_shape)

    def call(self, x: Tensor) -> Tensor:
        value, gate = ops.split(self.both(x), 2, axis=1)
        return value * ops.sigmoid(gate)

    def get_config(self) -> dict[str, object]:
        return super().get_config() | {"units": self.units}


def _linear(units: int) -> layers.Dense:
    return layers.Dense(units, kernel_initializer="he_normal")


class Network(NamedTuple):
    """An architecture that a model can use, as an entry of `NETWORKS`.

    Attributes:
        build_encoder: Function of the number of outputs and the image shape.
        build_decoder: Function of the number of latent dimensions and the image shape.
        needs_sampled_codes: If True, the network can only be used with an objective for which codes
            are sampled.
        sides: Smallest and largest height and width of images, in pixels. The defaults are the
            limits of the rest of this package.
        max_aspect_ratio: Largest allowed ratio of the longer side to the shorter side.

    >>> NETWORKS["gated"].needs_sampled_codes
    True
    """

    build_encoder: Callable[[int, Shape], keras.Model]
    build_decoder: Callable[[int, Shape], keras.Model]
    needs_sampled_codes: bool = False
    sides: tuple[int, int] = MIN_SIDE, MAX_SIDE
    max_aspect_ratio: float = math.inf

    def takes(self, height: int, width: int) -> bool:
        """Tell whether the network can be built for images of this size.

        >>> NETWORKS["convolutional"].takes(8, 16), NETWORKS["convolutional"].takes(8, 17)
        (True, False)
        """
        shorter, longer = sorted((height, width))
        fits = self.sides[0] <= shorter and longer <= self.sides[1]
        return fits and longer <= self.max_aspect_ratio * shorter


NETWORKS = {
    # The number of convolutions depends on the longer side, and each of them needs a side of at
    # least 3 pixels. If one side is at most twice the other, there are enough pixels for all.
    "convolutional": Network(build_encoder, build_decoder, max_aspect_ratio=2),
    "gated": Network(build_gated_encoder, build_gated_decoder, needs_sampled_codes=True),
}


def check_image_shape(network: str, shape: Shape) -> None:
    """Raise if a network cannot be built for images of this shape.

    Args:
        network: A key of `NETWORKS`.
        shape: (height, width, channels) of the images.

    Raises:
        TypeError: If a side is not an integer.
        ValueError: If the network does not take images of this size. The message says which sizes
            it takes, and which networks take this size.

    >>> check_image_shape("convolutional", (4, 8, 1))
    Traceback (most recent call last):
    ...
    ValueError: the convolutional network takes images with sides from 8 to 128 pixels, ...
    """
    height, width = (check_integer("a side", side, 1) for side in shape[:2])
    chosen = NETWORKS[network]
    if chosen.takes(height, width):
        return
    least, most = chosen.sides
    ratio = chosen.max_aspect_ratio
    more = "" if math.isinf(ratio) else f", none more than {ratio:g} times as long as the other"
    others = " or ".join(name for name, other in NETWORKS.items() if other.takes(height, width))
    raise ValueError(
        f"the {network} network takes images with sides from {least} to {most} pixels{more}, not "
        f"{height} x {width}: resize the images"
        + (f", or choose the network {others}." if others else ".")
    )
