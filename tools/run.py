"""Do what `make run`, `make solutions`, and `make lab` do, also where there is no make.

    python -m tools.run [solutions] [lessons=all] [epochs=2] [seed=1]
    python -m tools.run lab [options of JupyterLab]

Any Python from 3.11 to 3.13 may call it. The environment in .venv is created first if necessary.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools.environment import install

FIRST_LESSON = "notebooks/00_faces.ipynb"
LAB_EXTENSION = Path(__file__).parent.absolute() / "notebooks" / "lab"


def lab(options: list[str]) -> int:
    """Open the first notebook in JupyterLab, and return its exit code when it ends."""
    notebooks = sorted(install.ROOT.glob("notebooks/**/[0-9]*.ipynb"))
    # As `jupyter trust` does, so that the figures and explorers in the notebooks are shown.
    trust = [install.PYTHON, "-m", "nbformat.sign", *notebooks]
    subprocess.run(trust, stdout=subprocess.DEVNULL, check=True)
    earlier = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(LAB_EXTENSION)] + [earlier] * bool(earlier))
    settings = ["--ServerApp.root_dir=.", "--KernelManager.transport_encryption=auto"]
    return call("jupyterlab", *settings, *options, FIRST_LESSON)


def call(module: str, *words: str) -> int:
    """Run a module in .venv, and return its exit code.

    Ctrl-C reaches the module as well, which ends in its own way, so this process waits for it.
    JupyterLab asks whether to shut down.
    """
    process = subprocess.Popen([install.PYTHON, "-m", module, *words])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def main(words: list[str]) -> int:
    """Make the environment ready, do what the words say, and return the exit code."""
    os.chdir(install.ROOT)
    os.environ.setdefault("PYTHONUTF8", "1")  # for what cells print, such as σ, on Windows
    if not install.is_current(install.READY):
        install.main([])
    if words[:1] == ["lab"]:
        return lab(words[1:])
    return call("tools.notebooks.run", *words)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
