"""Define the methods with which a model maps arrays to arrays: encode, decode, and sample."""

from collections.abc import Callable

import numpy as np

from vaelib.conditioning import GivenLabel, check_labels
from vaelib.support.backend import Tensor, ops
from vaelib.support.chunks import CHUNK, apply_in_chunks, chunk_size
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images


class ArrayMethods:
    """Base class of `VAE` with the methods that are not needed for training.

    They accept images of shape (n, *image_shape), uint8 or floats in [0, 1], and codes of shape
    (n, latent_dim), with n at least 1. Other arrays raise a ValueError. Images and codes are
    returned as NumPy arrays of type float32.

    >>> from vaelib.models import VAE
    >>> VAE().encode(np.zeros((3, 28, 28, 1), "float32")).shape
    (3, 2)
    """

    def encode(self, images: np.ndarray, labels: np.ndarray | int | None = None) -> np.ndarray:
        """Return the mean of q(z|x) (or the code, if codes are not sampled) for each image.

        The result has shape (n, latent_dim). A model with a condition needs the label of each
        image, shape (n,), or one label for all.
        """
        return self.encode_distribution(images, labels)[0]

    def encode_distribution(
        self, images: np.ndarray, labels: np.ndarray | int | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return mean and log-variance of q(z|x) for each image, shape (n, latent_dim) each.

        If codes are not sampled, the first is the code, and None takes the place of the second.
        Labels are those of `encode`.
        """
        images = check_images(images, self.image_shape)
        labels = check_labels(labels, len(images), self.condition)
        encoded = self._in_chunks(self._encoded, images, labels)
        if not self.objective.sampled:
            return encoded, None
        return tuple(np.split(encoded, 2, axis=1))

    def decode(self, z: np.ndarray, labels: np.ndarray | int | None = None) -> np.ndarray:
        """Decode codes to images, shape (n, *image_shape), values in [0, 1].

        A model with a condition needs the label of each code, shape (n,), or one label for all.
        """
        z = np.asarray(z, dtype="float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z of shape {z.shape}: expected (n, {self.latent_dim}), n at least 1."
            )
        labels = check_labels(labels, len(z), self.condition)
        return self._in_chunks(lambda *part: ops.sigmoid(self._logits(*part)), z, labels)

    def _in_chunks(
        self,
        function: Callable[[Tensor, Tensor | None], Tensor],
        array: np.ndarray,
        labels: np.ndarray | None,
    ) -> np.ndarray:
        def of_rows(rows: np.ndarray) -> Tensor:
            part = slice(rows[0], rows[-1] + 1)
            return function(array[part], None if labels is None else labels[part])

        return apply_in_chunks(of_rows, np.arange(len(array)), self.chunk_size())

    def given(self, label: int) -> GivenLabel:
        """Return the model with a fixed label, for measures of models without a condition.

        Raises:
            ValueError: If the model has no condition, or if the label is out of range.
        """
        return GivenLabel(self, label)

    def chunk_size(self, images: int = CHUNK) -> int:
        """Return how many images of this model to process at a time.

        They need as much memory as `images` images of 28 x 28 pixels; see `support.chunks`.
        """
        return chunk_size(self.image_shape, images)

    def sample(self, n: int, label: np.ndarray | int | None = None, seed: int = 0) -> np.ndarray:
        """Sample n codes from the prior and decode them; the result depends only on the seed.

        For a model with a condition, `label` is the label of all images or of each, shape (n,). By
        default, the labels 0, 1, 2, and so on are used in turn.
        """
        codes = self.prior.sample(check_integer("n", n, 1), seed)
        if self.condition and label is None:
            label = np.arange(n) % self.condition
        return self.decode(codes, label)
