"""The emoji as a zip file: images rendered from a font, in folders by Unicode's list."""

import io
import sys
import types
import zipfile

import pytest
from click.testing import CliRunner
from PIL import Image

import drawn
from vaelib import data
from vaelib.__main__ import main
from vaelib.data.builtin import downloads, emoji_font
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
        assert file.read() == b"a font"

    def getBestCmap(self):
        return {0x1F600: "a", 0x263A: "b", 0x1F3C1: "c", 0x1F6A9: "d"}

    def __getitem__(self, table):
        assert table == "CBDT"
        pictures = {name: types.SimpleNamespace(imageData=png(i)) for i, name in enumerate("abc")}
        return types.SimpleNamespace(strikeData=[pictures])


@pytest.fixture(autouse=True)
def nothing_available(monkeypatch, tmp_path):
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(emoji_font, "FONT", str(tmp_path / "font.ttf"))
    monkeypatch.setattr(emoji_font, "LIST", str(tmp_path / "list.txt"))
    packages = {emoji_font.FONT: "a-font", emoji_font.LIST: "a-list"}
    monkeypatch.setattr(emoji_font, "PACKAGES", packages)
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


def test_an_error_is_raised_and_nothing_is_saved_if_neither_is_available(monkeypatch, tmp_path):
    def fetch(package, paths):
        raise DataError("apt-get is not installed")

    monkeypatch.setattr(downloads, "debian_package", fetch)
    sentence = (
        r"the emoji need font.ttf of the package a-font, .* apt-get is not installed: install"
    )
    with pytest.raises(DataError, match=sentence):
        data.emoji()
    assert not list(tmp_path.glob("cache/*"))


def test_the_command_line_makes_both_zips(tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"a font")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    done = CliRunner().invoke(main, ["data", "emoji"])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["3", "2"]
    refused = CliRunner().invoke(main, ["data", "emoji", "--directory", str(tmp_path)])
    assert refused.exit_code == 1 and "emoji is not read from a folder" in refused.stderr
