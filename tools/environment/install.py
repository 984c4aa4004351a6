"""Create .venv and install the packages of requirements.lock; make and `tools.run` call this.

`python -m tools.environment.install` installs what readers need, and with the word `all` what tests
need, too. Only Python is needed. uv installs the packages in about a fifth of the time that pip
takes; pip does it if uv cannot be installed or fails. Both verify the hashes in the lock and use
the package indexes that pip is configured to use.

The files .venv/ready and .venv/ready-for-tests are removed first and written last. After an
interruption, the next call therefore starts again with an empty .venv.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tools.environment import lock_file

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(".venv")
WINDOWS = os.name == "nt"
BIN, SUFFIX = VENV / ("Scripts" if WINDOWS else "bin"), ".exe" * WINDOWS
PYTHON, UV = BIN / f"python{SUFFIX}", BIN / f"uv{SUFFIX}"
READY, READY_FOR_TESTS = VENV / "ready", VENV / "ready-for-tests"
LOG = VENV / "install.log"  # also the sign that this script made .venv
PIP_OPTIONS = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
PIP = [PYTHON, *PIP_OPTIONS]
LOCKED = ["--no-deps", "--require-hashes", "--requirement"]
PYTHONS = (3, 11), (3, 14)  # the first version that is supported, and the first that is not


def is_current(ready: Path) -> bool:
    """Return whether .venv is complete and not older than what it was made from, as make does."""
    made_from = [Path("requirements.lock"), Path("pyproject.toml"), PYTHON]
    if not (ready.exists() and all(path.exists() for path in made_from)):
        return False
    return ready.stat().st_mtime >= max(path.stat().st_mtime for path in made_from[:2])


def prepare() -> None:
    """Create .venv, or keep a complete one to update it; exit with a sentence if impossible."""
    major, minor = sys.version_info[:2]
    first, after = PYTHONS
    if not first <= (major, minor) < after:
        sys.exit(
            f"This is Python {major}.{minor}, but the course needs 3.{first[1]} to "
            f"3.{after[1] - 1}, for which there are builds of TensorFlow: call this with another "
            "Python."
        )
    if not (find_spec("venv") and find_spec("ensurepip")):
        sys.exit(
            f"{sys.executable} cannot create virtual environments, because its modules venv and "
            "ensurepip are missing. On Debian and Ubuntu, install the package "
            f"python{major}.{minor}-venv."
        )
    if VENV.exists() and not LOG.exists():
        sys.exit(f"{VENV} exists, but make did not create it. Rename or remove it and try again.")
    complete = [ready for ready in (READY, READY_FOR_TESTS) if ready.exists()]
    if complete and PYTHON.exists():
        for ready in complete:
            ready.unlink()
        return
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    LOG.touch()
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def run(*command: str | Path) -> bool:
    """Run a command with its output in the log, and return whether it succeeded."""
    with LOG.open("a") as log:
        return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode == 0


def uv_options(python: str | Path = PYTHON) -> list[str]:
    """Return the options that let uv use the same indexes as the pip of a Python."""
    command = [python, *PIP_OPTIONS, "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    found = {}
    for section in ("global", "install", ":env:"):  # the later ones take precedence
        found |= dict(re.findall(rf"^{section}\.(\S+)='(.*)'$", listed, re.MULTILINE))
    if "cert" in found:
        os.environ.setdefault("SSL_CERT_FILE", found["cert"])
    options = [
        f"--{name}={value}"
        for name in ("index-url", "extra-index-url", "find-links", "trusted-host")
        for value in found.get(name, "").replace("\\n", " ").split()
    ]
    # Like pip, take the best version from all indexes. This is safe because of the hashes.
    return [*options, "--index-strategy=unsafe-best-match", "--no-config"]


def install(extras: tuple[str, ...] = lock_file.READERS) -> None:
    """Install the locked packages for these extras and this project, or exit with a reason."""
    chosen, pin, entries = VENV / "chosen.txt", VENV / "uv.txt", lock_file.part(Path(), extras)
    chosen.write_text("".join(entry.text for entry in entries.values()))
    pin.write_text(entries["uv"].text)
    print(
        f"Installing {len(entries)} packages in {VENV}, which takes one minute or a few.",
        flush=True,
    )
    LOG.write_text("")
    done = run(*PIP, "install", *LOCKED, pin)
    done = done and run(UV, "pip", "install", *uv_options(), f"--python={PYTHON}", *LOCKED, chosen)
    if not done:
        print("uv could not install them. pip tries now, which takes longer.", flush=True)
        done = run(*PIP, "install", *LOCKED, chosen)
    if not (done and run(*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", ".")):
        # uv writes UTF-8 on every system, and pip in what the system uses.
        log = LOG.read_text(encoding="utf-8", errors="replace")
        sys.exit(
            "\n".join(log.splitlines()[-10:])
            + f"\npip could not install the packages. The end of {LOG} is above. If pip found no "
            "version of a package, either it cannot reach a package index, or there is no build "
            "of TensorFlow for this system."
        )


def main(words: list[str]) -> None:
    """Make the environment ready, and write how many seconds this took to its file `ready`."""
    os.chdir(ROOT)
    if words not in ([], ["all"]):
        sys.exit(f"{' '.join(words)!r} is not known: give the word all, or nothing.")
    start = time.monotonic()
    prepare()
    install(lock_file.EVERYTHING if words else lock_file.READERS)
    seconds = f"{time.monotonic() - start:.0f}"
    for ready in (READY, READY_FOR_TESTS) if words else (READY,):
        ready.write_text(seconds)  # `make run` reports it
    print(f"The environment is ready after {seconds} s.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next call starts again from the beginning.")
