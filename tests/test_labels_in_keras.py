"""Labels of a conditional model in the methods of Keras: call, fit, evaluate, and predict."""

import re

import numpy as np
import pytest

from vaelib import training
from vaelib.batches import Batches
from vaelib.conditioning import with_label, with_label_channels
from vaelib.models import VAE
from vaelib.support.backend import keras, layers, tf

N, CLASSES = 12, 3
IMAGES = np.random.default_rng(0).random((N, 8, 8, 1), "float32")
LABELS = np.arange(N) % CLASSES


def small(condition=CLASSES):
    encoder = [keras.Input((8, 8, 1 + condition)), layers.Flatten(), layers.Dense(4)]
    decoder = [keras.Input((2 + condition,)), layers.Dense(64), layers.Reshape((8, 8, 1))]
    own = keras.Sequential(encoder), keras.Sequential(decoder)
    model = VAE(encoder=own[0], decoder=own[1], condition=condition)
    return training.compile_model(model, steps_per_epoch=2, epochs=2)


@pytest.fixture(scope="module")
def model():
    return small()


def batch(labels=LABELS, **others):
    return {"images": IMAGES, "labels": labels} | others


USES = {
    "fit": lambda model, x: model.fit(x, verbose=0),
    "validation": lambda model, x: model.fit(batch(), validation_data=x, verbose=0),
    "validation with y": lambda model, x: model.fit(batch(), validation_data=[x, None], verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, verbose=0),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "call": lambda model, x: model(x),
}
RANGE = r"expected shape \(12,\), with an integer from 0 to 2 for each row"
INSTEAD = r"the model has a condition: pass \{'images': ..., 'labels': ...\}, instead of "
WRONG = {
    "above the range": (batch(LABELS + 100), ValueError, f"labels from 100 to 102: {RANGE}"),
    "below the range": (batch(LABELS - 50), ValueError, f"labels from -50 to -48: {RANGE}"),
    "NaN": (batch(LABELS * np.nan), TypeError, f"labels of type float64: {RANGE}"),
    "floats": (batch(LABELS.astype("float32")), TypeError, f"labels of type float32: {RANGE}"),
    "bool": (batch(LABELS > 0), TypeError, f"labels of type bool: {RANGE}"),
    "strings": (batch(list("abcabcabcabc")), TypeError, f"labels of type <U1: {RANGE}"),
    "column": (batch(LABELS[:, None]), ValueError, rf"shape \(12, 1\) and type int64: {RANGE}"),
    "one-hot": (
        batch(np.eye(3)[LABELS]),
        ValueError,
        rf"shape \(12, 3\) and type float64: {RANGE}",
    ),
    "too few": (batch(LABELS[:5]), ValueError, rf"labels of shape \(5,\) and type int64: {RANGE}"),
    "ragged": (batch([[0], [1, 2]]), ValueError, rf"shape \(2,\) and type object: {RANGE}"),
    "one label": (batch(3), ValueError, "the label must be an integer from 0 to 2, not 3"),
    "one string": (batch("a"), TypeError, "the label must be an integer from 0 to 2, not"),
    "None": (batch(None), ValueError, f"{INSTEAD}images"),
    "images alone": (IMAGES, ValueError, f"{INSTEAD}images"),
    "only labels": ({"labels": LABELS}, ValueError, f"{INSTEAD}labels"),
    "empty": ({}, ValueError, f"{INSTEAD}an empty batch"),
    "superfluous": (batch(y=LABELS), ValueError, f"{INSTEAD}images and labels and y"),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_labels_are_refused_in_one_sentence(use, wrong, model):
    x, error, said = WRONG[wrong]
    with pytest.raises(error, match=said) as refusal:
        USES[use](model, x)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))


@pytest.mark.parametrize("use", USES)
def test_labels_are_refused_without_a_condition(use):
    plain = small(0)
    if use.startswith("validation"):
        use = "evaluate"
    with pytest.raises(ValueError, match="has no condition: pass images alone, or") as refusal:
        USES[use](plain, batch())
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))
    for x in (IMAGES, {"images": IMAGES}, batch(None)):
        USES[use](plain, x)


@pytest.mark.parametrize("use", ["evaluate", "predict"])
def test_images_are_checked_as_in_fit(use, model):
    for images, said in ((IMAGES + 255, "images between 255"), (IMAGES[:, 1:], "images of shape")):
        with pytest.raises(ValueError, match=said):
            USES[use](model, batch(images=images))


def test_labels_of_any_integer_type_and_lists_give_the_same_result(model):
    expected = model.encode(IMAGES, LABELS)
    for labels in (LABELS.tolist(), LABELS.astype("uint8"), tf.constant(LABELS)):
        for found in (model(batch(labels)), model.predict(batch(labels), verbose=0)):
            np.testing.assert_allclose(found["z_mean"], expected, atol=1e-6)
    np.testing.assert_allclose(model(batch(1))["z_mean"], model.encode(IMAGES, 1), atol=1e-6)
    found = model.evaluate(batch(), verbose=0, return_dict=True)
    history = model.fit(batch(), validation_data=batch(), epochs=2, verbose=0).history
    assert np.isfinite([found["loss"], *history["val_loss"]]).all()


# ---- Pipelines, whose values are not known before training


def pipeline(*parts, size=6):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(size)


@pytest.mark.parametrize("use", ["fit", "validation", "evaluate", "predict"])
@pytest.mark.parametrize(
    "x, said",
    [
        (
            pipeline(batch(LABELS.astype("float32"))),
            r"of shape \(None,\) and type float32: expected",
        ),
        (pipeline(batch(LABELS > 0)), r"labels of shape \(None,\) and type bool: expected"),
        (pipeline(batch(np.eye(3)[LABELS])), r"labels of shape \(None, 3\) and type float64"),
        (pipeline(batch(LABELS[:, None])), r"labels of shape \(None, 1\) and type int64"),
        (tf.data.Dataset.from_tensor_slices(batch()), r"of shape \(\) and type int64: expected b"),
        (pipeline(IMAGES), f"{INSTEAD}images"),
        (pipeline(IMAGES, LABELS), f"{INSTEAD}images"),
        (pipeline(batch(y=LABELS)), f"{INSTEAD}images and labels and y"),
    ],
)
def test_a_pipeline_with_labels_of_another_shape_or_type_is_refused(use, x, said, model):
    with pytest.raises(ValueError, match=said) as refusal:
        USES[use](model, x)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))


def test_batches_of_a_generator_are_checked_when_they_are_used(model):
    def batches(labels):
        yield (batch(labels),)

    assert np.isfinite(model.evaluate(batches(LABELS), verbose=0, return_dict=True)["loss"])
    with pytest.raises(ValueError, match=r"labels of shape \(None, 1\)"):
        small().fit(batches(LABELS[:, None]), verbose=0)


@pytest.mark.parametrize("outside", [-1, CLASSES, 200])
def test_a_label_out_of_range_is_not_silently_zero(outside):
    labels = np.array([0, outside, 2])
    codes, images = np.ones((3, 2), "float32"), np.ones((3, 4, 4, 1), "float32")
    found = np.array(with_label(codes, labels, CLASSES))[:, 2:]
    np.testing.assert_array_equal(found, [[1, 0, 0], [np.nan] * 3, [0, 0, 1]])
    found = np.array(with_label_channels(images, labels, CLASSES))[..., 1:]
    np.testing.assert_array_equal(found[:, 2, 3], [[1, 0, 0], [np.nan] * 3, [0, 0, 1]])


def test_a_label_out_of_range_in_a_pipeline_stops_training():
    stop = training.StopOnNonFinite(epochs=1, steps_per_epoch=2)
    with pytest.raises(FloatingPointError, match="training stopped in epoch 1/1"):
        small().fit(pipeline(batch(LABELS + 1)), callbacks=[stop], shuffle=False, verbose=0)


@pytest.mark.parametrize("kind", ["float32", "bool", "str"])
def test_batches_refuse_labels_that_are_not_integers(kind):
    with pytest.raises(TypeError, match=r"labels of type .+: expected integers from 0\."):
        Batches(IMAGES, 5, seed=0, labels=LABELS.astype(kind))
