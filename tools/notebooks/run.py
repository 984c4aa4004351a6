"""Execute the notebooks with papermill and write them and their HTML pages to build/.

`python -m tools.notebooks.run [solutions] [lessons=all] [name=value ...]` executes the lessons or
their solutions: those of the core course, or `lessons=all`, or for example `lessons='04 07'`. A
parameter such as `epochs=2` is passed to every notebook that has it. What the cells print is shown
while they run.
"""

import ast
import os
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from tqdm.auto import tqdm

from tools.website import pages
from vaelib.commands.notebook_kernel import KERNEL_OPTIONS

NOTEBOOKS, SOLUTIONS, BUILD = Path("notebooks"), "solutions", Path("build")
LESSONS = "lessons="
CORE_COURSE = ("00", "01", "02", "03")
READY = Path(".venv") / "ready"
# None disables the bar unless the output is a terminal.
BAR = {"disable": None, "bar_format": "{desc} |{bar}| cell {n} of {total}, {elapsed}"}
KINDS = {"int": int, "float": (int, float), "bool": bool, "str": str}


class AboveTheBar:
    """A stream that writes what the cells print above papermill's progress bar."""

    def write(self, text: str) -> None:
        """Write a text above the bar."""
        tqdm.write(text, end="")

    def flush(self) -> None:
        """Flush standard output."""
        sys.stdout.flush()


def chosen(notebooks: list[Path], lessons: str | None = None) -> list[Path]:
    """Return the notebooks of some lessons in their order; exit if there is no such lesson.

    Args:
        notebooks: All notebooks.
        lessons: "all", or numbers of lessons with spaces or commas between them. Default: those of
            the core course.
    """
    if lessons is None:
        return [notebook for notebook in notebooks if notebook.stem[:2] in CORE_COURSE]
    if lessons.strip() == "all":
        return notebooks
    numbers = {notebook.stem[:2]: notebook for notebook in notebooks}
    wanted = lessons.replace(",", " ").split()
    unknown = [word for word in wanted if word not in numbers]
    if unknown or not wanted:
        sys.exit(
            f"There is no lesson {' '.join(unknown)!r}: choose some of {' '.join(numbers)}, for "
            "example LESSONS='04 07', or LESSONS=all."
        )
    return [notebook for number, notebook in numbers.items() if number in wanted]


def parse(arguments: list[str]) -> dict[str, object]:
    """Parse words such as `epochs=2`; values that are not Python literals remain strings."""
    parameters = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not (name and equals and value):
            sys.exit(f"{argument!r} is not of the form name=value.")
        try:
            parameters[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            parameters[name] = value
    return parameters


def accepted(notebooks: list[Path], parameters: dict[str, object]) -> dict[Path, dict]:
    """Return the parameters for each notebook; exit if one is unknown or has a wrong type."""
    declared = {notebook: papermill.inspect_notebook(notebook) for notebook in notebooks}
    known = sorted({name for names in declared.values() for name in names})
    for name, value in parameters.items():
        if name not in known:
            sys.exit(f"No notebook has a parameter {name!r}. There are: {', '.join(known)}.")
        for notebook, names in declared.items():
            kind = names.get(name, {}).get("inferred_type_name")
            right = type(value) is not bool or kind == "bool"
            if kind in KINDS and not (right and isinstance(value, KINDS[kind])):
                sys.exit(f"In {notebook.stem}, {name} must be of type {kind}, not {value!r}.")
    if parameters:
        check_ranges(parameters)
    return {
        notebook: {name: value for name, value in parameters.items() if name in names}
        for notebook, names in declared.items()
    }


def check_ranges(parameters: dict[str, object]) -> None:
    """Exit if a recipe does not accept a value, before any notebook is executed."""
    from vaelib.runs.recipes import Recipe  # here, because it imports TensorFlow

    settings = {"dataset" if k == "dataset_name" else k: v for k, v in parameters.items()}
    try:
        Recipe(**{field.name: settings.get(field.name, field.default) for field in fields(Recipe)})
    except (TypeError, ValueError) as error:
        sys.exit(str(error))


def fetch(notebooks: list[Path]) -> None:
    """Get the data before any notebook is executed; the command prints where they come from."""
    names = ["fashion_mnist"] + ["mnist"] * any("mnist" in notebook.stem for notebook in notebooks)
    for name in names:
        code = subprocess.run([sys.executable, "-m", "vaelib", "data", name]).returncode
        if code:
            sys.exit(code)


def made_of(notebook: Path) -> tuple[Path, Path]:
    """Return the paths of an executed notebook and its page in build/."""
    folder = BUILD / SOLUTIONS if notebook.parent.name == SOLUTIONS else BUILD
    return folder / notebook.name, folder / f"{notebook.stem}.html"


def execute(notebook: Path, parameters: dict[str, object], title: str) -> float:
    """Execute a notebook, write it and its page to build/, and return the seconds this took.

    Exits with a sentence if a cell fails.
    """
    executed, page = made_of(notebook)
    executed.parent.mkdir(exist_ok=True)
    page.unlink(missing_ok=True)
    given = "".join(f", {name} = {value}" for name, value in parameters.items())
    print(f"{title} starts{given}", flush=True)
    start = time.monotonic()
    try:
        papermill.execute_notebook(
            notebook,
            executed,
            parameters,
            progress_bar=BAR | {"desc": title},
            stdout_file=AboveTheBar(),
            stderr_file=AboveTheBar(),
            **KERNEL_OPTIONS,
        )
    except PapermillExecutionError as error:
        sys.exit(
            f"{title} failed at In [{error.exec_count}]: {error.ename}: {error.evalue}\n"
            f"The notebook up to this cell, with the traceback, is in {executed}."
        )
    except DeadKernelError:
        sys.exit(f"{title} failed because its kernel died, perhaps for lack of memory.")
    page.write_text(pages.page(executed), encoding="utf-8")
    seconds = time.monotonic() - start
    print(f"{title} took {seconds:.0f} s", flush=True)
    return seconds


def report(taken: dict[str, float]) -> None:
    """Print how long each part took, including the environment, which is created only once."""
    made = READY.read_text() if READY.exists() else ""
    print("\nTime taken:")
    if made:
        print(f"  {'the environment, when it was created':37}{float(made):5.0f} s")
    for part, seconds in taken.items():
        print(f"  {part:37}{seconds:5.0f} s")
    print(f"  {'everything except the environment':37}{sum(taken.values()):5.0f} s")


def main(arguments: list[str]) -> None:
    """Execute the lessons or the solutions with these parameters."""
    os.chdir(Path(__file__).resolve().parents[2])
    os.environ.setdefault("VAELIB_RUNS_DIR", str(BUILD.absolute() / "runs"))
    solutions = SOLUTIONS in arguments
    folder = NOTEBOOKS / SOLUTIONS if solutions else NOTEBOOKS
    notebooks = sorted(folder.glob("[0-9]*.ipynb"))
    if not notebooks:
        sys.exit(f"There is no notebook in {folder}/.")
    lessons, others = None, []
    for word in arguments:
        if word.startswith(LESSONS):
            lessons = word.removeprefix(LESSONS)
        elif word != SOLUTIONS:
            others.append(word)
    notebooks = chosen(notebooks, lessons)
    parameters = accepted(notebooks, parse(others))
    start = time.monotonic()
    fetch(notebooks)
    taken = {"the data": time.monotonic() - start}
    BUILD.mkdir(exist_ok=True)
    for number, notebook in enumerate(notebooks, start=1):
        title = f"[{number}/{len(notebooks)}] {notebook.stem}"
        taken[notebook.stem] = execute(notebook, parameters[notebook], title)
    report(taken)
    print("\nThe executed notebooks and their pages:")
    for notebook in notebooks:
        print("  " + "   ".join(map(str, made_of(notebook))))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
