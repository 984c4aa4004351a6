"""Train models by several training schedules, and compare their quality and number of steps.

`python -m study.training_schedules NAME [NAME ...] [--seeds 3] [--models elbo] [--datasets mnist]`
adds the rows that tables/schedules.csv lacks, one after the other, so it can be interrupted at any
time. Runs by the post's fifty epochs that come with the project are not trained again. The column
"seconds" is meaningful only for rows that were made on a machine that did nothing else.
"""

import itertools
from pathlib import Path

import click
import pandas as pd

from study import TABLES
from study.markdown import mean_and_std, table_head, table_row
from study.model_table import DATASETS
from study.named_models import OBJECTIVES
from study.named_models import TITLES as MODEL_TITLES
from study.table_files import add_missing, read_table
from vaelib import data, measures, runs
from vaelib.batches import Batches
from vaelib.data import Dataset
from vaelib.runs.recipes import Recipe, post_recipe

TABLE = TABLES / "schedules.csv"
MODELS = ("elbo", "post-elbo", "post-mmd", "autoencoder")
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
# Columns of the table that say how good a model is, with the number of decimals to show.
QUALITY = {"test loss": 1, "15-NN accuracy": 3, "pixel MSE": 4}


def recipe_of(name: str, dataset: str, model: str, seed: int) -> Recipe:
    """Return the recipe of a model by a schedule.

    Args:
        name: "post", or a name in `SCHEDULES`.
        dataset: Name of the data set.
        model: A name in `named_models.OBJECTIVES`.
        seed: Seed of the training run.
    """
    if name == "post":
        return post_recipe(dataset, OBJECTIVES[model], seed)
    return Recipe(dataset, OBJECTIVES[model], seed=seed, **SCHEDULES[name])


def train_or_load(recipe: Recipe) -> runs.Run:
    """Load the run of a recipe if it comes with the project; otherwise, train it."""
    published = runs.PUBLISHED / recipe.slug
    if runs.is_complete(published) and (run := runs.load(published)).recipe == recipe:
        return run
    return runs.train(recipe)


def row_of(name: str, dataset: Dataset, model: str, seed: int) -> dict[str, object]:
    """Train one model and measure it on the test images; the names are those of `recipe_of`.

    Returns:
        A row of the table. "test loss" is in nats per image.
    """
    recipe = recipe_of(name, dataset.name, model, seed)
    run, images, test = train_or_load(recipe), dataset.train_images, dataset.test_images
    # Shuffled, because digits of one writer are neighbors, which would affect the MMD of a batch.
    batches = Batches(test, 100, seed=0)
    steps = batches.steps_per_epoch
    found = run.model.evaluate(batches.to_tf_dataset(), steps=steps, verbose=0, return_dict=True)
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
    }


def read(table: Path = TABLE) -> pd.DataFrame:
    """Read the table of schedules, or return an empty one if there is no file."""
    return read_table(table, KEYS)


def schedule_comparison(table: pd.DataFrame) -> str:
    """Compare the post's schedule with the fast one for each data set and model, as Markdown."""
    lines = []
    for dataset, title in DATASETS.items():
        lines += table_head(title, "steps", *QUALITY)
        for model in MODELS:
            for name, words in {"post": "the post's", FAST: "fast"}.items():
                rows = table[(table.dataset == dataset) & (table.model == model)]
                rows = rows[rows.schedule == name]
                cells = [mean_and_std(rows[column], d) for column, d in QUALITY.items()]
                steps = f"{rows.steps.max():,.0f}" if len(rows) else "not trained"
                lines.append(table_row(f"{MODEL_TITLES[model]}, {words}", steps, *cells))
        lines.append("")
    return "\n".join(lines)


def steps_to_target(table: pd.DataFrame) -> str:
    """Tabulate which schedules reach the post's final test ELBO, and in how many steps.

    The rows are those of the VAE on Fashion-MNIST. ELBOs are in nats per image.
    """
    rows = table[(table.dataset == "fashion_mnist") & (table.model == "elbo")]
    target = rows[rows.schedule == "post"]["test loss"].mean()
    by = "test ELBO, seed by seed"
    lines = table_head("schedule", "steps", "share of the post's", by, "reached")
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
        lines.append(table_row(words, f"{steps:,}", f"1/{most / steps:.3g}", losses, reached))
    return "\n".join(lines) + "\n"


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(["post", *SCHEDULES]), required=True)
@click.option("--seeds", default=3, show_default=True, help="Number of seeds, from 0.")
@click.option("--models", default=",".join(MODELS), show_default=True)
@click.option("--datasets", default=",".join(DATASETS), show_default=True)
def main(names: tuple[str, ...], seeds: int, models: str, datasets: str) -> None:
    """Add the rows of these schedules that study/tables/schedules.csv lacks."""
    loaded = {name: data.load(name) for name in datasets.split(",")}

    def make(**key: object) -> tuple[dict[str, object], dict[str, str]]:
        dataset = loaded[key["dataset"]]
        row = row_of(key["schedule"], dataset, key["model"], key["seed"])
        return row, {dataset.name: dataset.fingerprint}

    wanted = [
        dict(zip(KEYS, (name, dataset, model, seed), strict=True))
        for seed, name, dataset, model in itertools.product(
            range(seeds), names, loaded, models.split(",")
        )
    ]
    add_missing(TABLE, KEYS, wanted, make)


if __name__ == "__main__":
    main()
