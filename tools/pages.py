"""Notebooks as pages that need nothing from elsewhere: figures inside, formulas as MathML."""

import re

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor

# Code between backticks, which may hold a dollar sign, or a formula in two dollars or in one.
FORMULA = re.compile(r"(`+.+?`+)|\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def with_mathml(markdown):
    """The text with its formulas in the form that browsers draw by themselves."""

    def replacement(match):
        code, display, inline = match.groups()
        if code:
            return code
        formula = convert(display or inline, display="block" if display else "inline")
        return formula.replace("\n", "")

    return FORMULA.sub(replacement, markdown)


class FormulasToMathML(Preprocessor):
    """Applies `with_mathml` to every text cell."""

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
        return cell, resources


def page(notebook):
    """The HTML of an .ipynb file, as a string."""
    exporter = HTMLExporter(
        preprocessors=[FormulasToMathML], mathjax_url="", require_js_url="", jquery_url=""
    )
    return exporter.from_filename(str(notebook))[0]
