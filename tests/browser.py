"""Chromium for the tests that look at a page, driven by playwright."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def find_browser():
    """The path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")  # for a session, its event loop would be in other tests' way
def browser():
    """A browser without a window; its tests are skipped, or fail if it is needed, without one."""
    path = find_browser()
    if path is None:
        reason = f"NO BROWSER, SO NOTHING WAS TRIED IN ONE: install {' or '.join(NAMES)}"
        if os.environ.get("VAELIB_NEEDS_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
