"""What a training leaves to be looked at: pictures, a page, and a model that Keras reads."""

import io
from dataclasses import replace

import numpy as np

from vaelib import explorer, plotting
from vaelib.explorer.payload import NAMED
from vaelib.files import write_whole
from vaelib.measures import images as of_images
from vaelib.measures import likelihood

SHOWN = 10  # test images beside their reconstructions
MEASURED = 1_000  # images of either part, the first ones
FEW = 1_000  # test images: where there are fewer, the plane shows those of training, too


def make(run, dataset):
    """Write all of it into the folder of a run.

    Args:
        run: a `Run` that is kept in a folder.
        dataset: the `Dataset` that it was trained on.

    Returns:
        dict of each file's name to what is in it, in words.
    """
    made = {}

    def keep(name, figure, words):
        file = io.BytesIO()
        figure.savefig(file, format="png")
        write_whole(run.folder / name, file.getvalue())
        made[name] = words

    model, last = run.model, {name: array[-1] for name, array in run.snapshots.items()}
    keep("samples.png", plotting.samples(last["samples"]), "images decoded from the prior")
    some = dataset.test_images[:SHOWN]
    rows = some / np.float32(255), model.decode(model.encode(some))
    pairs = dict(zip(("test images", "reconstructions"), rows, strict=True))
    keep("reconstructions.png", plotting.strips(pairs), "test images, and what is left of them")
    if model.latent_dim > 1:
        shown = on_the_plane(dataset)
        names = shown.class_names if len(shown.class_names) in NAMED else None
        plane = model.encode(shown.test_images), shown.test_labels, names
        words = "codes of the images, in the colours of their classes"
        keep("codes.png", plotting.latent_space(*plane), words)
    if model.latent_dim == 2:
        keep("grid.png", plotting.latent_grid(last["grid"]), "images decoded all over the plane")
        page(run, shown).save(run.folder / "explorer.html")
        made["explorer.html"] = "the plane to walk through, in a browser"
    model.save(run.folder / "model.keras")
    made["model.keras"] = "for keras.models.load_model, after `import vaelib.models`"
    return made


def page(run, dataset):
    """The `Explorer` of a run on images of one's own, or on a data set with a name."""
    return explorer.compare(run, titles=[dataset.name.replace("_", " ")], dataset=dataset)


def on_the_plane(dataset):
    """The data set with all its images to be shown where few were set aside for testing."""
    if len(dataset.test_images) >= FEW:
        return dataset
    images = np.concatenate([dataset.test_images, dataset.train_images])
    labels = np.concatenate([dataset.test_labels, dataset.train_labels])
    return replace(dataset, test_images=images, test_labels=labels, test_factors=None)


def table(run, dataset):
    """How well the images are met, those trained on beside the others: lines of text.

    Where a loss is much better on images that were trained on, the model has learned these by
    heart: more images, copies of them (`data.augmented`), fewer dimensions or fewer steps help.
    """
    parts = dataset.train_images[:MEASURED], dataset.test_images[:MEASURED]
    rows = {"mean squared error": [of_images.mean_squared_error(run.model, part) for part in parts]}
    if run.model.objective.sampled:
        learns = (
            run.model.objective.learns_scale
        )  # else it is no density of grey or coloured pixels
        name = "evidence lower bound, nats" if learns else "-(cross-entropy + KL), nats"
        bounds = (likelihood.rate_distortion(run.model, part) for part in parts)
        rows[name] = [-float(np.mean(rate + distortion)) for rate, distortion in bounds]
    lines = [f"{'':28}{'trained on':>12}{'test':>12}"]
    for name, values in rows.items():
        digits = 4 if "squared" in name else 1
        lines.append(f"{name:28}" + "".join(f"{value:12,.{digits}f}" for value in values))
    return lines
