"""Load the data sets of the course, or a folder of your own images.

`load("fashion_mnist")` returns a `Dataset`. The other names are "mnist", "faces", "frey_faces"
and "cifar10". `images("photos/")` returns a `Dataset` of your own images.

What is in which file:

    dataset       the class `Dataset`: images and labels, for training and for testing
    registry      the data sets that have a name, and how each of them is loaded
    augmentation  shifted and mirrored copies of training images
    builtin/      where the named data sets come from, and the emoji
    user_images/  images in a folder or a zip archive
"""

from vaelib.data.augmentation import augment
from vaelib.data.builtin.emoji_font import emoji
from vaelib.data.dataset import BINARIZATIONS, Dataset
from vaelib.data.registry import CLASS_NAMES, IMAGE_SHAPES, load, render_faces
from vaelib.data.user_images.image_folder import ImageWarning, images
from vaelib.support.errors import DataError
