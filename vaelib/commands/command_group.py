"""Report expected errors of commands in one sentence, and define options they share."""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import click

from vaelib import data
from vaelib.commands import outputs
from vaelib.data.user_images.problems import escaped
from vaelib.support.errors import BackendError, DataError


class FriendlyErrors(click.Group):
    """A group of commands that report expected errors, such as a full disk, without a traceback.

    `DataError`, `BackendError`, `FloatingPointError` and `OSError` are expected. Other exceptions
    are bugs and keep their traceback. Warnings are printed as one line each. Names in messages come
    from files, so characters that would control a terminal are printed as escapes.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command of a context."""
        outputs.never_fail_to_print()
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: click.echo(
                    f"Warning: {_for_commands(str(message), skips=True)}", err=True
                )
                return super().invoke(ctx)
        except BrokenPipeError:  # the reader of the output has left: Click exits silently
            raise
        except (DataError, BackendError, FloatingPointError, OSError) as error:
            raise click.ClickException(_for_commands(_words(error))) from error


def _words(error: Exception) -> str:
    """Return the message of an error, with the name of the file that is meant."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        # Files are written under a temporary name first, see `files.write_atomically`.
        path = re.sub(r"\.([^/\\]+)\.[0-9a-f]{32}$", r"\1", str(error.filename))
        return f"{path} can't be read or written: {error.strerror}."
    return str(error)


def _for_commands(words: str, skips: bool = False) -> str:
    """Leave out advice for Python, and in a note on skipped files the advice to skip them."""
    if skips:
        words = re.sub(r",? or skip all files that can't be read \([^)]*--skip\)", "", words)
    return harmless(words.replace("(skip=True, --skip)", "(--skip)"))


def harmless(words: str) -> str:
    """Return text in which only line breaks control a terminal.

    >>> harmless("cats\\x1b[2J\\ndogs")
    'cats\\\\x1b[2J\\ndogs'
    """
    return "\n".join(map(escaped, words.split("\n")))


class DatasetName(click.ParamType):
    """Parse the name of a data set, or "emoji"."""

    name = "dataset"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the name, or fail with a message that lists the known names."""
        known = dataset_descriptions()
        if value not in known:
            self.fail(f"{value!r} is not one of {', '.join(known)}.", param, ctx)
        return str(value)


class ListsDatasets(click.Command):
    """A command whose help ends with a list of the data sets that are known at this time."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and then the data sets."""
        super().format_options(ctx, formatter)
        with formatter.section("Data sets"):
            formatter.write_dl(list(dataset_descriptions().items()))


def dataset_descriptions() -> dict[str, str]:
    """Return a description, in a few words, of each data set that commands accept by its name."""
    described = {}
    for name, entry in data.DATASETS.items():
        height, width, channels = entry.image_shape
        words = [entry.description, f"{height} x {width}", "gray" if channels == 1 else "color"]
        words += ["can be read from a folder"] if entry.takes_folder else []
        described[name] = ", ".join(word for word in words if word)
    return described | {"emoji": "emoji of the Noto font, as image files"}


@contextlib.contextmanager
def user_input() -> Iterator[None]:
    """Report a ValueError in the `with` block as a user error.

    Use it only around checks of the user's input, because it would hide bugs elsewhere.
    """
    try:
        yield
    except ValueError as error:
        raise click.ClickException(_for_commands(str(error))) from error


def image_options(command: Callable) -> Callable:
    """Add the options for reading images to a command."""
    for option in (
        click.option("--skip", is_flag=True, help="Skip files that can't be read, and list them."),
        click.option(
            "--fit",
            type=click.Choice(["crop", "pad"]),
            help="Crop images to the size, or pad them with white.  [default: crop]",
        ),
    ):
        command = option(command)
    return command
