"""A data set that is added from outside the package: training, saving and loading by its name."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vaelib import data, runs
from vaelib.__main__ import main
from vaelib.data import registry
from vaelib.runs.recipes import Recipe
from vaelib.support.errors import RunError

GUIDE = Path(__file__).parents[2] / "docs" / "how_the_code_hangs_together.md"


@pytest.fixture(autouse=True)
def digits():
    """Register scikit-learn's digits, with the code that the documentation shows."""
    [code] = [
        block
        for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
        if "data.register(" in block
    ]
    assert len(code.splitlines()) <= 15
    before = dict(registry._entries)
    exec(code, {})
    yield data.load("digits")
    registry._entries.clear()
    registry._entries.update(before)


def test_a_registered_data_set_is_trained_on_and_loaded_again_by_its_name(digits, tmp_path):
    assert digits.image_shape == (8, 8, 1) and len(digits.train_images) == 1_500
    recipe = Recipe("digits", epochs=1, limit=300)
    run = runs.train(recipe, tmp_path)
    assert run.folder.name.startswith("digits_elbo_1-epochs_")
    assert run.provenance["data"]["fingerprint"] == digits.limit(train=300).fingerprint
    again = runs.load(run.folder)
    assert again.recipe == recipe
    assert again.recipe.load_dataset().fingerprint == digits.limit(train=300).fingerprint
    images = digits.test_images
    np.testing.assert_array_equal(again.model.encode(images), run.model.encode(images))
    written = (run.folder / "run.json").read_bytes()
    runs.train(recipe, tmp_path)  # finds the run
    assert (run.folder / "run.json").read_bytes() == written


def test_a_run_of_a_data_set_that_is_not_registered_says_what_to_do(tmp_path):
    run = runs.train(Recipe("digits", epochs=1, limit=100), tmp_path)
    del registry._entries["digits"]
    with pytest.raises(RunError, match="a data set called 'digits', which is not known here: add"):
        runs.load(run.folder)
    with pytest.raises(ValueError, match="unknown data set 'digits': choose one of fashion_mnist"):
        Recipe("digits")


def test_commands_know_a_registered_data_set(digits, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    found = run("data", "digits")
    assert found.exit_code == 0 and "digits: 1,500 images to train on, 297" in found.stdout
    for command in ("data", "train"):
        assert re.search(r"^  digits +8 x 8, gray$", run(command, "--help").stdout, re.M)
    refused = run("data", "digits", "--directory", tmp_path)
    assert refused.exit_code == 1 and isinstance(refused.exception, SystemExit)
    sentence = "the data set digits is not read from a folder: leave out --directory."
    assert refused.stderr == f"Error: {sentence}\n"
    trained = run("train", "digits", "--steps", "2", "--output", tmp_path)
    assert trained.exit_code == 0, trained.output
    [folder] = tmp_path.glob("digits_elbo_1-epochs_*")
    made = {"samples.png", "reconstructions.png", "codes.png", "grid.png", "explorer.html"}
    assert made <= {path.name for path in folder.iterdir()}
    assert run("explore", folder, "--no-open").exit_code == 0
