"""Extract the emoji of Google's Noto font into a zip archive with one folder per Unicode group.

There are about 1,377 color images of 136 x 128 pixels, under the SIL Open Font License 1.1. Their
number and their appearance depend on the version of the font.
"""

import io
import re
import zipfile
import zlib
from pathlib import Path

from vaelib.data.builtin import downloads
from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, write_atomically

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
LIST = "/usr/share/unicode/emoji/emoji-test.txt"
#: The Debian packages that contain these two files.
PACKAGES = {FONT: "fonts-noto-color-emoji", LIST: "unicode-data"}


def emoji(faces: bool = False) -> Path:
    """Return the path of a zip archive of emoji, which the first call creates in the cache.

    The font and the list of emoji are read from the system if they are installed. Otherwise their
    Debian packages are downloaded, which does not need root.

    Args:
        faces: If True, only the faces, in one folder per subgroup, such as face-smiling. If
            False, all emoji, in one folder per group, such as Food & Drink.

    Raises:
        DataError: If the font or the list is neither installed nor available for download, or if
            the archive cannot be written to the cache.
    """
    paths = [cache_folder() / name for name in ("emoji.zip", "emoji-faces.zip")]
    if not all(map(_is_intact, paths)):  # both at once, because the download takes longest
        contents = {place: _content(place) for place in PACKAGES}
        listed = _listed(contents[LIST].decode())
        groups = {code: (group, name) for code, (group, _, name) in listed.items()}
        subgroups = {
            code: (subgroup, name)
            for code, (_, subgroup, name) in listed.items()
            if subgroup.startswith("face-")
        }
        for path, folders in zip(paths, (groups, subgroups), strict=True):
            try:
                write_atomically(path, _zipped(contents[FONT], folders))
            except OSError as error:
                raise DataError(
                    f"the emoji can't be written to {path} ({error.strerror}): make room there, "
                    "move away what is in its place, or set VAELIB_CACHE_DIR to another folder."
                ) from None
    return paths[faces]


def _is_intact(path: Path) -> bool:
    """Return whether a file is a zip archive whose entries all have the right checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _content(place: str) -> bytes:
    try:
        return Path(place).read_bytes()
    except OSError:
        package = PACKAGES[place]
    try:
        return downloads.debian_package(package, [place])[place]
    except DataError as error:
        raise DataError(
            f"the emoji need {Path(place).name} of the package {package}, which is not installed "
            f"and {error}: install it, or use a folder of your own images."
        ) from None


def _listed(text: str) -> dict[int, tuple[str, str, str]]:
    """Return (group, subgroup, name) by code point, for emoji of a single code point."""
    found, group, subgroup = {}, None, None
    for line in text.splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ")
        if line.startswith("# subgroup: "):
            subgroup = line.removeprefix("# subgroup: ")
        # A line is like "263A FE0F ; fully-qualified # ☺️ E0.6 smiling face". The optional FE0F
        # requests an image instead of a text character.
        match = re.match(r"([0-9A-F]+)(?: FE0F)? *; fully-qualified *# \S+ E[\d.]+ (.+)", line)
        if match:
            found[int(match[1], 16)] = group, subgroup, match[2]
    return found


def _zipped(font: bytes, folders: dict[int, tuple[str, str]]) -> bytes:
    """Return a zip archive of the font's images, given (folder, name) by code point."""
    from fontTools.ttLib import TTFont  # imported here because few users need it

    file = TTFont(io.BytesIO(font), lazy=True)
    glyphs, pictures = file.getBestCmap(), file["CBDT"].strikeData[0]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for code, (folder, name) in sorted(folders.items()):
            if glyphs.get(code) in pictures:
                name = re.sub(r"\W+", "-", name).strip("-")
                entry = zipfile.ZipInfo(f"{folder}/{code:05x}-{name}.png")  # has a fixed date
                archive.writestr(entry, pictures[glyphs[code]].imageData)
    return packed.getvalue()
