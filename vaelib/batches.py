"""Divide training images into shuffled batches whose order depends only on a seed and the epoch."""

import itertools
import math
import threading
from collections.abc import Iterator

import numpy as np

from vaelib.support.backend import tf
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images


class Batches:
    """Endless sequence of shuffled batches, one epoch after another.

    The order of the images in an epoch depends only on (seed, epoch), so an interrupted training
    run can be resumed at any epoch. Pixels are not converted here, because the model does this for
    each batch.

    `batches[step]` is a batch, where steps count from 0 at the beginning of `first_epoch`. A batch
    is a dict with "images" and, if labels are given, "labels".

    Args:
        images: Shape (n, height, width, channels), uint8 or floats in [0, 1].
        batch_size: Number of images per batch. The last batch of an epoch can be smaller.
        seed: Seed of the order, 0 or greater.
        first_epoch: Number of the epoch to begin with.
        labels: Labels of the images, shape (n,), or None to leave them out.

    Raises:
        TypeError: If the batch size, the seed, or a label is not an integer.
        ValueError: If one of them is out of range, if the images are not valid, or if there is not
            one label for each image.

    >>> batches = Batches(np.zeros((5, 28, 28, 1), "uint8"), batch_size=2, seed=0)
    >>> batches.steps_per_epoch, [batches.indices(step).tolist() for step in range(3)]
    (3, [[2, 4], [3, 0], [1]])
    """

    def __init__(
        self,
        images: np.ndarray,
        batch_size: int,
        seed: int,
        first_epoch: int = 0,
        labels: np.ndarray | None = None,
    ) -> None:
        self.images, self.first_epoch = check_images(images), first_epoch
        self.labels = None if labels is None else np.asarray(labels)
        if labels is not None and self.labels.shape != (len(self.images),):
            raise ValueError(
                f"labels of shape {self.labels.shape} for {len(self.images):,} images: expected "
                "one label for each image."
            )
        if labels is not None and self.labels.dtype.kind not in "iu":
            raise TypeError(f"labels of type {self.labels.dtype}: expected integers from 0.")
        self.batch_size = check_integer("batch_size", batch_size, 1)
        self.seed = check_integer("seed", seed, 0)
        self.n = len(self.images)
        self.steps_per_epoch = math.ceil(self.n / self.batch_size)
        self._shuffled = (None, None)  # the last epoch that was shuffled, and its order
        self._lock = threading.Lock()

    def __getitem__(self, step: int) -> dict[str, np.ndarray]:
        chosen = self.indices(step)
        batch = {"images": self.images[chosen]}
        return batch if self.labels is None else batch | {"labels": self.labels[chosen]}

    def to_tf_dataset(self) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of the batches in their order, for Keras to train on."""
        kinds = tf.nest.map_structure(
            lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), self[0]
        )
        batches = tf.data.Dataset.from_generator(self._forever, output_signature=kinds)
        # With autotuning, the end of training would wait for a thread that can sleep for a minute.
        options = tf.data.Options()
        options.autotune.enabled = False
        return batches.prefetch(2).with_options(options)

    def _forever(self) -> Iterator[dict[str, np.ndarray]]:
        for step in itertools.count():
            with self._lock:  # because `close` is called by another thread
                if self.images is None:
                    return
                batch = self[step]
            yield batch

    def close(self) -> None:
        """End the dataset and release the images, because TensorFlow keeps generators alive."""
        with self._lock:
            self.images = None

    def indices(self, step: int) -> np.ndarray:
        """Return the indices of the images in the batch of a step, shape (batch,)."""
        epoch, batch = divmod(step, self.steps_per_epoch)
        order = self.order(self.first_epoch + epoch)
        return order[batch * self.batch_size : (batch + 1) * self.batch_size]

    def order(self, epoch: int) -> np.ndarray:
        """Return the permutation of the images in an epoch, shape (n,)."""
        if self._shuffled[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            self._shuffled = epoch, generator.permutation(self.n)
        return self._shuffled[1]
