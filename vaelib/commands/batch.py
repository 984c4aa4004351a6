"""Execute a notebook over a grid of parameters, on this machine or on a Dask cluster.

A YAML file specifies the executions:

    notebook: 01_standard_vae.ipynb
    output: ../build/seeds
    parameters:
      dataset_name: [fashion_mnist, mnist]
      seed: [0, 1, 2]

Paths are relative to the folder of this file. For every combination of the parameters, an executed
notebook is written to the output folder. In this example there are six. `parameters` may also be a
list of several grids. Combinations that were executed before are skipped. Files that another
program wrote are not replaced. If a worker dies, another one repeats its work. The file
`notebooks/seeds.yml` is an example that can be executed as it is.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from reprlib import repr as shortened

import nbformat
import papermill
from distributed import Client, Future, LocalCluster, as_completed
from papermill.exceptions import PapermillExecutionError
from papermill.translators import PythonTranslator
from tqdm.auto import tqdm

from vaelib.commands import outputs, parameter_grid
from vaelib.commands.notebook_kernel import KERNEL_OPTIONS
from vaelib.support.errors import check_integer
from vaelib.support.files import write_atomically

KEYS = {"notebook", "output", "parameters"}
GENERATOR = '<meta name="generator" content="vaelib batch">'  # in every index page of this command


@dataclass(frozen=True)
class Job:
    """One execution of a notebook.

    Attributes:
        notebook: Path of the notebook.
        parameters: Value of each parameter.
        target: Path of the executed notebook.
        source_hash: SHA-256 of the notebook in hexadecimal.
        threads: Number of threads that the kernel may use, 1 or more.
    """

    notebook: Path
    parameters: dict
    target: Path
    source_hash: str
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """The result of an execution.

    Attributes:
        target: Path of the executed notebook.
        cell: Execution number of the cell that failed, or None.
        error: Type and message of the error, or None if the execution was successful.
    """

    target: Path
    cell: int | None = None
    error: str | None = None


def read(path: str | Path) -> list[Job]:
    """Read a YAML file and return the jobs that it specifies, without executing them.

    Raises:
        ValueError: If the file does not exist or is not as described above, if the notebook lacks
            one of the parameters, or if a file of another program would be replaced.
    """
    path = Path(path)
    asked = parameter_grid.read(path)
    if not isinstance(asked, dict) or set(asked) != KEYS:
        found = ", ".join(map(str, asked)) if isinstance(asked, dict) else shortened(asked)
        raise ValueError(f"{path} holds {found}: expected {', '.join(sorted(KEYS))}.")
    notebook, output = (_beside(path, name, asked[name]) for name in ("notebook", "output"))
    if not notebook.is_file():
        raise ValueError(f"{path} names the notebook {notebook}, which does not exist.")
    if output.exists() and not output.is_dir():
        raise ValueError(f"{path} names the output {output}, which is not a folder.")
    found = parameter_grid.expand(asked["parameters"], _parameters_of(notebook), path)
    digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
    jobs = [
        Job(notebook, combination, output / f"{name}.ipynb", digest)
        for combination, name in zip(found, parameter_grid.file_names(found), strict=True)
    ]
    for job in jobs:
        outputs.check_ours(path, job.target, _metadata(job.target).get("batch") is not None)
        failed = _metadata(_failed(job)).get("papermill", {})
        outputs.check_ours(path, _failed(job), failed.get("parameters") == job.parameters)
    index = output / "index.html"
    ours = index.is_file() and GENERATOR in index.read_text("utf-8", errors="replace")
    outputs.check_ours(path, index, ours)
    return jobs


def _metadata(notebook: Path) -> dict:
    """Return the metadata of a notebook, or none if there is no notebook of this name."""
    try:
        return nbformat.read(notebook, as_version=4).metadata
    except Exception:  # missing, or not a notebook; nbformat raises many different types
        return {}


def _failed(job: Job) -> Path:
    """Return the path of a notebook whose execution failed or is not finished."""
    return job.target.with_suffix(".failed.ipynb")


def _beside(path: Path, name: str, place: object) -> Path:
    """Resolve a path that is relative to the folder of the file `path`."""
    if not isinstance(place, str) or not place:
        raise ValueError(f"{path} gives {name} as {place!r}: expected a path.")
    return (path.parent / place).resolve()


def _parameters_of(notebook: Path) -> list[str]:
    """Return the names of the parameters of a notebook."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
        tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    except Exception as error:  # nbformat raises many different types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{notebook} is not a notebook ({reason}): choose one that Jupyter can open."
        ) from None
    if not tagged:
        raise ValueError(
            f"{notebook.name} has no cell with the tag 'parameters': add it to the cell that "
            "defines the default values of the parameters."
        )
    return [parameter.name for parameter in PythonTranslator.inspect(tagged[0])]


def is_done(job: Job) -> bool:
    """Return whether the current notebook was executed completely with these parameters."""
    expected = {"source": job.source_hash, "parameters": job.parameters}
    return _metadata(job.target).get("batch") == expected


def execute(job: Job) -> Outcome:
    """Execute a job in a new kernel. A failure is returned as an outcome, not raised."""
    names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(job.threads)))  # the kernel inherits them
    try:
        return _executed(job)
    except PapermillExecutionError as error:
        return Outcome(job.target, error.exec_count, f"{error.ename}: {error.evalue}")
    except Exception as error:  # for example a dead kernel or a full disk
        return Outcome(job.target, None, f"{type(error).__name__}: {error}")
    finally:  # later child processes of this process may use all cores again
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _executed(job: Job) -> Outcome:
    job.target.parent.mkdir(parents=True, exist_ok=True)
    failed = _failed(job)
    how = {"progress_bar": False, "language": "python"} | KERNEL_OPTIONS
    try:
        notebook = papermill.execute_notebook(job.notebook, failed, job.parameters, **how)
    except PapermillExecutionError:
        notebook = nbformat.read(failed, as_version=4)
        write_atomically(failed, nbformat.writes(_without_paths(notebook, job)).encode())
        raise
    _without_paths(notebook, job)
    notebook.metadata["batch"] = {"source": job.source_hash, "parameters": job.parameters}
    write_atomically(job.target, nbformat.writes(notebook).encode())
    failed.unlink(missing_ok=True)
    return Outcome(job.target)


def _without_paths(notebook: nbformat.NotebookNode, job: Job) -> nbformat.NotebookNode:
    """Replace the absolute paths that papermill records by the names of the files."""
    notebook.metadata["papermill"]["input_path"] = job.notebook.name
    notebook.metadata["papermill"]["output_path"] = job.target.name
    return notebook


def run(
    jobs: Sequence[Job],
    kernels: int = 1,
    scheduler: str | None = None,
    on_done: Callable[[Outcome], object] | None = None,
) -> list[Outcome]:
    """Execute all jobs that are not done yet, with a progress bar, and write an index page.

    Args:
        jobs: Jobs as returned by `read`, at least one.
        kernels: Number of kernels that run in parallel on this machine and share its cores.
        scheduler: Address of a Dask scheduler, such as tcp://host:8786, to use instead of this
            machine. Its workers need the same packages and the same folders.
        on_done: Function that is called with each successful outcome as soon as it is available.

    Returns:
        Outcomes of the jobs that failed.

    Raises:
        ValueError: If `kernels` is below 1.
        TypeError: If `kernels` is not an integer.
    """
    kernels = check_integer("kernels", kernels, 1)
    open_jobs = [job for job in jobs if not is_done(job)]
    print(
        f"{len(jobs)} executions, of which {len(jobs) - len(open_jobs)} are done already",
        flush=True,
    )
    failed = []
    if open_jobs:
        threads = max(1, (os.cpu_count() or 1) // kernels)
        with _client(kernels, scheduler) as client:
            futures = [
                client.submit(execute, replace(job, threads=threads), pure=False)
                for job in open_jobs
            ]
            bar = tqdm(as_completed(futures), total=len(futures), unit="notebook")
            by_key = {future.key: job for future, job in zip(futures, open_jobs, strict=True)}
            for future in bar:
                outcome = _outcome(future, by_key[future.key])
                if outcome.error is not None:
                    failed.append(outcome)
                elif on_done:
                    on_done(outcome)
                bar.set_description(outcome.target.stem)
    write_index(jobs, failed)
    return failed


def _outcome(future: Future, job: Job) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(job.target, None, f"{type(error).__name__}: its workers died repeatedly")


@contextmanager
def _client(kernels: int, scheduler: str | None) -> Iterator[Client]:
    if scheduler:
        with Client(scheduler) as client:
            yield client
        return
    # One thread per worker, because `execute` changes the environment of the whole process.
    one_each = dict(n_workers=kernels, threads_per_worker=1, memory_limit=0)
    with LocalCluster(dashboard_address=None, **one_each) as cluster, Client(cluster) as client:
        yield client


def write_index(jobs: Sequence[Job], failed: Iterable[Outcome]) -> None:
    """Write index.html beside the executed notebooks, with the parameters and result of each."""
    errors = {outcome.target: outcome for outcome in failed}
    names = list(dict.fromkeys(name for job in jobs for name in job.parameters))
    rows = []
    for job in jobs:
        outcome = errors.get(job.target)
        target = _failed(job) if outcome else job.target
        cells = [str(job.parameters.get(name, "")) for name in names] + [describe(outcome)]
        link = f'<a href="{escape(target.name)}">{escape(target.name)}</a>'
        rows.append("".join(f"<td>{cell}</td>" for cell in [link, *map(escape, cells)]))
    head = "".join(f"<th>{escape(name)}</th>" for name in ["notebook", *names, "ended"])
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    style = "body{font-family:sans-serif}td,th{padding:.2em .8em;text-align:left}"
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{GENERATOR}'
        f"<title>{escape(jobs[0].notebook.stem)}</title>"
        f"<style>{style}</style><h1>{escape(jobs[0].notebook.name)}</h1>\n"
        f"<table><tr>{head}</tr>\n{body}\n</table></html>\n"
    )
    folder = jobs[0].target.parent
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "index.html", page.encode())


def describe(outcome: Outcome | None) -> str:
    """Describe in words how an execution ended; None means successfully."""
    if outcome is None:
        return "well"
    return f"In [{outcome.cell}]: {outcome.error}" if outcome.cell else outcome.error
