"""Many images become one array: their brightness, and the memory and disk space that they take."""

import errno
import io
import os
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from vaelib import data
from vaelib.data import DataError
from vaelib.data.user_images import image_folder, in_flight, reading
from vaelib.data.user_images.image_folder import ImageWarning
from vaelib.data.user_images.listing import list_files


def paint(path, color=(200, 20, 30), size=(32, 32)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def pets(tmp_path):
    """Thirty pictures of two classes, each with a red of its own."""
    for i in range(30):
        paint(tmp_path / "pets" / ("cats" if i < 12 else "dogs") / f"{i:02}.png", (8 * i, 20, 30))
    return tmp_path / "pets"


def test_images_larger_than_the_memory_are_kept_in_a_file(pets, monkeypatch):
    whole = data.images(pets)
    monkeypatch.setattr(reading, "IN_MEMORY", 1_000)
    mapped = data.images(pets)
    array = mapped.train_images
    while array.base is not None and not isinstance(array, np.memmap):
        array = array.base
    assert isinstance(array, np.memmap)
    assert mapped.fingerprint == whole.fingerprint
    assert len(mapped.limit(5).train_images) == 5


def test_masks_of_the_values_0_and_1_become_black_and_white(tmp_path):
    for i in range(20):
        mask = np.zeros((16, 16), "uint8")
        mask[: i % 15 + 1] = 1
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{i:02}.png")
    with pytest.warns(ImageWarning) as said:
        found = data.images(tmp_path / "masks")
    assert set(np.unique(found.train_images)) == {0, 255}
    assert "20 images are nearly black, with no value above 1 of 255: 1 was made white" in str(
        said[0].message
    )
    with pytest.warns(ImageWarning, match="1 was made white"):
        names, _, pixels = image_folder.read_pixels(tmp_path / "masks", (16, 16, 1))
    assert names[0] == "00.png" and pixels[0, :, 0, 0].tolist() == [255] + 15 * [0]


def test_images_of_16_bits_are_as_bright_as_each_other(tmp_path):
    (tmp_path / "scans").mkdir()
    for i in range(20):
        values = np.full((16, 16), 100 * i + 500, "uint16")
        Image.fromarray(values).save(tmp_path / "scans" / f"{i:02}.png")
    with pytest.warns(
        ImageWarning, match=r"20 images are of 16 bits per channel: values from 0 to 4"
    ):
        _, _, pixels = image_folder.read_pixels(tmp_path / "scans", (16, 16, 1))
    assert pixels[:, 8, 8, 0].tolist() == [round((100 * i + 500) * 255 / 4_095) for i in range(20)]


def test_a_full_disk_is_reported_before_pixels_are_written(pets, monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "IN_MEMORY", 1_000)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(
        DataError, match=r"92,160 bytes in .*cache, which can't be had \(No space le"
    ):
        data.images(pets)


def test_the_file_for_many_images_has_no_holes(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(reading, "IN_MEMORY", 1_000)
    used = []
    monkeypatch.setattr(np, "memmap", lambda file, *_, **__: used.append(os.fstat(file.fileno())))
    reading.room_for((100, 64, 64, 3))
    assert used[0].st_size == 100 * 64 * 64 * 3 <= used[0].st_blocks * 512


def count_calls(monkeypatch, module, name):
    """How many calls of a function are running as each of them begins. Each one is slowed down."""
    now, running, function = [], [], getattr(module, name)

    def counted(*arguments):
        now.append(1)
        running.append(len(now))
        time.sleep(0.02)
        try:
            return function(*arguments)
        finally:
            now.pop()

    monkeypatch.setattr(module, name, counted)
    return running


def test_a_few_large_images_are_decoded_at_the_same_time(tmp_path, monkeypatch):
    for i in range(12):
        paint(tmp_path / "large" / f"{i}.png", size=(500, 400))
    monkeypatch.setattr(in_flight, "MOST", 4_000_000)  # two of them
    running = count_calls(monkeypatch, reading.decoding, "decode")
    image_folder.read_pixels(tmp_path / "large", (16, 16, 3))
    assert max(running) == 2


def test_large_files_are_not_inspected_at_the_same_time(tmp_path, monkeypatch):
    """Their headers may be at their ends, so that an archive unpacks them to the memory."""
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(12):
            file = io.BytesIO()
            Image.new("RGB", (1_000, 800)).save(file, "TIFF")  # of 2,400,000 bytes
            archive.writestr(f"{i}.tif", file.getvalue())
    monkeypatch.setattr(in_flight, "MOST", 5_000_000)
    running = count_calls(monkeypatch, reading.recognizing, "open_picture")
    reading.inspect(list_files(tmp_path / "large.zip").files, reading.Report(skip=False))
    assert len(running) == 12 and max(running) == 2


def test_an_image_for_which_there_is_no_memory_is_named(pets, monkeypatch):
    decode = reading.decoding.decode

    def fail(content, name, *others):
        if name.endswith("07.png"):
            raise MemoryError
        return decode(content, name, *others)

    monkeypatch.setattr(reading.decoding, "decode", fail)
    with pytest.raises(DataError, match=r"07.png needs more memory than there is: scale it down"):
        data.images(pets)
    with pytest.warns(ImageWarning, match=r"07.png needs more memory than there is"):
        assert len(data.images(pets, skip=True).train_images) == 26
