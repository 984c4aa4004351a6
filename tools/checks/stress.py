"""Inject faults into training runs, open hostile files, and print what was survived and lost.

`make stress` runs it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import click

from tools.checks import faults, hostile

# Runs a command in which disks can be mounted that no other process sees, without being root.
UNSHARED = ("unshare", "--map-root-user", "--mount")


def can_mount() -> bool:
    """Return whether this machine allows mounting a small disk of our own."""
    command = [*UNSHARED, "mount", "-t", "tmpfs", "-o", "size=1m", "full", "/mnt"]
    return bool(shutil.which("unshare")) and not subprocess.call(command, stderr=subprocess.DEVNULL)


@click.command()
@click.option("--seed", default=0, help="Seed of the moments, signals and damages.")
@click.option("--short", is_flag=True, help="Inject a few faults of each kind, like `make test`.")
def main(seed: int, short: bool) -> None:
    """Inject faults into training runs and print what was survived and lost."""
    if "STRESS_UNSHARED" not in os.environ and can_mount():
        os.environ["STRESS_UNSHARED"] = "yes"
        command = [*UNSHARED, sys.executable, "-m", "tools.checks.stress", *sys.argv[1:]]
        os.execvp(command[0], command)
    print(f"{'fault':34}{'injected':>9}{'survived':>9}{'data lost':>10}{'seconds':>9}", flush=True)
    with tempfile.TemporaryDirectory() as complete, tempfile.TemporaryDirectory() as again:
        faults.finish(complete)
        expected, start = faults.contents(complete), time.monotonic()
        faults.finish(again)  # timed, because only the first process waits for TensorFlow's import
        seconds, good = time.monotonic() - start, faults.contents(again) == expected
        changes, steps = ((5, 28), (31,)) if short else (range(1, 99), (1, 30, 31, 60, 75))
        kinds = {
            "killed": faults.killed(expected, seconds, changes, seed),
            "a weight becomes NaN": faults.made_nan(expected, steps),
            "disk full": faults.disk_filled(expected, 1 if short else 8, seed),
            "files damaged": faults.damaged(complete, 100 if short else 1_000, seed),
            "hostile files": hostile.opened(complete),
        }
        for name, results in kinds.items():
            if name == "disk full" and "STRESS_UNSHARED" not in os.environ:
                print(f"{name:34}  SKIPPED: no disk can be mounted on this machine", flush=True)
                continue
            start = time.monotonic()
            survived, lost = zip(*results, strict=True)
            row = f"{name:34}{len(survived):9}{sum(survived):9}{sum(lost):10}"
            print(f"{row}{time.monotonic() - start:9.0f}", flush=True)
            good &= all(survived) and not any(lost)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
