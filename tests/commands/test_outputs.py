"""Where commands write their results, and what they leave alone."""

import csv
import io
import os
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import drawn
from calling import QUICK, refused, run
from vaelib import data, models
from vaelib.__main__ import main
from vaelib.runs import run_folder

PUBLISHED = "fashion_mnist_elbo_50-epochs"


def test_samples_replace_no_file_unless_forced_and_then_no_file_behind_a_link(
    trained, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("precious.txt").write_text("mine")
    Path("samples.png").symlink_to("precious.txt")
    words = refused(run("sample", trained, "-n", 4))
    assert words == (
        "Error: samples.png exists already: choose another name with --output, or replace it with "
        "--force."
    )
    assert run("sample", trained, "-n", 4, "--output", "other.png").exit_code == 0
    assert run("sample", trained, "-n", 4, "--force").exit_code == 0
    assert Path("precious.txt").read_text() == "mine"
    assert Image.open("samples.png").size == (32, 32) and not Path("samples.png").is_symlink()


def test_a_folder_of_samples_keeps_files_with_the_same_names(trained, tmp_path):
    (tmp_path / "3.png").write_text("mine")
    assert "3.png exists already" in refused(run("sample", trained, "-n", 5, "--output", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["3.png"]


def test_a_sheet_of_samples_in_a_folder_of_images_is_not_read_as_one(trained, tmp_path):
    folder = drawn.folder(tmp_path / "photos", (20, 20, 3))
    count = len(list(folder.rglob("*.png")))
    assert run("sample", trained, "--output", folder / "samples.png").exit_code == 0
    done = run("encode", trained, folder)
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == count + 1
    said = "1 file was left out, because the command sample wrote it (samples.png)."
    assert said in done.stderr
    # Samples that are written into a file each can be images for another model.
    assert run("sample", trained, "-n", 3, "--output", tmp_path / "each").exit_code == 0
    assert len(run("encode", trained, tmp_path / "each").stdout.splitlines()) == 4


def test_a_run_is_not_created_inside_of_the_folder_of_images(pictures, tmp_path, monkeypatch):
    folder = drawn.folder(tmp_path / "photos", (20, 20, 3))
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    words = refused(run("train", ".", *QUICK))
    assert "inside of the folder of images" in words
    assert refused(run("train", folder, *QUICK, "--output", "red"))
    assert sorted(folder.rglob("*")) == before
    advice = re.search(r'with the option (--output), such as "(\S+)"\.$', words).groups()
    assert run("train", ".", *QUICK, *advice).exit_code == 0
    assert len(list(tmp_path.glob("photos_*"))) == 1 and sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("command", ["train", "sample", "explore"])
def test_a_place_that_cannot_be_written_is_reported_with_advice_that_works(
    command, trained, pictures, tmp_path
):
    (tmp_path / "file").touch()
    ending = {"train": "runs", "sample": "s.png", "explore": "e.html"}[command]
    arguments = {"train": [pictures, *QUICK], "sample": [trained], "explore": [trained, pictures]}
    opens = ["--no-open"] if command == "explore" else []
    call = [command, *arguments[command], *opens, "--output"]
    words = refused(run(*call, tmp_path / "file" / ending))
    assert f"{tmp_path / 'file' / ending} can't be written (" in words
    assert words.endswith("or choose another place with --output.")
    assert run(*call, tmp_path / ending).exit_code == 0


def test_the_page_of_a_published_run_goes_into_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "load", lambda name: few_clothes())
    before = sorted(run_folder.PUBLISHED.rglob("*"))
    for _ in range(2):  # the page of the first call is replaced
        done = run("explore", PUBLISHED, "--no-open")
        assert done.exit_code == 0 and done.stdout == f"{PUBLISHED}.html\n"
    assert sorted(run_folder.PUBLISHED.rglob("*")) == before
    Path(f"{PUBLISHED}.html").write_text("mine")
    words = refused(run("explore", PUBLISHED, "--no-open"))
    assert "is not a page of this command: choose another name with --output." in words
    assert Path(f"{PUBLISHED}.html").read_text() == "mine"
    assert run("explore", PUBLISHED, "--no-open", "--output", "page.html").exit_code == 0


def few_clothes():
    images = np.random.default_rng(0).integers(0, 256, (30, 28, 28, 1), dtype="uint8")
    labels = (np.arange(30) % 10).astype("uint8")
    names = data.DATASETS["fashion_mnist"].class_names
    return data.Dataset("fashion_mnist", images, labels, images, labels, names, "made up")


def test_names_in_the_csv_are_no_formulas(trained, tmp_path):
    image = Image.fromarray(np.full((20, 20, 3), 200, "uint8"))
    names = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "'quoted",
        "plain",
        "\N{FULLWIDTH EQUALS SIGN}1",
        "\n=1",
    ]
    for name in names:
        (tmp_path / "images" / name).mkdir(parents=True)
        image.save(tmp_path / "images" / name / "a.png")
    done = run("encode", trained, tmp_path / "images")
    rows = list(csv.reader(io.StringIO(done.stdout)))[1:]
    first = {cell[0] for row in rows for cell in row[:2]}
    assert not first & set("=+-@\n\N{FULLWIDTH EQUALS SIGN}")
    assert {row[1].removeprefix("'") if row[1] != "plain" else "plain" for row in rows} == set(
        names
    )
    assert "with an apostrophe in front" in " ".join(run("encode", "--help").output.split())


def test_names_are_printed_whatever_the_encoding_of_the_output(trained, tmp_path):
    drawn.folder(tmp_path / "猫", (20, 20, 3))
    (tmp_path / "猫" / "red").rename(tmp_path / "猫" / "été")
    windows = CliRunner(charset="cp1252")  # what a file gets there
    done = windows.invoke(main, ["encode", str(trained), str(tmp_path / "猫")])
    assert done.exit_code == 0
    classes = {row[1] for row in csv.reader(io.StringIO(done.stdout_bytes.decode("utf-8")))}
    assert classes == {"class", "été", "blue"}
    done = windows.invoke(main, ["train", str(tmp_path / "猫"), *QUICK, "--output", str(tmp_path)])
    assert done.exit_code == 0 and done.stdout.startswith(r"<\u732b: 27 training")


def test_a_name_cannot_control_the_terminal(trained, pictures, tmp_path):
    name = "\x1b[2J\x07run"
    shutil.copytree(trained, tmp_path / name)
    (tmp_path / name / "weights.npz").write_bytes(b"")
    words = refused(run("encode", tmp_path / name, pictures))
    assert words.startswith(r"Error: weights.npz of \x1b[2J\x07run has changed since")


def test_codes_that_are_not_finite_are_refused(trained, pictures, monkeypatch):
    def encode(self, images, labels=None):
        return np.zeros((len(images), 2), "float32"), np.full((len(images), 2), 1e4, "float32")

    monkeypatch.setattr(models.VAE, "encode_distribution", encode)
    done = run("encode", trained, pictures)
    assert "some codes of " in refused(done) and "are infinite or not a number" in refused(done)
    assert done.stdout == ""


def test_a_large_file_in_the_place_of_a_page_is_not_read(trained, pictures, tmp_path):
    page = tmp_path / "page.html"
    page.touch()
    os.truncate(page, 1 << 40)  # a terabyte of holes
    words = refused(run("explore", trained, pictures, "--no-open", "--output", page))
    assert "is not a page of this command" in words


def test_a_link_in_the_folder_of_a_run_is_replaced_and_not_followed(training, pictures, tmp_path):
    output = tmp_path / "copy"
    shutil.copytree(training[1], output / training[1].name)
    (tmp_path / "precious").write_text("mine")
    made = output / training[1].name / "model.keras"
    made.unlink()
    made.symlink_to(tmp_path / "precious")
    done = run("train", pictures, *QUICK, "--output", output)
    assert done.exit_code == 0 and "training: " not in done.stderr
    assert (tmp_path / "precious").read_text() == "mine"
    assert not made.is_symlink() and zipfile.is_zipfile(made)


def test_more_samples_than_the_memory_can_hold_are_refused(trained, tmp_path):
    done = run("sample", trained, "-n", 10_001, "--output", tmp_path / "s.png")
    assert done.exit_code == 2 and "10001 is not in the range 1<=x<=10000" in done.stderr
