"""Images of more than 8 bits keep their brightness, in the same way within a data set."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vaelib.data import DataError
from vaelib.data.user_images import decoding, depth, resizing
from vaelib.data.user_images.depth import Extent


def file_of(values, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def png_16(values, *chunks):
    """A PNG with 16 bits per channel, of shape (height, width, 1 to 4)."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def pixels(content, ranges=None):
    picture, done = decoding.decode(content, "a.png", ranges)
    return np.asarray(picture).tolist(), done


@pytest.mark.parametrize(
    ("values", "top"),
    [
        ([0, 1, 1], 1),
        ([0, 100, 255], 255),
        ([0, 700, 900], 1_023),
        ([0, 3_000, 4_095], 4_095),
        ([5, 100, 16_000], 16_383),
        ([0, 257 * 7, 65_535], 65_535),
    ],
)
def test_the_range_of_16_bits_follows_from_the_largest_value(values, top):
    found, done = pixels(file_of(np.array([values], "uint16")))
    assert found == [[round(255 * value / top) for value in values]]
    assert done == {f"of 16 bits per channel: values from 0 to {top:,} became 0 to 255"}


def test_integers_of_32_bits_are_as_bright_as_their_values():
    values = np.array([[0, 20, 255]], "int32")
    assert pixels(file_of(values, "TIFF")) == (
        [[0, 20, 255]],
        {"of 32 bits per channel: values from 0 to 255 became 0 to 255"},
    )
    assert pixels(file_of(values * 1_000_000, "TIFF"))[0] == [[0, 20, 255]]
    assert pixels(file_of(values - 100, "TIFF"))[0] == [[0, 20, 255]]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([0.0, 0.2, 1.0], 0, 1),
        ([0.0, 0.1, 0.9], 0, 1),
        ([0.0, 51, 255], 0, 255),
        ([-1.0, 0.0, 1.0], -1, 1),
        ([0.0, 1e-4, 2e-3], 0, 2e-3),
        ([7.0, 1.0, 1.001], 0, 7),
        ([0.0, 0.0, 0.0], 0, 1),
    ],
)
def test_floats_of_any_finite_range_are_read(values, low, high):
    found, [note] = pixels(file_of(np.array([values], "float32"), "TIFF"))
    np.testing.assert_allclose(found[0], (np.array(values) - low) * 255 / (high - low), atol=0.51)
    assert note.startswith("of floating-point numbers: values from ")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DataError, match=r"a.tif has pixels that are not finite numbers: replace"):
        decoding.measure(file_of(np.array([[0, value]], "float32"), "TIFF"), "a.tif")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_all_16_bits_of_every_kind_of_png_are_used(channels):
    values = np.random.default_rng(0).integers(0, 4_096, (5, 7, channels))
    values[..., -1] = 65_535 if channels in (2, 4) else values[..., -1]  # opaque
    values[0, 0, 0] = 4_095
    picture, done = decoding.decode(png_16(values), "a.png")
    colors = values[..., :-1] if channels in (2, 4) else values
    expected = np.round(colors * (255 / 4_095))
    np.testing.assert_array_equal(np.asarray(picture).reshape(colors.shape), expected)
    assert done == {"of 16 bits per channel: values from 0 to 4,095 became 0 to 255"}


@pytest.mark.parametrize(("channels", "color"), [(1, (500,)), (3, (1, 2, 3))])
def test_a_transparent_value_of_16_bits_is_placed_on_white(channels, color):
    values = np.full((2, 2, channels), 65_535) * np.array([0.0])
    values[0, 0] = color
    values[1, 1] = 65_535
    clear = struct.pack(f">{channels}H", *color)
    found, done = pixels(png_16(values, (b"tRNS", clear)))
    assert np.ravel(found[0][0]).tolist() == [255] * channels
    assert np.ravel(found[0][1]).tolist() == [0] * channels
    assert decoding.TRANSPARENT in done


def test_what_a_tiff_states_is_its_range():
    values = np.array([[0, 600, 1_000]], "uint16")
    content = file_of(values, "TIFF", tiffinfo={281: 2_000})
    assert pixels(content)[0] == [[0, round(600 * 255 / 2_000), round(1_000 * 255 / 2_000)]]


@pytest.mark.parametrize("maximum", [1_000, 65_535])
def test_what_a_ppm_states_is_its_range(maximum):
    values = np.array([[0, maximum // 4, maximum]], ">u2")
    found, done = pixels(b"P5 3 1 %d\n" % maximum + values.tobytes())
    assert found == [[0, 64, 255]]
    color, done = pixels(b"P6 1 1 %d\n" % maximum + values.tobytes())
    assert color == [[[0, 64, 255]]] and done == {decoding.CUT}


def test_images_of_a_data_set_get_one_range():
    extents = [Extent("16 bits", 5, 300), Extent("16 bits", 9, 3_000), Extent(depth.FLOATS, 0, 0.5)]
    ranges = depth.choose_ranges(extents)
    assert ranges == {False: (0, 4_095), True: (0, 1.0)}
    dim, _ = pixels(file_of(np.array([[5, 300]], "uint16")), ranges)
    assert dim == [[0, 19]]
    assert depth.choose_ranges([]) == {}
    assert depth.choose_ranges([Extent("16 bits", 0, 9, 99), Extent("16 bits", 0, 500)]) == {
        False: (0, 1_023)
    }


def test_a_deep_photograph_is_rotated_upright_and_read_in_strips(monkeypatch):
    monkeypatch.setattr(resizing, "STRIP", 8)
    values = np.arange(24, dtype="uint16").reshape(6, 4) * 2_000
    exif = Image.Exif()
    exif[0x0112] = 3
    found, _ = pixels(file_of(values, exif=exif))
    assert found == np.round(values[::-1, ::-1] * (255 / 65_535)).tolist()
