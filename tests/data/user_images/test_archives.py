"""Image files in folders and zips: names, classes, the split, and what is refused."""

import os
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelib.data import DataError
from vaelib.data.user_images import archives


@pytest.fixture
def folder(tmp_path):
    for name in ("cats/2.png", "cats/1.png", "dogs/1.png", ".hidden", "cats/Thumbs.db"):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "pets"


def zipped(path, contents):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def test_a_folder_and_its_zip_give_the_same_data(folder, tmp_path):
    contents = {f"pets/{name}": b"x" for name in ("dogs/1.png", "cats/2.png", "__MACOSX/a")}
    archive = archives.list_files(zipped(tmp_path / "pets.zip", contents))
    assert list(archive) == ["pets/cats/2.png", "pets/dogs/1.png"]
    assert archive["pets/cats/2.png"]() == b"x"
    found = archives.list_files(folder)
    assert list(found) == ["cats/1.png", "cats/2.png", "dogs/1.png"]
    assert found["cats/2.png"]() == b"cats/2.png"


@pytest.mark.parametrize(
    ("names", "classes", "parts"),
    [
        (["a.png", "b.png"], ["pets", "pets"], [None, None]),
        (["cats/a.png", "dogs/b.png"], ["cats", "dogs"], [None, None]),
        (["pets/cats/a.png", "pets/dogs/b.png"], ["cats", "dogs"], [None, None]),
        (["cats/a.png", "cats/b.png"], ["cats", "cats"], [None, None]),
        (["x/y/cats/a.png", "x/y/cats/b.png"], ["cats", "cats"], [None, None]),
        (["train/cats/a.png", "test/cats/b.png"], ["cats", "cats"], ["train", "test"]),
        (["d/Train/a.png", "d/Test/b.png"], ["pets", "pets"], ["train", "test"]),
        (["cats/small/a.png", "cats/b.png", "c.png"], ["cats", "cats", "pets"], [None] * 3),
        (["train/a.png", "cats/b.png"], ["train", "cats"], [None, None]),
    ],
)
def test_folders_are_classes_and_train_and_test_a_split(names, classes, parts):
    assert archives.infer_classes(names, "pets") == (classes, parts)


def test_files_beside_train_and_test_are_refused():
    names = ["train/a.png", "test/b.png", "valid/c.png", "d.png"]
    with pytest.raises(DataError, match="beside train and test there are files in no folder, val"):
        archives.infer_classes(names, "pets")


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../b.png", "C:\\evil.png"])
def test_a_zip_with_paths_that_leave_it_is_refused(tmp_path, name):
    path = zipped(tmp_path / "pets.zip", {"good.png": b"x", name: b"x"})
    with pytest.raises(
        DataError, match=r"pets.zip holds .*, a path that points outside the archive"
    ):
        archives.list_files(path)


def test_missing_files_and_files_that_are_not_zips_are_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist: expected a folder"):
        archives.list_files(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no zip")
    with pytest.raises(DataError, match=r"notes.txt cannot be read as a zip archive"):
        archives.list_files(tmp_path / "notes.txt")


def test_a_file_name_that_cannot_be_decoded_is_refused(folder):
    try:
        with open(os.fsencode(folder) + b"/caf\xe9.png", "wb"):
            pass
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DataError, match=r"is not valid UTF-8, caf\\xe9.png: rename it."):
        archives.list_files(folder)


def test_what_unpacks_to_too_much_or_cannot_be_unpacked_is_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "pets.zip", {"a.png": b"x" * 1_000})
    monkeypatch.setattr(archives, "MAX_BYTES", 999)
    with pytest.raises(DataError, match=r"a.png in pets.zip unpacks to 1,000 bytes"):
        archives.list_files(path)
    monkeypatch.undo()
    content = bytearray(path.read_bytes())
    content[45] ^= 1  # in the file's own bytes
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a.png in pets.zip can't be unpacked"):
        archives.list_files(path)["a.png"]()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=12), st.binary(max_size=20), max_size=5),
    st.integers(0, 400),
    st.integers(0, 255),
)
def test_any_zip_is_read_or_refused_with_a_message(tmp_path_factory, contents, place, value):
    path = tmp_path_factory.mktemp("zips") / "any.zip"
    try:
        zipped(path, contents)
    except (ValueError, IndexError, UnicodeEncodeError):  # a name that no zip can hold
        return
    damaged = bytearray(path.read_bytes())
    if place < len(damaged):
        damaged[place] = value
    path.write_bytes(damaged)
    try:
        for read in archives.list_files(path).values():
            read()
    except DataError as error:
        assert str(error).endswith(".")
