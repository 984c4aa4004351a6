"""What readers meet in JupyterLab: notebook 01, pairs that stay in step, outputs that are shown."""

import json
import re

import jupytext
import lab
import nbformat
import pytest
from playwright.sync_api import expect
from quick import PARAMETERS

pytestmark = pytest.mark.slow
FRAME = "<iframe srcdoc='<p>alive</p>'></iframe>"
WORDS = "in_the_lab = 42"


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The notebooks' folder of a copy of the project. A page in a page is among 02's outputs."""
    project = lab.copy_project(tmp_path_factory.mktemp("lab") / "project")
    path = project / "notebooks" / "02_mmd_vae.ipynb"
    notebook = nbformat.read(path, as_version=4)
    frame = nbformat.v4.new_output("display_data", {"text/html": FRAME, "text/plain": "a page"})
    next(cell for cell in notebook.cells if cell.cell_type == "code").outputs.append(frame)
    nbformat.write(notebook, path)
    return path.parent


@pytest.fixture(scope="module")
def address(browser, notebooks):
    with lab.running(notebooks.parent) as address:
        yield address


@pytest.fixture(scope="module")  # loading it takes seconds
def page(browser, address):
    """JupyterLab as `make lab` opens it, in one window for all tests, as a reader has it."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"{address}&reset")
    lab.panel(page)
    yield page
    page.close()


def test_make_lab_opens_the_first_notebook_and_nothing_in_front_of_it(page, address):
    assert "/lab/tree/notebooks/00_faces.ipynb?" in address
    assert page.locator(".lm-TabBar-tab.jp-mod-current").inner_text() == "00_faces.ipynb"
    page.get_by_role(
        "heading", name="Faces: what does a network find if we do not tell it what to look for?"
    ).first.wait_for()
    lab.ready(page)  # by now all that starts has said what it had to say
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []
    own = re.compile("(https?://localhost:|data:|blob:)")
    assert [url for url in page.asked if not own.match(url)] == []


@pytest.mark.parametrize("name", ["02_mmd_vae.ipynb", "02_mmd_vae.py"])
def test_committed_outputs_are_trusted_from_either_file(page, name):
    panel = lab.open_file(page, f"notebooks/{name}")
    panel.frame_locator("iframe").get_by_text("alive").wait_for()


def test_the_text_of_a_notebook_opens_as_one_and_other_text_as_text(page, notebooks):
    cells = len(jupytext.read(notebooks / "02_mmd_vae.py").cells)
    notebook = lab.open_file(page, "notebooks/02_mmd_vae.py")
    expect(notebook.locator(".jp-Cell")).to_have_count(cells)
    assert page.locator(".jp-mod-dirty").count() == 0  # opening it changes nothing
    text = lab.open_file(page, "vaelib/mmd.py")
    expect(text).to_contain_text("maximum mean discrepancy")
    assert text.locator(".jp-Cell").count() == 0


def test_all_notebooks_and_no_other_python_have_names_that_open_as_notebooks(notebooks):
    plugin = lab.EXTENSION / "plugin.js"
    [pattern] = re.findall(r'pattern: ("\^.+\$")', plugin.read_text(encoding="utf-8"))
    for path in notebooks.parent.rglob("*.py"):
        opens = re.search(json.loads(pattern), path.name) is not None
        assert opens == (path.parent in (notebooks, notebooks / "solutions")), path.name


@pytest.mark.parametrize(
    ("edited", "other"), [("03_mnist.ipynb", "03_mnist.py"), ("03_mnist.py", "03_mnist.ipynb")]
)
def test_what_is_saved_in_one_file_of_a_pair_is_in_the_other(page, notebooks, edited, other):
    def content(name):
        return [(cell.cell_type, cell.source) for cell in jupytext.read(notebooks / name).cells]

    def outputs():
        cells = nbformat.read(notebooks / "03_mnist.ipynb", as_version=4).cells
        return [cell.outputs for cell in cells if cell.cell_type == "code"]

    words = f"{WORDS}  # in {edited}"
    before, shown = content(other), outputs()
    cell = lab.open_file(page, f"notebooks/{edited}").locator(".jp-CodeCell .cm-content").first
    cell.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type(f"{words}\n")
    lab.save(page)
    after = content(other)
    assert after == content(edited)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [(("code", old), ("code", f"{words}\n{old}")) for (_, old), _ in changed[:1]]
    assert outputs() == shown


def test_notebook_00_runs_from_top_to_bottom_and_shows_its_figures(page, address, notebooks):
    path = notebooks / "00_faces.ipynb"
    notebook = nbformat.read(path, as_version=4)
    expected = figures(notebook)
    [parameters] = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    for cell in notebook.cells:  # so that what is seen in the end is new
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    script = path.with_suffix(".py")  # edited as text, beside JupyterLab
    quick = "\n".join(f"{name} = {value!r}" for name, value in PARAMETERS.items())
    text = script.read_text().replace(parameters.source, f"{parameters.source}\n{quick}")
    script.write_text(text)

    page.goto(f"{address}&reset")
    lab.panel(page)
    lab.run_all(page, seconds=300)
    assert lab.failures(page).all_text_contents() == []
    shown = page.locator(".jp-OutputArea-output img")
    widths = shown.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(widths) == expected > 5 and min(widths) > 100

    lab.save(page)
    assert figures(nbformat.read(path, as_version=4)) == expected
    assert script.read_text() == text


def figures(notebook):
    """How many there are among the outputs of a notebook."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


WALK = """from vaelib import data, explorer, runs
pair = [runs.load(f"mnist_{name}_50-epochs") for name in ("elbo", "post-mmd")]
walk = explorer.compare(*pair, dataset=data.render_faces(40, 60))
walk
---
live = walk.live()
live.points = [[1.0, -0.5], [0.0, 0.0]]  # before there is anything to be seen
live
---
live.points = [[1.0, -0.5], [0.25, 0.0]]
---
live.points"""


def test_the_explorer_works_in_a_frame_and_live(page, address, notebooks):
    cells = [nbformat.v4.new_code_cell(source) for source in WALK.split("\n---\n")]
    name = "walk.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3"}  # else it would be asked for
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, notebooks / name)
    page.goto(f"{address}&reset")
    lab.panel(page)
    walk = lab.open_file(page, f"notebooks/{name}")
    lab.run_all(page, seconds=120)
    assert lab.failures(page).all_inner_texts() == []

    framed = walk.frame_locator("iframe").first  # the first notebook, which is open too, has one
    framed.locator(".plane").first.focus()
    page.keyboard.press("ArrowRight")
    expect(framed.locator(".said").first).to_contain_text("Decoded at (0.10, 0.00)")

    # The widget is where Python put it, and Python knows where the reader went.
    said = page.locator(".vaelib-explorer .said")
    expect(said.nth(0)).to_contain_text("Decoded at (1.00, −0.50)")
    expect(said.nth(1)).to_contain_text("Decoded at (0.25, 0.00)")
    page.locator(".vaelib-explorer .plane").nth(1).focus()
    page.keyboard.press("ArrowUp")
    expect(said.nth(1)).to_contain_text("Decoded at (0.25, 0.10)")
    page.wait_for_timeout(300)  # it is told when the point rests
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-CodeCell .jp-OutputArea-output").last).to_contain_text("0.1]]")
