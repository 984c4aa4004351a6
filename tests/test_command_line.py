"""The command line: what it prints, and that it refuses in a sentence."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

import tiny
from vaelib.__main__ import main


@pytest.fixture(autouse=True)
def mnist(monkeypatch, tmp_path):
    """The files of the MNIST of these tests."""
    return tiny.install(monkeypatch, tmp_path)[0]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_alone_it_prints_help():
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


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["data", "cifar"], "unknown data set 'cifar'"),
        (["data", "mnist", "--directory", "nowhere"], "nowhere has no file of mnist"),
        (["data", "mnist"], "mnist could not be found. Tried:"),
        (["data", "faces", "--directory", "."], "faces are drawn"),
        (["data"], "Missing argument 'NAME'"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(arguments, sentence):
    done = run(*arguments)
    assert done.exit_code in (1, 2)
    assert f"Error: {sentence}" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""


def test_warnings_are_sentences_too(tmp_path, mnist):
    tiny.write(tmp_path / "cache" / "mnist", mnist, pack=lambda content: b"damaged")
    done = run("data", "mnist")
    assert done.stderr.startswith("Warning: fetching a damaged file again: train-images")
    assert "UserWarning" not in done.stderr and ".py" not in done.stderr


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "vaelib", "data"]
    done = subprocess.run([*command, "faces"], capture_output=True, text=True, check=True)
    assert "faces: 10,000 images" in done.stdout and done.stderr == ""
    refused = subprocess.run([*command, "cifar"], capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1 and refused.stderr.startswith("Error: unknown data set")
