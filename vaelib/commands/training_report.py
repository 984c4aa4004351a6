"""Write figures, an explorer page and a Keras model into the folder of a training run."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from vaelib import explorer, plotting
from vaelib.data import Dataset
from vaelib.explorer.page import Explorer
from vaelib.explorer.payload import NAMED_CLASS_COUNTS
from vaelib.gans import GAN
from vaelib.measures import decoded_images as of_images
from vaelib.measures import likelihood
from vaelib.runs import Run
from vaelib.support.files import write_atomically

N_SHOWN = 10  # test images that are shown with their reconstructions
N_MEASURED = 1_000  # training images and test images in the table, the first ones
MIN_TEST_IMAGES = (
    1_000  # test images; if there are fewer, the codes of training images are shown, too
)
WITHOUT_ERRORS = [
    "A GAN has no encoder, so there are no reconstructions to compare, and its losses do not say",
    "how good its images are. Compare samples.png with your images, and look for kinds of images",
    "that are missing, because the losses hardly penalize a GAN for leaving them out.",
]


def write(run: Run, dataset: Dataset) -> dict[str, str]:
    """Write figures, page and model into the folder of a run.

    Args:
        run: A training run that has a folder.
        dataset: The data set that it was trained on.

    Returns:
        A description of each file that was written, by its name.
    """
    made = {}

    def keep(name: str, figure: Figure, words: str) -> None:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        write_atomically(run.folder / name, file.getvalue())
        made[name] = words

    model, last = run.model, {name: array[-1] for name, array in run.snapshots.items()}
    keep(
        "samples.png", plotting.samples(last["samples"]), "images decoded from samples of the prior"
    )
    shown = with_training_images(dataset)
    if not isinstance(model, GAN):
        # As floats, because a model refuses bytes that are all 0 and 1, and images may be dark.
        some = dataset.test_images[:N_SHOWN] / np.float32(255)
        rows = some, model.decode(model.encode(some))
        pairs = dict(zip(("test images", "reconstructions"), rows, strict=True))
        words = "test images and their reconstructions"
        keep("reconstructions.png", plotting.image_rows(pairs), words)
    if model.latent_dim > 1 and not isinstance(model, GAN):
        names = shown.class_names if len(shown.class_names) in NAMED_CLASS_COUNTS else None
        codes = model.encode(shown.test_images), shown.test_labels, names
        words = "codes of the images, colored by class"
        keep("codes.png", plotting.latent_space(*codes), words)
    if model.latent_dim == 2:
        keep(
            "grid.png",
            plotting.latent_grid(last["grid"]),
            "images decoded from a grid in the latent space",
        )
        explorer_page(run, shown).save(run.folder / "explorer.html")
        made["explorer.html"] = "a page to explore the latent space in a browser"
    with tempfile.TemporaryDirectory() as folder:  # Keras would write through a link
        model.save(Path(folder, "model.keras"))
        write_atomically(run.folder / "model.keras", Path(folder, "model.keras").read_bytes())
    module = type(model).__module__
    made["model.keras"] = f"for keras.models.load_model, after `import {module}`"
    return made


def explorer_page(run: Run, dataset: Dataset) -> Explorer:
    """Return the explorer page of a run, with the given data set."""
    return explorer.compare(run, titles=[dataset.name.replace("_", " ")], dataset=dataset)


def with_training_images(dataset: Dataset) -> Dataset:
    """Add the training images to the test images if these are fewer than `MIN_TEST_IMAGES`."""
    if len(dataset.test_images) >= MIN_TEST_IMAGES:
        return dataset
    images = np.concatenate([dataset.test_images, dataset.train_images])
    labels = np.concatenate([dataset.test_labels, dataset.train_labels])
    return replace(dataset, test_images=images, test_labels=labels, test_factors=None)


def error_table(run: Run, dataset: Dataset) -> list[str]:
    """Return a table, as lines of text, that compares errors on training and on test images.

    The mean squared error is per value of an image, and the evidence lower bound is in nats per
    image. If a value is much better on the training images, the model overfits. More images, copies
    of them (`data.augment`), fewer dimensions or fewer steps can help.

    A GAN has neither, so for a GAN the lines say what to look at instead.
    """
    if isinstance(run.model, GAN):
        return WITHOUT_ERRORS
    both = dataset.train_images, dataset.test_images
    parts = [images[:N_MEASURED] / np.float32(255) for images in both]  # floats, as in `write`
    rows = {"mean squared error": [of_images.mean_squared_error(run.model, part) for part in parts]}
    if run.model.objective.sampled:
        is_density = (
            run.model.objective.learns_scale
        )  # otherwise this is not the density of the pixels
        name = "evidence lower bound, nats" if is_density else "-(cross-entropy + KL), nats"
        bounds = (likelihood.rate_distortion(run.model, part) for part in parts)
        rows[name] = [-float(np.mean(rate + distortion)) for rate, distortion in bounds]
    lines = [f"{'':28}{'trained on':>12}{'test':>12}"]
    for name, values in rows.items():
        digits = 4 if "squared" in name else 1
        lines.append(f"{name:28}" + "".join(f"{value:12,.{digits}f}" for value in values))
    return lines
