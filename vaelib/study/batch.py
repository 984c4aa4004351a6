"""A notebook executed over a grid of parameters, on this machine or on a Dask cluster.

What to execute stands in a YAML file:

    notebook: one_run.ipynb
    output: ../build/study
    parameters:
      dataset_name: [fashion_mnist, mnist]
      seed: [0, 1, 2, 3, 4]

Paths begin at the folder of this file. Every combination becomes an executed notebook in the output
folder; `parameters` may be several such grids, as a list. What is there already is not executed
again; a worker that dies leaves its work to the others.
"""

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from reprlib import repr as shortened

import nbformat
import papermill
from distributed import Client, LocalCluster, as_completed
from papermill.exceptions import PapermillExecutionError
from papermill.translators import PythonTranslator
from tqdm.auto import tqdm

from vaelib.errors import check_integer
from vaelib.files import write_whole
from vaelib.study import combinations
from vaelib.study.execution import KERNEL

KEYS = {"notebook", "output", "parameters"}


@dataclass(frozen=True)
class Job:
    """One execution: which notebook, with what, to where."""

    notebook: Path
    parameters: dict
    target: Path
    source_hash: str
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """How an execution ended: the failing cell and its error are None where it went well."""

    target: Path
    cell: int | None = None
    error: str | None = None


def read(path):
    """The jobs that a YAML file asks for.

    Raises:
        OSError: if the file is not there.
        ValueError: for a file that is not as described above, or parameters that the notebook
            does not have. Nothing has been executed then.
    """
    path = Path(path)
    asked = combinations.read(path)
    if not isinstance(asked, dict) or set(asked) != KEYS:
        found = ", ".join(map(str, asked)) if isinstance(asked, dict) else shortened(asked)
        raise ValueError(f"{path} holds {found}: expected {', '.join(sorted(KEYS))}.")
    notebook, output = (_beside(path, name, asked[name]) for name in ("notebook", "output"))
    if not notebook.is_file():
        raise ValueError(f"{path} names the notebook {notebook}, and there is none.")
    if output.exists() and not output.is_dir():
        raise ValueError(f"{path} names the output {output}, which is no folder: name another.")
    found = combinations.of(asked["parameters"], _parameters_of(notebook), path)
    digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
    return [
        Job(notebook, combination, output / f"{name}.ipynb", digest)
        for combination, name in zip(found, combinations.names(found), strict=True)
    ]


def _beside(path, name, place):
    """A place that a file names, seen from the folder of this file."""
    if not isinstance(place, str) or not place:
        raise ValueError(f"{path} gives {name} as {place!r}: expected a path.")
    return (path.parent / place).resolve()


def _parameters_of(notebook):
    """Names of the parameters that a notebook has."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
        tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    except Exception as error:  # nbformat raises half a dozen kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{notebook} is no notebook ({reason}): name one that Jupyter can open."
        ) from None
    if not tagged:
        raise ValueError(
            f"{notebook.name} has no cell with the tag 'parameters': give it to the cell where "
            "its parameters have their defaults."
        )
    return [parameter.name for parameter in PythonTranslator.inspect(tagged[0])]


def is_done(job):
    """Whether the notebook was executed to its end, as it now is and with these parameters."""
    try:
        about = nbformat.read(job.target, as_version=4).metadata["batch"]
    except Exception:  # not there, no notebook, or executed by something else
        return False
    return about == {"source": job.source_hash, "parameters": job.parameters}


def execute(job):
    """Execute one job, in a kernel of its own. A failure is an outcome, not an exception."""
    names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(job.threads)))  # the kernel inherits them
    try:
        return _executed(job)
    except PapermillExecutionError as error:
        return Outcome(job.target, error.exec_count, f"{error.ename}: {error.evalue}")
    except Exception as error:  # a kernel that died, above all, or a disk that is full
        return Outcome(job.target, None, f"{type(error).__name__}: {error}")
    finally:  # whatever this process starts next is to have all cores
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _executed(job):
    job.target.parent.mkdir(parents=True, exist_ok=True)
    failed = job.target.with_suffix(".failed.ipynb")
    how = {"progress_bar": False, "language": "python"} | KERNEL
    notebook = papermill.execute_notebook(job.notebook, failed, job.parameters, **how)
    notebook.metadata["batch"] = {"source": job.source_hash, "parameters": job.parameters}
    write_whole(job.target, nbformat.writes(notebook).encode())
    failed.unlink(missing_ok=True)
    return Outcome(job.target)


def run(jobs, kernels=1, scheduler=None, on_done=None):
    """Execute what is not done yet, with a progress bar, and write an index page.

    Args:
        jobs: as from `read`.
        kernels: how many at once on this machine, which share its cores.
        scheduler: address of a Dask scheduler, such as tcp://host:8786; its workers need the same
            packages and the same folders.
        on_done: called with each `Outcome` that went well, as soon as it is there.

    Returns:
        The list of `Outcome`s that failed; empty where all went well.
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


def _outcome(future, job):
    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(job.target, None, f"{type(error).__name__}: its workers died again and again")


@contextmanager
def _client(kernels, scheduler):
    if scheduler:
        with Client(scheduler) as client:
            yield client
        return
    # One thread each: papermill changes the environment of its whole process.
    one_each = dict(n_workers=kernels, threads_per_worker=1, memory_limit=0)
    with LocalCluster(dashboard_address=None, **one_each) as cluster, Client(cluster) as client:
        yield client


def write_index(jobs, failed):
    """index.html beside the executed notebooks: what was asked for, and how it ended."""
    errors = {outcome.target: outcome for outcome in failed}
    names = list(dict.fromkeys(name for job in jobs for name in job.parameters))
    rows = []
    for job in jobs:
        outcome = errors.get(job.target)
        target = job.target.with_suffix(".failed.ipynb") if outcome else job.target
        cells = [str(job.parameters.get(name, "")) for name in names] + [ending(outcome)]
        link = f'<a href="{escape(target.name)}">{escape(target.name)}</a>'
        rows.append("".join(f"<td>{cell}</td>" for cell in [link, *map(escape, cells)]))
    head = "".join(f"<th>{escape(name)}</th>" for name in ["notebook", *names, "ended"])
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    style = "body{font-family:sans-serif}td,th{padding:.2em .8em;text-align:left}"
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(jobs[0].notebook.stem)}</title>"
        f"<style>{style}</style><h1>{escape(jobs[0].notebook.name)}</h1>\n"
        f"<table><tr>{head}</tr>\n{body}\n</table></html>\n"
    )
    folder = jobs[0].target.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page, encoding="utf-8")


def ending(outcome):
    """How an execution ended, in words."""
    if outcome is None:
        return "well"
    return f"In [{outcome.cell}]: {outcome.error}" if outcome.cell else outcome.error
