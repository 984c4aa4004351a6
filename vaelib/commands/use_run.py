"""The commands `encode`, `sample` and `explore`, which use a trained model."""

from __future__ import annotations

import csv
import io
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from vaelib.commands import outputs, own_images
from vaelib.commands.command_group import image_options, user_input
from vaelib.data.user_images import image_folder
from vaelib.support.errors import DataError
from vaelib.support.files import write_atomically

if TYPE_CHECKING:
    from vaelib import runs

PAGE, WITHOUT_IMAGES = "explorer.html", "explorer_without_images.html"
MOST_SAMPLES = 10_000  # images, which are all in memory at the same time
# What a spreadsheet takes for the beginning of a formula, and the apostrophe that prevents it.
FORMULA = tuple("=+-@\t\r\n'＝＋－＠")


@click.command()
@click.argument("run")
@click.argument("source")
@image_options
def encode(run: str, source: str, fit: str | None, skip: bool) -> None:
    """Write the codes of the images in SOURCE to standard output as CSV.

    RUN is the folder that `train` created, or the name of a published run. SOURCE is a folder of
    images, a zip file of such a folder, or a single picture. The columns are the file, its class
    (the name of its folder), and its code. For a VAE, the code is the mean of the approximate
    posterior q(z|x), followed by its standard deviations.

    A file or class whose name begins with =, +, -, @, a tab, a line break, or an apostrophe is
    written with an apostrophe in front of it, because a spreadsheet could take it for a formula.
    A file or pipe gets the table in UTF-8.

    If RUN was trained with a condition, SOURCE needs a folder for each class, with its name.
    """
    from vaelib.runs import GANRecipe

    run = _loaded(run)
    if isinstance(run.recipe, GANRecipe):
        raise click.ClickException(
            f"{run.recipe.slug} is a GAN, which has no encoder, so images have no codes: train one "
            "of the other models, or look at the page that the command explore makes."
        )
    fit = fit or _fit_of(run)
    names, classes, pixels = image_folder.read_pixels(source, run.recipe.image_shape, fit, skip)
    labels = _labels(run, classes) if run.recipe.condition else None
    mean, log_var = run.model.encode_distribution(pixels, labels)
    axes = range(1, run.model.latent_dim + 1)
    header, codes = [f"z{i}" for i in axes], mean
    if log_var is not None:
        header += [f"sd{i}" for i in axes]
        with np.errstate(over="ignore"):  # infinite numbers are refused below
            codes = np.concatenate([mean, np.exp(log_var / 2)], axis=1)
    if not np.isfinite(codes).all():
        raise DataError(
            f"some codes of {run.recipe.slug} are infinite or not a number: train the model again, "
            "with a lower learning rate."
        )
    outputs.use_utf8_for_data()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "class", *header])
    for name, word, code in zip(names, classes, codes, strict=True):
        table.writerow([_cell(name), _cell(word), *(f"{number:.6g}" for number in code)])


@click.command()
@click.argument("run")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, MOST_SAMPLES),
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
@click.option("--force", is_flag=True, help="Replace files that exist.")
def sample(run: str, count: int, seed: int, output: Path, force: bool) -> None:
    """Generate images by decoding codes that are sampled from the prior.

    RUN is the folder that `train` created, or the name of a published run. If it was trained with a
    condition, the images are of its classes in turn: one of the first class, one of the second, and
    so on.
    """
    in_one = output.suffix.lower() == ".png"
    digits = len(str(count - 1))
    files = [output] if in_one else [output / f"{i:0{digits}}.png" for i in range(count)]
    outputs.check_new(files, force)

    from vaelib.plotting.tiling import tile_images

    images = np.round(255 * _loaded(run).model.sample(count, seed=seed)).astype("uint8")
    if in_one:
        pictures = [tile_images(images, columns=math.ceil(math.sqrt(count)))]
    else:
        pictures = [image if image.shape[2] == 3 else image[..., 0] for image in images]
    with outputs.writing(output):
        for file, picture in zip(files, pictures, strict=True):
            write_atomically(
                file, _png(picture, in_one)
            )  # replaces a link, not the file it points to
    click.echo(f"{count} images: {output}")


@click.command()
@click.argument("run")
@click.argument("source", required=False)
@image_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the page.  [default: explorer.html in RUN, or explorer_without_images.html if "
    "there are none; for a published run, a file with its name in the current folder]",
)
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser.")
def explore(
    run: str, source: str | None, fit: str | None, skip: bool, output: Path | None, opens: bool
) -> None:
    """Create and open a page to explore the latent space, with test images at their codes.

    RUN is the folder that `train` created, or the name of a published run. If it was trained on a
    data set with a name, the page shows its test images. If it was trained on your own images, give
    their folder or zip as SOURCE. Without SOURCE, the page shows images that are decoded from the
    codes in RUN. For a page with other images, give them as SOURCE; one is enough.
    """
    loaded = _loaded(run)
    _check_explorable(loaded)
    from vaelib import explorer
    from vaelib.commands import training_report

    own, shape = loaded.recipe.uses_own_images, loaded.recipe.image_shape
    if source and not own:
        raise click.ClickException(
            f"{loaded.recipe.slug} was trained on {loaded.recipe.dataset}: leave out SOURCE."
        )
    page = output or _default_page(loaded, WITHOUT_IMAGES if own and not source else PAGE)
    outputs.check_is_page(page)
    if own and not source:
        # The page that may lie in the folder is not opened, because the folder can be from anyone.
        with user_input():
            made = explorer.compare_stored(loaded)
        click.echo(
            "The images are not stored with the run, so the page shows decoded ones. Give their "
            "folder or zip as SOURCE to see the images themselves.",
            err=True,
        )
    else:
        if source:
            dataset = own_images.dataset_to_show(source, shape, fit or _fit_of(loaded), skip)
        else:
            dataset = loaded.recipe.load_dataset()
        with user_input():
            shown = training_report.with_training_images(dataset)
            made = training_report.explorer_page(loaded, shown)
    with outputs.writing(page):
        made.save(page)
    click.echo(page)
    if opens:
        click.launch(str(page))


def _check_explorable(run: runs.Run) -> None:
    """Raise if a page cannot show a run, with advice for the command line."""
    if run.model.latent_dim != 2:
        raise click.ClickException(
            f"{run.recipe.slug} has {run.model.latent_dim} latent dimensions, and a page shows "
            "two: train with --latent-dim 2, or write the codes with the command encode."
        )
    if run.recipe.condition:
        raise click.ClickException(
            f"{run.recipe.slug} was trained with a condition, and a page shows only models without "
            "one: write the codes with the command encode, or images with sample."
        )


def _default_page(run: runs.Run, name: str) -> Path:
    """Return the place of a page: the folder of the run, unless the run came with the package."""
    from vaelib.runs.run_folder import PUBLISHED

    if run.folder.resolve().parent == PUBLISHED.resolve():
        return Path(f"{run.folder.name}.html")
    return run.folder / name


def _fit_of(run: runs.Run) -> str:
    """Return how images are fitted to the size: as those that the run was trained on."""
    own = run.recipe.dataset if run.recipe.uses_own_images else None
    return (own and own.fit) or "crop"


def _cell(name: str) -> str:
    """Return a name as text that a spreadsheet does not take for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


def _png(picture: np.ndarray, is_sheet: bool) -> bytes:
    """Encode a picture; a sheet of several is marked, so that it is never read as an image."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from vaelib.data.user_images.recognizing import SHEET

    file, texts = io.BytesIO(), PngInfo()
    if is_sheet:
        texts.add_text("Software", SHEET)
    Image.fromarray(picture).save(file, format="png", pnginfo=texts)
    return file.getvalue()


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
