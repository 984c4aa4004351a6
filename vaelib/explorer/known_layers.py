"""Tell whether the browser can compute an encoder or a decoder with encoder.js and decoder.js."""

from itertools import pairwise

from vaelib.support.backend import keras, layers

# Compared by identity, because a function of a reader can have the same name.
ACTIVATIONS = (keras.activations.relu, keras.activations.linear)


def unknown_part(network: keras.Model) -> str | None:
    """Return in words what the browser cannot compute of a network, or None if it can compute it.

    Args:
        network: An encoder or a decoder with one input and one output.
    """
    chain = [layer for layer in network.layers if not isinstance(layer, layers.InputLayer)]
    for layer in chain:
        if not _is_known(layer):
            return f"the layer {layer.name} ({type(layer).__name__})"
    branched = any(after.input is not before.output for before, after in pairwise(chain))
    if branched and not isinstance(network, keras.Sequential):
        return "layers that are not connected as a sequence"
    if any(type(layer) is layers.Cropping2D for layer in chain[:-1]):
        return "a Cropping2D that is not the last layer"
    computing = [layer for layer in chain if layer.weights]
    if not computing:
        return "no layer with weights"
    last = computing[-1]
    makes_images = len(network.output_shape) == 4
    if makes_images and not isinstance(last, layers.Conv2DTranspose):
        return f"the last layer {last.name} ({type(last).__name__}), not a Conv2DTranspose"
    if last.activation is not keras.activations.linear:
        return "a last layer with an activation"
    return None


def _is_known(layer: keras.layers.Layer) -> bool:
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    if type(layer) in (layers.Flatten, layers.Reshape, layers.Cropping2D):
        return True
    if type(layer) is layers.Dense:
        flat = len(layer.input.shape) == 2
        return flat and layer.use_bias and layer.activation in ACTIVATIONS
    if type(layer) not in (layers.Conv2D, layers.Conv2DTranspose):
        return False
    padding = "same" if type(layer) is layers.Conv2DTranspose else "valid"
    size, stride = layer.kernel_size, layer.strides
    return (
        layer.use_bias
        and layer.activation in ACTIVATIONS
        and (layer.padding, getattr(layer, "groups", 1)) == (padding, 1)
        and size[0] == size[1] >= stride[0] == stride[1]
        and layer.dilation_rate == (1, 1)
        and getattr(layer, "output_padding", None) is None
    )
