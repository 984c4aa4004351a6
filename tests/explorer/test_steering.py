"""Sliders with names: what they say is what is decoded, in a real browser and without a network."""

import re

import numpy as np
import pytest
from live import page_of_widget

from tools.website import axe, chromium
from vaelib import explorer

PLACES = np.array([[0.2, -0.4], [0.7, 0.1], [-0.3, 0.9], [0.1, 0.2], [0.05, -0.3], [0.4, -0.1]])
SLIDERS = {"valence": (-1, 1, "negative", "positive"), "intensity": (0, 1, "calm", "intense")}
READ = """canvas => {
  const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return Array.from(copy.getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0);
}"""


@pytest.fixture(scope="module")
def steered(pair, faces, tmp_path_factory):
    path = tmp_path_factory.mktemp("steering") / "page.html"
    explorer.steer(pair[0], SLIDERS, PLACES, "drawn < faces", dataset=faces).save(path)
    return path


def code_of(a, b):
    return np.array([1, a, b, a * a, a * b, b * b]) @ PLACES


def assert_shows(page, run, a, b):
    shown = np.array(page.locator(".generated").evaluate(READ)).reshape(28, 28)
    decoded = np.round(255 * run.model.decode([code_of(a, b)])[0, :, :, 0])
    assert np.abs(shown - decoded).max() <= 1  # a gray value, see test_explorer.TOLERANCE
    said = page.locator(".said").inner_text().replace("−", "-")
    numbers = re.search(r"valence (\S+) and intensity (\S+), at \((\S+), (\S+)\)", said).groups()
    np.testing.assert_allclose(np.float64(numbers), [a, b, *code_of(a, b)], atol=0.006)


def test_keys_move_the_sliders_and_the_face_follows(browser, steered, pair):
    with chromium.opened(browser, steered, width=1000) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        assert_shows(page, pair[0], 0, 0.5)  # in the middle of both
        page.keyboard.press("Tab")
        for _ in range(7):
            page.keyboard.press("ArrowRight")
        assert_shows(page, pair[0], 0.35, 0.5)
        page.keyboard.press("Tab")
        page.keyboard.press("Home")
        assert_shows(page, pair[0], 0.35, 0)
        slider = page.locator("input[name=valence]")
        assert slider.get_attribute("aria-valuetext") == "0.35, from negative to positive"
        assert page.evaluate(chromium.FOCUS)["outline"] > 0
    assert problems == []


def test_the_plane_shows_where_the_sliders_lead(browser, steered):
    mark = [194, 24, 91]
    with chromium.opened(browser, steered, width=1000) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        page.locator("input[name=intensity]").press("End")
        limit = explorer.payload.MIN_LIMIT
        x, y = (1 + code_of(0, 1) * (1, -1) / limit) / 2 * 840
        ring = page.locator(".plane").evaluate(
            """(canvas, [x, y]) => {
              const copy = new OffscreenCanvas(5, 5).getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, -x, -y);
              return Array.from(copy.getImageData(0, 0, 5, 5).data);
            }""",
            [round(x + 12) - 2, round(y) - 2],
        )
        colors = np.array(ring).reshape(-1, 4)[:, :3]
        assert np.abs(colors - mark).sum(axis=1).min() < 60
    assert problems == []


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (390, True)])
def test_sliders_keep_nobody_out(browser, steered, width, dark):
    with chromium.opened(browser, steered, width=width, dark=dark) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        assert axe.violations(page) == []
        assert page.evaluate(chromium.STICKING_OUT) == []
        assert page.title() == "valence and intensity as sliders: drawn < faces"
    assert problems == []


def test_in_a_running_notebook_python_moves_the_sliders_too(browser, pair, faces, tmp_path):
    widget = explorer.steer(pair[0], SLIDERS, PLACES, dataset=faces).live()
    page_of_widget(widget, [code_of(0.5, 0.25).tolist()], tmp_path / "notebook.html")
    with chromium.opened(browser, tmp_path / "notebook.html") as (page, problems):
        page.wait_for_function("window.ready")
        assert_shows(page, pair[0], 0.5, 0.25)
        page.evaluate(f"python([{code_of(-0.35, 0.75).tolist()}])")
        assert_shows(page, pair[0], -0.35, 0.75)
        page.locator("input[name=valence]").press("ArrowRight")
        page.wait_for_timeout(400)  # Python is told when the point rests
        np.testing.assert_allclose(page.evaluate("told.at(-1)[0]"), code_of(-0.3, 0.75))
    assert problems == []


@pytest.mark.parametrize(
    ("sliders", "places"),
    [({"valence": SLIDERS["valence"]}, PLACES), (SLIDERS, PLACES[:5]), (SLIDERS, np.nan * PLACES)],
)
def test_sliders_that_lead_nowhere_are_refused(pair, faces, sliders, places):
    with pytest.raises(ValueError, match=r"sliders and coefficients of shape .*: expected two"):
        explorer.steer(pair[0], sliders, places, dataset=faces)
