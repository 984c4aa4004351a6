"""What models make of faces: the drawn ones, whose causes are known, and those of a film.

Both tables lie in runs/: `python -m tools.tables.faces` makes what is missing there.
"""

import numpy as np
import pandas as pd

from vaelib.measures import factors as measured
from vaelib.runs import PUBLISHED
from vaelib.streams import stream

DRAWN, FILMED = PUBLISHED / "faces.csv", PUBLISHED / "frey.csv"
GRID = PUBLISHED / "frey.npz"
OBJECTIVES = "elbo", "beta(4)", "mmd-as-posted"  # of drawn faces, ten seeds
FILM_OBJECTIVES = "elbo", "mmd-as-posted"  # five seeds
CONTROLS = "principal components", "pixels"  # of the film, without a network
TITLES = {"elbo": "VAE", "beta(4)": "β = 4", "mmd-as-posted": "MMD-VAE"}
TITLES |= {"principal components": "two principal components", "pixels": "the pixels themselves"}
CAUSES = "valence", "intensity"
SMOOTH = 0.5  # of a shuffled step: from there on steps in time are called no shorter


def of_drawn(codes, factors):
    """What a plane knows of the causes of drawn faces.

    Args:
        codes: (n, 2), of faces that the model was not trained on.
        factors: (n, 2), their valence and intensity.

    Returns:
        dict: R² of linear and of nearest-neighbour readings, and the direction in which it grows,
        for each cause; then of both together, with the axes "as they are" and after the "best
        turn", R² of an axis for each, MIG, SAP and DCI's disentanglement; and "turn", in degrees.
    """
    angle, *_ = measured.best_turn(codes, factors)
    row = {"turn": angle}
    by_cause = {
        "linear R²": measured.linear_r2(codes, factors),
        "neighbour R²": measured.neighbour_r2(codes, factors),
        "direction": measured.directions(codes, factors),
    }
    row |= {
        f"{word}, {c}": v
        for word, both in by_cause.items()
        for c, v in zip(CAUSES, both, strict=True)
    }
    for words, axes in {
        "as they are": codes,
        "best turn": measured.turned(codes, angle),
    }.items():
        row |= {
            f"R² of axes, {words}": measured.best_turn(axes, factors)[1],
            f"MIG, {words}": measured.mig(axes, factors),
            f"SAP, {words}": measured.sap(axes, factors),
            f"DCI, {words}": measured.dci(axes, factors)["disentanglement"],
        }
    return {name: float(value) for name, value in row.items()}


def step_ratio(codes, seed=0):
    """Mean length of the steps between successive codes, over that of the codes shuffled.

    Near 1 where order says nothing of the place, near 0 where the way is smooth.

    Args:
        codes: (n, latent_dim), in the order of time, n at least 2.
        seed: of the shuffled order.
    """
    codes = np.asarray(codes, "float64")
    shuffled = stream(seed, "shuffled frames").permutation(codes)
    in_time, at_random = (
        np.linalg.norm(np.diff(one, axis=0), axis=1).mean() for one in (codes, shuffled)
    )
    return float(in_time / at_random)


def drawn(path=DRAWN):
    """The table of drawn faces: objective, seed, and what `of_drawn` gives."""
    return pd.read_csv(path)


def filmed(path=FILMED):
    """The table of the film: objective (or one of `CONTROLS`), seed, "step ratio", "pixel MSE"."""
    return pd.read_csv(path)
