"""Train, save and load the feature space in which images are compared.

The features of an image are the last hidden layer of a small classifier. The classifier is trained
on the training images of the data set and is independent of every VAE. Its weights are stored
under runs/features/, so that all results are computed in the same space. Images of a data set
without classes are compared by their pixels.
"""

import contextlib
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vaelib import data
from vaelib.batches import Batches
from vaelib.networks import seeded_init
from vaelib.runs import PUBLISHED
from vaelib.runs.npz import assign_variables, from_npz, read_bounded, to_npz, variable_values
from vaelib.support.backend import Tensor, keras, layers, ops
from vaelib.support.chunks import apply_in_chunks, chunk_size
from vaelib.support.errors import RunError
from vaelib.support.files import write_atomically
from vaelib.support.image_arrays import check_images, to_unit_interval

EPOCHS = 4
WIDTH = 64  # number of features of an image


class Features:
    """Map images to features, the last hidden layer of a classifier.

    Args:
        dataset: Name of a data set.
        image_shape: (height, width, channels) of its images. Default: as its entry in
            `data.DATASETS` says.
        classes: Number of its classes. Default: as its entry in `data.DATASETS` says.

    Attributes:
        classifier: Keras model from images in [0, 1] to the logits of the classes.
        extractor: Keras model from images in [0, 1] to features.
    """

    def __init__(
        self,
        dataset: str,
        image_shape: tuple[int, int, int] | None = None,
        classes: int | None = None,
    ) -> None:
        self.dataset = dataset
        image_shape = image_shape or data.DATASETS[dataset].image_shape
        classes = classes or len(data.DATASETS[dataset].class_names)
        self.classifier = keras.Sequential(
            [
                keras.Input(image_shape),
                layers.Conv2D(32, 3, strides=2, activation="relu"),
                layers.Conv2D(64, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(WIDTH, activation="relu", name="features"),
                layers.Dense(classes),
            ]
        )
        self.extractor = keras.Model(
            self.classifier.inputs, self.classifier.get_layer("features").output
        )

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """Compute features, (n, WIDTH), of images, (n, *image_shape), uint8 or floats in [0, 1].

        Raises:
            ValueError: If `check_images` rejects the images.
        """
        shape = self.classifier.input_shape[1:]
        images = check_images(images, shape)
        size = chunk_size(shape)
        return apply_in_chunks(lambda part: self.extractor(to_unit_interval(part)), images, size)

    def accuracy(self, images: ArrayLike, labels: np.ndarray) -> float:
        """Compute the share of images, in [0, 1], that are assigned to their class (n labels)."""
        weights, bias = self.classifier.layers[-1].get_weights()
        return float(np.mean(np.argmax(self(images) @ weights + bias, axis=1) == labels))


class _Labelled(Batches):
    """Batches of images in [0, 1] together with their labels."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> None:
        super().__init__(images, batch_size, seed)
        self.labels = labels

    def __getitem__(self, step: int) -> tuple[Tensor, np.ndarray]:
        chosen = self.indices(step)
        return to_unit_interval(self.images[chosen]), self.labels[chosen]


def pixel_features(images: ArrayLike) -> np.ndarray:
    """Use the pixels of each image as its features.

    Args:
        images: Shape (n, height, width, channels), uint8 or floats in [0, 1].

    Returns:
        Floats in [0, 1], shape (n, height * width * channels).
    """
    return ops.convert_to_numpy(to_unit_interval(check_images(images))).reshape(len(images), -1)


def train(dataset: data.Dataset, epochs: int = EPOCHS) -> Features:
    """Train the classifier on the training images of a data set, for a number of epochs."""
    with seeded_init(seed=0):
        features = Features(dataset.name, dataset.image_shape, len(dataset.class_names))
    features.classifier.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    batches = _Labelled(dataset.train_images, dataset.train_labels, 100, seed=0)
    with contextlib.closing(batches):
        features.classifier.fit(
            batches.to_tf_dataset(),
            steps_per_epoch=batches.steps_per_epoch,
            epochs=epochs,
            shuffle=False,
            verbose=0,
        )
    return features


def _has_classes(dataset: str) -> bool:
    # Data sets without a name that `data.load` accepts count as having classes.
    return dataset not in data.DATASETS or len(data.DATASETS[dataset].class_names) > 1


def path_of(dataset: str, directory: Path = PUBLISHED) -> Path:
    """Return the path of the file with the weights for a data set, given its name."""
    return directory / "features" / f"{dataset}.npz"


def save(
    features: Features,
    fingerprint: str,
    accuracy: float,
    epochs: int = EPOCHS,
    directory: Path = PUBLISHED,
) -> None:
    """Write the weights of the classifier, and a JSON file that describes its training.

    Args:
        features: The trained `Features`.
        fingerprint: Fingerprint of the `Dataset` that it was trained on.
        accuracy: Its accuracy on the test images, in [0, 1].
        epochs: Number of epochs that it was trained for.
        directory: Parent of the folder "features", to which the files are written.
    """
    path = path_of(features.dataset, directory)
    arrays = {str(i): v for i, v in enumerate(variable_values(features.classifier.variables))}
    write_atomically(path, to_npz(arrays))
    about = {"data": fingerprint, "epochs": epochs, "test accuracy": accuracy}
    write_atomically(path.with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())


def fingerprint(dataset: str, directory: Path = PUBLISHED) -> str | None:
    """Return a string that identifies the feature space of a data set, given its name.

    Returns:
        The SHA-256 of the file with the weights, "pixels" for a data set without classes, or None
        if there is no such file.
    """
    if not _has_classes(dataset):
        return "pixels"
    path = path_of(dataset, directory)
    return sha256(path.read_bytes()).hexdigest() if path.exists() else None


def load(dataset: str, directory: Path = PUBLISHED) -> Callable[[np.ndarray], np.ndarray]:
    """Load the feature space that comes with the project for a data set, given its name.

    Returns:
        `Features`, or `pixel_features` for a data set without classes.

    Raises:
        RunError: If the file with the weights is missing or damaged.
    """
    if not _has_classes(dataset):
        return pixel_features
    path = path_of(dataset, directory)
    if not path.exists():
        raise RunError(
            f"the project has no features for {dataset!r}: train and save them with "
            "`vaelib.measures.features`."
        )
    features = Features(dataset)
    try:
        arrays = from_npz(read_bounded(path))
        assign_variables(features.classifier.variables, list(arrays.values()))
    except Exception as error:  # zipfile, zlib and NumPy raise many different types
        raise RunError(
            f"{path.name} can't be read ({error}): restore the file from the repository."
        ) from None
    return features
