"""The commands `encode`, `sample` and `explore`, which use a trained model."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaelib import data
from vaelib.commands.command_group import image_options, user_input
from vaelib.data.user_images import image_folder
from vaelib.support.errors import DataError

if TYPE_CHECKING:
    from vaelib import runs


@click.command()
@click.argument("run")
@click.argument("source")
@image_options
def encode(run: str, source: str, fit: str | None, skip: bool) -> None:
    """Write the codes of the images in SOURCE, a folder or a zip, to standard output as CSV.

    RUN is the folder that `train` created, or the name of a published run. The columns are the
    file, its class (the name of its folder), and its code. For a VAE, the code is the mean of the
    approximate posterior q(z|x), followed by its standard deviations.

    If RUN was trained with a condition, SOURCE needs a folder for each class, with its name.
    """
    import numpy as np

    run = _loaded(run)
    own = run.recipe.dataset if run.recipe.uses_own_images else None
    fit = fit or (own and own.fit) or "crop"
    names, classes, pixels = image_folder.read_pixels(source, run.recipe.image_shape, fit, skip)
    labels = _labels(run, classes) if run.recipe.condition else None
    mean, log_var = run.model.encode_distribution(pixels, labels)
    axes = range(1, run.model.latent_dim + 1)
    header, codes = [f"z{i}" for i in axes], mean
    if log_var is not None:
        header += [f"sd{i}" for i in axes]
        codes = np.concatenate([mean, np.exp(log_var / 2)], axis=1)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "class", *header])
    for name, word, code in zip(names, classes, codes, strict=True):
        table.writerow([name, word, *(f"{number:.6g}" for number in code)])


@click.command()
@click.argument("run")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Number of images.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the samples."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("samples.png"),
    show_default=True,
    help="A .png file for all images, or a folder for one file per image.",
)
def sample(run: str, count: int, seed: int, output: Path) -> None:
    """Generate images by decoding codes that are sampled from the prior.

    RUN is the folder that `train` created, or the name of a published run. If it was trained with a
    condition, the images are of its classes in turn: one of the first class, one of the second, and
    so on.
    """
    import numpy as np
    from PIL import Image

    from vaelib.plotting.tiling import tile_images

    images = np.round(255 * _loaded(run).model.sample(count, seed=seed)).astype("uint8")
    if output.suffix.lower() == ".png":
        Image.fromarray(tile_images(images, columns=math.ceil(math.sqrt(count)))).save(output)
    else:
        output.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            image = image if image.shape[2] == 3 else image[..., 0]
            Image.fromarray(image).save(output / f"{i:0{len(str(count - 1))}}.png")
    click.echo(f"{count} images: {output}")


@click.command()
@click.argument("run")
@click.argument("source", required=False)
@image_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the page.  [default: in RUN]",
)
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser.")
def explore(
    run: str, source: str | None, fit: str | None, skip: bool, output: Path | None, opens: bool
) -> None:
    """Create or open a page to explore the latent space, with test images at their codes.

    RUN is the folder that `train` created, or the name of a published run. If it was trained on a
    data set with a name, the page is created from its test images. If it was trained on your own
    images, the page that `train` created is opened. To create that page again, give the folder or
    zip of the images as SOURCE.
    """
    loaded = _loaded(run)
    page = output or loaded.folder / "explorer.html"
    own = loaded.recipe.uses_own_images
    if source or not own or output:
        from vaelib.commands import training_report

        if source and not own:
            raise click.ClickException(
                f"{loaded.recipe.slug} was trained on {loaded.recipe.dataset}: leave out SOURCE."
            )
        if source:
            height, width, channels = loaded.recipe.image_shape
            fit = fit or loaded.recipe.dataset.fit or "crop"
            dataset = data.images(source, (height, width), channels == 3, fit, skip=skip)
        else:
            dataset = loaded.recipe.load_dataset()
        with user_input():
            training_report.explorer_page(
                loaded, training_report.with_training_images(dataset)
            ).save(page)
    elif not page.exists():
        raise DataError(f"{run} holds no explorer.html: give the folder of its images as SOURCE.")
    click.echo(page)
    if opens:
        click.launch(str(page))


def _labels(run: runs.Run, classes: list[str]) -> list[int]:
    """Return the label of each image in a folder of its class, for a model with a condition."""
    known = run.recipe.class_names
    unknown = sorted(set(classes) - set(known))
    if unknown:
        raise DataError(
            f"{run.recipe.slug} needs the class of each image, and SOURCE has the class "
            f"{unknown[0]!r}: put the images into folders with the names of the classes, which are "
            f"{', '.join(known[:20])}{', ...' if len(known) > 20 else ''}."
        )
    return [known.index(name) for name in classes]


def _loaded(run: str) -> runs.Run:
    """Load a run by its folder, or a published one by its name."""
    from vaelib import runs

    return runs.load(Path(run) if Path(run).is_dir() else run)
