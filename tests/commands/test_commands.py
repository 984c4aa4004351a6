"""The commands for user images: from a folder to a model, codes, images and a page."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import drawn
from calling import QUICK, run
from vaelib import data, runs, training
from vaelib.data import registry
from vaelib.measures import likelihood
from vaelib.support.backend import keras


def test_a_folder_becomes_a_run_with_pictures_a_page_and_a_model(training):
    done, folder = training
    assert "27 training and 3 test images of 2 classes" in done.stdout
    assert "training: 100%" in done.stderr and "epoch 1/" not in done.stdout
    made = {"samples.png", "reconstructions.png", "codes.png", "grid.png"}
    assert {p.name for p in folder.glob("*.png")} == made
    assert all(Image.open(folder / name).size[0] > 200 for name in made)
    for name in (*made, "explorer.html", "model.keras"):
        assert f"  {name}" in done.stdout
    model = keras.saving.load_model(folder / "model.keras")
    assert model.image_shape == (16, 16, 3) and model.objective.learns_scale
    assert "discs" in (folder / "explorer.html").read_text(encoding="utf-8")


def test_the_table_shows_measures_of_both_parts(training, pictures):
    done, folder = training
    loaded = runs.load(folder)
    model, dataset = loaded.model, data.images(pictures, 16).limit(train=loaded.recipe.limit)
    assert len(dataset.train_images) == 8  # four steps of two images
    for part, images in enumerate((dataset.train_images, dataset.test_images)):
        error = np.mean((images / 255 - model.decode(model.encode(images))) ** 2)
        [found] = re.findall(r"mean squared error +(\S+) +(\S+)", done.stdout)
        assert float(found[part]) == pytest.approx(error, abs=6e-5)
        rate, distortion = likelihood.rate_distortion(model, images)
        [found] = re.findall(r"evidence lower bound, nats +(\S+) +(\S+)", done.stdout)
        bound = -np.mean(rate + distortion)
        assert float(found[part].replace(",", "")) == pytest.approx(bound, abs=0.06)


def test_the_same_command_again_loads_the_run(training, trained, pictures):
    before = (trained / "run.json").read_bytes()
    again = run("train", pictures, *QUICK, "--output", trained.parent)
    assert again.exit_code == 0 and "training: " not in again.stderr
    assert again.stdout == training[0].stdout
    assert (trained / "run.json").read_bytes() == before


def test_codes_are_those_of_the_model_in_the_order_of_the_files(trained, pictures):
    done = run("encode", trained, pictures)
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["file", "class", "z1", "z2", "sd1", "sd2"]
    names = sorted(str(p.relative_to(pictures)) for p in pictures.glob("*/*.png"))
    assert [row[0] for row in rows[1:]] == names and len(names) == 30
    assert all(row[1] == row[0].split("/")[0] for row in rows[1:])
    images = np.stack([np.array(Image.open(pictures / n).resize((16, 16), 1)) for n in names])
    mean, log_var = runs.load(trained).model.encode_distribution(images)
    expected = np.concatenate([mean, np.exp(log_var / 2)], axis=1)
    found = np.array([row[2:] for row in rows[1:]], float)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_images_are_fitted_as_they_were_in_training(tmp_path):
    wide = drawn.folder(tmp_path / "wide", (20, 36, 3))
    done = run("train", wide, *QUICK, "--fit", "pad", "--output", tmp_path / "out")
    [folder] = (tmp_path / "out").glob("wide_*")
    assert done.exit_code == 0
    codes = [run("encode", folder, wide, *fit).stdout for fit in ([], ["--fit", "pad"])]
    assert codes[0] == codes[1] != run("encode", folder, wide, "--fit", "crop").stdout


def test_a_zip_is_as_good_as_a_folder_and_few_images_are_enough_to_encode(
    trained, pictures, tmp_path
):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for path in sorted(pictures.glob("*/*.png"))[:2]:
            archive.write(path, path.relative_to(pictures))
    some, every = (
        run("encode", trained, tmp_path / "two.zip"),
        run("encode", trained, pictures),
    )
    assert [line.split(",")[2] for line in some.stdout.splitlines()] == [
        line.split(",")[2] for line in every.stdout.splitlines()[:3]
    ]


def test_samples_go_into_one_picture_or_into_a_file_each(trained, tmp_path):
    one = run("sample", trained, "-n", "5", "--output", tmp_path / "s.png")
    each = run("sample", trained, "-n", "5", "--output", tmp_path / "each")
    assert one.exit_code == each.exit_code == 0
    expected = np.round(255 * runs.load(trained).model.sample(5))
    whole = np.array(Image.open(tmp_path / "s.png"))
    assert whole.shape == (32, 48, 3) and (whole[16:, 32:] == 255).all()
    np.testing.assert_array_equal(whole[16:, 16:32], expected[4])
    files = sorted((tmp_path / "each").glob("*"))
    assert [path.name for path in files] == [f"{i}.png" for i in range(5)]
    np.testing.assert_array_equal(np.array(Image.open(files[3])), expected[3])


def test_the_page_is_made_from_images_and_without_them_from_the_run(
    trained, pictures, tmp_path, monkeypatch
):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    made = run("explore", trained, pictures, "--output", tmp_path / "e.html", "--no-open")
    assert made.exit_code == 0 and not opened
    # The split is the seed's, and so are the images that are shown.
    by_train = trained / "explorer.html"
    assert (tmp_path / "e.html").read_text() == by_train.read_text()
    foreign, page = "<script>alert(1)</script>", trained / "explorer_without_images.html"
    by_train.write_text(foreign)  # as in a folder from somebody else
    done = run("explore", trained)
    assert done.exit_code == 0 and done.stdout.strip() == str(page)
    assert opened == [str(page)] and foreign not in page.read_text(encoding="utf-8")
    assert "Give their folder or zip as SOURCE" in done.stderr
    assert by_train.read_text() == foreign


def few_faces(monkeypatch):
    """Let `faces` be a small data set, and return it."""
    few = data.render_faces(train=60, test=20)
    entry = replace(data.DATASETS["faces"], load=lambda: few)
    monkeypatch.setitem(registry._entries, "faces", entry)
    return few


def test_a_data_set_with_a_name_needs_no_folder(tmp_path, monkeypatch):
    few_faces(monkeypatch)
    done = run("train", "faces", "--steps", "2", "--output", tmp_path)
    assert done.exit_code == 0 and "faces: 60 training" in done.stdout
    [folder] = tmp_path.glob("faces_elbo_1-epochs_*")
    assert run("explore", folder, "--no-open").exit_code == 0


def test_augmented_copies_of_a_named_data_set_are_trained_on(monkeypatch, tmp_path):
    few = few_faces(monkeypatch)
    done = run("train", "faces", "--augment", "3", "--steps", "2", "--output", tmp_path)
    assert done.exit_code == 0 and "faces: 180 training" in done.stdout
    [folder] = tmp_path.glob("faces_elbo_1-epochs_*")
    run_of_it = runs.load(folder)
    trained_on = data.augment(few, 3, seed=0).limit(train=run_of_it.recipe.limit)
    assert run_of_it.provenance["data"]["fingerprint"] == trained_on.fingerprint


@pytest.mark.parametrize(
    "options, slug, columns",
    [
        (["--model", "mmd-vae"], "se-768-mmd-not-sampled", ["z1", "z2"]),
        (["--model", "autoencoder", "--gray"], "autoencoder", ["z1", "z2"]),
        (["--beta", "4", "--gray", "--latent-dim", "1"], "bce-4-kl_1d", ["z1", "sd1"]),
        (["--latent-dim", "3", "--augment", "2"], "gaussian-1-kl_3d", ["z1", "z2", "z3"]),
    ],
)
def test_kinds_of_models(pictures, tmp_path, options, slug, columns):
    done = run("train", pictures, *QUICK, *options, "--output", tmp_path)
    assert done.exit_code == 0, done.output
    [folder] = tmp_path.glob(f"discs_{slug}_*")
    header = run("encode", folder, pictures).stdout.splitlines()[0].split(",")
    assert header[2 : 2 + len(columns)] == columns
    flat = "--latent-dim" not in options
    assert (folder / "explorer.html").exists() == (folder / "grid.png").exists() == flat


def test_a_gan_has_pictures_and_a_page_but_no_codes(pictures, tmp_path):
    done = run("train", pictures, *QUICK, "--model", "gan", "--output", tmp_path)
    assert done.exit_code == 0, done.output
    assert "look for kinds of images" in done.stdout and "error" not in done.stdout
    [folder] = tmp_path.glob("discs_gan*")
    assert {p.name for p in folder.glob("*.png")} == {"samples.png", "grid.png"}
    assert "no encoder" in (folder / "explorer.html").read_text(encoding="utf-8")
    trained = runs.load(folder)
    assert trained.recipe.learning_rate == runs.GANRecipe.learning_rate
    loaded = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_array_equal(loaded.sample(3), trained.model.sample(3))
    assert run("sample", folder, "--output", tmp_path / "samples.png").exit_code == 0
    assert run("explore", folder, pictures, "--no-open").exit_code == 0
    for refused in (run("encode", folder, pictures), run("explore", folder, "--no-open")):
        assert refused.exit_code == 1 and "is a GAN, which has no encoder" in refused.stderr
    again = run("train", pictures, *QUICK, "--model", "gan", "--output", tmp_path)
    assert again.exit_code == 0 and len(list(tmp_path.glob("discs_gan*"))) == 1


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["nowhere"], "nowhere does not exist: expected a folder or a zip of images."),
        (["HERE", "--size", "wide"], "'wide' is not a size: expected pixels such as 64, or 28x20"),
        (["HERE", "--size", "7"], "size must be an integer from 8 to 128, not 7."),
        (["HERE", "--steps", "0"], "--batch-size and --steps must be 1 or more"),
        (["HERE", "--latent-dim", "0"], "latent_dim must be an integer from 1 to"),
        (["HERE", "--model", "mmd-vae", "--beta", "2"], "--beta is the weight of the KL, which"),
        (["HERE", "--model", "gan", "--beta", "2"], "--beta is the weight of the KL, which"),
        (
            ["HERE", "--model", "gan", "--reconstruction", "gaussian"],
            "--reconstruction is a loss that model gan does not have: leave it out.",
        ),
        (["HERE", "--augment", "0"], "times must be an integer, 1 or more, not 0"),
        (["faces", "--size", "32"], "faces is always read in the same way: leave out --size"),
    ],
)
def test_invalid_training_settings_are_refused(pictures, tmp_path, arguments, sentence):
    here = [str(pictures) if argument == "HERE" else argument for argument in arguments]
    done = run("train", *here, "--output", tmp_path / "out")
    assert done.exit_code in (1, 2) and sentence in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["encode", "nowhere", "PICTURES"], "nowhere is not a complete run"),
        (["encode", "RUN", "nowhere"], "nowhere does not exist"),
        (["sample", "RUN", "-n", "0"], "0 is not in the range 1<=x<="),
        (["explore", "nowhere"], "nowhere is not a complete run"),
    ],
)
def test_impossible_uses_of_a_run_are_refused(trained, pictures, arguments, sentence):
    places = {"RUN": str(trained), "PICTURES": str(pictures)}
    done = run(*(places.get(argument, argument) for argument in arguments))
    assert done.exit_code in (1, 2) and sentence in done.stderr


def test_a_file_that_is_no_image_is_named_and_left_out_where_asked_for(pictures, tmp_path):
    folder = drawn.folder(tmp_path / "some", (20, 20, 3))
    (folder / "red" / "notes.txt").write_text("not a picture")
    refused = run("train", folder, *QUICK, "--output", tmp_path / "out")
    assert refused.exit_code == 1 and "red/notes.txt is not an image" in refused.stderr
    taken = run("train", folder, *QUICK, "--skip", "--output", tmp_path / "out")
    assert taken.exit_code == 0 and "1 file was left out: red/notes.txt" in taken.stderr


def test_help_of_every_command_says_what_it_is_for():
    for command in ("train", "encode", "sample", "explore"):
        assert command in run("--help").output
        done = run(command, "--help")
        assert done.exit_code == 0 and len(done.output.splitlines()) > 8


def test_larger_images_start_with_a_smaller_learning_rate(trained, pictures, tmp_path):
    assert runs.load(trained).recipe.learning_rate == 8e-3
    assert (
        run("train", pictures, "--size", "64", "--steps", "1", "--output", tmp_path).exit_code == 0
    )
    [folder] = tmp_path.glob("discs_*")
    assert runs.load(folder).recipe.learning_rate == pytest.approx(4e-3)


def test_a_failing_training_run_ends_with_an_error_message_on_a_separate_line(
    pictures, tmp_path, monkeypatch
):
    def stop(self, batch, logs=None):
        self._stop(batch, ["loss is nan"])

    monkeypatch.setattr(training.StopOnNonFinite, "on_train_batch_end", stop)
    done = run("train", pictures, *QUICK, "--output", tmp_path)
    assert done.exit_code == 1 and "training:   0%" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: training stopped in epoch 1/")
    assert last.endswith("Try a lower learning rate.")


def test_a_conditional_run_encodes_images_with_the_labels_of_their_folders(pictures, tmp_path):
    dataset = data.images(pictures, 16)
    settings = dict(epochs=1, batch_size=30, network="convolutional", condition=True)
    trained = runs.train(runs.Recipe(dataset, **settings), tmp_path / "run")
    done = run("encode", trained.folder, pictures)
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(io.StringIO(done.stdout)))[1:]
    labels = [dataset.class_names.index(row[1]) for row in rows]
    assert sorted(set(labels)) == [0, 1]
    images = np.stack([np.array(Image.open(pictures / r[0]).resize((16, 16), 1)) for r in rows])
    found = np.array([row[2:4] for row in rows], float)
    np.testing.assert_allclose(found, trained.model.encode(images, labels), rtol=1e-4, atol=1e-5)

    other = drawn.folder(tmp_path / "other", (20, 20, 3))
    (other / dataset.class_names[0]).rename(other / "unknown")
    refused = run("encode", trained.folder, other)
    assert refused.exit_code == 1 and refused.stdout == ""
    assert re.search(
        r"Error: .* needs the class of each image, and SOURCE has the class 'unknown': put the "
        rf"images into folders .* are {', '.join(dataset.class_names)}\.\n",
        refused.stderr,
    )
    sampled = run("sample", trained.folder, "-n", 3, "--output", tmp_path / "samples.png")
    assert sampled.exit_code == 0
    assert "classes in turn" in " ".join(run("sample", "--help").output.split())
