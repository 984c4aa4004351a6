"""Measure one training step of the same network and loss in several ways, for `make bench`.

All ways minimize the post's estimate of the negative ELBO with Adam and a learning rate of 0.0001
on batches of 100 images, uint8 (100, 28, 28, 1). Only `fit` uses this package's training. Each way
needs a separate process, because PyTorch and TensorFlow in one process may crash.
"""

import contextlib
import functools
import io
import statistics
import time
from collections.abc import Callable

import numpy as np

RATE = 1e-4
STEPS = 20


def measure(name: str) -> float:
    """Return the median milliseconds of a training step in the way of this name."""
    with contextlib.redirect_stdout(io.StringIO()):  # `fit` prints its epochs
        return prepared(name)()


@functools.cache
def prepared(name: str) -> Callable[[], float]:
    """Return a function that measures some steps, after steps that trace graphs."""
    from vaelib import data

    images = data.load("fashion_mnist").train_images[: 100 * 5 * STEPS]
    measured = fit(images) if name == "fit" else step_by_step(WAYS[name](), images)
    measured()
    return measured


def step_by_step(step: Callable[[np.ndarray], float], images: np.ndarray) -> Callable[[], float]:
    """Return a function that times single calls of a training step."""

    def measured():
        taken = []
        for batch in np.split(images[: 100 * STEPS], STEPS):
            began = time.perf_counter()
            step(batch)
            taken.append(1e3 * (time.perf_counter() - began))
        return statistics.median(taken)

    return measured


def fit(images: np.ndarray) -> Callable[[], float]:
    """Return a function that times `training.fit`, including what it does between steps."""
    from tools.checks.unit import StepTimes
    from vaelib import training
    from vaelib.objectives import ELBO
    from vaelib.runs.recipes import post_recipe

    model, clock = post_recipe("fashion_mnist", ELBO).compiled_model(60_000), StepTimes()

    def measured():
        clock.ends = []
        training.fit(model, images, 1, callbacks=[clock])
        pairs = zip(clock.ends, clock.ends[1:], strict=False)
        return statistics.median(1e3 * (t1 - t0) / (b1 - b0) for (b0, t0), (b1, t1) in pairs)

    return measured


def tensorflow_graph() -> Callable[[np.ndarray], float]:
    """Return a training step in bare TensorFlow: its variables, its fused Adam, one graph."""
    from vaelib.support.backend import tf

    shapes = {  # as in vaelib.models
        "conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "code": (2304, 4),
        "dense": (2, 1568), "up1": (3, 3, 64, 32), "up2": (3, 3, 32, 64), "up3": (3, 3, 1, 32),
    }  # fmt: skip
    outputs = {name: s[-2] if name.startswith("up") else s[-1] for name, s in shapes.items()}
    weights = [tf.Variable(tf.random.normal(shape, stddev=0.05)) for shape in shapes.values()]
    biases = [tf.Variable(tf.zeros(n)) for n in outputs.values()]
    variables = weights + biases
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]
    count = tf.Variable(0.0)

    def forward(x, noise):
        w, b = weights, biases
        h = tf.nn.relu(tf.nn.conv2d(x, w[0], 2, "VALID") + b[0])
        h = tf.nn.relu(tf.nn.conv2d(h, w[1], 2, "VALID") + b[1])
        z_mean, z_log_var = tf.split(tf.reshape(h, (-1, 2304)) @ w[2] + b[2], 2, axis=1)
        z = z_mean + tf.exp(z_log_var / 2) * noise
        h = tf.reshape(tf.nn.relu(z @ w[3] + b[3]), (-1, 7, 7, 32))
        n = tf.shape(x)[0]
        h = tf.nn.relu(tf.nn.conv2d_transpose(h, w[4], (n, 14, 14, 64), 2, "SAME") + b[4])
        h = tf.nn.relu(tf.nn.conv2d_transpose(h, w[5], (n, 28, 28, 32), 2, "SAME") + b[5])
        logits = tf.nn.conv2d_transpose(h, w[6], (n, 28, 28, 1), 1, "SAME") + b[6]
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
        log_ratio = tf.reduce_sum(z**2 - (z - z_mean) ** 2 / tf.exp(z_log_var) - z_log_var, axis=1)
        return tf.reduce_mean(tf.reduce_sum(entropy, axis=(1, 2, 3)) + log_ratio / 2)

    @tf.function(jit_compile=False)
    def step(images):
        x = tf.cast(images, tf.float32) / 255
        with tf.GradientTape() as tape:
            loss = forward(x, tf.random.normal((tf.shape(x)[0], 2)))
        gradients = tape.gradient(loss, variables)
        count.assign_add(1)
        for v, (m, u), g in zip(variables, moments, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle, m=m.handle, v=u.handle, grad=g, lr=RATE, beta1=0.9, beta2=0.999,
                beta1_power=0.9**count, beta2_power=0.999**count, epsilon=1e-7,
            )  # fmt: skip
        return loss

    return lambda images: float(step(tf.constant(images)))


def tensorflow_eager() -> Callable[[np.ndarray], float]:
    """Return a training step like the post's: Keras layers, executed operation by operation."""
    from vaelib import losses
    from vaelib.objectives import ELBO
    from vaelib.runs.recipes import post_recipe
    from vaelib.support.backend import tf

    model = post_recipe("faces", ELBO).compiled_model(60_000)

    def step(images):
        x = tf.cast(images, "float32") / 255
        with tf.GradientTape() as tape:
            z_mean, z_log_var = tf.split(model.encoder(x), 2, axis=1)
            z = z_mean + tf.exp(z_log_var / 2) * tf.random.normal(z_mean.shape)
            log_ratio = losses.gaussian_log_density(z) - losses.gaussian_log_density(
                z, z_mean, z_log_var
            )
            entropy = losses.binary_cross_entropy(x, model.decoder(z))
            loss = tf.reduce_mean(entropy - log_ratio)
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        return float(loss)

    return step


def pytorch() -> Callable[[np.ndarray], float]:
    """Return a training step in PyTorch, not compiled."""
    import torch
    from torch import nn

    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(2304, 4),
    )  # fmt: skip
    up = dict(stride=2, padding=1, output_padding=1)
    decoder = nn.Sequential(
        nn.Linear(2, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
        nn.ConvTranspose2d(32, 64, 3, **up), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, **up), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, padding=1),
    )  # fmt: skip
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=RATE)

    def step(images):
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        z_mean, z_log_var = encoder(x).chunk(2, dim=1)
        noise = torch.randn_like(z_mean)
        z = z_mean + torch.exp(z_log_var / 2) * noise
        entropy = nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none")
        log_ratio = (z**2 - noise**2 - z_log_var).sum(1) / 2
        loss = (entropy.sum((1, 2, 3)) + log_ratio).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.item()

    return step


WAYS = {"graph": tensorflow_graph, "eager": tensorflow_eager, "torch": pytorch}
