"""Read, check and write IDX files, the format of MNIST and Fashion-MNIST.

A file has a header of big-endian 32-bit integers, followed by one byte per pixel or label:

    images   2051 (magic number), number of images, rows, columns, pixels ...
    labels   2049 (magic number), number of labels, labels ...

The reading functions take the content of a file as bytes, plain or compressed with gzip, and the
`name` of the file for error messages. They raise DataError if the content cannot be used.
"""

import gzip
import hashlib
import io
import math
import struct
import zlib

import numpy as np

from vaelib.support.errors import DataError

IMAGES = 2051
LABELS = 2049
_KINDS = {IMAGES: "images", LABELS: "labels"}
_GZIP = b"\x1f\x8b"
LARGEST_CONTENT = 1 << 27  # bytes after unpacking, because a small file can unpack to any size


def decompress(content: bytes, name: str = "the file") -> bytes:
    """Decompress content that is compressed with gzip, and return other content unchanged."""
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(LARGEST_CONTENT + 1)
    except EOFError:
        raise DataError(
            f"{name} is truncated: its gzip stream ends after {len(content):,} bytes; "
            "get a complete copy"
        ) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{name} is damaged and cannot be unpacked ({error}); get a new copy"
        ) from None
    if len(unpacked) > LARGEST_CONTENT:
        raise DataError(
            f"{name} unpacks to more than {LARGEST_CONTENT:,} bytes, expected at most 47,040,016; "
            "get a new copy"
        )
    return unpacked


def read_images(content: bytes, name: str = "the file of images") -> np.ndarray:
    """Read images: a read-only uint8 array of shape (n, rows, columns, 1)."""
    content = decompress(content, name)
    n, rows, columns = _header(content, IMAGES, name)
    return np.frombuffer(content, np.uint8, offset=16).reshape(n, rows, columns, 1)


def read_labels(content: bytes, name: str = "the file of labels") -> np.ndarray:
    """Read labels: a read-only uint8 array of shape (n,)."""
    content = decompress(content, name)
    _header(content, LABELS, name)
    return np.frombuffer(content, np.uint8, offset=8)


def write_images(images: np.ndarray) -> bytes:
    """Encode images of shape (n, rows, columns) or (n, rows, columns, 1) as an IDX file."""
    images = np.asarray(images, np.uint8)
    return struct.pack(">4I", IMAGES, *images.shape[:3]) + images.tobytes()


def write_labels(labels: np.ndarray) -> bytes:
    """Encode labels of shape (n,) as an IDX file."""
    labels = np.asarray(labels, np.uint8)
    return struct.pack(">2I", LABELS, len(labels)) + labels.tobytes()


def check_pair(
    images: np.ndarray, labels: np.ndarray, name: str = "this data set", kind: str = "labels"
) -> None:
    """Raise DataError if the numbers of images and labels (or of another `kind`) differ."""
    if len(images) != len(labels):
        raise DataError(
            f"{name}: {len(images):,} images but {len(labels):,} {kind}, expected equal "
            "numbers; check that the two belong together"
        )


def verify(content: bytes, sha256: str, name: str = "the file") -> None:
    """Raise DataError if unpacked content does not have the given SHA-256 (in hexadecimal)."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{name} was altered: the SHA-256 of its unpacked bytes is {found[:12]}..., "
            f"expected {sha256[:12]}...; get a new copy"
        )


def _header(content: bytes, magic: int, name: str) -> tuple[int, ...]:
    """Return the sizes in the header after checking them against the length of the content."""
    size = 16 if magic == IMAGES else 8
    kind = _KINDS[magic]
    found = int.from_bytes(content[:4], "big")
    if found != magic:
        what = f"an IDX file of {_KINDS[found]}" if found in _KINDS else "no IDX file"
        raise DataError(
            f"{name} is {what}: it begins with the magic number {found}, expected {magic} "
            f"for {kind}; check that the right file is in its place"
        )
    if len(content) < size:
        raise DataError(
            f"{name} is truncated: {len(content)} bytes are fewer than the header's {size}; "
            "get a complete copy"
        )
    shape = struct.unpack(f">{size // 4 - 1}I", content[4:size])
    expected, follows = math.prod(shape), len(content) - size
    if follows != expected:
        by = " x ".join(f"{length:,}" for length in shape)
        raise DataError(
            f"{name} announces {by} {'pixels' if magic == IMAGES else 'labels'}, so {expected:,} "
            f"bytes should follow its header, but {follows:,} do; get a complete copy"
        )
    return shape
