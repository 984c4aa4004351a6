"""Chromium without a window, for tests and pictures, and what goes wrong while a page is open."""

import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
# It shall neither need rights of its own nor call anyone.
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

# What sticks out of the window to the right, unless it scrolls in a box of its own, or is a drawer
# at the side of the page that waits to be called.
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

# Where the keyboard is: the element, how wide a line is drawn around it, and whether it can be seen
# there. A box that is itself invisible is shown by its label. Null in a frame, and past the end.
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

# What would move by itself, or glide rather than change at once.
MOVING = """() => [...document.querySelectorAll("*")].filter(element =>
    [null, "::before", "::after"].some(part => {
        const style = getComputedStyle(element, part);
        return style.animationName !== "none" || style.scrollBehavior === "smooth"
            || style.transitionDuration.split(",").some(seconds => parseFloat(seconds) > 0);
    })).map(element => element.outerHTML.slice(0, 100))"""


def program():
    """The path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched():
    """Playwright's `Browser`; RuntimeError where none is installed."""
    from playwright.sync_api import sync_playwright  # here, for most tests do without

    if program() is None:
        raise RuntimeError(
            f"none of {', '.join(NAMES)} is installed. On Debian: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, path, width=1300, height=900, dark=False):
    """A page, and the list of what went wrong, which grows as long as the page is open.

    Args:
        browser: as from `launched`.
        path: of an HTML file; a question mark and a query may follow.
        width, height: of the window, in pixels.
        dark: whether the reader prefers dark pages.

    Yields:
        Playwright's `Page` when it has loaded, and a list of strings.
    """
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
        page.goto(f"file://{path}")
        yield page, problems
    finally:
        context.close()
