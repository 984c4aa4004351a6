"""`training.fit`: what it accepts and refuses, and where it stops."""

import gc
import re
import weakref

import numpy as np
import pytest
import tensorflow as tf

from vaelib import data, training
from vaelib.batches import Batches
from vaelib.models import VAE
from vaelib.objectives import ELBO, POST_MMD, infovae
from vaelib.support.backend import keras
from vaelib.terms import UNBIASED_MMD

IMAGES = data.render_faces(train=60, test=10).train_images
CLOSED_MMD = infovae(0.5, 100.0, mmd=UNBIASED_MMD)


def compiled(objective=ELBO, **settings):
    return training.compile_model(VAE(objective=objective), **{"steps_per_epoch": 3} | settings)


class Watch(keras.callbacks.Callback):
    """Counts whole epochs, and does something to the model after a step."""

    def __init__(self, step=None, harm=None):
        super().__init__()
        self.step, self.harm, self.steps, self.epochs = step, harm, 0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.step:
            self.harm(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


# ---- Where it stops


def weight(model):
    return model.decoder.layers[-1].bias


def state(model):  # a moment that Adam keeps
    return model.optimizer.variables[-1]


@pytest.mark.parametrize("of", [weight, state])
@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("epoch", [0, 1], ids=["first epoch", "last epoch"])
def test_a_value_that_becomes_nan_or_infinite_at_the_last_update_of_an_epoch_stops_training_there(
    epoch, number, of, capsys
):
    """The losses of the epoch, computed before that update, are all finite."""
    model, history = compiled(), {}
    harm = Watch(3 * (epoch + 1), lambda model: of(model).assign(of(model) + number))
    with pytest.raises(FloatingPointError) as stopped:
        training.fit(model, IMAGES, 2, batch_size=20, history=history, callbacks=[harm])
    assert harm.epochs == epoch
    assert [len(values) for values in history.values()] == [epoch] * 3 * bool(epoch)
    assert len(capsys.readouterr().out.splitlines()) == epoch
    said = str(stopped.value)
    assert f"in epoch {epoch + 1}/2, step 3/3, at a learning rate of " in said
    assert f"{of(model).path} not finite" in said
    saved = "anything saved up to epoch 1 is good" if epoch else "no epoch was completed"
    assert f"; {saved}. Try a lower learning rate." in said


def test_a_weight_that_becomes_nan_within_an_epoch_stops_training_at_the_next_step():
    harm = Watch(4, lambda model: weight(model).assign(weight(model) * np.nan))
    with pytest.raises(FloatingPointError, match=r"in epoch 2/2, step 2/3, .*loss is nan"):
        training.fit(compiled(), IMAGES, 2, batch_size=20, callbacks=[harm])
    assert harm.steps == 4


# ---- Ten steps at once


def test_ten_steps_per_call_give_the_same_bytes_as_one(monkeypatch):
    watch, models, histories = Watch(), [], []
    for at_once in (1, 10):
        monkeypatch.setattr(training, "STEPS_PER_CALL", at_once)
        models.append(compiled(epochs=2, steps_per_epoch=20))
        how = dict(batch_size=3, callbacks=[watch])
        histories.append(training.fit(models[-1], IMAGES, 2, **how))
    assert watch.steps == 2 * 20 + 2 * 2
    assert histories[0] == histories[1]
    for a, b in zip(*(model.variables for model in models), strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes(), a.path


def test_a_loss_that_is_nan_within_ten_steps_stops_training_after_the_tenth():
    harm = Watch(1, lambda model: weight(model).assign(weight(model) * np.nan))
    model = compiled(steps_per_epoch=30)
    with pytest.raises(FloatingPointError, match=r"in epoch 1/1, step 20/30, .*loss is nan"):
        training.fit(model, IMAGES, 1, batch_size=2, callbacks=[harm])
    assert int(model.optimizer.iterations) == 19  # whose rate the message names


def test_keras_is_given_a_tf_dataset_without_autotuning(monkeypatch):
    given = []
    monkeypatch.setattr(VAE, "fit", lambda self, x, **_: given.append(x))
    training.fit(compiled(), IMAGES, 1, batch_size=20)
    assert [x.options().autotune.enabled for x in given] == [False]


def test_a_fit_of_keras_after_it_takes_as_many_steps_as_it_is_told():
    model = compiled(steps_per_epoch=20)
    training.fit(model, IMAGES, 1, batch_size=3)
    batches = Batches(IMAGES, 3, seed=0)
    model.fit(batches.to_tf_dataset(), steps_per_epoch=3, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 23


# ---- What it leaves behind


@pytest.mark.parametrize("devices, switched", [([], 0), (["a GPU"], 1)])
def test_operations_are_made_deterministic_where_there_is_a_gpu(devices, switched, monkeypatch):
    calls = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: devices)
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: calls.append("on"))
    training.fit(compiled(), IMAGES, 1)
    assert len(calls) == switched


def test_after_training_any_model_can_be_fitted_as_keras_does():
    model = compiled()
    training.fit(model, IMAGES, 1, batch_size=20)
    assert np.isfinite(model.fit(IMAGES, verbose=0).history["loss"]).all()
    other = keras.Sequential([keras.layers.Dense(1)])
    other.compile("sgd", "mse")
    other.fit(np.ones((9, 2)), np.ones(9), verbose=0)


# ---- Images

PIXELS = (IMAGES / np.float32(255)).astype("float32")
BLACK_AND_WHITE = (IMAGES > 127).astype("uint8")
BAD = {
    "0 to 255": (PIXELS * 255, "between 0 and 255"),
    "NaN": (np.where(np.arange(60)[:, None, None, None] == 50, np.nan, PIXELS), "between nan"),
    "0 and 1 as bytes": (BLACK_AND_WHITE, "of uint8 with no value but 0 and 1"),
    "integers": (IMAGES.astype("int64"), "of type int64"),
    "another shape": (IMAGES[..., 0], r"of shape \(60, 28, 28\)"),
}
GOOD = {
    "bytes": IMAGES,
    "float32": PIXELS,
    "float64": PIXELS.astype("float64"),
    "0 and 1 as floats": BLACK_AND_WHITE.astype("float32"),
    "0 and 255": BLACK_AND_WHITE * 255,
    "black": np.zeros_like(IMAGES),
}


def loop(model, images):
    return training.fit(model, images, 1, batch_size=20)["loss"]


def keras_fit(model, images):
    return model.fit(images, batch_size=20, verbose=0).history["loss"]


def encode(model, images):
    return model.encode(images)


@pytest.mark.parametrize("how", [loop, keras_fit, encode])
@pytest.mark.parametrize("images, said", BAD.values(), ids=BAD)
def test_invalid_images_are_refused_before_training(images, said, how):
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError, match=f"^images {said}"):
        how(model, images)
    for one, another in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("how", [loop, keras_fit, encode])
@pytest.mark.parametrize("images", GOOD.values(), ids=GOOD)
def test_bytes_and_floats_from_0_to_1_are_accepted(images, how):
    assert np.isfinite(how(compiled(), images)).all()


# ---- Batches of one


@pytest.mark.parametrize("n, batch_size", [(60, 1), (41, 20), (1, 20)])
def test_a_distance_within_a_batch_needs_two_images_in_each(n, batch_size):
    model = compiled(CLOSED_MMD)
    before = model.get_weights()
    said = f"{n} images in batches of {batch_size} give a batch of 1, but the objective "
    with pytest.raises(ValueError, match=re.escape(said)):
        training.fit(model, IMAGES[:n], 1, batch_size=batch_size)
    for one, another in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(
    "objective, n, batch_size",
    [(CLOSED_MMD, 42, 20), (CLOSED_MMD, 41, 41), (ELBO, 41, 20), (POST_MMD, 41, 20)],
    ids=str,
)
def test_other_batch_sizes_are_accepted(objective, n, batch_size):
    history = training.fit(compiled(objective), IMAGES[:n], 1, batch_size=batch_size)
    assert np.isfinite(history["loss"]).all()


# ---- Epochs


def test_epochs_may_be_an_integer_of_numpy(capsys):
    history = training.fit(
        compiled(), IMAGES, np.int64(2), batch_size=np.int32(20), seed=np.uint8(1)
    )
    assert len(history["loss"]) == 2
    assert capsys.readouterr().out.startswith("epoch 1/2   loss ")


@pytest.mark.parametrize("epochs, error", [(True, TypeError), (2.0, TypeError), (0, ValueError)])
def test_invalid_numbers_of_epochs_are_refused(epochs, error):
    with pytest.raises(error, match=f"epochs must be an integer, 1 or more, not {epochs!r}."):
        training.fit(compiled(), IMAGES, epochs)


def test_images_are_released_after_training(faces):
    """TensorFlow keeps the function of a tf.data pipeline, and all that it refers to, forever."""
    images = faces.train_images[:100].copy()
    held = weakref.ref(images)
    model = training.compile_model(VAE(), steps_per_epoch=2, epochs=1)
    training.fit(model, images, epochs=1, batch_size=50)
    del images
    gc.collect()
    assert held() is None


def test_a_tf_dataset_ends_when_its_batches_are_closed(faces):
    batches = Batches(faces.train_images[:100], 50, seed=0)
    batches_left = iter(batches.to_tf_dataset())
    np.testing.assert_array_equal(next(batches_left)["images"], batches[0]["images"])
    batches.close()
    assert len(list(batches_left)) <= 4  # those that were prefetched


@pytest.mark.parametrize("name", ["schedule", "optimizer"])
def test_an_unknown_schedule_or_optimizer_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be one of .*, not 'sgd'"):
        compiled(ELBO, **{name: "sgd"})
