"""Make .venv from requirements.lock with plain pip; the Makefile calls it, with no package at hand.

The file .venv/ready is removed first and written last, so an installation that was interrupted
is begun anew by the next call, while one with older pins is brought up to date.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
READY = VENV / "ready"
LOG = VENV / "install.log"  # also the sign that .venv is ours


def prepare() -> None:
    """Leave a .venv with a working pip, or exit with a sentence."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        sys.exit(
            f"{sys.executable} can't make virtual environments: its modules venv and ensurepip are "
            f"missing. On Debian and Ubuntu, install the package python{version}-venv."
        )
    if VENV.exists() and not LOG.exists():
        sys.exit(f"{VENV} is there but was not made by make: rename or remove it, then try again.")
    if READY.exists() and PYTHON.exists():
        print(f"Bringing {VENV} up to date.", flush=True)
        READY.unlink()
        return
    print(f"Making {VENV} with Python {version}: a minute or more, once.", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    LOG.touch()
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def pip_install(*arguments: str) -> None:
    """Run pip, its words into the log; one line moves on a terminal, elsewhere ten lines show."""
    start, shown, terminal = time.monotonic(), "", sys.stdout.isatty()
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    with LOG.open("w") as log:
        pip = subprocess.Popen([*command, *arguments], stdout=log, stderr=subprocess.STDOUT)
        while pip.poll() is None:
            time.sleep(0.5)
            doing, count, total = progress()
            step = f"{doing} {count * 5 // total}"
            if "--quiet" not in arguments and (terminal or step != shown):
                line = f"  {doing}: {count} of {total} packages, {time.monotonic() - start:.0f} s"
                print(f"\r{line:<60}" if terminal else f"{line}\n", end="", flush=True)
                shown = step
    if terminal:
        print("\r" + " " * 60, end="\r")
    if pip.returncode:
        noise = ("Ignoring ", "WARNING: Location ")
        words = [line for line in LOG.read_text().splitlines() if not line.startswith(noise)]
        print(*words[-10:], sep="\n", file=sys.stderr)
        sys.exit(
            f"pip could not install the packages: its last words are above, all of them in {LOG}. "
            "Where it found no version at all, it may not reach a package index, or it is on a "
            "system for which TensorFlow has no build."
        )


def progress() -> tuple[str, int, int]:
    """What pip is doing, and how far it has come, from its log and from what lies unpacked."""
    log = LOG.read_text(errors="replace")
    pins = len(re.findall(r"^\S+==", Path("requirements.lock").read_text(), re.MULTILINE))
    total = pins - len(re.findall(r"^Ignoring ", log, re.MULTILINE))
    if "\nInstalling collected packages" in log:
        count = sum(1 for _ in VENV.glob("lib/*/site-packages/*.dist-info"))
        return "unpacked", min(count, total), total
    return "fetched", len(re.findall(r"^(?:Collecting|Processing) ", log, re.MULTILINE)), total


def main() -> None:
    """Make or mend the environment."""
    os.chdir(Path(__file__).resolve().parents[2])
    start = time.monotonic()
    prepare()
    pip_install("--no-deps", "--require-hashes", "--requirement", "requirements.lock")
    pip_install("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    READY.touch()
    print(f"The environment is ready, after {time.monotonic() - start:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: the next call begins anew.")
