"""JupyterLab as `make lab` starts it, in a copy of the project, and a reader's hands in it."""

import contextlib
import html
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
from playwright.sync_api import TimeoutError, expect

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "tools" / "notebooks" / "lab" / "labextensions" / "paired-notebooks"
# JupyterLab shows the cells of a long notebook one by one, for more than Playwright's 5 s on a busy
# machine.
expect.set_options(timeout=60_000)
OPTIONS = "--no-browser --allow-root --ServerApp.port=0"  # a free port; tests may be root's


def copy_project(folder):
    """A copy of the project without what git ignores."""
    ignored = (ROOT / ".gitignore").read_text().split()
    ignore = shutil.ignore_patterns(".git", *(name.rstrip("/") for name in ignored))
    return Path(shutil.copytree(ROOT, folder, ignore=ignore))


def until(happened, seconds, say=lambda: ""):
    """What `happened()` returns as soon as that is true; AssertionError if it takes too long."""
    end = time.monotonic() + seconds
    while not (value := happened()):
        assert time.monotonic() < end, f"did not happen within {seconds} s {say()}"
        time.sleep(0.1)
    return value


@contextlib.contextmanager
def running(project):
    """`make lab` in a copy of the project, for a reader who never used Jupyter before.

    Yields the address that it opens. Its kernels import the copy's vaelib and keep their runs
    beside the copy; when it ends, all its processes do.
    """
    home = project.with_name(f"{project.name}-home")
    runtime = home / "runtime"
    runtime.mkdir(parents=True)
    python = project / ".venv" / "bin" / "python"  # the environment that the tests run in
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (project / ".venv" / "ready").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(project),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "VAELIB_RUNS_DIR": str(home / "runs"),
    }
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "lab", f"LAB_ARGS={OPTIONS}"],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def opened():
        """The address in the page that a browser is given, which is written in the end."""
        assert process.poll() is None, log.read_text()
        for page in runtime.glob("*-file-to-run-*.html"):
            return re.search(r'href="(http[^"]+)"', page.read_text())

    try:
        yield html.unescape(until(opened, 60, log.read_text)[1])
    finally:
        # Kernels are in sessions of their own, but of the family; nobody needs to be asked.
        with contextlib.suppress(psutil.NoSuchProcess):
            for relative in psutil.Process(process.pid).children(recursive=True):
                relative.kill()
        process.kill()
        process.wait()


def open_file(page, path):
    """Go the way to a file of the project and open it; returns its panel, as `panel` does."""
    *folders, name = path.split("/")
    where = page.locator(".jp-BreadCrumbs-content")
    page.locator(".jp-BreadCrumbs-home").click()
    expect(where).to_have_text("/")
    for depth, folder in enumerate(folders, start=1):
        _open_entry(page, folder, where.get_by_text("/".join(["", *folders[:depth], ""])))
    _open_entry(page, name, page.locator(".lm-TabBar-tab.jp-mod-current", has_text=name))
    return panel(page)


def _open_entry(page, name, result):
    """Select an entry of the list of files and press Enter, again where that came to nothing.

    Not by a double click: on a busy machine the list may be redrawn between the two, and a button
    that goes down on one list and up on the next leaves JupyterLab dragging the entry about.
    """
    entry = page.locator(".jp-DirListing-item", has=page.get_by_text(name, exact=True))

    def succeeds():
        with contextlib.suppress(TimeoutError):
            entry.click(timeout=5000)
            page.keyboard.press("Enter")
        with contextlib.suppress(TimeoutError):
            result.wait_for(timeout=5000)
            return True

    until(succeeds, 60, lambda: f"with {name}: {_in_front(page)}")


def _in_front(page):
    """What the list of files shows, and what may lie over it."""
    listed = page.locator(".jp-DirListing-item").all_inner_texts()
    return listed, page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()


def panel(page):
    """The notebook or editor in front, once it begins to show what it holds."""
    front = page.locator(".jp-NotebookPanel:visible, .jp-MainAreaWidget:visible").last
    front.locator(".jp-Cell, .cm-line").first.wait_for()
    return front


def ready(page):
    """Wait until the kernel of the notebook in front is: what is run before gets lost."""
    page.get_by_text("| Idle").wait_for()


def run_all(page, seconds):
    """Run all cells of the notebook in front, which has no outputs yet; wait for the end."""
    ready(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    prompts, errors = page.locator(".jp-CodeCell .jp-InputPrompt"), failures(page)

    def ended():
        counts = prompts.all_text_contents()  # [ ]: before it, [*]: when its turn will come
        return errors.count() or all(re.fullmatch(r"\[\d+\]:", count) for count in counts)

    until(ended, seconds, lambda: prompts.all_text_contents())


def save(page):
    """Save what is in front, and wait until it is."""
    page.keyboard.press("Control+s")
    page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty").wait_for(state="hidden")


def failures(page):
    """The tracebacks on the page, and the warnings: what JupyterLab shows on red."""
    return page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
