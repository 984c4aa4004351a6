"""Open pages in Chromium without a window, and collect their errors; for tests and pictures."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium must not need special rights or contact any server.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
INSIDE = ("file:", "data:", "blob:", "about:")

# List the elements that extend beyond the right edge of the window. Elements in a box that scrolls
# do not count, and neither does the closed sidebar.
STICKING_OUT = """() => {
    const scrolls = element => {
        for (; !element.matches("article, .content, body"); element = element.parentElement)
            if (/auto|scroll/.test(getComputedStyle(element).overflowX)) return true;
        return false;
    };
    const found = [...document.querySelectorAll("body *")].filter(element =>
        element.checkVisibility() && !element.closest("aside")
        && element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element));
    const width = document.scrollingElement.scrollWidth;
    return found.map(element => element.outerHTML.slice(0, 100))
        .concat(width > innerWidth ? [`the page is ${width} px wide`] : []);
}"""

# Describe the element that has the keyboard focus: the width of its outline, and whether it can be
# seen. An invisible checkbox is represented by its label. Null in a frame, and after the last one.
FOCUS = """() => {
    const at = document.activeElement;
    if (at.matches("body, iframe")) return null;
    const seen = { opacityProperty: true, visibilityProperty: true };
    const shown = [at, ...(at.labels ?? [])].find(element => element.checkVisibility(seen)) ?? at;
    const { outlineStyle, outlineWidth } = getComputedStyle(shown);
    const { left, top, width, height } = shown.getClientRects()[0] ?? shown.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return {
        element: at.outerHTML.slice(0, 100),
        outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
        seen: Boolean(there) && (shown.contains(there) || there.contains(shown)),
    };
}"""

# List the elements with an animation, a transition, or smooth scrolling.
MOVING = """() => [...document.querySelectorAll("*")].filter(element =>
    [null, "::before", "::after"].some(part => {
        const style = getComputedStyle(element, part);
        return style.animationName !== "none" || style.scrollBehavior === "smooth"
            || style.transitionDuration.split(",").some(seconds => parseFloat(seconds) > 0);
    })).map(element => element.outerHTML.slice(0, 100))"""


def program() -> str | None:
    """Return the path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched() -> Iterator:
    """Start the browser and yield Playwright's `Browser`; RuntimeError if none is installed."""
    from playwright.sync_api import sync_playwright  # here, because most tests do not need it

    if program() is None:
        raise RuntimeError(
            f"none of {', '.join(NAMES)} is installed. On Debian: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def window(browser, width: int, height: int, dark: bool) -> Iterator[tuple]:
    """Yield an empty `Page` of Playwright, and a list to which its errors are added as strings."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
    )
    page, problems = context.new_page(), []

    def asked(request):
        if not request.url.startswith(INSIDE):
            problems.append(f"asked for {request.url}")

    page.on("request", asked)
    page.on("requestfailed", lambda request: problems.append(f"no answer from {request.url}"))
    page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
    page.on("console", lambda message: problems.append(f"{message.type}: {message.text}"))
    try:
        yield page, problems
    finally:
        context.close()


@contextmanager
def opened(
    browser, path: Path | str, width: int = 1300, height: int = 900, dark: bool = False
) -> Iterator[tuple]:
    """Open a page, and collect errors for as long as it is open.

    Args:
        browser: The browser that `launched` yields.
        path: Path of an HTML file, optionally with a query after a question mark.
        width: Width of the window in pixels.
        height: Height of the window in pixels.
        dark: If True, the page is told that the reader prefers dark pages.

    Yields:
        Playwright's `Page` after it has loaded, and a list of errors as strings, which grows.
    """
    with window(browser, width, height, dark) as (page, problems):
        page.goto(f"file://{path}")
        yield page, problems


def opened_in_turn(
    browser, paths: Iterable[Path], width: int = 1300, height: int = 900, dark: bool = False
) -> Iterator[tuple]:
    """Open pages one after the other in one window, which is faster than a window for each page.

    Args:
        browser: The browser that `launched` yields.
        paths: Paths of HTML files.
        width: Width of the window in pixels.
        height: Height of the window in pixels.
        dark: If True, the pages are told that the reader prefers dark pages.

    Yields:
        For each path: the path, Playwright's `Page` after it has loaded, and a list of the errors
        of this page as strings. The list is emptied before the next page is opened.
    """
    with window(browser, width, height, dark) as (page, problems):
        for path in paths:
            page.goto(f"file://{path}")
            yield path, page, problems
            page.goto("about:blank")  # ends whatever the page still does
            problems.clear()
