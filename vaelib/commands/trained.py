"""Commands for a model that was trained: `encode`, `sample`, `explore`."""

import csv
import math
import sys
from pathlib import Path

import click

from vaelib import data
from vaelib.commands.group import asked, reading
from vaelib.data import folders
from vaelib.errors import DataError


@click.command()
@click.argument("run")
@click.argument("source")
@reading
def encode(run, source, fit, skip):
    """Write the codes of the images in SOURCE, a folder or a zip, as CSV.

    RUN is the folder that `train` made. Columns: the file, its class by the folder it lies in, and
    the code: for a VAE the mean of q(z|x), and after it the standard deviations.
    """
    import numpy as np

    run = _loaded(run)
    own = run.recipe.dataset if run.recipe.own else None
    fit = fit or (own and own.fit) or "crop"
    names, classes, pixels = folders.pixels_of(source, run.recipe.image_shape, fit, skip)
    mean, log_var = run.model.encode_distribution(pixels)
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
@click.option("-n", "count", type=click.IntRange(min=1), default=64, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("samples.png"),
    show_default=True,
    help="A picture of all, or a folder for a file each.",
)
def sample(run, count, seed, output):
    """Decode new images from codes that are sampled from the prior of RUN."""
    import numpy as np
    from PIL import Image

    from vaelib.plotting.mosaics import mosaic

    images = np.round(255 * _loaded(run).model.sample(count, seed)).astype("uint8")
    if output.suffix.lower() == ".png":
        Image.fromarray(mosaic(images, columns=math.ceil(math.sqrt(count)))).save(output)
    else:
        output.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            image = image if image.shape[2] == 3 else image[..., 0]
            Image.fromarray(image).save(output / f"{i:0{len(str(count - 1))}}.png")
    click.echo(f"{count} images: {output}")


@click.command()
@click.argument("run")
@click.argument("source", required=False)
@reading
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: in RUN]")
@click.option("--open/--no-open", "opens", default=True, help="Open it in a browser.")
def explore(run, source, fit, skip, output, opens):
    """Walk through the latent plane of RUN in a browser, with test images where their codes are.

    Images of your own are taken from SOURCE, a folder or a zip. Without it, the page that `train`
    made is opened.
    """
    loaded = _loaded(run)
    page = output or loaded.folder / "explorer.html"
    own = loaded.recipe.own
    if source or not own or output:
        from vaelib.commands import portfolio

        if source and not own:
            raise click.ClickException(
                f"{loaded.recipe.slug} was trained on {loaded.recipe.dataset}: leave out SOURCE."
            )
        if source:
            height, width, channels = loaded.recipe.image_shape
            fit = fit or loaded.recipe.dataset.fit or "crop"
            dataset = data.images(source, (height, width), channels == 3, fit, skip=skip)
        else:
            dataset = loaded.recipe.load()
        with asked():
            portfolio.page(loaded, portfolio.on_the_plane(dataset)).save(page)
    elif not page.exists():
        raise DataError(f"{run} holds no explorer.html: say where its images are, as SOURCE.")
    click.echo(page)
    if opens:
        click.launch(str(page))


def _loaded(run):
    from vaelib import runs

    return runs.load(Path(run) if Path(run).is_dir() else run)
