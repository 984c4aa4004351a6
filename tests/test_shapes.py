"""Images of any size, gray or color: networks that fit, and the whole way with each."""

import numpy as np
import pytest

import drawn
from vaelib import explorer, runs
from vaelib.losses import gaussian_nll
from vaelib.measures import decoded_images as of_images
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.networks import build_decoder, build_encoder, conv_widths
from vaelib.objectives import ELBO, POST_MMD, Objective, post_mmd
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras

SIDES = [(16, 16), (28, 20), (32, 32), (48, 48), (64, 64), (96, 96), (128, 128)]
SHAPES = [(*sides, channels) for sides in SIDES for channels in (1, 3)]
# Each size once, alternately in gray and in color.
WHOLE_WAY = [(*sides, (1, 3)[i % 2]) for i, sides in enumerate(SIDES)]


@pytest.mark.parametrize("shape", [*SHAPES, (17, 33, 3), (33, 65, 1), (127, 64, 3)], ids=str)
def test_networks_encode_and_decode_images_of_a_shape(shape):
    encoder, decoder = build_encoder(6, shape), build_decoder(3, shape)
    images = np.zeros((2, *shape), "float32")
    assert encoder(images).shape == (2, 6)
    assert decoder(np.zeros((2, 3), "float32")).shape == images.shape


@pytest.mark.parametrize(
    "longer, halvings", [(16, 2), (28, 2), (32, 2), (48, 3), (64, 3), (96, 4), (128, 4)]
)
def test_larger_images_are_halved_more_often(longer, halvings):
    shorter = max(16, longer // 2)
    assert (
        len(conv_widths((longer, longer, 1))) == len(conv_widths((shorter, longer, 3))) == halvings
    )


@pytest.mark.parametrize(
    "shape, sentence",
    [
        ((15, 30, 1), "a side must be an integer from 16 to 128, not 15."),
        ((65, 129, 3), "a side must be an integer from 16 to 128, not 129."),
        ((17, 35, 3), "images of 17 x 35 pixels: expected no side more than twice the other."),
    ],
)
def test_unsupported_image_sizes_are_refused(shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        VAE(image_shape=shape)


@pytest.fixture(autouse=True)
def no_runs_but_those_of_the_test(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "runs"))


@pytest.mark.parametrize("shape", WHOLE_WAY, ids=str)
def test_images_of_a_shape_can_be_trained_on_decoded_measured_and_saved(shape, tmp_path):
    """Train, load from disk, encode, decode, measure, save as Keras does, explore."""
    data = drawn.dataset(shape, train=20, test=6)
    reconstruction = Objective().reconstruction if shape[2] == 1 else gaussian_nll
    objective = Objective(reconstruction, kl_weight=1.0)
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
    assert post_mmd(32 * 32 * 3).mmd_weight == 3072


def test_the_posts_network_is_unchanged():
    weights = [w.shape for w in VAE(objective=ELBO).get_weights()]
    assert weights == [w.shape for w in VAE(image_shape=(28, 28, 1)).get_weights()]
    kernels = [shape for shape in weights if len(shape) == 4]
    assert kernels == [(3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 32), (3, 3, 32, 64), (3, 3, 1, 32)]
