"""Inference and sweep as widgets of a notebook: their point is Python's, and the reader's, too."""

import json
import re

import numpy as np
import pytest

from tools.website import chromium
from vaelib import explorer
from vaelib.study import family

# What a notebook does with a widget; `told` is what Python was told.
NOTEBOOK = """<!doctype html><html lang="en"><title>Notebook</title><style>%s</style>
<body><main></main><script type="application/json">%s</script>
<script type="module">
const values = JSON.parse(document.querySelector("script").textContent);
const listeners = [];
window.told = [];
window.python = (points) => { values.points = points; listeners.forEach((act) => act()); };
const model = {
  get: (name) => values[name],
  set: (name, value) => (values[name] = value),
  save_changes: () => told.push(values.points),
  on: (name, act) => name === "change:points" && listeners.push(act),
};
const { default: widget } = await import("data:text/javascript;base64,%s");
await widget.render({ model, el: document.querySelector("main") });
window.ready = true;
</script>"""


@pytest.fixture(params=["infer", "sweep"])
def live(request, browser, pair, faces, tmp_path):
    """The page of a widget, and the test images' codes in its first space."""
    if request.param == "infer":
        shown = explorer.infer(*pair, dataset=faces, step=0.4, count=30)
        codes = pair[0].model.encode(faces.test_images[:30])
    else:
        shown, codes = explorer.sweep(*family.betas()[:2], dataset=faces), None
    widget = shown.live()
    values = {"payload": widget.payload, "points": [[0.5, -0.25]]}
    content = json.dumps(values).replace("<", "\\u003c")
    module = explorer.payload._base64(widget._esm.encode())
    (tmp_path / "notebook.html").write_text(NOTEBOOK % (widget._css, content, module))
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
