"""Pictures of users that are few, dark, or called like something else, and what commands say."""

import csv
import io
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

import drawn
from calling import QUICK, refused, run
from vaelib import data, runs
from vaelib.commands import train
from vaelib.runs import run_folder


@pytest.fixture
def masks(tmp_path):
    """A folder of 24 pictures with the values 0 and 1."""
    for i in range(24):
        pixels = (np.random.default_rng(i).random((20, 20)) > 0.5).astype("uint8")
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "masks" / f"{i:02}.png")
    return tmp_path / "masks"


def test_masks_of_0_and_1_are_trained_and_encoded_as_black_and_white(trained, masks, tmp_path):
    done = run("train", masks, *QUICK, "--output", tmp_path / "out")
    assert done.exit_code == 0 and "1 was made white" in done.stderr
    ones = run("encode", trained, masks).stdout
    for path in masks.iterdir():
        Image.fromarray(255 * np.array(Image.open(path))).save(path)
    assert run("encode", trained, masks).stdout == ones


def test_a_few_dark_pictures_among_others_do_not_matter(tmp_path):
    folder = drawn.folder(tmp_path / "night", (20, 20, 3), n=40)
    dataset = data.images(folder, 16, seed=0)
    assert len(dataset.test_images) == 4
    for path in sorted(folder.rglob("*.png"))[::2]:
        Image.fromarray(np.ones((20, 20, 3), "uint8")).save(path)
    done = run("train", folder, *QUICK, "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("suffix", [".png", ".PNG", ""])
def test_a_single_picture_is_encoded_like_a_folder_of_one(suffix, trained, pictures, tmp_path):
    (tmp_path / "red").mkdir()
    shutil.copy(next(pictures.glob("red/*.png")), tmp_path / "red" / f"one{suffix}")
    single, folder = (
        list(csv.reader(io.StringIO(run("encode", trained, source).stdout)))
        for source in (tmp_path / "red" / f"one{suffix}", tmp_path / "red")
    )
    assert single == folder and single[1][:2] == [f"one{suffix}", "red"]
    (tmp_path / "notes.txt").write_text("no picture")
    words = refused(run("encode", trained, tmp_path / "notes.txt"))
    assert "notes.txt cannot be read as a zip archive" in words and "or a single image" in words


def test_a_page_shows_three_pictures_or_one(trained, pictures, tmp_path):
    (tmp_path / "three").mkdir()
    for path in sorted(pictures.glob("red/*.png"))[:3]:
        shutil.copy(path, tmp_path / "three")
    for source in (tmp_path / "three", next((tmp_path / "three").iterdir())):
        page = tmp_path / f"{source.stem}.html"
        done = run("explore", trained, source, "--no-open", "--output", page)
        assert done.exit_code == 0, done.output
        assert source.stem in page.read_text(encoding="utf-8")


def test_a_page_of_three_dimensions_is_refused_with_commands_that_work(pictures, tmp_path):
    call = ["train", pictures, *QUICK, "--output", tmp_path]
    assert run(*call, "--latent-dim", 3).exit_code == 0
    [folder] = tmp_path.glob("discs_*_3d_*")
    for source in ([], [pictures]):
        words = refused(run("explore", folder, *source, "--no-open"))
        assert "has 3 latent dimensions, and a page shows two" in words and "SOURCE" not in words
    assert "train with --latent-dim 2, or write the codes with the command encode" in words
    assert run("encode", folder, pictures).exit_code == 0


def test_a_note_on_skipped_files_does_not_recommend_to_skip_them(trained, tmp_path):
    folder = drawn.folder(tmp_path / "some", (20, 20, 3))
    (folder / "red" / "notes.txt").write_text("not a picture")
    (folder / "red" / "half.png").write_bytes(
        (folder / "red").glob("*.png").__next__().read_bytes()[:99]
    )
    words = refused(run("encode", trained, folder))
    assert "--skip" in words and "skip=True" not in words
    done = run("encode", trained, folder, "--skip")
    assert done.exit_code == 0 and "2 files were left out" in done.stderr
    assert "skip" not in done.stderr.replace("skipped", "")


@pytest.mark.parametrize("name", ["faces", "emoji"])
def test_a_folder_with_the_name_of_a_data_set_is_preferred_with_a_note(name, tmp_path, monkeypatch):
    drawn.folder(tmp_path / name, (20, 20, 3))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    done = run("train", name, *QUICK, "--output", "elsewhere")
    assert done.exit_code == 0 and "27 training and 3 test images" in done.stdout
    assert f"there is a folder or a file called {name} here, which is read instead" in done.stderr


@pytest.mark.parametrize("steps, found", [(1, 1), (5, 5), (14, 14), (29, 28), (40, 42)])
def test_steps_are_exact_below_an_epoch_and_rounded_to_epochs_above(
    steps, found, pictures, tmp_path
):
    call = ["train", pictures, "--size", "16", "--batch-size", 2, "--steps", steps]
    done = run(*call, "--output", tmp_path)  # an epoch of 27 images has 14 steps
    [folder] = tmp_path.glob("discs_*")
    loaded = runs.load(folder)
    assert int(loaded.model.optimizer.iterations.numpy()) == found
    assert loaded.recipe.limit == (2 * steps if steps < 14 else None)
    assert f"\n{found} step" in done.stdout


def test_a_second_command_says_that_it_waits_for_which_lock(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_MESSAGES", 0.1)
    said, twice = [], threading.Event()
    write = train.WithoutEpochs.write

    def count(self, text):
        said.append("waiting for it" in text)
        if sum(said) == 2:
            twice.set()
        return write(self, text)

    monkeypatch.setattr(train.WithoutEpochs, "write", count)
    call = ["train", pictures, *QUICK, "--output", tmp_path]
    assert run(*call).exit_code == 0
    [folder] = tmp_path.glob("discs_*")
    shutil.rmtree(folder)
    with run_folder.locked(folder):
        done = []
        second = threading.Thread(target=lambda: done.append(run(*call)))
        second.start()
        assert twice.wait(300)
    second.join(300)
    [result] = done
    words = f"It holds the lock {folder.with_name(f'.{folder.name}.lock')}: end that process to"
    assert result.exit_code == 0 and result.stderr.count(words) > 1
    assert "waiting for it" not in result.stdout and "epoch 1/1" not in result.stderr


def test_a_class_called_dollars_is_trained_and_drawn(tmp_path):
    folder = drawn.folder(tmp_path / "prices", (20, 20, 3))
    (folder / "red").rename(folder / "$$")
    (folder / "blue").rename(folder / "$a_b$")
    done = run("train", folder, *QUICK, "--output", tmp_path)
    assert done.exit_code == 0, done.output
    [made] = tmp_path.glob("prices_*")
    assert {"codes.png", "grid.png", "explorer.html", "model.keras"} <= {
        path.name for path in made.iterdir()
    }
