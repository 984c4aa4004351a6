"""Images of every format are decoded to pixels; other files are refused by name."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaelib.data import DataError
from vaelib.data.user_images import decoding

RED = (200, 30, 40)


def file_of(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def plain(mode="RGB", size=(40, 30), color=RED):
    return Image.new(mode, size, color if mode == "RGB" else 120)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "PPM", "TIFF"])
def test_every_format_is_read(kind):
    picture, done = decoding.decode(file_of(plain(), kind), "a.picture")
    assert (picture.mode, picture.size, done) == ("RGB", (40, 30), set())
    np.testing.assert_allclose(np.asarray(picture).mean(axis=(0, 1)), RED, atol=3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PPM"])
def test_gray_stays_gray(kind):
    picture, _ = decoding.decode(file_of(plain("L"), kind), "a.pgm")
    assert picture.mode == "L" and abs(int(np.asarray(picture)[0, 0]) - 120) <= 1
    assert decoding.is_gray(picture) and decoding.is_gray(picture.convert("RGB"))
    assert not decoding.is_gray(plain())


def test_a_transparent_image_is_placed_on_white():
    clear = Image.new("RGBA", (4, 4), (*RED, 0))
    clear.putpixel((0, 0), (*RED, 255))
    picture, done = decoding.decode(file_of(clear), "a.png")
    assert done == {decoding.TRANSPARENT}
    assert picture.getpixel((0, 0)) == RED and picture.getpixel((1, 0)) == (255, 255, 255)


def test_an_opaque_image_with_an_alpha_channel_is_not_called_transparent():
    picture, done = decoding.decode(file_of(Image.new("RGBA", (4, 4), (*RED, 255))), "a.png")
    assert done == set() and picture.getpixel((0, 0)) == RED


def test_the_first_frame_of_an_animation_is_used():
    frames = [plain(color=color) for color in [RED, (0, 0, 255)]]
    content = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture, done = decoding.decode(content, "a.gif")
    assert done == {decoding.ANIMATED}
    np.testing.assert_allclose(picture.getpixel((0, 0)), RED, atol=3)


def test_cmyk_and_16_bit_images_are_converted_to_bytes():
    printed, done = decoding.decode(file_of(plain().convert("CMYK"), "JPEG"), "a.jpg")
    assert (printed.mode, done) == ("RGB", {decoding.CMYK})
    values = np.array([[0, 257 * 7, 65_535]], "uint16")
    deep, done = decoding.decode(file_of(Image.fromarray(values)), "a.png")
    assert np.asarray(deep).tolist() == [[0, 7, 255]] and done == {decoding.SIXTEEN_BIT}


def test_a_photograph_is_rotated_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    picture, _ = decoding.decode(file_of(plain(), "JPEG", exif=exif), "a.jpg")
    assert picture.size == (30, 40)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cat.png is empty"),
        (b"no picture", "cat.png is not an image: expected PNG, JPEG"),
        (b"%PDF-1.4 ...", "cat.png is not an image"),
        (file_of(plain())[:60], "cat.png is truncated or damaged"),
        (file_of(plain(), "JPEG")[:-200], "cat.png is truncated or damaged"),
        (file_of(Image.new("F", (4, 4)), "TIFF"), "cat.png has floating-point pixels"),
    ],
    ids=["empty", "text", "PDF", "half a PNG", "half a JPEG", "floats"],
)
def test_files_that_cannot_be_read_are_named(content, words):
    with pytest.raises(DataError, match=words):
        decoding.decode(content, "cat.png")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_001, 20_000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(side, monkeypatch):
    small = file_of(Image.new("1", (side, side)))  # millions of pixels in a few kilobytes
    assert len(small) < 100_000
    monkeypatch.setattr(Image.Image, "load", None)  # must not be called
    with pytest.raises(DataError, match=r"bomb.png has more than 100,000,000 pixels"):
        decoding.decode(small, "bomb.png")


def test_cropping_fills_the_size_and_padding_shows_all():
    wide = Image.new("RGB", (60, 20), RED)
    cropped, done = decoding.resize(wide, (32, 32, 3))
    padded, _ = decoding.resize(wide, (32, 32, 3), "pad")
    assert cropped.shape == padded.shape == (32, 32, 3) and done == set()
    assert (cropped == RED).all()
    assert (padded[0] == 255).all() and (padded[16] == RED).all()


def test_converting_color_to_gray_is_reported():
    gray, done = decoding.resize(plain(), (30, 40, 1))
    assert gray.shape == (30, 40, 1) and done == {decoding.GRAYED}
    assert abs(int(gray[0, 0, 0]) - (0.299 * 200 + 0.587 * 30 + 0.114 * 40)) < 1
    assert decoding.resize(plain("L"), (30, 40, 1))[1] == set()
    as_color, _ = decoding.resize(plain("L"), (30, 40, 3))
    assert (as_color == 120).all()


GOOD = [file_of(plain(size=(6, 5)), kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF")]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_damaged_file_is_read_or_refused_with_a_message(content, draw):
    places = draw.draw(st.lists(st.integers(0, len(content) - 1), max_size=4))
    damaged = bytearray(content[: draw.draw(st.integers(0, len(content)))])
    for place in places:
        if place < len(damaged):
            damaged[place] = draw.draw(st.integers(0, 255))
    try:
        picture, _ = decoding.decode(bytes(damaged), "a.png")
    except DataError as error:
        assert str(error).startswith("a.png ") and str(error).endswith(".")
    else:
        assert picture.mode in ("L", "RGB")
