"""Make .venv from requirements.lock; the Makefile calls it, with no package at hand.

Packages are installed by uv, in a fifth of pip's time, and by pip where uv can't be had or fails.
Either way from pip's indexes, and by the hashes of the lock.

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
PIP = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input"]
UV = VENV / "bin" / "uv"
UV_PIN = VENV / "uv.txt"
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


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


def install(*arguments: str) -> None:
    """Install packages into .venv, by uv if it can, or by pip; exit with a sentence if neither."""
    start = time.monotonic()
    if fetch_uv():
        print(f"  fetching and unpacking {pins()} packages, by uv", flush=True)
        if run_uv(start, *arguments) == 0:
            return
        print(last_words(3), "  uv could not: pip tries", sep="\n", flush=True)
    if run_pip(start, *arguments):
        print(last_words(10), file=sys.stderr)
        sys.exit(
            f"pip could not install the packages: its last words are above, all of them in {LOG}. "
            "Where it found no version at all, it may not reach a package index, or it is on a "
            "system for which TensorFlow has no build."
        )


def last_words(lines: int) -> str:
    """The last lines of the log, but for what pip says of each package that it leaves out."""
    noise = ("Ignoring ", "WARNING: Location ")
    words = [line for line in LOG.read_text().splitlines() if not line.startswith(noise)]
    return "\n".join(words[-lines:])


def fetch_uv() -> bool:
    """Whether .venv has the uv of the lock, fetched now if need be."""
    lock = Path("requirements.lock").read_text()
    [pin] = re.findall(r"^uv==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    UV_PIN.write_text(pin)
    command = [*PIP, "install", "--no-deps", "--require-hashes", "--requirement", UV_PIN]
    with LOG.open("w") as log:
        return not subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode


def run_uv(start: float, *arguments: str) -> int:
    """Run uv, which draws how far it is on a terminal; elsewhere its words go to the log."""
    command = [UV, "pip", "install", "--no-config", "--python", PYTHON, *arguments]
    with LOG.open("w") as log:
        words = None if sys.stderr.isatty() else subprocess.STDOUT
        uv = subprocess.Popen(command, env=indexes() | os.environ, stdout=log, stderr=words)
        while True:
            try:
                return uv.wait(timeout=30)
            except subprocess.TimeoutExpired:
                print(f"  still at it, after {time.monotonic() - start:.0f} s", flush=True)


def indexes() -> dict[str, str]:
    """Where pip is told to look for packages, in the variables of uv."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True).stdout
    found = dict(re.findall(r"^[\w:]+\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
    words = {name: value.replace("\\n", " ").split() for name, value in found.items()}
    return {
        uv: ("," if uv == "UV_FIND_LINKS" else " ").join(words[pip])
        for pip, uv in UV_NAMES.items()
        if words.get(pip)
    } | {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip looks; the hashes make it safe


def run_pip(start: float, *arguments: str) -> int:
    """Run pip, its words into the log; one line moves on a terminal, elsewhere ten lines show."""
    shown, terminal = "", sys.stdout.isatty()
    with LOG.open("w") as log:
        pip = subprocess.Popen([*PIP, "install", *arguments], stdout=log, stderr=subprocess.STDOUT)
        while pip.poll() is None:
            time.sleep(0.5)
            doing, count, total = progress()
            step = f"{doing} {count * 5 // total}"
            if terminal or step != shown:
                line = f"  {doing}: {count} of {total} packages, {time.monotonic() - start:.0f} s"
                print(f"\r{line:<60}" if terminal else f"{line}\n", end="", flush=True)
                shown = step
    if terminal:
        print("\r" + " " * 60, end="\r")
    return pip.returncode


def pins() -> int:
    """How many packages the lock has."""
    return len(re.findall(r"^\S+==", Path("requirements.lock").read_text(), re.MULTILINE))


def progress() -> tuple[str, int, int]:
    """What pip is doing, and how far it has come, from its log and from what lies unpacked."""
    log = LOG.read_text(errors="replace")
    total = pins() - len(re.findall(r"^Ignoring ", log, re.MULTILINE))
    if "\nInstalling collected packages" in log:
        count = sum(1 for _ in VENV.glob("lib/*/site-packages/*.dist-info"))
        return "unpacked", min(count, total), total
    return "fetched", len(re.findall(r"^(?:Collecting|Processing) ", log, re.MULTILINE)), total


def link() -> None:
    """Let .venv import the package from here; exits with pip's words where it can't."""
    command = [*PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."]
    if subprocess.run(command).returncode:
        sys.exit("pip could not install the package itself: its words are above.")


def main() -> None:
    """Make or mend the environment."""
    os.chdir(Path(__file__).resolve().parents[2])
    start = time.monotonic()
    prepare()
    install("--no-deps", "--require-hashes", "--requirement", "requirements.lock")
    link()
    seconds = f"{time.monotonic() - start:.0f}"
    READY.write_text(seconds)  # which `make run` reports
    print(f"The environment is ready, after {seconds} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: the next call begins anew.")
