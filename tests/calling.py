"""Call commands as a user does, without starting a process."""

from click.testing import CliRunner

from vaelib.__main__ import main

QUICK = ["--steps", "4", "--size", "16"]


def run(*arguments):
    """Run `python -m vaelib` with some arguments, and return Click's result."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(done):
    """The sentence with which a command refused."""
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.output
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("Warning: ")]
    assert line.startswith("Error: ")
    return line
