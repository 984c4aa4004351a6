"""The website as readers see, hear and use it: nothing fetched or cut off, no one kept out."""

import re
from pathlib import Path

import pytest

from tools.website import axe, chromium

PHONE, DESKTOP = 390, 1400  # from 1312 px on, all sides are shown
CONFTEST = Path(__file__).parents[1] / "conftest.py"

# Text, its color and the one behind it, for all elements of a kind.
COLORS = """selector => [...document.querySelectorAll(selector)].map(element => {
    let behind = element;
    while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
        behind = behind.parentElement;
    const colors = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
    return [element.textContent.slice(0, 20), ...colors];
})"""


def luminance(color):
    """0 for black, 1 for white (WCAG 2.2, relative luminance)."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", color)[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels]
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(*colors):
    """Between 1 and 21; ordinary text needs 4.5 (WCAG 2.2, section 1.4.3)."""
    darker, lighter = sorted(map(luminance, colors))
    return (lighter + 0.05) / (darker + 0.05)


BOXES = """name => [...document.querySelectorAll(name)].map(element =>
    [element.getBoundingClientRect().width, element.naturalWidth ?? 1])"""
# Keep what is copied, because a page opened from disk may not read the clipboard.
COPIED = """() => document.addEventListener("copy", () => {
    window.copied = document.activeElement.value ?? getSelection().toString();
}, true)"""
VISITS = {"phone": (PHONE, False), "desktop": (DESKTOP, False), "dark": (DESKTOP, True)}
LESSON = "notebooks/02_mmd_vae.html"
REFERENCE = "api/data.html"  # has more kinds of elements than the other pages of the reference


def asked_of_axe(visit, name):
    """What axe checks of a page: all rules on a desktop, elsewhere those that depend on the visit.

    The pages of the reference are made in the same way, so one of them stands for all elsewhere.
    """
    if visit == "desktop" or (visit, name) == ("phone", LESSON):
        return [axe.TAGS]
    if name.startswith("api/") and name != REFERENCE:
        return None
    return [axe.WIDTH] if visit == "phone" else [axe.COLORS, axe.ONE_OF_EACH_COLOR]


@pytest.fixture(scope="module", params=VISITS)
def visit(request, browser, site):
    """Every page opened once: its path, and what is wrong, drawn, or in someone's way there."""
    width, dark = VISITS[request.param]
    asked = {
        path: asked_of_axe(request.param, path.relative_to(site).as_posix())
        for path in sorted(site.rglob("*.html"))
    }
    if dark:
        asked = {path: rules for path, rules in asked.items() if rules}
    found = {}
    for path, page, problems in chromium.opened_in_turn(browser, asked, width, dark=dark):
        for frame in page.frames[1:]:
            frame.locator(".said:not(:empty)").last.wait_for()
        found[str(path)] = {
            "wrong": problems + page.evaluate(chromium.STICKING_OUT),
            "drawn": {name: page.evaluate(BOXES, name) for name in ("img", "math")},
            "in the way": axe.violations(page, *asked[path]) if asked[path] else [],
        }
    assert len(found) > 30 and {str(site / LESSON), str(site / REFERENCE)} <= set(found)
    return found


def test_every_page_opens_from_disk_without_errors_requests_or_overflow(visit):
    assert not {name: page["wrong"] for name, page in visit.items() if page["wrong"]}


def test_pictures_and_formulas_are_drawn(visit):
    for name, least in {"img": 20, "math": 40}.items():
        boxes = [box for page in visit.values() for box in page["drawn"][name]]
        assert len(boxes) > least and all(width > 3 and real > 0 for width, real in boxes)


def test_no_page_keeps_anyone_out(visit):
    assert not {name: page["in the way"] for name, page in visit.items() if page["in the way"]}


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


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_background(browser, site, dark):
    with chromium.opened(browser, site / "notebooks/02_mmd_vae.html", dark=dark) as (page, _):
        shown = page.evaluate(COLORS, "article :is(p, a, pre, pre span, th, td, mi)")
    assert len(shown) > 500
    faint = {(text, *colors) for text, *colors in shown if text.strip() and contrast(*colors) < 4.5}
    assert not faint
    behind = [luminance(background) for _, _, background in shown]
    assert max(behind) < 0.1 if dark else min(behind) > 0.8


def test_search_works_without_a_server(browser, site):
    with chromium.opened(browser, f"{site}/search.html?q=bandwidth") as (page, problems):
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(a => a.href)")
    assert any("notebooks/02_mmd_vae.html" in link for link in found) and not problems


# For everyone


def test_what_keeps_people_out_is_noticed_in_frames_too(browser, tmp_path):
    inside = "<style>p { color: #bbb }</style><main><h1>Title</h1><p>Faint text</p></main>"
    body = f"<main><img src=data:,><h3>Deep</h3><iframe srcdoc='{inside}'></iframe></main>"
    (tmp_path / "a.html").write_text(f"<!doctype html><title>A</title><body>{body}")
    with chromium.opened(browser, tmp_path / "a.html") as (page, _):
        found = "\n".join(axe.violations(page))
    for rule in ("html-has-lang", "image-alt", "frame-title"):
        assert f"{rule} at " in found
    assert "color-contrast at p in iframe: Fix any" in found and "#bbbbbb" in found


def pressed(page, times, key="Tab"):
    """Where the keyboard is after each press of a key."""
    for _ in range(times):
        page.keyboard.press(key)
        yield page.evaluate(chromium.FOCUS)


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("name", ["index", "search", "notebooks/02_mmd_vae", "CONTRIBUTING"])
def test_where_the_keyboard_is_can_always_be_seen(browser, site, name, width):
    with chromium.opened(browser, site / f"{name}.html", width) as (page, _):
        page.emulate_media(reduced_motion="reduce")  # so that the page is there at once
        stops = list(pressed(page, 120))
    hidden = [stop for stop in stops if stop and not (stop["seen"] and stop["outline"])]
    assert len({stop["element"] for stop in stops if stop}) > 6 and not hidden


def test_code_is_copied_by_keyboard_without_prompts_and_not_what_it_prints(browser, site):
    with chromium.opened(browser, site / LESSON) as (page, _):
        buttons = page.locator("button.copybtn")
        buttons.first.wait_for(state="attached")
        assert buttons.count() == page.locator(".cell_input pre").count() > 10
        buttons.first.focus()
        buttons.first.press("Enter")
        page.locator("button.copybtn[data-tooltip='Copied!']").wait_for()
    with chromium.opened(browser, site / REFERENCE) as (page, _):
        page.evaluate(COPIED)
        example = page.locator(".highlight", has_text=">>> load(").last
        example.locator("button.copybtn").press("Enter")
        assert page.evaluate("window.copied").startswith("load(")


def test_a_first_link_skips_to_the_content(browser, site):
    with chromium.opened(browser, site / "notebooks/02_mmd_vae.html") as (page, _):
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text().strip() == "Skip to content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.locator("article :focus").count() == 1


@pytest.mark.parametrize(("box", "drawer"), [("navigation", "sidebar"), ("toc", "toc")])
def test_on_a_phone_the_keyboard_opens_the_drawers(browser, site, box, drawer):
    link = f".{drawer}-drawer a"
    with chromium.opened(browser, site / "notebooks/02_mmd_vae.html", PHONE) as (page, _):
        page.emulate_media(reduced_motion="reduce")
        assert not page.locator(link).last.is_visible()
        page.locator(f"#__{box}").focus()
        page.keyboard.press("Space")
        page.locator(link).last.wait_for()
        place = page.locator(f".{drawer}-drawer").bounding_box()
        assert place["x"] >= 0 and place["x"] + place["width"] <= PHONE
        assert axe.violations(page) == []
        assert any(page.locator(f"{link}:focus").count() for _ in pressed(page, 400))
        page.locator(f"#__{box}").focus()
        page.keyboard.press("Space")
        assert not page.locator(link).last.is_visible()


def test_what_scrolls_is_a_stop_for_the_keyboard_and_nothing_else_is(browser, site):
    with chromium.opened(browser, site / "notebooks/02_mmd_vae.html", PHONE) as (page, _):
        stops = page.locator("article [tabindex='0']")
        assert stops.count() > 5
        long = "box.matches('.table-wrapper') && box.scrollHeight > box.clientHeight"
        assert stops.evaluate_all(
            f"all => all.every(box => box.scrollWidth > box.clientWidth || {long})"
        )
        narrow = stops.count()
        page.set_viewport_size({"width": DESKTOP, "height": 900})
        page.wait_for_timeout(200)
        assert stops.count() < narrow


def test_nothing_moves_where_the_reader_wants_it_still(browser, site):
    with chromium.opened(browser, site / "index.html") as (page, _):
        assert page.evaluate(chromium.MOVING)
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(chromium.MOVING) == []
