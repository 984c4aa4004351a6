"""Measure models of drawn faces, whose factors of variation are known, and of a filmed face.

`python -m study.make_face_tables` adds the rows that the two tables lack.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from study import TABLES
from vaelib.measures import disentanglement as measured
from vaelib.support.rng import named_rng

DRAWN, FILMED = TABLES / "faces.csv", TABLES / "frey.csv"
GRID = TABLES / "frey.npz"
OBJECTIVES = "elbo", "beta(4)", "post-mmd"  # for drawn faces, with ten seeds
FILM_OBJECTIVES = "elbo", "post-mmd"  # for the film, with five seeds
# What the codes of the film are compared with: two representations that need no network.
CONTROLS = "principal components", "pixels"
TITLES = {"elbo": "VAE", "beta(4)": "β = 4", "post-mmd": "MMD-VAE"}
TITLES |= {"principal components": "two principal components", "pixels": "the pixels themselves"}
FACTORS = "valence", "intensity"
# Step ratio above which steps in time do not count as shorter than shuffled ones.
SMOOTH = 0.5


def measure_drawn_faces(codes: np.ndarray, factors: np.ndarray) -> dict[str, float]:
    """Measure how well codes represent the two factors of variation of drawn faces.

    Args:
        codes: Codes of faces that the model was not trained on, shape (n, 2).
        factors: Valence and intensity of these faces, shape (n, 2).

    Returns:
        For each factor, R² of a linear probe and of a k-nearest-neighbor probe, and the angle in
        degrees at which the factor grows fastest. For both factors together, R² of one axis for
        each, MIG, SAP, and DCI's disentanglement, for the axes "as they are" and after the "best
        rotation". The angle of this rotation is "rotation angle", in degrees.
    """
    angle, *_ = measured.best_rotation(codes, factors)
    row = {"rotation angle": angle}
    by_cause = {
        "linear R²": measured.linear_r2(codes, factors),
        "k-NN R²": measured.knn_r2(codes, factors),
        "angle": measured.factor_angles(codes, factors),
    }
    row |= {
        f"{word}, {c}": v
        for word, both in by_cause.items()
        for c, v in zip(FACTORS, both, strict=True)
    }
    for words, axes in {
        "as they are": codes,
        "best rotation": measured.rotate(codes, angle),
    }.items():
        row |= {
            f"R² of axes, {words}": measured.best_rotation(axes, factors)[1],
            f"MIG, {words}": measured.mig(axes, factors),
            f"SAP, {words}": measured.sap(axes, factors),
            f"DCI, {words}": measured.dci(axes, factors)["disentanglement"],
        }
    return {name: float(value) for name, value in row.items()}


def step_ratio(codes: np.ndarray, seed: int = 0) -> float:
    """Divide the mean distance of successive codes by the mean distance after shuffling them.

    The ratio is near 0 if the codes follow a smooth path over time, and near 1 if their order is
    unrelated to their positions.

    Args:
        codes: Codes of film frames in the order of time, shape (n, latent_dim), n at least 2.
        seed: Seed of the shuffled order.
    """
    codes = np.asarray(codes, "float64")
    shuffled = named_rng(seed, "shuffled frames").permutation(codes)
    in_time, at_random = (
        np.linalg.norm(np.diff(one, axis=0), axis=1).mean() for one in (codes, shuffled)
    )
    return float(in_time / at_random)


def read_drawn(path: Path = DRAWN) -> pd.DataFrame:
    """Read the table of drawn faces: objective, seed, and the measures of `measure_drawn_faces`."""
    return pd.read_csv(path)


def read_filmed(path: Path = FILMED) -> pd.DataFrame:
    """Read the table of the film: objective or control, seed, "step ratio", and "pixel MSE"."""
    return pd.read_csv(path)
