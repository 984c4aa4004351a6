"""Measures of disentanglement, on codes whose relation to the causes is known."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from vaelib.measures import disentanglement as measured


@pytest.fixture(scope="module")
def causes():
    return np.random.default_rng(0).uniform(size=(4_000, 2))


def noisy(codes, noise=0.01):
    return codes + noise * np.random.default_rng(1).standard_normal(codes.shape)


@pytest.fixture(scope="module")
def aligned(causes):
    """Each axis is one cause, in other units and the other order."""
    return noisy(causes[:, ::-1] * [3.0, -3.0] + [1.0, 2.0])


def test_axes_that_are_the_causes_get_the_best_marks(aligned, causes):
    angle, before, after = measured.best_rotation(aligned, causes)
    assert min(angle, 90 - angle) < 1 and before > 0.99 and after > 0.99
    assert measured.mig(aligned, causes) > 0.75
    assert measured.sap(aligned, causes) > 0.99
    marks = measured.dci(aligned, causes)
    assert min(marks.values()) > 0.97
    assert measured.linear_r2(aligned, causes).min() > 0.99
    assert measured.knn_r2(aligned, causes).min() > 0.99


def test_turned_by_45_degrees_they_lose_them_but_not_r2_after_the_best_turn(aligned, causes):
    turned = measured.rotate(aligned, 45)
    angle, before, after = measured.best_rotation(turned, causes)
    assert angle == pytest.approx(45, abs=1)
    assert before == pytest.approx(0.5, abs=0.03) and after > 0.99
    assert measured.mig(turned, causes) < 0.1
    assert measured.sap(turned, causes) < 0.1
    assert measured.dci(turned, causes)["disentanglement"] < 0.2
    assert measured.dci(turned, causes)["informativeness"] > 0.97
    assert measured.linear_r2(turned, causes).min() > 0.99
    assert measured.knn_r2(turned, causes).min() > 0.99


def test_codes_that_know_nothing_get_nothing(causes):
    noise = np.random.default_rng(2).standard_normal(causes.shape)
    assert measured.best_rotation(noise, causes)[2] < 0.01
    for mark in (measured.mig, measured.sap):
        assert mark(noise, causes) < 0.02
    assert measured.linear_r2(noise, causes).max() < 0.01
    assert measured.knn_r2(noise, causes).max() < 0.01


def test_a_bend_is_read_by_neighbors_and_not_by_a_line(causes):
    x, y = causes.T
    bent = np.stack([np.abs(x - 0.5), y], axis=1)
    assert measured.linear_r2(bent, causes)[0] < 0.01 < 0.99 < measured.linear_r2(bent, causes)[1]
    round_ = np.stack([np.cos(2 * x), np.sin(2 * x)], axis=1) * (1 + y[:, None])
    assert measured.knn_r2(round_, causes).min() > 0.99
    assert measured.linear_r2(round_, causes)[1] < 0.95


def test_mutual_information_gap_is_that_of_scikit_learn(causes):
    codes = noisy(causes @ [[1.0, 0.3], [0.2, 1.0]], 0.2)

    def binned(values):
        edges = [np.linspace(v.min(), v.max(), measured.BINS + 1)[1:-1] for v in values.T]
        return [np.digitize(v, e) for v, e in zip(values.T, edges, strict=True)]

    gaps = []
    for factor in binned(causes):
        known = sorted(mutual_info_score(axis, factor) for axis in binned(codes))
        gaps.append((known[1] - known[0]) / mutual_info_score(factor, factor))
    assert measured.mig(codes, causes) == pytest.approx(np.mean(gaps), rel=1e-3)


def test_sap_is_the_gap_of_squared_correlations(causes):
    codes = noisy(causes @ [[1.0, 0.3], [0.2, 1.0]], 0.2)
    r2 = np.array([[np.corrcoef(c, f)[0, 1] ** 2 for c in codes.T] for f in causes.T])
    assert measured.sap(codes, causes) == pytest.approx(np.abs(r2[:, 0] - r2[:, 1]).mean())
    np.testing.assert_allclose(measured.axis_r2(codes, causes), r2.T)


def test_directions_are_where_the_causes_grow(causes):
    plane = measured.rotate(causes, 30)  # then the first grows at 30 degrees, the second at 120
    np.testing.assert_allclose(measured.factor_angles(plane, causes), [30, 120])
    np.testing.assert_allclose(measured.factor_angles(-plane, causes), [-150, -60])
    angle, *_ = measured.best_rotation(plane, causes)
    assert angle == pytest.approx(60)  # which makes the two axes exchanged


@pytest.mark.parametrize("codes", [np.zeros((40, 1)), np.zeros(40), np.zeros((39, 2))])
def test_codes_that_do_not_fit_the_factors_are_refused(codes):
    with pytest.raises(ValueError, match=r"codes of shape .* expected \(n, latent_dim\)"):
        measured.mig(codes, np.zeros((40, 2)))
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        measured.best_rotation(np.zeros((40, 3)), np.zeros((40, 2)))
