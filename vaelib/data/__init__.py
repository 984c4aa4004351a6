"""Data sets, verified: `load("fashion_mnist")`, `load("mnist")`, `load("faces")`.

What is in which file:

    datasets   what a data set is, and how one is loaded
    sources    where the bytes of the two that are files come from
    downloads  from afar; `digits`: out of Python packages
    idx        the format of these files
    faces      the data set that is rendered
"""

from vaelib.data.datasets import BINARISED, CLASS_NAMES, Dataset, load, render_faces
from vaelib.errors import DataError
