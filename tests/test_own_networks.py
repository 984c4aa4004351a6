"""Networks that a reader built with Keras: used, saved, loaded, measured, and shown."""

import json
import resource
import sys

import numpy as np
import pytest

from vaelib import data, explorer, runs, training
from vaelib.explorer.known_layers import unknown_part
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.networks import build_decoder, build_encoder
from vaelib.objectives import POST_MMD
from vaelib.own_networks import OwnNetworks
from vaelib.priors import vamp
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, layers, ops
from vaelib.support.errors import RunError

FACES = data.render_faces(train=90, test=30)
SHAPE = (28, 28, 1)


@pytest.fixture(autouse=True)
def on_faces(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)


def dense_networks(latent_dim=2, outputs=4):
    """Two networks of dense layers, the second of which is not a sequence."""
    images = [keras.Input(SHAPE), layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(outputs)]
    z = keras.Input((latent_dim,))
    hidden = layers.Dense(16, "relu")(z)
    hidden = layers.Add()([hidden, layers.Dense(16, "tanh")(hidden)])
    pixels = layers.Reshape(SHAPE)(layers.Dense(784)(hidden))
    return keras.Sequential(images), keras.Model(z, pixels)


def convolutional_networks():
    """Two sequences of layers that the browser can compute, but of other sizes than ours."""
    encoder = [
        *(keras.Input(SHAPE), layers.Conv2D(8, 5, strides=3, activation="relu")),
        *(layers.Flatten(), layers.Dense(12, "relu"), layers.Dense(4)),
    ]
    decoder = [
        *(keras.Input((2,)), layers.Dense(20, "relu"), layers.Dense(7 * 7 * 4, "relu")),
        *(layers.Reshape((7, 7, 4)), layers.Conv2DTranspose(8, 4, 4, "same", activation="relu")),
        layers.Conv2DTranspose(1, 3, padding="same"),
    ]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def test_a_model_of_two_given_networks_is_trained_and_saved_with_them(tmp_path):
    encoder, decoder = dense_networks(latent_dim=3, outputs=6)
    before = encoder.get_weights()
    model = VAE(encoder=encoder, decoder=decoder)
    assert len(model.trainable_variables) == len(encoder.weights) + len(decoder.weights)
    assert (model.latent_dim, model.image_shape) == (3, SHAPE)
    for one, other in zip(model.encoder.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    training.compile_model(model, 5, epochs=2)
    history = training.fit(model, FACES.train_images, 2, batch_size=20)
    assert history["loss"][1] < history["loss"][0]
    assert not np.array_equal(encoder.get_weights()[0], before[0])
    path = tmp_path / "own.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    codes = model.encode(FACES.test_images)
    np.testing.assert_array_equal(loaded.encode(FACES.test_images), codes)
    np.testing.assert_array_equal(loaded.decode(codes), model.decode(codes))
    assert model.sample(2).shape == (2, *SHAPE)


@pytest.mark.parametrize("networks", [dense_networks, convolutional_networks])
def test_a_run_of_own_networks_is_trained_loaded_and_measured(networks, tmp_path):
    recipe = Recipe("faces", network=networks(), epochs=2, batch_size=20, seed=3)
    run = runs.train(recipe, tmp_path)
    settings = dict(network=networks(), epochs=2, batch_size=20, seed=3)
    again = runs.train(Recipe("faces", **settings), tmp_path / "again")
    for one, other in zip(run.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # of the same seed, wherever they were built
    loaded = runs.load(run.folder)
    assert loaded.recipe == recipe
    np.testing.assert_array_equal(
        loaded.model.encode(FACES.test_images), run.model.encode(FACES.test_images)
    )
    bound = -np.sum(likelihood.rate_distortion(loaded.model, FACES.test_images, 0), axis=0)
    exact = likelihood.log_likelihood(loaded.model, FACES.test_images)
    assert exact.mean() > bound.mean()  # the bound is below, on average over images and samples
    other = Recipe("faces", network=networks(), epochs=2, batch_size=20, seed=4).build_model()
    assert not np.array_equal(other.get_weights()[0], recipe.build_model().get_weights()[0])


def test_networks_of_other_layers_are_other_runs():
    def networks(units):
        encoder = [keras.Input(SHAPE), layers.Flatten(), layers.Dense(units), layers.Dense(4)]
        return keras.Sequential(encoder), build_decoder(2, SHAPE)

    slugs = {Recipe("faces", network=networks(units)).slug for units in (8, 9, 9)}
    assert len(slugs) == 2


def test_what_keras_built_before_does_not_change_the_stored_architecture():
    first = OwnNetworks.from_models(*dense_networks())
    layers.Dense(3)(np.zeros((1, 2), "float32"))
    assert OwnNetworks.from_models(*dense_networks()) == first
    assert OwnNetworks.from_config(json.loads(json.dumps(first.get_config()))) == first


def test_own_networks_work_with_deterministic_codes_and_other_priors():
    encoder, decoder = dense_networks(outputs=2)
    model = VAE(objective=POST_MMD, encoder=encoder, decoder=decoder)
    assert model.encode_distribution(FACES.test_images)[1] is None
    model = VAE(prior=vamp(3), network=OwnNetworks.from_models(*dense_networks()))
    assert model.prior.sample(4).shape == (4, 2)


def test_the_networks_of_the_package_are_two_such_pairs():
    pair = build_encoder(4, SHAPE), build_decoder(2, SHAPE)
    named, own = Recipe("faces"), Recipe("faces", network=pair)
    for one, other in zip(*(r.build_model().get_weights() for r in (named, own)), strict=True):
        np.testing.assert_array_equal(one, other)


# ---- What does not fit


def encoder_of(*parts):
    return keras.Sequential([keras.Input(SHAPE), *parts])


class Unregistered(layers.Layer):
    def call(self, x):
        return ops.reshape(x, (-1, 784))[:, :4]


def two_inputs():
    one, other = keras.Input(SHAPE), keras.Input(SHAPE)
    return keras.Model([one, other], layers.Dense(4)(layers.Flatten()(one + other)))


@pytest.mark.parametrize(
    "make, error, said",
    [
        (lambda d: dict(encoder=build_encoder(4, SHAPE)), ValueError, "only one of encoder and"),
        (
            lambda d: dict(encoder=build_encoder(6, SHAPE), decoder=d),
            ValueError,
            "the encoder maps",
        ),
        (
            lambda d: dict(encoder=build_encoder(4, (32, 32, 1)), decoder=d),
            ValueError,
            r"the decoder maps \(2,\) to \(28, 28, 1\): expected \(2,\) to \(32, 32, 1\)",
        ),
        (
            lambda d: dict(encoder=build_encoder(4, SHAPE), decoder=d, network="gated"),
            ValueError,
            "network is given next to encoder and decoder",
        ),
        (
            lambda d: dict(
                encoder=encoder_of(layers.Flatten(), layers.Dense(4, dtype="float64")), decoder=d
            ),
            ValueError,
            "the encoder gives float64: expected float32",
        ),
        (lambda d: dict(encoder="an encoder", decoder=d), TypeError, "must be a Keras model"),
        (lambda d: dict(encoder=two_inputs(), decoder=d), ValueError, "expected one of each"),
        (
            lambda d: dict(encoder=keras.Sequential([layers.Flatten()]), decoder=d),
            ValueError,
            r"Begin with keras\.Input\(shape\)",
        ),
        (
            lambda d: dict(encoder=encoder_of(Unregistered()), decoder=d),
            ValueError,
            r"Unregistered is not registered .* keras\.saving\.register_keras_serializable",
        ),
        (
            lambda d: dict(
                encoder=encoder_of(layers.Flatten(), layers.Lambda(lambda x: x[:, :4])), decoder=d
            ),
            ValueError,
            "the encoder cannot be built from its stored architecture .*the class Lambda",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused(make, error, said):
    with pytest.raises(error, match=said):
        VAE(**make(build_decoder(2, SHAPE)))


@pytest.mark.parametrize(
    "last",
    [
        [layers.Reshape(SHAPE), layers.Activation("sigmoid")],
        [layers.Conv2DTranspose(1, 3, 1, "same", activation="sigmoid")],
    ],
)
def test_a_decoder_that_ends_in_a_sigmoid_is_refused(last):
    """The loss applies the sigmoid, so images would be decoded between 0.5 and 0.73."""
    begin = [keras.Input((2,)), layers.Dense(784)]
    if len(last) == 1:
        begin.append(layers.Reshape(SHAPE))
    with pytest.raises(ValueError, match="the decoder ends in a sigmoid, but its outputs are used"):
        VAE(encoder=build_encoder(4, SHAPE), decoder=keras.Sequential([*begin, *last]))


def test_the_number_of_latent_dimensions_must_be_that_of_the_decoder():
    with pytest.raises(ValueError, match=r"the decoder maps \(3,\) .*: expected \(2,\)"):
        Recipe("faces", network=dense_networks(3, 4)).build_model()


def test_a_recipe_from_a_file_imports_no_module(tmp_path):
    """Keras would import any module that is named in an architecture."""
    run = runs.train(Recipe("faces", network=dense_networks(), epochs=1), tmp_path)
    config = run.recipe.get_config()
    layer = config["network"]["encoder"]["config"]["layers"][1]
    layer |= {"module": "this_would_be_imported", "class_name": "Evil", "registered_name": "Evil"}
    with pytest.raises(ValueError, match="the class Evil is not registered with Keras"):
        Recipe.from_config(config).build_model()
    with pytest.raises(RunError):
        path = run.folder / "recipe.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        runs.load(run.folder)


def test_a_lambda_is_refused_even_where_keras_would_load_it():
    config = Recipe("faces", network=dense_networks()).get_config()
    layer = config["network"]["encoder"]["config"]["layers"][2]["config"]
    layer["activation"] = {"module": "keras", "class_name": "__lambda__", "config": {}}
    said = "the class Lambda, whose code cannot be stored"
    unsafe = keras.src.saving.serialization_lib.SafeModeScope(False)
    with unsafe, pytest.raises(ValueError, match=said):
        Recipe.from_config(config)


def test_a_huge_network_is_refused_before_memory_is_allocated():
    small = OwnNetworks.from_models(
        encoder_of(layers.Flatten(), layers.Dense(4_321), layers.Dense(4)), build_decoder(2, SHAPE)
    )
    huge = small.encoder.replace("4321", "400000")  # as a file from an untrusted source could
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"encoder has 315,600,004 parameters: expected at most"):
        OwnNetworks(huge, small.decoder)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    assert grown * unit < 300e6  # the weights alone would need 1.3 GB


def test_a_network_is_the_same_whether_it_was_compiled_or_not():
    encoder, decoder = dense_networks()
    plain = OwnNetworks.from_models(encoder, decoder)
    encoder.compile("adam", "mse")
    assert OwnNetworks.from_models(encoder, decoder) == plain


# ---- In the browser


def test_the_explorer_shows_sequences_of_layers_that_it_knows(tmp_path):
    run = runs.train(Recipe("faces", network=convolutional_networks(), epochs=1), tmp_path)
    payload = explorer.compare(run, dataset=FACES).payload
    assert len(payload["spaces"][0]["layers"]) == 4
    run = runs.train(Recipe("faces", network=dense_networks(), epochs=1), tmp_path)
    with pytest.raises(
        ValueError, match=r"has the layer decoder_3 \(Dense\): the explorer computes"
    ):
        explorer.compare(run, dataset=FACES)


def relu(x):
    """Of the same name as the one of Keras, but another function."""
    return x * x


def test_cropping_within_a_decoder_is_named():
    parts = [layers.Dense(16 * 16), layers.Reshape((16, 16, 1)), layers.Cropping2D(1)]
    last = layers.Conv2DTranspose(1, 3, 2, "same")
    decoder = keras.Sequential([keras.Input((2,)), *parts, last])
    assert unknown_part(decoder) == "a Cropping2D that is not the last layer"


@pytest.mark.parametrize(
    "parts, reason",
    [
        (
            [layers.Conv2D(2, 3, padding="same"), layers.Flatten(), layers.Dense(4)],
            "the layer conv",
        ),
        ([layers.Conv2D(2, (3, 2)), layers.Flatten(), layers.Dense(4)], "the layer conv"),
        (
            [layers.Conv2D(2, 3, dilation_rate=2), layers.Flatten(), layers.Dense(4)],
            "the layer con",
        ),
        ([layers.Flatten(), layers.Dense(4, use_bias=False)], "the layer dense"),
        ([layers.Flatten(), layers.Dense(4, "relu")], "a last layer with an activation"),
        ([layers.Flatten(), layers.Dense(3, "gelu"), layers.Dense(4)], "the layer dense"),
        ([layers.Flatten(), layers.BatchNormalization(), layers.Dense(4)], "the layer batch"),
        ([layers.Dense(3), layers.Flatten(), layers.Dense(4)], "the layer dense"),
        ([layers.Flatten(data_format="channels_first"), layers.Dense(4)], "the layer flatten"),
        (
            [layers.Flatten(), layers.Dense(3, layers.LeakyReLU()), layers.Dense(4)],
            "the layer dense",
        ),
        ([layers.Flatten(), layers.Dense(3, relu), layers.Dense(4)], "the layer dense"),
        ([layers.Flatten()], "no layer with weights"),
    ],
)
def test_a_layer_that_the_browser_computes_differently_is_named(parts, reason):
    assert unknown_part(encoder_of(*parts)).startswith(reason)
