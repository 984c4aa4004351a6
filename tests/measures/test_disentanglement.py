"""Measures of disentanglement, on codes whose relation to the factors of variation is known."""

import warnings

import numpy as np
import pytest
from scipy import special
from sklearn.metrics import mutual_info_score

from vaelib.measures import disentanglement as measured


@pytest.fixture(scope="module")
def factors():
    return np.random.default_rng(0).uniform(size=(4_000, 2))


def noisy(codes, noise=0.01):
    return codes + noise * np.random.default_rng(1).standard_normal(codes.shape)


@pytest.fixture(scope="module")
def aligned(factors):
    """Each axis is one factor, in other units and in reverse order."""
    return noisy(factors[:, ::-1] * [3.0, -3.0] + [1.0, 2.0])


def test_axes_aligned_with_the_factors_score_highest(aligned, factors):
    angle, before, after = measured.best_rotation(aligned, factors)
    assert min(angle, 90 - angle) < 1 and before > 0.99 and after > 0.99
    assert measured.mig(aligned, factors) > 0.75
    assert measured.sap(aligned, factors) > 0.99
    marks = measured.dci(aligned, factors)
    assert min(marks.values()) > 0.97
    assert measured.linear_r2(aligned, factors).min() > 0.99
    assert measured.knn_r2(aligned, factors).min() > 0.99


def test_rotation_by_45_degrees_lowers_the_scores_but_not_r2_after_the_best_rotation(
    aligned, factors
):
    rotated = measured.rotate(aligned, 45)
    angle, before, after = measured.best_rotation(rotated, factors)
    assert angle == pytest.approx(45, abs=1)
    assert before == pytest.approx(0.5, abs=0.03) and after > 0.99
    assert measured.mig(rotated, factors) < 0.1
    assert measured.sap(rotated, factors) < 0.1
    assert measured.dci(rotated, factors)["disentanglement"] < 0.2
    assert measured.dci(rotated, factors)["informativeness"] > 0.97
    assert measured.linear_r2(rotated, factors).min() > 0.99
    assert measured.knn_r2(rotated, factors).min() > 0.99


def test_codes_that_are_independent_of_the_factors_score_0(factors):
    noise = np.random.default_rng(2).standard_normal(factors.shape)
    assert measured.best_rotation(noise, factors)[2] < 0.01
    for mark in (measured.mig, measured.sap):
        assert mark(noise, factors) < 0.02
    assert measured.linear_r2(noise, factors).max() < 0.01
    assert measured.knn_r2(noise, factors).max() < 0.01


def test_nonlinear_codes_are_predicted_by_the_knn_probe_and_not_by_the_linear_one(factors):
    x, y = factors.T
    bent = np.stack([np.abs(x - 0.5), y], axis=1)
    assert measured.linear_r2(bent, factors)[0] < 0.01 < 0.99 < measured.linear_r2(bent, factors)[1]
    round_ = np.stack([np.cos(2 * x), np.sin(2 * x)], axis=1) * (1 + y[:, None])
    assert measured.knn_r2(round_, factors).min() > 0.99
    assert measured.linear_r2(round_, factors)[1] < 0.95


def test_the_mutual_information_gap_agrees_with_scikit_learn(factors):
    codes = noisy(factors @ [[1.0, 0.3], [0.2, 1.0]], 0.2)

    def binned(values):
        ranks = np.argsort(np.argsort(values, axis=0), axis=0)  # there are no equal values
        return (ranks * measured.BINS // len(values)).T

    gaps = []
    for factor in binned(factors):
        known = sorted(mutual_info_score(axis, factor) for axis in binned(codes))
        gaps.append((known[1] - known[0]) / mutual_info_score(factor, factor))
    assert measured.mig(codes, factors) == pytest.approx(np.mean(gaps), rel=1e-3)


def test_sap_is_the_gap_of_squared_correlations(factors):
    codes = noisy(factors @ [[1.0, 0.3], [0.2, 1.0]], 0.2)
    r2 = np.array([[np.corrcoef(c, f)[0, 1] ** 2 for c in codes.T] for f in factors.T])
    assert measured.sap(codes, factors) == pytest.approx(np.abs(r2[:, 0] - r2[:, 1]).mean())
    np.testing.assert_allclose(measured.axis_r2(codes, factors), r2.T)


def test_factor_angles_point_where_the_factors_increase(factors):
    codes = measured.rotate(
        factors, 30
    )  # then the first increases at 30 degrees, the second at 120
    np.testing.assert_allclose(measured.factor_angles(codes, factors), [30, 120])
    np.testing.assert_allclose(measured.factor_angles(-codes, factors), [-150, -60])
    angle, *_ = measured.best_rotation(codes, factors)
    assert angle == pytest.approx(60)  # which exchanges the two axes


def test_the_mutual_information_gap_depends_on_the_order_of_values_only(factors):
    assert measured.mig(factors, factors) > 0.9
    bent = np.stack([special.ndtri(factors[:, 0]), np.exp(5 * factors[:, 1])], axis=1)
    assert measured.mig(bent, factors) == measured.mig(factors, factors)
    outliers = factors.copy()
    outliers[:3] = [[1e6, -1e6], [0, 1e9], [-1e12, 0]]
    assert measured.mig(outliers, factors) == pytest.approx(
        measured.mig(factors, factors), abs=0.02
    )


def test_a_discrete_factor_is_counted_by_its_values(factors):
    steps = np.floor(3 * factors)  # three values
    codes = steps + np.random.default_rng(1).uniform(0, 0.9, steps.shape)
    assert measured.mig(codes, steps) > 0.9  # 20 bins of an axis are not three equal groups


MARKS = {"R²": measured.linear_r2, "k-NN R²": measured.knn_r2, "MIG": measured.mig}
MARKS |= {"SAP": measured.sap, "R² of axes": measured.axis_r2}
MARKS |= {"rotation": lambda *both: measured.best_rotation(*both)[1:]}
MARKS |= {"DCI": lambda *both: list(measured.dci(*both).values())}


@pytest.mark.parametrize("name", MARKS)
def test_what_does_not_vary_scores_0_and_never_nan(name, factors):
    dead = np.stack([factors[:, 0], np.full(len(factors), 0.3)], axis=1)
    constant = np.full((len(factors), 2), 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.max(MARKS[name](constant, factors)) <= 0.001
        assert np.all(np.isfinite(MARKS[name](dead, factors)))
        assert np.all(np.isfinite(MARKS[name](factors, dead)))
        assert np.max(MARKS[name](factors, constant)) <= 0.001
    assert measured.axis_r2(dead, factors)[1].tolist() == [0, 0]
    assert measured.linear_r2(factors, dead)[1] == measured.knn_r2(factors, dead)[1] == 0


def test_codes_without_variance_are_neither_disentangled_nor_complete(factors):
    marks = measured.dci(np.zeros(factors.shape), factors)
    assert marks["disentanglement"] == 0 and marks["completeness"] == 0


@pytest.mark.parametrize("measure", [measured.linear_r2, measured.knn_r2])
def test_the_order_of_the_images_does_not_matter(measure, aligned, factors):
    order = np.argsort(factors[:, 0])
    assert measure(aligned[order], factors[order]).min() > 0.99
    assert measured.dci(aligned[order], factors[order])["informativeness"] > 0.99


def test_one_factor_alone_is_refused_by_dci(factors):
    with pytest.raises(ValueError, match=r"factors of shape \(4000, 1\): expected two or more"):
        measured.dci(factors, factors[:, :1])


@pytest.mark.parametrize("name", MARKS)
def test_numbers_that_are_not_finite_are_refused(name, factors):
    for number in (np.nan, np.inf):
        broken = factors.copy()
        broken[7, 1] = number
        for both in ((broken, factors), (factors, broken)):
            with pytest.raises(ValueError, match="are NaN or infinite"):
                MARKS[name](*both)


@pytest.mark.parametrize("codes", [np.zeros((40, 1)), np.zeros(40), np.zeros((39, 2))])
def test_codes_that_do_not_fit_the_factors_are_refused(codes):
    with pytest.raises(ValueError, match=r"codes of shape .* expected \(n, latent_dim\)"):
        measured.mig(codes, np.zeros((40, 2)))
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        measured.best_rotation(np.zeros((40, 3)), np.zeros((40, 2)))
