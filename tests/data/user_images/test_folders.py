"""Folders are listed with everything that links lead to, and what is left out is named."""

import os
import socket

import pytest

from vaelib.data import DataError
from vaelib.data.user_images import source_file
from vaelib.data.user_images.folders import open_regular
from vaelib.data.user_images.listing import list_files
from vaelib.data.user_images.problems import FileProblem


@pytest.fixture
def pets(tmp_path):
    for name in ("cats/2.png", "cats/1.png", "dogs/1.png", ".hidden", "cats/thumbs.db", "a/.b/1"):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "pets"


ORDINARY = ["cats/1.png", "cats/2.png", "dogs/1.png"]


def names(listing):
    return [file.name for file in listing.files]


def test_files_are_listed_without_hidden_ones_and_those_of_the_system(pets):
    for folder in ("$RECYCLE.BIN", "@eaDir", "System Volume Information", "__macosx"):
        (pets / folder).mkdir()
        (pets / folder / "1.png").write_bytes(b"x")
    found = list_files(pets)
    assert (names(found), found.title, found.notes) == (ORDINARY, "pets", [])
    assert found.files[1].read() == found.files[1].open().read() == b"cats/2.png"
    assert found.files[1].size == 10


def test_linked_folders_and_files_are_followed_and_announced(pets, tmp_path):
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "more" / "deep" / "1.png").write_bytes(b"deep")
    (pets / "birds").symlink_to("../more")
    (pets / "cats" / "3.png").symlink_to(tmp_path / "more" / "deep" / "1.png")
    found = list_files(pets)
    # The file is met through the first link, and so it is left out where the second leads to it.
    assert names(found) == ["birds/deep/1.png", *ORDINARY]
    assert found.files[0].read() == b"deep"
    more = os.path.realpath(tmp_path / "more")
    assert found.notes == [
        f"1 link to another place was followed: birds (to {more}).",
        "1 file or folder was left out, because what links lead to is read only once: "
        "cats/3.png (the same as birds/deep/1.png).",
    ]


def test_a_folder_of_links_only_is_read(pets, tmp_path):
    (tmp_path / "links").mkdir()
    for name in ("cats", "dogs"):
        (tmp_path / "links" / name).symlink_to(pets / name)
    found = list_files(tmp_path / "links")
    assert names(found) == ORDINARY and "2 links to other places were followed" in found.notes[0]


def test_links_in_a_circle_and_links_to_themselves_do_no_harm(pets):
    (pets / "cats" / "up").symlink_to("..")
    (pets / "dogs" / "cats").symlink_to("../cats")
    (pets / "loop").symlink_to("loop")
    found = list_files(pets)
    assert names(found) == [*ORDINARY, "loop"]
    with pytest.raises(FileProblem, match=r"loop can't be found \(.*\): remove it, or skip all"):
        found.files[-1].read()
    [note] = found.notes
    assert "cats/up (the same as the whole folder), dogs/cats (the same as cats)" in note


def test_a_link_without_a_target_is_named(pets):
    (pets / "cats" / "3.png").symlink_to("nowhere")
    [file] = [file for file in list_files(pets).files if file.problem]
    assert str(file.problem).startswith("cats/3.png can't be found (No such file or directory)")


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may enter any folder")
def test_a_folder_without_permission_is_named(pets):
    (pets / "dogs").chmod(0)
    try:
        found = list_files(pets)
    finally:
        (pets / "dogs").chmod(0o700)
    assert names(found) == ORDINARY[:2]
    assert found.notes == ["1 folder can't be entered and is missing: dogs (Permission denied)."]


def test_a_folder_that_cannot_be_entered_is_named(pets, monkeypatch):
    listdir = os.listdir

    def refuse(path):
        if os.path.basename(path) in ("dogs", "locked"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    found = list_files(pets)
    assert names(found) == ORDINARY[:2]
    assert found.notes == ["1 folder can't be entered and is missing: dogs (Permission denied)."]
    (pets / "locked").mkdir()
    with pytest.raises(DataError, match=r"locked can't be entered \(Permission denied\): get perm"):
        list_files(pets / "locked")


def test_pipes_sockets_and_devices_are_named_and_never_opened(pets):
    os.mkfifo(pets / "pipe.png")
    (pets / "device.png").symlink_to("/dev/zero")
    plug = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(pets)  # names of sockets must be short
    try:
        plug.bind("plug.png")
    finally:
        os.chdir(here)
        plug.close()
    problems = [str(file.problem) for file in list_files(pets).files if file.problem]
    kinds = ("device.png is a device", "pipe.png is a pipe", "plug.png is a socket")
    assert [p.split(",")[0] for p in problems] == list(kinds)
    for path in (pets / "pipe.png", pets / "device.png"):  # put there a moment after the listing
        with pytest.raises(OSError, match="not a regular file"):
            open_regular(path)
        with pytest.raises(DataError, match="is a device or a pipe: expected a folder or a zip"):
            list_files(path)


def test_names_that_are_not_in_utf8_are_read(pets):
    try:
        with open(os.fsencode(pets) + b"/caf\xe9.png", "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system has no such names")
    found = list_files(pets)
    assert names(found) == ["café.png", *ORDINARY] and found.files[0].read() == b"x"
    assert found.notes == ["names that are not in UTF-8 were read as cp1252: café.png."]


def test_a_source_whose_own_name_is_not_in_utf8_has_a_title_that_can_be_printed(pets):
    target = os.fsencode(pets.parent) + b"/caf\xe9"
    try:
        os.rename(pets, target)
    except OSError:
        pytest.skip("this file system has no such names")
    assert list_files(os.fsdecode(target)).title == "café"


@pytest.mark.parametrize("files", [["checkpoint.npz"], ["recipe.json", "weights.npz", "run.json"]])
def test_training_runs_inside_are_left_out_and_are_no_source(pets, files):
    run = pets / "faces_elbo_10-epochs_01234567"
    run.mkdir()
    for name in (*files, "samples.png", "explorer.html"):
        (run / name).write_bytes(b"x")
    found = list_files(pets)
    assert names(found) == ORDINARY
    assert found.notes == [f"1 training run was left out: {run.name}."]
    with pytest.raises(DataError, match=f"{run.name} is a training run: expected a folder or a"):
        list_files(run)


def test_files_that_are_too_large_are_refused(pets, monkeypatch):
    monkeypatch.setattr(source_file, "MAX_BYTES", 9)
    assert all(file.problem for file in list_files(pets).files)


def test_missing_files_and_files_that_are_not_zips_are_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist: expected a folder"):
        list_files(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no zip")
    with pytest.raises(DataError, match=r"notes.txt cannot be read as a zip archive"):
        list_files(tmp_path / "notes.txt")


def test_folders_are_read_where_a_network_drive_numbers_no_file(pets, monkeypatch):
    (pets / "more").symlink_to(pets / "dogs")

    def without_number(function):
        def call(path, **how):
            about = function(path, **how)
            return os.stat_result((about[0], 0, *about[2:]))

        return call

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, without_number(getattr(os, name)))
    found = {file.name.split("/")[0] for file in list_files(pets).files}
    assert {"cats", "dogs", "more"} <= found


def test_the_home_may_be_written_as_a_tilde(pets, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert names(list_files("~/pets")) == names(list_files(pets)) != []
    with pytest.raises(DataError, match="nothing does not exist"):
        list_files("~/nothing")
