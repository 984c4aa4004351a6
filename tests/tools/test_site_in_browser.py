"""The website as readers see it: nothing fetched from elsewhere, nothing cut off, dark or light."""

import re
from pathlib import Path

import pytest

from tools.website import chromium

PHONE, DESKTOP = 390, 1300
CONFTEST = Path(__file__).parents[1] / "conftest.py"

# Text, its colour and the one behind it, for all elements of a kind.
COLOURS = """selector => [...document.querySelectorAll(selector)].map(element => {
    let behind = element;
    while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
        behind = behind.parentElement;
    const colours = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
    return [element.textContent.slice(0, 20), ...colours];
})"""


def luminance(colour):
    """0 for black, 1 for white (WCAG 2.2, relative luminance)."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels]
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(*colours):
    """Between 1 and 21; ordinary text needs 4.5 (WCAG 2.2, section 1.4.3)."""
    darker, lighter = sorted(map(luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(scope="module")
def pages(site):
    return sorted(site.rglob("*.html"))


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_page_opens_from_disk_without_errors_requests_or_overflow(browser, pages, width):
    wrong = {}
    for path in pages:
        with chromium.opened(browser, path, width) as (page, problems):
            problems += page.evaluate(chromium.STICKING_OUT)
        if problems:
            wrong[path.name] = problems
    assert len(pages) > 15 and not wrong


def test_such_problems_are_noticed(browser, tmp_path):
    wide = "<div style='width: 2000px'>" + "wide " * 500 + "</div>"
    body = f"<img src=http://localhost:9/a.png><img src=lost.png><article>{wide}"
    body += f"<p style='overflow-x: auto'><b style='display: block; width: 1000px'></b></p>{wide}"
    script = "<script>console.error('oh'); setTimeout(() => nothing.at.all)</script>"
    (tmp_path / "a.html").write_text(f"<!doctype html>{body}</article>{script}")
    with chromium.opened(browser, tmp_path / "a.html", PHONE) as (page, problems):
        page.wait_for_timeout(100)
        found = page.evaluate(chromium.STICKING_OUT)
    text = " ".join(problems)
    for words in ("asked for http://localhost", "lost.png", "error: oh", "uncaught: nothing is"):
        assert words in text
    assert len(found) == 3 and "wide" in found[0] and "px wide" in found[-1]


@pytest.mark.parametrize(("needed", "outcome"), [("", "skipped"), ("1", "errors")])
def test_a_missing_browser_is_said_loudly(pytester, monkeypatch, needed, outcome):
    monkeypatch.setenv("VAELIB_NEEDS_BROWSER", needed)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    pytester.makeconftest(f"exec(open({str(CONFTEST)!r}).read())")
    pytester.makepyfile("def test(browser):\n    pass")
    result = pytester.runpytest_inprocess("-ra", "-p", "no:cacheprovider")
    result.assert_outcomes(**{outcome: 1})
    assert re.search(r"NOT TESTED .* apt-get install chromium", result.stdout.str())


def test_pictures_and_formulas_are_drawn(browser, site, pages):
    drawn = {"img": 0, "math": 0}
    for path in pages:
        with chromium.opened(browser, path, PHONE) as (page, _):
            for name in drawn:
                boxes = page.evaluate(
                    "name => [...document.querySelectorAll(name)].map(element => "
                    "[element.getBoundingClientRect().width, element.naturalWidth ?? 1])",
                    name,
                )
                assert all(width > 3 and natural > 0 for width, natural in boxes), path
                drawn[name] += len(boxes)
    assert drawn["img"] > 20 and drawn["math"] > 40


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_background(browser, site, dark):
    with chromium.opened(browser, site / "notebooks/02_mmd_vae.html", dark=dark) as (page, _):
        shown = page.evaluate(COLOURS, "article :is(p, a, pre, pre span, th, td, mi)")
    assert len(shown) > 500
    faint = {
        (text, *colours) for text, *colours in shown if text.strip() and contrast(*colours) < 4.5
    }
    assert not faint
    behind = [luminance(background) for _, _, background in shown]
    assert max(behind) < 0.1 if dark else min(behind) > 0.8


def test_search_works_without_a_server(browser, site):
    with chromium.opened(browser, f"{site}/search.html?q=bandwidth") as (page, problems):
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(a => a.href)")
    assert any("notebooks/02_mmd_vae.html" in link for link in found) and not problems
