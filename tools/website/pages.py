"""Notebooks as pages that need nothing from elsewhere: figures inside, formulas as MathML."""

import hashlib
import re
from base64 import b64decode
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor

# Code between backticks, which may hold a dollar sign, or a formula in two dollars or in one.
FORMULA = re.compile(r"(`+.+?`+)|\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)

EMPTY_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;|&#0*160;|<p></p>)*</th>")

# What browsers would set too closely, log p, 784 log 2 and z ~ q, or ||x|| with unequal bars.
REPAIRS = {
    r"(<mi>[a-z]{2,}</mi>)(?=<m[in]\b)": r'\1<mspace width="0.167em" />',
    r"(</m(?:i|n|sub)>)(?=<mi>[a-z]{2,}</mi>)": r'\1<mspace width="0.167em" />',
    r"<mi>&#x0007E;</mi>": "<mo>&#x0223C;</mo>",
    r"<mo>&#x02016;</mo>": '<mo stretchy="false">&#x02016;</mo>',
}


def mathml(latex, display):
    """A formula as one line of HTML, in a line of its own where `display` is true."""
    latex = re.sub(r"(\\math[a-z]+) (\w)", r"\1{\2}", latex)  # \mathbb E is read as E alone
    html = convert(latex, display="block" if display else "inline").replace("\n", "")
    for pattern, replacement in REPAIRS.items():
        html = re.sub(pattern, replacement, html)
    return html


def with_mathml(markdown):
    """The text with its formulas in the form that browsers draw by themselves."""

    def replacement(match):
        code, display, inline = match.groups()
        if code:
            return code
        return mathml(display or inline, bool(display))

    return FORMULA.sub(replacement, markdown)


def with_headers(html):
    """Tables in which every header cell heads something; a corner does not."""
    return EMPTY_HEADER.sub(r"<td\1></td>", html)


def alternatives(notebook):
    """What an .ipynb file says is to be seen in its figures, by the SHA-256 of each PNG."""
    found = {}
    for cell in nbformat.read(notebook, 4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                name = hashlib.sha256(b64decode(output.data["image/png"])).hexdigest()
                found[name] = output.metadata.get("image/png", {}).get("alt", "")
    return found


class FormulasToMathML(Preprocessor):
    """Applies `with_mathml` to every text cell."""

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
        return cell, resources


def page(notebook):
    """The HTML of an .ipynb file, as a string."""
    exporter = HTMLExporter(
        template_name="notebook",  # the folder beside this file
        extra_template_basedirs=[str(Path(__file__).parent)],
        preprocessors=[FormulasToMathML],
        mathjax_url="",
        require_js_url="",
        jquery_url="",
    )
    return with_headers(exporter.from_filename(str(notebook))[0])
