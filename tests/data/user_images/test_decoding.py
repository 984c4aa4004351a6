"""Images of every format are decoded to pixels; other files are refused by name."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, TiffImagePlugin, features

from vaelib.data import DataError
from vaelib.data.user_images import decoding, recognizing

RED = (200, 30, 40)


def file_of(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def plain(mode="RGB", size=(40, 30), color=RED):
    return Image.new(mode, size, color if mode == "RGB" else 120)


@pytest.mark.parametrize(
    "kind",
    [
        *("PNG", "JPEG", "GIF", "WEBP", "BMP", "PPM", "TIFF", "TGA", "PCX", "SGI", "DDS", "DIB"),
        pytest.param(
            "AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="lacks it")
        ),
        pytest.param(
            "JPEG2000", marks=pytest.mark.skipif(not features.check("jpg_2000"), reason="lacks it")
        ),
    ],
)
def test_every_format_is_read_whatever_its_name(kind):
    picture, done = decoding.decode(file_of(plain(), kind), "a.picture")
    assert (picture.mode, picture.size, done) == ("RGB", (40, 30), set())
    np.testing.assert_allclose(np.asarray(picture).mean(axis=(0, 1)), RED, atol=3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PPM"])
def test_gray_stays_gray(kind):
    picture, _ = decoding.decode(file_of(plain("L"), kind), "a.pgm")
    assert picture.mode == "L" and abs(int(np.asarray(picture)[0, 0]) - 120) <= 1


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


@pytest.mark.parametrize("kind", ["TIFF", "MPO"])
def test_the_first_of_several_pictures_is_used_and_not_called_animated(kind):
    frames = [plain(color=color) for color in [RED, (0, 0, 255)]]
    content = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
    picture, done = decoding.decode(content, "a.tif")
    assert done == {decoding.SEVERAL}
    np.testing.assert_allclose(picture.getpixel((0, 0)), RED, atol=3)
    assert decoding.decode(file_of(plain(), kind), "a.tif")[1] == set()


def test_of_a_tiff_with_many_pictures_no_more_than_two_are_looked_at(monkeypatch):
    frames, read = [plain(size=(2, 2))] * 9, []
    content = file_of(frames[0], "TIFF", save_all=True, append_images=frames)
    load = TiffImagePlugin.ImageFileDirectory_v2.load
    monkeypatch.setattr(
        TiffImagePlugin.ImageFileDirectory_v2,
        "load",
        lambda self, stream: read.append(stream.tell()) or load(self, stream),
    )
    decoding.decode(content, "a.tif")
    assert len(set(read)) == 2


def test_cmyk_and_lab_images_are_converted():
    printed, done = decoding.decode(file_of(plain().convert("CMYK"), "JPEG"), "a.jpg")
    assert (printed.mode, done) == ("RGB", {decoding.CMYK})
    lab = Image.new("LAB", (4, 4), (255, 128, 128))
    white, done = decoding.decode(file_of(lab, "TIFF"), "a.tif")
    assert (white.mode, done) == ("RGB", {decoding.LAB}) and min(white.getpixel((0, 0))) > 250


def test_large_profiles_and_texts_are_no_damage():
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 3_000_000, zip=True)
    for options in ({"icc_profile": bytes(2_000_000)}, {"pnginfo": text}):
        content = file_of(plain(), **options)
        picture, done = decoding.decode(content, "a.png")
        assert picture.getpixel((0, 0)) == RED and done == set()
    # The text may also follow the pixels.
    pixels = content.index(b"IDAT") - 4
    start = content.index(b"zTXt") - 4
    moved = content[:start] + content[pixels:-12] + content[start:pixels] + content[-12:]
    assert decoding.decode(moved, "a.png")[0].getpixel((0, 0)) == RED


def test_a_photograph_is_rotated_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    picture, _ = decoding.decode(file_of(plain(), "JPEG", exif=exif), "a.jpg")
    assert picture.size == (30, 40)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cat.png is empty"),
        (
            b"no picture",
            "cat.png is not an image: expected a format that Pillow reads, such as PNG",
        ),
        (b"\0\0\0\x18ftypheic" + bytes(99), "cat.png is in HEIC format, .*: convert it to JPEG or"),
        (b"PK\3\4" + bytes(99), "cat.png is not an image, but a zip archive inside the source"),
        (b"%PDF-1.4 ...", "cat.png is not an image"),
        (file_of(plain())[:60], "cat.png is truncated or damaged"),
        (file_of(plain(), "JPEG")[:-200], "cat.png is truncated or damaged"),
    ],
    ids=["empty", "text", "HEIC", "zip", "PDF", "half a PNG", "half a JPEG"],
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


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG"])
def test_a_small_file_that_claims_many_pixels_is_refused_before_they_are_allocated(
    kind, monkeypatch
):
    content = bytearray(file_of(Image.new("L", (5_000, 4_000)), kind))
    monkeypatch.setattr(recognizing, "HARMLESS", 1_000_000)
    decoding.decode(bytes(content), "a.picture")  # as dense as this format can be, but whole
    monkeypatch.setattr(Image.Image, "load", None)  # must not be called
    with pytest.raises(
        DataError, match=r"a.picture is truncated or damaged \(1,\d\d\d bytes can't"
    ):
        decoding.decode(bytes(content[:1_200]), "a.picture")


def test_the_memory_of_a_picture_includes_the_addresses_of_its_rows():
    wide, high = (decoding.cost(Image.new("L", size)) for size in ((9_000, 1), (1, 9_000)))
    assert wide == pytest.approx(2 * 9_000, rel=0.01) and high == 10 * 9_000


def png_of_zeros(side):
    """A PNG of that many pixels, with pixels for one row."""
    content = bytearray(file_of(Image.new("L", (side, 1))))
    content[20:24] = struct.pack(">I", side)  # its height
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def icon(kind, image):
    """A file of icons that says it has one of 16 x 16, or of 128 x 128, pixels."""
    if kind == "ICNS":
        block = b"ic07" + struct.pack(">I", 8 + len(image)) + image
        return b"icns" + struct.pack(">I", 8 + len(block)) + block
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(image), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + image


@pytest.mark.parametrize("kind", ["ICO", "ICNS"])
def test_a_large_image_hidden_in_an_icon_is_refused_before_it_is_decoded(kind, monkeypatch):
    codestream = b"\xff\x4f\xff\x51" + struct.pack(">HHII", 41, 0, 9_000, 9_000) + bytes(99)
    hidden = png_of_zeros(9_000), codestream
    monkeypatch.setattr(Image.Image, "load", None)  # must not be called
    for image in hidden:
        with pytest.raises(DataError, match=r"a.icon has more than 16,000,000 pixels"):
            decoding.decode(icon(kind, image), "a.icon")


def test_a_jpeg_of_very_many_scans_is_refused_and_one_with_data_behind_it_is_not(monkeypatch):
    content = file_of(plain(size=(64, 64)), "JPEG", progressive=True)
    last = content[content.rfind(b"\xff\xda") : -2]
    with pytest.raises(DataError, match=r"a.jpg has \d{3} scans, which take very long"):
        decoding.decode(content[:-2] + last * recognizing.MOST_SCANS + b"\xff\xd9", "a.jpg")
    # Phones append films, which contain the same bytes by chance.
    picture, _ = decoding.decode(content + last * recognizing.MOST_SCANS, "a.jpg")
    assert picture.size == (64, 64)


def test_a_brand_that_pillow_lacks_says_to_update_it(monkeypatch):
    monkeypatch.setattr(recognizing, "FORMATS", ("PNG",))
    with pytest.raises(DataError, match=r"a.jpg is in AVIF format, .*pip install --upgrade pillow"):
        decoding.decode(b"\0\0\0\x18ftypavif" + bytes(99), "a.jpg")


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
