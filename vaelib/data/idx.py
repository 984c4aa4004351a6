"""Reading, checking and writing IDX files, the format of MNIST and its successors.

A header of big-endian 32-bit numbers, then one byte per pixel or label:

    images   2051 (magic number), how many, rows, columns, pixels ...
    labels   2049 (magic number), how many, labels ...

All functions take the content of a file as bytes, plain or compressed by gzip, and a `name` to
call it by in messages. What cannot be used raises DataError.
"""

import gzip
import hashlib
import math
import struct
import zlib

import numpy as np

from vaelib.errors import DataError

IMAGES = 2051
LABELS = 2049
_KINDS = {IMAGES: "images", LABELS: "labels"}
_GZIP = b"\x1f\x8b"


def unpack(content, name="the file"):
    """The content of a file without its gzip compression, if it has any."""
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except EOFError:
        raise DataError(
            f"{name} is truncated: its gzip stream breaks off after {len(content):,} bytes; "
            "get a complete copy"
        ) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{name} is damaged and cannot be unpacked ({error}); get it anew"
        ) from None


def read_images(content, name="the file of images"):
    """Images, uint8 of shape (n, rows, columns, 1), read-only."""
    content = unpack(content, name)
    n, rows, columns = _header(content, IMAGES, name)
    return np.frombuffer(content, np.uint8, offset=16).reshape(n, rows, columns, 1)


def read_labels(content, name="the file of labels"):
    """Labels, uint8 of shape (n,), read-only."""
    content = unpack(content, name)
    _header(content, LABELS, name)
    return np.frombuffer(content, np.uint8, offset=8)


def write_images(images):
    """The IDX file, as bytes, of images of shape (n, rows, columns) or (n, rows, columns, 1)."""
    images = np.asarray(images, np.uint8)
    return struct.pack(">4I", IMAGES, *images.shape[:3]) + images.tobytes()


def write_labels(labels):
    """The IDX file, as bytes, of labels of shape (n,)."""
    labels = np.asarray(labels, np.uint8)
    return struct.pack(">2I", LABELS, len(labels)) + labels.tobytes()


def check_pair(images, labels, name="this data set", kind="labels"):
    """Raise DataError unless there are as many labels as images."""
    if len(images) != len(labels):
        raise DataError(
            f"{name}: {len(images):,} images but {len(labels):,} {kind}, expected as many of each; "
            "check that both belong together"
        )


def verify(content, sha256, name="the file"):
    """Raise DataError unless `content`, already unpacked, has this SHA-256 in hexadecimal."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{name} was altered: the SHA-256 of its unpacked bytes is {found[:12]}..., "
            f"expected {sha256[:12]}...; get it anew"
        )


def _header(content, magic, name):
    """The sizes that the header announces, once they agree with what follows it."""
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
