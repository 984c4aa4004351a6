"""The command `train`, which trains a model on a data set or on the images in a folder."""

from __future__ import annotations

import contextlib
import io
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaelib import data
from vaelib.commands import outputs
from vaelib.commands.command_group import ListsDatasets, harmless, image_options, user_input
from vaelib.data import registry
from vaelib.support.errors import RunError

if TYPE_CHECKING:
    from vaelib import runs

STEPS = 2_400  # length of the training runs in the notebooks
LEARNING_RATE = 8e-3  # of the training runs in the notebooks
REFERENCE_SIDE = 32  # pixels; images with a longer side are trained at a lower learning rate
MIN_STEPS_PER_EPOCH = 10  # steps; batches are smaller if a data set is small
KINDS = ("vae", "mmd-vae", "autoencoder", "gan")
RECONSTRUCTIONS = {
    "cross-entropy": "binary_cross_entropy",
    "squared-error": "squared_error",
    "gaussian": "gaussian_nll",
}


class Size(click.ParamType):
    """Parse a size: a number of pixels, or HEIGHTxWIDTH."""

    name = "pixels"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return (height, width), or fail with a message for the user."""
        if not re.fullmatch(r"\d+(x\d+)?", str(value)):
            self.fail(
                f"{value!r} is not a size: expected pixels such as 64, or 28x20 (height first)."
            )
        sides = tuple(int(side) for side in str(value).split("x"))
        return sides * 2 if len(sides) == 1 else sides


@click.command(cls=ListsDatasets)
@click.argument("source")
@click.option(
    "--size",
    type=Size(),
    help="Size of the resized images, such as 64, or 28x20 (height first).  [default: their common "
    "size, or 64]",
)
@click.option(
    "--color/--gray",
    default=None,
    help="Read the images in color or grayscale.  [default: as the images are]",
)
@image_options
@click.option(
    "--latent-dim", type=int, default=2, show_default=True, help="Number of latent dimensions."
)
@click.option(
    "--model",
    "kind",
    type=click.Choice(KINDS),
    default="vae",
    show_default=True,
    help="Regularizer: vae has the KL divergence from the prior. mmd-vae has the MMD to the prior "
    'and codes that are not sampled, as in the blog post "Representation learning with MMD-VAE" '
    "(S. Keydana, RStudio AI blog, 2018). autoencoder has none. gan has no encoder: a generator "
    "and a discriminator are trained against each other.",
)
@click.option(
    "--beta", type=float, default=1.0, show_default=True, help="Weight of the KL of a vae."
)
@click.option(
    "--reconstruction",
    type=click.Choice(list(RECONSTRUCTIONS)),
    help="Reconstruction loss of a pixel.  [default: squared-error for an mmd-vae, otherwise "
    "cross-entropy for grayscale images and gaussian for color images]",
)
@click.option(
    "--steps",
    type=int,
    default=STEPS,
    show_default=True,
    help="Number of training steps, one for each batch. If they are fewer than the batches in the "
    "training images, only the first images are trained on, each once. If they are more, they are "
    "rounded to whole epochs, and the number is printed.",
)
@click.option(
    "--batch-size",
    type=int,
    help="Number of images per step.  [default: 100, or a tenth of the training images if that is "
    "less]",
)
@click.option(
    "--learning-rate",
    type=float,
    help="Peak learning rate.  [default: 0.008, or 0.004 for a gan, or less if a side exceeds 32 "
    "pixels]",
)
@click.option(
    "--augment",
    type=int,
    default=1,
    help="Number of versions of each training image: the image itself, and others that are "
    "randomly shifted and mirrored.  [default: 1, no augmentation]",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed of the train/test split, of the augmentation, and of training.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder in which the run's folder is created.  [default: current folder]",
)
def train(
    source: str,
    size: tuple[int, int] | None,
    color: bool | None,
    fit: str | None,
    skip: bool,
    output: Path,
    steps: int,
    augment: int,
    seed: int,
    **settings: Any,
) -> None:
    """Train a model on SOURCE.

    SOURCE is a folder of images, a zip file of such a folder, or the name of a data set.

    Each subfolder is a class. If the folder contains train/ and test/, these are the training and
    test images; otherwise 10 % are held out for testing.

    The data sets are listed below. Except for emoji, their images are always read in the same way,
    so the options --size, --color, --gray, --fit, and --skip cannot be used with them.

    The result is a folder with the training run, figures, a page to explore the latent space in a
    browser, and model.keras. It cannot be inside of the folder of images. Repeat the same command
    to resume a run that was interrupted.
    """
    with user_input():
        named = registry.is_name(source)
        if named and source != "emoji":
            if (size, color, fit, skip) != (None, None, None, False):
                raise ValueError(
                    f"{source} is always read in the same way: leave out --size, --color, --gray, "
                    "--fit and --skip."
                )
            dataset = data.load(source)
        else:
            outputs.check_outside(Path(source), output)
            place = data.emoji() if named else source
            dataset = data.images(place, size, color, fit or "crop", seed=seed, skip=skip)
        dataset = data.augment(dataset, augment, seed=seed) if augment != 1 else dataset
    click.echo(harmless(repr(dataset)))

    from vaelib import runs  # imported here because TensorFlow is slow to import
    from vaelib.commands import training_report
    from vaelib.commands.progress import Progress

    with user_input():
        # A data set with a name is recorded by its name, unless its images were changed.
        unchanged = named and source != "emoji" and augment == 1
        images = source if unchanged else dataset
        recipe = _recipe(images, dataset, steps=steps, seed=seed, **settings)
    trained_on = dataset.limit(train=recipe.limit)
    per_epoch = math.ceil(len(trained_on.train_images) / recipe.batch_size)
    click.echo(_extent(recipe, per_epoch))
    watched = contextlib.closing(Progress(recipe.epochs, per_epoch))
    # Hide the line that is printed for each epoch, because the bar shows the same.
    with watched as progress, contextlib.redirect_stdout(WithoutEpochs()):
        try:
            run = runs.train(recipe, output, callbacks=[progress])
        except RunError as error:
            if isinstance(error.__cause__, OSError):
                raise outputs.cannot_write(output, error.__cause__) from error
            raise
    with outputs.writing(run.folder):
        made = training_report.write(run, dataset)
    for line in training_report.error_table(run, trained_on):
        click.echo(line)
    click.echo(f"\n{run.folder}")
    for name, words in made.items():
        click.echo(f"  {name:20} {words}")


class WithoutEpochs(io.TextIOBase):
    """Pass on printed text to stderr, except the lines about epochs."""

    def write(self, text: str) -> int:
        """Write text that consists of whole lines or of line ends."""
        for line in text.splitlines():
            if line and not line.startswith("epoch "):
                click.echo(line, err=True)
        return len(text)


def _extent(recipe: runs.Recipe, per_epoch: int) -> str:
    """Say in a line how many steps will be trained."""
    steps, epochs = recipe.epochs * per_epoch, recipe.epochs
    words = f"{steps:,} step{'s' * (steps > 1)} of up to {recipe.batch_size:,} images"
    if recipe.limit is not None:
        return f"{words}, on the first {recipe.limit:,} training images only"
    return f"{words}, which {'are' if steps > 1 else 'is'} {epochs:,} epoch{'s' * (epochs > 1)}"


def _recipe(
    images: str | data.Dataset,
    dataset: data.Dataset,
    kind: str,
    beta: float,
    reconstruction: str | None,
    steps: int,
    batch_size: int | None,
    learning_rate: float | None,
    **settings: Any,
) -> runs.Recipe:
    """Return the recipe that corresponds to the options of the command."""
    from vaelib import objectives, runs, weighted_sum
    from vaelib.terms import KL, MMD

    usual = "cross-entropy" if dataset.image_shape[2] == 1 else "gaussian"
    usual = "squared-error" if kind == "mmd-vae" else usual
    loss = weighted_sum.RECONSTRUCTIONS[RECONSTRUCTIONS[reconstruction or usual]]
    if kind != "vae" and beta != 1:
        raise ValueError(
            f"--beta is the weight of the KL, which model {kind} does not have: leave it out."
        )
    if kind == "gan" and reconstruction:
        raise ValueError("--reconstruction is a loss that model gan does not have: leave it out.")
    values = math.prod(dataset.image_shape)
    objective = {
        "vae": objectives.Objective(loss, [beta * KL]),
        "mmd-vae": objectives.Objective(loss, [values * MMD], sampled=False),
        "autoencoder": objectives.Objective(loss, sampled=False),
        "gan": runs.GANRecipe.objective,
    }[kind]
    n = len(dataset.train_images)
    if batch_size is None:
        batch_size = max(2, min(100, n // MIN_STEPS_PER_EPOCH))
    if batch_size < 1 or steps < 1:
        raise ValueError(
            f"--batch-size and --steps must be 1 or more, not {batch_size} and {steps}."
        )
    per_epoch = math.ceil(n / batch_size)
    # A recipe counts in epochs. Less than one of them is one of fewer images.
    limit = steps * batch_size if steps < per_epoch else None
    epochs = max(1, round(steps / per_epoch))
    if learning_rate is None:  # larger images have larger gradients and may diverge
        usual = runs.GANRecipe.learning_rate if kind == "gan" else LEARNING_RATE
        learning_rate = usual * min(1.0, REFERENCE_SIDE / max(dataset.image_shape[:2]))
    how = dict(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, limit=limit)
    recipe = runs.GANRecipe if kind == "gan" else runs.Recipe
    return recipe(images, objective, **how, **settings)
