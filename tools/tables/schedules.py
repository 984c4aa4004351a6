"""Try training schedules, and write what came of them to runs/schedules.csv.

`python -m tools.tables.schedules NAME [NAME ...] [--seeds 3] [--models elbo] [--datasets mnist]`:
every model on every data set, seed by seed, by the schedules of these names. A row that is there is
not made again, so that it can be broken off at any time. Of the post's schedule, seed 0 is taken
from runs/ where it is published. The seconds of a row that was made beside other work say nothing.
"""

import itertools
import time
from pathlib import Path

import click
import filelock
import pandas as pd

from vaelib import data, measures, runs, training
from vaelib.backend import keras
from vaelib.files import write_whole
from vaelib.models import VAE
from vaelib.runs import provenance
from vaelib.study import OBJECTIVES

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "runs" / "schedules.csv"
MODELS = ("elbo", "elbo-as-posted", "mmd-as-posted", "autoencoder")
DATASETS = ("fashion_mnist", "mnist")
KEYS = ["schedule", "dataset", "model", "seed"]
# Epochs, batch size, the highest learning rate, its course, and how long Adam remembers squares.
SCHEDULES = {
    "post": (50, 100, 1e-4, "constant", 0.999),
    "ten epochs": (10, 100, 2e-3, "cosine", 0.999),
    "five epochs": (5, 100, 8e-3, "cosine", 0.99),
    "four epochs": (4, 100, 8e-3, "cosine", 0.99),
    "four epochs, 6e-3": (4, 100, 6e-3, "cosine", 0.99),
    "four epochs, 1.2e-2": (4, 100, 1.2e-2, "cosine", 0.99),
    "three epochs": (3, 100, 8e-3, "cosine", 0.99),
}


def compiled(model, train_size, epochs, batch_size, peak, course, beta_2):
    """The model, ready for `training.fit`."""
    steps = -(-train_size // batch_size)
    training.compile(model, peak, course, epochs, steps)
    rate = training.learning_rate(peak, course, epochs * steps)
    model.compile(keras.optimizers.Adam(rate, beta_2=beta_2), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def trained(name, dataset, objective, seed):
    """A model, the seconds that its training took, and the fingerprint of the code that did it."""
    published = runs.PUBLISHED / f"{dataset.name}_{objective}_50-epochs"
    if name == "post" and seed == 0 and published.exists():
        run = runs.load(published)
        return run.model, run.provenance["seconds"], run.provenance["code"]["fingerprint"]
    epochs, batch_size, *how = SCHEDULES[name]
    model = VAE(objective=OBJECTIVES[objective], seed=seed)
    compiled(model, len(dataset.train_images), epochs, batch_size, *how)
    start = time.perf_counter()
    training.fit(model, dataset.train_images, epochs, batch_size, seed)
    return model, time.perf_counter() - start, provenance.code_fingerprint()


def row_of(name, dataset, objective, seed):
    """Train one model and measure it on the test images."""
    epochs, batch_size, *_ = SCHEDULES[name]
    images, test = dataset.train_images, dataset.test_images
    model, seconds, code = trained(name, dataset, objective, seed)
    found = model.evaluate(test, batch_size=100, verbose=0, return_dict=True)
    codes, train_codes = model.encode(test), model.encode(images)
    return {
        "schedule": name,
        "dataset": dataset.name,
        "model": objective,
        "seed": seed,
        "steps": epochs * -(-len(images) // batch_size),
        "seconds": seconds,
        "test loss": found["loss"],
        "15-NN accuracy": measures.knn_accuracy(
            train_codes, dataset.train_labels, codes, dataset.test_labels
        ),
        "pixel MSE": measures.mean_squared_error(model, test),
        "code": code,
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


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SCHEDULES)), required=True)
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
