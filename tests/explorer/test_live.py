"""Inference and sweep as widgets of a notebook: their point is Python's, and the reader's, too."""

import re

import numpy as np
import pytest
from live import page_of_widget

from study import vae_family
from tools.website import chromium
from vaelib import explorer


@pytest.fixture(params=["infer", "sweep"])
def live(request, browser, pair, faces, tmp_path):
    """The page of a widget, and the test images' codes in its first space."""
    if request.param == "infer":
        shown = explorer.infer(*pair, dataset=faces, step=0.4, count=30)
        codes = pair[0].model.encode(faces.test_images[:30])
    else:
        shown, codes = explorer.sweep(*vae_family.load_beta_vaes()[:2], dataset=faces), None
    page_of_widget(shown.live(), [[0.5, -0.25]], tmp_path / "notebook.html")
    with chromium.opened(browser, tmp_path / "notebook.html", height=1300) as (page, problems):
        page.wait_for_function("window.ready")
        yield page, codes
    assert problems == []


def where(page, codes):
    """The point that the page says it is at."""
    said = page.locator(".spot" if codes is None else ".near .said").first.inner_text()
    return np.float64(re.search(r"\((\S+), (\S+?)\)", said.replace("−", "-")).groups())


def nearest(codes, point):
    """Inference can only go to a test image."""
    return point if codes is None else codes[np.argmin(np.linalg.norm(codes - point, axis=1))]


def test_python_leads_and_is_told_where_the_reader_goes(live):
    page, codes = live
    np.testing.assert_allclose(where(page, codes), nearest(codes, [0.5, -0.25]), atol=0.006)
    page.evaluate("python([[-0.75, 0.5]])")
    np.testing.assert_allclose(where(page, codes), nearest(codes, [-0.75, 0.5]), atol=0.006)
    page.locator(".plane").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)  # it is told when the point rests
    [point] = page.evaluate("told.at(-1)")
    np.testing.assert_allclose(where(page, codes), point, atol=0.006)
    assert point[0] > nearest(codes, [-0.75, 0.5])[0]
