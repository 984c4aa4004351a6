"""Images of any size, gray or color: networks that fit, and the whole way with each."""

import numpy as np
import pytest

import drawn
from vaelib import explorer, runs
from vaelib.losses import gaussian_nll
from vaelib.measures import decoded_images as of_images
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.networks import NETWORKS, build_decoder, build_encoder, conv_widths
from vaelib.objectives import ELBO, POST_MMD, Objective, post_mmd
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras
from vaelib.terms import KL

SIDES = [(8, 8), (16, 16), (28, 20), (32, 32), (48, 48), (64, 64), (96, 96), (128, 128)]
SHAPES = [(*sides, channels) for sides in SIDES for channels in (1, 3)]
# Sides that are not a power of two, and one side twice the other.
UNEVEN = [(8, 16, 1), (9, 8, 3), (11, 15, 1), (17, 33, 3), (17, 34, 3), (33, 65, 1), (127, 64, 3)]
# Each size once, alternately in gray and in color.
WHOLE_WAY = [(*sides, (1, 3)[i % 2]) for i, sides in enumerate(SIDES)]


@pytest.mark.parametrize("shape", [*SHAPES, *UNEVEN], ids=str)
def test_networks_encode_and_decode_images_of_a_shape(shape):
    encoder, decoder = build_encoder(6, shape), build_decoder(3, shape)
    images = np.zeros((2, *shape), "float32")
    assert encoder(images).shape == (2, 6)
    assert decoder(np.zeros((2, 3), "float32")).shape == images.shape


@pytest.mark.parametrize(
    "longer, halvings", [(8, 2), (16, 2), (28, 2), (32, 2), (48, 3), (64, 3), (96, 4), (128, 4)]
)
def test_larger_images_are_halved_more_often(longer, halvings):
    shorter = max(8, longer // 2)
    assert (
        len(conv_widths((longer, longer, 1))) == len(conv_widths((shorter, longer, 3))) == halvings
    )


@pytest.mark.parametrize(
    "network, shape, remedy",
    [
        ("convolutional", (7, 14, 1), "resize the images."),
        ("convolutional", (65, 129, 3), "resize the images."),
        ("convolutional", (17, 35, 3), "resize the images, or choose the network gated."),
        ("gated", (7, 14, 1), "resize the images."),
        ("gated", (129, 65, 3), "resize the images."),
    ],
)
def test_a_size_that_a_network_does_not_take_is_refused(network, shape, remedy):
    ratio = ", none more than 2 times as long as the other" if network == "convolutional" else ""
    sentence = (
        f"the {network} network takes images with sides from 8 to 128 pixels{ratio}, not "
        f"{shape[0]} x {shape[1]}: {remedy}"
    )
    for build in (
        lambda: VAE(image_shape=shape, network=network),
        lambda: Recipe(drawn.dataset(shape), network=network),
        lambda: NETWORKS[network].build_encoder(4, shape),
        lambda: NETWORKS[network].build_decoder(2, shape),
    ):
        with pytest.raises(ValueError) as raised:
            build()
        assert str(raised.value) == sentence


def test_a_side_that_is_not_an_integer_is_refused():
    with pytest.raises(TypeError, match=r"a side must be an integer, 1 or more, not 8\.0\."):
        VAE(image_shape=(8.0, 8, 1))


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 128, 1), (28, 20, 3), (128, 17, 1)], ids=str)
def test_the_gated_network_takes_images_of_any_proportions(shape):
    images = drawn.dataset(shape, train=20, test=6)
    model = Recipe(images, network="gated").build_model()
    assert model.decode(model.encode(images.test_images)).shape == images.test_images.shape


def test_images_that_only_the_gated_network_takes_are_trained_on(tmp_path):
    images = drawn.dataset((8, 40, 1), train=20, test=6)
    run = runs.train(Recipe(images, network="gated", epochs=1, batch_size=10))
    assert run.snapshots["grid"].shape[1:] == (256, 8, 40, 1)
    assert np.isfinite(of_images.mean_squared_error(run.model, images.test_images))


@pytest.fixture(autouse=True)
def no_runs_but_those_of_the_test(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))


@pytest.mark.parametrize("shape", WHOLE_WAY, ids=str)
def test_images_of_a_shape_can_be_trained_on_decoded_measured_and_saved(shape, tmp_path):
    """Train, load from disk, encode, decode, measure, save as Keras does, explore."""
    data = drawn.dataset(shape, train=20, test=6)
    reconstruction = Objective().reconstruction if shape[2] == 1 else gaussian_nll
    objective = Objective(reconstruction, [1 * KL])
    recipe = Recipe(data, objective, epochs=1, batch_size=10, learning_rate=1e-3)
    trained, again = runs.train(recipe), runs.train(recipe)
    assert trained.snapshots["samples"].shape[1:] == (64, *shape)
    assert trained.snapshots["grid"].shape[1:] == (256, *shape)
    codes = trained.model.encode(data.test_images)
    decoded = trained.model.decode(codes)
    assert decoded.shape == data.test_images.shape
    np.testing.assert_array_equal(again.model.decode(codes), decoded)
    found = np.mean((data.test_images / 255 - decoded) ** 2)
    assert of_images.mean_squared_error(again.model, data.test_images) == pytest.approx(found, 1e-5)
    rate, distortion = likelihood.rate_distortion(again.model, data.test_images)
    assert rate.shape == distortion.shape == (6,) and np.isfinite(rate + distortion).all()
    again.model.save(tmp_path / "model.keras")
    kept = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(kept.decode(codes), decoded)
    assert explorer.compare(again).payload["spaces"][0]["shape"] == list(shape)


def test_a_model_refuses_images_of_another_shape():
    model = VAE(image_shape=(16, 20, 3))
    with pytest.raises(ValueError, match=r"images of shape \(6, 20, 16, 3\): .*\(n, 16, 20, 3\)"):
        model.encode(drawn.dataset((20, 16, 3), test=6).test_images)


def test_the_posts_objective_weights_the_mmd_by_the_number_of_values():
    assert post_mmd(28 * 28) == POST_MMD
    assert post_mmd(32 * 32 * 3).weight("mmd") == 3072


def test_the_posts_network_is_unchanged():
    weights = [w.shape for w in VAE(objective=ELBO).get_weights()]
    assert weights == [w.shape for w in VAE(image_shape=(28, 28, 1)).get_weights()]
    kernels = [shape for shape in weights if len(shape) == 4]
    assert kernels == [(3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 32), (3, 3, 32, 64), (3, 3, 1, 32)]
