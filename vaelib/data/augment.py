"""More training images out of the ones there are: moved a little, and as in a mirror."""

from dataclasses import replace

import numpy as np

from vaelib.errors import check_integer
from vaelib.streams import stream


def augmented(dataset, times, shift=2, mirror=True, seed=0):
    """The same data set with changed copies of its training images; the test images stay.

    The first copy is unchanged. In each other one every image is moved by up to `shift` pixels
    along both axes, with its edge repeated where nothing is left, and mirrored or not.

    Args:
        dataset: a `Dataset`.
        times: how many copies of each image there will be; memory grows with it.
        shift: pixels, 0 or more, fewer than the shorter side has.
        mirror: whether left and right are exchanged in every other image, on average. Leave it
            out where these mean something, as with digits.
        seed: of the changes.

    Returns:
        A `Dataset`, with `times` as many training images, copy after copy.

    Raises:
        ValueError, TypeError: for numbers out of range, or of another type.
    """
    times = check_integer("times", times, 1)
    height, width, _ = dataset.image_shape
    shift = check_integer("shift", shift, 0, min(height, width) - 1)
    images, random = dataset.train_images, stream(check_integer("seed", seed, 0), "augmentation")
    copies = [images]
    for _ in range(times - 1):
        moves = random.integers(-shift, shift + 1, (len(images), 2))
        turned = random.random(len(images)) < (0.5 if mirror else 0.0)
        rows = np.clip(np.arange(height) + moves[:, :1], 0, height - 1)
        columns = np.clip(np.arange(width) + moves[:, 1:], 0, width - 1)
        columns = np.where(turned[:, None], columns[:, ::-1], columns)
        one_each = np.arange(len(images))[:, None, None]
        copies.append(images[one_each, rows[:, :, None], columns[:, None, :]])
    words = f"{dataset.source}, {times} times: moved by up to {shift} pixels"
    return replace(
        dataset,
        train_images=np.concatenate(copies),
        train_labels=np.tile(dataset.train_labels, times),
        train_factors=None,  # a moved face is not where its factors say
        source=words + (", half of them mirrored" if mirror else ""),
    )
