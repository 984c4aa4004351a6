"""Train models on drawn faces and on the Frey faces, and add the rows that their tables lack.

`python -m study.make_face_tables` takes minutes. The tables are tables/faces.csv and
tables/frey.csv. The Frey faces are skipped if they cannot be found.
"""

import contextlib
from collections.abc import Iterable

import click
import numpy as np
from sklearn.decomposition import PCA

from study import face_tables, named_models
from study.table_files import add_missing
from vaelib import data, runs
from vaelib.data.builtin import frey
from vaelib.measures import mean_squared_error
from vaelib.runs.npz import to_npz
from vaelib.support.errors import DataError
from vaelib.support.files import write_atomically

# 400 and 2,394 steps of 100 images. study/plan.md explains the lower learning rate for the film.
SETTINGS = {"faces": {"epochs": 4}, "frey_faces": named_models.FREY_SCHEDULE}
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


def rows(objectives: Iterable[str], seeds: int) -> list[dict]:
    """Return the keys of a row for each objective and each seed from 0, seed by seed."""
    return [{"objective": o, "seed": seed} for seed in range(seeds) for o in objectives]


@click.command(help=__doc__)
def main() -> None:
    """Add the rows that both tables lack."""
    drawn = data.load("faces")
    add_missing(
        *(face_tables.DRAWN, KEYS, rows(face_tables.OBJECTIVES, seeds=10)),
        lambda objective, seed: (row_of_drawn(objective, seed), {drawn.name: drawn.fingerprint}),
    )
    try:
        film = data.load("frey_faces")
    except DataError as error:
        raise click.ClickException(f"{face_tables.FILMED.name} is unchanged: {error}") from None
    objectives = *face_tables.FILM_OBJECTIVES, *face_tables.CONTROLS
    add_missing(
        *(face_tables.FILMED, KEYS, rows(objectives, seeds=5)),
        lambda objective, seed: (row_of_film(objective, seed), {film.name: film.fingerprint}),
    )


if __name__ == "__main__":
    main()
