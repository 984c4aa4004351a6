"""Break trainings in many ways and print a table of what was survived: `make stress`."""

import os
import shutil
import subprocess
import sys
import time

import click

from tools.checks import faults

# Runs a command where it may mount a disk that nobody else sees, root or not.
UNSHARED = ("unshare", "--map-root-user", "--mount")


def can_mount():
    """Whether this machine lets us fill up a disk of our own."""
    command = [*UNSHARED, "mount", "-t", "tmpfs", "-o", "size=1m", "full", "/mnt"]
    return bool(shutil.which("unshare")) and not subprocess.call(command, stderr=subprocess.DEVNULL)


def injections(complete, expected, seconds, seed, short):
    """What is injected, by name: functions that give a `Tally`."""
    writes = (5, 28) if short else range(1, 99)
    steps = (31,) if short else (1, 30, 31, 60, 75)
    return {
        "killed at a random moment": lambda: faults.killed_at_random(
            expected, seconds, 4 if short else 20, seed
        ),
        "killed before a change to a file": lambda: faults.killed_at_writes(expected, writes),
        "a weight becomes NaN": lambda: faults.made_not_a_number(expected, steps),
        "two processes at once": lambda: faults.two_at_once(
            expected, seconds, 2 if short else 6, seed
        ),
        "disk full": lambda: faults.disk_filled(expected, 1 if short else 8, seed),
        "files damaged": lambda: faults.damaged(complete, 100 if short else 1_000, seed),
    }


@click.command()
@click.option("--seed", default=0, help="Of the moments and of the damage.")
@click.option("--short", is_flag=True, help="A few of each: what `make test` does.")
def main(seed, short):
    """Break trainings in many ways and print what was survived, and what was lost."""
    if "STRESS_UNSHARED" not in os.environ and can_mount():
        os.environ["STRESS_UNSHARED"] = "yes"
        os.execvp(
            UNSHARED[0], [*UNSHARED, sys.executable, "-m", "tools.checks.stress", *sys.argv[1:]]
        )
    print(f"{'fault':34}{'injected':>9}{'survived':>9}{'data lost':>10}{'seconds':>9}", flush=True)
    good = True
    with faults.fresh() as complete, faults.fresh() as again:
        faults.finish(complete)
        expected = faults.contents(complete)
        seconds = faults.finish(again)  # by a process that need not import TensorFlow first
        good &= faults.contents(again) == expected
        for name, inject in injections(complete, expected, seconds, seed, short).items():
            if name == "disk full" and "STRESS_UNSHARED" not in os.environ:
                print(f"{name:34}  SKIPPED: this machine does not let us mount a disk", flush=True)
                continue
            began = time.monotonic()
            tally = inject()
            row = f"{tally.injected:9}{tally.survived:9}{tally.lost:10}"
            print(f"{name:34}{row}{time.monotonic() - began:9.0f}", flush=True)
            good &= 0 < tally.injected == tally.survived and not tally.lost
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
