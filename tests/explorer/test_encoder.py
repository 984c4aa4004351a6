"""encoder.js in a real browser, against Keras: test images, drawings, other sizes, color."""

from itertools import pairwise

import numpy as np
import pytest

import drawn
from tools.website import chromium
from vaelib import runs
from vaelib.explorer import payload
from vaelib.explorer.page import STATIC
from vaelib.runs.recipes import Recipe

# Scripts of a page, and what their functions make of some values.
CALL = """([scripts, body, ...values]) => new Function("values", `${scripts}; ${body}`)(values)"""
ENCODE = """
const [[encoder, decoder, images]] = [values];
const [encode, decode] = [makeEncoder(encoder), makeDecoder(decoder)];
return images.map(image => {
  const said = encode(image);
  return { ...said, decoded: Array.from(decode(said.mean)) };
});"""


def strokes(n, seed=0):
    """Drawings of a soft pen, uint8 (n, 28, 28, 1): straight lines from place to place."""
    random = np.random.default_rng(seed)
    places = random.uniform(4, 24, (n, 4, 2))
    along = np.linspace(0, 1, 60)[:, None]
    rows, columns = np.mgrid[:28, :28] + 0.5
    images = np.zeros((n, 28, 28, 1), "uint8")
    for image, ends in zip(images, places, strict=True):
        path = np.concatenate([a + along * (b - a) for a, b in pairwise(ends)])
        far = np.hypot(rows[..., None] - path[:, 0], columns[..., None] - path[:, 1]).min(axis=-1)
        image[..., 0] = 255 * np.clip(1.6 - far, 0, 1)
    return images


def said(browser, path, model, images):
    """What the browser's encoder and decoder make of images: means, deviations, decoded images."""
    path.write_text("<!doctype html><title>empty</title>")
    scripts = "\n".join((STATIC / f"{n}.js").read_text() for n in ("decoder", "encoder"))
    layers = payload.encoder_payload(model), payload._decoder(model.decoder)
    flat = images.reshape(len(images), -1).tolist()
    with chromium.opened(browser, path) as (page, problems):
        found = page.evaluate(CALL, [scripts, ENCODE, *layers, flat])
    assert problems == []
    return [[each[name] for each in found] for name in ("mean", "deviation", "decoded")]


def assert_agreement(browser, path, model, images):
    mean, deviation, decoded = said(browser, path, model, images)
    expected, log_var = model.encode_distribution(images)
    assert np.ptp(expected, axis=0).min() > 0.02  # they differ, so that it says something
    np.testing.assert_allclose(mean, expected, atol=1e-3)
    if log_var is None:
        assert deviation == [None] * len(images)
    else:
        np.testing.assert_allclose(deviation, np.exp(log_var / 2), rtol=1e-3)
    pictures = 255 * model.decode(expected).reshape(len(images), -1)
    np.testing.assert_allclose(decoded, pictures, atol=1)


def test_test_images_and_drawings_are_encoded_as_keras_does(browser, pair, faces, tmp_path):
    images = np.concatenate([faces.test_images[:50], strokes(20)])
    for run in pair:
        assert_agreement(browser, tmp_path / "empty.html", run.model, images)


@pytest.mark.parametrize("shape", [(64, 64, 3), (28, 20, 1), (44, 60, 3)], ids=str)
@pytest.mark.parametrize("most", [200_000, 0], ids=["single", "half"])
def test_images_of_other_sizes_and_in_color_are_too(browser, tmp_path, monkeypatch, shape, most):
    monkeypatch.setattr(payload, "MOST_SINGLE", most)
    model = Recipe(drawn.dataset(shape), seed=3).compiled_model(40)
    images, _ = drawn.discs(10, shape)
    assert payload.encoder_payload(model)["single"] == bool(most)
    assert_agreement(browser, tmp_path / "empty.html", model, images)


def test_an_encoder_with_many_weights_is_kept_in_half_precision():
    run = runs.load("fashion_mnist_elbo_50-epochs")
    assert payload.encoder_payload(run.model)["single"]
    large = Recipe(drawn.dataset((128, 128, 3), train=4, test=4)).compiled_model(4)
    assert not payload.encoder_payload(large)["single"]
