"""Try training schedules, write what came of them to runs/schedules.csv, and make tables of it.

`python -m tools.tables.schedules NAME [NAME ...] [--seeds 3] [--models elbo] [--datasets mnist]`:
every model on every data set, seed by seed, by the schedules of these names. A row that is there is
not made again, so that it can be broken off at any time. The post's fifty epochs are taken from
runs/ or from the reader's own runs where they were trained before, whichever version did it. The
seconds of a row that was made beside other work say nothing.
"""

import itertools
from pathlib import Path

import click
import filelock
import pandas as pd

from tools.tables.markdown import TITLES, head, line, mean_and_spread
from vaelib import data, measures, runs
from vaelib.batches import Batches
from vaelib.files import cache_folder, folder_named_by, write_whole
from vaelib.runs.recipes import Recipe, post
from vaelib.study import OBJECTIVES
from vaelib.study import TITLES as MODEL_TITLES

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "runs" / "schedules.csv"
MODELS = ("elbo", "elbo-as-posted", "mmd-as-posted", "autoencoder")
DATASETS = ("fashion_mnist", "mnist")
KEYS = ["schedule", "dataset", "model", "seed"]
ADAM = dict(optimizer="adam")
SCHEDULES = {
    "ten epochs of Adam": dict(epochs=10, learning_rate=2e-3, beta_2=0.999, **ADAM),
    "four epochs of Adam": dict(epochs=4, learning_rate=8e-3, beta_2=0.99, **ADAM),
    "three epochs of Adam": dict(epochs=3, learning_rate=8e-3, beta_2=0.99, **ADAM),
    "four epochs": dict(epochs=4, learning_rate=8e-3, beta_2=0.99),
    "three epochs": dict(epochs=3, learning_rate=8e-3, beta_2=0.99),
    "two epochs": dict(epochs=2, learning_rate=1.6e-2, beta_2=0.99),
    "one epoch": dict(epochs=1, learning_rate=1.6e-2, beta_2=0.99),
}
FAST = next(name for name, how in SCHEDULES.items() if Recipe(**how) == Recipe())
# Column of the schedules' table: decimals.
QUALITY = {"test loss": 1, "15-NN accuracy": 3, "pixel MSE": 4}


def recipe_of(name, dataset, model, seed):
    """What a schedule trains."""
    if name == "post":
        return post(dataset, OBJECTIVES[model], seed)
    return Recipe(dataset, OBJECTIVES[model], seed=seed, **SCHEDULES[name])


def trained(recipe):
    """The run of a recipe: the post's as it was trained before, if it was; others by this code."""
    if recipe == post(recipe.dataset, recipe.objective, recipe.seed):
        own = folder_named_by("VAELIB_RUNS_DIR") or cache_folder() / "runs"
        for folder in [runs.PUBLISHED / recipe.slug, *sorted(own.glob(f"{recipe.slug}_*"))]:
            if runs.is_complete(folder) and (run := runs.load(folder)).recipe == recipe:
                return run
    return runs.train(recipe)


def row_of(name, dataset, model, seed):
    """Train one model and measure it on the test images."""
    recipe = recipe_of(name, dataset.name, model, seed)
    run, images, test = trained(recipe), dataset.train_images, dataset.test_images
    # Not as they come: digits that one person wrote stand together, and a batch's MMD would see it.
    batches = Batches(test, 100, seed=0)
    steps = batches.steps_per_epoch
    found = run.model.evaluate(batches.stream(), steps=steps, verbose=0, return_dict=True)
    codes, train_codes = run.model.encode(test), run.model.encode(images)
    return {
        "schedule": name,
        "dataset": dataset.name,
        "model": model,
        "seed": seed,
        "steps": recipe.epochs * -(-len(images) // recipe.batch_size),
        "seconds": run.provenance["seconds"],
        "test loss": found["loss"],
        "15-NN accuracy": measures.knn_accuracy(
            train_codes, dataset.train_labels, codes, dataset.test_labels
        ),
        "pixel MSE": measures.mean_squared_error(run.model, test),
        "code": run.provenance["code"]["fingerprint"],
        "data": dataset.fingerprint,
    }


def read(table=TABLE):
    return pd.read_csv(table) if table.exists() else pd.DataFrame(columns=KEYS)


def add(row, table=TABLE):
    """Add a row to the table, unless it is there."""
    lock = ROOT / "build" / f"{table.name}.lock"
    lock.parent.mkdir(exist_ok=True)
    with filelock.FileLock(lock):  # for another call may be adding rows of its own
        known = [read(table)] if table.exists() else []
        rows = pd.concat([*known, pd.DataFrame([row])])
        rows = rows.drop_duplicates(KEYS).sort_values(KEYS, ignore_index=True)
        write_whole(table, rows.to_csv(index=False, float_format="%.6g").encode())


def compared(table):
    """For each data set a table: each model by the post's schedule and by the fast one."""
    lines = []
    for dataset, title in TITLES.items():
        lines += head(title, "steps", *QUALITY)
        for model in MODELS:
            for name, words in {"post": "the post's", FAST: "fast"}.items():
                rows = table[(table.dataset == dataset) & (table.model == model)]
                rows = rows[rows.schedule == name]
                cells = [mean_and_spread(rows[column], d) for column, d in QUALITY.items()]
                steps = f"{rows.steps.max():,.0f}" if len(rows) else "not trained"
                lines.append(line(f"{MODEL_TITLES[model]}, {words}", steps, *cells))
        lines.append("")
    return "\n".join(lines)


def records(table):
    """In how few steps every seed reaches the test ELBO that the post's schedule ends with."""
    rows = table[(table.dataset == "fashion_mnist") & (table.model == "elbo")]
    target = rows[rows.schedule == "post"]["test loss"].mean()
    by = "test ELBO, seed by seed"
    lines = head("schedule", "steps", "share of the post's", by, "reached")
    most = rows.steps.max()
    for name in rows.sort_values("steps", ascending=False, kind="stable").schedule.unique():
        found = rows[rows.schedule == name]
        steps = found.steps.iloc[0]
        how = recipe_of(name, "fashion_mnist", "elbo", 0)
        what = f"{how.optimizer.title()} at {how.learning_rate:g}, β₂ = {how.beta_2:g}"
        words = f"{how.epochs} epoch{'s' * (how.epochs > 1)}, {what}, {how.schedule}"
        losses = ", ".join(f"-{loss:.1f}" for loss in found["test loss"])
        count = f"{(found['test loss'] <= target).sum()} of {len(found)}"
        reached = "the target" if name == "post" else count
        lines.append(line(words, f"{steps:,}", f"1/{most / steps:.3g}", losses, reached))
    return "\n".join(lines) + "\n"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(["post", *SCHEDULES]), required=True)
@click.option("--seeds", default=3, show_default=True, help="How many, from 0.")
@click.option("--models", default=",".join(MODELS), show_default=True)
@click.option("--datasets", default=",".join(DATASETS), show_default=True)
def main(names, seeds, models, datasets):
    """Add the rows of these schedules that runs/schedules.csv lacks."""
    loaded = {name: data.load(name) for name in datasets.split(",")}
    for seed, name, dataset, model in itertools.product(
        range(seeds), names, loaded.values(), models.split(",")
    ):
        key = (name, dataset.name, model, seed)
        if key in set(read()[KEYS].itertuples(index=False, name=None)):
            continue
        print(*key, flush=True)
        row = row_of(name, dataset, model, seed)
        add(row)
        print(pd.Series(row).to_string(), flush=True)


if __name__ == "__main__":
    main()
