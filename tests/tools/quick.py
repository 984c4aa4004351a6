"""Notebooks, what they show, and a quick run of one, which has to repeat itself."""

import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import papermill
from matplotlib.image import imread

import drawn

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9]*.py"))
SOLUTIONS = sorted(NOTEBOOKS.glob("solutions/[0-9]*.py"))
PARAMETERS = {"dataset_name": "faces", "epochs": 1, "limit": 1000}
FACES, OWN_IMAGES, AXES = "00_faces", "07_your_own_images", "08_whose_axes"
CLAIMS = "05_measuring_a_claim"  # which trains nothing
# Constants that take long and say nothing about whether the code works, with smaller ones.
QUICKER = {
    "01_standard_vae": {"4000": "400", "limit or 2000, 2000": "limit or 2000, 200"},
    "02_mmd_vae": {"grid_codes(81,": "grid_codes(21,", "range(300)": "range(20)"},
    "04_how_probable_is_an_image": {
        "0.25, 0.125, 0.0625)": "0.25)",
        "square_grid(0.1)": "square_grid(0.5)",
        "side=121": "side=31",
        "4000": "400",
        "range(40)": "range(3)",
        "40 * 300": "4 * 300",
        "reshape(40,": "reshape(4,",
        "= dataset.test_images  #": "= images  #",
    },
    "06_the_weight_of_the_kl": {
        "data.load(dataset_name).limit(limit)": "data.load(dataset_name).limit(limit, 200)"
    },
    "08_whose_axes": {"0, 91, 7.5": "0, 91, 45"},
    "09_better_priors": {
        "from vaelib.support.rng import named_rng": "from vaelib.support.rng import named_rng\n"
        "\nlatent_diffusion.SAMPLES, latent_diffusion.MANY = 300, 400"
        "\nlatent_diffusion.LIKELIHOODS = 20",
        "3000": "60",
        "test_images[:5000]": "test_images[:300]",
    },
    "10_gans": {
        "from vaelib.support import lesson": "from vaelib.support import lesson\n"
        "\nlikelihood.DEFAULT_STEPS = 100",
        "images[:1000], labels[:1000]": "images[:60], labels[:60]",
        "train_images[:1000]": "train_images[:60]",
        "5_000": "200",
        "81": "21",
    },
    "11_conditional_vae": {
        "from vaelib.support import lesson": "from vaelib.support import lesson\n"
        "\nconditional_vae.GRID = dict(step=0.5, limit=6.0)",
        "images[:1000], labels[:1000]": "images[:60], labels[:60]",
    },
    "solutions/01_standard_vae": {
        "test_images[:1000]\nmodel": "test_images[:50]\nmodel",
        "log_likelihood(model, images)": "log_likelihood(model, images, step=0.25)",
    },
    "solutions/04_how_probable_is_an_image": {
        "range(40)": "range(3)",
        "(1000, seed)": "(99, seed)",
        "encode(images))": "encode(images[:99]))",
        "square_grid(0.1)": "square_grid(0.5)",
        "side=121": "side=31",
    },
    "solutions/06_the_weight_of_the_kl": {"test_images[:2000]": "test_images[:99]"},
    "solutions/08_whose_axes": {"range(200)": "range(20)", "(20_000, 2)": "(4_000, 2)"},
    "solutions/09_better_priors": {"3000": "60", "20_000, 2": "2_000, 2"},
    "solutions/11_conditional_vae": {
        "from vaelib.support import lesson": "from vaelib.support import lesson\n"
        "\nconditional_vae.GRID = dict(step=0.5, limit=6.0)",
        "test_images[:1000]": "test_images[:60]",
    },
}
OTHERS = {
    FACES: {"epochs", "limit"},
    AXES: {"epochs", "limit"},
    CLAIMS: {"dataset_name", "limit"},
    OWN_IMAGES: {"folder", "closer", "size", "steps"},
}


def names_of_parameters(script):
    """Those that every notebook has, except for a few that have others."""
    return OTHERS.get(script.stem, set(PARAMETERS))


def small(script, folder):
    """Parameters by which a notebook takes little time, and the words by which it says so."""
    if script.stem == OWN_IMAGES:
        pictures = drawn.folder(folder / "discs", (40, 40, 3), n=40)
        few = {"folder": pictures, "closer": pictures, "size": 32, "steps": 2}
        return few, "steps = 2"
    if script.stem in (FACES, AXES):
        return {"epochs": 1, "limit": 1000}, "epochs = 1"
    step = (
        {"step": 0.2} if "step" in papermill.inspect_notebook(script.with_suffix(".ipynb")) else {}
    )
    few = {name: PARAMETERS[name] for name in PARAMETERS if name in names_of_parameters(script)}
    return few | step, "dataset_name = 'faces'"


def outputs(notebook):
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


def pictures(notebook):
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            yield imread(io.BytesIO(base64.b64decode(output.data["image/png"])))


def run(words, runs):
    """Run a Python module, which keeps the runs that it trains in the folder `runs`."""
    environment = os.environ | {"VAELIB_RUNS_DIR": str(runs)}
    environment.pop("MPLBACKEND", None)  # with the one that tests plot with, it shows no figure
    done = subprocess.run(
        [sys.executable, "-m", *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def execute(source, executed, given, runs):
    """Execute a notebook with papermill and the given parameters, and read the result."""
    parameters = [f"-p {name} {value}" for name, value in given.items()]
    words = " ".join(["-k python3 --no-progress-bar", *parameters]).split()
    run(["papermill", str(source), str(executed), *words], runs)
    return nbformat.read(executed, as_version=4)


def with_smaller_constants(script, folder):
    """Write a copy of a notebook with the constants of `QUICKER`, each of which must occur."""
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    name = str(script.relative_to(NOTEBOOKS).with_suffix(""))
    for constant, smaller in QUICKER.get(name, {}).items():
        cells = [c for c in notebook.cells if c.cell_type == "code" and constant in c.source]
        assert cells, f"{name} does not contain {constant!r} any more"
        for cell in cells:
            cell.source = cell.source.replace(constant, smaller)
    source = folder / "smaller" / f"{script.stem}.ipynb"
    source.parent.mkdir()
    nbformat.write(notebook, source)
    return source


def execute_on_small_data(script, folder):
    """Execute a notebook with papermill on small data, and check what it shows."""
    given, words_of_it = small(script, folder)
    source, executed = with_smaller_constants(script, folder), folder / f"{script.stem}.ipynb"
    notebook = execute(source, executed, given, folder / "first")
    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    figures = list(pictures(notebook))
    assert figures and all(np.std(figure[..., :3]) > 0.02 for figure in figures)
    [said] = [c for c in notebook.cells if c.source.startswith("lesson.note_changed_settings(")]
    assert words_of_it in said.outputs[0].text


def validate(script, folder):
    """Execute what `execute_on_small_data` wrote again with nbval, and compare every text."""
    how = "--nbval --nbval-current-env --nbval-cell-timeout=600 -p no:cacheprovider"
    # The runs are in another folder, because a trained run would be loaded and not trained again.
    run(["pytest", "-q", *how.split(), str(folder / f"{script.stem}.ipynb")], folder / "second")
