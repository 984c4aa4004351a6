"""Images are brought to one size at every aspect ratio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vaelib.data.user_images import resizing

RED = (200, 30, 40)


def test_cropping_fills_the_size_and_padding_shows_all():
    wide = Image.new("RGB", (60, 20), RED)
    cropped, done = resizing.resize(wide, (32, 32, 3))
    padded, _ = resizing.resize(wide, (32, 32, 3), "pad")
    assert cropped.shape == padded.shape == (32, 32, 3) and done == set()
    assert (cropped == RED).all()
    assert (padded[0] == 255).all() and (padded[16] == RED).all()


@pytest.mark.parametrize("size", [(1, 1_000), (1_000, 1), (2_000, 20), (1, 1), (3, 500)])
@pytest.mark.parametrize("shape", [(8, 8, 3), (32, 32, 3), (28, 20, 1), (16, 32, 3)])
def test_a_narrow_picture_can_be_seen(size, shape):
    picture = Image.new("RGB", size, RED)
    padded, _ = resizing.resize(picture, shape, "pad")
    cropped, _ = resizing.resize(picture, shape, "crop")
    assert padded.shape == cropped.shape == shape
    color = RED if shape[2] == 3 else cropped[0, 0]
    assert (cropped == color).all()
    visible = (padded == color).all(axis=2)
    # One line of pixels or more, from one side to the other.
    wide = size[0] / size[1] > shape[1] / shape[0]
    assert visible.any(axis=0 if wide else 1).all()
    assert (padded[~visible] == 255).all()


@pytest.mark.parametrize("size", [(1, 40_000_000), (40_000_000, 1)])
def test_a_picture_of_one_line_is_padded_without_gigabytes(size, monkeypatch):
    factors = []
    scale = Image.Image.resize

    def watched(picture, target, *others, **more):
        factors.extend(np.divide(picture.size, target))
        return scale(picture, target, *others, **more)

    # The filter of Pillow has an entry of 8 bytes for about six times as many pixels as it reads.
    monkeypatch.setattr(Image.Image, "resize", watched)
    padded, _ = resizing.resize(Image.new("L", size, 99), (64, 64, 1), "pad")
    assert (padded == 99).any() and ((padded == 99) | (padded == 255)).all()
    assert max(factors) < 2 * resizing.MOST_SCALED


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.integers(0, 9),
)
def test_the_result_is_that_of_pillow_where_no_side_vanishes(size, shape, seed):
    width, height = size
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype="uint8")
    picture, target = Image.fromarray(picture), (shape[1], shape[0])
    cropped, _ = resizing.resize(picture, (*shape, 3), "crop")
    expected = ImageOps.fit(picture, target, Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(cropped, np.asarray(expected))
    if max(width / height, height / width) < 8:
        padded, _ = resizing.resize(picture, (*shape, 3), "pad")
        expected = ImageOps.pad(picture, target, Image.Resampling.LANCZOS, "white")
        np.testing.assert_array_equal(padded, np.asarray(expected))


def test_converting_color_to_gray_is_reported():
    color = Image.new("RGB", (40, 30), RED)
    gray, done = resizing.resize(color, (30, 40, 1))
    assert gray.shape == (30, 40, 1) and done == {resizing.GRAYED}
    assert abs(int(gray[0, 0, 0]) - (0.299 * 200 + 0.587 * 30 + 0.114 * 40)) < 1
    assert resizing.resize(Image.new("L", (40, 30), 120), (30, 40, 1))[1] == set()
    as_color, _ = resizing.resize(Image.new("L", (40, 30), 120), (30, 40, 3))
    assert (as_color == 120).all()


def test_one_colored_pixel_is_found_in_a_large_picture(monkeypatch):
    monkeypatch.setattr(resizing, "STRIP", 100)
    picture = Image.new("RGB", (30, 50), (9, 9, 9))
    assert resizing.is_gray(picture) and resizing.is_gray(picture.convert("L"))
    picture.putpixel((29, 49), (9, 9, 8))
    assert not resizing.is_gray(picture)
    assert sum(strip.height for strip in resizing.strips(picture)) == 50
