"""Give the class label y to the encoder and the decoder of a model (a conditional VAE).

    q(z|x, y),  p(x|z, y)   (Kingma et al. 2014, arXiv 1406.5298; Sohn, Lee, and Yan 2015, NeurIPS)

The label enters the encoder as additional channels of the image, one for each class. The channel of
the label is 1 everywhere, and the others are 0. It enters the decoder as additional inputs next to
the code, likewise. Encoder and decoder therefore remain models with a single input. The prior p(z)
does not depend on the label.
"""

from collections.abc import Callable, Sequence

import numpy as np

from vaelib.support.backend import Tensor, keras, ops
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import check_images, to_unit_interval

# Each class is a channel of every image, so 100 images of 28 x 28 pixels need 300 MB with so many
# classes. The limit also keeps a run from an untrusted source from filling the memory.
MOST_CLASSES = 1_000


def with_label_channels(images: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """Append a channel for each class to images, (n, height, width, channels).

    Args:
        images: Values in [0, 1].
        labels: Shape (n,), integers from 0. None if `classes` is 0. The channels of a label that is
            out of range are NaN, so that training stops instead of ignoring the label.
        classes: Number of classes. If it is 0, the images are returned as they are.

    Returns:
        Shape (n, height, width, channels + classes).

    >>> with_label_channels(ops.zeros((5, 28, 28, 1)), ops.zeros(5, "int32"), classes=10).shape
    TensorShape([5, 28, 28, 11])
    """
    if not classes:
        return images
    one_hot = _one_hot(labels, classes, images.dtype)[:, None, None]
    # Multiplying by ones repeats the labels for all pixels.
    return ops.concatenate(
        [images, one_hot * ops.ones_like(images[..., :1], dtype=one_hot.dtype)], axis=-1
    )


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
    return ops.concatenate([z, _one_hot(labels, classes, z.dtype)], axis=-1)


def _one_hot(labels: Tensor, classes: int, dtype: str) -> Tensor:
    one_hot = ops.one_hot(labels, classes, dtype=dtype)
    # The sum is 1, or 0 for a label that is out of range, and 0 / 0 is NaN.
    return ops.divide(one_hot, ops.sum(one_hot, axis=-1, keepdims=True))


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
    array = _as_array(labels)
    if array.ndim == 0:
        return np.full(n, check_integer("the label", array[()], 0, classes - 1), "int32")
    expected = f"expected shape ({n},), with an integer from 0 to {classes - 1} for each row"
    if array.dtype.kind not in "iu" and array.shape == (n,):
        raise TypeError(f"labels of type {array.dtype}: {expected}, as from labels.astype(int).")
    if array.shape != (n,):
        raise ValueError(f"labels of shape {array.shape} and type {array.dtype}: {expected}.")
    if array.size and not (array.min() >= 0 and array.max() < classes):
        raise ValueError(f"labels from {array.min()} to {array.max()}: {expected}.")
    return array.astype("int32")


def _as_array(values: object) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:  # because of lists of different lengths
        return np.empty(len(values), object)


def check_no_condition(model: keras.Model) -> None:
    """Raise a ValueError that says what to do if a model has a condition."""
    check_labels(None, 1, getattr(model, "condition", 0))


class GivenLabel:
    """A conditional model with a fixed label, which measures accept in place of a model.

    It can encode, decode, and sample, for images of this class, and has the attributes of the model
    in `FORWARDED`. It cannot be called, trained, or saved, and its attributes cannot be set: use
    the model for this. Measures that sample codes use other random numbers for each label.

    Args:
        model: A `VAE` with a condition.
        label: The label, from 0.

    Raises:
        ValueError: If the model has no condition, or if the label is out of range.
        TypeError: If the label is not an integer.

    >>> from vaelib.models import VAE
    >>> GivenLabel(VAE(condition=10), label=3).sample(5).shape
    (5, 28, 28, 1)
    """

    condition = 0
    FORWARDED = "chunk_size", "image_shape", "latent_dim", "log_scale", "objective", "prior"

    def __init__(self, model: keras.Model, label: int) -> None:
        if not getattr(model, "condition", 0):
            raise ValueError(
                "the model has no condition, or its label is fixed already: use it as it is, "
                "without a label."
            )
        label = check_integer("the label", label, 0, model.condition - 1)
        self.__dict__.update(model=model, label=label)

    def __getattr__(self, name: str) -> object:
        if name not in self.FORWARDED:
            raise AttributeError(
                f"a model with a fixed label has no attribute {name!r}: use that of the model, "
                "which is the attribute 'model'."
            )
        return getattr(self.model, name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"the attribute {name!r} of a model with a fixed label cannot be set: set it on the "
            "model, which is the attribute 'model'."
        )

    def __repr__(self) -> str:
        return f"<{self.model.name} given label {self.label}>"

    def _labels(self, rows: Tensor) -> Tensor:
        return ops.full((ops.shape(rows)[0],), self.label, dtype="int32")

    def encoder(self, images: Tensor) -> Tensor:
        """Compute the encoder's output for images, uint8 or floats in [0, 1]."""
        images = to_unit_interval(images)
        given = with_label_channels(images, self._labels(images), self.model.condition)
        return self.model.encoder(given)

    def decoder(self, z: Tensor) -> Tensor:
        """Compute the logits for codes, shape (n, *image_shape)."""
        z = ops.convert_to_tensor(z)
        return self.model.decoder(with_label(z, self._labels(z), self.model.condition))

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode images of the label's class; see `VAE.encode`."""
        return self.model.encode(images, self.label)

    def encode_distribution(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode images of the label's class; see `VAE.encode_distribution`."""
        return self.model.encode_distribution(images, self.label)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Decode codes to images of the label's class; see `VAE.decode`."""
        return self.model.decode(z, self.label)

    def sample(self, n: int, *, seed: int = 0) -> np.ndarray:
        """Sample n images of the label's class; see `VAE.sample`."""
        return self.model.sample(n, self.label, seed=seed)


Result = np.ndarray | tuple[np.ndarray | None, ...]


def for_each_label(
    measure: Callable[[GivenLabel, np.ndarray], Result],
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | int,
) -> Result:
    """Compute a measure of a conditional model for images with different labels.

    Args:
        measure: Function of a `GivenLabel` and the images of its class, which returns an array with
            a number (or a row) for each of them, or a tuple of such arrays. Examples:
            `likelihood.log_likelihood` and `likelihood.rate_distortion`.
        model: A `VAE` with a condition.
        images: Shape (n, *image_shape), uint8 or floats in [0, 1], n at least 1.
        labels: Shape (n,), or one label for all images.

    Returns:
        The results in the order of the images, with the type that the measure gives them.

    Raises:
        ValueError: If the labels do not fit to the images or to the model, or if the measure does
            not return a number or a row for each image.
        TypeError: If the labels are not integers.

    >>> from vaelib.models import VAE
    >>> images, labels = np.zeros((3, 28, 28, 1), "float32"), np.array([1, 0, 1])
    >>> for_each_label(lambda m, x: m.encode(x), VAE(condition=2), images, labels).shape
    (3, 2)
    """
    GivenLabel(model, 0)  # raises if the model has no condition
    images = check_images(images, model.image_shape)
    labels = check_labels(labels, len(images), model.condition)
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    found = [measure(GivenLabel(model, labels[i[0]]), images[i]) for i in rows]
    if not all(isinstance(part, tuple) for part in found):
        return _in_order(found, rows)
    if len({len(part) for part in found}) > 1:
        raise ValueError(
            "the measure returns tuples of different lengths for different labels: return equally "
            "many arrays for each label."
        )
    columns = zip(*found, strict=True)  # None, for example for the variances of fixed codes, stays
    return tuple(
        None if all(part is None for part in parts) else _in_order(parts, rows) for parts in columns
    )


def _in_order(parts: Sequence[object], rows: Sequence[np.ndarray]) -> np.ndarray:
    """Join the results of the labels; `rows` has the indices of the images of each label."""
    arrays = [_as_array(part) for part in parts]
    for array, of_label in zip(arrays, rows, strict=True):
        shape = (len(of_label), *arrays[0].shape[1:])
        if array.shape != shape or array.dtype.kind not in "biufc":
            raise ValueError(
                f"the measure returns shape {array.shape} and type {array.dtype} for "
                f"{len(of_label)} images of a label: return an array with a number, or a row of "
                "the same length, for each image."
            )
    return np.concatenate(arrays)[np.argsort(np.concatenate(rows))]
