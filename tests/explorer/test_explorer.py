"""The explorer: what a real browser shows of the page, without a network."""

import copy
import re

import numpy as np
import pytest
from canvases import READ, picture, pixels

from tools.website import chromium
from vaelib import explorer

# Gray values by which the picture in the browser may differ from the decoder's output: its weights
# are rounded to half precision, and what is between two gray values may fall to either side.
TOLERANCE = 1


def colors(plane):
    """How many distinct colors there are in a plane."""
    return plane.evaluate(READ, [0, 0, 840, 840, "count"])


def half(codes):
    """Codes as precise as they are in the page."""
    return codes.astype("float16").astype(float)


def decoded(run, code):
    return np.round(255 * run.model.decode([code])[0, :, :, 0])


def assert_same(shown, run, code):
    difference = np.abs(shown - decoded(run, code))
    assert difference.max() <= TOLERANCE
    assert np.ptp(shown) > 50  # there is something to be seen


def place(page, panel, across, down):
    """A place on a plane in pixels of the page, and the code that is there."""
    plane = page.locator(".plane").nth(panel)
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    x, y = round(box["x"] + across * box["width"]), round(box["y"] + down * box["height"])
    shares = (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]
    limit = explorer.payload.MIN_LIMIT
    return (x, y), ((2 * shares[0] - 1) * limit, (1 - 2 * shares[1]) * limit)


def test_what_is_under_the_pointer_is_decoded(page, pair):
    for panel, across, down in [(0, 0.3, 0.4), (1, 0.6, 0.2), (0, 0.52, 0.61)]:
        pixel, code = place(page, panel, across, down)
        page.mouse.move(*pixel)
        assert_same(picture(page.locator(".decoded").nth(panel)), pair[panel], code)
        said = page.locator(".said").nth(panel).inner_text().replace("−", "-")
        numbers = re.search(r"\((\S+), (\S+)\)", said).groups()
        np.testing.assert_allclose(np.float64(numbers), code, atol=0.006)


def test_arrow_keys_move_the_point_and_the_nearest_images_follow(page, pair, faces):
    plane = page.locator(".plane").nth(1)
    plane.focus()
    for key in ["ArrowRight"] * 5 + ["ArrowUp"] * 3 + ["Shift+ArrowLeft", "Shift+ArrowDown"]:
        page.keyboard.press(key)
    code = np.array([0.48, 0.28])
    assert_same(picture(page.locator(".decoded").nth(1)), pair[1], code)
    distances = np.linalg.norm(half(pair[1].model.encode(faces.test_images)) - code, axis=1)
    found = np.argsort(distances)[:5]
    figures = page.locator(".panel").nth(1).locator("figure")
    names = [faces.class_names[label] for label in faces.test_labels[found]]
    assert figures.locator("figcaption").all_inner_texts() == names
    for k, image in enumerate(found):
        shown = picture(figures.nth(k).locator("canvas"))
        error = np.abs(shown - faces.test_images[image, :, :, 0].astype(float))
        assert error.mean() < 8  # the pictures are compressed


def test_the_point_stays_on_the_plane(page, pair):
    page.locator(".plane").nth(0).focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    assert_same(picture(page.locator(".decoded").nth(0)), pair[0], (0, -explorer.payload.MIN_LIMIT))


@pytest.mark.parametrize("by", ["pointer", "keys"])
def test_a_line_between_two_points_shows_the_morph(page, pair, by):
    if by == "pointer":
        start, begin = place(page, 0, 0.3, 0.3)
        stop, end = place(page, 0, 0.7, 0.6)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*stop, steps=4)
        page.mouse.up()
        page.mouse.move(stop[0] - 100, stop[1])  # the line stays where it is
    else:
        begin, end = (0, 0), (-0.4, 0.3)
        page.locator(".plane").nth(0).focus()
        keys = ["Enter", *["ArrowLeft"] * 4, *["ArrowUp"] * 3, "Enter", "ArrowUp"]
        for key in keys:
            page.keyboard.press(key)
    strip = page.locator(".strip").nth(0)
    steps = strip.locator("canvas").all()
    for step, code in zip(steps, np.linspace(begin, end, len(steps)), strict=True):
        assert_same(picture(step), pair[0], code)
    page.locator(".plane").nth(0).focus()
    page.keyboard.press("Escape")
    assert not strip.is_visible()


def test_the_decoded_grid_lies_where_its_codes_are(page, pair):
    page.check("input[value=grid]")
    page.select_option("select", index=2)  # few codes on top
    row, column = 6, 12  # where a step changes much, and no code or name is in the way

    def code(across, down):
        limit = explorer.payload.MIN_LIMIT
        return (2 * (column + across) / 16 - 1) * limit, (1 - 2 * (row + down) / 16) * limit

    # The 28 pixels of an image share 52.5 pixels of the canvas.
    x, y = (((28 * start + np.arange(28) + 0.5) * 840 / 448).astype(int) for start in (column, row))
    plane = page.locator(".plane").nth(1)
    for _ in range(200):  # it appears row by row
        shown = pixels(plane, int(x[0]), int(y[0]), 60, 60)[np.ix_(y - y[0], x - x[0])][:, :, 0]
        if not np.all(shown == shown[0, 0]):
            break
        page.wait_for_timeout(50)
    middle_and_sides = [(0.5, 0.5), (0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1)]
    errors = [np.abs(shown - decoded(pair[1], code(*at))).mean() for at in middle_and_sides]
    assert errors[0] < 0.3 * min(errors[1:]), errors


def test_one_class_can_be_shown_alone_and_the_prior_left_out(page):
    plane = page.locator(".plane").nth(0)
    with_prior = colors(plane)
    page.check("input[value=none]")
    all_classes = colors(plane)
    page.select_option("select", index=1)
    assert colors(plane) < all_classes < with_prior


def test_the_same_test_image_is_ringed_in_the_other_plane(page, pair, faces):
    page.check("input[value=none]")
    pixel, code = place(page, 0, 0.45, 0.5)
    page.mouse.move(*pixel)
    here, there = (run.model.encode(faces.test_images) for run in pair)
    image = np.argmin(np.linalg.norm(half(here) - np.array(code), axis=1))
    limit = explorer.payload.MIN_LIMIT
    x, y = (1 + there[image] * (1, -1) / limit) / 2 * 840
    ring = pixels(page.locator(".plane").nth(1), round(x + 18) - 2, round(y) - 2, 5, 5)
    mark = np.array([194, 24, 91, 255])
    assert np.abs(ring - mark).sum(axis=2).min() < 60


@pytest.mark.parametrize("width", [390, 1000])
def test_the_page_fits_a_phone_and_a_desk(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_is_dark_where_the_reader_wants_it_dark(page):
    corner = page.locator(".plane").nth(0), 400, 10, 1, 1  # nothing is drawn there
    assert pixels(*corner)[0, 0, :3].min() > 250
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(100)
    assert pixels(*corner)[0, 0, :3].max() < 40


def test_in_a_frame_it_is_as_high_as_it_needs(browser, pair, faces, tmp_path):
    shown = explorer.compare(pair[0], dataset=faces)
    (tmp_path / "notebook.html").write_text(f"<!doctype html><body>{shown._repr_html_()}")
    with chromium.opened(browser, tmp_path / "notebook.html", width=700) as (page, problems):
        frame = page.frame_locator("iframe")
        frame.locator(".help").wait_for()
        page.wait_for_timeout(200)
        inside = frame.locator("body").evaluate("body => body.scrollHeight")
        assert page.locator("iframe").bounding_box()["height"] == pytest.approx(inside, abs=1)
        assert "other latent space" not in frame.locator(".help").inner_text()  # there is none
    assert problems == []


def test_whatever_a_title_holds_the_page_is_shown_with_it(browser, pair, faces, tmp_path, title):
    explorer.compare(pair[0], titles=[title], dataset=faces).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html") as (page, problems):
        page.locator(".said:not(:empty)").wait_for(timeout=10_000)
        assert page.locator("h2").inner_text() == title
        assert page.title() == f"Latent spaces of faces: {title}"
        assert page.locator("body b").count() == 0
    assert problems == []


@pytest.mark.parametrize(("limit", "numbers"), [(5, [-4, -2, 0, 2, 4]), (60_000, [-40_000, 0])])
def test_axes_have_few_numbers_however_far_the_codes_are(browser, shown, tmp_path, limit, numbers):
    other = copy.copy(shown)
    spaces = [space | {"limit": limit} for space in shown.payload["spaces"]]
    other.payload = shown.payload | {"spaces": spaces}
    other.save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html") as (page, problems):
        page.locator(".said:not(:empty)").last.wait_for()
        page.evaluate(
            """() => {
              const draw = CanvasRenderingContext2D.prototype.fillText;
              window.drawn = [];
              CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
                window.drawn.push(text);
                return draw.call(this, text, ...place);
              };
            }"""
        )
        page.get_by_label("nothing").check()  # draws the latent spaces again
        drawn = page.evaluate("window.drawn")
    drawn = [int(text.replace("−", "-")) for text in drawn if re.fullmatch(r"−?\d+", text)]
    assert set(numbers) <= set(drawn) and len(set(drawn)) < 8
    assert problems == []
