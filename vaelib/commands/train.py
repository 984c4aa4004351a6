"""`python -m vaelib train`: a model of the images in a folder."""

import contextlib
import math
import re
from pathlib import Path

import click

from vaelib import data
from vaelib.commands.group import asked, reading

STEPS = 2_400  # of the schedule that the notebooks train by
RATE, RATE_SIDE = 8e-3, 32  # its learning rate, and the side of images up to which it is taken
LEAST_PER_EPOCH = 10  # steps: smaller data sets are trained on in smaller batches
KINDS = ("vae", "mmd-vae", "autoencoder")
TERMS = {
    "cross-entropy": "binary_cross_entropy",
    "squared-error": "squared_error",
    "gaussian": "gaussian_pixels",
}


class Size(click.ParamType):
    """A number of pixels, or HEIGHTxWIDTH."""

    name = "pixels"

    def convert(self, value, param, ctx):
        if not re.fullmatch(r"\d+(x\d+)?", str(value)):
            self.fail(f"{value!r} is no size: expected pixels such as 64, or 28x20, height first.")
        sides = tuple(int(side) for side in str(value).split("x"))
        return sides * 2 if len(sides) == 1 else sides


@click.command()
@click.argument("source")
@click.option(
    "--size", type=Size(), help="Of the images, such as 64 or 28x20. [default: theirs, or 64]"
)
@click.option("--colour/--grey", default=None, help="[default: as they are]")
@reading
@click.option("--latent-dim", type=int, default=2, show_default=True, help="Numbers in a code.")
@click.option(
    "--model",
    "kind",
    type=click.Choice(KINDS),
    default="vae",
    show_default=True,
    help="vae: KL to the prior; mmd-vae: MMD to it, as the blog post has it.",
)
@click.option("--beta", type=float, default=1.0, show_default=True, help="Weight of a VAE's KL.")
@click.option(
    "--reconstruction",
    type=click.Choice(list(TERMS)),
    help="How a pixel's error counts.  [default: cross-entropy in grey, gaussian in colour, for an "
    "mmd-vae squared-error]",
)
@click.option("--steps", type=int, default=STEPS, show_default=True, help="Batches to train on.")
@click.option("--batch-size", type=int, help="[default: 100, or a tenth of the images]")
@click.option(
    "--learning-rate", type=float, help="At its highest.  [default: 0.008, less above 32 pixels]"
)
@click.option("--augment", type=int, default=1, help="Copies of each image, moved and mirrored.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where the run's folder goes.  [default: here]",
)
def train(source, size, colour, fit, skip, output, steps, augment, seed, **settings):
    """Train a model on the images in SOURCE: a folder, a zip, or a name.

    Names are fashion_mnist, mnist, faces, and emoji, those of the Noto font.

    Subfolders are classes; train/ and test/ above them are the split, else a tenth of the images is
    set aside for testing. What comes of it is a folder with the run, its pictures, a page to
    explore it in a browser, and model.keras. The same command again takes up a training that was
    broken off.
    """
    with asked():
        if source in data.CLASS_NAMES:
            if (size, colour, fit, skip) != (None, None, None, False):
                raise ValueError(f"{source} comes in one size: leave out how images are read.")
            dataset = data.load(source)
        else:
            place = data.emoji() if source == "emoji" else source
            dataset = data.images(place, size, colour, fit or "crop", seed=seed, skip=skip)
        dataset = data.augmented(dataset, augment, seed=seed) if augment != 1 else dataset
    click.echo(repr(dataset))

    from vaelib import runs  # here, for TensorFlow takes its time
    from vaelib.commands import portfolio
    from vaelib.commands.progress import Progress

    with asked():
        recipe = _recipe(source, dataset, steps=steps, seed=seed, **settings)
    per_epoch = math.ceil(len(dataset.train_images) / recipe.batch_size)
    watched = contextlib.closing(Progress(recipe.epochs, per_epoch))
    # Without what is printed for each epoch, for the bar says it.
    with watched as progress, contextlib.redirect_stdout(None):
        run = runs.train(recipe, output, callbacks=[progress])
    made = portfolio.make(run, dataset)
    for line in portfolio.table(run, dataset):
        click.echo(line)
    click.echo(f"\n{run.folder}")
    for name, words in made.items():
        click.echo(f"  {name:20} {words}")


def _recipe(
    source, dataset, kind, beta, reconstruction, steps, batch_size, learning_rate, **settings
):
    from vaelib import objectives, runs

    usual = "cross-entropy" if dataset.image_shape[2] == 1 else "gaussian"
    usual = "squared-error" if kind == "mmd-vae" else usual
    reconstruction = objectives.RECONSTRUCTIONS[TERMS[reconstruction or usual]]
    if kind != "vae" and beta != 1:
        raise ValueError(f"--beta weighs the KL, which a {kind} has not: leave it out.")
    values = math.prod(dataset.image_shape)
    objective = {
        "vae": objectives.Objective(reconstruction, kl_weight=beta),
        "mmd-vae": objectives.Objective(reconstruction, mmd_weight=values, sampled=False),
        "autoencoder": objectives.Objective(reconstruction, sampled=False),
    }[kind]
    n = len(dataset.train_images)
    if batch_size is None:
        batch_size = max(2, min(100, n // LEAST_PER_EPOCH))
    if batch_size < 1 or steps < 1:
        raise ValueError(f"--batch-size and --steps are 1 or more, not {batch_size} and {steps}.")
    epochs = max(1, round(steps / math.ceil(n / batch_size)))
    if learning_rate is None:  # larger images have larger gradients, and soon too large ones
        learning_rate = RATE * min(1.0, RATE_SIDE / max(dataset.image_shape[:2]))
    images = dataset if source not in data.CLASS_NAMES else source
    how = dict(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    return runs.Recipe(images, objective, **how, **settings)
