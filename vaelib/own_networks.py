"""Use an encoder and a decoder that you built with Keras, instead of those of this package.

`VAE(encoder=encoder, decoder=decoder)` trains the two models as they are. A recipe,
`Recipe("mnist", network=(encoder, decoder))`, stores only their architecture, and a training run
begins with new initial weights that depend on the seed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from vaelib.support.backend import keras, tf

Shape = tuple[int, int, int]  # height, width, channels
MOST_PARAMETERS = 50_000_000  # so that a run from an untrusted source cannot fill the memory


@dataclass(frozen=True)
class OwnNetworks:
    """The architecture of an encoder and a decoder, without weights.

    Attributes:
        encoder, decoder: The architectures as JSON, from `from_models`.

    Raises:
        ValueError: If one of them cannot be built, or has more than 50 million parameters.

    >>> from vaelib.networks import build_decoder, build_encoder
    >>> shape = (28, 28, 1)
    >>> own = OwnNetworks.from_models(build_encoder(4, shape), build_decoder(2, shape))
    >>> own.build_encoder(4, shape).count_params()
    28036
    """

    encoder: str
    decoder: str

    def __post_init__(self) -> None:
        for name in ("encoder", "decoder"):
            with tf.Graph().as_default():  # where no memory is allocated for the weights
                count = _built(getattr(self, name), name).count_params()
            if count > MOST_PARAMETERS:
                raise ValueError(
                    f"the {name} has {count:,} parameters: expected at most {MOST_PARAMETERS:,}."
                )

    @classmethod
    def from_models(cls, encoder: keras.Model, decoder: keras.Model) -> "OwnNetworks":
        """Take the architecture of two Keras models.

        Args:
            encoder: Maps images to a tensor of shape (batch, outputs).
            decoder: Maps codes of shape (batch, latent_dim) to logits in the shape of the images.

        Raises:
            TypeError: If one of them is not a Keras model.
            ValueError: If one of them has several inputs or outputs, or cannot be stored and built
                again.
        """
        return cls(_architecture(encoder, "encoder"), _architecture(decoder, "decoder"))

    def build_encoder(self, outputs: int, shape: Shape) -> keras.Model:
        """Build the encoder with new initial weights, and check that it has the given shapes.

        Raises:
            ValueError: If the shapes are different, or if a layer is unknown in this process.
        """
        encoder = _built(self.encoder, "encoder")
        check_encoder(encoder, outputs, shape)
        return encoder

    def build_decoder(self, latent_dim: int, shape: Shape) -> keras.Model:
        """Build the decoder with new initial weights, and check that it has the given shapes.

        Raises:
            ValueError: If the shapes are different, or if a layer is unknown in this process.
        """
        decoder = _built(self.decoder, "decoder")
        check_decoder(decoder, latent_dim, shape)
        return decoder

    def __str__(self) -> str:
        return f"own-{sha256((self.encoder + self.decoder).encode()).hexdigest()[:6]}"

    def get_config(self) -> dict[str, object]:
        """Return the architectures as plain values for JSON."""
        return {"encoder": json.loads(self.encoder), "decoder": json.loads(self.decoder)}

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> "OwnNetworks":
        """Create the object from the output of `get_config`."""
        return cls(*(_json(config[name]) for name in ("encoder", "decoder")))


def network_from_config(config: str | Mapping[str, object]) -> str | OwnNetworks:
    """Return a network by its name, or from the output of `OwnNetworks.get_config`.

    >>> network_from_config("gated")
    'gated'
    """
    return config if isinstance(config, str) else OwnNetworks.from_config(config)


def sizes_without_labels(
    encoder: keras.Model, decoder: keras.Model, classes: int
) -> tuple[int, Shape]:
    """Return latent_dim and the image shape of two networks, which can get a label as well.

    Args:
        encoder, decoder: Networks that `OwnNetworks.from_models` accepts.
        classes: Number of classes of a conditional model, or 0.

    Raises:
        ValueError: If there are not more inputs than are needed for the label.

    >>> from vaelib.networks import build_decoder, build_encoder
    >>> shape = (28, 28, 4)
    >>> sizes_without_labels(build_encoder(4, shape), build_decoder(5, shape), classes=3)
    (2, (28, 28, 1))
    """
    inputs, (*sides, channels) = decoder.input_shape[-1], encoder.input_shape[1:]
    if classes and min(channels, inputs) <= classes:
        raise ValueError(
            f"the encoder takes {channels} channels and the decoder {inputs} inputs: with a "
            f"condition of {classes} classes, build an encoder that takes {classes} more channels "
            f"than the image, and a decoder that takes {classes} more inputs than latent_dim."
        )
    return inputs - classes, (*sides, channels - classes)


def check_encoder(encoder: keras.Model, outputs: int, shape: Shape) -> None:
    """Raise a ValueError unless an encoder maps images of a shape to a number of outputs.

    >>> from vaelib.networks import build_encoder
    >>> check_encoder(build_encoder(4, (28, 28, 1)), outputs=6, shape=(28, 28, 1))
    Traceback (most recent call last):
    ...
    ValueError: the encoder maps (28, 28, 1) to (4,): expected (28, 28, 1) to (6,), ...
    """
    _check_output(encoder, "encoder")
    found, expected = _shapes(encoder), (tuple(shape), (outputs,))
    if found != expected:
        raise ValueError(
            f"the encoder maps {found[0]} to {found[1]}: expected {expected[0]} to {expected[1]}, "
            "which is a mean and a log-variance for each of latent_dim dimensions if codes are "
            "sampled, and otherwise one number. Change the encoder or latent_dim."
        )


def check_decoder(decoder: keras.Model, latent_dim: int, shape: Shape) -> None:
    """Raise a ValueError unless a decoder maps codes to logits of images of a shape.

    >>> from vaelib.networks import build_decoder
    >>> check_decoder(build_decoder(2, (28, 28, 1)), latent_dim=2, shape=(32, 32, 1))
    Traceback (most recent call last):
    ...
    ValueError: the decoder maps (2,) to (28, 28, 1): expected (2,) to (32, 32, 1), the shape ...
    """
    _check_output(decoder, "decoder")
    found, expected = _shapes(decoder), ((latent_dim,), tuple(shape))
    if found != expected:
        raise ValueError(
            f"the decoder maps {found[0]} to {found[1]}: expected {expected[0]} to {expected[1]}, "
            "the shape of the images, from latent_dim numbers. Change the decoder or latent_dim."
        )
    if getattr(decoder.layers[-1], "activation", None) is keras.activations.sigmoid:
        raise ValueError(
            "the decoder ends in a sigmoid, but its outputs are used as logits, to which the loss "
            "applies the sigmoid: remove the activation of its last layer."
        )


def _check_output(model: keras.Model, name: str) -> None:
    if model.outputs[0].dtype != "float32":
        raise ValueError(
            f"the {name} gives {model.outputs[0].dtype}: expected float32, so set the dtype of its "
            "last layer to float32."
        )


def _shapes(model: keras.Model) -> tuple[tuple, tuple]:
    return model.input_shape[1:], model.output_shape[1:]


def _architecture(model: object, name: str) -> str:
    if not isinstance(model, keras.Model):
        raise TypeError(f"the {name} must be a Keras model, not {model!r}.")
    single = all(
        isinstance(getattr(model, side, None), tuple) for side in ("input_shape", "output_shape")
    )
    if not single:
        raise ValueError(
            f"the {name} {model.name} has no input or output of known shape, or several: expected "
            "one of each. Begin with keras.Input(shape)."
        )
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)  # how a model was compiled does not change its architecture
    names = {layer.name: f"{name}_{i}" for i, layer in enumerate(_layers(model))}
    names |= dict.fromkeys(_input_layers(config), f"{name}_input")
    return _json(_renamed(config, names))


def _layers(model: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Return a model and all layers inside of it, in order."""
    yield model
    for layer in getattr(model, "layers", []):
        yield from _layers(layer)


def _input_layers(config: object) -> Iterator[str]:
    """Return the names of input layers, which `keras.Sequential.layers` does not contain."""
    if isinstance(config, dict):
        if config.get("class_name") == "InputLayer":
            yield config["config"]["name"]
        config = list(config.values())
    if isinstance(config, list | tuple):
        for value in config:
            yield from _input_layers(value)


def _renamed(config: object, names: Mapping[str, str], at: str = "") -> object:
    """Rename layers, because Keras numbers them by what was built before in the same process."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":  # whose name is that of a type
            return config
        return {key: _renamed(value, names, key) for key, value in config.items()}
    if isinstance(config, list | tuple):
        # The first entry of a connection is the name of a layer.
        first = at in ("keras_history", "input_layers", "output_layers")
        return [_renamed(v, names, "name" if first and not i else at) for i, v in enumerate(config)]
    return names.get(config, config) if at == "name" and isinstance(config, str) else config


# Names of values, not of classes, in an architecture. The name __lambda__ is not one of them,
# because it stands for code.
_VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__"}


def _unknown_classes(config: object) -> Iterator[str]:
    """Return classes that are neither from Keras nor registered with it.

    Keras would import any module that a file names. A run from an untrusted source could execute
    code in this way.
    """
    if isinstance(config, dict):
        module, registered = config.get("module"), config.get("registered_name")
        of_keras = str(module).split(".")[0] == "keras"
        name = config.get("class_name", "__tensor__")
        if name == "Lambda" or (name.startswith("__") and name not in _VALUES):
            yield "Lambda, whose code cannot be stored,"
        elif name not in _VALUES and not (of_keras if module else _is_registered(registered)):
            yield str(registered or name)
        config = list(config.values())
    if isinstance(config, list | tuple):
        for value in config:
            yield from _unknown_classes(value)


def _is_registered(name: str | None) -> bool:
    return name is not None and keras.saving.get_registered_object(name) is not None


def _built(architecture: str, name: str) -> keras.Model:
    config = json.loads(architecture)
    try:
        if unknown := sorted(set(_unknown_classes(config))):
            raise ValueError(f"the class {unknown[0]} is not registered with Keras")
        return keras.saving.deserialize_keras_object(config)
    except Exception as error:  # Keras raises many different types
        raise ValueError(
            f"the {name} cannot be built from its stored architecture ({str(error).splitlines()[0]}"
            "): execute the code that defines its layers first, and mark classes of your own with "
            "keras.saving.register_keras_serializable()."
        ) from error


def _json(config: object) -> str:
    return json.dumps(config, sort_keys=True)
