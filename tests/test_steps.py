"""What training is made of: the order of images, and one step."""

import numpy as np
import pytest

from vaelib import data, training
from vaelib.objectives import ELBO, MMD_AS_POSTED
from vaelib.recipes import Recipe
from vaelib.training import Batches

FACES = data.draw_faces(train=358, test=60)


# ---- The order of images


def test_an_epoch_shows_every_image_once():
    images = np.arange(10)
    batches = Batches(images, batch_size=4, seed=0)
    assert batches.steps_per_epoch == 3
    for epoch in range(3):
        shown = [batches[3 * epoch + step][0] for step in range(3)]
        assert [len(batch) for batch in shown] == [4, 4, 2]
        assert sorted(np.concatenate(shown)) == list(images)


def test_the_order_depends_on_seed_and_epoch_alone():
    def orders(**settings):
        batches = Batches(np.arange(100), **{"batch_size": 10, "seed": 0} | settings)
        return [
            np.concatenate([batches[10 * e + i][0] for i in range(10)]).tolist() for e in (0, 1)
        ]

    first, second = orders()
    assert first != second
    assert orders() == [first, second]
    assert orders(batch_size=10, first_epoch=1)[0] == second
    assert orders(seed=1)[0] not in (first, second)
    batches = Batches(np.arange(100), batch_size=10, seed=0)
    backwards = [batches[step][0] for step in reversed(range(20))][::-1]
    assert np.concatenate(backwards).tolist() == first + second


# ---- A step


@pytest.mark.parametrize("objective", [ELBO, MMD_AS_POSTED], ids=str)
def test_a_step_of_fit_is_the_step_spelled_out(objective):
    import tensorflow as tf

    recipe = Recipe("faces", objective, schedule="constant")
    by_fit, by_hand = (training.build(recipe, 100) for _ in range(2))
    before = by_hand.get_weights()
    batches = Batches(FACES.train_images, 100, seed=0)
    by_fit.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0)

    images = tf.cast(batches[0][0], "float32") / 255
    with tf.GradientTape() as tape:
        outputs = by_hand(images)
        terms = objective.terms(
            images, outputs, lambda n: by_hand.prior.draw(n, by_hand.seed_generator)
        )
        loss = objective.total(terms)
    gradients = tape.gradient(loss, by_hand.trainable_variables)
    by_hand.optimizer.apply(gradients, by_hand.trainable_variables)

    pairs = zip(before, by_fit.get_weights(), by_hand.get_weights(), strict=True)
    for start, found, expected in pairs:
        if start.dtype.kind != "f":  # the state of the noise: as many draws
            np.testing.assert_array_equal(found, expected)
            continue
        assert np.abs(expected - start).max() > 1e-3  # Adam's first step is its rate
        # Where a gradient is nearly 0, Adam blows its rounding up to a share of the rate, 2e-3.
        np.testing.assert_allclose(found, expected, atol=2e-5)
