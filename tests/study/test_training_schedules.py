"""study/training_schedules.py: schedules tried on models, a row for each, never made twice."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from study import model_table, training_schedules
from study.named_models import OBJECTIVES
from vaelib import data, measures, runs
from vaelib.runs import provenance
from vaelib.runs.recipes import post_recipe


@pytest.fixture
def tiny(monkeypatch, tmp_path, faces):
    """A schedule that takes seconds, on few faces."""
    monkeypatch.setattr(data, "load", lambda name: faces)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    monkeypatch.setitem(
        training_schedules.SCHEDULES, "tiny", dict(epochs=2, learning_rate=1e-3, beta_2=0.9)
    )


def test_a_row_says_what_was_trained_for_how_long_and_how_good_it_is(tiny, faces):
    row = training_schedules.row_of("tiny", faces, "elbo", seed=1)
    assert [row[name] for name in training_schedules.KEYS] == ["tiny", "faces", "elbo", 1]
    assert row["steps"] == 2 * 6  # 510 images make six batches
    assert 0 < row["pixel MSE"] < 0.25 and 0 <= row["15-NN accuracy"] <= 1
    assert 28 * 28 * np.log(2) > row["test loss"] > 0  # better than all gray
    recipe = training_schedules.recipe_of("tiny", "faces", "elbo", 1)
    encode = training_schedules.train_or_load(recipe).model.encode
    both = (faces.train_images, faces.train_labels), (faces.test_images, faces.test_labels)
    [known, asked] = [(encode(images), labels) for images, labels in both]
    assert row["15-NN accuracy"] == measures.knn_accuracy(*known, *asked)


def test_the_command_adds_what_is_missing_and_nothing_twice(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(training_schedules, "TABLE", tmp_path / "schedules.csv")
    monkeypatch.setattr(provenance, "commit", lambda folders: "abc")
    made = []

    def row_of(name, dataset, model, seed):
        made.append((name, dataset.name, model, seed))
        return {"steps": len(made)}

    monkeypatch.setattr(training_schedules, "row_of", row_of)
    command = ["one epoch", "--models", "elbo", "--datasets", "faces", "--seeds"]
    for seeds in ("1", "2", "2"):
        done = CliRunner().invoke(training_schedules.main, [*command, seeds])
        assert done.exit_code == 0, done.output
    assert made == [("one epoch", "faces", "elbo", seed) for seed in (0, 1)]
    assert pd.read_csv(tmp_path / "schedules.csv").steps.tolist() == [1, 2]


def test_the_test_loss_is_that_of_shuffled_images(tiny, faces, monkeypatch):
    """A batch of one class lies apart from the prior, whatever all codes together do."""
    monkeypatch.setitem(training_schedules.SCHEDULES, "tiny", dict(epochs=30))
    many = data.render_faces(train=9, test=300)
    order = np.argsort(many.test_labels, kind="stable")
    labels, images = many.test_labels[order], many.test_images[order]
    new = dict(test_images=images, test_labels=labels, fingerprint="")
    sorted_faces = SimpleNamespace(**vars(faces) | new)
    row = training_schedules.row_of("tiny", sorted_faces, "post-mmd", seed=0)
    model = training_schedules.train_or_load(
        training_schedules.recipe_of("tiny", "faces", "post-mmd", 0)
    ).model
    in_order = model.evaluate(images, batch_size=100, verbose=0, return_dict=True)
    assert row["test loss"] < 0.9 * in_order["loss"]


def test_the_posts_schedule_is_not_trained_again_where_it_is_published(monkeypatch):
    monkeypatch.setattr(runs, "train", None)
    run = training_schedules.train_or_load(post_recipe("fashion_mnist", OBJECTIVES["elbo"], 0))
    assert int(run.model.optimizer.iterations) == 30_000
    assert training_schedules.recipe_of("post", "fashion_mnist", "elbo", 0) == run.recipe


def tried(**losses):
    """A table of schedules with these test losses, seed by seed, for every model and data set."""
    steps = dict.fromkeys(training_schedules.SCHEDULES, 2_400) | {"post": 30_000, "one epoch": 600}
    return pd.DataFrame(
        {"dataset": dataset, "model": model, "schedule": schedule, "seed": seed}
        | {"steps": steps[schedule], "test loss": loss}
        | {"15-NN accuracy": 0.5 + 0.1 * seed, "pixel MSE": 0.01}
        for dataset in model_table.DATASETS
        for model in training_schedules.MODELS
        for name, found in losses.items()
        for schedule in [name.replace("_", " ")]
        for seed, loss in enumerate(found)
    )


def test_both_schedules_stand_side_by_side():
    lines = training_schedules.schedule_comparison(
        tried(post=[269.2], four_epochs=[264.0, 266.0])
    ).splitlines()
    assert lines[2] == (
        "| VAE, the post's | 30,000 | 269.2\u00a0(one seed) | 0.500\u00a0(one seed) | "
        "0.0100\u00a0(one seed) |"
    )
    assert lines[3] == (
        "| VAE, fast | 2,400 | 265.0\u00a0± 1.4 | 0.550\u00a0± 0.071 | 0.0100\u00a0± 0.0000 |"
    )
    assert len(lines) == 2 * (2 + 2 * len(training_schedules.MODELS) + 1) - 1


def test_what_was_not_trained_is_called_so():
    lines = training_schedules.schedule_comparison(tried(four_epochs=[264.0])).splitlines()
    assert lines[2] == "| VAE, the post's | not trained | – | – | – |"


def test_a_record_counts_the_seeds_that_reach_what_the_posts_schedule_ends_with():
    losses = dict(post=[269.0, 270.0], four_epochs=[264.0, 266.0], one_epoch=[269.4, 269.6])
    losses["four_epochs_of_Adam"] = [265.0]  # in as many steps
    lines = training_schedules.steps_to_target(tried(**losses)).splitlines()[2:]
    assert [line.split(" | ")[1:] for line in lines] == [
        ["30,000", "1/1", "-269.0, -270.0", "the target |"],  # the mean of its seeds
        ["2,400", "1/12.5", "-264.0, -266.0", "2 of 2 |"],
        ["2,400", "1/12.5", "-265.0", "1 of 1 |"],
        ["600", "1/50", "-269.4, -269.6", "1 of 2 |"],
    ]
    assert "4 epochs, Nadam at 0.008" in lines[1] and "1 epoch, Nadam at 0.016" in lines[3]
