"""Training images in batches: which are in which, and the stream of them that Keras trains on."""

import itertools
import math
import threading

import numpy as np

from vaelib.backend import tf
from vaelib.errors import check_integer
from vaelib.pixels import check_images


class Batches:
    """Shuffled batches, one after the other, epoch after epoch without end.

    The order of an epoch depends on (seed, epoch) alone, so that training can be taken up again at
    any epoch. Pixels stay as they are: the model scales each batch when it sees it.

    Args:
        images: (n, height, width, channels), uint8 or floats in [0, 1].
        batch_size: images per batch; the last of an epoch may be smaller.
        seed: of the order.
        first_epoch: where to begin.

    Raises:
        ValueError, TypeError: for other images, or another batch size or seed.
    """

    def __init__(self, images, batch_size, seed, first_epoch=0):
        self.images, self.first_epoch = check_images(images), first_epoch
        self.batch_size = check_integer("batch_size", batch_size, 1)
        self.seed = check_integer("seed", seed, 0)
        self.n = len(self.images)
        self.steps_per_epoch = math.ceil(self.n / self.batch_size)
        self._shuffled = (None, None)  # the epoch that was shuffled last, and its order
        self._lock = threading.Lock()

    def __getitem__(self, step):
        return (self.images[self.chosen(step)],)

    def stream(self):
        """All batches in their order, as the `tf.data.Dataset` that Keras trains on."""
        kinds = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in self[0])
        batches = tf.data.Dataset.from_generator(self._forever, output_signature=kinds)
        # Else the thread that tunes it sleeps for up to a minute, and the end of training waits.
        options = tf.data.Options()
        options.autotune.enabled = False
        return batches.prefetch(2).with_options(options)

    def _forever(self):
        for step in itertools.count():
            with self._lock:  # for it is another thread that closes
                if self.images is None:
                    return
                batch = self[step]
            yield batch

    def close(self):
        """End the stream and let go of the images, for TensorFlow never lets go of a generator."""
        with self._lock:
            self.images = None

    def chosen(self, step):
        """Which images are in the batch of a step, (batch,)."""
        epoch, batch = divmod(step, self.steps_per_epoch)
        order = self.order(self.first_epoch + epoch)
        return order[batch * self.batch_size : (batch + 1) * self.batch_size]

    def order(self, epoch):
        """The permutation of the images in an epoch, (n,)."""
        if self._shuffled[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            self._shuffled = epoch, generator.permutation(self.n)
        return self._shuffled[1]
