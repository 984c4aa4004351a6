"""Zip archives of every kind are listed as their maker meant, or refused with a message."""

import io
import struct
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelib.data import DataError
from vaelib.data.user_images import source_file
from vaelib.data.user_images.layout import infer_layout
from vaelib.data.user_images.listing import list_files
from vaelib.data.user_images.problems import FileProblem


def zipped(path, contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that occur twice
        for name, content in contents.items() if isinstance(contents, dict) else contents:
            archive.writestr(name, content)
    return path


def renamed(path, changes):
    """Replace names in an archive by bytes of the same length, as other programs write them."""
    content = path.read_bytes()
    for old, new in changes.items():
        assert len(old) == len(new) and content.count(old) == 2
        content = content.replace(old, new)
    path.write_bytes(content)
    return path


def names(listing):
    return [file.name for file in listing.files]


def test_files_are_listed_without_those_of_the_system(tmp_path):
    system = ["__MACOSX/cats/._1.png", "a/thumbs.DB", "a/Desktop.INI", "@eaDir/1.png", ".DS_Store"]
    kept = {"pets/dogs/1.png": b"x", "pets/cats/2.png": b"yy"}
    path = zipped(tmp_path / "pets.zip", kept | dict.fromkeys(system, b"z"))
    found = list_files(path)
    assert names(found) == ["pets/cats/2.png", "pets/dogs/1.png"]
    assert (found.title, found.notes) == ("pets", [])
    assert [file.size for file in found.files] == [2, 1]
    assert found.files[0].read() == b"yy"


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_folders_are_no_files_and_backslashes_separate_folders(tmp_path, separator):
    contents = {"pets/": b"", "pets/cats/": b"", "pets/cats/1.png": b"x"}
    contents = {name.replace("/", separator): content for name, content in contents.items()}
    assert names(list_files(zipped(tmp_path / "pets.zip", contents))) == ["pets/cats/1.png"]


@pytest.mark.parametrize("name", ["12:30.png", "a?b*c|.png", " .png", "a//b.png", "./a.png", "C:a"])
def test_unusual_names_are_read(tmp_path, name):
    [file] = list_files(zipped(tmp_path / "pets.zip", {name: b"x"})).files
    assert file.read() == b"x"


@pytest.mark.parametrize(
    ("folder", "encoding"),
    [
        *(("Möbel", "cp437"), ("été", "cp437"), ("Äpfel", "cp437")),
        *(("café", "cp1252"), ("École", "cp1252"), ("größe", "cp1252")),
        *(("猫", "cp932"), ("表", "cp932"), ("イヌ", "cp932")),
    ],
)
def test_names_of_other_computers_are_read_as_their_owner_would(tmp_path, folder, encoding):
    raw = folder.encode(encoding)
    path = zipped(tmp_path / "pets.zip", {"x" * len(raw) + "/1.png": b"x"})
    found = list_files(renamed(path, {b"x" * len(raw) + b"/1.png": raw + b"/1.png"}))
    assert names(found) == [f"{folder}/1.png"]
    assert found.notes == [f"names that are not in UTF-8 were read as {encoding}: {folder}/1.png."]


def test_a_name_in_utf8_beside_another_one_is_preferred(tmp_path):
    raw, name = b"h_fe/1.png", "höfe/1.png".encode()
    entry = zipfile.ZipInfo(raw.decode())
    entry.extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    assert names(list_files(zipped(tmp_path / "a.zip", [(entry, b"x")]))) == ["höfe/1.png"]


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../b.png", "C:\\evil.png"])
def test_a_zip_with_paths_that_leave_it_is_refused(tmp_path, name):
    path = zipped(tmp_path / "pets.zip", {"good.png": b"x", name: b"x"})
    with pytest.raises(DataError, match=r"pets.zip holds .*, a path that points outside the arch"):
        list_files(path)


def test_of_two_files_with_one_name_the_last_is_used_with_a_note(tmp_path):
    found = list_files(zipped(tmp_path / "a.zip", [("1.png", b"x"), ("b", b""), ("1.png", b"y")]))
    assert names(found) == ["1.png", "b"] and found.files[0].read() == b"y"
    assert found.notes == ["1 name occurs more than once in a.zip, the last is used: 1.png."]


def test_a_link_inside_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("1.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    [file] = list_files(zipped(tmp_path / "a.zip", [(link, b"/etc/passwd")])).files
    for use in (file.open, file.read):
        with pytest.raises(FileProblem, match=r"1.png is a link inside the archive: create the"):
            use()


def overwritten(path, marker, offset, form, *values):
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, content.index(marker) + offset, *values)
    path.write_bytes(content)
    return path


def test_sizes_that_cannot_be_true_are_refused_before_anything_is_unpacked(tmp_path):
    path = zipped(tmp_path / "a.zip", {"1.png": b"x" * 100})
    [file] = list_files(overwritten(path, b"PK\x01\x02", 24, "<I", 900_000_000)).files
    with pytest.raises(FileProblem, match=r"1.png can't be unpacked \(it states 900,000,000 bytes"):
        file.open()


def test_a_size_or_a_checksum_that_is_wrong_is_found_when_the_file_is_read(tmp_path):
    for offset, value in ((24, 99), (24, 101), (16, 7)):
        path = zipped(tmp_path / "a.zip", {"1.png": b"x" * 100})
        [file] = list_files(overwritten(path, b"PK\x01\x02", offset, "<I", value)).files
        with pytest.raises(FileProblem, match=r"1.png can't be unpacked \(.*: get a complete copy"):
            file.read()


def test_an_encrypted_file_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"1.png": b"x" * 100})
    [file] = list_files(overwritten(path, b"PK\x01\x02", 8, "<H", 1)).files
    with pytest.raises(FileProblem, match=r"1.png is encrypted: create the archive without a pass"):
        file.read()


def test_files_that_share_bytes_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"1.png": b"x" * 100, "2.png": b"x" * 100})
    content = bytearray(path.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    struct.pack_into("<I", content, second + 42, 0)  # where the first file begins
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a.zip is damaged, because 1.png overlaps 2.png: create"):
        list_files(path)


def test_a_training_run_in_an_archive_is_left_out(tmp_path):
    run = {f"pets/run/{name}": b"" for name in ("recipe.json", "weights.npz", "samples.png")}
    found = list_files(zipped(tmp_path / "a.zip", run | {"pets/1.png": b"x"}))
    assert names(found) == ["pets/1.png"]
    assert found.notes == ["1 training run was left out: pets/run."]


def test_thousands_of_folders_inside_each_other_take_no_memory(tmp_path):
    deep = "a/" * 32_000
    path = zipped(tmp_path / "deep.zip", {f"{deep}{i}.png": b"x" for i in range(3)})
    tracemalloc.start()
    found = names(list_files(path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [f"{deep}{i}.png" for i in range(3)] and most < 50_000_000
    assert infer_layout(found, "pets").classes == ["a"] * 3


def test_only_as_much_is_unpacked_as_is_read(tmp_path):
    content = bytes(range(256)) * 4_000
    [file] = list_files(zipped(tmp_path / "a.zip", {"1.png": content})).files
    stream = file.open()
    assert stream.read(10) == content[:10] and len(stream.raw._kept) < 200_000
    assert stream.seek(300_000) and stream.read(5) == content[300_000:300_005]
    assert stream.seek(2) and stream.read(3) == content[2:5]
    assert stream.seek(-4, io.SEEK_END) and stream.read() == content[-4:]
    assert file.read() == content


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "pets.zip", {"a.png": b"x" * 1_000})
    monkeypatch.setattr(source_file, "MAX_BYTES", 999)
    [file] = list_files(path).files
    with pytest.raises(FileProblem, match=r"a.png has 1,000 bytes, expected at most 999: leave it"):
        file.read()


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
        files = list_files(path).files
    except DataError as error:
        assert str(error).endswith(".")
        return
    for file in files:
        for use in (file.read, lambda file=file: file.open().read()):
            try:
                use()
            except FileProblem as error:
                assert str(error).endswith(".")
