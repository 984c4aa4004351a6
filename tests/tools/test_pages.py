"""tools/website/pages.py: a notebook's page shows its formulas and figures without a network."""

import html
import re

import nbformat

from tools.website import pages


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


def test_a_page_fetches_nothing(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title\n\n$z \\sim p(z)$")]
    nbformat.write(notebook, tmp_path / "a.ipynb")
    page = pages.page(tmp_path / "a.ipynb")
    assert "<math" in page and "Title" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", page)
