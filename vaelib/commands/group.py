"""Commands that end in a sentence, not in a traceback, by what is nobody's bug."""

import contextlib
import warnings

import click

from vaelib.errors import DataError


class EndsInASentence(click.Group):
    """A group whose commands end in a sentence by damaged data, a full disk and the like."""

    def invoke(self, ctx):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: click.echo(
                    f"Warning: {message}", err=True
                )
                return super().invoke(ctx)
        except BrokenPipeError:  # nobody reads on: Click ends without a word
            raise
        except (DataError, FloatingPointError, OSError) as error:
            raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def asked():
    """Around a check of what the user asked for, and nothing else: a ValueError is its sentence."""
    try:
        yield
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def reading(command):
    """The options by which images are read."""
    for option in (
        click.option("--skip", is_flag=True, help="Leave out files that can't be read."),
        click.option(
            "--fit",
            type=click.Choice(["crop", "pad"]),
            help="Scale to fill the size, or to fit in, on white.  [default: crop]",
        ),
    ):
        command = option(command)
    return command
