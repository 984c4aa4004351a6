"""Lessons 01 to 03 run with any number of latent dimensions, and say what they skip."""

import jupytext
import pytest
import quick

LESSONS = {path.stem[:2]: path for path in quick.LESSONS}
# First words of cells that take long and do the same in any number of dimensions: examples in two
# dimensions and tables of committed runs.
SLOW = "def mmd2_by_waves", "shifts = ", "rows = {}", "pd.DataFrame(rows)"


# These find each kind of break: a single dimension cannot be projected to a plane, and with more
# than two, shapes do not match.
@pytest.mark.parametrize(
    ("lesson", "latent_dim"),
    [
        ("01", 1),
        ("02", 20),
        pytest.param("01", 3, marks=pytest.mark.slow),
        pytest.param("03", 1, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_what_needs_two_dimensions_is_skipped_and_the_rest_is_shown(lesson, latent_dim, tmp_path):
    notebook, source = jupytext.read(LESSONS[lesson]), tmp_path / f"{lesson}.ipynb"
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(SLOW)]
    for cell in notebook.cells:
        cell.source = cell.source.replace("range(300)", "range(3)")
    jupytext.write(notebook, source)
    given = {"dataset_name": "faces", "epochs": 1, "limit": 100, "latent_dim": latent_dim}
    executed = quick.execute(source, tmp_path / "executed.ipynb", given, tmp_path / "runs")
    code = "".join(cell.source for cell in executed.cells if cell.cell_type == "code")
    text = "".join(output.get("text", "") for output in quick.outputs(executed))
    skipped = text.count(f"two-dimensional latent space and latent_dim is {latent_dim}.")
    assert skipped == code.count("lesson.has_two_dimensions(latent_dim") > 0
    loaded = text.count(f"so they have latent_dim = 2 and not {latent_dim}.")
    assert loaded == code.count("lesson.note_latent_dim(")
    figures = len(list(quick.pictures(executed)))
    skipped_figures = skipped - code.count('latent_dim, "')  # without the explorer and a sum
    assert figures == code.count("lesson.show(") - skipped_figures
