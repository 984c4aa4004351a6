"""A feature space to compare images in: the last hidden layer of a small classifier.

The classifier is trained by this project, on the same data, and is no part of any model. Its
weights are kept under runs/, so that everyone measures in the same space. Where images have no
classes, they are compared by their pixels.
"""

import json
from hashlib import sha256

import numpy as np

from vaelib import data
from vaelib.backend import keras, layers, ops
from vaelib.batches import Batches
from vaelib.errors import RunError
from vaelib.files import write_whole
from vaelib.models import at_once, in_chunks
from vaelib.networks import weights_from
from vaelib.pixels import check_images, to_unit_interval
from vaelib.runs import PUBLISHED
from vaelib.runs.arrays import assign, from_npz, read_whole, to_npz, values

EPOCHS = 4
WIDTH = 64  # features of an image


class Features:
    """A function from images to features; also knows which class it takes an image for.

    Args:
        dataset: the name of a data set.
        image_shape: (height, width, channels) of its images; None: as `data.IMAGE_SHAPES` says.
        classes: how many it has; None: as many as `data.CLASS_NAMES` says.
    """

    def __init__(self, dataset, image_shape=None, classes=None):
        self.dataset, image_shape = dataset, image_shape or data.IMAGE_SHAPES[dataset]
        self.classifier = keras.Sequential(
            [
                keras.Input(image_shape),
                layers.Conv2D(32, 3, strides=2, activation="relu"),
                layers.Conv2D(64, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(WIDTH, activation="relu", name="features"),
                layers.Dense(classes or len(data.CLASS_NAMES[dataset])),
            ]
        )
        self.extractor = keras.Model(
            self.classifier.inputs, self.classifier.get_layer("features").output
        )

    def __call__(self, images):
        """Features of images, (n, *image_shape) to (n, WIDTH); raises as `pixels.check_images`."""
        shape = self.classifier.input_shape[1:]
        images = check_images(images, shape)
        size = at_once(shape)
        return in_chunks(lambda part: self.extractor(to_unit_interval(part)), images, size)

    def accuracy(self, images, labels):
        """Share of images that the classifier gets right."""
        weights, bias = self.classifier.layers[-1].get_weights()
        return float(np.mean(np.argmax(self(images) @ weights + bias, axis=1) == labels))


class _Labelled(Batches):
    """Batches with their labels, pixels scaled."""

    def __init__(self, images, labels, batch_size, seed):
        super().__init__(images, batch_size, seed)
        self.labels = labels

    def __getitem__(self, step):
        chosen = self.chosen(step)
        return to_unit_interval(self.images[chosen]), self.labels[chosen]


def pixels(images):
    """All values of each image, in [0, 1]: (n, height, width, channels) to (n, values)."""
    return ops.convert_to_numpy(to_unit_interval(check_images(images))).reshape(len(images), -1)


def train(dataset, epochs=EPOCHS):
    """Train the classifier on a data set's training images.

    Args:
        dataset: a `Dataset`.
        epochs: passes over the training images.

    Returns:
        `Features`.
    """
    with weights_from(seed=0):
        features = Features(dataset.name, dataset.image_shape, len(dataset.class_names))
    features.classifier.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    batches = _Labelled(dataset.train_images, dataset.train_labels, 100, seed=0)
    features.classifier.fit(
        batches.stream(),
        steps_per_epoch=batches.steps_per_epoch,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )
    return features


def _has_classes(dataset):
    return len(data.CLASS_NAMES.get(dataset, "ab")) > 1


def path_of(dataset, directory=PUBLISHED):
    """Where the weights for a data set are kept."""
    return directory / f"features_{dataset}.npz"


def save(features, fingerprint, accuracy, epochs=EPOCHS, directory=PUBLISHED):
    """Write the classifier's weights, and beside them what they were trained on and how well."""
    path = path_of(features.dataset, directory)
    arrays = {str(i): v for i, v in enumerate(values(features.classifier.variables))}
    write_whole(path, to_npz(arrays))
    about = {"data": fingerprint, "epochs": epochs, "test accuracy": accuracy}
    write_whole(path.with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())


def fingerprint(dataset, directory=PUBLISHED):
    """What tells the feature space of a data set, by its name, from others; None: there is none."""
    if not _has_classes(dataset):
        return "pixels"
    path = path_of(dataset, directory)
    return sha256(path.read_bytes()).hexdigest() if path.exists() else None


def load(dataset, directory=PUBLISHED):
    """The feature space that comes with the project for a data set, by its name.

    Returns:
        `Features`, or `pixels` for a data set without classes.

    Raises:
        RunError: where there is none, or it is damaged.
    """
    if not _has_classes(dataset):
        return pixels
    path = path_of(dataset, directory)
    if not path.exists():
        raise RunError(f"the project has no features for {dataset!r}: train them with `train`.")
    features = Features(dataset)
    try:
        arrays = from_npz(read_whole(path))
        assign(features.classifier.variables, list(arrays.values()))
    except Exception as error:  # zipfile, zlib and NumPy raise half a dozen kinds
        raise RunError(f"{path.name} can't be read ({error}): restore it.") from None
    return features
