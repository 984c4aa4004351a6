"""What models make of drawn faces and of the Frey film: runs/faces.csv, frey.csv and frey.npz.

`python -m tools.tables.faces`: minutes. Rows that are there, made by today's code, are not made
again. Where the film is not to be had, its table is left as it is.
"""

import contextlib
from pathlib import Path

import click
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from tqdm import tqdm

import vaelib
from vaelib import data, runs, study
from vaelib.data import frey
from vaelib.errors import DataError
from vaelib.files import write_whole
from vaelib.measures import mean_squared_error
from vaelib.runs import fingerprint, provenance
from vaelib.runs.arrays import to_npz
from vaelib.study import faces, staleness

PACKAGE = Path(vaelib.__file__).parent
MEASURING = "measures/factors", "measures/images", "study/faces", "streams"
# 400 and 2,394 steps of 100 images; runs/plan.md says why the film is learned more slowly.
SETTINGS = {"faces": {"epochs": 4}, "frey_faces": {"epochs": 133, "learning_rate": 2e-3}}
KEYS = ["objective", "seed"]


def today():
    """The code that trains, and the code that measures: what a row of today names."""
    measuring = fingerprint.of_files(PACKAGE / f"{name}.py" for name in MEASURING)
    return {"code": provenance.code_fingerprint(), "measuring": measuring}


def trained(dataset, objective, seed):
    """The trained run, without its lines."""
    with contextlib.redirect_stdout(None):
        return runs.train(study.recipe(dataset, objective, seed=seed, **SETTINGS[dataset]))


def row_of_drawn(objective, seed):
    """A row of runs/faces.csv."""
    run, dataset = trained("faces", objective, seed), data.load("faces")
    return faces.of_drawn(run.model.encode(dataset.test_images), dataset.test_factors)


def row_of_film(objective, seed):
    """A row of runs/frey.csv; of the first seed the plane is kept, too."""
    film = frey.film()
    if objective in faces.CONTROLS:
        return {"step ratio": faces.step_ratio(without_network(objective, film), seed)}
    run = trained("frey_faces", objective, seed)
    codes = run.model.encode(film)
    if seed == 0:
        keep(objective, run, codes)
    return {
        "step ratio": faces.step_ratio(codes, seed),
        "pixel MSE": mean_squared_error(run.model, run.recipe.load().test_images),
    }


def without_network(name, film):
    """What stands in for codes: (frames, 2), or (frames, pixels)."""
    pixels = film.reshape(len(film), -1) / 255
    return pixels if name == "pixels" else PCA(2).fit_transform(pixels)


def keep(objective, run, codes):
    """Put a decoded grid, and the codes in filming order, into runs/frey.npz."""
    known = dict(np.load(faces.GRID)) if faces.GRID.exists() else {}
    grid = run.snapshots["grid"][-1]
    new = {f"{objective}/grid": grid, f"{objective}/codes": codes.astype("float16")}
    write_whole(faces.GRID, to_npz(known | new))


def fill(path, make, objectives, seeds):
    """Add to a table the rows that it lacks, or that another code made."""
    known = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=[*KEYS, *today()])
    for name, mine in today().items():
        good = staleness.as_good_as(mine) if name == "code" else {mine}
        known = known[known[name].isin(good)]
    there = set(known[KEYS].itertuples(index=False, name=None))
    wanted = [(o, s) for s in range(seeds) for o in objectives if (o, s) not in there]
    for objective, seed in tqdm(wanted, desc=path.name, unit=" models", disable=None):
        row = {"objective": objective, "seed": seed} | make(objective, seed) | today()
        known = pd.concat([known, pd.DataFrame([row])]) if len(known) else pd.DataFrame([row])
        known = known.sort_values(KEYS, ignore_index=True)
        write_whole(path, known.to_csv(index=False, float_format="%.6g").encode())


@click.command()
def main():
    """Add the rows that are missing or stale to runs/faces.csv and runs/frey.csv."""
    fill(faces.DRAWN, row_of_drawn, faces.OBJECTIVES, seeds=10)
    try:
        data.load("frey_faces")
    except DataError as error:
        raise click.ClickException(f"{faces.FILMED.name} stays as it is: {error}") from None
    fill(faces.FILMED, row_of_film, (*faces.FILM_OBJECTIVES, *faces.CONTROLS), seeds=5)


if __name__ == "__main__":
    main()
