"""Define the methods with which a model takes arrays, and check these arrays.

These are encode, decode, and sample, and the methods of Keras: call, fit, evaluate, and predict.
"""

from collections.abc import Callable, Mapping

import numpy as np

from vaelib.conditioning import GivenLabel, check_labels
from vaelib.support.backend import Tensor, keras, ops, tf
from vaelib.support.chunks import CHUNK, apply_in_chunks, chunk_size
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images

LABEL_CHANNELS = 40  # so many need as much memory as the hidden layers, about 250 KB per image


class ArrayMethods:
    """Base class of `VAE` with the methods that take arrays.

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

        They need as much memory as `images` images of 28 x 28 pixels without label channels; see
        `support.chunks`.
        """
        size = chunk_size(self.image_shape, images)
        return max(1, size * LABEL_CHANNELS // (LABEL_CHANNELS + self.condition))

    def sample(self, n: int, label: np.ndarray | int | None = None, *, seed: int = 0) -> np.ndarray:
        """Sample n codes from the prior and decode them; the result depends only on the seed.

        For a model with a condition, `label` is the label of all images or of each, shape (n,). By
        default, the labels 0, 1, 2, and so on are used in turn.
        """
        codes = self.prior.sample(check_integer("n", n, 1), seed)
        if self.condition and label is None:
            label = np.arange(n) % self.condition
        return self.decode(codes, label)

    # ---- The methods of Keras

    def __call__(self, batch: object, *args: object, **kwargs: object) -> dict[str, Tensor]:
        """Encode images, sample codes, and decode them; see `VAE.call`, which gets a checked batch.

        Raises:
            ValueError: If images or labels are missing, superfluous, or wrong.
            TypeError: If the labels are not integers.
        """
        return super().__call__(check_batch(batch, self.condition), *args, **kwargs)

    def fit(self, x: object = None, *args: object, **kwargs: object) -> keras.callbacks.History:
        """Train with `keras.Model.fit`, after checking images and labels.

        Args:
            x: Images, a mapping with "images" and "labels" if the model has a condition, or batches
                of either, for example `Batches.to_tf_dataset()`. Labels in batches that are out of
                range cannot be found before training. They make the loss NaN.
            *args, **kwargs: Passed on to `keras.Model.fit`.

        Raises:
            ValueError: If images or labels, also those of `validation_data`, are missing,
                superfluous, or wrong.
            TypeError: If the labels are not integers.
        """
        if "validation_data" in kwargs:
            given = kwargs["validation_data"]
            first, *rest = given if isinstance(given, tuple | list) else (given,)
            kwargs["validation_data"] = (
                (self._checked(first), *rest) if rest else self._checked(first)
            )
        return super().fit(self._checked(x), *args, **kwargs)

    def evaluate(self, x: object = None, *args: object, **kwargs: object) -> object:
        """Compute the loss and its terms with `keras.Model.evaluate`; arguments as for `fit`."""
        return super().evaluate(self._checked(x), *args, **kwargs)

    def predict(self, x: object, *args: object, **kwargs: object) -> dict[str, np.ndarray]:
        """Return what `call` returns, with `keras.Model.predict`; arguments as for `fit`."""
        return super().predict(self._checked(x), *args, **kwargs)

    def _checked(self, x: object) -> object:
        if isinstance(x, tf.data.Dataset):
            spec = x.element_spec
            check_batch(spec[0] if isinstance(spec, tuple) else spec, self.condition)
        elif isinstance(x, Mapping | list | tuple) or hasattr(x, "shape"):
            return check_batch(x, self.condition, self.image_shape)
        return x  # batches of another kind are checked by `__call__`


def check_batch(
    batch: object, classes: int, image_shape: tuple[int, int, int] | None = None
) -> object:
    """Return a batch with checked labels, or raise if it does not fit to a model.

    Args:
        batch: Images, or a mapping with "images" and "labels". The values of symbolic tensors and
            of `tf.TensorSpec` are not known, so only the shape and the type of labels are checked.
        classes: Number of classes of the model, or 0 for a model without a condition.
        image_shape: Shape of each image. None: The images are not checked.

    Returns:
        The images, or, for a model with a condition, a mapping with images and labels.

    Raises:
        ValueError: If images or labels are missing, superfluous, or wrong.
        TypeError: If the labels are not integers.

    >>> check_batch({"images": np.zeros((2, 28, 28, 1)), "labels": [0, 3]}, classes=3)
    Traceback (most recent call last):
    ...
    ValueError: labels from 0 to 3: expected shape (2,), with an integer from 0 to 2 for each row.
    """
    given = batch if isinstance(batch, Mapping) else {"images": batch}
    found = sorted(str(name) for name, value in given.items() if value is not None)
    if found != (["images", "labels"] if classes else ["images"]):
        begin = (
            "the model has a condition: pass {'images': ..., 'labels': ...}"
            if classes
            else "the model has no condition: pass images alone, or {'images': ...}"
        )
        raise ValueError(f"{begin}, instead of {' and '.join(found) or 'an empty batch'}.")
    images, labels = given["images"], given.get("labels")
    if image_shape is not None:
        images = check_images(images, image_shape)
    if not classes:
        return images
    symbolic = isinstance(labels, tf.TypeSpec | keras.KerasTensor) or tf.is_symbolic_tensor(labels)
    if not symbolic:
        labels = check_labels(labels, len(images), classes)
    elif tf.TensorShape(labels.shape).rank not in (1, None) or not keras.backend.is_int_dtype(
        labels.dtype
    ):
        dtype = keras.backend.standardize_dtype(labels.dtype)
        raise ValueError(
            f"labels of shape {labels.shape} and type {dtype}: expected batches with labels "
            "of shape (batch,), an integer for each image."
        )
    return {"images": images, "labels": labels}
