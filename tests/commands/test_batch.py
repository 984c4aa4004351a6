"""Batches: every combination of parameters is executed once, even if a worker is killed."""

import os
import signal
import time
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

from vaelib.__main__ import main
from vaelib.commands import batch

SOURCES = [
    "number: int = 1  # a number\nword: str = 'a'  # a word\nlog: str = ''  # a folder",
    """import os, pathlib, time
place = pathlib.Path(log, f"{number}-{word}")
place.write_text(f"{place.read_text() if place.exists() else ''}{os.getppid()} ")
time.sleep(2 if word == "slow" else 0)""",
    "print(number / (word != 'wrong'), word, os.environ['OMP_NUM_THREADS'])",
]


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """A function that writes a YAML file for a small notebook beside it."""
    monkeypatch.chdir(tmp_path.parent)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "small.ipynb")
    (tmp_path / "log").mkdir()

    def ask(log=True, **parameters):
        grid = parameters | ({"log": [str(tmp_path / "log")]} if log else {})
        text = f"notebook: small.ipynb\noutput: out\nparameters: {grid}\n"
        (tmp_path / "grid.yml").write_text(text)
        return tmp_path / "grid.yml"

    return ask


def times(tmp_path):
    """How often each combination was begun."""
    return {path.name: len(path.read_text().split()) for path in (tmp_path / "log").iterdir()}


def call(file, *options):
    return CliRunner().invoke(main, ["batch", str(file), *options])


def test_every_combination_is_executed_once_and_linked(ask, tmp_path):
    file = ask(number=[1, 2], word=["a", "b"])
    done = call(file, "--kernels", "2")
    assert done.exit_code == 0, done.output
    assert times(tmp_path) == {"1-a": 1, "1-b": 1, "2-a": 1, "2-b": 1}
    executed = sorted(tmp_path.glob("out/*.ipynb"))
    assert len(executed) == 4
    index = (tmp_path / "out" / "index.html").read_text()
    for path in executed:
        assert f'href="{path.name}"' in index
    # Two kernels share the cores.
    share = max(1, os.cpu_count() // 2)
    printed = {nbformat.read(path, 4).cells[-1].outputs[0].text for path in executed}
    assert printed == {f"{n / 1} {w} {share}\n" for n in (1, 2) for w in "ab"}

    again = call(ask(number=[1, 2, 3], word=["a", "b"]))
    assert "6 executions, of which 4 are done already" in again.output
    assert sum(times(tmp_path).values()) == 6


def test_the_paths_in_a_file_begin_at_its_own_folder(ask, tmp_path, monkeypatch):
    file = ask(number=[1])
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    for path in (file, Path("..", file.name)):
        [job] = batch.read(path)
        assert job.notebook == tmp_path / "small.ipynb"
        assert job.target.parent == tmp_path / "out"


def test_several_grids_are_asked_for_as_a_list(ask, tmp_path):
    (tmp_path / "grid.yml").write_text(
        "notebook: small.ipynb\noutput: out\nparameters:\n"
        "  - {number: [1, 2], word: [a]}\n  - {number: [3]}\n"
    )
    jobs = batch.read(tmp_path / "grid.yml")
    assert [job.parameters for job in jobs] == [
        *({"number": 1, "word": "a"}, {"number": 2, "word": "a"}, {"number": 3}),
    ]
    batch.write_index(jobs, [])
    index = (tmp_path / "out" / "index.html").read_text()
    assert index.count("<tr>") == 4
    assert "<th>number</th><th>word</th>" in index


def test_the_example_in_the_project_asks_for_a_lesson_with_three_seeds():
    jobs = batch.read(Path(__file__).parents[2] / "notebooks" / "seeds.yml")
    assert [job.parameters for job in jobs] == [{"seed": seed} for seed in range(3)]
    assert {job.notebook.name for job in jobs} == {"01_standard_vae.ipynb"}


def test_successful_executions_are_reported_immediately(ask):
    told = []
    failed = batch.run(batch.read(ask(number=[1], word=["wrong", "right"])), on_done=told.append)
    assert [outcome.target.name.count("word=right") for outcome in told] == [1]
    assert len(failed) == 1


def test_a_changed_notebook_is_executed_again(ask, tmp_path):
    file = ask(number=[1])
    assert call(file).exit_code == 0
    notebook = nbformat.read(tmp_path / "small.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("print('more')"))
    nbformat.write(notebook, tmp_path / "small.ipynb")
    assert "of which 0 are done" in call(file).output
    assert times(tmp_path) == {"1-a": 2}


def test_failures_are_collected_and_the_rest_is_executed(ask, tmp_path):
    failed = call(ask(number=[1], word=["wrong", "right"]))
    assert failed.exit_code == 1
    assert "word=wrong" in failed.output and "In [4]: ZeroDivisionError" in failed.output
    assert "1 of 2 executions failed." in failed.output
    assert "ZeroDivisionError" in (tmp_path / "out" / "index.html").read_text()
    assert len(list(tmp_path.glob("out/*right*.ipynb"))) == 1
    assert len(list(tmp_path.glob("out/*wrong*.failed.ipynb"))) == 1
    call(tmp_path / "grid.yml")
    assert times(tmp_path) == {"1-wrong": 2, "1-right": 1}


def test_a_notebook_that_names_no_kernel_is_executed(ask, tmp_path):
    file = ask(number=[1])
    notebook = nbformat.read(tmp_path / "small.ipynb", as_version=4)
    notebook.metadata = {}
    nbformat.write(notebook, tmp_path / "small.ipynb")
    assert batch.run(batch.read(file)) == []


def test_the_number_of_threads_of_this_process_does_not_change(ask, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    [job] = batch.read(ask(number=[1]))
    assert batch.execute(job).error is None
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "TF_NUM_INTRAOP_THREADS" not in os.environ


def test_a_folder_that_cannot_be_written_is_reported(ask, tmp_path):
    [job] = batch.read(ask(number=[1]))
    (tmp_path / "out").write_text("no folder")
    assert "Error: " in batch.execute(job).error


def asking(parameters, notebook="small.ipynb", output="out"):
    return f"notebook: {notebook}\noutput: {output}\nparameters: {parameters}\n"


BOMB = "[&a [x, x], &b [*a, *a], &c [*b, *b], *c]"
REFUSALS = {
    "notebook: small.ipynb": "holds notebook: expected notebook, output, parameters.",
    "[1, 2": "can't be read as YAML: expected ',' or ']', but got '<stream end>', in line 1.",
    "\x07": "can't be read as YAML: ",
    200 * "[[[[[": "can't be read as YAML: it is nested too deeply.",
    asking("{number: !!timestamp x}"): "can't be read as YAML: ",
    asking("{number: [1]}") + "output: in": "found the key 'output' more than once",
    asking("{number: [1], number: [2]}"): "found the key 'number' more than once",
    asking(f"{{number: {BOMB}}}"): "found the alias *a where a value should be written out, in",
    asking("{}", notebook="none.ipynb"): "none.ipynb, which does not exist",
    asking("{}", notebook=""): "notebook as None: expected a path",
    asking("{}", notebook="."): "which does not exist",
    asking("{}", notebook="empty.ipynb"): "is not a notebook (Notebook could not be converted",
    asking("{}", notebook="list.ipynb"): "is not a notebook ('list' object has no attribute",
    asking("{}", notebook="grid.yml"): "is not a notebook (Notebook does not appear to be JSON",
    asking("{}", notebook="untagged.ipynb"): "untagged.ipynb has no cell with the tag 'parameters'",
    asking("{}", output=""): "output as None: expected a path",
    asking("{}", output="''"): "output as '': expected a path",
    asking("{}", output="[out]"): "output as ['out']: expected a path",
    asking("{}", output="small.ipynb"): "small.ipynb, which is not a folder",
    asking("{numbre: [1]}"): "numbre, but the notebook has number, word, log.",
    asking("{1: [1]}"): "1, but the notebook has number, word, log.",
    asking("[number]"): "'number': expected names",
    asking("[]"): "[]: expected names",
    asking("{number: 1}"): "number as 1: expected a list",
    asking("{number: []}"): "number as []: expected a list",
    asking("{number: [1, 1]}"): '{"number": 1} more than once',
    asking("[{number: [1, 2]}, {number: [2]}]"): '{"number": 2} more than once',
    asking("{number: [2024-01-31]}"): "number the value datetime.date(2024, 1, 31): expected a num",
    asking("{number: [[1, {a: 2024-01-31}]]}"): "expected a number, a string, true, false, null",
    asking("{number: [.nan]}"): "number the value nan: expected a number",
    asking("{number: [{1: 2}]}"): "number the value {1: 2}: expected a number",
    asking("{word: [!!binary aGk=]}"): "word the value b'hi': expected a number",
    asking(f"{{number: {[*range(3000)]}, word: {[*range(3000)]}}}"): (
        "asks for 9,000,000 combinations of parameters, expected 10,000 at most"
    ),
    asking(f"[{{number: {[*range(10_000)]}}}, {{word: [a]}}]"): "asks for 10,001 combinations",
}


@pytest.mark.parametrize("text", REFUSALS, ids=range(len(REFUSALS)))
def test_invalid_batch_files_are_refused_before_anything_starts(ask, tmp_path, text):
    file = ask()
    (tmp_path / "empty.ipynb").write_text("{}")
    (tmp_path / "list.ipynb").write_text("[]")
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "untagged.ipynb")
    file.write_text(text)
    with pytest.raises(ValueError) as refused:
        batch.read(file)
    assert REFUSALS[text] in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_refusal_is_a_message_on_the_command_line(ask, tmp_path):
    refused = call(ask(numbre=[1]))
    assert refused.exit_code == 1
    file = tmp_path / "grid.yml"
    known = "number, word, log"
    said = f"Error: {file} gives parameters numbre, but the notebook has {known}.\n"
    assert refused.output == said
    assert not (tmp_path / "out").exists()


def test_no_kernels_are_refused(ask):
    jobs = batch.read(ask(number=[1]))
    with pytest.raises(ValueError, match="kernels must be an integer, 1 or more, not 0"):
        batch.run(jobs, kernels=0)


def test_the_work_of_a_killed_worker_is_done_by_another(ask, tmp_path):
    jobs = batch.read(ask(number=[1, 2, 3, 4], word=["slow"]))
    one_each = dict(n_workers=2, threads_per_worker=1, memory_limit=0)
    with LocalCluster(dashboard_address=None, **one_each) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

        def kill_when_it_works():
            while not any((tmp_path / "log").iterdir()):
                time.sleep(0.1)
            begun = next((tmp_path / "log").iterdir())
            while not (text := begun.read_text()):
                time.sleep(0.1)
            os.kill(int(text.split()[0]), signal.SIGKILL)
            return int(text.split()[0])

        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor() as threads:
            killer = threads.submit(kill_when_it_works)
            failed = batch.run(jobs, scheduler=cluster.scheduler_address)
        assert killer.result() in pids
    assert failed == []
    assert len(list(tmp_path.glob("out/*.ipynb"))) == 4
    assert sum(times(tmp_path).values()) >= 5  # the killed one was begun twice


def test_no_file_of_another_program_is_replaced(ask, tmp_path):
    file = ask(number=[1], word=["a"])
    [job] = batch.read(file)
    for name in (job.target.name, job.target.with_suffix(".failed.ipynb").name, "index.html"):
        place = tmp_path / "out" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text("mine")
        refused = call(file)
        words = f"would replace {place}, which was not written by this command: name another"
        assert refused.exit_code == 1 and words in refused.output
        assert refused.output.count("\n") == 1
        assert place.read_text() == "mine"
        place.unlink()
    assert call(file).exit_code == 0


def test_a_notebook_does_not_replace_itself(ask, tmp_path):
    file = ask(log=False)
    (tmp_path / "small.ipynb").rename(tmp_path / "as-it-is.ipynb")
    text = "notebook: as-it-is.ipynb\noutput: .\nparameters: {}\n"
    file.write_text(text)
    before = (tmp_path / "as-it-is.ipynb").read_bytes()
    refused = call(file)
    assert refused.exit_code == 1 and "would replace" in refused.output
    assert (tmp_path / "as-it-is.ipynb").read_bytes() == before
    file.write_text(text.replace("output: .", "output: out"))
    assert batch.read(file)


def test_an_executed_notebook_holds_no_absolute_path(ask, tmp_path):
    file = ask(log=False, number=[1], word=["right", "wrong"])
    notebook = nbformat.read(tmp_path / "small.ipynb", as_version=4)
    notebook.cells[1].source = "import os"
    nbformat.write(notebook, tmp_path / "small.ipynb")
    assert call(file).exit_code == 1  # one of them fails
    executed = list((tmp_path / "out").glob("*.ipynb"))
    assert {path.name.endswith(".failed.ipynb") for path in executed} == {True, False}
    for path in executed:
        papermill = nbformat.read(path, as_version=4).metadata.papermill
        assert not {Path(papermill[key]).parent for key in ("input_path", "output_path")} - {Path()}
        assert str(tmp_path) not in path.read_text(encoding="utf-8")
    assert call(file).exit_code == 1  # the notebook that failed may be replaced
