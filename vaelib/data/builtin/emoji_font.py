"""Extract the emoji of Google's Noto font into a zip archive with one folder per Unicode group.

There are about 1,377 color images of 136 x 128 pixels, under the SIL Open Font License 1.1. Their
number and their appearance depend on the version of the font. The font and Unicode's list of emoji
are searched for in these places:

1. the folders in which Linux distributions install them;
2. their Debian packages, which are downloaded without root where there is apt-get;
3. their public addresses, from which the bytes are verified.

Where the font or the list cannot be had, `drawn_pictures` are used instead.
"""

import io
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from vaelib.data.builtin import downloads, drawn_pictures, idx
from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, write_atomically


class Source(NamedTuple):
    """Where a file comes from.

    Attributes:
        places: Paths at which systems install it. The first one is that of the Debian package.
        package: Name of the Debian package.
        address: Public address of one version.
        sha256: Hash of that version.
    """

    places: tuple[str, ...]
    package: str
    address: str
    sha256: str


FONT = Source(
    (
        "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
        "/usr/share/fonts/noto/NotoColorEmoji.ttf",  # Arch, Alpine
        "/usr/share/fonts/google-noto-emoji/NotoColorEmoji.ttf",  # Fedora
        "/usr/share/fonts/truetype/NotoColorEmoji.ttf",  # openSUSE
    ),
    "fonts-noto-color-emoji",
    "https://raw.githubusercontent.com/googlefonts/noto-emoji/v2.051/fonts/NotoColorEmoji.ttf",
    "72a635cb3d2f3524c51620cdde406b217204e8a6a06c6a096ff8ed4b5fd6e27b",
)
LIST = Source(
    ("/usr/share/unicode/emoji/emoji-test.txt",),
    "unicode-data",
    "https://www.unicode.org/Public/emoji/15.0/emoji-test.txt",
    "8445f23ac8388e096be19d0262e14fceff856ff52093f2356dc89485f1a853db",
)

# The reason why there are no emoji. It is kept, so that a network is not tried again in a process.
_reason = ""


class DrawnPicturesWarning(UserWarning):
    """Drawn pictures were loaded, because the emoji could not be found."""


def emoji(faces: bool = False) -> Path:
    """Return the path of a zip archive of emoji, which the first call creates in the cache.

    If the emoji cannot be found, the archive contains colored pictures that are drawn instead, and
    a `DrawnPicturesWarning` says so once.

    Args:
        faces: If True, only the faces, in one folder per subgroup, such as face-smiling. If
            False, all emoji, in one folder per group, such as Food & Drink.

    Raises:
        DataError: If the archive cannot be written to the cache.
    """
    global _reason
    paths = [cache_folder() / name for name in ("emoji.zip", "emoji-faces.zip")]
    if not all(map(_is_intact, paths)):  # both at once, because the download takes longest
        if _reason:
            return _drawn(faces)
        try:
            archives = _extracted(_content(FONT, with_images=True), _content(LIST))
        except DataError as error:
            _reason = str(error)
            drawn = _drawn(faces)
            warnings.warn(
                f"{_reason} Colored pictures that were drawn on the spot take the place of the "
                "emoji, so expect other classes, images, and numbers than those of the emoji.",
                DrawnPicturesWarning,
                stacklevel=2,
            )
            return drawn
        for path, archive in zip(paths, archives, strict=True):
            _write(path, archive)
    return paths[faces]


def _is_intact(path: Path) -> bool:
    """Return whether a file is a zip archive whose entries all have the right checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _write(path: Path, archive: bytes) -> None:
    try:
        write_atomically(path, archive)
    except OSError as error:
        raise DataError(
            f"the pictures can't be written to {path} ({error.strerror}): make room there, move "
            "away what is in its place, or set VAELIB_CACHE_DIR to another folder."
        ) from None


def _drawn(faces: bool) -> Path:
    path = cache_folder() / f"drawn-pictures{'-faces' * faces}.zip"
    if not _is_intact(path):
        _write(path, drawn_pictures.drawings(faces))
    return path


def _content(source: Source, with_images: bool = False) -> bytes:
    """Return the file from the first place that has it; `with_images` skips fonts without any."""
    for place in source.places:
        try:
            content = Path(place).read_bytes()
        except OSError:
            continue
        if not with_images or has_images(content):
            return content
    name, tried = Path(source.places[0]).name, []
    try:
        return downloads.debian_package(source.package, source.places[:1])[source.places[0]]
    except DataError as error:
        tried.append(f"the Debian package {source.package} cannot be used ({error})")
    try:
        content = downloads.download(source.address, name)
    except DataError as error:
        tried.append(f"its public address {error}")
    else:
        try:
            idx.verify(content, source.sha256, f"{name} from its public address")
            return content
        except DataError as error:
            tried.append(str(error))
    raise DataError(
        f"The emoji could not be found: {name} is not installed, {tried[0]}, and {tried[1]}."
    )


def has_images(font: bytes) -> bool:
    """Return whether a font contains its glyphs as images, as newer color fonts do not."""
    from fontTools.ttLib import TTFont  # imported here because few users need it

    return "CBDT" in TTFont(io.BytesIO(font), lazy=True)


def _extracted(font: bytes, listed: bytes) -> list[bytes]:
    """Return two zip archives, one of all emoji and one of the faces."""
    known = _listed(listed.decode())
    groups = {code: (group, name) for code, (group, _, name) in known.items()}
    subgroups = {
        code: (subgroup, name)
        for code, (_, subgroup, name) in known.items()
        if subgroup.startswith("face-")
    }
    return [_zipped(font, folders) for folders in (groups, subgroups)]


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
