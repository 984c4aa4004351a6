"""The website of the project: its links, pictures, formulas, and notebooks to download."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from html_page import Page

from tools.website.pages import FORMULA

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [
    notebook.relative_to(ROOT)
    for folder in (ROOT / "notebooks", ROOT / "notebooks" / "solutions")
    for notebook in sorted(folder.glob("[0-9]*.ipynb"))
]


@pytest.fixture(scope="module")
def pages(site):
    """The pages of the website, by their paths."""
    return {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_link_inside_the_site_leads_somewhere(pages):
    lost, followed = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = target in pages and parts.fragment in {"", *pages[target].names}
            if not (known or (target.is_file() and not parts.fragment)):
                lost.append(f"{path.name}: {link}")
            followed += 1
    assert followed > 500 and not lost


def test_a_page_with_all_that_it_loads_stays_below_3_mb(pages):
    for path, page in pages.items():
        weight = path.stat().st_size + sum(file.stat().st_size for file in page.loaded)
        assert weight < 3_000_000, (path.name, weight)
        # The explorer as a page of its own has all in it.
        assert len(page.loaded) > 4 or "_downloads" in path.parts, path.name


def test_pictures_have_an_alternative_text(pages):
    texts = [(path.name, p.get("alt", "")) for path, page in pages.items() for p in page.pictures]
    assert len(texts) > 20
    assert not [found for found in texts if len(found[1]) < 8 or found[1].endswith(".png")]


def test_the_front_page_leads_to_every_notebook_and_module(pages, site):
    links = pages[(site / "index.html").resolve()].links
    assert {notebook.with_suffix(".html").as_posix() for notebook in NOTEBOOKS} <= set(links)
    modules = {path.stem for path in (ROOT / "vaelib").glob("[a-z]*.py")}
    assert modules <= {link.partition("#module-vaelib.")[2] for link in links}


def test_the_core_course_comes_first_in_the_navigation(pages, site):
    text = pages[(site / "index.html").resolve()].text
    parts = re.split(r'<span class="caption-text">(.+?)</span>', text)
    linked = {
        caption: re.findall(r'href="notebooks/(\d\d)_', part)
        for caption, part in zip(parts[1::2], parts[2::2], strict=True)
    }
    assert list(linked)[:3] == ["Core course", "Going further", "Solutions"]
    lessons = [path.name[:2] for path in NOTEBOOKS if path.parent.name == "notebooks"]
    assert linked["Core course"] == ["00", "01", "02", "03"] == lessons[:4]
    assert linked["Going further"] == lessons[4:]


def test_results_and_teaching_are_on_every_page_and_link_to_the_others(pages, site):
    for path in ("index.html", "notebooks/01_standard_vae.html", "docs/results.html"):
        page = pages[(site / path).resolve()]
        linked = {(page.path.parent / urlsplit(link).path).resolve() for link in page.links}
        for name in ("results", "teaching"):
            assert page.path.stem == name or (site / f"docs/{name}.html").resolve() in linked, path
    results = pages[(site / "docs" / "results.html").resolve()]
    assert {"../index.html", "../study/plan.html"} <= {
        link.partition("#")[0] for link in results.links
    }


def test_the_reference_has_what_is_public_and_only_that(pages):
    names = {name for page in pages.values() for name in page.names if name}
    public = (
        "mmd.mmd2",
        "array_methods.ArrayMethods.encode",
        "objectives.ELBO",
        "runs.trainer.train",
    )
    for wanted in public:
        assert f"vaelib.{wanted}" in names
    (model,) = [page.text for page in pages.values() if 'id="vaelib.models.VAE"' in page.text]
    assert "objective" in model.partition('id="vaelib.models.VAE"')[2].partition("</dt>")[0]
    assert not [name for name in names if re.match(r"vaelib\..*\b_", name)]
    assert not [name for name in names if name.startswith(("numpy", "keras", "papermill"))]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)
def test_a_notebook_can_be_downloaded_and_opened_in_binder_and_colab(pages, site, notebook):
    page = pages[(site / notebook.with_suffix(".html")).resolve()]
    (link,) = [link for link in page.links if link.endswith(notebook.name)]
    downloaded = nbformat.read(page.path.parent / link, as_version=4)
    committed = nbformat.read(ROOT / notebook, as_version=4)
    nbformat.validate(downloaded)
    assert downloaded.cells[:1] + downloaded.cells[2:] == committed.cells
    assert "https://github.com/owner/name vaelib-course\n" in downloaded.cells[1].source
    colab = "https://colab.research.google.com/github/owner/name/blob/gh-pages/downloads/"
    assert f'href="{colab}{notebook.as_posix()}"' in page.text
    assert (site / "downloads" / notebook).exists()
    address = "https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=lab/tree/"
    assert f'href="{address}{notebook.as_posix()}"' in page.text


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)
def test_every_formula_becomes_mathml(pages, site, notebook):
    texts = [c.source for c in nbformat.read(ROOT / notebook, 4).cells if c.cell_type == "markdown"]
    formulas = [f for text in texts for f in FORMULA.findall(text) if not f[0]]
    text = pages[(site / notebook.with_suffix(".html")).resolve()].text
    article = text.partition("<article")[2].partition("</article>")[0]  # not the list of titles
    assert article.count("<math ") == len(formulas)
    assert "<mi>\\" not in text  # what the converter does not know


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)
def test_every_figure_of_a_notebook_has_the_alternative_that_it_gives(pages, site, notebook):
    cells = nbformat.read(ROOT / notebook, 4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    own = [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]
    shown = pages[(site / notebook.with_suffix(".html")).resolve()].pictures
    assert [picture["alt"] for picture in shown if picture["alt"] in own] == own
