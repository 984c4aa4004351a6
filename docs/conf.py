"""Settings of Sphinx for the website; tools/website/build.py calls it and prepares the pages."""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.inspect import signature as sphinx_signature
from sphinx.util.inspect import stringify_signature

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from tools.website import pages  # noqa: E402

project = html_title = "vaelib"
html_theme = "furo"
templates_path = [str(ROOT / "docs" / "templates")]
SHARED = ROOT / "tools" / "website" / "notebook"  # with the pages of executed notebooks
html_static_path = [
    str(path) for path in (ROOT / "docs/site.css", SHARED / "still.css", SHARED / "scrolling.js")
]
html_css_files = ["site.css", "still.css"]
html_js_files = [("scrolling.js", {"loading_method": "defer"})]
html_copy_source = False
html_show_copyright = html_use_index = html_domain_indices = False
html_show_search_summary = False  # it would fetch, which browsers refuse for pages on disk
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.githubpages"]
extensions += ["sphinx_copybutton"]
copybutton_selector = ":not(.output) > div.highlight > pre"  # code, but not what it prints
copybutton_prompt_text, copybutton_prompt_is_regexp = r">>> |\.\.\. ", True
exclude_patterns = ["downloads"]
suppress_warnings = ["toc.not_included"]  # pages that only a link in the text leads to
highlight_language = "text"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 0)]
nb_ipywidgets_js = {}  # these would be fetched from elsewhere

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "exclude-members": "reconstruction",  # a function as the default of a field: not a method
}
autodoc_inherit_docstrings = False  # Keras's own are no part of this reference
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "py:obj"

LOGGER = logging.getLogger(__name__)
MARKUP = re.compile(r"(`+[^`]+`+|\$[^$]+\$|\*\w+\*)")


def as_rst(app, what, name, obj, options, lines):
    """Docstrings are plain text with `names`, *stress*, $formulas$ and indented lines of code.

    Sphinx would read more into it, |x| and x_ as references, and less: no code.
    """
    result, before, literal, example = [], 0, None, False
    if what in ("data", "attribute", "property"):  # where napoleon takes "this: that" for a type
        result += ["..", ""]  # an empty comment, so that no colon is in the first line
    for line in lines:
        # An example and its output end at an empty line, and are shown as they are.
        example = line.strip() != "" and (example or line.lstrip().startswith(">>>"))
        if example:
            result.append(line)
            continue
        depth = len(line) - len(line.lstrip())
        if line and literal and depth < literal:
            literal = None
        if line and not literal and depth > before and result and not result[-1]:
            result += [" " * before + "::", ""]
            literal = depth
        if line and not literal:
            line, before = "".join(map(plain, MARKUP.split(line))), depth
        result.append(line)
    lines[:] = result


def plain(part):
    """A part of a line, with no more and no less markup than we mean."""
    if part.startswith("$"):
        return f":math:`{part.strip('$')}`"
    if MARKUP.fullmatch(part):
        return part + "\\ "  # letters may follow, as in `Run`s
    return re.sub(r"[|*]|(?<=\w)_(?![\w:])", r"\\\g<0>", part)


def own_signature(app, what, name, obj, options, signature, returned):
    """The arguments of a Keras model as its class names them, not as Keras passes them on."""
    if what == "class" and signature == "(*args, **kwargs)":
        return stringify_signature(sphinx_signature(obj.__init__, bound_method=True)), returned


def skip_what_is_imported(app, what, name, obj, skip, options):
    """A function of another package is no part of ours; of some of SciPy's, Sphinx can't tell."""
    if what == "module" and callable(obj):
        return not str(getattr(obj, "__module__", "vaelib")).startswith("vaelib") or None


def find_in_package(app, env, node, contnode):
    """`losses.gaussian_kl` and `Recipe` are meant from everywhere, without the names before."""
    target, domain = node["reftarget"], env.get_domain("py")
    names = [name for name in domain.objects if name.endswith(f".{target}")]
    if len(names) == 1 and ("." in target or target[:1].isupper()):
        document = node.get("refdoc")
        return domain.resolve_xref(env, document, app.builder, "obj", names[0], node, contnode)


def describe_figures(app, doctree):
    """Give figures their text alternatives, and complain of those that have none.

    myst-nb drops what a notebook says of a figure, but names its file by a hash of the picture.
    """
    source = Path(doctree["source"])
    alternatives = pages.alternatives(source) if source.suffix == ".ipynb" else {}
    for image in doctree.findall(nodes.image):
        image["alt"] = image.get("alt") or alternatives.get(Path(image["uri"]).stem, "")
        if not image["alt"]:
            section = image.parent
            while section.parent and not isinstance(section, nodes.section):
                section = section.parent
            title = section.next_node(nodes.title)
            LOGGER.warning(
                "A figure in the section %r has no text alternative: show it by "
                "lesson.show(figure, alt), or write ![what is seen](file) in Markdown.",
                title.astext() if title else "without a title",
                location=str(source.relative_to(app.srcdir)),
            )


def mend_tables(app, pagename, templatename, context, doctree):
    """What holds for tables in a notebook's page holds for those of the website."""
    if "body" in context:
        context["body"] = pages.with_headers(context["body"])


def draw_formula(writer, node):
    writer.body.append(pages.mathml(node.astext(), isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (draw_formula, None), (draw_formula, None))
    app.connect("autodoc-process-docstring", as_rst, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", own_signature)
    app.connect("autodoc-skip-member", skip_what_is_imported)
    app.connect("missing-reference", find_in_package)
    app.connect("doctree-read", describe_figures)
    app.connect("html-page-context", mend_tables)
