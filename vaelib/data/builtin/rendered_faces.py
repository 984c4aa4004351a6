"""Make a data set of the faces that `faces` renders."""

from vaelib.data.builtin import faces
from vaelib.data.dataset import Dataset
from vaelib.data.dataset_entry import DatasetEntry
from vaelib.support.errors import check_integer


def render_faces(train: int = 10_000, test: int = 2_000, seed: int = 0) -> Dataset:
    """Render the data set `faces` with any number of images.

    A larger data set begins with the images of a smaller one that has the same seed.

    Args:
        train: Number of training images, 1 or more.
        test: Number of test images, 1 or more.
        seed: Seed of the faces, 0 or more.

    Raises:
        ValueError: If a number is out of range.
        TypeError: If a number is not an integer.

    >>> render_faces(train=50, test=20).train_factors.shape
    (50, 2)
    """
    train, test = check_integer("train", train, 1), check_integer("test", test, 1)
    seed = check_integer("seed", seed, 0)
    train_images, train_labels, train_factors = faces.sample(train, [seed, 0])
    test_images, test_labels, test_factors = faces.sample(test, [seed, 1])
    return Dataset(
        "faces",
        train_images,
        train_labels,
        test_images,
        test_labels,
        faces.CLASS_NAMES,
        f"vaelib.data.builtin.faces, rendered with seed {seed}",
        train_factors,
        test_factors,
    )


ENTRY = DatasetEntry(
    "faces",
    faces.CLASS_NAMES,
    (faces.SIDE, faces.SIDE, 1),
    render_faces,
    description="rendered faces with two known factors of variation",
)
