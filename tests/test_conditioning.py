"""Conditional models: the label reaches encoder and decoder, and everything takes it along."""

import re
from pathlib import Path

import numpy as np
import pytest

from stopping import StopAfterEpoch
from vaelib import data, explorer, runs, training
from vaelib.batches import Batches
from vaelib.conditioning import for_each_label
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.objectives import ELBO, POST_MMD, beta, iwae
from vaelib.priors import mixture, vamp
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, layers
from vaelib.support.errors import RunError

FACES = data.render_faces(train=240, test=60)
CLASSES = len(FACES.class_names)


@pytest.fixture(autouse=True)
def on_faces(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)


@pytest.fixture(scope="module")
def model():
    return VAE(condition=CLASSES)


def squares(n, seed=0):
    """Images of two classes that differ only in the label: a white square at one of two places.

    The place is the label, so a decoder that gets the label needs no code to know it.
    """
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n).astype("uint8")
    images = np.zeros((n, 28, 28, 1), "uint8")
    for image, label in zip(images, labels, strict=True):
        corner = 4 if label else 16
        image[corner : corner + 8, corner : corner + 8] = random.integers(120, 256)
    return images, labels


def test_the_label_changes_what_is_encoded_and_decoded(model):
    images = FACES.test_images[:4]
    assert model.encoder.input_shape == (None, 28, 28, 1 + CLASSES)
    assert model.decoder.input_shape == (None, 2 + CLASSES)
    codes = model.encode(images, FACES.test_labels[:4])
    assert codes.shape == (4, 2)
    one, other = (model.encode(images, label) for label in (0, 1))
    assert not np.allclose(one, other)
    np.testing.assert_array_equal(one, model.encode(images, np.zeros(4, int)))
    one, other = (model.decode(codes, label) for label in (0, 1))
    assert one.shape == (4, 28, 28, 1) and not np.allclose(one, other)
    mixed = model.decode(codes, np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(mixed[::2], one[::2], atol=1e-6)
    np.testing.assert_allclose(mixed[1::2], other[1::2], atol=1e-6)


def test_a_model_learns_to_take_from_the_label_what_the_label_says():
    images, labels = squares(400)
    model = training.compile_model(VAE(1, beta(0.1), condition=2), 20, epochs=15)
    training.fit(model, images, 15, batch_size=20, labels=labels)
    z = np.zeros((1, 1), "float32")
    for label, corner in ((0, 16), (1, 4)):
        decoded = model.decode(z, label)[0, ..., 0]
        inside = decoded[corner : corner + 8, corner : corner + 8]
        assert inside.mean() > 0.5 and decoded.sum() - inside.sum() < 5
        sampled = model.sample(30, label)[..., 0]
        assert (sampled[:, corner + 4, corner + 4] > 0.4).all()
    # The code has the brightness, and not the place.
    codes = model.encode(images, labels)[:, 0]
    brightness = images.max(axis=(1, 2, 3))
    assert abs(np.corrcoef(codes, brightness)[0, 1]) > 0.9
    assert abs(np.corrcoef(codes, labels)[0, 1]) < 0.3


def test_samples_have_the_labels_in_turn_unless_one_is_given(model):
    images = model.sample(2 * CLASSES, seed=3)
    codes = model.prior.sample(2 * CLASSES, 3)
    np.testing.assert_array_equal(images, model.decode(codes, np.arange(2 * CLASSES) % CLASSES))
    of_one = model.decode(model.prior.sample(5, 3), 1)
    np.testing.assert_array_equal(model.sample(5, 1, seed=3), of_one)


@pytest.mark.parametrize(
    "objective, prior", [(ELBO, mixture(3)), (POST_MMD, None), (iwae(3), None)], ids=str
)
def test_a_conditional_run_is_trained_resumed_and_loaded(objective, prior, tmp_path):
    settings = dict(epochs=2, batch_size=20, limit=100, condition=True)
    recipe = Recipe("faces", objective, **settings | ({"prior": prior} if prior else {}))

    with pytest.raises(RunError, match="stopped training"):
        runs.train(recipe, tmp_path / "resumed", callbacks=[StopAfterEpoch()])
    resumed = runs.train(recipe, tmp_path / "resumed")
    run = runs.train(recipe, tmp_path / "at once")
    for one, other in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    loaded = runs.load(run.folder)
    assert (loaded.recipe, loaded.model.condition) == (recipe, CLASSES)
    codes = run.model.encode(FACES.test_images, FACES.test_labels)
    np.testing.assert_array_equal(loaded.model.encode(FACES.test_images, FACES.test_labels), codes)
    np.testing.assert_array_equal(run.snapshots["codes"][-1], codes)
    assert run.snapshots["samples"].shape[1:] == (64, 28, 28, 1)
    assert "grid" not in run.snapshots
    path = tmp_path / "model.keras"
    run.model.save(path)
    saved = keras.models.load_model(path)
    np.testing.assert_array_equal(saved.encode(FACES.test_images, FACES.test_labels), codes)


def test_the_name_of_the_folder_and_the_recipe_tell_it_apart():
    plain, conditional = Recipe("faces"), Recipe("faces", condition=True)
    assert plain.slug != conditional.slug and plain != conditional
    assert Recipe.from_config(conditional.get_config()) == conditional
    config = plain.get_config()
    del config["condition"]  # as earlier versions saved it
    assert Recipe.from_config(config) == plain


def test_a_batch_is_a_mapping_with_the_labels_of_its_images():
    images, labels = FACES.train_images, FACES.train_labels
    batches = Batches(images, 50, seed=0, labels=labels)
    for step in range(7):
        batch, chosen = batches[step], batches.indices(step)
        np.testing.assert_array_equal(batch["images"], images[chosen])
        np.testing.assert_array_equal(batch["labels"], labels[chosen])
    assert set(Batches(images, 50, seed=0)[0]) == {"images"}
    with pytest.raises(ValueError, match=r"labels of shape \(3,\) for 240 images"):
        Batches(images, 50, seed=0, labels=labels[:3])


def test_fit_checks_the_images_of_a_mapping(model):
    images, labels = FACES.train_images[:20], FACES.train_labels[:20]
    model = training.compile_model(VAE(condition=CLASSES), 2, epochs=1)
    model.fit({"images": images, "labels": labels}, batch_size=10, verbose=0)
    with pytest.raises(ValueError, match="images between 0 and 255"):
        model.fit({"images": images.astype("float32"), "labels": labels}, verbose=0)


# ---- Measures


def test_measures_of_a_model_accept_a_model_with_a_fixed_label(model):
    """The likelihood by integration agrees with importance sampling, which uses the encoder."""
    two = np.flatnonzero(FACES.test_labels < 2)[:6]
    images, labels = FACES.test_images[two], FACES.test_labels[two]
    assert set(labels) == {0, 1}

    def exact(given, some):
        return likelihood.log_likelihood(given, some, step=0.2)

    def sampled(given, some):
        return likelihood.importance_sampled_log_likelihood(given, some, 300)

    def bound(given, some):
        # One sample may be above log p(x|y). The mean over many samples is a lower bound.
        return np.mean([likelihood.elbo(given, some, seed) for seed in range(100)], axis=0)

    found = for_each_label(exact, model, images, labels)
    np.testing.assert_allclose(found, for_each_label(sampled, model, images, labels), rtol=2e-3)
    assert for_each_label(bound, model, images, labels).mean() < found.mean()
    one = exact(model.given(int(labels[0])), images[:1])
    assert found[0] == pytest.approx(one[0], rel=1e-6)
    other = exact(model.given(1 - int(labels[0])), images[:1])
    assert other[0] != pytest.approx(found[0], rel=1e-6)


def test_a_model_with_a_fixed_label_is_that_model(model):
    given, images = model.given(1), FACES.test_images[:3]
    np.testing.assert_array_equal(given.encode(images), model.encode(images, 1))
    codes = given.encode(images)
    np.testing.assert_array_equal(given.decode(codes), model.decode(codes, 1))
    np.testing.assert_array_equal(given.sample(3, seed=2), model.sample(3, 1, seed=2))
    assert (given.latent_dim, given.image_shape, given.condition) == (2, (28, 28, 1), 0)


def test_the_code_in_the_documentation_decodes_and_measures(tmp_path, monkeypatch):
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    guide = Path(__file__).parents[1] / "docs" / "how_the_code_hangs_together.md"
    [code] = [
        block
        for block in re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.S)
        if "for_each_label(" in block
    ]
    smaller = {"limit=1_000": "limit=100", "step=0.25": "step=1.0", "[:10]": "[:3]"}
    for long, short in smaller.items():
        assert long in code
        code = code.replace(long, short)
    *begin, last = code.strip().splitlines()
    scope = {}
    exec("\n".join([*begin, f"found = {last}"]), scope)
    assert scope["found"].shape == (3,) and np.isfinite(scope["found"]).all()


# ---- What is refused


@pytest.mark.parametrize(
    "use, error, said",
    [
        (lambda m: m.encode(FACES.test_images), ValueError, "has a condition, and no label is"),
        (lambda m: m.decode(np.zeros((2, 2))), ValueError, r"use model\.given\(label\)"),
        (lambda m: m.encode(FACES.test_images, 99), ValueError, "the label must be an integer"),
        (
            lambda m: m.decode(np.zeros((2, 2)), [0, 99]),
            ValueError,
            "labels from 0 to 99: expected",
        ),
        (lambda m: m.decode(np.zeros((2, 2)), [0, 1, 0]), ValueError, r"expected shape \(2,\)"),
        (lambda m: m.decode(np.zeros((2, 2)), [0.0, 1.0]), TypeError, "labels of type float64"),
        (lambda m: m.given(-1), ValueError, "the label must be an integer"),
        (lambda m: m(FACES.test_images), ValueError, "pass {'images': ..., 'labels': ...}"),
        (lambda m: likelihood.log_likelihood(m, FACES.test_images), ValueError, "model.given"),
        (lambda m: VAE().decode(np.zeros((2, 2)), 0), ValueError, "the model has no condition"),
        (lambda m: VAE().sample(2, 0), ValueError, "labels are given, but the model has no"),
        (lambda m: m.given(None), TypeError, "the label must be an integer"),
        (lambda m: VAE(condition=-1), ValueError, "must be an integer from 0 to 1,000, not -1"),
        (lambda m: VAE(condition=10**8), ValueError, "an integer from 0 to 1,000, not 100,000,000"),
        (lambda m: m.sample(2, 0, 1), TypeError, "positional argument"),
        (lambda m: m.given(0).sample(2, 1), TypeError, "positional argument"),
        (lambda m: VAE(condition=3, prior=vamp(3)), ValueError, "pseudo-inputs have no label"),
        (lambda m: Recipe("faces", condition=10), TypeError, "condition must be True or False"),
        (lambda m: Recipe("faces", condition=True, prior=vamp(3)), ValueError, "no label"),
    ],
)
def test_missing_superfluous_and_wrong_labels_are_refused(use, error, said, model):
    with pytest.raises(error, match=said):
        use(model)


def test_training_needs_labels_exactly_if_there_is_a_condition(model, faces):
    training.compile_model(model, 2, epochs=1)
    with pytest.raises(ValueError, match="has a condition, and no label is given"):
        training.fit(model, faces.train_images[:20], 1, batch_size=10)
    plain = training.compile_model(VAE(), 2, epochs=1)
    with pytest.raises(ValueError, match="has no condition"):
        training.fit(plain, faces.train_images[:20], 1, 10, labels=faces.train_labels[:20])


def test_the_explorer_refuses_a_condition():
    recipe = Recipe("faces", condition=True)
    run = runs.Run(recipe, recipe.compiled_model(1), {}, {}, {})
    with pytest.raises(ValueError, match="has a condition: the explorer shows models without"):
        explorer.compare(run, dataset=FACES)


def test_own_networks_can_take_the_label():
    encoder = [keras.Input((28, 28, 1 + CLASSES)), layers.Flatten(), layers.Dense(4)]
    decoder = [keras.Input((2 + CLASSES,)), layers.Dense(784), layers.Reshape((28, 28, 1))]
    own = dict(encoder=keras.Sequential(encoder), decoder=keras.Sequential(decoder))
    model = VAE(condition=CLASSES, **own)
    assert (model.latent_dim, model.image_shape) == (2, (28, 28, 1))
    assert model.sample(3, 0).shape == (3, 28, 28, 1)
    with pytest.raises(ValueError, match="the encoder maps"):
        VAE(2, image_shape=(28, 28, 1), **own)


@pytest.mark.parametrize("channels, inputs", [(1, 2 + CLASSES), (1 + CLASSES, 2), (CLASSES, 2)])
def test_own_networks_without_room_for_the_label_are_refused(channels, inputs):
    encoder = [keras.Input((28, 28, channels)), layers.Flatten(), layers.Dense(4)]
    decoder = [keras.Input((inputs,)), layers.Dense(784), layers.Reshape((28, 28, 1))]
    own = keras.Sequential(encoder), keras.Sequential(decoder)
    said = (
        f"the encoder takes {channels} channels and the decoder {inputs} inputs: with a condition "
        f"of {CLASSES} classes, build an encoder that takes {CLASSES} more channels than the image,"
        f" and a decoder that takes {CLASSES} more inputs than latent_dim."
    )
    for settings in ({}, {"latent_dim": 2, "image_shape": (28, 28, 1)}):
        with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
            VAE(encoder=own[0], decoder=own[1], condition=CLASSES, **settings)


def test_label_channels_count_for_the_memory_of_a_chunk():
    sizes = {condition: VAE(condition=condition).chunk_size() for condition in (0, 10, 1_000)}
    assert sizes == {0: 250, 10: 200, 1_000: 9}
    assert VAE(condition=10).given(0).chunk_size(500) == 400
