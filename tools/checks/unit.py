"""Print how long the fast schedule's 2,400 training steps take on this machine: `make unit`.

Machines differ by a factor of three, and the same machine from day to day. A duration divided by
this one, measured just before, can be compared between them. The images are noise, because the time
of a step does not depend on what they show.
"""

import contextlib
import io
import time

import numpy as np

from vaelib import training
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras

UNIT = 2_400  # steps of 100 images: four epochs of 60,000 images
STEPS = 600  # that are timed
WARM_UP = 20  # steps before these, which compile the training step


class StepTimes(keras.callbacks.Callback):
    """Record the number of each step and the time at its end, where Keras reports it."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[tuple[int, float]] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Record a step (called by Keras)."""
        self.ends.append((batch, time.perf_counter()))


def seconds_per_unit(steps: int = STEPS) -> float:
    """Train on noise and return the seconds that 2,400 steps would take.

    Args:
        steps: Number of steps to time.
    """
    recipe, times = Recipe(epochs=1), StepTimes()
    shape = ((WARM_UP + steps) * recipe.batch_size, *recipe.image_shape)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    with contextlib.redirect_stdout(io.StringIO()):
        training.fit(recipe.compiled_model(len(images)), images, 1, callbacks=[times])
    ends = [(step, at) for step, at in times.ends if step >= WARM_UP - 1]
    (first, began), (last, ended) = ends[0], ends[-1]
    return UNIT * (ended - began) / (last - first)


if __name__ == "__main__":
    found = seconds_per_unit()
    each = 1e3 * found / UNIT
    print(f"{UNIT:,} training steps take {found:.0f} s on this machine ({each:.1f} ms each).")
