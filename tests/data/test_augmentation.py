"""More training images: copies that are moved and mirrored, nothing else."""

import numpy as np
import pytest

import drawn
from vaelib import data


@pytest.fixture(scope="module")
def discs():
    return drawn.dataset((16, 20, 3), train=12, test=5)


def is_moved(image, copy, shift, mirror):
    """Whether a copy is the image, mirrored or not, moved by up to so many pixels."""
    padded = np.pad(image, ((shift, shift), (shift, shift), (0, 0)), "edge")
    height, width, _ = image.shape
    for seen in (padded, padded[:, ::-1]) if mirror else (padded,):
        for down in range(2 * shift + 1):
            for across in range(2 * shift + 1):
                if (seen[down : down + height, across : across + width] == copy).all():
                    return True
    return False


@pytest.mark.parametrize("shift, mirror", [(2, True), (2, False), (0, True), (3, False)])
def test_every_copy_is_its_image_moved_and_perhaps_mirrored(discs, shift, mirror):
    more = data.augment(discs, 4, shift, mirror, seed=1)
    assert more.train_images.shape == (48, 16, 20, 3)
    np.testing.assert_array_equal(more.train_images[:12], discs.train_images)
    np.testing.assert_array_equal(more.train_labels, np.tile(discs.train_labels, 4))
    for i, copy in enumerate(more.train_images):
        assert is_moved(discs.train_images[i % 12], copy, shift, mirror)
    different = (more.train_images[12:] != np.tile(discs.train_images, (3, 1, 1, 1))).any((1, 2, 3))
    assert different.mean() > 0.3


def test_test_images_are_unchanged_and_the_seed_determines_the_copies(discs):
    one, again, other = (data.augment(discs, 3, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.test_images, discs.test_images)
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert "3 times: moved by up to 2 pixels, half of them mirrored" in one.source


def test_one_copy_is_the_unchanged_data_set(discs):
    assert data.augment(discs, 1).fingerprint == discs.fingerprint


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ((0,), "times must be an integer, 1 or more"),
        ((2, 16), "shift must be an integer from 0 to 15"),
    ],
)
def test_numbers_out_of_range_are_refused(discs, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        data.augment(discs, *arguments)
