"""Folders and archives as people make them: what was meant is read, or refused with a sentence.

Hypothesis generates layouts from a grammar: classes, a split above or inside them, folders around
everything, links, files of the system, files that are no images, formats, and ways to pack.
"""

import io
import itertools
import os
import warnings
import zipfile
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from vaelib import data

CLASSES = [
    "cats",
    "Dogs",
    "$$",
    "a b",
    "été",
    "Möbel",
    "猫",
    "a:b",
    "100%",
    "-x",
    "it's",
    "test",
    "Train tracks",
]
SPLITS = [
    *({"train": "train", "test": "test"}, {"Training": "train", "Testing": "test"}),
    *({"train": "train", "val": "test"}, {"TRAIN": "train", "Validation": "test"}),
    *(
        {"train": "train", "valid": "train", "test": "test"},
        {"training_set": "train", "test_set": "test"},
    ),
    *(
        {"seg_train": "train", "seg_test": "test"},
        {"my_dataset_train": "train", "my_dataset_test": "test"},
    ),
]
SYSTEM = ["Thumbs.db", "thumbs.DB", "desktop.ini", ".DS_Store", "__MACOSX/._1.png", "@eaDir/1.png"]
FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]
COUNT = 24  # images


@dataclass
class Made:
    """A layout: images by path with their part and class, and what lies beside them."""

    images: dict[str, tuple[str | None, str]]
    extra: list[str]  # files that are no images
    system: list[str]
    packing: str
    links: bool
    formats: list[str]
    class_names: list[str]


@st.composite
def layouts(draw):
    classes = draw(st.lists(st.sampled_from(CLASSES), max_size=3, unique=True))
    split = draw(st.sampled_from([None, *SPLITS]))
    inside = split is not None and len(classes) > 1 and draw(st.booleans())
    around = draw(st.lists(st.sampled_from(["pets", "archive", "my data"]), max_size=2))
    if not classes and not split:
        around = []  # the innermost folder around all images would be their class
    images = {}
    pairs = itertools.product(split or [None], classes or [None])
    for i, (part, name) in zip(range(COUNT), itertools.cycle(list(pairs))):
        folders = [name, part] if inside else [part, name]
        path = "/".join(
            [*around, *filter(None, folders), f"{i:02}.{draw(st.sampled_from('xP'))}ng"]
        )
        images[path] = (split[part] if split else None, name)
    folders = sorted(
        {path.rsplit("/", 1)[0] + "/" if "/" in path else "" for path in images} | {""}
    )
    beside = st.lists(st.sampled_from(folders), max_size=3, unique=True)
    return Made(
        images,
        [folder + "notes.txt" for folder in draw(beside)],
        [folder + draw(st.sampled_from(SYSTEM)) for folder in draw(beside)],
        draw(st.sampled_from(["folder", "latin-1 folder", "zip", "Windows zip", "cp437 zip"])),
        draw(st.booleans()),
        draw(st.lists(st.sampled_from(FORMATS), min_size=1, max_size=3)),
        classes,
    )


def level(part, label):
    """The gray of an image, by which it is recognized after it was read."""
    return 40 + 60 * label + 30 * (part == "test")


def file_of(value, kind):
    file = io.BytesIO()
    Image.new("L", (8, 8), value).save(file, kind)
    return file.getvalue()


CONTENTS = {
    (value, kind): file_of(value, kind)
    for value in (40, 70, 100, 130, 160, 190)
    for kind in FORMATS
}


class RawName(zipfile.ZipInfo):
    """A file in an archive whose name is not in UTF-8, and does not say so."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("cp437"), 0


def write(made, contents, where):
    """Write a layout as a folder or an archive, and return its path."""
    if "folder" in made.packing:
        encoding = "latin-1" if "latin" in made.packing else "utf-8"
        target = os.fsencode(where / ("real" if made.links else "mine"))
        for name, content in contents.items():
            path = os.path.join(target, *(part.encode(encoding) for part in name.split("/")))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        if made.links:
            mine = os.fsencode(where / "mine")
            os.mkdir(mine)
            for name in os.listdir(target):
                os.symlink(os.path.join(target, name), os.path.join(mine, name))
            os.symlink(b".", os.path.join(mine, b"circle"))
        return where / "mine"
    windows = made.packing == "Windows zip"
    with zipfile.ZipFile(where / "mine.zip", "w") as archive:
        names = {name.rsplit("/", 1)[0] + "/": b"" for name in contents if "/" in name} | contents
        for name, content in names.items():
            name = name.replace("/", "\\") if windows else name
            entry = (RawName if "cp437" in made.packing else zipfile.ZipInfo)(name)
            archive.writestr(entry, content)
    return where / "mine.zip"


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=layouts())
def test_what_people_mean_by_folders_is_read(made, tmp_path_factory):
    encoding = {"latin-1 folder": "latin-1", "cp437 zip": "cp437"}.get(made.packing, "utf-8")
    assume(all(_fits(name, encoding) for name in made.class_names))
    class_names = sorted(made.class_names) or ["mine"]
    contents = {}
    for i, (path, (part, name)) in enumerate(made.images.items()):
        value = level(part, class_names.index(name or "mine"))
        contents[path] = CONTENTS[value, made.formats[i % len(made.formats)]]
    contents |= dict.fromkeys(made.extra, b"to do") | dict.fromkeys(made.system, b"\0")
    source = write(made, contents, tmp_path_factory.mktemp("layout"))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = data.images(source, skip=bool(made.extra))
    assert found.class_names == tuple(class_names)
    assert len(found.train_images) + len(found.test_images) == COUNT
    split = next(iter(made.images.values()))[0] is not None
    for part in ("train", "test"):
        images, labels = (getattr(found, f"{part}_{kind}") for kind in ("images", "labels"))
        grays = np.array([level(part if split else None, label) for label in labels])
        np.testing.assert_allclose(images[:, 4, 4, 0], grays, atol=4)
    notes = " ".join(str(one.message) for one in said)
    assert ("notes.txt is not an image" in notes) == bool(made.extra)
    assert ("followed" in notes) == ("folder" in made.packing and made.links)
    assert "thumbs" not in notes.lower()


def _fits(name, encoding):
    try:
        return name.encode(encoding) is not None
    except UnicodeEncodeError:
        return False
