"""Figures with text alternatives, and the notes on other settings and on what is skipped."""

from types import SimpleNamespace

import nbformat
import numpy as np
import papermill
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient

from vaelib.commands.notebook_kernel import KERNEL_OPTIONS
from vaelib.explorer import posterior_grid
from vaelib.models import VAE
from vaelib.support import lesson

ALT = "A line that rises from the lower left\n    to the upper right."


def test_a_figure_is_stored_with_its_text_alternative(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # with the one of the tests, none is shown
    code = f"""
from vaelib import plotting
from vaelib.support import lesson
figure = plotting.curves(("x", "y", [0, 1], {{"a line": [0, 1]}}))
lesson.show(figure, {ALT!r})"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, **KERNEL_OPTIONS).execute()
    [output] = notebook.cells[0].outputs
    assert output.data["image/png"]
    words = "A line that rises from the lower left to the upper right."
    assert output.metadata["image/png"]["alt"] == words


@pytest.mark.parametrize("alt", ["", "Figure 3", "the latent space", None, 7])
def test_an_uninformative_text_alternative_is_refused(alt):
    with pytest.raises(ValueError, match="expected a sentence on what is seen"):
        lesson.show(Figure(), alt)


def test_unchanged_settings_print_nothing(capsys):
    lesson.note_changed_settings({"epochs": 4, "seed": 0, "other": 1}, epochs=4, seed=0)
    assert capsys.readouterr().out == ""


def test_changed_settings_are_printed_with_the_original_ones(capsys):
    given = {"dataset_name": "faces", "epochs": 1, "seed": 0}
    lesson.note_changed_settings(given, dataset_name="fashion_mnist", epochs=4, seed=0)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("The text was written for dataset_name = 'fashion_mnist', epochs = 4. ")
    assert "Here dataset_name = 'faces', epochs = 1:" in line and "seed" not in line


@pytest.mark.parametrize("added", ["latent_dim = 3\n", "epochs = 1\nlatent_dim = 3\nlimt = 10\n"])
def test_a_setting_that_papermill_added_and_the_lesson_does_not_have_is_refused(added, monkeypatch):
    cells = ["", "epochs = 4", f"# Parameters\n{added}", "lesson.note_changed_settings(...)"]
    shell = SimpleNamespace(user_ns={"In": cells})
    monkeypatch.setattr(lesson, "get_ipython", lambda: shell)
    with pytest.raises(ValueError, match=r"no parameter latent_dim.*: expected o"):
        lesson.note_changed_settings({"epochs": 4}, epochs=4)
    shell.user_ns["In"].append("# Parameters\nepochs = 4\n")  # the notebook was executed again
    lesson.note_changed_settings({"epochs": 4}, epochs=4)


def test_papermill_does_not_get_past_an_unknown_setting(tmp_path):
    cells = ["from vaelib.support import lesson", "epochs: int = 4  # passes"]
    cells += ["lesson.note_changed_settings(globals(), epochs=4)", "print('trained')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    files = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    how = dict(progress_bar=False, language="python", **KERNEL_OPTIONS)
    with pytest.raises(papermill.PapermillExecutionError, match="no parameter latent_dim"):
        papermill.execute_notebook(*files, {"latent_dim": 3}, **how)
    assert not nbformat.read(files[1], as_version=4).cells[-1].outputs
    done = papermill.execute_notebook(*files, {"epochs": 4}, **how)
    assert done.cells[-1].outputs[0].text == "trained\n"


@pytest.mark.parametrize(
    "name, usual, wrong",
    [
        ("epochs", 4, [0, 2.5, "2", None, True]),
        ("seed", 0, [-1, 2**32]),
        ("limit", None, [0, "50", 2.0]),
        ("step", 0.04, [0, -1, float("nan"), "0.1", None]),
        ("step", None, [0, "0.1"]),
        ("size", 32, [7, 129]),
        ("folder", "emoji", [None, 7, ""]),
    ],
)
def test_a_value_that_no_lesson_takes_is_refused(name, usual, wrong):
    lesson.note_changed_settings({name: usual}, **{name: usual})
    for value in wrong:
        with pytest.raises((ValueError, TypeError), match=f"^{name} must be "):
            lesson.note_changed_settings({name: value}, **{name: usual})


def test_ranges_hold_at_their_ends_and_not_outside():
    for value in (0.02, 0.5, None):
        lesson.check_ranges({"step": value}, step=(0.02, 0.5))
    for value, words in [(0.51, "a number from 0.02 to 0.5, not 0.51"), (0.01, "0.02 or more")]:
        with pytest.raises(ValueError, match=f"^step must be .*{words}"):
            lesson.check_ranges({"step": value}, step=(0.02, 0.5))
    with pytest.raises(ValueError, match="dataset_name must be one of a, b, not 'c'"):
        lesson.check_ranges({"dataset_name": "c"}, dataset_name=("a", "b"))


def test_a_name_that_is_also_a_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lesson.check_unambiguous("faces")
    (tmp_path / "faces").mkdir()
    with pytest.raises(ValueError, match=r"write './faces' for your own images"):
        lesson.check_unambiguous("faces")


@pytest.mark.parametrize("trained", [False, True], ids=["wide posteriors", "narrow posteriors"])
def test_the_grid_of_a_page_becomes_coarser_until_the_page_can_hold_it(trained, faces, capsys):
    model = VAE()
    if trained:  # a decoder that tells codes apart makes posteriors narrow
        for weights in model.decoder.weights:
            weights.assign(20 * weights)
    images = np.concatenate([faces.test_images] * 17)[:1000]
    step = lesson.step_for_page([SimpleNamespace(model=model)], images, 0.1)
    found = posterior_grid.true_posteriors(model, images, step)
    assert len(found.cell) <= posterior_grid.MAX_CELLS
    said = capsys.readouterr().out
    if trained:
        assert step == 0.1 and said == ""
    else:
        assert step > 0.1 and said == (
            f"The posteriors are wide, so the grid of the page has a step of {step:.2f}.\n"
        )
        with pytest.warns(UserWarning, match="so wide that a page could hold them only with"):
            posterior_grid.true_posteriors(model, images, 0.1)


def test_an_unknown_setting_raises():
    with pytest.raises(KeyError):
        lesson.note_changed_settings({"epochs": 4}, step=0.04)


def test_a_two_dimensional_latent_space_is_not_worth_a_word(capsys):
    assert lesson.has_two_dimensions(2)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("latent_dim", [1, 3, 20])
def test_what_needs_two_dimensions_is_skipped_with_one_sentence(latent_dim, capsys):
    assert not lesson.has_two_dimensions(latent_dim, "the explorer")
    words = "the explorer needs a two-dimensional latent space and latent_dim is"
    assert capsys.readouterr().out == f"Skipped, because {words} {latent_dim}.\n"


@pytest.mark.parametrize(("latent_dim", "said"), [(2, ""), (3, "latent_dim = 2 and not 3.\n")])
def test_a_loaded_run_of_other_dimensions_is_noted(latent_dim, said, capsys):
    lesson.note_latent_dim(SimpleNamespace(recipe=SimpleNamespace(latent_dim=2)), latent_dim)
    printed = capsys.readouterr().out
    assert printed.endswith(said) and bool(printed) == bool(said)
