"""Convert notebooks to HTML pages that work offline: figures included, formulas as MathML."""

import hashlib
import re
from base64 import b64decode
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor

# Code between backticks, which may contain dollar signs, or a formula in double or single dollars.
FORMULA = re.compile(r"(`+.+?`+)|\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)

EMPTY_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;|&#0*160;|<p></p>)*</th>")

# Browsers set log p, 784 log 2 and z ~ q too closely, and ||x|| with bars of unequal height.
REPAIRS = {
    r"(<mi>[a-z]{2,}</mi>)(?=<m[in]\b)": r'\1<mspace width="0.167em" />',
    r"(</m(?:i|n|sub)>)(?=<mi>[a-z]{2,}</mi>)": r'\1<mspace width="0.167em" />',
    r"<mi>&#x0007E;</mi>": "<mo>&#x0223C;</mo>",
    r"<mo>&#x02016;</mo>": '<mo stretchy="false">&#x02016;</mo>',
}


def mathml(latex: str, display: bool) -> str:
    """Convert a formula to one line of HTML, shown as a separate line if `display` is True."""
    latex = re.sub(r"(\\math[a-z]+) (\w)", r"\1{\2}", latex)  # \mathbb E is read as E alone
    html = convert(latex, display="block" if display else "inline").replace("\n", "")
    for pattern, replacement in REPAIRS.items():
        html = re.sub(pattern, replacement, html)
    return html


def with_mathml(markdown: str) -> str:
    """Replace the formulas of a text by MathML, which browsers display without JavaScript."""

    def replacement(match):
        code, display, inline = match.groups()
        if code:
            return code
        return mathml(display or inline, bool(display))

    return FORMULA.sub(replacement, markdown)


def with_headers(html: str) -> str:
    """Turn the empty header cells of tables, such as their corners, into ordinary cells."""
    return EMPTY_HEADER.sub(r"<td\1></td>", html)


def alternatives(notebook: Path) -> dict[str, str]:
    """Return the text alternatives of a notebook's figures by the SHA-256 of each PNG."""
    found = {}
    for cell in nbformat.read(notebook, 4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                name = hashlib.sha256(b64decode(output.data["image/png"])).hexdigest()
                found[name] = output.metadata.get("image/png", {}).get("alt", "")
    return found


class FormulasToMathML(Preprocessor):
    """Apply `with_mathml` to every text cell."""

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
        return cell, resources


def page(notebook: Path) -> str:
    """Return the HTML page of an .ipynb file."""
    exporter = HTMLExporter(
        template_name="notebook",  # the folder beside this file
        extra_template_basedirs=[str(Path(__file__).parent)],
        preprocessors=[FormulasToMathML],
        mathjax_url="",
        require_js_url="",
        jquery_url="",
    )
    return with_headers(exporter.from_filename(str(notebook))[0])
