"""Write the results of commands without touching files that were there before."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

EXPLORER = b'<script type="application/json" id="payload">'  # in every page of vaelib.explorer
BEGINNING = 1 << 20  # bytes of a page in which this is looked for


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report an OSError in the `with` block, which writes `path`, with advice to the user."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> click.ClickException:
    """Return the error that tells the user why `path` can't be written, and what to do."""
    return click.ClickException(
        f"{path} can't be written ({error.strerror or error}): free disk space or get write "
        "permission, or choose another place with --output."
    )


def check_new(paths: Iterable[Path], force: bool) -> None:
    """Raise if one of the files exists, which may be anybody's, unless `force` is True."""
    there = [path for path in paths if os.path.lexists(path)]
    if there and not force:
        raise click.ClickException(
            f"{there[0]} exists already: choose another name with --output, or replace it with "
            "--force."
        )


def check_is_page(path: Path) -> None:
    """Raise if a file exists and is not a page of `vaelib.explorer`, which may be replaced."""
    if path.is_file():
        with path.open("rb") as file:
            if EXPLORER in file.read(BEGINNING):
                return
    if os.path.lexists(path):
        raise click.ClickException(
            f"{path} exists already and is not a page of this command: choose another name with "
            "--output."
        )


def check_ours(batch: Path, target: Path, is_ours: bool) -> None:
    """Raise a ValueError if a batch file would replace a file that the command did not write."""
    if os.path.lexists(target) and not is_ours:
        raise ValueError(
            f"{batch} would replace {target}, which was not written by this command: name another "
            "folder as output, or move the file away."
        )


def check_outside(source: Path, output: Path) -> None:
    """Raise if the output folder is the folder of images, or inside of it.

    The files of a run would be taken for images when the folder is read again.
    """
    place = source.resolve()
    if place.is_dir() and output.resolve().is_relative_to(place):
        raise click.ClickException(
            f"the run would be created in {output.resolve()}, inside of the folder of images: "
            "choose a folder outside of it with the option --output, such as "
            f'"{os.path.relpath(place.parent)}".'
        )


def never_fail_to_print() -> None:
    """Print characters that the encoding of standard output lacks as escapes, not as an error.

    The encoding of files and pipes on Windows, for example, lacks most characters.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # Jupyter, for example, has another kind
        sys.stdout.reconfigure(errors="backslashreplace")


def use_utf8_for_data() -> None:
    """Write what follows on standard output in UTF-8, unless it is shown on a terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
