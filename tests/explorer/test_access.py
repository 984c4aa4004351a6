"""The explorer for everyone: by keyboard, by ear, in the dark, on a phone, without motion."""

from dataclasses import replace

import pytest

from tools.website import axe, chromium
from vaelib import explorer

# How many different pictures the first plane shows from a choice on, until none has come for long.
LOOKS = """async name => {
  const plane = document.querySelector(".plane");
  const small = new OffscreenCanvas(60, 60).getContext("2d", { willReadFrequently: true });
  const looks = new Set();
  document.querySelector(`input[value=${name}]`).click();
  let last = performance.now();
  while (looks.size < 2 || performance.now() - last < 1000) {
    await new Promise(requestAnimationFrame);
    small.drawImage(plane, 0, 0, 60, 60);
    const look = String(small.getImageData(0, 0, 60, 60).data);
    if (!looks.has(look)) last = performance.now();
    looks.add(look);
  }
  return looks.size;
}"""


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (1000, True), (390, False)])
def test_it_keeps_nobody_out(browser, file, width, dark):
    with chromium.opened(browser, file, width=width, dark=dark) as (page, problems):
        page.locator(".said:not(:empty)").last.wait_for()
        assert axe.violations(page) == []
    assert problems == []


def test_two_of_them_on_one_page_can_be_told_apart(browser, pair, faces, tmp_path):
    other = replace(faces, name="other_faces")
    frames = [explorer.compare(pair[0], dataset=data)._repr_html_() for data in (faces, other)]
    content = f"<main><h1>Two spaces</h1>{''.join(frames)}</main>"
    path = tmp_path / "two.html"
    path.write_text(f"<!doctype html><html lang='en'><title>Two</title><body>{content}")
    with chromium.opened(browser, path, width=1000) as (page, problems):
        for frame in page.frames[1:]:
            frame.locator(".said:not(:empty)").wait_for()
        assert axe.violations(page) == []
        titles = page.locator("iframe").evaluate_all("all => all.map(frame => frame.title)")
    assert titles == ["Latent spaces of faces: ELBO", "Latent spaces of other faces: ELBO"]
    assert problems == []


def test_without_a_mouse_everything_can_be_reached_and_has_a_name(page):
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        focused = "document.activeElement.className || document.activeElement.name"
        reached.append(page.evaluate(focused))
    assert reached == ["behind", "only", "plane", "plane"]
    for canvas in page.locator("canvas").all():
        attributes = "c => c.getAttribute('aria-label') || c.closest('[role=img], [aria-hidden]')"
        assert canvas.evaluate(attributes)


def test_where_the_keyboard_is_can_be_seen(page):
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(chromium.FOCUS)["outline"] > 0


def test_the_choices_are_made_by_keyboard(page):
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("input[value=grid]").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("select").input_value() == "0"


def test_the_grid_appears_at_once_where_nothing_is_to_move(page):
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(LOOKS, "grid") == 2  # without it, and with it
    assert page.evaluate(chromium.MOVING) == []


def test_otherwise_it_appears_row_by_row(page):
    assert page.evaluate(LOOKS, "grid") > 2
