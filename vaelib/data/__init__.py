"""Load the data sets of the course, or a folder of your own images.

`load("fashion_mnist")` returns a `Dataset`. The keys of `DATASETS` are the names that it accepts,
and `register` adds a data set of yours to them. `images("photos/")` returns a `Dataset` of your own
images.

What is in which file:

    dataset        the class `Dataset`: images and labels, for training and for testing
    dataset_entry  the class `DatasetEntry`: what a data set with a name is, and how to load it
    registry       the data sets that have a name, which are loaded by it
    augmentation   shifted and mirrored copies of training images
    builtin/       the named data sets of this package with their sources, and the emoji
    user_images/   images in a folder or a zip archive
"""

from vaelib.data.augmentation import augment
from vaelib.data.builtin.emoji_font import emoji
from vaelib.data.builtin.rendered_faces import render_faces
from vaelib.data.dataset import BINARIZATIONS, Dataset
from vaelib.data.dataset_entry import DatasetEntry
from vaelib.data.registry import DATASETS, find_entry, load, register
from vaelib.data.user_images.image_folder import ImageWarning, images
from vaelib.support.errors import DataError
