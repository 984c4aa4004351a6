"""The emoji as a zip file: images rendered from a font, in folders by Unicode's list."""

import hashlib
import io
import re
import sys
import types
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import drawn
from vaelib import data
from vaelib.__main__ import main
from vaelib.data.builtin import downloads, drawn_pictures, emoji_font
from vaelib.support.errors import DataError

LIST = """# emoji-test.txt
# group: Smileys & Emotion
# subgroup: face-smiling
1F600 ; fully-qualified # \U0001f600 E1.0 grinning face
263A FE0F ; fully-qualified # \u263a\ufe0f E0.6 smiling face
263A ; unqualified # \u263a E0.6 smiling face
1F636 200D 1F32B FE0F ; fully-qualified # x E13.1 face in clouds
# group: Flags
# subgroup: flag
1F3C1 ; fully-qualified # \U0001f3c1 E0.6 chequered flag
1F6A9 ; fully-qualified # \U0001f6a9 E0.6 triangular flag
"""


def png(i):
    file = io.BytesIO()
    Image.fromarray(drawn.discs(1, (128, 136, 3), seed=i)[0][0]).save(file, "PNG")
    return file.getvalue()


class Font:
    """A font with pictures of three code points; one more has a glyph, but no picture."""

    def __init__(self, file, lazy):
        self.content = file.read()
        assert self.content in (b"a font", b"a font of outlines")

    def __contains__(self, table):
        return table == "CBDT" and self.content == b"a font"

    def getBestCmap(self):
        return {0x1F600: "a", 0x263A: "b", 0x1F3C1: "c", 0x1F6A9: "d"}

    def __getitem__(self, table):
        assert table == "CBDT"
        pictures = {name: types.SimpleNamespace(imageData=png(i)) for i, name in enumerate("abc")}
        return types.SimpleNamespace(strikeData=[pictures])


def fail(reason):
    """A function that never finds anything."""

    def find(*_):
        raise DataError(reason)

    return find


@pytest.fixture(autouse=True)
def nothing_available(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path / "cache"))
    for name, content in (("FONT", b"a font"), ("LIST", LIST.encode())):
        file = {"FONT": "font.ttf", "LIST": "list.txt"}[name]
        places = (str(tmp_path / file), str(tmp_path / "elsewhere" / file))
        sha256 = hashlib.sha256(content).hexdigest()
        source = emoji_font.Source(places, f"a-{name.lower()}", f"https://{file}", sha256)
        monkeypatch.setattr(emoji_font, name, source)
    monkeypatch.setattr(emoji_font, "_reason", "")
    monkeypatch.setattr(downloads, "debian_package", fail("apt-get is not installed"))
    monkeypatch.setattr(downloads, "download", fail("cannot be reached"))
    monkeypatch.setitem(sys.modules, "fontTools.ttLib", types.SimpleNamespace(TTFont=Font))


def names(path):
    return zipfile.ZipFile(path).namelist()


EXPECTED = [
    "Smileys & Emotion/0263a-smiling-face.png",
    "Flags/1f3c1-chequered-flag.png",
    "Smileys & Emotion/1f600-grinning-face.png",
]


def test_pictures_of_the_installed_font_lie_in_the_folders_of_their_groups(tmp_path, monkeypatch):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    path = data.emoji()
    assert names(path) == EXPECTED
    first = path.read_bytes()
    (tmp_path / "font.ttf").unlink()
    assert data.emoji().read_bytes() == first  # from the cache


def truncate(path):
    path.write_bytes(path.read_bytes()[:-40])


def alter(path):
    content = bytearray(path.read_bytes())
    content[200] ^= 255  # within the first image
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [truncate, alter, lambda path: path.write_bytes(b"")])
def test_a_damaged_archive_in_the_cache_is_made_again(tmp_path, damage):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    path = data.emoji()
    whole = path.read_bytes()
    damage(path)
    assert data.emoji().read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_named_with_a_remedy(tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    (tmp_path / "cache" / "emoji.zip").mkdir(parents=True)
    with pytest.raises(DataError, match=r"written to .*emoji\.zip .*directory.*VAELIB_CACHE_DIR"):
        data.emoji()


def test_faces_alone_lie_in_the_folders_of_their_subgroups(tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    assert names(data.emoji(faces=True)) == [
        "face-smiling/0263a-smiling-face.png",
        "face-smiling/1f600-grinning-face.png",
    ]
    assert names(data.emoji()) == EXPECTED


def test_missing_files_are_downloaded_from_the_packages(monkeypatch):
    contents = {"a-font": b"a font", "a-list": LIST.encode()}
    fetch = lambda package, paths: {paths[0]: contents[package]}  # noqa: E731
    monkeypatch.setattr(downloads, "debian_package", fetch)
    assert names(data.emoji()) == EXPECTED


def test_files_from_their_public_addresses_are_verified(monkeypatch):
    served = {"https://font.ttf": b"a font", "https://list.txt": LIST.encode()}
    monkeypatch.setattr(downloads, "download", lambda address, title: served[address])
    assert names(data.emoji()) == EXPECTED
    for path in data.emoji().parent.glob("*.zip"):
        path.unlink()
    served["https://list.txt"] += b"# altered"
    with pytest.warns(emoji_font.DrawnPicturesWarning, match=r"list.txt is not .* was altered"):
        data.emoji()


def test_another_folder_of_the_system_is_searched_and_a_font_without_images_passed_over(tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"a font of outlines")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "font.ttf").write_bytes(b"a font")
    assert names(data.emoji()) == EXPECTED


def test_without_a_font_pictures_are_drawn_and_this_is_said_once(monkeypatch, tmp_path):
    sentence = (
        "The emoji could not be found: font.ttf is not installed, the Debian package a-font cannot "
        "be used (apt-get is not installed), and its public address cannot be reached. Colored "
        "pictures that were drawn on the spot take the place of the emoji"
    )
    with pytest.warns(emoji_font.DrawnPicturesWarning, match=re.escape(sentence)) as said:
        everything = data.emoji()
    monkeypatch.setattr(downloads, "download", None)  # which is not tried again
    faces = data.emoji(faces=True)
    assert data.emoji() == everything and len(said) == 1
    assert not (tmp_path / "cache" / "emoji.zip").exists()  # a later process finds the emoji
    assert {name.partition("/")[0] for name in names(faces)} > {"face-smiling", "face-sad"}
    assert len(names(everything)) > 1_000 > len(names(faces)) > 100


def test_drawn_pictures_are_a_colored_data_set_that_depends_only_on_the_seed(tmp_path):
    path = tmp_path / "faces.zip"
    path.write_bytes(drawn_pictures.drawings(faces=True))
    assert path.read_bytes() == drawn_pictures.drawings(faces=True)
    assert path.read_bytes() != drawn_pictures.drawings(faces=True, seed=1)
    faces = data.images(path, 32)
    assert faces.image_shape == (32, 32, 3) and len(faces.class_names) == 6
    pixels = faces.train_images.astype(int)
    assert np.abs(pixels[..., 0] - pixels[..., 2]).mean() > 50  # yellow, with much red, little blue
    assert len(np.unique(faces.train_images, axis=0)) == len(faces.train_images)


def test_the_command_line_says_so_and_counts_the_drawn_pictures():
    done = CliRunner().invoke(main, ["data", "emoji"])
    assert done.exit_code == 0 and done.stderr.count("Colored pictures that were drawn") == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1,380", "120"]


def test_the_command_line_makes_both_zips(tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    done = CliRunner().invoke(main, ["data", "emoji"])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["3", "2"]
    refused = CliRunner().invoke(main, ["data", "emoji", "--directory", str(tmp_path)])
    assert refused.exit_code == 1 and "emoji is not read from a folder" in refused.stderr
