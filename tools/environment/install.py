"""Create .venv and install the packages of requirements.lock; the Makefile runs this script.

The script itself needs only Python. uv installs the packages in about a fifth of the time that pip
takes; pip does it if uv cannot be installed or fails. Both verify the hashes in the lock and use
the package indexes that pip is configured to use.

The file .venv/ready is removed first and written last. After an interruption, the next call
therefore starts again with an empty .venv.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

VENV = Path(".venv")
PYTHON, UV, READY = VENV / "bin/python", VENV / "bin/uv", VENV / "ready"
LOG = VENV / "install.log"  # also the sign that this script made .venv
PIP = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input"]
LOCKED = ["--no-deps", "--require-hashes", "--requirement"]


def prepare() -> None:
    """Create .venv, or keep a complete one to update it; exit with a sentence if impossible."""
    if not (find_spec("venv") and find_spec("ensurepip")):
        sys.exit(
            f"{sys.executable} cannot create virtual environments, because its modules venv and "
            "ensurepip are missing. On Debian and Ubuntu, install the package "
            f"python{sys.version_info.major}.{sys.version_info.minor}-venv."
        )
    if VENV.exists() and not LOG.exists():
        sys.exit(f"{VENV} exists, but make did not create it. Rename or remove it and try again.")
    if READY.exists() and PYTHON.exists():
        return READY.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    LOG.touch()
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def run(*command: str | Path) -> bool:
    """Run a command with its output in the log, and return whether it succeeded."""
    with LOG.open("a") as log:
        return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode == 0


def uv_options() -> list[str]:
    """Return the options that let uv use the same indexes as pip."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True).stdout
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
    return [*options, "--index-strategy=unsafe-best-match", "--no-config", f"--python={PYTHON}"]


def install() -> None:
    """Install the locked packages and this project, or exit with the end of the log."""
    lock, pin = Path("requirements.lock").read_text(), VENV / "uv.txt"
    pin.write_text(re.search(r"^uv==(?:.*\\\n)*.*\n", lock, re.MULTILINE)[0])
    count = len(re.findall(r"^\S+==", lock, re.MULTILINE))
    print(f"Installing {count} packages in {VENV}, which takes one minute or a few.", flush=True)
    LOG.write_text("")
    done = run(*PIP, "install", *LOCKED, pin)
    done = done and run(UV, "pip", "install", *uv_options(), *LOCKED, "requirements.lock")
    if not done:
        print("uv could not install them. pip tries now, which takes longer.", flush=True)
        done = run(*PIP, "install", *LOCKED, "requirements.lock")
    if not (done and run(*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", ".")):
        sys.exit(
            "\n".join(LOG.read_text().splitlines()[-10:])
            + f"\npip could not install the packages. The end of {LOG} is above. If pip found no "
            "version of a package, either it cannot reach a package index, or there is no build "
            "of TensorFlow for this system."
        )


def main() -> None:
    """Make the environment ready and write how many seconds this took to .venv/ready."""
    os.chdir(Path(__file__).resolve().parents[2])
    start = time.monotonic()
    prepare()
    install()
    seconds = f"{time.monotonic() - start:.0f}"
    READY.write_text(seconds)  # `make run` reports it
    print(f"The environment is ready after {seconds} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next call starts again from the beginning.")
