"""Debian's package as a source, with fake apt-get and dpkg-deb, where a package is a tar."""

import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest

import tiny
from vaelib.data import DataError, load
from vaelib.data.builtin import downloads, idx_sources
from vaelib.support.files import cache_folder

PACKAGE, FOLDER = "dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"
IMAGES = f"{FOLDER}/train-images-idx3-ubyte.gz"


@pytest.fixture(autouse=True)
def fashion(monkeypatch, tmp_path):
    """The files of the Fashion-MNIST of these tests, for which there is a package."""
    files = tiny.install(monkeypatch, tmp_path)[1]
    monkeypatch.setitem(idx_sources.PACKAGES, "fashion_mnist", (PACKAGE, FOLDER))
    monkeypatch.setattr(idx_sources, "_from_installed_package", lambda name, missing: [])
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return files


@pytest.fixture
def debian(monkeypatch, tmp_path):
    """Put an apt-get and a dpkg-deb in the way that yield a package of these members."""

    def install(members, update="true", download="true"):
        with tarfile.open(tmp_path / "package", "w") as archive:
            for path, content in members.items():
                member = tarfile.TarInfo(f".{path}")
                if isinstance(content, str):
                    member.type, member.linkname = tarfile.SYMTYPE, content
                    archive.addfile(member)
                else:
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        apt = f"""#!/bin/sh
            cat "$3" >> {tmp_path}/configuration
            case "$4" in
                update) {update} ;;
                download) {download} && cp {tmp_path}/package "$5_1.0_all.deb" ;;
            esac"""
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        for tool, script in (("apt-get", apt), ("dpkg-deb", '#!/bin/sh\ncat "$2"')):
            (tools / tool).write_text(script)
            (tools / tool).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")

    return install


def members(files):
    return {f"{FOLDER}/{file}.gz": gzip.compress(content) for file, content in files.items()}


def test_the_package_is_fetched_and_its_files_are_kept(debian, fashion, capfd):
    debian(members(fashion))
    first = load("fashion_mnist")
    assert first.source == "the Debian package dataset-fashion-mnist"
    assert first.train_images.tobytes() == fashion["train-images-idx3-ubyte"][16:]
    assert PACKAGE in capfd.readouterr().err

    debian({})
    second = load("fashion_mnist")
    assert (second.source, second.fingerprint) == ("the cache", first.fingerprint)
    assert capfd.readouterr().err == ""


def test_apt_uses_a_temporary_folder_that_is_deleted(debian, fashion, tmp_path):
    debian(members(fashion))
    load("fashion_mnist")
    configuration = (tmp_path / "configuration").read_text()
    for setting in ("Dir::State::lists", "Dir::Cache"):
        assert f'{setting} "{tmp_path}/temporary/vaelib-' in configuration
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_archive_that_cannot_be_updated_is_ignored(debian, fashion):
    debian(members(fashion), update="exit 100")
    assert len(load("fashion_mnist").train_images) == 20


def test_the_error_repeats_what_apt_complained_of(debian, fashion, tmp_path):
    debian(
        members(fashion),
        update="echo 'W: Could not resolve the archive' >&2",
        download="echo 'E: Unable to locate package' >&2; exit 100",
    )
    with pytest.raises(DataError, match=r"\(W: Could not resolve .* E: Unable to locate package\)"):
        load("fashion_mnist")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_hanging_apt_is_stopped_after_a_timeout(debian, fashion, monkeypatch):
    monkeypatch.setattr(downloads, "APT_SECONDS", 0.3)
    debian(members(fashion), update="exec sleep 20")
    with pytest.raises(DataError, match="apt-get took longer than"):
        load("fashion_mnist")


def test_only_regular_files_of_a_package_are_read_and_none_is_unpacked(debian, fashion, tmp_path):
    (tmp_path / "secret").write_bytes(gzip.compress(fashion["train-images-idx3-ubyte"]))
    debian(members(fashion) | {IMAGES: str(tmp_path / "secret")})
    with pytest.raises(DataError, match=f"{IMAGES} in it is not a regular file"):
        load("fashion_mnist")

    debian(members(fashion) | {"./../../escaped": b"!", f"{tmp_path}/escaped": b"!"})
    load("fashion_mnist")
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({IMAGES: gzip.compress(b"something else")}, "is no IDX file"),
        ({IMAGES: gzip.compress(tiny.files(seed=9)["train-images-idx3-ubyte"])}, "was altered"),
        ({IMAGES: None}, "does not hold what was expected .*train-images"),
    ],
)
def test_a_package_with_other_files_is_refused(debian, fashion, changes, reason):
    packed = members(fashion) | changes
    debian({path: content for path, content in packed.items() if content is not None})
    with pytest.raises(DataError, match=f"{PACKAGE}: .*{reason}"):
        load("fashion_mnist")
    assert not list(cache_folder().rglob("*images*"))


def test_a_broken_package_is_refused(debian, fashion, tmp_path):
    debian(members(fashion))
    (tmp_path / "package").write_bytes(b"no tar " * 1000)
    with pytest.raises(DataError, match="does not hold what was expected"):
        load("fashion_mnist")


def test_an_installed_package_is_read_in_place(monkeypatch, fashion, tmp_path):
    monkeypatch.undo()
    tiny.install(monkeypatch, tmp_path)
    lies = tiny.write(tmp_path / "datasets", fashion)
    monkeypatch.setitem(idx_sources.PACKAGES, "fashion_mnist", (PACKAGE, str(lies)))
    assert load("fashion_mnist").source == f"the installed package {PACKAGE}"
    assert not Path(cache_folder()).exists()
