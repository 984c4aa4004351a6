"""tools/website/build.py in a small project: what it writes, and what stops it."""

import io
import re
from base64 import b64encode

import nbformat
import pytest
from click.testing import CliRunner
from html_page import Page
from PIL import Image

from tools.website import build as website


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
