"""tools/website/build.py: what the website consists of, and what stops it from being built."""

import importlib.util
import io
import re
import sys
import types
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from click.testing import CliRunner
from IPython.core.inputtransformer2 import TransformerManager
from PIL import Image

from tools.website import build as website
from tools.website import portable
from tools.website.pages import FORMULA

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [
    notebook.relative_to(ROOT)
    for folder in (ROOT / "notebooks", ROOT / "notebooks" / "solutions")
    for notebook in sorted(folder.glob("[0-9]*.ipynb"))
]


class Page(HTMLParser):
    """What a page links to, what it loads, and the names of its parts."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.loaded, self.names, self.pictures = path, [], set(), set(), []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.add(attributes.get("id"))
        link = attributes.get("src") or attributes.get("href")
        if link and not urlsplit(link).scheme:
            self.links.append(link)
            target = (self.path.parent / unquote(urlsplit(link).path)).resolve()
            if tag in ("img", "script", "link") and attributes.get("rel") in (None, "stylesheet"):
                self.loaded.add(target)
        if tag == "img":
            self.pictures.append(attributes)


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


# What stops it


@pytest.fixture
def project(tmp_path):
    """A small project of two pages and a notebook, without a package."""
    (tmp_path / "README.md").write_text("# Title\n\n[One](notebooks/01_one.ipynb)\n")
    (tmp_path / "CONTRIBUTING.md").write_text("# Contributing\n\n[Back](README.md)\n")
    notebook = nbformat.v4.new_notebook()
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "a", "version_major": 2}}
    html = {"text/html": "<iframe srcdoc='<b>live</b>'></iframe>", "text/plain": "plain"}
    shown = nbformat.v4.new_output("display_data", widget | html)
    notebook.cells = [nbformat.v4.new_markdown_cell("# One\n\nText, $x$.")]
    notebook.cells += [nbformat.v4.new_code_cell("1", execution_count=1, outputs=[shown])]
    state = {"a": {"model_name": "A", "model_module": "b", "state": {}}}
    content = {"version_major": 2, "version_minor": 0, "state": state}
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": content}
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "01_one.ipynb")
    return tmp_path


def test_html_is_shown_rather_than_a_widget_and_no_script_from_elsewhere(project):
    website.build(project, project / "site", "", {})
    text = (project / "site" / "notebooks" / "01_one.html").read_text()
    assert "<iframe srcdoc='<b>live</b>'>" in text and "widget-view" not in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", text)
    assert "mybinder" not in text


def test_links_to_sections_as_in_jupyterlab_lead_to_the_same_sections(project):
    path = project / "notebooks" / "01_one.ipynb"
    notebook = nbformat.read(path, 4)
    text = "[here](#The-loss,-line-by-line)\n\n## The loss, line by line"
    notebook.cells.append(nbformat.v4.new_markdown_cell(text))
    nbformat.write(notebook, path)
    with (project / "README.md").open("a") as readme:
        readme.write("\n[there](notebooks/01_one.ipynb#The-loss,-line-by-line)\n")
    website.build(project, project / "site", "", {})
    page = Page(project / "site" / "notebooks" / "01_one.html")
    assert "#the-loss-line-by-line" in page.links and "the-loss-line-by-line" in page.names
    there = "notebooks/01_one.html#the-loss-line-by-line"
    assert there in Page(project / "site" / "index.html").links


def figures(project, *alternatives):
    """Give the notebook figures of one size each, in one cell, with alternatives or None."""
    path, outputs = project / "notebooks" / "01_one.ipynb", []
    for size, alt in enumerate(alternatives, start=5):
        file = io.BytesIO()
        Image.new("L", (size, size)).save(file, "PNG")
        content = {"image/png": b64encode(file.getvalue()).decode()}
        metadata = {"image/png": {"alt": alt}} if alt else {}
        outputs.append(nbformat.v4.new_output("display_data", content, metadata=metadata))
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("## Two clouds"))
    notebook.cells.append(nbformat.v4.new_code_cell("2", outputs=outputs))
    nbformat.write(notebook, path)


def test_without_a_repository_a_notebook_is_offered_as_it_is_and_not_on_colab(project):
    website.build(project, project / "site", "", {})
    page = Page(project / "site" / "notebooks" / "01_one.html")
    (link,) = [link for link in page.links if link.endswith(".ipynb")]
    committed = project / "notebooks" / "01_one.ipynb"
    assert (page.path.parent / link).read_bytes() == committed.read_bytes()
    assert "colab" not in page.text and "mybinder" not in page.text


def test_code_has_a_button_to_copy_it_and_no_script_for_it_comes_from_elsewhere(project):
    website.build(project, project / "site", "", {})
    page = Page(project / "site" / "notebooks" / "01_one.html")
    names = {path.name for path in page.loaded}
    assert {"copybutton.js", "clipboard.min.js", "copybutton.css"} <= names


@pytest.fixture
def called(monkeypatch):
    """A function that runs the installation cell, and returns what it asks IPython for."""

    def run(installed, on_colab):
        source = "".join(portable.installation_cell("owner/name")["source"])
        shell, calls = types.SimpleNamespace(), []
        shell.system = lambda line: calls.append(f"!{line}")
        shell.run_line_magic = lambda name, line: calls.append(f"%{name} {line}")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: installed or None)
        monkeypatch.setattr(sys, "path", list(sys.path))
        if on_colab:
            monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
        code = TransformerManager().transform_cell(source)
        exec(code, {"get_ipython": lambda: shell})
        return calls

    return run


def test_on_colab_the_package_is_installed_without_what_it_requires(called):
    assert called(installed=False, on_colab=True) == [
        "!git clone --quiet --depth 1 https://github.com/owner/name vaelib-course",
        "%pip install --quiet --no-deps --editable vaelib-course",
    ]
    assert sys.path[0] == "vaelib-course"


def test_where_the_package_is_nothing_is_installed(called):
    assert called(installed=True, on_colab=True) == called(installed=True, on_colab=False) == []


def test_elsewhere_a_sentence_says_where_the_package_is(called):
    with pytest.raises(
        ModuleNotFoundError, match=r"get the course from https://github\.com/owner/n"
    ):
        called(installed=False, on_colab=False)


def test_a_figure_keeps_the_alternative_that_its_notebook_gives(project):
    alternatives = ["Two clouds of dots, far apart.", 'A "ring" < a disc & a dot.']
    figures(project, *alternatives)
    website.build(project, project / "site", "", {})
    shown = Page(project / "site" / "notebooks" / "01_one.html").pictures
    assert [picture["alt"] for picture in shown] == alternatives


def test_a_figure_without_an_alternative_is_not_published(project, capfd):
    figures(project, "Two clouds of dots, far apart.", None)
    with pytest.raises(SystemExit, match="not built, for the reasons above"):
        website.build(project, project / "site", "", {})
    said = capfd.readouterr().err
    assert "01_one.ipynb" in said and "A figure in the section 'Two clouds' has no text" in said
    assert said.count("lesson.show(figure, alt)") == 1


def test_a_film_stands_still(project):
    pictures = [Image.new("L", (9, 9), gray) for gray in (0, 99, 200)]
    pictures[0].save(project / "film.webp", save_all=True, append_images=pictures[1:])
    with (project / "README.md").open("a") as readme:
        readme.write("\n![A square grows lighter](film.webp)\n")
    website.build(project, project / "site", "", {})
    with Image.open(project / "site" / "_images" / "film.webp") as shown:
        assert shown.n_frames == 1 and shown.size == (9, 9)


BREAKAGES = {
    "README.md": "[lost](lost.md)",
    "CONTRIBUTING.md": "[lost](README.md#lost)",
    "notebooks/01_one.ipynb": None,
    "vaelib/module.py": "",
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_broken_is_not_published(project, name, capfd):
    (project / "vaelib").mkdir()
    (project / "site").mkdir()
    (project / "site" / "index.html").write_text("as it was")
    if name.endswith("ipynb"):
        text = (project / name).read_text().replace("Text, $x$", "![lost](lost.png)")
        (project / name).write_text(text)
    else:
        with (project / name).open("a") as file:
            file.write(f"\n{BREAKAGES[name]}\n")
    with pytest.raises(SystemExit, match=r"not built, for the reasons above|lacks module"):
        website.build(project, project / "site", "", {})
    assert "lost" in capfd.readouterr().err or "module" in name
    assert (project / "site" / "index.html").read_text() == "as it was"


def test_repository_is_checked_and_its_lack_is_said(monkeypatch):
    built = []
    monkeypatch.setattr(website, "build", lambda *given: built.append(given[2]))
    monkeypatch.setattr(website.explorers, "make", dict)
    run = CliRunner().invoke
    for name in ("owner", "https://github.com/owner/name", "owner/name/", "owner/na me"):
        result = run(website.main, env={"GITHUB_REPOSITORY": name})
        assert result.exit_code == 1 and f"The repository is {name!r}" in result.output
    assert not built
    assert "no links to Binder" in run(website.main, env={"GITHUB_REPOSITORY": ""}).output
    assert "Binder" not in run(website.main, env={"GITHUB_REPOSITORY": "o-1/n.a_m-e"}).output
    assert built == ["", "o-1/n.a_m-e"]
