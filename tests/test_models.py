"""Models: encoding and decoding, saving and loading, a short training run."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from fixed_prior import prior_with_samples
from vaelib.batches import Batches
from vaelib.models import VAE
from vaelib.objectives import (
    AUTOENCODER,
    ELBO,
    POST_MMD,
    capacity,
    infovae,
    iwae,
)
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras

OBJECTIVES = [AUTOENCODER, ELBO, POST_MMD, infovae(0.5, 100.0)]


@pytest.fixture(scope="module")
def untrained():
    return VAE(seed=1)


@pytest.fixture(scope="module", params=OBJECTIVES, ids=str)
def trained(request, faces):
    """A model after a very short training, and the losses of its epochs."""
    keras.utils.set_random_seed(0)
    model = VAE(objective=request.param)
    model.compile(keras.optimizers.Adam(2e-3), jit_compile=False)
    history = model.fit(faces.train_images[:250], batch_size=40, epochs=2, verbose=0).history
    return model, history


def test_sampled_codes_have_the_mean_and_variance_of_the_encoder(untrained, faces):
    image = faces.test_images[:1]
    z = np.array(untrained(np.repeat(image, 400, axis=0))["z"])
    (z_mean,), (z_log_var,) = untrained.encode_distribution(image)
    std = np.exp(z_log_var / 2)
    np.testing.assert_array_less(np.abs(z.mean(axis=0) - z_mean), 4 * std / np.sqrt(400))
    np.testing.assert_allclose(z.std(axis=0), std, rtol=4 / np.sqrt(2 * 400))


def test_a_deterministic_code_has_no_log_variance(faces):
    model = VAE(objective=POST_MMD)
    outputs = model(faces.test_images)
    assert set(outputs) == {"z", "z_mean", "logits"}
    np.testing.assert_array_equal(outputs["z"], outputs["z_mean"])
    z_mean, z_log_var = model.encode_distribution(faces.test_images)
    assert z_log_var is None
    np.testing.assert_array_equal(z_mean, model.encode(faces.test_images))


def test_every_code_of_an_image_is_paired_with_that_image(faces):
    model = VAE(objective=iwae(3))
    images = faces.test_images[:4]
    z_mean, z_log_var = model.encode_distribution(images)
    outputs = model(images)
    np.testing.assert_allclose(outputs["z_mean"], np.repeat(z_mean, 3, axis=0), atol=1e-6)
    np.testing.assert_allclose(outputs["z_log_var"], np.repeat(z_log_var, 3, axis=0), atol=1e-6)
    terms = model.objective.loss_terms(images / np.float32(255), outputs, prior_with_samples(None))
    logits = np.array(outputs["logits"], "float64")
    expected = np.logaddexp(0, logits) - np.repeat(images / 255, 3, axis=0) * logits
    np.testing.assert_allclose(terms["reconstruction"], expected.sum(axis=(1, 2, 3)), rtol=1e-5)


def test_several_codes_per_image_print_nothing_to_stderr(faces, capfd):
    VAE(objective=iwae(3))(faces.test_images[:4])
    assert capfd.readouterr().err == ""


# ---- The loss on the way


@pytest.mark.parametrize(
    "objective", [replace(ELBO, warmup_epochs=4), capacity(9, 3, epochs=4)], ids=str
)
def test_the_loss_follows_the_epochs_that_were_trained(objective, faces):
    model = VAE(objective=objective)
    images = faces.test_images
    outputs = model(images)
    terms = objective.loss_terms(images / np.float32(255), outputs, prior_with_samples(None))
    model.steps_per_epoch = 5
    for step in (0, 3, 10, 40):
        model.step.assign(step)
        expected = float(objective.loss(terms, epoch=step / 5))
        assert float(model.compute_loss(images, y_pred=outputs)) == pytest.approx(expected)
        assert int(model.step) == step + 1
    model.step.assign(0)
    at_the_end = float(model.compute_loss(images, y_pred=outputs, training=False))
    assert at_the_end == pytest.approx(float(objective.loss(terms)))
    assert int(model.step) == 0


def test_training_counts_its_steps(faces):
    recipe = Recipe("faces", replace(ELBO, warmup_epochs=4), batch_size=50)
    model = recipe.compiled_model(120)
    batches = Batches(faces.train_images[:120], 50, seed=0)
    model.fit(batches.to_tf_dataset(), steps_per_epoch=3, epochs=2, shuffle=False, verbose=0)
    assert (int(model.step), model.steps_per_epoch) == (6, 3)


def test_a_loss_that_changes_needs_to_know_how_long_an_epoch_is(faces):
    model = VAE(objective=replace(ELBO, warmup_epochs=4))
    model.compile("adam", jit_compile=False)
    with pytest.raises(ValueError, match="changes with the epoch: set steps_per_epoch"):
        model.fit(faces.train_images, verbose=0)


# ---- Coding and decoding


def test_images_are_encoded_and_codes_are_decoded(untrained, faces):
    z = untrained.encode(faces.test_images)
    assert (z.shape, z.dtype) == ((60, 2), np.float32)
    images = untrained.decode(z)
    assert (images.shape, images.dtype) == ((60, 28, 28, 1), np.float32)
    assert untrained.decode([[1e4, -1e4]]).min() >= 0
    assert untrained.decode([[1e4, -1e4]]).max() <= 1


def test_bytes_and_the_same_pixels_as_floats_have_equal_codes(untrained, faces):
    pixels = faces.test_images / np.float32(255)
    z = untrained.encode(faces.test_images)
    np.testing.assert_array_equal(untrained.encode(pixels), z)
    np.testing.assert_allclose(untrained.encode(pixels.astype(float)), z, atol=1e-6)


def test_more_images_than_one_chunk_keep_their_order(untrained, faces, monkeypatch):
    z, images = untrained.encode(faces.test_images), untrained.decode(np.eye(2))
    monkeypatch.setattr(VAE, "chunk_size", lambda model: 7)
    np.testing.assert_allclose(untrained.encode(faces.test_images), z, atol=1e-5)
    np.testing.assert_allclose(untrained.decode(np.tile(np.eye(2), (8, 1)))[-2:], images, atol=1e-5)


def test_samples_depend_on_their_seed_alone(untrained):
    first = untrained.sample(4, seed=3)
    untrained(np.zeros((1, 28, 28, 1), "uint8"))  # takes noise in between
    np.testing.assert_array_equal(untrained.sample(4, seed=3), first)
    assert not np.allclose(untrained.sample(4, seed=4), first)


ONE = np.zeros((1, 28, 28, 1), "float32")


@pytest.mark.parametrize(
    "images, said",
    [
        (ONE[0], "of shape (28, 28, 1)"),
        (ONE[..., 0], "of shape (1, 28, 28)"),
        (ONE[:, 1:], "of shape (1, 27, 28, 1)"),
        (ONE[:0], "of shape (0, 28, 28, 1)"),
        (ONE.astype("int64"), "of type int64"),
        (ONE.astype(bool), "of type bool"),
        (ONE + 255, "between 255 and 255"),
        (ONE - 0.1, "between -0.1 and -0.1"),
        (ONE + np.nan, "between nan and nan"),
        (ONE + np.inf, "between inf and inf"),
    ],
)
def test_images_of_another_shape_or_range_are_refused(untrained, images, said):
    with pytest.raises(ValueError, match=re.escape(f"images {said}: expected (n, 28, 28, 1)")):
        untrained.encode(images)


def test_black_and_white_as_bytes_0_and_1_is_refused_and_what_to_do_is_said(untrained):
    said = r"no value but 0 and 1: .* Multiply by 255, or convert to float32\."
    with pytest.raises(ValueError, match=said):
        untrained.encode(np.eye(28, dtype="uint8")[None, ..., None])


@pytest.mark.parametrize("shape", [(2,), (5, 3), (0, 2), (1, 2, 1)])
def test_codes_of_another_shape_are_refused(untrained, shape):
    with pytest.raises(ValueError, match=re.escape(f"z of shape {shape}: expected (n, 2)")):
        untrained.decode(np.zeros(shape))


# ---- Training, evaluating, saving


def test_a_short_training_run_lowers_the_loss(trained):
    _, history = trained
    assert history["loss"][1] < 0.97 * history["loss"][0]


def test_training_reports_every_term_and_their_weighted_sum(trained):
    model, history = trained
    objective = model.objective
    assert set(history) == {"loss", *objective.term_names}
    total = np.array(history["reconstruction"])
    for name in objective.term_names[1:]:
        total = total + objective.weight(name) * np.array(history[name])
    # 250 images in batches of 40: the last batch is smaller, and must not count as much as others.
    np.testing.assert_allclose(history["loss"], total, rtol=1e-5)


def test_evaluating_gives_the_terms_on_other_images(trained, faces):
    model, _ = trained
    found = model.evaluate(faces.test_images, batch_size=60, verbose=0, return_dict=True)
    assert set(found) == {"loss", *model.objective.term_names}
    assert all(np.isfinite(value) for value in found.values())


def test_the_loss_of_an_autoencoder_is_the_cross_entropy_of_its_reconstructions(faces):
    model = VAE(objective=AUTOENCODER)
    model.compile(jit_compile=False)
    logits = np.array(model(faces.test_images)["logits"], dtype=float)
    pixels = faces.test_images / 255
    per_pixel = -pixels * special.log_expit(logits) - (1 - pixels) * special.log_expit(-logits)
    expected = per_pixel.sum() / len(pixels)
    found = model.evaluate(faces.test_images, batch_size=20, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    decoded = model.decode(model.encode(faces.test_images))
    np.testing.assert_allclose(decoded, special.expit(logits), atol=1e-5)


def test_a_saved_model_is_loaded_unchanged(trained, faces, tmp_path):
    model, _ = trained
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.objective == model.objective
    assert (loaded.latent_dim, loaded.seed) == (model.latent_dim, model.seed)
    codes = [m.encode(faces.test_images) for m in (model, loaded)]
    np.testing.assert_array_equal(*codes)
    np.testing.assert_array_equal(*(m.decode(codes[0]) for m in (model, loaded)))
    np.testing.assert_array_equal(*(m.sample(2) for m in (model, loaded)))


def test_a_model_can_be_saved_and_counted_before_its_first_batch(tmp_path, faces):
    model = VAE()
    assert model.count_params() == 28_036 + 41_953
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*(m.encode(faces.test_images) for m in (model, loaded)))
