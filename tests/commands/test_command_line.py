"""The command line: what it prints, and how it reports errors."""

import re
import subprocess
import sys

import pytest

import tiny
from calling import run
from vaelib import data
from vaelib.commands import batch
from vaelib.runs import reproduction
from vaelib.support.errors import DataError, RunError


@pytest.fixture(autouse=True)
def mnist(monkeypatch, tmp_path):
    """The files of the MNIST of these tests."""
    return tiny.install(monkeypatch, tmp_path)[0]


def raising(error):
    """A function that does nothing but raise it."""

    def function(*_):
        raise error

    return function


def test_without_arguments_it_prints_help():
    for arguments in ([], ["--help"]):
        done = run(*arguments)
        assert done.exit_code == 0
        assert "Usage:" in done.output and "data" in done.output


def test_data_says_what_was_found_and_where(tmp_path, mnist):
    done = run("data", "mnist", "--directory", tiny.write(tmp_path / "own", mnist))
    assert done.exit_code == 0
    for what in ("mnist: 20 images", "10 to test on", "the folder given", str(tmp_path / "cache")):
        assert what in done.output
    assert done.stderr == ""


@pytest.mark.parametrize("name", [*data.DATASETS, "emoji"])
def test_a_folder_without_the_data_set_is_refused_with_one_sentence(name, tmp_path):
    (tmp_path / "empty").mkdir()
    for directory in (tmp_path / "empty", tmp_path / "nowhere"):
        done = run("data", name, "--directory", directory)
        assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
        takes_folder = name in data.DATASETS and data.DATASETS[name].takes_folder
        why = str(directory) if takes_folder else f"the data set {name} is not read from a folder"
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
        assert why in done.stderr and done.stdout == ""


def test_the_help_of_commands_lists_every_data_set():
    for command in ("data", "train"):
        text = run(command, "--help").stdout
        listed = text.split("Data sets:")[1]
        for name, entry in data.DATASETS.items():
            height, width, _ = entry.image_shape
            line = re.search(rf"^  {name} +(.*(?:\n   .*)*)", listed, re.M)
            words = " ".join(line[1].split())
            assert entry.description in words and f"{height} x {width}" in words
            assert ("can be read from a folder" in words) == entry.takes_folder
        assert "  emoji  " in listed


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["data", "cifar"], "Invalid value for 'NAME': 'cifar' is not one of"),
        (["data", "mnist", "--directory", "nowhere"], "nowhere has no file of mnist"),
        (["data", "mnist"], "mnist could not be found. Tried:"),
        (
            ["data", "faces", "--directory", "."],
            "the data set faces is not read from a folder: leave out --directory.",
        ),
        (["data"], "Missing argument 'NAME'"),
        (["dance"], "No such command 'dance'"),
        (["reproduce", "elbo"], "no run has a name that begins with 'elbo'"),
        (["batch", "nowhere.yml"], "Invalid value for 'FILE': File 'nowhere.yml' does not exist."),
        (["batch", __file__, "--kernels", "0"], "Invalid value for '--kernels': 0 is not in"),
        (["batch", __file__], f"{__file__} "),
    ],
)
def test_invalid_input_is_refused_with_a_message(arguments, sentence):
    done = run(*arguments)
    assert done.exit_code in (1, 2)
    assert f"Error: {sentence}" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""


MEANT = [DataError("no data."), RunError("no run."), FloatingPointError("loss is nan.")]


@pytest.mark.parametrize("error", [*MEANT, OSError("full disk")], ids=repr)
def test_expected_errors_are_printed_as_messages(error, monkeypatch):
    monkeypatch.setattr(data, "load", raising(error))
    done = run("data", "mnist")
    assert (done.exit_code, done.stderr) == (1, f"Error: {error}\n")


BUGS = [ValueError, TypeError, ZeroDivisionError, OverflowError, KeyError, AttributeError]


@pytest.mark.parametrize("kind", BUGS)
def test_a_bug_keeps_its_traceback(kind, monkeypatch):
    bug = kind("planted")
    monkeypatch.setattr(data, "load", raising(bug))
    done = run("data", "mnist")
    assert done.exception is bug and done.stderr == ""


@pytest.mark.parametrize("kind", BUGS)
def test_a_bug_in_training_or_in_a_batch_keeps_its_traceback(kind, monkeypatch, tmp_path):
    bug = kind("planted")
    for module, name in ((reproduction, "reproduce"), (batch, "run")):
        monkeypatch.setattr(module, name, raising(bug))
    monkeypatch.setattr(batch, "read", lambda *_: [])
    for arguments in (["reproduce", "mnist_elbo_"], ["batch", __file__]):
        assert run(*arguments).exception is bug


def test_warnings_are_printed_as_messages(tmp_path, mnist):
    tiny.write(tmp_path / "cache" / "mnist", mnist, pack=lambda content: b"damaged")
    done = run("data", "mnist")
    assert done.stderr.startswith("Warning: fetching a damaged file again: train-images")
    assert "UserWarning" not in done.stderr and ".py" not in done.stderr


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "vaelib", "data"]
    done = subprocess.run([*command, "faces"], capture_output=True, text=True, check=True)
    assert "faces: 10,000 images" in done.stdout and done.stderr == ""
    options = ["faces", "--directory", "."]
    refused = subprocess.run([*command, *options], capture_output=True, text=True)
    assert refused.returncode == 1
    sentence = "the data set faces is not read from a folder: leave out --directory."
    assert refused.stderr == f"Error: {sentence}\n"
