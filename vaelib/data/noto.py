"""The emoji of Google's Noto font as a zip of pictures, in folders by Unicode's groups.

1,377 pictures in colour, 136 x 128 pixels, under the SIL Open Font License 1.1; how many there are,
and how they look, depends on the version of the font.
"""

import io
import re
import zipfile
from pathlib import Path

from vaelib.data import downloads
from vaelib.errors import DataError
from vaelib.files import cache_folder, write_whole

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
LIST = "/usr/share/unicode/emoji/emoji-test.txt"
#: The Debian packages that these two belong to.
PACKAGES = {FONT: "fonts-noto-color-emoji", LIST: "unicode-data"}


def emoji(faces=False):
    """The path of a zip, which is made at the first call and then kept in the cache.

    Font and list are taken from the system, or else out of Debian's packages, which are fetched
    without being root.

    Args:
        faces: only the faces, in a folder for each of their subgroups, such as face-smiling;
            otherwise all, in a folder for each group, such as Food & Drink.

    Raises:
        DataError: where they are to be had from neither.
    """
    paths = [cache_folder() / name for name in ("emoji.zip", "emoji-faces.zip")]
    if not all(path.exists() for path in paths):  # both at once, as fetching takes longest
        contents = {place: _content(place) for place in PACKAGES}
        listed = _listed(contents[LIST].decode())
        groups = {code: (group, name) for code, (group, _, name) in listed.items()}
        subgroups = {
            code: (subgroup, name)
            for code, (_, subgroup, name) in listed.items()
            if subgroup.startswith("face-")
        }
        for path, folders in zip(paths, (groups, subgroups), strict=True):
            write_whole(path, _zipped(contents[FONT], folders))
    return paths[faces]


def _content(place):
    try:
        return Path(place).read_bytes()
    except OSError:
        package = PACKAGES[place]
    try:
        return downloads.debian_package(package, [place])[place]
    except DataError as error:
        raise DataError(
            f"the emoji need {Path(place).name} of the package {package}, which is not installed "
            f"and {error}: install it, or take a folder of images of your own."
        ) from None


def _listed(text):
    """Code point to (group, subgroup, name), of emoji that are one code point."""
    found, group, subgroup = {}, None, None
    for line in text.splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ")
        if line.startswith("# subgroup: "):
            subgroup = line.removeprefix("# subgroup: ")
        # Such as "263A FE0F ; fully-qualified # ☺️ E0.6 smiling face"; FE0F asks for a picture.
        match = re.match(r"([0-9A-F]+)(?: FE0F)? *; fully-qualified *# \S+ E[\d.]+ (.+)", line)
        if match:
            found[int(match[1], 16)] = group, subgroup, match[2]
    return found


def _zipped(font, folders):
    from fontTools.ttLib import TTFont  # here, as few need it

    file = TTFont(io.BytesIO(font), lazy=True)
    glyphs, pictures = file.getBestCmap(), file["CBDT"].strikeData[0]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for code, (folder, name) in sorted(folders.items()):
            if glyphs.get(code) in pictures:
                name = re.sub(r"\W+", "-", name).strip("-")
                entry = zipfile.ZipInfo(f"{folder}/{code:05x}-{name}.png")  # of a fixed date
                archive.writestr(entry, pictures[glyphs[code]].imageData)
    return packed.getvalue()
