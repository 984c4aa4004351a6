"""What training is made of: the order of images, and one step."""

import numpy as np
import pytest

from vaelib import data
from vaelib.batches import Batches
from vaelib.objectives import ELBO, POST_MMD
from vaelib.prior_of_step import PriorOfStep
from vaelib.runs.recipes import Recipe

FACES = data.render_faces(train=358, test=60)


# ---- The order of images


def numbered(n):
    """n images that differ: the first is black, and so on."""
    return np.broadcast_to(np.arange(n, dtype="uint8")[:, None, None, None], (n, 28, 28, 1))


def numbers(batches):
    return np.concatenate([batch["images"][:, 0, 0, 0] for batch in batches]).tolist()


def test_an_epoch_shows_every_image_once():
    batches = Batches(numbered(10), batch_size=4, seed=0)
    assert batches.steps_per_epoch == 3
    for epoch in range(3):
        shown = [batches[3 * epoch + step] for step in range(3)]
        assert [len(batch["images"]) for batch in shown] == [4, 4, 2]
        assert sorted(numbers(shown)) == list(range(10))


def test_the_order_depends_on_seed_and_epoch_alone():
    def orders(**settings):
        batches = Batches(numbered(100), **{"batch_size": 10, "seed": 0} | settings)
        return [numbers([batches[10 * epoch + i] for i in range(10)]) for epoch in (0, 1)]

    first, second = orders()
    assert first != second
    assert orders() == [first, second]
    assert orders(batch_size=10, first_epoch=1)[0] == second
    assert orders(seed=1)[0] not in (first, second)
    assert orders(seed=np.int64(1)) == orders(seed=1)
    batches = Batches(numbered(100), batch_size=10, seed=0)
    backwards = [batches[step] for step in reversed(range(20))]
    assert numbers(backwards[::-1]) == first + second


def test_the_tf_dataset_contains_all_batches_in_their_order():
    batches = Batches(numbered(10), batch_size=4, seed=0, first_epoch=2)
    found = [batch["images"].numpy() for batch in batches.to_tf_dataset().take(7)]
    assert [images.dtype for images in found] == [np.uint8] * 7
    for step, images in enumerate(found):
        np.testing.assert_array_equal(images, batches[step]["images"])


def test_the_tf_dataset_has_no_autotuning_thread_to_wait_for():
    """With it, the end of `fit` waits until the next 82, 142, ... seconds after its beginning."""
    options = Batches(numbered(10), batch_size=4, seed=0).to_tf_dataset().options()
    assert options.autotune.enabled is False


@pytest.mark.parametrize(
    "settings, error",
    [
        *[({name: True}, TypeError) for name in ("batch_size", "seed")],
        *[({name: 2.0}, TypeError) for name in ("batch_size", "seed")],
        *[({"batch_size": 0}, ValueError), ({"seed": -1}, ValueError)],
    ],
)
def test_batches_of_another_size_or_seed_are_refused(settings, error):
    (name,) = settings
    with pytest.raises(error, match=f"{name} must be an integer, . or more, not "):
        Batches(numbered(10), **{"batch_size": 4, "seed": 0} | settings)


# ---- A step


@pytest.mark.parametrize("objective", [ELBO, POST_MMD], ids=str)
def test_a_step_of_fit_equals_the_step_written_out(objective):
    import tensorflow as tf

    recipe = Recipe("faces", objective, schedule="constant")
    by_fit, by_hand = (recipe.compiled_model(100) for _ in range(2))
    before = by_hand.get_weights()
    batches = Batches(FACES.train_images, 100, seed=0)
    by_fit.fit(batches.to_tf_dataset(), steps_per_epoch=1, shuffle=False, verbose=0)

    images = tf.cast(batches[0]["images"], "float32") / 255
    with tf.GradientTape() as tape:
        outputs = by_hand(images)
        prior = PriorOfStep(by_hand.prior, by_hand.seed_generator)
        terms = objective.loss_terms(images, outputs, prior)
        loss = objective.loss(terms)
    gradients = tape.gradient(loss, by_hand.trainable_variables)
    by_hand.optimizer.apply(gradients, by_hand.trainable_variables)

    pairs = zip(before, by_fit.get_weights(), by_hand.get_weights(), strict=True)
    for start, found, expected in pairs:
        if start.dtype.kind != "f":  # the state of the noise: as many samples
            np.testing.assert_array_equal(found, expected)
            continue
        assert np.abs(expected - start).max() > 1e-3  # Adam's first step is its rate
        # Where a gradient is nearly 0, Adam blows its rounding up to a share of the rate, 2e-3.
        np.testing.assert_allclose(found, expected, atol=2e-5)
