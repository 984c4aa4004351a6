"""A model whose every measure is known goes in at the front: the row says what was expected."""

import known
import numpy as np
import pytest

from study import measurement
from vaelib.measures import path_length
from vaelib.support.backend import ops

# How far a number may be off that rests on samples, or on so many images; others on rounding only.
MAY_BE_OFF = {
    "pixel MSE": 1e-4,
    "held-out p": 1e-9,
    "occupancy": 0.03,  # with 2,000 codes in 400 cells
    "held-out MMD²": 0.02,
    "silhouette": 0.001,
    "15-NN accuracy": 0.01,  # some neighbors are in the other blob
    "probe accuracy": 0.01,
    "cluster agreement": 0.01,
    "cross-entropy": 0.05,
    "distortion": 0.2,
    "marginal cross-entropy": 0.05,
    "bound gap": 0.2,
    "mutual information": 0.05,
    "aggregate KL": 0.05,
    "sample sharpness": 0.02,
    "covariance distance": 0.005,
}


@pytest.fixture(scope="module")
def found():
    return measurement.measure(known.model(), known.dataset(), known.places)


def test_every_measure_of_a_known_model_is_what_it_is_known_to_be(found):
    expected = known.expected()
    assert set(found) == set(expected)
    for name, value in expected.items():
        bound = MAY_BE_OFF.get(name, 0.002)
        assert found[name] == pytest.approx(value, abs=bound, nan_ok=True), name


def norm(z):
    return ops.repeat(ops.norm(ops.convert_to_tensor(z), axis=1, keepdims=True), 2, axis=1) / 2**0.5


def on_the_circle(z):
    z = ops.convert_to_tensor(z)
    return z / (ops.norm(z, axis=1, keepdims=True) + 1e-9)  # which is at the origin, too


def all_directions(render, codes, step=0.01, n=720):
    """The squared speed at each code in each of n directions, (n, codes)."""
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    here = np.asarray(render(codes))
    there = [
        np.asarray(render(codes + step * np.array([np.cos(a), np.sin(a)]))) - here for a in angles
    ]
    return (np.square(there).sum(axis=2)) / step**2


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("render", [norm, on_the_circle])
def test_the_path_length_looks_in_all_directions(render, seed):
    """A map that changes along the radius only, and one that changes around it only."""
    model = known.model(render)
    codes = model.prior.sample(measurement.PLACES, seed)
    speeds = all_directions(render, codes)
    chance = np.sqrt(speeds.var(axis=0).sum()) / len(codes)  # what one direction for each does
    row = measurement.measure(model, known.dataset(), known.places, seed)
    assert row["path length"] == pytest.approx(speeds.mean(), abs=4 * chance)
    if render is norm:
        assert speeds.mean() == pytest.approx(0.5, abs=0.01) and chance < 0.02
    along = path_length(model.decode, known.places, codes, seed=seed)
    assert row["path length"] == along


def test_the_second_path_length_is_taken_at_the_codes_of_test_images():
    """The map z + 0.1 z^2 changes faster at larger codes, and the images are not the prior's."""

    def faster_outside(z):
        z = ops.convert_to_tensor(z)
        return z + 0.1 * z**2

    model, images = known.model(faster_outside), known.dataset().test_images
    row = measurement.measure(model, known.dataset(), known.places)
    codes = np.asarray(model.encode(images[: measurement.PLACES]), "float64")
    # A random direction meets each axis with a mean square of 1/2.
    expected = np.square(1 + 0.2 * codes).sum(axis=1).mean() / 2
    assert row["path length at codes"] == pytest.approx(expected, rel=0.02)
    assert row["path length at codes"] != pytest.approx(row["path length"], rel=0.02)
