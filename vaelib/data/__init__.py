"""Data sets: `load("fashion_mnist")`, verified; "mnist", "faces"; your own, `images("photos/")`.

What is in which file:

    datasets   what a data set is
    named      those that have a name, and how each is loaded
    sources    where the bytes of the two that are files come from
    downloads  from afar; `digits`: out of Python packages
    idx        the format of these files
    faces      the data set that is rendered; `frey`: the film of a real face
    folders    a folder or a zip of pictures as a data set
    archives   the files in either, and their classes; `pictures`: one file, decoded
    augment    more training images out of the ones there are
    noto       a zip of colour pictures to try it on
"""

from vaelib.data.augment import augmented
from vaelib.data.datasets import BINARISED, Dataset
from vaelib.data.folders import PictureNote, images
from vaelib.data.named import CLASS_NAMES, IMAGE_SHAPES, load, render_faces
from vaelib.data.noto import emoji
from vaelib.errors import DataError
