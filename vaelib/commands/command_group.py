"""Report expected errors of commands in one sentence, and define options they share."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import click

from vaelib.support.errors import DataError


class FriendlyErrors(click.Group):
    """A group of commands that report expected errors, such as a full disk, without a traceback.

    `DataError`, `FloatingPointError` and `OSError` are expected. Other exceptions are bugs and
    keep their traceback. Warnings are printed as one line each.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command of a context."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: click.echo(
                    f"Warning: {message}", err=True
                )
                return super().invoke(ctx)
        except BrokenPipeError:  # the reader of the output has left: Click exits silently
            raise
        except (DataError, FloatingPointError, OSError) as error:
            raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def user_input() -> Iterator[None]:
    """Report a ValueError in the `with` block as a user error.

    Use it only around checks of the user's input, because it would hide bugs elsewhere.
    """
    try:
        yield
    except ValueError as error:
        raise click.ClickException(str(error)) from error


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
