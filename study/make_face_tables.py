"""Train models on drawn faces and on the Frey faces, and add the rows that their tables lack.

`python -m study.make_face_tables` takes minutes. The tables are tables/faces.csv and
tables/frey.csv. The Frey faces are skipped if they cannot be found.
"""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import numpy as np
from sklearn.decomposition import PCA
from tqdm import tqdm

from study import face_tables, named_models
from study.table_files import add_row, keys_in, made_now, read_table
from vaelib import data, runs
from vaelib.data import Dataset
from vaelib.data.builtin import frey
from vaelib.measures import mean_squared_error
from vaelib.runs.npz import to_npz
from vaelib.support.errors import DataError
from vaelib.support.files import write_atomically

# 400 and 2,394 steps of 100 images. study/plan.md explains the lower learning rate for the film.
SETTINGS = {"faces": {"epochs": 4}, "frey_faces": {"epochs": 133, "learning_rate": 2e-3}}
KEYS = ["objective", "seed"]


def train_quietly(dataset: str, objective: str, seed: int) -> runs.Run:
    """Train a model, or load it, without printing the epochs."""
    with contextlib.redirect_stdout(None):
        return runs.train(named_models.recipe(dataset, objective, seed=seed, **SETTINGS[dataset]))


def row_of_drawn(objective: str, seed: int) -> dict[str, float]:
    """Measure a model of drawn faces for a row of study/tables/faces.csv."""
    run, dataset = train_quietly("faces", objective, seed), data.load("faces")
    return face_tables.measure_drawn_faces(
        run.model.encode(dataset.test_images), dataset.test_factors
    )


def row_of_film(objective: str, seed: int) -> dict[str, float]:
    """Measure a model or a control on the Frey faces for a row of study/tables/frey.csv.

    If the seed is 0, the grid and the codes of the model are kept, too.
    """
    film = frey.load_frames()
    if objective in face_tables.CONTROLS:
        return {"step ratio": face_tables.step_ratio(control_codes(objective, film), seed)}
    run = train_quietly("frey_faces", objective, seed)
    codes = run.model.encode(film)
    if seed == 0:
        save_grid_and_codes(objective, run, codes)
    return {
        "step ratio": face_tables.step_ratio(codes, seed),
        "pixel MSE": mean_squared_error(run.model, run.recipe.load_dataset().test_images),
    }


def control_codes(name: str, film: np.ndarray) -> np.ndarray:
    """Represent each frame without a network, as a control for the codes of a model.

    Args:
        name: "pixels" or "principal components".
        film: Images, uint8, shape (frames, height, width, 1).

    Returns:
        Shape (frames, pixels) or (frames, 2).
    """
    pixels = film.reshape(len(film), -1) / 255
    return pixels if name == "pixels" else PCA(2).fit_transform(pixels)


def save_grid_and_codes(objective: str, run: runs.Run, codes: np.ndarray) -> None:
    """Add a model's decoded grid and its codes in the order of time to study/tables/frey.npz."""
    known = dict(np.load(face_tables.GRID)) if face_tables.GRID.exists() else {}
    grid = run.snapshots["grid"][-1]
    new = {f"{objective}/grid": grid, f"{objective}/codes": codes.astype("float16")}
    write_atomically(face_tables.GRID, to_npz(known | new))


def add_missing_rows(
    path: Path,
    make: Callable[[str, int], dict[str, float]],
    objectives: Iterable[str],
    seeds: int,
    dataset: Dataset,
) -> None:
    """Add the rows that a table lacks.

    Args:
        path: The CSV file.
        make: Function that computes the measures of a row from objective and seed.
        objectives: Objectives or controls that have rows in this table.
        seeds: Number of seeds, from 0.
        dataset: The data set, whose fingerprint is recorded.
    """
    there = keys_in(read_table(path, KEYS), KEYS)
    wanted = [(o, s) for s in range(seeds) for o in objectives if (o, s) not in there]
    for objective, seed in tqdm(wanted, desc=path.name, unit="row", disable=None):
        made = made_now({dataset.name: dataset.fingerprint})
        row = {"objective": objective, "seed": seed} | make(objective, seed)
        add_row(path, KEYS, row, made)


@click.command(help=__doc__)
def main() -> None:
    """Add the rows that both tables lack."""
    drawn = face_tables.DRAWN, row_of_drawn, face_tables.OBJECTIVES
    add_missing_rows(*drawn, seeds=10, dataset=data.load("faces"))
    try:
        film = data.load("frey_faces")
    except DataError as error:
        raise click.ClickException(f"{face_tables.FILMED.name} is unchanged: {error}") from None
    objectives = *face_tables.FILM_OBJECTIVES, *face_tables.CONTROLS
    add_missing_rows(face_tables.FILMED, row_of_film, objectives, seeds=5, dataset=film)


if __name__ == "__main__":
    main()
