"""Figures with text alternatives, and the notes on other settings and on what is skipped."""

from types import SimpleNamespace

import nbformat
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient

from vaelib.commands.notebook_kernel import KERNEL_OPTIONS
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
