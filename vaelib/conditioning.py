"""Give the class label y to the encoder and the decoder of a model (a conditional VAE).

    q(z|x, y),  p(x|z, y)   (Kingma et al. 2014, arXiv 1406.5298; Sohn, Lee, and Yan 2015, NeurIPS)

The label enters the encoder as additional channels of the image, one for each class. The channel of
the label is 1 everywhere, and the others are 0. It enters the decoder as additional inputs next to
the code, likewise. Encoder and decoder therefore remain models with a single input. The prior p(z)
does not depend on the label.
"""

from collections.abc import Callable

import numpy as np

from vaelib.support.backend import Tensor, keras, ops
from vaelib.support.errors import check_integer


def with_label_channels(images: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """Append a channel for each class to images, (n, height, width, channels).

    Args:
        images: Values in [0, 1].
        labels: Shape (n,), integers from 0. None if `classes` is 0.
        classes: Number of classes. If it is 0, the images are returned as they are.

    Returns:
        Shape (n, height, width, channels + classes).

    >>> with_label_channels(ops.zeros((5, 28, 28, 1)), ops.zeros(5, "int32"), classes=10).shape
    TensorShape([5, 28, 28, 11])
    """
    if not classes:
        return images
    one_hot = ops.one_hot(labels, classes, dtype=images.dtype)[:, None, None]
    # Multiplying by ones repeats the labels for all pixels.
    return ops.concatenate([images, one_hot * ops.ones_like(images[..., :1])], axis=-1)


def with_label(z: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """Append the label to codes as an input for each class, 1 for the label and 0 for the others.

    Args:
        z: Codes, shape (n, latent_dim).
        labels, classes: As for `with_label_channels`.

    Returns:
        Shape (n, latent_dim + classes).

    >>> with_label(ops.array([[0.5, 0.6]]), ops.array([1]), classes=3).numpy().tolist()
    [[0.5, 0.6, 0.0, 1.0, 0.0]]
    """
    if not classes:
        return z
    return ops.concatenate([z, ops.one_hot(labels, classes, dtype=z.dtype)], axis=-1)


def check_labels(labels: object, n: int, classes: int) -> np.ndarray | None:
    """Return one label for each of n rows, or raise if they are missing, superfluous, or wrong.

    Args:
        labels: A label for all rows, an array of shape (n,), or None.
        n: Number of rows.
        classes: Number of classes of the model, or 0 for a model without a condition.

    Returns:
        Shape (n,), int32, or None for a model without a condition.

    Raises:
        ValueError: If labels are given to a model without a condition, or not given to a model with
            one, or if they have another shape or are out of range.
        TypeError: If they are not integers.

    >>> check_labels(3, n=4, classes=10).tolist()
    [3, 3, 3, 3]
    """
    if not classes:
        if labels is not None:
            raise ValueError("labels are given, but the model has no condition: leave them out.")
        return None
    if labels is None:
        raise ValueError(
            f"the model has a condition, and no label is given: pass a label from 0 to "
            f"{classes - 1}, an array of labels, or use model.given(label) in place of the model."
        )
    array = np.asarray(labels)
    if array.ndim == 0:
        return np.full(n, check_integer("the label", labels, 0, classes - 1), "int32")
    if array.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, not {array.dtype}.")
    if array.shape != (n,) or array.min() < 0 or array.max() >= classes:
        raise ValueError(
            f"labels of shape {array.shape} from {array.min() if array.size else '-'} to "
            f"{array.max() if array.size else '-'}: expected ({n},), from 0 to {classes - 1}."
        )
    return array.astype("int32")


class GivenLabel:
    """A conditional model with a fixed label, which can be used like a model without a condition.

    Measures of a model, for example those of `vaelib.measures.likelihood`, accept it for images of
    this class. All other attributes are those of the model.

    Args:
        model: A `VAE` with a condition.
        label: The label, from 0.

    >>> from vaelib.models import VAE
    >>> GivenLabel(VAE(condition=10), label=3).sample(5).shape
    (5, 28, 28, 1)
    """

    condition = 0

    def __init__(self, model: keras.Model, label: int) -> None:
        self.model = model
        self.label = int(check_labels(label, 1, model.condition)[0])

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["model"], name)

    def _labels(self, n: int) -> Tensor:
        return ops.full((n,), self.label, dtype="int32")

    def encoder(self, images: Tensor) -> Tensor:
        """Compute the encoder's output for images with values in [0, 1]."""
        labels, classes = self._labels(ops.shape(images)[0]), self.model.condition
        return self.model.encoder(with_label_channels(images, labels, classes))

    def decoder(self, z: Tensor) -> Tensor:
        """Compute the logits for codes, shape (n, *image_shape)."""
        labels, classes = self._labels(ops.shape(z)[0]), self.model.condition
        return self.model.decoder(with_label(z, labels, classes))

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode images of the label's class; see `VAE.encode`."""
        return self.model.encode(images, self.label)

    def encode_distribution(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode images of the label's class; see `VAE.encode_distribution`."""
        return self.model.encode_distribution(images, self.label)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Decode codes to images of the label's class; see `VAE.decode`."""
        return self.model.decode(z, self.label)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n images of the label's class; see `VAE.sample`."""
        return self.model.sample(n, self.label, seed)


def for_each_label(
    measure: Callable[[GivenLabel, np.ndarray], np.ndarray],
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """Compute a measure of a conditional model for images with different labels.

    Args:
        measure: Function of a `GivenLabel` and the images of its class, which returns an array with
            a number (or a row) for each of them. Example: `likelihood.log_likelihood`.
        model: A `VAE` with a condition.
        images: Shape (n, *image_shape).
        labels: Shape (n,).

    Returns:
        The results in the order of the images.

    Raises:
        ValueError: If the labels do not fit to the images or to the model.

    >>> from vaelib.models import VAE
    >>> images, labels = np.zeros((3, 28, 28, 1), "float32"), np.array([1, 0, 1])
    >>> for_each_label(lambda m, x: m.encode(x), VAE(condition=2), images, labels).shape
    (3, 2)
    """
    labels = check_labels(np.asarray(labels), len(images), model.condition)
    found = {y: measure(GivenLabel(model, y), images[labels == y]) for y in np.unique(labels)}
    results = np.empty((len(images), *np.shape(next(iter(found.values())))[1:]))
    for label, values in found.items():
        results[labels == label] = values
    return results
