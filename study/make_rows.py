"""Train and measure the models that a table of the study lacks, and add their rows.

`python -m study.make_rows [NAME] [--processes 2] [--limit 10]` takes hours for a whole table. It
can be interrupted at any time. Finished rows are in the table, and the next call resumes an
interrupted training run.
"""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
from tqdm import tqdm

from study import TABLES, planned_rows
from study.model_table import REFERENCES
from study.planned_rows import KEYS
from study.table_files import add_row, check_ready, keys_in, made_now, read_table

THREADS = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set environment variables within this context, and restore them afterwards."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def key(settings: dict) -> tuple:
    """Return the values in settings that identify a row, in the order of `KEYS`."""
    return tuple(settings[name] for name in KEYS)


def make_row(settings: dict) -> tuple[dict, dict]:
    """Train and measure one model.

    Args:
        settings: As from `planned_rows`, with the names in `KEYS` and perhaps more of `Recipe`.

    Returns:
        The row (settings, epochs, seconds, and every measure of `measurement.measure`), and what
        produced it, as from `table_files.made_now`.
    """
    from study import named_models
    from study.measurement import measure
    from vaelib.measures import features

    start, made = time.time(), made_now({})
    recipe = named_models.recipe(**settings)
    dataset = recipe.load_dataset()
    with contextlib.redirect_stdout(None):  # Training prints a line for each epoch.
        model = named_models.trained_model(**settings)
    space = features.load(recipe.dataset)
    measured = measure(model, dataset, space, recipe.seed)
    row = settings | {"epochs": recipe.epochs, "seconds": round(time.time() - start, 1)} | measured
    names = recipe.dataset, f"features of {recipe.dataset}"
    if recipe.pixels != "gray":
        names = f"{recipe.dataset}, {recipe.pixels}", names[1]
    prints = dataset.fingerprint, features.fingerprint(recipe.dataset)
    return row, made | {"data": dict(zip(names, prints, strict=True))}


def missing(name: str) -> list[dict]:
    """Return the settings of the planned rows that a table lacks."""
    there = keys_in(read_table(TABLES / f"{name}.csv", KEYS), KEYS)
    return [settings for settings in planned_rows.TABLES[name]() if key(settings) not in there]


def make_all(
    settings: Iterable[dict], processes: int = 1
) -> Iterator[tuple[dict, dict | None, dict | Exception]]:
    """Train and measure models in several processes at the same time.

    Each model runs in a new process, which gets an equal share of the processor's cores.

    Args:
        settings: Settings of the models, as for `make_row`.
        processes: How many run at the same time.

    Yields:
        Settings, row, and what produced it, for each model as soon as it is measured. If that
        failed, the settings, None, and the exception.
    """
    share = str(max(1, (os.cpu_count() or 1) // processes))
    # TensorFlow does not survive a fork, and does not release all memory after a model.
    kind = dict(mp_context=get_context("spawn"), max_tasks_per_child=1)
    # The new processes inherit the environment.
    with (
        environment(**dict.fromkeys(THREADS, share)),
        ProcessPoolExecutor(processes, **kind) as pool,
    ):
        jobs = {pool.submit(make_row, one): one for one in settings}
        try:
            for job in as_completed(jobs):
                error = job.exception()
                yield jobs[job], *(job.result() if error is None else (None, error))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def add_references(name: str, path: Path = REFERENCES) -> None:
    """Add the measures of known images of a data set that a table lacks."""
    from study.known_images import NAMES, measure_known_images
    from vaelib import data
    from vaelib.measures import features

    keys = ["dataset", "images"]
    table = read_table(path, keys)
    missing = [images for images in NAMES if (name, images) not in keys_in(table, keys)]
    if not missing:
        return
    check_ready(path)
    dataset = data.load(name)
    made = made_now({name: dataset.fingerprint, f"features of {name}": features.fingerprint(name)})
    marks = measure_known_images(dataset, features.load(name))
    for images in missing:
        add_row(path, keys, {"dataset": name, "images": images} | marks[images], made)


def make_features(name: str) -> None:
    """Train and save the feature space of a data set with its accuracy, unless it exists."""
    from vaelib import data
    from vaelib.measures import features

    if features.fingerprint(name):
        return
    dataset = data.load(name)
    trained = features.train(dataset)
    accuracy = trained.accuracy(dataset.test_images, dataset.test_labels)
    features.save(trained, dataset.fingerprint, accuracy)
    print(f"The feature classifier of {name} has an accuracy of {accuracy:.1%}.", flush=True)


@click.command(help=__doc__)
@click.argument("name", type=click.Choice(list(planned_rows.TABLES)), default="models")
@click.option("--processes", default=1, show_default=True, help="How many models at the same time.")
@click.option("--limit", type=int, help="Make only this many of the missing rows.")
def main(name: str, processes: int, limit: int | None) -> None:
    """Add the missing rows of the table with this name."""
    path, wanted = TABLES / f"{name}.csv", missing(name)
    planned = planned_rows.TABLES[name]()
    print(f"{path.name} has {len(planned) - len(wanted)} of {len(planned)} rows.", flush=True)
    for dataset in sorted({settings["dataset"] for settings in planned}):
        make_features(dataset)
        add_references(dataset)
    wanted = wanted[:limit]
    if wanted:
        check_ready(path)
    failed = []
    for one, row, made in tqdm(make_all(wanted, processes), total=len(wanted), unit="row"):
        if row is None:
            failed.append(f"{key(one)}: {type(made).__name__}: {made}")
        else:
            add_row(path, KEYS, row, made)
    if failed:
        raise click.ClickException("\n".join([f"{len(failed)} rows failed:", *failed]))


if __name__ == "__main__":
    main()
