"""IDX files: what is written is read, and what is damaged is refused."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from vaelib.data import DataError
from vaelib.data.builtin import idx

LABELS = np.arange(50, dtype=np.uint8)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_written_files_are_read_unchanged(pack):
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 7, 1)).astype(np.uint8)
    found = idx.read_images(pack(idx.write_images(images)))
    assert found.dtype == np.uint8 and np.array_equal(found, images)
    assert np.array_equal(idx.read_labels(pack(idx.write_labels(LABELS))), LABELS)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    packed = gzip.compress(bytes(1 << 20))
    monkeypatch.setattr(idx, "LARGEST_CONTENT", (1 << 20) - 1)
    with pytest.raises(DataError, match="bomb unpacks to more than 1,048,575 bytes"):
        idx.decompress(packed, "bomb")


def test_the_format_is_that_of_mnist():
    assert idx.write_images(np.full((1, 2, 2), 7)) == struct.pack(">4I4B", 2051, 1, 2, 2, *[7] * 4)
    assert idx.write_labels([3, 4]) == struct.pack(">2I2B", 2049, 2, 3, 4)


def test_arrays_are_read_only():
    assert not idx.read_labels(idx.write_labels(LABELS)).flags.writeable


@pytest.mark.parametrize("bit", [0, 7])
def test_every_flipped_bit_of_a_compressed_file_is_detected(bit):
    packed = gzip.compress(idx.write_labels(LABELS))
    for position in range(len(packed)):
        damaged = bytearray(packed)
        damaged[position] ^= 1 << bit
        try:  # some bits, like those of the time stamp, do not matter
            found = idx.read_labels(bytes(damaged))
        except DataError:
            continue
        assert np.array_equal(found, LABELS)


def test_every_truncation_of_a_compressed_file_is_detected():
    packed = gzip.compress(idx.write_labels(LABELS))
    for length in range(len(packed)):
        with pytest.raises(DataError, match="mine"):
            idx.read_labels(packed[:length], "mine")


def test_labels_are_not_images_nor_images_labels():
    labels, images = idx.write_labels(LABELS), idx.write_images(np.zeros((1, 28, 28)))
    with pytest.raises(DataError, match=r"mine is an IDX file of labels.* 2049, expected 2051"):
        idx.read_images(labels, "mine")
    with pytest.raises(DataError, match=r"mine is an IDX file of images.* 2051, expected 2049"):
        idx.read_labels(images, "mine")


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"!"])
def test_the_header_must_agree_with_what_follows(change):
    with pytest.raises(DataError, match=r"announces 50 labels, so 50 bytes .* but (49|51) do"):
        idx.read_labels(change(idx.write_labels(LABELS)))


def test_one_altered_byte_is_detected():
    digest = hashlib.sha256(b"original").hexdigest()
    idx.verify(b"original", digest)
    with pytest.raises(DataError, match=r"mine was altered: .* expected"):
        idx.verify(b"Original", digest, "mine")
