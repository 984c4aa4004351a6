"""tools/website/pages.py: a notebook's page has its formulas and figures for everyone, offline."""

import html
import io
import logging
import re
from base64 import b64encode
from pathlib import Path

import nbformat
import pandas
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools.website import axe, chromium, pages

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").rglob("[0-9]*.ipynb"))


def figure(alt=None):
    """What a cell puts out that shows a figure of one pixel."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    metadata = {"image/png": {"alt": alt}} if alt else {}
    content = {"image/png": b64encode(file.getvalue()).decode()}
    return new_output("display_data", content, metadata=metadata)


def test_formulas_become_mathml_and_code_stays_as_it_is():
    text = pages.with_mathml("A mean $\\mu$ and\n$$\nx^2\n$$\nin `cost = '$5 or $6'`.")
    assert text.count("<math") == 2
    assert 'display="block"' in text
    assert "`cost = '$5 or $6'`" in text
    assert "\\mu" not in text and "\n\n" not in text


def test_mathml_has_what_browsers_do_not_do_by_themselves():
    def text(latex):
        return re.sub(r"<mspace[^>]*>", " ", pages.mathml(latex, display=False))

    def plain(latex):
        return html.unescape(re.sub(r"<[^>]+>", "", text(latex)))

    assert plain(r"\mathbb E_q x = \mathbb{E}_q x") == "𝔼qx=𝔼qx"
    assert plain(r"784 \log 2 + x \log p(x) + \log(x)") == "784 log 2+x log p(x)+log(x)"
    assert "<mo>∼</mo>" in html.unescape(text(r"z \sim q"))
    assert text(r"\frac{\lVert x \rVert^2}{2}").count('<mo stretchy="false">&#x02016;</mo>') == 2


@pytest.fixture
def page(tmp_path):
    """A function that gives the page of a notebook of some cells."""

    def page(*cells):
        nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
        return pages.page(tmp_path / "a.ipynb")

    return page


def test_a_page_fetches_nothing(page):
    text = page(new_markdown_cell("# Title\n\n$z \\sim p(z)$"))
    assert "<math" in text and "Title" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", text)


def test_a_figure_keeps_its_alternative(page):
    alternatives = ["The clouds of trousers & boots don't touch.", 'A "ring" < a disc.']
    text = page(new_code_cell("1", outputs=[figure(alt) for alt in alternatives]))
    found = re.findall(r"""<img alt=(["'])(.*?)\1""", text)
    assert [html.unescape(words) for _, words in found] == alternatives


def test_a_figure_without_one_is_said_to_have_none(page, caplog):
    with caplog.at_level(logging.WARNING):
        assert 'alt="No description has been provided' in page(new_code_cell(outputs=[figure()]))
    assert "missing on 1 image" in caplog.text


def test_no_header_cell_of_a_table_is_empty(page):
    table = pandas.DataFrame({"loss": [1.5]}, index=pandas.Index(["VAE"], name="model"))
    output = new_output("display_data", {"text/html": table.to_html()})
    text = page(new_code_cell(outputs=[output]), new_markdown_cell("| | a |\n|---|---|\n| b | 1 |"))
    headers = re.findall(r"<th\b[^>]*>(.*?)</th>", text, re.DOTALL)
    assert headers == ["loss", "model", "VAE", "a"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The pages of all notebooks, lessons and solutions, as files."""
    folder, paths = tmp_path_factory.mktemp("pages"), []
    for notebook in NOTEBOOKS:
        paths.append(folder / f"{notebook.parent.name}-{notebook.stem}.html")
        paths[-1].write_text(pages.page(notebook), encoding="utf-8")
    return paths


@pytest.mark.parametrize("width", [390, 1300])
def test_no_page_keeps_anyone_out(browser, written, width):
    """One lesson is checked with all rules, because test_site_in_browser checks all contents."""
    wrong = {}
    for path, shown, problems in chromium.opened_in_turn(browser, written, width):
        for frame in shown.frames[1:]:
            frame.locator(".said:not(:empty)").last.wait_for()
        found = problems + shown.evaluate(chromium.STICKING_OUT)
        if path.stem == "notebooks-02_mmd_vae":
            found += axe.violations(shown)
        if found:
            wrong[path.name] = found
    assert len(written) > 5 and not wrong


def test_nothing_moves_where_the_reader_wants_it_still(browser, page, tmp_path):
    text = page(new_markdown_cell("# Title")) + "<style>h1 { transition: color 1s }</style>"
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    with chromium.opened(browser, tmp_path / "a.html") as (shown, _):
        assert shown.evaluate(chromium.MOVING)
        shown.emulate_media(reduced_motion="reduce")
        assert shown.evaluate(chromium.MOVING) == []
